//! Actions, newest first: by the time of their frames, Twitter's before Reddit's where those are
//! equal, and within a frame backwards.
//!
//! A list of all agents goes from frame to frame: each knows how many actions of each class it
//! has, so what is left out is not read.

use std::ops::Range;

use contract::id::RunId;
use contract::notice::action_id;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use rusqlite::types::{Type, ValueRef};
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Row, Rows, params};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::{From, Page, Part, View, cut};
use crate::read_model::keys::{Include, MAX_NUMBER, integer, key, natural, number, number_of};
use crate::read_model::worlds::Known;

/// Which actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Which {
    /// Of one agent.
    pub agent: Option<u32>,
    /// Of one round.
    pub round: Option<u32>,
    /// Beside those of MiroFish's lists.
    pub include: Include,
}

/// An action as lists show it; see the test at the end for its fields.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The world.
    pub platform: Platform,
    /// The round.
    pub round: u32,
    /// Where it stands in its world.
    pub seq: u64,
    /// By this, newest first, lists of several worlds are ordered.
    pub at: i64,
    text: Box<RawValue>,
}

impl Listed {
    /// The action as JSON, in one line.
    pub fn json(&self) -> &str {
        self.text.get()
    }
}

impl Serialize for Listed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}

/// A frame on the way to its actions.
#[derive(Clone, Copy)]
struct FrameRow {
    at: i64,
    round: u32,
    timestamp: i64,
    simulated_time: i64,
    first_seq: u64,
    next_seq: u64,
    counts: [u64; 4],
}

/// Where a list begins.
#[derive(Clone, Copy)]
enum Begin {
    /// After so many actions.
    After(u64),
    /// Behind this one.
    Behind(Place),
}

/// Where an action is.
#[derive(Clone, Copy)]
struct Place {
    platform: Platform,
    seq: u64,
    tick: u32,
    at: i64,
}

impl View {
    /// A page of actions; `None` if it is to begin behind one that is not here.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn actions(
        &self,
        rows: &Connection,
        which: Which,
        part: Part,
    ) -> rusqlite::Result<Option<Page<Listed>>> {
        let begin = match part.from {
            From::Offset(offset) => Begin::After(offset),
            From::Behind([platform, seq]) => match self.place(rows, platform, seq)? {
                Some(place) => Begin::Behind(place),
                None => return Ok(None),
            },
        };
        let total = self.total(rows, which)?;
        let one_more = part.limit + 1;
        let found = match which.agent {
            None => self.by_frames(rows, which, begin, one_more)?,
            Some(agent) => self.of_agent(rows, agent, which, begin, one_more)?,
        };
        let at = |it: &Listed| [natural(number_of(it.platform)), it.seq];
        let (found, next) = cut(found, part.limit, at);
        Ok(Some(Page { total, rows: found, next }))
    }

    /// The actions of a world behind a seq, up to another one, oldest first; and the last seq that
    /// was looked at for them.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn behind(
        &self,
        rows: &Connection,
        platform: Platform,
        seqs: Range<u64>,
        include: Include,
        limit: usize,
    ) -> rusqlite::Result<(Vec<Listed>, u64)> {
        let last = self.last_seq(platform).min(seqs.end);
        let Some(known) = self.world(platform).filter(|_| seqs.start < last) else {
            return Ok((Vec::new(), seqs.start));
        };
        let mut query = rows.prepare_cached(&format!(
            "SELECT {FRAME}, a.key, a.body FROM action a CROSS JOIN frame f \
             ON f.world = a.world AND f.tick = a.tick \
             WHERE a.key > ?1 AND a.key <= ?2 AND a.class & ?3 = 0 ORDER BY a.key LIMIT ?4"
        ))?;
        let (first, end) = (key(known.world, seqs.start), key(known.world, last));
        let values = params![first, end, include.unwanted(), integer(limit as u64)];
        let mut found = query.query(values)?;
        let mut listed = Vec::new();
        while let Some(row) = found.next()? {
            let (frame, key, body) = (read_frame(row)?, row.get(11)?, row.get_ref(12)?);
            listed.push(list(&self.run, platform, frame, key, body)?);
        }
        let is_full = listed.len() >= limit;
        let seen = listed.last().filter(|_| is_full).map_or(last, |action| action.seq);
        Ok((listed, seen))
    }

    /// The last action of a world that is here, 0 if none is.
    pub fn last_seq(&self, platform: Platform) -> u64 {
        self.world(platform).map_or(0, |known| known.totals().iter().sum())
    }

    /// Where an action is, if it is here.
    fn place(&self, rows: &Connection, platform: u64, seq: u64) -> rusqlite::Result<Option<Place>> {
        let marked = self.worlds.iter().find(|(_, it)| natural(it.platform) == platform);
        let Some((platform, known)) = marked.filter(|_| seq <= MAX_NUMBER) else { return Ok(None) };
        let place = "SELECT f.tick, f.at FROM action a CROSS JOIN frame f \
                     ON f.world = a.world AND f.tick = a.tick WHERE a.key = ?1";
        let platform = *platform;
        let read = |row: &Row<'_>| Ok(Place { platform, seq, tick: row.get(0)?, at: row.get(1)? });
        rows.prepare_cached(place)?.query_row([key(known.world, seq)], read).optional()
    }

    fn total(&self, rows: &Connection, which: Which) -> rusqlite::Result<u64> {
        let Which { agent, round, include } = which;
        let columns = include.sum_of_columns();
        let mut total = 0;
        for (_, known) in &self.worlds {
            total += match (agent, round) {
                (None, None) => include.sum(known.totals()),
                (None, Some(round)) => {
                    let sum = format!(
                        "SELECT coalesce(sum{columns}, 0) FROM frame WHERE world = ?1 AND round = ?2"
                    );
                    one(rows, &sum, params![known.world, round])?
                }
                (Some(agent), None) => {
                    let sum = format!(
                        "SELECT {columns} FROM agent WHERE run = ?1 AND agent = ?2 AND platform = ?3"
                    );
                    one(rows, &sum, params![known.run, agent, known.platform])?
                }
                (Some(agent), Some(round)) => {
                    let count = "SELECT count(*) FROM action a CROSS JOIN frame f \
                        ON f.world = a.world AND f.tick = a.tick \
                        WHERE a.world = ?1 AND a.agent = ?2 AND a.class & ?3 = 0 AND f.round = ?4";
                    let unwanted = include.unwanted();
                    one(rows, count, params![known.world, agent, unwanted, round])?
                }
            };
        }
        Ok(total)
    }

    fn by_frames(
        &self,
        rows: &Connection,
        which: Which,
        begin: Begin,
        limit: usize,
    ) -> rusqlite::Result<Vec<Listed>> {
        let mut statements = Vec::new();
        for _ in &self.worlds {
            statements.push(frames(rows, which.round)?);
        }
        let mut lanes = Vec::new();
        for ((platform, known), statement) in self.worlds.iter().zip(&mut statements) {
            let Some(last) = last_tick(rows, *platform, known, begin)? else { continue };
            let frames = match which.round {
                None => statement.query(params![known.world, last])?,
                Some(round) => statement.query(params![known.world, last, round])?,
            };
            let before = match begin {
                Begin::Behind(place) if place.platform == *platform => place.seq,
                Begin::Behind(_) | Begin::After(_) => u64::MAX,
            };
            let (platform, world, include) = (*platform, known.world, which.include);
            let mut lane =
                Lane { run: &self.run, platform, world, include, before, frames, head: None };
            lane.advance()?;
            lanes.push(lane);
        }
        let mut skip = match begin {
            Begin::After(offset) => offset,
            Begin::Behind(_) => 0,
        };
        let mut found = Vec::new();
        while found.len() < limit
            && let Some((lane, frame)) = newest(&mut lanes)
        {
            let has = which.include.sum(frame.counts);
            if skip < has {
                lane.read(rows, frame, skip, limit, &mut found)?;
                skip = 0;
            } else {
                skip -= has;
            }
            lane.advance()?;
        }
        Ok(found)
    }

    fn of_agent(
        &self,
        rows: &Connection,
        agent: u32,
        which: Which,
        begin: Begin,
        limit: usize,
    ) -> rusqlite::Result<Vec<Listed>> {
        let world = |index: usize| self.worlds.get(index).map_or(-1, |(_, known)| known.world);
        let (offset, at, marked, key) = match begin {
            Begin::After(offset) => (offset, i64::MAX, i64::MAX, i64::MIN),
            Begin::Behind(Place { platform, seq, at, .. }) => {
                let marked = self.world(platform).map_or(-1, |known| known.world);
                (0, at, marked, key(marked, seq))
            }
        };
        let (limit, offset) = (integer(limit as u64), integer(offset));
        let (unwanted, round) = (which.include.unwanted(), which.round);
        let mut query = rows.prepare_cached(OF_AGENT)?;
        let values =
            params![world(0), world(1), agent, unwanted, round, at, marked, key, limit, offset];
        let mut found = query.query(values)?;
        let mut listed = Vec::new();
        while let Some(row) = found.next()? {
            let is_of = |(_, known): &&(Platform, Known)| row.get(11) == Ok(known.world);
            let Some((platform, _)) = self.worlds.iter().find(is_of) else { continue };
            listed.push(list(
                &self.run,
                *platform,
                read_frame(row)?,
                row.get(12)?,
                row.get_ref(13)?,
            )?);
        }
        Ok(listed)
    }
}

/// The tick with which the list of a world begins; `None` if all of it lies before.
fn last_tick(
    rows: &Connection,
    platform: Platform,
    known: &Known,
    begin: Begin,
) -> rusqlite::Result<Option<u32>> {
    let place = match begin {
        Begin::After(_) => return Ok(Some(u32::MAX)),
        Begin::Behind(place) if place.platform == platform => return Ok(Some(place.tick)),
        Begin::Behind(place) => place,
    };
    // Of frames at the same time those of the first platform come first.
    let is_first = number_of(platform) < number_of(place.platform);
    let last = "SELECT max(tick) FROM frame WHERE world = ?1 AND at = \
                (SELECT max(at) FROM frame WHERE world = ?1 AND at <= ?2)";
    let values = params![known.world, place.at - i64::from(is_first)];
    rows.prepare_cached(last)?.query_row(values, |row| row.get(0))
}

/// One world's frames, newest first.
struct Lane<'a> {
    run: &'a RunId,
    platform: Platform,
    world: i64,
    include: Include,
    /// Only actions before this seq.
    before: u64,
    frames: Rows<'a>,
    head: Option<FrameRow>,
}

impl Lane<'_> {
    fn advance(&mut self) -> rusqlite::Result<()> {
        self.head = self.frames.next()?.map(read_frame).transpose()?;
        Ok(())
    }

    /// Adds the actions of a frame, but for the first `skip`, until there are `limit`.
    fn read(
        &self,
        rows: &Connection,
        frame: FrameRow,
        skip: u64,
        limit: usize,
        found: &mut Vec<Listed>,
    ) -> rusqlite::Result<()> {
        let mut query = rows.prepare_cached(
            "SELECT key, body FROM action WHERE key BETWEEN ?1 AND ?2 AND class & ?3 = 0 \
             ORDER BY key DESC LIMIT ?4 OFFSET ?5",
        )?;
        let first = key(self.world, frame.first_seq);
        let last = key(self.world, frame.next_seq.min(self.before)) - 1;
        let left = integer((limit - found.len()) as u64);
        let values = params![first, last, self.include.unwanted(), left, integer(skip)];
        let mut actions = query.query(values)?;
        while let Some(row) = actions.next()? {
            found.push(list(self.run, self.platform, frame, row.get(0)?, row.get_ref(1)?)?);
        }
        Ok(())
    }
}

/// The lane with the newest frame, of equals the first, and that frame.
fn newest<'l, 'a>(lanes: &'l mut [Lane<'a>]) -> Option<(&'l mut Lane<'a>, FrameRow)> {
    let heads = lanes.iter_mut().filter_map(|lane| lane.head.map(|frame| (lane, frame)));
    heads.min_by_key(|(_, frame)| std::cmp::Reverse(frame.at))
}

const FRAME: &str = "f.tick, f.at, f.round, f.timestamp, f.simulated_time, f.first_seq, \
                     f.next_seq, f.n0, f.n1, f.n2, f.n3";

fn frames(rows: &Connection, round: Option<u32>) -> rusqlite::Result<CachedStatement<'_>> {
    let only = if round.is_some() { "AND f.round = ?3" } else { "" };
    rows.prepare_cached(&format!(
        "SELECT {FRAME} FROM frame f WHERE f.world = ?1 AND f.tick <= ?2 {only} \
         ORDER BY f.tick DESC"
    ))
}

/// ?1 and ?2 the worlds, ?3 the agent, ?4 unwanted classes, ?5 the round; ?6 to ?8 time, world
/// and key of the action behind which it begins.
const OF_AGENT: &str = "SELECT f.tick, f.at, f.round, f.timestamp, f.simulated_time, f.first_seq, \
    f.next_seq, f.n0, f.n1, f.n2, f.n3, a.world, a.key, a.body \
    FROM action a CROSS JOIN frame f ON f.world = a.world AND f.tick = a.tick \
    WHERE a.world IN (?1, ?2) AND a.agent = ?3 AND a.class & ?4 = 0 \
      AND (?5 IS NULL OR f.round = ?5) \
      AND (f.at < ?6 OR f.at = ?6 AND (a.world > ?7 OR a.world = ?7 AND a.key < ?8)) \
    ORDER BY f.at DESC, a.world, a.key DESC LIMIT ?9 OFFSET ?10";

fn read_frame(row: &Row<'_>) -> rusqlite::Result<FrameRow> {
    let count = |column| row.get(column).map(natural);
    Ok(FrameRow {
        at: row.get(1)?,
        round: row.get(2)?,
        timestamp: row.get(3)?,
        simulated_time: row.get(4)?,
        first_seq: count(5)?,
        next_seq: count(6)?,
        counts: [count(7)?, count(8)?, count(9)?, count(10)?],
    })
}

/// A number, 0 where there is no row.
fn one(rows: &Connection, query: &str, values: impl rusqlite::Params) -> rusqlite::Result<u64> {
    let found = rows.prepare_cached(query)?.query_row(values, |row| row.get(0)).optional()?;
    Ok(found.map_or(0, natural))
}

/// Puts what follows from the frame before what the row has.
fn list(
    run: &RunId,
    platform: Platform,
    frame: FrameRow,
    key: i64,
    body: ValueRef<'_>,
) -> rusqlite::Result<Listed> {
    let seq = number(key);
    let FrameRow { at, round, .. } = frame;
    let text = format!(
        "{{\"id\":\"{}\",\"round_num\":{round},\"timestamp\":\"{}\",\"simulated_time\":\"{}\",\
         \"platform\":\"{platform}\",{}",
        action_id(run, platform, seq),
        Timestamp::from_milliseconds(frame.timestamp),
        Timestamp::from_milliseconds(frame.simulated_time),
        body.as_str()?.get(1..).unwrap_or_default(),
    );
    let text = RawValue::from_string(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(1, Type::Text, error.into()))?;
    Ok(Listed { platform, round, seq, at, text })
}
