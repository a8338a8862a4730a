//! Nodes and edges as the file has them, and as they are told.

use contract::memory::{EdgeAttributes, GraphEdge, GraphNode, NodeAttributes};
use contract::notice::action_id;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use rusqlite::types::Type;
use rusqlite::{OptionalExtension, Row, Transaction};
use std::collections::BTreeMap;

use super::cursors::parsed;
use super::natural;
use crate::graph::{Relation, name_of, node_uuid, read_node_uuid, uuid};

/// The columns that [`node`] reads.
pub(super) const NODE: &str = "n.id, s.hash, n.kind, n.label, n.name, n.text, n.author, \
     n.author_name, n.created_at, n.actions, n.last_round, n.counts_json, s.graph, n.number, s.key";

/// An edge and all that is told of it; [`edge`] reads the columns.
pub(super) const EDGE: &str =
    "SELECT e.relation, e.valid_at, e.invalid_at, e.created_at, e.expired_at, p.seq,
        p.round, p.action, p.text, w.run, w.platform, g.graph_id, s.name, t.name,
        e.source, e.target, ss.hash, s.kind, s.number, ts.hash, t.kind, t.number
     FROM edge e JOIN episode p ON p.id = e.id JOIN world w ON w.id = e.world
     JOIN graph g ON g.id = w.graph JOIN node s ON s.id = e.source
     JOIN node t ON t.id = e.target JOIN scope ss ON ss.id = s.scope
     JOIN scope ts ON ts.id = t.scope WHERE e.id = ?1";

/// A node and its place in the file.
pub(super) struct NodeRow {
    pub(super) id: i64,
    pub(super) graph: i64,
    pub(super) node: GraphNode,
}

/// The node of an id.
pub(super) fn node_of(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<NodeRow> {
    transaction
        .prepare_cached(&format!(
            "SELECT {NODE} FROM node n JOIN scope s ON s.id = n.scope WHERE n.id = ?1"
        ))?
        .query_row([id], node)
}

/// The node of a UUID.
pub(super) fn node_of_uuid(
    transaction: &Transaction<'_>,
    uuid: &str,
) -> rusqlite::Result<Option<NodeRow>> {
    let Some(parts) = read_node_uuid(uuid) else { return Ok(None) };
    transaction
        .prepare_cached(&format!(
            "SELECT {NODE} FROM scope s JOIN node n ON n.scope = s.id
             WHERE s.hash = ?1 AND n.kind = ?2 AND n.number = ?3"
        ))?
        .query_row(parts, node)
        .optional()
}

/// Reads the columns [`NODE`].
pub(super) fn node(row: &Row<'_>) -> rusqlite::Result<NodeRow> {
    let (label, name): (String, String) = (row.get(3)?, row.get(4)?);
    let (kind, number): (i64, i64) = (row.get(2)?, row.get(13)?);
    let (text, scope): (Option<String>, String) = (row.get(5)?, row.get(14)?);
    let is_agent = kind == 0;
    let key = match kind {
        0 => format!("agent:{scope}:{number}"),
        1 => format!("post:{scope}:{number}"),
        2 => format!("comment:{scope}:{number}"),
        _ => format!("topic:{}", text.as_ref().unwrap_or(&name).to_lowercase()),
    };
    let attributes = NodeAttributes {
        key,
        agent_id: u32::try_from(number).ok().filter(|_| is_agent),
        actions: natural(row.get(9)?),
        last_round: row.get(10)?,
        author_id: row.get(6)?,
        author_name: row.get(7)?,
    };
    let counts: Option<String> = row.get(11)?;
    let summary = match is_agent {
        true => deeds(&attributes, counts.as_deref()),
        false => text.unwrap_or_else(|| name.clone()),
    };
    let node = GraphNode {
        uuid: node_uuid(row.get(1)?, kind, number),
        name,
        labels: vec!["Entity".to_owned(), label],
        summary,
        attributes,
        created_at: time(row, 8)?,
    };
    Ok(NodeRow { id: row.get(0)?, graph: row.get(12)?, node })
}

/// What an agent did, in words.
fn deeds(attributes: &NodeAttributes, counts: Option<&str>) -> String {
    let counts = counts.and_then(|text| serde_json::from_str::<BTreeMap<String, u64>>(text).ok());
    let counts = counts.unwrap_or_default();
    // Of several the first by name, so that the same memory says the same.
    let most = counts.iter().rev().max_by_key(|(_, count)| **count);
    match (most, attributes.last_round) {
        (Some((kind, count)), Some(round)) => format!(
            "{} actions, most often {kind} ({count}), the last one in round {round}",
            attributes.actions
        ),
        _ => "did nothing itself, others did something to it".to_owned(),
    }
}

/// An edge and its ends' places in the file.
pub(super) struct EdgeRow {
    pub(super) source: i64,
    pub(super) target: i64,
    pub(super) edge: GraphEdge,
}

/// The edge of an id.
pub(super) fn edge_of(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<EdgeRow> {
    let mut row = transaction
        .prepare_cached(EDGE)?
        .query_row([id], |row| Ok((row.get::<_, String>(11)?, edge(row)?)))?;
    if row.1.edge.invalid_at.is_some() {
        let ends = transaction
            .prepare_cached(
                "SELECT p.seq FROM edge_episode x JOIN episode p ON p.id = x.episode
                 WHERE x.edge = ?1 ORDER BY p.id",
            )?
            .query_map([id], |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<i64>>>()?;
        let (graph_id, EdgeRow { edge, .. }) = (&row.0, &mut row.1);
        let (run, platform) = (edge.attributes.run_id.clone(), edge.attributes.platform);
        let uuids =
            ends.into_iter().map(|seq| uuid(graph_id, &action_id(&run, platform, natural(seq))));
        edge.episodes.extend(uuids);
    }
    Ok(row.1)
}

fn edge(row: &Row<'_>) -> rusqlite::Result<EdgeRow> {
    let number: i64 = row.get(0)?;
    let name = Relation::of(number).map_or("UNKNOWN", Relation::name);
    let (run_id, platform): (_, Platform) = (parsed(row, 9)?, parsed(row, 10)?);
    let action_id = action_id(&run_id, platform, natural(row.get(5)?));
    let graph_id: String = row.get(11)?;
    let uuid = uuid(&graph_id, &action_id);
    let edge = GraphEdge {
        uuid: uuid.clone(),
        name: name.to_owned(),
        fact: row.get(8)?,
        fact_type: name.to_owned(),
        source_node_uuid: node_uuid(row.get(16)?, row.get(17)?, row.get(18)?),
        target_node_uuid: node_uuid(row.get(19)?, row.get(20)?, row.get(21)?),
        source_node_name: row.get(12)?,
        target_node_name: row.get(13)?,
        attributes: EdgeAttributes {
            action_id,
            run_id,
            platform,
            round: row.get(6)?,
            action_type: row.get(7)?,
        },
        created_at: time(row, 3)?,
        valid_at: time(row, 1)?,
        invalid_at: time_or_null(row, 2)?,
        expired_at: time_or_null(row, 4)?,
        episodes: vec![uuid],
    };
    Ok(EdgeRow { source: row.get(14)?, target: row.get(15)?, edge })
}

pub(super) fn time(row: &Row<'_>, index: usize) -> rusqlite::Result<Timestamp> {
    row.get(index).map(Timestamp::from_milliseconds)
}

fn time_or_null(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(index)?.map(Timestamp::from_milliseconds))
}

/// What is said of a node in a few words.
pub(super) fn in_short(node: &GraphNode) -> String {
    name_of(&node.summary)
}

/// An error of a column that holds what it should not.
pub(super) fn unreadable(index: usize, error: &serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(index, Type::Text, error.to_string().into())
}
