//! The server, driven by a socket that knows nothing of it.

use std::io::{Read, Write};

use serde_json::json;

use super::*;

/// Sends one request; the answer's status, head and body. Status 0: there is none.
fn ask(server: &ZepServer, line: &str, key: &str, body: &Value) -> (u16, String, Value) {
    let mut stream = TcpStream::connect(("127.0.0.1", server.listener.port())).unwrap();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = format!(
        "{line} HTTP/1.1\r\nhost: x\r\nauthorization: Api-Key {KEY}\r\nidempotency-key: {key}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    // Nothing follows, so that the server leaves once it has answered.
    stream.shutdown(Shutdown::Write).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return (0, text, Value::Null) };
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_owned(), serde_json::from_str(body).unwrap_or_else(|_| json!(body)))
}

fn post(server: &ZepServer, path: &str, body: &Value) -> (u16, Value) {
    let (status, _, body) = ask(server, &format!("POST /api{path}"), "k", body);
    (status, body)
}

fn add(server: &ZepServer, data: &str, time: &str) -> u16 {
    let body = json!({
        "created_at": time, "data": data, "graph_id": "g/1", "metadata": {"n": [1, 2]},
        "source_description": "us", "type": "text",
    });
    post(server, "/v2/graph", &body).0
}

#[test]
fn the_second_dialect_keeps_what_it_takes() {
    let server = ZepServer::start();
    assert_eq!(add(&server, "early", "2026-01-01T00:00:00Z"), 404);
    let make = json!({"graph_id": "g/1", "name": "g/1"});
    assert_eq!(post(&server, "/v2/graph/create", &make).0, 201);
    let (status, again) = post(&server, "/v2/graph/create", &make);
    assert_eq!((status, &again["message"]), (400, &json!("graph already exists")));
    for n in 0..120 {
        let time = format!("2026-01-01T00:{:02}:{:02}Z", n / 60, n % 60);
        assert_eq!(add(&server, &format!("a{n}\nb{n}"), &time), 202);
    }
    assert_eq!(add(&server, "old", "2025-01-01T00:00:00Z"), 202);
    assert_eq!(add(&server, &"x".repeat(10_001), "2025-01-01T00:00:00Z"), 400);

    let newest = "GET /api/v2/graph/episodes/graph/g%2F1?lastn=2";
    let (_, _, body) = ask(&server, newest, "k", &Value::Null);
    let contents = |list: &Value| -> Vec<String> {
        let list = list.as_array().unwrap().iter();
        list.map(|it| it["content"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(contents(&body["episodes"]), ["a119\nb119", "a118\nb118"]);
    let list = "POST /api/v2/graph/episodes/graph/g%2F1";
    let (_, head, first) = ask(&server, list, "k", &json!({"limit": 100}));
    assert!(head.contains("zep-next-cursor: after/100"), "{head}");
    let cursor = json!({"limit": 100, "cursor": "after/100"});
    let (_, head, rest) = ask(&server, list, "k", &cursor);
    assert!(!head.contains("zep-next-cursor"), "{head}");
    assert_eq!((contents(&first).len(), contents(&rest).len()), (100, 21));
    assert_eq!(contents(&rest)[20], "old");

    let lines = server.lines("g/1");
    assert_eq!((lines.len(), lines[1].as_str(), lines[240].as_str()), (241, "b0", "old"));
    assert_eq!(server.episodes("g/1")[0].metadata, json!({"n": [1, 2]}));
    server.set_old(true);
    assert_eq!(add(&server, "x", "2025-01-01T00:00:00Z"), 400);
    assert_eq!(ask(&server, list, "k", &json!({})).0, 405);
}

#[test]
fn the_fourth_dialect_has_addresses() {
    let server = ZepServer::start();
    server.make_graph("old");
    let (status, found) = post(&server, "/v4/graphs/lookup", &json!({"graph_id": "old"}));
    assert_eq!((status, &found["graph_id"]), (200, &json!("old")));
    let (status, made) = post(&server, "/v4/graphs", &json!({"name": "new"}));
    assert_eq!(status, 201);
    assert_eq!(post(&server, "/v4/graphs/lookup", &json!({"graph_id": "new"})).0, 404);
    let (_, listed) = post(&server, "/v4/graphs/list?page_size=1", &json!({"search": "e"}));
    assert_eq!(listed["items"][0]["name"], json!("new"));
    let (_, listed) = post(&server, "/v4/graphs/list?page_size=1", &json!({}));
    assert_eq!(
        (&listed["items"][0]["name"], &listed["next_cursor"]),
        (&json!("old"), &json!("after/1"))
    );

    let path = format!("/v4/graphs/{}/episodes", made["uuid"].as_str().unwrap());
    let episode = |data: &str| json!({"data": data, "type": "text", "reference_time": "2026-01-01T00:00:00Z"});
    server.set_heeds_keys(true);
    let line = format!("POST /api{path}");
    let (status, _, one) = ask(&server, &line, "k1", &episode("one"));
    assert_eq!(status, 202);
    assert_eq!(ask(&server, &line, "k1", &episode("one")).2, one);
    server.set_heeds_keys(false);
    assert_ne!(ask(&server, &line, "k1", &episode("two")).2, one);
    assert_eq!(server.lines("new"), ["one", "two"]);
    let list = format!("{path}/list?page_size=100&cursor=after%2F1");
    let (_, listed) = post(&server, &list, &json!({}));
    assert_eq!(listed["items"][0]["content"], json!("one"));
    server.set_unseen(1);
    let (_, listed) = post(&server, &format!("{path}/list"), &json!({}));
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(server.graphs(), ["old", "new"]);
    let (status, _) = post(&server, "/v4/graphs/old/episodes", &episode("x"));
    assert_eq!(status, 404);
}

#[test]
fn a_script_is_followed() {
    let broken = || Answer::Reply(Reply::new(500, "broken"));
    let server = ZepServer::with_writes(vec![
        Act::too_many(Some(60)),
        Act::Refuse(broken()),
        Act::Hush(broken()),
        Act::Refuse(Answer::Reset),
        Act::Hush(Answer::Reset),
        Act::page(),
        Act::huge(2 << 20),
        Act::redirect("http://127.0.0.1:1/"),
        Act::Hush(Answer::Drip(Reply::new(202, "slow"))),
        // The client of this test leaves at once.
        Act::Hush(Answer::Stall),
    ]);
    server.make_graph("g/1");
    server.set_headers(&[("x-ratelimit-limit", "5")]);
    let statuses: Vec<u16> =
        (1..=11).map(|n| add(&server, &format!("write {n}"), "2026-01-01T00:00:00Z")).collect();
    assert_eq!(statuses, [429, 500, 500, 0, 0, 200, 202, 307, 202, 0, 202]);
    let taken = ["write 3", "write 5", "write 7", "write 9", "write 10", "write 11"];
    assert_eq!(server.lines("g/1"), taken);
    assert_eq!((server.requests(), server.targets()[0].as_str()), (11, "POST /api/v2/graph"));

    server.set_script(|seen| Act::picky(seen, 10, "poison"));
    assert_eq!(add(&server, "a poison", "2026-01-01T00:00:00Z"), 400);
    assert_eq!(add(&server, "eleven long", "2026-01-01T00:00:00Z"), 413);
    assert_eq!(add(&server, "ten 字字字字字字", "2026-01-01T00:00:00Z"), 202);
    server.set_script(|_| Act::too_many(None));
    let (status, head, body) = ask(&server, "GET /api/v2/graph", "k", &Value::Null);
    assert_eq!((status, body), (429, json!("Rate limit exceeded for FREE plan")));
    assert!(head.contains("text/plain") && !head.contains("retry-after"), "{head}");

    server.set_script(|_| Act::Serve);
    server.die();
    assert!(TcpStream::connect(("127.0.0.1", server.listener.port())).is_err());
    server.revive();
    assert_eq!(add(&server, "back", "2026-01-01T00:00:00Z"), 202);
    let mut stream = TcpStream::connect(("127.0.0.1", server.listener.port())).unwrap();
    stream.write_all(b"GET /api/v2/graph HTTP/1.1\r\n\r\n").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 401 "), "{text}");
}
