//! What is said beside the two logs: log lines, live actions, dead letters, nodes, and what
//! the launcher is asked when a run is to begin.

use serde::de::Error as _;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::action::{Action, write_body};
use crate::command::MAX_COMMAND_BYTES;
use crate::door::{Door, parse_body};
use crate::frame::Frame;
use crate::id::{Digest, InvalidId, RunId};
use crate::manner::Manner;
use crate::options::RequestedOptions;
use crate::problem::{Problem, Problems};
use crate::subject::Platform;
use crate::timestamp::Timestamp;
use crate::version::V1;

/// The most bytes of a message that a dead letter quotes.
const MAX_QUOTED_BYTES: usize = 64 * 1024;

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

/// Stands for the live actions of a tick that were too many to publish, on
/// `sim.live.<run>.<platform>.omitted`. They are in the tick's frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveOmitted {
    /// Contract version.
    pub v: V1,
    /// The run.
    pub run_id: RunId,
    /// The world.
    pub platform: Platform,
    /// The tick.
    pub tick: u32,
    /// How many actions of it were not published.
    pub omitted: u64,
}

/// What `service` could not process.
///
/// It is stored at least once: a service that ends before it has noted the letter writes it
/// again. Letters with the same service, subject and sequence are about the same message, and
/// those whose problems have the same places as well are repeats.
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
    /// The message as text, cut to at most 64 KiB; what is no UTF-8 is replaced.
    pub body: String,
    /// When.
    pub at: Timestamp,
}

/// What the launcher is asked on `sim.ask.<simulation>.start.<client>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StartRequest {
    /// Contract version.
    pub v: V1,
    /// A stored spec.
    pub spec_digest: Digest,
    /// How to run it.
    pub options: RequestedOptions,
    /// Whether another run will do, and what the new one is known by.
    #[serde(flatten)]
    pub manner: Manner,
}

/// What the launcher answers: the run, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "WireAnswer", into = "WireAnswer")]
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

/// A [`StartAnswer`] with the version that every message carries.
#[derive(Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
enum WireAnswer {
    Accepted { v: V1, run_id: RunId, created: bool },
    Refused { v: V1, problems: Vec<Problem> },
}

impl StartRequest {
    /// Parses a request.
    ///
    /// # Errors
    /// All that is wrong with it, each with its JSON pointer.
    pub fn from_json(body: &[u8]) -> Result<StartRequest, Problems> {
        StartRequest::from_value(&parse_body(body, MAX_COMMAND_BYTES)?)
    }

    fn from_value(value: &Value) -> Result<StartRequest, Problems> {
        let door = Door::of_message();
        let request = door.root(value).and_then(|root| {
            let fields: Vec<&str> =
                ["v", "spec_digest", "options"].into_iter().chain(Manner::FIELDS).collect();
            root.refuse_unknown(&fields);
            root.require("v", "1");
            root.integer("v", 1..=1);
            root.require("spec_digest", "the digest of a stored spec");
            let spec_digest = root.parsed("spec_digest", |text| {
                text.parse().map_err(|error: InvalidId| error.expected().to_owned())
            });
            let options = root.object("options").map(|options| RequestedOptions::read(&options));
            let manner = Manner::read(&root);
            let options = options.unwrap_or_default();
            Some(StartRequest { v: V1, spec_digest: spec_digest?, options, manner })
        });
        door.close(request)
    }
}

impl<'de> Deserialize<'de> for StartRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        StartRequest::from_value(&value).map_err(D::Error::custom)
    }
}

impl From<StartAnswer> for WireAnswer {
    fn from(answer: StartAnswer) -> WireAnswer {
        match answer {
            StartAnswer::Accepted { run_id, created } => {
                WireAnswer::Accepted { v: V1, run_id, created }
            }
            StartAnswer::Refused { problems } => WireAnswer::Refused { v: V1, problems },
        }
    }
}

impl From<WireAnswer> for StartAnswer {
    fn from(answer: WireAnswer) -> StartAnswer {
        match answer {
            WireAnswer::Accepted { v: V1, run_id, created } => {
                StartAnswer::Accepted { run_id, created }
            }
            WireAnswer::Refused { v: V1, problems } => StartAnswer::Refused { problems },
        }
    }
}

impl DeadLetter {
    /// The service's letter about a message of a stream whose subjects name the run in their
    /// third token, as those of commands, questions and frames do. A `body` of any size is cut.
    pub fn new(
        service: &str,
        subject: &str,
        sequence: u64,
        problem: Problem,
        body: &[u8],
        at: Timestamp,
    ) -> DeadLetter {
        // Enough for a character that begins before the cut to be whole.
        let read = String::from_utf8_lossy(&body[..body.len().min(MAX_QUOTED_BYTES + 3)]);
        DeadLetter {
            v: V1,
            service: service.to_owned(),
            run_id: subject.split('.').nth(2).and_then(|token| token.parse().ok()),
            subject: subject.to_owned(),
            sequence,
            problems: vec![problem],
            body: read[..read.floor_char_boundary(MAX_QUOTED_BYTES)].to_owned(),
            at,
        }
    }

    /// The bytes that are stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("no map keys that JSON refuses")
    }
}

/// A simulator node, as it describes itself on `sim.node.info`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeInfo {
    /// Contract version.
    pub v: V1,
    /// Its name.
    pub node: String,
    /// Runs that it can hold.
    pub slots: u16,
    /// Runs that it holds.
    pub runs: Vec<RunId>,
    /// The version of the rules that it has.
    pub rules: u32,
    /// The endpoints of language models that it can ask.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<EndpointInfo>,
}

/// An endpoint of language models as its node speaks of it: neither where it is nor its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointInfo {
    /// The operator's name for it.
    pub name: String,
    /// The models that may be asked for; the first is the usual one.
    pub models: Vec<String>,
    /// What it takes, where the operator says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<PriceInfo>,
}

/// What an endpoint takes for a million tokens: decimals as text, in the operator's currency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceInfo {
    /// Of those that are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Of those that are sent and were kept from before; absent: as the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<String>,
    /// Of those that come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion: Option<String>,
}

impl LiveAction {
    /// `<run>.<platform>.<seq>`: names the action wherever it appears.
    pub fn id(&self) -> String {
        action_id(&self.run_id, self.platform, self.action.seq)
    }

    /// The actions of a frame, each by itself.
    pub fn of(frame: &Frame) -> impl Iterator<Item = LiveAction> {
        frame.actions.iter().map(|action| LiveAction::new(frame, action))
    }

    /// One of the actions of a frame, by itself.
    pub fn new(frame: &Frame, action: &Action) -> LiveAction {
        LiveAction {
            run_id: frame.run_id.clone(),
            platform: frame.platform,
            tick: frame.tick,
            round: frame.round,
            simulated_time: frame.simulated_time,
            timestamp: frame.timestamp,
            action: action.clone(),
        }
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
            v: V1,
            id: String,
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
        let Around { v: V1, id, run_id, platform, tick, round, simulated_time, timestamp } = around;
        let live = LiveAction { run_id, platform, tick, round, simulated_time, timestamp, action };
        if id != live.id() {
            return Err(D::Error::custom(format!("id is {id:?}, the fields make {:?}", live.id())));
        }
        Ok(live)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_of_a_start_request_is_named() {
        let body = br#"{"v":1,"spec_digest":"abc","new":true,"options":
            {"sed":1,"platforms":["twitter","twitter"],"max_rounds":0}}"#;
        assert_eq!(
            StartRequest::from_json(body).unwrap_err().to_string(),
            "/new: found an unknown field, expected one of v, spec_digest, options, \
             new_run, beside, idempotency_key, labels\n\
             /spec_digest: found \"abc\", expected 64 lower-case hexadecimal digits\n\
             /options/sed: found an unknown field, expected \"seed\" (did you mean that?)\n\
             /options/platforms: found the text \"twitter\", \
             expected twitter, reddit or both, each once\n\
             /options/max_rounds: found 0, expected a whole number from 1 to 4294967295"
        );
    }

    #[test]
    fn a_dead_letter_quotes_the_head_of_a_message_and_names_its_run() {
        let letter = |subject: &str, body: &[u8]| {
            let problem = Problem::new("subject", "x", "y");
            DeadLetter::new("node", subject, 3, problem, body, Timestamp::from_milliseconds(0))
        };
        let of_run = letter("sim.commands.market-1.pause.cli.q1", b"{\xff}");
        assert_eq!((of_run.run_id, &*of_run.body), ("market-1".parse().ok(), "{\u{fffd}}"));
        for subject in ["sim.commands.market.stop.cli.q1", "sim.commands", ""] {
            assert_eq!(letter(subject, b"").run_id, None, "{subject:?}");
        }
        // Characters of two, three and four bytes over the cut, and none of a valid text.
        for character in ["ü", "€", "𝄞"] {
            let text = format!("{}{character}rest", "a".repeat(MAX_QUOTED_BYTES - 1));
            let quoted = letter("", text.as_bytes()).body;
            assert_eq!(quoted, "a".repeat(MAX_QUOTED_BYTES - 1), "{character}");
        }
        let invalid = letter("", &[0xff; MAX_QUOTED_BYTES]).body;
        assert_eq!(invalid, "\u{fffd}".repeat(MAX_QUOTED_BYTES / 3));
    }

    #[test]
    fn a_live_action_cannot_contradict_its_id() {
        let frame = crate::frame::tests::sample(2, 7, 1);
        let live = LiveAction::of(&frame).next().unwrap();
        let json = serde_json::to_string(&live).unwrap();
        assert_eq!(serde_json::from_str::<LiveAction>(&json).unwrap(), live);
        let forged = json.replace("market-1.twitter.7", "market-1.twitter.8");
        let error = serde_json::from_str::<LiveAction>(&forged).unwrap_err().to_string();
        assert_eq!(error, "id is \"market-1.twitter.8\", the fields make \"market-1.twitter.7\"");
    }
}
