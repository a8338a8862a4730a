//! Worlds that listen to each other: what one says in a round, the other hears in the next, and
//! neither is needed to execute the other's past again.

use std::collections::BTreeSet;

use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::process::signal_process;
use system_tests::stack::{Stack, text, write_simulation};

use crate::past::ask;
use crate::recovery::{ticks, worker_of};
use crate::whole_run::digests;

const ROUNDS: u32 = 14;

/// A post: round, agent, words.
type Post = (u64, u64, String);

/// The posts of a world, in the order of its actions.
fn posts(stack: &Stack, run: &str, platform: &str) -> Vec<Post> {
    let output = stack.shoal(&["watch", run, "--from-start", "--json"]);
    let lines = text(&output.stdout);
    let actions = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let is_post = |action: &Value| {
        action["platform"] == platform
            && action["action_type"] == "CREATE_POST"
            && action["success"] == true
    };
    actions
        .filter(is_post)
        .map(|action| {
            let words = action["action_args"]["content"].as_str().unwrap().to_owned();
            (action["round"].as_u64().unwrap(), action["agent_id"].as_u64().unwrap(), words)
        })
        .collect()
}

/// Starts a run of a folder; its id.
fn start(stack: &Stack, folder: &str, more: &[&str]) -> String {
    let begin = ["start", folder, "--new-run"];
    let started = stack.shoal_json(&[&begin, more].concat());
    started["run_id"].as_str().unwrap().to_owned()
}

fn completed(stack: &Stack, run: &str) -> (String, (String, String)) {
    stack.await_status(run, "completed", |status| status["status"] == "completed");
    (run.to_owned(), digests(&stack.shoal_json(&["summary", run])))
}

/// Executes the journal again: nothing is heard but what stands there.
fn assert_sound(stack: &Stack, run: &str, id: &str) {
    let reply = ask(stack, run, "verify", id, &json!({}));
    let worlds = reply["outcome"]["result"]["worlds"].as_array();
    for world in worlds.unwrap_or_else(|| panic!("{reply}")) {
        assert_eq!(world["findings"], json!([]), "{reply}");
    }
}

/// Each post of `said` up to the last round but one is in `heard` a round later, if its words were
/// not there before.
fn assert_heard(said: &[Post], heard: &[Post], speaker: Option<u64>) -> usize {
    let mut count = 0;
    for (round, agent, words) in said.iter().filter(|(round, ..)| *round < u64::from(ROUNDS)) {
        let earliest = heard.iter().filter(|post| post.2 == *words).map(|post| post.0).min();
        let earliest = earliest.unwrap_or_else(|| panic!("nobody heard {words:?} of {round}"));
        if earliest <= *round {
            continue;
        }
        let expected = (round + 1, speaker.unwrap_or(*agent), words.clone());
        assert!(heard.contains(&expected), "{expected:?} is not in {heard:?}");
        count += 1;
    }
    count
}

#[test]
fn two_worlds_of_a_run_hear_each_other_and_nothing_changes_if_their_worker_dies() {
    let mut stack = Stack::start();
    let folder = write_simulation(stack.dir(), "bridge", 8, ROUNDS);
    let folder = folder.to_str().unwrap().to_owned();
    let both = ["--source", "twitter", "--source", "reddit"];
    let (alone, silent) = completed(&stack, &start(&stack, &folder, &[]));
    let (run, undisturbed) = completed(&stack, &start(&stack, &folder, &both));
    assert_ne!(undisturbed, silent, "they hear each other");

    let (twitter, reddit) = (posts(&stack, &run, "twitter"), posts(&stack, &run, "reddit"));
    assert!(assert_heard(&twitter, &reddit, None) > 3, "{twitter:?}");
    assert!(assert_heard(&reddit, &twitter, None) > 3, "{reddit:?}");
    for said in [&twitter, &reddit] {
        let once: BTreeSet<(u64, &str)> = said.iter().map(|post| (post.1, &post.2[..])).collect();
        assert_eq!(once.len(), said.len(), "no echo of an echo: {said:?}");
    }
    assert_sound(&stack, &run, "sound");

    let paced = [&both[..], &["--pace", "6"]].concat();
    let killed = start(&stack, &folder, &paced);
    for kill_at in [3, 8] {
        stack.await_status(&killed, "in the middle", |status| ticks(status) >= kill_at);
        let worker = worker_of(&mut stack, &killed);
        signal_process(worker, Signal::KILL);
    }
    assert_eq!(completed(&stack, &killed).1, undisturbed);
    assert_sound(&stack, &killed, "sound");
    assert_sound(&stack, &alone, "sound");

    // A fork hears on, and up to its round it has heard what its parent did.
    let args = json!({"at_round": 5, "posts": [{"agent_id": 2, "content": "A ferry comes."}]});
    let forked = ask(&stack, &run, "fork", "ferry", &args);
    let child = forked["outcome"]["result"]["run_id"].as_str().unwrap().to_owned();
    assert_ne!(completed(&stack, &child).1, undisturbed);
    let (twitter, reddit) = (posts(&stack, &child, "twitter"), posts(&stack, &child, "reddit"));
    assert_heard(&twitter, &reddit, None);
    assert_sound(&stack, &child, "sound");
    let unchanged = ask(&stack, &run, "fork", "same", &json!({"at_round": 5}));
    let unchanged = unchanged["outcome"]["result"]["run_id"].as_str().unwrap().to_owned();
    assert_eq!(completed(&stack, &unchanged).1, undisturbed);
}

#[test]
fn a_run_hears_another_simulation_waits_for_it_and_does_without_it_once_it_is_gone() {
    let stack = Stack::start();
    let town = write_simulation(stack.dir(), "town", 5, ROUNDS);
    let bridge = write_simulation(stack.dir(), "bridge", 8, ROUNDS);
    let (town, bridge) = (town.to_str().unwrap(), bridge.to_str().unwrap());
    let (heard, _) = completed(&stack, &start(&stack, town, &[]));
    let source = format!("{heard}.twitter:reddit@7");
    let (run, undisturbed) = completed(&stack, &start(&stack, bridge, &["--source", &source]));
    let said = posts(&stack, &heard, "twitter");
    assert!(assert_heard(&said, &posts(&stack, &run, "reddit"), Some(7)) > 3, "{said:?}");

    // One that plays meanwhile: paused it is waited for, and so that everybody sees it.
    let slow = start(&stack, town, &["--pace", "8"]);
    stack.await_status(&slow, "begun", |status| ticks(status) >= 4);
    stack.shoal_json(&["pause", &slow]);
    let source = format!("{slow}.twitter:reddit@7");
    let waiting = start(&stack, bridge, &["--source", &source]);
    let waits = format!("of {slow}.twitter, which is paused");
    let status = stack.await_status(&waiting, "waiting", |status| {
        let waits_for = status["platforms"][1]["waits_for"].as_str();
        waits_for.is_some_and(|what| what.ends_with(&waits))
    });
    assert_eq!(status["status"], "running");
    let shown = stack.shoal(&["status", &waiting]);
    let shown = text(&shown.stdout);
    assert!(shown.contains("the reddit world waits for round "), "{shown}");
    assert!(shown.contains(&format!("{slow}.twitter (into reddit, posted by agent 7)")), "{shown}");
    // It is there all the same.
    stack.shoal_json(&["interview", &waiting, "--agent", "0", "Well?"]);
    stack.shoal_json(&["configure", &slow, "--pace", "0"]);
    stack.shoal_json(&["resume", &slow]);
    assert_eq!(completed(&stack, &waiting).1, undisturbed);

    // Deleted in the middle it brings nothing more; what it brought stays.
    let gone = start(&stack, town, &["--pace", "8"]);
    stack.await_status(&gone, "begun", |status| ticks(status) >= 4);
    stack.shoal_json(&["pause", &gone]);
    let source = format!("{gone}.twitter:reddit@7");
    let orphan = start(&stack, bridge, &["--source", &source]);
    stack
        .await_status(&orphan, "waiting", |status| status["platforms"][1]["waits_for"].is_string());
    stack.shoal_json(&["stop", &gone]);
    stack.await_status(&orphan, "waiting for one that may go on", |status| {
        let waits_for = status["platforms"][1]["waits_for"].as_str();
        waits_for.is_some_and(|what| what.ends_with("which is stopped"))
    });
    let output = stack.shoal(&["rm", &gone, "--force", "--yes"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let (_, without) = completed(&stack, &orphan);
    assert_eq!(without.0, undisturbed.0, "the world that listens to nobody");
    assert_ne!(without.1, undisturbed.1);
    for (id, name) in [("first", &heard), ("second", &slow)] {
        let output = stack.shoal(&["rm", name, "--force", "--yes"]);
        assert!(output.status.success(), "{id}: {}", text(&output.stderr));
    }
    for name in [&run, &waiting, &orphan] {
        assert_sound(&stack, name, "alone");
    }
}

#[test]
fn what_cannot_be_listened_to_is_refused_at_the_start() {
    let stack = Stack::start();
    let town = write_simulation(stack.dir(), "town", 5, 2);
    let bridge = write_simulation(stack.dir(), "bridge", 8, 2);
    let (town, bridge) = (town.to_str().unwrap(), bridge.to_str().unwrap());
    let heard = start(&stack, town, &["--platform", "twitter"]);
    let refused = |sources: &[&str], words: &[&str]| {
        let flags = sources.iter().flat_map(|source| ["--source", source]);
        let arguments: Vec<&str> = ["start", bridge].into_iter().chain(flags).collect();
        let output = stack.shoal(&arguments);
        let said = text(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(!output.status.success(), "{sources:?}: {said}");
        for words in words {
            assert!(said.contains(words), "{sources:?}: {words} is not in {said}");
        }
    };
    refused(&["twitter:twitter"], &["cannot listen to itself"]);
    refused(
        &["town-9.twitter@1", &format!("{heard}.reddit@1"), &format!("{heard}.twitter@8")],
        &[
            "town-9, which is not there",
            "reddit, which town-1 does not play",
            "found 8, expected an agent of this simulation, 0 to 7",
        ],
    );
    refused(&[&format!("{heard}.twitter")], &["the agent that posts what is heard, 0 to 7"]);
    refused(&["twitter", "twitter:reddit"], &["twitter into reddit once more"]);
    assert_eq!(stack.shoal_json(&["ls"]).as_array().map(Vec::len), Some(1), "none was made");
}
