//! `POST /api/simulation/stop`: ends a run; what it produced stays.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use contract::command::{Request, Stop};
use contract::door::Object;
use contract::status::EnvStatus;

use crate::create::now;
use crate::follow::refresh;
use crate::http::App;
use crate::http::envelope::{Fields, Posted, success};
use crate::http::error::HttpError;
use crate::http::status::{Look, View, look};
use crate::model::RunName;
use crate::queued::client;
use crate::refusal::Refusal;

/// How long the run's owner has to answer. After that it is stopped all the same, but the
/// caller hears of it by asking for the status.
const PATIENCE: Duration = Duration::from_secs(50);

/// Answers with the run's status once it has stopped; at once if it had ended before.
pub(super) async fn stop(
    State(app): State<Arc<App>>,
    Posted(fields): Posted<StopFields>,
) -> Result<Response, HttpError> {
    let run = match look(&app, &fields.name).await? {
        Look::Run(run) => run,
        Look::Idle(simulation) => {
            let text = format!("simulation {simulation} was never run, so there is no run to stop");
            return Err(Refusal::Unknown(text).into());
        }
    };
    let ended = end(&app, run, fields.reason).await?;
    Ok(success(&View::new(&ended, app.besides.of(&ended).await?)))
}

async fn end(
    app: &App,
    run: Arc<EnvStatus>,
    reason: Option<String>,
) -> Result<Arc<EnvStatus>, Refusal> {
    if !run.status.is_live() {
        return Ok(run);
    }
    let (bus, model) = (&app.creator.bus, &app.creator.model);
    let request = Request::Stop(Stop { reason });
    let reply = bus.ask_run(&run.run_id, &client(), request, now(), PATIENCE).await?;
    refresh(bus, model, &run.run_id).await?;
    let now = model.ask(|runs| runs.run(&run.run_id)).unwrap_or(run);
    match reply.into_result() {
        Ok(_) => Ok(now),
        // Whatever kept it from being stopped, it has ended.
        Err(_) if !now.status.is_live() => Ok(now),
        Err(error) => Err(error.into()),
    }
}

/// The request, read.
#[derive(Debug)]
pub(super) struct StopFields {
    pub(super) name: RunName,
    pub(super) reason: Option<String>,
}

impl Fields for StopFields {
    fn read(object: &Object<'_>) -> Option<StopFields> {
        object.refuse_unknown(&["simulation_id", "reason"]);
        object.require("simulation_id", "the id of a simulation or of a run");
        let name = object.parsed("simulation_id", str::parse);
        let reason = object.text("reason").map(str::to_owned);
        Some(StopFields { name: name?, reason })
    }
}
