//! Deleting runs: all of one, nothing of another, and exactly one answer.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::http::get;
use system_tests::process::python;
use system_tests::stack::{Stack, text, write_simulation};
use system_tests::wait_for;

pub(crate) type Subjects = BTreeMap<String, u64>;

/// Every subject of every stream, and how many messages it has.
pub(crate) fn subjects(stack: &Stack) -> Subjects {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/subjects.py");
    let output = python().args([script, &stack.nats.url()]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Leaves a run as a launcher does that dies once the tombstone is written.
fn begin_deletion(stack: &Stack, command: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/tombstone.py");
    let output = python().args([script, &stack.nats.url(), command]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// Those of one run, but for leases, which expire, and the sink's ledger.
fn of_run(subjects: &Subjects, run: &str) -> Subjects {
    let is_own = |subject: &str| subject.split('.').any(|token| token == run);
    let own = subjects.iter().filter(|(subject, _)| is_own(subject) && !subject.starts_with('$'));
    own.map(|(subject, count)| (subject.clone(), *count)).collect()
}

/// A folder of a simulation that is soon played.
fn folder(stack: &Stack) -> PathBuf {
    write_simulation(stack.dir(), "bridge", 8, 4)
}

/// A new run of it, played to its end and remembered.
fn played(stack: &Stack) -> String {
    let folder = folder(stack);
    let summary = stack.shoal_json(&["run", folder.to_str().unwrap(), "--new-run"]);
    let run = summary["run_id"].as_str().unwrap().to_owned();
    wait_for(&format!("the memory of {run}"), || {
        let stats = stack.shoal(&["memory", "stats", &run, "--json"]);
        let stats: Value = serde_json::from_slice(&stats.stdout).ok()?;
        (stats["lag"] == 0 && stats["cursors"].as_array()?.len() == 2).then_some(())
    });
    run
}

/// What is left of a run that one client has deleted: its tombstone and one reply.
fn assert_gone(stack: &Stack, run: &str) {
    let left = of_run(&subjects(stack), run);
    let tombstone = format!("sim.env-status.{run}");
    let replies = format!("sim.replies.cli.{run}.");
    assert_eq!(left.get(&tombstone), Some(&1), "{left:?}");
    assert_eq!(left.keys().filter(|subject| subject.starts_with(&replies)).count(), 1, "{left:?}");
    assert_eq!(left.values().sum::<u64>(), 2, "{left:?}");
}

fn refused(stack: &Stack, code: i32, arguments: &[&str], expected: &str) {
    let output = stack.shoal(arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(said.contains(expected), "{arguments:?}: {said}");
}

#[test]
fn a_run_goes_whole_and_its_neighbour_stays_whole() {
    let stack = Stack::start();
    let (first, second) = (played(&stack), played(&stack));
    assert_eq!((first.as_str(), second.as_str()), ("bridge-1", "bridge-2"));
    stack.shoal_json(&["interview", &second, "--agent", "1", "What now?"]);
    let before = subjects(&stack);
    for stream in ["commands", "questions", "replies", "inputs", "actions", "logs"] {
        let own = of_run(&before, &second);
        let has = own.keys().any(|subject| subject.starts_with(&format!("sim.{stream}.")));
        assert!(has, "{stream} has nothing of {second}: {own:?}");
    }

    let replies = stack.shoal_json(&["rm", &second, "--yes"]);
    let result = &replies[0]["outcome"]["result"];
    assert_eq!(result["type"], "deleted", "{replies}");
    // All but its state, and the command that removed it. Snapshots, which go first, may have
    // gone in a try that found the run still held.
    let mut counted = of_run(&before, &second);
    counted.retain(|subject, _| !subject.starts_with("sim.snapshots."));
    let removed = result["messages"].as_u64().unwrap();
    assert!(removed >= counted.values().sum::<u64>(), "{replies} {before:?}");

    let after = subjects(&stack);
    assert_gone(&stack, &second);
    let (mut kept, mut left) = (of_run(&before, &first), of_run(&after, &first));
    for own in [&mut kept, &mut left] {
        // Its worker still lives, and may say something.
        own.retain(|subject, _| !subject.starts_with("sim.logs."));
    }
    assert_eq!(kept, left);

    let list = stack.shoal_json(&["ls"]);
    let listed: Vec<&Value> = list.as_array().unwrap().iter().map(|run| &run["run_id"]).collect();
    assert_eq!(listed, [&json!("bridge-1")]);
    assert_eq!(stack.shoal_json(&["status", &second])["status"], "deleted");
    let shown = text(&stack.shoal(&["status", &second]).stdout);
    assert!(shown.starts_with("bridge-2 deleted\n  deleted by cli\n"), "{shown}");
    refused(&stack, 2, &["summary", &second], "run bridge-2 was deleted on 20");
    refused(&stack, 2, &["rm", &second, "--yes"], "run bridge-2 was deleted on 20");
    let route = |id: &str| get(stack.http_port, &format!("/api/simulation/{id}/run-status"));
    wait_for("the launcher to know", || (route(&second)?.status == 404).then_some(()));
    assert_eq!(route("bridge").unwrap().json()["data"]["run_id"], "bridge-1");

    stack.shoal_json(&["rm", &first, "--yes"]);
    assert_gone(&stack, &first);
    wait_for("the simulation to be idle", || {
        (route("bridge")?.json()["data"]["runner_status"] == "idle").then_some(())
    });
    let next = stack.shoal_json(&["run", folder(&stack).to_str().unwrap(), "--detach"]);
    assert_eq!((&next["run_id"], &next["created"]), (&json!("bridge-3"), &json!(true)));
}

#[test]
fn what_is_not_to_be_deleted_is_refused() {
    let mut stack = Stack::start();
    let folder = write_simulation(stack.dir(), "bridge", 8, 48);
    stack.shoal_json(&["run", folder.to_str().unwrap(), "--detach", "--pace", "2"]);
    stack.await_status("bridge-1", "running", |status| status["status"] == "running");
    let stop_first = "run bridge-1 is running; stop it first: shoal stop bridge-1";
    refused(&stack, 1, &["rm", "bridge-1", "--yes"], stop_first);
    refused(&stack, 1, &["rm", "bridge-1", "--yes", "--force"], stop_first);
    refused(&stack, 2, &["rm", "bridge-1"], "--yes");
    refused(&stack, 2, &["rm", "bridge", "--yes"], "name the runs to delete: bridge-1");
    refused(&stack, 2, &["rm", "bridge-1", "bridge-7", "--yes"], "\"bridge-7\"");

    let sink = stack.service("shoal-memory-sink");
    sink.signal(Signal::TERM);
    sink.wait();
    stack.shoal_json(&["stop", "bridge-1"]);
    refused(&stack, 1, &["rm", "bridge-1", "--yes"], "the memory-sink does not answer");
    let whole = of_run(&subjects(&stack), "bridge-1");
    assert!(whole.contains_key("sim.actions.bridge-1.twitter"), "{whole:?}");
    stack.shoal_json(&["rm", "bridge-1", "--yes", "--force"]);
    assert_gone(&stack, "bridge-1");
    // A sink that comes back finds a hole where it left off.
    stack.start_service("shoal-memory-sink");
    stack.await_ready();
}

#[test]
fn a_deletion_outlives_the_launchers_that_carry_it_out() {
    let mut stack = Stack::start();
    let runs = [played(&stack), played(&stack)];
    for (run, halfway) in runs.iter().zip([false, true]) {
        kill_launcher(&mut stack);
        delete_without_launcher(&mut stack, run, halfway);
    }
}

fn kill_launcher(stack: &mut Stack) {
    let launcher = stack.service("shoal-launcher");
    launcher.signal(Signal::KILL);
    launcher.wait();
}

/// Stores the command while there is no launcher. The one that is started then finds the
/// deletion not begun, or half done; it is killed as soon as the tombstone is there.
fn delete_without_launcher(stack: &mut Stack, run: &str, halfway: bool) {
    let shoal = system_tests::process::program("shoal");
    let arguments = ["rm", run, "--yes", "--json", "--timeout", "180"];
    let asking = std::process::Command::new(shoal)
        .args(arguments)
        .envs(&stack.environment)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let command = format!("sim.commands.{run}.delete.cli.");
    let stored = wait_for("the command to be stored", || {
        subjects(stack).into_keys().find(|subject| subject.starts_with(&command))
    });
    if halfway {
        begin_deletion(stack, &stored);
    }
    stack.start_service("shoal-launcher");
    stack.await_status(run, "deleted", |status| status["status"] == "deleted");
    kill_launcher(stack);
    stack.start_service("shoal-launcher");
    let output = asking.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stdout));
    let replies: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(replies[0]["outcome"]["result"]["type"], "deleted", "{replies}");
    wait_for("the command to be put away", || {
        let left = of_run(&subjects(stack), run);
        (!left.keys().any(|subject| subject.starts_with(&command))).then_some(())
    });
    assert_gone(stack, run);
    stack.await_ready();
}
