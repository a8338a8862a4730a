//! `POST /api/simulation/interview`: one agent.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use serde::Serialize;

use super::fields::One;
use super::{Entry, Said, ask_agent};
use crate::http::App;
use crate::http::envelope::{Posted, success};
use crate::http::error::HttpError;
use crate::http::pages::run_of;
use crate::refusal::Refusal;

#[derive(Serialize)]
struct Data {
    success: bool,
    agent_id: u32,
    prompt: String,
    result: Answers,
    timestamp: Timestamp,
}

/// One world's answer where one was asked, else what came of it in each.
#[derive(Serialize)]
#[serde(untagged)]
enum Answers {
    One(Said),
    Each { agent_id: u32, prompt: String, platforms: BTreeMap<Platform, Entry> },
}

pub(super) async fn interview(
    State(app): State<Arc<App>>,
    Posted(One { name, interview, patience }): Posted<One>,
) -> Result<Response, HttpError> {
    let run = run_of(&app, &name).await?;
    let (agent_id, prompt) = (interview.agent_id, interview.prompt.clone());
    let one = interview.platform.is_some();
    let heard = ask_agent(&app, &run.run_id, interview, patience).await?;
    let timestamp = heard.at;
    let mut platforms = heard.entries();
    let result = match one {
        true => match platforms.pop_first() {
            Some((_, Entry::Said(said))) => Answers::One(said),
            _ => {
                let text = "the reply to an interview has no answer".to_owned();
                return Err(Refusal::Failed(text).into());
            }
        },
        false => Answers::Each { agent_id, prompt: prompt.clone(), platforms },
    };
    Ok(success(&Data { success: true, agent_id, prompt, result, timestamp }))
}
