//! A command, from storing it to what is answered about it.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bus::AskError;
use contract::command::{Request, Verb};
use contract::cost::BUDGET;
use contract::id::{CommandId, RunId};
use contract::reply::{Reply, ReplyError, ReplyOutcome, ReplyResult};
use contract::status::{EnvStatus, RunStatus};
use contract::subject::StreamName;
use contract::timestamp::Timestamp;
use serde::Serialize;

use super::client;
use crate::create::now;
use crate::follow::{find, refresh};
use crate::http::App;
use crate::http::envelope::{Success, success};
use crate::http::error::HttpError;
use crate::http::pages::run_of;
use crate::http::status::View;
use crate::model::RunName;
use crate::refusal::Refusal;

/// How long an answer is waited for that is mostly to come when a paused run is resumed: long
/// enough to hear that the request makes no sense.
const WHILE_PAUSED: Duration = Duration::from_secs(2);

/// How a command is asked for.
pub(in crate::http) struct Manner {
    /// How long its reply is waited for.
    pub(in crate::http) patience: Duration,
    /// Its id, if the client chose one: sent again, it is the same command.
    pub(in crate::http) key: Option<CommandId>,
}

/// What became of a command so far.
pub(in crate::http) enum Answered {
    /// There is a reply.
    Reply(Box<Reply>),
    /// Not yet. It will be carried out.
    Pending(CommandId),
}

/// What is said of a command.
#[derive(Serialize)]
pub(super) struct CommandView<'a> {
    command_id: &'a CommandId,
    run_id: &'a RunId,
    verb: &'a str,
    /// `pending`, `completed` or `failed`.
    status: &'static str,
    /// What it gave, once it is completed.
    result: Option<&'a ReplyResult>,
    /// Why it failed, if it did.
    error: Option<&'a ReplyError>,
    /// When it was answered.
    at: Option<Timestamp>,
    /// `resume`, where it waits for somebody to resume the run; `budget`, where for somebody to
    /// raise the cap that the run has reached.
    waits_for: Option<&'static str>,
    /// The run as it is now, where the command may have changed its state.
    run: Option<View<'a>>,
}

impl<'a> CommandView<'a> {
    pub(super) fn of_reply(reply: &'a Reply) -> CommandView<'a> {
        let (status, result, error) = match &reply.outcome {
            ReplyOutcome::Completed { result } => ("completed", Some(result), None),
            ReplyOutcome::Failed { error } => ("failed", None, Some(error)),
        };
        CommandView {
            command_id: &reply.command_id,
            run_id: &reply.run_id,
            verb: &reply.verb,
            status,
            result,
            error,
            at: Some(reply.at),
            waits_for: None,
            run: None,
        }
    }

    /// `run`: as it is, if it is there.
    pub(super) fn pending(
        command_id: &'a CommandId,
        run_id: &'a RunId,
        verb: Verb,
        run: Option<&EnvStatus>,
    ) -> CommandView<'a> {
        CommandView {
            command_id,
            run_id,
            verb: verb.as_str(),
            status: "pending",
            result: None,
            error: None,
            at: None,
            waits_for: run.and_then(|run| waits_for(run, verb)),
            run: None,
        }
    }
}

/// What the next round waits for, which takes the command: a paused run has none before.
fn waits_for(run: &EnvStatus, verb: Verb) -> Option<&'static str> {
    if run.status != RunStatus::Paused || !matches!(verb, Verb::Inject | Verb::Configure) {
        return None;
    }
    let lacks_budget = run.reason.as_ref().is_some_and(|reason| reason.starts_with(BUDGET));
    Some(if lacks_budget { "budget" } else { "resume" })
}

/// The run that a command is for. One that is deleted meanwhile may still have the reply to a
/// command that was sent before.
///
/// # Errors
/// If there is no such run, or the bus cannot be read.
pub(super) async fn run_for(app: &App, name: &RunName, manner: &Manner) -> Result<RunId, Refusal> {
    if let (RunName::Run(run), Some(key)) = (name, &manner.key) {
        let bus = &app.creator.bus;
        let reply = bus.prefix().reply(&client(), run, key);
        if bus.last(StreamName::Replies, &reply).await?.is_some() {
            return Ok(run.clone());
        }
    }
    Ok(run_of(app, name).await?.run_id.clone())
}

/// Stores a command, unless it is there already, and waits for its reply.
///
/// # Errors
/// If it cannot be stored, its id is another command's, or it is void since nobody answered.
pub(in crate::http) async fn ask(
    app: &App,
    run: &RunId,
    request: Request,
    manner: Manner,
) -> Result<Answered, Refusal> {
    let (bus, model) = (&app.creator.bus, &app.creator.model);
    let status = model.ask(|runs| runs.run(run));
    let waits = status.and_then(|status| waits_for(&status, request.verb()));
    // One that raises the caps enough is taken at once.
    let is_pointless =
        waits.is_some() && request.change().is_none_or(|change| change.budget.is_none());
    let patience = if is_pointless { manner.patience.min(WHILE_PAUSED) } else { manner.patience };
    let (id, is_ours) = match manner.key {
        Some(key) => (key, false),
        None => (bus.new_command_id(), true),
    };
    let asked = match is_ours {
        true => bus.ask_run_as(run, &client(), id.clone(), request, now(), patience).await,
        false => bus.ask_run_once(run, &client(), id.clone(), request, now(), patience).await,
    };
    // What a reply tells is true here too from now on.
    refresh(bus, model, run).await?;
    match asked {
        Ok(reply) => {
            if let ReplyOutcome::Completed { result: ReplyResult::Forked { run_id, .. } } =
                &reply.outcome
            {
                refresh(bus, model, run_id).await?;
            }
            Ok(Answered::Reply(Box::new(reply)))
        }
        Err(AskError::Late { void: false, .. }) => Ok(Answered::Pending(id)),
        Err(error) => Err(error.into()),
    }
}

/// The answer to a request for a command.
///
/// # Errors
/// The failure that a reply reports.
pub(super) async fn answer_of(
    app: &App,
    run: &RunId,
    verb: Verb,
    answered: Answered,
) -> Result<Response, HttpError> {
    let reply = match answered {
        Answered::Pending(id) => return Ok(pending(app, run, verb, &id).await),
        Answered::Reply(reply) => *reply,
    };
    reply.clone().into_result().map_err(Refusal::from)?;
    let mut view = CommandView::of_reply(&reply);
    let changed: Option<Arc<EnvStatus>> = match verb {
        Verb::Pause | Verb::Resume => app.creator.model.ask(|runs| runs.run(run)),
        _ => None,
    };
    if let Some(status) = &changed {
        view.run = Some(View::new(status, app.besides.of(status).await?));
    }
    Ok(success(&view))
}

/// 202: there is no reply yet.
pub(in crate::http) async fn pending(
    app: &App,
    run: &RunId,
    verb: Verb,
    id: &CommandId,
) -> Response {
    let name = RunName::Run(run.clone());
    let status = find(&app.creator.bus, &app.creator.model, &name).await.ok().flatten();
    let view = CommandView::pending(id, run, verb, status.as_deref());
    (StatusCode::ACCEPTED, Json(Success::new(&view))).into_response()
}
