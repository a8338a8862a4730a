//! The sink's place in the stream, kept beside the episodes.

use std::collections::BTreeMap;
use std::str::FromStr;

use bus::Position;
use contract::timestamp::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Row, Transaction, params};

use super::{SqliteError, SqliteMemory, integer, natural};
use crate::batch::{Cursor, World};
use crate::delivery::Progress;

impl SqliteMemory {
    /// Where this memory stands in one world, or in each.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn load(
        &self,
        world: Option<World>,
    ) -> Result<BTreeMap<World, Progress>, SqliteError> {
        let (target, stream) = (self.target.clone(), self.stream.clone());
        let run = world.as_ref().map(|world| world.run_id.to_string());
        let platform = world.map(|world| world.platform.as_str());
        self.read(move |transaction| {
            transaction
                .prepare(
                    "SELECT t.run, t.platform, g.graph_id,
                        c.seq, c.tick, c.round, c.ref_time, c.digest, s.last_seq, s.last_at,
                        (SELECT coalesce(sum(e.episodes), 0) FROM episode_total e
                         WHERE e.graph = t.graph AND e.run = t.run AND e.platform = t.platform)
                     FROM target t JOIN graph g ON g.id = t.graph
                     LEFT JOIN cursor c USING (run, platform, target)
                     LEFT JOIN sink_cursor s ON s.stream = ?2
                        AND s.consumer = t.target || '/' || t.run || '.' || t.platform
                     WHERE t.target = ?1 AND (?3 IS NULL OR (t.run, t.platform) = (?3, ?4))",
                )?
                .query_map(params![target, stream, run, platform], progress)?
                .collect()
        })
        .await
    }

    /// Stores where this memory stands, all of it or nothing.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub async fn save(&self, worlds: Vec<(World, Progress)>) -> Result<(), SqliteError> {
        let (target, stream) = (self.target.clone(), self.stream.clone());
        let now = Timestamp::from_milliseconds(kit::now_milliseconds());
        self.write(move |transaction| {
            for (world, progress) in &worlds {
                let graph = graph(transaction, &progress.graph_id, now)?;
                put(transaction, &target, world, graph, progress.cursor.as_ref())?;
                put_place(transaction, &stream, &target, world, progress.at)?;
            }
            Ok(())
        })
        .await
    }
}

/// Stores the last message of a world that need not be read again.
pub(super) fn put_place(
    transaction: &Transaction<'_>,
    stream: &str,
    target: &str,
    world: &World,
    place: Option<Position>,
) -> rusqlite::Result<()> {
    let Some(place) = place else { return Ok(()) };
    transaction
        .prepare_cached(
            "INSERT INTO sink_cursor VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET last_seq = excluded.last_seq, last_at = excluded.last_at",
        )?
        .execute(params![
            stream,
            format!("{target}/{world}"),
            integer(place.sequence),
            place.at.to_string()
        ])?;
    Ok(())
}

/// The row of a graph, made if it is not there.
pub(super) fn graph(
    transaction: &Transaction<'_>,
    graph_id: &str,
    now: Timestamp,
) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached(
            "INSERT INTO graph (graph_id, name, created_at) VALUES (?1, ?1, ?2)
             ON CONFLICT (graph_id) DO NOTHING",
        )?
        .execute(params![graph_id, now.to_string()])?;
    transaction
        .prepare_cached("SELECT id FROM graph WHERE graph_id = ?1")?
        .query_row([graph_id], |row| row.get(0))
}

/// The row of a world in a graph, made if it is not there.
pub(super) fn world(
    transaction: &Transaction<'_>,
    graph: i64,
    run: &str,
    platform: &str,
) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached(
            "INSERT INTO world (graph, run, platform) VALUES (?1, ?2, ?3)
             ON CONFLICT (graph, run, platform) DO NOTHING",
        )?
        .execute(params![graph, run, platform])?;
    transaction
        .prepare_cached("SELECT id FROM world WHERE graph = ?1 AND run = ?2 AND platform = ?3")?
        .query_row(params![graph, run, platform], |row| row.get(0))
}

/// Stores which graph a world goes to and, once it has one, its cursor.
pub(super) fn put(
    transaction: &Transaction<'_>,
    target: &str,
    world: &World,
    graph: i64,
    cursor: Option<&Cursor>,
) -> rusqlite::Result<()> {
    let (run, platform) = (world.run_id.as_str(), world.platform.as_str());
    transaction
        .prepare_cached("INSERT INTO target VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING")?
        .execute(params![run, platform, target, graph])?;
    let Some(cursor) = cursor else { return Ok(()) };
    transaction
        .prepare_cached(
            "INSERT INTO cursor VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT DO UPDATE SET seq = excluded.seq, tick = excluded.tick,
                round = excluded.round, ref_time = excluded.ref_time, digest = excluded.digest",
        )?
        .execute(params![
            run,
            platform,
            target,
            integer(cursor.seq),
            cursor.tick,
            cursor.round,
            cursor.simulated_time.to_string(),
            cursor.digest.to_string(),
        ])?;
    Ok(())
}

fn progress(row: &Row<'_>) -> rusqlite::Result<(World, Progress)> {
    let world = World { run_id: parsed(row, 0)?, platform: parsed(row, 1)? };
    let cursor = match row.get::<_, Option<i64>>(3)? {
        Some(seq) => Some(Cursor {
            seq: natural(seq),
            tick: row.get(4)?,
            round: row.get(5)?,
            simulated_time: parsed(row, 6)?,
            digest: parsed(row, 7)?,
        }),
        None => None,
    };
    let at = match row.get::<_, Option<i64>>(8)? {
        Some(sequence) => Some(Position { sequence: natural(sequence), at: parsed(row, 9)? }),
        None => None,
    };
    let (graph_id, delivered) = (row.get(2)?, natural(row.get(10)?));
    Ok((world, Progress { graph_id, cursor, at, delivered, ..Progress::default() }))
}

/// A column's text as something stricter.
pub(super) fn parsed<T: FromStr>(row: &Row<'_>, index: usize) -> rusqlite::Result<T>
where
    T::Err: ToString,
{
    row.get_ref(index)?.as_str()?.parse().map_err(|error: T::Err| {
        rusqlite::Error::FromSqlConversionFailure(index, Type::Text, error.to_string().into())
    })
}
