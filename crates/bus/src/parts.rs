//! Replies that do not fit one message, made whole from their parts.

use contract::id::ClientId;
use contract::interviews::{Interviews, Parts, ReplyPart};
use contract::reply::{Reply, ReplyOutcome, ReplyResult};
use contract::subject::StreamName;

use crate::Bus;
use crate::reading::ReadError;

/// Why a reply could not be made whole.
#[derive(Debug, thiserror::Error)]
pub enum PartsError {
    /// The bus does not give the parts.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A part is gone, or is none; in words.
    #[error("{0}")]
    Damaged(String),
}

impl Bus {
    /// The reply to a command of this client with all its results in it, wherever they are stored.
    /// One that has no parts is given back as it is.
    ///
    /// # Errors
    /// See [`PartsError`].
    pub async fn whole_reply(&self, client: &ClientId, reply: Reply) -> Result<Reply, PartsError> {
        let Reply { v, command_id, run_id, verb, at, outcome } = reply;
        let outcome = match outcome {
            ReplyOutcome::Completed {
                result:
                    ReplyResult::Interviews(Interviews { parts: Some(parts), asked, answered, said }),
            } => {
                let subject =
                    |part| self.prefix.reply_part(client, &run_id, &command_id, &parts.by, part);
                let read = self.parts(&parts, subject).await?;
                let named = Interviews { parts: Some(parts), asked, answered, said };
                let whole = named.whole(read).map_err(PartsError::Damaged)?;
                ReplyOutcome::Completed { result: ReplyResult::Interviews(whole) }
            }
            other => other,
        };
        Ok(Reply { v, command_id, run_id, verb, at, outcome })
    }

    /// As many of the parts as there are in a row.
    async fn parts(
        &self,
        parts: &Parts,
        subject: impl Fn(u32) -> String,
    ) -> Result<Vec<ReplyPart>, PartsError> {
        let mut read = Vec::new();
        for part in 0..parts.count {
            let subject = subject(part);
            let Some(stored) = self.last(StreamName::Replies, &subject).await? else {
                return Err(PartsError::Damaged(format!(
                    "the part of the reply on {subject} is gone"
                )));
            };
            let part = serde_json::from_slice(&stored.body).map_err(|error| {
                PartsError::Damaged(format!(
                    "the part of the reply on {subject} cannot be read: {error}"
                ))
            })?;
            read.push(part);
        }
        Ok(read)
    }
}
