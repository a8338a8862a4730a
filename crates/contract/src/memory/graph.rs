//! A memory's episodes as a graph: who acted, and what they did to each other.

use serde::{Deserialize, Serialize};

use crate::id::RunId;
use crate::subject::Platform;
use crate::timestamp::Timestamp;
use crate::version::V1;

/// A graph, drawn from its newest episodes. Its shape is that of graphs in MiroFish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphAnswer {
    /// Contract version.
    pub v: V1,
    /// The graph.
    pub graph_id: String,
    /// Agents, those who acted last first.
    pub nodes: Vec<GraphNode>,
    /// What they did to each other, newest first. Both ends are among the nodes.
    pub edges: Vec<GraphEdge>,
    /// What it was drawn from, and what was left out.
    pub drawn_from: DrawnFrom,
}

/// What a graph was drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawnFrom {
    /// Episodes of the graph.
    pub episodes: u64,
    /// The oldest of them, which were not looked at.
    pub omitted_episodes: u64,
    /// Agents in the others that were left out.
    pub omitted_nodes: u64,
    /// Edges in the others that were left out.
    pub omitted_edges: u64,
}

/// An agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphNode {
    /// A UUID that follows from the graph, the agent's number and its name.
    pub uuid: String,
    /// The agent's name.
    pub name: String,
    /// `Entity` and `Agent`.
    pub labels: Vec<String>,
    /// What it did, in words.
    pub summary: String,
    /// The same, in numbers.
    pub attributes: NodeAttributes,
    /// When the first of its episodes that were looked at was remembered, or the first that
    /// names it.
    pub created_at: Timestamp,
}

/// What an agent did, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeAttributes {
    /// Its number; null of one that did nothing and is only named by others.
    pub agent_id: Option<u32>,
    /// Its episodes among those that were looked at.
    pub actions: u64,
    /// The last round of which there is one; null before the first.
    pub last_round: Option<u32>,
}

/// Something that an agent did to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphEdge {
    /// The UUID of its episode.
    pub uuid: String,
    /// What was done, e.g. `FOLLOWS`.
    pub name: String,
    /// The episode's text.
    pub fact: String,
    /// The same as `name`.
    pub fact_type: String,
    /// Who did it.
    pub source_node_uuid: String,
    /// To whom.
    pub target_node_uuid: String,
    /// The name of who did it.
    pub source_node_name: String,
    /// The name of the other.
    pub target_node_name: String,
    /// Where it comes from.
    pub attributes: EdgeAttributes,
    /// When it was remembered.
    pub created_at: Timestamp,
    /// When it was, in simulated time.
    pub valid_at: Timestamp,
    /// When it was taken back, in simulated time.
    pub invalid_at: Option<Timestamp>,
    /// When that was remembered.
    pub expired_at: Option<Timestamp>,
    /// The UUIDs of the episodes that say it: the one that made it, and the one that took it back.
    pub episodes: Vec<String>,
}

/// The action that an edge comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EdgeAttributes {
    /// `<run>.<platform>.<seq>`.
    pub action_id: String,
    /// The run.
    pub run_id: RunId,
    /// The world.
    pub platform: Platform,
    /// The round.
    pub round: u32,
    /// E.g. `FOLLOW`.
    pub action_type: String,
}
