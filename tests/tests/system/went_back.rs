//! A server whose stream of commands was put back to an earlier state gives sequences anew: what is
//! asked then is refused and named, and nothing is taken for what it is not.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use system_tests::process::python;
use system_tests::stack::{SIMULATOR, Stack, text, write_simulation};
use system_tests::wait_for;
use tempfile::TempDir;

use crate::any_client::failure;
use crate::control::{actions, appearances};
use crate::past::ask;
use crate::recovery::ticks;
use crate::store::{findings, folder_of, stack_and_store, while_down};

/// How soon a command is answered on such a server.
const SOON: Duration = Duration::from_secs(20);

/// A run that was paused, and the stream of commands as it was before that.
struct Stage {
    // First, so that it ends before its store does.
    stack: Stack,
    store: TempDir,
    run: String,
    /// The run's state.
    paused: Value,
}

/// What a client may want of a paused run. In their order they get the sequences 2 to 5.
fn wants() -> [(&'static str, Value); 4] {
    let post = json!({"agent_id": 0, "content": "Boats at ten."});
    [
        ("resume", json!({})),
        ("inject", json!({"posts": [post]})),
        ("pause", json!({"reason": "lunch"})),
        ("stop", json!({})),
    ]
}

impl Stage {
    fn new() -> Stage {
        let (mut stack, store, run) = in_the_middle();
        back_up(&mut stack, store.path());
        // Of sequences 2 to 6 the world takes the even ones.
        let post = json!({"agent_id": 0, "content": "Boats at nine."});
        let asked = [
            ("inject", json!({"posts": [post]})),
            ("replay", json!({})),
            ("configure", json!({"pace_milli": 5000})),
            ("replay", json!({})),
            ("pause", json!({"reason": "dinner"})),
        ];
        for (number, (verb, args)) in (2..).zip(asked) {
            is_completed(&ask(&stack, &run, verb, &format!("before-{number}"), &args));
        }
        let paused = stack.shoal_json(&["status", &run]);
        Stage { stack, store, run, paused }
    }

    /// Whatever is asked is refused, and the run is as it was.
    fn refuses_all(&self) {
        for (verb, args) in wants() {
            let asked = Instant::now();
            let reply = ask(&self.stack, &self.run, verb, &format!("refused-{verb}"), &args);
            assert!(asked.elapsed() < SOON, "{verb} took {:?}: {reply}", asked.elapsed());
            assert_eq!(reply["outcome"]["status"], "failed", "{verb}: {reply}");
            let (code, message) = failure(&reply);
            assert_eq!(code, "internal", "{verb}: {message}");
            assert!(message.starts_with("stream SIM_COMMANDS went backwards"), "{verb}: {message}");
            let shown = match verb {
                "resume" => "knows its message 2 as command before-2;",
                "inject" => "before-6, which the twitter world knows as its message 6, is there",
                "pause" => "knows its message 4 as command before-4;",
                _ => "is there no more, and this one is message 5;",
            };
            assert!(message.contains(shown), "{verb}: {message}");
        }
        self.is_as_it_was();
    }

    fn is_as_it_was(&self) {
        let status = self.stack.shoal_json(&["status", &self.run]);
        for field in ["status", "reason", "platforms"] {
            assert_eq!(status[field], self.paused[field], "{status}");
        }
    }

    /// Brings the numbers of the stream beyond all that it had: then all goes on.
    fn goes_on(&self) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/beyond.py");
        let output = python().args([script, &self.stack.nats.url(), "1000"]).output().unwrap();
        assert_eq!(text(&output.stdout).trim(), "1000 0", "{}", text(&output.stderr));
        for (verb, args) in wants() {
            let reply = ask(&self.stack, &self.run, verb, &format!("again-{verb}"), &args);
            is_completed(&reply);
        }
        let status = self.stack.shoal_json(&["status", &self.run]);
        assert_eq!(status["status"], "stopped", "{status}");
        assert!(ticks(&status) > ticks(&self.paused), "{status}");
        let check = ask(&self.stack, &self.run, "verify", "after", &json!({}));
        is_completed(&check);
        assert_eq!(findings(&check), Vec::<Value>::new());
    }
}

/// A run that plays slowly, on a server whose files are at hand. Its start has sequence 1.
fn in_the_middle() -> (Stack, TempDir, String) {
    let (stack, store) = stack_and_store();
    let folder = write_simulation(stack.dir(), "bridge", 8, 150);
    let arguments = ["run", folder.to_str().unwrap(), "--detach", "--pace", "4"];
    let run = stack.shoal_json(&arguments)["run_id"].as_str().unwrap().to_owned();
    stack.await_status(&run, "in the middle", |status| ticks(status) >= 2);
    (stack, store, run)
}

/// Copies the stream of commands, while the server is down.
fn back_up(stack: &mut Stack, store: &Path) {
    while_down(stack, || copy(&folder_of(store, "SIM_COMMANDS"), &store.join("backup")));
}

/// Puts the stream of commands back, while the server is down.
fn go_back(stack: &mut Stack, store: &Path) {
    let stream = folder_of(store, "SIM_COMMANDS");
    while_down(stack, || {
        fs::remove_dir_all(&stream).unwrap();
        copy(&store.join("backup"), &stream);
    });
}

fn is_completed(reply: &Value) {
    assert_eq!(reply["outcome"]["status"], "completed", "{reply}");
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

#[test]
fn a_worker_that_lives_through_it_refuses_what_is_asked_until_the_numbers_are_new() {
    let mut stage = Stage::new();
    go_back(&mut stage.stack, stage.store.path());
    stage.refuses_all();
    stage.goes_on();
}

#[test]
fn a_worker_that_comes_after_it_refuses_what_is_asked_until_the_numbers_are_new() {
    let mut stage = Stage::new();
    stage.stack.services.remove(SIMULATOR);
    go_back(&mut stage.stack, stage.store.path());
    stage.stack.start_service(SIMULATOR);
    stage.stack.await_ready();
    stage.refuses_all();
    stage.goes_on();
}

#[test]
fn what_waits_while_its_stream_is_read_again_is_taken_once() {
    let (mut stack, store, run) = in_the_middle();
    stack.shoal_json(&["pause", &run]);
    let waits = stack.shoal_json(&["inject", &run, "--agent", "3", "--text", "Boats at ten."]);
    assert_eq!(waits["waits_for"], "resume", "{waits}");
    // Answered once the world has taken what came before it.
    stack.shoal_json(&["pause", &run]);
    back_up(&mut stack, store.path());
    is_completed(&ask(&stack, &run, "pause", "gone", &json!({})));
    go_back(&mut stack, store.path());
    wait_for("the worker to read all commands again", || {
        let log = text(&stack.shoal(&["logs", &run, "--tail", "1000"]).stdout);
        log.contains("SIM_COMMANDS went backwards: 5 was read, now it ends at 4").then_some(())
    });
    let refused = ask(&stack, &run, "stop", "refused", &json!({}));
    assert!(failure(&refused).1.contains("knows its message 5 as command gone;"), "{refused}");
    stack.shoal_json(&["resume", &run]);
    stack.shoal_json(&["configure", &run, "--pace", "0"]);
    stack.await_status(&run, "completed", |status| status["status"] == "completed");
    let mut worlds = appearances(&actions(&stack, &run), "Boats at ten.");
    worlds.sort();
    let worlds: Vec<&str> = worlds.iter().map(|(world, _)| world.as_str()).collect();
    assert_eq!(worlds, ["reddit", "twitter"]);
    let check = ask(&stack, &run, "verify", "after", &json!({}));
    is_completed(&check);
    assert_eq!(findings(&check), Vec::<Value>::new());
}
