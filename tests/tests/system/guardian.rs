//! What becomes of commands that no worker answers.

use std::thread;

use nats_process::{NatsServer, Options};
use serde_json::{Value, json};
use system_tests::process::{children, python};
use system_tests::stack::{SIMULATOR, Stack, text, write_simulation};
use system_tests::wait_for;

use crate::any_client::{ask, ask_at, failure};
use crate::faulty::overwrite_status;
use crate::full::{fill, small_streams};

/// What a node says whose word the bus did not take.
const NOT_STORED: &str = "failed to store what comes of";

/// A run that is completed; its id.
fn completed(stack: &Stack) -> String {
    let folder = write_simulation(stack.dir(), "bridge", 8, 4);
    stack.shoal_json(&["run", folder.to_str().unwrap()])["run_id"].as_str().unwrap().to_owned()
}

fn question(id: &str) -> String {
    let at = "2026-03-01T10:00:00.000Z";
    json!({"v": 1, "command_id": id, "verb": "interview", "issued_at": at, "expires_at": null,
        "args": {"agent_id": 2, "prompt": "Well?"}})
    .to_string()
}

#[test]
fn a_question_that_worker_after_worker_dies_of_is_refused_and_the_next_is_tried_anew() {
    let mut stack = Stack::start();
    let run = completed(&stack);
    stack.start_node(SIMULATOR, &[("SHOAL_FAULTS", "run.claimed:kill")]);
    for (id, claims) in [("q1", 5), ("q2", 10)] {
        let reply = ask(&stack, &run, "interview", id, &question(id));
        let (code, message) = failure(&reply);
        assert_eq!(code, "internal", "{reply}");
        let expected = "run bridge-1 cannot be opened, its workers die before they answer (last";
        assert!(message.starts_with(expected), "{reply}");
        let claimed = stack.service(SIMULATOR).log().matches("why=\"interview\"").count();
        assert_eq!(claimed, claims, "{id}");
    }
    stack.start_node(SIMULATOR, &[]);
    let reply = ask(&stack, &run, "interview", "q3", &question("q3"));
    assert_eq!(reply["outcome"]["status"], "completed", "{reply}");
}

fn poison(stack: &Stack, wish: &str) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/poison.py");
    let output = python().args([script, &stack.nats.url(), wish]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn await_word(stack: &mut Stack, node: &str, word: &str) {
    let node = stack.service(node);
    wait_for(&format!("{word:?}"), || node.log().contains(word).then_some(()));
}

#[test]
fn a_dead_letter_waits_for_room() {
    let nats = NatsServer::start(small_streams());
    let url = nats.url();
    let mut stack = Stack::on(nats, &url, &[]);
    fill(&stack, &["fill", "dead-letters"]);
    poison(&stack, "command");
    await_word(&mut stack, SIMULATOR, NOT_STORED);
    fill(&stack, &["empty", "dead-letters"]);
    let letter: Value = serde_json::from_str(&poison(&stack, "letter")).unwrap();
    assert_eq!(letter["subject"], "sim.commands.nonsense", "{letter}");
}

/// Whoever names no user may do all, one user may not answer.
const USERS: &str = r#"
no_auth_user: shoal
authorization {
  users: [
    { user: shoal, password: all }
    { user: mute, password: some, permissions: { publish: { deny: ["sim.replies.>"] } } }
  ]
}
"#;

#[test]
fn a_refusal_that_a_node_may_not_store_is_left_to_another() {
    let nats = NatsServer::start(Options { config_extra: USERS.to_owned(), ..Options::default() });
    let (url, mute) = (nats.url(), nats.url_as("mute", "some"));
    let mut stack = Stack::on(nats, &url, &[]);
    stack.start_node(SIMULATOR, &[("NATS_URL", &mute)]);
    stack.await_ready();
    let url = stack.nats.url();
    let asked =
        thread::spawn(move || ask_at(&url, "any", "bridge-9", "interview", "q1", &question("q1")));
    await_word(&mut stack, SIMULATOR, NOT_STORED);
    stack.start_node("second", &[]);
    let reply = asked.join().unwrap();
    assert_eq!(failure(&reply).0, "unknown_run", "{reply}");
}

#[test]
fn a_state_that_a_build_cannot_read_is_not_its_own() {
    let mut stack = Stack::start();
    let folder = write_simulation(stack.dir(), "bridge", 8, 60);
    stack.shoal_json(&["run", folder.to_str().unwrap(), "--detach", "--pace", "2"]);
    stack.await_status("bridge-1", "running", |status| status["status"] == "running");
    overwrite_status(&stack, "bridge-1", &["dreaming"]);
    await_word(&mut stack, SIMULATOR, "the worker has ended");
    let reply = ask(&stack, "bridge-1", "interview", "q1", &question("q1"));
    let (code, message) = failure(&reply);
    assert_eq!(code, "no_capacity", "{reply}");
    assert!(message.contains("its env-status cannot be read by this build"), "{reply}");
    assert!(message.contains("unknown variant `dreaming`"), "{reply}");
    let node = stack.service(SIMULATOR);
    assert!(children(node.id()).is_empty(), "{}", node.log());
    let said = text(&stack.shoal(&["status", "bridge-1"]).stderr);
    assert!(said.contains("dreaming"), "it was written over: {said}");
}
