//! Why an export cannot be made.

use std::io;
use std::path::{Path, PathBuf};

use contract::subject::Platform;

/// Why an export cannot be made. What was written so far is gone when it is dropped.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The folder holds something, and nobody said that it may be replaced.
    #[error("{} is not empty: name a new or an empty folder, or allow its files to be replaced", .0.display())]
    NotEmpty(PathBuf),
    /// Another export is on its way into the folder.
    #[error("another export is being written into {}: wait for its end, or name another folder", .0.display())]
    Busy(PathBuf),
    /// A file or folder cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A row cannot be written as CSV or JSON.
    #[error("cannot write {file}: {reason}")]
    Row {
        /// Into which file.
        file: &'static str,
        /// Why.
        reason: String,
    },
    /// The database does not take it.
    #[error("the tables cannot be written: {0}")]
    Tables(#[from] rusqlite::Error),
    /// A frame does not follow the one before.
    #[error("{platform}: tick {found} stands where {expected} belongs, or follows another past")]
    Chain {
        /// The world.
        platform: Platform,
        /// The tick that was due.
        expected: u32,
        /// The tick that came.
        found: u32,
    },
    /// An action speaks of what is not there: the frames are not those of this spec.
    #[error("{platform}: action {seq} ({action_type}) {problem}")]
    Dangling {
        /// The world.
        platform: Platform,
        /// Its seq.
        seq: u64,
        /// Its type.
        action_type: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The run has no such world, or its spec has none.
    #[error("there is no {0} world in this run's spec and options")]
    NoWorld(Platform),
    /// The run says that it has frames that did not come.
    #[error("{platform}: {found} of the {expected} ticks that the run says it has were read")]
    Missing {
        /// The world.
        platform: Platform,
        /// As the run says.
        expected: u32,
        /// As came.
        found: u32,
    },
    /// What was read is not what the run says it has published.
    #[error("{platform}: the run says that its digest is {expected}, its frames make {found}")]
    Digest {
        /// The world.
        platform: Platform,
        /// As the run says.
        expected: String,
        /// As came.
        found: String,
    },
}

impl ExportError {
    /// For `map_err`: what went wrong with this file or folder.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> ExportError {
        let path = path.to_owned();
        move |error| ExportError::File { path, error }
    }

    /// For `map_err`: what went wrong with a row of this file.
    pub(crate) fn row<E: ToString>(file: &'static str) -> impl FnOnce(E) -> ExportError {
        move |error| ExportError::Row { file, reason: error.to_string() }
    }
}
