//! Asks for the facts: first what all else depends on, then the rest side by side.

use std::collections::BTreeMap;
use std::time::Duration;

use bus::{Bus, BusArgs, Role, Shared, StreamState, SubjectCounts, shown_url};
use contract::memory::{
    STATS, Scope, Stats, StatsAnswer, TARGETS, Targets, TargetsAnswer, read_answer,
};
use contract::status::EnvStatus;
use contract::subject::StreamName;
use contract::timestamp::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use super::diagnosis::{SCARCE, fullness};
use super::facts::{Connection, Facts, Holders, Queue, Runs, Services};
use super::machine;

/// Runs whose memory is asked about: the newest ones.
const REMEMBERED: usize = 20;

/// What takes the room of a run, and can be given back.
const HEAVY: [StreamName; 3] = [StreamName::Actions, StreamName::Inputs, StreamName::Snapshots];

/// Gathers all facts. `stage` is told what is being looked at.
pub(super) async fn gather(
    args: &BusArgs,
    role: Role,
    patience: Duration,
    stage: &watch::Sender<&'static str>,
) -> Facts {
    stage.send_replace("connecting");
    let (connection, bus) = match Bus::reach(args, role, "shoal", patience).await {
        Err(error) => (Connection::Failed(error), None),
        Ok(bus) => {
            let round_trip = bus.round_trip(patience).await;
            let is_heard = round_trip.is_ok();
            let server = bus.server();
            (Connection::Made { server, round_trip }, is_heard.then_some(bus))
        }
    };
    let mut facts = Facts {
        url: shown_url(&args.nats_url),
        prefix: args.prefix.clone(),
        role,
        now: now(),
        configuration: machine::configuration(),
        disk: machine::disk(),
        connection,
        account: None,
        clock: None,
        streams: None,
        holders: Holders::default(),
        denied: None,
        services: None,
        queues: None,
        runs: None,
        letters: None,
    };
    if let Some(bus) = bus {
        ask(&bus, patience, stage, &mut facts).await;
        bus.drain().await;
    }
    facts
}

async fn ask(
    bus: &Bus,
    patience: Duration,
    stage: &watch::Sender<&'static str>,
    facts: &mut Facts,
) {
    let rights = facts.role.rights(&facts.prefix);
    stage.send_replace("asking about the account and the clock");
    let (account, clock) = tokio::join!(bus.account(), bus.server_clock(now));
    (facts.account, facts.clock) = (Some(account), Some(clock));
    if super::diagnosis::has_streams(facts) {
        stage.send_replace("reading streams and runs");
        let (streams, runs, letters, commands, questions) = tokio::join!(
            bus.streams(),
            runs(bus),
            letters(bus),
            bus.queue(Shared::Commands),
            bus.queue(Shared::Questions),
        );
        let queues = [(StreamName::Commands, commands), (StreamName::Questions, questions)];
        let there = |name: StreamName| {
            streams
                .iter()
                .any(|one| one.stream == name && matches!(one.state, StreamState::There { .. }))
        };
        // What is not there cannot be read; the check of the streams says so.
        facts.runs = there(StreamName::EnvStatus).then_some(runs);
        facts.letters = there(StreamName::DeadLetters).then_some(letters);
        let queues = queues.map(|(stream, queue)| Queue {
            stream,
            state: queue.map_err(|error| error.to_string()),
        });
        facts.queues = there(StreamName::Commands).then(|| queues.into());
        facts.streams = Some(streams);
        facts.holders = holders(bus, facts).await;
    }
    stage.send_replace("looking for services");
    facts.services = Some(services(bus, patience, facts).await);
    stage.send_replace("trying permissions");
    facts.denied = Some((bus.denied(&rights, patience).await, rights.len()));
}

fn now() -> Timestamp {
    Timestamp::from_milliseconds(kit::now_milliseconds())
}

async fn runs(bus: &Bus) -> Result<Runs, String> {
    let filter = bus.prefix().all(StreamName::EnvStatus);
    let stored = bus.read_last_per_subject(StreamName::EnvStatus, &filter).await;
    let mut runs = Runs::default();
    for stored in stored.map_err(|error| error.to_string())? {
        match serde_json::from_slice::<EnvStatus>(&stored.body) {
            Ok(status) => runs.readable.push(status),
            Err(_) => runs.unreadable.push(stored.subject),
        }
    }
    runs.readable.sort_by_key(|run| std::cmp::Reverse(run.created_at));
    Ok(runs)
}

/// Dead letters by the service in their subject.
async fn letters(bus: &Bus) -> Result<Vec<(String, u64)>, String> {
    let counts = bus.subject_counts(StreamName::DeadLetters).await;
    let SubjectCounts { counts, .. } = counts.map_err(|error| error.to_string())?;
    Ok(sum_by_token(&counts, 2).into_iter().collect())
}

/// Adds up what the subjects with the same token have.
fn sum_by_token(counts: &BTreeMap<String, u64>, token: usize) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for (subject, number) in counts {
        if let Some(token) = subject.split('.').nth(token) {
            *sums.entry(token.to_owned()).or_default() += number;
        }
    }
    sums
}

/// Which runs take the room, if room is scarce: it is a question about every subject.
async fn holders(bus: &Bus, facts: &Facts) -> Holders {
    if !is_scarce(facts) {
        return Holders::default();
    }
    let mut sizes: BTreeMap<String, u64> = BTreeMap::new();
    let mut is_partial = false;
    for one in facts.streams.iter().flatten().filter(|one| HEAVY.contains(&one.stream)) {
        let StreamState::There { used, .. } = &one.state else { continue };
        let Ok(SubjectCounts { counts, total }) = bus.subject_counts(one.stream).await else {
            is_partial = true;
            continue;
        };
        is_partial |= total > counts.len() as u64;
        // The server counts messages by subject, bytes only in all.
        let each = used.bytes / used.messages.max(1);
        for (run, messages) in sum_by_token(&counts, 2) {
            *sizes.entry(run).or_default() += messages.saturating_mul(each);
        }
    }
    let mut runs: Vec<(String, u64)> = sizes.into_iter().collect();
    runs.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Holders { runs, is_partial }
}

fn is_scarce(facts: &Facts) -> bool {
    let account = facts.account.as_ref().and_then(|account| account.as_ref().ok());
    let in_account = account
        .and_then(|account| Some((account.storage, account.storage_limit?)))
        .is_some_and(|(used, limit)| used >= limit / 100 * SCARCE);
    let is_full = |state: &StreamState| match state {
        StreamState::There { used, .. } => fullness(used).is_some_and(|full| full >= SCARCE),
        StreamState::Missing | StreamState::Denied(_) | StreamState::Unanswered(_) => false,
    };
    in_account || facts.streams.iter().flatten().any(|one| is_full(&one.state))
}

async fn services(bus: &Bus, patience: Duration, facts: &Facts) -> Result<Services, String> {
    let found = bus.discover(patience).await?;
    let is = |name: &str| found.iter().filter(|service| service.name == name).count();
    let nodes = bus.nodes(is("shoal-simulator"), patience).await;
    let (mut memories, mut cursors) = (Vec::new(), Vec::new());
    if is("shoal-memory") > 0 {
        let targets = question::<TargetsAnswer>(bus, TARGETS, &Targets, patience).await;
        memories = targets.map(|answer| answer.targets).unwrap_or_default();
        let runs = facts.runs.iter().flatten().flat_map(|runs| &runs.readable);
        for run in runs.filter(|run| !run.memory.is_empty()).take(REMEMBERED) {
            let scope = Scope::Run(run.run_id.clone());
            let stats = question::<StatsAnswer>(bus, STATS, &Stats { scope }, patience).await;
            // A run of which a memory has nothing yet is not known to it.
            cursors.extend(stats.into_iter().flat_map(|answer| answer.cursors));
        }
    }
    Ok(Services { found, nodes, memories, cursors })
}

/// What the memory-sink answers, if it does.
async fn question<T: DeserializeOwned>(
    bus: &Bus,
    question: &str,
    body: &impl Serialize,
    patience: Duration,
) -> Option<T> {
    let body = serde_json::to_vec(body).ok()?;
    let answer = bus.request(bus.prefix().memory(question), body, patience).await.ok()?;
    read_answer(&answer).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_subjects_of_a_run_have_is_added_up() {
        let counts = [("sim.actions.a-1.twitter", 3), ("sim.actions.a-1.reddit", 4)];
        let more = [("sim.actions.b-1.reddit", 5), ("short", 6)];
        let counts = counts.into_iter().chain(more).map(|(name, n)| (name.to_owned(), n)).collect();
        let sums: Vec<(String, u64)> = sum_by_token(&counts, 2).into_iter().collect();
        assert_eq!(sums, [("a-1".to_owned(), 7), ("b-1".to_owned(), 5)]);
    }
}
