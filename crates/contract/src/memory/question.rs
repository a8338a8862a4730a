//! The questions, read as hostile input.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::MAX_SAFE_INTEGER;
use crate::door::{Door, Object, parse_body};
use crate::id::RunId;
use crate::problem::Problems;
use crate::subject::Platform;
use crate::version::V1;

/// The most episodes of one answer.
pub const MAX_LIMIT: u32 = 100;

/// The episodes of an answer whose request names no limit.
pub const DEFAULT_LIMIT: u32 = 20;

/// The most nodes, and the most edges, of a graph.
pub const MAX_DRAWN: u32 = 2000;

/// The nodes, and the edges, of a graph whose request names no limit.
pub const DEFAULT_DRAWN: u32 = 1000;

/// The longest query, in bytes.
pub const MAX_QUERY_BYTES: usize = 1024;

/// The longest id of a graph, in bytes.
pub const MAX_GRAPH_ID_BYTES: usize = 256;

/// The largest request that is read, in bytes.
pub const MAX_REQUEST_BYTES: usize = 16 * 1024;

/// What a question is about: `graph_id` or `run_id` on the wire, never both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Scope {
    /// All runs that share a graph.
    #[serde(rename = "graph_id")]
    Graph(String),
    /// One run, whatever its graph.
    #[serde(rename = "run_id")]
    Run(RunId),
}

/// Which episodes have every word of `query`? Newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Where to look; `None`: everywhere.
    pub scope: Option<Scope>,
    /// Words, at most [`MAX_QUERY_BYTES`].
    pub query: String,
    /// At most so many, 1 to [`MAX_LIMIT`].
    pub limit: u32,
}

/// Which episodes are there, oldest first?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Episodes {
    /// Of what.
    pub scope: Scope,
    /// In which world; `None`: all.
    pub platform: Option<Platform>,
    /// Those behind this place: 0, or [`next`](super::EpisodesAnswer::next) of the answer before.
    pub after: u64,
    /// At most so many, 1 to [`MAX_LIMIT`].
    pub limit: u32,
}

/// How much is remembered, and how far is the memory behind?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Of what.
    pub scope: Scope,
}

/// Which memories does this sink have, and how are they?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Targets;

/// What is a graph like, as nodes and edges?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// Which.
    pub graph_id: String,
    /// At most so many nodes and so many edges, 1 to [`MAX_DRAWN`].
    pub limit: u32,
}

impl Search {
    /// Reads a request.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(body: &[u8]) -> Result<Search, Problems> {
        parse(body, |root| {
            root.refuse_unknown(&["v", "graph_id", "run_id", "query", "limit"]);
            let scope = read_scope(root);
            root.require("query", "words to look for");
            let query = root.text("query");
            if let Some(query) = query.filter(|q| q.trim().is_empty() || q.len() > MAX_QUERY_BYTES)
            {
                root.report("query", format!("{} bytes", query.len()), "1 to 1024 bytes of words");
            }
            Some(Search { scope, query: query?.to_owned(), limit: read_limit(root) })
        })
    }

    /// The message body.
    pub fn to_bytes(&self) -> Vec<u8> {
        bytes(self)
    }
}

impl Episodes {
    /// Reads a request.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(body: &[u8]) -> Result<Episodes, Problems> {
        parse(body, |root| {
            root.refuse_unknown(&["v", "graph_id", "run_id", "platform", "after", "limit"]);
            let scope = require_scope(root);
            let platform = root.parsed("platform", |text| {
                text.parse().map_err(|_: String| "twitter or reddit".to_owned())
            });
            let after = root.integer("after", 0..=MAX_SAFE_INTEGER).unwrap_or(0);
            Some(Episodes { scope: scope?, platform, after, limit: read_limit(root) })
        })
    }

    /// The message body.
    pub fn to_bytes(&self) -> Vec<u8> {
        bytes(self)
    }
}

impl Stats {
    /// Reads a request.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(body: &[u8]) -> Result<Stats, Problems> {
        parse(body, |root| {
            root.refuse_unknown(&["v", "graph_id", "run_id"]);
            Some(Stats { scope: require_scope(root)? })
        })
    }

    /// The message body.
    pub fn to_bytes(&self) -> Vec<u8> {
        bytes(self)
    }
}

impl Targets {
    /// Reads a request.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(body: &[u8]) -> Result<Targets, Problems> {
        parse(body, |root| {
            root.refuse_unknown(&["v"]);
            Some(Targets)
        })
    }

    /// The message body.
    pub fn to_bytes(&self) -> Vec<u8> {
        bytes(self)
    }
}

impl Graph {
    /// Reads a request.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(body: &[u8]) -> Result<Graph, Problems> {
        parse(body, |root| {
            root.refuse_unknown(&["v", "graph_id", "limit"]);
            root.require("graph_id", "the id of a graph");
            let graph_id = read_graph(root);
            let limit = root.u32("limit", 1..=MAX_DRAWN).unwrap_or(DEFAULT_DRAWN);
            Some(Graph { graph_id: graph_id?.to_owned(), limit })
        })
    }

    /// The message body.
    pub fn to_bytes(&self) -> Vec<u8> {
        bytes(self)
    }
}

/// True for a text that may be the id of a graph.
pub fn is_graph_id(text: &str) -> bool {
    (1..=MAX_GRAPH_ID_BYTES).contains(&text.len())
}

/// Reads a request's fields. For those who ask from a shell, an empty body is an empty object
/// and `v` may be absent.
pub(super) fn parse<T>(
    body: &[u8],
    read: impl Fn(&Object<'_>) -> Option<T>,
) -> Result<T, Problems> {
    let value = parse_body(if body.is_empty() { b"{}" } else { body }, MAX_REQUEST_BYTES)?;
    let door = Door::of_message();
    let request = door.root(&value).and_then(|root| {
        root.integer("v", 1..=1);
        read(&root)
    });
    door.close(request)
}

fn read_scope(root: &Object<'_>) -> Option<Scope> {
    if root.get("graph_id").is_some() && root.get("run_id").is_some() {
        root.report("run_id", "graph_id beside it", "one of them");
    }
    let graph = read_graph(root);
    let run = root.parsed("run_id", |text| {
        text.parse().map_err(|error: crate::id::InvalidId| error.expected().to_owned())
    });
    run.map(Scope::Run).or_else(|| Some(Scope::Graph(graph?.to_owned())))
}

pub(super) fn read_graph<'a>(root: &Object<'a>) -> Option<&'a str> {
    let graph = root.text("graph_id");
    if let Some(id) = graph.filter(|id| !is_graph_id(id)) {
        root.report("graph_id", format!("{} bytes", id.len()), "1 to 256 bytes");
    }
    graph
}

pub(super) fn require_scope(root: &Object<'_>) -> Option<Scope> {
    if root.get("graph_id").is_none() {
        root.require("run_id", "a run id, or graph_id in its place");
    }
    read_scope(root)
}

pub(super) fn read_limit(root: &Object<'_>) -> u32 {
    let limit = root.integer("limit", 1..=u64::from(MAX_LIMIT));
    limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(DEFAULT_LIMIT)
}

pub(super) fn bytes(request: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(request).expect("no map keys that JSON refuses")
}

fn write_scope<S: SerializeStruct>(object: &mut S, scope: &Scope) -> Result<(), S::Error> {
    match scope {
        Scope::Graph(id) => object.serialize_field("graph_id", id),
        Scope::Run(id) => object.serialize_field("run_id", id),
    }
}

impl Serialize for Search {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Search", 4)?;
        object.serialize_field("v", &V1)?;
        if let Some(scope) = &self.scope {
            write_scope(&mut object, scope)?;
        }
        object.serialize_field("query", &self.query)?;
        object.serialize_field("limit", &self.limit)?;
        object.end()
    }
}

impl Serialize for Episodes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Episodes", 5)?;
        object.serialize_field("v", &V1)?;
        write_scope(&mut object, &self.scope)?;
        object.serialize_field("platform", &self.platform)?;
        object.serialize_field("after", &self.after)?;
        object.serialize_field("limit", &self.limit)?;
        object.end()
    }
}

impl Serialize for Stats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Stats", 2)?;
        object.serialize_field("v", &V1)?;
        write_scope(&mut object, &self.scope)?;
        object.end()
    }
}

impl Serialize for Graph {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Graph", 3)?;
        object.serialize_field("v", &V1)?;
        object.serialize_field("graph_id", &self.graph_id)?;
        object.serialize_field("limit", &self.limit)?;
        object.end()
    }
}

impl Serialize for Targets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Targets", 1)?;
        object.serialize_field("v", &V1)?;
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_survives_the_way_back() {
        let run = || Scope::Run("market-1".parse().unwrap());
        let search = Search { scope: Some(run()), query: "图书馆".to_owned(), limit: 7 };
        assert_eq!(
            String::from_utf8(search.to_bytes()).unwrap(),
            r#"{"v":1,"run_id":"market-1","query":"图书馆","limit":7}"#
        );
        assert_eq!(Search::parse(&search.to_bytes()), Ok(search));
        let everywhere = Search { scope: None, query: "x".to_owned(), limit: 1 };
        assert_eq!(Search::parse(&everywhere.to_bytes()), Ok(everywhere));
        let episodes = Episodes {
            scope: Scope::Graph("图 1".to_owned()),
            platform: Some(Platform::Reddit),
            after: 41,
            limit: MAX_LIMIT,
        };
        assert_eq!(Episodes::parse(&episodes.to_bytes()), Ok(episodes));
        let stats = Stats { scope: run() };
        assert_eq!(Stats::parse(&stats.to_bytes()), Ok(stats));
        assert_eq!(Targets::parse(&Targets.to_bytes()), Ok(Targets));
        assert_eq!(Targets::parse(b""), Ok(Targets));
        let graph = Graph { graph_id: "图 1".to_owned(), limit: MAX_DRAWN };
        assert_eq!(Graph::parse(&graph.to_bytes()), Ok(graph));
    }

    #[test]
    fn every_problem_of_a_request_is_named() {
        let body = br#"{"graph_id":"","run_id":"../x","querry":"a","query":" ","limit":101}"#;
        assert_eq!(
            Search::parse(body).unwrap_err().to_string(),
            "/querry: found an unknown field, expected \"query\" (did you mean that?)\n\
             /run_id: found graph_id beside it, expected one of them\n\
             /graph_id: found 0 bytes, expected 1 to 256 bytes\n\
             /run_id: found \"../x\", expected <simulation>-<n> with n = 1, 2, 3, ...\n\
             /query: found 1 bytes, expected 1 to 1024 bytes of words\n\
             /limit: found 101, expected a whole number from 1 to 100"
        );
        assert_eq!(
            Stats::parse(b"{}").unwrap_err().to_string(),
            "/run_id: found nothing, expected a run id, or graph_id in its place"
        );
        assert_eq!(
            Graph::parse(br#"{"graph_id":"","limit":2001}"#).unwrap_err().to_string(),
            "/graph_id: found 0 bytes, expected 1 to 256 bytes\n\
             /limit: found 2001, expected a whole number from 1 to 2000"
        );
        for body in [&b"[]"[..], b"{", b"null", b"\xff", &[b'['; 20_000]] {
            assert!(Episodes::parse(body).is_err(), "{body:?} passed");
        }
    }
}
