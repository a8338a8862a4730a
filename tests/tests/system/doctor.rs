//! `shoal doctor`: each thing that can be wrong with a bus is named, by real servers of which
//! it is true.

use std::collections::BTreeMap;
use std::process::Output;

use nats_process::{NatsServer, Options, too_old};
use serde_json::Value;
use system_tests::process::{program, python, run};
use system_tests::proxy::Proxy;
use system_tests::stack::{Stack, text, write_simulation};

/// What `shoal doctor` says, as JSON, with its exit code.
fn doctor(url: &str, arguments: &[&str]) -> (Value, Option<i32>) {
    let environment = [("NATS_URL".to_owned(), url.to_owned())].into();
    let arguments = [&["doctor", "--json"], arguments].concat();
    read(&run(&program("shoal"), &arguments, &environment))
}

fn read(output: &Output) -> (Value, Option<i32>) {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    let report = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}"));
    let code = output.status.code();
    // Of a connection that fails the client library logs why.
    assert!(code == Some(3) || err.is_empty(), "a report is all that is said: {err}");
    (report, code)
}

/// The outcome of each check.
fn outcomes(report: &Value) -> BTreeMap<&str, &str> {
    let checks = report["checks"].as_array().unwrap().iter();
    checks.map(|check| (text_of(&check["id"]), text_of(&check["outcome"]))).collect()
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// What a check found, each with what to do.
fn findings<'a>(report: &'a Value, id: &str) -> Vec<(&'a str, &'a str)> {
    let mut checks = report["checks"].as_array().unwrap().iter();
    let check = checks.find(|check| check["id"] == id).unwrap();
    let findings = check["findings"].as_array().unwrap().iter();
    findings.map(|one| (text_of(&one["found"]), text_of(&one["advice"]))).collect()
}

fn provision(url: &str) {
    let environment = [("NATS_URL".to_owned(), url.to_owned())].into();
    let made = run(&program("shoal"), &["provision"], &environment);
    assert!(made.status.success(), "{}", text(&made.stderr));
}

#[test]
fn nothing_is_wrong_with_a_whole_shoal() {
    let stack = Stack::start();
    let folder = write_simulation(stack.dir(), "bridge", 4, 3);
    stack.shoal_json(&["run", folder.to_str().unwrap()]);
    stack.await_status("bridge-1", "completed", |status| status["status"] == "completed");
    for role in ["observer", "cli", "launcher", "simulator", "memory-sink"] {
        let (report, code) = read(&stack.shoal(&["doctor", "--json", "--as", role]));
        assert_eq!(code, Some(0), "{report:#}");
        let all = outcomes(&report);
        assert_eq!(all.len(), 14, "{all:?}");
        assert!(all.values().all(|outcome| *outcome == "ok"), "as {role}: {report:#}");
    }
    // It has stored and taken nothing.
    assert!(stack.shoal(&["doctor"]).status.success());
    let runs = stack.shoal_json(&["ls"]);
    assert_eq!(runs.as_array().unwrap().len(), 1, "{runs}");
}

#[test]
fn no_server_is_named() {
    let (report, code) = doctor("nats://127.0.0.1:9", &["--timeout", "1"]);
    assert_eq!(code, Some(3));
    let (found, advice) = findings(&report, "connection")[0];
    assert!(found.starts_with("no nats-server answers at nats://127.0.0.1:9"), "{found}");
    assert!(advice.contains("nats-server --jetstream"), "{advice}");
    let mut all = outcomes(&report);
    for id in ["connection", "disk", "configuration"] {
        assert_ne!(all.remove(id), Some("skipped"), "{id}");
    }
    assert!(all.values().all(|outcome| *outcome == "skipped"), "{all:?}");
}

const USERS: &str = r#"
authorization {
  users: [
    { user: provisioner, password: makes-streams }
    { user: narrow, password: s3cret, permissions: {
        publish: { deny: ["sim.commands.>", "$JS.API.STREAM.MSG.GET.SIM_REPLIES"] }
        subscribe: { deny: ["sim.replies.>"] } } }
    { user: deaf, password: s3cret, permissions: { subscribe: { deny: ["_INBOX.>"] } } }
  ]
}
"#;

fn server_with_users() -> NatsServer {
    NatsServer::start(Options { config_extra: USERS.to_owned(), ..Options::default() })
}

#[test]
fn a_user_whom_the_server_refuses_is_named() {
    let server = server_with_users();
    let (report, code) = doctor(&server.url_as("provisioner", "gu3ssed"), &[]);
    assert_eq!(code, Some(3));
    let (found, advice) = findings(&report, "connection")[0];
    assert!(found.contains("refuses this user: authorization violation"), "{found}");
    assert!(advice.contains("NATS_CREDS"), "{advice}");
    assert!(!report.to_string().contains("gu3ssed"), "the password is shown");
}

#[test]
fn each_missing_permission_is_named() {
    let server = server_with_users();
    provision(&server.url_as("provisioner", "makes-streams"));
    let (report, code) = doctor(&server.url_as("narrow", "s3cret"), &[]);
    assert_eq!(code, Some(1));
    let denied = findings(&report, "permissions");
    let advice: Vec<&str> = denied.iter().map(|(_, advice)| *advice).collect();
    let rest = "for this user, and no `deny` that has it";
    assert_eq!(
        advice,
        [
            format!("publish: {{ allow: [\"$JS.API.STREAM.MSG.GET.SIM_REPLIES\"] }} {rest}"),
            format!("publish: {{ allow: [\"sim.commands.*.*.cli.*\"] }} {rest}"),
            format!("subscribe: {{ allow: [\"sim.replies.cli.>\"] }} {rest}"),
        ]
    );
    let all = outcomes(&report);
    assert_eq!((all["permissions"], all["streams"], all["clock"]), ("problem", "ok", "ok"));
    assert!(!report.to_string().contains("s3cret"), "the password is shown");
    // Another role does not need them.
    let (report, code) = doctor(&server.url_as("narrow", "s3cret"), &["--as", "observer"]);
    assert_eq!((outcomes(&report)["permissions"], code), ("ok", Some(0)), "{report:#}");
}

#[test]
fn a_user_who_may_not_hear_answers_is_named_at_once() {
    let server = server_with_users();
    let (report, code) = doctor(&server.url_as("deaf", "s3cret"), &["--timeout", "60"]);
    assert_eq!(code, Some(1));
    let (found, advice) = findings(&report, "permissions")[0];
    assert!(found.starts_with("may not subscribe to _INBOX.>"), "{found}");
    assert!(advice.contains("subscribe: { allow: [\"_INBOX.>\"] }"), "{advice}");
    assert_eq!(outcomes(&report)["streams"], "skipped");
}

#[test]
fn a_server_that_is_too_old_is_named() {
    let binary = Some(too_old().to_owned());
    let server = NatsServer::start(Options { binary, ..Options::default() });
    let (report, code) = doctor(&server.url(), &[]);
    assert_eq!(code, Some(1));
    let (found, advice) = findings(&report, "server_version")[0];
    assert!(found.starts_with("version 2.10."), "{found}");
    assert!(advice.contains("upgrade the server"), "{advice}");
    let lacking = findings(&report, "features");
    assert!(lacking.iter().any(|(found, _)| found.contains("no atomic batch publish")));
    let all = outcomes(&report);
    assert_eq!((all["streams"], all["storage"]), ("skipped", "skipped"));
    // What can be said is said.
    assert_eq!((all["connection"], all["clock"], all["permissions"]), ("ok", "ok", "ok"));
}

#[test]
fn a_server_without_jetstream_is_named() {
    let server = NatsServer::start(Options { jetstream: None, ..Options::default() });
    let (report, code) = doctor(&server.url(), &[]);
    assert_eq!(code, Some(1));
    let (found, advice) = findings(&report, "jetstream")[0];
    assert_eq!(found, "the server has no JetStream");
    assert!(advice.contains("nats-server --jetstream"), "{advice}");
    let all = outcomes(&report);
    assert_eq!((all["streams"], all["runs"]), ("skipped", "skipped"));
    assert_eq!((all["connection"], all["server_version"], all["clock"]), ("ok", "ok", "ok"));
}

#[test]
fn streams_that_are_missing_or_differ_are_named() {
    let server = NatsServer::start(Options::default());
    let (report, code) = doctor(&server.url(), &[]);
    assert_eq!((outcomes(&report)["streams"], code), ("problem", Some(1)));
    provision(&server.url());
    let script = "import asyncio, nats, sys\n\
                  async def main():\n    \
                      bus = await nats.connect(sys.argv[1])\n    \
                      streams = bus.jetstream()\n    \
                      info = await streams.stream_info('SIM_INPUTS')\n    \
                      info.config.allow_direct = False\n    \
                      await streams.update_stream(info.config)\n    \
                      await bus.close()\n\
                  asyncio.run(main())\n";
    let changed = python().args(["-c", script, &server.url()]).output().unwrap();
    assert!(changed.status.success(), "{}", text(&changed.stderr));
    let (report, code) = doctor(&server.url(), &[]);
    assert_eq!(code, Some(1));
    let differing = findings(&report, "streams");
    assert_eq!(differing, [("SIM_INPUTS: allow_direct is false", "shoal provision")]);
    provision(&server.url());
    assert_eq!(outcomes(&doctor(&server.url(), &[]).0)["streams"], "ok");
}

#[test]
fn a_full_store_is_named_with_the_runs_that_fill_it() {
    let small = Some("max_file: 96MB".to_owned());
    let server = NatsServer::start(Options { jetstream: small, ..Options::default() });
    provision(&server.url());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/fill.py");
    let filled = python().args([script, &server.url(), "fill"]).output().unwrap();
    assert!(filled.status.success(), "{}", text(&filled.stderr));
    let (report, code) = doctor(&server.url(), &[]);
    assert_eq!(code, Some(1));
    let (found, advice) = findings(&report, "storage")[0];
    assert!(found.starts_with("SIM_ACTIONS is "), "{found}");
    assert!(advice.starts_with("free room with `shoal rm filler-1`"), "{advice}");
}

#[test]
fn a_clock_that_is_off_is_named() {
    let server = NatsServer::start(Options::default());
    provision(&server.url());
    let late = Proxy::rewriting(server.client_port, "\"time\":\"20", "\"time\":\"19");
    let (report, code) = doctor(&late.url(), &[]);
    assert_eq!(code, Some(1));
    let (found, advice) = findings(&report, "clock")[0];
    // A century of 36,525 days, less perhaps a millisecond.
    assert!(found.starts_with("this machine's clock is 3652"), "{found}");
    assert!(found.contains("ahead of the server's"), "{found}");
    assert!(advice.contains("timedatectl"), "{advice}");
}
