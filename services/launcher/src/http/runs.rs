//! `GET /api/simulation/{id}/runs`: all runs of a simulation; `.../logs`: what its workers wrote.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use bus::Stored;
use contract::MAX_SAFE_INTEGER;
use contract::id::{Digest, RunId, SimulationId};
use contract::manner::Labels;
use contract::notice::LogLine;
use contract::past::Parent;
use contract::problem::Problems;
use contract::status::EnvStatus;
use contract::subject::StreamName;
use contract::timestamp::Timestamp;
use serde::Serialize;

use crate::create::now;
use crate::http::App;
use crate::http::envelope::success;
use crate::http::error::HttpError;
use crate::http::pages::run_of;
use crate::http::query::{Asked, Parameters, cut};
use crate::http::routes::Routes;
use crate::http::status::{Look, look, read_name};
use crate::model::RunName;
use crate::refusal::Refusal;

/// Rows of an answer unless the address says otherwise, and at most.
const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;

pub(super) fn routes() -> Routes {
    Routes::new().get("/api/simulation/{id}/runs", runs).get("/api/simulation/{id}/logs", logs)
}

#[derive(Serialize)]
struct Runs<'a> {
    simulation_id: &'a SimulationId,
    count: usize,
    total: usize,
    runs: Vec<RunRow<'a>>,
    next_cursor: Option<String>,
}

/// A run in short; of one that is deleted its number and its end are all that is left.
#[derive(Serialize)]
struct RunRow<'a> {
    run_id: &'a RunId,
    status: &'static str,
    alive: bool,
    held: bool,
    labels: &'a Labels,
    spec_digest: Digest,
    /// The run that it was forked from, and the last round that the two share.
    parent: Option<&'a Parent>,
    seed: u64,
    current_round: u32,
    total_rounds: u32,
    total_actions_count: u64,
    reason: Option<&'a str>,
    last_error: Option<&'a str>,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    updated_at: Timestamp,
}

impl<'a> RunRow<'a> {
    fn new(run: &'a EnvStatus, now: Timestamp) -> RunRow<'a> {
        RunRow {
            run_id: &run.run_id,
            status: run.word(now),
            alive: run.alive,
            held: run.held,
            labels: &run.labels,
            spec_digest: run.spec_digest,
            parent: run.parent.as_ref(),
            seed: run.options.seed,
            current_round: run.platforms.iter().map(|world| world.round).max().unwrap_or(0),
            total_rounds: run.options.rounds,
            total_actions_count: run.platforms.iter().map(|world| world.listed).sum(),
            reason: run.reason.as_deref(),
            last_error: run.last_error.as_deref(),
            created_at: run.created_at,
            started_at: run.started_at,
            ended_at: run.ended_at,
            updated_at: run.updated_at,
        }
    }
}

async fn runs(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    query: Parameters,
) -> Result<Response, HttpError> {
    let (name, limit, before) = read(path, query, "cursor").map_err(Refusal::Invalid)?;
    let simulation = match look(&app, &name).await? {
        Look::Run(run) => run.simulation_id.clone(),
        Look::Idle(simulation) => simulation,
    };
    let (all, now) = (app.creator.model.ask(|runs| runs.of(&simulation)), now());
    let older = |run: &&Arc<EnvStatus>| before.is_none_or(|n| u64::from(run.run_id.number()) < n);
    let mut rows: Vec<RunRow<'_>> =
        all.iter().rev().filter(older).take(limit + 1).map(|run| RunRow::new(run, now)).collect();
    let next_cursor = cut(&mut rows, limit, |last| last.run_id.number().into());
    let (count, total) = (rows.len(), all.len());
    Ok(success(&Runs { simulation_id: &simulation, count, total, runs: rows, next_cursor }))
}

#[derive(Serialize)]
struct Logs<'a> {
    run_id: &'a RunId,
    count: usize,
    /// In the order in which they were written.
    lines: Vec<LineRow>,
    /// Ask for what is written next with it.
    next_after: u64,
}

#[derive(Serialize)]
struct LineRow {
    /// Its place: `after` begins behind it.
    seq: u64,
    at: Timestamp,
    node: String,
    worker: String,
    line: String,
}

/// A line that cannot be read is passed over: there is nothing to be done about it here.
fn line(stored: &Stored) -> Option<LineRow> {
    let LogLine { at, node, worker, line, .. } = serde_json::from_slice(&stored.body).ok()?;
    Some(LineRow { seq: stored.sequence, at, node, worker, line })
}

/// Without `after` the newest lines, with it the next ones behind that place.
async fn logs(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    query: Parameters,
) -> Result<Response, HttpError> {
    let (name, limit, after) = read(path, query, "after").map_err(Refusal::Invalid)?;
    let run = run_of(&app, &name).await?;
    let bus = &app.creator.bus;
    let (stream, subject) = (StreamName::Logs, bus.prefix().logs(&run.run_id));
    let read = match after {
        None => bus.newest(stream, &subject, None, limit, line).await.map(|mut newest| {
            newest.reverse();
            newest.into_iter().map(|(_, line)| line).collect()
        }),
        Some(after) => {
            let next = bus.read_some(stream, &subject, after + 1, limit as u64).await;
            next.map(|next| next.iter().filter_map(line).collect())
        }
    };
    let lines: Vec<LineRow> = read.map_err(Refusal::from)?;
    let next_after = lines.last().map_or(after.unwrap_or(0), |last| last.seq);
    Ok(success(&Logs { run_id: &run.run_id, count: lines.len(), lines, next_after }))
}

/// The run, `limit`, and the place that `name` gives.
fn read(
    path: Result<Path<String>, PathRejection>,
    query: Parameters,
    name: &str,
) -> Result<(RunName, usize, Option<u64>), Problems> {
    let mut asked = Asked::new(query);
    let run = read_name(path).map_err(|problem| asked.report(problem)).ok();
    let limit = asked.limit(DEFAULT_LIMIT, MAX_LIMIT);
    let place = asked.number(name, 0..=MAX_SAFE_INTEGER);
    asked.close(run.map(|run| (run, limit, place)))
}
