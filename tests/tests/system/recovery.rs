//! A worker that dies in the middle is taken up where its journal ends.

use rustix::process::Signal;
use serde_json::Value;
use system_tests::process::{children, signal_process};
use system_tests::stack::{SIMULATOR, Stack, write_simulation};
use system_tests::wait_for;

use crate::whole_run::digests;

/// The process that holds a run.
pub(crate) fn worker_of(stack: &mut Stack, run: &str) -> u32 {
    worker_on(stack, SIMULATOR, run)
}

/// The process of a node that holds a run.
pub(crate) fn worker_on(stack: &mut Stack, node: &str, run: &str) -> u32 {
    let node = stack.service(node).id();
    wait_for("a worker", || children(node).into_iter().find(|worker| is_of(*worker, run)))
}

/// Whether a process is the worker of a run.
pub(crate) fn is_of(worker: u32, run: &str) -> bool {
    let command = std::fs::read(format!("/proc/{worker}/cmdline")).unwrap_or_default();
    command.split(|byte| *byte == 0).any(|argument| argument == run.as_bytes())
}

pub(crate) fn ticks(status: &Value) -> u64 {
    let platforms = status["platforms"].as_array().cloned().unwrap_or_default();
    platforms.iter().map(|world| world["ticks"].as_u64().unwrap_or(0)).min().unwrap_or(0)
}

/// Begins a run of 30 rounds at so many rounds a second; its id.
fn begin(stack: &Stack, pace: &str) -> String {
    let folder = write_simulation(stack.dir(), "bridge", 8, 30);
    let arguments = ["run", folder.to_str().unwrap(), "--new-run", "--detach", "--pace", pace];
    stack.shoal_json(&arguments)["run_id"].as_str().unwrap().to_owned()
}

#[test]
fn a_killed_worker_is_followed_by_one_that_goes_on() {
    let mut stack = Stack::start();
    let folder = write_simulation(stack.dir(), "bridge", 12, 60);
    let folder = folder.to_str().unwrap().to_owned();
    let undisturbed = stack.shoal_json(&["run", &folder]);

    let detached = stack.shoal_json(&["run", &folder, "--new-run", "--detach", "--pace", "6"]);
    let run = detached["run_id"].as_str().unwrap().to_owned();
    let mut last_epoch = 1;
    for kill_at in [5, 15, 25] {
        stack.await_status(&run, "in the middle", |status| ticks(status) >= kill_at);
        let worker = worker_of(&mut stack, &run);
        signal_process(worker, Signal::KILL);
        let at_kill = ticks(&stack.shoal_json(&["status", &run]));
        assert!(at_kill < 61, "the run was over before the kill");
        stack.await_status(&run, "going on", |status| ticks(status) > at_kill + 1);
        let epoch = stack.shoal_json(&["status", &run])["epoch"].as_u64().unwrap();
        assert!(epoch > last_epoch, "nobody claimed the run again");
        last_epoch = epoch;
    }
    stack.await_status(&run, "completed", |status| status["status"] == "completed");
    let disturbed = stack.shoal_json(&["summary", &run]);
    assert_eq!(digests(&undisturbed), digests(&disturbed));
    assert_eq!(
        undisturbed["platforms"]["twitter"]["actions"],
        disturbed["platforms"]["twitter"]["actions"]
    );
}

#[test]
fn a_node_that_is_asked_to_end_lets_go_and_the_next_goes_on() {
    let mut stack = Stack::start();
    let run = begin(&stack, "6");
    stack.await_status(&run, "in the middle", |status| ticks(status) >= 5);
    let worker = worker_of(&mut stack, &run);
    let node = stack.service("shoal-simulator");
    node.signal(Signal::TERM);
    assert!(node.wait().success(), "{}", node.log());
    assert!(!std::path::Path::new(&format!("/proc/{worker}")).exists(), "the worker lives on");
    let held = stack.shoal_json(&["status", &run])["held"].clone();
    assert_eq!(held, false);
    stack.start_service("shoal-simulator");
    let status = stack.await_status(&run, "completed", |status| status["status"] == "completed");
    assert_eq!(status["epoch"], 2);
}

#[test]
fn a_killed_node_leaves_its_run_to_the_next() {
    let mut stack = Stack::start_with(&[("SHOAL_LEASE_SECONDS", "2")]);
    let folder = write_simulation(stack.dir(), "bridge", 8, 30);
    let folder = folder.to_str().unwrap().to_owned();
    let undisturbed = stack.shoal_json(&["run", &folder]);
    let run = begin(&stack, "6");
    stack.await_status(&run, "in the middle", |status| ticks(status) >= 5);
    let worker = worker_of(&mut stack, &run);
    let node = stack.service("shoal-simulator");
    node.signal(Signal::KILL);
    node.wait();
    wait_for("the worker to end with its node", || {
        (!std::path::Path::new(&format!("/proc/{worker}")).exists()).then_some(())
    });
    stack.start_service("shoal-simulator");
    let status = stack.await_status(&run, "completed", |status| status["status"] == "completed");
    assert_eq!(status["epoch"], 2);
    let disturbed = stack.shoal_json(&["summary", &run]);
    assert_eq!(digests(&undisturbed), digests(&disturbed));
}

#[test]
fn a_node_and_its_workers_that_are_signalled_together_fail_no_run() {
    let mut stack = Stack::start();
    let folder = write_simulation(stack.dir(), "bridge", 8, 30);
    let folder = folder.to_str().unwrap().to_owned();
    let ended = stack.shoal_json(&["run", &folder])["run_id"].as_str().unwrap().to_owned();
    let live = begin(&stack, "6");
    stack.await_status(&live, "in the middle", |status| ticks(status) >= 5);
    // As a terminal does on Ctrl-C, or a supervisor that ends all it has started.
    let node = stack.service("shoal-simulator").id();
    for worker in children(node) {
        signal_process(worker, Signal::TERM);
    }
    signal_process(node, Signal::TERM);
    assert!(stack.service("shoal-simulator").wait().success());
    let status = |run: &str| stack.shoal_json(&["status", run])["status"].clone();
    assert_eq!((status(&ended), status(&live)), ("completed".into(), "running".into()));
    stack.start_service("shoal-simulator");
    let completed = |status: &Value| status["status"] == "completed";
    let status = stack.await_status(&live, "completed", completed);
    assert_eq!(status["reason"], Value::Null);
}

#[test]
fn a_run_whose_workers_keep_dying_fails_and_stays_failed_when_it_is_asked() {
    let mut stack = Stack::start();
    let folder = write_simulation(stack.dir(), "bridge", 8, 30);
    let folder = folder.to_str().unwrap().to_owned();
    // Slow enough that no worker plays a tick before it is killed.
    let detached = stack.shoal_json(&["run", &folder, "--detach", "--pace", "0.01"]);
    let run = detached["run_id"].as_str().unwrap().to_owned();
    stack.await_status(&run, "begun", |status| ticks(status) >= 1);
    let mut last = 0;
    let failed = wait_for("the run to fail", || {
        let status = stack.shoal_json(&["status", &run]);
        if status["status"] == "failed" {
            return Some(status);
        }
        let node = stack.service("shoal-simulator").id();
        let worker = children(node).first().copied().filter(|worker| *worker != last)?;
        signal_process(worker, Signal::KILL);
        last = worker;
        None
    });
    assert!(failed["reason"].as_str().unwrap().starts_with("3 workers in a row"), "{failed}");
    let said = stack.shoal_json(&["interview", &run, "--agent", "1", "What happened?"]);
    assert_eq!(said["outcome"]["status"], "completed", "{said}");
    let after = stack.shoal_json(&["status", &run]);
    for field in ["status", "alive", "ended_at", "reason"] {
        assert_eq!(after[field], failed[field], "{field}");
    }
    let stopped = stack.shoal_json(&["stop", &run]);
    assert_eq!(stopped["outcome"]["result"]["status"], "failed");
}

#[test]
fn a_stopped_run_that_is_opened_again_looks_the_same() {
    let mut stack = Stack::start();
    let run = begin(&stack, "6");
    stack.await_status(&run, "in the middle", |status| ticks(status) >= 5);
    stack.shoal_json(&["stop", &run]);
    let before = stack.shoal_json(&["status", &run]);
    let worker = worker_of(&mut stack, &run);
    signal_process(worker, Signal::KILL);
    wait_for("another worker", || (worker_of(&mut stack, &run) != worker).then_some(()));
    stack.shoal_json(&["interview", &run, "--agent", "1", "Still there?"]);
    let after = stack.shoal_json(&["status", &run]);
    for field in ["status", "alive", "ended_at", "started_at", "reason"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    assert_eq!(digests_of(&after), digests_of(&before));
}

/// The digests of all worlds, as a status gives them.
pub(crate) fn digests_of(status: &Value) -> Vec<Value> {
    let worlds = status["platforms"].as_array().unwrap();
    worlds.iter().map(|world| world["digest"].clone()).collect()
}
