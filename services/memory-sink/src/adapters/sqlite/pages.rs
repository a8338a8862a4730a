//! Nodes and edges, page by page.

use std::collections::BTreeMap;

use contract::memory::{
    Direction, Edges, EdgesAnswer, Entity, Node, NodeAnswer, Nodes, NodesAnswer, RelatedEdge,
    RelatedNode, Statistics, StatisticsAnswer, Timeline, TimelineAnswer,
};
use contract::version::V1;
use rusqlite::{OptionalExtension, Transaction, params};

use super::hunt::{Ground, NEWEST, Seen, Table, graph_row, newest};
use super::place::{InTime, OfKind};
use super::room::{Room, size};
use super::rows::{EdgeRow, NODE, NodeRow, edge_of, in_short, node, node_of, node_of_uuid};
use super::walk::{Order, Walk};
use super::{SqliteError, SqliteMemory, natural};

/// Rows that are looked at for one page.
const LOOKED_AT: u64 = 20_000;

impl SqliteMemory {
    /// The nodes of a graph from a place on, in at most `room` bytes of JSON; `None` if the
    /// memory has never heard of it.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn nodes(
        &self,
        asked: Nodes,
        from: Option<OfKind>,
        room: usize,
    ) -> Result<Option<NodesAnswer>, SqliteError> {
        self.read(move |transaction| {
            let Some(graph) = graph_row(transaction, &asked.graph_id)? else { return Ok(None) };
            let mut page =
                NodePage { room: Room::new(room), limit: asked.limit, nodes: Vec::new() };
            let next = match &asked.name {
                Some(name) => page.named(transaction, graph, name, &asked, from)?,
                None => page.all(transaction, graph, &asked, from)?,
            };
            let nodes = page.nodes.into_iter().map(|row| row.node).collect();
            Ok(Some(NodesAnswer { v: V1, graph_id: asked.graph_id, nodes, next }))
        })
        .await
    }

    /// The edges of a graph below an id (`None`: the newest), in at most `room` bytes of JSON;
    /// `None` if the memory has never heard of it.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn edges(
        &self,
        asked: Edges,
        below: Option<i64>,
        room: usize,
    ) -> Result<Option<EdgesAnswer>, SqliteError> {
        self.read(move |transaction| {
            let Some(graph) = graph_row(transaction, &asked.graph_id)? else { return Ok(None) };
            let names: Vec<String> = asked.edge_name.iter().cloned().collect();
            let ground = Ground::graph(graph).only(&names);
            let (mut edges, mut next) = (Vec::new(), None);
            if let Some(question) = ground.question(None) {
                let (mut room, mut looked_at) = (Room::new(room), 0);
                let mut last = below.unwrap_or(NEWEST);
                newest(transaction, Table::Episodes, &question, last, |id| {
                    if edges.len() == asked.limit as usize || looked_at == LOOKED_AT {
                        next = Some(last);
                        return Ok(Seen::Enough);
                    }
                    looked_at += 1;
                    if is_wanted(transaction, id, &asked)? {
                        let edge = edge_of(transaction, id)?.edge;
                        if !room.takes(&[size(&edge)]) {
                            next = Some(last);
                            return Ok(Seen::Enough);
                        }
                        edges.push(edge);
                    }
                    last = id;
                    Ok(Seen::GoOn)
                })?;
            }
            let next = next.map(|id| id.to_string());
            Ok(Some(EdgesAnswer { v: V1, graph_id: asked.graph_id, edges, next }))
        })
        .await
    }

    /// A node with its newest edges from a place on, in at most `room` bytes of JSON; `None` if
    /// there is none of this UUID.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn node(
        &self,
        asked: Node,
        from: Option<InTime>,
        room: usize,
    ) -> Result<Option<NodeAnswer>, SqliteError> {
        self.read(move |transaction| {
            let Some(found) = node_of_uuid(transaction, &asked.uuid)? else { return Ok(None) };
            let mut room = Room::new(room);
            room.takes(&[size(&found.node)]);
            let mut related = Related { node: found.id, edges: vec![], nodes: BTreeMap::new() };
            let walk = Walk { order: Order::NewestFirst, from, limit: asked.limit };
            let (edges, next) =
                walk.go(transaction, &found, |row| related.see(transaction, row, &mut room))?;
            Ok(Some(NodeAnswer {
                v: V1,
                graph_id: graph_id(transaction, found.graph)?,
                node: found.node,
                edges,
                related_edges: related.edges,
                related_nodes: related.nodes.into_values().collect(),
                next,
            }))
        })
        .await
    }

    /// The edges of somebody or something, oldest first, in at most `room` bytes of JSON.
    ///
    /// # Errors
    /// If the file cannot be read. Within: [`Missing`].
    pub async fn timeline(
        &self,
        asked: Timeline,
        from: Option<InTime>,
        room: usize,
    ) -> Result<Result<TimelineAnswer, Missing>, SqliteError> {
        self.read(move |transaction| {
            let Some(graph) = graph_row(transaction, &asked.graph_id)? else {
                return Ok(Err(Missing::Graph));
            };
            let found = match &asked.of {
                Entity::Uuid(uuid) => node_of_uuid(transaction, uuid)?,
                Entity::Name(name) => newest_named(transaction, graph, name)?,
            };
            let Some(found) = found.filter(|found| found.graph == graph) else {
                return Ok(Err(Missing::Node));
            };
            let mut room = Room::new(room);
            room.takes(&[size(&found.node)]);
            let walk = Walk { order: Order::OldestFirst, from, limit: asked.limit };
            let (edges, next) =
                walk.go(transaction, &found, |row| Ok(room.takes(&[size(&row.edge)])))?;
            let (graph_id, node) = (asked.graph_id, found.node);
            Ok(Ok(TimelineAnswer { v: V1, graph_id, node, edges, next }))
        })
        .await
    }

    /// How much a graph has; `None` if the memory has never heard of it.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn statistics(
        &self,
        asked: Statistics,
    ) -> Result<Option<StatisticsAnswer>, SqliteError> {
        self.read(move |transaction| {
            let Some(graph) = graph_row(transaction, &asked.graph_id)? else { return Ok(None) };
            let entity_types = totals(transaction, graph, "node")?;
            let relation_types = totals(transaction, graph, "edge")?;
            Ok(Some(StatisticsAnswer {
                v: V1,
                graph_id: asked.graph_id,
                total_nodes: entity_types.values().sum(),
                total_edges: relation_types.values().sum(),
                entity_types,
                relation_types,
            }))
        })
        .await
    }
}

/// What is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The memory has never heard of the graph.
    Graph,
    /// The graph has no such node.
    Node,
}

/// How many nodes by label, or edges by name, a graph has.
pub(super) fn totals(
    transaction: &Transaction<'_>,
    graph: i64,
    kind: &str,
) -> rusqlite::Result<BTreeMap<String, u64>> {
    transaction
        .prepare_cached("SELECT name, total FROM graph_total WHERE graph = ?1 AND kind = ?2")?
        .query_map(params![graph, kind], |row| Ok((row.get(0)?, natural(row.get(1)?))))?
        .collect()
}

fn graph_id(transaction: &Transaction<'_>, graph: i64) -> rusqlite::Result<String> {
    transaction
        .prepare_cached("SELECT graph_id FROM graph WHERE id = ?1")?
        .query_row([graph], |row| row.get(0))
}

/// Whether the episode made an edge of the kind that is asked for.
fn is_wanted(transaction: &Transaction<'_>, id: i64, asked: &Edges) -> rusqlite::Result<bool> {
    let interval: Option<(i64, Option<i64>)> = transaction
        .prepare_cached("SELECT valid_at, invalid_at FROM edge WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let as_of = asked.as_of.map(|time| time.milliseconds());
    Ok(interval.is_some_and(|(from, until)| {
        (asked.include_expired || until.is_none())
            && as_of.is_none_or(|at| from <= at && until.is_none_or(|until| at < until))
    }))
}

/// The newest node of a name, agents before everything else.
fn newest_named(
    transaction: &Transaction<'_>,
    graph: i64,
    name: &str,
) -> rusqlite::Result<Option<NodeRow>> {
    let asked = Nodes {
        v: V1,
        graph_id: String::new(),
        label: None,
        name: Some(name.to_owned()),
        cursor: None,
        limit: 1,
    };
    let mut page = NodePage { room: Room::new(0), limit: 1, nodes: Vec::new() };
    page.named(transaction, graph, name, &asked, None)?;
    Ok(page.nodes.pop())
}

/// A page of nodes that is being filled.
pub(super) struct NodePage {
    pub(super) room: Room,
    pub(super) limit: u32,
    pub(super) nodes: Vec<NodeRow>,
}

impl NodePage {
    /// All nodes, kind by kind, or those of one label.
    pub(super) fn all(
        &mut self,
        transaction: &Transaction<'_>,
        graph: i64,
        asked: &Nodes,
        from: Option<OfKind>,
    ) -> rusqlite::Result<Option<String>> {
        let from = from.unwrap_or(OfKind { kind: 0, scope: 0, below: NEWEST });
        let scopes = transaction
            .prepare_cached("SELECT id FROM scope WHERE graph = ?1 ORDER BY id")?
            .query_map([graph], |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<i64>>>()?;
        let kinds = match asked.label.as_deref() {
            None => 0..=3,
            Some("Post") => 1..=1,
            Some("Comment") => 2..=2,
            Some("Topic") => 3..=3,
            Some(_) => 0..=0,
        };
        let mut last = from;
        let places = kinds.flat_map(|kind| scopes.iter().map(move |scope| (kind, *scope)));
        for (kind, scope) in places.filter(|place| *place >= (from.kind, from.scope)) {
            let below = if (kind, scope) == (from.kind, from.scope) { from.below } else { NEWEST };
            let mut statement = transaction.prepare_cached(&format!(
                "SELECT {NODE} FROM node n JOIN scope s ON s.id = n.scope
                 WHERE n.scope = ?1 AND n.kind = ?2 AND n.number < ?3
                 AND (?4 IS NULL OR n.label = ?4) ORDER BY n.number DESC"
            ))?;
            let mut rows = statement.query(params![scope, kind, below, asked.label])?;
            while let Some(row) = rows.next()? {
                let number = row.get(13)?;
                if !self.takes(node(row)?) {
                    return Ok(Some(last.to_string()));
                }
                last = OfKind { kind, scope, below: number };
            }
        }
        Ok(None)
    }

    /// The nodes of exactly this name, whatever the case.
    fn named(
        &mut self,
        transaction: &Transaction<'_>,
        graph: i64,
        name: &str,
        asked: &Nodes,
        from: Option<OfKind>,
    ) -> rusqlite::Result<Option<String>> {
        let Some(question) = Ground::graph(graph).question_for_names(name) else {
            return self.scan(transaction, graph, name, asked, from);
        };
        let (wanted, mut next) = (name.trim().to_lowercase(), None);
        let mut last = from.unwrap_or(OfKind { kind: 0, scope: 0, below: NEWEST });
        let mut looked_at = 0;
        newest(transaction, Table::Nodes, &question, last.below, |id| {
            let row = node_of(transaction, id)?;
            looked_at += 1;
            let fits = row.node.name.trim().to_lowercase() == wanted
                && asked.label.as_ref().is_none_or(|label| row.node.labels.contains(label));
            if (fits && !self.takes(row)) || looked_at == LOOKED_AT {
                next = Some(last.to_string());
                return Ok(Seen::Enough);
            }
            last.below = id;
            Ok(Seen::GoOn)
        })?;
        Ok(next)
    }

    /// The same for a name that has no words, e.g. of signs alone.
    fn scan(
        &mut self,
        transaction: &Transaction<'_>,
        graph: i64,
        name: &str,
        asked: &Nodes,
        from: Option<OfKind>,
    ) -> rusqlite::Result<Option<String>> {
        let mut last = from.unwrap_or(OfKind { kind: 0, scope: 0, below: NEWEST });
        let mut statement = transaction.prepare_cached(&format!(
            "SELECT {NODE} FROM node n JOIN scope s ON s.id = n.scope
             WHERE s.graph = ?1 AND n.id < ?2 AND n.name = ?3 AND (?4 IS NULL OR n.label = ?4) ORDER BY n.id DESC"
        ))?;
        let mut rows = statement.query(params![graph, last.below, name.trim(), asked.label])?;
        while let Some(row) = rows.next()? {
            let row = node(row)?;
            let id = row.id;
            if !self.takes(row) {
                return Ok(Some(last.to_string()));
            }
            last.below = id;
        }
        Ok(None)
    }

    /// Whether there is a place and room for another node, which is then added.
    fn takes(&mut self, row: NodeRow) -> bool {
        let fits = self.nodes.len() < self.limit as usize && self.room.takes(&[size(&row.node)]);
        if fits {
            self.nodes.push(row);
        }
        fits
    }
}

/// The edges of a node as it sees them.
struct Related {
    node: i64,
    edges: Vec<RelatedEdge>,
    nodes: BTreeMap<i64, RelatedNode>,
}

impl Related {
    /// Takes an edge, and what is at its other end; false if there is no room.
    fn see(
        &mut self,
        transaction: &Transaction<'_>,
        row: &EdgeRow,
        room: &mut Room,
    ) -> rusqlite::Result<bool> {
        let (is_outgoing, edge) = (row.source == self.node, &row.edge);
        let related = RelatedEdge {
            direction: if is_outgoing { Direction::Outgoing } else { Direction::Incoming },
            edge_name: edge.name.clone(),
            fact: edge.fact.clone(),
            source_node_uuid: (!is_outgoing).then(|| edge.source_node_uuid.clone()),
            target_node_uuid: is_outgoing.then(|| edge.target_node_uuid.clone()),
        };
        let other = if is_outgoing { row.target } else { row.source };
        let neighbour = match self.nodes.contains_key(&other) {
            true => None,
            false => Some(neighbour(transaction, other)?),
        };
        let fits = room.takes(&[size(edge), size(&related), neighbour.as_ref().map_or(0, size)]);
        if fits {
            self.edges.push(related);
            self.nodes.extend(neighbour.map(|node| (other, node)));
        }
        Ok(fits)
    }
}

fn neighbour(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<RelatedNode> {
    let node = node_of(transaction, id)?.node;
    let summary = in_short(&node);
    Ok(RelatedNode { uuid: node.uuid, name: node.name, labels: node.labels, summary })
}
