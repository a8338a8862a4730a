//! The latest state of a run: one message per run, each write expecting the one before.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cost::Spent;
use crate::id::{CommandId, Digest, RunId, SimulationId};
use crate::manner::Labels;
use crate::options::{MemoryTarget, RequestedOptions, RunOptions};
use crate::past::Parent;
use crate::subject::Platform;
use crate::timestamp::Timestamp;
use crate::version::V1;

/// The state of a run, true as of `updated_at`. The first one, `queued`, creates the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvStatus {
    /// Contract version.
    pub v: V1,
    /// The run.
    pub run_id: RunId,
    /// The simulation that it executes.
    pub simulation_id: SimulationId,
    /// Where the spec is.
    pub spec_digest: Digest,
    /// What was asked for.
    pub requested: RequestedOptions,
    /// What that means for this spec; pace and budget are those that are in effect.
    pub options: RunOptions,
    /// The memories that its actions go to.
    pub memory: Vec<MemoryTarget>,
    /// Where it is in its life.
    pub status: RunStatus,
    /// The environment is open: it can be interviewed as it is.
    pub alive: bool,
    /// A worker has it now.
    pub held: bool,
    /// Its worlds, each once.
    pub platforms: Vec<PlatformStatus>,
    /// The owner's epoch, 0 before the first.
    pub epoch: u32,
    /// The node that has it, or had it last.
    pub node: Option<String>,
    /// The worker that has it, or had it last.
    pub worker: Option<String>,
    /// Why it is in this state, for people.
    pub reason: Option<String>,
    /// The last thing that went wrong.
    pub last_error: Option<String>,
    /// Where it was forked from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// The key of the request that made it, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<CommandId>,
    /// What it is known by.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its first worker began.
    pub started_at: Option<Timestamp>,
    /// When this was written.
    pub updated_at: Timestamp,
    /// When its last round was over, or it was stopped or failed.
    pub ended_at: Option<Timestamp>,
}

/// Where a run is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// Created, no worker yet.
    Queued,
    /// A worker prepares its worlds.
    Starting,
    /// Rounds are played.
    Running,
    /// Rounds are left, and wait for somebody to resume the run; `reason` says why.
    Paused,
    /// All rounds were played; the environment is open.
    Completed,
    /// All rounds were played, and somebody closed the environment.
    Closed,
    /// Somebody stopped it.
    Stopped,
    /// It could not go on; `reason` says why.
    Failed,
    /// Somebody deleted it: this is all that is left, so that its number is never used again.
    Deleted,
}

/// One world of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformStatus {
    /// The world.
    pub platform: Platform,
    /// Where it is in its life.
    pub status: RunStatus,
    /// The next tick to be played: the number of ticks whose frames are stored.
    pub ticks: u32,
    /// The last round that was played, 0 at first.
    pub round: u32,
    /// The rounds to be played.
    pub rounds: u32,
    /// Simulated minutes since the start.
    pub simulated_minutes: u64,
    /// Actions so far, failed ones included: the seq of the last one.
    pub actions: u64,
    /// Actions that had their effect.
    pub succeeded: u64,
    /// Those of them that lists and counts in MiroFish's shape show.
    pub listed: u64,
    /// Those of them that a memory takes.
    pub memorable: u64,
    /// The digest up to the last stored frame.
    pub digest: Digest,
    /// What its next round waits for, for people: a source that is not as far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// What language models have decided here, and what that took; absent: nothing.
    #[serde(default, skip_serializing_if = "Spent::is_nothing")]
    pub spent: Spent,
}

impl RunStatus {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            RunStatus::Queued => "queued",
            RunStatus::Starting => "starting",
            RunStatus::Running => "running",
            RunStatus::Paused => "paused",
            RunStatus::Completed => "completed",
            RunStatus::Closed => "closed",
            RunStatus::Stopped => "stopped",
            RunStatus::Failed => "failed",
            RunStatus::Deleted => "deleted",
        }
    }

    /// True where a worker is promised, now or soon: the run still has rounds to play.
    pub fn is_live(self) -> bool {
        match self {
            RunStatus::Queued | RunStatus::Starting | RunStatus::Running | RunStatus::Paused => {
                true
            }
            RunStatus::Completed
            | RunStatus::Closed
            | RunStatus::Stopped
            | RunStatus::Failed
            | RunStatus::Deleted => false,
        }
    }

    /// True where the environment is open: not closed, stopped, failed or deleted.
    pub fn is_open(self) -> bool {
        self.is_live() || self == RunStatus::Completed
    }
}

impl fmt::Display for RunStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl PlatformStatus {
    /// A world of which nothing has happened yet.
    pub fn new(platform: Platform, rounds: u32) -> PlatformStatus {
        PlatformStatus {
            platform,
            status: RunStatus::Queued,
            ticks: 0,
            round: 0,
            rounds,
            simulated_minutes: 0,
            actions: 0,
            succeeded: 0,
            listed: 0,
            memorable: 0,
            digest: Digest::ZERO,
            waits_for: None,
            spent: Spent::default(),
        }
    }
}

impl EnvStatus {
    /// The status of one world.
    pub fn platform(&self, platform: Platform) -> Option<&PlatformStatus> {
        self.platforms.iter().find(|world| world.platform == platform)
    }

    /// What language models have decided in all of its worlds, and what that took.
    pub fn spent(&self) -> Spent {
        let mut sum = Spent::default();
        self.platforms.iter().for_each(|world| sum.add(&world.spent));
        sum
    }

    /// True if language models decide for some of its agents, or have done so.
    pub fn asks_models(&self) -> bool {
        let rules = self.options.llm.as_ref().map(|llm| llm.endpoints());
        rules.is_some_and(|endpoints| !endpoints.is_empty()) || !self.spent().is_nothing()
    }

    /// A run that nobody has begun.
    pub fn queued(
        run_id: RunId,
        spec_digest: Digest,
        requested: RequestedOptions,
        options: RunOptions,
        memory: Vec<MemoryTarget>,
        now: Timestamp,
    ) -> EnvStatus {
        let world = |platform: &_| PlatformStatus::new(*platform, options.rounds);
        EnvStatus {
            v: V1,
            simulation_id: run_id.simulation(),
            spec_digest,
            requested,
            memory,
            status: RunStatus::Queued,
            alive: true,
            held: false,
            platforms: options.platforms.iter().map(world).collect(),
            options,
            epoch: 0,
            node: None,
            worker: None,
            reason: None,
            last_error: None,
            parent: None,
            idempotency_key: None,
            labels: Labels::default(),
            created_at: now,
            started_at: None,
            updated_at: now,
            ended_at: None,
            run_id,
        }
    }

    /// The message body.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("no map keys that JSON refuses")
    }
}
