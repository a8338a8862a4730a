//! The operator's folders of simulations, each read again only when its files have changed.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use contract::id::SimulationId;
use contract::timestamp::Timestamp;
use intake::{CONFIG_FILE, REDDIT_FILE, TWITTER_FILE, YAML_FILE};

use crate::refusal::Refusal;
use crate::specs::{Facts, read_folder};

/// The data directory.
#[derive(Debug)]
pub(super) struct Folders {
    pub(super) dir: PathBuf,
    read: Mutex<BTreeMap<SimulationId, Read>>,
}

/// A folder that was read, and what it was then.
#[derive(Debug)]
struct Read {
    seen: Seen,
    facts: Result<Arc<Facts>, String>,
}

/// The files of a folder that make a simulation, as they are on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen(Vec<File>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct File {
    name: &'static str,
    bytes: u64,
    changed: SystemTime,
}

impl Folders {
    pub(super) fn new(dir: PathBuf) -> Folders {
        Folders { dir, read: Mutex::default() }
    }

    /// The folder of a simulation, whatever is in it.
    pub(super) fn look(&self, id: &SimulationId) -> Option<Seen> {
        let folder = self.dir.join(id.as_str());
        folder.exists().then(|| Seen::of(&folder))
    }

    /// All folders with a simulation's name and at least one of its files.
    ///
    /// # Errors
    /// If the directory cannot be listed.
    pub(super) async fn all(&self) -> Result<BTreeMap<SimulationId, Seen>, Refusal> {
        let dir = self.dir.clone();
        let listing = tokio::task::spawn_blocking(move || list(&dir));
        let listed = listing.await.map_err(|error| Refusal::Failed(error.to_string()))?;
        let seen = listed.map_err(|error| {
            Refusal::Unavailable(format!("cannot list the data directory: {error}"))
        })?;
        self.lock().retain(|id, _| seen.contains_key(id));
        Ok(seen)
    }

    /// What is told of a folder that was just seen; the inner error is what is wrong with it.
    ///
    /// # Errors
    /// If it could not be read for another reason than itself.
    pub(super) async fn facts(
        &self,
        id: &SimulationId,
        seen: &Seen,
    ) -> Result<Result<Arc<Facts>, String>, Refusal> {
        let known = self.lock().get(id).filter(|read| read.seen == *seen).map(Read::facts);
        if let Some(facts) = known {
            return Ok(facts);
        }
        let facts = match read_folder(&self.dir, id).await {
            Ok(Some(intake)) => Ok(Arc::new(Facts::new(intake.spec.digest(), &intake.spec))),
            Ok(None) => Err(format!("the folder of simulation {id} is gone")),
            Err(Refusal::Invalid(problems)) => Err(problems.to_string()),
            Err(refusal) => return Err(refusal),
        };
        let read = Read { seen: seen.clone(), facts: facts.clone() };
        self.lock().insert(id.clone(), read);
        Ok(facts)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<SimulationId, Read>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Read {
    fn facts(&self) -> Result<Arc<Facts>, String> {
        self.facts.clone()
    }
}

fn list(dir: &Path) -> io::Result<BTreeMap<SimulationId, Seen>> {
    let mut folders = BTreeMap::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let id = entry.file_name().to_str().and_then(|name| name.parse().ok());
        let seen = Seen::of(&entry.path());
        if let Some(id) = id.filter(|_| !seen.0.is_empty()) {
            folders.insert(id, seen);
        }
    }
    Ok(folders)
}

impl Seen {
    fn of(folder: &Path) -> Seen {
        let look = |name| {
            let there = fs::metadata(folder.join(name)).ok()?;
            let changed = there.modified().unwrap_or(UNIX_EPOCH);
            Some(File { name, bytes: there.len(), changed })
        };
        let names = [YAML_FILE, CONFIG_FILE, TWITTER_FILE, REDDIT_FILE];
        Seen(names.into_iter().filter_map(look).collect())
    }

    pub(super) fn names(&self) -> Vec<&str> {
        self.0.iter().map(|file| file.name).collect()
    }

    /// When the file that was changed last was.
    pub(super) fn changed_at(&self) -> Timestamp {
        let newest = self.0.iter().map(|file| file.changed).max().unwrap_or(UNIX_EPOCH);
        let since = newest.duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_milliseconds(i64::try_from(since.as_millis()).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = "name: bazaar\nhours: 3\nagents:\n  - name: Ada\n";

    #[tokio::test]
    async fn a_folder_is_read_again_only_when_a_file_has_changed() {
        let dir = tempfile::tempdir().unwrap();
        let folders = Folders::new(dir.path().to_owned());
        let id: SimulationId = "bazaar".parse().unwrap();
        assert!(folders.look(&id).is_none());
        for other in ["bazaar", "empty", "Not an id", "run-1"] {
            fs::create_dir(dir.path().join(other)).unwrap();
        }
        fs::write(dir.path().join("run-1").join(YAML_FILE), YAML).unwrap();
        assert!(folders.all().await.unwrap().is_empty());
        let file = dir.path().join("bazaar").join(YAML_FILE);
        fs::write(&file, YAML).unwrap();
        let seen = folders.all().await.unwrap().remove(&id).unwrap();
        assert_eq!(seen.names(), [YAML_FILE]);
        let first = folders.facts(&id, &seen).await.unwrap().unwrap();
        assert_eq!((first.total_hours, first.agents), (3, 1));
        let again = folders.facts(&id, &seen).await.unwrap().unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        fs::write(&file, format!("{YAML}  - name: Bob\nbeds: 9\n")).unwrap();
        let seen = folders.look(&id).unwrap();
        let problem = folders.facts(&id, &seen).await.unwrap().unwrap_err();
        assert!(problem.contains("/beds: found an unknown field"), "{problem}");
    }
}
