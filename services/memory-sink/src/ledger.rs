//! What a sink remembers of its own work: where it reads, which graph each world goes to, and
//! how far each memory has come.
//!
//! The embedded memory keeps this in its own file. For all others it is in the bucket of
//! ledgers, one value per world under `memory.<target>.<run>.<platform>` and the place in the
//! stream under `memory.<target>`, so any instance can go on where another one ended.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bus::{AppendError, Bus, Position, ReadError, Stored};
use contract::subject::StreamName;
use contract::timestamp::Timestamp;
use contract::version::V1;
use serde::{Deserialize, Serialize};

use crate::adapters::sqlite::SqliteMemory;
use crate::batch::{Cursor, EpisodeBatch, World};

/// Where the work of one target is remembered.
#[derive(Debug)]
pub enum Ledger {
    /// In the memory itself; `stream` is the name of the stream of frames.
    File {
        /// The memory.
        memory: SqliteMemory,
        /// The stream's name.
        stream: String,
    },
    /// On the bus.
    Bus(Box<BusLedger>),
}

/// All that is remembered of one target.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The last message that need not be read again.
    pub position: Option<Position>,
    /// The worlds that the target takes.
    pub worlds: BTreeMap<World, Track>,
}

/// What is remembered of one world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// The graph that its actions go to, as its first frame says.
    pub graph_id: String,
    /// How far the memory has come; `None` before the first frame is settled.
    pub cursor: Option<Cursor>,
}

/// Why the ledger does not have what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Somebody else writes to it: what we know of it is no longer true.
    #[error("another memory-sink serves this target: {0} is not as this one left it")]
    Taken(String),
    /// It failed; later it may not.
    #[error("{0}")]
    Failed(String),
}

/// A ledger in the bucket, written only by who knows its last revision.
#[derive(Debug)]
pub struct BusLedger {
    bus: Bus,
    target: String,
    revisions: Mutex<BTreeMap<String, u64>>,
}

/// The value of a world.
#[derive(Serialize, Deserialize)]
struct WorldEntry {
    v: V1,
    graph_id: String,
    cursor: Option<Cursor>,
    /// The batch that was being sent when this was written: its outcome is unknown.
    intent: Option<String>,
}

/// The value of a target.
#[derive(Serialize, Deserialize)]
struct PositionEntry {
    v: V1,
    sequence: u64,
    at: Timestamp,
}

impl Ledger {
    /// All that is remembered.
    ///
    /// # Errors
    /// If it cannot be read now.
    pub async fn load(&self) -> Result<Kept, LedgerError> {
        match self {
            Ledger::File { memory, stream } => memory.load(stream.clone()).await.map_err(failed),
            Ledger::Bus(ledger) => ledger.load().await,
        }
    }

    /// Notes that `batch` is about to be sent. The file needs no note: it takes a batch in one
    /// transaction, which is done or was never begun.
    ///
    /// # Errors
    /// If it is not noted; then the batch must not be sent.
    pub async fn intend(&self, track: &Track, batch: &EpisodeBatch) -> Result<(), LedgerError> {
        match self {
            Ledger::File { .. } => Ok(()),
            Ledger::Bus(ledger) => ledger.put_world(&batch.world, track, Some(batch.id())).await,
        }
    }

    /// Notes that `batch` is done with. The file noted it with the episodes.
    ///
    /// # Errors
    /// If it is not noted.
    pub async fn settle(&self, batch: &EpisodeBatch) -> Result<(), LedgerError> {
        match self {
            Ledger::File { .. } => Ok(()),
            Ledger::Bus(ledger) => ledger.put_world(&batch.world, &track_after(batch), None).await,
        }
    }

    /// Notes how far some worlds have come without anything to remember, and then the place
    /// in the stream.
    ///
    /// # Errors
    /// If it is not noted.
    pub async fn save(
        &self,
        worlds: &[(World, Track)],
        position: Option<Position>,
    ) -> Result<(), LedgerError> {
        match self {
            Ledger::File { memory, stream } => {
                let saved = memory.save(stream.clone(), worlds.to_vec(), position);
                saved.await.map_err(failed)
            }
            Ledger::Bus(ledger) => {
                for (world, track) in worlds {
                    ledger.put_world(world, track, None).await?;
                }
                match position {
                    Some(position) => ledger.put_position(position).await,
                    None => Ok(()),
                }
            }
        }
    }
}

/// What is remembered of a world once `batch` is settled.
pub fn track_after(batch: &EpisodeBatch) -> Track {
    Track { graph_id: batch.graph_id.clone(), cursor: Some(batch.reached.clone()) }
}

impl BusLedger {
    /// The ledger of one target.
    pub fn new(bus: Bus, target: &str) -> BusLedger {
        BusLedger { bus, target: target.to_owned(), revisions: Mutex::default() }
    }

    async fn load(&self) -> Result<Kept, LedgerError> {
        let bucket = self.bus.prefix().stream(StreamName::Ledger);
        let under = format!("$KV.{bucket}.{}", self.key());
        let mut kept = Kept::default();
        if let Some((value, revision)) = self.bus.ledger_get(&self.key()).await.map_err(failed)? {
            let PositionEntry { sequence, at, .. } = read(&self.key(), &value)?;
            kept.position = Some(Position { sequence, at });
            self.remember(self.key(), revision);
        }
        let filter = format!("{under}.>");
        let stored = self.bus.read_last_per_subject(StreamName::Ledger, &filter).await;
        for Stored { subject, sequence, body, .. } in stored.map_err(failed)? {
            let world = subject.strip_prefix(&under).and_then(read_world);
            // An empty value is the mark of a deleted one.
            let Some(world) = world.filter(|_| !body.is_empty()) else { continue };
            let WorldEntry { graph_id, cursor, intent, .. } = read(&subject, &body)?;
            if let Some(batch) = intent {
                let target = &self.target;
                tracing::info!(
                    target,
                    batch,
                    "sending batch {batch} again: its outcome is unknown"
                );
            }
            self.remember(self.world_key(&world), sequence);
            kept.worlds.insert(world, Track { graph_id, cursor });
        }
        Ok(kept)
    }

    async fn put_world(
        &self,
        world: &World,
        track: &Track,
        intent: Option<String>,
    ) -> Result<(), LedgerError> {
        let Track { graph_id, cursor } = track.clone();
        self.put(self.world_key(world), &WorldEntry { v: V1, graph_id, cursor, intent }).await
    }

    async fn put_position(&self, position: Position) -> Result<(), LedgerError> {
        let Position { sequence, at } = position;
        self.put(self.key(), &PositionEntry { v: V1, sequence, at }).await
    }

    /// Puts a value where our last one is. What was refused or not answered is looked at.
    async fn put(&self, key: String, value: &impl Serialize) -> Result<(), LedgerError> {
        let value = serde_json::to_vec(value).map_err(failed)?;
        let expected = self.revision(&key);
        match self.bus.ledger_put(&key, value.clone(), expected).await {
            Ok(revision) => {
                self.remember(key, revision);
                return Ok(());
            }
            Err(AppendError::Refused | AppendError::Unanswered(_)) => {}
            Err(error) => return Err(failed(error)),
        }
        match self.bus.ledger_get(&key).await.map_err(failed)? {
            Some((stored, revision)) if stored == value => {
                self.remember(key, revision);
                Ok(())
            }
            stored if stored.as_ref().map_or(0, |(_, revision)| *revision) == expected => {
                Err(LedgerError::Failed(format!("{key} was not stored")))
            }
            _ => Err(LedgerError::Taken(key)),
        }
    }

    fn key(&self) -> String {
        format!("memory.{}", self.target)
    }

    fn world_key(&self, world: &World) -> String {
        format!("{}.{world}", self.key())
    }

    fn revision(&self, key: &str) -> u64 {
        let revisions = self.revisions.lock().unwrap_or_else(PoisonError::into_inner);
        revisions.get(key).copied().unwrap_or(0)
    }

    fn remember(&self, key: String, revision: u64) {
        let mut revisions = self.revisions.lock().unwrap_or_else(PoisonError::into_inner);
        revisions.insert(key, revision);
    }
}

/// Reads `.<run>.<platform>`.
fn read_world(tokens: &str) -> Option<World> {
    let (run, platform) = tokens.strip_prefix('.')?.split_once('.')?;
    Some(World { run_id: run.parse().ok()?, platform: platform.parse().ok()? })
}

fn read<T: for<'de> Deserialize<'de>>(key: &str, value: &[u8]) -> Result<T, LedgerError> {
    serde_json::from_slice(value)
        .map_err(|error| LedgerError::Failed(format!("ledger entry {key} is unreadable: {error}")))
}

impl From<AppendError> for LedgerError {
    fn from(error: AppendError) -> LedgerError {
        failed(error)
    }
}

impl From<ReadError> for LedgerError {
    fn from(error: ReadError) -> LedgerError {
        failed(error)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn failed(error: impl ToString) -> LedgerError {
    LedgerError::Failed(error.to_string())
}
