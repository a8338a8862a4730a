use bus::{AppendError, Bus, ReadError, ServiceInfo};
use contract::subject::StreamName;
use nats_process::{NatsServer, Options};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::{connect, journal, message, provisioned};

/// Two users: one may do all, one may not touch streams, nor write to journals.
const USERS: &str = r#"authorization { users: [
    { user: admin, password: a }
    { user: service, password: s, permissions: { publish: { deny: [
        "$JS.API.STREAM.CREATE.>", "$JS.API.STREAM.UPDATE.>", "$JS.API.CONSUMER.CREATE.SIM_COMMANDS.>",
        "sim.inputs.>"
    ] } } }
] }"#;

fn guarded_server() -> NatsServer {
    NatsServer::start(Options { config_extra: USERS.to_owned(), ..Options::default() })
}

/// Every stream's configuration as the server tells it, by name.
async fn streams(bus: &Bus) -> Vec<(String, serde_json::Value)> {
    let answer = bus.request("$JS.API.STREAM.LIST".to_owned(), vec![], Duration::from_secs(10));
    let answer: serde_json::Value = serde_json::from_slice(&answer.await.unwrap()).unwrap();
    let mut streams: Vec<_> = answer["streams"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stream| {
            (stream["config"]["name"].as_str().unwrap().to_owned(), stream["config"].clone())
        })
        .collect();
    streams.sort_by(|a, b| a.0.cmp(&b.0));
    streams
}

#[tokio::test]
async fn provisioning_twice_changes_nothing() {
    let (server, bus) = provisioned().await;
    let before = streams(&bus).await;
    assert_eq!(before.len(), StreamName::ALL.len());
    connect(&server.url()).await.ensure_topology().await.unwrap();
    assert_eq!(streams(&bus).await, before);
    let config = |name: &str| &before.iter().find(|stream| stream.0 == name).unwrap().1;
    assert!(before.iter().all(|(_, config)| config["deny_delete"] == true));
    assert!(before.iter().all(|(_, config)| config["max_consumers"] == 10_000));
    assert!(before.iter().all(|(_, config)| config["storage"] == "file"));
    assert_eq!(config("SIM_ACTIONS")["allow_atomic"], true);
    assert_eq!(config("SIM_COMMANDS")["max_age"], 604_800_000_000_000_u64);
    assert_eq!(config("KV_SIM_LEASES")["allow_msg_ttl"], true);
}

#[tokio::test]
async fn many_services_share_out_a_small_server_once() {
    let jetstream = Some("max_file_store: 100MB".to_owned());
    let server = NatsServer::start(Options { jetstream, ..Options::default() });
    let mut starting = Vec::new();
    for _ in 0..4 {
        let bus = connect(&server.url()).await;
        starting.push(tokio::spawn(async move { bus.ensure_topology().await }));
    }
    for started in starting {
        started.await.unwrap().unwrap();
    }
    let sizes = streams(&connect(&server.url()).await).await;
    let of = |name: &str| {
        let config = &sizes.iter().find(|stream| stream.0 == name).unwrap().1;
        config["max_bytes"].as_u64().unwrap()
    };
    assert_eq!(of("SIM_ACTIONS") / 40, of("SIM_INPUTS") / 15);
    assert_eq!(of("SIM_REPLIES") / 4, of("SIM_INPUTS") / 15);
}

#[tokio::test]
async fn a_start_outlives_that_the_server_is_started_again() {
    let mut server = NatsServer::start(Options::default());
    let bus = connect(&server.url()).await;
    let freeze = std::process::Command::new("kill")
        .args(["-STOP", &server.process_id().to_string()])
        .status();
    assert!(freeze.unwrap().success());
    // What it is asked now it never answers.
    let info = ServiceInfo {
        name: "test".to_owned(),
        version: "1.0.0".to_owned(),
        description: String::new(),
        metadata: BTreeMap::new(),
    };
    let starting = async {
        bus.serve(info, &[("asks", "test.asks".to_owned())]).await.map(drop)?;
        bus.ensure_topology().await.map_err(|error| error.to_string())
    };
    let ends = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        tokio::task::spawn_blocking(move || {
            server.restart();
            server
        })
        .await
    };
    let (started, server) = tokio::join!(starting, ends);
    let server = server.unwrap();
    started.unwrap();
    assert_eq!(streams(&connect(&server.url()).await).await.len(), StreamName::ALL.len());
}

#[tokio::test]
async fn a_small_server_is_shared_out() {
    let jetstream = Some("max_file_store: 100MB".to_owned());
    let server = NatsServer::start(Options { jetstream, ..Options::default() });
    let bus = connect(&server.url()).await;
    bus.ensure_topology().await.unwrap();
    let sizes = streams(&bus).await;
    let size = |config: &serde_json::Value| config["max_bytes"].as_u64().unwrap();
    let total: u64 = sizes.iter().map(|(_, config)| size(config)).sum();
    assert!((40_000_000..=104_857_600).contains(&total), "{total} of 100 MB");
    let of = |name: &str| size(&sizes.iter().find(|stream| stream.0 == name).unwrap().1);
    assert_eq!(of("SIM_ACTIONS") / 40, of("SIM_INPUTS") / 15);
}

#[tokio::test]
async fn an_accounts_limit_is_kept() {
    let config_extra = "accounts { A { jetstream: { max_file: 300MB, max_consumers: 50000 }, \
                        users: [{user: ada, password: x}] } }";
    let config_extra = config_extra.to_owned();
    let server = NatsServer::start(Options { config_extra, ..Options::default() });
    let bus = connect(&server.url_as("ada", "x")).await;
    bus.ensure_topology().await.unwrap();
    let sizes = streams(&bus).await;
    let total: u64 = sizes.iter().map(|(_, config)| config["max_bytes"].as_u64().unwrap()).sum();
    assert!((290_000_000..=314_572_800).contains(&total), "{total} of 300 MB");
}

#[tokio::test]
async fn a_stream_that_differs_is_changed() {
    let server = guarded_server();
    let admin = connect(&server.url_as("admin", "a")).await;
    let odd = r#"{"name":"SIM_COMMANDS","subjects":["sim.commands.>"],"storage":"file",
        "max_bytes":1000000,"retention":"limits","discard":"old","num_replicas":1}"#;
    let created = admin.request(
        "$JS.API.STREAM.CREATE.SIM_COMMANDS".to_owned(),
        odd.as_bytes().to_vec(),
        Duration::from_secs(10),
    );
    assert!(String::from_utf8_lossy(&created.await.unwrap()).contains("SIM_COMMANDS"));

    let service = connect(&server.url_as("service", "s")).await;
    let error = service.ensure_topology().await.unwrap_err();
    let commands = error.differences.iter().filter(|one| one.stream == "SIM_COMMANDS");
    let fields: Vec<_> =
        commands.map(|one| (one.field, one.found.as_str(), one.expected.as_str())).collect();
    assert_eq!(
        fields,
        [
            ("discard", "old", "new"),
            ("max_msgs_per_subject", "unlimited", "1"),
            ("discard_new_per_subject", "false", "true"),
            ("max_age", "0 s", "604800 s"),
            ("allow_direct", "false", "true"),
            ("deny_delete", "false", "true"),
        ]
    );

    admin.ensure_topology().await.unwrap();
    service.ensure_topology().await.unwrap();
    let all = streams(&admin).await;
    let commands = &all.iter().find(|stream| stream.0 == "SIM_COMMANDS").unwrap().1;
    assert_eq!(commands["discard_new_per_subject"], true);
    // The size is the operator's.
    assert_eq!(commands["max_bytes"], 1_000_000);
}

#[tokio::test]
async fn who_may_not_create_streams_is_told_what_is_missing() {
    let server = guarded_server();
    let service = connect(&server.url_as("service", "s")).await;
    let begun = Instant::now();
    let error = service.ensure_topology().await.unwrap_err();
    // A denial is known at once, not after a time-out for each stream.
    assert!(begun.elapsed() < Duration::from_secs(5), "took {:?}", begun.elapsed());
    let missing: Vec<&str> = error.differences.iter().map(|one| one.stream.as_str()).collect();
    assert_eq!(missing.len(), StreamName::ALL.len(), "{missing:?}");
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "the streams on nats-server are not as Shoal needs them:");
    assert_eq!(
        lines[1],
        "  SIM_COMMANDS: stream: found nothing, expected subjects sim.commands.>, retention \
         limits, storage file, discard new, max_msgs_per_subject 1, discard_new_per_subject true, \
         max_age 604800 s, allow_direct true, deny_delete true, deny_purge false, \
         allow_rollup_hdrs false, allow_msg_ttl false, subject_delete_marker_ttl 0 s, \
         allow_atomic false, no_ack false, sealed false, persist_mode default"
    );
    assert_eq!(lines[13], "and this user cannot change them:");
    assert_eq!(
        lines[14],
        "  SIM_ACTIONS: Permissions Violation for Publish to \"$JS.API.STREAM.CREATE.SIM_ACTIONS\""
    );
    assert!(lines[15].starts_with("provision them once with a user who may"), "{text}");
}

#[tokio::test]
async fn who_may_not_create_streams_uses_those_that_are_there() {
    let server = guarded_server();
    let admin = connect(&server.url_as("admin", "a")).await;
    admin.ensure_topology().await.unwrap();
    let wait = Duration::from_secs(30);
    let durable = async |bus: &Bus, name: &str| {
        bus.durable(StreamName::Commands, name, &["sim.commands.>"], wait).await.err()
    };
    assert_eq!(durable(&admin, "guardian").await, None);

    let service = connect(&server.url_as("service", "s")).await;
    service.ensure_topology().await.unwrap();
    service.is_ready().await.unwrap();
    let stored = service.append(message("sim.env-status.a-1", "queued", Some(0))).await;
    assert_eq!(stored, Ok(1));
    assert_eq!(durable(&service, "guardian").await, None);
    let denied = durable(&service, "another").await;
    assert!(matches!(&denied, Some(ReadError::Denied(_))), "{denied:?}");
    // Without the event the client would wait, and know nothing.
    let begun = Instant::now();
    let denied = service.append(message(&journal("a-1"), "claim", Some(0))).await;
    assert!(begun.elapsed() < Duration::from_secs(4), "took {:?}", begun.elapsed());
    let Err(AppendError::Denied(reason)) = denied else { panic!("{denied:?}") };
    assert_eq!(reason, "Permissions Violation for Publish to \"sim.inputs.a-1.twitter\"");
}
