//! A bus without room makes a run wait. It fails nothing, says so, and goes on by itself.

use std::thread::sleep;
use std::time::Duration;

use nats_process::{NatsServer, Options, small_disks};
use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::process::{python, signal_process};
use system_tests::stack::{SIMULATOR, Stack, text, write_simulation};
use system_tests::wait_for;

use crate::ownership::{check, epochs};
use crate::recovery::{ticks, worker_on};

/// Fills a stream, or empties it again.
pub(crate) fn fill(stack: &Stack, wish: &[&str]) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/fill.py");
    let output = python().args([script, &stack.nats.url()]).args(wish).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// How long there is no room: a worker that were taken for hung while it waits would be killed.
const LONGER_THAN_HUNG: Duration = Duration::from_secs(4);

fn stack_on(options: Options) -> Stack {
    let nats = NatsServer::start(options);
    let url = nats.url();
    Stack::on(nats, &url, &[("SHOAL_HUNG_SECONDS", "2"), ("SHOAL_NODE", SIMULATOR)])
}

pub(crate) fn small_streams() -> Options {
    Options { jetstream: Some("max_file: 96MB".to_owned()), ..Options::default() }
}

/// A run of the one simulation; its id.
fn run(stack: &Stack, more: &[&str]) -> String {
    let folder = write_simulation(stack.dir(), "bridge", 8, 30);
    let summary =
        stack.shoal_json(&[&["run", folder.to_str().unwrap(), "--new-run"], more].concat());
    summary["run_id"].as_str().unwrap().to_owned()
}

fn await_full(stack: &Stack, run: &str) -> Value {
    stack.await_status(run, "paused for want of room", |status| {
        let reason = status["reason"].as_str().unwrap_or_default();
        status["status"] == "paused" && reason.starts_with("bus_full")
    })
}

fn complete(stack: &Stack, run: &str) -> Value {
    stack.await_status(run, "completed", |status| status["status"] == "completed")
}

/// Fills a stream in the middle of a run, asks it while it waits, and makes room again.
fn waits_for_room(stream: &str) {
    let stack = stack_on(small_streams());
    let undisturbed = run(&stack, &[]);
    let run = run(&stack, &["--detach", "--pace", "6"]);
    stack.await_status(&run, "in the middle", |status| ticks(status) >= 5);
    fill(&stack, &["fill", stream]);
    let full = await_full(&stack, &run);
    assert_eq!((&full["alive"], &full["held"]), (&json!(true), &json!(true)), "{full}");
    let answer = stack.shoal_json(&["interview", &run, "--agent", "1", "Still there?"]);
    assert_eq!(answer["outcome"]["status"], "completed", "{answer}");
    sleep(LONGER_THAN_HUNG);
    fill(&stack, &["empty", stream]);
    let status = complete(&stack, &run);
    assert_eq!((&status["epoch"], &status["reason"]), (&json!(1), &json!(null)));
    assert_eq!(epochs(&check(&stack, &run, &undisturbed)), 1);
}

#[test]
fn a_run_waits_for_room_for_its_frames_and_goes_on() {
    waits_for_room("actions");
}

#[test]
fn a_run_waits_for_room_for_its_journal_and_goes_on() {
    waits_for_room("inputs");
}

#[test]
fn a_run_that_finds_no_room_at_its_start_begins_once_there_is() {
    let stack = stack_on(small_streams());
    let undisturbed = run(&stack, &[]);
    fill(&stack, &["fill", "actions"]);
    let run = run(&stack, &["--detach"]);
    await_full(&stack, &run);
    fill(&stack, &["empty", "actions"]);
    let status = complete(&stack, &run);
    assert_eq!((&status["epoch"], &status["reason"]), (&json!(1), &json!(null)));
    check(&stack, &run, &undisturbed);
}

/// A server whose disk was full takes nothing more, whatever room there is, before it is started
/// again; until then it answers no write at all, and every read.
#[test]
fn a_run_outlives_a_full_disk() {
    if let Err(reason) = small_disks() {
        eprintln!("skipped: this machine permits no small disks: {reason}");
        return;
    }
    let mut stack = stack_on(Options { disk: Some(64), ..Options::default() });
    let undisturbed = run(&stack, &[]);
    let run = run(&stack, &["--detach", "--pace", "6"]);
    stack.await_status(&run, "in the middle", |status| ticks(status) >= 5);
    stack.nats.fill_disk();
    wait_for("the server to be out of room", || {
        stack.nats.log().contains("no space left on device").then_some(())
    });
    wait_for("the node to notice", || {
        stack.service(SIMULATOR).log().contains("failed to renew the lease").then_some(())
    });
    stack.nats.empty_disk();
    stack.nats.restart();
    let status = complete(&stack, &run);
    assert_eq!(status["reason"], Value::Null);
    let epoch = status["epoch"].as_u64().unwrap();
    assert!(epoch <= 2, "the run is in epoch {epoch}");
    assert_eq!(epochs(&check(&stack, &run, &undisturbed)), epoch);
}

/// The tick whose frame finds no room is journalled, and what was asked of it answered: it must
/// come out, also after a stop, also if nobody is left who has made it.
#[test]
fn a_run_that_is_stopped_while_its_last_frame_waits_is_over_once_that_is_stored() {
    let mut stack = stack_on(small_streams());
    let undisturbed = run(&stack, &[]);
    let run = run(&stack, &["--detach", "--pace", "6"]);
    stack.await_status(&run, "in the middle", |status| ticks(status) >= 5);
    fill(&stack, &["fill", "actions"]);
    let full = await_full(&stack, &run);
    stack.shoal_json(&["stop", &run]);
    let waits = await_full(&stack, &run);
    assert_eq!(waits["platforms"], full["platforms"], "a frame came through");
    signal_process(worker_on(&mut stack, SIMULATOR, &run), Signal::KILL);
    stack.await_status(&run, "taken up again", |status| status["epoch"] == 2);
    await_full(&stack, &run);
    fill(&stack, &["empty", "actions"]);
    let stopped = stack.await_status(&run, "stopped", |status| status["status"] == "stopped");
    for (before, after) in worlds(&full).zip(worlds(&stopped)) {
        let [before, after] = [before, after].map(|world| world["ticks"].as_u64().unwrap());
        assert_eq!(after, before + 1, "the frame that waited: {stopped}");
    }
    stack.shoal_json(&["resume", &run]);
    let epoch = complete(&stack, &run)["epoch"].as_u64().unwrap();
    assert_eq!(epochs(&check(&stack, &run, &undisturbed)), epoch);
}

fn worlds(status: &Value) -> impl Iterator<Item = &Value> {
    status["platforms"].as_array().unwrap().iter()
}
