//! A stream as the server sends it: in chunks, each of which is acknowledged.

use std::time::Duration;

use async_nats::Message;
use bytes::Bytes;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{BackupError, Holds};
use crate::Bus;
use crate::provision::STREAM_NOT_FOUND;
use crate::wire::{ApiError, NoAnswer, read_answer};

/// The server's own usual size; below every `max_payload` that Shoal works with.
const CHUNK: usize = 128 * 1024;
/// What may be under way and unacknowledged; all streams together stay within some tens of MB.
const WINDOW: usize = 4 * 1024 * 1024;
/// Until the first answer. A stream of a cluster that has no leader gives none.
const PATIENCE: Duration = Duration::from_secs(15);
/// Between two chunks. The server gives up by itself after 5 s without an acknowledgement.
const BETWEEN: Duration = Duration::from_secs(30);

/// A stream that is on its way.
#[derive(Debug)]
pub(crate) struct Receiving {
    bus: Bus,
    stream: String,
    chunks: async_nats::Subscriber,
    /// Number of the next chunk that wants an acknowledgement.
    next: u64,
    ended: bool,
}

/// What the server says of what it is going to send.
#[derive(Deserialize)]
pub(crate) struct Announced {
    pub(crate) config: Value,
    pub(crate) state: Holds,
}

#[derive(Serialize)]
struct Wish<'a> {
    deliver_subject: &'a str,
    no_consumers: bool,
    chunk_size: usize,
    window_size: usize,
}

impl Bus {
    /// Has the server begin to send a stream as it is now.
    pub(crate) async fn receive(
        &self,
        stream: &str,
    ) -> Result<(Announced, Receiving), BackupError> {
        let broken = |reason: String| BackupError::Broken { stream: stream.to_owned(), reason };
        let subject = self.client.new_inbox();
        let chunks = self.client.subscribe(subject.clone()).await;
        let chunks = chunks.map_err(|error| broken(error.to_string()))?;
        let wish = Wish {
            deliver_subject: &subject,
            no_consumers: true,
            chunk_size: CHUNK.min(self.max_payload()),
            window_size: WINDOW,
        };
        let body = serde_json::to_vec(&wish).map_err(|error| broken(error.to_string()))?;
        let asked = format!("$JS.API.STREAM.SNAPSHOT.{stream}");
        let answer = self.ask(&asked, None, body.into(), PATIENCE).await;
        let answer = answer.map_err(|error| unanswered(stream, error))?;
        let answer = read_answer::<Announced>(&answer.payload)
            .map_err(|error| broken(format!("the answer to {asked} is unreadable: {error}")))?;
        let announced = answer.map_err(|refusal| match refusal.err_code {
            STREAM_NOT_FOUND => BackupError::Missing(stream.to_owned()),
            _ => refused(stream, &refusal.to_string()),
        })?;
        let stream = stream.to_owned();
        let receiving = Receiving { bus: self.clone(), stream, chunks, next: 1, ended: false };
        Ok((announced, receiving))
    }
}

impl Receiving {
    /// The next bytes; `None` at the end. What was handed out is acknowledged, so whoever is slow
    /// to take it slows the server down.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, BackupError> {
        if self.ended {
            return Ok(None);
        }
        let lost = self.bus.events.loss();
        let message = tokio::select! {
            biased;
            message = self.chunks.next() => message,
            () = lost => return Err(self.broken("the connection was lost".to_owned())),
            () = tokio::time::sleep(BETWEEN) => {
                return Err(self.broken(self.bus.unanswered(BETWEEN)));
            }
        };
        let Some(message) = message else {
            return Err(self.broken("the connection was closed".to_owned()));
        };
        if message.payload.is_empty() {
            self.ended = true;
            return self.end(&message).map(|()| None);
        }
        // The last one, if it is not full, wants none.
        if let Some(reply) = message.reply {
            self.check(&reply, message.payload.len())?;
            self.next += 1;
            let sent = self.bus.client.publish(reply, Bytes::new()).await;
            sent.map_err(|error| self.broken(error.to_string()))?;
        }
        Ok(Some(message.payload))
    }

    /// The subject of its acknowledgement ends with a chunk's length and number.
    fn check(&self, reply: &str, length: usize) -> Result<(), BackupError> {
        let mut tokens = reply.rsplit('.');
        let number = tokens.next().and_then(|token| token.parse::<u64>().ok());
        let announced = tokens.next().and_then(|token| token.parse::<usize>().ok());
        if number == Some(self.next) && announced == Some(length) {
            return Ok(());
        }
        let expected = self.next;
        Err(self.broken(format!(
            "expected chunk {expected}, found {length} bytes acknowledged on {reply}: some got lost"
        )))
    }

    fn end(&self, message: &Message) -> Result<(), BackupError> {
        match &message.status {
            Some(status) if !status.is_success() => {
                let (code, why) = (status.as_u16(), message.description.as_deref());
                let why = why.unwrap_or("no reason given");
                Err(self.broken(format!("the server broke off: {why} ({code})")))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn broken(&self, reason: String) -> BackupError {
        BackupError::Broken { stream: self.stream.clone(), reason }
    }
}

pub(crate) fn refused(stream: &str, reason: &str) -> BackupError {
    BackupError::Refused { stream: stream.to_owned(), reason: reason.to_owned() }
}

pub(crate) fn unanswered(stream: &str, error: NoAnswer) -> BackupError {
    match error {
        NoAnswer::Denied(reason) => refused(stream, &reason),
        error @ (NoAnswer::NobodyListens(_) | NoAnswer::Unknown(_)) => {
            BackupError::Broken { stream: stream.to_owned(), reason: error.to_string() }
        }
    }
}

pub(crate) fn failed(stream: &str, error: ApiError) -> BackupError {
    match error {
        ApiError::NoAnswer(error) => unanswered(stream, error),
        ApiError::Refused(refusal) => refused(stream, &refusal.to_string()),
    }
}
