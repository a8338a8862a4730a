//! What an agent can do, chooses to do, and did. The rules are in `docs/actions.md`.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use crate::words;

/// One thing that an agent wants to do. Ids are those that the agent saw; what is done to a
/// repost is done to its root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Write a post.
    CreatePost {
        /// Its text.
        content: String,
    },
    /// Pass a post on.
    Repost {
        /// The post.
        post: u32,
    },
    /// Pass a post on, with words of one's own.
    QuotePost {
        /// The post.
        post: u32,
        /// The words.
        content: String,
    },
    /// Like a post.
    LikePost {
        /// The post.
        post: u32,
    },
    /// Take a like back.
    UnlikePost {
        /// The post.
        post: u32,
    },
    /// Dislike a post.
    DislikePost {
        /// The post.
        post: u32,
    },
    /// Take a dislike back.
    UndoDislikePost {
        /// The post.
        post: u32,
    },
    /// Report a post.
    ReportPost {
        /// The post.
        post: u32,
        /// Why.
        reason: String,
    },
    /// Comment on a post, or answer one of its comments.
    CreateComment {
        /// The post.
        post: u32,
        /// The comment that is answered.
        parent: Option<u32>,
        /// The text.
        content: String,
    },
    /// Like a comment.
    LikeComment {
        /// The comment.
        comment: u32,
    },
    /// Take the like of a comment back.
    UnlikeComment {
        /// The comment.
        comment: u32,
    },
    /// Dislike a comment.
    DislikeComment {
        /// The comment.
        comment: u32,
    },
    /// Take the dislike of a comment back.
    UndoDislikeComment {
        /// The comment.
        comment: u32,
    },
    /// Follow another user.
    Follow {
        /// Whom.
        user: u32,
    },
    /// Follow a user no more.
    Unfollow {
        /// Whom.
        user: u32,
    },
    /// See nothing of a user any more.
    Mute {
        /// Whom.
        user: u32,
    },
    /// See a user again.
    Unmute {
        /// Whom.
        user: u32,
    },
    /// Search for posts that contain all words of a query.
    SearchPosts {
        /// The query.
        query: String,
    },
    /// Search for users whose profile contains all words of a query.
    SearchUser {
        /// The query.
        query: String,
    },
    /// Look at the most liked posts of the week.
    Trend,
    /// Look at the feed.
    Refresh,
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

/// What the agents at a range of positions in the active list were shown and chose to do.
///
/// An agent may have several decisions; they stand together, in the order in which it wants
/// them. An agent that decides outside has none here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decisions {
    tick: u32,
    positions: Range<u32>,
    list: Vec<Decision>,
    /// What those that only read are answered; a place for each decision.
    answers: Vec<Option<Result<Effect, Failure>>>,
    looks: Vec<Look>,
}

/// What an agent was shown in its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) agent: u32,
    /// Roots of posts, best first, 0 where there is none.
    pub(crate) roots: [u32; 5],
}

/// Something that is tried in a tick.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) agent: u32,
    pub(crate) act: Act,
    /// The answer to an act that only reads.
    pub(crate) answer: Option<Result<Effect, Failure>>,
}

impl Attempt {
    /// An action whose outcome, unless it only reads, is still to come.
    pub(crate) fn into_action(self) -> Action {
        let Attempt { agent, act, answer } = self;
        Action { agent, act, outcome: answer.unwrap_or(Ok(Effect::Nothing)) }
    }
}

impl Decisions {
    /// Of nobody, before the agent at `start`.
    pub(crate) fn none(tick: u32, start: u32) -> Decisions {
        let (list, answers, looks) = (Vec::new(), Vec::new(), Vec::new());
        Decisions { tick, positions: start..start, list, answers, looks }
    }

    /// Adds the agent at the next position.
    pub(crate) fn add_agent(&mut self, look: Look) {
        self.positions.end += 1;
        self.looks.push(look);
    }

    /// Adds a decision of the agent that was added last.
    pub(crate) fn add(&mut self, Attempt { agent, act, answer }: Attempt) {
        self.list.push(Decision { agent, act });
        self.answers.push(answer);
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
        self.answers.extend(next.answers);
        self.looks.extend(next.looks);
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

    /// The decisions, agent by agent.
    pub fn as_slice(&self) -> &[Decision] {
        &self.list
    }

    /// What the agents were shown, in their order.
    pub(crate) fn looks(&self) -> &[Look] {
        &self.looks
    }

    pub(crate) fn into_parts(self) -> (impl Iterator<Item = Attempt>, Vec<Look>) {
        let all = self.list.into_iter().zip(self.answers);
        let attempts = all.map(|(Decision { agent, act }, answer)| Attempt { agent, act, answer });
        (attempts, self.looks)
    }
}

/// What became of one decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Who.
    pub agent: u32,
    /// What it wanted, with ids as it gave them.
    pub act: Act,
    /// What that changed or showed, or why it could not be done.
    pub outcome: Result<Effect, Failure>,
}

/// What a successful act changed or showed; which act says what kind of row. All ids but those
/// of users count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A post was written.
    Posted {
        /// The new post.
        post: u32,
    },
    /// A post was passed on, by a repost or a quote.
    Shared {
        /// The root that a repost shares, the original that a quote quotes.
        of: u32,
        /// The new post.
        post: u32,
    },
    /// A like, dislike or report of a post was made or ended.
    Rated {
        /// The root.
        post: u32,
        /// The like, dislike or report.
        row: u32,
    },
    /// A comment was written.
    Commented {
        /// The root.
        post: u32,
        /// The new comment.
        comment: u32,
    },
    /// A like or dislike of a comment was made or ended.
    RatedComment {
        /// The like or dislike.
        row: u32,
    },
    /// A follow or mute was made or ended.
    Linked {
        /// The follow or mute.
        row: u32,
    },
    /// Posts were found or shown.
    Posts(Vec<u32>),
    /// Users were found.
    Users(Vec<u32>),
    /// Nothing changed.
    Nothing,
}

/// Why an act could not be done. Its text is part of the published actions: short and stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// A text has nothing but blanks.
    EmptyText,
    /// A text has more than [`TEXT_MAX`] bytes.
    LongText,
    /// A query has no word.
    EmptyQuery,
    /// No post has this id.
    NoPost,
    /// No comment has this id, or it stands under another post.
    NoComment,
    /// No user has this id.
    NoUser,
    /// The agent wrote the post, and may not rate it.
    OwnPost,
    /// The agent wrote the comment, and may not rate it.
    OwnComment,
    /// The agent likes this post already.
    LikeExists,
    /// The agent does not like this post.
    NoLike,
    /// The agent dislikes this post already.
    DislikeExists,
    /// The agent does not dislike this post.
    NoDislike,
    /// The agent has passed this post on already.
    RepostExists,
    /// The agent has reported this post already.
    ReportExists,
    /// The agent likes this comment already.
    CommentLikeExists,
    /// The agent does not like this comment.
    NoCommentLike,
    /// The agent dislikes this comment already.
    CommentDislikeExists,
    /// The agent does not dislike this comment.
    NoCommentDislike,
    /// The agent named itself.
    FollowsItself,
    /// The agent follows this user already.
    FollowExists,
    /// The agent does not follow this user.
    NoFollow,
    /// The agent named itself.
    MutesItself,
    /// The agent mutes this user already.
    MuteExists,
    /// The agent does not mute this user.
    NoMute,
}

/// The most bytes (UTF-8) that a text of an act may have.
pub const TEXT_MAX: usize = 10 * 1024;

/// Whether `text` may be said.
pub(crate) fn check_text(text: &str) -> Result<(), Failure> {
    if words::trim(text).is_empty() {
        Err(Failure::EmptyText)
    } else if text.len() > TEXT_MAX {
        Err(Failure::LongText)
    } else {
        Ok(())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Failure::EmptyText => "text is empty",
            Failure::LongText => "text is longer than 10240 bytes",
            Failure::EmptyQuery => "query is empty",
            Failure::NoPost => "post not found",
            Failure::NoComment => "comment not found",
            Failure::NoUser => "user not found",
            Failure::OwnPost => "users cannot rate their own posts",
            Failure::OwnComment => "users cannot rate their own comments",
            Failure::LikeExists => "like record already exists",
            Failure::NoLike => "like record does not exist",
            Failure::DislikeExists => "dislike record already exists",
            Failure::NoDislike => "dislike record does not exist",
            Failure::RepostExists => "repost record already exists",
            Failure::ReportExists => "report record already exists",
            Failure::CommentLikeExists => "comment like record already exists",
            Failure::NoCommentLike => "comment like record does not exist",
            Failure::CommentDislikeExists => "comment dislike record already exists",
            Failure::NoCommentDislike => "comment dislike record does not exist",
            Failure::FollowsItself => "users cannot follow themselves",
            Failure::FollowExists => "follow record already exists",
            Failure::NoFollow => "follow record does not exist",
            Failure::MutesItself => "users cannot mute themselves",
            Failure::MuteExists => "mute record already exists",
            Failure::NoMute => "mute record does not exist",
        })
    }
}

impl core::error::Error for Failure {}
