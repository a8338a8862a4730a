//! Questions to the tables: pages of posts, comments and agents.

use rusqlite::{Row, params};
use serde::Serialize;

use super::Tables;
use crate::error::ExportError;
use crate::time::CreatedAt;

/// Which part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// At most so many.
    pub limit: u32,
    /// After leaving out so many.
    pub offset: u64,
}

/// How posts are ordered. Where two are equal, the lower id comes first, but of two that are
/// equally new the higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostOrder {
    /// By id.
    Oldest,
    /// By id, backwards.
    Newest,
    /// By likes.
    MostLiked,
    /// By dislikes.
    MostDisliked,
    /// By reposts and quotes.
    MostShared,
    /// By comments.
    MostCommented,
}

/// How agents are ordered. Where two are equal, the lower id comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentOrder {
    /// By id.
    Id,
    /// By successful actions, REFRESH left out.
    MostActive,
    /// By followers.
    MostFollowed,
    /// By posts and quotes.
    MostPosts,
    /// By comments.
    MostComments,
}

/// A row of `post`, in the order of its columns, and how often it was commented on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Post {
    /// Its number, from 1.
    pub post_id: u64,
    /// Its author.
    pub user_id: u32,
    /// Of a repost and a quote: what it shares.
    pub original_post_id: Option<u64>,
    /// Its text; of a quote the text of the original, of a repost nothing.
    pub content: String,
    /// Of a quote: its own words.
    pub quote_content: Option<String>,
    /// When.
    pub created_at: CreatedAt,
    /// Likes that stand.
    pub num_likes: u64,
    /// Dislikes that stand.
    pub num_dislikes: u64,
    /// Reposts and quotes.
    pub num_shares: u64,
    /// Reports.
    pub num_reports: u64,
    /// The author's name; not a column of OASIS.
    #[serde(skip)]
    pub author_name: String,
    /// Comments under it; not a column of OASIS.
    #[serde(skip)]
    pub num_comments: u64,
}

/// A row of `comment`, in the order of its columns, and what it answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comment {
    /// Its number, from 1.
    pub comment_id: u64,
    /// The post under which it stands.
    pub post_id: u64,
    /// Its author.
    pub user_id: u32,
    /// Its text.
    pub content: String,
    /// When.
    pub created_at: CreatedAt,
    /// Likes that stand.
    pub num_likes: u64,
    /// Dislikes that stand.
    pub num_dislikes: u64,
    /// The author's name; not a column of OASIS.
    #[serde(skip)]
    pub author_name: String,
    /// The comment that it answers; not a column of OASIS.
    #[serde(skip)]
    pub parent_comment_id: Option<u64>,
}

/// An agent and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Agent {
    /// Its number, from 0.
    pub agent_id: u32,
    /// Its name in actions.
    pub agent_name: String,
    /// Its handle.
    pub user_name: String,
    /// The name on its profile.
    pub name: String,
    /// What its profile says of it.
    pub bio: String,
    /// Users that it follows.
    pub num_followings: u64,
    /// Users that follow it.
    pub num_followers: u64,
    /// Posts and quotes that it wrote, before tick 0 too.
    pub posts: u64,
    /// Comments that it wrote.
    pub comments: u64,
    /// What it did with success, REFRESH left out.
    pub actions: u64,
    /// What it tried in vain.
    pub failed: u64,
}

const POSTS: &str = "SELECT p.post_id, p.user_id, p.original_post_id, p.content, p.quote_content, \
    p.created_at, p.num_likes, p.num_dislikes, p.num_shares, p.num_reports, a.agent_name, \
    coalesce(t.comments, 0) AS comments FROM post p \
    JOIN activity a ON a.agent_id = p.user_id LEFT JOIN thread t ON t.post_id = p.post_id";

const COMMENTS: &str = "SELECT c.comment_id, c.post_id, c.user_id, c.content, c.created_at, \
    c.num_likes, c.num_dislikes, a.agent_name, r.parent_comment_id FROM comment c \
    JOIN activity a ON a.agent_id = c.user_id LEFT JOIN answer r ON r.comment_id = c.comment_id";

const AGENTS: &str = "SELECT u.user_id, a.agent_name, u.user_name, u.name, u.bio, \
    u.num_followings, u.num_followers, a.posts, a.comments, a.actions, a.failed FROM user u \
    JOIN activity a ON a.agent_id = u.user_id";

impl Tables {
    /// Posts of all kinds.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn posts(&self, order: PostOrder, page: Page) -> Result<Vec<Post>, ExportError> {
        let order = match order {
            PostOrder::Oldest => "p.post_id",
            PostOrder::Newest => "p.post_id DESC",
            PostOrder::MostLiked => "p.num_likes DESC, p.post_id",
            PostOrder::MostDisliked => "p.num_dislikes DESC, p.post_id",
            PostOrder::MostShared => "p.num_shares DESC, p.post_id",
            PostOrder::MostCommented => "comments DESC, p.post_id",
        };
        self.list(&format!("{POSTS} ORDER BY {order} LIMIT ?1 OFFSET ?2"), page, Post::read)
    }

    /// One post.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn post(&self, post_id: u64) -> Result<Option<Post>, ExportError> {
        let mut query = self.connection.prepare_cached(&format!("{POSTS} WHERE p.post_id = ?1"))?;
        let mut rows = query.query_map([i64::try_from(post_id).unwrap_or(i64::MAX)], Post::read)?;
        Ok(rows.next().transpose()?)
    }

    /// Comments, newest first: those under one post, or all.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn comments(&self, post_id: Option<u64>, page: Page) -> Result<Vec<Comment>, ExportError> {
        let only = post_id.map_or(String::new(), |post_id| format!("WHERE c.post_id = {post_id}"));
        let query = format!("{COMMENTS} {only} ORDER BY c.comment_id DESC LIMIT ?1 OFFSET ?2");
        self.list(&query, page, Comment::read)
    }

    /// Agents.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn agents(&self, order: AgentOrder, page: Page) -> Result<Vec<Agent>, ExportError> {
        let order = match order {
            AgentOrder::Id => "u.user_id",
            AgentOrder::MostActive => "a.actions DESC, u.user_id",
            AgentOrder::MostFollowed => "u.num_followers DESC, u.user_id",
            AgentOrder::MostPosts => "a.posts DESC, u.user_id",
            AgentOrder::MostComments => "a.comments DESC, u.user_id",
        };
        self.list(&format!("{AGENTS} ORDER BY {order} LIMIT ?1 OFFSET ?2"), page, agent)
    }

    /// All posts, by id, one after the other.
    pub(crate) fn each_post(
        &self,
        take: impl FnMut(Post) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        self.each(&format!("{POSTS} ORDER BY p.post_id"), Post::read, take)
    }

    /// All comments, by id, one after the other.
    pub(crate) fn each_comment(
        &self,
        take: impl FnMut(Comment) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        self.each(&format!("{COMMENTS} ORDER BY c.comment_id"), Comment::read, take)
    }

    /// All agents, by id, one after the other.
    pub(crate) fn each_agent(
        &self,
        take: impl FnMut(Agent) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        self.each(&format!("{AGENTS} ORDER BY u.user_id"), agent, take)
    }

    fn list<T>(
        &self,
        query: &str,
        page: Page,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, ExportError> {
        let mut query = self.connection.prepare_cached(query)?;
        let offset = i64::try_from(page.offset).unwrap_or(i64::MAX);
        let rows = query.query_map(params![page.limit, offset], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn each<T>(
        &self,
        query: &str,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
        mut take: impl FnMut(T) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        let mut query = self.connection.prepare(query)?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            take(read(row)?)?;
        }
        Ok(())
    }
}

impl Post {
    /// Reads a row of the columns of `post`, its author's name and its number of comments.
    ///
    /// # Errors
    /// If the row is not made so.
    pub fn read(row: &Row<'_>) -> rusqlite::Result<Post> {
        Ok(Post {
            post_id: count(row, 0)?,
            user_id: row.get(1)?,
            original_post_id: row.get::<_, Option<i64>>(2)?.and_then(|id| u64::try_from(id).ok()),
            content: row.get(3)?,
            quote_content: row.get(4)?,
            created_at: created_at(row, 5)?,
            num_likes: count(row, 6)?,
            num_dislikes: count(row, 7)?,
            num_shares: count(row, 8)?,
            num_reports: count(row, 9)?,
            author_name: row.get(10)?,
            num_comments: count(row, 11)?,
        })
    }
}

impl Comment {
    /// Reads a row of the columns of `comment`, its author's name and the comment that it answers.
    ///
    /// # Errors
    /// If the row is not made so.
    pub fn read(row: &Row<'_>) -> rusqlite::Result<Comment> {
        Ok(Comment {
            comment_id: count(row, 0)?,
            post_id: count(row, 1)?,
            user_id: row.get(2)?,
            content: row.get(3)?,
            created_at: created_at(row, 4)?,
            num_likes: count(row, 5)?,
            num_dislikes: count(row, 6)?,
            author_name: row.get(7)?,
            parent_comment_id: row.get::<_, Option<i64>>(8)?.and_then(|id| u64::try_from(id).ok()),
        })
    }
}

fn agent(row: &Row<'_>) -> rusqlite::Result<Agent> {
    Ok(Agent {
        agent_id: row.get(0)?,
        agent_name: row.get(1)?,
        user_name: row.get(2)?,
        name: row.get(3)?,
        bio: row.get(4)?,
        num_followings: count(row, 5)?,
        num_followers: count(row, 6)?,
        posts: count(row, 7)?,
        comments: count(row, 8)?,
        actions: count(row, 9)?,
        failed: count(row, 10)?,
    })
}

/// Counters and ids are never below 0.
fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

fn created_at(row: &Row<'_>, column: usize) -> rusqlite::Result<CreatedAt> {
    match row.get_ref(column)? {
        rusqlite::types::ValueRef::Integer(tick) => {
            Ok(CreatedAt::Tick(u32::try_from(tick).unwrap_or(u32::MAX)))
        }
        _ => row.get(column).map(CreatedAt::Time),
    }
}
