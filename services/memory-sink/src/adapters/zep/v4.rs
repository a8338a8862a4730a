//! What the fourth dialect has of its own: graphs by addresses, and names for requests.

use serde::Serialize;
use serde_json::Value;

use super::episode::{self, Entry, Metadata, Text};
use super::look::Page;
use super::talk::{Question, Talk, fresh_key, key_of, list, segment, slow};
use super::{DESCRIPTION, Dialect};
use crate::adapters::wire::{Heard, Said};
use crate::adapters::{DeliveryError, Graph};
use crate::batch::EpisodeBatch;

/// Pages of graphs of a like name that are read for one.
const PAGES_OF_GRAPHS: u32 = 10;

#[derive(Serialize)]
struct Lookup<'a> {
    graph_id: &'a str,
}

#[derive(Serialize)]
struct Search<'a> {
    search: &'a str,
}

#[derive(Serialize)]
struct Create<'a> {
    description: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Add<'a> {
    data: &'a str,
    metadata: &'a Metadata<'a>,
    reference_time: String,
    source_description: String,
    #[serde(rename = "type")]
    kind: &'a str,
}

#[derive(Serialize)]
struct All {}

/// The address of a graph: its name if that is one, else that of the graph which had the name in
/// the second dialect, or has it now, or is made.
pub(super) async fn open(talk: &mut Talk<'_>, graph_id: &str) -> Result<String, DeliveryError> {
    if is_uuid(graph_id) {
        return Ok(graph_id.to_owned());
    }
    if let Some(address) = lookup(talk, graph_id).await? {
        return Ok(address);
    }
    if let Some(address) = search(talk, graph_id).await? {
        return Ok(address);
    }
    if !talk.zep.create {
        return Err(slow(format!(
            "there is no graph {graph_id:?}: make one of this name, name the UUID of one in its \
             place, or set \"create\" to true"
        )));
    }
    let body = Create { description: DESCRIPTION, name: graph_id };
    let key = key_of(&["graph", &talk.zep.name, graph_id]);
    let question = Question::post("/graphs".to_owned(), &body).named(key);
    match talk.ask(question).await? {
        Said::Done(heard) => {
            let json = talk.json(&heard).map_err(slow)?;
            let address = address(&json);
            address.ok_or_else(|| slow(not(talk, &heard, "graph")))
        }
        // The same request is under way, or was; its graph will be found.
        Said::Conflict(reason) => Err(DeliveryError::Retry { after: None, reason }),
        Said::Refused { error, .. } => Err(error),
    }
}

async fn lookup(talk: &mut Talk<'_>, graph_id: &str) -> Result<Option<String>, DeliveryError> {
    let question = Question::post("/graphs/lookup".to_owned(), &Lookup { graph_id });
    match talk.ask(question.named(fresh_key())).await? {
        Said::Done(heard) => {
            let json = talk.json(&heard).map_err(slow)?;
            let address = address(&json);
            address.map(Some).ok_or_else(|| slow(not(talk, &heard, "graph")))
        }
        Said::Refused { status: 400 | 404 | 422, .. } => Ok(None),
        Said::Conflict(reason) => Err(slow(reason)),
        Said::Refused { error, .. } => Err(error),
    }
}

/// The graph of exactly this name; the oldest, if there are several.
async fn search(talk: &mut Talk<'_>, name: &str) -> Result<Option<String>, DeliveryError> {
    let mut named: Vec<(String, String)> = Vec::new();
    let mut cursor = String::new();
    for _ in 0..PAGES_OF_GRAPHS {
        let path = format!("/graphs/list?page_size=100{cursor}");
        let question = Question::post(path, &Search { search: name }).named(fresh_key());
        let heard = match talk.ask(question).await? {
            Said::Done(heard) => heard,
            Said::Conflict(reason) => return Err(slow(reason)),
            Said::Refused { status: 404, .. } => return Ok(None),
            Said::Refused { error, .. } => return Err(error),
        };
        let json = talk.json(&heard).map_err(slow)?;
        let Some(graphs) = list(&json, "items") else {
            return Err(slow(not(talk, &heard, "list of graphs")));
        };
        let graphs = graphs.iter().filter(|it| it["name"] == name || it["graph_id"] == name);
        named.extend(graphs.filter_map(|it| {
            Some((it["created_at"].as_str().unwrap_or_default().to_owned(), address(it)?))
        }));
        match json["next_cursor"].as_str().and_then(segment) {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    Ok(named.into_iter().min().map(|(_, address)| address))
}

/// Adds an episode.
pub(super) async fn deliver(
    talk: &mut Talk<'_>,
    graph: &Graph,
    batch: &EpisodeBatch,
    text: &Text,
) -> Result<(), DeliveryError> {
    let unknown = |reason: String| DeliveryError::Unknown { after: None, reason };
    let address = address_of(graph)?;
    let body = Add {
        data: &text.data,
        metadata: &Metadata::of(batch, text.shortened),
        reference_time: episode::time(batch).to_string(),
        source_description: episode::source(batch),
        kind: "text",
    };
    // A run of the same name may be remembered twice, in two graphs or at two times.
    let key = key_of(&["episode", &address, &batch.id(), &text.data]);
    let question = Question::write(format!("/graphs/{address}/episodes"), &body).named(key);
    match talk.ask(question).await? {
        Said::Done(heard) => {
            let json = talk.json(&heard).map_err(unknown)?;
            match json["episode"]["uuid"].as_str() {
                Some(uuid) if !uuid.is_empty() => Ok(()),
                _ => Err(unknown(not(talk, &heard, "episode"))),
            }
        }
        Said::Conflict(reason) => Err(unknown(reason)),
        Said::Refused { error, .. } => Err(error),
    }
}

/// A page of all episodes, in the order of receipt from the newest on.
pub(super) async fn page(
    talk: &mut Talk<'_>,
    graph: &Graph,
    cursor: Option<&str>,
) -> Result<Page, DeliveryError> {
    let address = address_of(graph)?;
    let cursor = cursor.and_then(segment).map(|it| format!("&cursor={it}")).unwrap_or_default();
    let order = "order_by=created_at&order=desc";
    let path = format!("/graphs/{address}/episodes/list?page_size=100{cursor}&{order}");
    let heard = match talk.ask(Question::post(path, &All {}).named(fresh_key())).await? {
        Said::Done(heard) => heard,
        Said::Conflict(reason) => return Err(slow(reason)),
        Said::Refused { error, .. } => return Err(error),
    };
    let json = talk.json(&heard).map_err(slow)?;
    let Some(items) = list(&json, "items") else {
        return Err(slow(not(talk, &heard, "list of episodes")));
    };
    let entries = items.iter().map(|entry| Entry::read(Dialect::V4, entry)).collect();
    let next = json["next_cursor"].as_str().filter(|it| !it.is_empty()).map(str::to_owned);
    Ok(Page { entries, next })
}

/// Where a graph is, as a part of a path.
fn address_of(graph: &Graph) -> Result<String, DeliveryError> {
    let address = graph.address.as_ref().or(is_uuid(&graph.id).then_some(&graph.id));
    address.and_then(|it| segment(it)).ok_or_else(|| {
        slow(format!("the address of graph {:?} is not known: it was not opened", graph.id))
    })
}

fn address(graph: &Value) -> Option<String> {
    graph["uuid"].as_str().filter(|it| is_uuid(it)).map(str::to_owned)
}

/// That an answer is not what it should be.
fn not(talk: &Talk<'_>, heard: &Heard, what: &str) -> String {
    format!("{}, which is no {what}", talk.zep.line.words(heard))
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
