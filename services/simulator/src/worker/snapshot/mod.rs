//! Snapshots: the world as bytes, stored now and then in the background.
//!
//! A snapshot is a cache. It saves the steps before it, nothing else; a missing or bad one
//! costs time. So storing one never holds a world up for long, and never fails it.
//!
//! [`due`] says when one is taken, [`bytes`] what it is made of, [`load`] finds the newest good
//! one; here they are stored.

mod bytes;
mod due;
mod load;

use std::time::{Duration, Instant};

use bus::{Bus, MAX_OBJECT};
use contract::journal::Genesis;
use contract::subject::StreamName;
use futures_util::FutureExt as _;
use tokio::task::JoinHandle;
use world::World;

use self::due::Since;
use crate::translate::Chain;

pub use load::{Found, load, load_until};

/// How long a world that is handed over waits for its last snapshot.
const HAND_OVER: Duration = Duration::from_secs(3);

/// One snapshot may take this part of the room that all runs share: more would push out those
/// of the others, and in the end its own beginning.
const PART_OF_ROOM: u64 = 4;

/// Stores the snapshots of one world, one at a time.
#[derive(Debug)]
pub struct Snapshots {
    bus: Bus,
    /// The tick of the last one that was begun.
    last_tick: u32,
    last_at: Instant,
    /// What the last one took of everybody's time.
    cost: Duration,
    /// The tick of the last one that is stored.
    stored: u32,
    storing: Option<JoinHandle<Outcome>>,
    trouble: Trouble,
}

/// What has become of a snapshot.
#[derive(Debug)]
struct Outcome {
    tick: u32,
    cost: Duration,
    result: Result<(), Failure>,
}

#[derive(Debug)]
enum Failure {
    /// It has more bytes than there may be. The next one has no fewer.
    TooLarge { bytes: u64, most: u64 },
    /// In words.
    NotStored(String),
}

/// What was said already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    None,
    /// The last one could not be stored.
    Failing,
    /// The world is too large for any.
    TooLarge,
}

impl Snapshots {
    /// For a world that has just been taken up from a snapshot of `tick`, 0 for none: that one
    /// need not be stored again.
    pub fn new(bus: Bus, tick: u32) -> Snapshots {
        Snapshots {
            bus,
            last_tick: tick,
            last_at: Instant::now(),
            cost: Duration::ZERO,
            stored: tick,
            storing: None,
            trouble: Trouble::None,
        }
    }

    /// Stores a copy of the world in the background, if it is time.
    pub fn offer(&mut self, world: &World, chain: &Chain, genesis: &Genesis) {
        if let Some(storing) = &mut self.storing {
            let Some(outcome) = storing.now_or_never() else { return };
            self.storing = None;
            self.learn(outcome.ok());
        }
        if self.is_due(world, genesis) {
            self.begin(world, chain, genesis);
        }
    }

    /// True if it is time for one of this world.
    pub fn is_due(&self, world: &World, genesis: &Genesis) -> bool {
        let since = Since {
            ticks: world.tick().saturating_sub(self.last_tick),
            elapsed: self.last_at.elapsed(),
            cost: self.cost,
        };
        let is_last = world.tick() > genesis.options.rounds && world.tick() > self.last_tick;
        let is_storing = self.storing.as_ref().is_some_and(|storing| !storing.is_finished());
        self.trouble != Trouble::TooLarge && !is_storing && (due::is_due(since) || is_last)
    }

    /// Stores the world as it is handed over, whenever the last one was, and waits for it, but
    /// not for long: whoever takes it up can do without.
    pub async fn leave(&mut self, world: &World, chain: &Chain, genesis: &Genesis) {
        let storing = async {
            self.finish().await;
            if world.tick() > self.stored && self.trouble != Trouble::TooLarge {
                self.begin(world, chain, genesis);
                self.finish().await;
            }
        };
        if tokio::time::timeout(HAND_OVER, storing).await.is_err() {
            if let Some(storing) = self.storing.take() {
                storing.abort();
            }
            let seconds = HAND_OVER.as_secs();
            tracing::info!("left without a last snapshot: it took more than {seconds} s");
        }
    }

    /// Waits for the one that is being stored.
    pub async fn finish(&mut self) {
        if let Some(storing) = &mut self.storing {
            let outcome = storing.await;
            self.storing = None;
            self.learn(outcome.ok());
        }
    }

    fn begin(&mut self, world: &World, chain: &Chain, genesis: &Genesis) {
        let begun = Instant::now();
        (self.last_tick, self.last_at) = (world.tick(), begun);
        let (bus, world, chain) = (self.bus.clone(), world.clone(), chain.clone());
        let (run, platform) = (genesis.run_id.clone(), genesis.platform);
        self.storing = Some(tokio::spawn(async move {
            let (tick, subject) = (world.tick(), bus.prefix().snapshots(&run, platform));
            let encode = move || bytes::encode(&world, chain, run, platform);
            let result = match tokio::task::spawn_blocking(encode).await {
                Ok(bytes) => store(&bus, &subject, &bytes).await,
                Err(error) => Err(Failure::NotStored(error.to_string())),
            };
            Outcome { tick, cost: begun.elapsed(), result }
        }));
    }

    /// Takes note of what has become of one, and says what is new about it.
    fn learn(&mut self, outcome: Option<Outcome>) {
        let Some(Outcome { tick, cost, result }) = outcome else { return };
        self.cost = cost;
        let trouble = match &result {
            Ok(()) => Trouble::None,
            Err(Failure::NotStored(_)) => Trouble::Failing,
            Err(Failure::TooLarge { .. }) => Trouble::TooLarge,
        };
        match result {
            Ok(()) => {
                self.stored = tick;
                let cost_ms = cost.as_millis();
                tracing::debug!(tick, cost_ms, "stored a snapshot of tick {tick}");
            }
            Err(_) if trouble == self.trouble => {}
            Err(Failure::NotStored(why)) => {
                tracing::warn!(tick, "failed to store a snapshot, going on without: {why}");
            }
            Err(Failure::TooLarge { bytes, most }) => tracing::warn!(
                tick,
                "a snapshot has {bytes} bytes, expected at most {most}: going on without any; if \
                 its worker dies, this world is stepped again from its last snapshot or its start"
            ),
        }
        self.trouble = trouble;
    }
}

async fn store(bus: &Bus, subject: &str, bytes: &[u8]) -> Result<(), Failure> {
    // Who may not ask how much room there is finds out.
    let room = bus.max_bytes(StreamName::Snapshots).await.ok().flatten();
    let most = room.map_or(u64::MAX, |room| room / PART_OF_ROOM).min(MAX_OBJECT as u64);
    faults::point("snapshot.half");
    let size = bytes.len() as u64;
    if size > most {
        return Err(Failure::TooLarge { bytes: size, most });
    }
    match bus.put_object(subject, bytes, None).await {
        Ok(_) => {
            faults::point("snapshot.stored");
            Ok(())
        }
        Err(error) => Err(Failure::NotStored(error.to_string())),
    }
}
