//! Agents and how much they did, those who did most first; of equals the lower id.

use std::collections::BTreeMap;

use contract::timestamp::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Serialize;

use super::{From, Page, Part, View, cut};
use crate::read_model::keys::{Include, integer, natural};
use crate::read_model::worlds::Known;

/// What an agent did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names and meanings are the original's, see docs/http.md")]
pub struct AgentStats {
    pub agent_id: u32,
    pub agent_name: String,
    pub total_actions: u64,
    pub twitter_actions: u64,
    pub reddit_actions: u64,
    pub action_types: BTreeMap<String, u64>,
    pub first_action_time: Option<Timestamp>,
    pub last_action_time: Option<Timestamp>,
}

impl View {
    /// A page of agents who did something.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn agents(
        &self,
        rows: &Connection,
        include: Include,
        part: Part,
    ) -> rusqlite::Result<Page<AgentStats>> {
        let Some((_, known)) = self.worlds.first() else {
            return Ok(Page { total: 0, rows: Vec::new(), next: None });
        };
        let sums = format!(
            "SELECT agent, name, sum({0}) AS total, sum(({0}) * (platform = 0)) AS twitter \
             FROM agent WHERE run = ?1 AND platform BETWEEN ?2 AND ?3 GROUP BY agent",
            include.sum_of_columns()
        );
        // Of one platform, or of both.
        let last = self.worlds.last().map_or(known.platform, |(_, known)| known.platform);
        let scope = (known.run, known.platform, last);
        let total = format!(
            "SELECT count(*) FROM (SELECT agent FROM agent WHERE run = ?1 \
             AND platform BETWEEN ?2 AND ?3 GROUP BY agent HAVING sum{} > 0)",
            include.sum_of_columns()
        );
        let total: i64 = rows.prepare_cached(&total)?.query_row(scope, |row| row.get(0))?;
        let (most, agent, offset) = match part.from {
            From::Offset(offset) => (u64::MAX, 0, offset),
            From::Behind([most, agent]) => (most, agent, 0),
        };
        let page = format!(
            "SELECT agent, name, total, twitter FROM ({sums}) WHERE total > 0 \
             AND (total < ?4 OR total = ?4 AND agent > ?5) \
             ORDER BY total DESC, agent LIMIT ?6 OFFSET ?7"
        );
        let mut query = rows.prepare_cached(&page)?;
        let (limit, offset) = (integer(part.limit as u64 + 1), integer(offset));
        let (run, first, last) = scope;
        let values = params![run, first, last, integer(most), integer(agent), limit, offset];
        let found = query.query_map(values, |row| {
            let (total, twitter) = (natural(row.get(2)?), natural(row.get(3)?));
            Ok(AgentStats {
                agent_id: row.get(0)?,
                agent_name: row.get(1)?,
                total_actions: total,
                twitter_actions: twitter,
                reddit_actions: total - twitter,
                action_types: BTreeMap::new(),
                first_action_time: None,
                last_action_time: None,
            })
        })?;
        let found: Vec<AgentStats> = found.collect::<Result<_, _>>()?;
        let at = |it: &AgentStats| [it.total_actions, u64::from(it.agent_id)];
        let (mut found, next) = cut(found, part.limit, at);
        for agent in &mut found {
            add_types(rows, scope, include, agent)?;
            for (_, known) in &self.worlds {
                add_times(rows, known, include, agent)?;
            }
        }
        Ok(Page { total: natural(total), rows: found, next })
    }
}

fn add_types(
    rows: &Connection,
    (run, first, last): (i64, i64, i64),
    include: Include,
    agent: &mut AgentStats,
) -> rusqlite::Result<()> {
    let mut query = rows.prepare_cached(
        "SELECT type, n FROM tally WHERE run = ?1 AND agent = ?2 AND platform BETWEEN ?3 AND ?4 \
         AND class & ?5 = 0",
    )?;
    let values = params![run, agent.agent_id, first, last, include.unwanted()];
    let mut found = query.query(values)?;
    while let Some(row) = found.next()? {
        *agent.action_types.entry(row.get(0)?).or_default() += natural(row.get(1)?);
    }
    Ok(())
}

const FIRST_TIME: &str = "SELECT timestamp FROM frame WHERE world = ?1 AND tick = \
    (SELECT min(tick) FROM action WHERE world = ?1 AND agent = ?2 AND class = ?3)";

const LAST_TIME: &str = "SELECT timestamp FROM frame WHERE world = ?1 AND tick = \
    (SELECT max(tick) FROM action WHERE world = ?1 AND agent = ?2 AND class = ?3)";

fn add_times(
    rows: &Connection,
    known: &Known,
    include: Include,
    agent: &mut AgentStats,
) -> rusqlite::Result<()> {
    let time = |query: &str, class: u8| -> rusqlite::Result<Option<Timestamp>> {
        let values = params![known.world, agent.agent_id, class];
        let found = rows.prepare_cached(query)?.query_row(values, |row| row.get(0)).optional()?;
        Ok(found.map(Timestamp::from_milliseconds))
    };
    for class in (0..4).filter(|class| include.takes(*class)) {
        let (first, last) = (time(FIRST_TIME, class)?, time(LAST_TIME, class)?);
        agent.first_action_time = [agent.first_action_time, first].into_iter().flatten().min();
        agent.last_action_time = agent.last_action_time.max(last);
    }
    Ok(())
}
