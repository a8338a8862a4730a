//! What agents answer: one, and several.

use contract::decision::Usage;
use contract::id::CommandId;
use contract::interviews::{AgentOutcome, AgentResult, Interviews, Parts, ReplyPart, Results};
use contract::reply::{Answer, AsOf, ErrorCode, InterviewResult, ReplyError, ReplyResult, Speaker};
use contract::subject::Platform;
use contract::version::V1;

use super::run;

/// One agent that was asked in one world alone.
pub(super) fn in_one_world() -> ReplyResult {
    let reddit = answer(Platform::Reddit, "Ask me tomorrow.");
    ReplyResult::Interview(InterviewResult { twitter: None, reddit: Some(reddit), ..interview() })
}

/// One agent that was asked in both worlds, and gave no answer in one.
pub(super) fn half(missing: Platform) -> ReplyResult {
    let code = ErrorCode::NoCapacity;
    let message = "its language model gave no answer: main is away".to_owned();
    let (error, mut whole) = (Some(ReplyError { code, message }), interview());
    for answer in whole.twitter.iter_mut().chain(&mut whole.reddit) {
        answer.model = Some(model());
    }
    ReplyResult::Interview(match missing {
        Platform::Twitter => InterviewResult { twitter: None, twitter_error: error, ..whole },
        Platform::Reddit => InterviewResult { reddit: None, reddit_error: error, ..whole },
    })
}

/// Several that a language model spoke for.
pub(super) fn of_models() -> ReplyResult {
    let mut all = interviews();
    for result in &mut all.said.results {
        if let AgentOutcome::Said { model: speaker, .. } = &mut result.outcome {
            *speaker = Some(model());
        }
    }
    ReplyResult::Interviews(all)
}

/// Several whose answers do not fit one message.
pub(super) fn in_parts() -> ReplyResult {
    let parts = Some(Parts { count: 2, by: "worker7".parse().unwrap() });
    ReplyResult::Interviews(Interviews { parts, said: Results::default(), ..interviews() })
}

/// The second part of the reply to that.
pub(super) fn part(command_id: CommandId) -> ReplyPart {
    ReplyPart { v: V1, command_id, run_id: run(), part: 1, said: interviews().said }
}

/// What one agent said, and that there is no other.
pub(super) fn interviews() -> Interviews {
    let result = |prompt, agent_id, outcome| AgentResult {
        prompt,
        agent_id,
        platform: Platform::Twitter,
        outcome,
    };
    let said = AgentOutcome::Said {
        agent_name: "Grüne 王芳".to_owned(),
        response: "\"Safety first\", they say.\nI wonder.".to_owned(),
        as_of: AsOf { tick: 1, round: 1 },
        model: None,
    };
    let message = "agent 9 is unknown: there are 0 to 3".to_owned();
    let error = ReplyError { code: ErrorCode::UnknownAgent, message };
    let results = vec![result(0, 2, said), result(1, 9, AgentOutcome::Failed { error })];
    let prompts = vec!["What do you make of the closure?".to_owned(), "Who are you?".to_owned()];
    Interviews { asked: 2, answered: 1, parts: None, said: Results { prompts, results } }
}

pub(super) fn interview() -> InterviewResult {
    InterviewResult {
        agent_id: 2,
        agent_name: "Grüne 王芳".to_owned(),
        prompt: "What do you make of the closure?".to_owned(),
        twitter: Some(answer(Platform::Twitter, "\"Safety first\", they say.\nI wonder.")),
        reddit: Some(answer(Platform::Reddit, "Ask me tomorrow.")),
        twitter_error: None,
        reddit_error: None,
    }
}

fn model() -> Box<Speaker> {
    let usage = Usage {
        requests: 1,
        prompt_tokens: 900,
        cached_tokens: 600,
        completion_tokens: 40,
        cost_micros: 153,
    };
    Box::new(Speaker { endpoint: "main".to_owned(), model: "small-1".to_owned(), usage })
}

fn answer(platform: Platform, response: &str) -> Answer {
    Answer {
        platform,
        response: response.to_owned(),
        as_of: AsOf { tick: 1, round: 1 },
        model: None,
    }
}
