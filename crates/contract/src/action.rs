//! What an agent did.

use serde::de::{DeserializeOwned, Error as _};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

mod arguments;

pub use arguments::{
    CreateComment, CreatePost, DislikeComment, DislikePost, DoNothing, Follow, LikeComment,
    LikePost, Mute, QuotePost, ReportPost, Repost, SearchPosts, SearchUser, ShownPosts,
};

/// One action of a frame. Its id, round, platform and timestamp follow from the frame.
///
/// On the wire: `{seq, agent_id, agent_name, action_type, action_args, result, success}`.
/// `result` is null for a success and the reason for a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// 1, 2, 3, ... without a gap per run and platform.
    pub seq: u64,
    /// Who acted.
    pub agent_id: u32,
    /// Its name.
    pub agent_name: String,
    /// What it did.
    pub body: ActionBody,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

/// An action's type and arguments, which cannot contradict each other.
///
/// Serialised by itself it is the arguments alone, as they stand beside [`type_name`].
///
/// [`type_name`]: ActionBody::type_name
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ActionBody {
    /// Wrote a post.
    CreatePost(CreatePost),
    /// Passed a post on.
    Repost(Repost),
    /// Passed a post on, with words of one's own.
    QuotePost(QuotePost),
    /// Liked a post.
    LikePost(LikePost),
    /// Took a like back.
    UnlikePost(LikePost),
    /// Disliked a post.
    DislikePost(DislikePost),
    /// Took a dislike back.
    UndoDislikePost(DislikePost),
    /// Reported a post.
    ReportPost(ReportPost),
    /// Wrote a comment under a post.
    CreateComment(CreateComment),
    /// Liked a comment.
    LikeComment(LikeComment),
    /// Took a like of a comment back.
    UnlikeComment(LikeComment),
    /// Disliked a comment.
    DislikeComment(DislikeComment),
    /// Took a dislike of a comment back.
    UndoDislikeComment(DislikeComment),
    /// Followed a user.
    Follow(Follow),
    /// Took a follow back.
    Unfollow(Follow),
    /// Muted a user.
    Mute(Mute),
    /// Took a mute back.
    Unmute(Mute),
    /// Searched for posts.
    SearchPosts(SearchPosts),
    /// Searched for users.
    SearchUser(SearchUser),
    /// Looked at the most liked posts of the week.
    Trend(ShownPosts),
    /// Looked at its feed.
    Refresh(ShownPosts),
    /// Did nothing.
    DoNothing(DoNothing),
}

impl Action {
    /// True if the action had its effect.
    pub fn success(&self) -> bool {
        self.failure.is_none()
    }
}

impl ActionBody {
    /// The name on the wire, e.g. `CREATE_POST`.
    pub fn type_name(&self) -> &'static str {
        match self {
            ActionBody::CreatePost(_) => "CREATE_POST",
            ActionBody::Repost(_) => "REPOST",
            ActionBody::QuotePost(_) => "QUOTE_POST",
            ActionBody::LikePost(_) => "LIKE_POST",
            ActionBody::UnlikePost(_) => "UNLIKE_POST",
            ActionBody::DislikePost(_) => "DISLIKE_POST",
            ActionBody::UndoDislikePost(_) => "UNDO_DISLIKE_POST",
            ActionBody::ReportPost(_) => "REPORT_POST",
            ActionBody::CreateComment(_) => "CREATE_COMMENT",
            ActionBody::LikeComment(_) => "LIKE_COMMENT",
            ActionBody::UnlikeComment(_) => "UNLIKE_COMMENT",
            ActionBody::DislikeComment(_) => "DISLIKE_COMMENT",
            ActionBody::UndoDislikeComment(_) => "UNDO_DISLIKE_COMMENT",
            ActionBody::Follow(_) => "FOLLOW",
            ActionBody::Unfollow(_) => "UNFOLLOW",
            ActionBody::Mute(_) => "MUTE",
            ActionBody::Unmute(_) => "UNMUTE",
            ActionBody::SearchPosts(_) => "SEARCH_POSTS",
            ActionBody::SearchUser(_) => "SEARCH_USER",
            ActionBody::Trend(_) => "TREND",
            ActionBody::Refresh(_) => "REFRESH",
            ActionBody::DoNothing(_) => "DO_NOTHING",
        }
    }

    /// False for what lists and counts in MiroFish's shape leave out: looking at one's feed.
    pub fn is_listed(&self) -> bool {
        !matches!(self, ActionBody::Refresh(_))
    }

    /// False for what leaves no trace in a memory: looking at one's feed, and doing nothing.
    pub fn is_memorable(&self) -> bool {
        !matches!(self, ActionBody::Refresh(_) | ActionBody::DoNothing(_))
    }

    fn parse(action_type: &str, args: Value) -> Result<ActionBody, String> {
        fn read<T: DeserializeOwned>(args: Value) -> Result<T, String> {
            serde_json::from_value(args).map_err(|error| format!("action_args: {error}"))
        }
        match action_type {
            "CREATE_POST" => read(args).map(ActionBody::CreatePost),
            "REPOST" => read(args).map(ActionBody::Repost),
            "QUOTE_POST" => read(args).map(ActionBody::QuotePost),
            "LIKE_POST" => read(args).map(ActionBody::LikePost),
            "UNLIKE_POST" => read(args).map(ActionBody::UnlikePost),
            "DISLIKE_POST" => read(args).map(ActionBody::DislikePost),
            "UNDO_DISLIKE_POST" => read(args).map(ActionBody::UndoDislikePost),
            "REPORT_POST" => read(args).map(ActionBody::ReportPost),
            "CREATE_COMMENT" => read(args).map(ActionBody::CreateComment),
            "LIKE_COMMENT" => read(args).map(ActionBody::LikeComment),
            "UNLIKE_COMMENT" => read(args).map(ActionBody::UnlikeComment),
            "DISLIKE_COMMENT" => read(args).map(ActionBody::DislikeComment),
            "UNDO_DISLIKE_COMMENT" => read(args).map(ActionBody::UndoDislikeComment),
            "FOLLOW" => read(args).map(ActionBody::Follow),
            "UNFOLLOW" => read(args).map(ActionBody::Unfollow),
            "MUTE" => read(args).map(ActionBody::Mute),
            "UNMUTE" => read(args).map(ActionBody::Unmute),
            "SEARCH_POSTS" => read(args).map(ActionBody::SearchPosts),
            "SEARCH_USER" => read(args).map(ActionBody::SearchUser),
            "TREND" => read(args).map(ActionBody::Trend),
            "REFRESH" => read(args).map(ActionBody::Refresh),
            "DO_NOTHING" => read(args).map(ActionBody::DoNothing),
            other => Err(format!("action_type {other:?} is unknown")),
        }
    }
}

/// Writes `action_type` and `action_args` into a struct that is being serialised.
pub(crate) fn write_body<S: SerializeStruct>(
    object: &mut S,
    body: &ActionBody,
) -> Result<(), S::Error> {
    object.serialize_field("action_type", body.type_name())?;
    object.serialize_field("action_args", body)
}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Action", 7)?;
        object.serialize_field("seq", &self.seq)?;
        object.serialize_field("agent_id", &self.agent_id)?;
        object.serialize_field("agent_name", &self.agent_name)?;
        write_body(&mut object, &self.body)?;
        object.serialize_field("result", &self.failure)?;
        object.serialize_field("success", &self.success())?;
        object.end()
    }
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            seq: u64,
            agent_id: u32,
            agent_name: String,
            action_type: String,
            action_args: Value,
            result: Option<String>,
            success: bool,
        }
        let wire = Wire::deserialize(deserializer)?;
        if wire.success != wire.result.is_none() {
            return Err(D::Error::custom("result is null exactly when success is true"));
        }
        let body =
            ActionBody::parse(&wire.action_type, wire.action_args).map_err(D::Error::custom)?;
        Ok(Action {
            seq: wire.seq,
            agent_id: wire.agent_id,
            agent_name: wire.agent_name,
            body,
            failure: wire.result,
        })
    }
}
