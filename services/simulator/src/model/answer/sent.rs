//! What a server sent, as answers are read from it.

use std::time::Duration;

use serde_json::Value;

use super::MAX_ANSWER_BYTES;
use crate::model::endpoint::{Secrets, Source};
use crate::model::limits::taught::duration;

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
    /// How long to wait, if it says so.
    pub(crate) retry_after: Option<Duration>,
}

impl Sent {
    /// Reads a body, of which there are at most a few bytes more than [`MAX_ANSWER_BYTES`].
    ///
    /// Secrets are hidden before anything is made of it, or cut: half a secret is not found any
    /// more. In JSON they are hidden within texts, so that it stays what it is. `retry_after`: what
    /// the headers say of that, in milliseconds; some servers say it in the body of an error alone.
    pub fn read(status: u16, body: &[u8], retry_after: Option<u64>, secrets: &Secrets) -> Sent {
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
        let said = || json.as_ref().filter(|_| status >= 400).and_then(delay);
        let retry_after = retry_after.or_else(said).map(Duration::from_millis);
        Sent { status, json, text, is_too_long, retry_after }
    }
}

/// The milliseconds to wait that an error speaks of: in `retryDelay`, or in words.
fn delay(error: &Value) -> Option<u64> {
    match error {
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
        Value::String(text) => {
            let after =
                ["retry in ", "try again in "].into_iter().find_map(|it| text.split_once(it));
            let (_, after) = after?;
            duration(after.split_whitespace().next()?.trim_end_matches(['.', ',']))
        }
        Value::Array(values) => values.iter().find_map(delay),
        Value::Object(fields) => {
            let said = ["retryDelay", "retry_delay"].into_iter().find_map(|name| fields.get(name));
            let said = said.and_then(|said| duration(said.as_str()?));
            said.or_else(|| fields.values().find_map(delay))
        }
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
