//! The baseline: the same actions as rows in an in-memory SQLite, as OASIS writes them.
//!
//! OASIS's table shapes, its checks and its way to write: no index but the primary keys, one
//! statement after another, each a transaction of its own, and a trace row for each action that
//! succeeded. Its recommendation (the costliest part of its rounds) and queues are left out: a
//! refresh reads the posts that the world showed, with all their comments, and traces them. So
//! this is kinder than the original.

use std::fmt::Write;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Result, params};
use world::{Act, Action, Effect, SeedPost};

use crate::measure::PLATFORMS;
use crate::report::{Figure, Print};
use crate::{mix, town};

const AGENTS: u32 = 1_000;
const ROUNDS: u32 = 10;

const TABLES: &str = "
PRAGMA synchronous = OFF;
CREATE TABLE user (user_id INTEGER PRIMARY KEY AUTOINCREMENT, agent_id INTEGER, user_name TEXT,
    name TEXT, bio TEXT, created_at DATETIME, num_followings INTEGER DEFAULT 0,
    num_followers INTEGER DEFAULT 0);
CREATE TABLE post (post_id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER,
    original_post_id INTEGER, content TEXT DEFAULT '', quote_content TEXT, created_at DATETIME,
    num_likes INTEGER DEFAULT 0, num_dislikes INTEGER DEFAULT 0, num_shares INTEGER DEFAULT 0,
    num_reports INTEGER DEFAULT 0);
CREATE TABLE comment (comment_id INTEGER PRIMARY KEY AUTOINCREMENT, post_id INTEGER,
    user_id INTEGER, content TEXT, created_at DATETIME, num_likes INTEGER DEFAULT 0,
    num_dislikes INTEGER DEFAULT 0);
CREATE TABLE \"like\" (like_id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER, post_id INTEGER,
    created_at DATETIME);
CREATE TABLE follow (follow_id INTEGER PRIMARY KEY AUTOINCREMENT, follower_id INTEGER,
    followee_id INTEGER, created_at DATETIME);
CREATE TABLE trace (user_id INTEGER, created_at DATETIME, action TEXT, info TEXT,
    PRIMARY KEY (user_id, created_at, action, info));
";

/// Plays a small town and does what happened once more, row by row.
pub(crate) fn baseline(print: Print) -> Result<()> {
    for (platform, name) in PLATFORMS {
        let mut world = town::outside(platform, AGENTS);
        let database = Database::new(&world.setup().seed_posts)?;
        town::step(&mut world);
        let (mut in_world, mut in_database) = (Duration::ZERO, Duration::ZERO);
        for tick in 1..=ROUNDS {
            let decisions = mix::round(&world);
            let start = Instant::now();
            let outputs = town::told(&mut world, decisions);
            in_world += start.elapsed();
            let start = Instant::now();
            outputs.actions.iter().try_for_each(|action| database.act(tick, action))?;
            in_database += start.elapsed();
        }
        let actions = f64::from(AGENTS * ROUNDS);
        let (in_world, in_database) = (in_world.as_secs_f64(), in_database.as_secs_f64());
        let case = format!("outside, {name}, {AGENTS} agents, {ROUNDS} rounds");
        let figure = |name, value, unit| print(&Figure { name, case: case.clone(), value, unit });
        figure("baseline: rows in SQLite, no ranking", actions / in_database, "actions/s");
        figure("the world, feeds and ranking included", actions / in_world, "actions/s");
        figure("the world against the baseline", in_database / in_world, "times");
    }
    Ok(())
}

/// What is traced of an action: its name and its details.
type Trace = (&'static str, String);

struct Database(Connection);

impl Database {
    fn new(seeds: &[SeedPost]) -> Result<Database> {
        let database = Database(Connection::open_in_memory()?);
        database.0.execute_batch(TABLES)?;
        for user in 0..AGENTS {
            database.insert(
                "INSERT INTO user (user_id, agent_id, name, bio, created_at) VALUES (?, ?, ?, ?, 0)",
                params![user, user, format!("Resident {user}"), "Lives by the harbour."],
            )?;
        }
        for seed in seeds {
            database.create_post(0, seed.agent, &seed.content)?;
        }
        Ok(database)
    }

    /// Does one action with OASIS's checks before it and its trace after it.
    fn act(&self, tick: u32, action: &Action) -> Result<()> {
        let user = action.agent;
        let trace = match (&action.act, &action.outcome) {
            (Act::CreatePost { content }, _) => Some(self.create_post(tick, user, content)?),
            (Act::CreateComment { post, content, .. }, _) => {
                Some(self.create_comment(tick, user, *post, content)?)
            }
            (Act::LikePost { post }, _) => self.like(tick, user, *post)?,
            (Act::Follow { user: followee }, _) => self.follow(tick, user, *followee)?,
            (Act::Refresh, Ok(Effect::Posts(posts))) => Some(self.refresh(posts)?),
            _ => Some(("do_nothing", "{}".to_owned())),
        };
        if let Some((verb, info)) = trace {
            let trace = "INSERT OR IGNORE INTO trace (user_id, created_at, action, info) \
                         VALUES (?, ?, ?, ?)";
            self.insert(trace, params![user, tick, verb, info])?;
        }
        Ok(())
    }

    fn create_post(&self, tick: u32, user: u32, content: &str) -> Result<Trace> {
        let post = self.insert(
            "INSERT INTO post (user_id, created_at, content) VALUES (?, ?, ?)",
            params![user, tick, content],
        )?;
        Ok(("create_post", format!(r#"{{"content": {content:?}, "post_id": {post}}}"#)))
    }

    fn create_comment(&self, tick: u32, user: u32, post: u32, content: &str) -> Result<Trace> {
        let comment = self.insert(
            "INSERT INTO comment (user_id, created_at, post_id, content) VALUES (?, ?, ?, ?)",
            params![user, tick, self.root(post)?, content],
        )?;
        Ok(("create_comment", format!(r#"{{"content": {content:?}, "comment_id": {comment}}}"#)))
    }

    fn like(&self, tick: u32, user: u32, post: u32) -> Result<Option<Trace>> {
        let post = self.root(post)?;
        let known = "SELECT 1 FROM \"like\" WHERE post_id = ? AND user_id = ?";
        if self.0.prepare_cached(known)?.exists([post, user])? {
            return Ok(None);
        }
        self.update("UPDATE post SET num_likes = num_likes + 1 WHERE post_id = ?", post)?;
        let like = self.insert(
            "INSERT INTO \"like\" (user_id, created_at, post_id) VALUES (?, ?, ?)",
            params![user, tick, post],
        )?;
        Ok(Some(("like_post", format!(r#"{{"post_id": {post}, "like_id": {like}}}"#))))
    }

    fn follow(&self, tick: u32, user: u32, followee: u32) -> Result<Option<Trace>> {
        let known = "SELECT 1 FROM follow WHERE follower_id = ? AND followee_id = ?";
        if self.0.prepare_cached(known)?.exists([user, followee])? {
            return Ok(None);
        }
        self.update("UPDATE user SET num_followings = num_followings + 1 WHERE user_id = ?", user)?;
        self.update(
            "UPDATE user SET num_followers = num_followers + 1 WHERE user_id = ?",
            followee,
        )?;
        let follow = self.insert(
            "INSERT INTO follow (follower_id, created_at, followee_id) VALUES (?, ?, ?)",
            params![user, tick, followee],
        )?;
        Ok(Some(("follow", format!(r#"{{"follow_id": {follow}}}"#))))
    }

    /// Reads posts and all comments on them.
    fn refresh(&self, posts: &[u32]) -> Result<Trace> {
        let mut read = self.0.prepare_cached(
            "SELECT user_id, content, num_likes, num_dislikes, num_shares FROM post \
             WHERE post_id = ?",
        )?;
        let mut comments = self.0.prepare_cached(
            "SELECT comment_id, user_id, content, num_likes, num_dislikes FROM comment \
             WHERE post_id = ?",
        )?;
        let mut info = String::from("{\"posts\": [");
        let row = |row: &rusqlite::Row<'_>| {
            let number = |place| row.get::<_, i64>(place);
            Ok(format!(
                r#"{{"user_id": {}, "content": {:?}, "numbers": [{}, {}, {}]}}, "#,
                number(0)?,
                row.get_ref(1)?.as_str()?,
                number(2)?,
                number(3)?,
                number(4)?
            ))
        };
        for post in posts {
            info.push_str(&read.query_row([post], row)?);
            let mut rows = comments.query([post])?;
            while let Some(row) = rows.next()? {
                let (comment, user) = (row.get::<_, i64>(0)?, row.get::<_, i64>(1)?);
                let content = row.get_ref(2)?.as_str()?;
                let (likes, dislikes) = (row.get::<_, i64>(3)?, row.get::<_, i64>(4)?);
                // Writing to a string cannot fail.
                let _ = write!(
                    info,
                    r#"{{"comment_id": {comment}, "user_id": {user}, "content": {content:?}, "numbers": [{likes}, {dislikes}]}}, "#
                );
            }
        }
        info.push_str("]}");
        Ok(("refresh", info))
    }

    fn insert(&self, statement: &str, values: impl rusqlite::Params) -> Result<i64> {
        self.0.prepare_cached(statement)?.execute(values)?;
        Ok(self.0.last_insert_rowid())
    }

    fn update(&self, statement: &str, id: u32) -> Result<()> {
        self.0.prepare_cached(statement)?.execute([id]).map(drop)
    }

    /// The original that a post is or shares.
    fn root(&self, post: u32) -> Result<u32> {
        let mut ask =
            self.0.prepare_cached("SELECT original_post_id FROM post WHERE post_id = ?")?;
        Ok(ask.query_row([post], |row| row.get::<_, Option<u32>>(0))?.unwrap_or(post))
    }
}
