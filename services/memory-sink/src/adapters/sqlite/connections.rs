//! Connections to the file: one that writes, and a few that read.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Statements that a connection keeps ready.
const STATEMENTS: usize = 128;
/// How long a statement waits for somebody else's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// What the writer keeps of the file in memory.
const WRITER_KIB: i64 = 64 * 1024;
/// The same of each reader. A search for two common words goes through 2 to 4 MiB of 200,000
/// facts; of the 2 MiB that SQLite keeps by itself nothing is left when the next one begins.
const READER_KIB: i64 = 16 * 1024;
/// Looks that go on at the same time. More of them only take the cores from each other: of eight
/// who ask at once, on two cores, the slowest then wait longer.
pub(super) const READERS: usize = 3;

/// The connection that writes.
pub(super) fn writer(path: &Path) -> rusqlite::Result<Connection> {
    connect(path, OpenFlags::default(), WRITER_KIB)
}

/// Connections that read. More than one, so that a short look does not wait for a long search.
pub(super) struct Readers {
    /// A permit for each that may be in use.
    turns: Arc<Semaphore>,
    /// Those that nobody uses, the last used last: it remembers most.
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    /// One of them, to see that there can be any; the others are opened when they are needed.
    pub(super) fn open(path: &Path) -> rusqlite::Result<Readers> {
        let turns = Arc::new(Semaphore::new(READERS));
        Ok(Readers { turns, idle: Mutex::new(vec![reader(path)?]) })
    }

    /// Waits until one is free, in the order of those who ask.
    pub(super) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        // It is never closed.
        Arc::clone(&self.turns).acquire_owned().await.ok()
    }

    /// One look by whoever has a turn, which is over afterwards. Blocks on the disk.
    pub(super) fn look<T>(
        &self,
        path: &Path,
        turn: Option<OwnedSemaphorePermit>,
        look: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = idle.map_or_else(|| reader(path), Ok)?;
        let seen = connection.transaction().and_then(|transaction| look(&transaction));
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        drop(turn);
        seen
    }
}

/// Without a lock of its own: whoever uses it has it alone.
fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    connect(path, flags, READER_KIB)
}

fn connect(path: &Path, flags: OpenFlags, cache_kib: i64) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    // Otherwise SQLite plans some statements anew for each value that is bound to them, to see
    // whether the plan still fits: of a search that was a quarter of the time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}
