//! A stop reaches its end whoever does not answer: the worker, its node, or the node that is
//! asked to end itself.

use std::collections::BTreeMap;

use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::process::{Service, children, python, signal_process};
use system_tests::stack::{Stack, text, write_simulation};
use system_tests::wait_for;

use crate::recovery::{ticks, worker_of};

/// A stack whose node has these settings, and a run that it plays at four rounds a second.
fn in_the_middle(settings: &[(&str, &str)]) -> (Stack, String) {
    let stack = Stack::start_with(settings);
    let run = begin(&stack);
    (stack, run)
}

fn begin(stack: &Stack) -> String {
    let folder = write_simulation(stack.dir(), "bridge", 8, 120);
    let arguments = ["run", folder.to_str().unwrap(), "--new-run", "--detach", "--pace", "4"];
    let run = stack.shoal_json(&arguments)["run_id"].as_str().unwrap().to_owned();
    stack.await_status(&run, "in the middle", |status| ticks(status) >= 4);
    run
}

/// One more node, with these settings.
pub(crate) fn another_node(stack: &Stack, settings: &[(&str, &str)]) -> Service {
    let mut environment: BTreeMap<String, String> = stack.environment.clone();
    environment.extend(settings.iter().map(|(name, value)| (name.to_string(), value.to_string())));
    Service::start("shoal-simulator", stack.dir(), &environment)
}

/// Why each owner claimed the run.
fn claims(stack: &Stack, run: &str) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/claims.py");
    let output = python().args([script, &stack.nats.url(), run]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn stop(stack: &Stack, run: &str) -> Value {
    stack.shoal_json(&["stop", run])["outcome"]["result"].clone()
}

fn await_end_of(process: u32) {
    wait_for(&format!("the end of process {process}"), || {
        (!std::path::Path::new(&format!("/proc/{process}")).exists()).then_some(())
    });
}

fn freeze(processes: &[u32]) {
    for process in processes {
        signal_process(*process, Signal::STOP);
    }
}

fn thaw(processes: &[u32]) {
    for process in processes {
        signal_process(*process, Signal::CONT);
    }
}

#[test]
fn a_frozen_worker_is_killed_and_its_run_stopped() {
    let (mut stack, run) = in_the_middle(&[("SHOAL_STOP_GRACE_SECONDS", "1")]);
    let worker = worker_of(&mut stack, &run);
    freeze(&[worker]);
    let expected = json!({"type": "stopped", "status": "stopped", "old_worker": "killed"});
    assert_eq!(stop(&stack, &run), expected);
    await_end_of(worker);
    assert_eq!(claims(&stack, &run), ["start", "killed"]);
    let status = stack.shoal_json(&["status", &run]);
    assert_eq!((&status["status"], &status["epoch"]), (&json!("stopped"), &json!(2)));
    // Who met the successor met no old worker.
    assert_eq!(stop(&stack, &run), json!({"type": "stopped", "status": "stopped"}));
    // What was stopped by force goes on as any other run that was stopped.
    let resumed = stack.shoal_json(&["resume", &run]);
    assert_eq!(resumed["outcome"]["result"]["type"], "resumed", "{resumed}");
    assert_eq!(stop(&stack, &run), json!({"type": "stopped", "status": "stopped"}));
}

#[test]
fn a_worker_that_answers_is_not_touched() {
    let (mut stack, run) = in_the_middle(&[("SHOAL_STOP_GRACE_SECONDS", "1")]);
    let worker = worker_of(&mut stack, &run);
    assert_eq!(stop(&stack, &run), json!({"type": "stopped", "status": "stopped"}));
    // A second run outlives the graces of the first one's stop several times.
    let second = begin(&stack);
    stack.await_status(&second, "well after the stop", |status| ticks(status) >= 16);
    assert_eq!(worker_of(&mut stack, &run), worker);
    assert_eq!(claims(&stack, &run), ["start"]);
}

#[test]
fn a_frozen_node_is_fenced_however_long_its_lease() {
    let settings = [("SHOAL_STOP_GRACE_SECONDS", "1"), ("SHOAL_LEASE_SECONDS", "600")];
    let (mut stack, run) = in_the_middle(&settings);
    let worker = worker_of(&mut stack, &run);
    let node = stack.service("shoal-simulator").id();
    freeze(&[node, worker]);
    let _second = another_node(&stack, &[("SHOAL_LEASE_SECONDS", "3")]);
    let expected = json!({"type": "stopped", "status": "stopped", "old_worker": "fenced"});
    assert_eq!(stop(&stack, &run), expected);
    assert_eq!(claims(&stack, &run), ["start", "fenced"]);
    let before = stack.shoal_json(&["status", &run]);
    // Thawed, the old node finds its lease gone, and its worker the run in other hands.
    thaw(&[worker, node]);
    await_end_of(worker);
    assert!(stack.service("shoal-simulator").is_alive());
    let after = stack.shoal_json(&["status", &run]);
    assert_eq!(after["status"], "stopped");
    assert_eq!((&after["epoch"], &after["platforms"]), (&before["epoch"], &before["platforms"]));
}

#[test]
fn a_stop_after_the_death_of_the_node_is_carried_out_by_another() {
    let settings = [("SHOAL_STOP_GRACE_SECONDS", "1"), ("SHOAL_LEASE_SECONDS", "2")];
    let (mut stack, run) = in_the_middle(&settings);
    let _second = another_node(&stack, &[]);
    stack.service("shoal-simulator").signal(Signal::KILL);
    let stopped = stop(&stack, &run);
    assert_eq!(stopped["status"], "stopped", "{stopped}");
    let status = stack.shoal_json(&["status", &run]);
    assert_eq!((&status["status"], &status["held"]), (&json!("stopped"), &json!(true)));
    assert!(claims(&stack, &run).len() >= 2, "somebody else has claimed it");
}

#[test]
fn a_node_that_is_asked_to_end_kills_a_frozen_worker_in_the_end() {
    let (mut stack, run) = in_the_middle(&[]);
    let worker = worker_of(&mut stack, &run);
    freeze(&[worker]);
    let node = stack.service("shoal-simulator");
    node.signal(Signal::TERM);
    assert_eq!(node.wait().code(), Some(0), "{}", node.log());
    await_end_of(worker);
    let status = stack.shoal_json(&["status", &run]);
    assert_eq!((&status["status"], &status["held"]), (&json!("running"), &json!(false)));
}

#[test]
fn a_second_sigterm_ends_a_node_and_its_workers_at_once() {
    let (mut stack, run) = in_the_middle(&[]);
    let worker = worker_of(&mut stack, &run);
    freeze(&[worker]);
    let node = stack.service("shoal-simulator");
    node.signal(Signal::TERM);
    wait_for("the first signal to be heard", || {
        node.log().contains("shutting down on SIGTERM").then_some(())
    });
    assert!(node.is_alive() && children(node.id()).contains(&worker), "{}", node.log());
    node.signal(Signal::TERM);
    let ended = node.wait();
    assert_eq!(ended.code(), Some(130), "{}", node.log());
    await_end_of(worker);
}
