//! What a graph of the embedded memory has: `GET /api/graph/<what>/{graph}`, and one node of
//! whatever graph.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use contract::memory::{
    Among, DEFAULT_LIMIT, EDGES, Edges, EdgesAnswer, Entity, FIND, Find, FindAnswer, MAX_LIMIT,
    MAX_NAME_BYTES, MAX_NAMES, MAX_QUERY_BYTES, NODE, NODES, Node, NodeAnswer, Nodes, NodesAnswer,
    STATISTICS, Scope, Statistics, StatisticsAnswer, TIMELINE, Timeline, TimelineAnswer,
};
use contract::problem::{Problem, Problems};
use contract::timestamp::Timestamp;
use contract::version::V1;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{ask, read_graph_id, read_limit, require};
use crate::http::App;
use crate::http::envelope::success;
use crate::http::error::HttpError;
use crate::http::query::{Asked, Parameters};
use crate::http::routes::Routes;
use crate::refusal::Refusal;

type Named = Result<Path<String>, PathRejection>;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/api/graph/search/{graph}", search)
        .get("/api/graph/nodes/{graph}", nodes)
        .get("/api/graph/edges/{graph}", edges)
        .get("/api/graph/statistics/{graph}", statistics)
        .get("/api/graph/timeline/{graph}", timeline)
        .get("/api/graph/node/{uuid}", node)
}

/// What has some words.
async fn search(
    State(app): State<Arc<App>>,
    path: Named,
    query: Parameters,
) -> Result<Response, HttpError> {
    let mut asked = Asked::new(query);
    let graph_id = graph_of(&mut asked, path);
    let expected = format!("1 to {MAX_QUERY_BYTES} bytes of words");
    let words = asked.text("query").unwrap_or_default();
    if words.trim().is_empty() || words.len() > MAX_QUERY_BYTES {
        asked.report(Problem::new("?query", format!("{words:?}"), &expected));
    }
    let within = Scope::Graph(graph_id.clone().unwrap_or_default());
    let scope = read_scope(&mut asked);
    let question = Find {
        edge_names: read_names(&mut asked, "edge_names"),
        labels: read_names(&mut asked, "labels"),
        platform: asked.platform(),
        from_round: asked.small("from_round"),
        to_round: asked.small("to_round"),
        valid_at: read_time(&mut asked, "valid_at"),
        cursor: read_short(&mut asked, "cursor"),
        limit: read_limit(&mut asked, DEFAULT_LIMIT, MAX_LIMIT),
        ..Find::new(within, words, scope)
    };
    tell::<FindAnswer>(&app, FIND, asked.close(graph_id.map(|_| question.to_bytes()))).await
}

/// Its nodes.
async fn nodes(
    State(app): State<Arc<App>>,
    path: Named,
    query: Parameters,
) -> Result<Response, HttpError> {
    let mut asked = Asked::new(query);
    let graph_id = graph_of(&mut asked, path);
    let (label, name) = (read_short(&mut asked, "label"), read_short(&mut asked, "name"));
    let cursor = read_short(&mut asked, "cursor");
    let limit = read_limit(&mut asked, DEFAULT_LIMIT, MAX_LIMIT);
    let question = graph_id.map(|graph_id| Nodes { v: V1, graph_id, label, name, cursor, limit });
    tell::<NodesAnswer>(&app, NODES, asked.close(question.map(|question| question.to_bytes())))
        .await
}

/// Its edges.
async fn edges(
    State(app): State<Arc<App>>,
    path: Named,
    query: Parameters,
) -> Result<Response, HttpError> {
    let mut asked = Asked::new(query);
    let graph_id = graph_of(&mut asked, path);
    let edge_name = read_short(&mut asked, "edge_name");
    let as_of = read_time(&mut asked, "as_of");
    let include_expired = match asked.text("include_expired").as_deref() {
        None | Some("true") => true,
        Some("false") => false,
        Some(other) => {
            asked.refuse("include_expired", other, "true or false");
            true
        }
    };
    let cursor = read_short(&mut asked, "cursor");
    let limit = read_limit(&mut asked, DEFAULT_LIMIT, MAX_LIMIT);
    let question = graph_id.map(|graph_id| Edges {
        v: V1,
        graph_id,
        edge_name,
        as_of,
        include_expired,
        cursor,
        limit,
    });
    tell::<EdgesAnswer>(&app, EDGES, asked.close(question.map(|question| question.to_bytes())))
        .await
}

/// How much there is of what.
async fn statistics(State(app): State<Arc<App>>, path: Named) -> Result<Response, HttpError> {
    let graph_id = read_graph_id(path).map_err(|problem| Refusal::Invalid(problem.into()))?;
    let question = Statistics { v: V1, graph_id };
    tell::<StatisticsAnswer>(&app, STATISTICS, Ok(question.to_bytes())).await
}

/// What somebody lived through.
async fn timeline(
    State(app): State<Arc<App>>,
    path: Named,
    query: Parameters,
) -> Result<Response, HttpError> {
    let mut asked = Asked::new(query);
    let graph_id = graph_of(&mut asked, path);
    let (name, uuid) = (read_short(&mut asked, "name"), asked.text("uuid"));
    let of = match (name, uuid) {
        (Some(name), None) => Some(Entity::Name(name)),
        (None, Some(uuid)) => Some(Entity::Uuid(uuid)),
        (Some(_), Some(_)) => {
            asked.report(Problem::new("?uuid", "name beside it", "one of them"));
            None
        }
        (None, None) => {
            asked.report(Problem::new("?name", "nothing", "the name of a node, or uuid"));
            None
        }
    };
    let cursor = read_short(&mut asked, "cursor");
    let limit = read_limit(&mut asked, DEFAULT_LIMIT, MAX_LIMIT);
    let question = graph_id.zip(of);
    let question = question.map(|(graph_id, of)| Timeline { v: V1, graph_id, of, cursor, limit });
    tell::<TimelineAnswer>(
        &app,
        TIMELINE,
        asked.close(question.map(|question| question.to_bytes())),
    )
    .await
}

/// A node and its edges.
async fn node(
    State(app): State<Arc<App>>,
    path: Named,
    query: Parameters,
) -> Result<Response, HttpError> {
    let mut asked = Asked::new(query);
    let uuid = path.map(|Path(uuid)| uuid).map_err(|error| error.body_text());
    let refused = match &uuid {
        Ok(uuid) if is_uuid(uuid) => None,
        Ok(uuid) => Some(format!("{uuid:?}")),
        Err(text) => Some(text.clone()),
    };
    if let Some(found) = refused {
        let expected = "a uuid: 8-4-4-4-12 small hexadecimal digits";
        asked.report(Problem::new("the uuid in the path", found, expected));
    }
    let cursor = read_short(&mut asked, "cursor");
    let limit = read_limit(&mut asked, DEFAULT_LIMIT, MAX_LIMIT);
    let question = uuid.ok().map(|uuid| Node { v: V1, uuid, cursor, limit });
    tell::<NodeAnswer>(&app, NODE, asked.close(question.map(|question| question.to_bytes()))).await
}

/// Tells what the memory answers to a question, if that is one.
async fn tell<Answer: DeserializeOwned + Serialize>(
    app: &App,
    name: &str,
    question: Result<Vec<u8>, Problems>,
) -> Result<Response, HttpError> {
    let question = question.map_err(Refusal::Invalid)?;
    let answer: Answer = require(ask(app, name, question).await?)?;
    Ok(success(&answer))
}

/// The graph that the path names; reports what is wrong with it.
fn graph_of(asked: &mut Asked, path: Named) -> Option<String> {
    read_graph_id(path).map_err(|problem| asked.report(problem)).ok()
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        })
}

fn read_scope(asked: &mut Asked) -> Among {
    match asked.text("scope").as_deref() {
        None | Some("edges") => Among::Edges,
        Some("nodes") => Among::Nodes,
        Some("episodes") => Among::Episodes,
        Some(other) => {
            asked.refuse("scope", other, "edges, nodes or episodes");
            Among::Edges
        }
    }
}

/// Names with commas between them.
fn read_names(asked: &mut Asked, name: &str) -> Vec<String> {
    let Some(text) = asked.text(name) else { return Vec::new() };
    let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    let fits = |name: &String| (1..=MAX_NAME_BYTES).contains(&name.len());
    if names.len() > MAX_NAMES || !names.iter().all(fits) {
        let expected =
            format!("1 to {MAX_NAMES} names of 1 to {MAX_NAME_BYTES} bytes, commas between them");
        asked.refuse(name, &text, &expected);
    }
    names
}

fn read_time(asked: &mut Asked, name: &str) -> Option<Timestamp> {
    let text = asked.text(name)?;
    let time = text.parse().ok();
    if time.is_none() {
        asked.refuse(name, &text, "a time in UTC, e.g. 2026-03-01T09:00:00Z");
    }
    time
}

/// A text that is not blank.
fn read_short(asked: &mut Asked, name: &str) -> Option<String> {
    let text = asked.text(name)?;
    if text.trim().is_empty() || text.len() > MAX_NAME_BYTES {
        asked.refuse(name, &text, &format!("1 to {MAX_NAME_BYTES} bytes"));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_told_from_other_text() {
        assert!(is_uuid("5a2ddee5-032c-86e3-8df2-09dd8f074bd0"));
        for text in ["", "search", "5A2DDEE5-032C-86E3-8DF2-09DD8F074BD0", &"-".repeat(36)] {
            assert!(!is_uuid(text), "{text} passed");
        }
    }
}
