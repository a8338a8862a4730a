//! Rounds in which something was done, in order, both worlds' together.

use std::collections::BTreeMap;

use contract::subject::Platform;
use contract::timestamp::Timestamp;
use rusqlite::{Connection, Row, params};
use serde::Serialize;

use super::{From, Page, Part, View, cut};
use crate::read_model::keys::{Include, integer, natural};

/// Which rounds: from the first to the last of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first.
    pub first: u32,
    /// The last.
    pub last: u32,
}

/// What was done in a round.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names and meanings are the original's, see docs/http.md")]
pub struct Round {
    pub round_num: u32,
    pub twitter_actions: u64,
    pub reddit_actions: u64,
    pub total_actions: u64,
    pub active_agents_count: usize,
    pub active_agents: Vec<u32>,
    pub action_types: BTreeMap<String, u64>,
    pub first_action_time: Timestamp,
    pub last_action_time: Timestamp,
    /// When the round was, in simulated time; not in the original.
    pub simulated_time: Timestamp,
    /// From the start of the run to that of the round; not in the original.
    pub simulated_hours: f64,
}

impl View {
    /// A page of rounds.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn rounds(
        &self,
        rows: &Connection,
        span: Span,
        include: Include,
        part: Part,
    ) -> rusqlite::Result<Page<Round>> {
        let one_more = Part { limit: part.limit + 1, ..part };
        let numbers = self.round_numbers(rows, span, include, one_more)?;
        let (numbers, next) = cut(numbers, part.limit, |round| [u64::from(*round), 0]);
        let of = format!(
            "SELECT count(DISTINCT round) FROM frame WHERE world IN (?1, ?2) \
             AND round BETWEEN ?3 AND ?4 AND {} > 0",
            include.sum_of_columns()
        );
        let [first, second] = self.both();
        let total = rows
            .prepare_cached(&of)?
            .query_row(params![first, second, span.first, span.last], |row| row.get(0))?;
        let mut rounds: BTreeMap<u32, Round> = BTreeMap::new();
        if let (Some(first), Some(last)) = (numbers.first(), numbers.last()) {
            for (platform, known) in &self.worlds {
                self.add_world(
                    rows,
                    *platform,
                    known.world,
                    (*first, *last),
                    include,
                    &mut rounds,
                )?;
            }
        }
        let finished = |mut round: Round| {
            round.active_agents.sort_unstable();
            round.active_agents.dedup();
            Round { active_agents_count: round.active_agents.len(), ..round }
        };
        let rounds = rounds.into_values().map(finished).collect();
        Ok(Page { total: natural(total), rows: rounds, next })
    }

    fn round_numbers(
        &self,
        rows: &Connection,
        span: Span,
        include: Include,
        part: Part,
    ) -> rusqlite::Result<Vec<u32>> {
        let (first, offset) = match part.from {
            From::Offset(offset) => (u64::from(span.first), offset),
            From::Behind([round, _]) => (u64::from(span.first).max(round.saturating_add(1)), 0),
        };
        let numbers = format!(
            "SELECT DISTINCT round FROM frame WHERE world IN (?1, ?2) \
             AND round BETWEEN ?3 AND ?4 AND {} > 0 ORDER BY round LIMIT ?5 OFFSET ?6",
            include.sum_of_columns()
        );
        let [one, other] = self.both();
        let (limit, offset) = (integer(part.limit as u64), integer(offset));
        let mut query = rows.prepare_cached(&numbers)?;
        let values = params![one, other, integer(first), span.last, limit, offset];
        let found = query.query_map(values, |row| row.get(0))?;
        found.collect()
    }

    fn add_world(
        &self,
        rows: &Connection,
        platform: Platform,
        world: i64,
        (first, last): (u32, u32),
        include: Include,
        rounds: &mut BTreeMap<u32, Round>,
    ) -> rusqlite::Result<()> {
        let mut query = rows.prepare_cached(&format!(
            "SELECT f.round, f.timestamp, f.simulated_time, f.simulated_minutes, {}, d.types, \
             d.agents FROM frame f CROSS JOIN doing d ON d.world = f.world AND d.tick = f.tick \
             WHERE f.world = ?1 AND f.round BETWEEN ?2 AND ?3",
            include.sum_of_columns()
        ))?;
        let mut found = query.query(params![world, first, last])?;
        while let Some(row) = found.next()? {
            let count = natural(row.get(4)?);
            if count == 0 {
                continue;
            }
            let round = rounds.entry(row.get(0)?).or_insert(blank(row)?);
            match platform {
                Platform::Twitter => round.twitter_actions += count,
                Platform::Reddit => round.reddit_actions += count,
            }
            round.total_actions += count;
            let at = Timestamp::from_milliseconds(row.get(1)?);
            round.first_action_time = round.first_action_time.min(at);
            round.last_action_time = round.last_action_time.max(at);
            add_types(&mut round.action_types, row.get_ref(5)?.as_str()?, include);
            let agents = row.get_ref(6)?.as_blob()?.as_chunks().0;
            round.active_agents.extend(agents.iter().filter_map(|agent| active(*agent, include)));
        }
        Ok(())
    }

    /// The worlds, for an `IN`.
    pub(super) fn both(&self) -> [i64; 2] {
        [0, 1].map(|index| self.worlds.get(index).map_or(-1, |(_, known)| known.world))
    }
}

/// A round of which only the times are known.
fn blank(row: &Row<'_>) -> rusqlite::Result<Round> {
    let at = Timestamp::from_milliseconds(row.get(1)?);
    Ok(Round {
        round_num: row.get(0)?,
        twitter_actions: 0,
        reddit_actions: 0,
        total_actions: 0,
        active_agents_count: 0,
        active_agents: Vec::new(),
        action_types: BTreeMap::new(),
        first_action_time: at,
        last_action_time: at,
        simulated_time: Timestamp::from_milliseconds(row.get(2)?),
        simulated_hours: export::hours(natural(row.get(3)?)),
    })
}

/// Adds what the table `doing` has as `types`.
fn add_types(sum: &mut BTreeMap<String, u64>, types: &str, include: Include) {
    let types: BTreeMap<String, [u64; 4]> = serde_json::from_str(types).unwrap_or_default();
    for (type_name, counts) in types {
        let count = include.sum(counts);
        if count > 0 {
            *sum.entry(type_name).or_default() += count;
        }
    }
}

/// An agent of what the table `doing` has as `agents`, if it did something that is wanted.
fn active([a, b, c, d, classes]: [u8; 5], include: Include) -> Option<u32> {
    let is_active = (0..4).any(|class| classes & 1 << class != 0 && include.takes(class));
    is_active.then_some(u32::from_le_bytes([a, b, c, d]))
}
