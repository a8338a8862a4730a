//! Asking agents, in the original's shapes: one, several, all, and what was asked before.
//!
//! An interview is one question on the bus with one reply, and so is a batch of them: one that fails
//! takes no other with it.

mod batch;
mod cancel;
mod environment;
mod fields;
mod history;
mod single;

use std::collections::BTreeMap;
use std::time::Duration;

use contract::command::{Interview, Request};
use contract::id::RunId;
use contract::reply::{Answer, AsOf, InterviewResult, Reply, ReplyResult, Speaker};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use serde::Serialize;

use crate::create::now;
use crate::http::App;
use crate::http::control::client;
use crate::http::routes::Routes;
use crate::refusal::Refusal;

/// The routes. They know themselves how long they take.
pub(super) fn routes() -> Routes {
    Routes::new()
        .post("/api/simulation/interview", single::interview)
        .post("/api/simulation/interview/batch", batch::some)
        .post("/api/simulation/interview/all", batch::all)
        .post("/api/simulation/interview/cancel", cancel::cancel)
        .post("/api/simulation/interview/history", history::history)
        .post("/api/simulation/env-status", environment::env_status)
        .post("/api/simulation/close-env", environment::close_env)
}

/// One world's answer.
#[derive(Debug, Serialize)]
struct Said {
    agent_id: u32,
    response: String,
    timestamp: Timestamp,
    platform: Platform,
    /// The state of the world that the agent spoke from.
    as_of: AsOf,
    /// The language model that spoke for it, and what that took.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<Box<Speaker>>,
}

/// Why an agent said nothing in one world.
#[derive(Debug, Serialize)]
struct Unsaid {
    agent_id: u32,
    platform: Platform,
    error: String,
}

/// What came of a question in one world.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Entry {
    Said(Said),
    Failed(Unsaid),
}

/// What an agent said, and when.
struct Heard {
    answers: InterviewResult,
    at: Timestamp,
}

impl Heard {
    /// What came of it in each world that was asked.
    fn entries(self) -> BTreeMap<Platform, Entry> {
        let Heard { answers, at } = self;
        let agent_id = answers.agent_id;
        let failed = answers.failures().map(|(platform, error)| {
            let error = error.to_string();
            (platform, Entry::Failed(Unsaid { agent_id, platform, error }))
        });
        let failed: Vec<_> = failed.collect();
        let said = answers.twitter.into_iter().chain(answers.reddit).map(|answer| {
            let Answer { platform, response, as_of, model } = answer;
            let said = Said { agent_id, response, timestamp: at, platform, as_of, model };
            (platform, Entry::Said(said))
        });
        said.chain(failed).collect()
    }
}

/// Asks one agent. A question that is not answered in time is void.
async fn ask_agent(
    app: &App,
    run: &RunId,
    interview: Interview,
    patience: Duration,
) -> Result<Heard, Refusal> {
    let (bus, request) = (&app.creator.bus, Request::Interview(interview));
    heard(bus.ask_run(run, &client(), request, now(), patience).await?)
}

fn heard(reply: Reply) -> Result<Heard, Refusal> {
    let at = reply.at;
    match reply.into_result()? {
        ReplyResult::Interview(answers) => Ok(Heard { answers, at }),
        other => {
            Err(Refusal::Failed(format!("the reply to an interview is an odd one: {other:?}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::reply::{ErrorCode, ReplyError};
    use serde_json::json;

    #[test]
    fn a_world_without_an_answer_says_why() {
        let (code, message) = (ErrorCode::NoCapacity, "its model is away".to_owned());
        let as_of = AsOf { tick: 3, round: 3 };
        let (platform, response) = (Platform::Reddit, "Fine.".to_owned());
        let answers = InterviewResult {
            agent_id: 7,
            agent_name: "Ada".to_owned(),
            prompt: "Well?".to_owned(),
            twitter: None,
            reddit: Some(Answer { platform, response, as_of, model: None }),
            twitter_error: Some(ReplyError { code, message }),
            reddit_error: None,
        };
        let entries = Heard { answers, at: Timestamp::EPOCH }.entries();
        let expected = json!({
            "twitter": {"agent_id": 7, "platform": "twitter", "error": "its model is away"},
            "reddit": {"agent_id": 7, "platform": "reddit", "response": "Fine.",
                "timestamp": Timestamp::EPOCH, "as_of": {"tick": 3, "round": 3}},
        });
        assert_eq!(serde_json::to_value(&entries).unwrap(), expected);
    }
}
