//! Streams as bytes and back, from one server to another.

use bus::backup::{BackupError, Cut, Holds, ORDER, There};
use bus::{Bytes, Stored};
use contract::subject::StreamName;
use serde_json::Value;

use super::*;

/// A stream as it was sent.
pub(super) struct Saved {
    stream: StreamName,
    pub(super) name: String,
    config: Value,
    held: Holds,
    chunks: Vec<Bytes>,
}

pub(super) async fn save(bus: &Bus) -> Vec<Saved> {
    let mut saving = tokio::task::JoinSet::new();
    for (place, cut) in bus.cut().await.unwrap().into_iter().enumerate() {
        saving.spawn(async move { (place, take(cut).await) });
    }
    let mut saved = saving.join_all().await;
    saved.sort_by_key(|(place, _)| *place);
    saved.into_iter().map(|(_, saved)| saved).collect()
}

async fn take(mut cut: Cut) -> Saved {
    let mut chunks = Vec::new();
    while let Some(chunk) = cut.next().await.unwrap() {
        chunks.push(chunk);
    }
    let Cut { stream, name, config, held, .. } = cut;
    Saved { stream, name, config, held, chunks }
}

pub(super) async fn restore(bus: &Bus, saved: &Saved) -> Result<Holds, BackupError> {
    let mut restoring = bus.restore(&saved.name, &saved.config, saved.held).await?;
    for chunk in &saved.chunks {
        restoring.send(chunk.clone()).await?;
    }
    restoring.finish().await
}

async fn all(bus: &Bus, stream: StreamName) -> Vec<Stored> {
    let filter = match stream.is_bucket() {
        true => "$KV.>".to_owned(),
        false => bus.prefix().all(stream),
    };
    bus.read_all(stream, &filter, 1).await.unwrap()
}

/// Bodies, headers, gaps, batches, last values, an empty stream, one of many chunks.
async fn fill(bus: &Bus) {
    for number in 0..40 {
        let subject = if number % 2 == 0 { journal("market-1") } else { journal("market-2") };
        let body = format!("record {number}");
        let headers = vec![(bus::EPOCH_HEADER, number.to_string())];
        let append = Append { headers, ..message(&subject, &body, None) };
        bus.append(append).await.unwrap();
    }
    // Every second one goes, the last among them.
    bus.purge(StreamName::Inputs, &journal("market-2"), None).await.unwrap();
    for round in 0..3 {
        for run in 1..=3 {
            let subject = format!("sim.env-status.market-{run}");
            bus.append(message(&subject, &format!("state {round}"), None)).await.unwrap();
        }
    }
    let parts: Vec<Vec<u8>> = (0..200_u8).map(|byte| noise(byte, 100_000)).collect();
    for some in parts.chunks(50) {
        bus.append_batch(&frames("market-1"), some.to_vec(), &[], None).await.unwrap();
    }
    bus.append(message("sim.commands.market-1.start.cli.one", "{}", Some(0))).await.unwrap();
    bus.ledger_put("memory.market-1", b"{}".to_vec(), 0).await.unwrap();
}

/// Bytes that do not get smaller when they are packed.
fn noise(seed: u8, length: usize) -> Vec<u8> {
    let mut state = u64::from(seed) + 1;
    let next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[tokio::test]
async fn what_comes_back_is_what_was_there() {
    let (_here, bus) = provisioned().await;
    fill(&bus).await;
    let saved = save(&bus).await;
    assert_eq!(saved.iter().map(|saved| saved.stream).collect::<Vec<_>>(), ORDER);
    let actions = saved.iter().find(|saved| saved.stream == StreamName::Actions).unwrap();
    assert!(actions.chunks.len() > 100, "{} chunks", actions.chunks.len());
    assert_eq!(actions.held.messages, 200);

    let there = NatsServer::start(Options::default());
    let other = connect(&there.url()).await;
    for saved in &saved {
        let held = restore(&other, saved).await.unwrap();
        assert_eq!(held.messages, saved.held.messages, "{}", saved.name);
        assert_eq!(held.last_seq, saved.held.last_seq, "{}", saved.name);
    }
    // What is not saved is made, and what was restored is as it should be.
    other.provision(1).await.unwrap();
    for stream in ORDER {
        assert_eq!(all(&other, stream).await, all(&bus, stream).await, "{stream:?}");
    }
    let config = |there: Option<There>| there.unwrap().config;
    for Saved { name, .. } in &saved {
        let (here, there) = (bus.there(name).await, other.there(name).await);
        assert_eq!(config(here.unwrap()), config(there.unwrap()), "{name}");
    }
    // Sequences go on where they ended, also after what is gone.
    let next = message(&journal("market-1"), "record 40", None);
    assert_eq!(other.append(next).await.unwrap(), 41);
    // Rules that a stream keeps it keeps.
    let again = message("sim.commands.market-1.start.cli.one", "{}", None);
    assert!(other.append(again).await.is_err());
    assert!(other.acquire_lease("run.market-1", "us", PATIENCE).await.unwrap().is_some());
}

#[tokio::test]
async fn what_is_there_is_never_overwritten() {
    let (_server, bus) = provisioned().await;
    fill(&bus).await;
    let before = bus.streams().await;
    for saved in save(&bus).await {
        let error = restore(&bus, &saved).await.unwrap_err();
        assert!(error.to_string().contains("already in use"), "{error}");
    }
    assert_eq!(bus.streams().await, before);
}

#[tokio::test]
async fn bytes_that_are_damaged_or_end_early_make_no_whole_stream() {
    let (_here, bus) = provisioned().await;
    fill(&bus).await;
    let saved = save(&bus).await;
    let actions = saved.into_iter().find(|saved| saved.stream == StreamName::Actions).unwrap();
    let mut damaged = actions.chunks.clone();
    let mut bytes = damaged[50].to_vec();
    bytes[1000] ^= 1;
    damaged[50] = bytes.into();
    let early = actions.chunks[..60].to_vec();
    for chunks in [damaged, early] {
        let there = NatsServer::start(Options::default());
        let other = connect(&there.url()).await;
        let Saved { stream, held, .. } = actions;
        let (name, config) = (actions.name.clone(), actions.config.clone());
        let saved = Saved { stream, name, config, held, chunks };
        let error = restore(&other, &saved).await.unwrap_err();
        assert!(matches!(error, BackupError::Refused { .. }), "{error}");
        // The server keeps what it has made by then: fewer, which shows.
        let left = other.there(&saved.name).await.unwrap();
        assert!(left.is_none_or(|left| left.held.last_seq < saved.held.last_seq));
    }
}
