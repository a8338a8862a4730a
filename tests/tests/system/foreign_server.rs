//! A nats-server that somebody else runs: streams are there, the right to make them is not.

use nats_process::{NatsServer, Options};
use serde_json::json;
use system_tests::process::{program, run};
use system_tests::stack::{Stack, text, write_simulation};

/// Two users: one may make streams, the other may only use them.
const USERS: &str = r#"
authorization {
  users: [
    { user: provisioner, password: makes-streams }
    { user: shoal, password: uses-streams, permissions: { publish: { deny: [
        "$JS.API.STREAM.CREATE.>", "$JS.API.STREAM.UPDATE.>",
        "$JS.API.STREAM.DELETE.>", "$JS.API.STREAM.PURGE.>" ] } } }
  ]
}
"#;

fn server() -> NatsServer {
    NatsServer::start(Options { config_extra: USERS.to_owned(), ..Options::default() })
}

#[test]
fn a_run_works_on_provisioned_streams_without_the_right_to_make_any() {
    let server = server();
    let provisioner = server.url_as("provisioner", "makes-streams");
    let environment = [("NATS_URL".to_owned(), provisioner)].into();
    let provisioned = run(&program("shoal"), &["provision"], &environment);
    assert!(provisioned.status.success(), "{}", text(&provisioned.stderr));

    let user = server.url_as("shoal", "uses-streams");
    let stack = Stack::on(server, &user, &[]);
    let folder = write_simulation(stack.dir(), "bridge", 8, 6);
    let summary = stack.shoal_json(&["run", folder.to_str().unwrap()]);
    assert_eq!(summary["status"], "completed");
    let reply = stack.shoal_json(&["interview", "bridge-1", "--agent", "0", "Well?"]);
    assert_eq!(reply["outcome"]["result"]["twitter"]["as_of"], json!({"tick": 6, "round": 6}));
}

#[test]
fn without_streams_and_without_the_right_it_says_what_is_missing() {
    let server = server();
    let user = server.url_as("shoal", "uses-streams");
    let environment = [("NATS_URL".to_owned(), user)].into();
    let refused = run(&program("shoal-simulator"), &[], &environment);
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused.stderr);
    for stream in ["SIM_COMMANDS", "SIM_INPUTS", "SIM_ACTIONS", "SIM_ENV_STATUS", "KV_SIM_LEASES"] {
        assert!(said.contains(stream), "{stream} is not named:\n{said}");
    }
    assert!(said.contains("shoal provision"), "what to do is not said:\n{said}");
    assert!(!said.contains("uses-streams"), "the password is shown:\n{said}");
}
