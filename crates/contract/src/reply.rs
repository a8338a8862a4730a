//! The one answer to a command.

use serde::{Deserialize, Serialize};

use crate::command::Verb;
use crate::decision::Usage;
use crate::id::{CommandId, RunId};
use crate::interviews::Interviews;
use crate::letters::Redriven;
use crate::past::{WorldCheck, WorldRepair, WorldReplay};
use crate::status::RunStatus;
use crate::subject::Platform;
use crate::timestamp::Timestamp;
use crate::version::V1;

/// Stored once per command, by whoever was first; every other answer is refused by the bus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Contract version.
    pub v: V1,
    /// The command.
    pub command_id: CommandId,
    /// The run that it was for.
    pub run_id: RunId,
    /// The verb, as it stood in the subject.
    pub verb: String,
    /// When it was answered.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: ReplyOutcome,
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum ReplyOutcome {
    /// It was carried out.
    Completed {
        /// What it gave.
        result: ReplyResult,
    },
    /// It was not.
    Failed {
        /// Why not.
        error: ReplyError,
    },
}

/// What a command gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ReplyResult {
    /// The run goes, under this epoch.
    Started {
        /// The owner's epoch.
        epoch: u32,
    },
    /// The run is stopped, or had already ended.
    Stopped {
        /// The state that the run is in now.
        status: RunStatus,
        /// What became of the worker that did not answer; absent where it answered itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        old_worker: Option<OldWorker>,
    },
    /// The run plays no rounds until it is resumed.
    Paused {
        /// The state that the run is in now.
        status: RunStatus,
    },
    /// The run goes on.
    Resumed {
        /// The owner's epoch.
        epoch: u32,
        /// The state that the run is in now.
        status: RunStatus,
    },
    /// The environment is closed.
    Closed {
        /// The state that the run is in now.
        status: RunStatus,
    },
    /// What was injected or configured is in the journal of each world that it is for.
    Applied {
        /// From when on it has its effect, one per world.
        ticks: Vec<AppliedAt>,
    },
    /// Nothing is left of the run but its number.
    Deleted {
        /// How many messages were removed.
        messages: u64,
    },
    /// What executing the journals again showed.
    Verified {
        /// One per world that was asked for.
        worlds: Vec<WorldCheck>,
    },
    /// The digests that the journals make.
    Replayed {
        /// One per world that was asked for.
        worlds: Vec<WorldReplay>,
    },
    /// The frames are as the journals make them.
    Repaired {
        /// One per world that was asked for.
        worlds: Vec<WorldRepair>,
    },
    /// There is a new run.
    Forked {
        /// It.
        run_id: RunId,
        /// The last round that the two share.
        at_round: u32,
    },
    /// One more memory gets all of the run's actions.
    MemoryAttached {
        /// The operator's name for it.
        target: String,
        /// The graph within it.
        graph_id: String,
        /// False if that was so before.
        attached: bool,
    },
    /// What handing dead letters to their memories once more came to.
    MemoryRedriven(Redriven),
    /// The agent's answers, one per world that was asked.
    Interview(InterviewResult),
    /// What several agents said.
    Interviews(Interviews),
    /// What was not answered of a question will not be.
    Cancelled {
        /// Results that say `cancelled` for that; 0: there was nothing to cancel.
        questions: u32,
    },
}

/// A worker that did not stop a run when it was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OldWorker {
    /// Its node has killed it.
    Killed,
    /// Its node did not answer either. It may still run, but nothing that it writes counts.
    Fenced,
}

/// The tick in which a world took a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedAt {
    /// The world.
    pub platform: Platform,
    /// The tick whose inputs it is among. Posts appear in it; a configuration has its effect
    /// from the next one on.
    pub tick: u32,
}

/// What one agent said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterviewResult {
    /// Who was asked.
    pub agent_id: u32,
    /// Its name.
    pub agent_name: String,
    /// What was asked.
    pub prompt: String,
    /// Its answer in the Twitter world, if that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twitter: Option<Answer>,
    /// Its answer in the Reddit world, if that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reddit: Option<Answer>,
    /// Why there is none of the Twitter world, if that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twitter_error: Option<ReplyError>,
    /// Why there is none of the Reddit world, if that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reddit_error: Option<ReplyError>,
}

impl InterviewResult {
    /// The worlds that were asked and gave no answer, with why not.
    pub fn failures(&self) -> impl Iterator<Item = (Platform, &ReplyError)> {
        let twitter = self.twitter_error.iter().map(|error| (Platform::Twitter, error));
        twitter.chain(self.reddit_error.iter().map(|error| (Platform::Reddit, error)))
    }
}

/// An answer, and which world gave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The world.
    pub platform: Platform,
    /// What the agent said.
    pub response: String,
    /// The state of the world that it spoke from.
    pub as_of: AsOf,
    /// The language model that spoke for it; `None`: the world itself did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Box<Speaker>>,
}

/// A language model that spoke for an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Speaker {
    /// The operator's name of the endpoint.
    pub endpoint: String,
    /// The model.
    pub model: String,
    /// What it took.
    pub usage: Usage,
}

/// The last step that a world had taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsOf {
    /// The tick.
    pub tick: u32,
    /// The round.
    pub round: u32,
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ReplyError {
    /// To branch on.
    pub code: ErrorCode,
    /// To read. May change.
    pub message: String,
}

/// The kinds of failure. Stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The command came too late.
    Expired,
    /// The command cannot be read.
    Malformed,
    /// There is no such run.
    UnknownRun,
    /// There is no such agent.
    UnknownAgent,
    /// The run has no such world.
    UnknownPlatform,
    /// The arguments do not fit this run.
    Invalid,
    /// The run is in a state in which this makes no sense.
    WrongState,
    /// A memory has not taken all of the run's actions, or cannot be asked.
    MemoryLags,
    /// No node can take the run now, the run no more commands before its next round, or a language
    /// model no question.
    NoCapacity,
    /// Somebody wanted no answer any more.
    Cancelled,
    /// It failed on the way.
    Internal,
}

impl Reply {
    /// The reply to a command that was carried out.
    pub fn completed(
        command_id: CommandId,
        run_id: RunId,
        verb: Verb,
        result: ReplyResult,
        at: Timestamp,
    ) -> Reply {
        let outcome = ReplyOutcome::Completed { result };
        Reply { v: V1, command_id, run_id, verb: verb.as_str().to_owned(), at, outcome }
    }

    /// The reply to one that was not.
    pub fn failed(
        command_id: CommandId,
        run_id: RunId,
        verb: &str,
        code: ErrorCode,
        message: impl Into<String>,
        at: Timestamp,
    ) -> Reply {
        let outcome = ReplyOutcome::Failed { error: ReplyError { code, message: message.into() } };
        Reply { v: V1, command_id, run_id, verb: verb.to_owned(), at, outcome }
    }

    /// The result, or why there is none.
    ///
    /// # Errors
    /// The failure that the reply reports.
    pub fn into_result(self) -> Result<ReplyResult, ReplyError> {
        match self.outcome {
            ReplyOutcome::Completed { result } => Ok(result),
            ReplyOutcome::Failed { error } => Err(error),
        }
    }

    /// The message body.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("no map keys that JSON refuses")
    }
}
