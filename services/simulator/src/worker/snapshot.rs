//! Snapshots: the world as bytes, stored now and then in the background.
//!
//! A snapshot is a cache. It saves the steps before it, nothing else; a missing or bad one
//! costs time.

use std::time::{Duration, Instant};

use bus::Bus;
use contract::id::RunId;
use contract::journal::Genesis;
use contract::subject::{Platform, StreamName};
use contract::version::V1;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use world::{Setup, World};

use crate::translate::Chain;

/// Ticks between two snapshots, at least.
const BETWEEN_TICKS: u32 = 16;
/// Time between two snapshots, at least.
const BETWEEN: Duration = Duration::from_secs(2);

/// What stands before the world's bytes, as one line of JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    v: V1,
    run_id: RunId,
    platform: Platform,
    chain: Chain,
}

/// Stores the snapshots of one world, one at a time.
#[derive(Debug)]
pub struct Snapshots {
    bus: Bus,
    last_tick: u32,
    last_at: Instant,
    storing: Option<JoinHandle<()>>,
}

impl Snapshots {
    /// For a world that has just been taken up.
    pub fn new(bus: Bus) -> Snapshots {
        Snapshots { bus, last_tick: 0, last_at: Instant::now(), storing: None }
    }

    /// True if it is time for one of this world.
    pub fn is_due(&self, world: &World, genesis: &Genesis) -> bool {
        let busy = self.storing.as_ref().is_some_and(|task| !task.is_finished());
        let due =
            world.tick() >= self.last_tick + BETWEEN_TICKS && self.last_at.elapsed() >= BETWEEN;
        let last = world.tick() > genesis.options.rounds && world.tick() > self.last_tick;
        !busy && (due || last)
    }

    /// Stores a copy of the world in the background, if it is time.
    pub fn offer(&mut self, world: &World, chain: &Chain, genesis: &Genesis) {
        if !self.is_due(world, genesis) {
            return;
        }
        (self.last_tick, self.last_at) = (world.tick(), Instant::now());
        let (bus, world, chain) = (self.bus.clone(), world.clone(), chain.clone());
        let (run, platform) = (genesis.run_id.clone(), genesis.platform);
        self.storing = Some(tokio::spawn(async move {
            let subject = bus.prefix().snapshots(&run, platform);
            let encoding =
                tokio::task::spawn_blocking(move || encode(&world, chain, run, platform));
            let Ok(bytes) = encoding.await else { return };
            faults::point("snapshot.half");
            match bus.put_object(&subject, &bytes, None).await {
                Ok(_) => faults::point("snapshot.stored"),
                Err(error) => {
                    tracing::warn!(%platform, "failed to store a snapshot, going on without: {error}");
                }
            }
        }));
    }

    /// Waits for the one that is being stored.
    pub async fn finish(&mut self) {
        if let Some(storing) = self.storing.take() {
            let _ = storing.await;
        }
    }
}

fn encode(world: &World, chain: Chain, run_id: RunId, platform: Platform) -> Vec<u8> {
    let header = Header { v: V1, run_id, platform, chain };
    let mut bytes = serde_json::to_vec(&header).expect("no map keys that JSON refuses");
    bytes.push(b'\n');
    bytes.extend(world.snapshot());
    bytes
}

fn decode(bytes: &[u8], setup: Setup, genesis: &Genesis) -> Result<(World, Chain), String> {
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or("it has no header")?;
    let (line, tables) = (&bytes[..end], &bytes[end + 1..]);
    let header: Header = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    if (&header.run_id, header.platform) != (&genesis.run_id, genesis.platform) {
        return Err(format!("it is of {} {}", header.run_id, header.platform));
    }
    let world = World::restore(setup, tables).map_err(|error| error.to_string())?;
    Ok((world, header.chain))
}

/// The newest good snapshot that is not ahead of a journal of `ticks` ticks.
pub async fn load(
    bus: &Bus,
    setup: &Setup,
    genesis: &Genesis,
    ticks: usize,
) -> Option<(World, Chain)> {
    let platform = genesis.platform;
    let subject = bus.prefix().snapshots(&genesis.run_id, platform);
    let bytes = match bus.get_object(StreamName::Snapshots, &subject).await {
        Ok(bytes) => bytes?,
        Err(error) => {
            tracing::warn!(%platform, "failed to read a snapshot, going on without: {error}");
            return None;
        }
    };
    match decode(&bytes, setup.clone(), genesis) {
        Ok((world, _)) if world.tick() as usize > ticks => {
            tracing::warn!(%platform, "skipped a snapshot that is ahead of the journal");
            None
        }
        Ok(found) => {
            faults::point("snapshot.loaded");
            Some(found)
        }
        Err(why) => {
            tracing::warn!(%platform, "skipped a bad snapshot: {why}");
            None
        }
    }
}
