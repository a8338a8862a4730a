//! Appending to a log that only its owner writes: a journal, or the frames of a world.
//!
//! A refused or unanswered append is looked at, never interpreted: what stands at the end
//! of the subject says what happened.

use std::time::Duration;

use bus::verdict::{Attempt, Look, Verdict, judge};
use bus::{AppendError, Bus, EPOCH_HEADER};
use contract::id::RunId;
use contract::journal::{Entry, Record};
use contract::subject::{Platform, StreamName};
use kit::retry::Pauses;

use super::Lost;

/// One append-only subject, and how far we know it.
#[derive(Debug)]
pub struct Log {
    bus: Bus,
    stream: StreamName,
    subject: String,
    journal: String,
    epoch: u32,
    last: u64,
}

/// What a successful append found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// Our message is the last.
    Ours,
    /// A zombie of a lower epoch was quicker. What it wrote is history: read it.
    Overtaken,
}

impl Log {
    /// The journal of a world, known up to `last`.
    pub fn journal(bus: &Bus, run: &RunId, platform: Platform, last: u64, epoch: u32) -> Log {
        let subject = bus.prefix().inputs(run, platform);
        let (bus, journal) = (bus.clone(), subject.clone());
        Log { bus, stream: StreamName::Inputs, subject, journal, epoch, last }
    }

    /// The frames of a world, known up to `last`.
    pub fn frames(bus: &Bus, run: &RunId, platform: Platform, last: u64, epoch: u32) -> Log {
        let subject = bus.prefix().actions(run, platform);
        let journal = bus.prefix().inputs(run, platform);
        Log { bus: bus.clone(), stream: StreamName::Actions, subject, journal, epoch, last }
    }

    /// The sequence of the last message that is known to be stored.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Appends a journal entry.
    ///
    /// # Errors
    /// See [`Log::append`].
    pub async fn entry(&mut self, entry: &Entry) -> Result<Appended, Lost> {
        self.append(vec![entry.to_bytes()]).await
    }

    /// Appends messages, all or none. Tries for as long as the outcome is unknown: whether
    /// this worker still owns the run is its node's business, which kills it when it does not.
    ///
    /// # Errors
    /// When the run has another owner, the log went backwards, or writing is denied.
    pub async fn append(&mut self, bodies: Vec<Vec<u8>>) -> Result<Appended, Lost> {
        let headers = [(EPOCH_HEADER, self.epoch.to_string())];
        let ours = bodies.last().cloned().unwrap_or_default();
        let mut pauses = Pauses::new(Duration::from_millis(50), Duration::from_secs(2));
        loop {
            let append =
                self.bus.append_batch(&self.subject, bodies.clone(), &headers, Some(self.last));
            match append.await {
                Ok(sequence) => {
                    self.last = sequence;
                    return Ok(Appended::Ours);
                }
                Err(AppendError::Denied(why)) => return Err(Lost::Denied(why)),
                Err(AppendError::Full(why)) => {
                    tracing::warn!(subject = self.subject, "the stream is full, waiting: {why}");
                }
                Err(AppendError::Refused) => {}
                Err(AppendError::Unanswered(why)) => {
                    tracing::warn!(subject = self.subject, "no answer, looking: {why}");
                }
            }
            match self.look(&ours).await? {
                Some(appended) => return Ok(appended),
                None => pauses.wait().await,
            }
        }
    }

    /// What became of an append; `None`: it is not stored, or nobody answers.
    async fn look(&mut self, ours: &[u8]) -> Result<Option<Appended>, Lost> {
        let Ok(last) = self.bus.last(self.stream, &self.subject).await else { return Ok(None) };
        let Ok(owner) = self.bus.last(StreamName::Inputs, &self.journal).await else {
            return Ok(None);
        };
        let claimed = owner.and_then(|stored| epoch_of(&stored.body));
        let look = match &last {
            None => Look::Empty,
            Some(stored) => Look::Last { sequence: stored.sequence, body: &stored.body, claimed },
        };
        let attempt = Attempt { body: ours, known: self.last, epoch: self.epoch };
        match judge(&attempt, &look) {
            Verdict::Stored { sequence } => {
                self.last = sequence;
                Ok(Some(Appended::Ours))
            }
            Verdict::Absent | Verdict::Unknown => Ok(None),
            Verdict::Zombie { .. } => Ok(Some(Appended::Overtaken)),
            Verdict::Fenced { by } => Err(Lost::Fenced(by)),
            Verdict::WentBackwards { known, found } => Err(Lost::Damaged(format!(
                "{} went back to sequence {found}, it had reached {known}",
                self.subject
            ))),
        }
    }
}

/// The epoch that a journal record was written under; `None` for a genesis or garbage.
fn epoch_of(body: &[u8]) -> Option<u32> {
    match serde_json::from_slice::<Entry>(body).ok()?.record {
        Record::Genesis(_) => None,
        Record::Claim(claim) => Some(claim.epoch),
        Record::Tick(tick) => Some(tick.epoch),
        Record::Hold(hold) => Some(hold.epoch),
        Record::Go(go) => Some(go.epoch),
        Record::End(end) => Some(end.epoch),
        Record::Close(close) => Some(close.epoch),
    }
}
