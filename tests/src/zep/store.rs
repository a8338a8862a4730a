//! What the server keeps, and what it says of it when it tells the truth.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{KEY, Reply};
use crate::scripted::Request;

/// The most characters that an episode may have.
const MOST_CHARACTERS: usize = 10_000;
/// The most fields of metadata.
const MOST_FIELDS: usize = 10;

/// An episode that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What the server calls it.
    pub uuid: String,
    /// The text.
    pub data: String,
    /// When it was, as the client said: `created_at` or `reference_time`.
    pub time: Option<String>,
    /// Where it is from.
    pub source_description: Option<String>,
    /// What else is known of it; null if nothing.
    pub metadata: Value,
    /// When the server took it.
    received: String,
}

#[derive(Default)]
pub(super) struct Store {
    graphs: Vec<Graph>,
    /// Answers by `Idempotency-Key`.
    answers: BTreeMap<String, Reply>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) is_old: bool,
    pub(super) heeds_keys: bool,
    pub(super) unseen: usize,
    /// How many things have a name of ours.
    count: u64,
}

struct Graph {
    uuid: String,
    /// Its name in the second dialect, if it has one there.
    graph_id: Option<String>,
    name: String,
    created_at: String,
    episodes: Vec<Kept>,
}

/// What a request wants.
pub(super) enum What {
    /// Second dialect: a graph of this name.
    MakeById(Value),
    /// Fourth dialect: a graph.
    Make(Value),
    Lookup(Value),
    Graphs(Value),
    /// An episode in the graph of this id or address.
    Add {
        graph: String,
        is_v2: bool,
        body: Value,
    },
    /// The newest episodes, so many.
    Newest {
        graph: String,
        most: usize,
    },
    /// A page of episodes.
    List {
        graph: String,
        is_v2: bool,
        body: Value,
    },
    Nothing,
}

impl What {
    pub(super) fn of(request: &Request, body: Value) -> What {
        let path = request.path();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match (request.method(), path.as_slice()) {
            ("POST", ["api", "v2", "graph", "create"]) => What::MakeById(body),
            ("POST", ["api", "v2", "graph"]) => {
                let graph = body["graph_id"].as_str().unwrap_or_default().to_owned();
                What::Add { graph, is_v2: true, body }
            }
            ("GET", ["api", "v2", "graph", "episodes", "graph", graph]) => {
                let most = request.query("lastn").and_then(|most| most.parse().ok());
                What::Newest { graph: (*graph).to_owned(), most: most.unwrap_or(10) }
            }
            ("POST", ["api", "v2", "graph", "episodes", "graph", graph]) => {
                What::List { graph: (*graph).to_owned(), is_v2: true, body }
            }
            ("POST", ["api", "v4", "graphs"]) => What::Make(body),
            ("POST", ["api", "v4", "graphs", "lookup"]) => What::Lookup(body),
            ("POST", ["api", "v4", "graphs", "list"]) => What::Graphs(body),
            ("POST", ["api", "v4", "graphs", graph, "episodes"]) => {
                What::Add { graph: (*graph).to_owned(), is_v2: false, body }
            }
            ("POST", ["api", "v4", "graphs", graph, "episodes", "list"]) => {
                What::List { graph: (*graph).to_owned(), is_v2: false, body }
            }
            _ => What::Nothing,
        }
    }

    /// The text of an episode to add.
    pub(super) fn data(&self) -> Option<&str> {
        match self {
            What::Add { body, .. } => Some(body["data"].as_str().unwrap_or_default()),
            _ => None,
        }
    }
}

impl Store {
    /// Does what is wanted, and says so.
    pub(super) fn apply(&mut self, request: &Request, what: &What) -> Reply {
        if request.header("authorization") != Some(&format!("Api-Key {KEY}")) {
            return said(401, "unauthorized");
        }
        let key = request.header("idempotency-key").filter(|_| self.heeds_keys);
        if let Some(reply) = key.and_then(|key| self.answers.get(key)) {
            return reply.clone();
        }
        let mut reply = self.act(request, what);
        reply.headers.extend(self.headers.iter().cloned());
        if let Some(key) = key {
            self.answers.insert(key.to_owned(), reply.clone());
        }
        reply
    }

    fn act(&mut self, request: &Request, what: &What) -> Reply {
        match what {
            What::MakeById(body) => match body["graph_id"].as_str() {
                None | Some("") => said(400, "graph_id is required"),
                Some(id) if self.by_id(id).is_some() => said(400, "graph already exists"),
                Some(id) => json_of(201, &self.make(Some(id), id)),
            },
            What::Make(body) => {
                let name = body["name"].as_str().unwrap_or_default();
                json_of(201, &self.make(None, name))
            }
            What::Lookup(body) => {
                let found = body["graph_id"].as_str().and_then(|id| self.by_id(id));
                found.map_or_else(|| said(404, "no such graph"), |it| json_of(200, &graph_of(it)))
            }
            What::Graphs(body) => {
                let search = body["search"].as_str().unwrap_or_default();
                let found = self.graphs.iter().filter(|graph| graph.name.contains(search));
                page_of(request, &found.map(graph_of).collect::<Vec<_>>())
            }
            What::Add { graph, is_v2, body } => self.add(graph, *is_v2, body),
            What::Newest { graph, most } => match self.visible(graph, true) {
                None => said(404, "no such graph"),
                Some(mut episodes) => {
                    episodes.truncate(*most);
                    json_of(200, &json!({ "episodes": episodes }))
                }
            },
            What::List { is_v2: true, .. } if self.is_old => said(405, "method not allowed"),
            What::List { graph, is_v2, body } => match self.visible(graph, *is_v2) {
                None => said(404, "no such graph"),
                Some(episodes) if *is_v2 => list_of(body, &episodes),
                Some(episodes) => page_of(request, &episodes),
            },
            What::Nothing => said(404, "no such endpoint"),
        }
    }

    /// A new graph, as the server shows it.
    pub(super) fn make(&mut self, graph_id: Option<&str>, name: &str) -> Value {
        let (uuid, created_at) = self.name();
        let (graph_id, name) = (graph_id.map(str::to_owned), name.to_owned());
        let graph = Graph { uuid, graph_id, name, created_at, episodes: Vec::new() };
        let shown = graph_of(&graph);
        self.graphs.push(graph);
        shown
    }

    fn add(&mut self, graph: &str, is_v2: bool, body: &Value) -> Reply {
        let text = |key: &str| body[key].as_str().map(str::to_owned);
        let (data, metadata) = (text("data").unwrap_or_default(), body["metadata"].clone());
        let is_field = |value: &Value| match value {
            Value::Array(values) => values.iter().all(|it| !it.is_array() && !it.is_object()),
            other => !other.is_object() && !other.is_null(),
        };
        let fields = metadata.as_object();
        if is_v2 && self.is_old && !metadata.is_null() {
            return said(400, "unknown field \"metadata\"");
        }
        let is_long = data.chars().count() > MOST_CHARACTERS;
        if data.is_empty() || is_long || body["type"] != "text" {
            return said(400, "data must be text of 1 to 10,000 characters");
        }
        if fields.is_some_and(|it| it.len() > MOST_FIELDS || !it.values().all(is_field)) {
            return said(400, "metadata has too many keys, or values that are no scalars");
        }
        let (uuid, received) = self.name();
        let Some(graph) = self.graphs.iter_mut().find(|it| it.is(graph, is_v2)) else {
            return said(404, "no such graph");
        };
        let time = text(if is_v2 { "created_at" } else { "reference_time" });
        let source_description = text("source_description");
        let kept = Kept { uuid, data, time, source_description, metadata, received };
        let shown = episode_of(&kept, is_v2);
        graph.episodes.push(kept);
        if is_v2 {
            return json_of(202, &shown);
        }
        let task = json!({"uuid": "00000000-0000-4000-9000-000000000001", "status": "pending"});
        json_of(202, &json!({"episode": shown, "task": task}))
    }

    /// The episodes that a list shows, the newest first: by the client's time in the second
    /// dialect, by receipt in the fourth.
    fn visible(&self, graph: &str, is_v2: bool) -> Option<Vec<Value>> {
        let graph = self.graphs.iter().find(|it| it.is(graph, is_v2))?;
        let seen = graph.episodes.len().saturating_sub(self.unseen);
        let mut episodes: Vec<&Kept> = graph.episodes[..seen].iter().rev().collect();
        if is_v2 {
            episodes.sort_by(|one, other| other.shown_time().cmp(one.shown_time()));
        }
        Some(episodes.into_iter().map(|kept| episode_of(kept, is_v2)).collect())
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.graphs.iter().map(|graph| graph.name.clone()).collect()
    }

    pub(super) fn episodes(&self, name: &str) -> Vec<Kept> {
        let graphs = self.graphs.iter().filter(|graph| graph.name == name);
        graphs.flat_map(|graph| graph.episodes.iter().cloned()).collect()
    }

    fn by_id(&self, id: &str) -> Option<&Graph> {
        self.graphs.iter().find(|graph| graph.graph_id.as_deref() == Some(id))
    }

    /// A UUID and an instant that nothing else has.
    fn name(&mut self) -> (String, String) {
        self.count += 1;
        let (n, minute, second) = (self.count, self.count / 60 % 60, self.count % 60);
        let received = format!("2026-12-01T{:02}:{minute:02}:{second:02}Z", n / 3_600);
        (format!("00000000-0000-4000-8000-{n:012}"), received)
    }
}

impl Graph {
    fn is(&self, name: &str, is_v2: bool) -> bool {
        if is_v2 { self.graph_id.as_deref() == Some(name) } else { self.uuid == name }
    }
}

impl Kept {
    fn shown_time(&self) -> &str {
        self.time.as_ref().unwrap_or(&self.received)
    }
}

fn graph_of(graph: &Graph) -> Value {
    let Graph { uuid, graph_id, name, created_at, .. } = graph;
    json!({"uuid": uuid, "graph_id": graph_id, "name": name, "created_at": created_at})
}

fn episode_of(kept: &Kept, is_v2: bool) -> Value {
    let mut shown = json!({
        "uuid": kept.uuid, "content": kept.data, "processed": false, "source": "text",
        "source_description": kept.source_description, "metadata": kept.metadata,
    });
    if is_v2 {
        shown["created_at"] = json!(kept.shown_time());
    } else {
        shown["created_at"] = json!(kept.received);
        shown["reference_time"] = json!(kept.shown_time());
    }
    shown
}

/// A page of the second dialect, whose cursor is in a header.
fn list_of(body: &Value, all: &[Value]) -> Reply {
    let (from, most) = (place(body["cursor"].as_str()), limit(body["limit"].as_u64()));
    let reply = json_of(200, &json!(part(all, from, most)));
    match next(all, from, most) {
        Some(next) => reply.header("zep-next-cursor", &next),
        None => reply,
    }
}

/// A page of the fourth dialect.
fn page_of(request: &Request, all: &[Value]) -> Reply {
    let from = place(request.query("cursor").as_deref());
    let most = limit(request.query("page_size").and_then(|most| most.parse().ok()));
    json_of(200, &json!({"items": part(all, from, most), "next_cursor": next(all, from, most)}))
}

fn part(all: &[Value], from: usize, most: usize) -> &[Value] {
    &all[from.min(all.len())..from.saturating_add(most).min(all.len())]
}

fn next(all: &[Value], from: usize, most: usize) -> Option<String> {
    let next = from.saturating_add(most);
    (next < all.len()).then(|| format!("after/{next}"))
}

fn place(cursor: Option<&str>) -> usize {
    cursor.and_then(|it| it.strip_prefix("after/")?.parse().ok()).unwrap_or(0)
}

fn limit(asked: Option<u64>) -> usize {
    usize::try_from(asked.unwrap_or(50).clamp(1, 100)).unwrap_or(100)
}

fn said(status: u16, message: &str) -> Reply {
    json_of(status, &json!({"message": message, "error": {"message": message}}))
}

fn json_of(status: u16, body: &Value) -> Reply {
    Reply::new(status, body.to_string())
}
