//! A memory's episodes as a graph: who acted, and what they did to whom and what.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Episode;
use super::asked::Among;
use crate::id::RunId;
use crate::subject::Platform;
use crate::timestamp::Timestamp;
use crate::version::V1;

/// The newest of a graph. Its shape is that of graphs in MiroFish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphAnswer {
    /// Contract version.
    pub v: V1,
    /// The graph.
    pub graph_id: String,
    /// Both ends of the edges, and then others, agents first, the newest first.
    pub nodes: Vec<GraphNode>,
    /// What agents did, newest first. Both ends are among the nodes.
    pub edges: Vec<GraphEdge>,
    /// What it was taken from, and what was left out.
    pub drawn_from: DrawnFrom,
}

/// What a graph was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawnFrom {
    /// Episodes of the graph.
    pub episodes: u64,
    /// Those of them that the graph does not know: always 0, it is drawn as they come.
    pub omitted_episodes: u64,
    /// Nodes that were left out.
    pub omitted_nodes: u64,
    /// Edges that were left out.
    pub omitted_edges: u64,
}

/// An agent, a post, a comment or a topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphNode {
    /// A UUID that follows from the graph and the node's key.
    pub uuid: String,
    /// An agent's name, or how a text begins.
    pub name: String,
    /// `Entity` and what it is, e.g. `Agent`.
    pub labels: Vec<String>,
    /// What an agent did, in words, or the whole text.
    pub summary: String,
    /// What else is known.
    pub attributes: NodeAttributes,
    /// When the first episode that names it was remembered.
    pub created_at: Timestamp,
}

/// What else is known of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeAttributes {
    /// Its key within the graph: `agent:<simulation>:<id>`, `post:<run>:<platform>:<id>`,
    /// `comment:<run>:<platform>:<id>` or `topic:<words>`.
    pub key: String,
    /// An agent's number; null of everything else.
    pub agent_id: Option<u32>,
    /// An agent's episodes.
    pub actions: u64,
    /// The last round of which there is one; null before the first.
    pub last_round: Option<u32>,
    /// The number of the agent who wrote it, where that is known.
    pub author_id: Option<u32>,
    /// The name of who wrote it, where that is known.
    pub author_name: Option<String>,
}

/// Something that an agent did to somebody or something.
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
    /// To whom or what.
    pub target_node_uuid: String,
    /// The name of who did it.
    pub source_node_name: String,
    /// The name of the other end.
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

/// What has all of some words. The shape is that of a search in MiroFish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindAnswer {
    /// Contract version.
    pub v: V1,
    /// What was looked for.
    pub query: String,
    /// Among what.
    pub scope: Among,
    /// How many fit in all, counted up to 1,000.
    pub total_count: u64,
    /// Whether `total_count` is all of them, and not just as far as it was counted.
    pub total_is_exact: bool,
    /// What was found as sentences, newest first: facts, texts of episodes, or of nodes
    /// `[name]: summary`.
    pub facts: Vec<String>,
    /// The edges of these facts; empty among anything else.
    pub edges: Vec<GraphEdge>,
    /// The nodes; empty among anything else.
    pub nodes: Vec<GraphNode>,
    /// The episodes; empty among anything else.
    pub episodes: Vec<Episode>,
    /// Where to ask for more; null where there is no more. A page may hold less than was asked
    /// for, even nothing, where few of many have what the filters want.
    pub next: Option<String>,
}

/// Some nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodesAnswer {
    /// Contract version.
    pub v: V1,
    /// The graph.
    pub graph_id: String,
    /// The nodes, by label, the newest first within one.
    pub nodes: Vec<GraphNode>,
    /// Where to ask for more; null where there is no more.
    pub next: Option<String>,
}

/// Some edges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EdgesAnswer {
    /// Contract version.
    pub v: V1,
    /// The graph.
    pub graph_id: String,
    /// The edges, newest first.
    pub edges: Vec<GraphEdge>,
    /// Where to ask for more; null where there is no more. A page may hold less than was asked
    /// for, even nothing.
    pub next: Option<String>,
}

/// A node and its edges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeAnswer {
    /// Contract version.
    pub v: V1,
    /// The graph that it is in.
    pub graph_id: String,
    /// The node.
    pub node: GraphNode,
    /// Its edges, newest first.
    pub edges: Vec<GraphEdge>,
    /// The same as the node sees them.
    pub related_edges: Vec<RelatedEdge>,
    /// What is at their other ends, each once.
    pub related_nodes: Vec<RelatedNode>,
    /// Where to ask for older edges; null where there are none.
    pub next: Option<String>,
}

/// An edge as one of its ends sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelatedEdge {
    /// Whether it leads away or here.
    pub direction: Direction,
    /// What was done, e.g. `FOLLOWS`.
    pub edge_name: String,
    /// The episode's text.
    pub fact: String,
    /// Where it comes from, if it leads here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_node_uuid: Option<String>,
    /// Where it leads, if it leads away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_node_uuid: Option<String>,
}

/// Which way an edge leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Away.
    Outgoing,
    /// Here.
    Incoming,
}

/// A node as its neighbours see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelatedNode {
    /// Its UUID.
    pub uuid: String,
    /// Its name.
    pub name: String,
    /// `Entity` and what it is.
    pub labels: Vec<String>,
    /// What an agent did, in words, or how the text begins.
    pub summary: String,
}

/// How much there is of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatisticsAnswer {
    /// Contract version.
    pub v: V1,
    /// The graph.
    pub graph_id: String,
    /// Nodes.
    pub total_nodes: u64,
    /// Edges, those that hold no more among them.
    pub total_edges: u64,
    /// Nodes by label.
    pub entity_types: BTreeMap<String, u64>,
    /// Edges by name.
    pub relation_types: BTreeMap<String, u64>,
}

/// What somebody or something lived through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineAnswer {
    /// Contract version.
    pub v: V1,
    /// The graph.
    pub graph_id: String,
    /// Whose.
    pub node: GraphNode,
    /// Its edges, oldest first in simulated time.
    pub edges: Vec<GraphEdge>,
    /// Where to ask for more; null where there is no more yet.
    pub next: Option<String>,
}
