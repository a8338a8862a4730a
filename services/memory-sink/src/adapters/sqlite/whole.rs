//! The newest of a graph as nodes and edges, both ends of each edge among the nodes.

use std::collections::BTreeSet;

use contract::memory::{DrawnFrom, Graph, GraphAnswer, GraphNode, Nodes};
use contract::version::V1;
use rusqlite::Transaction;

use super::hunt::{Ground, NEWEST, Seen, Table, graph_row, newest};
use super::pages::{NodePage, totals};
use super::room::{Room, size};
use super::rows::{edge_of, node_of};
use super::{SqliteError, SqliteMemory, natural};

impl SqliteMemory {
    /// A graph, in at most `room` bytes of JSON; `None` if the memory has never heard of it.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn graph(
        &self,
        request: Graph,
        room: usize,
    ) -> Result<Option<GraphAnswer>, SqliteError> {
        self.read(move |transaction| {
            let Some(graph) = graph_row(transaction, &request.graph_id)? else { return Ok(None) };
            let mut answer = draw(transaction, graph, &request, room)?;
            let sum = |kind| -> rusqlite::Result<u64> {
                Ok(totals(transaction, graph, kind)?.values().sum())
            };
            let (nodes, edges) = (answer.nodes.len() as u64, answer.edges.len() as u64);
            answer.drawn_from = DrawnFrom {
                episodes: episodes(transaction, graph)?,
                omitted_episodes: 0,
                omitted_nodes: sum("node")?.saturating_sub(nodes),
                omitted_edges: sum("edge")?.saturating_sub(edges),
            };
            Ok(Some(answer))
        })
        .await
    }
}

fn draw(
    transaction: &Transaction<'_>,
    graph: i64,
    request: &Graph,
    room: usize,
) -> rusqlite::Result<GraphAnswer> {
    let limit = request.limit as usize;
    let (mut room, mut edges) = (Room::new(room), Vec::new());
    let (mut known, mut nodes): (BTreeSet<i64>, Vec<GraphNode>) = (BTreeSet::new(), Vec::new());
    let question = Ground::graph(graph).question(None).unwrap_or_default();
    newest(transaction, Table::Episodes, &question, NEWEST, |id| {
        if edges.len() == limit {
            return Ok(Seen::Enough);
        }
        if !is_edge(transaction, id)? {
            return Ok(Seen::GoOn);
        }
        let row = edge_of(transaction, id)?;
        let ends: BTreeSet<i64> =
            [row.source, row.target].into_iter().filter(|end| !known.contains(end)).collect();
        let mut new = Vec::new();
        for end in &ends {
            new.push(node_of(transaction, *end)?.node);
        }
        let mut sizes = vec![size(&row.edge)];
        sizes.extend(new.iter().map(size));
        if nodes.len() + new.len() > limit || !room.takes(&sizes) {
            return Ok(Seen::Enough);
        }
        known.extend(ends);
        nodes.extend(new);
        edges.push(row.edge);
        Ok(Seen::GoOn)
    })?;
    // Whoever did nothing yet, or nothing lately.
    let asked = Nodes {
        v: V1,
        graph_id: request.graph_id.clone(),
        label: None,
        name: None,
        cursor: None,
        limit: request.limit,
    };
    let mut others = NodePage { room: Room::new(usize::MAX), limit: request.limit, nodes: vec![] };
    others.all(transaction, graph, &asked, None)?;
    for other in others.nodes.into_iter().filter(|other| !known.contains(&other.id)) {
        if nodes.len() == limit || !room.takes(&[size(&other.node)]) {
            break;
        }
        nodes.push(other.node);
    }
    let drawn_from =
        DrawnFrom { episodes: 0, omitted_episodes: 0, omitted_nodes: 0, omitted_edges: 0 };
    Ok(GraphAnswer { v: V1, graph_id: request.graph_id.clone(), nodes, edges, drawn_from })
}

fn is_edge(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<bool> {
    transaction.prepare_cached("SELECT 1 FROM edge WHERE id = ?1")?.exists([id])
}

fn episodes(transaction: &Transaction<'_>, graph: i64) -> rusqlite::Result<u64> {
    transaction
        .prepare_cached("SELECT coalesce(sum(episodes), 0) FROM episode_total WHERE graph = ?1")?
        .query_row([graph], |row| row.get(0))
        .map(natural)
}
