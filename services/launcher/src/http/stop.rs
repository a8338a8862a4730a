//! `POST /api/simulation/stop`: ends a run; what it produced stays.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use contract::command::{Request, Stop, Verb};
use contract::door::Object;
use contract::id::RunId;

use crate::http::App;
use crate::http::control::{
    Answered, DEFAULT_PATIENCE, Manner, ask, pending, read_key, read_run, read_timeout,
};
use crate::http::envelope::{Fields, Posted, success};
use crate::http::error::HttpError;
use crate::http::status::{Look, View, look};
use crate::model::RunName;
use crate::refusal::Refusal;

/// Answers with the run's status once it has stopped; at once if it had ended before.
pub(super) async fn stop(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Posted(fields): Posted<StopFields>,
) -> Result<Response, HttpError> {
    let key = read_key(&headers).map_err(|problem| Refusal::Invalid(problem.into()))?;
    let run = match look(&app, &fields.name).await? {
        Look::Run(run) => run,
        Look::Idle(simulation) => {
            let text = format!("simulation {simulation} was never run, so there is no run to stop");
            return Err(Refusal::Unknown(text).into());
        }
    };
    if !run.status.is_live() {
        return view(&app, &run.run_id).await;
    }
    let request = Request::Stop(Stop { reason: fields.reason });
    let manner = Manner { patience: fields.patience, key };
    let reply = match ask(&app, &run.run_id, request, manner).await? {
        Answered::Reply(reply) => *reply,
        Answered::Pending(id) => return Ok(pending(&app, &run.run_id, Verb::Stop, &id).await),
    };
    let is_live = app.creator.model.ask(|runs| runs.run(&run.run_id));
    let is_live = is_live.is_some_and(|run| run.status.is_live());
    match reply.into_result() {
        Err(error) if is_live => Err(Refusal::from(error).into()),
        // Whatever kept it from being stopped, it has ended.
        Ok(_) | Err(_) => view(&app, &run.run_id).await,
    }
}

async fn view(app: &App, run: &RunId) -> Result<Response, HttpError> {
    let run = app.creator.model.ask(|runs| runs.run(run)).ok_or_else(|| {
        // Between its end and this answer somebody deleted it.
        Refusal::unknown_run(run)
    })?;
    Ok(success(&View::new(&run, app.besides.of(&run).await?)))
}

/// The request, read.
#[derive(Debug)]
pub(super) struct StopFields {
    pub(super) name: RunName,
    pub(super) reason: Option<String>,
    patience: Duration,
}

impl Fields for StopFields {
    fn read(object: &Object<'_>) -> Option<StopFields> {
        object.refuse_unknown(&["simulation_id", "reason", "timeout"]);
        let name = read_run(object);
        let reason = object.text("reason").map(str::to_owned);
        let patience = read_timeout(object, DEFAULT_PATIENCE);
        Some(StopFields { name: name?, reason, patience })
    }
}
