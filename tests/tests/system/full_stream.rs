//! A stream without room makes a run wait. It fails nothing, and it goes on by itself.

use nats_process::{NatsServer, Options};
use serde_json::json;
use system_tests::process::python;
use system_tests::stack::{Stack, text, write_simulation};

fn fill(stack: &Stack, wish: &[&str]) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/fill.py");
    let output = python().args([script, &stack.nats.url()]).args(wish).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn a_run_waits_for_room_and_goes_on() {
    let small = Some("max_file: 96MB".to_owned());
    let nats = NatsServer::start(Options { jetstream: small, ..Options::default() });
    let url = nats.url();
    // A worker that were taken for hung while it waits would be killed after two seconds.
    let stack = Stack::on(nats, &url, &[("SHOAL_HUNG_SECONDS", "2")]);
    let folder = write_simulation(stack.dir(), "bridge", 8, 6);
    fill(&stack, &["fill"]);
    stack.shoal_json(&["run", folder.to_str().unwrap(), "--detach"]);
    fill(&stack, &["await", "bridge-1", "the stream is full", "7"]);
    let waiting = stack.shoal_json(&["status", "bridge-1"]);
    assert!(waiting["status"] == "starting" || waiting["status"] == "running", "{waiting}");
    fill(&stack, &["empty"]);
    let status =
        stack.await_status("bridge-1", "completed", |status| status["status"] == "completed");
    assert_eq!((&status["epoch"], &status["reason"]), (&json!(1), &json!(null)));
}
