//! The questions about a graph, read as hostile input.

use serde::Serialize;

use super::question::{
    DEFAULT_LIMIT, MAX_QUERY_BYTES, Scope, bytes, parse, read_graph, read_limit, require_scope,
};
use crate::door::Object;
use crate::problem::Problems;
use crate::subject::Platform;
use crate::timestamp::Timestamp;
use crate::version::V1;

/// The longest label, name of an edge, and place to go on from, in bytes.
pub const MAX_NAME_BYTES: usize = 256;

/// The most names or labels of one question.
pub const MAX_NAMES: usize = 32;

/// Which facts, nodes or episodes have all of some words? Newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Find {
    /// Contract version.
    pub v: V1,
    /// Where to look.
    #[serde(flatten)]
    pub within: Scope,
    /// Words, at most [`MAX_QUERY_BYTES`].
    pub query: String,
    /// Among what.
    pub scope: Among,
    /// Only edges of one of these names; empty: any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub edge_names: Vec<String>,
    /// Only nodes of one of these labels; empty: any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Only what happened there; nodes are of no platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// Only what happened in this round or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_round: Option<u32>,
    /// Only what happened in this round or earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_round: Option<u32>,
    /// Only edges that held at this time, in simulated time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_at: Option<Timestamp>,
    /// Where to go on: `next` of the answer before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most so many, 1 to [`MAX_LIMIT`](super::MAX_LIMIT).
    pub limit: u32,
}

/// Among what to look for words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Among {
    /// Facts.
    Edges,
    /// Names of nodes.
    Nodes,
    /// Episodes, whether they made an edge or not.
    Episodes,
}

/// Which nodes does a graph have? By label, and newest first within one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Nodes {
    /// Contract version.
    pub v: V1,
    /// Which graph.
    pub graph_id: String,
    /// Only nodes of this label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Only nodes of exactly this name, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where to go on: `next` of the answer before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most so many, 1 to [`MAX_LIMIT`](super::MAX_LIMIT).
    pub limit: u32,
}

/// Which edges does a graph have? Newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edges {
    /// Contract version.
    pub v: V1,
    /// Which graph.
    pub graph_id: String,
    /// Only edges of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edge_name: Option<String>,
    /// Only edges that held at this time, in simulated time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
    /// Whether to name edges that hold no more.
    pub include_expired: bool,
    /// Where to go on: `next` of the answer before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most so many, 1 to [`MAX_LIMIT`](super::MAX_LIMIT).
    pub limit: u32,
}

/// What is a node, and which edges does it have? The newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Contract version.
    pub v: V1,
    /// Which; no other node of any graph has it.
    pub uuid: String,
    /// Where to go on: `next` of the answer before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most so many edges, 1 to [`MAX_LIMIT`](super::MAX_LIMIT).
    pub limit: u32,
}

/// How many nodes and edges does a graph have, of which kinds?
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statistics {
    /// Contract version.
    pub v: V1,
    /// Which graph.
    pub graph_id: String,
}

/// What did somebody or something live through? Its edges, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// Contract version.
    pub v: V1,
    /// Which graph.
    pub graph_id: String,
    /// Whose.
    #[serde(flatten)]
    pub of: Entity,
    /// Where to go on: `next` of the answer before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most so many, 1 to [`MAX_LIMIT`](super::MAX_LIMIT).
    pub limit: u32,
}

/// A node, `name` or `uuid` on the wire, never both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Entity {
    /// The newest node of a name, whatever the case; agents before everything else.
    #[serde(rename = "name")]
    Name(String),
    /// This node.
    #[serde(rename = "uuid")]
    Uuid(String),
}

impl Find {
    /// Words in a graph or run, without a filter, from the first on.
    pub fn new(within: Scope, query: String, scope: Among) -> Find {
        Find {
            v: V1,
            within,
            query,
            scope,
            edge_names: Vec::new(),
            labels: Vec::new(),
            platform: None,
            from_round: None,
            to_round: None,
            valid_at: None,
            cursor: None,
            limit: DEFAULT_LIMIT,
        }
    }

    /// Reads a request.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(body: &[u8]) -> Result<Find, Problems> {
        parse(body, |root| {
            root.refuse_unknown(&[
                "v",
                "graph_id",
                "run_id",
                "query",
                "scope",
                "edge_names",
                "labels",
                "platform",
                "from_round",
                "to_round",
                "valid_at",
                "cursor",
                "limit",
            ]);
            let within = require_scope(root);
            root.require("query", "words to look for");
            let query = read_words(root, "query", MAX_QUERY_BYTES);
            let scope = root.parsed("scope", |text| match text {
                "edges" => Ok(Among::Edges),
                "nodes" => Ok(Among::Nodes),
                "episodes" => Ok(Among::Episodes),
                _ => Err("edges, nodes or episodes".to_owned()),
            });
            let (edge_names, labels) = (read_names(root, "edge_names"), read_names(root, "labels"));
            let platform = root.parsed("platform", |text| {
                text.parse().map_err(|_: String| "twitter or reddit".to_owned())
            });
            let from_round = root.u32("from_round", 0..=u32::MAX);
            let to_round = root.u32("to_round", 0..=u32::MAX);
            let (valid_at, cursor) = (read_time(root, "valid_at"), read_cursor(root));
            Some(Find {
                edge_names,
                labels,
                platform,
                from_round,
                to_round,
                valid_at,
                cursor,
                limit: read_limit(root),
                ..Find::new(within?, query?, scope.unwrap_or(Among::Edges))
            })
        })
    }

    /// The message body.
    pub fn to_bytes(&self) -> Vec<u8> {
        bytes(self)
    }
}

impl Nodes {
    /// Reads a request.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(body: &[u8]) -> Result<Nodes, Problems> {
        parse(body, |root| {
            root.refuse_unknown(&["v", "graph_id", "label", "name", "cursor", "limit"]);
            let graph_id = require_graph(root);
            let label = read_words(root, "label", MAX_NAME_BYTES);
            let name = read_words(root, "name", MAX_QUERY_BYTES);
            let (cursor, limit) = (read_cursor(root), read_limit(root));
            Some(Nodes { v: V1, graph_id: graph_id?, label, name, cursor, limit })
        })
    }

    /// The message body.
    pub fn to_bytes(&self) -> Vec<u8> {
        bytes(self)
    }
}

impl Edges {
    /// Reads a request.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(body: &[u8]) -> Result<Edges, Problems> {
        parse(body, |root| {
            root.refuse_unknown(&[
                "v",
                "graph_id",
                "edge_name",
                "as_of",
                "include_expired",
                "cursor",
                "limit",
            ]);
            let graph_id = require_graph(root);
            let edge_name = read_words(root, "edge_name", MAX_NAME_BYTES);
            let as_of = read_time(root, "as_of");
            let include_expired = root.boolean("include_expired").unwrap_or(true);
            let (cursor, limit) = (read_cursor(root), read_limit(root));
            let graph_id = graph_id?;
            Some(Edges { v: V1, graph_id, edge_name, as_of, include_expired, cursor, limit })
        })
    }

    /// The message body.
    pub fn to_bytes(&self) -> Vec<u8> {
        bytes(self)
    }
}

impl Node {
    /// Reads a request.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(body: &[u8]) -> Result<Node, Problems> {
        parse(body, |root| {
            root.refuse_unknown(&["v", "uuid", "cursor", "limit"]);
            root.require("uuid", "the uuid of a node");
            let uuid = read_uuid(root);
            let (cursor, limit) = (read_cursor(root), read_limit(root));
            Some(Node { v: V1, uuid: uuid?, cursor, limit })
        })
    }

    /// The message body.
    pub fn to_bytes(&self) -> Vec<u8> {
        bytes(self)
    }
}

impl Statistics {
    /// Reads a request.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(body: &[u8]) -> Result<Statistics, Problems> {
        parse(body, |root| {
            root.refuse_unknown(&["v", "graph_id"]);
            Some(Statistics { v: V1, graph_id: require_graph(root)? })
        })
    }

    /// The message body.
    pub fn to_bytes(&self) -> Vec<u8> {
        bytes(self)
    }
}

impl Timeline {
    /// Reads a request.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(body: &[u8]) -> Result<Timeline, Problems> {
        parse(body, |root| {
            root.refuse_unknown(&["v", "graph_id", "name", "uuid", "cursor", "limit"]);
            let graph_id = require_graph(root);
            if root.get("name").is_some() && root.get("uuid").is_some() {
                root.report("uuid", "name beside it", "one of them");
            } else if root.get("uuid").is_none() {
                root.require("name", "the name of a node, or uuid in its place");
            }
            let name = read_words(root, "name", MAX_QUERY_BYTES).map(Entity::Name);
            let of = read_uuid(root).map(Entity::Uuid).or(name);
            let (cursor, limit) = (read_cursor(root), read_limit(root));
            Some(Timeline { v: V1, graph_id: graph_id?, of: of?, cursor, limit })
        })
    }

    /// The message body.
    pub fn to_bytes(&self) -> Vec<u8> {
        bytes(self)
    }
}

fn require_graph(root: &Object<'_>) -> Option<String> {
    root.require("graph_id", "the id of a graph");
    read_graph(root).map(str::to_owned)
}

/// A text that is not blank.
fn read_words(root: &Object<'_>, key: &str, most: usize) -> Option<String> {
    let text = root.text(key)?;
    if text.trim().is_empty() || text.len() > most {
        root.report(key, format!("{} bytes", text.len()), &format!("1 to {most} bytes of words"));
    }
    Some(text.to_owned())
}

/// The names of a list, all of them texts.
fn read_names(root: &Object<'_>, key: &str) -> Vec<String> {
    let items = root.list(key);
    if items.len() > MAX_NAMES {
        root.report(key, format!("{} names", items.len()), &format!("at most {MAX_NAMES} names"));
    }
    let mut names = Vec::new();
    for (pointer, item) in items {
        match item.as_str().filter(|it| (1..=MAX_NAME_BYTES).contains(&it.len())) {
            Some(name) => names.push(name.to_owned()),
            None => root.door().report(
                &pointer,
                crate::door::describe(item),
                &format!("text of 1 to {MAX_NAME_BYTES} bytes"),
            ),
        }
    }
    names
}

fn read_time(root: &Object<'_>, key: &str) -> Option<Timestamp> {
    root.parsed(key, |text| {
        let expected = "a time in UTC, e.g. 2026-03-01T09:00:00Z".to_owned();
        text.parse().map_err(|_: crate::timestamp::InvalidTimestamp| expected)
    })
}

fn read_cursor(root: &Object<'_>) -> Option<String> {
    let cursor = root.text("cursor")?;
    if cursor.len() > MAX_NAME_BYTES {
        let expected = "next of the answer before";
        root.report("cursor", format!("{} bytes", cursor.len()), expected);
    }
    Some(cursor.to_owned())
}

fn read_uuid(root: &Object<'_>) -> Option<String> {
    root.parsed("uuid", |text| {
        let is_place = |index| matches!(index, 8 | 13 | 18 | 23);
        let fits = text.len() == 36
            && text.bytes().enumerate().all(|(index, byte)| match is_place(index) {
                true => byte == b'-',
                false => byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase(),
            });
        match fits {
            true => Ok(text.to_owned()),
            false => Err("a uuid: 8-4-4-4-12 small hexadecimal digits".to_owned()),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::MAX_LIMIT;
    use super::*;

    #[test]
    fn a_question_survives_the_way_back() {
        let within = Scope::Graph("图 1".to_owned());
        let find = Find::new(within, "图书馆".to_owned(), Among::Nodes);
        assert_eq!(
            String::from_utf8(find.to_bytes()).unwrap(),
            r#"{"v":1,"graph_id":"图 1","query":"图书馆","scope":"nodes","limit":20}"#
        );
        let all = Find {
            within: Scope::Run("market-1".parse().unwrap()),
            edge_names: vec!["LIKED".to_owned()],
            labels: vec!["Agent".to_owned()],
            platform: Some(Platform::Reddit),
            from_round: Some(0),
            to_round: Some(u32::MAX),
            valid_at: Some(Timestamp::EPOCH),
            cursor: Some("7".to_owned()),
            limit: MAX_LIMIT,
            ..find.clone()
        };
        for find in [find, all] {
            assert_eq!(Find::parse(&find.to_bytes()), Ok(find));
        }
        let uuid = "5a2ddee5-032c-86e3-8df2-09dd8f074bd0".to_owned();
        for of in [Entity::Name("Ada".to_owned()), Entity::Uuid(uuid)] {
            let graph_id = "g".to_owned();
            let timeline = Timeline { v: V1, graph_id, of, cursor: None, limit: 1 };
            assert_eq!(Timeline::parse(&timeline.to_bytes()), Ok(timeline));
        }
    }

    #[test]
    fn every_problem_of_a_question_is_named() {
        let body = br#"{"query":" ","scope":"facts","labels":["",7],"valid_at":"now","limit":0}"#;
        assert_eq!(
            Find::parse(body).unwrap_err().to_string(),
            "/run_id: found nothing, expected a run id, or graph_id in its place\n\
             /query: found 1 bytes, expected 1 to 1024 bytes of words\n\
             /scope: found \"facts\", expected edges, nodes or episodes\n\
             /labels/0: found the text \"\", expected text of 1 to 256 bytes\n\
             /labels/1: found 7, expected text of 1 to 256 bytes\n\
             /valid_at: found \"now\", expected a time in UTC, e.g. 2026-03-01T09:00:00Z\n\
             /limit: found 0, expected a whole number from 1 to 100"
        );
        let both = br#"{"graph_id":"g","name":"Ada","uuid":"x"}"#;
        assert_eq!(
            Timeline::parse(both).unwrap_err().to_string(),
            "/uuid: found name beside it, expected one of them\n\
             /uuid: found \"x\", expected a uuid: 8-4-4-4-12 small hexadecimal digits"
        );
        for body in [&b"[]"[..], b"{", b"null", b"\xff", &[b'['; 20_000]] {
            assert!(Node::parse(body).is_err() && Edges::parse(body).is_err(), "{body:?} passed");
            assert!(Nodes::parse(body).is_err() && Statistics::parse(body).is_err());
        }
    }
}
