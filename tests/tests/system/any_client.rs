//! Commands from a client that is not ours: whatever it sends gets exactly one reply.

use serde_json::{Value, json};
use system_tests::process::python;
use system_tests::stack::{Stack, text, write_simulation};

/// The reply to a command or question of a client that is not ours.
pub(crate) fn ask(stack: &Stack, run: &str, verb: &str, id: &str, body: &str) -> Value {
    ask_as(stack, "py", run, verb, id, body)
}

fn ask_as(stack: &Stack, client: &str, run: &str, verb: &str, id: &str, body: &str) -> Value {
    ask_at(&stack.nats.url(), client, run, verb, id, body)
}

/// The same, on a bus.
pub(crate) fn ask_at(
    url: &str,
    client: &str,
    run: &str,
    verb: &str,
    id: &str,
    body: &str,
) -> Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/ask.py");
    let output = python().args([script, url, client, run, verb, id, body]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The code and the words of a refusal.
pub(crate) fn failure(reply: &Value) -> (&str, &str) {
    let error = &reply["outcome"]["error"];
    (error["code"].as_str().unwrap(), error["message"].as_str().unwrap())
}

#[test]
fn whatever_is_sent_gets_one_reply() {
    let stack = Stack::start();
    let folder = write_simulation(stack.dir(), "bridge", 8, 6);
    stack.shoal_json(&["run", folder.to_str().unwrap()]);
    let at = "2026-03-01T10:00:00.000Z";
    let question = |id: &str, expires: Value| {
        json!({"v": 1, "command_id": id, "verb": "interview", "issued_at": at,
            "expires_at": expires, "args": {"agent_id": 2, "prompt": "Well?"}})
        .to_string()
    };

    let reply = ask(&stack, "bridge-1", "interview", "q1", &question("q1", Value::Null));
    assert_eq!(reply["outcome"]["status"], "completed", "{reply}");
    assert_eq!(reply["outcome"]["result"]["agent_name"], "Agent 2");

    let reply =
        ask_as(&stack, "third", "bridge-1", "interview", "q1", &question("q1", Value::Null));
    assert_eq!(reply["outcome"]["status"], "completed", "ids are each client's own: {reply}");

    let start = json!({"v": 1, "command_id": "s1", "verb": "start", "issued_at": at, "args": {}});
    let reply = ask(&stack, "bridge-1", "start", "s1", &start.to_string());
    assert_eq!(failure(&reply), ("wrong_state", "the run has ended (completed): start a new one"));

    let reply = ask(&stack, "bridge-1", "interview", "q2", &question("q2", json!(at)));
    assert_eq!(failure(&reply).0, "expired");

    let reply = ask(&stack, "bridge-1", "interview", "q3", &question("other", Value::Null));
    let (code, message) = failure(&reply);
    assert_eq!(
        (code, message),
        ("malformed", "/command_id: found \"other\", expected \"q3\", as in the subject")
    );

    let reply = ask(&stack, "bridge-1", "stop", "q4", "not JSON");
    assert_eq!(failure(&reply).0, "malformed");

    let reply = ask(&stack, "bridge-9", "interview", "q5", &question("q5", Value::Null));
    assert_eq!(failure(&reply), ("unknown_run", "there is no run bridge-9"));
}
