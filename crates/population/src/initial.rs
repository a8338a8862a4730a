//! A first configuration for a folder that has only profiles.
//!
//! | what | from |
//! |---|---|
//! | `simulation_id` | the wish, or the folder's name in lower case with `-` for blanks |
//! | `entity_name` | the profile's name; Reddit's before Twitter's |
//! | `entity_type` | words of the name (institutions), of the profession (a trade, a field), of the bio; see `kinds` |
//! | rates, hours, delays | the type's habits, varied by a hash of handle and place; see `character` |
//! | `influence_weight` | the type's, and 0.4 for each doubling of the followers |
//! | `stance` | by lot, 30 % supportive, 30 % opposing, 25 % neutral, 15 % observer; the press observes |
//! | `sentiment_bias` | around 0.25 for supportive, -0.25 for opposing, 0 for others |
//! | `hot_topics` | the wish, or the most common interests, or the words most bios share; see `topics` |
//! | `initial_posts` | a question on the first topic by the most influential agent |
//! | `agents_per_hour_*` | a fifteenth to a fifth of all |
//!
//! The lots depend on the profiles alone, so the same folder gets the same configuration.

mod draft;
mod kinds;
mod topics;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use contract::id::{InvalidId, SimulationId};
use contract::problem::{Problem, Problems};
use contract::subject::Platform;
use intake::{CONFIG_FILE, Files, Limits, People, read_people};

use crate::config::check_rounds;
use crate::files::Partial;
use crate::initial::draft::Draft;
pub use crate::initial::topics::Source;

/// What somebody wants of the configuration.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// The simulation's name; from the folder's unless given.
    pub id: Option<SimulationId>,
    /// Simulated hours.
    pub hours: u32,
    /// Simulated minutes from one round to the next.
    pub minutes_per_round: u32,
    /// What is to be talked about; from the profiles if empty.
    pub topics: Vec<String>,
    /// Whether a configuration that is there is replaced.
    pub overwrite: bool,
}

/// What was decided and written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configured {
    /// The file.
    pub file: PathBuf,
    /// The simulation's name.
    pub simulation_id: SimulationId,
    /// How many agents there are.
    pub agents: u32,
    /// The worlds: those with profiles.
    pub platforms: Vec<Platform>,
    /// Rounds in all.
    pub rounds: u32,
    /// Agents that act in an hour, from and to.
    pub agents_per_hour: [u32; 2],
    /// `entity_type` and how many are of it, the most first.
    pub kinds: Vec<(&'static str, usize)>,
    /// Stance and how many take it; those that anybody takes.
    pub stances: Vec<(&'static str, usize)>,
    /// What is talked about.
    pub hot_topics: Vec<String>,
    /// Where the topics come from.
    pub topics_from: Source,
    /// Who opens: id, name, text.
    pub opening: (u32, String, String),
    /// What `intake` has to say about the profiles.
    pub notes: Vec<String>,
}

/// Why no configuration was written. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum ConfigureError {
    /// There is one, and it is not to be replaced.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// The folder, its profiles or the wishes are wrong.
    #[error("{0}")]
    Wrong(Problems),
    /// The file cannot be written.
    #[error("cannot write {}", .0.display())]
    Unwritable(PathBuf, #[source] io::Error),
}

/// Writes `simulation_config.json` for the profiles in `folder`.
///
/// # Errors
/// If it is there already and is not to be replaced, if the profiles cannot be read or a wish
/// cannot be met (all that is wrong, at once), or if it cannot be written.
pub fn configure(folder: &Path, wishes: &Wishes) -> Result<Configured, ConfigureError> {
    let file = folder.join(CONFIG_FILE);
    if !wishes.overwrite && file.symlink_metadata().is_ok() {
        return Err(ConfigureError::Exists(file));
    }
    let mut problems = Vec::new();
    let mut take = |found: Problems| problems.extend_from_slice(found.as_slice());
    let people = read_people(folder, &Limits::default()).map_err(&mut take).ok();
    let id = name(folder, wishes).map_err(|problem| take(problem.into())).ok();
    let rounds = check_rounds(wishes.hours, wishes.minutes_per_round);
    let rounds = rounds.map_err(|problem| take(problem.into())).ok();
    let all = people.zip(id).zip(rounds);
    let ((people, id), rounds) = Problems::none_or(problems, all).map_err(ConfigureError::Wrong)?;
    let draft = Draft::of(&people, &id, wishes);
    let config = draft.to_bytes();
    let People { files, notes, .. } = people;
    // Nothing is written that would not be read.
    intake::read_files(&Files { config: config.clone(), ..files }, &Limits::default())
        .map_err(ConfigureError::Wrong)?;
    write(folder, &config).map_err(|error| ConfigureError::Unwritable(file.clone(), error))?;
    Ok(draft.decided(file, id, rounds, notes))
}

fn write(folder: &Path, config: &[u8]) -> io::Result<()> {
    let mut partial = Partial::create(folder, CONFIG_FILE)?;
    partial.write_all(config)?;
    partial.complete()?;
    partial.publish()
}

/// The simulation's name.
fn name(folder: &Path, wishes: &Wishes) -> Result<SimulationId, Problem> {
    if let Some(id) = &wishes.id {
        return Ok(id.clone());
    }
    // `.` has no name of its own.
    let full = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = full.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let words: Vec<&str> = name.split_whitespace().collect();
    words.join("-").to_lowercase().parse().map_err(|error: InvalidId| {
        let expected = format!("{}; say another with --id", error.expected());
        Problem::new("simulation_id", format!("{name:?}, the folder's name"), &expected)
    })
}
