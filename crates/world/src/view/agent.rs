//! What one agent sees and remembers.

use alloc::vec::Vec;
use core::cmp::Reverse;

use super::{CommentView, PostView, THREAD_WINDOW, UserView};
use crate::feed::{self, Shown};
use crate::tables::{self, DeedKind};
use crate::world::World;

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
    /// What the root quotes, unless the agent mutes its author.
    pub quotes: Option<PostView<'world>>,
    /// Who brought it into the feed, if it came as a repost.
    pub reposted_by: Option<u32>,
    /// Some comments under it, in the order of writing.
    pub thread: Vec<CommentView<'world>>,
    /// Whether it is among the 16 posts that the agent was shown last.
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
    /// Of the newest 16 comments under the post, the newest by somebody else: on a post that it
    /// wrote any, on a comment that it wrote one that answers it.
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

/// How many of those whom it follows an agent remembers.
const FOLLOWEES: usize = 8;

impl World {
    /// What `agent` sees in the coming round; `None` if there is no such agent.
    pub fn observe(&self, agent: u32) -> Option<Observation<'_>> {
        self.setup.agents.get(agent as usize)?;
        let shown = feed::feed(self, agent);
        let found = &self.tables.found[agent as usize];
        Some(Observation {
            agent,
            round: self.tick,
            posts: shown.into_iter().filter_map(|shown| self.seen_post(agent, shown)).collect(),
            found: found.posts.iter().filter_map(|&post| self.visible(agent, post)).collect(),
            found_users: found.users.iter().filter_map(|&user| self.user(user)).collect(),
        })
    }

    fn seen_post(&self, agent: u32, shown: Shown) -> Option<SeenPost<'_>> {
        let post = self.post(shown.root)?;
        let bearer = self.post(shown.post).filter(|bearer| bearer.id != post.id);
        Some(SeenPost {
            post,
            quotes: post.quotes.and_then(|quoted| self.visible(agent, quoted)),
            reposted_by: bearer.map(|bearer| bearer.author),
            thread: self.thread(shown.root, agent),
            again: self.tables.seen[agent as usize].contains(shown.root),
        })
    }

    /// A post, unless `agent` mutes its author.
    fn visible(&self, agent: u32, post: u32) -> Option<PostView<'_>> {
        self.post(post).filter(|post| !self.mutes(agent, post.author))
    }

    /// What `agent` remembers; `None` if there is no such agent.
    pub fn memory(&self, agent: u32) -> Option<Memory<'_>> {
        self.setup.agents.get(agent as usize)?;
        let following = self.tables.users.rows[agent as usize].following.as_slice();
        let mut follows: Vec<(Reverse<u32>, u32)> =
            following.iter().map(|&(user, link)| (Reverse(link), user)).collect();
        follows.sort();
        follows.truncate(FOLLOWEES);
        let deeds = self.tables.deeds[agent as usize].latest();
        let seen = self.tables.seen[agent as usize].latest();
        Some(Memory {
            did: deeds.filter_map(|deed| self.done(agent, deed)).collect(),
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
            Deed::Posted(own) | Deed::Quoted(own) => self.newest_answer(agent, own.id, None),
            Deed::Commented(own) => self.newest_answer(agent, own.post, Some(own.id)),
            _ => None,
        };
        Some(Done { tick, deed, answer })
    }

    /// The newest of the latest comments under a post, or of those that answer `parent`, which
    /// somebody else wrote whom `agent` does not mute.
    fn newest_answer(&self, agent: u32, post: u32, parent: Option<u32>) -> Option<CommentView<'_>> {
        self.newest_comments(post)
            .take(THREAD_WINDOW)
            .filter(|comment| parent.is_none() || comment.parent == parent)
            .find(|comment| comment.author != agent && !self.mutes(agent, comment.author))
    }

    /// What `agent` is, remembers and sees now; `None` if there is no such agent.
    pub fn interview_context(&self, agent: u32) -> Option<InterviewContext<'_>> {
        Some(InterviewContext {
            user: self.user(agent)?,
            memory: self.memory(agent)?,
            sees: self.observe(agent)?,
        })
    }
}
