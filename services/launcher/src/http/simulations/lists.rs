//! `GET /api/simulation/list` and `/history`: all simulations, the newest first.

use std::str::FromStr;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use contract::MAX_SAFE_INTEGER;
use contract::id::SimulationId;
use contract::timestamp::Timestamp;
use export::run_state::original_word;
use serde::Serialize;

use super::project::all_of;
use super::state::View;
use crate::http::App;
use crate::http::error::HttpError;
use crate::http::query::{Asked, Parameters};
use crate::refusal::Refusal;
use crate::simulations::{Known, Simulation};

/// The most simulations of an answer.
const MAX_LIMIT: usize = 1000;

/// What the history has unless asked otherwise, as the original.
const HISTORY: usize = 20;

/// Answers with the states of simulations.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    query: Parameters,
) -> Result<Response, HttpError> {
    let wanted = Wanted::read(query, MAX_LIMIT)?;
    let Found { rows, total, next } = find(&app, &wanted).await?;
    Ok(answer(rows.iter().map(View::new).collect(), total, next))
}

/// Answers with the states of simulations, and what became of them.
pub(super) async fn history(
    State(app): State<Arc<App>>,
    query: Parameters,
) -> Result<Response, HttpError> {
    let wanted = Wanted::read(query, HISTORY)?;
    let Found { rows, total, next } = find(&app, &wanted).await?;
    Ok(answer(rows.iter().map(Past::new).collect(), total, next))
}

/// Which simulations.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    project: Option<String>,
    limit: usize,
    from: From,
}

#[derive(Debug, PartialEq, Eq)]
enum From {
    Offset(u64),
    Behind(Mark),
}

/// The place of a simulation in the lists, which others that come do not move.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark {
    created_at: Timestamp,
    id: SimulationId,
}

impl Wanted {
    fn read(query: Parameters, default_limit: usize) -> Result<Wanted, Refusal> {
        let mut asked = Asked::new(query);
        let project = asked.text("project_id");
        let limit = asked.limit(default_limit, MAX_LIMIT);
        let offset = asked.number("offset", 0..=MAX_SAFE_INTEGER);
        let cursor = asked.text("cursor");
        let mark = cursor.as_deref().map(str::parse);
        if let Some(Err(())) = mark {
            let expected = "the next_cursor of a list of simulations";
            asked.refuse("cursor", cursor.as_deref().unwrap_or_default(), expected);
        }
        if let (Some(offset), Some(_)) = (offset, &cursor) {
            asked.refuse("offset", &offset.to_string(), "either an offset or a cursor");
        }
        let from = match mark {
            Some(Ok(mark)) => From::Behind(mark),
            Some(Err(())) | None => From::Offset(offset.unwrap_or(0)),
        };
        Ok(asked.close(Some(Wanted { project, limit, from }))?)
    }
}

impl FromStr for Mark {
    type Err = ();
    fn from_str(text: &str) -> Result<Mark, ()> {
        let (milliseconds, id) = text.split_once('.').ok_or(())?;
        let at: i64 = milliseconds.parse().map_err(|_| ())?;
        Ok(Mark { created_at: Timestamp::from_milliseconds(at), id: id.parse().map_err(|_| ())? })
    }
}

impl Mark {
    fn of(known: &Known) -> Mark {
        Mark { created_at: known.created_at(), id: known.id.clone() }
    }

    fn to_text(&self) -> String {
        format!("{}.{}", self.created_at.milliseconds(), self.id)
    }

    /// Whether `known` comes behind it.
    fn is_before(&self, known: &Known) -> bool {
        let created_at = known.created_at();
        created_at < self.created_at || (created_at == self.created_at && known.id > self.id)
    }
}

struct Found {
    rows: Vec<Simulation>,
    total: usize,
    next: Option<String>,
}

async fn find(app: &App, wanted: &Wanted) -> Result<Found, Refusal> {
    let all = match &wanted.project {
        Some(project) => all_of(app, project).await?.into_iter().map(|it| it.known).collect(),
        None => app.simulations.all().await?,
    };
    let total = all.len();
    let skipped = match &wanted.from {
        From::Offset(offset) => usize::try_from(*offset).unwrap_or(usize::MAX),
        From::Behind(mark) => all.iter().position(|it| mark.is_before(it)).unwrap_or(total),
    };
    let (mut rows, mut last) = (Vec::new(), None);
    for known in all.into_iter().skip(skipped).take(wanted.limit) {
        last = Some(Mark::of(&known));
        rows.push(app.simulations.tell(known).await?);
    }
    let is_end = skipped.saturating_add(rows.len()) >= total;
    let next = last.filter(|_| !is_end).map(|mark| mark.to_text());
    Ok(Found { rows, total, next })
}

#[derive(Serialize)]
struct List<T> {
    success: bool,
    data: Vec<T>,
    count: usize,
    total: usize,
    next_cursor: Option<String>,
}

fn answer<T: Serialize>(data: Vec<T>, total: usize, next_cursor: Option<String>) -> Response {
    let count = data.len();
    Json(List { success: true, data, count, total, next_cursor }).into_response()
}

/// A simulation in the history.
#[derive(Serialize)]
struct Past<'a> {
    #[serde(flatten)]
    state: View<'a>,
    simulation_requirement: &'a str,
    total_simulation_hours: u32,
    runner_status: &'static str,
    total_rounds: u32,
    files: Vec<File<'a>>,
    /// Nobody writes reports here.
    report_id: Option<&'a str>,
    version: &'static str,
    created_date: String,
}

#[derive(Serialize)]
struct File<'a> {
    filename: &'a str,
}

impl<'a> Past<'a> {
    fn new(simulation: &'a Simulation) -> Past<'a> {
        let Simulation { known, facts } = simulation;
        let facts = facts.as_deref();
        let run = known.run.as_deref();
        let planned = facts.map_or(0, |facts| facts.rounds);
        Past {
            state: View::new(simulation),
            simulation_requirement: facts.map_or("", |facts| &facts.requirement),
            total_simulation_hours: facts.map_or(0, |facts| facts.total_hours),
            runner_status: run.map_or("idle", |run| original_word(run.status)),
            total_rounds: run.map_or(planned, |run| run.options.rounds),
            files: known.files().into_iter().map(|filename| File { filename }).collect(),
            report_id: None,
            version: concat!("v", env!("CARGO_PKG_VERSION")),
            created_date: known.created_at().to_string().chars().take(10).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::extract::Query;

    fn read(query: &str) -> Result<Wanted, String> {
        let uri = format!("/?{query}").parse().unwrap();
        Wanted::read(Query::try_from_uri(&uri), HISTORY).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn what_is_asked_of_a_list_is_read_or_refused() {
        let usual = || Wanted { project: None, limit: 20, from: From::Offset(0) };
        assert_eq!(read("_=7"), Ok(usual()));
        let project = Some("port".to_owned());
        let offset = From::Offset(40);
        assert_eq!(
            read("project_id=port&limit=1000&offset=40"),
            Ok(Wanted { project, limit: 1000, from: offset })
        );
        let mark =
            Mark { created_at: Timestamp::from_milliseconds(-5), id: "market".parse().unwrap() };
        assert_eq!(
            read(&format!("cursor={}", mark.to_text())),
            Ok(Wanted { from: From::Behind(mark), ..usual() })
        );
        assert_eq!(
            read("limit=0&offset=1&cursor=x").unwrap_err(),
            "?limit: found \"0\", expected a whole number from 1 to 1000\n\
             ?cursor: found \"x\", expected the next_cursor of a list of simulations\n\
             ?offset: found \"1\", expected either an offset or a cursor"
        );
        for bad in ["limit=1001", "cursor=5.market-2", "cursor=.market", "cursor=1e3.market"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
