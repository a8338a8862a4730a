//! What agents decided outside: one of each call.

use contract::decision::{Call, Decision, Usage};

/// An agent that calls each action once, and one whose answer had nothing but what is refused.
pub(super) fn decisions() -> Vec<Decision> {
    let mut calls = Vec::new();
    while let Some(call) = next_call(calls.last()) {
        calls.push(call);
    }
    let usage = Usage {
        requests: 1,
        prompt_tokens: 1_612,
        cached_tokens: 1_024,
        completion_tokens: 37,
        cost_micros: 265,
    };
    let decision = |agent_id, calls, refused| Decision {
        agent_id,
        calls,
        refused,
        endpoint: "main".to_owned(),
        model: "small-1".to_owned(),
        usage,
    };
    let refused = vec!["unknown action \"fly\"".to_owned()];
    vec![decision(3, calls, vec![]), decision(1, vec![], refused)]
}

fn next_call(call: Option<&Call>) -> Option<Call> {
    let text = || "The lights stay on.".to_owned();
    match call {
        None => Some(Call::CreatePost { content: text() }),
        Some(Call::CreatePost { .. }) => Some(Call::Repost { post_id: 7 }),
        Some(Call::Repost { .. }) => Some(Call::QuotePost { post_id: 7, quote_content: text() }),
        Some(Call::QuotePost { .. }) => Some(Call::LikePost { post_id: 7 }),
        Some(Call::LikePost { .. }) => Some(Call::UnlikePost { post_id: 7 }),
        Some(Call::UnlikePost { .. }) => Some(Call::DislikePost { post_id: 7 }),
        Some(Call::DislikePost { .. }) => Some(Call::UndoDislikePost { post_id: 7 }),
        Some(Call::UndoDislikePost { .. }) => {
            Some(Call::ReportPost { post_id: 7, report_reason: "spam".to_owned() })
        }
        Some(Call::ReportPost { .. }) => {
            Some(Call::CreateComment { post_id: 7, content: text(), parent_comment_id: Some(2) })
        }
        Some(Call::CreateComment { .. }) => Some(Call::LikeComment { comment_id: 2 }),
        Some(Call::LikeComment { .. }) => Some(Call::UnlikeComment { comment_id: 2 }),
        Some(Call::UnlikeComment { .. }) => Some(Call::DislikeComment { comment_id: 2 }),
        Some(Call::DislikeComment { .. }) => Some(Call::UndoDislikeComment { comment_id: 2 }),
        Some(Call::UndoDislikeComment { .. }) => Some(Call::Follow { followee_id: 4 }),
        Some(Call::Follow { .. }) => Some(Call::Unfollow { followee_id: 4 }),
        Some(Call::Unfollow { .. }) => Some(Call::Mute { mutee_id: 4 }),
        Some(Call::Mute { .. }) => Some(Call::Unmute { mutee_id: 4 }),
        Some(Call::Unmute { .. }) => Some(Call::SearchPosts { query: "lights".to_owned() }),
        Some(Call::SearchPosts { .. }) => Some(Call::SearchUser { query: "ada".to_owned() }),
        Some(Call::SearchUser { .. }) => Some(Call::Trend),
        Some(Call::Trend) => Some(Call::Refresh),
        Some(Call::Refresh) => Some(Call::DoNothing),
        Some(Call::DoNothing) => None,
    }
}
