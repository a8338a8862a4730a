//! What each action changes in the tables.

use contract::action::{Action, ActionBody};
use rusqlite::types::Value;
use rusqlite::{Params, params};

use super::change::{Change, Counter, NewComment, NewPost, Rating, changes};
use super::{Tables, info};
use crate::error::ExportError;

/// Why an action cannot be applied: in words if it speaks of what is not there.
enum Trouble {
    Dangling(String),
    Tables(rusqlite::Error),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Trouble {
        Trouble::Tables(error)
    }
}

impl Tables {
    pub(super) fn apply(&mut self, action: &Action, created_at: &Value) -> Result<(), ExportError> {
        let (listed, failed) = match (action.success(), action.body.is_listed()) {
            (true, listed) => (listed, false),
            (false, _) => (false, true),
        };
        let count = "UPDATE activity SET actions = actions + ?1, failed = failed + ?2 \
                     WHERE agent_id = ?3";
        let counted = self.one(count, params![listed, failed, action.agent_id], "no such agent");
        counted.map_err(|trouble| self.tell(action, trouble))?;
        if failed {
            return Ok(());
        }
        let agent = action.agent_id;
        let changed = self.change(agent, &action.body, created_at);
        changed.map_err(|trouble| self.tell(action, trouble))?;
        let name = action.body.type_name().to_ascii_lowercase();
        self.trace(agent, created_at, &name, &info::info(&action.body).to_string())
    }

    fn change(&self, agent: u32, body: &ActionBody, at: &Value) -> Result<(), Trouble> {
        let changes = changes(body).map_err(Trouble::Dangling)?;
        changes.into_iter().try_for_each(|change| self.make(agent, change, at))
    }

    fn make(&self, agent: u32, change: Change<'_>, at: &Value) -> Result<(), Trouble> {
        match change {
            Change::Post(post) => self.insert_post(agent, post, at),
            Change::Comment(comment) => self.comment(agent, comment, at),
            Change::CountPost { post_id, counter, by } => self.add_to_post(counter, by, post_id),
            Change::CountComment { comment_id, counter, by } => {
                self.add_to_comment(counter, by, comment_id)
            }
            Change::Rate { rating, id, target } => {
                self.link(rating_table(rating), number(id), agent, target, at)
            }
            Change::Unrate { rating, id } => self.unlink(rating_table(rating), id),
            Change::Report { id, post_id, reason } => {
                let report = "INSERT INTO report(report_id, user_id, post_id, report_reason, \
                              created_at) VALUES (?1, ?2, ?3, ?4, ?5)";
                let values = params![number(id), agent, number(post_id), reason, at];
                self.one(report, values, "is there already")
            }
            Change::Follow { id, followee } => self.follow(number(id), agent, followee, at),
            Change::Unfollow { id, followee } => {
                self.unlink("follow", id)?;
                self.add_to_followers(-1, agent, followee)
            }
            Change::Mute { id, mutee } => {
                let mute = "INSERT INTO mute(mute_id, muter_id, mutee_id, created_at) \
                            VALUES (?1, ?2, ?3, ?4)";
                self.one(mute, params![number(id), agent, mutee, at], "is there already")
            }
            Change::Unmute { id } => self.unlink("mute", id),
        }
    }

    /// A follow that a profile brings.
    pub(super) fn add_follow(
        &self,
        follow_id: u64,
        follower: u32,
        followee: u32,
        at: &Value,
    ) -> Result<(), ExportError> {
        let done = self.follow(number(follow_id), follower, followee, at);
        done.map_err(|trouble| self.tell_past("follows", follow_id, trouble))
    }

    /// A post that a profile brings.
    pub(super) fn add_post(
        &self,
        author: u32,
        post: NewPost<'_>,
        at: &Value,
    ) -> Result<(), ExportError> {
        let done = self.insert_post(author, post, at);
        done.map_err(|trouble| self.tell_past("past_posts", post.post_id, trouble))
    }

    fn insert_post(&self, author: u32, it: NewPost<'_>, at: &Value) -> Result<(), Trouble> {
        let post = "INSERT INTO post(post_id, user_id, original_post_id, content, quote_content, \
                    created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let original = it.original.map(number);
        let values = params![number(it.post_id), author, original, it.content, it.quote, at];
        self.one(post, values, "is there already")?;
        let count = "UPDATE activity SET posts = posts + ?1 WHERE agent_id = ?2";
        self.one(count, params![!it.is_repost(), author], "no such agent")
    }

    fn comment(&self, agent: u32, it: NewComment<'_>, at: &Value) -> Result<(), Trouble> {
        let comment_id = number(it.comment_id);
        let comment = "INSERT INTO comment(comment_id, post_id, user_id, content, created_at) \
                       SELECT ?1, post_id, ?3, ?4, ?5 FROM post WHERE post_id = ?2";
        let values = params![comment_id, number(it.post_id), agent, it.content, at];
        self.one(comment, values, &format!("names post {}, which is not there", it.post_id))?;
        if let Some(parent) = it.parent {
            let answer = "INSERT INTO answer VALUES (?1, ?2)";
            self.one(answer, params![comment_id, number(parent)], "is there already")?;
        }
        let thread = "INSERT INTO thread VALUES (?1, 1) \
                      ON CONFLICT (post_id) DO UPDATE SET comments = comments + 1";
        self.one(thread, params![number(it.post_id)], "is not counted")?;
        let count = "UPDATE activity SET comments = comments + 1 WHERE agent_id = ?1";
        self.one(count, params![agent], "no such agent")
    }

    fn follow(&self, id: i64, agent: u32, followee: u32, at: &Value) -> Result<(), Trouble> {
        let follow = "INSERT INTO follow(follow_id, follower_id, followee_id, created_at) \
                      VALUES (?1, ?2, ?3, ?4)";
        self.one(follow, params![id, agent, followee, at], "is there already")?;
        self.add_to_followers(1, agent, followee)
    }

    /// A like or dislike of a post or comment.
    fn link(
        &self,
        table: &str,
        id: i64,
        agent: u32,
        target: u64,
        at: &Value,
    ) -> Result<(), Trouble> {
        let target_column = if table.starts_with("comment") { "comment_id" } else { "post_id" };
        let row = format!(
            "INSERT INTO \"{table}\"({table}_id, user_id, {target_column}, created_at) \
             VALUES (?1, ?2, ?3, ?4)"
        );
        self.one(&row, params![id, agent, number(target), at], "is there already")
    }

    /// What is undone is gone, as in OASIS; its id is not used again.
    fn unlink(&self, table: &str, link_id: u64) -> Result<(), Trouble> {
        let row = format!("DELETE FROM \"{table}\" WHERE {table}_id = ?1");
        let problem = format!("undoes {table} {link_id}, which is not there");
        self.one(&row, params![number(link_id)], &problem)
    }

    fn add_to_post(&self, counter: Counter, change: i64, post: u64) -> Result<(), Trouble> {
        let counter = counter.column();
        let update = format!("UPDATE post SET {counter} = {counter} + ?1 WHERE post_id = ?2");
        let problem = format!("names post {post}, which is not there");
        self.one(&update, params![change, number(post)], &problem)
    }

    fn add_to_comment(&self, counter: Counter, change: i64, comment: u64) -> Result<(), Trouble> {
        let counter = counter.column();
        let update = format!("UPDATE comment SET {counter} = {counter} + ?1 WHERE comment_id = ?2");
        let problem = format!("names comment {comment}, which is not there");
        self.one(&update, params![change, number(comment)], &problem)
    }

    fn add_to_followers(&self, change: i64, agent: u32, followee: u32) -> Result<(), Trouble> {
        for (counter, user) in [("num_followings", agent), ("num_followers", followee)] {
            let update = format!("UPDATE user SET {counter} = {counter} + ?1 WHERE user_id = ?2");
            let problem = format!("names user {user}, who is not there");
            self.one(&update, params![change, user], &problem)?;
        }
        Ok(())
    }

    /// Changes exactly one row, or says what is wrong.
    fn one(&self, sql: &str, values: impl Params, problem: &str) -> Result<(), Trouble> {
        match self.connection.prepare_cached(sql)?.execute(values) {
            Ok(1) => Ok(()),
            Ok(_) => Err(Trouble::Dangling(problem.to_owned())),
            Err(error) if error.sqlite_error_code().is_some_and(is_constraint) => {
                Err(Trouble::Dangling(problem.to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn tell(&self, action: &Action, trouble: Trouble) -> ExportError {
        let Action { seq, body, .. } = action;
        match trouble {
            Trouble::Tables(error) => error.into(),
            Trouble::Dangling(problem) => {
                let (platform, action_type) = (self.platform, body.type_name());
                ExportError::Dangling { platform, seq: *seq, action_type, problem }
            }
        }
    }

    fn tell_past(&self, field: &'static str, number: u64, trouble: Trouble) -> ExportError {
        match trouble {
            Trouble::Tables(error) => error.into(),
            Trouble::Dangling(problem) => {
                let problem = format!("number {number} of all profiles: {problem}");
                ExportError::Dangling {
                    platform: self.platform,
                    seq: 0,
                    action_type: field,
                    problem,
                }
            }
        }
    }
}

fn is_constraint(code: rusqlite::ErrorCode) -> bool {
    code == rusqlite::ErrorCode::ConstraintViolation
}

/// Its column of ids is named after it.
fn rating_table(rating: Rating) -> &'static str {
    match rating {
        Rating::Like => "like",
        Rating::Dislike => "dislike",
        Rating::CommentLike => "comment_like",
        Rating::CommentDislike => "comment_dislike",
    }
}

/// Ids count rows, so they end long before SQLite's integers do.
fn number(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}
