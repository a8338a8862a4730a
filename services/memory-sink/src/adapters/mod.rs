//! How to speak to a memory, and nothing else: no retries, no cursor, no dead letters.

pub mod http;
pub mod sqlite;
pub mod template;

use std::time::Duration;

use self::http::HttpMemory;
use self::sqlite::SqliteMemory;
use crate::batch::EpisodeBatch;

/// What every adapter does.
pub trait Adapter {
    /// Hands a batch to the memory, once.
    ///
    /// # Errors
    /// See [`DeliveryError`]: each kind says what is known, and so what may be done.
    fn deliver(
        &self,
        batch: &EpisodeBatch,
    ) -> impl Future<Output = Result<Receipt, DeliveryError>> + Send;
}

/// What a memory says about a batch that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It is new to it.
    Taken,
    /// It had it already.
    AlreadyThere,
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
        /// Why.
        reason: String,
    },
    /// It will never be taken.
    #[error("{reason}")]
    Reject {
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
}

impl Memory {
    /// How it is spoken to, as the operator's configuration names it.
    pub fn kind(&self) -> &'static str {
        match self {
            Memory::Sqlite(_) => "sqlite",
            Memory::Http(_) => "http",
        }
    }

    /// Where it is, as far as that may be shown.
    pub fn place(&self) -> String {
        match self {
            Memory::Sqlite(memory) => memory.place(),
            Memory::Http(memory) => memory.place(),
        }
    }
}

impl Adapter for Memory {
    async fn deliver(&self, batch: &EpisodeBatch) -> Result<Receipt, DeliveryError> {
        match self {
            Memory::Sqlite(memory) => memory.deliver(batch).await,
            Memory::Http(memory) => memory.deliver(batch).await,
        }
    }
}
