//! How to speak to a memory, and nothing else: no retries, no cursor, no dead letters.

pub mod http;
pub mod jsonl;
pub mod sqlite;
pub mod template;
pub mod wire;
pub mod zep;

use std::time::Duration;

use contract::timestamp::Timestamp;

use self::http::HttpMemory;
use self::jsonl::JsonlMemory;
use self::sqlite::SqliteMemory;
use self::zep::ZepMemory;
use crate::batch::{EpisodeBatch, World};

/// What every adapter does. Only `deliver` is needed; the rest is for memories that can do more.
pub trait Adapter {
    /// Finds the graph of this name, or makes it if the operator said so. `Some`: what the memory
    /// calls it, which the ledger then remembers; `None`: its name is all that is needed.
    fn open(&self, _graph_id: &str) -> impl Future<Output = Spoken<Option<String>>> + Send {
        std::future::ready(Spoken::of(Ok(None)))
    }

    /// Hands a batch to the memory, once.
    fn deliver(
        &self,
        graph: &Graph,
        batch: &EpisodeBatch,
    ) -> impl Future<Output = Spoken<Receipt>> + Send;

    /// Whether the memory has a batch whose delivery had an unknown outcome.
    fn find(
        &self,
        _graph: &Graph,
        _batch: &EpisodeBatch,
    ) -> impl Future<Output = Spoken<Sighting>> + Send {
        std::future::ready(Spoken::of(Ok(Sighting::CannotTell)))
    }

    /// How far the memory has a world of which the ledger knows nothing: it may have been lost.
    fn recall(
        &self,
        _graph: &Graph,
        _world: &World,
    ) -> impl Future<Output = Spoken<Option<u64>>> + Send {
        std::future::ready(Spoken::of(Ok(None)))
    }
}

/// A graph within a memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// Its name, as runs have it.
    pub id: String,
    /// What the memory calls it, where that is something else.
    pub address: Option<String>,
}

/// What came of speaking to a memory, and what it said of its limits meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken<T> {
    /// What came of it.
    pub outcome: Result<T, DeliveryError>,
    /// Its limits, as far as it named them.
    pub limits: Limits,
}

/// How many requests a memory still takes from this account: `X-RateLimit-*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests per minute.
    pub per_minute: Option<u32>,
    /// Requests that are left; below 0 of an account that asked too much.
    pub remaining: Option<i64>,
    /// When they are counted anew.
    pub reset: Option<Timestamp>,
}

impl<T> Spoken<T> {
    /// An outcome, with nothing said of limits.
    pub fn of(outcome: Result<T, DeliveryError>) -> Spoken<T> {
        Spoken { outcome, limits: Limits::default() }
    }
}

/// What a memory says about a batch that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It is new to it.
    Taken,
    /// It had it already.
    AlreadyThere,
}

/// What a look into a memory found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// The batch.
    There,
    /// Everything but the batch; it may still be on its way.
    Absent,
    /// One cannot look there: to send again under the same name is all that can be done.
    CannotTell,
}

/// Why a batch was not delivered. The reasons are for people and hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// It was not taken, and may be later.
    #[error("{reason}")]
    Retry {
        /// Not before this has passed, if the memory said so.
        after: Option<Duration>,
        /// Why.
        reason: String,
    },
    /// It may have been taken.
    #[error("the outcome is unknown: {reason}")]
    Unknown {
        /// Nothing more before this has passed, if the memory said so.
        after: Option<Duration>,
        /// Why.
        reason: String,
    },
    /// It will never be taken as it is: what is in it is wrong, or too much.
    #[error("{reason}")]
    Reject {
        /// Why.
        reason: String,
    },
    /// It was not taken, and will not be until an operator has changed something: the address is
    /// wrong, or there is no such graph.
    #[error("{reason}")]
    Misdirected {
        /// Why.
        reason: String,
    },
    /// Nothing is taken from us until an operator has changed something.
    #[error("{reason}")]
    Unauthorized {
        /// Why.
        reason: String,
    },
}

/// The adapters there are.
#[derive(Clone, Debug)]
pub enum Memory {
    /// The embedded one.
    Sqlite(SqliteMemory),
    /// A webhook.
    Http(HttpMemory),
    /// Zep Cloud.
    Zep(ZepMemory),
    /// A folder of files.
    Jsonl(JsonlMemory),
}

impl Memory {
    /// How it is spoken to, as the operator's configuration names it.
    pub fn kind(&self) -> &'static str {
        match self {
            Memory::Sqlite(_) => "sqlite",
            Memory::Http(_) => "http",
            Memory::Zep(_) => "zep",
            Memory::Jsonl(_) => "jsonl",
        }
    }

    /// Where it is, as far as that may be shown.
    pub fn place(&self) -> String {
        match self {
            Memory::Sqlite(memory) => memory.place(),
            Memory::Http(memory) => memory.place(),
            Memory::Zep(memory) => memory.place(),
            Memory::Jsonl(memory) => memory.place(),
        }
    }
}

impl Adapter for Memory {
    async fn open(&self, graph_id: &str) -> Spoken<Option<String>> {
        match self {
            Memory::Sqlite(memory) => memory.open(graph_id).await,
            Memory::Http(memory) => memory.open(graph_id).await,
            Memory::Zep(memory) => memory.open(graph_id).await,
            Memory::Jsonl(memory) => memory.open(graph_id).await,
        }
    }

    async fn deliver(&self, graph: &Graph, batch: &EpisodeBatch) -> Spoken<Receipt> {
        match self {
            Memory::Sqlite(memory) => memory.deliver(graph, batch).await,
            Memory::Http(memory) => memory.deliver(graph, batch).await,
            Memory::Zep(memory) => memory.deliver(graph, batch).await,
            Memory::Jsonl(memory) => memory.deliver(graph, batch).await,
        }
    }

    async fn find(&self, graph: &Graph, batch: &EpisodeBatch) -> Spoken<Sighting> {
        match self {
            Memory::Sqlite(memory) => memory.find(graph, batch).await,
            Memory::Http(memory) => memory.find(graph, batch).await,
            Memory::Zep(memory) => memory.find(graph, batch).await,
            Memory::Jsonl(memory) => memory.find(graph, batch).await,
        }
    }

    async fn recall(&self, graph: &Graph, world: &World) -> Spoken<Option<u64>> {
        match self {
            Memory::Sqlite(memory) => memory.recall(graph, world).await,
            Memory::Http(memory) => memory.recall(graph, world).await,
            Memory::Zep(memory) => memory.recall(graph, world).await,
            Memory::Jsonl(memory) => memory.recall(graph, world).await,
        }
    }
}
