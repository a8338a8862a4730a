//! The file: opened, owned by one process, and made anew where it cannot be used.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

/// The version of `schema.sql`.
const SCHEMA_VERSION: i64 = 1;
/// Marks our files, so that no other database is taken for one: "ShRM".
const APPLICATION_ID: i32 = 0x5368_524d;
/// How long a statement waits for somebody else's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Pages that the writer keeps (negative: KiB): rows of agents lie apart.
const WRITER_CACHE_KIB: i64 = -65_536;
/// The same for each reader.
const READER_CACHE_KIB: i64 = -16_384;

/// Why the read model cannot be filled or read at the moment.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The database does not do it.
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file system does not do it.
    #[error("{0}")]
    File(#[from] io::Error),
    /// Another process fills it.
    #[error("another launcher has it; give each one a file of its own")]
    InUse,
    /// It is something else.
    #[error("it is a database of something else; name another file")]
    Foreign,
    /// Somebody took it away.
    #[error("it was deleted; it is built anew")]
    Gone,
    /// What is to be read from the bus cannot be.
    #[error("{0}")]
    Bus(String),
}

impl Trouble {
    /// True where the file is damaged, and another one has to be made.
    pub(super) fn is_damage(&self) -> bool {
        matches!(self, Trouble::Sqlite(error) if is_damage(error))
    }
}

/// See [`Trouble::is_damage`].
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// A file that is ours to write, until it is dropped.
#[derive(Debug)]
pub(super) struct Owned {
    pub(super) connection: Connection,
    path: PathBuf,
    /// The system lets go of it however we end.
    _lock: File,
}

impl Owned {
    /// Opens the file at `path`, made if it is not there; one of another version is thrown away,
    /// and so is one that cannot be read or, `is_damaged`, could not be before.
    pub(super) fn open(path: &Path, is_damaged: bool) -> Result<Owned, Trouble> {
        let lock = File::create(beside(path, ".lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Trouble::InUse),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        if is_damaged {
            throw_away(path, "it is damaged")?;
        }
        let connection = match prepare(path) {
            Ok(Some(connection)) => connection,
            Ok(None) => {
                throw_away(path, "it has another version")?;
                prepare(path)?.ok_or(Trouble::Gone)?
            }
            Err(error) if error.is_damage() => {
                throw_away(path, "it cannot be read")?;
                prepare(path)?.ok_or(Trouble::Gone)?
            }
            Err(error) => return Err(error),
        };
        Ok(Owned { connection, path: path.to_owned(), _lock: lock })
    }

    /// # Errors
    /// If the file is not where it was: whoever deletes it wants another one.
    pub(super) fn check_there(&self) -> Result<(), Trouble> {
        if self.path.exists() { Ok(()) } else { Err(Trouble::Gone) }
    }
}

/// A connection that only reads.
pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "cache_size", READER_CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// A file ready to be written; `None` if it has another version.
fn prepare(path: &Path) -> Result<Option<Connection>, Trouble> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let mark: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables > 0 && mark != APPLICATION_ID {
        return Err(Trouble::Foreign);
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // What a failing power takes away is read from the stream again.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "cache_size", WRITER_CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(64);
    if tables == 0 {
        let transaction = connection.transaction()?;
        transaction.execute_batch(include_str!("schema.sql"))?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        transaction.commit()?;
    }
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok((version == SCHEMA_VERSION).then_some(connection))
}

/// Removes a file of ours. What is none is moved aside: it may be all that somebody has.
fn throw_away(path: &Path, why: &str) -> Result<(), Trouble> {
    if is_ours(path)? {
        tracing::warn!("{} is thrown away and built anew: {why}", path.display());
        fs::remove_file(path)?;
    } else {
        let aside = beside(path, ".unreadable");
        let (file, moved) = (path.display(), aside.display());
        tracing::warn!("{file} is moved to {moved} and built anew: {why}");
        fs::rename(path, &aside)?;
    }
    for suffix in ["-wal", "-shm"] {
        match fs::remove_file(beside(path, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

/// Whether the first bytes, where SQLite keeps the application id, are those of our files.
fn is_ours(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(72).read_to_end(&mut head)?;
    Ok(head.get(68..72).is_some_and(|mark| mark == APPLICATION_ID.to_be_bytes()))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(owned: &Owned) -> i64 {
        owned.connection.query_row("SELECT count(*) FROM run", [], |row| row.get(0)).unwrap()
    }

    fn fill(path: &Path) {
        let owned = Owned::open(path, false).unwrap();
        owned.connection.execute("INSERT INTO run VALUES (1, 'market-1')", []).unwrap();
    }

    #[test]
    fn what_is_there_is_kept_and_owned_by_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.sqlite");
        fill(&path);
        let owned = Owned::open(&path, false).unwrap();
        assert_eq!(rows(&owned), 1);
        assert!(matches!(Owned::open(&path, false), Err(Trouble::InUse)));
        drop(owned);
        assert_eq!(rows(&Owned::open(&path, true).unwrap()), 0);
    }

    #[test]
    fn another_version_is_thrown_away() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.sqlite");
        fill(&path);
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        assert_eq!(rows(&Owned::open(&path, false).unwrap()), 0);
        assert!(!beside(&path, ".unreadable").exists());
    }

    #[test]
    fn what_is_no_database_is_moved_aside_and_another_database_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.sqlite");
        fs::write(&path, "my only copy of a poem, which is long enough\n".repeat(50)).unwrap();
        assert_eq!(rows(&Owned::open(&path, false).unwrap()), 0);
        assert!(fs::read_to_string(beside(&path, ".unreadable")).unwrap().starts_with("my only"));
        let other = dir.path().join("other.sqlite");
        Connection::open(&other).unwrap().execute_batch("CREATE TABLE poem (text)").unwrap();
        assert!(matches!(Owned::open(&other, false), Err(Trouble::Foreign)));
    }

    #[test]
    fn a_damaged_file_is_thrown_away() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.sqlite");
        fill(&path);
        // All pages but the header of the first one.
        let mut bytes = fs::read(&path).unwrap();
        bytes[100..].fill(0xa5);
        fs::write(&path, bytes).unwrap();
        assert_eq!(rows(&Owned::open(&path, false).unwrap()), 0);
        assert!(!beside(&path, ".unreadable").exists());
    }
}
