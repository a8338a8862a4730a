//! Finding the newest good snapshot: bad ones are passed over, and each says why.

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Object, ObjectError, ReadError};
use contract::journal::Genesis;
use contract::subject::StreamName;
use kit::retry::Pauses;
use world::{Setup, World};

use super::bytes::decode;
use crate::translate::Chain;

/// How often a bus is asked that does not answer: a run can be recomputed without it.
const TRIES: u32 = 3;

/// What there is of a world's snapshots.
#[expect(clippy::large_enum_variant, reason = "one of it exists, for a moment")]
pub enum Found {
    /// None that is good.
    None,
    /// The newest good one, and where its chain of frames stands.
    Good(World, Chain),
    /// The newest good one has more ticks than the journal. A snapshot is stored after the
    /// ticks in it, so the journal has lost some, unless it went on since it was read.
    AheadOfJournal {
        /// The ticks that the snapshot has.
        tick: u32,
    },
}

/// The newest good snapshot of the world of `genesis`, whose journal has `ticks` ticks.
pub async fn load(bus: &Bus, setup: &Setup, genesis: &Genesis, ticks: usize) -> Found {
    let platform = genesis.platform;
    let subject = bus.prefix().snapshots(&genesis.run_id, platform);
    let listing = patiently(|| async {
        bus.objects(StreamName::Snapshots, &subject).await.map_err(ObjectError::Read)
    });
    let objects = match listing.await {
        Ok(objects) => objects,
        Err(error) => {
            tracing::warn!("failed to look for snapshots, going on without: {error}");
            return Found::None;
        }
    };
    let genesis = Arc::new(genesis.clone());
    for object in objects.iter().rev() {
        match read(bus, &subject, object, setup, &genesis).await {
            Ok((world, _)) if world.tick() as usize > ticks => {
                let tick = world.tick();
                tracing::warn!("a snapshot has {tick} ticks, the journal has {ticks}");
                return Found::AheadOfJournal { tick };
            }
            Ok((world, chain)) => {
                let tick = world.tick();
                tracing::info!("found a snapshot of tick {tick}, the journal has {ticks}");
                faults::point("snapshot.loaded");
                return Found::Good(world, chain);
            }
            Err(why) => {
                let sequence = object.last;
                tracing::warn!("skipped the snapshot at sequence {sequence}: it {why}");
            }
        }
    }
    if !objects.is_empty() {
        tracing::warn!("no snapshot is good: stepping again from the start");
    }
    Found::None
}

/// The newest snapshot of the world of `genesis` that has at most `ticks` ticks. They were stored in
/// the order of their ticks, so few of them are read; where one of those is bad, none is used.
pub async fn load_until(
    bus: &Bus,
    setup: &Setup,
    genesis: &Genesis,
    ticks: u32,
) -> Option<(World, Chain)> {
    let subject = bus.prefix().snapshots(&genesis.run_id, genesis.platform);
    let listing = patiently(|| async {
        bus.objects(StreamName::Snapshots, &subject).await.map_err(ObjectError::Read)
    });
    let objects = listing.await.ok()?;
    let (genesis, mut best) = (Arc::new(genesis.clone()), None);
    let mut among = &objects[..];
    while let Some(middle) = among.get(among.len() / 2) {
        let (before, behind) = (&among[..among.len() / 2], &among[among.len() / 2 + 1..]);
        let (world, chain) = read(bus, &subject, middle, setup, &genesis).await.ok()?;
        among = match world.tick() <= ticks {
            true => {
                best = Some((world, chain));
                behind
            }
            false => before,
        };
    }
    best
}

/// Reads one and restores it, off the async threads; why not, in words that follow "it".
async fn read(
    bus: &Bus,
    subject: &str,
    object: &Object,
    setup: &Setup,
    genesis: &Arc<Genesis>,
) -> Result<(World, Chain), String> {
    let reading = patiently(|| bus.read_object(StreamName::Snapshots, subject, object));
    let bytes = reading.await.map_err(|error| match error {
        ObjectError::Damaged(what) => what,
        ObjectError::Read(error) => format!("could not be read: {error}"),
    })?;
    let (setup, genesis) = (setup.clone(), Arc::clone(genesis));
    let decoding = tokio::task::spawn_blocking(move || decode(&bytes, setup, &genesis));
    decoding.await.unwrap_or_else(|error| Err(format!("cannot be restored: {error}")))
}

/// Reads, a few times if nobody answers.
async fn patiently<T, F: Future<Output = Result<T, ObjectError>>>(
    read: impl Fn() -> F,
) -> Result<T, ObjectError> {
    let mut pauses = Pauses::new(Duration::from_millis(50), Duration::from_secs(2));
    for _ in 1..TRIES {
        match read().await {
            Err(ObjectError::Read(ReadError::Unanswered(_))) => pauses.wait().await,
            result => return result,
        }
    }
    read().await
}
