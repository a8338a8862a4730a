//! Keeps the read model true to the stream, for ever: reads it, has it written, and begins
//! again from what the file says after whatever went wrong.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Cursor, Position, Start};
use contract::id::RunId;
use contract::subject::StreamName;
use kit::retry::Pauses;
use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::spawn_blocking;

use super::ReadModel;
use super::file::{Owned, Trouble};
use super::take::{Around, Event, Writer};
use crate::model::Model;
use crate::specs::Specs;

/// Messages, and bytes of them, that are written in one transaction at most.
const MAX_MESSAGES: usize = 256;
const MAX_BYTES: usize = 16 << 20;

/// After so long without a message all is well again.
const QUIET: Duration = Duration::from_secs(1);

/// Who fills the file.
pub struct Keeper {
    /// Where the frames are.
    pub bus: Bus,
    /// Where the specs are.
    pub specs: Specs,
    /// What is known of runs: those that were deleted have no rows.
    pub model: Model,
    /// The file.
    pub read_model: ReadModel,
    /// Runs that are deleted while we work.
    pub deleted: UnboundedReceiver<RunId>,
}

/// What comes next, as much as one transaction takes.
#[derive(Default)]
struct Batch {
    events: Vec<Event>,
    bytes: usize,
}

impl Keeper {
    /// Works for ever. Whatever is wrong with the file is said, and tried again.
    pub async fn work(mut self) -> Infallible {
        let mut pauses = Pauses::new(Duration::from_millis(200), Duration::from_secs(5));
        let mut is_damaged = false;
        loop {
            let Err(trouble) = self.fill(is_damaged, &mut pauses).await;
            is_damaged = trouble.is_damage();
            let path = self.read_model.path().display();
            if let Trouble::Bus(why) = &trouble {
                tracing::warn!("the read model is not filled, trying again: {why}");
            } else if self.read_model.note_trouble(&trouble) {
                tracing::error!("the read model {path} cannot be used, trying again: {trouble}");
            }
            pauses.wait().await;
        }
    }

    async fn fill(&mut self, is_damaged: bool, pauses: &mut Pauses) -> Result<Infallible, Trouble> {
        let (path, prefix) = (self.read_model.path().to_owned(), self.bus.prefix().clone());
        let open = move || Writer::new(Owned::open(&path, is_damaged)?, prefix);
        let mut writer = blocking(open).await?;
        let gone = writer.runs()?.into_iter().filter(|run| self.is_deleted(run));
        let gone: Vec<Event> = gone.map(Event::Deleted).collect();
        let (mut writer, mut cursor) = match self.resume(writer.place()).await? {
            Some(cursor) => (writer, cursor),
            None => {
                writer = blocking(move || writer.begin_anew().map(|()| writer)).await?;
                (writer, self.follow().await?)
            }
        };
        self.read_model.note_opened();
        let mut batch = Batch { events: gone, bytes: 0 };
        loop {
            if batch.events.is_empty() {
                let next = tokio::time::timeout(QUIET, self.next(&mut cursor, &mut batch)).await;
                match next {
                    Ok(read) => read?,
                    // Nothing that could fail.
                    Err(_) => self.read_model.note_written(),
                }
                continue;
            }
            let events = std::mem::take(&mut batch).events;
            let (specs, model) = (self.specs.clone(), self.model.clone());
            let writing = blocking(move || {
                write(&mut writer, &events, &specs, &model)?;
                Ok(writer)
            });
            tokio::pin!(writing);
            // What comes meanwhile is the next batch.
            writer = loop {
                tokio::select! {
                    biased;
                    written = &mut writing => break written?,
                    read = self.next(&mut cursor, &mut batch), if !batch.is_full() => read?,
                }
            };
            pauses.reset();
            self.read_model.note_written();
        }
    }

    /// Waits for what comes next.
    async fn next(&mut self, cursor: &mut Cursor, batch: &mut Batch) -> Result<(), Trouble> {
        tokio::select! {
            biased;
            () = self.read_model.damaged() => {
                let damage = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
                return Err(rusqlite::Error::SqliteFailure(damage, None).into());
            }
            Some(run) = self.deleted.recv() => batch.events.push(Event::Deleted(run)),
            stored = cursor.next() => {
                batch.bytes += stored.body.len();
                batch.events.push(Event::Message(stored));
            }
        }
        Ok(())
    }

    /// The stream behind what was read; `None` if there is none, or it is another stream.
    async fn resume(&self, place: Option<Position>) -> Result<Option<Cursor>, Trouble> {
        let Some(place) = place else { return Ok(None) };
        let filter = self.bus.prefix().all(StreamName::Actions);
        let resumed = self.bus.resume(StreamName::Actions, &filter, place).await;
        let resumed = resumed.map_err(|error| Trouble::Bus(error.to_string()))?;
        if resumed.is_none() {
            tracing::warn!("the stream of frames is not as it was left: all of it is read again");
        }
        Ok(resumed)
    }

    async fn follow(&self) -> Result<Cursor, Trouble> {
        let filter = self.bus.prefix().all(StreamName::Actions);
        let cursor = self.bus.follow(StreamName::Actions, &filter, Start::First).await;
        cursor.map_err(|error| Trouble::Bus(error.to_string()))
    }

    fn is_deleted(&self, run: &RunId) -> bool {
        self.model.ask(|runs| runs.is_deleted(run))
    }
}

impl Batch {
    fn is_full(&self) -> bool {
        self.events.len() >= MAX_MESSAGES || self.bytes >= MAX_BYTES
    }
}

/// Writes a batch, on a thread that may wait.
fn write(
    writer: &mut Writer,
    events: &[Event],
    specs: &Specs,
    model: &Model,
) -> Result<(), Trouble> {
    let spec_of = |digest: &_| {
        let spec = Handle::current().block_on(specs.load(digest));
        spec.map(|spec| spec.map(Arc::new)).map_err(|error| Trouble::Bus(error.to_string()))
    };
    let is_deleted = |run: &_| model.ask(|runs| runs.is_deleted(run));
    writer.write(events, &Around { spec_of: &spec_of, is_deleted: &is_deleted })
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Trouble> {
    let done = spawn_blocking(work).await;
    done.map_err(|error| Trouble::File(std::io::Error::other(error)))?
}
