//! What is said about a run's past: what became of a `verify`, `replay`, `repair` or `fork`, and
//! how far one is.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{CommandId, Digest, RunId};
use crate::subject::Platform;
use crate::version::V1;

/// The most digests that the reply to a `replay` has of one world.
pub const MAX_DIGESTS: u32 = 2000;

/// The most findings that the reply to a `verify` has of one world.
pub const MAX_FINDINGS: usize = 100;

/// Where a forked run comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The run that it was.
    pub run_id: RunId,
    /// The last round that the two share.
    pub round: u32,
    /// The sequence of the `fork` in the stream of commands: one fork makes one run.
    pub command: u64,
}

/// What executing a world's journal again showed of its frames.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorldCheck {
    /// The world.
    pub platform: Platform,
    /// Ticks that were executed again and compared.
    pub ticks: u32,
    /// Ticks that the journal has after those, and of which nobody has stored a frame yet: there
    /// is nothing to compare them with.
    #[serde(default)]
    pub pending: u32,
    /// Actions in them, as executed again.
    pub actions: u64,
    /// The digest of the last of them, as executed again.
    pub digest: Digest,
    /// What is wrong, the first [`MAX_FINDINGS`]; none: all is as the journal makes it.
    pub findings: Vec<Finding>,
    /// How many findings there are beside those.
    pub more_findings: u64,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
}

/// Something that is not as the journal makes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The tick that is concerned, if one can be named.
    pub tick: Option<u32>,
    /// The stream sequence of the message that is concerned, if there is one.
    pub sequence: Option<u64>,
    /// The kind.
    pub kind: FindingKind,
    /// To read. May change.
    pub what: String,
}

/// The kinds of damage. Stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A frame says something else than the journal makes of its tick.
    Differs,
    /// The journal has the tick, but there is no frame of it.
    Missing,
    /// A frame of which a part is missing.
    Incomplete,
    /// A frame that the journal has no tick for, or that is there twice.
    Extra,
    /// A message that is no frame.
    Unreadable,
    /// The journal itself: what it holds from that tick on is lost.
    Journal,
}

/// A world executed again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorldReplay {
    /// The world.
    pub platform: Platform,
    /// Ticks that were executed.
    pub ticks: u32,
    /// Actions in them.
    pub actions: u64,
    /// The digest of the last of them.
    pub digest: Digest,
    /// The tick of the first of `digests`.
    pub first: u32,
    /// The digests from that tick on, as far as they were wanted: the last [`MAX_DIGESTS`].
    pub digests: Vec<Digest>,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
}

/// A world whose frames were stored anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorldRepair {
    /// The world.
    pub platform: Platform,
    /// Messages that were removed.
    pub removed: u64,
    /// Frames that were stored anew; none if all was as the journal makes it.
    #[serde(default)]
    pub stored: u32,
    /// Frames that are stored now.
    pub ticks: u32,
    /// Actions in them.
    pub actions: u64,
    /// The digest of the last of them.
    pub digest: Digest,
}

/// How far a `verify`, `replay`, `repair`, `fork` or `batch_interview` is. Core NATS on
/// `sim.progress.<client>.<run>.<command_id>`, best effort.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Contract version.
    pub v: V1,
    /// The command.
    pub command_id: CommandId,
    /// The run that it is for.
    pub run_id: RunId,
    /// What is being done.
    pub stage: Stage,
    /// The world that it is done to; `None`: the run.
    pub platform: Option<Platform>,
    /// Ticks that are done; of a batch of interviews: its results.
    pub done: u32,
    /// Ticks, or results, that there are to do, as far as that is known.
    pub of: u32,
    /// Actions in the ticks that are done.
    pub actions: u64,
    /// Findings so far.
    pub findings: u64,
}

/// What a command that takes long is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Waits until the run is let go.
    Waiting,
    /// Executes the journal.
    Executing,
    /// Executes the journal and compares.
    Comparing,
    /// Stores what was made.
    Storing,
    /// Asks agents.
    Asking,
}

impl WorldCheck {
    /// True if all is as the journal makes it.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

impl Finding {
    /// True for damage that nothing can mend: the journal is what all else is made from.
    pub fn is_of_journal(&self) -> bool {
        self.kind == FindingKind::Journal
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(tick) = self.tick {
            write!(f, "tick {tick}: ")?;
        }
        if let Some(sequence) = self.sequence {
            write!(f, "at sequence {sequence}: ")?;
        }
        f.write_str(&self.what)
    }
}

impl Progress {
    /// The message body.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("no map keys that JSON refuses")
    }
}
