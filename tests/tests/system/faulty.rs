//! Test builds: every point is passed on an ordinary day, and what a safeguard keeps away comes
//! when it is off.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;

use faults::POINTS;
use rusqlite::{Connection, OpenFlags};
use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::http::post;
use system_tests::process::{children, program, python};
use system_tests::stack::{Stack, text, write_simulation};
use system_tests::wait_for;
use tempfile::TempDir;

use crate::past::{ask, damage};

/// A webhook that refuses whatever holds a world's first action, and takes all else; its address.
fn webhook() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut request = BufReader::new(connection.try_clone().unwrap());
            let (mut line, mut length) = (String::new(), 0);
            while request.read_line(&mut line).unwrap() > 2 {
                let length_in =
                    |line: &str| line.strip_prefix("content-length:")?.trim().parse().ok();
                length = length_in(&line.to_lowercase()).unwrap_or(length);
                line.clear();
            }
            let mut body = String::new();
            request.take(length).read_to_string(&mut body).unwrap();
            let status = if body.contains("bridge-1.twitter.1\"") { "422 No" } else { "200 Yes" };
            let answer =
                format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            connection.write_all(answer.as_bytes()).unwrap();
        }
    });
    format!("http://{address}/")
}

/// The points that nobody has passed yet.
fn missing(marks: &Path) -> Vec<&'static str> {
    let is_missing = |name: &&str| !marks.join(name).exists();
    POINTS.iter().map(|(name, _)| *name).filter(is_missing).collect()
}

#[test]
fn every_point_is_passed_on_an_ordinary_day() {
    let dir = TempDir::new().unwrap();
    let marks = dir.path().join("marks");
    std::fs::create_dir(&marks).unwrap();
    let targets = dir.path().join("targets.json");
    let hook = json!({"kind": "http", "url": webhook()});
    let named = json!({"targets": {"hook": hook, "local": {"kind": "sqlite"}}});
    std::fs::write(&targets, named.to_string()).unwrap();
    let every: Vec<String> = POINTS.iter().map(|(name, _)| format!("{name}:fire")).collect();
    let mut stack = Stack::start_with(&[
        ("SHOAL_FAULTS", &every.join(",")),
        ("SHOAL_FAULTS_DIR", marks.to_str().unwrap()),
        ("SHOAL_MEMORY_TARGETS", targets.to_str().unwrap()),
    ]);
    let log = stack.service("shoal-launcher").log();
    assert!(log.contains("this is a test build"), "{log}");

    // So many that their spec has several parts; over HTTP it is the launcher that stores it.
    write_simulation(&stack.dir().join("simulations"), "bridge", 2500, 2);
    let start = json!({"simulation_id": "bridge", "memory": ["hook", "local"]}).to_string();
    let answer = post(stack.http_port, "/api/simulation/start", &start).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    stack.await_status("bridge-1", "completed", |status| status["status"] == "completed");
    // There are rounds in which nobody does anything worth a word.
    let quiet = write_simulation(stack.dir(), "quiet", 2, 12);
    let config = quiet.join("simulation_config.json");
    let lively = std::fs::read_to_string(&config).unwrap();
    let idle = lively.replace("\"activity_level\":0.9", "\"activity_level\":0.01");
    assert_ne!(lively, idle);
    std::fs::write(&config, idle).unwrap();
    stack.shoal_json(&["run", quiet.to_str().unwrap(), "--detach", "--memory", "local"]);
    // The next worker finds a snapshot.
    wait_for("a snapshot", || (!missing(&marks).contains(&"snapshot.stored")).then_some(()));
    let node = stack.service("shoal-simulator");
    node.signal(Signal::TERM);
    assert!(node.wait().success(), "{}", node.log());
    stack.start_service("shoal-simulator");
    stack.await_ready();
    stack.shoal_json(&["interview", "bridge-1", "--agent", "0", "Well?"]);
    // And somebody asks for its past.
    damage(&stack, "bridge-1", "reddit", "drop", 1);
    ask(&stack, "bridge-1", "repair", "mend", &json!({}));
    ask(&stack, "bridge-1", "fork", "branch", &json!({"at_round": 1}));
    let deadline = std::time::Instant::now() + system_tests::PATIENCE;
    while !missing(&marks).is_empty() {
        assert!(std::time::Instant::now() < deadline, "nobody passes {:?}", missing(&marks));
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// How many episodes a memory has, and of how many actions.
fn episodes(stack: &Stack) -> Option<(usize, usize)> {
    let path = stack.dir().join("memory/memory.sqlite");
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    let ids =
        "SELECT run || '.' || platform || '.' || seq FROM episode JOIN world ON world.id = world";
    let mut query = connection.prepare(ids).ok()?;
    let rows = query.query_map([], |row| row.get::<_, String>(0)).ok()?;
    let ids: Vec<String> = rows.collect::<Result<_, _>>().ok()?;
    Some((ids.len(), ids.iter().collect::<BTreeSet<_>>().len()))
}

#[test]
fn a_memory_without_its_ledger_has_everything_twice_after_a_restart() {
    let mut stack = Stack::start_with(&[("SHOAL_WITHOUT", "ledger")]);
    let folder = write_simulation(stack.dir(), "bridge", 8, 4);
    stack.shoal_json(&["run", folder.to_str().unwrap()]);
    let stats = || -> Option<Value> {
        let output = stack.shoal(&["memory", "stats", "bridge-1", "--json"]);
        let stats: Value = serde_json::from_slice(&output.stdout).ok()?;
        (stats["lag"] == 0 && stats["cursors"].as_array()?.len() == 2).then_some(stats)
    };
    wait_for("the memory", stats);
    let (once, actions) = episodes(&stack).unwrap();
    assert!(once > 0 && once == actions, "{once} episodes of {actions} actions");
    let sink = stack.service("shoal-memory-sink");
    sink.signal(Signal::KILL);
    sink.wait();
    stack.start_service("shoal-memory-sink");
    wait_for("everything to come again", || {
        let (all, actions) = episodes(&stack)?;
        (all >= actions + once).then_some(())
    });
}

/// Writes over the state of a run that is played; the service that plays it is told of `without`.
fn overwritten(without: &str) -> Stack {
    let stack = Stack::start_with(&[("SHOAL_WITHOUT", without)]);
    let folder = write_simulation(stack.dir(), "bridge", 8, 60);
    stack.shoal_json(&["run", folder.to_str().unwrap(), "--detach", "--pace", "2"]);
    stack.await_status("bridge-1", "running", |status| status["status"] == "running");
    overwrite_status(&stack, "bridge-1", &[]);
    stack
}

/// Writes over the state of a run that it is in this one, or deleted.
pub(crate) fn overwrite_status(stack: &Stack, run: &str, word: &[&str]) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/overwrite_status.py");
    let output = python().args([script, &stack.nats.url(), run]).args(word).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn a_status_without_its_sequence_is_written_over_what_others_wrote() {
    let mut kept = overwritten("");
    let node = kept.service("shoal-simulator").id();
    wait_for("the worker to end", || children(node).is_empty().then_some(()));
    assert_eq!(kept.shoal_json(&["status", "bridge-1"])["status"], "deleted");
    drop(kept);

    let lost = overwritten("status-sequence");
    lost.await_status("bridge-1", "running again", |status| status["status"] == "running");
}

#[test]
fn a_fault_that_there_is_not_stops_a_service() {
    for (name, value) in [("SHOAL_FAULTS", "nowhere:kill"), ("SHOAL_WITHOUT", "seatbelt")] {
        for service in system_tests::stack::SERVICES {
            let environment = [(name.to_owned(), value.to_owned())].into();
            let output = system_tests::process::run(&program(service), &[], &environment);
            let said = text(&output.stderr);
            assert!(!output.status.success(), "{said}");
            assert!(said.contains(&format!("{name}: ")), "{said}");
        }
    }
}

#[test]
fn the_image_can_tell_a_test_build() {
    for service in system_tests::stack::SERVICES {
        let bytes = std::fs::read(program(service)).unwrap();
        assert!(bytes.windows(12).any(|window| window == b"SHOAL_FAULTS"), "{service}");
    }
}
