//! `GET /api/simulation/{id}/dead-letters` and `GET /api/dead-letters`: what no service could
//! process, newest first.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use bus::Stored;
use contract::MAX_SAFE_INTEGER;
use contract::id::RunId;
use contract::notice::DeadLetter;
use contract::problem::Problem;
use contract::subject::StreamName;
use contract::timestamp::Timestamp;
use serde::Serialize;

use crate::http::App;
use crate::http::envelope::success;
use crate::http::error::HttpError;
use crate::http::pages::run_of;
use crate::http::query::{Asked, Parameters, cut};
use crate::http::routes::Routes;
use crate::http::status::read_name;
use crate::refusal::Refusal;

/// Letters of an answer unless the address says otherwise, and at most: each may quote 64 KiB.
const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;

pub(super) fn routes() -> Routes {
    Routes::new().get("/api/dead-letters", of_all).get("/api/simulation/{id}/dead-letters", of_one)
}

#[derive(Serialize)]
struct Letters {
    count: usize,
    letters: Vec<Row>,
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct Row {
    /// The letter's own place among letters; `cursor` begins behind it.
    letter: u64,
    service: String,
    run_id: Option<RunId>,
    subject: String,
    sequence: u64,
    problems: Vec<Problem>,
    body: String,
    at: Timestamp,
}

/// A letter that cannot be read is passed over: whoever wrote it is no service of ours.
fn row(stored: &Stored) -> Option<Row> {
    let DeadLetter { service, run_id, subject, sequence, problems, body, at, .. } =
        serde_json::from_slice(&stored.body).ok()?;
    let letter = stored.sequence;
    Some(Row { letter, service, run_id, subject, sequence, problems, body, at })
}

async fn of_all(State(app): State<Arc<App>>, query: Parameters) -> Result<Response, HttpError> {
    let mut asked = Asked::new(query);
    let part = read_part(&mut asked);
    let part = asked.close(Some(part)).map_err(Refusal::Invalid)?;
    let filter = app.creator.bus.prefix().all(StreamName::DeadLetters);
    answer(&app, &filter, part).await
}

async fn of_one(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    query: Parameters,
) -> Result<Response, HttpError> {
    let mut asked = Asked::new(query);
    let name = read_name(path).map_err(|problem| asked.report(problem)).ok();
    let part = read_part(&mut asked);
    let (name, part) = asked.close(name.map(|name| (name, part))).map_err(Refusal::Invalid)?;
    let run = run_of(&app, &name).await?;
    let filter = app.creator.bus.prefix().dead_letters_of(&run.run_id);
    answer(&app, &filter, part).await
}

/// `limit` and `cursor`.
fn read_part(asked: &mut Asked) -> (usize, Option<u64>) {
    (asked.limit(DEFAULT_LIMIT, MAX_LIMIT), asked.number("cursor", 1..=MAX_SAFE_INTEGER))
}

async fn answer(
    app: &App,
    filter: &str,
    (limit, before): (usize, Option<u64>),
) -> Result<Response, HttpError> {
    let bus = &app.creator.bus;
    let newest = bus.newest(StreamName::DeadLetters, filter, before, limit + 1, row).await;
    let newest = newest.map_err(Refusal::from)?;
    let mut letters: Vec<Row> = newest.into_iter().map(|(_, row)| row).collect();
    let next_cursor = cut(&mut letters, limit, |last| last.letter);
    Ok(success(&Letters { count: letters.len(), letters, next_cursor }))
}
