//! What the operator wants: flags, environment, and the file of targets.
//!
//! The file, with every field that there is:
//!
//! ```json
//! {"targets": {
//!   "local": {"kind": "sqlite", "language": "en"},
//!   "hook": {
//!     "kind": "http",
//!     "url": "https://memory.example/episodes",
//!     "headers": {"X-Team": "blue"},
//!     "header_files": {"Authorization": "hook-token"},
//!     "body": {"graph": "{{graph_id}}", "name": "{{batch_id}}", "rows": "{{episodes}}"},
//!     "batch": {"actions": 100, "characters": 20000, "per_round": true, "seconds": 10}
//!   },
//!   "cloud": {
//!     "kind": "zep",
//!     "dialect": "v2",
//!     "url": "https://api.getzep.com/api/v2",
//!     "key_file": "zep-key",
//!     "create": true,
//!     "language": "zh",
//!     "batch": "fives",
//!     "timeout_seconds": 30,
//!     "requests_per_minute": 60
//!   },
//!   "rows": {"kind": "jsonl", "folder": "rows"}
//! }}
//! ```
//!
//! A run names its memories by these names. `header_files` are files that hold a header's
//! value, beside this one, and `key_file` is one that holds a key; `url_file` may stand for `url`
//! of a webhook in the same way. `body` is JSON in which a text may hold `{{batch_id}}`,
//! `{{graph_id}}`, `{{run_id}}`, `{{platform}}`, `{{round}}`, `{{simulated_time}}` and `{{text}}`
//! (all episodes, one per line), or be `{{episodes}}` (the list). Without it, the body has each of
//! them under its name. The last four fields of `cloud` may stand in every target, but for `batch`
//! in one of kind `sqlite`; [`policy`] says what they may be.

pub mod policy;
#[cfg(test)]
mod tests;
mod webhook;
mod zep;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bus::BusArgs;
use contract::door::{Door, Object, describe};
use contract::id::{NAME_RULE, is_name};
use contract::problem::{Problem, Problems, suggest};
use kit::health::{HealthArgs, Question};
use kit::metrics::MetricsArgs;
use serde_json::Value;

use crate::adapters::http::Webhook;
use crate::adapters::zep::Zep;
use crate::policy::Policy;

/// Reads what the agents did and hands it to memories.
///
/// Every frame of every run is read once; the successful actions of a run go, as lines of
/// natural language, to the memories that the run names. Run one instance per prefix.
#[derive(clap::Parser, Clone)]
#[command(name = "shoal-memory-sink", version = kit::build::version(None), after_help = kit::telemetry::HELP)]
pub struct Args {
    /// Where the bus is.
    #[command(flatten)]
    pub bus: BusArgs,
    /// The folder of the embedded memory, which one instance owns.
    #[arg(long, env = "SHOAL_MEMORY_DIR", default_value = "./.data/memory")]
    pub memory_dir: PathBuf,
    /// A JSON file with the memories that runs may name; without it there is the embedded one,
    /// under the name `local`.
    #[arg(long, env = "SHOAL_MEMORY_TARGETS", value_name = "FILE")]
    pub targets: Option<PathBuf>,
    /// Whether it does its work.
    #[command(flatten)]
    pub health: HealthArgs,
    /// Where it is asked for its metrics.
    #[command(flatten)]
    pub metrics: MetricsArgs,
    /// What is asked instead of starting it.
    #[command(subcommand)]
    pub question: Option<Question>,
}

/// A memory that runs may name.
#[derive(Clone, Debug)]
pub struct TargetConfig {
    /// What it is.
    pub kind: TargetKind,
    /// How it is to be treated.
    pub policy: Policy,
}

/// What a memory is.
#[derive(Clone, Debug)]
pub enum TargetKind {
    /// The embedded one.
    Sqlite,
    /// A webhook.
    Http(Box<Webhook>),
    /// Zep Cloud.
    Zep(Box<Zep>),
    /// Files of lines.
    Jsonl {
        /// Where they are.
        folder: PathBuf,
    },
}

/// The targets by name; at most one of them is the embedded one.
pub type Targets = BTreeMap<String, TargetConfig>;

const KINDS: [&str; 4] = ["sqlite", "http", "zep", "jsonl"];
const A_KIND: &str = "sqlite, http, zep or jsonl";

/// The targets that `file` defines, or the default ones. The files that it names (those of
/// secrets) are looked for beside it.
///
/// # Errors
/// All that is wrong with it, the files that it names included.
pub fn read_targets(file: Option<&Path>) -> Result<Targets, Problems> {
    let Some(path) = file else {
        let local = TargetConfig { kind: TargetKind::Sqlite, policy: policy::SQLITE };
        return Ok(BTreeMap::from([("local".to_owned(), local)]));
    };
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        Problem::new(&name, error.to_string(), "a readable file (SHOAL_MEMORY_TARGETS)")
    })?;
    let value: Value = serde_json::from_str(&text)
        .map_err(|error| Problem::new(&name, error.to_string(), "a JSON object"))?;
    let door = Door::new(name);
    let folder = path.parent().unwrap_or(Path::new("."));
    let targets = door.root(&value).and_then(|root| read_file(&door, &root, folder));
    door.close(targets)
}

fn read_file(door: &Door, root: &Object<'_>, folder: &Path) -> Option<Targets> {
    root.refuse_unknown(&["targets"]);
    let entries = root.require("targets", "an object of targets by name")?;
    let Value::Object(entries) = entries else {
        root.report("targets", describe(entries), "an object of targets by name");
        return None;
    };
    if entries.is_empty() {
        root.report("targets", "nothing", "at least one target");
    }
    let mut targets = BTreeMap::new();
    for (name, value) in entries {
        let pointer = format!("/targets/{}", name.replace('~', "~0").replace('/', "~1"));
        // It is a token of keys in the ledger.
        if !is_name(name) {
            door.report(&pointer, format!("the name {name:?}"), NAME_RULE);
        }
        let object = door.object(value, pointer.clone());
        let Some(target) = object.and_then(|object| read_target(door, &object, folder)) else {
            continue;
        };
        let is_embedded = |target: &TargetConfig| matches!(target.kind, TargetKind::Sqlite);
        if is_embedded(&target) && targets.values().any(is_embedded) {
            door.report(&pointer, "a second target of kind sqlite", "one: there is one file");
        }
        targets.insert(name.clone(), target);
    }
    Some(targets)
}

fn read_target(door: &Door, object: &Object<'_>, folder: &Path) -> Option<TargetConfig> {
    object.require("kind", A_KIND);
    let known = |fields: &[&'static str]| {
        let all: Vec<&str> =
            ["kind"].iter().chain(fields).chain(&policy::FIELDS).copied().collect();
        object.refuse_unknown(&all);
    };
    let (kind, standard) = match object.text("kind")? {
        "sqlite" => {
            // It takes what there is at once.
            if object.get("batch").is_some() {
                object.report("batch", "a field that this kind has no use for", "none");
            }
            known(&[]);
            (Some(TargetKind::Sqlite), policy::SQLITE)
        }
        "http" => {
            known(&webhook::FIELDS);
            let webhook = webhook::read(door, object, folder);
            (webhook.map(|webhook| TargetKind::Http(Box::new(webhook))), policy::HTTP)
        }
        "zep" => {
            known(&zep::FIELDS);
            let zep = zep::read(object, folder);
            (zep.map(|zep| TargetKind::Zep(Box::new(zep))), policy::ZEP)
        }
        "jsonl" => {
            known(&["folder"]);
            let lines = read_folder(object, folder);
            (lines.map(|folder| TargetKind::Jsonl { folder }), policy::JSONL)
        }
        other => {
            let expected = match suggest(other, &KINDS) {
                Some(meant) => format!("{meant:?} (did you mean that?)"),
                None => A_KIND.to_owned(),
            };
            object.report("kind", format!("{other:?}"), &expected);
            return None;
        }
    };
    let policy = policy::read(object, standard);
    Some(TargetConfig { kind: kind?, policy })
}

/// The folder that `folder` names, seen from that of the file.
fn read_folder(object: &Object<'_>, beside: &Path) -> Option<PathBuf> {
    let expected = "a folder, as seen from that of this file";
    object.require("folder", expected);
    match object.text("folder")? {
        "" => {
            object.report("folder", "an empty text", expected);
            None
        }
        folder => Some(beside.join(folder)),
    }
}

/// The content of a file that holds `what`, without the line end that editors leave. Its name is
/// not shown: it may be what should stand in the file.
fn read_secret(
    object: &Object<'_>,
    key: &str,
    file: &str,
    folder: &Path,
    what: &str,
) -> Option<String> {
    match std::fs::read_to_string(folder.join(file)) {
        Ok(text) => Some(text.trim_end().to_owned()),
        Err(error) => {
            let expected = format!("the name of a file that holds {what}, beside this one");
            object.report(key, error.to_string(), &expected);
            None
        }
    }
}
