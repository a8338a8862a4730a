//! What becomes of commands that no worker answers.

use serde_json::json;
use system_tests::stack::{SIMULATOR, Stack, write_simulation};

use crate::any_client::{ask, failure};

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
        let claimed = stack.service(SIMULATOR).log().matches("claimed the run").count();
        assert_eq!(claimed, claims, "{id}");
    }
    stack.start_node(SIMULATOR, &[]);
    let reply = ask(&stack, &run, "interview", "q3", &question("q3"));
    assert_eq!(reply["outcome"]["status"], "completed", "{reply}");
}
