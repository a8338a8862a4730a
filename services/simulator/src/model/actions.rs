//! The closed set of actions, as models are told of it and as their calls are read.

use contract::decision::Call;
use contract::subject::Platform;

/// An action that a model can call.
pub(crate) struct Action {
    /// Its name, as in [`Call`], in lower case.
    pub(crate) name: &'static str,
    /// What it does, for the model.
    pub(crate) what: &'static str,
    /// What it takes.
    pub(crate) takes: &'static [Argument],
    /// Where agents have it.
    pub(crate) on: On,
    /// The call.
    pub(crate) call: fn(Given) -> Call,
}

/// Where agents have an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    Both,
    Reddit,
    Twitter,
}

/// Something that an action takes.
pub(crate) struct Argument {
    /// Its name, as in [`Call`].
    pub(crate) name: &'static str,
    /// What it is, for the model.
    pub(crate) what: &'static str,
    /// What may stand there.
    pub(crate) kind: Kind,
}

/// What may stand in an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An id, which has to be there.
    Id,
    /// An id that may be absent.
    OptionalId,
    /// A text, which has to be there.
    Text,
}

/// The arguments of a call: no action takes more than one of a kind.
#[derive(Default)]
pub(crate) struct Given {
    pub(crate) id: u32,
    pub(crate) optional: Option<u32>,
    pub(crate) text: String,
}

const POST: Argument =
    Argument { name: "post_id", what: "post_id of a post in the data", kind: Kind::Id };
const COMMENT: Argument =
    Argument { name: "comment_id", what: "comment_id of a comment in the data", kind: Kind::Id };
const FOLLOWEE: Argument =
    Argument { name: "followee_id", what: "user_id of the other user", kind: Kind::Id };
const MUTEE: Argument =
    Argument { name: "mutee_id", what: "user_id of the other user", kind: Kind::Id };
const CONTENT: Argument = Argument { name: "content", what: "the text", kind: Kind::Text };
const WORDS: Argument =
    Argument { name: "quote_content", what: "the user's own words about it", kind: Kind::Text };
const REASON: Argument = Argument { name: "report_reason", what: "why", kind: Kind::Text };
const QUERY: Argument =
    Argument { name: "query", what: "words that all have to occur", kind: Kind::Text };
const PARENT: Argument = Argument {
    name: "parent_comment_id",
    what: "comment_id of the comment that is answered, if one is",
    kind: Kind::OptionalId,
};

/// All actions, in the order in which models are told of them. Twitter has those of OASIS's
/// default and those that the `builtin` policy uses there; Reddit likewise.
pub(crate) const ACTIONS: [Action; 22] = [
    Action {
        name: "create_post",
        what: "Write a post.",
        takes: &[CONTENT],
        on: On::Both,
        call: |given| Call::CreatePost { content: given.text },
    },
    Action {
        name: "create_comment",
        what: "Comment on a post, or answer a comment under it.",
        takes: &[POST, CONTENT, PARENT],
        on: On::Both,
        call: |given| Call::CreateComment {
            post_id: given.id,
            content: given.text,
            parent_comment_id: given.optional,
        },
    },
    Action {
        name: "like_post",
        what: "Like a post.",
        takes: &[POST],
        on: On::Both,
        call: |given| Call::LikePost { post_id: given.id },
    },
    Action {
        name: "unlike_post",
        what: "Take back a like of a post.",
        takes: &[POST],
        on: On::Both,
        call: |given| Call::UnlikePost { post_id: given.id },
    },
    Action {
        name: "dislike_post",
        what: "Dislike a post.",
        takes: &[POST],
        on: On::Reddit,
        call: |given| Call::DislikePost { post_id: given.id },
    },
    Action {
        name: "undo_dislike_post",
        what: "Take back a dislike of a post.",
        takes: &[POST],
        on: On::Reddit,
        call: |given| Call::UndoDislikePost { post_id: given.id },
    },
    Action {
        name: "report_post",
        what: "Report a post that breaks the rules.",
        takes: &[POST, REASON],
        on: On::Reddit,
        call: |given| Call::ReportPost { post_id: given.id, report_reason: given.text },
    },
    Action {
        name: "repost",
        what: "Share a post as it is.",
        takes: &[POST],
        on: On::Twitter,
        call: |given| Call::Repost { post_id: given.id },
    },
    Action {
        name: "quote_post",
        what: "Share a post with words of the user's own.",
        takes: &[POST, WORDS],
        on: On::Twitter,
        call: |given| Call::QuotePost { post_id: given.id, quote_content: given.text },
    },
    Action {
        name: "like_comment",
        what: "Like a comment.",
        takes: &[COMMENT],
        on: On::Reddit,
        call: |given| Call::LikeComment { comment_id: given.id },
    },
    Action {
        name: "unlike_comment",
        what: "Take back a like of a comment.",
        takes: &[COMMENT],
        on: On::Reddit,
        call: |given| Call::UnlikeComment { comment_id: given.id },
    },
    Action {
        name: "dislike_comment",
        what: "Dislike a comment.",
        takes: &[COMMENT],
        on: On::Reddit,
        call: |given| Call::DislikeComment { comment_id: given.id },
    },
    Action {
        name: "undo_dislike_comment",
        what: "Take back a dislike of a comment.",
        takes: &[COMMENT],
        on: On::Reddit,
        call: |given| Call::UndoDislikeComment { comment_id: given.id },
    },
    Action {
        name: "follow",
        what: "Follow another user.",
        takes: &[FOLLOWEE],
        on: On::Both,
        call: |given| Call::Follow { followee_id: given.id },
    },
    Action {
        name: "unfollow",
        what: "Follow a user no more.",
        takes: &[FOLLOWEE],
        on: On::Both,
        call: |given| Call::Unfollow { followee_id: given.id },
    },
    Action {
        name: "mute",
        what: "See nothing of a user any more.",
        takes: &[MUTEE],
        on: On::Both,
        call: |given| Call::Mute { mutee_id: given.id },
    },
    Action {
        name: "unmute",
        what: "See a muted user again.",
        takes: &[MUTEE],
        on: On::Both,
        call: |given| Call::Unmute { mutee_id: given.id },
    },
    Action {
        name: "search_posts",
        what: "Search for posts; what is found is shown in the next turn.",
        takes: &[QUERY],
        on: On::Both,
        call: |given| Call::SearchPosts { query: given.text },
    },
    Action {
        name: "search_user",
        what: "Search for users; who is found is shown in the next turn.",
        takes: &[QUERY],
        on: On::Reddit,
        call: |given| Call::SearchUser { query: given.text },
    },
    Action {
        name: "trend",
        what: "Look up what is liked most; it is shown in the next turn.",
        takes: &[],
        on: On::Reddit,
        call: |_| Call::Trend,
    },
    Action {
        name: "refresh",
        what: "Look at the feed once more.",
        takes: &[],
        on: On::Reddit,
        call: |_| Call::Refresh,
    },
    Action {
        name: "do_nothing",
        what: "Do nothing in this turn.",
        takes: &[],
        on: On::Both,
        call: |_| Call::DoNothing,
    },
];

impl Action {
    /// Whether agents have it on a platform.
    pub(crate) fn is_on(&self, platform: Platform) -> bool {
        match self.on {
            On::Both => true,
            On::Reddit => platform == Platform::Reddit,
            On::Twitter => platform == Platform::Twitter,
        }
    }
}

/// The actions that agents have on a platform.
pub(crate) fn of(platform: Platform) -> impl Iterator<Item = &'static Action> {
    const { &ACTIONS }.iter().filter(move |action| action.is_on(platform))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names and arguments are the contract's, which serde knows.
    #[test]
    fn every_action_is_the_call_of_its_name() {
        for action in &ACTIONS {
            let given = Given { id: 3, optional: Some(5), text: "words".to_owned() };
            let call = serde_json::to_value((action.call)(given)).unwrap();
            let call = call.as_object().unwrap();
            assert_eq!(call["action_type"], action.name.to_uppercase(), "{}", action.name);
            for argument in action.takes {
                let expected = match argument.kind {
                    Kind::Id => serde_json::json!(3),
                    Kind::OptionalId => serde_json::json!(5),
                    Kind::Text => serde_json::json!("words"),
                };
                assert_eq!(call.get(argument.name), Some(&expected), "{}", action.name);
            }
            assert_eq!(call.len(), action.takes.len() + 1, "{}", action.name);
        }
    }

    #[test]
    fn each_platform_has_what_people_do_there() {
        let names = |platform| of(platform).map(|action| action.name).collect::<Vec<_>>();
        assert_eq!(
            names(Platform::Twitter),
            [
                "create_post",
                "create_comment",
                "like_post",
                "unlike_post",
                "repost",
                "quote_post",
                "follow",
                "unfollow",
                "mute",
                "unmute",
                "search_posts",
                "do_nothing",
            ]
        );
        let reddit = names(Platform::Reddit);
        assert_eq!(reddit.len(), 20);
        assert!(!reddit.contains(&"repost") && !reddit.contains(&"quote_post"));
    }
}
