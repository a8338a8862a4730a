//! The read model: all actions of all runs in one SQLite file, so that pages about them are
//! index lookups. It is a consumer of the stream of frames like any other, and nothing that is
//! not on the bus as well: a file that is deleted is built again.
//!
//! In reading order:
//!
//! - `schema.sql` and keys: what is in the file; file: opened and owned by one process;
//! - fold: what a frame changes, forwards and back; worlds: what is known of each;
//! - [`take`]: messages in, rows out, a batch and its place in one transaction;
//! - [`keeper`]: reads the stream, and goes on after whatever goes wrong;
//! - readers: questions, off the threads that others wait for; [`pages`]: the questions.

mod file;
mod fold;
pub mod keeper;
mod keys;
pub mod pages;
mod readers;
pub mod take;
#[cfg(test)]
pub(crate) mod tests;
mod worlds;

pub use file::Trouble;
pub use keys::Include;
pub use readers::ReadModel;

use std::path::Path;

use contract::subject::Prefix;

/// Opens the file at `path` to fill it; for whoever does without a [`keeper`].
///
/// # Errors
/// If it cannot be opened, or somebody else fills it.
pub fn open(path: &Path, prefix: Prefix) -> Result<take::Writer, Trouble> {
    take::Writer::new(file::Owned::open(path, false)?, prefix)
}
