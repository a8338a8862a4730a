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
use crate::graph::{Relation, name_of, uuid, uuid_text};

/// The columns that [`node`] reads.
pub(super) const NODE: &str = "n.id, n.uuid, n.key, n.label, n.name, n.text, n.author, \
     n.author_name, n.created_at, n.actions, n.last_round, n.counts_json, n.graph";

/// A node and its place in the file.
pub(super) struct NodeRow {
    pub(super) id: i64,
    pub(super) graph: i64,
    pub(super) node: GraphNode,
}

/// The node of an id.
pub(super) fn node_of(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<NodeRow> {
    transaction
        .prepare_cached(&format!("SELECT {NODE} FROM node n WHERE n.id = ?1"))?
        .query_row([id], node)
}

/// The node of a UUID.
pub(super) fn node_of_uuid(
    transaction: &Transaction<'_>,
    uuid: [u8; 16],
) -> rusqlite::Result<Option<NodeRow>> {
    transaction
        .prepare_cached(&format!("SELECT {NODE} FROM node n WHERE n.uuid = ?1"))?
        .query_row([uuid], node)
        .optional()
}

/// Reads the columns [`NODE`].
pub(super) fn node(row: &Row<'_>) -> rusqlite::Result<NodeRow> {
    let (label, name): (String, String) = (row.get(3)?, row.get(4)?);
    let author: Option<u32> = row.get(6)?;
    let is_agent = label_is_agents(row.get_ref(2)?.as_str()?);
    let attributes = NodeAttributes {
        key: row.get(2)?,
        agent_id: author.filter(|_| is_agent),
        actions: natural(row.get(9)?),
        last_round: row.get(10)?,
        author_id: author.filter(|_| !is_agent),
        author_name: row.get(7)?,
    };
    let counts: Option<String> = row.get(11)?;
    let summary = match is_agent {
        true => deeds(&attributes, counts.as_deref()),
        false => row.get::<_, Option<String>>(5)?.unwrap_or_else(|| name.clone()),
    };
    let node = GraphNode {
        uuid: uuid_text(row.get(1)?),
        name,
        labels: vec!["Entity".to_owned(), label],
        summary,
        attributes,
        created_at: time(row, 8)?,
    };
    Ok(NodeRow { id: row.get(0)?, graph: row.get(12)?, node })
}

/// An agent may have any label; its key tells.
fn label_is_agents(key: &str) -> bool {
    key.starts_with("agent:")
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
        .prepare_cached(
            "SELECT e.relation, e.valid_at, e.invalid_at, e.created_at, e.expired_at, p.seq,
                p.round, p.action, p.text, w.run, w.platform, g.graph_id, s.uuid, s.name,
                t.uuid, t.name, e.source, e.target
             FROM edge e JOIN episode p ON p.id = e.id JOIN world w ON w.id = e.world
             JOIN graph g ON g.id = w.graph JOIN node s ON s.id = e.source
             JOIN node t ON t.id = e.target WHERE e.id = ?1",
        )?
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
        let uuids = ends.into_iter().map(|seq| uuid(graph_id, &action_id(&run, platform, natural(seq))));
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
        source_node_uuid: uuid_text(row.get(12)?),
        target_node_uuid: uuid_text(row.get(14)?),
        source_node_name: row.get(13)?,
        target_node_name: row.get(15)?,
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
    Ok(EdgeRow { source: row.get(16)?, target: row.get(17)?, edge })
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
pub(super) fn unreadable(index: usize, error: impl ToString) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(index, Type::Text, error.to_string().into())
}
