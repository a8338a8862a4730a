//! One request: sent, counted at the gate, and read.

use std::error::Error;
use std::time::SystemTime;

use bytes::Bytes;
use contract::decision::Usage;
use kit::metrics::{add, observe};
use reqwest::Response;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use tokio::time::Instant;

use super::line::{Line, Room};
use crate::measures::{COST, REQUEST_TOOK, REQUESTS, TOKENS};
use crate::model::answer::{MAX_ANSWER_BYTES, Refusal, Sent};
use crate::model::endpoint::Source;
use crate::model::limits::taught::{self, Taught};
use crate::model::{Gate, SharedGate};

/// Why nothing was heard.
pub(super) struct Unheard {
    pub(super) refusal: Refusal,
    /// Whether the request was never sent, since nobody was there to take it.
    pub(super) unsent: bool,
    /// Whether it was refused, though not why.
    pub(super) is_refused: bool,
}

/// A request at the gate: settled when it is dropped, with what is known then. As long as that is
/// nothing it is as much as it may take.
pub(super) struct AtGate {
    endpoint: String,
    gate: SharedGate,
    began: Instant,
    estimate: Usage,
    pub(super) took: Usage,
    /// Whether it was answered with what was asked for.
    pub(super) is_ok: bool,
}

impl AtGate {
    /// After the gate has admitted `estimate`.
    pub(super) fn admitted(endpoint: &str, gate: &SharedGate, estimate: Usage) -> AtGate {
        let (endpoint, gate, began) = (endpoint.to_owned(), gate.clone(), Instant::now());
        AtGate { endpoint, gate, began, estimate, took: estimate, is_ok: false }
    }

    fn measure(&self) {
        let endpoint = ("endpoint", self.endpoint.as_str());
        let outcome = if self.is_ok { "ok" } else { "failed" };
        add(&REQUESTS, &[endpoint, ("outcome", outcome)], self.took.requests);
        observe(&REQUEST_TOOK, &[endpoint], self.began.elapsed());
        let Usage { prompt_tokens, cached_tokens, completion_tokens, .. } = self.took;
        let kinds = [
            ("prompt", prompt_tokens),
            ("cached", cached_tokens),
            ("completion", completion_tokens),
        ];
        for (kind, tokens) in kinds {
            add(&TOKENS, &[endpoint, ("kind", kind)], tokens);
        }
        add(&COST, &[endpoint], self.took.cost_micros);
    }
}

impl Drop for AtGate {
    fn drop(&mut self) {
        let gate: &dyn Gate = &*self.gate;
        gate.settle(&self.estimate, &self.took);
        if self.took.requests > 0 {
            self.measure();
        }
    }
}

/// Sends a body, for which there is this room, and reads what comes.
pub(super) async fn send(room: &Room, body: Bytes) -> Result<Sent, Unheard> {
    let line = &*room.line;
    let mut headers = HeaderMap::with_capacity(3);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(authorization) = &line.endpoint.authorization {
        headers.insert(AUTHORIZATION, authorization.clone());
    }
    let request = line.client.post(line.endpoint.url.clone()).headers(headers).body(body);
    let response = request.send().await.map_err(|error| unheard(line, error))?;
    let taught = taught(&response);
    room.learn(&taught);
    let status = response.status().as_u16();
    let is_refused = !response.status().is_success();
    let body =
        read(response).await.map_err(|error| Unheard { is_refused, ..unheard(line, error) })?;
    Ok(Sent::read(status, &body, taught.retry_after, &line.endpoint.secrets))
}

/// The body, or as much of it as shows that it is too long.
async fn read(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER_BYTES {
            body.truncate(MAX_ANSWER_BYTES + 1);
            break;
        }
    }
    Ok(body)
}

fn taught(response: &Response) -> Taught {
    let headers = response.headers();
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    taught::read(header, unix.as_secs())
}

/// What it means that nothing came.
fn unheard(line: &Line, error: reqwest::Error) -> Unheard {
    let unsent = error.is_connect();
    let is_ours = error.is_builder();
    let why = chain(&error.without_url());
    let why = line.endpoint.secrets.hide(&why, Source::Other);
    let refusal = match (is_ours, unsent) {
        (true, _) => Refusal::of_question(&format!("it cannot be asked: {why}")),
        (false, true) => Refusal::busy(&format!("it cannot be reached: {why}")),
        (false, false) => Refusal::own(&format!("it did not answer: {why}")),
    };
    Unheard { refusal, unsent: unsent || is_ours, is_refused: false }
}

/// An error and its causes in one line, none twice.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = cause.source();
    }
    text
}
