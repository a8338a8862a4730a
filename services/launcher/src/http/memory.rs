//! What memories hold of runs: `GET /api/memory`, `GET /api/simulation/{id}/memory` with
//! `/search` and `/episodes`, `GET /api/graph/data/{graph}`, and what [`graphs`] has.

mod graphs;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use bus::RequestError;
use contract::MAX_SAFE_INTEGER;
use contract::id::RunId;
use contract::memory::{
    CursorStatus, DEFAULT_DRAWN, DEFAULT_LIMIT, DrawnFrom, EPISODES, Episode, Episodes,
    EpisodesAnswer, GRAPH, Graph, GraphAnswer, GraphEdge, GraphNode, MAX_DRAWN, MAX_GRAPH_ID_BYTES,
    MAX_LIMIT, MAX_QUERY_BYTES, MemoryError, MemoryErrorCode, PlatformTotals, SEARCH, STATS, Scope,
    Search, SearchAnswer, Stats, StatsAnswer, TARGETS, TargetStatus, Targets, TargetsAnswer,
    is_graph_id, read_answer,
};
use contract::options::MemoryTarget;
use contract::problem::{Problem, Problems};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::http::App;
use crate::http::envelope::success;
use crate::http::error::HttpError;
use crate::http::pages::run_of;
use crate::http::query::{Asked, Parameters};
use crate::http::routes::Routes;
use crate::http::status::{read_id, read_name};
use crate::model::RunName;
use crate::refusal::Refusal;

/// How long a memory may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn routes() -> Routes {
    let routes = Routes::new()
        .get("/api/memory", targets)
        .get("/api/graph/data/{graph}", graph)
        .get("/api/simulation/{id}/memory", stats)
        .get("/api/simulation/{id}/memory/search", search)
        .get("/api/simulation/{id}/memory/episodes", episodes);
    graphs::routes(routes)
}

/// Which memories there are, and how they are.
async fn targets(State(app): State<Arc<App>>) -> Result<Response, HttpError> {
    #[derive(Serialize)]
    struct Data {
        targets: Vec<TargetStatus>,
    }
    let answer: TargetsAnswer = require(ask(&app, TARGETS, Targets.to_bytes()).await?)?;
    Ok(success(&Data { targets: answer.targets }))
}

/// A graph of the embedded memory, as the original's page draws it.
async fn graph(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    query: Parameters,
) -> Result<Response, HttpError> {
    #[derive(Serialize)]
    struct Data {
        graph_id: String,
        nodes: Vec<GraphNode>,
        edges: Vec<GraphEdge>,
        node_count: usize,
        edge_count: usize,
        #[serde(flatten)]
        drawn_from: DrawnFrom,
    }
    let mut asked = Asked::new(query);
    let graph_id = read_graph_id(path).map_err(|problem| asked.report(problem)).ok();
    let limit = read_limit(&mut asked, DEFAULT_DRAWN, MAX_DRAWN);
    let question = graph_id.map(|graph_id| Graph { graph_id, limit });
    let question = asked.close(question).map_err(Refusal::Invalid)?;
    let answer: GraphAnswer = require(ask(&app, GRAPH, question.to_bytes()).await?)?;
    let GraphAnswer { graph_id, nodes, edges, drawn_from, .. } = answer;
    let (node_count, edge_count) = (nodes.len(), edges.len());
    Ok(success(&Data { graph_id, nodes, edges, node_count, edge_count, drawn_from }))
}

fn read_graph_id(path: Result<Path<String>, PathRejection>) -> Result<String, Problem> {
    let place = "the graph's id in the path";
    let expected = format!("1 to {MAX_GRAPH_ID_BYTES} bytes of text without control characters");
    let refuse = |found: String| Problem::new(place, found, &expected);
    let Path(text) = path.map_err(|error| refuse(error.body_text()))?;
    match is_graph_id(&text) && !text.chars().any(char::is_control) {
        true => Ok(text),
        false => Err(refuse(format!("{text:?}"))),
    }
}

/// How much is remembered of a run, and how far its memories are behind.
async fn stats(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    #[derive(Serialize)]
    struct Data<'a> {
        run_id: &'a RunId,
        /// The memories that its actions go to.
        memory: &'a [MemoryTarget],
        /// Whether a memory has heard of it yet.
        known: bool,
        episodes: u64,
        platforms: Vec<PlatformTotals>,
        cursors: Vec<CursorStatus>,
        lag: u64,
    }
    let name = read_id(path)?;
    let run = run_of(&app, &name).await?;
    let (run_id, memory) = (&run.run_id, &run.memory[..]);
    let scope = Scope::Run(run_id.clone());
    let answer: Option<StatsAnswer> = match memory {
        [] => None,
        _ => ask(&app, STATS, Stats { scope }.to_bytes()).await?.ok(),
    };
    let nothing = Data {
        run_id,
        memory,
        known: false,
        episodes: 0,
        platforms: Vec::new(),
        cursors: Vec::new(),
        lag: 0,
    };
    let data =
        answer.map_or(nothing, |StatsAnswer { episodes, platforms, cursors, lag, .. }| Data {
            run_id,
            memory,
            known: true,
            episodes,
            platforms,
            cursors,
            lag,
        });
    Ok(success(&data))
}

/// The episodes of a run that have some words.
async fn search(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    query: Parameters,
) -> Result<Response, HttpError> {
    #[derive(Serialize)]
    struct Data<'a> {
        run_id: &'a RunId,
        total: u64,
        count: usize,
        episodes: Vec<Episode>,
    }
    let (name, query, limit) = read_search(path, query).map_err(Refusal::Invalid)?;
    let run = run_of(&app, &name).await?;
    let scope = Some(Scope::Run(run.run_id.clone()));
    let question = Search { scope, query, limit };
    let answer: Option<SearchAnswer> = ask(&app, SEARCH, question.to_bytes()).await?.ok();
    let (total, episodes) = answer.map_or((0, Vec::new()), |found| (found.total, found.episodes));
    Ok(success(&Data { run_id: &run.run_id, total, count: episodes.len(), episodes }))
}

fn read_search(
    path: Result<Path<String>, PathRejection>,
    query: Parameters,
) -> Result<(RunName, String, u32), Problems> {
    let mut asked = Asked::new(query);
    let name = read_name(path).map_err(|problem| asked.report(problem)).ok();
    let expected = format!("1 to {MAX_QUERY_BYTES} bytes of words");
    let words = asked.text("query");
    match &words {
        None => asked.report(Problem::new("?query", "nothing", &expected)),
        Some(text) if text.trim().is_empty() || text.len() > MAX_QUERY_BYTES => {
            asked.refuse("query", text, &expected);
        }
        Some(_) => {}
    }
    let limit = read_limit(&mut asked, DEFAULT_LIMIT, MAX_LIMIT);
    asked.close(name.zip(words).map(|(name, words)| (name, words, limit)))
}

/// The episodes of a run, oldest first.
async fn episodes(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    query: Parameters,
) -> Result<Response, HttpError> {
    #[derive(Serialize)]
    struct Data<'a> {
        run_id: &'a RunId,
        count: usize,
        episodes: Vec<Episode>,
        next_cursor: Option<String>,
    }
    let mut asked = Asked::new(query);
    let name = read_name(path).map_err(|problem| asked.report(problem)).ok();
    let platform = asked.platform();
    let after = asked.number("cursor", 0..=MAX_SAFE_INTEGER).unwrap_or(0);
    let limit = read_limit(&mut asked, DEFAULT_LIMIT, MAX_LIMIT);
    let name = asked.close(name).map_err(Refusal::Invalid)?;
    let run = run_of(&app, &name).await?;
    let question = Episodes { scope: Scope::Run(run.run_id.clone()), platform, after, limit };
    let answer: Option<EpisodesAnswer> = ask(&app, EPISODES, question.to_bytes()).await?.ok();
    let (episodes, next) = answer.map_or((Vec::new(), None), |page| (page.episodes, page.next));
    let next_cursor = next.map(|next| next.to_string());
    Ok(success(&Data { run_id: &run.run_id, count: episodes.len(), episodes, next_cursor }))
}

fn read_limit(asked: &mut Asked, default: u32, most: u32) -> u32 {
    let limit = asked.number("limit", 1..=u64::from(most));
    limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(default)
}

/// What nobody has remembered anything of.
struct Unknown(String);

/// What a memory answers, or that it knows nothing of what was asked about.
///
/// # Errors
/// If there is no answer.
async fn ask<T: DeserializeOwned>(
    app: &App,
    question: &str,
    body: Vec<u8>,
) -> Result<Result<T, Unknown>, Refusal> {
    let bus = &app.creator.bus;
    let answer = bus.request(bus.prefix().memory(question), body, PATIENCE).await;
    let body = answer.map_err(|error| {
        Refusal::Unavailable(match error {
            // One whose memories are all elsewhere answers only how they are.
            RequestError::NoResponders(_) => format!(
                "no memory-sink answers the question {question}; start one with a memory of its own"
            ),
            error => format!("the memory-sink does not answer: {error}"),
        })
    })?;
    match read_answer(&body) {
        Ok(answer) => Ok(Ok(answer)),
        Err(MemoryError { code, message }) => match code {
            MemoryErrorCode::UnknownGraph
            | MemoryErrorCode::UnknownRun
            | MemoryErrorCode::UnknownNode => Ok(Err(Unknown(message))),
            // All but this one thing is checked before anything is asked.
            MemoryErrorCode::Malformed if message.starts_with("/cursor: ") => {
                let expected = "next of the answer before";
                Err(Refusal::Invalid(Problem::new("?cursor", "another text", expected).into()))
            }
            MemoryErrorCode::Malformed | MemoryErrorCode::Internal => {
                Err(Refusal::Unavailable(format!("the memory-sink cannot answer: {message}")))
            }
        },
    }
}

fn require<T>(answer: Result<T, Unknown>) -> Result<T, Refusal> {
    answer.map_err(|Unknown(message)| Refusal::Unknown(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_graph_is_any_text_of_some_length() {
        let read = |text: &str| read_graph_id(Ok(Path(text.to_owned()))).ok();
        for text in ["market", "city--market-3", "图 1", "../x", "a/b", &"x".repeat(256)] {
            assert_eq!(read(text).as_deref(), Some(text));
        }
        for text in ["", "a\0b", "a\nb", "\u{85}", &"x".repeat(257), &"图".repeat(86)] {
            assert_eq!(read(text), None, "{text:?} passed");
        }
    }
}
