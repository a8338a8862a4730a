//! What a server sent, as answers are read from it.

use serde_json::Value;

use super::MAX_ANSWER_BYTES;
use crate::model::endpoint::{Secrets, Source};

/// What a server sent, without what it repeats of our secrets.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// The status.
    pub(super) status: u16,
    /// The body, if it is JSON.
    pub(super) json: Option<Value>,
    /// The body, if it is none.
    pub(super) text: String,
    /// Whether the body was longer than any answer is.
    pub(super) is_too_long: bool,
}

impl Sent {
    /// Reads a body, of which there are at most a few bytes more than [`MAX_ANSWER_BYTES`].
    ///
    /// Secrets are hidden before anything is made of it, or cut: half a secret is not found any
    /// more. In JSON they are hidden within texts, so that it stays what it is.
    pub fn read(status: u16, body: &[u8], secrets: &Secrets) -> Sent {
        let is_too_long = body.len() > MAX_ANSWER_BYTES;
        let mut json = if is_too_long { None } else { parse(body) };
        let mut text = String::new();
        match &mut json {
            Some(json) => {
                let is_good = (200..=299).contains(&status);
                secrets.hide_in(json, if is_good { Source::Answer } else { Source::Other });
            }
            None => {
                text = secrets.hide(&String::from_utf8_lossy(body), Source::Other).into_owned();
            }
        }
        Sent { status, json, text, is_too_long }
    }
}

/// A body as JSON. What is no UTF-8 in it is replaced.
fn parse(body: &[u8]) -> Option<Value> {
    match serde_json::from_slice(body) {
        Ok(value) => Some(value),
        Err(_) if std::str::from_utf8(body).is_err() => {
            serde_json::from_str(&String::from_utf8_lossy(body)).ok()
        }
        Err(_) => None,
    }
}
