//! Being the first on a subject: how a run, a start command and a spec come to be once,
//! whoever else tries at the same time and whatever answer is lost.

use std::time::Duration;

use bus::{Append, AppendError, Bus, Stored};
use contract::subject::StreamName;
use kit::retry::Pauses;

use crate::refusal::Refusal;

/// How often an append whose outcome is unknown is tried again.
const TRIES: u32 = 5;

/// What is on the subject now.
#[derive(Debug)]
pub enum First {
    /// Our message, under this sequence.
    Ours(u64),
    /// Somebody was there before.
    Theirs(Stored),
}

/// Stores `body` as the first message on `subject`, unless there is one already. A refusal or
/// a missing answer is looked at, never interpreted.
///
/// # Errors
/// If the bus does not take it, or does not say whether it did.
pub async fn append_first(
    bus: &Bus,
    stream: StreamName,
    subject: &str,
    body: Vec<u8>,
) -> Result<First, Refusal> {
    let mut pauses = Pauses::new(Duration::from_millis(50), Duration::from_secs(1));
    let mut last_error = AppendError::Refused;
    // Only what was once not answered can be ours. Bytes alone do not show it: two who want
    // the same at the same instant write the same.
    let mut maybe_ours = false;
    for _ in 0..TRIES {
        let message = Append {
            subject: subject.to_owned(),
            body: body.clone(),
            headers: Vec::new(),
            expected_last: Some(0),
        };
        match bus.append(message).await {
            Ok(sequence) => return Ok(First::Ours(sequence)),
            Err(error @ (AppendError::Full(_) | AppendError::Denied(_))) => {
                return Err(error.into());
            }
            Err(error @ AppendError::Refused) => last_error = error,
            Err(error @ AppendError::Unanswered(_)) => {
                maybe_ours = true;
                last_error = error;
            }
        }
        match bus.last(stream, subject).await {
            Ok(Some(stored)) if maybe_ours && stored.body == body => {
                return Ok(First::Ours(stored.sequence));
            }
            Ok(Some(stored)) => return Ok(First::Theirs(stored)),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, subject, "cannot look whether it is stored"),
        }
        pauses.wait().await;
    }
    Err(last_error.into())
}
