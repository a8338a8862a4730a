//! From what was decided outside to what enters the world.

use contract::decision::{Call, Decision, Undecided};
use world::{Act, Decision as Choice};

/// What agents do that decided outside, or were to; who has nothing to do, does nothing.
pub(super) fn decisions(decided: &[Decision], undecided: &[Undecided]) -> Vec<Choice> {
    let idle = undecided.iter().flat_map(|group| &group.agents);
    let idle = idle.map(|agent| Choice { agent: *agent, act: Act::DoNothing });
    decided.iter().flat_map(choices).chain(idle).collect()
}

fn choices(decision: &Decision) -> Vec<Choice> {
    let agent = decision.agent_id;
    match &decision.calls[..] {
        [] => vec![Choice { agent, act: Act::DoNothing }],
        calls => calls.iter().map(|call| Choice { agent, act: act(call) }).collect(),
    }
}

fn act(call: &Call) -> Act {
    match call {
        Call::CreatePost { content } => Act::CreatePost { content: content.clone() },
        Call::Repost { post_id } => Act::Repost { post: *post_id },
        Call::QuotePost { post_id, quote_content } => {
            Act::QuotePost { post: *post_id, content: quote_content.clone() }
        }
        Call::LikePost { post_id } => Act::LikePost { post: *post_id },
        Call::UnlikePost { post_id } => Act::UnlikePost { post: *post_id },
        Call::DislikePost { post_id } => Act::DislikePost { post: *post_id },
        Call::UndoDislikePost { post_id } => Act::UndoDislikePost { post: *post_id },
        Call::ReportPost { post_id, report_reason } => {
            Act::ReportPost { post: *post_id, reason: report_reason.clone() }
        }
        Call::CreateComment { post_id, content, parent_comment_id } => Act::CreateComment {
            post: *post_id,
            parent: *parent_comment_id,
            content: content.clone(),
        },
        Call::LikeComment { comment_id } => Act::LikeComment { comment: *comment_id },
        Call::UnlikeComment { comment_id } => Act::UnlikeComment { comment: *comment_id },
        Call::DislikeComment { comment_id } => Act::DislikeComment { comment: *comment_id },
        Call::UndoDislikeComment { comment_id } => Act::UndoDislikeComment { comment: *comment_id },
        Call::Follow { followee_id } => Act::Follow { user: *followee_id },
        Call::Unfollow { followee_id } => Act::Unfollow { user: *followee_id },
        Call::Mute { mutee_id } => Act::Mute { user: *mutee_id },
        Call::Unmute { mutee_id } => Act::Unmute { user: *mutee_id },
        Call::SearchPosts { query } => Act::SearchPosts { query: query.clone() },
        Call::SearchUser { query } => Act::SearchUser { query: query.clone() },
        Call::Trend => Act::Trend,
        Call::Refresh => Act::Refresh,
        Call::DoNothing => Act::DoNothing,
    }
}
