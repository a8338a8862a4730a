//! What is asked of the embedded memory.

use contract::action::Action;
use contract::id::RunId;
use contract::memory::{Episode, Episodes, PlatformTotals, Scope, TypeTotal};
use contract::notice::action_id;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::cursors::parsed;
use super::hunt::Ground;
use super::room::{Room, size};
use super::rows::{time, unreadable};
use super::{SqliteError, SqliteMemory, integer, natural};

impl SqliteMemory {
    /// The next episodes of a scope in at most `room` bytes of JSON, and the place to ask for
    /// more if there is more.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn episodes(
        &self,
        request: Episodes,
        room: usize,
    ) -> Result<(Vec<Episode>, Option<u64>), SqliteError> {
        self.read(move |transaction| {
            let ground = Ground::new(transaction, &request.scope, request.platform)?;
            let (mut found, mut room) = (Vec::new(), Room::new(room));
            let mut last = integer(request.after);
            let Some(question) = ground.question(None) else { return Ok((found, None)) };
            let mut statement = transaction.prepare_cached(
                "SELECT rowid FROM episode_fts WHERE episode_fts MATCH ?1 AND rowid > ?2
                 ORDER BY rowid",
            )?;
            let mut rows = statement.query(params![question, last])?;
            while let Some(row) = rows.next()? {
                let id = row.get(0)?;
                if !ground.is_of_worlds() || ground.has(world_of(transaction, id)?) {
                    let episode = episode_of(transaction, id)?;
                    if found.len() == request.limit as usize || !room.takes(&[size(&episode)]) {
                        return Ok((found, Some(natural(last))));
                    }
                    found.push(episode);
                }
                last = id;
            }
            Ok((found, None))
        })
        .await
    }

    /// Whether the memory has ever heard of a scope.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn knows(&self, scope: Scope) -> Result<bool, SqliteError> {
        self.read(move |transaction| is_known(transaction, &scope)).await
    }

    /// How many episodes a scope has, by world and type; `None` if the memory has never heard
    /// of it.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn totals(&self, scope: Scope) -> Result<Option<Vec<PlatformTotals>>, SqliteError> {
        self.read(move |transaction| {
            if !is_known(transaction, &scope)? {
                return Ok(None);
            }
            let (filter, key) = scoped(&scope);
            let rows = transaction
                .prepare_cached(&format!(
                    "SELECT platform, action, sum(episodes), max(last_round), max(last_ref_time)
                     FROM episode_total e JOIN graph g ON g.id = e.graph
                     WHERE {filter} GROUP BY platform, action ORDER BY platform DESC, action"
                ))?
                .query_map([key], |row| {
                    let (action_type, episodes) = (row.get(1)?, natural(row.get(2)?));
                    let total = TypeTotal { action_type, episodes };
                    Ok((parsed(row, 0)?, total, row.get(3)?, parsed(row, 4)?))
                })?
                .collect::<rusqlite::Result<Vec<(Platform, TypeTotal, u32, Timestamp)>>>()?;
            Ok(Some(add_up(rows)))
        })
        .await
    }
}

/// Sums up by platform what comes by platform and type.
fn add_up(rows: Vec<(Platform, TypeTotal, u32, Timestamp)>) -> Vec<PlatformTotals> {
    let mut sums: Vec<PlatformTotals> = Vec::new();
    for (platform, total, last_round, last_simulated_time) in rows {
        match sums.last_mut().filter(|sum| sum.platform == platform) {
            Some(sum) => {
                sum.episodes += total.episodes;
                sum.last_round = sum.last_round.max(last_round);
                sum.last_simulated_time = sum.last_simulated_time.max(last_simulated_time);
                sum.types.push(total);
            }
            None => sums.push(PlatformTotals {
                platform,
                episodes: total.episodes,
                types: vec![total],
                last_round,
                last_simulated_time,
            }),
        }
    }
    sums
}

/// A scope as a condition on `e` and `g`, and the value of its `?1`.
fn scoped(scope: &Scope) -> (&'static str, String) {
    match scope {
        Scope::Graph(id) => ("e.graph = (SELECT id FROM graph WHERE graph_id = ?1)", id.clone()),
        Scope::Run(id) => ("e.run = ?1", id.to_string()),
    }
}

pub(super) fn is_known(transaction: &Transaction<'_>, scope: &Scope) -> rusqlite::Result<bool> {
    let (sql, key) = match scope {
        Scope::Graph(id) => ("SELECT 1 FROM graph WHERE graph_id = ?1", id.as_str()),
        Scope::Run(id) => ("SELECT 1 FROM target WHERE run = ?1 LIMIT 1", id.as_str()),
    };
    let found = transaction.query_row(sql, [key], |_| Ok(())).optional()?;
    Ok(found.is_some())
}

fn world_of(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached("SELECT world FROM episode WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
}

/// The episode of an id.
pub(super) fn episode_of(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<Episode> {
    transaction
        .prepare_cached(
            "SELECT g.graph_id, w.run, w.platform, e.round, e.ref_time, e.action, e.text,
                e.body_json
             FROM episode e JOIN world w ON w.id = e.world JOIN graph g ON g.id = w.graph
             WHERE e.id = ?1",
        )?
        .query_row([id], episode)
}

fn episode(row: &Row<'_>) -> rusqlite::Result<Episode> {
    let (run_id, platform): (RunId, Platform) = (parsed(row, 1)?, parsed(row, 2)?);
    let body: Action =
        serde_json::from_str(row.get_ref(7)?.as_str()?).map_err(|error| unreadable(7, &error))?;
    Ok(Episode {
        action_id: action_id(&run_id, platform, body.seq),
        graph_id: row.get(0)?,
        run_id,
        platform,
        round: row.get(3)?,
        simulated_time: time(row, 4)?,
        agent_id: body.agent_id,
        agent_name: body.agent_name.clone(),
        action_type: row.get(5)?,
        text: row.get(6)?,
        body,
    })
}
