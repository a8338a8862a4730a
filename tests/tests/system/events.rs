//! A run as it goes, over HTTP, for readers whose connections break.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use system_tests::http::{Response, get};
use system_tests::openapi;
use system_tests::stack::{Stack, text, write_simulation};
use system_tests::wait_for;

const LAUNCHER: &str = "shoal-launcher";

/// An event: its id, its kind, its data.
type Event = (String, String, Value);

/// Connects, reads so many events, and breaks the connection off; none where nobody answers.
fn read(port: u16, run: &str, last: Option<&str>, most: usize) -> Vec<Event> {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return Vec::new() };
    stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let id = last.map_or(String::new(), |id| format!("last-event-id: {id}\r\n"));
    // Of this version an answer ends with its connection, and nothing stands between its pieces.
    let head = format!(
        "GET /api/simulation/{run}/events?from=start HTTP/1.0\r\nhost: localhost\r\n{id}\r\n"
    );
    let (mut all, mut buffer) = (String::new(), [0; 1500]);
    if stream.write_all(head.as_bytes()).is_err() {
        return Vec::new();
    }
    let events = loop {
        let events = parse(&all);
        if events.len() >= most {
            break events.into_iter().take(most).collect();
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => break events,
            Ok(read) => all += &String::from_utf8_lossy(&buffer[..read]),
        }
    };
    if !events.is_empty() {
        let answer = Response::read(all.as_bytes()).unwrap();
        openapi::check("GET", &format!("/api/simulation/{run}/events"), &answer);
    }
    events
}

/// The whole events of what was read.
fn parse(all: &str) -> Vec<Event> {
    let Some((head, body)) = all.split_once("\r\n\r\n") else { return Vec::new() };
    // A launcher that has just begun may not have its file yet.
    if head.starts_with("HTTP/1.0 503") {
        return Vec::new();
    }
    assert!(head.starts_with("HTTP/1.0 200"), "{head}");
    let whole = body.rfind("\n\n").map_or("", |end| &body[..end]);
    let blocks = whole.split("\n\n").filter(|block| block.starts_with("id: "));
    blocks
        .map(|block| {
            let line = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            let data = serde_json::from_str(line("data: ")).unwrap();
            (line("id: ").to_owned(), line("event: ").to_owned(), data)
        })
        .collect()
}

#[test]
fn a_reader_that_is_cut_off_fifty_times_has_each_action_once_whichever_launcher_it_asks() {
    let mut stack = Stack::start();
    let folder = write_simulation(stack.dir(), "bridge", 12, 40);
    let begin = ["start", folder.to_str().unwrap(), "--pace", "8"];
    let run = stack.shoal_json(&begin)["run_id"].as_str().unwrap().to_owned();
    let port = stack.http_port;
    wait_for("a launcher that knows the run", || {
        get(port, &format!("/api/simulation/{run}/run-status")).filter(|it| it.status == 200)
    });
    let (mut seen, mut last, mut cuts) = (Vec::new(), None::<String>, 0);
    let (mut is_completed, mut all) = (false, u64::MAX);
    while cuts < 50 || (seen.len() as u64) < all {
        assert!(cuts < 3000, "the end never came: {seen:?}");
        for (id, kind, data) in read(port, &run, last.as_deref(), 1 + cuts * 7 % 23) {
            last = Some(id);
            match kind.as_str() {
                "action" => seen.push(data["id"].as_str().unwrap().to_owned()),
                "status" => is_completed |= data["status"] == "completed",
                other => panic!("{other}: {data}"),
            }
        }
        cuts += 1;
        // Another process answers from there on, with a read model that it builds anew.
        if cuts == 25 {
            let launcher = stack.service(LAUNCHER);
            launcher.signal(Signal::KILL);
            launcher.wait();
            stack.start_service(LAUNCHER);
            stack.await_ready();
        }
        if is_completed && all == u64::MAX {
            let status = stack.shoal_json(&["status", &run]);
            let listed = |world: &Value| world["listed"].as_u64().unwrap();
            all = status["platforms"].as_array().unwrap().iter().map(listed).sum();
        }
    }
    let output = stack.shoal(&["watch", &run, "--from-start", "--json"]);
    let lines = text(&output.stdout);
    let actions = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let is_listed = |it: &Value| it["success"] == true && it["action_type"] != "REFRESH";
    let mut expected: Vec<String> =
        actions.filter(is_listed).map(|it| it["id"].as_str().unwrap().to_owned()).collect();
    let mut sorted = seen;
    sorted.sort();
    expected.sort();
    assert_eq!(sorted, expected);
}

#[test]
fn what_cannot_be_read_along_is_refused() {
    let stack = Stack::start();
    let path = |rest: &str| format!("/api/simulation/{rest}");
    for (rest, status) in [
        ("nobody-1/events", 404),
        ("nobody/events", 404),
        ("..%2fx/events", 400),
        ("nobody-1/events?after=1.2&from=then&include=all", 400),
    ] {
        let answer = wait_for(rest, || get(stack.http_port, &path(rest)));
        assert_eq!(answer.status, status, "{rest}: {}", answer.body);
    }
    let answer = get(stack.http_port, &path("nobody-1/events?after=1.2&from=then&include=all"));
    let problems = answer.unwrap().json()["problems"].as_array().unwrap().len();
    assert_eq!(problems, 3);
}
