//! Asking and stopping, while rounds are played and after.

use serde_json::{Value, json};
use system_tests::stack::{Stack, text, write_simulation};

fn start(stack: &Stack, pace: &str) -> String {
    let folder = write_simulation(stack.dir(), "bridge", 12, 48);
    let detached = stack.shoal_json(&["run", folder.to_str().unwrap(), "--detach", "--pace", pace]);
    detached["run_id"].as_str().unwrap().to_owned()
}

/// What a command that is asked with `shoal` gives.
fn reply(stack: &Stack, arguments: &[&str]) -> Value {
    stack.shoal_json(arguments)["outcome"]["result"].clone()
}

fn round(status: &Value) -> u64 {
    status["platforms"][0]["round"].as_u64().unwrap_or(0)
}

#[test]
fn an_agent_is_asked_in_the_middle_and_after_the_end_and_changes_nothing() {
    let stack = Stack::start();
    let folder = write_simulation(stack.dir(), "bridge", 12, 40);
    let folder = folder.to_str().unwrap();
    let undisturbed = stack.shoal_json(&["run", folder]);
    let detached = stack.shoal_json(&["run", folder, "--new-run", "--detach", "--pace", "4"]);
    let run = detached["run_id"].as_str().unwrap();
    stack.await_status(run, "in the middle", |status| round(status) >= 6);
    let question = "What do you make of the bridge?";
    let answer = reply(&stack, &["interview", run, "--agent", "3", question]);
    assert_eq!(answer["agent_id"], 3);
    assert_eq!(answer["agent_name"], "Agent 3");
    for platform in ["twitter", "reddit"] {
        let said = &answer[platform];
        assert!(said["response"].as_str().is_some_and(|text| text.len() > 10), "{answer}");
        assert!((6..40).contains(&said["as_of"]["round"].as_u64().unwrap()), "{answer}");
    }
    stack.await_status(run, "completed", |status| status["status"] == "completed");
    let later =
        reply(&stack, &["interview", run, "--agent", "3", question, "--platform", "reddit"]);
    assert_eq!(later["reddit"]["as_of"], json!({"tick": 40, "round": 40}));
    assert_eq!(later.get("twitter"), None);
    let asked = stack.shoal_json(&["summary", run]);
    assert_eq!(crate::whole_run::digests(&undisturbed), crate::whole_run::digests(&asked));
}

#[test]
fn a_stopped_run_is_stopped_and_can_still_be_asked() {
    let stack = Stack::start();
    let run = start(&stack, "3");
    stack.await_status(&run, "in the middle", |status| round(status) >= 3);
    let stopped = reply(&stack, &["stop", &run, "--reason", "enough"]);
    assert_eq!(stopped["status"], "stopped");
    let status = stack.shoal_json(&["status", &run]);
    assert_eq!((&status["status"], &status["alive"]), (&json!("stopped"), &json!(false)));
    assert_eq!(status["reason"], "enough");
    assert!(round(&status) < 48);
    let again = reply(&stack, &["stop", &run]);
    assert_eq!(again["status"], "stopped");
    let answer = reply(&stack, &["interview", &run, "--agent", "1", "Still there?"]);
    assert_eq!(answer["twitter"]["as_of"]["round"], status["platforms"][0]["round"]);
}

#[test]
fn what_cannot_be_asked_is_refused_with_the_reason() {
    let stack = Stack::start();
    let run = start(&stack, "20");
    stack.await_status(&run, "in the middle", |status| round(status) >= 1);
    let refused = |code: i32, arguments: &[&str], expected: &str| {
        let output = stack.shoal(arguments);
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
        let said = text(&output.stderr);
        assert!(said.contains(expected), "{said}");
    };
    refused(
        2,
        &["interview", &run, "--agent", "99", "Who are you?"],
        "agent 99 is unknown: there are 0 to 11",
    );
    refused(2, &["stop", "bridge-7"], "bridge-7");
}

#[test]
fn an_ended_run_makes_room_for_one_that_waits() {
    let stack = Stack::start_with(&[("SHOAL_SLOTS", "1")]);
    let folder = write_simulation(stack.dir(), "bridge", 8, 4);
    let folder = folder.to_str().unwrap();
    for run in ["bridge-1", "bridge-2", "bridge-3"] {
        let summary = stack.shoal_json(&["run", folder, "--new-run"]);
        assert_eq!((&summary["run_id"], &summary["status"]), (&json!(run), &json!("completed")));
    }
    // The first one was let go; who asks has it opened again.
    let answer = reply(&stack, &["interview", "bridge-1", "--agent", "2", "Still there?"]);
    assert_eq!(answer["reddit"]["as_of"]["round"], 4);
}
