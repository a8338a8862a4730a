//! Pausing, resuming, injecting, configuring and closing, also where workers die at the worst
//! moment.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::process::{python, signal_process};
use system_tests::stack::{Stack, text, write_simulation};

use crate::recovery::{ticks, worker_of};
use crate::whole_run::digests;

/// A stack, and a paced run of so many rounds that has played four.
fn in_the_middle(rounds: u32, pace: &str) -> (Stack, String) {
    let stack = Stack::start();
    let run = begin(&stack, rounds, pace);
    (stack, run)
}

fn begin(stack: &Stack, rounds: u32, pace: &str) -> String {
    let folder = write_simulation(stack.dir(), "bridge", 8, rounds);
    let arguments = ["run", folder.to_str().unwrap(), "--new-run", "--detach", "--pace", pace];
    let run = stack.shoal_json(&arguments)["run_id"].as_str().unwrap().to_owned();
    stack.await_status(&run, "in the middle", |status| ticks(status) >= 4);
    run
}

/// The digests of the same simulation, played without any disturbance.
fn undisturbed(stack: &Stack, rounds: u32) -> (String, String) {
    let folder = write_simulation(stack.dir(), "bridge", 8, rounds);
    digests(&stack.shoal_json(&["run", folder.to_str().unwrap(), "--new-run"]))
}

fn ticks_of_all(status: &Value) -> Vec<u64> {
    let worlds = status["platforms"].as_array().unwrap();
    worlds.iter().map(|world| world["ticks"].as_u64().unwrap()).collect()
}

/// Kills the worker of a run, and waits until another one has it.
fn kill(stack: &mut Stack, run: &str) -> Value {
    let before = stack.shoal_json(&["status", run])["epoch"].as_u64().unwrap();
    let worker = worker_of(stack, run);
    signal_process(worker, Signal::KILL);
    stack.await_status(run, "claimed again", |status| {
        status["epoch"].as_u64().is_some_and(|epoch| epoch > before)
    })
}

fn complete(stack: &Stack, run: &str) -> Value {
    stack.await_status(run, "completed", |status| status["status"] == "completed")
}

/// All actions of a run, as `watch` shows them.
pub(crate) fn actions(stack: &Stack, run: &str) -> Vec<Value> {
    let output = stack.shoal(&["watch", run, "--from-start", "--json"]);
    let lines = text(&output.stdout);
    lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Where posts with this text appeared: world and round.
pub(crate) fn appearances(actions: &[Value], content: &str) -> Vec<(String, u64)> {
    let posts = actions.iter().filter(|action| {
        action["action_type"] == "CREATE_POST" && action["action_args"]["content"] == content
    });
    let place = |action: &Value| {
        (action["platform"].as_str().unwrap().to_owned(), action["round"].as_u64().unwrap())
    };
    posts.map(place).collect()
}

/// The tick in which a world took a command.
fn taken_at(reply: &Value, platform: &str) -> Option<u64> {
    let ticks = reply["outcome"]["result"]["ticks"].as_array()?;
    ticks.iter().find(|at| at["platform"] == platform)?["tick"].as_u64()
}

fn refuse(stack: &Stack, code: i32, arguments: &[&str], expected: &str) {
    let output = stack.shoal(arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(said.contains(expected), "{arguments:?}: {said}");
}

#[test]
fn a_paused_run_stays_where_it_is_and_ends_as_if_nothing_had_been() {
    let (mut stack, run) = in_the_middle(24, "6");
    let paused = stack.shoal_json(&["pause", &run, "--reason", "lunch"]);
    assert_eq!(paused["outcome"]["result"]["status"], "paused", "{paused}");
    let before = stack.shoal_json(&["status", &run]);
    assert_eq!((&before["status"], &before["reason"]), (&json!("paused"), &json!("lunch")));
    assert_eq!(before["alive"], true);
    let again = stack.shoal_json(&["pause", &run]);
    assert_eq!(again["outcome"]["result"]["status"], "paused");

    // A successor finds it paused, and a question that it answers comes after its first look at
    // whether a round is due.
    kill(&mut stack, &run);
    let answer = stack.shoal_json(&["interview", &run, "--agent", "1", "Still there?"]);
    let after = stack.await_status(&run, "held", |status| status["held"] == true);
    assert_eq!((&after["status"], &after["reason"]), (&json!("paused"), &json!("lunch")));
    assert_eq!(ticks_of_all(&after), ticks_of_all(&before));
    let as_of = &answer["outcome"]["result"]["twitter"]["as_of"]["tick"];
    assert_eq!(as_of.as_u64(), Some(ticks_of_all(&before)[0] - 1), "{answer}");

    let resumed = stack.shoal_json(&["resume", &run]);
    assert_eq!(resumed["outcome"]["result"]["type"], "resumed", "{resumed}");
    let status = complete(&stack, &run);
    assert_eq!(status["reason"], Value::Null);
    let disturbed = digests(&stack.shoal_json(&["summary", &run]));
    assert_eq!(undisturbed(&stack, 24), disturbed);
}

#[test]
fn a_stopped_run_that_is_resumed_ends_as_if_nothing_had_been() {
    let (mut stack, run) = in_the_middle(20, "6");
    stack.shoal_json(&["stop", &run, "--reason", "enough"]);
    refuse(&stack, 1, &["pause", &run], "resume it");
    refuse(&stack, 1, &["inject", &run, "--agent", "0", "--text", "Hello"], "resume it first");
    stack.shoal_json(&["resume", &run]);
    let again = stack.shoal_json(&["resume", &run]);
    assert_eq!(again["outcome"]["status"], "completed", "{again}");
    // Its successor reads the stop again, and is not stopped by it.
    let status = kill(&mut stack, &run);
    assert_eq!(status["status"], "running", "{status}");
    complete(&stack, &run);
    let disturbed = digests(&stack.shoal_json(&["summary", &run]));
    assert_eq!(undisturbed(&stack, 20), disturbed);
    refuse(&stack, 1, &["resume", &run], "start a new run");
}

#[test]
fn what_is_injected_appears_once_whoever_dies() {
    let (mut stack, run) = in_the_middle(30, "5");
    let first =
        ["inject", &run, "--agent", "Agent 2", "--text", "Boats at nine.", "--platform", "twitter"];
    let reply = stack.shoal_json(&first);
    kill(&mut stack, &run);
    // Stored while nothing takes it, and its first worker dies before anything does.
    stack.shoal_json(&["pause", &run]);
    let waits = stack.shoal_json(&["inject", &run, "--agent", "3", "--text", "Boats at ten."]);
    assert_eq!(waits["waits_for"], "resume", "{waits}");
    kill(&mut stack, &run);
    let paused_at = ticks_of_all(&stack.shoal_json(&["status", &run]));
    stack.shoal_json(&["resume", &run]);
    complete(&stack, &run);

    let actions = actions(&stack, &run);
    let round = taken_at(&reply, "twitter").unwrap();
    assert_eq!(taken_at(&reply, "reddit"), None);
    assert_eq!(appearances(&actions, "Boats at nine."), [("twitter".to_owned(), round)]);
    let mut later = appearances(&actions, "Boats at ten.");
    later.sort();
    let expected = [("reddit", paused_at[1]), ("twitter", paused_at[0])];
    assert_eq!(later, expected.map(|(platform, round)| (platform.to_owned(), round)));
}

#[test]
fn what_does_not_fit_is_refused_and_a_stop_refuses_what_waits() {
    let (stack, run) = in_the_middle(40, "4");
    refuse(
        &stack,
        2,
        &["inject", &run, "--agent", "99", "--text", "Who?"],
        "--agent: found \"99\", expected one of its agents: there is no agent \"99\": there are 8 \
         agents",
    );
    refuse(
        &stack,
        2,
        &["configure", &run, "--set", "time_config.agents_per_hour_min=9"],
        "time.agents_per_hour_min is 9, expected at most agents_per_hour_max, 8",
    );
    refuse(&stack, 1, &["close", &run], "rounds are left");
    stack.shoal_json(&["pause", &run]);
    stack.shoal_json(&["inject", &run, "--agent", "3", "--text", "Never said."]);
    // A command that waits holds up no other.
    let stopped = stack.shoal_json(&["stop", &run]);
    assert_eq!(stopped["outcome"]["result"]["status"], "stopped");
    stack.shoal_json(&["resume", &run]);
    stack.shoal_json(&["configure", &run, "--pace", "0"]);
    complete(&stack, &run);
    assert_eq!(appearances(&actions(&stack, &run), "Never said."), []);
}

#[test]
fn a_configuration_changes_what_comes_and_outlives_its_worker() {
    let (mut stack, run) = in_the_middle(30, "5");
    let quiet = ["time_config.agents_per_hour_min=0", "time_config.agents_per_hour_max=0"];
    let arguments = ["configure", &run, "--pace", "10", "--set", quiet[0], "--set", quiet[1]];
    let reply = stack.shoal_json(&arguments);
    kill(&mut stack, &run);
    complete(&stack, &run);
    let options = &stack.shoal_json(&["status", &run])["options"];
    assert_eq!(options["pace_milli"], 10_000, "the pace in effect");
    let folder = write_simulation(stack.dir(), "bridge", 8, 30);
    let usual = stack.shoal_json(&["run", folder.to_str().unwrap(), "--new-run"]);
    let last_round = |run: &str, platform: &str| {
        let actions = actions(&stack, run);
        let here = actions.iter().filter(|action| action["platform"] == platform);
        here.filter_map(|action| action["round"].as_u64()).max().unwrap_or(0)
    };
    for platform in ["twitter", "reddit"] {
        let taken = taken_at(&reply, platform).unwrap();
        let (last, usually) =
            (last_round(&run, platform), last_round(usual["run_id"].as_str().unwrap(), platform));
        assert!(last <= taken && taken < usually, "{platform}: {last}, {taken}, {usually}");
    }
}

#[test]
fn a_run_is_closed_once_its_rounds_are_over_and_can_still_be_asked() {
    let mut stack = Stack::start();
    let folder = write_simulation(stack.dir(), "bridge", 8, 4);
    let summary = stack.shoal_json(&["run", folder.to_str().unwrap()]);
    let run = summary["run_id"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        let closed = stack.shoal_json(&["close", &run]);
        assert_eq!(closed["outcome"]["result"]["status"], "closed", "{closed}");
    }
    let status = stack.shoal_json(&["status", &run]);
    assert_eq!((&status["status"], &status["alive"]), (&json!("closed"), &json!(false)));
    let worker = worker_of(&mut stack, &run);
    signal_process(worker, Signal::KILL);
    let answer = stack.shoal_json(&["interview", &run, "--agent", "2", "How was it?"]);
    assert_eq!(answer["outcome"]["result"]["reddit"]["as_of"]["round"], 4, "{answer}");
    assert_eq!(stack.shoal_json(&["status", &run])["status"], "closed");
    refuse(&stack, 1, &["resume", &run], "closed");
}

#[test]
fn a_paused_run_outlives_any_number_of_its_workers() {
    let (mut stack, run) = in_the_middle(24, "6");
    stack.shoal_json(&["pause", &run]);
    for _ in 0..4 {
        kill(&mut stack, &run);
        // An answer comes from a world that is open.
        stack.shoal_json(&["interview", &run, "--agent", "1", "Still there?"]);
    }
    assert_eq!(stack.shoal_json(&["status", &run])["status"], "paused");
    stack.shoal_json(&["resume", &run]);
    stack.shoal_json(&["configure", &run, "--pace", "0"]);
    complete(&stack, &run);
}

#[test]
fn a_round_takes_so_much_and_no_more() {
    let (stack, run) = in_the_middle(24, "6");
    stack.shoal_json(&["pause", &run]);
    let file = stack.dir().join("posts.json");
    let inject = |first: &str| {
        let long = "x".repeat(10_000);
        let texts = [first, &long, &long, &long, &long, &long, &long];
        let posts = texts.map(|text| json!({"agent_id": 3, "content": text}));
        std::fs::write(&file, Value::from(posts.to_vec()).to_string()).unwrap();
        stack.shoal(&["inject", &run, "--file", file.to_str().unwrap(), "--json"])
    };
    for first in ["One.", "Two.", "Three.", "Four."] {
        let waits = inject(first);
        assert!(waits.status.success(), "{}", text(&waits.stderr));
    }
    let refused = inject("Five.");
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused.stderr);
    assert!(said.contains("a round takes at most 256 KiB"), "{said}");
    stack.shoal_json(&["resume", &run]);
    stack.shoal_json(&["configure", &run, "--pace", "0"]);
    complete(&stack, &run);
    let actions = actions(&stack, &run);
    let count = |content: &str| appearances(&actions, content).len();
    assert_eq!(["One.", "Two.", "Three.", "Four.", "Five."].map(count), [2, 2, 2, 2, 0]);
}

#[test]
fn a_command_that_was_carried_out_in_time_is_answered_so_however_late() {
    let (mut stack, run) = in_the_middle(24, "6");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/lost_reply.py");
    let mut asking = python()
        .args([script, &stack.nats.url(), &run, "3"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(asking.stdout.take().unwrap()).lines();
    let mut reply = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(reply()["outcome"]["status"], "completed");
    kill(&mut stack, &run);
    asking.stdin.take().unwrap().write_all(b"\n").unwrap();
    let again = reply();
    assert_eq!(again["outcome"]["result"]["status"], "paused", "{again}");
    assert!(asking.wait().unwrap().success());
}
