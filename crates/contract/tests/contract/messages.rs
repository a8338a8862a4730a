//! Every message of the contract, and how it is read.

use std::fmt::Debug;

use contract::action::Action;
use contract::command::Command;
use contract::frame::Frame;
use contract::interviews::ReplyPart;
use contract::journal::Entry;
use contract::memory::{
    Edges, EdgesAnswer, Episodes, EpisodesAnswer, Find, FindAnswer, Graph, GraphAnswer,
    MemoryError, Node, NodeAnswer, Nodes, NodesAnswer, Search, SearchAnswer, Statistics,
    StatisticsAnswer, Stats, StatsAnswer, Targets, TargetsAnswer, Timeline, TimelineAnswer,
    read_answer,
};
use contract::notice::{
    DeadLetter, LiveAction, LiveOmitted, LogLine, NodeInfo, StartAnswer, StartRequest,
};
use contract::past::Progress;
use contract::reply::Reply;
use contract::simulation::SimulationRecord;
use contract::spec::Spec;
use contract::status::EnvStatus;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// One message: the schema is `schemas/<name>.json`, the examples are `schemas/examples/<name>`.
pub(crate) struct Message {
    pub(crate) name: &'static str,
    /// Parses as the Rust type and gives what that writes, as [`pretty`] JSON.
    pub(crate) reread: fn(&[u8]) -> Result<String, String>,
}

pub(crate) const MESSAGES: [Message; 39] = [
    Message { name: "action", reread: |body| reread(derived::<Action>, body) },
    Message { name: "command", reread: |body| reread(Command::from_json, body) },
    Message { name: "dead-letter", reread: |body| reread(derived::<DeadLetter>, body) },
    Message { name: "env-status", reread: |body| reread(derived::<EnvStatus>, body) },
    Message { name: "frame", reread: |body| reread(derived::<Frame>, body) },
    Message { name: "journal", reread: |body| reread(derived::<Entry>, body) },
    Message { name: "live-action", reread: |body| reread(derived::<LiveAction>, body) },
    Message { name: "live-omitted", reread: |body| reread(derived::<LiveOmitted>, body) },
    Message { name: "log-line", reread: |body| reread(derived::<LogLine>, body) },
    Message { name: "memory-edges", reread: |body| reread(Edges::parse, body) },
    Message { name: "memory-edges-answer", reread: |body| reread_answer::<EdgesAnswer>(body) },
    Message { name: "memory-episodes", reread: |body| reread(Episodes::parse, body) },
    Message {
        name: "memory-episodes-answer",
        reread: |body| reread_answer::<EpisodesAnswer>(body),
    },
    Message { name: "memory-find", reread: |body| reread(Find::parse, body) },
    Message { name: "memory-find-answer", reread: |body| reread_answer::<FindAnswer>(body) },
    Message { name: "memory-graph", reread: |body| reread(Graph::parse, body) },
    Message { name: "memory-graph-answer", reread: |body| reread_answer::<GraphAnswer>(body) },
    Message { name: "memory-node", reread: |body| reread(Node::parse, body) },
    Message { name: "memory-node-answer", reread: |body| reread_answer::<NodeAnswer>(body) },
    Message { name: "memory-nodes", reread: |body| reread(Nodes::parse, body) },
    Message { name: "memory-nodes-answer", reread: |body| reread_answer::<NodesAnswer>(body) },
    Message { name: "memory-search", reread: |body| reread(Search::parse, body) },
    Message { name: "memory-search-answer", reread: |body| reread_answer::<SearchAnswer>(body) },
    Message { name: "memory-statistics", reread: |body| reread(Statistics::parse, body) },
    Message {
        name: "memory-statistics-answer",
        reread: |body| reread_answer::<StatisticsAnswer>(body),
    },
    Message { name: "memory-stats", reread: |body| reread(Stats::parse, body) },
    Message { name: "memory-stats-answer", reread: |body| reread_answer::<StatsAnswer>(body) },
    Message { name: "memory-targets", reread: |body| reread(Targets::parse, body) },
    Message { name: "memory-targets-answer", reread: |body| reread_answer::<TargetsAnswer>(body) },
    Message { name: "memory-timeline", reread: |body| reread(Timeline::parse, body) },
    Message {
        name: "memory-timeline-answer",
        reread: |body| reread_answer::<TimelineAnswer>(body),
    },
    Message { name: "node-info", reread: |body| reread(derived::<NodeInfo>, body) },
    Message { name: "progress", reread: |body| reread(derived::<Progress>, body) },
    Message { name: "reply", reread: |body| reread(derived::<Reply>, body) },
    Message { name: "reply-part", reread: |body| reread(derived::<ReplyPart>, body) },
    Message { name: "simulation", reread: |body| reread(derived::<SimulationRecord>, body) },
    Message { name: "spec", reread: |body| reread(Spec::from_bytes, body) },
    Message { name: "start-answer", reread: |body| reread(derived::<StartAnswer>, body) },
    Message { name: "start-request", reread: |body| reread(StartRequest::from_json, body) },
];

/// JSON as the examples have it: indented by two, with a newline at the end.
pub(crate) fn pretty<T: Serialize>(value: &T) -> String {
    serde_json::to_string_pretty(value).unwrap() + "\n"
}

/// Parses, writes, and parses what was written: both values have to be the same.
fn reread<T, E>(parse: fn(&[u8]) -> Result<T, E>, body: &[u8]) -> Result<String, String>
where
    T: Serialize + PartialEq + Debug,
    E: Debug + ToString,
{
    let value = parse(body).map_err(|error| error.to_string())?;
    let written = serde_json::to_vec(&value).unwrap();
    assert_eq!(parse(&written).unwrap(), value, "writing loses something");
    Ok(pretty(&value))
}

fn derived<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(body)
}

/// An answer of the memory, or its refusal to give one.
fn reread_answer<T>(body: &[u8]) -> Result<String, String>
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let read: Result<T, MemoryError> = read_answer(body);
    match derived::<Refusal>(body) {
        Ok(refusal) => {
            assert_eq!(read.unwrap_err(), refusal.error);
            reread(derived::<Refusal>, body)
        }
        Err(_) => {
            read.map_err(|error| error.to_string())?;
            reread(derived::<T>, body)
        }
    }
}

/// What stands in the place of an answer of the memory.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) error: MemoryError,
}
