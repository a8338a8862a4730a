//! Every finding, from facts in which one thing is wrong.

mod work;

use std::path::PathBuf;
use std::time::Duration;

use bus::{
    AccountFacts, Action, ClockReading, ConnectError, Denied, Difference, Discovered, NoAccount,
    QueueFacts, Role, ServerFacts, StreamFacts, StreamState, StreamUse,
};
use contract::notice::NodeInfo;
use contract::status::RunStatus;
use contract::subject::{Prefix, StreamName};
use contract::timestamp::Timestamp;
use contract::version::V1;

use super::diagnose;
use crate::doctor::facts::{
    Configuration, Connection, Disk, Facts, Holders, Queue, Runs, Services,
};
use crate::doctor::finding::{Check, CheckId, Outcome};
use crate::fixtures;

const MIB: u64 = 1 << 20;

/// A Shoal with which nothing is wrong.
fn healthy() -> Facts {
    let service = |name: &str| Discovered {
        name: name.to_owned(),
        id: "x1".to_owned(),
        version: kit::build::VERSION.to_owned(),
        metadata: kit::build::metadata(None),
        endpoints: vec![],
    };
    let stream = |stream| StreamFacts {
        stream,
        name: Prefix::default().stream(stream),
        state: StreamState::There { differences: vec![], used: used(10) },
    };
    let queue = QueueFacts { pending: 0, in_work: 2, waiting: 1 };
    Facts {
        url: "nats://host:1".to_owned(),
        prefix: Prefix::default(),
        role: Role::Cli,
        now: at(60_000),
        configuration: Configuration { set: vec!["NATS_URL".to_owned()], misspelt: vec![] },
        disk: Ok(Disk { folder: PathBuf::from("/data"), free: 4096 * MIB, size: 8192 * MIB }),
        connection: Connection::Made {
            server: server("2.15.1", (2, 15)),
            round_trip: Ok(Duration::from_micros(420)),
        },
        account: Some(Ok(AccountFacts {
            storage: 10 * MIB,
            storage_limit: Some(100 * MIB),
            streams: 12,
            streams_limit: None,
            consumers: 3,
            consumers_limit: None,
        })),
        clock: Some(Ok(ClockReading { before: at(0), server: at(5), after: at(10) })),
        streams: Some(StreamName::ALL.map(stream).into()),
        holders: Holders::default(),
        denied: Some((Ok(vec![]), 13)),
        services: Some(Ok(Services {
            found: ["shoal-launcher", "shoal-simulator", "shoal-memory"].map(service).into(),
            nodes: vec![node("node-a", 1)],
            memories: vec![],
            cursors: vec![],
        })),
        queues: Some(vec![Queue { stream: StreamName::Commands, state: Ok(Some(queue)) }]),
        runs: Some(Ok(Runs {
            readable: vec![fixtures::status("market-1", RunStatus::Completed)],
            unreadable: vec![],
        })),
        letters: Some(Ok(vec![])),
    }
}

fn at(milliseconds: i64) -> Timestamp {
    let start: Timestamp = "2026-03-01T10:00:00Z".parse().unwrap();
    Timestamp::from_milliseconds(start.milliseconds() + milliseconds)
}

fn server(version: &str, numbers: (u64, u64)) -> ServerFacts {
    ServerFacts {
        name: "nats-1".to_owned(),
        version: version.to_owned(),
        numbers: Some(numbers),
        jetstream: true,
        is_clustered: false,
        max_payload: 1 << 20,
    }
}

/// A stream that is so many percent full.
fn used(percent: u64) -> StreamUse {
    StreamUse {
        bytes: percent * MIB,
        max_bytes: Some(100 * MIB),
        replicas: 1,
        ..StreamUse::default()
    }
}

fn node(name: &str, rules: u32) -> NodeInfo {
    let (runs, endpoints) = (vec![], vec![]);
    NodeInfo { v: V1, node: name.to_owned(), slots: 2, runs, rules, endpoints }
}

fn connected(server: ServerFacts) -> Connection {
    Connection::Made { server, round_trip: Ok(Duration::from_millis(1)) }
}

fn set_state(facts: &mut Facts, stream: StreamName, state: &StreamState) {
    let streams = facts.streams.iter_mut().flatten();
    streams.filter(|one| one.stream == stream).for_each(|one| one.state = state.clone());
}

fn of(checks: Vec<Check>, id: CheckId) -> Check {
    checks.into_iter().find(|check| check.id == id).unwrap()
}

/// Spoils healthy facts, and compares what a check finds: outcome, what was found, and what is
/// to be done or the beginning of it.
fn check(id: CheckId, spoil: impl FnOnce(&mut Facts), expected: &[(Outcome, &str, &str)]) {
    let mut facts = healthy();
    spoil(&mut facts);
    let check = of(diagnose(&facts), id);
    let found: Vec<(Outcome, &str)> =
        check.findings.iter().map(|one| (one.outcome, one.found.as_str())).collect();
    let wanted: Vec<(Outcome, &str)> =
        expected.iter().map(|(how, what, _)| (*how, *what)).collect();
    assert_eq!(found, wanted, "{id:?}");
    assert_eq!(check.outcome, found.iter().map(|(how, _)| *how).max().unwrap_or(Outcome::Ok));
    for (finding, (_, _, advice)) in check.findings.iter().zip(expected) {
        assert!(finding.advice.starts_with(advice), "{}", finding.advice);
        assert!(!finding.expected.is_empty(), "{finding:?}");
    }
}

use Outcome::{Problem, Warning};

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    let checks = diagnose(&healthy());
    assert_eq!(checks.len(), 14);
    for check in checks {
        assert_eq!((check.outcome, &check.findings), (Outcome::Ok, &vec![]), "{check:?}");
    }
}

#[test]
fn a_connection_that_fails_says_why_and_hides_the_rest() {
    let url = || "nats://host:1".to_owned();
    let reason = || "because".to_owned();
    let refused = std::io::Error::from(std::io::ErrorKind::NotFound);
    let errors = [
        (ConnectError::Url(reason()), "NATS_URL is not valid: because", "export NATS_URL"),
        (
            ConnectError::File {
                what: "the credentials file",
                variable: "NATS_CREDS",
                path: PathBuf::from("/a.creds"),
                reason: refused.to_string(),
            },
            "the credentials file /a.creds (NATS_CREDS) cannot be used",
            "export NATS_CREDS",
        ),
        (
            ConnectError::NoServer { url: url(), patience_seconds: 5, last: reason() },
            "no nats-server answers at nats://host:1: because",
            "start one",
        ),
        (
            ConnectError::Unauthorized { url: url(), reason: reason() },
            "the nats-server at nats://host:1 refuses this user: because",
            "put user and password into NATS_URL",
        ),
        (
            ConnectError::Tls { url: url(), reason: reason() },
            "no TLS with the nats-server at nats://host:1: because",
            "for a certificate of your own",
        ),
    ];
    for (error, found, advice) in errors {
        let facts = Facts { connection: Connection::Failed(error), ..unasked() };
        let checks = diagnose(&facts);
        let hidden = checks.iter().filter(|check| check.outcome == Outcome::Skipped).count();
        assert_eq!(hidden, 11);
        let check = of(checks, CheckId::Connection);
        assert!(check.findings[0].found.starts_with(found), "{check:?}");
        assert!(check.findings[0].advice.starts_with(advice), "{check:?}");
    }
}

#[test]
fn a_server_that_takes_only_small_messages_is_found() {
    let of_size = |max_payload| ServerFacts { max_payload, ..server("2.15.1", (2, 15)) };
    let found = "the server takes messages of at most 16384 bytes";
    check(
        CheckId::Connection,
        |facts| facts.connection = connected(of_size(16 * 1024)),
        &[(Problem, found, "raise max_payload")],
    );
    check(CheckId::Connection, |facts| facts.connection = connected(of_size(64 * 1024)), &[]);
}

/// Facts of a server that was never asked.
fn unasked() -> Facts {
    Facts {
        account: None,
        clock: None,
        streams: None,
        denied: None,
        services: None,
        queues: None,
        runs: None,
        letters: None,
        ..healthy()
    }
}

#[test]
fn answers_that_do_not_come_are_told_from_those_that_may_not() {
    let mute = |reason: &str| Facts {
        connection: Connection::Made {
            server: server("2.15.1", (2, 15)),
            round_trip: Err(reason.to_owned()),
        },
        ..unasked()
    };
    let silent = diagnose(&mute("no answer within 5 s"));
    assert_eq!(of(silent.clone(), CheckId::Permissions).outcome, Outcome::Skipped);
    assert_eq!(of(silent, CheckId::Connection).outcome, Problem);
    let denied = "Permissions Violation for Subscription to \"_INBOX.a.*\"";
    let check = of(diagnose(&mute(denied)), CheckId::Permissions);
    assert!(
        check.findings[0].advice.starts_with("subscribe: { allow: [\"_INBOX.>\"] } for this user"),
        "{check:?}"
    );
}

#[test]
fn a_server_is_judged_by_its_version() {
    let version = |text: &'static str, numbers: Option<(u64, u64)>| {
        move |facts: &mut Facts| {
            facts.connection = connected(ServerFacts { numbers, ..server(text, (0, 0)) });
        }
    };
    let id = CheckId::ServerVersion;
    check(id, version("2.11.9", Some((2, 11))), &[(Problem, "version 2.11.9", "upgrade")]);
    check(id, version("2.12.0", Some((2, 12))), &[]);
    check(id, version("latest", None), &[(Warning, "version \"latest\"", "check that NATS_URL")]);
    let in_cluster = |facts: &mut Facts| {
        let is_clustered = true;
        facts.connection = connected(ServerFacts { is_clustered, ..server("2.14.6", (2, 14)) });
    };
    let found = "version 2.14.6 with streams in a cluster";
    check(id, in_cluster, &[(Warning, found, "upgrade the servers")]);
    check(
        CheckId::Features,
        version("2.10.26", Some((2, 10))),
        &[
            (Problem, "no atomic batch publish: the server is version 2.10.26", "upgrade"),
            (Problem, "no per-message TTL: the server is version 2.10.26", "upgrade"),
        ],
    );
}

#[test]
fn jetstream_is_there_and_has_room_for_streams() {
    let id = CheckId::Jetstream;
    let without = |facts: &mut Facts| {
        let jetstream = false;
        facts.connection = connected(ServerFacts { jetstream, ..server("2.15.1", (2, 15)) });
    };
    check(id, without, &[(Problem, "the server has no JetStream", "start it with")]);
    let answered = |answer: NoAccount| move |facts: &mut Facts| facts.account = Some(Err(answer));
    check(
        id,
        answered(NoAccount::NoJetStream("not enabled".to_owned())),
        &[(Problem, "this account has no JetStream: not enabled", "put `jetstream: enabled`")],
    );
    check(id, answered(NoAccount::Denied("no".to_owned())), &[]);
    let silent = NoAccount::Unanswered("no answer within 5 s".to_owned());
    let found = "JetStream does not answer: no answer within 5 s";
    check(id, answered(silent), &[(Problem, found, "look whether its cluster")]);
    let few = |facts: &mut Facts| {
        set_state(facts, StreamName::Specs, &StreamState::Missing);
        let account = facts.account.as_mut().unwrap().as_mut().unwrap();
        (account.streams, account.streams_limit) = (11, Some(11));
    };
    let found = "the account may have 11 streams, has 11";
    check(id, few, &[(Problem, found, "jetstream { max_streams: 12 }")]);
}

#[test]
fn streams_are_compared_field_by_field() {
    let id = CheckId::Streams;
    let state =
        |state: StreamState| move |facts: &mut Facts| set_state(facts, StreamName::Logs, &state);
    check(id, state(StreamState::Missing), &[(Problem, "SIM_LOGS is missing", "shoal provision")]);
    check(
        id,
        state(StreamState::Denied("no".to_owned())),
        &[(Warning, "SIM_LOGS: this user may not look at it", "publish: { allow:")],
    );
    check(
        id,
        state(StreamState::Unanswered("no leader".to_owned())),
        &[(Problem, "SIM_LOGS: no leader", "look whether the stream has a leader")],
    );
    let difference = Difference {
        stream: "SIM_LOGS".to_owned(),
        field: "allow_direct",
        found: "false".to_owned(),
        expected: "true".to_owned(),
    };
    let differs = StreamState::There { differences: vec![difference], used: used(1) };
    let found = "SIM_LOGS: allow_direct is false";
    check(id, state(differs.clone()), &[(Problem, found, "shoal provision")]);
    let found = "no direct get on SIM_LOGS";
    check(CheckId::Features, state(differs), &[(Problem, found, "shoal provision")]);
    let none = |facts: &mut Facts| {
        for stream in StreamName::ALL {
            set_state(facts, stream, &StreamState::Missing);
        }
    };
    let found = "there are none with the prefix \"sim\"";
    check(id, none, &[(Problem, found, "shoal provision --prefix sim")]);
}

#[test]
fn room_is_scarce_from_80_percent_and_gone_from_95() {
    let id = CheckId::Storage;
    let full = |percent: u64, drops_oldest: bool| {
        move |facts: &mut Facts| {
            let used = StreamUse { drops_oldest, ..used(percent) };
            let state = StreamState::There { differences: vec![], used };
            set_state(facts, StreamName::Actions, &state);
            facts.holders.runs = vec![("big-1".to_owned(), 60 * MIB), ("small-1".to_owned(), MIB)];
        }
    };
    let advice = "free room with `shoal rm big-1`; the largest runs: big-1 (about 60.0 MiB), \
                  small-1 (about 1.0 MiB); or give it more room: nats stream edit SIM_ACTIONS \
                  --max-bytes=209715200";
    check(id, full(79, false), &[]);
    let found = "SIM_ACTIONS is 80 % full: 80.0 MiB of 100.0 MiB";
    check(id, full(80, false), &[(Warning, found, advice)]);
    let found = "SIM_ACTIONS is 95 % full: 95.0 MiB of 100.0 MiB";
    check(id, full(95, false), &[(Problem, found, advice)]);
    // A log and a cache are full when they have run for a while.
    check(id, full(100, true), &[]);
    let account = |facts: &mut Facts| {
        facts.account.as_mut().unwrap().as_mut().unwrap().storage = 99 * MIB;
        facts.holders.is_partial = true;
    };
    let found = "the account's storage is 99 % full: 99.0 MiB of 100.0 MiB";
    check(id, account, &[(Problem, found, "free room with `shoal rm RUN`; or give the account")]);
}

#[test]
fn each_denial_is_named_by_its_subject() {
    let denied = |action, subject: &str, pattern: &str| Denied {
        action,
        subject: subject.to_owned(),
        pattern: pattern.to_owned(),
        reason: "Permissions Violation".to_owned(),
    };
    let two = vec![
        denied(Action::Publish, "sim.inputs.doctor.doctor", "sim.inputs.*.*"),
        denied(Action::Subscribe, "sim.ask.*.*.*", "sim.ask.*.*.*"),
    ];
    let id = CheckId::Permissions;
    check(
        id,
        |facts| facts.denied = Some((Ok(two), 13)),
        &[
            (
                Problem,
                "may not publish on sim.inputs.*.* (tried sim.inputs.doctor.doctor)",
                "publish: { allow: [\"sim.inputs.*.*\"] }",
            ),
            (
                Problem,
                "may not subscribe to sim.ask.*.*.* (tried sim.ask.*.*.*)",
                "subscribe: { allow: [\"sim.ask.*.*.*\"] }",
            ),
        ],
    );
    let unknown = |facts: &mut Facts| facts.denied = Some((Err("no answer".to_owned()), 13));
    let found = "what this user may is unknown: no answer";
    check(id, unknown, &[(Warning, found, "try again with a longer --timeout")]);
}

#[test]
fn a_clock_is_off_by_more_than_the_way_takes() {
    let id = CheckId::Clock;
    let read = |before, server, after| {
        move |facts: &mut Facts| {
            let reading = ClockReading { before: at(before), server: at(server), after: at(after) };
            facts.clock = Some(Ok(reading));
        }
    };
    // The answer took long, but the clock may be right.
    check(id, read(0, 9_000, 10_000), &[]);
    check(id, read(0, 1_010, 10), &[]);
    let advice = "set both by NTP: `timedatectl set-ntp true`";
    let behind = |span: &str| format!("this machine's clock is {span} behind the server's");
    check(id, read(0, 1_012, 10), &[(Warning, &behind("1.0 s"), advice)]);
    check(id, read(0, 5_012, 10), &[(Problem, &behind("5.0 s"), advice)]);
    let found = "this machine's clock is 1 h ahead of the server's";
    check(id, read(0, -3_600_000, 0), &[(Problem, found, advice)]);
    let unknown = |facts: &mut Facts| facts.clock = Some(Err("denied".to_owned()));
    let found = "the server's clock is unknown: denied";
    check(id, unknown, &[(Warning, found, "allow this user to publish on $SYS.REQ.USER.INFO")]);
}

#[test]
fn what_stands_behind_a_wrong_server_is_skipped_with_the_reason() {
    let old = Facts { connection: connected(server("2.10.1", (2, 10))), ..unasked() };
    assert_eq!(of(diagnose(&old), CheckId::Streams).summary, "the server is too old");
    let jetstream = false;
    let bare = ServerFacts { jetstream, ..server("2.15.1", (2, 15)) };
    let without = Facts { connection: connected(bare), ..unasked() };
    assert_eq!(of(diagnose(&without), CheckId::Runs).summary, "there is no JetStream");
}
