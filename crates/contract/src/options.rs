//! How a spec is to be run: what was requested, and what that resolves to.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::MAX_SAFE_INTEGER;
use crate::door::{Door, Object};
use crate::id::RunId;
use crate::spec::Spec;
use crate::subject::Platform;

/// The seed of a run whose request names none: runs repeat unless told otherwise.
pub const DEFAULT_SEED: u64 = 1;

/// What a client asked for; absent is "as usual". Two requests are the same if these are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RequestedOptions {
    /// The worlds to run, each once; absent: all that the spec has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platforms: Option<Vec<Platform>>,
    /// At most this many rounds (the spec's own number caps it).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_rounds: Option<u32>,
    /// The seed; absent: [`DEFAULT_SEED`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Thousandths of a round per second of wall clock; absent or 0: as fast as possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pace_milli: Option<u32>,
    /// Names of the operator's memory targets; absent: the operator's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Vec<String>>,
}

/// What a run is executed with. Part of its genesis; all but the pace decide its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunOptions {
    /// The worlds, each once, in the order of [`Platform::ALL`].
    pub platforms: Vec<Platform>,
    /// Rounds to play after round 0.
    pub rounds: u32,
    /// The seed, at most 2^53 - 1 so that every JSON reader keeps it.
    pub seed: u64,
    /// Thousandths of a round per second of wall clock, 0 = as fast as possible.
    pub pace_milli: u32,
}

/// A graph memory that a run's actions go to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MemoryTarget {
    /// The operator's name for the memory, e.g. `local`.
    pub target: String,
    /// The graph within it.
    pub graph_id: String,
}

impl MemoryTarget {
    /// The graphs that a run writes to, in the operator's memories of these names. The first run
    /// has the spec's own graph, which is what reports read; each other one has one of its own, so
    /// that no two runs are mixed in one memory.
    pub fn of_run(names: &[String], spec: &Spec, run: &RunId) -> Vec<MemoryTarget> {
        let graph = spec.graph_id.as_deref().unwrap_or(spec.simulation_id.as_str());
        let graph_id = match run.number() {
            1 => graph.to_owned(),
            _ => format!("{graph}--{run}"),
        };
        let target =
            |name: &String| MemoryTarget { target: name.clone(), graph_id: graph_id.clone() };
        names.iter().map(target).collect()
    }
}

impl RequestedOptions {
    /// The fields of a request, for [`Object::refuse_unknown`].
    pub const FIELDS: [&'static str; 5] =
        ["platforms", "max_rounds", "seed", "pace_milli", "memory"];

    /// Reads options at a door, reporting all that is wrong.
    pub fn read(object: &Object<'_>) -> RequestedOptions {
        object.refuse_unknown(&Self::FIELDS);
        let to_u32 = |n: u64| u32::try_from(n).ok();
        RequestedOptions {
            platforms: object.get("platforms").map(|_| read_platforms(object)),
            max_rounds: object.integer("max_rounds", 1..=u64::from(u32::MAX)).and_then(to_u32),
            seed: object.integer("seed", 0..=MAX_SAFE_INTEGER),
            pace_milli: object.integer("pace_milli", 0..=1_000_000_000).and_then(to_u32),
            memory: object.get("memory").map(|_| read_names(object, "memory")),
        }
    }

    /// What these options mean for `spec`.
    ///
    /// # Errors
    /// The platforms asked for that the spec does not have, in words.
    pub fn resolve(&self, spec: &Spec) -> Result<RunOptions, String> {
        let has = spec.platforms();
        let wanted = self.platforms.clone().unwrap_or_else(|| has.clone());
        if let Some(missing) = wanted.iter().find(|platform| !has.contains(platform)) {
            return Err(format!("the spec has no {missing} world"));
        }
        if wanted.is_empty() {
            return Err("no platform was asked for".to_owned());
        }
        let total = spec.time.rounds();
        Ok(RunOptions {
            platforms: Platform::ALL.into_iter().filter(|p| wanted.contains(p)).collect(),
            rounds: self.max_rounds.map_or(total, |max| max.min(total)),
            seed: self.seed.unwrap_or(DEFAULT_SEED),
            pace_milli: self.pace_milli.unwrap_or(0),
        })
    }
}

/// The same rules wherever options are read: a door's problems become the one error.
impl<'de> Deserialize<'de> for RequestedOptions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let door = Door::of_message();
        let options = door.root(&value).map(|root| RequestedOptions::read(&root));
        door.close(options).map_err(D::Error::custom)
    }
}

fn read_platforms(object: &Object<'_>) -> Vec<Platform> {
    const EXPECTED: &str = "twitter, reddit or both, each once";
    let mut platforms: Vec<Platform> = Vec::new();
    let elements = object.list("platforms");
    if elements.is_empty() && object.get("platforms").is_some_and(Value::is_array) {
        object.report("platforms", "none", EXPECTED);
    }
    for (_, value) in elements {
        match value.as_str().and_then(|text| text.parse().ok()) {
            Some(platform) if !platforms.contains(&platform) => platforms.push(platform),
            _ => object.report("platforms", crate::door::describe(value), EXPECTED),
        }
    }
    platforms
}

fn read_names(object: &Object<'_>, key: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (_, value) in object.list(key) {
        match value.as_str() {
            Some(name) => names.push(name.to_owned()),
            None => object.report(key, crate::door::describe(value), "a list of names"),
        }
    }
    names
}
