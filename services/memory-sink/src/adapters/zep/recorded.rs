//! What the adapter sends is, to the byte, what Zep's own clients sent for the same: see
//! `scripts/record_zep.py`.

use std::path::Path;

use serde_json::{Value, json};

use super::talk::Question;
use super::tests::{ADDRESS, GRAPH, KEY, batch_of, graph, zep};
use super::*;
use crate::testing::{Answer, HttpServer, Request};

const ENGLISH: [&str; 2] =
    ["Mara: published a post: \"The pier is open again.\"", "Tomas: followed the user \"Mara\""];
const CHINESE: [&str; 2] =
    ["张三: 发布了一条帖子：「码头重新开放了。」", "李四: 关注了用户「张三」"];

fn folder(version: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/zep").join(version)
}

/// Compares what was sent with all that was recorded of a version, each under its name.
fn compare(version: &str, sent: &[(&str, &Request)]) {
    let recorded = std::fs::read_dir(folder(version)).unwrap();
    let mut names: Vec<String> = recorded
        .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort_unstable();
    let mut ours: Vec<&str> = sent.iter().map(|(name, _)| *name).collect();
    ours.sort_unstable();
    assert_eq!(ours, names, "{version}");
    for (name, request) in sent {
        let text = std::fs::read_to_string(folder(version).join(format!("{name}.json"))).unwrap();
        let theirs: Value = serde_json::from_str(&text).unwrap();
        let line = format!(
            "{} {} HTTP/1.1",
            theirs["method"].as_str().unwrap(),
            theirs["target"].as_str().unwrap()
        );
        assert_eq!(request.line, line, "{version} {name}");
        let body = String::from_utf8(request.body.clone()).unwrap();
        assert_eq!(body, theirs["body"].as_str().unwrap(), "{version} {name}");
        for header in ["authorization", "accept", "content-type"] {
            let expected = theirs["headers"][header].as_str();
            assert_eq!(request.header(header), expected, "{version} {name}: {header}");
        }
        let has_key = request.header("idempotency-key").is_some();
        assert_eq!(json!(has_key), theirs["has_idempotency_key"], "{version} {name}");
    }
}

fn body(value: &Value) -> Answer {
    Answer::status(200).body(&value.to_string())
}

/// A hundred episodes of another world, later than any of ours.
fn many() -> Vec<Value> {
    let time = "2027-01-01T00:00:00.000Z";
    (0..100).map(|n| json!({"uuid": "u", "content": format!("{n}"), "created_at": time})).collect()
}

async fn ask(memory: &ZepMemory, question: Question) {
    assert!(Talk::new(&memory.0).ask(question).await.is_ok());
}

/// The calls that both versions of the second dialect have, in this order: create twice, get,
/// add-english, add-chinese, newest.
async fn calls_of_both(memory: &ZepMemory) {
    assert_eq!(memory.open(GRAPH).await.outcome, Ok(None));
    assert_eq!(memory.open(GRAPH).await.outcome, Ok(None));
    let chinese = Graph { id: "市场/一 2".to_owned(), address: None };
    let (en, zh) = (batch_of(&ENGLISH), batch_of(&CHINESE));
    assert_eq!(memory.deliver(&graph(), &en).await.outcome, Ok(Receipt::Taken));
    assert_eq!(memory.deliver(&chinese, &zh).await.outcome, Ok(Receipt::Taken));
    assert_eq!(memory.find(&graph(), &en).await.outcome, Ok(Sighting::Absent));
}

#[tokio::test]
async fn the_oldest_client_of_the_second_dialect() {
    let episode = json!({"uuid": "u"});
    let server = HttpServer::start(vec![
        body(&json!({"graph_id": GRAPH})),
        Answer::status(400).body("you have it"),
        body(&json!({"graph_id": GRAPH})),
        // This server knows no metadata, which is found out once.
        Answer::status(400).body(r#"{"message": "unknown field \"metadata\""}"#),
        body(&episode),
        body(&episode),
        body(&json!({"episodes": []})),
        Answer::status(405),
        body(&json!({"episodes": []})),
    ])
    .await;
    let memory = zep(&server, "/api/v2", Dialect::V2);
    calls_of_both(&memory).await;
    let world = batch_of(&ENGLISH).world;
    assert_eq!(memory.recall(&graph(), &world).await.outcome, Ok(None));
    let sent = server.requests();
    let [create, _, get, _, english, chinese, newest, _, thousand] = sent.as_slice() else {
        panic!("{} requests", sent.len())
    };
    let calls = [
        ("create", create),
        ("get", get),
        ("add-english", english),
        ("add-chinese", chinese),
        ("newest", newest),
        ("newest-thousand", thousand),
    ];
    compare("3.13.0", &calls);
}

#[tokio::test]
async fn the_newest_client_of_the_second_dialect() {
    let episode = json!({"uuid": "u"});
    let cursor = "eyJhZnRlciI6MTAwfQ";
    let server = HttpServer::start(vec![
        body(&json!({"graph_id": GRAPH})),
        Answer::status(400).body("you have it"),
        body(&json!({"graph_id": GRAPH})),
        body(&episode),
        body(&episode),
        body(&json!({"episodes": []})),
        body(&json!(many())).header("zep-next-cursor", cursor),
        body(&json!([])),
        body(&json!({"episodes": []})),
    ])
    .await;
    let memory = zep(&server, "/api/v2", Dialect::V2);
    calls_of_both(&memory).await;
    let world = batch_of(&ENGLISH).world;
    assert_eq!(memory.recall(&graph(), &world).await.outcome, Ok(None));
    ask(&memory, Question::get(format!("/graph/episodes/graph/{GRAPH}?lastn={}", v2::MANY))).await;
    let sent = server.requests();
    let [create, _, get, english, chinese, newest, list, on, thousand] = sent.as_slice() else {
        panic!("{} requests", sent.len())
    };
    let calls = [
        ("create", create),
        ("get", get),
        ("add-english", english),
        ("add-chinese", chinese),
        ("newest", newest),
        ("list", list),
        ("list-on", on),
        ("newest-thousand", thousand),
    ];
    compare("3.30.0", &calls);
}

#[tokio::test]
async fn the_client_of_the_fourth_dialect() {
    let page = |cursor: Option<&str>| body(&json!({"items": [], "next_cursor": cursor}));
    let taken = body(&json!({"episode": {"uuid": "u"}, "task": {"uuid": "t"}}));
    let cursor = Some("eyJhZnRlciI6MTAwfQ");
    let server = HttpServer::start(vec![
        Answer::status(404),
        page(cursor),
        page(None),
        body(&json!({"uuid": ADDRESS})),
        taken.clone(),
        taken,
        page(cursor),
        page(None),
    ])
    .await;
    let memory = zep(&server, "/api/v4", Dialect::V4);
    assert_eq!(memory.open(GRAPH).await.outcome, Ok(Some(ADDRESS.to_owned())));
    let graph = Graph { id: GRAPH.to_owned(), address: Some(ADDRESS.to_owned()) };
    let (en, zh) = (batch_of(&ENGLISH), batch_of(&CHINESE));
    assert_eq!(memory.deliver(&graph, &en).await.outcome, Ok(Receipt::Taken));
    assert_eq!(memory.deliver(&graph, &zh).await.outcome, Ok(Receipt::Taken));
    assert_eq!(memory.find(&graph, &en).await.outcome, Ok(Sighting::Absent));
    let sent = server.requests();
    let names = [
        "lookup",
        "graphs",
        "graphs-on",
        "create",
        "add-english",
        "add-chinese",
        "list",
        "list-on",
    ];
    let calls: Vec<(&str, &Request)> = names.into_iter().zip(&sent).collect();
    assert_eq!(sent.len(), calls.len());
    compare("4.0.1", &calls);
    // No two requests have one name, but for those that are one.
    let mut keys: Vec<&str> =
        sent.iter().map(|request| request.header("idempotency-key").unwrap()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), sent.len());
    assert!(
        !sent.iter().any(|request| request.body.windows(KEY.len()).any(|it| it == KEY.as_bytes()))
    );
}
