//! The past of a run: verified, replayed, repaired and forked, also where jobs die in the middle.

use std::process::{Child, Stdio};

use serde_json::{Value, json};
use system_tests::process::{python, signal_process};
use system_tests::stack::{SIMULATOR, Stack, text, write_simulation};
use system_tests::wait_for;

use rustix::process::Signal;

use crate::any_client::{ask_at, failure};
use crate::recovery::{ticks, worker_of};
use crate::whole_run::digests;

/// Asks a run with these arguments; the reply.
pub(crate) fn ask(stack: &Stack, run: &str, verb: &str, id: &str, args: &Value) -> Value {
    let body = json!({
        "v": 1, "command_id": id, "verb": verb, "args": args, "issued_at": "2026-03-01T10:00:00Z",
    });
    ask_at(&stack.nats.url(), "historian", run, verb, id, &body.to_string())
}

/// What the reply says of each world.
fn worlds(reply: &Value) -> &Vec<Value> {
    let worlds = reply["outcome"]["result"]["worlds"].as_array();
    worlds.unwrap_or_else(|| panic!("no worlds: {reply}"))
}

/// The findings about one world: tick and kind.
fn findings(reply: &Value, platform: &str) -> Vec<(Option<u64>, String)> {
    let world = worlds(reply).iter().find(|world| world["platform"] == platform).unwrap();
    let findings = world["findings"].as_array().unwrap().iter();
    let of = |it: &Value| (it["tick"].as_u64(), it["kind"].as_str().unwrap().to_owned());
    findings.map(of).collect()
}

/// Holds every frame to the journal: all is well, up to these digests.
fn assert_sound(stack: &Stack, run: &str, id: &str, expected: &(String, String)) {
    let reply = ask(stack, run, "verify", id, &json!({}));
    for (world, digest) in worlds(&reply).iter().zip([&expected.0, &expected.1]) {
        assert_eq!(world["findings"], json!([]), "{reply}");
        assert_eq!(world["digest"], **digest, "{reply}");
    }
}

pub(crate) fn damage(stack: &Stack, run: &str, platform: &str, how: &str, tick: u32) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/past.py");
    let (url, tick) = (stack.nats.url(), tick.to_string());
    let output = python().args([script, &url, run, platform, how, &tick]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// A reader with a cursor by seq, from the first action on.
fn reader(stack: &Stack, run: &str, platform: &str) -> Child {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/past_reader.py");
    let mut command = python();
    command.args([script, &stack.nats.url(), run, platform]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn complete(stack: &Stack, rounds: u32, more: &[&str]) -> (String, (String, String)) {
    let folder = write_simulation(stack.dir(), "bridge", 8, rounds);
    let run = ["run", folder.to_str().unwrap(), "--new-run"];
    let summary = stack.shoal_json(&[&run, more].concat());
    (summary["run_id"].as_str().unwrap().to_owned(), digests(&summary))
}

#[test]
fn what_was_changed_is_found_and_repaired_and_readers_notice_nothing() {
    let stack = Stack::start();
    let (run, undisturbed) = complete(&stack, 12, &[]);
    assert_sound(&stack, &run, "before", &undisturbed);
    let nothing = ask(&stack, &run, "repair", "idle", &json!({}));
    assert!(worlds(&nothing).iter().all(|world| world["removed"] == 0), "{nothing}");

    let reader = reader(&stack, &run, "twitter");
    let remembered = stack.shoal_json(&["memory", "stats", &run]);
    let summary = stack.shoal_json(&["summary", &run]);
    let kinds = [
        ("forge", vec![(Some(5), "differs")]),
        ("drop", vec![(Some(5), "missing")]),
        ("twice", vec![(Some(5), "extra")]),
    ];
    for (how, expected) in kinds {
        damage(&stack, &run, "twitter", how, 5);
        let reply = ask(&stack, &run, "verify", &format!("after-{how}"), &json!({}));
        let expected: Vec<_> =
            expected.into_iter().map(|(tick, kind)| (tick, kind.to_owned())).collect();
        assert_eq!(findings(&reply, "twitter"), expected, "{how}: {reply}");
        assert_eq!(findings(&reply, "reddit"), [], "{how}: {reply}");
        let repaired = ask(&stack, &run, "repair", &format!("repair-{how}"), &json!({}));
        assert_eq!(worlds(&repaired)[0]["digest"], *undisturbed.0, "{how}: {repaired}");
        assert_eq!(worlds(&repaired)[0]["ticks"], 13, "{how}: {repaired}");
        assert_eq!(worlds(&repaired)[0]["stored"], 13, "{how}: {repaired}");
        assert_eq!(worlds(&repaired)[1]["stored"], 0, "{how}: {repaired}");
        assert_eq!(worlds(&repaired)[1]["removed"], 0, "{how}: {repaired}");
        assert_sound(&stack, &run, &format!("again-{how}"), &undisturbed);
    }
    // A chain that is whole hides nothing either; all that was made after the change differs.
    damage(&stack, &run, "reddit", "rechain", 10);
    let reply = ask(&stack, &run, "verify", "rechained", &json!({"platform": "reddit"}));
    let differ = |tick| (Some(tick), "differs".to_owned());
    assert_eq!(findings(&reply, "reddit"), [differ(10), differ(11), differ(12)]);
    damage(&stack, &run, "reddit", "garbage", 12);
    let reply = ask(&stack, &run, "repair", "repair-all", &json!({}));
    assert_eq!(worlds(&reply)[1]["digest"], *undisturbed.1, "{reply}");
    assert_sound(&stack, &run, "at-last", &undisturbed);

    let seen = reader.wait_with_output().unwrap();
    assert!(seen.status.success(), "{}", text(&seen.stderr));
    let actions = worlds(&ask(&stack, &run, "replay", "count", &json!({})))[0]["actions"].clone();
    assert_eq!(text(&seen.stdout).lines().count() as u64, actions);
    assert_eq!(stack.shoal_json(&["summary", &run]), summary);
    assert_eq!(stack.shoal_json(&["memory", "stats", &run]), remembered);
}

#[test]
fn a_fork_is_its_parent_up_to_a_round_and_itself_from_there() {
    let mut stack = Stack::start();
    let (parent, undisturbed) = complete(&stack, 10, &[]);
    let replay = ask(&stack, &parent, "replay", "digests", &json!({}));
    let digest =
        |reply: &Value, world: usize, tick: usize| worlds(reply)[world]["digests"][tick].clone();

    // Without a change the rounds after it are those of the parent.
    let same = ask(&stack, &parent, "fork", "same", &json!({"at_round": 4}));
    assert_eq!(
        same["outcome"]["result"],
        json!({"type": "forked", "run_id": "bridge-2", "at_round": 4})
    );
    let end =
        |run: &str| stack.await_status(run, "completed", |status| status["status"] == "completed");
    let status = end("bridge-2");
    assert_eq!(status["platforms"][0]["digest"], *undisturbed.0);
    assert_eq!(status["platforms"][1]["digest"], *undisturbed.1);
    assert_eq!(status["parent"]["run_id"], *parent);

    // With one they differ from the first round on that the two do not share.
    let posts = json!([{"agent_id": 3, "content": "The bridge is open again."}]);
    let args = json!({"at_round": 4, "posts": posts});
    ask(&stack, &parent, "fork", "other", &args);
    end("bridge-3");
    let other = ask(&stack, "bridge-3", "replay", "digests", &json!({}));
    for world in 0..2 {
        for tick in 0..=10 {
            let is_same = digest(&replay, world, tick) == digest(&other, world, tick);
            assert_eq!(is_same, tick <= 4, "world {world}, tick {tick}");
        }
    }

    // A fork of the fork, which has the change.
    ask(&stack, "bridge-3", "fork", "again", &json!({"at_round": 7, "paused": true}));
    stack.await_status("bridge-4", "paused", |status| {
        status["status"] == "paused" && ticks(status) == 8
    });
    stack.shoal_json(&["resume", "bridge-4"]);
    let fourth = end("bridge-4");
    let third = stack.shoal_json(&["status", "bridge-3"]);
    for world in 0..2 {
        assert_eq!(fourth["platforms"][world]["digest"], third["platforms"][world]["digest"]);
    }

    // What the parent was is theirs: it may go.
    assert_sound(&stack, &parent, "sound", &undisturbed);
    let output = stack.shoal(&["rm", &parent, "--force", "--yes"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let expected = |status: &Value| {
        let of = |world: usize| status["platforms"][world]["digest"].as_str().unwrap().to_owned();
        (of(0), of(1))
    };
    assert_sound(&stack, "bridge-2", "orphaned", &undisturbed);
    assert_sound(&stack, "bridge-3", "orphaned", &expected(&third));
    assert_sound(&stack, "bridge-4", "orphaned", &expected(&fourth));
    // And open it anew, from its own journal.
    let node = stack.service(SIMULATOR);
    node.signal(Signal::TERM);
    node.wait();
    stack.start_service(SIMULATOR);
    stack.await_ready();
    stack.shoal_json(&["interview", "bridge-3", "--agent", "0", "Well?"]);
}

#[test]
fn a_fork_that_no_node_has_taken_says_so_and_is_not_called_sound() {
    // The parent has the only slot.
    let stack = Stack::start_with(&[("SHOAL_SLOTS", "1")]);
    let folder = write_simulation(stack.dir(), "bridge", 8, 30);
    let begin = ["run", folder.to_str().unwrap(), "--detach", "--pace", "4"];
    let parent = stack.shoal_json(&begin)["run_id"].as_str().unwrap().to_owned();
    stack.await_status(&parent, "in the middle", |status| ticks(status) >= 4);
    stack.shoal_json(&["pause", &parent]);
    let child = "bridge-2";
    stack.shoal_json(&["fork", &parent, "--at-round", "2", "--seed", "9"]);
    let status = stack.shoal_json(&["status", child]);
    assert_eq!((&status["status"], &status["held"]), (&json!("queued"), &json!(false)));
    for world in status["platforms"].as_array().unwrap() {
        assert_eq!((&world["round"], &world["ticks"]), (&json!(2), &json!(0)), "{status}");
    }
    let check = stack.shoal(&["verify", child, "--json"]);
    assert_eq!(check.status.code(), Some(1), "{}", text(&check.stdout));
    let reply: Value = serde_json::from_slice(&check.stdout).unwrap();
    for world in worlds(&reply) {
        // Those that it shares, and the one that takes the seed.
        assert_eq!((&world["ticks"], &world["pending"]), (&json!(0), &json!(4)), "{reply}");
    }
    assert_eq!(stack.shoal(&["diff", &parent, child, "--exit-code"]).status.code(), Some(1));
    // Once there is room it is taken, and says what it was given.
    stack.shoal_json(&["stop", &parent]);
    stack.await_status(child, "taken", |status| ticks(status) >= 5);
    let difference = stack.shoal_json(&["diff", &parent, child]);
    assert_eq!(
        (&difference["b"]["seed"], &difference["a"]["seed_changes"]),
        (&json!(1), &json!([]))
    );
    assert_eq!(difference["b"]["seed_changes"], json!([{"round": 4, "seed": 9}]));
    let said = text(&stack.shoal(&["diff", &parent, child]).stdout);
    assert!(said.contains("took fork in round 3: seed = 9"), "{said}");
}

#[test]
fn what_cannot_be_forked_or_repaired_is_refused_with_the_reason() {
    let stack = Stack::start();
    let folder = write_simulation(stack.dir(), "bridge", 8, 30);
    let begin = ["run", folder.to_str().unwrap(), "--detach", "--pace", "4"];
    let run = stack.shoal_json(&begin)["run_id"].as_str().unwrap().to_owned();
    stack.await_status(&run, "in the middle", |status| ticks(status) >= 3);
    let refused = |verb: &str, id: &str, args: Value, code: &str, words: &str| {
        let reply = ask(&stack, &run, verb, id, &args);
        let (found, message) = failure(&reply);
        assert_eq!(found, code, "{reply}");
        assert!(message.contains(words), "{reply}");
    };
    refused("fork", "late", json!({"at_round": 31}), "invalid", "cannot be forked at round 31");
    let posts = json!([{"agent_id": 99, "content": "Hello?"}]);
    let args = json!({"at_round": 1, "posts": posts});
    refused("fork", "nobody", args, "unknown_agent", "agent 99 is unknown: there are 0 to 7");
    refused("repair", "busy", json!({}), "wrong_state", "pause or stop it first");
    refused("replay", "odd", json!({"first": 2, "last": 1}), "malformed", "/args/last");
    // Nothing was made of it.
    assert_eq!(stack.shoal_json(&["ls"]).as_array().map(Vec::len), Some(1));
    stack.shoal_json(&["pause", &run]);
    damage(&stack, &run, "reddit", "drop", 2);
    let repaired = ask(&stack, &run, "repair", "paused", &json!({}));
    assert_eq!(worlds(&repaired)[0]["removed"], 0, "{repaired}");
    assert!(worlds(&repaired)[1]["removed"].as_u64().unwrap() >= 3, "{repaired}");
    stack.shoal_json(&["configure", &run, "--pace", "0"]);
    stack.shoal_json(&["resume", &run]);
    let ended = stack.await_status(&run, "completed", |status| status["status"] == "completed");
    let (_, undisturbed) = complete(&stack, 30, &[]);
    assert_eq!(ended["platforms"][0]["digest"], *undisturbed.0);
    assert_eq!(ended["platforms"][1]["digest"], *undisturbed.1);
}

#[test]
fn a_check_stays_beside_a_run_to_its_end_whatever_happens_to_its_worker() {
    let mut stack = Stack::start();
    let folder = write_simulation(stack.dir(), "bridge", 8, 24);
    let begin = ["run", folder.to_str().unwrap(), "--detach", "--pace", "6"];
    let run = stack.shoal_json(&begin)["run_id"].as_str().unwrap().to_owned();
    stack.await_status(&run, "begun", |status| ticks(status) >= 2);
    let reply = std::thread::scope(|scope| {
        let asked = &stack;
        let (checked, run) = (run.clone(), run.clone());
        let url = asked.nats.url();
        let check = scope.spawn(move || {
            let body = json!({
                "v": 1, "command_id": "beside", "verb": "verify", "args": {"follow": true},
                "issued_at": "2026-03-01T10:00:00Z",
            });
            ask_at(&url, "historian", &checked, "verify", "beside", &body.to_string())
        });
        let worker = worker_of(&mut stack, &run);
        signal_process(worker, Signal::KILL);
        check.join().unwrap()
    });
    for world in worlds(&reply) {
        assert_eq!(world["findings"], json!([]), "{reply}");
        assert_eq!(world["ticks"], 25, "{reply}");
    }
}

#[test]
fn a_job_that_dies_is_done_by_the_next_and_a_fork_makes_one_run() {
    let stack = Stack::start_with(&[("SHOAL_LEASE_SECONDS", "2"), ("SHOAL_NODE", SIMULATOR)]);
    let (run, undisturbed) = complete(&stack, 8, &[]);
    let mut stack = stack;
    for (point, verb) in [
        ("job.done", "verify"),
        ("fork.copying", "fork"),
        ("fork.written", "fork"),
        ("job.done", "fork"),
        ("repair.claimed", "repair"),
        ("repair.removed", "repair"),
    ] {
        let marks = tempfile::TempDir::new().unwrap();
        let name = format!("with-{}", point.replace('.', "-"));
        let node = stack.service(SIMULATOR);
        node.signal(Signal::TERM);
        node.wait();
        let faults = [
            ("SHOAL_FAULTS", format!("{point}:kill")),
            ("SHOAL_FAULTS_DIR", marks.path().to_str().unwrap().to_owned()),
        ];
        let faults: Vec<(&str, &str)> =
            faults.iter().map(|(name, value)| (*name, &**value)).collect();
        stack.start_node(SIMULATOR, &faults);
        stack.await_ready();
        if verb == "repair" {
            damage(&stack, &run, "twitter", "forge", 3);
        }
        let args = if verb == "fork" { json!({"at_round": 3}) } else { json!({}) };
        let reply = ask(&stack, &run, verb, &format!("{name}-{verb}"), &args);
        assert_eq!(reply["outcome"]["status"], "completed", "{point}: {reply}");
        wait_for("the job to have died once", || marks.path().join(point).exists().then_some(()));
    }
    assert_sound(&stack, &run, "after-all", &undisturbed);
    // Three forks, three runs.
    for number in 2..=4 {
        let fork = format!("bridge-{number}");
        let status = stack.await_status(&fork, "completed", |it| it["status"] == "completed");
        assert_eq!(status["platforms"][0]["digest"], *undisturbed.0, "{fork}");
        assert_sound(&stack, &fork, "child", &undisturbed);
    }
    assert_eq!(stack.shoal_json(&["ls"]).as_array().map(Vec::len), Some(4));
}
