//! What each action changes in the tables.

use contract::action::{Action, ActionBody, CreateComment, QuotePost};
use rusqlite::types::Value;
use rusqlite::{Params, params};

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
        match body {
            ActionBody::CreatePost(it) => {
                self.insert_post(id(it.post_id)?, agent, None, &it.content, None, at)
            }
            ActionBody::Repost(it) => {
                let of = it.reposted_id;
                self.insert_post(id(it.new_post_id)?, agent, Some(of), "", None, at)?;
                self.add_to_post("num_shares", 1, of)
            }
            ActionBody::QuotePost(it) => self.quote(agent, it, at),
            ActionBody::LikePost(it) => {
                self.link("like", id(it.like_id)?, agent, it.post_id, at)?;
                self.add_to_post("num_likes", 1, it.post_id)
            }
            ActionBody::UnlikePost(it) => {
                self.unlink("like", it.like_id)?;
                self.add_to_post("num_likes", -1, it.post_id)
            }
            ActionBody::DislikePost(it) => {
                self.link("dislike", id(it.dislike_id)?, agent, it.post_id, at)?;
                self.add_to_post("num_dislikes", 1, it.post_id)
            }
            ActionBody::UndoDislikePost(it) => {
                self.unlink("dislike", it.dislike_id)?;
                self.add_to_post("num_dislikes", -1, it.post_id)
            }
            ActionBody::ReportPost(it) => {
                let report = "INSERT INTO report(report_id, user_id, post_id, report_reason, \
                              created_at) VALUES (?1, ?2, ?3, ?4, ?5)";
                let values =
                    params![id(it.report_id)?, agent, number(it.post_id), it.report_reason, at];
                self.one(report, values, "is there already")?;
                self.add_to_post("num_reports", 1, it.post_id)
            }
            ActionBody::CreateComment(it) => self.comment(agent, it, at),
            ActionBody::LikeComment(it) => {
                self.link("comment_like", id(it.comment_like_id)?, agent, it.comment_id, at)?;
                self.add_to_comment("num_likes", 1, it.comment_id)
            }
            ActionBody::UnlikeComment(it) => {
                self.unlink("comment_like", it.comment_like_id)?;
                self.add_to_comment("num_likes", -1, it.comment_id)
            }
            ActionBody::DislikeComment(it) => {
                self.link("comment_dislike", id(it.comment_dislike_id)?, agent, it.comment_id, at)?;
                self.add_to_comment("num_dislikes", 1, it.comment_id)
            }
            ActionBody::UndoDislikeComment(it) => {
                self.unlink("comment_dislike", it.comment_dislike_id)?;
                self.add_to_comment("num_dislikes", -1, it.comment_id)
            }
            ActionBody::Follow(it) => self.follow(id(it.follow_id)?, agent, it.followee_id, at),
            ActionBody::Unfollow(it) => {
                self.unlink("follow", it.follow_id)?;
                self.add_to_followers(-1, agent, it.followee_id)
            }
            ActionBody::Mute(it) => {
                let mute = "INSERT INTO mute(mute_id, muter_id, mutee_id, created_at) \
                            VALUES (?1, ?2, ?3, ?4)";
                self.one(mute, params![id(it.mute_id)?, agent, it.mutee_id, at], "is there already")
            }
            ActionBody::Unmute(it) => self.unlink("mute", it.mute_id),
            ActionBody::SearchPosts(_)
            | ActionBody::SearchUser(_)
            | ActionBody::Trend(_)
            | ActionBody::Refresh(_)
            | ActionBody::DoNothing(_) => Ok(()),
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
        post_id: u64,
        author: u32,
        content: &str,
        at: &Value,
    ) -> Result<(), ExportError> {
        let done = self.insert_post(number(post_id), author, None, content, None, at);
        done.map_err(|trouble| self.tell_past("past_posts", post_id, trouble))
    }

    fn insert_post(
        &self,
        post_id: i64,
        author: u32,
        original: Option<u64>,
        content: &str,
        quote: Option<&str>,
        at: &Value,
    ) -> Result<(), Trouble> {
        let post = "INSERT INTO post(post_id, user_id, original_post_id, content, quote_content, \
                    created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let values = params![post_id, author, original.map(number), content, quote, at];
        self.one(post, values, "is there already")?;
        let is_repost = original.is_some() && quote.is_none();
        let count = "UPDATE activity SET posts = posts + ?1 WHERE agent_id = ?2";
        self.one(count, params![!is_repost, author], "no such agent")
    }

    /// OASIS keeps a copy of the original's text beside the words of the quote.
    fn quote(&self, agent: u32, it: &QuotePost, at: &Value) -> Result<(), Trouble> {
        let original = it.original_content.as_deref().unwrap_or_default();
        let (post_id, quoted, words) = (id(it.new_post_id)?, it.quoted_id, &it.quote_content);
        self.insert_post(post_id, agent, Some(quoted), original, Some(words), at)?;
        self.add_to_post("num_shares", 1, quoted)
    }

    fn comment(&self, agent: u32, it: &CreateComment, at: &Value) -> Result<(), Trouble> {
        let comment_id = id(it.comment_id)?;
        let comment = "INSERT INTO comment(comment_id, post_id, user_id, content, created_at) \
                       SELECT ?1, post_id, ?3, ?4, ?5 FROM post WHERE post_id = ?2";
        let values = params![comment_id, number(it.post_id), agent, it.content, at];
        self.one(comment, values, &format!("names post {}, which is not there", it.post_id))?;
        if let Some(parent) = it.parent_comment_id {
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
    fn unlink(&self, table: &str, link_id: Option<u64>) -> Result<(), Trouble> {
        let link_id = id(link_id)?;
        let row = format!("DELETE FROM \"{table}\" WHERE {table}_id = ?1");
        let problem = format!("undoes {table} {link_id}, which is not there");
        self.one(&row, params![link_id], &problem)
    }

    fn add_to_post(&self, counter: &str, change: i64, post: u64) -> Result<(), Trouble> {
        let update = format!("UPDATE post SET {counter} = {counter} + ?1 WHERE post_id = ?2");
        let problem = format!("names post {post}, which is not there");
        self.one(&update, params![change, number(post)], &problem)
    }

    fn add_to_comment(&self, counter: &str, change: i64, comment: u64) -> Result<(), Trouble> {
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

/// The id of what a successful action made or ended.
fn id(id: Option<u64>) -> Result<i64, Trouble> {
    let problem = || Trouble::Dangling("succeeded, but names no id of what it made".to_owned());
    id.map(number).ok_or_else(problem)
}

/// Ids count rows, so they end long before SQLite's integers do.
fn number(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}
