//! A memory of plain files: a folder with one file per graph, to which rows are appended in the
//! original's shape (`actions.jsonl`), with where they come from and what they say beside it.
//!
//! What is in a file is what the memory knows: nothing is kept elsewhere. On its first use a file
//! is read through once, a row at a time, to learn the last action of each world; from then on only
//! what is new is written. A batch is taken once its rows have reached the disk, so what a crash may
//! tear is never more than the last batch: a line without its end is cut off, and delivered again.

mod file;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use contract::id::Digest;

use self::file::{Known, learn, write};
use super::{Adapter, DeliveryError, Graph, Receipt, Sighting, Spoken};
use crate::batch::{EpisodeBatch, World};

/// Locked while a sink owns the folder.
const LOCK_NAME: &str = "jsonl.lock";
/// The longest graph's name that is a file's name as it is.
const LONGEST_PLAIN: usize = 100;
/// Characters of a graph's name that stand before the digest in other files' names.
const SLUG: usize = 40;

/// A folder of files, open and owned. Clones share it.
#[derive(Clone)]
pub struct JsonlMemory {
    inner: Arc<Inner>,
}

struct Inner {
    folder: PathBuf,
    /// What is known of each file, by its name. One writes at a time.
    files: Mutex<BTreeMap<String, Known>>,
    /// Held until the last clone is gone; the system lets go of it however we end.
    _lock: File,
}

/// Why the folder cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be used.
    #[error("folder {} cannot be used: {why}; name one that can be written", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// Another target or sink owns it.
    #[error(
        "folder {} is in use by another memory-sink or target: stop that one, or name another \
         folder",
        folder.display()
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
}

impl JsonlMemory {
    /// Opens the folder, made if it is not there. Blocks on the disk.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(folder: &Path) -> Result<JsonlMemory, OpenError> {
        let unfit = |why| OpenError::Folder { folder: folder.to_owned(), why };
        std::fs::create_dir_all(folder).map_err(unfit)?;
        let lock = File::create(folder.join(LOCK_NAME)).map_err(unfit)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse { folder: folder.to_owned() });
            }
            Err(TryLockError::Error(why)) => return Err(unfit(why)),
        }
        let (folder, files) = (folder.to_owned(), Mutex::default());
        Ok(JsonlMemory { inner: Arc::new(Inner { folder, files, _lock: lock }) })
    }

    /// The folder.
    pub fn place(&self) -> String {
        self.inner.folder.display().to_string()
    }

    /// Looks into the file of a graph, or writes to it, on a thread that may block. Nothing of what
    /// failed is believed: the file is read anew the next time.
    async fn with<T: Send + 'static>(
        &self,
        graph_id: &str,
        work: impl FnOnce(&Path, &mut Known) -> io::Result<T> + Send + 'static,
    ) -> Result<T, DeliveryError> {
        let (inner, name) = (Arc::clone(&self.inner), file_name(graph_id));
        let file = name.clone();
        let done = tokio::task::spawn_blocking(move || inner.with(&file, work)).await;
        let later = |error: String| DeliveryError::Retry {
            after: None,
            reason: format!("{name}: {error}"),
        };
        done.map_err(|error| later(error.to_string()))?.map_err(|error| later(error.to_string()))
    }
}

impl Inner {
    fn with<T>(
        &self,
        name: &str,
        work: impl FnOnce(&Path, &mut Known) -> io::Result<T>,
    ) -> io::Result<T> {
        let path = self.folder.join(name);
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let known = files.remove(name).filter(|known| known.is_of(&path));
        let mut known = match known {
            Some(known) => known,
            None => learn(&path)?,
        };
        let done = work(&path, &mut known)?;
        files.insert(name.to_owned(), known);
        Ok(done)
    }
}

impl Adapter for JsonlMemory {
    /// Appends what of the batch is not there. Seqs grow in the file of a graph, so that what is
    /// there of a world is what is not behind its last row.
    async fn deliver(&self, _graph: &Graph, batch: &EpisodeBatch) -> Spoken<Receipt> {
        let rows = batch.clone();
        let written = self.with(&batch.graph_id, move |path, known| {
            Ok(match write(path, known, &rows)? {
                0 => Receipt::AlreadyThere,
                _ => Receipt::Taken,
            })
        });
        Spoken::of(written.await)
    }

    async fn find(&self, _graph: &Graph, batch: &EpisodeBatch) -> Spoken<Sighting> {
        let last = batch.episodes.last().map_or(0, |episode| episode.body.seq);
        let found = self.last(&batch.graph_id, &batch.world).await;
        Spoken::of(found.map(|found| match found {
            Some(there) if there >= last => Sighting::There,
            Some(_) | None => Sighting::Absent,
        }))
    }

    async fn recall(&self, graph: &Graph, world: &World) -> Spoken<Option<u64>> {
        Spoken::of(self.last(&graph.id, world).await)
    }
}

impl JsonlMemory {
    /// The last action of a world that the file of a graph has.
    async fn last(&self, graph_id: &str, world: &World) -> Result<Option<u64>, DeliveryError> {
        let world = world.clone();
        self.with(graph_id, move |_, known| Ok(known.last(&world))).await
    }
}

/// The name of a graph's file, which is no other graph's, on any file system and for any text: the
/// graph's own name where that is a plain one, else what of it is plain, and a digest.
pub(super) fn file_name(graph_id: &str) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if (1..=LONGEST_PLAIN).contains(&graph_id.len()) && graph_id.chars().all(is_plain) {
        return format!("{graph_id}.jsonl");
    }
    let slug: String = graph_id.chars().filter(|c| is_plain(*c)).take(SLUG).collect();
    // A plain name has no tilde, so that no plain graph has this file.
    format!("{slug}~{}.jsonl", Digest::of(&[graph_id.as_bytes()]))
}

impl fmt::Debug for JsonlMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JsonlMemory").field(&self.inner.folder).finish()
    }
}
