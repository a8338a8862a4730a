//! A folder that is filled as a whole or not at all.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::ExportError;

/// Says that an export is whole; always the last file to appear.
pub(crate) const MANIFEST: &str = "manifest.json";

/// Where files are until all of them are there.
const STAGE: &str = ".shoal-export";

/// Every file that an export may write, but for the manifest.
pub(crate) const OWN_FILES: [&str; 13] = [
    "twitter/actions.jsonl",
    "reddit/actions.jsonl",
    "run_state.json",
    "env_status.json",
    "simulation.log",
    "twitter_simulation.db",
    "reddit_simulation.db",
    "csv/actions.csv",
    "csv/posts.csv",
    "csv/comments.csv",
    "csv/agents.csv",
    "csv/rounds.csv",
    "csv/interviews.csv",
];

/// A folder on its way to be filled. Dropped before [`Folder::finish`], it leaves nothing of
/// what was written.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    stage: PathBuf,
    /// Held as long as the folder is being filled; it goes with the process, whatever ends it.
    _lock: Option<File>,
    made: bool,
    written: Vec<&'static str>,
}

impl Folder {
    /// Takes a folder that is not there yet or empty; any, if `force`.
    pub(crate) fn open(path: &Path, force: bool) -> Result<Folder, ExportError> {
        let stage = path.join(STAGE);
        let made = !path.exists();
        if !made && !path.is_dir() {
            let error = io::Error::other("there is a file of this name, where a folder is needed");
            return Err(ExportError::File { path: path.to_owned(), error });
        }
        fs::create_dir_all(path).map_err(ExportError::file(path))?;
        let lock = lock(path)?;
        // What an export that was killed has left is nobody's.
        match fs::remove_dir_all(&stage) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(ExportError::File { path: stage, error });
            }
            Ok(()) | Err(_) => {}
        }
        let mut entries = fs::read_dir(path).map_err(ExportError::file(path))?;
        if !force && entries.next().is_some() {
            return Err(ExportError::NotEmpty(path.to_owned()));
        }
        fs::create_dir(&stage).map_err(ExportError::file(&stage))?;
        Ok(Folder { path: path.to_owned(), stage, _lock: lock, made, written: Vec::new() })
    }

    /// Begins one of [`OWN_FILES`].
    pub(crate) fn create(&mut self, file: &'static str) -> Result<BufWriter<File>, ExportError> {
        let path = self.claim(file)?;
        let created = File::create(&path).map_err(ExportError::file(&path))?;
        Ok(BufWriter::new(created))
    }

    /// Writes one of [`OWN_FILES`].
    pub(crate) fn write(&mut self, file: &'static str, text: &str) -> Result<(), ExportError> {
        let path = self.claim(file)?;
        fs::write(&path, text).map_err(ExportError::file(&path))
    }

    /// Where one of [`OWN_FILES`] is to be written by somebody else.
    pub(crate) fn claim(&mut self, file: &'static str) -> Result<PathBuf, ExportError> {
        let path = self.scratch(file)?;
        self.written.push(file);
        Ok(path)
    }

    /// Where a file is to be written that nobody is to keep.
    pub(crate) fn scratch(&self, file: &'static str) -> Result<PathBuf, ExportError> {
        let path = self.stage.join(file);
        let parent = path.parent().unwrap_or(&self.stage);
        fs::create_dir_all(parent).map_err(ExportError::file(parent))?;
        Ok(path)
    }

    /// The size of a file that was written.
    pub(crate) fn size(&self, file: &'static str) -> Result<u64, ExportError> {
        let path = self.stage.join(file);
        Ok(fs::metadata(&path).map_err(ExportError::file(&path))?.len())
    }

    /// Puts all files in their places, the manifest last. Files of an earlier export of ours
    /// that this one does not have go away.
    pub(crate) fn finish(mut self, manifest: &str) -> Result<(), ExportError> {
        let stale = self.earlier_files();
        self.remove(MANIFEST)?;
        for file in stale {
            self.remove(file)?;
        }
        for file in &self.written {
            let place = self.path.join(file);
            let parent = place.parent().unwrap_or(&self.path);
            fs::create_dir_all(parent).map_err(ExportError::file(parent))?;
            fs::rename(self.stage.join(file), &place).map_err(ExportError::file(&place))?;
        }
        let (staged, place) = (self.stage.join(MANIFEST), self.path.join(MANIFEST));
        fs::write(&staged, manifest).map_err(ExportError::file(&staged))?;
        fs::rename(&staged, &place).map_err(ExportError::file(&place))?;
        self.made = false;
        Ok(())
    }

    /// Of the files that the manifest of an earlier export lists, those that are ours by name.
    fn earlier_files(&self) -> Vec<&'static str> {
        #[derive(Deserialize)]
        struct Earlier {
            files: Vec<EarlierFile>,
        }
        #[derive(Deserialize)]
        struct EarlierFile {
            path: String,
        }
        let read = fs::read(self.path.join(MANIFEST)).ok();
        let earlier = read.and_then(|json| serde_json::from_slice::<Earlier>(&json).ok());
        let listed = earlier.map_or_else(Vec::new, |earlier| earlier.files);
        let is_listed = |own: &&str| listed.iter().any(|file| file.path == **own);
        OWN_FILES.into_iter().filter(is_listed).collect()
    }

    fn remove(&self, file: &str) -> Result<(), ExportError> {
        let path = self.path.join(file);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(ExportError::File { path, error })
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// Two exports into one folder would take each other's files; `None` where the system has no locks
/// on folders.
fn lock(path: &Path) -> Result<Option<File>, ExportError> {
    let Ok(folder) = File::open(path) else { return Ok(None) };
    match folder.try_lock() {
        Ok(()) => Ok(Some(folder)),
        Err(TryLockError::WouldBlock) => Err(ExportError::Busy(path.to_owned())),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Whoever lets an export go already knows why; what cannot be removed now is by the
        // next export.
        let _ = fs::remove_dir_all(&self.stage);
        if self.made {
            let _ = fs::remove_dir(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All files under a folder, sorted.
    fn files(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            match entry.file_type().unwrap().is_dir() {
                true => found.extend(files(&entry.path()).iter().map(|it| format!("{name}/{it}"))),
                false => found.push(name),
            }
        }
        found.sort();
        found
    }

    #[test]
    fn nothing_is_seen_before_the_end_and_nothing_stays_of_what_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        let mut folder = Folder::open(&path, false).unwrap();
        folder.write("twitter/actions.jsonl", "rows").unwrap();
        assert!(!path.join("twitter").exists());
        drop(folder);
        assert!(!path.exists());

        let mut folder = Folder::open(&path, false).unwrap();
        folder.write("twitter/actions.jsonl", "rows").unwrap();
        folder.finish("{}").unwrap();
        assert_eq!(files(&path), ["manifest.json", "twitter/actions.jsonl"]);
    }

    #[test]
    fn a_full_folder_is_refused_and_by_force_only_our_files_are_replaced() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("run_state.json"), "theirs").unwrap();
        fs::write(dir.path().join("notes.txt"), "theirs").unwrap();
        let refused = Folder::open(dir.path(), false).unwrap_err().to_string();
        assert!(refused.ends_with("allow its files to be replaced"), "{refused}");
        assert_eq!(files(dir.path()), ["notes.txt", "run_state.json"]);

        let mut folder = Folder::open(dir.path(), true).unwrap();
        folder.write("env_status.json", "ours").unwrap();
        let listed = r#"{"files": [{"path": "env_status.json"}, {"path": "../../etc/passwd"},
            {"path": "notes.txt"}]}"#;
        folder.finish(listed).unwrap();
        assert_eq!(
            files(dir.path()),
            ["env_status.json", "manifest.json", "notes.txt", "run_state.json"]
        );
        assert_eq!(fs::read(dir.path().join("run_state.json")).unwrap(), b"theirs");

        let mut folder = Folder::open(dir.path(), true).unwrap();
        folder.write("run_state.json", "ours").unwrap();
        folder.finish("{}").unwrap();
        assert_eq!(files(dir.path()), ["manifest.json", "notes.txt", "run_state.json"]);
    }

    #[test]
    fn two_exports_do_not_take_each_others_files() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = Folder::open(dir.path(), false).unwrap();
        first.write("run_state.json", "first").unwrap();
        for force in [false, true] {
            let second = Folder::open(dir.path(), force);
            assert!(matches!(second, Err(ExportError::Busy(_))), "{second:?}");
        }
        first.finish("{}").unwrap();
        assert_eq!(files(dir.path()), ["manifest.json", "run_state.json"]);
        Folder::open(dir.path(), true).unwrap();
    }

    #[test]
    fn a_file_is_no_folder_and_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        fs::write(&path, "theirs").unwrap();
        let refused = Folder::open(&path, true).unwrap_err().to_string();
        assert!(refused.ends_with("there is a file of this name, where a folder is needed"));
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
    }

    #[test]
    fn what_a_killed_export_left_is_in_nobodys_way() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(STAGE)).unwrap();
        fs::write(dir.path().join(STAGE).join("run_state.json"), "half").unwrap();
        Folder::open(dir.path(), false).unwrap().finish("{}").unwrap();
        assert_eq!(files(dir.path()), ["manifest.json"]);
    }
}
