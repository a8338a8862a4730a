//! What a frame changes in the rows of its world, forwards and backwards. Who calls has checked
//! that the frame follows on what is there, and undoes all of it where this refuses.

use std::collections::BTreeMap;

use contract::action::Action;
use contract::frame::{Frame, Marker};
use contract::timestamp::Timestamp;
use export::oasis::change::{Change, Counter, NewComment, NewPost, changes};
use export::time::CreatedAt;
use rusqlite::types::Value;
use rusqlite::{Connection, Params, params};

use super::file::Trouble;
use super::keys::{class_of, integer, key, keys, natural, number};
use super::worlds::Known;

/// Why a frame cannot be taken.
#[derive(Debug)]
pub(super) enum Fault {
    /// It speaks of what is not there; in words.
    Unfit(String),
    /// It may well be right, but the rows cannot be written.
    Trouble(Trouble),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Fault {
        Fault::Trouble(error.into())
    }
}

/// Forwards, or back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Do,
    Undo,
}

impl Way {
    fn sign(self) -> i64 {
        match self {
            Way::Do => 1,
            Way::Undo => -1,
        }
    }
}

/// The rows of one world, while they change.
pub(super) struct Fold<'a> {
    pub(super) rows: &'a Connection,
    pub(super) world: &'a mut Known,
}

impl Fold<'_> {
    /// Adds the next frame. `past`: with the first one, what agents had posted before.
    pub(super) fn add<'p>(
        &mut self,
        frame: &Frame,
        past: impl Iterator<Item = (u32, NewPost<'p>)>,
    ) -> Result<(), Fault> {
        let created_at =
            CreatedAt::of(frame.platform, frame.round, frame.simulated_time).to_value();
        for (author, post) in past {
            self.post(Way::Do, author, None, post, &created_at)?;
        }
        let mut sums = Sums::default();
        for action in &frame.actions {
            self.insert_action(frame.tick, action)?;
            self.change(Way::Do, action, &created_at)?;
            sums.add(Way::Do, action);
        }
        self.count(&sums)?;
        self.insert_frame(frame, &sums)?;
        self.world.ticks = frame.tick + 1;
        Ok(())
    }

    /// Takes back the frame of `tick`, which is not the first, and all after it.
    pub(super) fn take_back(&mut self, tick: u32) -> Result<(), Fault> {
        let world = self.world.world;
        let first_seq: i64 = self.rows.query_row(
            "SELECT first_seq FROM frame WHERE world = ?1 AND tick = ?2",
            params![world, tick],
            |row| row.get(0),
        )?;
        let (first, last) = (key(world, natural(first_seq)), *keys(world).end());
        let mut query = self
            .rows
            .prepare("SELECT body FROM action WHERE key BETWEEN ?1 AND ?2 ORDER BY key DESC")?;
        let mut rows = query.query([first, last])?;
        let (mut sums, nowhen) = (Sums::default(), Value::Null);
        while let Some(row) = rows.next()? {
            let action: Action = serde_json::from_str(row.get_ref(0)?.as_str().unwrap_or_default())
                .map_err(|error| Fault::Unfit(format!("a row of it cannot be read: {error}")))?;
            self.change(Way::Undo, &action, &nowhen)?;
            sums.add(Way::Undo, &action);
        }
        drop(rows);
        self.count(&sums)?;
        self.run("DELETE FROM action WHERE key BETWEEN ?1 AND ?2", [first, last])?;
        for table in ["frame", "doing"] {
            let delete = format!("DELETE FROM {table} WHERE world = ?1 AND tick >= ?2");
            self.run(&delete, params![world, tick])?;
        }
        let owner = params![self.world.run, self.world.platform];
        self.run("DELETE FROM tally WHERE run = ?1 AND platform = ?2 AND n = 0", owner)?;
        let idle = "DELETE FROM agent WHERE run = ?1 AND platform = ?2 AND n0 + n1 + n2 + n3 = 0";
        self.run(idle, owner)?;
        self.world.ticks = tick;
        Ok(())
    }

    fn insert_action(&self, tick: u32, action: &Action) -> Result<(), Fault> {
        let body = serde_json::to_string(action)
            .map_err(|error| Fault::Unfit(format!("action {}: {error}", action.seq)))?;
        let row = "INSERT INTO action VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let world = self.world.world;
        let class = class_of(action);
        self.run(row, params![key(world, action.seq), world, tick, action.agent_id, class, body])?;
        Ok(())
    }

    fn insert_frame(&mut self, frame: &Frame, sums: &Sums) -> Result<(), Fault> {
        self.world.at = self.world.at.max(frame.timestamp.milliseconds());
        let minutes = frame.markers.iter().find_map(|marker| match marker {
            Marker::RoundEnd { simulated_minutes, .. } => Some(*simulated_minutes),
            _ => None,
        });
        let milliseconds = |at: Timestamp| at.milliseconds();
        let [n0, n1, n2, n3] = sums.counts;
        let row = "INSERT INTO frame VALUES \
                   (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
        let values = params![
            self.world.world,
            frame.tick,
            frame.round,
            milliseconds(frame.timestamp),
            self.world.at,
            milliseconds(frame.simulated_time),
            integer(minutes.unwrap_or(0)),
            integer(frame.first_seq),
            integer(frame.next_seq()),
            frame.digest.to_string(),
            n0,
            n1,
            n2,
            n3,
        ];
        self.run(row, values)?;
        let row = "INSERT INTO doing VALUES (?1, ?2, ?3, ?4)";
        let values = params![self.world.world, frame.tick, sums.types(), sums.agents()];
        self.run(row, values)?;
        Ok(())
    }

    /// Adds the sums to those of the world and its agents.
    fn count(&mut self, sums: &Sums) -> Result<(), Fault> {
        for (total, count) in self.world.counts.iter_mut().zip(sums.counts) {
            *total += count;
        }
        let (run, platform) = (self.world.run, self.world.platform);
        for (agent, of) in &sums.of_agents {
            let [n0, n1, n2, n3] = of.counts;
            let row = "INSERT INTO agent VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
                       ON CONFLICT DO UPDATE SET name = excluded.name, n0 = n0 + excluded.n0, \
                       n1 = n1 + excluded.n1, n2 = n2 + excluded.n2, n3 = n3 + excluded.n3";
            self.run(row, params![run, agent, platform, of.name, n0, n1, n2, n3])?;
            for ((type_name, class), count) in &of.tallies {
                let row = "INSERT INTO tally VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
                           ON CONFLICT DO UPDATE SET n = n + excluded.n";
                self.run(row, params![run, agent, platform, type_name, class, count])?;
            }
        }
        Ok(())
    }

    fn change(&mut self, way: Way, action: &Action, created_at: &Value) -> Result<(), Fault> {
        if !action.success() {
            return Ok(());
        }
        let unfit = |why: String| {
            let (seq, type_name) = (action.seq, action.body.type_name());
            Fault::Unfit(format!("action {seq} ({type_name}) {why}"))
        };
        for change in changes(&action.body).map_err(&unfit)? {
            let (author, seq) = (action.agent_id, Some(integer(action.seq)));
            let made = match change {
                Change::Post(it) => self.post(way, author, seq, it, created_at),
                Change::Comment(it) => self.comment(way, author, seq, it, created_at),
                Change::CountPost { post_id, counter, by } => {
                    self.add_to("post", counter, way.sign() * by, post_id)
                }
                Change::CountComment { comment_id, counter, by } => {
                    self.add_to("comment", counter, way.sign() * by, comment_id)
                }
                // Pages show the counters; who it was is told by the actions.
                Change::Rate { .. }
                | Change::Unrate { .. }
                | Change::Report { .. }
                | Change::Follow { .. }
                | Change::Unfollow { .. }
                | Change::Mute { .. }
                | Change::Unmute { .. } => Ok(()),
            };
            made.map_err(|fault| match fault {
                Fault::Unfit(why) => unfit(why),
                trouble @ Fault::Trouble(_) => trouble,
            })?;
        }
        Ok(())
    }

    fn post(
        &mut self,
        way: Way,
        author: u32,
        seq: Option<i64>,
        it: NewPost<'_>,
        created_at: &Value,
    ) -> Result<(), Fault> {
        let post = key(self.world.world, it.post_id);
        self.world.posts += way.sign();
        if way == Way::Undo {
            return self.one("DELETE FROM post WHERE key = ?1", [post], "has no row");
        }
        let original = it.original.map(integer);
        let row = "INSERT INTO post(key, seq, user_id, original_post_id, content, quote_content, \
                   created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let values = params![post, seq, author, original, it.content, it.quote, created_at];
        self.one(row, values, &format!("makes post {}, which is there already", it.post_id))
    }

    fn comment(
        &mut self,
        way: Way,
        author: u32,
        seq: Option<i64>,
        it: NewComment<'_>,
        created_at: &Value,
    ) -> Result<(), Fault> {
        let world = self.world.world;
        let (comment, post) = (key(world, it.comment_id), key(world, it.post_id));
        self.world.comments += way.sign();
        let count = "UPDATE post SET num_comments = num_comments + ?1 WHERE key = ?2";
        let problem = format!("names post {}, which is not there", it.post_id);
        self.one(count, params![way.sign(), post], &problem)?;
        if way == Way::Undo {
            return self.one("DELETE FROM comment WHERE key = ?1", [comment], "has no row");
        }
        let parent = it.parent.map(integer);
        let row = "INSERT INTO comment(key, seq, post, user_id, content, created_at, \
                   parent_comment_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let values = params![comment, seq, post, author, it.content, created_at, parent];
        self.one(row, values, &format!("makes comment {}, which is there already", it.comment_id))
    }

    fn add_to(&self, table: &str, counter: Counter, by: i64, id: u64) -> Result<(), Fault> {
        let column = counter.column();
        let update = format!("UPDATE {table} SET {column} = {column} + ?1 WHERE key = ?2");
        let row = key(self.world.world, id);
        self.one(&update, [by, row], &format!("names {table} {}, which is not there", number(row)))
    }

    /// Changes exactly one row, or says what is wrong.
    fn one(&self, sql: &str, values: impl Params, problem: &str) -> Result<(), Fault> {
        let unfit = || Fault::Unfit(problem.to_owned());
        match self.rows.prepare_cached(sql)?.execute(values) {
            Ok(1) => Ok(()),
            Ok(_) => Err(unfit()),
            Err(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) =>
            {
                Err(unfit())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn run(&self, sql: &str, values: impl Params) -> rusqlite::Result<usize> {
        self.rows.prepare_cached(sql)?.execute(values)
    }
}

/// What actions add up to; less than nothing for those that are taken back.
#[derive(Default)]
struct Sums {
    /// By class.
    counts: [i64; 4],
    of_agents: BTreeMap<u32, OfAgent>,
}

#[derive(Default)]
struct OfAgent {
    name: String,
    counts: [i64; 4],
    tallies: BTreeMap<(&'static str, u8), i64>,
}

impl Sums {
    fn add(&mut self, way: Way, action: &Action) {
        let (class, sign) = (class_of(action), way.sign());
        self.counts[usize::from(class)] += sign;
        let of = self.of_agents.entry(action.agent_id).or_default();
        if of.name != action.agent_name {
            of.name.clone_from(&action.agent_name);
        }
        of.counts[usize::from(class)] += sign;
        *of.tallies.entry((action.body.type_name(), class)).or_default() += sign;
    }

    /// See the table `doing`.
    fn types(&self) -> String {
        let mut types: BTreeMap<&str, [i64; 4]> = BTreeMap::new();
        for ((type_name, class), count) in self.of_agents.values().flat_map(|of| &of.tallies) {
            types.entry(type_name).or_default()[usize::from(*class)] += count;
        }
        serde_json::to_string(&types).expect("a map of texts to numbers is JSON")
    }

    /// See the table `doing`.
    fn agents(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.of_agents.len() * 5);
        for (agent, of) in &self.of_agents {
            bytes.extend(agent.to_le_bytes());
            let classes = (0..4).filter(|class| of.counts[*class] != 0);
            bytes.push(classes.fold(0, |bits, class| bits | 1 << class));
        }
        bytes
    }
}

/// Removes all rows of a world.
pub(super) fn forget(rows: &Connection, world: &Known) -> rusqlite::Result<()> {
    let (first, last) = keys(world.world).into_inner();
    for table in ["action", "post", "comment"] {
        let delete = format!("DELETE FROM {table} WHERE key BETWEEN ?1 AND ?2");
        rows.execute(&delete, [first, last])?;
    }
    for table in ["frame", "doing", "world"] {
        rows.execute(&format!("DELETE FROM {table} WHERE world = ?1"), [world.world])?;
    }
    for table in ["agent", "tally"] {
        let delete = format!("DELETE FROM {table} WHERE run = ?1 AND platform = ?2");
        rows.execute(&delete, [world.run, world.platform])?;
    }
    Ok(())
}
