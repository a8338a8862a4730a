//! The events of runs, for readers that stay: each action and each state of a run as it comes, to
//! any number of readers, from any place on.
//!
//! What all read is made once: a [`Hub`] for each run that is read follows the read model and keeps
//! its newest pieces in a ring. Whoever is behind that reads the read model by itself, up to where
//! the ring is. A run is never slowed by its readers, nor one reader by another.

mod ring;
mod source;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use axum::body::Bytes;
use contract::id::RunId;
use contract::place::Place;
use kit::shutdown::Shutdown;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use self::ring::Ring;
use self::source::{Piece, Source};
use crate::model::Model;
use crate::read_model::{Include, ReadModel};
use crate::refusal::Refusal;

/// Readers at a time.
const MAX_READERS: usize = 512;

/// How often a reader hears something, so that it knows that it is still connected.
const BEAT: Duration = Duration::from_secs(15);

/// How often states are looked at where no action comes.
const LOOK: Duration = Duration::from_millis(250);

/// What a reader is told first: how long to wait before it connects again, in milliseconds.
const FIRST: &str = "retry: 2000\n\n";

/// From where a reader reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// From the run's first action.
    Start,
    /// From the run's state as it is now, and what comes after it.
    Now,
    /// From where it was.
    Behind(Place),
}

/// All hubs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hubs {
    read_model: ReadModel,
    model: Model,
    shutdown: Shutdown,
    hubs: Arc<Mutex<ByRun>>,
    turns: Arc<Semaphore>,
}

/// The hubs that somebody reads, by run and by what of it is included: failed, refresh.
type ByRun = BTreeMap<(RunId, bool, bool), Weak<Hub>>;

/// One run as it is read now.
#[derive(Debug)]
struct Hub {
    source: Source,
    ring: Mutex<Ring>,
    changed: watch::Sender<()>,
}

/// One reader.
#[derive(Debug)]
pub struct Reader {
    hub: Arc<Hub>,
    changed: watch::Receiver<()>,
    shutdown: Shutdown,
    place: Place,
    /// It has read along, so what it misses it was too slow for.
    is_along: bool,
    state: State,
    _turn: OwnedSemaphorePermit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Begins,
    Reads,
    Over,
}

impl Hubs {
    /// None yet. Readers end once `shutdown` is wished.
    pub fn new(read_model: ReadModel, model: Model, shutdown: Shutdown) -> Hubs {
        let turns = Arc::new(Semaphore::new(MAX_READERS));
        Hubs { read_model, model, shutdown, hubs: Arc::default(), turns }
    }

    /// How many there are now.
    pub fn readers(&self) -> usize {
        MAX_READERS - self.turns.available_permits()
    }

    /// A reader of a run that is there.
    ///
    /// # Errors
    /// If there are too many, or the read model cannot be asked.
    pub async fn read(&self, run: &RunId, include: Include, from: From) -> Result<Reader, Refusal> {
        let turn = Arc::clone(&self.turns).try_acquire_owned().map_err(|_| {
            Refusal::Unavailable(format!("{MAX_READERS} readers of events are there already"))
        })?;
        let hub = self.hub(run, include).await?;
        let changed = hub.changed.subscribe();
        let place = match from {
            From::Start => Place::default(),
            From::Now => Place { status: 0, ..hub.ring().latest() },
            From::Behind(place) => place,
        };
        let shutdown = self.shutdown.clone();
        let (is_along, state) = (false, State::Begins);
        Ok(Reader { hub, changed, shutdown, place, is_along, state, _turn: turn })
    }

    async fn hub(&self, run: &RunId, include: Include) -> Result<Arc<Hub>, Refusal> {
        let key = (run.clone(), include.failed, include.refresh);
        if let Some(hub) = self.hubs().get(&key).and_then(Weak::upgrade) {
            return Ok(hub);
        }
        let (read_model, model) = (self.read_model.clone(), self.model.clone());
        let source = Source { read_model, model, run: run.clone(), include };
        let latest = source.latest().await?;
        let mut hubs = self.hubs();
        hubs.retain(|_, hub| hub.strong_count() > 0);
        // Somebody may have been quicker.
        if let Some(hub) = hubs.get(&key).and_then(Weak::upgrade) {
            return Ok(hub);
        }
        let (changed, _) = watch::channel(());
        let hub = Arc::new(Hub { source, ring: Mutex::new(Ring::new(latest)), changed });
        hubs.insert(key, Arc::downgrade(&hub));
        tokio::spawn(follow(Arc::downgrade(&hub)));
        Ok(hub)
    }

    fn hubs(&self) -> std::sync::MutexGuard<'_, ByRun> {
        self.hubs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds what comes to a hub's ring, as long as anybody reads it.
async fn follow(hub: Weak<Hub>) {
    loop {
        let Some(here) = hub.upgrade() else { return };
        let mut changes = here.source.read_model.changes();
        let latest = here.ring().latest();
        match here.source.read(latest, None).await {
            Ok(piece) if piece.until != latest => {
                here.ring().push(piece);
                here.changed.send_replace(());
                continue;
            }
            Ok(_) => {}
            Err(refusal) => tracing::debug!(%refusal, "no events now"),
        }
        drop(here);
        let _ = tokio::time::timeout(LOOK, changes.changed()).await;
    }
}

impl Hub {
    fn ring(&self) -> std::sync::MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    /// What is sent next; `None`: nothing more.
    pub async fn next(&mut self) -> Option<Bytes> {
        match self.state {
            State::Begins => {
                self.state = State::Reads;
                return Some(FIRST.into());
            }
            State::Over => return None,
            State::Reads => {}
        }
        loop {
            self.changed.borrow_and_update();
            let (found, latest) = {
                let ring = self.hub.ring();
                (ring.behind(self.place).cloned(), ring.latest())
            };
            match found {
                Some(piece) => {
                    self.is_along = true;
                    if let Some(bytes) = self.take(piece) {
                        return Some(bytes);
                    }
                }
                None if self.is_along && self.place != latest => return Some(self.cut_off()),
                // Here already, or beyond: another launcher is quicker.
                None if latest.is_in(&self.place) => {
                    tokio::select! {
                        changed = self.changed.changed() => changed.ok()?,
                        () = self.shutdown.wished() => return None,
                        () = tokio::time::sleep(BEAT) => return Some(": still here\n\n".into()),
                    }
                }
                None => match self.hub.source.read(self.place, Some(latest)).await {
                    // The read model is being built again.
                    Ok(piece) if piece.until == self.place => tokio::time::sleep(LOOK).await,
                    Ok(piece) => {
                        if let Some(bytes) = self.take(piece) {
                            return Some(bytes);
                        }
                    }
                    Err(refusal) => return Some(self.end(&refusal.to_string())),
                },
            }
            if self.state == State::Over {
                return None;
            }
        }
    }

    /// Goes on behind a piece; its bytes, if it has any.
    fn take(&mut self, piece: Piece) -> Option<Bytes> {
        self.place = piece.until;
        if piece.is_last {
            self.state = State::Over;
        }
        (!piece.bytes.is_empty()).then_some(piece.bytes)
    }

    fn cut_off(&mut self) -> Bytes {
        let why = format!(
            "too slow: what came since {} is not kept for readers; connect again with that as \
             Last-Event-ID",
            self.place
        );
        self.end(&why)
    }

    /// The last event: why nothing comes behind it. It has no id, so a reader that connects again
    /// goes on where it was.
    fn end(&mut self, why: &str) -> Bytes {
        self.state = State::Over;
        let reason = serde_json::json!({ "reason": why });
        format!("event: end\ndata: {reason}\n\n").into()
    }
}
