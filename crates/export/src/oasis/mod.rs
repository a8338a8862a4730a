//! A world's history as OASIS keeps it: frames in, 16 SQLite tables out.

mod apply;
pub mod change;
mod info;
mod query;
mod schema;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use contract::frame::Frame;
use contract::reply::{Answer, InterviewResult};
use contract::spec::{Profile, Spec};
use contract::subject::Platform;
use rusqlite::types::Value;
use rusqlite::{Connection, params};
use serde_json::json;

use crate::error::ExportError;
use crate::oasis::change::past_posts;
use crate::time::{Clock, CreatedAt};

pub use query::{Agent, AgentOrder, Comment, Page, Post, PostOrder};
pub use schema::TABLES;

/// The tables of one world, filled frame by frame.
///
/// A fold: what it holds in memory does not grow with the run, whatever the connection holds
/// on disk or (`Connection::open_in_memory`) in memory. All that is written is one transaction,
/// which [`Tables::finish`] ends; questions see it before.
///
/// ```
/// # use contract::{spec::Spec, frame::Frame, subject::Platform};
/// use export::oasis::{Page, PostOrder, Tables};
/// # fn posts(spec: &Spec, frames: &[Frame]) -> Result<(), export::ExportError> {
/// let connection = rusqlite::Connection::open_in_memory()?;
/// let mut tables = Tables::create(connection, Platform::Reddit, spec)?;
/// for frame in frames {
///     tables.frame(frame)?;
/// }
/// let best = tables.posts(PostOrder::MostLiked, Page { limit: 10, offset: 0 })?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Tables {
    connection: Connection,
    platform: Platform,
    clock: Clock,
    repeats: u64,
}

/// Pages of 4 KiB (negative: KiB) that SQLite may keep: rows of agents lie apart.
const CACHE_KIB: i64 = -65_536;

impl Tables {
    /// The tables as they are before tick 0: users, whom they follow and what they posted
    /// before anything happened. The connection's database must be empty.
    ///
    /// # Errors
    /// If the spec has no such world, or the database does not take it.
    pub fn create(
        connection: Connection,
        platform: Platform,
        spec: &Spec,
    ) -> Result<Tables, ExportError> {
        let world = spec.platform(platform).ok_or(ExportError::NoWorld(platform))?;
        // Nobody else reads the file before it is finished, and a broken one is thrown away.
        connection.pragma_update(None, "foreign_keys", false)?;
        connection.pragma_update(None, "synchronous", "OFF")?;
        connection.pragma_update_and_check(None, "journal_mode", "MEMORY", |_| Ok(()))?;
        connection.pragma_update(None, "cache_size", CACHE_KIB)?;
        connection.set_prepared_statement_cache_capacity(64);
        let parts = [schema::PEOPLE_AND_TEXTS, schema::LINKS, schema::UNUSED, schema::BESIDE];
        connection.execute_batch(&format!("BEGIN;{}", parts.concat()))?;
        let clock = Clock::new(platform, spec);
        let mut tables = Tables { connection, platform, clock, repeats: 0 };
        for (agent, profile) in spec.agents.iter().zip(&world.profiles) {
            tables.sign_up(agent.agent_id, &agent.name, profile)?;
        }
        tables.add_past(&world.profiles)?;
        Ok(tables)
    }

    /// Applies the next frame of the world.
    ///
    /// # Errors
    /// If an action speaks of what is not there, or the database does not take it.
    pub fn frame(&mut self, frame: &Frame) -> Result<(), ExportError> {
        let created_at = self.clock.created_at(frame.round).to_value();
        for action in &frame.actions {
            self.apply(action, &created_at)?;
        }
        Ok(())
    }

    /// Adds the trace of an interview, if this world was asked in it.
    ///
    /// # Errors
    /// If the database does not take it.
    pub fn interview(&mut self, result: &InterviewResult) -> Result<(), ExportError> {
        let Some(answer) = answer_of(result, self.platform) else { return Ok(()) };
        let created_at = self.clock.created_at(answer.as_of.round);
        let time = match &created_at {
            CreatedAt::Tick(tick) => tick.to_string(),
            CreatedAt::Time(time) => time.clone(),
        };
        let info = json!({
            "interview_id": format!("{time}_{}", result.agent_id),
            "prompt": result.prompt,
            "response": answer.response,
        });
        self.trace(result.agent_id, &created_at.to_value(), "interview", &info.to_string())
    }

    /// Rows per table; all 16 are there.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn counts(&self) -> Result<BTreeMap<&'static str, u64>, ExportError> {
        let count = |table: &'static str| {
            let query = format!("SELECT count(*) FROM \"{table}\"");
            let rows: i64 = self.connection.query_row(&query, [], |row| row.get(0))?;
            Ok((table, u64::try_from(rows).unwrap_or(0)))
        };
        TABLES.into_iter().map(count).collect()
    }

    /// Successful actions that left no trace, since the key of `trace` allows no second row of
    /// the same agent, time, action and info: doing nothing twice in a round, say.
    pub fn repeats(&self) -> u64 {
        self.repeats
    }

    /// Ends the transaction and gives the connection back.
    ///
    /// # Errors
    /// If the database does not take it.
    pub fn finish(self) -> Result<Connection, ExportError> {
        self.connection.execute_batch("COMMIT")?;
        self.connection.flush_prepared_statement_cache();
        Ok(self.connection)
    }

    fn sign_up(&mut self, id: u32, name: &str, profile: &Profile) -> Result<(), ExportError> {
        let created_at = self.clock.created_at(0).to_value();
        let Profile { user_name, name: shown, bio, .. } = profile;
        let user = "INSERT INTO user(user_id, agent_id, user_name, name, bio, created_at) \
                    VALUES (?1, ?1, ?2, ?3, ?4, ?5)";
        let values = params![id, user_name, shown, bio, created_at];
        self.connection.prepare_cached(user)?.execute(values)?;
        let activity = "INSERT INTO activity(agent_id, agent_name) VALUES (?1, ?2)";
        self.connection.prepare_cached(activity)?.execute(params![id, name])?;
        let info = json!({ "bio": bio, "name": shown, "user_name": user_name });
        self.trace(id, &created_at, "sign_up", &info.to_string())
    }

    /// What profiles bring, numbered as the world does: all follows, then all posts, both in
    /// the order of the agents. They are no actions, so they leave no trace.
    fn add_past(&mut self, profiles: &[Profile]) -> Result<(), ExportError> {
        let created_at = self.clock.created_at(0).to_value();
        let follows = (0u32..)
            .zip(profiles)
            .flat_map(|(id, profile)| profile.follows.iter().map(move |followee| (id, *followee)));
        for (follow_id, (follower, followee)) in (1..).zip(follows) {
            self.add_follow(follow_id, follower, followee, &created_at)?;
        }
        for (author, post) in past_posts(profiles) {
            self.add_post(author, post, &created_at)?;
        }
        Ok(())
    }

    fn trace(
        &mut self,
        agent: u32,
        created_at: &Value,
        action: &str,
        info: &str,
    ) -> Result<(), ExportError> {
        let row = "INSERT OR IGNORE INTO trace(user_id, created_at, action, info) \
                   VALUES (?1, ?2, ?3, ?4)";
        let mut row = self.connection.prepare_cached(row)?;
        if row.execute(params![agent, created_at, action, info])? == 0 {
            self.repeats += 1;
        }
        Ok(())
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }
}

/// The answer of this world, if it was asked.
pub(crate) fn answer_of(result: &InterviewResult, platform: Platform) -> Option<&Answer> {
    match platform {
        Platform::Twitter => result.twitter.as_ref(),
        Platform::Reddit => result.reddit.as_ref(),
    }
}
