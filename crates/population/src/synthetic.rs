//! A synthetic population: one to a million agents out of a number and a seed.
//!
//! Agents live in communities, one per topic, the first of which are the larger ones. Each
//! community leans its own way: 15 to 55 % are for it, as many as are left of 70 % against it.
//!
//! Each agent has a rank in its community, and is followed with a probability proportional to
//! `rank^(-3/4)`. So the number of agents with at least *k* followers falls as `k^(-4/3)`: a
//! power law with the exponent 7/3, as in networks that people have measured. The first hundredth
//! has a fifth of all followers among 20,000 agents, a quarter among 100,000. Four of five follows
//! stay within the community. How many an agent follows doubles with half the probability, from 2
//! up to 127, about 10 on the average.
//!
//! Agents are made and written one at a time: what is kept is 16 bytes for each, whatever the
//! files hold. Equal numbers, topics and seeds give equal bytes on every machine.

mod follows;
mod names;
mod person;
mod topics;
mod town;
mod writing;

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use contract::problem::{Problem, Problems};
use contract::subject::Platform;
use intake::{CONFIG_FILE, REDDIT_FILE, TWITTER_FILE, YAML_FILE};

use crate::config::check_rounds;
use crate::files::{first_entry, remove};
use crate::synthetic::topics::TOPICS;
use crate::synthetic::town::Town;
use crate::synthetic::writing::Writers;

/// The largest population.
pub const MAX_AGENTS: u32 = 1_000_000;

/// The topics that there are words for, and so the most communities.
pub const MAX_TOPICS: usize = TOPICS.len();

/// Agents between two reports of progress.
const STRIDE: u32 = 1_024;

/// What is to be made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// 1 to [`MAX_AGENTS`].
    pub agents: u32,
    /// Equal seeds give equal populations.
    pub seed: u64,
    /// Simulated hours.
    pub hours: u32,
    /// Simulated minutes from one round to the next.
    pub minutes_per_round: u32,
    /// Topics, and communities: 1 to [`MAX_TOPICS`].
    pub topics: usize,
    /// The worlds that get profiles, each once, at least one.
    pub platforms: Vec<Platform>,
    /// Whether a simulation that is there is replaced.
    pub overwrite: bool,
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// The simulation's name.
    pub simulation_id: String,
    /// Rounds in all.
    pub rounds: u32,
    /// Follows in all.
    pub follows: u64,
    /// Followers of the agent that has the most.
    pub most_followers: u32,
    /// By community: its topic and how many agents are in it.
    pub communities: Vec<(&'static str, u32)>,
    /// The files and their sizes in bytes.
    pub files: Vec<(&'static str, u64)>,
    /// A profile file that was removed, since its platform is not wanted.
    pub removed: Option<&'static str>,
}

/// Why nothing was made. Files that were there are there still.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// There is something in the folder, and it is not to be replaced.
    #[error("{} is not empty: it holds {entry}", .folder.display())]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
        /// One thing in it.
        entry: String,
    },
    /// The plan cannot be met.
    #[error("{0}")]
    Wrong(Problems),
    /// A file or the folder cannot be written.
    #[error("cannot write {}", .0.display())]
    Unwritable(PathBuf, #[source] io::Error),
    /// Whoever watches the progress wants no more of it.
    #[error("stopped before it was done")]
    Stopped,
}

impl Plan {
    /// About how many bytes the files take; rather too many than too few.
    pub fn estimated_bytes(&self) -> u64 {
        let per_agent = |platform: &Platform| match platform {
            Platform::Twitter => 340,
            Platform::Reddit => 520,
        };
        let profiles: u64 = self.platforms.iter().map(per_agent).sum();
        u64::from(self.agents) * (350 + profiles) + 20_000
    }

    /// Everything that cannot be met; the rounds otherwise.
    fn check(&self) -> Result<u32, Problems> {
        let mut problems = Vec::new();
        let mut claim = |holds: bool, place: &str, found: String, expected: String| {
            if !holds {
                problems.push(Problem::new(place, found, &expected));
            }
        };
        let (agents, topics) = (self.agents, self.topics);
        let fits = (1..=MAX_AGENTS).contains(&agents);
        claim(fits, "agents", agents.to_string(), format!("1 to {MAX_AGENTS}"));
        let fits = (1..=MAX_TOPICS).contains(&topics);
        claim(fits, "topics", topics.to_string(), format!("1 to {MAX_TOPICS}"));
        let some = !self.platforms.is_empty();
        claim(some, "platforms", "none".to_owned(), "twitter, reddit or both".to_owned());
        let rounds = check_rounds(self.hours, self.minutes_per_round);
        let rounds = rounds.map_err(|problem| problems.push(problem)).ok();
        Problems::none_or(problems, rounds)
    }
}

/// Makes a population and writes it to `folder`, which is made if it is not there. `progress` is
/// told how many agents are written, and may break it off; then nothing is left of it.
///
/// # Errors
/// If the plan cannot be met, the folder holds anything and is not to be overwritten or holds
/// `simulation.yaml`, it cannot be written, or `progress` says so.
pub fn generate(
    folder: &Path,
    plan: &Plan,
    progress: &mut dyn FnMut(u32) -> ControlFlow<()>,
) -> Result<Generated, GenerateError> {
    let rounds = plan.check().map_err(GenerateError::Wrong)?;
    check_no_yaml(folder).map_err(|problem| GenerateError::Wrong(problem.into()))?;
    let unwritable = |error| GenerateError::Unwritable(folder.to_owned(), error);
    if !plan.overwrite
        && let Some(entry) = first_entry(folder).map_err(unwritable)?
    {
        return Err(GenerateError::NotEmpty { folder: folder.to_owned(), entry });
    }
    let is_new = !folder.exists();
    fs::create_dir_all(folder).map_err(unwritable)?;
    let town = Town::new(plan);
    let written = Writers::create(folder, &plan.platforms)
        .map_err(unwritable)
        .and_then(|writers| write(folder, plan, rounds, &town, writers, progress));
    if written.is_err() && is_new {
        // It is empty again; if not, somebody else has put something there.
        let _ = fs::remove_dir(folder);
    }
    written
}

/// What somebody wrote by hand is not replaced, and nothing else may stand beside it.
fn check_no_yaml(folder: &Path) -> Result<(), Problem> {
    if folder.join(YAML_FILE).symlink_metadata().is_err() {
        return Ok(());
    }
    let expected = "no such file beside those that are made: take another folder, or move it away";
    Err(Problem::new(YAML_FILE, "a whole simulation", expected))
}

fn write(
    folder: &Path,
    plan: &Plan,
    rounds: u32,
    town: &Town,
    mut writers: Writers,
    progress: &mut dyn FnMut(u32) -> ControlFlow<()>,
) -> Result<Generated, GenerateError> {
    let unwritable = |error| GenerateError::Unwritable(folder.to_owned(), error);
    writers.begin(plan, town).map_err(unwritable)?;
    let mut followers = vec![0_u32; plan.agents as usize];
    for id in 0..plan.agents {
        let person = town.person(id);
        for followee in &person.follows {
            followers[*followee as usize] += 1;
        }
        writers.agent(&person).map_err(unwritable)?;
        if id % STRIDE == 0 && progress(id).is_break() {
            return Err(GenerateError::Stopped);
        }
    }
    let files = writers.end(plan, town).map_err(unwritable)?;
    if progress(plan.agents).is_break() {
        return Err(GenerateError::Stopped);
    }
    // A folder without a configuration is no simulation: none is half old and half new.
    remove(&folder.join(CONFIG_FILE)).map_err(unwritable)?;
    let removed = remove_unwanted(folder, &plan.platforms).map_err(unwritable)?;
    writers.publish().map_err(unwritable)?;
    Ok(Generated {
        simulation_id: simulation_id(plan),
        rounds,
        follows: followers.iter().copied().map(u64::from).sum(),
        most_followers: followers.iter().copied().max().unwrap_or(0),
        communities: town.communities().map(|it| (it.topic.name, it.members)).collect(),
        files,
        removed,
    })
}

/// Says all that the bytes depend on but the length. (A name that ends in `-` and digits is
/// that of a run.)
fn simulation_id(plan: &Plan) -> String {
    format!("town-{}-seed{}", plan.agents, plan.seed)
}

/// A profile file of an earlier simulation would be a second world, of others.
fn remove_unwanted(folder: &Path, platforms: &[Platform]) -> io::Result<Option<&'static str>> {
    for platform in Platform::ALL {
        let name = profile_file(platform);
        let path = folder.join(name);
        if !platforms.contains(&platform) && path.symlink_metadata().is_ok() {
            remove(&path)?;
            return Ok(Some(name));
        }
    }
    Ok(None)
}

fn profile_file(platform: Platform) -> &'static str {
    match platform {
        Platform::Twitter => TWITTER_FILE,
        Platform::Reddit => REDDIT_FILE,
    }
}
