//! The whole of Shoal under the rights of `shoal keys`: each service a user of its own, who may do
//! no more than it does.

use serde_json::{Value, json};
use system_tests::stack::{SERVICES, Stack, write_simulation};

use crate::memory::await_memories;

/// The server has refused nothing, and no service has missed anything.
fn assert_nobody_was_refused(stack: &mut Stack) {
    let refused = stack.nats.log();
    let refused: Vec<&str> = refused.lines().filter(|line| line.contains("Violation")).collect();
    assert_eq!(refused, [""; 0]);
    for name in SERVICES {
        let log = stack.service(name).log();
        assert_eq!(log.lines().find(|line| line.contains("lacks a right")), None, "{name}");
    }
}

#[test]
fn all_that_an_operator_does_is_done_under_the_rights() {
    let mut stack = Stack::start_secured(&[]);
    let folder = write_simulation(stack.dir(), "bridge", 8, 6);
    let folder = folder.to_str().unwrap();
    stack.shoal_json(&["run", folder, "--memory", "local"]);
    let answer = stack.shoal_json(&["interview", "bridge-1", "--agent", "1", "Why?"]);
    assert!(answer.to_string().contains("answer"), "{answer}");

    // A run that is turned about while it goes on.
    stack.shoal_json(&["start", folder, "--new-run", "--pace", "2"]);
    let alive = |status: &Value| status["status"] == "running";
    stack.await_status("bridge-2", "running", alive);
    stack.shoal_json(&["pause", "bridge-2"]);
    stack.await_status("bridge-2", "paused", |status| status["status"] == "paused");
    stack.shoal_json(&["inject", "bridge-2", "--agent", "1", "--text", "News from the bridge."]);
    stack.shoal_json(&["resume", "bridge-2"]);
    stack.shoal_json(&["configure", "bridge-2", "--pace", "0"]);
    let over = |status: &Value| status["status"] == "completed";
    stack.await_status("bridge-2", "completed", over);

    // Its past.
    stack.shoal_json(&["verify", "bridge-1"]);
    stack.shoal_json(&["replay", "bridge-1"]);
    stack.shoal_json(&["repair", "bridge-1"]);
    stack.shoal_json(&["fork", "bridge-1", "--at-round", "2"]);
    stack.await_status("bridge-3", "completed", over);
    stack.shoal_json(&["diff", "bridge-1", "bridge-2"]);
    let out = stack.dir().join("out");
    stack.shoal_json(&["export", "bridge-1", out.to_str().unwrap()]);

    // Its memory.
    stack.shoal_json(&["memory", "attach", "bridge-2", "local"]);
    for run in ["bridge-1", "bridge-2", "bridge-3"] {
        await_memories(&stack, run, 2);
    }
    let found = stack.shoal_json(&["memory", "search", "bridge"]);
    assert_ne!(found["facts"], json!([]), "{found}");

    // Its end.
    stack.shoal_json(&["close", "bridge-1"]);
    stack.shoal_json(&["rm", "bridge-1", "--yes"]);
    stack.await_status("bridge-1", "deleted", |status| status["status"] == "deleted");
    let doctor = stack.shoal_json(&["doctor"]);
    assert_eq!(doctor["outcome"], "ok", "{doctor}");
    assert_nobody_was_refused(&mut stack);
}
