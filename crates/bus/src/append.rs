//! Writing one message to a stream.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE;
use bytes::Bytes;
use serde::Deserialize;

use crate::Bus;
use crate::wire::{ANSWER_TIMEOUT, NoAnswer, Refusal, read_answer};

/// One message to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// Where.
    pub subject: String,
    /// What.
    pub body: Vec<u8>,
    /// Headers: name and value.
    pub headers: Vec<(&'static str, String)>,
    /// The last sequence of this subject that the writer knows of, 0 = there is none yet.
    /// Without it the message is stored whatever is there.
    pub expected_last: Option<u64>,
}

/// Why a message is not known to be stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The expected sequence was not the last, or the subject already has its one message.
    /// Nothing was stored; look at what is there.
    #[error("another message is stored where this one was to be")]
    Refused,
    /// No answer: it may be stored or not. Look.
    #[error("it is unknown whether the message is stored: {0}")]
    Unanswered(String),
    /// The stream or its disk is full. Nothing was stored.
    #[error("no room: {0}")]
    Full(String),
    /// Any other refusal, missing permissions included. Nothing was stored.
    #[error("denied: {0}")]
    Denied(String),
}

impl Bus {
    /// Stores a message and returns its stream sequence.
    ///
    /// # Errors
    /// See [`AppendError`]; after `Refused` and `Unanswered` one looks at [`Bus::last`].
    pub async fn append(&self, message: Append) -> Result<u64, AppendError> {
        let headers = headers(&message.headers, message.expected_last);
        let (subject, body) = (&message.subject, message.body.into());
        let receipt = self.store(subject, headers, body, ANSWER_TIMEOUT, "append.sent").await?;
        Ok(receipt.seq)
    }

    /// Publishes to a stream and waits until the message is stored. `sent` is the crash point
    /// between the two.
    pub(crate) async fn store(
        &self,
        subject: &str,
        headers: HeaderMap,
        body: Bytes,
        patience: Duration,
        sent: &str,
    ) -> Result<Receipt, AppendError> {
        let answer = self.ask_past(subject, Some(headers), body, patience, Some(sent)).await?;
        match read_answer::<Receipt>(&answer.payload) {
            Ok(Ok(receipt)) => Ok(receipt),
            Ok(Err(refusal)) => Err(AppendError::from(refusal)),
            Err(error) => Err(AppendError::Unanswered(format!(
                "the acknowledgement on {subject} is unreadable: {error}"
            ))),
        }
    }
}

/// What the server says when a message, or a batch, is stored.
#[derive(Debug, Deserialize)]
pub(crate) struct Receipt {
    pub(crate) seq: u64,
    #[serde(default)]
    pub(crate) batch: Option<String>,
    #[serde(default)]
    pub(crate) count: Option<usize>,
}

/// The headers of a message, with the expectation if there is one.
pub(crate) fn headers(pairs: &[(&'static str, String)], expected_last: Option<u64>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.insert(*name, value.as_str());
    }
    if let Some(sequence) = expected_last {
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, sequence.to_string());
    }
    headers
}

impl From<NoAnswer> for AppendError {
    fn from(reason: NoAnswer) -> AppendError {
        match reason {
            NoAnswer::Denied(text) => AppendError::Denied(text),
            // While a stream moves to another leader nobody takes its subjects either, so this
            // is no verdict on the stream; that it exists is settled at the start.
            NoAnswer::NobodyListens(subject) => AppendError::Unanswered(format!(
                "no stream takes {subject} now; if that does not pass, it is not provisioned"
            )),
            NoAnswer::Unknown(text) => AppendError::Unanswered(text),
        }
    }
}

impl From<Refusal> for AppendError {
    fn from(refusal: Refusal) -> AppendError {
        let text = refusal.to_string();
        match refusal.err_code {
            // Wrong last sequence; 10164 is its form without the found one.
            10071 | 10164 => AppendError::Refused,
            // Storing failed, and the reason is in the text alone. Of a disk's error one does
            // not know whether it came before or after the write.
            10077 if refusal.description.contains("per subject") => AppendError::Refused,
            10077 if refusal.description.contains("maximum") => AppendError::Full(text),
            10077 if refusal.description.contains("no space left") => AppendError::Full(text),
            10077 => AppendError::Unanswered(text),
            10002 | 10023 | 10028 | 10047 => AppendError::Full(text),
            // A batch that lost a part on its way or found too many others under way, a server
            // that is busy, a cluster in motion: nothing is stored, the same again may succeed.
            10176 | 10210 | 10163 | 10167 | 10008 | 10009 => AppendError::Unanswered(text),
            _ => AppendError::Denied(text),
        }
    }
}
