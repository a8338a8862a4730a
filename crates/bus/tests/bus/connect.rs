use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use bus::{Bus, Role};
use nats_process::{NatsServer, Options};

use crate::{PATIENCE, args};

async fn failure(url: &str, patience: Duration) -> String {
    Bus::connect(&args(url), Role::Cli, "test", patience).await.unwrap_err().to_string()
}

#[tokio::test]
async fn nothing_listens() {
    // Bound and let go: nobody else is given this port soon.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let url = format!("nats://ada:s3cret@127.0.0.1:{port}");
    assert_eq!(
        failure(&url, Duration::from_secs(1)).await,
        format!(
            "no nats-server answers at nats://127.0.0.1:{port} (tried for 1 s, last: IO error: \
             Connection refused (os error 111)); start one, or set NATS_URL to one that runs"
        )
    );
}

#[tokio::test]
async fn patience_outlasts_a_server_that_starts_late() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let target = args(&format!("nats://127.0.0.1:{port}"));
    let connecting =
        tokio::spawn(async move { Bus::connect(&target, Role::Cli, "test", PATIENCE).await });
    tokio::task::yield_now().await;
    let _server = tokio::task::spawn_blocking(move || {
        NatsServer::start(Options { port: Some(port), ..Options::default() })
    })
    .await
    .unwrap();
    connecting.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_wrong_password() {
    let config_extra = "authorization { user: ada, password: \"p@ss\" }".to_owned();
    let server = NatsServer::start(Options { config_extra, ..Options::default() });
    let port = server.client_port;
    assert_eq!(
        failure(&server.url_as("ada", "wrong"), PATIENCE).await,
        format!(
            "the nats-server at nats://127.0.0.1:{port} refuses this client: authorization \
             violation; check the user and password in NATS_URL, or the file in NATS_CREDS or NATS_NKEY"
        )
    );
    let bus =
        Bus::connect(&args(&server.url_as("ada", "p%40ss")), Role::Cli, "test", PATIENCE).await;
    bus.unwrap().is_ready().await.unwrap();
}

#[tokio::test]
async fn no_jetstream() {
    let server = NatsServer::start(Options { jetstream: None, ..Options::default() });
    let port = server.client_port;
    assert_eq!(
        failure(&server.url(), PATIENCE).await,
        format!(
            "the nats-server at nats://127.0.0.1:{port} has no JetStream at all: start it with \
             --jetstream, or put `jetstream {{ store_dir: ... }}` into its configuration"
        )
    );
}

#[tokio::test]
async fn no_jetstream_for_this_account() {
    let config_extra =
        "accounts { WITH { jetstream: enabled }, WITHOUT { users: [{user: ada, password: x}] } }";
    let config_extra = config_extra.to_owned();
    let server = NatsServer::start(Options { config_extra, ..Options::default() });
    let port = server.client_port;
    let words = failure(&server.url_as("ada", "x"), Duration::from_secs(1)).await;
    let expected =
        format!("the nats-server at nats://127.0.0.1:{port} has no JetStream for this account: ");
    assert!(words.starts_with(&expected), "{words}");
}

/// Speaks as much as an old server that cannot be had any more.
fn old_server(version: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let info = format!(
            "INFO {{\"server_id\":\"OLD\",\"version\":\"{version}\",\"proto\":1,\
             \"headers\":true,\"max_payload\":1048576,\"jetstream\":true}}\r\n"
        );
        stream.write_all(info.as_bytes()).unwrap();
        let reader = BufReader::new(stream.try_clone().unwrap());
        for line in reader.lines().map_while(Result::ok) {
            if line == "PING" {
                stream.write_all(b"PONG\r\n").unwrap();
            }
        }
    });
    port
}

#[tokio::test]
async fn a_server_that_is_too_old() {
    let port = old_server("2.9.10");
    assert_eq!(
        failure(&format!("nats://127.0.0.1:{port}"), PATIENCE).await,
        format!(
            "the nats-server at nats://127.0.0.1:{port} is version 2.9.10, but Shoal needs 2.12 \
             or newer: older ones take atomic batches apart without a word; upgrade it, or set \
             NATS_URL to a newer one"
        )
    );
}

#[tokio::test]
async fn a_server_that_takes_only_small_messages() {
    let config_extra = "max_payload: 65535".to_owned();
    let server = NatsServer::start(Options { config_extra, ..Options::default() });
    assert_eq!(
        failure(&server.url(), PATIENCE).await,
        format!(
            "the nats-server at {} takes messages of at most 65535 bytes, but Shoal needs 65536: \
             some cannot be cut; raise max_payload in its configuration, 1MB is usual",
            server.url()
        )
    );
    let config_extra = "max_payload: 65536".to_owned();
    let server = NatsServer::start(Options { config_extra, ..Options::default() });
    Bus::connect(&args(&server.url()), Role::Cli, "test", PATIENCE).await.unwrap();
}

#[tokio::test]
async fn urls_and_credentials_that_are_none() {
    for (url, words) in [
        ("", "NATS_URL is not valid: it is empty; expected nats://host:port"),
        (
            "http://ada:s3cret@host",
            "NATS_URL is not valid: http://host: invalid scheme for NATS server URL: http; \
             expected nats://host:port",
        ),
    ] {
        assert_eq!(failure(url, PATIENCE).await, words);
    }
    let mut with_file = args("nats://127.0.0.1:1");
    with_file.nats_creds = Some("/nowhere/user.creds".into());
    let error = Bus::connect(&with_file, Role::Cli, "test", PATIENCE).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the credentials file /nowhere/user.creds (NATS_CREDS) cannot be used: No such file or \
         directory (os error 2)"
    );
}

#[test]
fn help_shows_no_secrets() {
    #[derive(clap::Parser)]
    struct Program {
        #[command(flatten)]
        bus: bus::BusArgs,
    }
    let mut command = <Program as clap::CommandFactory>::command();
    command.clone().debug_assert();
    let url = command.get_arguments().find(|argument| argument.get_id() == "nats_url").unwrap();
    assert!(url.is_hide_env_values_set());
    assert!(command.render_long_help().to_string().contains("--nats-url"));
    let program = <Program as clap::Parser>::try_parse_from(["x", "--prefix", "lab"]).unwrap();
    assert_eq!(program.bus.prefix.as_str(), "lab");
    assert!(<Program as clap::Parser>::try_parse_from(["x", "--prefix", "A.B"]).is_err());
}
