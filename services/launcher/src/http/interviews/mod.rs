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

use std::time::Duration;

use contract::command::{Interview, Request};
use contract::id::RunId;
use contract::reply::{Answer, AsOf, InterviewResult, Reply, ReplyResult};
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
}

/// What an agent said, and when.
struct Heard {
    answers: InterviewResult,
    at: Timestamp,
}

impl Heard {
    /// Each world's answer, Twitter's first.
    fn said(self) -> impl Iterator<Item = Said> {
        let Heard { answers: InterviewResult { agent_id, twitter, reddit, .. }, at } = self;
        twitter.into_iter().chain(reddit).map(move |Answer { platform, response, as_of }| Said {
            agent_id,
            response,
            timestamp: at,
            platform,
            as_of,
        })
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
