//! The embedded memory: one SQLite file that holds the episodes and the sink's own place in
//! the stream, so both change in one transaction and an action is in it exactly once.

mod connections;
mod cursors;
mod hunt;
mod lookup;
mod migrate;
mod nodes;
mod pages;
mod place;
mod room;
mod rows;
mod scribe;
mod search;
#[cfg(test)]
mod tests;
mod walk;
mod whole;
mod words;

use std::fmt;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use contract::timestamp::Timestamp;
use faults::Safeguard;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use self::connections::{Readers, writer};
pub use self::pages::Missing;
pub use self::place::{InTime, NoPlace, OfKind};
use self::scribe::Scribe;
use super::{Adapter, DeliveryError, Graph, Receipt, Spoken};
use crate::batch::EpisodeBatch;
use crate::graph::Relation;

/// The file's name in the folder of memories.
pub const FILE_NAME: &str = "memory.sqlite";
/// Locked while a sink owns the folder.
const LOCK_NAME: &str = "memory.lock";
/// The version of `schema.sql`.
const SCHEMA_VERSION: i64 = 2;
/// How much is written before it is moved into the file itself, in pages of 4 KiB: pages in the
/// middle of an index change with each batch, and are moved once for many.
const CHECKPOINT_PAGES: i64 = 8192;

/// The memory in a folder, open and owned. Clones share it.
#[derive(Clone)]
pub struct SqliteMemory {
    /// The operator's name for this memory.
    target: String,
    /// The name of the stream of frames: places in another one mean nothing.
    stream: String,
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    writer: Mutex<Connection>,
    /// Apart, so that a long search delays no delivery.
    readers: Readers,
    /// Held until the last clone is gone; the system lets go of it however we end.
    _lock: File,
}

/// Why the memory cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be used.
    #[error(
        "folder of memories {} cannot be used: {why}; set SHOAL_MEMORY_DIR to a folder that can \
         be written",
        folder.display()
    )]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        why: std::io::Error,
    },
    /// Another sink owns it.
    #[error(
        "folder of memories {} is in use by another memory-sink: stop that one, or name \
         another folder",
        folder.display()
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// It was written by a newer sink.
    #[error(
        "{} has schema version {found}, this memory-sink knows {SCHEMA_VERSION}: use the newer \
         one, or name another folder",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// It is no memory of ours, or damaged.
    #[error(
        "{} cannot be opened as a memory: {source} (to fill a new one from the stream, move the \
         file away)",
        path.display()
    )]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
}

/// A statement that failed; text for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{FILE_NAME}: {0}")]
pub struct SqliteError(String);

impl SqliteMemory {
    /// Opens the memory in `folder` under the operator's name `target`, made if it is not
    /// there; `stream` is the name of the stream of frames. Blocks on the disk.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(folder: &Path, target: &str, stream: &str) -> Result<SqliteMemory, OpenError> {
        let unfit = |why| OpenError::Folder { folder: folder.to_owned(), why };
        std::fs::create_dir_all(folder).map_err(unfit)?;
        let lock = File::create(folder.join(LOCK_NAME)).map_err(unfit)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse { folder: folder.to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(unfit(source)),
        }
        let path = folder.join(FILE_NAME);
        let unusable = |source| OpenError::Unusable { path: path.clone(), source };
        let mut writer = writer(&path).map_err(unusable)?;
        let version = prepare(&mut writer).map_err(unusable)?;
        if version > SCHEMA_VERSION {
            return Err(OpenError::Newer { path, found: version });
        }
        let readers = Readers::open(&path).map_err(unusable)?;
        let writer = Mutex::new(writer);
        let inner = Arc::new(Inner { path, writer, readers, _lock: lock });
        let (target, stream) = (target.to_owned(), stream.to_owned());
        Ok(SqliteMemory { target, stream, inner })
    }

    /// The file.
    pub fn place(&self) -> String {
        self.inner.path.display().to_string()
    }

    /// One transaction, on a thread that may block.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, SqliteError> {
        self.blocking(move |inner| {
            let mut writer = inner.writer.lock().unwrap_or_else(PoisonError::into_inner);
            let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        })
        .await
    }

    /// One look, on a thread that may block.
    async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, SqliteError> {
        let turn = self.inner.readers.turn().await;
        self.blocking(move |inner| inner.readers.look(&inner.path, turn, look)).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, SqliteError> {
        let inner = Arc::clone(&self.inner);
        let done = tokio::task::spawn_blocking(move || work(&inner)).await;
        done.map_err(|error| SqliteError(error.to_string()))?
            .map_err(|error| SqliteError(error.to_string()))
    }
}

impl Adapter for SqliteMemory {
    /// Episodes and cursor in one transaction.
    async fn deliver(&self, _graph: &Graph, batch: &EpisodeBatch) -> Spoken<Receipt> {
        Spoken::of(self.remember(batch).await)
    }
}

impl SqliteMemory {
    /// Stores what is new in a batch, the graph that it makes, and where the memory then stands:
    /// all of it or nothing.
    ///
    /// # Errors
    /// If the file cannot be written; another time it may.
    pub async fn remember(&self, batch: &EpisodeBatch) -> Result<Receipt, DeliveryError> {
        let (batch, target, stream) = (batch.clone(), self.target.clone(), self.stream.clone());
        let now = Timestamp::from_milliseconds(kit::now_milliseconds());
        let written = self.write(move |transaction| {
            let graph = cursors::graph(transaction, &batch.graph_id, now)?;
            let mut scribe = Scribe::open(transaction, graph, &batch.graph_id, &batch.world)?;
            let mut receipt = Receipt::AlreadyThere;
            for episode in &batch.episodes {
                if scribe.take(None, episode, batch.stream_sequence, now)? {
                    receipt = Receipt::Taken;
                }
            }
            scribe.close()?;
            cursors::put(transaction, &target, &batch.world, graph, Some(&batch.reached))?;
            cursors::put_place(transaction, &stream, &target, &batch.world, batch.at)?;
            Ok(receipt)
        });
        // Whatever failed, nothing of it is stored, and the next time it may not fail.
        let receipt = written
            .await
            .map_err(|error| DeliveryError::Retry { after: None, reason: error.to_string() })?;
        faults::point("sink.committed");
        Ok(receipt)
    }
}

/// Makes the file ready to be written and says which version it has.
fn prepare(connection: &mut Connection) -> rusqlite::Result<i64> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut version: i64 =
        transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version < SCHEMA_VERSION {
        match version {
            1 => migrate::from_1(&transaction)?,
            _ => create(&transaction)?,
        }
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        version = SCHEMA_VERSION;
    }
    if faults::is_off(Safeguard::Ledger) {
        transaction.execute_batch("DROP INDEX IF EXISTS episode_of_action")?;
    }
    transaction.commit()?;
    Ok(version)
}

/// The tables of a memory that has nothing yet.
fn create(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(include_str!("sqlite/schema.sql"))?;
    let mut insert = transaction.prepare("INSERT INTO relation VALUES (?1, ?2)")?;
    for relation in Relation::ALL {
        insert.execute(params![relation.number(), relation.name()])?;
    }
    Ok(())
}

/// SQLite's integers are signed; ours stay far below the end.
fn integer(natural: u64) -> i64 {
    i64::try_from(natural).unwrap_or(i64::MAX)
}

/// See [`integer`].
fn natural(integer: i64) -> u64 {
    u64::try_from(integer).unwrap_or(0)
}

impl fmt::Debug for SqliteMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SqliteMemory").field(&self.inner.path).finish()
    }
}
