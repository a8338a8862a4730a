//! Older files. Each step brings a file from one version to the newest, in the transaction in
//! which it is opened: afterwards it is either new or untouched.

use contract::action::Action;
use contract::memory::Episode;
use contract::timestamp::Timestamp;
use rusqlite::{Row, Transaction};

use super::cursors::parsed;
use super::scribe::Scribe;
use super::{create, natural};
use crate::batch::World;

/// From version 1, which had episodes alone: the graph is drawn from them, in their order.
pub(super) fn from_1(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(
        "DROP INDEX IF EXISTS episode_of_action;
         DROP INDEX IF EXISTS episode_of_uuid;
         DROP INDEX IF EXISTS episode_of_graph;
         DROP INDEX IF EXISTS episode_of_run;
         DROP TABLE episode_fts;
         ALTER TABLE episode RENAME TO episode_1;
         DELETE FROM episode_total",
    )?;
    create(transaction)?;
    draw(transaction)?;
    transaction.execute_batch("DROP TABLE episode_1")
}

fn draw(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let mut episodes = transaction.prepare(
        "SELECT e.id, e.graph, g.graph_id, e.run, e.platform, e.round, e.ref_time, e.agent_name,
            e.action, e.text, e.body_json, e.action_id, e.stream_seq, e.created_at
         FROM episode_1 e JOIN graph g ON g.id = e.graph ORDER BY e.id",
    )?;
    let mut rows = episodes.query([])?;
    let mut open: Option<(i64, World, Scribe<'_>)> = None;
    while let Some(row) = rows.next()? {
        let graph: i64 = row.get(1)?;
        let world = World { run_id: parsed(row, 3)?, platform: parsed(row, 4)? };
        let mut scribe = match open.take() {
            Some((drawn, of, scribe)) if drawn == graph && of == world => scribe,
            other => {
                if let Some((_, _, scribe)) = other {
                    scribe.close()?;
                }
                let graph_id: String = row.get(2)?;
                Scribe::open(transaction, graph, &graph_id, &world)?
            }
        };
        let (id, stream_sequence): (i64, i64) = (row.get(0)?, row.get(12)?);
        let (episode, now): (Episode, Timestamp) = (episode(row, &world)?, parsed(row, 13)?);
        scribe.take(Some(id), &episode, natural(stream_sequence), now)?;
        open = Some((graph, world, scribe));
    }
    open.map_or(Ok(()), |(_, _, scribe)| scribe.close())
}

fn episode(row: &Row<'_>, world: &World) -> rusqlite::Result<Episode> {
    let body: String = row.get(10)?;
    let body: Action = serde_json::from_str(&body).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(10, rusqlite::types::Type::Text, error.into())
    })?;
    Ok(Episode {
        action_id: row.get(11)?,
        graph_id: row.get(2)?,
        run_id: world.run_id.clone(),
        platform: world.platform,
        round: row.get(5)?,
        simulated_time: parsed(row, 6)?,
        agent_id: body.agent_id,
        agent_name: row.get(7)?,
        action_type: row.get(8)?,
        text: row.get(9)?,
        body,
    })
}
