//! What agents decided outside, who asks whom, and what that may cost.

use contract::cost::Spent;
use contract::decision::{Call, Decision, Undecided, Usage};
use contract::llm::{Budget, DECISION_SECONDS, LlmOptions, LlmRule, ROUND_SECONDS};
use contract::options::RunOptions;
use contract::status::{EnvStatus, PlatformStatus};
use contract::subject::Platform;

use super::thinking;

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

/// Two agents that had no time, and one whose question was no good.
pub(super) fn undecided() -> Vec<Undecided> {
    let usage = Usage { requests: 2, prompt_tokens: 1_598, ..Usage::default() };
    let undecided = |why: &str, agents| Undecided { why: why.to_owned(), agents, usage };
    vec![
        undecided("no answer within 60 s", vec![0, 4]),
        Undecided { usage: Usage::default(), ..undecided("the answer was cut", vec![2]) },
    ]
}

/// A rule for all, and ones that narrow it down in each way.
pub(super) fn llm() -> LlmOptions {
    let rule = |endpoint: &str| LlmRule {
        endpoint: endpoint.to_owned(),
        model: None,
        platform: None,
        entity_types: vec![],
        agents: vec![],
    };
    let rules = vec![
        rule("main"),
        LlmRule { platform: Some(Platform::Reddit), ..rule("boost") },
        LlmRule {
            model: Some("large-1".to_owned()),
            entity_types: vec!["Journalist".to_owned()],
            ..rule("main")
        },
        LlmRule { agents: vec![3, 4], ..rule("builtin") },
    ];
    LlmOptions { rules, decision_seconds: DECISION_SECONDS, round_seconds: ROUND_SECONDS }
}

/// Every cap.
pub(super) fn budget() -> Budget {
    Budget {
        requests: Some(5_000),
        tokens: Some(2_000_000),
        cost_micros: Some(2_500_000),
        wall_seconds: Some(3_600),
    }
}

/// What a run with such rules and caps is executed with.
pub(super) fn options() -> RunOptions {
    RunOptions { llm: Some(llm()), budget: Some(budget()), ..super::options() }
}

/// A paused run, as one that has come to a cap.
pub(super) fn status(paused: EnvStatus) -> EnvStatus {
    let usage = Usage {
        requests: 5_000,
        prompt_tokens: 1_612_000,
        cached_tokens: 1_024_000,
        completion_tokens: 37_000,
        cost_micros: 265_000,
    };
    let spent = Spent { decisions: 4_990, refused: 12, undecided: 7, usage };
    let worlds = paused.platforms.iter().cloned();
    EnvStatus {
        requested: thinking(),
        options: options(),
        platforms: worlds.map(|world| PlatformStatus { spent, ..world }).collect(),
        reason: Some("the budget is used up: 5000 of 5000 requests".to_owned()),
        ..paused
    }
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
