//! Pages about a run, from the read model: one handler for all of them.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use contract::id::RunId;
use contract::problem::{Problem, Problems};
use contract::status::EnvStatus;
use contract::subject::Platform;
use rusqlite::Connection;
use serde::Serialize;

use crate::follow::find;
use crate::http::App;
use crate::http::envelope::Success;
use crate::http::error::HttpError;
use crate::http::query::{Asked, AskedPart, Parameters, wrong_cursor};
use crate::http::status::read_name;
use crate::model::RunName;
use crate::read_model::pages::{List, Mark, Part, View};
use crate::refusal::Refusal;

/// A kind of page.
pub(super) trait Kind: Sized + Send + 'static {
    /// What it is a part of.
    const LIST: List;
    /// How many rows it has unless asked otherwise.
    const LIMIT: usize;

    /// Reads what is asked beside which part.
    fn read(asked: &mut Asked) -> Self;

    /// The world that it is about; `None`: both.
    fn platform(&self) -> Option<Platform>;

    /// The page as `data` of an answer; `None` if it is to begin behind what is not here.
    fn answer(&self, rows: &Connection, view: &View, part: Part, behind: u32) -> Answer;
}

/// The body of an answer.
pub(super) type Answer = rusqlite::Result<Option<Vec<u8>>>;

/// What each page says beside its rows.
#[derive(Debug, Serialize)]
pub(super) struct About {
    run_id: RunId,
    /// Ask for the page behind this one with it; null on the last one.
    next_cursor: Option<String>,
    /// Rounds that the run has played and that are not here yet.
    behind_rounds: u32,
    /// Why what is here ends early.
    problem: Option<String>,
}

impl About {
    pub(super) fn new(view: &View, list: List, next: Option<[u64; 2]>, behind: u32) -> About {
        let mark = |at| Mark { run: view.run.clone(), list, at }.to_string();
        About {
            run_id: view.run.clone(),
            next_cursor: next.map(mark),
            behind_rounds: behind,
            problem: view.problem(),
        }
    }
}

/// Answers with a page.
pub(super) async fn page<K: Kind>(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    query: Parameters,
) -> Result<Response, HttpError> {
    let (name, kind, AskedPart { part, mark }) =
        read::<K>(path, query).map_err(Refusal::Invalid)?;
    let run = run_of(&app, &name).await?;
    if let Some(mark) = mark.as_ref().filter(|mark| mark.run != run.run_id) {
        return Err(Refusal::Invalid(wrong_cursor(mark).into()).into());
    }
    let (read_model, platform) = (&app.read_model, kind.platform());
    let behind = read_model.await_rounds(&run, platform).await?;
    let answer = read_model
        .ask(move |rows| {
            let view = View::load(rows, &run.run_id, platform)?;
            kind.answer(rows, &view, part, behind)
        })
        .await?;
    match (answer, mark) {
        (Some(body), _) => Ok(json(body)),
        (None, Some(mark)) => Err(Refusal::Invalid(wrong_cursor(&mark).into()).into()),
        (None, None) => Err(Refusal::Failed("a page without a beginning".to_owned()).into()),
    }
}

pub(super) fn read<K: Kind>(
    path: Result<Path<String>, PathRejection>,
    query: Parameters,
) -> Result<(RunName, K, AskedPart), Problems> {
    let mut asked = Asked::new(query);
    let name = read_name(path).map_err(|problem: Problem| asked.report(problem)).ok();
    let kind = K::read(&mut asked);
    let part = asked.part(K::LIST, K::LIMIT);
    if let (Some(mark), Some(platform)) = (&part.mark, kind.platform())
        && !mark.may_be_of(platform)
    {
        asked.report(wrong_cursor(mark));
    }
    asked.close(name.map(|name| (name, kind, part)))
}

/// The run that a page is about.
///
/// # Errors
/// If there is none: an empty page would say that it did nothing.
pub(super) async fn run_of(app: &App, name: &RunName) -> Result<Arc<EnvStatus>, Refusal> {
    let run = find(&app.creator.bus, &app.creator.model, name).await?;
    run.ok_or_else(|| match name {
        RunName::Run(run) => Refusal::unknown_run(run),
        RunName::CurrentOf(simulation) => {
            Refusal::Unknown(format!("there is no run of simulation {simulation}"))
        }
    })
}

/// A success as bytes.
pub(super) fn encode<T: Serialize>(data: &T) -> rusqlite::Result<Vec<u8>> {
    serde_json::to_vec(&Success::new(data))
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// A body that is JSON already.
pub(super) fn json(body: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}
