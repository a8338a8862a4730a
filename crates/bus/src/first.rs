//! Being the first on a subject: how a run, a command, a reply and a spec come to be once,
//! whoever else tries at the same time and whatever answer is lost.

use std::time::Duration;

use contract::subject::StreamName;

use crate::Bus;
use crate::append::{Append, AppendError};
use crate::pause::Pause;
use crate::stored::Stored;

/// How often an append whose outcome is unknown is tried again.
const TRIES: u32 = 5;
/// Header: the pattern whose last sequence is expected, where it is not the message's own subject.
const EXPECTED_AMONG: &str = "Nats-Expected-Last-Subject-Sequence-Subject";
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What is on the subject now.
#[derive(Debug)]
pub enum First {
    /// Our message, under this sequence.
    Ours(u64),
    /// Somebody was there before.
    Theirs(Stored),
}

impl Bus {
    /// Stores `body` as the first message on `subject`, unless there is one already. A refusal
    /// or a missing answer is looked at, never interpreted.
    ///
    /// # Errors
    /// See [`AppendError`]; `Refused` and `Unanswered` only if looking gave no answer either.
    pub async fn append_first(
        &self,
        stream: StreamName,
        subject: &str,
        body: Vec<u8>,
    ) -> Result<First, AppendError> {
        self.append_first_among(stream, subject, subject, body).await
    }

    /// The same, unless there is a message on any subject that matches the pattern `among`, which
    /// `subject` does too.
    pub(crate) async fn append_first_among(
        &self,
        stream: StreamName,
        among: &str,
        subject: &str,
        body: Vec<u8>,
    ) -> Result<First, AppendError> {
        let headers = match among == subject {
            true => Vec::new(),
            false => vec![(EXPECTED_AMONG, among.to_owned())],
        };
        let mut pause = Pause::new(FIRST_PAUSE, LONGEST_PAUSE);
        let mut last_error = AppendError::Refused;
        // Only what was once not answered can be ours. Bytes alone do not show it: two who
        // want the same at the same instant write the same.
        let mut maybe_ours = false;
        for _ in 0..TRIES {
            let message = Append {
                subject: subject.to_owned(),
                body: body.clone(),
                headers: headers.clone(),
                expected_last: Some(0),
            };
            match self.append(message).await {
                Ok(sequence) => return Ok(First::Ours(sequence)),
                Err(error @ (AppendError::Full(_) | AppendError::Denied(_))) => return Err(error),
                Err(error @ AppendError::Refused) => last_error = error,
                Err(error @ AppendError::Unanswered(_)) => {
                    maybe_ours = true;
                    last_error = error;
                }
            }
            match self.last(stream, among).await {
                Ok(Some(stored)) if maybe_ours && stored.body == body => {
                    return Ok(First::Ours(stored.sequence));
                }
                Ok(Some(stored)) => return Ok(First::Theirs(stored)),
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, subject, "cannot look whether it is stored"),
            }
            pause.wait().await;
        }
        Err(last_error)
    }
}
