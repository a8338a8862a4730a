//! A snapshot is a cache: bad, gone or old ones cost time, and nothing else.

use std::path::Path;

use rustix::process::Signal;
use serde_json::Value;
use system_tests::process::{python, signal_process};
use system_tests::stack::{Stack, text, write_simulation};
use system_tests::wait_for;

use crate::recovery::worker_of;
use crate::whole_run::digests;

const PLATFORMS: [&str; 2] = ["twitter", "reddit"];

fn snapshots(stack: &Stack, run: &str, platform: &str, wish: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/system/snapshots.py");
    let url = stack.nats.url();
    let output = python().arg(script).args([&url, run, platform]).args(wish).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// The last sequence of each complete snapshot of a world, the oldest first.
fn listed(stack: &Stack, run: &str, platform: &str) -> Vec<u64> {
    serde_json::from_str(&snapshots(stack, run, platform, &["list"])).unwrap()
}

fn folder(stack: &Stack) -> String {
    write_simulation(stack.dir(), "bridge", 12, 200).to_str().unwrap().to_owned()
}

/// A run that was paused once it had so many snapshots of each world; its id.
fn paused_with(stack: &Stack, count: usize) -> String {
    let arguments = ["run", &folder(stack), "--new-run", "--detach", "--pace", "12"];
    let run = stack.shoal_json(&arguments)["run_id"].as_str().unwrap().to_owned();
    for platform in PLATFORMS {
        wait_for("snapshots", || (listed(stack, &run, platform).len() >= count).then_some(()));
    }
    stack.shoal_json(&["pause", &run]);
    stack.await_status(&run, "paused", |status| status["status"] == "paused");
    run
}

/// Kills the worker of a run, and waits until another one has opened both worlds; what the run's
/// log says then.
fn replace_worker(stack: &mut Stack, run: &str) -> String {
    let epoch = |stack: &Stack| stack.shoal_json(&["status", run])["epoch"].as_u64().unwrap();
    let (before, worker) = (epoch(stack), worker_of(stack, run));
    signal_process(worker, Signal::KILL);
    wait_for("another worker to claim the run", || (epoch(stack) > before).then_some(()));
    wait_for("both worlds to be open again", || {
        let log = text(&stack.shoal(&["logs", run, "--tail", "1000"]).stdout);
        (log.matches("the world is open").count() == 4).then_some(log)
    })
}

/// Lets a paused run go on to its end; its summary.
fn finish(stack: &Stack, run: &str) -> Value {
    stack.shoal_json(&["resume", run]);
    stack.await_status(run, "completed", |status| status["status"] == "completed");
    stack.shoal_json(&["summary", run])
}

#[test]
fn a_bad_snapshot_is_passed_over_for_an_older_one() {
    let mut stack = Stack::start();
    let undisturbed = stack.shoal_json(&["run", &folder(&stack)]);
    let run = paused_with(&stack, 1);
    for platform in PLATFORMS {
        snapshots(&stack, &run, platform, &["damage"]);
    }
    let log = replace_worker(&mut stack, &run);
    for why in [
        "it has other bytes than were stored",
        "it cannot be restored: snapshot is damaged: its digest does not match",
        "parts",
        "found a snapshot of tick",
    ] {
        assert!(log.matches(why).count() >= PLATFORMS.len(), "{why:?} is not said twice:\n{log}");
    }
    assert_eq!(log.matches("skipped the snapshot at sequence").count(), 6, "{log}");
    assert_eq!(digests(&undisturbed), digests(&finish(&stack, &run)));
}

#[test]
fn a_run_without_any_snapshot_is_stepped_again() {
    let mut stack = Stack::start();
    let undisturbed = stack.shoal_json(&["run", &folder(&stack)]);
    let run = paused_with(&stack, 1);
    for platform in PLATFORMS {
        snapshots(&stack, &run, platform, &["purge"]);
    }
    let log = replace_worker(&mut stack, &run);
    assert!(!log.contains("found a snapshot"), "{log}");
    assert_eq!(digests(&undisturbed), digests(&finish(&stack, &run)));
}

#[test]
fn old_snapshots_are_removed_and_the_newest_stay() {
    let mut stack = Stack::start();
    let run = paused_with(&stack, 1);
    snapshots(&stack, &run, "twitter", &["copy", "4"]);
    // Five at least, of which some may have gone already.
    let before = listed(&stack, &run, "twitter");
    let kept = |count: usize| before[before.len() - count..].to_vec();
    wait_for("all but two to go", || (listed(&stack, &run, "twitter") == kept(2)).then_some(()));
    assert!(!listed(&stack, &run, "reddit").is_empty());
    stack.shoal_json(&["stop", &run]);
    wait_for("all but one to go", || (listed(&stack, &run, "twitter") == kept(1)).then_some(()));
    let log = stack.service("shoal-launcher").log();
    assert!(log.contains("old snapshots"), "{log}");
}
