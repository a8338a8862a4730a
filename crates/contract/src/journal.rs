//! What entered a world: the journal, one record per message, each append expecting the
//! last sequence of its subject. Journal and spec alone re-execute a run.

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::decision::{Decision, Undecided, Usage};
use crate::frame::Outcome;
use crate::id::{Digest, RunId};
use crate::options::{MemoryTarget, RunOptions};
use crate::past::Parent;
use crate::status::RunStatus;
use crate::subject::Platform;
use crate::timestamp::Timestamp;
use crate::version::V1;

/// One record with its version, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Contract version.
    pub v: V1,
    /// The record.
    pub record: Record,
}

/// What a journal can hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Record {
    /// Once, first.
    Genesis(Box<Genesis>),
    /// The first append of every owner.
    Claim(Claim),
    /// What agents decided outside, as it comes: of a tick that is not closed yet.
    Decisions(Decisions),
    /// Closes the inputs of a tick.
    Tick(Tick),
    /// The world takes no tick until it goes on.
    Hold(Hold),
    /// It goes on: after a hold, or after having been stopped.
    Go(Go),
    /// The world takes no more ticks.
    End(End),
    /// The environment is closed, some time after the end of all rounds.
    Close(Close),
}

/// All that a world is made from, but for the spec itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Genesis {
    /// The run.
    pub run_id: RunId,
    /// The world.
    pub platform: Platform,
    /// Where the spec is.
    pub spec_digest: Digest,
    /// What it is run with.
    pub options: RunOptions,
    /// The version of the rules; only a node that has them may step this world.
    pub rules: u32,
    /// The simulated time of round 0.
    pub start_time: Timestamp,
    /// Bytes of actions from which a frame is split.
    pub part_size: u32,
    /// The memories that its actions go to.
    pub memory: Vec<MemoryTarget>,
    /// Where it was forked from: the records up to its last common tick are copies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// When the run was created.
    pub created_at: Timestamp,
}

/// An owner begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The number of claims in this journal, this one included. It fences.
    pub epoch: u32,
    /// The node.
    pub node: String,
    /// The worker.
    pub worker: String,
    /// Why it claims, e.g. `start`, `recover`, `interview`; or one of the words below.
    pub why: String,
    /// When.
    pub at: Timestamp,
}

impl Claim {
    /// Why: the worker before died by itself, and by no fault of the bus or its node's.
    pub const CRASHED: &str = "crashed";
    /// Why: somebody wants the run stopped; the worker before did not do it, and was killed.
    pub const KILLED: &str = "killed";
    /// Why: somebody wants the run stopped; neither the worker before nor its node answered.
    pub const FENCED: &str = "fenced";
}

/// The inputs of one tick are complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tick {
    /// The tick, from 0.
    pub tick: u32,
    /// The owner's epoch.
    pub epoch: u32,
    /// Wall-clock time, as data.
    pub at: Timestamp,
    /// The commands that take effect in this tick, in full and in their order.
    pub commands: Vec<Taken>,
    /// The sequence in the stream of commands up to which they have been taken.
    pub commands_through: u64,
    /// What its sources bring, by their places in the run's options. One that has ended is there
    /// once more, to say so, and never again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heard: Vec<Heard>,
    /// Agents that were to decide outside and did not, by reason. What the others decided stands
    /// in the `decisions` before this record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<Undecided>,
}

/// Answers that cost money have arrived. The first one for (tick, agent) counts; those of a tick
/// that is closed count for nothing but their cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decisions {
    /// The owner's epoch.
    pub epoch: u32,
    /// The tick that they are for.
    pub tick: u32,
    /// One or more, in the order in which they came.
    pub decisions: Vec<Decision>,
    /// When.
    pub at: Timestamp,
}

/// What one source brings in one tick: posts of the round before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// Its place among the sources of the run's options, from 0.
    pub source: u32,
    /// The sequence in the stream of actions of its last message so far, 0 for none: it is read on
    /// from there.
    pub sequence: u64,
    /// The posts that enter, after those of commands.
    pub posts: Vec<HeardPost>,
    /// How many others do not: there were too many, or this world cannot take them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u32,
    /// It has ended like this, and brings nothing more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<RunStatus>,
}

/// A post of a source, as it enters this world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeardPost {
    /// The action of the source that it was.
    pub seq: u64,
    /// Who posts it here.
    pub agent_id: u32,
    /// Its text.
    pub content: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A command that was taken, and where it stands: its sequence tells it from all others, also
/// from one of the same id by another client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Its sequence in the stream of commands.
    pub sequence: u64,
    /// The command, in full.
    pub command: Command,
}

/// The world takes no tick until it goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The owner's epoch.
    pub epoch: u32,
    /// Why, for people.
    pub reason: Option<String>,
    /// The command that holds it, if one does.
    pub command: Option<Taken>,
    /// What requests to language models took in this round of which nothing came; who asked is
    /// asked again once the world goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<Usage>,
    /// When.
    pub at: Timestamp,
}

/// The world goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Go {
    /// The owner's epoch.
    pub epoch: u32,
    /// The command that lets it go on, if one does.
    pub command: Option<Taken>,
    /// When.
    pub at: Timestamp,
}

/// The environment is closed: it can be read and asked, and never plays again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {
    /// The owner's epoch.
    pub epoch: u32,
    /// The command that closed it.
    pub command: Taken,
    /// When.
    pub at: Timestamp,
}

/// The world takes no more ticks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// The owner's epoch.
    pub epoch: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, for people.
    pub reason: Option<String>,
    /// The command that ended it, if one did.
    pub command: Option<Taken>,
    /// When.
    pub at: Timestamp,
}

impl Record {
    /// The epoch that it was written under; `None` for a genesis, which nobody has to claim.
    pub fn epoch(&self) -> Option<u32> {
        match self {
            Record::Genesis(_) => None,
            Record::Claim(claim) => Some(claim.epoch),
            Record::Decisions(decisions) => Some(decisions.epoch),
            Record::Tick(tick) => Some(tick.epoch),
            Record::Hold(hold) => Some(hold.epoch),
            Record::Go(go) => Some(go.epoch),
            Record::End(end) => Some(end.epoch),
            Record::Close(close) => Some(close.epoch),
        }
    }
}

impl Entry {
    /// An entry of the current version.
    pub fn new(record: Record) -> Entry {
        Entry { v: V1, record }
    }

    /// The message body.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("no map keys that JSON refuses")
    }
}
