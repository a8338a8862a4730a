//! What agents decided outside of their world, by asking a language model: what it costs is paid
//! once, so it is journalled as it comes.

use serde::{Deserialize, Serialize};

/// The most calls of one decision.
pub const MAX_CALLS: usize = 8;

/// The most bytes of one decision, as it is journalled; what is beyond is refused with the reason.
pub const MAX_DECISION_BYTES: usize = 24 * 1024;

/// The longest reason, in bytes.
pub const MAX_REASON_BYTES: usize = 240;

/// What one agent decided to do in one tick. The first one for (tick, agent) counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Who.
    pub agent_id: u32,
    /// What it does, in its order: at most [`MAX_CALLS`]. None: it does nothing.
    pub calls: Vec<Call>,
    /// What else stood in the answer and is no action, each in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
    /// The operator's name of the endpoint that answered.
    pub endpoint: String,
    /// The model that answered.
    pub model: String,
    /// What it took.
    #[serde(flatten)]
    pub usage: Usage,
}

/// What asking took. Numbers are what the endpoint said; what it did not say is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Requests that were sent, the ones that failed included.
    pub requests: u64,
    /// Tokens that were sent.
    pub prompt_tokens: u64,
    /// Those of them that the endpoint had kept from before.
    pub cached_tokens: u64,
    /// Tokens that came back.
    pub completion_tokens: u64,
    /// Millionths of the currency that the operator's prices are in, rounded up.
    pub cost_micros: u64,
}

/// An action that an agent asks for, of the closed set that there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action_type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Call {
    /// Write a post.
    CreatePost {
        /// Its text.
        content: String,
    },
    /// Pass a post on.
    Repost {
        /// The post.
        post_id: u32,
    },
    /// Pass a post on, with words of one's own.
    QuotePost {
        /// The post.
        post_id: u32,
        /// The words.
        quote_content: String,
    },
    /// Like a post.
    LikePost {
        /// The post.
        post_id: u32,
    },
    /// Take a like back.
    UnlikePost {
        /// The post.
        post_id: u32,
    },
    /// Dislike a post.
    DislikePost {
        /// The post.
        post_id: u32,
    },
    /// Take a dislike back.
    UndoDislikePost {
        /// The post.
        post_id: u32,
    },
    /// Report a post.
    ReportPost {
        /// The post.
        post_id: u32,
        /// Why.
        report_reason: String,
    },
    /// Comment on a post, or answer one of its comments.
    CreateComment {
        /// The post.
        post_id: u32,
        /// The text.
        content: String,
        /// The comment that is answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent_comment_id: Option<u32>,
    },
    /// Like a comment.
    LikeComment {
        /// The comment.
        comment_id: u32,
    },
    /// Take the like of a comment back.
    UnlikeComment {
        /// The comment.
        comment_id: u32,
    },
    /// Dislike a comment.
    DislikeComment {
        /// The comment.
        comment_id: u32,
    },
    /// Take the dislike of a comment back.
    UndoDislikeComment {
        /// The comment.
        comment_id: u32,
    },
    /// Follow another user.
    Follow {
        /// Whom.
        followee_id: u32,
    },
    /// Follow a user no more.
    Unfollow {
        /// Whom.
        followee_id: u32,
    },
    /// See nothing of a user any more.
    Mute {
        /// Whom.
        mutee_id: u32,
    },
    /// See a user again.
    Unmute {
        /// Whom.
        mutee_id: u32,
    },
    /// Search for posts.
    SearchPosts {
        /// The query.
        query: String,
    },
    /// Search for users.
    SearchUser {
        /// The query.
        query: String,
    },
    /// Look at what is liked most.
    Trend,
    /// Look at the feed.
    Refresh,
    /// Do nothing.
    DoNothing,
}

/// Agents that were to decide in a tick and did not: they do nothing in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undecided {
    /// Why, for people.
    pub why: String,
    /// They, ascending; none where they were asked again and have decided then.
    pub agents: Vec<u32>,
    /// What it took to learn that.
    #[serde(flatten)]
    pub usage: Usage,
}

impl Usage {
    /// Tokens of both ways.
    pub fn tokens(&self) -> u64 {
        self.prompt_tokens.saturating_add(self.completion_tokens)
    }

    /// Takes off what something else was to take; never below nothing.
    pub fn subtract(&mut self, other: &Usage) {
        let Usage { requests, prompt_tokens, cached_tokens, completion_tokens, cost_micros } =
            other;
        for (sum, less) in [
            (&mut self.requests, requests),
            (&mut self.prompt_tokens, prompt_tokens),
            (&mut self.cached_tokens, cached_tokens),
            (&mut self.completion_tokens, completion_tokens),
            (&mut self.cost_micros, cost_micros),
        ] {
            *sum = sum.saturating_sub(*less);
        }
    }

    /// Adds what something else took.
    pub fn add(&mut self, other: &Usage) {
        let Usage { requests, prompt_tokens, cached_tokens, completion_tokens, cost_micros } =
            other;
        for (sum, more) in [
            (&mut self.requests, requests),
            (&mut self.prompt_tokens, prompt_tokens),
            (&mut self.cached_tokens, cached_tokens),
            (&mut self.completion_tokens, completion_tokens),
            (&mut self.cost_micros, cost_micros),
        ] {
            *sum = sum.saturating_add(*more);
        }
    }
}
