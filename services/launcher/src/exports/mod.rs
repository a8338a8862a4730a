//! Runs as archives of files, made on this machine's disk and gone once they are sent.
//!
//! The archive is whole before its first byte is sent: whatever goes wrong is an error in
//! words, not a download that breaks off, and its size is known.

mod archive;
mod reading;

use std::fs::{DirBuilder, File};
use std::io::{self, Seek};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bus::Bus;
use contract::spec::Spec;
use contract::status::EnvStatus;
use export::{Export, ExportError, Request, file_names};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use self::reading::{Piece, read};
use crate::refusal::Refusal;

/// Exports that are made or sent at the same time. Each takes disk for as long as it is.
const AT_ONCE: usize = 2;

/// Pieces that wait to be written; a frame may have some megabytes.
const QUEUE: usize = 8;

/// Makes exports.
#[derive(Debug)]
pub struct Exports {
    bus: Bus,
    /// Where they are made: ours alone, since nobody else listens on our address.
    folder: PathBuf,
    room: Arc<Semaphore>,
}

/// An export that is ready to be sent. Its file has no name any more: dropped, it is gone.
#[derive(Debug)]
pub struct Archive {
    /// At its beginning.
    pub file: File,
    /// Its size.
    pub bytes: u64,
    /// The place that it takes.
    pub place: OwnedSemaphorePermit,
}

/// Why an export is not made.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error(transparent)]
    File(#[from] io::Error),
    /// Whoever wanted it is gone, or not all of the run could be read.
    #[error("it was abandoned")]
    Abandoned,
}

impl Exports {
    /// Exports of what is on `bus`, made in the system's folder for temporary files. Removes
    /// what a launcher at the same address left there when it was killed.
    pub fn new(bus: Bus, http: SocketAddr) -> Exports {
        let name = format!("shoal-exports-{}", http.to_string().replace([':', '[', ']'], "-"));
        let folder = std::env::temp_dir().join(name);
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!("cannot remove {}: {error}", folder.display());
            }
            Ok(()) | Err(_) => {}
        }
        Exports { bus, folder, room: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Makes the export of a run in this state. Dropping the future leaves nothing.
    ///
    /// # Errors
    /// If too many are made already, the run cannot be read, or the disk is full.
    pub async fn make(
        &self,
        run: Arc<EnvStatus>,
        spec: Spec,
        request: Request,
    ) -> Result<Archive, Refusal> {
        let place = Arc::clone(&self.room).try_acquire_owned().map_err(|_| {
            let text = format!("{AT_ONCE} exports are on their way already; ask again later");
            Refusal::Unavailable(text)
        })?;
        let (sender, pieces) = mpsc::channel(QUEUE);
        let (folder, writing) = (self.folder.clone(), Arc::clone(&run));
        let writer = tokio::task::spawn_blocking(move || {
            let (file, bytes) = write(&folder, &writing, &spec, &request, pieces)?;
            Ok(Archive { file, bytes, place })
        });
        let fed = read(&self.bus, &run.run_id, sender).await;
        let written = writer.await.map_err(|error| Refusal::Failed(error.to_string()))?;
        match (written, fed) {
            (Ok(archive), Ok(())) => Ok(archive),
            // A writer that lacks something ends early, which is no trouble of the reader's.
            (Err(Broken::Abandoned) | Ok(_), Err(refusal)) => Err(refusal),
            (Err(broken), _) => Err(self.refusal(&run, &broken)),
        }
    }

    fn refusal(&self, run: &EnvStatus, broken: &Broken) -> Refusal {
        let (run, folder) = (&run.run_id, self.folder.display());
        match is_full(broken) {
            true => Refusal::Unavailable(format!(
                "the launcher's disk is full: there is no room in {folder} for the export of \
                 {run}; free some, or start the launcher with TMPDIR set to a folder with more"
            )),
            false => Refusal::Failed(format!("run {run} cannot be exported: {broken}")),
        }
    }
}

/// Writes the files as the pieces come, packs them, and leaves only the open archive.
fn write(
    folder: &Path,
    run: &EnvStatus,
    spec: &Spec,
    request: &Request,
    mut pieces: mpsc::Receiver<Piece>,
) -> Result<(File, u64), Broken> {
    // What a run says is for its owner alone, as its stream is.
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let stage = tempfile::tempdir_in(folder)?;
    let files = stage.path().join("files");
    let mut export = Export::begin(&files, request, spec, run)?;
    loop {
        match pieces.blocking_recv() {
            Some(Piece::Frame(frame)) => export.frame(&frame)?,
            Some(Piece::Reply(reply)) => export.reply(&reply)?,
            Some(Piece::Log(line)) => export.log(&line)?,
            Some(Piece::End) => break,
            None => return Err(Broken::Abandoned),
        }
    }
    export.finish()?;
    let out = tempfile::tempfile_in(stage.path())?;
    let at = run.ended_at.unwrap_or(run.created_at);
    let mut file = archive::pack(&files, file_names(), run.run_id.as_str(), at, out)?;
    let bytes = file.stream_position()?;
    file.rewind()?;
    Ok((file, bytes))
}

/// Whether it is for want of room. Databases and rows tell that in their text alone.
fn is_full(broken: &Broken) -> bool {
    match broken {
        Broken::File(error) | Broken::Export(ExportError::File { error, .. }) => {
            error.kind() == io::ErrorKind::StorageFull
        }
        Broken::Export(error @ (ExportError::Row { .. } | ExportError::Tables(_))) => {
            let text = error.to_string();
            text.contains("No space left on device") || text.contains("disk is full")
        }
        Broken::Export(_) | Broken::Abandoned => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queued::tests::{spec, status};

    fn request() -> Request {
        Request { formats: Vec::new(), all_actions: false, force: false }
    }

    /// What is in a folder, whatever it is.
    fn entries(folder: &Path) -> usize {
        std::fs::read_dir(folder).map_or(0, Iterator::count)
    }

    #[test]
    fn an_archive_is_whole_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let (sender, pieces) = mpsc::channel(1);
        sender.try_send(Piece::End).unwrap();
        let (file, bytes) = write(dir.path(), &status(1), &spec(), &request(), pieces).unwrap();
        assert_eq!(entries(dir.path()), 0);
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
        let names: Vec<String> = (archive.entries().unwrap())
            .map(|entry| entry.unwrap().path().unwrap().to_string_lossy().into_owned())
            .collect();
        assert!(names.contains(&"market-1/run_state.json".to_owned()), "{names:?}");
        assert_eq!(names.last().unwrap(), "market-1/manifest.json");
        assert!(bytes > 100);
    }

    #[test]
    fn what_is_abandoned_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let (sender, pieces) = mpsc::channel(1);
        drop(sender);
        let written = write(dir.path(), &status(1), &spec(), &request(), pieces);
        assert!(matches!(written, Err(Broken::Abandoned)));
        assert_eq!(entries(dir.path()), 0);
    }

    #[test]
    fn a_full_disk_is_told_from_other_trouble() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let row = |reason: &str| {
            let reason = reason.to_owned();
            Broken::Export(ExportError::Row { file: "csv/posts.csv", reason })
        };
        assert!(is_full(&Broken::File(full())));
        assert!(is_full(&Broken::Export(ExportError::File { path: "x".into(), error: full() })));
        assert!(is_full(&row("No space left on device (os error 28)")));
        assert!(!is_full(&row("not a number")));
        assert!(!is_full(&Broken::File(io::ErrorKind::PermissionDenied.into())));
    }
}
