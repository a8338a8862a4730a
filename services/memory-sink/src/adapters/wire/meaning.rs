//! What an answer means for a batch, and what it means that there is none.

use contract::problem::shorten;
use reqwest::StatusCode;

use super::{Heard, Secrets, chain};
use crate::adapters::DeliveryError;

/// What is at stake if one does not know what came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stake {
    /// Nothing: it only reads, or doing it twice is doing it once.
    Nothing,
    /// Nothing once there is an answer: it has a name, under which the other side takes it once.
    /// Without one an operator is told that its outcome is unknown.
    Named,
    /// It may have been applied, and must not be twice.
    Twice,
}

/// What an answer means.
#[derive(Clone, PartialEq, Eq)]
pub enum Said {
    /// It is done: 2xx.
    Done(Heard),
    /// It is at odds with what is there, whatever that means to who asked: 409.
    Conflict(String),
    /// It is not done, or not known to be.
    Refused {
        /// The status.
        status: u16,
        /// What it means.
        error: DeliveryError,
    },
}

/// What a status means. `words` are for people.
pub(super) fn of(heard: Heard, stake: Stake, words: String) -> Said {
    let after = heard.after;
    let elsewhere =
        |advice: &str| DeliveryError::Misdirected { reason: format!("{words} ({advice})") };
    let status = heard.status;
    let error = match status {
        200..=299 => return Said::Done(heard),
        409 => return Said::Conflict(words),
        401..=403 | 407 => DeliveryError::Unauthorized { reason: words },
        400 | 413 | 414 | 422 | 431 => DeliveryError::Reject { reason: words },
        408 | 425 | 429 => DeliveryError::Retry { after, reason: words },
        500.. if stake == Stake::Twice => DeliveryError::Unknown { after, reason: words },
        500.. => DeliveryError::Retry { after, reason: words },
        // To follow would hand the batch and our headers to somebody whom nobody named; to
        // reject would lose what a corrected address can still take.
        ..=399 => elsewhere("redirects are not followed: name the final address"),
        404 | 410 => elsewhere("is the address right, and is the graph there?"),
        405 => elsewhere("is the address right?"),
        400..=499 => elsewhere("the memory wants to be spoken to in another way"),
    };
    Said::Refused { status, error }
}

/// A status, and the beginning of a body in one line.
pub(super) fn words(status: u16, body: &str) -> String {
    let status = match StatusCode::from_u16(status) {
        Ok(status) => status.to_string(),
        Err(_) => status.to_string(),
    };
    let status = status.trim_end_matches(" <unknown status code>");
    let mut text = String::new();
    for word in body.split_whitespace() {
        text.push_str(if text.is_empty() { "" } else { " " });
        text.push_str(word);
        if text.len() > 1_000 {
            break;
        }
    }
    match shorten(&text, 200) {
        text if text.is_empty() => format!("it answered {status}"),
        text => format!("it answered {status}: {text}"),
    }
}

/// What it means that there is no answer.
pub(super) fn unheard(error: reqwest::Error, stake: Stake, secrets: &Secrets) -> DeliveryError {
    let error = error.without_url();
    let reason = secrets.hide(&chain(&error)).into_owned();
    if error.is_builder() {
        DeliveryError::Reject { reason }
    } else if error.is_connect() || stake == Stake::Nothing {
        DeliveryError::Retry { after: None, reason }
    } else {
        DeliveryError::Unknown { after: None, reason }
    }
}
