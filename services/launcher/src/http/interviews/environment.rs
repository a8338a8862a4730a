//! `POST /api/simulation/env-status` and `.../close-env`: whether agents can be asked, and the
//! end of that.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use contract::command::{Request, Verb};
use contract::door::Object;
use contract::id::{RunId, SimulationId};
use contract::status::{EnvStatus, RunStatus};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use serde::Serialize;

use crate::create::now;
use crate::http::App;
use crate::http::control::{Answered, Manner, ask, pending, read_run, read_timeout};
use crate::http::envelope::{Fields, Posted, success};
use crate::http::error::HttpError;
use crate::http::pages::run_of;
use crate::http::status::{Look, look};
use crate::model::RunName;
use crate::refusal::Refusal;

/// How long a close is waited for unless the request says otherwise.
const CLOSE: Duration = Duration::from_secs(30);

#[derive(Serialize)]
struct Environment<'a> {
    simulation_id: &'a SimulationId,
    run_id: Option<&'a RunId>,
    status: Option<&'static str>,
    env_alive: bool,
    twitter_available: bool,
    reddit_available: bool,
    message: String,
}

impl<'a> Environment<'a> {
    fn of(run: &'a EnvStatus) -> Environment<'a> {
        let has =
            |platform| run.alive && run.platforms.iter().any(|world| world.platform == platform);
        let word = run.word(now());
        let message = match run.alive {
            true => format!("run {} is {word}: its agents can be asked", run.run_id),
            false => format!("run {} is {word}: its environment is not open", run.run_id),
        };
        Environment {
            simulation_id: &run.simulation_id,
            run_id: Some(&run.run_id),
            status: Some(word),
            env_alive: run.alive,
            twitter_available: has(Platform::Twitter),
            reddit_available: has(Platform::Reddit),
            message,
        }
    }

    fn of_none(simulation_id: &'a SimulationId) -> Environment<'a> {
        Environment {
            simulation_id,
            run_id: None,
            status: None,
            env_alive: false,
            twitter_available: false,
            reddit_available: false,
            message: format!("there is no run of simulation {simulation_id}"),
        }
    }
}

pub(super) async fn env_status(
    State(app): State<Arc<App>>,
    Posted(EnvFields { name }): Posted<EnvFields>,
) -> Result<Response, HttpError> {
    Ok(match look(&app, &name).await? {
        Look::Run(run) => success(&Environment::of(&run)),
        Look::Idle(simulation) => success(&Environment::of_none(&simulation)),
    })
}

#[derive(Serialize)]
struct Closed {
    success: bool,
    message: String,
    result: Message,
    timestamp: Timestamp,
}

#[derive(Serialize)]
struct Message {
    message: String,
}

pub(super) async fn close_env(
    State(app): State<Arc<App>>,
    Posted(CloseFields { name, patience }): Posted<CloseFields>,
) -> Result<Response, HttpError> {
    let before = run_of(&app, &name).await?;
    let run = &before.run_id;
    let manner = Manner { patience, key: None };
    let reply = match ask(&app, run, Request::CloseEnv, manner).await? {
        Answered::Reply(reply) => *reply,
        Answered::Pending(id) => return Ok(pending(&app, run, Verb::CloseEnv, &id).await),
    };
    let timestamp = reply.at;
    reply.into_result().map_err(Refusal::from)?;
    let message = match before.status {
        RunStatus::Closed => format!("the environment of run {run} was closed before"),
        _ => format!("the environment of run {run} is closed; its agents can still be asked"),
    };
    let result = Message { message: message.clone() };
    Ok(success(&Closed { success: true, message, result, timestamp }))
}

pub(super) struct EnvFields {
    name: RunName,
}

impl Fields for EnvFields {
    fn read(object: &Object<'_>) -> Option<EnvFields> {
        object.refuse_unknown(&["simulation_id"]);
        Some(EnvFields { name: read_run(object)? })
    }
}

pub(super) struct CloseFields {
    name: RunName,
    patience: Duration,
}

impl Fields for CloseFields {
    fn read(object: &Object<'_>) -> Option<CloseFields> {
        object.refuse_unknown(&["simulation_id", "timeout"]);
        let (name, patience) = (read_run(object), read_timeout(object, CLOSE));
        Some(CloseFields { name: name?, patience })
    }
}
