//! What the second dialect has of its own: graphs by their names, and no name for a request.

use std::sync::atomic::Ordering;

use serde::Serialize;
use serde_json::Value;

use super::episode::{self, Entry, Metadata, Text};
use super::look::Page;
use super::talk::{Question, Talk, list, segment, slow};
use super::{DESCRIPTION, Dialect};
use crate::adapters::wire::{Heard, Said};
use crate::adapters::{DeliveryError, Graph};
use crate::batch::EpisodeBatch;

/// So many of the newest episodes tell whether a batch is there, as a rule.
pub(super) const NEWEST: usize = 100;
/// So many are asked for where there is no list to go through.
pub(super) const MANY: usize = 1_000;

#[derive(Serialize)]
struct Create<'a> {
    description: &'a str,
    graph_id: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Add<'a> {
    created_at: String,
    data: &'a str,
    graph_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a Metadata<'a>>,
    source_description: String,
    #[serde(rename = "type")]
    kind: &'a str,
}

#[derive(Serialize)]
struct List<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<&'a str>,
    direction: &'a str,
    limit: usize,
    order_by: &'a str,
}

/// Makes the graph, if that is wanted.
pub(super) async fn open(talk: &mut Talk<'_>, graph_id: &str) -> Result<(), DeliveryError> {
    if !talk.zep.create {
        return Ok(());
    }
    let body = Create { description: DESCRIPTION, graph_id, name: graph_id };
    match talk.ask(Question::post("/graph/create".to_owned(), &body)).await? {
        Said::Done(heard) => match talk.json(&heard) {
            Ok(Value::Object(_)) => Ok(()),
            Ok(_) => Err(slow(format!("{}, which is no graph", talk.zep.line.words(&heard)))),
            Err(reason) => Err(slow(reason)),
        },
        Said::Conflict(_) => Ok(()),
        Said::Refused { error: DeliveryError::Reject { reason }, .. } => {
            // Servers say in several ways that they have it.
            if is_there_already(&reason) || exists(talk, graph_id).await? {
                return Ok(());
            }
            Err(slow(reason))
        }
        Said::Refused { error, .. } => Err(error),
    }
}

async fn exists(talk: &mut Talk<'_>, graph_id: &str) -> Result<bool, DeliveryError> {
    let Some(graph) = segment(graph_id) else { return Ok(false) };
    match talk.ask(Question::get(format!("/graph/{graph}"))).await? {
        Said::Done(heard) => Ok(talk.json(&heard).is_ok_and(|json| json["graph_id"] == graph_id)),
        Said::Conflict(_) | Said::Refused { status: 400 | 404 | 422, .. } => Ok(false),
        Said::Refused { error, .. } => Err(error),
    }
}

fn names_metadata(reason: &str) -> bool {
    reason.to_lowercase().contains("metadata")
}

fn is_there_already(reason: &str) -> bool {
    reason.to_lowercase().contains("already exists")
}

/// Adds an episode.
pub(super) async fn deliver(
    talk: &mut Talk<'_>,
    graph: &Graph,
    batch: &EpisodeBatch,
    text: &Text,
) -> Result<(), DeliveryError> {
    let metadata = Metadata::of(batch, text.shortened);
    let is_plain = talk.zep.is_plain.load(Ordering::Relaxed);
    let refused = add(talk, graph, batch, text, (!is_plain).then_some(&metadata)).await;
    match refused {
        // A server of before the field, which takes the same without it.
        Err(DeliveryError::Reject { reason }) if !is_plain && names_metadata(&reason) => {
            add(talk, graph, batch, text, None).await?;
            talk.zep.is_plain.store(true, Ordering::Relaxed);
            tracing::info!(memory = talk.zep.name, "it takes no metadata, going on without");
            Ok(())
        }
        outcome => outcome,
    }
}

async fn add(
    talk: &mut Talk<'_>,
    graph: &Graph,
    batch: &EpisodeBatch,
    text: &Text,
    metadata: Option<&Metadata<'_>>,
) -> Result<(), DeliveryError> {
    let unknown = |reason: String| DeliveryError::Unknown { after: None, reason };
    let body = Add {
        created_at: episode::time(batch).to_string(),
        data: &text.data,
        graph_id: &graph.id,
        metadata,
        source_description: episode::source(batch),
        kind: "text",
    };
    match talk.ask(Question::write("/graph".to_owned(), &body)).await? {
        Said::Done(heard) => {
            let json = talk.json(&heard).map_err(unknown)?;
            match json["uuid"].as_str() {
                Some(uuid) if !uuid.is_empty() => Ok(()),
                _ => Err(unknown(format!("{}, which is no episode", talk.zep.line.words(&heard)))),
            }
        }
        Said::Conflict(reason) => Err(unknown(reason)),
        Said::Refused { error, .. } => Err(error),
    }
}

/// The newest episodes, in whatever order; `None` if the graph's name cannot be asked for.
pub(super) async fn newest(
    talk: &mut Talk<'_>,
    graph: &Graph,
    most: usize,
) -> Result<Option<Vec<Entry>>, DeliveryError> {
    let Some(graph) = segment(&graph.id) else { return Ok(None) };
    let path = format!("/graph/episodes/graph/{graph}?lastn={most}");
    match talk.ask(Question::get(path)).await? {
        Said::Done(heard) => Ok(Some(read(talk, &heard)?)),
        Said::Conflict(reason) => Err(slow(reason)),
        // A graph that is not there has nothing; to write into it will say so.
        Said::Refused { status: 404, .. } => Ok(Some(Vec::new())),
        Said::Refused { error, .. } => Err(error),
    }
}

/// A page of all episodes, from the newest on; `None` if the server has no such list.
pub(super) async fn page(
    talk: &mut Talk<'_>,
    graph: &Graph,
    cursor: Option<&str>,
) -> Result<Option<Page>, DeliveryError> {
    let Some(graph) = segment(&graph.id) else { return Ok(None) };
    let path = format!("/graph/episodes/graph/{graph}");
    let body = List { cursor, direction: "desc", limit: NEWEST, order_by: "created_at" };
    match talk.ask(Question::post(path, &body)).await? {
        Said::Done(heard) => {
            Ok(Some(Page { entries: read(talk, &heard)?, next: heard.next_cursor }))
        }
        Said::Refused { status: 400 | 404 | 405 | 422, .. } if cursor.is_none() => Ok(None),
        Said::Conflict(reason) => Err(slow(reason)),
        Said::Refused { error, .. } => Err(error),
    }
}

fn read(talk: &Talk<'_>, heard: &Heard) -> Result<Vec<Entry>, DeliveryError> {
    let json = talk.json(heard).map_err(slow)?;
    let Some(list) = list(&json, "episodes") else {
        return Err(slow(format!("{}, which is no list", talk.zep.line.words(heard))));
    };
    Ok(list.iter().map(|entry| Entry::read(Dialect::V2, entry)).collect())
}
