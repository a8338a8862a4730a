//! All streams at moments that fit together.

use std::collections::VecDeque;

use async_nats::header::{NATS_BATCH_COMMIT, NATS_BATCH_ID};
use bytes::Bytes;
use contract::subject::StreamName;
use serde_json::Value;

use super::receive::{Announced, Receiving};
use super::{BackupError, Holds, ORDER};
use crate::Bus;
use crate::reading::ReadError;
use crate::topology::topology;

/// How often it is tried to find moments that fit together. A try takes milliseconds.
const ATTEMPTS: u32 = 200;

/// One stream as it was at one moment; its bytes are still to be taken.
#[derive(Debug)]
pub struct Cut {
    /// Which one.
    pub stream: StreamName,
    /// Its name on the server.
    pub name: String,
    /// How it is kept, in the server's words.
    pub config: Value,
    /// What it held.
    pub held: Holds,
    bytes: Source,
}

/// Where the bytes are.
#[derive(Debug)]
enum Source {
    /// All of them here already.
    Here(VecDeque<Bytes>),
    /// Still at the server.
    Coming(Box<Receiving>),
}

/// Why an attempt has to be made again, in words.
type Restless = String;

impl Bus {
    /// All streams of this prefix, in their [`ORDER`]. All of them have to be taken at the same
    /// time, and soon: the server waits 5 s for whoever takes nothing.
    ///
    /// # Errors
    /// If a stream is not there, or the server does not send it; or if no moments are found that
    /// fit together.
    pub async fn cut(&self) -> Result<Vec<Cut>, BackupError> {
        let mut last = String::new();
        for _ in 0..ATTEMPTS {
            match self.try_cut().await? {
                Ok(cuts) => return Ok(cuts),
                Err(why) => {
                    tracing::debug!("the streams are cut again: {why}");
                    last = why;
                }
            }
        }
        Err(BackupError::Restless { attempts: ATTEMPTS, reason: last })
    }

    /// What went away from a stream since it was cut and may be missing in the bytes: nothing of
    /// those whose bytes were taken with the cut.
    ///
    /// # Errors
    /// If the server does not say.
    pub async fn removed_from(&self, cut: &Cut) -> Result<u64, BackupError> {
        match keeps_the_last(cut.stream) {
            true => Ok(0),
            false => self.removed_since(cut).await,
        }
    }

    async fn removed_since(&self, cut: &Cut) -> Result<u64, BackupError> {
        let later = self.holds(&cut.name).await?;
        let later = later.ok_or_else(|| BackupError::Missing(cut.name.clone()))?;
        Ok(cut.held.removed_until(&later))
    }

    async fn try_cut(&self) -> Result<Result<Vec<Cut>, Restless>, BackupError> {
        let mut cuts = Vec::new();
        for stream in ORDER {
            let mut cut = self.cut_one(stream).await?;
            // Of a stream that keeps the last message of each subject a new one takes the old one
            // away, also what was to be sent and is not yet: a run would have no state. So they
            // are taken at once, and count if nothing was written meanwhile.
            if keeps_the_last(stream) {
                cut.take_all().await?;
                let removed = self.removed_since(&cut).await?;
                if removed > 0 {
                    return Ok(Err(format!("{} was written to {removed} times", cut.name)));
                }
            }
            cuts.push(cut);
        }
        Ok(self.check(&cuts).await?.map(|()| cuts))
    }

    async fn cut_one(&self, stream: StreamName) -> Result<Cut, BackupError> {
        let name = self.stream_of(stream);
        let (Announced { config, state }, receiving) = self.receive(&name).await?;
        let bytes = Source::Coming(Box::new(receiving));
        Ok(Cut { stream, name, config, held: state, bytes })
    }

    /// True if nothing was begun between the first cut and the last.
    async fn check(&self, cuts: &[Cut]) -> Result<Result<(), Restless>, BackupError> {
        for cut in cuts {
            // A run is in env-status before anything else of it is anywhere. Of one that came
            // later there may be a journal now, and no state; its name would be given again.
            if cut.stream == StreamName::EnvStatus {
                let now = self.holds(&cut.name).await?;
                if now.is_none_or(|now| now.subjects != cut.held.subjects) {
                    return Ok(Err("a run was created".to_owned()));
                }
            }
            if self.takes_batches(cut.stream) && self.is_in_a_batch(cut).await? {
                return Ok(Err(format!("{} was in the middle of a batch", cut.name)));
            }
        }
        Ok(Ok(()))
    }

    fn takes_batches(&self, stream: StreamName) -> bool {
        topology(&self.prefix, 1).iter().any(|spec| spec.stream == stream && spec.atomic)
    }

    /// True if the last message of a cut belongs to those after it.
    async fn is_in_a_batch(&self, cut: &Cut) -> Result<bool, BackupError> {
        if cut.held.messages == 0 {
            return Ok(false);
        }
        let last = self.message(cut.stream, cut.held.last_seq).await;
        let last = last.map_err(|error| match error {
            ReadError::Missing(_) => BackupError::Missing(cut.name.clone()),
            ReadError::Denied(reason) => BackupError::Refused { stream: cut.name.clone(), reason },
            ReadError::Unanswered(reason) => {
                BackupError::Broken { stream: cut.name.clone(), reason }
            }
        })?;
        // One that is gone by now is no part of anything.
        Ok(last.is_some_and(|last| {
            last.header(NATS_BATCH_ID.as_ref()).is_some()
                && last.header(NATS_BATCH_COMMIT.as_ref()).is_none()
        }))
    }

    /// What a stream holds now; `None`: there is no such stream.
    pub(crate) async fn holds(&self, name: &str) -> Result<Option<Holds>, BackupError> {
        Ok(self.there(name).await?.map(|there| there.held))
    }
}

fn keeps_the_last(stream: StreamName) -> bool {
    // Logs keep the last as well, but speak of nothing.
    matches!(stream, StreamName::EnvStatus | StreamName::Ledger)
}

impl Cut {
    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// If the transfer breaks off.
    pub async fn next(&mut self) -> Result<Option<Bytes>, BackupError> {
        match &mut self.bytes {
            Source::Here(chunks) => Ok(chunks.pop_front()),
            Source::Coming(receiving) => receiving.next().await,
        }
    }

    async fn take_all(&mut self) -> Result<(), BackupError> {
        let mut chunks = VecDeque::new();
        while let Some(chunk) = self.next().await? {
            chunks.push_back(chunk);
        }
        self.bytes = Source::Here(chunks);
        Ok(())
    }
}
