//! What can be asked of a world. Questions take `&World` and change nothing.

mod agent;

use alloc::vec::Vec;
use core::cmp::Reverse;

pub use agent::{Deed, Done, InterviewContext, Memory, Observation, SeenPost};

use crate::setup::Agent;
use crate::tables::{Kind, row};
use crate::world::World;

/// A post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostView<'world> {
    /// Its id, from 1.
    pub id: u32,
    /// Who wrote or shared it.
    pub author: u32,
    /// The author's name.
    pub author_name: &'world str,
    /// Its own words; empty for a repost.
    pub content: &'world str,
    /// What a repost shares: an original or a quote.
    pub reposts: Option<u32>,
    /// What a quote quotes: an original.
    pub quotes: Option<u32>,
    /// The tick in which it appeared.
    pub tick: u32,
    /// Likes; those of a repost go to its root, as do all other reactions.
    pub likes: u32,
    /// Dislikes.
    pub dislikes: u32,
    /// Reposts and quotes.
    pub shares: u32,
    /// Comments.
    pub comments: u32,
    /// Reports; from two on the post is shown with a warning.
    pub reports: u32,
}

/// A comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommentView<'world> {
    /// Its id, from 1.
    pub id: u32,
    /// The root that it is about.
    pub post: u32,
    /// The comment that it answers.
    pub parent: Option<u32>,
    /// Who wrote it.
    pub author: u32,
    /// The author's name.
    pub author_name: &'world str,
    /// Its text.
    pub content: &'world str,
    /// The tick in which it appeared.
    pub tick: u32,
    /// Likes.
    pub likes: u32,
    /// Dislikes.
    pub dislikes: u32,
}

/// A user: an agent and its place among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserView<'world> {
    /// Its id, the agent's.
    pub id: u32,
    /// Who it is.
    pub agent: &'world Agent,
    /// How many follow it.
    pub followers: u32,
    /// How many it follows.
    pub following: u32,
    /// Originals and quotes that it wrote.
    pub posts: u32,
    /// Comments that it wrote.
    pub comments: u32,
}

/// How many rows there are of everything, those that were taken back included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Posts, reposts and quotes included.
    pub posts: u32,
    /// Comments.
    pub comments: u32,
    /// Likes of posts.
    pub likes: u32,
    /// Dislikes of posts.
    pub dislikes: u32,
    /// Reports of posts.
    pub reports: u32,
    /// Likes of comments.
    pub comment_likes: u32,
    /// Dislikes of comments.
    pub comment_dislikes: u32,
    /// Follows.
    pub follows: u32,
    /// Mutes.
    pub mutes: u32,
}

/// How many of the newest comments a thread is chosen from, and how many are shown.
const THREAD_WINDOW: usize = 16;
const THREAD: usize = 3;

impl World {
    /// The post with this id.
    pub fn post(&self, id: u32) -> Option<PostView<'_>> {
        let (posts, row) = (&self.tables.posts, row(id)?);
        let post = posts.rows.get(row)?;
        let counters = &posts.counters[row];
        Some(PostView {
            id,
            author: post.author,
            author_name: self.name(post.author),
            content: posts.content.get(row),
            reposts: (post.kind == Kind::Repost).then_some(post.of),
            quotes: (post.kind == Kind::Quote).then_some(post.of),
            tick: post.tick,
            likes: counters.likes,
            dislikes: counters.dislikes,
            shares: counters.shares,
            comments: counters.comments,
            reports: counters.reports,
        })
    }

    /// The comment with this id.
    pub fn comment(&self, id: u32) -> Option<CommentView<'_>> {
        let (comments, row) = (&self.tables.comments, row(id)?);
        let comment = comments.rows.get(row)?;
        Some(CommentView {
            id,
            post: comment.post,
            parent: Some(comment.parent).filter(|&parent| parent != 0),
            author: comment.author,
            author_name: self.name(comment.author),
            content: comments.content.get(row),
            tick: comment.tick,
            likes: comments.counters[row].likes,
            dislikes: comments.counters[row].dislikes,
        })
    }

    /// The user with this id.
    pub fn user(&self, id: u32) -> Option<UserView<'_>> {
        let agent = self.setup.agents.get(id as usize)?;
        let user = &self.tables.users.rows[id as usize];
        let following = user.following.as_slice().len();
        Some(UserView {
            id,
            agent,
            followers: user.followers,
            following: u32::try_from(following).expect("no more than there are users"),
            posts: user.posts,
            comments: user.comments,
        })
    }

    /// How much there is of everything.
    pub fn counts(&self) -> Counts {
        let tables = &self.tables;
        Counts {
            posts: tables.posts.count(),
            comments: tables.comments.count(),
            likes: tables.likes.count(),
            dislikes: tables.dislikes.count(),
            reports: tables.reports.count(),
            comment_likes: tables.comment_likes.count(),
            comment_dislikes: tables.comment_dislikes.count(),
            follows: tables.follows.count(),
            mutes: tables.mutes.count(),
        }
    }

    /// The posts of the hour, best first: at most `most`, at most 100. Reads no history.
    pub fn top_posts(&self, most: u32) -> Vec<PostView<'_>> {
        self.ranking.top().iter().take(most as usize).filter_map(|&post| self.post(post)).collect()
    }

    /// Some comments under the root of `post`, as `reader` is shown them: the best of the newest,
    /// in the order of writing. Reads no more than 16 comments. A `reader` who is no agent mutes
    /// nobody.
    pub fn thread(&self, post: u32, reader: u32) -> Vec<CommentView<'_>> {
        let mut best: Vec<(Reverse<i64>, Reverse<u32>)> = self
            .newest_comments(post)
            .take(THREAD_WINDOW)
            .filter(|comment| !self.mutes(reader, comment.author))
            .map(|comment| {
                let score = i64::from(comment.likes) - i64::from(comment.dislikes);
                (Reverse(score), Reverse(comment.id))
            })
            .collect();
        best.sort();
        best.truncate(THREAD);
        best.sort_by_key(|&(_, Reverse(id))| id);
        best.into_iter().filter_map(|(_, Reverse(id))| self.comment(id)).collect()
    }

    /// The comments under the root of `post`, newest first.
    pub(crate) fn newest_comments(&self, post: u32) -> impl Iterator<Item = CommentView<'_>> {
        let root = self.tables.posts.root(post).and_then(row);
        let mut next = root.map_or(0, |root| self.tables.posts.counters[root].last_comment);
        core::iter::from_fn(move || {
            let comment = self.comment(next)?;
            next = self.tables.comments.counters[row(next)?].previous;
            Some(comment)
        })
    }

    fn mutes(&self, reader: u32, author: u32) -> bool {
        self.tables.users.rows.get(reader as usize).is_some_and(|user| user.muting.contains(author))
    }

    pub(crate) fn name(&self, agent: u32) -> &str {
        &self.setup.agents[agent as usize].name
    }
}
