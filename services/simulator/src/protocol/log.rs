//! One append to a log that only its owner writes, from its first try to a verdict: pure.
//!
//! A refused or unanswered append is looked at, never interpreted: what stands at the end of the
//! subject says what happened. Which look means what stands in [`bus::verdict`].

use bus::verdict::{Attempt, Look, Verdict, judge};
use bus::{AppendError, Bytes};

use super::Lost;

/// One append-only subject as its owner knows it.
#[derive(Clone, Debug)]
pub struct Log {
    epoch: u32,
    /// The sequence of the last message that is known to be stored.
    known: u64,
    /// Appends name the sequence that they expect. Without that nothing holds a zombie back:
    /// only a test of the tests does without.
    guarded: bool,
    /// The last body of the append that is under way.
    body: Bytes,
}

/// What somebody who looked saw at the end of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nobody answered.
    Nobody,
    /// Nothing is stored.
    Empty,
    /// The last message.
    Last {
        /// Its sequence.
        sequence: u64,
        /// Its body.
        body: Vec<u8>,
        /// The epoch of the last record in the world's journal.
        claimed: Option<u32>,
    },
}

/// What to do next about an append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Look at the end of the log.
    Look,
    /// Pause, then append the same again.
    Again,
    /// There is no room: nothing was stored. Pause, then append again, or something else.
    NoRoom(String),
    /// It is stored.
    Stored,
    /// A zombie of no higher epoch was quicker. What it wrote is history: read it.
    Overtaken,
    /// The log is not ours any more.
    Lost(Lost),
}

impl Log {
    /// A log that is known up to `known`, to be written under `epoch`.
    pub fn new(epoch: u32, known: u64, guarded: bool) -> Log {
        Log { epoch, known, guarded, body: Bytes::new() }
    }

    /// The sequence that an append expects.
    pub fn expected(&self) -> Option<u64> {
        self.guarded.then_some(self.known)
    }

    /// The sequence of the last message that is known to be stored.
    pub fn known(&self) -> u64 {
        self.known
    }

    /// More is known to be stored than was thought.
    pub fn found(&mut self, sequence: u64) {
        self.known = sequence;
    }

    /// An append of messages begins, of which this is the last.
    pub fn begin(&mut self, body: impl Into<Bytes>) {
        self.body = body.into();
    }

    /// The last message of the append that is under way.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The bus has answered, or not.
    pub fn answered(&mut self, answer: Result<u64, AppendError>) -> Next {
        match answer {
            Ok(sequence) => {
                self.known = sequence;
                Next::Stored
            }
            Err(AppendError::Refused | AppendError::Unanswered(_)) => Next::Look,
            Err(AppendError::Full(why)) => Next::NoRoom(why),
            Err(AppendError::Denied(why)) => Next::Lost(Lost::Denied(why)),
        }
    }

    /// Somebody has looked.
    pub fn looked(&mut self, seen: &Seen) -> Next {
        let look = match seen {
            Seen::Nobody => Look::Unanswered,
            Seen::Empty => Look::Empty,
            Seen::Last { sequence, body, claimed } => {
                Look::Last { sequence: *sequence, body, claimed: *claimed }
            }
        };
        let attempt = Attempt { body: &self.body, known: self.known, epoch: self.epoch };
        match judge(&attempt, &look) {
            Verdict::Stored { sequence } => {
                self.known = sequence;
                Next::Stored
            }
            Verdict::Absent | Verdict::Unknown => Next::Again,
            Verdict::Zombie { .. } => Next::Overtaken,
            Verdict::Fenced { by } => Next::Lost(Lost::Fenced(by)),
            Verdict::WentBackwards { known, found } => Next::Lost(Lost::Damaged(format!(
                "the log went back to sequence {found}, it had reached {known}"
            ))),
        }
    }
}
