//! `GET /api/simulation/{id}/commands/{command_id}`: what became of a command of this edge.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use contract::command::Command;
use contract::id::{CommandId, InvalidId};
use contract::problem::{Problem, Problems};
use contract::reply::Reply;
use contract::subject::StreamName;

use super::ask::CommandView;
use super::client;
use super::delete::only_run;
use crate::http::App;
use crate::http::envelope::success;
use crate::http::error::HttpError;
use crate::http::status::read_name;
use crate::model::RunName;
use crate::refusal::Refusal;

/// The two ids of the path.
type Ids = Path<(String, String)>;

pub(super) async fn command(
    State(app): State<Arc<App>>,
    path: Result<Ids, PathRejection>,
) -> Result<Response, HttpError> {
    let (name, id) = read(path).map_err(Refusal::Invalid)?;
    let run = only_run(&app, &name)?;
    let (bus, client) = (&app.creator.bus, client());
    let subject = bus.prefix().reply(&client, run, &id);
    // Looked for first: a command may be gone while its reply is there, never the other way.
    if let Some(stored) = bus.last(StreamName::Replies, &subject).await.map_err(Refusal::from)? {
        let reply: Reply = serde_json::from_slice(&stored.body).map_err(|error| {
            Refusal::Failed(format!("the reply on {subject} cannot be read: {error}"))
        })?;
        let reply = bus.whole_reply(&client, reply).await.map_err(Refusal::from)?;
        return Ok(success(&CommandView::of_reply(&reply)));
    }
    let (mut stored, mut subject) = (None, String::new());
    for stream in [StreamName::Commands, StreamName::Questions] {
        if stored.is_none() {
            subject = bus.prefix().commands_under(stream, run, &client, &id);
            stored = bus.last(stream, &subject).await.map_err(Refusal::from)?;
        }
    }
    let unknown = || Refusal::Unknown(format!("run {run} has no command {id} that was sent here"));
    let command = Command::from_json(&stored.ok_or_else(unknown)?.body).map_err(|problems| {
        Refusal::Failed(format!("the command on {subject} cannot be read: {problems}"))
    })?;
    let status = app.creator.model.ask(|runs| runs.run(run));
    let verb = command.request.verb();
    Ok(success(&CommandView::pending(&id, run, verb, status.as_deref())))
}

fn read(path: Result<Ids, PathRejection>) -> Result<(RunName, CommandId), Problems> {
    let mut problems = Vec::new();
    let (name, id) = match path {
        Ok(Path((name, id))) => (read_name(Ok(Path(name))), id),
        Err(error) => (read_name(Err(error)), String::new()),
    };
    let name = name.map_err(|problem| problems.push(problem)).ok();
    let read = id.parse().map_err(|error: InvalidId| {
        let place = "the command's id in the path";
        problems.push(Problem::new(place, format!("{id:?}"), error.expected()));
    });
    Problems::none_or(problems, name.zip(read.ok()))
}
