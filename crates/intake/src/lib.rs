//! A simulation folder in, a whole [`Spec`] out; or everything that is wrong with the folder.
//!
//! A folder holds either `simulation.yaml` alone, our own format for people who write by hand
//! (docs/simulation-yaml.md), or up to three files in MiroFish's shape:
//!
//! | file | holds | |
//! |---|---|---|
//! | `simulation_config.json` | clock, agents, planned posts, weights of the feeds | required |
//! | `twitter_profiles.csv` | one line per agent | makes the Twitter world |
//! | `reddit_profiles.json` | one object per agent | makes the Reddit world |
//!
//! The profile files may be those that OASIS comes with, too: with follows and previous posts as
//! Python writes lists, `realname` for `name`, and ids that are none of ours.
//!
//! There is one world per profile file, so at least one of the two must be there. A world can
//! be left out by `"enabled": false` in its `twitter_config` or `reddit_config`; a
//! configuration that is null or absent takes the platform's default weights.
//!
//! ```no_run
//! use std::path::Path;
//!
//! match intake::read_folder(Path::new("samples/lantern-pier"), &intake::Limits::default()) {
//!     Ok(intake) => assert!(intake.spec.time.rounds() > 0),
//!     Err(problems) => assert!(!problems.as_slice().is_empty()),
//! }
//! ```
//!
//! # Problems
//! Files that cannot be read at all are reported first, all of them; then whatever is wrong
//! inside the files, all at once, in the order configuration, Twitter, Reddit. Each problem
//! has a place (file and JSON pointer; file, line and column), what was found and what was
//! expected:
//!
//! ```text
//! simulation_config.json /agent_configs/1/stance: found "suportive", expected "supportive" (did you mean that?)
//! twitter_profiles.csv line 3, username: found an empty text, expected a handle
//! reddit_profiles.json /2/age: found nothing, expected an age in years
//! simulation.yaml:14:5 /agents/2/stance: found "suportive", expected "supportive" (did you mean that?)
//! ```
//!
//! After a thousand problems the rest are only counted.
//!
//! A [`Change`] is made before the configuration is looked at, so its problems are named alike.
//!
//! Python writes `NaN` and `Infinity` into JSON as bare words. Each is reported where it
//! stands, and the reading goes on behind it as if there were a null.
//!
//! Files in another encoding than UTF-8 are reported with the encoding that they look like.
//!
//! # Notes
//! What is no problem but worth a word is a note: fields that are ignored because nobody here
//! knows them (one note per file), fields whose defaults were taken (one note), events that are
//! planned for after the end, profiles that are not in their agents' order, follows and previous
//! posts that were left out, a world that is there or missing for a reason that may surprise.
//!
//! # Numbers
//! Decimals become millionths here and nowhere else, see [`contract::door::millionths`].
//!
//! # Texts
//! Line ends of any kind become `\n`. Other control characters than newline and tab are
//! problems, and so are texts longer than [`Limits::max_text_bytes`].
//!
//! Nothing here reads a clock or an environment, and only the module `folder` touches files.

mod agents;
mod changes;
mod clock;
mod config;
mod encoding;
mod events;
mod feed;
mod findings;
mod folder;
mod json;
mod people;
mod profiles;
pub mod python;
mod reading;
mod reddit;
mod twitter;
mod yaml;

use std::path::Path;

use contract::problem::{Problem, Problems};
use contract::spec::{PlatformSpec, Spec};
use contract::subject::Platform;
use contract::version::V1;

pub use crate::changes::Change;
use crate::config::Config;
use crate::feed::World;
use crate::findings::Findings;
pub use crate::people::{People, read_people};

/// The configuration's file name.
pub const CONFIG_FILE: &str = "simulation_config.json";
/// The Twitter profiles' file name.
pub const TWITTER_FILE: &str = "twitter_profiles.csv";
/// The Reddit profiles' file name.
pub const REDDIT_FILE: &str = "reddit_profiles.json";
/// The name of the file that is a whole simulation, written by hand.
pub const YAML_FILE: &str = "simulation.yaml";

/// How much is taken in. Sizes are checked before anything is read, and a problem names the
/// limit that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of `simulation_config.json`.
    pub max_config_bytes: u64,
    /// Bytes of `simulation.yaml`.
    pub max_yaml_bytes: u64,
    /// Bytes of each profile file.
    pub max_profile_bytes: u64,
    /// Lists and objects within each other, in JSON and YAML; JSON takes no more than 127.
    pub max_depth: usize,
    /// Values of each file: values of JSON, nodes of YAML, cells of CSV.
    pub max_values: usize,
    /// Agents of a simulation.
    pub max_agents: usize,
    /// Rounds of a simulation.
    pub max_rounds: u32,
    /// Bytes (UTF-8) of each single text: a post, a persona, a name.
    pub max_text_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_config_bytes: 64 << 20,
            max_yaml_bytes: 1 << 20,
            max_profile_bytes: 64 << 20,
            max_depth: 64,
            max_values: 10_000_000,
            max_agents: 100_000,
            max_rounds: 100_000,
            max_text_bytes: 10 << 10,
        }
    }
}

impl Limits {
    /// What is found and expected where nesting is deeper than the limit.
    fn too_deep(&self) -> (String, String) {
        let most = self.max_depth;
        (format!("more than {most} levels"), format!("at most {most} levels (limit max_depth)"))
    }

    /// What is found and expected where a file has more values than the limit.
    fn too_many_values(&self) -> (String, String) {
        let most = self.max_values;
        (format!("more than {most} values"), format!("at most {most} values (limit max_values)"))
    }
}

/// The files of a simulation folder, as bytes; from a disk, an upload, or anywhere else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// `simulation.yaml`, if there is one; the others are empty then.
    pub yaml: Option<Vec<u8>>,
    /// `simulation_config.json`.
    pub config: Vec<u8>,
    /// `twitter_profiles.csv`, if there is one.
    pub twitter_profiles: Option<Vec<u8>>,
    /// `reddit_profiles.json`, if there is one.
    pub reddit_profiles: Option<Vec<u8>>,
}

/// A simulation that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intake {
    /// What is to be simulated; checked.
    pub spec: Spec,
    /// What somebody may want to know about how it was read, one sentence each.
    pub notes: Vec<String>,
}

/// Reads a simulation folder.
///
/// # Errors
/// Everything that is wrong with the files, or, once they can be read, with what is in them.
pub fn read_folder(path: &Path, limits: &Limits) -> Result<Intake, Problems> {
    read_changed_folder(path, &[], limits)
}

/// Reads a simulation folder as if its configuration, or its `simulation.yaml`, had been changed.
/// A change to a field that nobody here knows is a problem, unlike such a field in a file: who
/// makes one wants to see it act.
///
/// # Errors
/// As [`read_folder`]; and changes that cannot be made.
pub fn read_changed_folder(
    path: &Path,
    changes: &[Change],
    limits: &Limits,
) -> Result<Intake, Problems> {
    read_changed(&folder::read(path, limits)?, changes, limits)
}

/// Reads the files of a simulation folder.
///
/// # Errors
/// Everything that is wrong with what is in them.
pub fn read_files(files: &Files, limits: &Limits) -> Result<Intake, Problems> {
    read_changed(files, &[], limits)
}

fn read_changed(files: &Files, changes: &[Change], limits: &Limits) -> Result<Intake, Problems> {
    check_sizes(files, limits)?;
    let (spec, notes) = match &files.yaml {
        Some(yaml) => {
            folder::check_alone(&files.names())?;
            yaml::read(yaml, changes, limits)?
        }
        None => read_configured(files, changes, limits)?,
    };
    spec.check()?;
    Ok(Intake { spec, notes })
}

/// Reads a configuration and the profiles beside it.
fn read_configured(
    files: &Files,
    changes: &[Change],
    limits: &Limits,
) -> Result<(Spec, Vec<String>), Problems> {
    let mut findings = Findings::default();
    let profiles = [
        (Platform::Twitter, files.twitter_profiles.as_deref()),
        (Platform::Reddit, files.reddit_profiles.as_deref()),
    ];
    let peopled: Vec<Platform> =
        profiles.iter().filter_map(|(platform, bytes)| bytes.map(|_| *platform)).collect();
    let config = config::read(&files.config, &peopled, changes, limits, &mut findings);
    let [twitter, reddit] = profiles
        .map(|(platform, bytes)| world(platform, bytes, config.as_ref(), limits, &mut findings));
    if twitter.is_none() && reddit.is_none() {
        findings.problems.push(no_world(files));
    }
    let spec = config.and_then(|config| assemble(config, twitter, reddit));
    findings.close(spec)
}

impl Files {
    /// The names of those that are there.
    fn names(&self) -> Vec<&'static str> {
        let config = Some(&self.config).filter(|bytes| !bytes.is_empty());
        let [yaml, twitter, reddit] =
            [&self.yaml, &self.twitter_profiles, &self.reddit_profiles].map(Option::as_ref);
        let all = [
            (YAML_FILE, yaml),
            (CONFIG_FILE, config),
            (TWITTER_FILE, twitter),
            (REDDIT_FILE, reddit),
        ];
        all.into_iter().filter(|(_, bytes)| bytes.is_some()).map(|(name, _)| name).collect()
    }
}

fn check_sizes(files: &Files, limits: &Limits) -> Result<(), Problems> {
    let problems = [
        (YAML_FILE, files.yaml.as_ref()),
        (CONFIG_FILE, Some(&files.config)),
        (TWITTER_FILE, files.twitter_profiles.as_ref()),
        (REDDIT_FILE, files.reddit_profiles.as_ref()),
    ]
    .into_iter()
    .filter_map(|(name, bytes)| folder::check_size(name, bytes?.len() as u64, limits).err());
    Problems::none_or(problems.collect(), Some(()))
}

/// One platform's world: it exists if its profiles do and nothing disables it.
fn world(
    platform: Platform,
    bytes: Option<&[u8]>,
    config: Option<&Config>,
    limits: &Limits,
    findings: &mut Findings,
) -> Option<PlatformSpec> {
    let (file, read): (&str, profiles::Reader) = match platform {
        Platform::Twitter => (TWITTER_FILE, twitter::read),
        Platform::Reddit => (REDDIT_FILE, reddit::read),
    };
    // Where the configuration cannot be read, the profiles are still looked at.
    let wanted =
        config.map_or_else(|| World::of(platform), |config| config.world(platform).clone());
    let agents = config.and_then(|config| config.agents.as_ref()).map(|agents| agents.count);
    match (bytes, wanted.given, wanted.enabled) {
        (None, true, true) => findings.notes.push(format!(
            "{file}: absent though /{platform}_config is there, so there is no {platform} world"
        )),
        (None, _, _) => {}
        (Some(_), _, false) => findings.notes.push(format!(
            "{file}: not read, since /{platform}_config/enabled is false in {CONFIG_FILE}"
        )),
        (Some(bytes), given, true) => {
            if !given {
                findings.notes.push(format!(
                    "{file}: there though /{platform}_config is null or absent in {CONFIG_FILE}, \
                     so the {platform} world is taken with default weights"
                ));
            }
            let profiles = read(bytes, agents, limits, findings);
            return Some(PlatformSpec {
                feed: wanted.feed,
                self_rating: wanted.self_rating,
                profiles,
            });
        }
    }
    None
}

fn no_world(files: &Files) -> Problem {
    let found = match (&files.twitter_profiles, &files.reddit_profiles) {
        (None, None) => "no profiles",
        _ => "only platforms that are disabled",
    };
    let expected =
        format!("{TWITTER_FILE}, {REDDIT_FILE} or both, and at least one of the two enabled");
    Problem::new("simulation folder", found, &expected)
}

/// The spec; `None` only where something was reported.
fn assemble(
    config: Config,
    twitter: Option<PlatformSpec>,
    reddit: Option<PlatformSpec>,
) -> Option<Spec> {
    Some(Spec {
        v: V1,
        simulation_id: config.simulation_id?,
        project_id: config.project_id,
        graph_id: config.graph_id,
        requirement: config.requirement,
        time: config.time,
        agents: config.agents?.specs,
        events: config.events,
        twitter,
        reddit,
    })
}
