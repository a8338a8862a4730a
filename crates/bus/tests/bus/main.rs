//! The bus against a real nats-server, a private one for each test.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod append;
mod asking;
mod backup;
mod connect;
mod leases;
mod objects;
mod proxy;
mod purge;
mod reading;
mod rights;
mod spoken;
mod tls;
mod topology;

use std::time::{Duration, Instant};

use bus::{Append, Bus, BusArgs, Role};
use contract::subject::{Platform, Prefix};
use nats_process::{NatsServer, Options};

const PATIENCE: Duration = Duration::from_secs(30);

fn args(url: &str) -> BusArgs {
    BusArgs::at(url)
}

async fn connect(url: &str) -> Bus {
    Bus::connect(&args(url), Role::Cli, "test", PATIENCE).await.unwrap()
}

/// A server with all streams.
async fn provisioned() -> (NatsServer, Bus) {
    let server = NatsServer::start(Options::default());
    let bus = connect(&server.url()).await;
    bus.ensure_topology().await.unwrap();
    (server, bus)
}

/// The journal of a run's Twitter world.
fn journal(run: &str) -> String {
    Prefix::default().inputs(&run.parse().unwrap(), Platform::Twitter)
}

/// The frames of a run's Twitter world.
fn frames(run: &str) -> String {
    Prefix::default().actions(&run.parse().unwrap(), Platform::Twitter)
}

fn message(subject: &str, body: &str, expected_last: Option<u64>) -> Append {
    let (subject, body) = (subject.to_owned(), body.as_bytes().to_vec());
    Append { subject, body, headers: vec![], expected_last }
}

/// Tries until it gives something.
async fn until<T>(what: &str, mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = attempt().await {
            return value;
        }
        assert!(Instant::now() < deadline, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// What comes within the patience of a test.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("in time")
}
