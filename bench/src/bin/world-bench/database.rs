//! The baseline: the same actions as rows in an in-memory SQLite, as OASIS writes them.
//!
//! OASIS's table shapes, its checks and its way to write: no index but the primary keys, one
//! statement after another, each a transaction of its own, and a trace row for each action. Its
//! recommendation, feeds and queues are left out, so this is kinder than the original.

use std::time::Instant;

use rusqlite::{Connection, Result, params};
use world::{Act, Action, Platform};

use crate::measure::count;
use crate::report::{Figure, Print};
use crate::town;

const AGENTS: u32 = 300;
const ROUNDS: u32 = 12;

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

/// Plays a small town and writes what happened once more, row by row.
pub(crate) fn baseline(print: Print) -> Result<()> {
    for (platform, name) in [(Platform::Twitter, "twitter"), (Platform::Reddit, "reddit")] {
        let mut world = town::world(platform, AGENTS);
        let start = Instant::now();
        let rounds: Vec<Vec<Action>> =
            (0..=ROUNDS).map(|_| town::step(&mut world).actions).collect();
        let decided = start.elapsed().as_secs_f64();
        let actions: usize = rounds.iter().map(Vec::len).sum();

        let database = Database::new()?;
        let start = Instant::now();
        for (actions, tick) in rounds.iter().zip(0..) {
            for action in actions {
                database.write(tick, action)?;
            }
        }
        let written = start.elapsed().as_secs_f64();
        let case = format!("{name}, {AGENTS} agents, {actions} actions");
        let figure = |name, value, unit| print(&Figure { name, case: case.clone(), value, unit });
        figure("baseline: rows in SQLite, no decisions", count(actions) / written, "actions/s");
        figure("the world, decisions and feeds included", count(actions) / decided, "actions/s");
        figure("the world against the baseline", written / decided, "times");
    }
    Ok(())
}

struct Database(Connection);

impl Database {
    fn new() -> Result<Database> {
        let database = Connection::open_in_memory()?;
        database.execute_batch(TABLES)?;
        for user in 0..AGENTS {
            database.execute(
                "INSERT INTO user (user_id, agent_id, name, bio, created_at) VALUES (?, ?, ?, ?, 0)",
                params![user, user, format!("Resident {user}"), "Lives by the harbour."],
            )?;
        }
        Ok(Database(database))
    }

    /// Writes one action with OASIS's checks before it and its trace after it.
    fn write(&self, tick: u32, action: &Action) -> Result<()> {
        let user = action.agent;
        let (verb, info) = match &action.act {
            Act::CreatePost { content } => {
                let post = self.insert(
                    "INSERT INTO post (user_id, created_at, content) VALUES (?, ?, ?)",
                    params![user, tick, content],
                )?;
                ("create_post", format!(r#"{{"content": {content:?}, "post_id": {post}}}"#))
            }
            Act::CreateComment { post, content } => {
                let comment = self.insert(
                    "INSERT INTO comment (user_id, created_at, post_id, content) VALUES (?, ?, ?, ?)",
                    params![user, tick, self.root(*post)?, content],
                )?;
                let info = format!(r#"{{"content": {content:?}, "comment_id": {comment}}}"#);
                ("create_comment", info)
            }
            Act::LikePost { post } => self.like(tick, user, *post)?,
            Act::Repost { post } => self.repost(tick, user, *post)?,
            Act::Follow { user: followee } => self.follow(tick, user, *followee)?,
            Act::DoNothing => ("do_nothing", "{}".to_owned()),
        };
        let trace =
            "INSERT OR IGNORE INTO trace (user_id, created_at, action, info) VALUES (?, ?, ?, ?)";
        self.insert(trace, params![user, tick, verb, info])?;
        Ok(())
    }

    fn like(&self, tick: u32, user: u32, post: u32) -> Result<(&'static str, String)> {
        let post = self.root(post)?;
        let known = "SELECT 1 FROM \"like\" WHERE post_id = ? AND user_id = ?";
        if !self.0.prepare_cached(known)?.exists([post, user])? {
            self.update("UPDATE post SET num_likes = num_likes + 1 WHERE post_id = ?", post)?;
        }
        let like = self.insert(
            "INSERT INTO \"like\" (user_id, created_at, post_id) VALUES (?, ?, ?)",
            params![user, tick, post],
        )?;
        Ok(("like_post", format!(r#"{{"post_id": {post}, "like_id": {like}}}"#)))
    }

    fn repost(&self, tick: u32, user: u32, post: u32) -> Result<(&'static str, String)> {
        let original = self.root(post)?;
        let known = "SELECT 1 FROM post WHERE original_post_id = ? AND user_id = ?";
        if !self.0.prepare_cached(known)?.exists([original, user])? {
            self.update("UPDATE post SET num_shares = num_shares + 1 WHERE post_id = ?", original)?;
        }
        let new = self.insert(
            "INSERT INTO post (user_id, created_at, original_post_id) VALUES (?, ?, ?)",
            params![user, tick, original],
        )?;
        Ok(("repost", format!(r#"{{"reposted_id": {post}, "new_post_id": {new}}}"#)))
    }

    fn follow(&self, tick: u32, user: u32, followee: u32) -> Result<(&'static str, String)> {
        let known = "SELECT 1 FROM follow WHERE follower_id = ? AND followee_id = ?";
        if !self.0.prepare_cached(known)?.exists([user, followee])? {
            self.update(
                "UPDATE user SET num_followings = num_followings + 1 WHERE user_id = ?",
                user,
            )?;
            self.update(
                "UPDATE user SET num_followers = num_followers + 1 WHERE user_id = ?",
                followee,
            )?;
        }
        let follow = self.insert(
            "INSERT INTO follow (follower_id, created_at, followee_id) VALUES (?, ?, ?)",
            params![user, tick, followee],
        )?;
        Ok(("follow", format!(r#"{{"follow_id": {follow}}}"#)))
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
