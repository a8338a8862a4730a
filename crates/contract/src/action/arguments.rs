//! The arguments of each type of action.
//!
//! In this order: what the action is about, what was said, the id of what it made or ended
//! (absent after a failure), and then, to be read beside the ids, what else is known of what it
//! is about (absent where there is no such thing). The order is the one on the wire, so the
//! digests of frames depend on it. What a *root* and an *original* is, `docs/actions.md` says.

use serde::{Deserialize, Serialize};

/// Arguments of `CREATE_POST`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatePost {
    /// The text.
    pub content: String,
    /// The new post.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_id: Option<u64>,
}

/// Arguments of `REPOST`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repost {
    /// The post passed on (its root, where the target is a repost).
    pub reposted_id: u64,
    /// The new post.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_post_id: Option<u64>,
    /// That post's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_content: Option<String>,
    /// That post's author.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_author_name: Option<String>,
}

/// Arguments of `QUOTE_POST`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotePost {
    /// The post quoted (the original, where the target is a repost or a quote).
    pub quoted_id: u64,
    /// What is said about it.
    pub quote_content: String,
    /// The new post.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_post_id: Option<u64>,
    /// That post's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_content: Option<String>,
    /// That post's author.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_author_name: Option<String>,
}

/// Arguments of `LIKE_POST` and `UNLIKE_POST`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LikePost {
    /// The post (its root, where the target is a repost).
    pub post_id: u64,
    /// The like that was made or ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub like_id: Option<u64>,
    /// That post's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_content: Option<String>,
    /// That post's author.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_author_name: Option<String>,
}

/// Arguments of `DISLIKE_POST` and `UNDO_DISLIKE_POST`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DislikePost {
    /// The post (its root, where the target is a repost).
    pub post_id: u64,
    /// The dislike that was made or ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dislike_id: Option<u64>,
    /// That post's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_content: Option<String>,
    /// That post's author.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_author_name: Option<String>,
}

/// Arguments of `REPORT_POST`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportPost {
    /// The post (its root, where the target is a repost).
    pub post_id: u64,
    /// Why.
    pub report_reason: String,
    /// The new report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_id: Option<u64>,
    /// That post's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_content: Option<String>,
    /// That post's author.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_author_name: Option<String>,
}

/// Arguments of `CREATE_COMMENT`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateComment {
    /// The post under which it stands (its root, where the target is a repost).
    pub post_id: u64,
    /// The comment that it answers, if it answers one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_comment_id: Option<u64>,
    /// The text.
    pub content: String,
    /// The new comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment_id: Option<u64>,
    /// That post's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_content: Option<String>,
    /// That post's author.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_author_name: Option<String>,
    /// The text of the comment that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_content: Option<String>,
    /// The author of the comment that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_author_name: Option<String>,
}

/// Arguments of `LIKE_COMMENT` and `UNLIKE_COMMENT`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LikeComment {
    /// The comment.
    pub comment_id: u64,
    /// The like that was made or ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment_like_id: Option<u64>,
    /// The post under which it stands; absent if there is no such comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_id: Option<u64>,
    /// That comment's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment_content: Option<String>,
    /// That comment's author.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment_author_name: Option<String>,
}

/// Arguments of `DISLIKE_COMMENT` and `UNDO_DISLIKE_COMMENT`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DislikeComment {
    /// The comment.
    pub comment_id: u64,
    /// The dislike that was made or ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment_dislike_id: Option<u64>,
    /// The post under which it stands; absent if there is no such comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_id: Option<u64>,
    /// That comment's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment_content: Option<String>,
    /// That comment's author.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment_author_name: Option<String>,
}

/// Arguments of `FOLLOW` and `UNFOLLOW`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follow {
    /// Whom it is about.
    pub followee_id: u32,
    /// The follow that was made or ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follow_id: Option<u64>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_user_name: Option<String>,
}

/// Arguments of `MUTE` and `UNMUTE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mute {
    /// Whom it is about.
    pub mutee_id: u32,
    /// The mute that was made or ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mute_id: Option<u64>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_user_name: Option<String>,
}

/// Arguments of `SEARCH_POSTS`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchPosts {
    /// What was searched for.
    pub query: String,
    /// What was found, newest first, at most 10; empty after a failure.
    pub post_ids: Vec<u64>,
}

/// Arguments of `SEARCH_USER`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchUser {
    /// What was searched for.
    pub query: String,
    /// Who was found, the most followed first, at most 10; empty after a failure.
    pub user_ids: Vec<u32>,
}

/// Arguments of `TREND` and `REFRESH`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownPosts {
    /// What was shown, best first, at most 5; empty after a failure.
    pub post_ids: Vec<u64>,
}

/// Arguments of `DO_NOTHING`: none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoNothing {}
