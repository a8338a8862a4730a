//! Taking one run out of a stream, and what there is to be taken.

use std::collections::BTreeMap;

use contract::id::RunId;
use contract::subject::{Prefix, StreamName};
use serde::{Deserialize, Serialize};

use crate::Bus;
use crate::reading::ReadError;

/// Why messages are not known to be removed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PurgeError {
    /// The subject may match what is not one run's, or is in a stream that no run is purged
    /// from. The server was not asked.
    #[error("{0:?} is refused: expected a subject of {1:?} that names one run and not its state")]
    TooBroad(String, StreamName),
    /// The server did not do it, or did not say so; the same again does no harm.
    #[error(transparent)]
    NotDone(#[from] ReadError),
}

impl Bus {
    /// Removes the messages of `stream` on `subject`, a pattern perhaps, and returns how many
    /// there were; with `before`, only those of lower sequences.
    ///
    /// # Errors
    /// See [`PurgeError`].
    pub async fn purge(
        &self,
        stream: StreamName,
        subject: &str,
        before: Option<u64>,
    ) -> Result<u64, PurgeError> {
        #[derive(Serialize)]
        struct Question<'a> {
            filter: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            seq: Option<u64>,
        }
        #[derive(Deserialize)]
        struct Answer {
            purged: u64,
        }
        if !is_of_one_run(&self.prefix, stream, subject) {
            return Err(PurgeError::TooBroad(subject.to_owned(), stream));
        }
        let operation = format!("STREAM.PURGE.{}", self.stream_of(stream));
        let question = Question { filter: subject, seq: before };
        let answer: Answer = self.api(&operation, &question).await.map_err(ReadError::from)?;
        self.ask_copy::<_, Answer>(stream, "STREAM.PURGE", &question)
            .await
            .map_err(ReadError::from)?;
        Ok(answer.purged)
    }

    /// The subjects of `stream` that match `filter`, and how many messages each has.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn subjects(
        &self,
        stream: StreamName,
        filter: &str,
    ) -> Result<BTreeMap<String, u64>, ReadError> {
        #[derive(Serialize)]
        struct Question<'a> {
            subjects_filter: &'a str,
            offset: usize,
        }
        #[derive(Deserialize)]
        struct Answer {
            state: State,
        }
        #[derive(Deserialize)]
        struct State {
            #[serde(default)]
            subjects: Option<BTreeMap<String, u64>>,
        }
        let operation = format!("STREAM.INFO.{}", self.stream_of(stream));
        let mut found = BTreeMap::new();
        loop {
            let question = Question { subjects_filter: filter, offset: found.len() };
            let answer: Answer = self.api(&operation, &question).await.map_err(ReadError::from)?;
            // The server tells them by pages; the one behind the last is empty.
            let before = found.len();
            found.extend(answer.state.subjects.unwrap_or_default());
            if found.len() - before < SUBJECTS_OF_A_PAGE {
                return Ok(found);
            }
        }
    }
}

/// Subjects that the server tells at once.
const SUBJECTS_OF_A_PAGE: usize = 100_000;

/// Whether all that `subject` can match belongs to one run. The state of a run is never
/// purged, since without it its number would be free; a spec is not one run's alone.
fn is_of_one_run(prefix: &Prefix, stream: StreamName, subject: &str) -> bool {
    let tokens: Vec<&str> = subject.split('.').collect();
    let run = match stream {
        StreamName::Commands
        | StreamName::Questions
        | StreamName::Inputs
        | StreamName::Actions
        | StreamName::Logs
        | StreamName::Snapshots => tokens.get(2),
        StreamName::Replies | StreamName::DeadLetters => tokens.get(3),
        StreamName::EnvStatus | StreamName::Specs | StreamName::Leases | StreamName::Ledger => None,
    };
    tokens[..].starts_with(&[prefix.as_str(), stream.token()])
        && run.is_some_and(|token| token.parse::<RunId>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_one_runs_may_be_purged() {
        use StreamName::{Actions, Commands, DeadLetters, EnvStatus, Ledger, Logs, Replies, Specs};
        let allowed = |stream, subject| is_of_one_run(&Prefix::default(), stream, subject);
        for (stream, subject) in [
            (Actions, "sim.actions.market-1.twitter"),
            (Actions, "sim.actions.market-1.>"),
            (Logs, "sim.logs.market-1"),
            (Commands, "sim.commands.market-1.delete.cli.x"),
            (Replies, "sim.replies.*.market-1.*"),
            (DeadLetters, "sim.dead-letters.*.market-1"),
        ] {
            assert!(allowed(stream, subject), "{subject}");
        }
        for (stream, subject) in [
            (Actions, ""),
            (Actions, ">"),
            (Actions, "sim.>"),
            (Actions, "sim.actions.>"),
            (Actions, "sim.actions.*.twitter"),
            (Actions, "sim.actions.market.>"),
            (Actions, "lab.actions.market-1.>"),
            (Actions, "sim.inputs.market-1.>"),
            (Actions, "*.actions.market-1.>"),
            (Replies, "sim.replies.>"),
            (Replies, "sim.replies.market-1.*.*"),
            (Replies, "sim.replies.*.*.x"),
            (DeadLetters, "sim.dead-letters.*._"),
            (EnvStatus, "sim.env-status.market-1"),
            (Specs, "sim.specs.market-1"),
            (Ledger, "$KV.SIM_LEDGER.market-1"),
        ] {
            assert!(!allowed(stream, subject), "{subject} passed");
        }
    }
}
