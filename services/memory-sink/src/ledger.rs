//! What a sink remembers of its own work: which graph each world goes to, how far each memory has
//! come, and what was under way.
//!
//! The embedded memory keeps this in its own file. For all others it is in the bucket of
//! ledgers, one value per world under `memory.<target>.<run>.<platform>`, so any instance can go
//! on where another one ended; and under `memory.<target>.graph.<digest of its name>` what the
//! memory calls a graph.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bus::{AppendError, Bus, Position, ReadError, Stored};
use contract::chain::World;
use contract::id::Digest;
use contract::subject::StreamName;
use contract::version::V1;
use serde::{Deserialize, Serialize};

use crate::adapters::sqlite::SqliteMemory;
use crate::batch::{Cursor, bounds, id};
use crate::delivery::Progress;
use crate::ranges::Ranges;

/// Where the work of one target is remembered.
#[derive(Debug)]
pub enum Ledger {
    /// In the memory itself.
    File(SqliteMemory),
    /// On the bus.
    Bus(Box<BusLedger>),
}

/// Why the ledger does not have what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Somebody else writes to it: what we know of it is no longer true.
    #[error("another memory-sink serves this graph: {0} is not as this one left it")]
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
    #[serde(default)]
    at: Option<Position>,
    /// The batch that was being sent when this was written, `<world>.<first>-<last>`: its
    /// outcome is unknown.
    intent: Option<String>,
    #[serde(default)]
    delivered: u64,
    #[serde(default)]
    dead: Ranges,
}

/// The value of a graph.
#[derive(Serialize, Deserialize)]
struct GraphEntry {
    v: V1,
    graph_id: String,
    address: String,
}

impl Ledger {
    /// All that is remembered of worlds.
    ///
    /// # Errors
    /// If it cannot be read now.
    pub async fn load(&self) -> Result<BTreeMap<World, Progress>, LedgerError> {
        match self {
            Ledger::File(memory) => memory.load(None).await.map_err(failed),
            Ledger::Bus(ledger) => ledger.load().await,
        }
    }

    /// What is remembered of one world.
    ///
    /// # Errors
    /// If it cannot be read now.
    pub async fn world(&self, world: &World) -> Result<Option<Progress>, LedgerError> {
        match self {
            Ledger::File(memory) => {
                let found = memory.load(Some(world.clone())).await.map_err(failed)?;
                Ok(found.into_values().next())
            }
            Ledger::Bus(ledger) => ledger.world(world).await,
        }
    }

    /// Binds a world to a graph, unless it is bound already; true if it was not.
    ///
    /// # Errors
    /// If it cannot be said.
    pub async fn bind(&self, world: &World, graph_id: &str) -> Result<bool, LedgerError> {
        let progress = Progress { graph_id: graph_id.to_owned(), ..Progress::default() };
        match self {
            Ledger::File(memory) => {
                let known = self.world(world).await?;
                if known.is_none() {
                    memory.save(vec![(world.clone(), progress)]).await.map_err(failed)?;
                }
                Ok(known.is_none())
            }
            Ledger::Bus(ledger) => match ledger.world(world).await? {
                Some(_) => Ok(false),
                None => ledger.put_world(world, &progress).await.map(|()| true),
            },
        }
    }

    /// Notes what `progress` says of an intent or an outcome. The file needs no note of its own:
    /// it takes a batch and its cursor in one transaction, which is done or was never begun.
    ///
    /// # Errors
    /// If it is not noted.
    pub async fn note(&self, world: &World, progress: &Progress) -> Result<(), LedgerError> {
        match self {
            Ledger::File(_) => Ok(()),
            Ledger::Bus(ledger) => ledger.put_world(world, progress).await,
        }
    }

    /// Notes how far some worlds have come without anything to remember.
    ///
    /// # Errors
    /// If it is not noted.
    pub async fn save(&self, worlds: &[(World, Progress)]) -> Result<(), LedgerError> {
        match self {
            Ledger::File(memory) => memory.save(worlds.to_vec()).await.map_err(failed),
            Ledger::Bus(ledger) => {
                for (world, progress) in worlds {
                    ledger.put_world(world, progress).await?;
                }
                Ok(())
            }
        }
    }

    /// What the memory calls a graph, if that was noted.
    ///
    /// # Errors
    /// If it cannot be read now.
    pub async fn address(&self, graph_id: &str) -> Result<Option<String>, LedgerError> {
        match self {
            Ledger::File(_) => Ok(None),
            Ledger::Bus(ledger) => ledger.address(graph_id).await,
        }
    }

    /// Notes what the memory calls a graph.
    ///
    /// # Errors
    /// If it is not noted.
    pub async fn note_address(&self, graph_id: &str, address: &str) -> Result<(), LedgerError> {
        match self {
            Ledger::File(_) => Ok(()),
            Ledger::Bus(ledger) => {
                let (graph_id, address) = (graph_id.to_owned(), address.to_owned());
                let key = ledger.graph_key(&graph_id);
                ledger.put(key, &GraphEntry { v: V1, graph_id, address }).await
            }
        }
    }
}

impl BusLedger {
    /// The ledger of one target.
    pub fn new(bus: Bus, target: &str) -> BusLedger {
        BusLedger { bus, target: target.to_owned(), revisions: Mutex::default() }
    }

    async fn load(&self) -> Result<BTreeMap<World, Progress>, LedgerError> {
        let under = subjects(&self.bus, &self.target);
        let filter = format!("{under}>");
        let stored = self.bus.read_last_per_subject(StreamName::Ledger, &filter);
        let mut worlds = BTreeMap::new();
        for Stored { subject, sequence, body, .. } in stored.await.map_err(failed)? {
            let world = subject.strip_prefix(&under).and_then(read_world);
            // An empty value is the mark of a deleted one.
            let Some(world) = world.filter(|_| !body.is_empty()) else { continue };
            let progress = read_entry(&subject, &body)?;
            self.remember(self.world_key(&world), sequence);
            worlds.insert(world, progress);
        }
        Ok(worlds)
    }

    async fn world(&self, world: &World) -> Result<Option<Progress>, LedgerError> {
        let key = self.world_key(world);
        let Some((value, revision)) = self.bus.ledger_get(&key).await.map_err(failed)? else {
            return Ok(None);
        };
        let progress = read_entry(&key, &value)?;
        self.remember(key, revision);
        Ok(Some(progress))
    }

    async fn address(&self, graph_id: &str) -> Result<Option<String>, LedgerError> {
        let key = self.graph_key(graph_id);
        let Some((value, revision)) = self.bus.ledger_get(&key).await.map_err(failed)? else {
            return Ok(None);
        };
        let entry: GraphEntry = read(&key, &value)?;
        self.remember(key, revision);
        Ok(Some(entry.address))
    }

    async fn put_world(&self, world: &World, progress: &Progress) -> Result<(), LedgerError> {
        let Progress { graph_id, cursor, at, intent, delivered, dead } = progress.clone();
        let intent = intent.map(|intent| id(world, intent));
        let entry = WorldEntry { v: V1, graph_id, cursor, at, intent, delivered, dead };
        self.put(self.world_key(world), &entry).await
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

    fn world_key(&self, world: &World) -> String {
        format!("memory.{}.{world}", self.target)
    }

    fn graph_key(&self, graph_id: &str) -> String {
        format!("memory.{}.graph.{}", self.target, short_name(graph_id))
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

/// A graph's name as a token of keys: it may be any text.
pub(crate) fn short_name(graph_id: &str) -> String {
    Digest::of(&[graph_id.as_bytes()]).to_string().chars().take(16).collect()
}

/// What the subjects of a target's entries begin with.
pub(crate) fn subjects(bus: &Bus, target: &str) -> String {
    format!("$KV.{}.memory.{target}.", bus.prefix().stream(StreamName::Ledger))
}

/// Reads `<run>.<platform>`.
pub(crate) fn read_world(tokens: &str) -> Option<World> {
    let (run, platform) = tokens.split_once('.')?;
    Some(World { run_id: run.parse().ok()?, platform: platform.parse().ok()? })
}

/// What the ledger says of the world that the subject names, if it is one of the bucket that
/// belongs to `target`.
pub(crate) fn read_change(bus: &Bus, target: &str, stored: &Stored) -> Option<(World, Progress)> {
    let tokens = stored.subject.strip_prefix(&subjects(bus, target))?;
    let world = read_world(tokens).filter(|_| !stored.body.is_empty())?;
    Some((world, read_entry(&stored.subject, &stored.body).ok()?))
}

fn read_entry(key: &str, value: &[u8]) -> Result<Progress, LedgerError> {
    let entry: WorldEntry = read(key, value)?;
    let WorldEntry { graph_id, cursor, at, intent, delivered, dead, .. } = entry;
    let intent = match intent {
        Some(id) => Some(bounds(&id).ok_or_else(|| {
            LedgerError::Failed(format!("ledger entry {key} has an unreadable intent: {id:?}"))
        })?),
        None => None,
    };
    Ok(Progress { graph_id, cursor, at, intent, delivered, dead })
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
