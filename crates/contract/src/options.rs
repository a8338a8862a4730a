//! How a spec is to be run: what was requested, and what that resolves to.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::MAX_SAFE_INTEGER;
use crate::door::{Door, Object};
use crate::id::RunId;
use crate::llm::{Budget, LlmOptions};
use crate::problem::{Problem, Problems};
use crate::source::{MAX_SOURCES, Source};
use crate::spec::Spec;
use crate::subject::Platform;

/// The seed of a run whose request names none: runs repeat unless told otherwise.
pub const DEFAULT_SEED: u64 = 1;

/// The longest time limit of a run, in seconds: a year.
pub const MAX_TIME_LIMIT_SECONDS: u32 = 365 * 24 * 60 * 60;

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
    /// Worlds whose posts enter the run's own, each once; absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<Source>>,
    /// Seconds of wall clock from its first worker on, pauses included, after which the run is
    /// stopped if it plays then; absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_limit_seconds: Option<u32>,
    /// Who decides by asking a language model; absent: nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub llm: Option<LlmOptions>,
    /// What the run may cost; absent: not limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
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
    /// Worlds whose posts enter its own. What they bring is in its journal, so none of them is
    /// asked when it is executed again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
    /// Who decides by asking a language model. What they decided is in the journal, so no model is
    /// asked when it is executed again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub llm: Option<LlmOptions>,
    /// What the run may cost, over all its worlds; in env-status the caps that are in effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
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
    /// The graphs that a run writes to, in the operator's memories of these names.
    pub fn of_run(names: &[String], spec: &Spec, run: &RunId) -> Vec<MemoryTarget> {
        let graph = spec.graph_id.as_deref().unwrap_or(spec.simulation_id.as_str());
        let graph_id = MemoryTarget::graph_of_run(graph, run);
        let target =
            |name: &String| MemoryTarget { target: name.clone(), graph_id: graph_id.clone() };
        names.iter().map(target).collect()
    }

    /// The graph that a run writes to, of a spec whose own is `graph`. The first run has that one,
    /// which is what reports read; each other one has one of its own, so that no two runs are
    /// mixed in one memory.
    pub fn graph_of_run(graph: &str, run: &RunId) -> String {
        match run.number() {
            1 => graph.to_owned(),
            _ => format!("{graph}--{run}"),
        }
    }
}

impl RequestedOptions {
    /// The fields of a request, for [`Object::refuse_unknown`].
    pub const FIELDS: [&'static str; 9] = [
        "platforms",
        "max_rounds",
        "seed",
        "pace_milli",
        "memory",
        "sources",
        "time_limit_seconds",
        "llm",
        "budget",
    ];

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
            sources: RequestedOptions::read_sources(object),
            time_limit_seconds: RequestedOptions::read_time_limit(object),
            llm: RequestedOptions::read_llm(object),
            budget: RequestedOptions::read_budget(object),
        }
    }

    /// Reads the field `time_limit_seconds`, reporting what is wrong.
    pub fn read_time_limit(object: &Object<'_>) -> Option<u32> {
        object.u32("time_limit_seconds", 1..=MAX_TIME_LIMIT_SECONDS)
    }

    /// Reads the field `llm`, reporting all that is wrong.
    pub fn read_llm(object: &Object<'_>) -> Option<LlmOptions> {
        object.object("llm").and_then(|llm| LlmOptions::read(&llm))
    }

    /// Reads the field `budget`, reporting all that is wrong.
    pub fn read_budget(object: &Object<'_>) -> Option<Budget> {
        object.object("budget").map(|budget| Budget::read(&budget))
    }

    /// Reads the field `sources`, reporting all that is wrong.
    pub fn read_sources(object: &Object<'_>) -> Option<Vec<Source>> {
        object.get("sources")?;
        let elements = object.list("sources");
        if elements.len() > MAX_SOURCES {
            let found = format!("{} sources", elements.len());
            object.report("sources", found, &format!("at most {MAX_SOURCES}"));
        }
        let read = |(pointer, value)| Source::read(&object.door().object(value, pointer)?);
        Some(elements.into_iter().filter_map(read).collect())
    }

    /// What these options mean for `spec`.
    ///
    /// # Errors
    /// Which of them the spec has no worlds for, or contradict each other.
    pub fn resolve(&self, spec: &Spec) -> Result<RunOptions, Problems> {
        let has = spec.platforms();
        let wanted = self.platforms.clone().unwrap_or_else(|| has.clone());
        let mut problems = Vec::new();
        if let Some(missing) = wanted.iter().find(|platform| !has.contains(platform)) {
            let found = format!("the spec has no {missing} world");
            problems.push(Problem::new("/options/platforms", found, "worlds that the spec has"));
        }
        if wanted.is_empty() {
            problems.push(Problem::new("/options/platforms", "none", "at least one world"));
        }
        let sources = self.sources.clone().unwrap_or_default();
        problems.extend(problems_of(&sources, &wanted));
        if let Some(llm) = &self.llm {
            problems.extend(llm.problems(spec, "/options/llm"));
        }
        let total = spec.time.rounds();
        let options = RunOptions {
            platforms: Platform::ALL.into_iter().filter(|p| wanted.contains(p)).collect(),
            rounds: self.max_rounds.map_or(total, |max| max.min(total)),
            seed: self.seed.unwrap_or(DEFAULT_SEED),
            pace_milli: self.pace_milli.unwrap_or(0),
            sources,
            llm: self.llm.clone(),
            budget: self.budget,
        };
        Problems::none_or(problems, Some(options))
    }
}

/// Reads rounds per second, as people write them, into thousandths of a round per second.
///
/// # Errors
/// What was expected.
pub fn parse_pace(text: &str) -> Result<u32, String> {
    let expected = || "expected rounds per second from 0.001 to 1000000, e.g. 0.8".to_owned();
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let empty = whole.is_empty() && decimals.is_empty();
    if empty || decimals.len() > 3 || !digits(whole) || !digits(decimals) {
        return Err(expected());
    }
    let milli: u64 = format!("{whole}{decimals:0<3}").parse().map_err(|_| expected())?;
    u32::try_from(milli)
        .ok()
        .filter(|milli| (1..=1_000_000_000).contains(milli))
        .ok_or_else(expected)
}

/// What is wrong with the sources of a run that has these worlds.
fn problems_of(sources: &[Source], worlds: &[Platform]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let mut problem = |key, found: String, expected| {
            problems.push(Problem::new(format!("/options/sources/{index}{key}"), found, expected));
        };
        let Source { run, platform, into, .. } = source;
        if !worlds.contains(into) {
            problem("/into", format!("{into}, which the run does not play"), "one of its worlds");
        }
        if run.is_none() && !worlds.contains(platform) {
            let found = format!("{platform}, which the run does not play");
            problem("/platform", found, "one of its worlds, or the run of the source");
        }
        let same =
            |other: &Source| (&other.run, other.platform, other.into) == (run, *platform, *into);
        if sources[..index].iter().any(same) {
            problem("", format!("{source} into {into} once more"), "each source of a world once");
        }
    }
    problems
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_an_exact_decimal() {
        let right = [("2", 2000), ("0.8", 800), (".5", 500), ("1.", 1000), ("0.001", 1)];
        for (text, milli) in right {
            assert_eq!(parse_pace(text), Ok(milli), "{text:?}");
        }
        for wrong in ["", ".", "0", "0.0", "0.0001", "-1", "+1", "1e3", "fast", "NaN", "1000001"] {
            assert!(parse_pace(wrong).is_err(), "{wrong:?} passed");
        }
    }
}
