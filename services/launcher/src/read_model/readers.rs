//! Questions to the file, each on a connection that only reads and a thread that may wait.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use contract::chain::World;
use contract::status::EnvStatus;
use contract::subject::Platform;
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::Instant;

use super::file::{Trouble, is_damage, open_reader};
use super::worlds::Known;
use crate::refusal::Refusal;

/// Questions that are answered at the same time.
const READERS: usize = 4;

/// How long a page waits for what a run's state says that there is.
const PATIENCE: Duration = Duration::from_secs(2);

/// The file, for those who ask. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ReadModel {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    state: watch::Sender<State>,
    idle: Mutex<Vec<Reader>>,
    turns: Semaphore,
    /// Told when a reader finds the file damaged.
    damaged: Notify,
    /// Where the file is, if it goes with the process.
    _folder: Option<TempDir>,
}

/// What is known of the file.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// Counts how often the file was opened, 0 before: a reader of another opening may have
    /// another file.
    opening: u64,
    /// Why there are no answers.
    trouble: Option<String>,
}

#[derive(Debug)]
struct Reader {
    opening: u64,
    connection: Connection,
}

impl ReadModel {
    /// The read model at `path`; without one, in a temporary file that goes with the process.
    ///
    /// # Errors
    /// If there is no room for a temporary folder.
    pub fn new(path: Option<PathBuf>) -> std::io::Result<ReadModel> {
        let (path, folder) = match path {
            Some(path) => (path, None),
            None => {
                let folder = TempDir::with_prefix("shoal-launcher-")?;
                (folder.path().join("read-model.sqlite"), Some(folder))
            }
        };
        let (state, _) = watch::channel(State { opening: 0, trouble: None });
        let idle = Mutex::default();
        let (turns, damaged) = (Semaphore::new(READERS), Notify::new());
        let shared = Shared { path, state, idle, turns, damaged, _folder: folder };
        Ok(ReadModel { shared: Arc::new(shared) })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Answers `question` from one state of the file.
    ///
    /// # Errors
    /// If the file cannot be read, or not be filled, at the moment.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Refusal> {
        let State { opening, trouble } = self.shared.state.borrow().clone();
        if let Some(trouble) = trouble {
            return Err(self.unavailable(&trouble));
        }
        if opening == 0 {
            return Err(self.unavailable("it is being opened; ask again in a moment"));
        }
        let _turn = self.shared.turns.acquire().await.map_err(|_| self.unavailable("it ends"))?;
        let shared = Arc::clone(&self.shared);
        let asking = tokio::task::spawn_blocking(move || shared.ask(opening, question));
        let answer = asking.await.map_err(|error| Refusal::Failed(error.to_string()))?;
        answer.map_err(|error| {
            if is_damage(&error) {
                self.shared.damaged.notify_one();
            }
            self.unavailable(&error.to_string())
        })
    }

    /// Waits until the file has what `run` says that its worlds have, but not for long: how many
    /// rounds of one world are still missing.
    ///
    /// # Errors
    /// As [`ReadModel::ask`].
    pub async fn await_rounds(
        &self,
        run: &EnvStatus,
        platform: Option<Platform>,
    ) -> Result<u32, Refusal> {
        let wanted = worlds(run, platform);
        let deadline = Instant::now() + PATIENCE;
        let mut changes = self.shared.state.subscribe();
        let is_begun = |state: &State| state.opening > 0 || state.trouble.is_some();
        // Who comes while it is opened, as the process begins, waits as well.
        drop(tokio::time::timeout_at(deadline, changes.wait_for(is_begun)).await);
        loop {
            changes.mark_unchanged();
            let wanted = wanted.clone();
            let behind = self.ask(move |rows| behind(rows, &wanted)).await?;
            let changed = tokio::time::timeout_at(deadline, changes.changed());
            if behind == 0 || changed.await.is_err() {
                return Ok(behind);
            }
        }
    }

    /// How many rounds of one world of these runs are missing in the file now, at most.
    ///
    /// # Errors
    /// As [`ReadModel::ask`].
    pub async fn behind(&self, runs: &[Arc<EnvStatus>]) -> Result<u32, Refusal> {
        let wanted: Vec<_> = runs.iter().flat_map(|run| worlds(run, None)).collect();
        self.ask(move |rows| behind(rows, &wanted)).await
    }

    /// Changes whenever there may be more in the file.
    pub(crate) fn changes(&self) -> watch::Receiver<State> {
        self.shared.state.subscribe()
    }

    /// Notes that the file was opened, and may be another one.
    pub(crate) fn note_opened(&self) {
        self.shared.state.send_modify(|state| state.opening += 1);
    }

    /// Notes that the file can be written, and may have more in it.
    pub(crate) fn note_written(&self) {
        self.shared.state.send_modify(|state| state.trouble = None);
    }

    /// Notes why the file cannot be filled; true if that is news.
    pub(super) fn note_trouble(&self, trouble: &Trouble) -> bool {
        let text = trouble.to_string();
        let is_news = self.shared.state.borrow().trouble.as_ref() != Some(&text);
        self.shared.state.send_modify(|state| state.trouble = Some(text));
        is_news
    }

    /// Waits until a reader finds that the file is damaged.
    pub(super) async fn damaged(&self) {
        self.shared.damaged.notified().await;
    }

    fn unavailable(&self, why: &str) -> Refusal {
        let path = self.shared.path.display();
        Refusal::Unavailable(format!("the read model {path} cannot be used: {why}"))
    }
}

impl Shared {
    fn ask<T>(
        &self,
        opening: u64,
        question: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let reader = self.reader(opening)?;
        let transaction = reader.connection.unchecked_transaction()?;
        let answer = question(&transaction)?;
        drop(transaction);
        self.idle().push(reader);
        Ok(answer)
    }

    fn reader(&self, opening: u64) -> rusqlite::Result<Reader> {
        let mut idle = self.idle();
        idle.retain(|reader| reader.opening == opening);
        match idle.pop() {
            Some(reader) => Ok(reader),
            None => Ok(Reader { opening, connection: open_reader(&self.path)? }),
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Reader>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The most rounds that are missing of a world.
/// The worlds of a run, or one of them, and their ticks.
fn worlds(run: &EnvStatus, platform: Option<Platform>) -> Vec<(World, u32)> {
    let wanted = run.platforms.iter().filter(|it| platform.is_none_or(|p| p == it.platform));
    wanted
        .map(|it| (World { run_id: run.run_id.clone(), platform: it.platform }, it.ticks))
        .collect()
}

fn behind(rows: &Connection, wanted: &[(World, u32)]) -> rusqlite::Result<u32> {
    let mut most = 0;
    for (world, ticks) in wanted {
        let here = Known::load(rows, world)?.map_or(0, |known| known.ticks);
        most = most.max(ticks.saturating_sub(here));
    }
    Ok(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queued::tests::status;
    use crate::read_model::tests::{Maker, Town, did};

    #[tokio::test]
    async fn a_page_waits_for_what_is_on_its_way() {
        let (mut town, mut twitter) = (Town::new(), Maker::new(Platform::Twitter));
        let read_model = ReadModel::new(Some(town.path())).unwrap();
        let mut run = status(1);
        run.platforms[0].ticks = 2;
        let (asked, of) = (read_model.clone(), run.clone());
        let waiting = tokio::spawn(async move { asked.await_rounds(&of, None).await });
        read_model.note_opened();
        for second in 1..3 {
            town.take(&twitter.frame_at(second, &[did(1)]));
            read_model.note_written();
        }
        assert_eq!(waiting.await.unwrap().unwrap(), 0);
        run.platforms[1].ticks = 7;
        assert_eq!(read_model.await_rounds(&run, Some(Platform::Twitter)).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn there_are_no_answers_while_the_file_cannot_be_filled() {
        let town = Town::new();
        let read_model = ReadModel::new(Some(town.path())).unwrap();
        let ask = || read_model.ask(|rows| rows.query_row("SELECT 7", [], |row| row.get(0)));
        let refused = |answer: Result<i64, Refusal>| match answer.unwrap_err() {
            Refusal::Unavailable(text) => text,
            other => panic!("{other:?}"),
        };
        assert!(refused(ask().await).ends_with("it is being opened; ask again in a moment"));
        read_model.note_opened();
        assert_eq!(ask().await.unwrap(), 7);
        assert!(read_model.note_trouble(&Trouble::InUse));
        assert!(!read_model.note_trouble(&Trouble::InUse));
        // Opened again, but not written yet.
        read_model.note_opened();
        let file = town.path().display().to_string();
        let text = refused(ask().await);
        assert!(text.contains(&file) && text.contains("another launcher has it"), "{text}");
        read_model.note_written();
        assert_eq!(ask().await.unwrap(), 7);
    }

    #[test]
    fn a_temporary_file_goes_with_its_last_user() {
        let read_model = ReadModel::new(None).unwrap();
        let folder = read_model.path().parent().unwrap().to_owned();
        let clone = read_model.clone();
        drop(read_model);
        assert!(folder.is_dir());
        drop(clone);
        assert!(!folder.exists());
    }
}
