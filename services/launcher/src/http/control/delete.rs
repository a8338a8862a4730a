//! `DELETE /api/simulation/{id}` and `POST /api/simulation/{id}/delete`: removes a run for good.
//!
//! Elsewhere a simulation's id means its current run. Who deletes says which one.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use contract::command::{Delete, Request, Verb};
use contract::id::{RunId, SimulationId};
use contract::problem::{Problem, Problems};
use contract::status::RunStatus;

use super::ask::{Manner, answer_of, ask, run_for};
use super::body;
use crate::http::App;
use crate::http::envelope::MaybePosted;
use crate::http::error::HttpError;
use crate::http::query::{Asked, Parameters};
use crate::http::status::read_name;
use crate::model::RunName;
use crate::refusal::Refusal;

/// The most runs that an error names.
const MAX_NAMED: usize = 20;

pub(super) async fn by_method(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    query: Parameters,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let (name, request, manner) = read(path, query, &headers).map_err(Refusal::Invalid)?;
    remove(&app, &name, request, manner).await
}

pub(super) async fn by_verb(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    MaybePosted(value): MaybePosted,
) -> Result<Response, HttpError> {
    let (name, request, manner) =
        body::read(Verb::Delete, path, &headers, value).map_err(Refusal::Invalid)?;
    remove(&app, &name, request, manner).await
}

async fn remove(
    app: &App,
    name: &RunName,
    request: Request,
    manner: Manner,
) -> Result<Response, HttpError> {
    let run = only_run(app, name)?;
    let run = run_for(app, &RunName::Run(run.clone()), &manner).await?;
    let answered = ask(app, &run, request, manner).await?;
    answer_of(app, &run, Verb::Delete, answered).await
}

/// The run of this name, which has to be a run's own.
///
/// # Errors
/// If it is a simulation's, with the names of its runs.
pub(super) fn only_run<'a>(app: &App, name: &'a RunName) -> Result<&'a RunId, Refusal> {
    match name {
        RunName::Run(run) => Ok(run),
        RunName::CurrentOf(simulation) => {
            app.creator.model.ready()?;
            let runs = app.creator.model.ask(|runs| runs.of(simulation));
            let there = runs.iter().rev().filter(|run| run.status != RunStatus::Deleted);
            let names: Vec<&str> = there.map(|run| run.run_id.as_str()).collect();
            Err(Refusal::Invalid(is_simulation(simulation, &names).into()))
        }
    }
}

fn is_simulation(simulation: &SimulationId, runs: &[&str]) -> Problem {
    let expected = match runs.len() {
        0 => format!("a run; {simulation} has none"),
        count @ 1..=MAX_NAMED => format!("a run: {}", runs[..count].join(", ")),
        count => format!(
            "a run: {} or one of {} others",
            runs[..MAX_NAMED].join(", "),
            count - MAX_NAMED
        ),
    };
    let found = format!("the simulation {simulation}");
    Problem { place: "the id in the path".to_owned(), found, expected }
}

fn read(
    path: Result<Path<String>, PathRejection>,
    query: Parameters,
    headers: &HeaderMap,
) -> Result<(RunName, Request, Manner), Problems> {
    let mut asked = Asked::new(query);
    let name = read_name(path).map_err(|problem| asked.report(problem)).ok();
    let key = body::read_key(headers).map_err(|problem| asked.report(problem)).ok();
    let force = match asked.text("force").as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(other) => {
            asked.refuse("force", other, "true or false");
            false
        }
    };
    let patience = asked.number("timeout", 1..=600).map(Duration::from_secs);
    let read = name.zip(key).map(|(name, key)| {
        let manner = Manner { patience: patience.unwrap_or(body::DEFAULT_PATIENCE), key };
        (name, Request::Delete(Delete { force }), manner)
    });
    asked.close(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulation_is_not_deleted_by_its_name() {
        let market = "market".parse().unwrap();
        let said = |runs: &[&str]| is_simulation(&market, runs).to_string();
        assert_eq!(
            said(&["market-2", "market-1"]),
            "the id in the path: found the simulation market, expected a run: market-2, market-1"
        );
        assert!(said(&[]).ends_with("expected a run; market has none"));
        assert!(said(&["market-1"; 23]).ends_with("market-1 or one of 3 others"));
    }
}
