//! What can be asked of a world. Questions take `&World` and change nothing.

use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::feed::{self, Shown};
use crate::setup::Agent;
use crate::tables::{self, DeedKind, Kind, row};
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

/// What an agent sees before it decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation<'world> {
    /// Who looks.
    pub agent: u32,
    /// The round in which it looks.
    pub round: u32,
    /// Its feed, best first.
    pub posts: Vec<SeenPost<'world>>,
    /// Posts that its last search or trend found, if it has had no turn since.
    pub found: Vec<PostView<'world>>,
    /// Users that its last search found, if it has had no turn since.
    pub found_users: Vec<UserView<'world>>,
}

/// A post in a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenPost<'world> {
    /// The root.
    pub post: PostView<'world>,
    /// What the root quotes.
    pub quotes: Option<PostView<'world>>,
    /// Who brought it into the feed, if it came as a repost.
    pub reposted_by: Option<u32>,
    /// Some comments under it, in the order of writing.
    pub thread: Vec<CommentView<'world>>,
    /// Whether the agent was shown it before.
    pub again: bool,
}

/// What an agent remembers. Bounded, however long the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory<'world> {
    /// What it did lately, newest first; at most 12.
    pub did: Vec<Done<'world>>,
    /// Whom it follows, latest first; at most 8.
    pub follows: Vec<UserView<'world>>,
    /// What it was shown lately, newest first; at most 16.
    pub seen: Vec<PostView<'world>>,
}

/// Something that an agent did, as it remembers it. Counters are those of now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done<'world> {
    /// When.
    pub tick: u32,
    /// What.
    pub deed: Deed<'world>,
    /// The newest comment by somebody else on what it wrote.
    pub answer: Option<CommentView<'world>>,
}

/// What an agent did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed<'world> {
    /// It wrote this post.
    Posted(PostView<'world>),
    /// It shared this post.
    Reposted(PostView<'world>),
    /// It wrote this quote.
    Quoted(PostView<'world>),
    /// It liked this post.
    Liked(PostView<'world>),
    /// It took its like of this post back.
    Unliked(PostView<'world>),
    /// It disliked this post.
    Disliked(PostView<'world>),
    /// It took its dislike of this post back.
    UndidDislike(PostView<'world>),
    /// It reported this post.
    Reported(PostView<'world>),
    /// It wrote this comment.
    Commented(CommentView<'world>),
    /// It liked this comment.
    LikedComment(CommentView<'world>),
    /// It took its like of this comment back.
    UnlikedComment(CommentView<'world>),
    /// It disliked this comment.
    DislikedComment(CommentView<'world>),
    /// It took its dislike of this comment back.
    UndidCommentDislike(CommentView<'world>),
    /// It followed this user.
    Followed(UserView<'world>),
    /// It ceased to follow this user.
    Unfollowed(UserView<'world>),
    /// It muted this user.
    Muted(UserView<'world>),
    /// It ceased to mute this user.
    Unmuted(UserView<'world>),
}

/// What an agent can tell about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterviewContext<'world> {
    /// Who it is, and how it stands among the others.
    pub user: UserView<'world>,
    /// What it remembers.
    pub memory: Memory<'world>,
    /// What it sees now.
    pub sees: Observation<'world>,
}

/// How many of the newest comments a thread is chosen from, and how many are shown.
const THREAD_WINDOW: usize = 16;
const THREAD: usize = 3;

/// How many of those whom it follows an agent remembers.
const FOLLOWEES: usize = 8;

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
    /// in the order of writing. Reads no more than 16 comments.
    pub fn thread(&self, post: u32, reader: u32) -> Vec<CommentView<'_>> {
        let mut best: Vec<(Reverse<i64>, Reverse<u32>)> = self
            .newest_comments(post)
            .take(THREAD_WINDOW)
            .filter(|comment| !self.tables.users.mutes(reader, comment.author))
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

    /// What `agent` sees in the coming round; `None` if there is no such agent.
    pub fn observe(&self, agent: u32) -> Option<Observation<'_>> {
        self.setup.agents.get(agent as usize)?;
        let shown = feed::feed(self, agent);
        let found = &self.tables.found[agent as usize];
        Some(Observation {
            agent,
            round: self.tick,
            posts: shown.into_iter().filter_map(|shown| self.seen_post(agent, shown)).collect(),
            found: found.posts.iter().filter_map(|&post| self.post(post)).collect(),
            found_users: found.users.iter().filter_map(|&user| self.user(user)).collect(),
        })
    }

    fn seen_post(&self, agent: u32, shown: Shown) -> Option<SeenPost<'_>> {
        let post = self.post(shown.root)?;
        let bearer = self.post(shown.post).filter(|bearer| bearer.id != post.id);
        Some(SeenPost {
            post,
            quotes: post.quotes.and_then(|quoted| self.post(quoted)),
            reposted_by: bearer.map(|bearer| bearer.author),
            thread: self.thread(shown.root, agent),
            again: self.tables.seen[agent as usize].contains(shown.root),
        })
    }

    /// What `agent` remembers; `None` if there is no such agent.
    pub fn memory(&self, agent: u32) -> Option<Memory<'_>> {
        self.setup.agents.get(agent as usize)?;
        let following = self.tables.users.rows[agent as usize].following.as_slice();
        let mut follows: Vec<(Reverse<u32>, u32)> =
            following.iter().map(|&(user, link)| (Reverse(link), user)).collect();
        follows.sort();
        follows.truncate(FOLLOWEES);
        let seen = self.tables.seen[agent as usize].latest();
        Some(Memory {
            did: self.tables.deeds.of(agent).filter_map(|deed| self.done(agent, deed)).collect(),
            follows: follows.into_iter().filter_map(|(_, user)| self.user(user)).collect(),
            seen: seen.filter_map(|post| self.post(post)).collect(),
        })
    }

    fn done(&self, agent: u32, tables::Deed { tick, kind, id }: tables::Deed) -> Option<Done<'_>> {
        let deed = match kind {
            DeedKind::Posted => Deed::Posted(self.post(id)?),
            DeedKind::Reposted => Deed::Reposted(self.post(id)?),
            DeedKind::Quoted => Deed::Quoted(self.post(id)?),
            DeedKind::Liked => Deed::Liked(self.post(id)?),
            DeedKind::Unliked => Deed::Unliked(self.post(id)?),
            DeedKind::Disliked => Deed::Disliked(self.post(id)?),
            DeedKind::UndidDislike => Deed::UndidDislike(self.post(id)?),
            DeedKind::Reported => Deed::Reported(self.post(id)?),
            DeedKind::Commented => Deed::Commented(self.comment(id)?),
            DeedKind::LikedComment => Deed::LikedComment(self.comment(id)?),
            DeedKind::UnlikedComment => Deed::UnlikedComment(self.comment(id)?),
            DeedKind::DislikedComment => Deed::DislikedComment(self.comment(id)?),
            DeedKind::UndidCommentDislike => Deed::UndidCommentDislike(self.comment(id)?),
            DeedKind::Followed => Deed::Followed(self.user(id)?),
            DeedKind::Unfollowed => Deed::Unfollowed(self.user(id)?),
            DeedKind::Muted => Deed::Muted(self.user(id)?),
            DeedKind::Unmuted => Deed::Unmuted(self.user(id)?),
        };
        let answer = match deed {
            Deed::Posted(post) | Deed::Quoted(post) => {
                let newest = self.newest_comments(post.id).take(THREAD_WINDOW);
                newest.into_iter().find(|comment| comment.author != agent)
            }
            Deed::Commented(own) => {
                let newest = self.newest_comments(own.post).take(THREAD_WINDOW);
                newest
                    .into_iter()
                    .find(|comment| comment.author != agent && comment.parent == Some(own.id))
            }
            _ => None,
        };
        Some(Done { tick, deed, answer })
    }

    /// What `agent` is, remembers and sees now; `None` if there is no such agent.
    pub fn interview_context(&self, agent: u32) -> Option<InterviewContext<'_>> {
        Some(InterviewContext {
            user: self.user(agent)?,
            memory: self.memory(agent)?,
            sees: self.observe(agent)?,
        })
    }

    pub(crate) fn name(&self, agent: u32) -> &str {
        &self.setup.agents[agent as usize].name
    }
}
