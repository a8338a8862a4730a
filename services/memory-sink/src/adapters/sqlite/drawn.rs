//! A graph of the embedded memory as nodes and edges.

use contract::memory::{Graph, GraphAnswer};
use rusqlite::{OptionalExtension, Row};

use super::cursors::parsed;
use super::lookup::{EPISODE, episode};
use super::{SqliteError, SqliteMemory, natural};
use crate::graph::{Drawing, Remembered};

/// The newest episodes of a graph, which it is drawn from: reading all of a large one would hold
/// up every other question.
const MAX_SEEN: u32 = 20_000;

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
            let graph: Option<i64> = transaction
                .prepare_cached("SELECT id FROM graph WHERE graph_id = ?1")?
                .query_row([&request.graph_id], |row| row.get(0))
                .optional()?;
            let Some(graph) = graph else { return Ok(None) };
            let total: i64 = transaction
                .prepare_cached(
                    "SELECT coalesce(sum(episodes), 0) FROM episode_total WHERE graph = ?1",
                )?
                .query_row([graph], |row| row.get(0))?;
            let mut drawing = Drawing::new(request.graph_id, request.limit);
            let mut newest = transaction.prepare_cached(&format!(
                "SELECT {EPISODE}, e.uuid, e.created_at FROM episode e
                 JOIN graph g ON g.id = e.graph
                 WHERE e.graph = ?1 ORDER BY e.id DESC LIMIT {MAX_SEEN}"
            ))?;
            let mut rows = newest.query([graph])?;
            while let Some(row) = rows.next()? {
                drawing.take(remembered(row)?);
            }
            Ok(Some(drawing.finish(room, natural(total))))
        })
        .await
    }
}

fn remembered(row: &Row<'_>) -> rusqlite::Result<Remembered> {
    Ok(Remembered { episode: episode(row)?, uuid: row.get(12)?, created_at: parsed(row, 13)? })
}
