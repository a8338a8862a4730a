//! What is asked of the embedded memory.

use contract::memory::{Episode, Episodes, PlatformTotals, Scope, Search, TypeTotal};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use rusqlite::types::Type;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::cursors::parsed;
use super::{SqliteError, SqliteMemory, integer, natural, words};

/// The columns that [`episode`] reads.
pub(super) const EPISODE: &str = "e.action_id, g.graph_id, e.run, e.platform, e.round, e.ref_time, \
                       e.agent_key, e.agent_name, e.action, e.text, e.body_json, e.id";

impl SqliteMemory {
    /// How many episodes have every word of a query, and the best of them.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn search(&self, search: Search) -> Result<(u64, Vec<Episode>), SqliteError> {
        let Some(query) = words::full_text_query(&search.query) else {
            return Ok((0, Vec::new()));
        };
        self.read(move |transaction| {
            let (filter, key) = match &search.scope {
                Some(scope) => scoped(scope),
                None => ("?1 = ''", String::new()),
            };
            let from = format!(
                "FROM episode_fts JOIN episode e ON e.id = episode_fts.rowid
                 JOIN graph g ON g.id = e.graph WHERE {filter} AND episode_fts MATCH ?2"
            );
            let total: i64 = transaction
                .prepare_cached(&format!("SELECT count(*) {from}"))?
                .query_row(params![key, query], |row| row.get(0))?;
            let best = transaction
                .prepare_cached(&format!("SELECT {EPISODE} {from} ORDER BY rank, e.id LIMIT ?3"))?
                .query_map(params![key, query, search.limit], episode)?
                .collect::<rusqlite::Result<Vec<Episode>>>()?;
            Ok((natural(total), best))
        })
        .await
    }

    /// The next episodes of a scope, and the place to ask for more if there is more.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn episodes(
        &self,
        request: Episodes,
    ) -> Result<(Vec<Episode>, Option<u64>), SqliteError> {
        self.read(move |transaction| {
            let (filter, key) = scoped(&request.scope);
            let mut found = transaction
                .prepare_cached(&format!(
                    "SELECT {EPISODE} FROM episode e JOIN graph g ON g.id = e.graph
                     WHERE {filter} AND e.id > ?2 AND (?3 IS NULL OR e.platform = ?3)
                     ORDER BY e.id LIMIT ?4"
                ))?
                .query_map(
                    params![
                        key,
                        integer(request.after),
                        request.platform.map(Platform::as_str),
                        // One more than asked for tells whether anything follows.
                        request.limit + 1
                    ],
                    |row| Ok((natural(row.get(11)?), episode(row)?)),
                )?
                .collect::<rusqlite::Result<Vec<(u64, Episode)>>>()?;
            let more = found.len() > request.limit as usize;
            found.truncate(request.limit as usize);
            let next = found.last().map(|(id, _)| *id).filter(|_| more);
            Ok((found.into_iter().map(|(_, episode)| episode).collect(), next))
        })
        .await
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

fn is_known(transaction: &Transaction<'_>, scope: &Scope) -> rusqlite::Result<bool> {
    let (sql, key) = match scope {
        Scope::Graph(id) => ("SELECT 1 FROM graph WHERE graph_id = ?1", id.as_str()),
        Scope::Run(id) => ("SELECT 1 FROM target WHERE run = ?1 LIMIT 1", id.as_str()),
    };
    let found = transaction.query_row(sql, [key], |_| Ok(())).optional()?;
    Ok(found.is_some())
}

pub(super) fn episode(row: &Row<'_>) -> rusqlite::Result<Episode> {
    let unreadable = |index, error: String| {
        rusqlite::Error::FromSqlConversionFailure(index, Type::Text, error.into())
    };
    let agent_key: String = row.get(6)?;
    let agent_id = agent_key.strip_prefix("agent:").and_then(|id| id.parse().ok());
    let body: String = row.get(10)?;
    Ok(Episode {
        action_id: row.get(0)?,
        graph_id: row.get(1)?,
        run_id: parsed(row, 2)?,
        platform: parsed(row, 3)?,
        round: row.get(4)?,
        simulated_time: parsed(row, 5)?,
        agent_id: agent_id.ok_or_else(|| unreadable(6, format!("{agent_key:?} is no agent")))?,
        agent_name: row.get(7)?,
        action_type: row.get(8)?,
        text: row.get(9)?,
        body: serde_json::from_str(&body).map_err(|error| unreadable(10, error.to_string()))?,
    })
}
