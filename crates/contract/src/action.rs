//! What an agent did.

use serde::de::{DeserializeOwned, Error as _};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

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
/// Arguments that only a success has (the id of what was made) are absent after a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionBody {
    /// Wrote a post.
    CreatePost(CreatePost),
    /// Wrote a comment under a post.
    CreateComment(CreateComment),
    /// Liked a post.
    LikePost(LikePost),
    /// Passed a post on.
    Repost(Repost),
    /// Followed a user.
    Follow(Follow),
    /// Looked and did nothing.
    DoNothing(DoNothing),
}

/// Arguments of `CREATE_POST`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatePost {
    /// The text.
    pub content: String,
    /// The new post.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_id: Option<u64>,
}

/// Arguments of `CREATE_COMMENT`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateComment {
    /// The text.
    pub content: String,
    /// The new comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment_id: Option<u64>,
    /// The post under which it stands (the original where the target is a repost).
    pub post_id: u64,
    /// That post's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_content: Option<String>,
    /// That post's author.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_author_name: Option<String>,
}

/// Arguments of `LIKE_POST`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LikePost {
    /// The post (the original where the target is a repost).
    pub post_id: u64,
    /// The new like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub like_id: Option<u64>,
    /// The post's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_content: Option<String>,
    /// The post's author.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_author_name: Option<String>,
}

/// Arguments of `REPOST`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repost {
    /// The post passed on (the original where the target is a repost).
    pub reposted_id: u64,
    /// The new post.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_post_id: Option<u64>,
    /// The original's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_content: Option<String>,
    /// The original's author.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_author_name: Option<String>,
}

/// Arguments of `FOLLOW`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follow {
    /// The new follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follow_id: Option<u64>,
    /// Who is followed.
    pub followee_id: u32,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_user_name: Option<String>,
}

/// Arguments of `DO_NOTHING`: none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoNothing {}

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
            ActionBody::CreateComment(_) => "CREATE_COMMENT",
            ActionBody::LikePost(_) => "LIKE_POST",
            ActionBody::Repost(_) => "REPOST",
            ActionBody::Follow(_) => "FOLLOW",
            ActionBody::DoNothing(_) => "DO_NOTHING",
        }
    }

    /// False for what leaves no trace in a memory: looking and doing nothing.
    pub fn is_memorable(&self) -> bool {
        !matches!(self, ActionBody::DoNothing(_))
    }

    fn parse(action_type: &str, args: Value) -> Result<ActionBody, String> {
        fn read<T: DeserializeOwned>(args: Value) -> Result<T, String> {
            serde_json::from_value(args).map_err(|error| format!("action_args: {error}"))
        }
        match action_type {
            "CREATE_POST" => read(args).map(ActionBody::CreatePost),
            "CREATE_COMMENT" => read(args).map(ActionBody::CreateComment),
            "LIKE_POST" => read(args).map(ActionBody::LikePost),
            "REPOST" => read(args).map(ActionBody::Repost),
            "FOLLOW" => read(args).map(ActionBody::Follow),
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
    match body {
        ActionBody::CreatePost(args) => object.serialize_field("action_args", args),
        ActionBody::CreateComment(args) => object.serialize_field("action_args", args),
        ActionBody::LikePost(args) => object.serialize_field("action_args", args),
        ActionBody::Repost(args) => object.serialize_field("action_args", args),
        ActionBody::Follow(args) => object.serialize_field("action_args", args),
        ActionBody::DoNothing(args) => object.serialize_field("action_args", args),
    }
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
