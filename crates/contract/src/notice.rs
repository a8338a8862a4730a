//! What is said beside the two logs: log lines, live actions, dead letters, and what the
//! launcher is asked when a run is to begin.

use serde::de::Error as _;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::action::{Action, write_body};
use crate::frame::Frame;
use crate::id::{Digest, RunId};
use crate::options::RequestedOptions;
use crate::problem::Problem;
use crate::subject::Platform;
use crate::timestamp::Timestamp;
use crate::version::V1;

/// One line that a worker wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Contract version.
    pub v: V1,
    /// The run.
    pub run_id: RunId,
    /// When the node read it.
    pub at: Timestamp,
    /// The node.
    pub node: String,
    /// The worker.
    pub worker: String,
    /// The line, without its end.
    pub line: String,
}

/// One action by itself, with all that follows from its frame. Best effort: a reader that
/// must not miss any reads the frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveAction {
    /// The run.
    pub run_id: RunId,
    /// The world.
    pub platform: Platform,
    /// The tick.
    pub tick: u32,
    /// The round.
    pub round: u32,
    /// When it was, in simulated time.
    pub simulated_time: Timestamp,
    /// When its tick was closed, in wall-clock time.
    pub timestamp: Timestamp,
    /// The action.
    pub action: Action,
}

/// What `service` could not process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Contract version.
    pub v: V1,
    /// Who could not process it.
    pub service: String,
    /// The run, where the message names one.
    pub run_id: Option<RunId>,
    /// The subject on which it came.
    pub subject: String,
    /// Its stream sequence, 0 if it has none.
    pub sequence: u64,
    /// Why not.
    pub problems: Vec<Problem>,
    /// The message as text, cut at 64 KiB; what is no UTF-8 is replaced.
    pub body: String,
    /// When.
    pub at: Timestamp,
}

/// What the launcher is asked on `sim.ask.<simulation>.start.<client>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartRequest {
    /// Contract version.
    pub v: V1,
    /// A stored spec.
    pub spec_digest: Digest,
    /// How to run it.
    #[serde(default)]
    pub options: RequestedOptions,
    /// Start a new run even where one with the same options lives.
    #[serde(default)]
    pub new_run: bool,
}

/// What the launcher answers: the run, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum StartAnswer {
    /// There is a run.
    Accepted {
        /// The run.
        run_id: RunId,
        /// False if it lived already.
        created: bool,
    },
    /// There is none.
    Refused {
        /// All that is wrong.
        problems: Vec<Problem>,
    },
}

impl LiveAction {
    /// `<run>.<platform>.<seq>`: names the action wherever it appears.
    pub fn id(&self) -> String {
        action_id(&self.run_id, self.platform, self.action.seq)
    }

    /// The actions of a frame, each by itself.
    pub fn of(frame: &Frame) -> impl Iterator<Item = LiveAction> {
        frame.actions.iter().map(|action| LiveAction {
            run_id: frame.run_id.clone(),
            platform: frame.platform,
            tick: frame.tick,
            round: frame.round,
            simulated_time: frame.simulated_time,
            timestamp: frame.timestamp,
            action: action.clone(),
        })
    }
}

/// `<run>.<platform>.<seq>`.
pub fn action_id(run: &RunId, platform: Platform, seq: u64) -> String {
    format!("{run}.{platform}.{seq}")
}

impl Serialize for LiveAction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("LiveAction", 15)?;
        object.serialize_field("v", &V1)?;
        object.serialize_field("id", &self.id())?;
        object.serialize_field("run_id", &self.run_id)?;
        object.serialize_field("platform", &self.platform)?;
        object.serialize_field("tick", &self.tick)?;
        object.serialize_field("round", &self.round)?;
        object.serialize_field("simulated_time", &self.simulated_time)?;
        object.serialize_field("timestamp", &self.timestamp)?;
        object.serialize_field("seq", &self.action.seq)?;
        object.serialize_field("agent_id", &self.action.agent_id)?;
        object.serialize_field("agent_name", &self.action.agent_name)?;
        write_body(&mut object, &self.action.body)?;
        object.serialize_field("result", &self.action.failure)?;
        object.serialize_field("success", &self.action.success())?;
        object.end()
    }
}

impl<'de> Deserialize<'de> for LiveAction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Around {
            run_id: RunId,
            platform: Platform,
            tick: u32,
            round: u32,
            simulated_time: Timestamp,
            timestamp: Timestamp,
        }
        let value = Value::deserialize(deserializer)?;
        let around = Around::deserialize(&value).map_err(D::Error::custom)?;
        let action = Action::deserialize(&value).map_err(D::Error::custom)?;
        let Around { run_id, platform, tick, round, simulated_time, timestamp } = around;
        Ok(LiveAction { run_id, platform, tick, round, simulated_time, timestamp, action })
    }
}
