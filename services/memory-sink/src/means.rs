//! What all lanes of a target work with: the bus, the memory, the ledger, and what is known.

use std::sync::Arc;
use std::time::Duration;

use bus::{Append, Bus, ReadError, Stored};
use contract::problem::Problem;
use contract::timestamp::Timestamp;
use kit::retry::Pauses;
use kit::shutdown::Shutdown;
use tokio::time::Instant;

use crate::adapters::{DeliveryError, Limits, Memory, Receipt, Spoken};
use crate::batch::EpisodeBatch;
use crate::dead_letter;
use crate::delivery::Manners;
use crate::ledger::{Ledger, LedgerError, short_name};
use crate::measures;
use crate::queue::Time;
use crate::target::Target;
use crate::tenure::Tenure;

/// What all lanes of a target share.
#[derive(Clone)]
pub(crate) struct Means {
    pub(crate) bus: Bus,
    pub(crate) memory: Memory,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) target: Arc<Target>,
    pub(crate) manners: Manners,
    pub(crate) shutdown: Shutdown,
    /// When this process began: the zero of its times.
    pub(crate) began: Instant,
    /// This process among all holders of leases.
    pub(crate) holder: String,
}

/// Why a lane ends.
pub(crate) enum Halt {
    Shutdown,
    /// There has been nothing to do for a while.
    Idle,
    /// The graph is somebody else's.
    Taken(String),
}

impl Means {
    pub(crate) fn lease_key(&self, graph_id: &str) -> String {
        format!("memory.{}.{}", self.target.name, short_name(graph_id))
    }

    /// Which process works on a graph now, where there can be several.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub(crate) async fn lease_holder(&self, graph_id: &str) -> Result<Option<String>, ReadError> {
        match *self.ledger {
            Ledger::File(_) => Ok(None),
            Ledger::Bus(_) => self.bus.lease_holder(&self.lease_key(graph_id)).await,
        }
    }

    /// How long a lease lives: longer than a request may be under way.
    pub(crate) fn lease(&self) -> Duration {
        self.target.policy.timeout + Duration::from_secs(15).min(self.target.policy.timeout)
    }

    pub(crate) fn now(&self) -> Time {
        self.began.elapsed()
    }

    /// Waits, but not beyond the wish to shut down.
    pub(crate) async fn pause(&self, pause: Duration) {
        tokio::select! {
            () = self.shutdown.wished() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }

    /// Tries until it succeeds; during a shutdown only once.
    pub(crate) async fn insist<T, E: Into<LedgerError>, F: Future<Output = Result<T, E>>>(
        &self,
        what: &str,
        work: impl Fn() -> F,
    ) -> Result<T, Halt> {
        let mut pauses = Pauses::new(self.manners.first, Duration::from_secs(10));
        loop {
            match work().await.map_err(Into::into) {
                Ok(value) => {
                    self.target.set_bus_trouble(None);
                    return Ok(value);
                }
                Err(error @ LedgerError::Taken(_)) => return Err(Halt::Taken(error.to_string())),
                Err(error) => {
                    self.target.set_bus_trouble(Some(format!("failed to {what}: {error}")));
                }
            }
            if self.shutdown.is_wished() {
                return Err(Halt::Shutdown);
            }
            self.pause(pauses.next_pause()).await;
        }
    }

    pub(crate) async fn post(&self, letter: Append) -> Result<(), Halt> {
        faults::point("sink.dead-letter");
        self.insist("store a dead letter", || self.bus.append(letter.clone())).await?;
        measures::buried(&self.target.name);
        faults::point("sink.dead-lettered");
        Ok(())
    }

    /// Waits until the account may be asked something.
    pub(crate) async fn turn(&self, tenure: Option<&Tenure>) -> Result<(), Halt> {
        loop {
            let now = self.now();
            let next = self.target.next_request(now);
            if next <= now {
                break;
            }
            self.pause(next - now).await;
            if self.shutdown.is_wished() {
                return Err(Halt::Shutdown);
            }
        }
        // What is sent must be over before somebody else may send.
        if tenure.is_some_and(|tenure| !tenure.lasts(self.target.policy.timeout)) {
            return Err(taken());
        }
        self.target.asked(self.now());
        Ok(())
    }

    /// Takes note of what a memory said of its limits.
    pub(crate) fn heard<T>(&self, spoken: Spoken<T>) -> Result<T, DeliveryError> {
        let Spoken { outcome, limits } = spoken;
        let after = match &outcome {
            Err(DeliveryError::Retry { after, .. } | DeliveryError::Unknown { after, .. }) => {
                *after
            }
            _ => None,
        };
        if after.is_some() || limits != Limits::default() {
            self.target.heard(limits, after, self.now(), wall());
        }
        outcome
    }

    /// Says what became of a batch where that is worth a word.
    pub(crate) fn say(&self, batch: &EpisodeBatch, answer: &Result<Receipt, DeliveryError>) {
        let (memory, id) = (self.target.name.as_str(), batch.id());
        match answer {
            Ok(Receipt::Taken) => tracing::debug!(memory, batch = id, "batch {id} is taken"),
            Ok(Receipt::AlreadyThere) => {
                tracing::info!(memory, batch = id, "the memory had batch {id} already");
            }
            Err(DeliveryError::Reject { reason }) => {
                tracing::warn!(memory, batch = id, "batch {id} is refused: {reason}");
            }
            Err(error) => tracing::debug!(memory, batch = id, "batch {id} is not taken: {error}"),
        }
    }

    /// Says that a message of the stream makes no sense, and keeps it as a dead letter.
    pub(crate) async fn report(&self, stored: &Stored, problem: &Problem) -> Result<(), Halt> {
        let memory = self.target.name.as_str();
        tracing::error!(memory, sequence = stored.sequence, "not remembered: {problem}");
        let prefix = self.bus.prefix();
        self.post(dead_letter::of_message(prefix, Some(memory), stored, problem.clone(), wall()))
            .await
    }
}

pub(crate) fn taken() -> Halt {
    Halt::Taken("its lease is lost".to_owned())
}

pub(crate) fn wall() -> Timestamp {
    Timestamp::from_milliseconds(kit::now_milliseconds())
}
