//! The language models that the operator has defined, as a worker has them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::client::Models;
use crate::model::endpoint::{self, Endpoints};

/// The clients of all endpoints; or what is wrong with their definition, which concerns only runs
/// that ask them.
pub(super) type Known = Arc<Result<Models, String>>;

/// The models of one worker. Its worlds share them, and with them their limits.
#[derive(Debug)]
pub(super) struct ModelFile {
    file: Option<PathBuf>,
    now: Mutex<(Read, Known)>,
}

/// What stood in the file and in those that it names.
type Read = Result<Endpoints, String>;

impl ModelFile {
    /// Of the operator's file, as it stands now; without one there are none.
    pub(super) fn read(file: Option<&Path>) -> ModelFile {
        let read = read(file);
        let known = clients(&read);
        ModelFile { file: file.map(Path::to_owned), now: Mutex::new((read, known)) }
    }

    /// The models.
    pub(super) fn known(&self) -> Known {
        Arc::clone(&self.now.lock().unwrap_or_else(PoisonError::into_inner).1)
    }

    /// Reads the file again: somebody may have mended it, or a key, and lets the run go on. Where
    /// nothing has changed, limits that were learnt stay.
    pub(super) fn read_again(&self) {
        let read = read(self.file.as_deref());
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if now.0 != read {
            let known = clients(&read);
            *now = (read, known);
        }
    }
}

fn read(file: Option<&Path>) -> Read {
    endpoint::read(file).map_err(|problems| problems.to_string())
}

fn clients(read: &Read) -> Known {
    let clients =
        |endpoints: Endpoints| Models::new(endpoints).map_err(|error| format!("{error:#}"));
    Arc::new(read.clone().and_then(clients))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_mended_is_read_again_and_one_that_was_not_keeps_its_clients() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("endpoints.json");
        let main = r#"{"url":"http://127.0.0.1:9/v1","key_file":"main.key","models":["m"]}"#;
        std::fs::write(&file, format!(r#"{{"endpoints":{{"main":{main}}}}}"#)).unwrap();
        let models = ModelFile::read(Some(&file));
        assert!(models.known().as_ref().as_ref().is_err_and(|why| why.contains("/key_file")));

        std::fs::write(folder.path().join("main.key"), "sk-first").unwrap();
        models.read_again();
        let first = models.known();
        assert!(first.is_ok());
        models.read_again();
        assert!(Arc::ptr_eq(&first, &models.known()), "nothing has changed");
        std::fs::write(folder.path().join("main.key"), "sk-second").unwrap();
        models.read_again();
        assert!(!Arc::ptr_eq(&first, &models.known()), "the key is another one");
    }
}
