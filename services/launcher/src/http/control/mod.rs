//! `POST /api/simulation/{id}/<verb>`: what is asked of a run, whatever it is; what is asked of its
//! memories stands under `/memory/`.
//!
//! A verb is a command on the bus, and its one reply the answer. Who waits for longer than it
//! wants to is told the command's id (202), and finds the reply under `/{id}/commands/` later.

mod ask;
mod body;
mod commands;
mod delete;

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use contract::command::Verb;
use contract::id::ClientId;

pub(super) use self::ask::{Answered, Manner, ask, pending};
use self::ask::{answer_of, run_for};
pub(super) use self::body::{DEFAULT_PATIENCE, read_key, read_run, read_timeout};
use crate::http::App;
use crate::http::envelope::MaybePosted;
use crate::http::error::HttpError;
use crate::http::routes::Routes;
use crate::http::stop;
use crate::refusal::Refusal;

/// The verbs that have a route that does nothing else, and its end. `stop` and `close_env` have the
/// original's, and so have those that only ask.
const VERBS: [(Verb, &str); 10] = [
    (Verb::Pause, "pause"),
    (Verb::Resume, "resume"),
    (Verb::Inject, "inject"),
    (Verb::Configure, "configure"),
    (Verb::Fork, "fork"),
    (Verb::Verify, "verify"),
    (Verb::Replay, "replay"),
    (Verb::Repair, "repair"),
    (Verb::MemoryAttach, "memory/attach"),
    (Verb::MemoryRedrive, "memory/redrive"),
];

/// The name under which this edge's commands are stored: apart from the launcher's own, whose ids
/// are not chosen by strangers.
pub(super) fn client() -> ClientId {
    "http".parse().expect("is of the characters that a client id may have")
}

/// The routes. They know themselves how long they take.
pub(super) fn routes() -> Routes {
    let routes = Routes::new()
        .post("/api/simulation/stop", stop::stop)
        .on(&[Method::DELETE], "/api/simulation/{id}", delete::by_method)
        .post("/api/simulation/{id}/delete", delete::by_verb)
        .get("/api/simulation/{id}/commands/{command_id}", commands::command);
    VERBS.into_iter().fold(routes, |routes, (verb, end)| {
        let path = format!("/api/simulation/{{id}}/{end}");
        let handle = move |app, path, headers, body| control(app, verb, path, headers, body);
        routes.post(&path, handle)
    })
}

async fn control(
    State(app): State<Arc<App>>,
    verb: Verb,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    MaybePosted(value): MaybePosted,
) -> Result<Response, HttpError> {
    let (name, request, manner) =
        body::read(verb, path, &headers, value).map_err(Refusal::Invalid)?;
    let run = run_for(&app, &name, &manner).await?;
    let answered = ask(&app, &run, request, manner).await?;
    answer_of(&app, &run, verb, answered).await
}
