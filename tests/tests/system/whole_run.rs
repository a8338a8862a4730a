//! A folder goes in, two worlds run, frames come out, a memory fills.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use system_tests::process::python;
use system_tests::stack::{Stack, text, write_simulation};
use system_tests::wait_for;

/// The final digests of a run, as its summary gives them.
pub(crate) fn digests(summary: &Value) -> (String, String) {
    let of = |platform: &str| summary["platforms"][platform]["digest"].as_str().unwrap().to_owned();
    (of("twitter"), of("reddit"))
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

#[test]
fn the_same_seed_makes_the_same_run_and_another_seed_another() {
    let stack = Stack::start();
    let folder = write_simulation(stack.dir(), "bridge", 12, 8);
    let folder = folder.to_str().unwrap();
    let first = stack.shoal_json(&["run", folder]);
    let again = stack.shoal_json(&["run", folder, "--new-run"]);
    let other = stack.shoal_json(&["run", folder, "--seed", "2"]);
    for (summary, run) in [(&first, "bridge-1"), (&again, "bridge-2"), (&other, "bridge-3")] {
        assert_eq!(summary["run_id"], run);
        assert_eq!(summary["status"], "completed");
        assert_eq!(summary["platforms"]["twitter"]["rounds"], 8);
    }
    assert_eq!(digests(&first), digests(&again));
    assert_ne!(digests(&first).0, digests(&other).0);
    assert_ne!(digests(&first).1, digests(&other).1);
}

#[test]
fn a_python_reader_sees_every_action_and_the_memory_holds_the_memorable_ones() {
    let stack = Stack::start();
    let folder = write_simulation(stack.dir(), "bridge", 20, 24);
    let summary = stack.shoal_json(&["run", folder.to_str().unwrap(), "--detach", "--pace", "8"]);
    let run = summary["run_id"].as_str().unwrap().to_owned();

    // The reader begins while the rounds are played, and follows to the end.
    let reader = python()
        .arg(project().join("tests/tests/system/read_actions.py"))
        .args([&stack.nats.url(), &run])
        .arg(stack.dir())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap();
    assert!(reader.status.success(), "{}", text(&reader.stderr));
    let seen: Vec<String> = text(&reader.stdout).lines().map(str::to_owned).collect();
    assert!(seen.len() > 100, "only {} actions", seen.len());

    for platform in ["twitter", "reddit"] {
        let frames = stack.dir().join(format!("{platform}.jsonl"));
        let check =
            python().arg(project().join("schemas/digest/check.py")).arg(&frames).output().unwrap();
        assert!(check.status.success(), "{platform}: {}", text(&check.stderr));
    }

    let memorable: BTreeSet<String> =
        seen.iter().filter_map(|line| line.strip_suffix(" memorable").map(str::to_owned)).collect();
    assert!(memorable.len() > 50, "only {} memorable actions", memorable.len());
    let memory = stack.dir().join("memory/memory.sqlite");
    wait_for("the memory to hold exactly the memorable actions", || {
        (remembered(&memory)? == memorable).then_some(())
    });
}

/// The action ids of all episodes, each once.
fn remembered(memory: &Path) -> Option<BTreeSet<String>> {
    let connection = Connection::open_with_flags(memory, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    let ids =
        "SELECT run || '.' || platform || '.' || seq FROM episode JOIN world ON world.id = world";
    let mut query = connection.prepare(ids).ok()?;
    let rows = query.query_map([], |row| row.get::<_, String>(0)).ok()?;
    let ids: Vec<String> = rows.collect::<Result<_, _>>().ok()?;
    let distinct: BTreeSet<String> = ids.iter().cloned().collect();
    assert_eq!(distinct.len(), ids.len(), "an action is remembered twice");
    Some(distinct)
}
