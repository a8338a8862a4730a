//! What the memory-sink writes into a memory, and what it is asked about it.
//!
//! The questions are a NATS service: publish a request on `sim.memory.<question>`, get one
//! answer, or `{"error": {code, message}}`.
//!
//! | question | request | answer |
//! |---|---|---|
//! | [`SEARCH`] | [`Search`] | [`SearchAnswer`] |
//! | [`EPISODES`] | [`Episodes`] | [`EpisodesAnswer`] |
//! | [`STATS`] | [`Stats`] | [`StatsAnswer`] |
//! | [`TARGETS`] | [`Targets`] | [`TargetsAnswer`] |
//! | [`GRAPH`] | [`Graph`] | [`GraphAnswer`] |
//! | [`FIND`] | [`Find`] | [`FindAnswer`] |
//! | [`NODES`] | [`Nodes`] | [`NodesAnswer`] |
//! | [`EDGES`] | [`Edges`] | [`EdgesAnswer`] |
//! | [`NODE`] | [`Node`] | [`NodeAnswer`] |
//! | [`STATISTICS`] | [`Statistics`] | [`StatisticsAnswer`] |
//! | [`TIMELINE`] | [`Timeline`] | [`TimelineAnswer`] |

mod asked;
mod graph;
mod question;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::asked::{
    Among, Edges, Entity, Find, MAX_NAME_BYTES, MAX_NAMES, Node, Nodes, Statistics, Timeline,
};
pub use self::graph::{
    Direction, DrawnFrom, EdgeAttributes, EdgesAnswer, FindAnswer, GraphAnswer, GraphEdge,
    GraphNode, NodeAnswer, NodeAttributes, NodesAnswer, RelatedEdge, RelatedNode, StatisticsAnswer,
    TimelineAnswer,
};
pub use self::question::{
    DEFAULT_DRAWN, DEFAULT_LIMIT, Episodes, Graph, MAX_DRAWN, MAX_GRAPH_ID_BYTES, MAX_LIMIT,
    MAX_QUERY_BYTES, MAX_REQUEST_BYTES, Scope, Search, Stats, Targets, is_graph_id,
};
use crate::action::Action;
use crate::id::RunId;
use crate::subject::Platform;
use crate::timestamp::Timestamp;
use crate::version::V1;

/// The question for the episodes that have some words.
pub const SEARCH: &str = "search";
/// The question for episodes in the order in which they were remembered.
pub const EPISODES: &str = "episodes";
/// The question how much is remembered, and how far the memory is behind.
pub const STATS: &str = "stats";
/// The question which memories there are.
pub const TARGETS: &str = "targets";

/// The question for a graph as nodes and edges.
pub const GRAPH: &str = "graph";
/// The question for facts, nodes or episodes that have some words.
pub const FIND: &str = "find";
/// The question for the nodes of a graph.
pub const NODES: &str = "nodes";
/// The question for the edges of a graph.
pub const EDGES: &str = "edges";
/// The question for a node and its edges.
pub const NODE: &str = "node";
/// The question how many nodes and edges a graph has.
pub const STATISTICS: &str = "statistics";
/// The question for the edges of a node in the order of simulated time.
pub const TIMELINE: &str = "timeline";

/// One action as a memory keeps it: a line of natural language and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Episode {
    /// `<run>.<platform>.<seq>`.
    pub action_id: String,
    /// The graph that it belongs to.
    pub graph_id: String,
    /// The run.
    pub run_id: RunId,
    /// The world.
    pub platform: Platform,
    /// The round.
    pub round: u32,
    /// When it was, in simulated time.
    pub simulated_time: Timestamp,
    /// Who acted.
    pub agent_id: u32,
    /// Its name.
    pub agent_name: String,
    /// What it did, e.g. `CREATE_POST`.
    pub action_type: String,
    /// The same in words: `<agent_name>: <description>`, one line.
    pub text: String,
    /// The action as it stands in its frame.
    pub body: Action,
}

/// The episodes that have every word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchAnswer {
    /// Contract version.
    pub v: V1,
    /// How many fit in all, counted up to 1,000.
    pub total: u64,
    /// The newest of them, newest first.
    pub episodes: Vec<Episode>,
}

/// Some episodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpisodesAnswer {
    /// Contract version.
    pub v: V1,
    /// The episodes, oldest first.
    pub episodes: Vec<Episode>,
    /// The place to ask for what follows; null where nothing follows yet.
    pub next: Option<u64>,
}

/// How much is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatsAnswer {
    /// Contract version.
    pub v: V1,
    /// Episodes in the embedded memory, 0 where there is none.
    pub episodes: u64,
    /// The same by world.
    pub platforms: Vec<PlatformTotals>,
    /// How far each memory has come in each world, at most 1,000.
    pub cursors: Vec<CursorStatus>,
    /// Published actions that a memory has not taken yet, over all cursors.
    pub lag: u64,
}

/// The episodes of one world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformTotals {
    /// The world.
    pub platform: Platform,
    /// Its episodes.
    pub episodes: u64,
    /// The same by type of action, in alphabetical order.
    pub types: Vec<TypeTotal>,
    /// The last round of which there is an episode.
    pub last_round: u32,
    /// When that was, in simulated time.
    pub last_simulated_time: Timestamp,
}

/// The episodes of one type of action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeTotal {
    /// E.g. `CREATE_POST`.
    pub action_type: String,
    /// How many.
    pub episodes: u64,
}

/// How far a memory has come in one world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CursorStatus {
    /// The run.
    pub run_id: RunId,
    /// The world.
    pub platform: Platform,
    /// The memory.
    pub target: String,
    /// The graph within it.
    pub graph_id: String,
    /// The seq of the last action that it is done with (remembered, or passed over because
    /// it failed or leaves no trace).
    pub seq: u64,
    /// The round that it is done with.
    pub round: u32,
    /// When that was, in simulated time; null before the first.
    pub simulated_time: Option<Timestamp>,
    /// The seq of the last action that is published.
    pub published: u64,
    /// `published` less `seq`.
    pub lag: u64,
    /// How long the oldest published action that it is not done with has been waiting, in
    /// seconds of wall-clock time; 0 if there is none, `None` where the sink cannot tell.
    pub lag_seconds: Option<u64>,
    /// Actions that it has taken, whichever sink handed them over; `None` where that is not
    /// counted, as in the next two.
    pub delivered: Option<u64>,
    /// Requests to its graph that it did not take, or whose outcome was unknown, and that were
    /// made again, since the sink was started.
    pub retried: Option<u64>,
    /// Actions that it refused for good, and has not taken since: each is a dead letter.
    pub dead: Option<u64>,
    /// Why it does not go on, where it does not.
    pub problem: Option<String>,
}

/// The memories of a sink.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetsAnswer {
    /// Contract version.
    pub v: V1,
    /// Each by name, in alphabetical order.
    pub targets: Vec<TargetStatus>,
}

/// One memory. Shows no secret: no path, query or header of a URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetStatus {
    /// The operator's name for it.
    pub name: String,
    /// How it is spoken to: `sqlite`, `jsonl`, `http` or `zep`.
    pub kind: String,
    /// Where it is, as far as that may be shown: a file's name, or scheme, host and port.
    pub place: String,
    /// How it is.
    pub state: TargetState,
    /// What is wrong, where something is.
    pub problem: Option<String>,
    /// Requests that it was sent since the sink was started; `None` where there are none to
    /// send, or the sink does not count them.
    pub requests: Option<u64>,
    /// Requests that it still takes from this account, as it said last: below 0 of an account
    /// that asked too much; `None` if it never said.
    pub rate_limit_remaining: Option<i64>,
}

/// How a memory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetState {
    /// It takes what it gets.
    Ready,
    /// It did not take the last batch, which is tried again.
    Retrying,
    /// It refuses our credentials: paused, tried again slowly, nothing lost.
    Unauthorized,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct MemoryError {
    /// To branch on.
    pub code: MemoryErrorCode,
    /// To read. May change.
    pub message: String,
}

/// The kinds of refusal. Stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemoryErrorCode {
    /// The request cannot be read.
    Malformed,
    /// No run has written into such a graph.
    UnknownGraph,
    /// No memory of this sink has anything of such a run, or not yet.
    UnknownRun,
    /// No graph has such a node, or not yet.
    UnknownNode,
    /// It failed on the way.
    Internal,
}

/// Reads an answer.
///
/// # Errors
/// The refusal, if it is one; [`MemoryErrorCode::Internal`] if the answer cannot be read.
pub fn read_answer<T: DeserializeOwned>(body: &[u8]) -> Result<T, MemoryError> {
    let unreadable = |error: serde_json::Error| MemoryError {
        code: MemoryErrorCode::Internal,
        message: format!("the memory-sink's answer cannot be read: {error}"),
    };
    let mut value: Value = serde_json::from_slice(body).map_err(unreadable)?;
    match value.get_mut("error").map(Value::take) {
        Some(error) => Err(serde_json::from_value(error).map_err(unreadable)?),
        None => serde_json::from_value(value).map_err(unreadable),
    }
}

/// The bytes of an answer, or of the refusal to give one.
pub fn write_answer<T: Serialize>(answer: &Result<T, MemoryError>) -> Vec<u8> {
    #[derive(Serialize)]
    struct Refusal<'a> {
        error: &'a MemoryError,
    }
    match answer {
        Ok(answer) => serde_json::to_vec(answer),
        Err(error) => serde_json::to_vec(&Refusal { error }),
    }
    .expect("no map keys that JSON refuses")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_from_an_answer() {
        let answer = SearchAnswer { v: V1, total: 0, episodes: Vec::new() };
        assert_eq!(read_answer(&write_answer(&Ok(answer.clone()))), Ok(answer));
        let refusal = MemoryError {
            code: MemoryErrorCode::UnknownRun,
            message: "no memory has anything of run market-9".to_owned(),
        };
        let bytes = write_answer::<SearchAnswer>(&Err(refusal.clone()));
        assert_eq!(read_answer::<SearchAnswer>(&bytes), Err(refusal));
        let unreadable = read_answer::<SearchAnswer>(b"<html>").unwrap_err();
        assert_eq!(unreadable.code, MemoryErrorCode::Internal);
    }
}
