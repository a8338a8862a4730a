//! Files that are there whole or not at all: written beside their names, then renamed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use intake::{CONFIG_FILE, REDDIT_FILE, TWITTER_FILE};

/// What the name of a file has at its end while it is written.
const UNFINISHED: &str = ".partial";

/// A file that is being written. Dropped before it is finished, it is removed.
#[derive(Debug)]
pub(crate) struct Partial {
    out: BufWriter<File>,
    unfinished: PathBuf,
    finished: PathBuf,
    is_named: bool,
}

impl Partial {
    /// Begins the file `name` in `folder`; what an earlier attempt left there is overwritten.
    pub(crate) fn create(folder: &Path, name: &str) -> io::Result<Partial> {
        let unfinished = folder.join(format!("{name}{UNFINISHED}"));
        let out = BufWriter::with_capacity(1 << 18, File::create(&unfinished)?);
        Ok(Partial { out, unfinished, finished: folder.join(name), is_named: false })
    }

    /// Writes what is left, waits until it is on the disk, and gives its size in bytes.
    pub(crate) fn complete(&mut self) -> io::Result<u64> {
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        Ok(self.out.get_ref().metadata()?.len())
    }

    /// Gives the file its name.
    pub(crate) fn publish(mut self) -> io::Result<()> {
        fs::rename(&self.unfinished, &self.finished)?;
        self.is_named = true;
        Ok(())
    }
}

impl Write for Partial {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    // Of itself it would go through `write`, which is slow for the few bytes of a field.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_named {
            // Nobody is left to be told; the next attempt overwrites it.
            let _ = fs::remove_file(&self.unfinished);
        }
    }
}

/// The first thing in a folder that is none of our unfinished files; `None` if there is none.
pub(crate) fn first_entry(folder: &Path) -> io::Result<Option<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    let ours = [CONFIG_FILE, TWITTER_FILE, REDDIT_FILE];
    let is_left =
        |name: &String| name.strip_suffix(UNFINISHED).is_some_and(|file| ours.contains(&file));
    Ok(names.into_iter().find(|name| !is_left(name)))
}

/// Removes a file, if it is there.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let given_up = Partial::create(folder.path(), CONFIG_FILE).unwrap();
        assert_eq!(first_entry(folder.path()).unwrap(), None);
        drop(given_up);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let mut kept = Partial::create(folder.path(), CONFIG_FILE).unwrap();
        kept.write_all(b"{}").unwrap();
        assert_eq!(kept.complete().unwrap(), 2);
        kept.publish().unwrap();
        assert_eq!(first_entry(folder.path()).unwrap().as_deref(), Some(CONFIG_FILE));
        assert_eq!(fs::read(folder.path().join(CONFIG_FILE)).unwrap(), b"{}");
    }
}
