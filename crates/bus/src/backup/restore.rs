//! A stream made again from its bytes.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::receive::{failed, refused, unanswered};
use super::{BackupError, Holds};
use crate::Bus;
use crate::provision::{NO_ROOM, STREAM_NOT_FOUND};
use crate::wire::{ApiError, Refusal, read_answer};

/// What is sent at once, if the server takes so much: each waits for its acknowledgement, so over
/// a long way small ones would be slow.
const CHUNK: usize = 512 * 1024;
/// Until the server is ready to take a stream; a cluster agrees on who keeps it.
const READY: Duration = Duration::from_secs(30);
/// Until a chunk is acknowledged. The server has written it by then.
const WRITTEN: Duration = Duration::from_secs(60);
/// Until the server has made the stream of all that it was sent.
const MADE: Duration = Duration::from_secs(15 * 60);

/// A stream that is being made.
#[derive(Debug)]
pub struct Restoring {
    bus: Bus,
    stream: String,
    subject: String,
}

/// A stream that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct There {
    /// How it is kept, in the server's words.
    pub config: Value,
    /// What it holds.
    pub held: Holds,
}

impl Bus {
    /// The stream of this name on the server, if there is one.
    ///
    /// # Errors
    /// If the server does not say.
    pub async fn there(&self, name: &str) -> Result<Option<There>, BackupError> {
        #[derive(Deserialize)]
        struct Answer {
            config: Value,
            state: Holds,
        }
        match self.api::<_, Answer>(&format!("STREAM.INFO.{name}"), &json!({})).await {
            Ok(Answer { config, state }) => Ok(Some(There { config, held: state })),
            Err(ApiError::Refused(Refusal { err_code: STREAM_NOT_FOUND, .. })) => Ok(None),
            Err(error) => Err(failed(name, error)),
        }
    }

    /// Has the server begin to make a stream that is not there. Nothing else of this name may be
    /// there, and `config` has to be the one that the bytes came with, but for sizes, copies and
    /// notes.
    ///
    /// # Errors
    /// If it does not.
    pub async fn restore(
        &self,
        name: &str,
        config: &Value,
        held: Holds,
    ) -> Result<Restoring, BackupError> {
        #[derive(Deserialize)]
        struct Answer {
            deliver_subject: String,
        }
        let broken = |reason: String| BackupError::Broken { stream: name.to_owned(), reason };
        let asked = format!("$JS.API.STREAM.RESTORE.{name}");
        let question = json!({ "config": config, "state": held });
        let answer = self.ask(&asked, None, question.to_string().into(), READY).await;
        let answer = answer.map_err(|error| unanswered(name, error))?;
        let answer = read_answer::<Answer>(&answer.payload)
            .map_err(|error| broken(format!("the answer to {asked} is unreadable: {error}")))?;
        let Answer { deliver_subject } =
            answer.map_err(|refusal| explain(name, config, &refusal))?;
        let stream = name.to_owned();
        Ok(Restoring { bus: self.clone(), stream, subject: deliver_subject })
    }

    /// Takes a whole stream away. Only for what a restore that broke off has left; no role of ours
    /// has the right to it.
    ///
    /// # Errors
    /// If the server does not.
    pub async fn remove_leftover(&self, name: &str) -> Result<(), BackupError> {
        let asked = self.api::<_, Value>(&format!("STREAM.DELETE.{name}"), &json!({})).await;
        asked.map(drop).map_err(|error| failed(name, error))
    }

    /// How many bytes [`Restoring::send`] is best given at once.
    pub fn restore_chunk(&self) -> usize {
        CHUNK.min(self.max_payload())
    }
}

impl Restoring {
    /// Sends the next bytes, and waits until the server has them. Whoever lets more than 5 s pass
    /// between two of them is given up.
    ///
    /// # Errors
    /// If the server refuses them or does not answer. What it has made of the stream by then it may
    /// keep.
    pub async fn send(&mut self, chunk: Bytes) -> Result<(), BackupError> {
        let answer = self.bus.ask(&self.subject, None, chunk, WRITTEN).await;
        let answer = answer.map_err(|error| unanswered(&self.stream, error))?;
        if answer.payload.is_empty() {
            return Ok(());
        }
        self.read::<Value>(&answer.payload).map(drop)
    }

    /// Says that this was all, and waits until the stream is there; what it holds.
    ///
    /// # Errors
    /// As [`Restoring::send`], or if the bytes do not make a stream.
    pub async fn finish(self) -> Result<Holds, BackupError> {
        #[derive(Deserialize)]
        struct Answer {
            state: Holds,
        }
        let answer = self.bus.ask(&self.subject, None, Bytes::new(), MADE).await;
        let answer = answer.map_err(|error| unanswered(&self.stream, error))?;
        self.read::<Answer>(&answer.payload).map(|answer| answer.state)
    }

    fn read<Answer: serde::de::DeserializeOwned>(
        &self,
        body: &[u8],
    ) -> Result<Answer, BackupError> {
        let answer = read_answer(body).map_err(|error| BackupError::Broken {
            stream: self.stream.clone(),
            reason: format!("the server's answer is unreadable: {error}"),
        })?;
        answer.map_err(|refusal: Refusal| refused(&self.stream, &refusal.to_string()))
    }
}

fn explain(name: &str, config: &Value, refusal: &Refusal) -> BackupError {
    if NO_ROOM.contains(&refusal.err_code) {
        let bytes = config["max_bytes"].as_u64().unwrap_or(0);
        return BackupError::NoRoom { stream: name.to_owned(), bytes, reason: refusal.to_string() };
    }
    refused(name, &refusal.to_string())
}
