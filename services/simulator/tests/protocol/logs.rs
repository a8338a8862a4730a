//! A stream as JetStream keeps it, as far as an owner can tell. Held to a real server by
//! [`crate::conformance`].

use std::fmt;

use bus::AppendError;

/// One stored message.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) sequence: u64,
    pub(crate) subject: usize,
    pub(crate) body: Vec<u8>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.sequence, String::from_utf8_lossy(&self.body))
    }
}

/// A stream with several subjects that share its sequences.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stream {
    pub(crate) messages: Vec<Message>,
    last_sequence: u64,
    bytes: u64,
    /// How many bytes it may hold, if there is a limit.
    pub(crate) max_bytes: Option<u64>,
}

impl Stream {
    /// Stores `bodies` one after the other, all or none, and gives the sequence of the last.
    pub(crate) fn append(
        &mut self,
        subject: usize,
        bodies: &[Vec<u8>],
        expected: Option<u64>,
    ) -> Result<u64, AppendError> {
        let last = self.last(subject).map_or(0, |message| message.sequence);
        if expected.is_some_and(|expected| expected != last) {
            return Err(AppendError::Refused);
        }
        let bytes: u64 = bodies.iter().map(|body| body.len() as u64).sum();
        if self.max_bytes.is_some_and(|max| self.bytes + bytes > max) {
            return Err(AppendError::Full("maximum bytes exceeded".to_owned()));
        }
        self.bytes += bytes;
        for body in bodies {
            self.last_sequence += 1;
            let sequence = self.last_sequence;
            self.messages.push(Message { sequence, subject, body: body.clone() });
        }
        Ok(self.last_sequence)
    }

    /// The last message on a subject.
    pub(crate) fn last(&self, subject: usize) -> Option<&Message> {
        self.messages.iter().rev().find(|message| message.subject == subject)
    }

    /// All messages on a subject, in order.
    pub(crate) fn all(&self, subject: usize) -> impl Iterator<Item = &Message> {
        self.messages.iter().filter(move |message| message.subject == subject)
    }

    /// From now on hardly anything fits.
    pub(crate) fn fill(&mut self, left: u64) {
        self.max_bytes = Some(self.bytes + left);
    }
}
