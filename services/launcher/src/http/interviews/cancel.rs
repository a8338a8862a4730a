//! `POST /api/simulation/interview/cancel`: no more answers to a batch of this edge.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contract::command::{Cancel, Request};
use contract::id::CommandId;
use contract::reply::ReplyResult;
use contract::timestamp::Timestamp;
use serde::Serialize;

use super::fields::CancelFields;
use crate::create::now;
use crate::http::App;
use crate::http::control::client;
use crate::http::envelope::{Posted, success};
use crate::http::error::HttpError;
use crate::http::pages::run_of;
use crate::refusal::Refusal;

#[derive(Serialize)]
struct Data {
    success: bool,
    command_id: CommandId,
    /// False where nothing was left to cancel.
    cancelled: bool,
    /// Results that say so.
    questions: u32,
    timestamp: Timestamp,
}

pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    Posted(CancelFields { name, command_id, patience }): Posted<CancelFields>,
) -> Result<Response, HttpError> {
    let run = run_of(&app, &name).await?;
    let request = Request::Cancel(Cancel { command_id: command_id.clone(), client: None });
    let bus = &app.creator.bus;
    let reply = bus.ask_run(&run.run_id, &client(), request, now(), patience).await;
    let reply = reply.map_err(Refusal::from)?;
    let timestamp = reply.at;
    match reply.into_result().map_err(Refusal::from)? {
        ReplyResult::Cancelled { questions } => {
            let cancelled = questions > 0;
            Ok(success(&Data { success: true, command_id, cancelled, questions, timestamp }))
        }
        other => {
            Err(Refusal::Failed(format!("the reply to a cancel is an odd one: {other:?}")).into())
        }
    }
}
