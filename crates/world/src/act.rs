//! What an agent can do, chooses to do, and did.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

/// One thing that an agent wants to do. Ids are those that the agent saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Write a post.
    CreatePost {
        /// Its text.
        content: String,
    },
    /// Comment on a post; on a repost, this means its original.
    CreateComment {
        /// The post.
        post: u32,
        /// The text.
        content: String,
    },
    /// Like a post; on a repost, this means its original.
    LikePost {
        /// The post.
        post: u32,
    },
    /// Share a post; on a repost, this means its original.
    Repost {
        /// The post.
        post: u32,
    },
    /// Follow another agent.
    Follow {
        /// Whom.
        user: u32,
    },
    /// Look, and leave it at that.
    DoNothing,
}

/// What one agent chose to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Who.
    pub agent: u32,
    /// What.
    pub act: Act,
}

/// What the agents at a range of positions in the active list chose to do in one tick.
///
/// An agent may have several entries; they stand together, in the order in which it wants them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decisions {
    tick: u32,
    positions: Range<u32>,
    list: Vec<Decision>,
}

impl Decisions {
    pub(crate) fn new(tick: u32, positions: Range<u32>, list: Vec<Decision>) -> Decisions {
        Decisions { tick, positions, list }
    }

    /// Appends what was decided for the positions that follow these.
    ///
    /// # Panics
    /// If `next` belongs to another tick or does not begin where these end: its caller has lost
    /// the order of its threads, and no run may go on from there.
    pub fn append(&mut self, next: Decisions) {
        assert_eq!(self.tick, next.tick, "decisions of two ticks cannot be joined");
        assert_eq!(
            self.positions.end, next.positions.start,
            "decisions must be joined in the order of their positions"
        );
        self.positions.end = next.positions.end;
        self.list.extend(next.list);
    }

    /// Joins parts that were decided separately; `None` if there are none.
    ///
    /// # Panics
    /// As [`Decisions::append`].
    pub fn join(parts: impl IntoIterator<Item = Decisions>) -> Option<Decisions> {
        parts.into_iter().reduce(|mut joined, next| {
            joined.append(next);
            joined
        })
    }

    /// The tick they are meant for.
    pub fn tick(&self) -> u32 {
        self.tick
    }

    /// The positions in the active list that they cover.
    pub fn positions(&self) -> Range<u32> {
        self.positions.clone()
    }

    /// The decisions, in the order in which they will be applied.
    pub fn as_slice(&self) -> &[Decision] {
        &self.list
    }

    pub(crate) fn into_list(self) -> Vec<Decision> {
        self.list
    }
}

/// What became of one decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Who.
    pub agent: u32,
    /// What it wanted, with ids as it gave them.
    pub act: Act,
    /// What that changed, or why it could not.
    pub outcome: Result<Effect, Failure>,
}

/// What a successful act changed. Ids of posts, comments, likes and follows count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A post was written.
    Posted {
        /// The new post.
        post: u32,
    },
    /// A comment was written.
    Commented {
        /// The original post, also if the act named a repost of it.
        post: u32,
        /// The new comment.
        comment: u32,
    },
    /// A post was liked.
    Liked {
        /// The original post, also if the act named a repost of it.
        post: u32,
        /// The new like.
        like: u32,
    },
    /// A post was shared.
    Reposted {
        /// The original post, also if the act named a repost of it.
        original: u32,
        /// The new post that links to it.
        post: u32,
    },
    /// An agent was followed.
    Followed {
        /// The new follow.
        follow: u32,
    },
    /// Nothing changed.
    Nothing,
}

/// Why an act could not be done. Its text is part of the published actions: short and stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No post has this id.
    PostNotFound,
    /// The agent likes this post already.
    LikeExists,
    /// The agent has shared this post already.
    RepostExists,
    /// No user has this id.
    UserNotFound,
    /// The agent named itself.
    FollowsItself,
    /// The agent follows this user already.
    FollowExists,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Failure::PostNotFound => "post not found",
            Failure::LikeExists => "like record already exists",
            Failure::RepostExists => "repost record already exists",
            Failure::UserNotFound => "user not found",
            Failure::FollowsItself => "users cannot follow themselves",
            Failure::FollowExists => "follow record already exists",
        })
    }
}

impl core::error::Error for Failure {}
