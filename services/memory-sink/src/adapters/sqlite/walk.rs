//! Along the edges of a node, in the order of simulated time.
//!
//! Each world's edges come in the order of its actions, which is that of their ids. Worlds are
//! merged by time; of what is of the same time, the lower `seq` comes first.

use contract::memory::GraphEdge;
use rusqlite::{Transaction, params};

use super::hunt::NEWEST;
use super::place::InTime;
use super::rows::{EdgeRow, NodeRow, edge_of};

/// Which edges of a node come first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    OldestFirst,
    NewestFirst,
}

/// A walk along the edges of a node.
pub(super) struct Walk {
    pub(super) order: Order,
    /// Behind this place; `None`: from the first.
    pub(super) from: Option<InTime>,
    pub(super) limit: u32,
}

impl Walk {
    /// The next edges that `takes` takes, and where to go on.
    pub(super) fn go(
        &self,
        transaction: &Transaction<'_>,
        node: &NodeRow,
        mut takes: impl FnMut(&EdgeRow) -> rusqlite::Result<bool>,
    ) -> rusqlite::Result<(Vec<GraphEdge>, Option<String>)> {
        // One more than asked for of each world tells whether anything follows.
        let mut places = Vec::new();
        for world in worlds(transaction, node.graph)? {
            places.extend(self.of_world(transaction, node.id, world)?);
        }
        let key = |place: &InTime| (place.at, place.seq, place.edge);
        match self.order {
            Order::OldestFirst => places.sort_by_key(key),
            Order::NewestFirst => places.sort_by_key(|place| std::cmp::Reverse(key(place))),
        }
        let (mut edges, mut last) = (Vec::new(), self.from);
        for place in places {
            let is_full = edges.len() == self.limit as usize;
            let row = if is_full { None } else { Some(edge_of(transaction, place.edge)?) };
            match row {
                Some(row) if takes(&row)? => edges.push(row.edge),
                _ => return Ok((edges, Some(last.unwrap_or(place).to_string()))),
            }
            last = Some(place);
        }
        Ok((edges, None))
    }

    /// The next places in one world.
    fn of_world(
        &self,
        transaction: &Transaction<'_>,
        node: i64,
        world: i64,
    ) -> rusqlite::Result<Vec<InTime>> {
        let behind = match self.from {
            Some(from) => last_through(transaction, world, from)?,
            None => None,
        };
        let (sql, bound) = match self.order {
            Order::OldestFirst => (
                "SELECT e.ref_time, e.seq, e.id FROM episode_fts f CROSS JOIN episode e
                 ON e.id = f.rowid WHERE episode_fts MATCH ?1 AND f.rowid > ?2
                 ORDER BY f.rowid LIMIT ?3",
                behind.map_or(0, |(id, _)| id),
            ),
            Order::NewestFirst => (
                "SELECT e.ref_time, e.seq, e.id FROM episode_fts f CROSS JOIN episode e
                 ON e.id = f.rowid WHERE episode_fts MATCH ?1 AND f.rowid < ?2
                 ORDER BY f.rowid DESC LIMIT ?3",
                match (self.from, behind) {
                    (None, _) => NEWEST,
                    (Some(_), None) => 0,
                    // The place itself was told already; one before it was not.
                    (Some(from), Some((id, _))) if id == from.edge => id,
                    (Some(_), Some((id, _))) => id + 1,
                },
            ),
        };
        transaction
            .prepare_cached(sql)?
            .query_map(
                params![format!("tags : n{node} AND tags : w{world}"), bound, self.limit + 1],
                |row| Ok(InTime { at: row.get(0)?, seq: row.get(1)?, edge: row.get(2)? }),
            )?
            .collect()
    }
}

/// The last episode of a world that is not behind a place: its id and `seq`.
fn last_through(
    transaction: &Transaction<'_>,
    world: i64,
    place: InTime,
) -> rusqlite::Result<Option<(i64, i64)>> {
    let mut at_most = transaction.prepare_cached(
        "SELECT id, seq, ref_time FROM episode WHERE world = ?1 AND seq <= ?2
         ORDER BY seq DESC LIMIT 1",
    )?;
    let mut at_most = |seq: i64| -> rusqlite::Result<Option<(i64, i64, i64)>> {
        let mut rows = at_most.query(params![world, seq])?;
        rows.next()?.map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).transpose()
    };
    let is_through =
        |(id, seq, at): (i64, i64, i64)| (at, seq, id) <= (place.at, place.seq, place.edge);
    let Some(last) = at_most(i64::MAX)? else { return Ok(None) };
    if is_through(last) {
        return Ok(Some((last.0, last.1)));
    }
    // What holds up to `low` does not from `high` on.
    let (mut low, mut high, mut found) = (0, last.1, None);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        match at_most(middle)? {
            Some(row) if !is_through(row) => high = row.1.min(middle),
            Some(row) => (low, found) = (middle, Some((row.0, row.1))),
            None => low = middle,
        }
    }
    Ok(found)
}

/// The worlds that write into a graph.
fn worlds(transaction: &Transaction<'_>, graph: i64) -> rusqlite::Result<Vec<i64>> {
    transaction
        .prepare_cached("SELECT id FROM world WHERE graph = ?1")?
        .query_map([graph], |row| row.get(0))?
        .collect()
}
