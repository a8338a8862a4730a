//! What is asked about a graph: only the embedded memory answers.

use std::str::FromStr;

use contract::memory::{
    Edges, EdgesAnswer, Entity, Find, FindAnswer, Graph, GraphAnswer, MemoryError, MemoryErrorCode,
    Node, NodeAnswer, Nodes, NodesAnswer, Scope, Statistics, StatisticsAnswer, Timeline,
    TimelineAnswer,
};

use super::{Desk, internal, malformed, unknown};
use crate::adapters::sqlite::Missing;

impl Desk {
    /// As much of a graph as one message holds.
    pub(super) async fn graph(&self, body: &[u8]) -> Result<GraphAnswer, MemoryError> {
        let asked = Graph::parse(body).map_err(malformed)?;
        let missing = no_graph(&asked.graph_id);
        let found = self.embedded()?.graph(asked, self.room()).await.map_err(internal)?;
        found.ok_or(missing)
    }

    pub(super) async fn find(&self, body: &[u8]) -> Result<FindAnswer, MemoryError> {
        let asked = Find::parse(body).map_err(malformed)?;
        let (missing, below) = (unknown(&asked.within), place(asked.cursor.as_ref())?);
        let found = self.embedded()?.look_for(asked, below, self.room()).await.map_err(internal)?;
        found.ok_or(missing)
    }

    pub(super) async fn nodes(&self, body: &[u8]) -> Result<NodesAnswer, MemoryError> {
        let asked = Nodes::parse(body).map_err(malformed)?;
        let (missing, from) = (no_graph(&asked.graph_id), place(asked.cursor.as_ref())?);
        let found = self.embedded()?.nodes(asked, from, self.room()).await.map_err(internal)?;
        found.ok_or(missing)
    }

    pub(super) async fn edges(&self, body: &[u8]) -> Result<EdgesAnswer, MemoryError> {
        let asked = Edges::parse(body).map_err(malformed)?;
        let (missing, below) = (no_graph(&asked.graph_id), place(asked.cursor.as_ref())?);
        let found = self.embedded()?.edges(asked, below, self.room()).await.map_err(internal)?;
        found.ok_or(missing)
    }

    pub(super) async fn node(&self, body: &[u8]) -> Result<NodeAnswer, MemoryError> {
        let asked = Node::parse(body).map_err(malformed)?;
        let (missing, from) = (no_node(&asked.uuid), place(asked.cursor.as_ref())?);
        let found = self.embedded()?.node(asked, from, self.room()).await.map_err(internal)?;
        found.ok_or(missing)
    }

    pub(super) async fn statistics(&self, body: &[u8]) -> Result<StatisticsAnswer, MemoryError> {
        let asked = Statistics::parse(body).map_err(malformed)?;
        let missing = no_graph(&asked.graph_id);
        let found = self.embedded()?.statistics(asked).await.map_err(internal)?;
        found.ok_or(missing)
    }

    pub(super) async fn timeline(&self, body: &[u8]) -> Result<TimelineAnswer, MemoryError> {
        let asked = Timeline::parse(body).map_err(malformed)?;
        let from = place(asked.cursor.as_ref())?;
        let graph = no_graph(&asked.graph_id);
        let node = match &asked.of {
            Entity::Name(name) => no_node(name),
            Entity::Uuid(uuid) => no_node(uuid),
        };
        let found = self.embedded()?.timeline(asked, from, self.room()).await.map_err(internal)?;
        found.map_err(|missing| match missing {
            Missing::Graph => graph,
            Missing::Node => node,
        })
    }
}

/// Where to go on.
fn place<T: FromStr>(cursor: Option<&String>) -> Result<Option<T>, MemoryError> {
    let read = |cursor: &String| {
        cursor.parse().map_err(|_| MemoryError {
            code: MemoryErrorCode::Malformed,
            message: format!("/cursor: found {cursor:?}, expected next of the answer before"),
        })
    };
    cursor.map(read).transpose()
}

fn no_graph(graph_id: &str) -> MemoryError {
    unknown(&Scope::Graph(graph_id.to_owned()))
}

fn no_node(named: &str) -> MemoryError {
    MemoryError {
        code: MemoryErrorCode::UnknownNode,
        message: format!("there is no node {named:?}, or not yet"),
    }
}
