//! Requests to Zep, one after the other, and what it said of its limits meanwhile.

use std::hash::{BuildHasher, RandomState};

use contract::id::Digest;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Url};
use serde::Serialize;
use serde_json::Value;

use super::Inner;
use crate::adapters::wire::{self, Ask, Heard, Line, Said, Stake};
use crate::adapters::{DeliveryError, Limits, Spoken};

/// A page has up to a hundred episodes of ten thousand characters each, which JSON may escape.
const MOST_OF_A_LIST: usize = 16 << 20;

/// What one method of the adapter asks.
pub(super) struct Talk<'a> {
    pub(super) zep: &'a Inner,
    limits: Limits,
}

/// A request, as far as the dialects differ in it.
pub(super) struct Question {
    method: Method,
    /// Behind the address of the API.
    path: String,
    body: Option<Vec<u8>>,
    key: Option<String>,
    stake: Stake,
    most: usize,
}

impl Question {
    /// Reads.
    pub(super) fn get(path: String) -> Question {
        Question {
            method: Method::GET,
            path,
            body: None,
            key: None,
            stake: Stake::Nothing,
            most: MOST_OF_A_LIST,
        }
    }

    /// Reads, or does what is the same if it is done twice.
    pub(super) fn post(path: String, body: &impl Serialize) -> Question {
        // Our bodies are texts and numbers by name.
        let body = serde_json::to_vec(body).unwrap_or_default();
        Question { method: Method::POST, body: Some(body), ..Question::get(path) }
    }

    /// Writes.
    pub(super) fn write(path: String, body: &impl Serialize) -> Question {
        Question { stake: Stake::Twice, most: wire::MOST, ..Question::post(path, body) }
    }

    /// Under this `Idempotency-Key`.
    pub(super) fn named(self, key: String) -> Question {
        Question { key: Some(key), ..self }
    }
}

impl Talk<'_> {
    pub(super) fn new(zep: &Inner) -> Talk<'_> {
        Talk { zep, limits: Limits::default() }
    }

    /// The outcome, and what was said of limits.
    pub(super) fn end<T>(self, outcome: Result<T, DeliveryError>) -> Spoken<T> {
        Spoken { outcome, limits: self.limits }
    }

    /// Asks, and says what the answer means.
    pub(super) async fn ask(&mut self, question: Question) -> Result<Said, DeliveryError> {
        let stake = question.stake;
        let heard = self.zep.line.ask(self.request(question)?).await?;
        let Limits { per_minute, remaining, reset } = heard.limits;
        self.limits = Limits {
            per_minute: per_minute.or(self.limits.per_minute),
            remaining: remaining.or(self.limits.remaining),
            reset: reset.or(self.limits.reset),
        };
        Ok(self.zep.line.meaning(heard, stake))
    }

    /// Whether the memory has said that it takes hardly any more for now.
    pub(super) fn is_spent(&self) -> bool {
        self.limits.remaining.is_some_and(|remaining| remaining <= 1)
    }

    fn request(&self, question: Question) -> Result<Ask, DeliveryError> {
        let reject = |reason: String| DeliveryError::Reject { reason };
        let url = Url::parse(&format!("{}{}", self.zep.url, question.path))
            .map_err(|error| reject(error.to_string()))?;
        let mut headers = self.zep.headers.clone();
        if question.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(key) = question.key {
            let key = HeaderValue::from_str(&key).map_err(|error| reject(error.to_string()))?;
            headers.insert("idempotency-key", key);
        }
        let Question { method, body, stake, most, .. } = question;
        Ok(Ask { method, url, headers, body, stake, most })
    }

    /// The JSON of a good answer; `Err`: what it is instead, in words.
    pub(super) fn json(&self, heard: &Heard) -> Result<Value, String> {
        json(&self.zep.line, heard)
    }
}

fn json(line: &Line, heard: &Heard) -> Result<Value, String> {
    if !heard.is_whole {
        return Err(format!("its answer broke off after {} bytes", heard.body.len()));
    }
    match serde_json::from_slice(&heard.body) {
        Ok(value) => Ok(value),
        Err(_) => Err(format!("{}, which is no JSON", line.words(heard))),
    }
}

/// The list that an answer is, or has under this name: an empty one may be left out, yet what
/// says something else is no list, and nothing is missing from it.
pub(super) fn list<'json>(json: &'json Value, name: &str) -> Option<&'json [Value]> {
    match (json, json.get(name)) {
        (Value::Array(list), _) | (_, Some(Value::Array(list))) => Some(list),
        (Value::Null, _) => Some(&[]),
        (Value::Object(fields), None | Some(Value::Null)) => {
            let is_page = fields.keys().all(|key| key == name || key == "next_cursor");
            is_page.then_some(&[])
        }
        _ => None,
    }
}

/// What an error is where nothing was to be written: it may be otherwise later.
pub(super) fn unread(error: DeliveryError) -> DeliveryError {
    match error {
        DeliveryError::Reject { reason } => slow(reason),
        DeliveryError::Unknown { after, reason } => DeliveryError::Retry { after, reason },
        DeliveryError::Retry { .. }
        | DeliveryError::Misdirected { .. }
        | DeliveryError::Unauthorized { .. } => error,
    }
}

/// An operator has to change something, in these words.
pub(super) fn slow(reason: String) -> DeliveryError {
    DeliveryError::Misdirected { reason }
}

/// `text` as one part of a path or query; `None` if it is none, in whatever way it is written.
pub(super) fn segment(text: &str) -> Option<String> {
    use std::fmt::Write as _;
    if matches!(text, "" | "." | "..") {
        return None;
    }
    let mut written = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                written.push(char::from(byte));
            }
            // To write to a text cannot fail.
            _ => _ = write!(written, "%{byte:02X}"),
        }
    }
    Some(written)
}

/// A key that these make, each time the same one; written as Zep's clients write theirs.
pub(super) fn key_of(parts: &[&str]) -> String {
    // Two bytes that no text has stand between them.
    let parts: Vec<&[u8]> = parts.iter().flat_map(|it| [it.as_bytes(), &[0xff, 0xff]]).collect();
    like_uuid(&Digest::of(&parts).to_string())
}

/// A key that nothing else has: an answer to an earlier question would be the wrong one.
pub(super) fn fresh_key() -> String {
    let half = || RandomState::new().hash_one(0);
    like_uuid(&format!("{:016x}{:016x}", half(), half()))
}

fn like_uuid(digits: &str) -> String {
    let digits = digits.get(digits.len().saturating_sub(32)..).unwrap_or(digits);
    let ends = [0, 8, 12, 16, 20, 32];
    let parts = ends.windows(2).filter_map(|it| digits.get(it[0]..it[1]));
    parts.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_one_part_of_a_path() {
        for (text, expected) in [
            ("mirofish_01-a.b~c", Some("mirofish_01-a.b~c")),
            ("a/../b?c#d%2F", Some("a%2F..%2Fb%3Fc%23d%252F")),
            ("市 1", Some("%E5%B8%82%201")),
            ("..", None),
            (".", None),
            ("", None),
        ] {
            assert_eq!(segment(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_says_something_else_is_no_list() {
        for (text, length) in [
            ("[1, 2]", Some(2)),
            ("{\"items\": [1], \"total\": 1}", Some(1)),
            ("{\"items\": null, \"next_cursor\": null}", Some(0)),
            ("{}", Some(0)),
            ("null", Some(0)),
            ("{\"message\": \"ok\"}", None),
            ("{\"items\": {}}", None),
            ("\"items\"", None),
        ] {
            let json = serde_json::from_str(text).unwrap();
            assert_eq!(list(&json, "items").map(<[Value]>::len), length, "{text}");
        }
    }

    #[test]
    fn keys_are_of_what_they_name_or_of_nothing() {
        let key = key_of(&["zep", "g"]);
        assert_eq!((key.len(), key.split('-').count()), (36, 5), "{key}");
        assert_eq!(key, key_of(&["zep", "g"]));
        assert_ne!(key, key_of(&["ze", "pg"]));
        assert_ne!(fresh_key(), fresh_key());
        assert_eq!(fresh_key().len(), 36);
    }
}
