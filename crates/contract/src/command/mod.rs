//! What may be asked of a run, parsed as hostile input.

mod change;
mod memory;
mod past;
mod question;
mod request;
mod verb;

use serde::de::Error as _;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

pub use self::change::{AgentChange, Configure, FeedChange, TimeChange};
pub use self::memory::{MemoryAttach, MemoryRedrive};
pub use self::past::{Fork, Repair, Replay, Verify};
pub use self::question::{
    BatchInterview, Cancel, Interview, MAX_PROMPT_BYTES, MAX_QUESTIONS, Question, Whom,
};
pub(crate) use self::request::read_platform;
pub use self::request::{Delete, Inject, InjectedPost, MAX_INJECTED_POSTS, Request, Stop};
pub use self::verb::{Executor, Verb};
use crate::door::{Door, Object, parse_body};
use crate::id::CommandId;
use crate::problem::{Problem, Problems};
use crate::subject::CommandAddress;
use crate::timestamp::Timestamp;

/// The largest command that is read, in bytes.
pub const MAX_COMMAND_BYTES: usize = 64 * 1024;

/// A command: `{v, command_id, verb, args, issued_at, expires_at}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The client's name for it.
    pub command_id: CommandId,
    /// What is asked.
    pub request: Request,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it is too late to carry it out.
    pub expires_at: Option<Timestamp>,
}

impl Command {
    /// Parses a message that was published at `address`.
    ///
    /// # Errors
    /// All that is wrong with it, each with its JSON pointer.
    pub fn parse(address: &CommandAddress, body: &[u8]) -> Result<Command, Problems> {
        let command = Command::from_json(body)?;
        let mut problems = Vec::new();
        if command.command_id != address.command_id {
            let expected = format!("{:?}, as in the subject", address.command_id.as_str());
            let found = format!("{:?}", command.command_id.as_str());
            problems.push(Problem::new("/command_id", found, &expected));
        }
        if command.request.verb() != address.verb {
            let expected = format!("{:?}, as in the subject", address.verb.as_str());
            let found = format!("{:?}", command.request.verb().as_str());
            problems.push(Problem::new("/verb", found, &expected));
        }
        Problems::none_or(problems, Some(command))
    }

    /// Parses a command without regard to where it was published.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn from_json(body: &[u8]) -> Result<Command, Problems> {
        Command::from_value(&parse_body(body, MAX_COMMAND_BYTES)?)
    }

    fn from_value(value: &Value) -> Result<Command, Problems> {
        let door = Door::of_message();
        let command = door.root(value).and_then(|root| read_command(&root));
        door.close(command)
    }

    /// True once it is too late to carry it out.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at < now)
    }

    /// The message body.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("no map keys that JSON refuses")
    }
}

fn read_command(root: &Object<'_>) -> Option<Command> {
    root.refuse_unknown(&["v", "command_id", "verb", "args", "issued_at", "expires_at"]);
    root.require("v", "1");
    root.integer("v", 1..=1);
    root.require("command_id", "a command id");
    let command_id = root.parsed("command_id", |text| {
        text.parse().map_err(|error: crate::id::InvalidId| error.expected().to_owned())
    });
    root.require("issued_at", "a timestamp");
    let issued_at = root.parsed("issued_at", parse_timestamp);
    let expires_at = root.parsed("expires_at", parse_timestamp);
    root.require("verb", "a verb");
    let verb: Option<Verb> = root.parsed("verb", |text| {
        text.parse()
            .map_err(|_: String| format!("one of {}", Verb::ALL.map(Verb::as_str).join(", ")))
    });
    root.require("args", "an object");
    let request = root.object("args").zip(verb).and_then(|(args, verb)| Request::read(verb, &args));
    Some(Command { command_id: command_id?, request: request?, issued_at: issued_at?, expires_at })
}

fn parse_timestamp(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| "a timestamp such as 2026-03-01T10:00:00.000Z".to_owned())
}

impl Serialize for Command {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Command", 6)?;
        object.serialize_field("v", &1)?;
        object.serialize_field("command_id", &self.command_id)?;
        object.serialize_field("verb", self.request.verb().as_str())?;
        object.serialize_field("args", &self.request)?;
        object.serialize_field("issued_at", &self.issued_at)?;
        object.serialize_field("expires_at", &self.expires_at)?;
        object.end()
    }
}

impl<'de> Deserialize<'de> for Command {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Command::from_value(&value).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::{Platform, Prefix};

    fn parse(subject: &str, body: &str) -> Result<Command, Problems> {
        let address = Prefix::default().parse_command(subject).unwrap();
        Command::parse(&address, body.as_bytes())
    }

    #[test]
    fn a_command_survives_the_way_back() {
        let command = Command {
            command_id: "q1".parse().unwrap(),
            request: Request::Interview(Interview {
                agent_id: 4,
                prompt: "Why?".to_owned(),
                platform: Some(Platform::Reddit),
                at_round: None,
            }),
            issued_at: "2026-03-01T10:00:00Z".parse().unwrap(),
            expires_at: None,
        };
        let body = String::from_utf8(command.to_bytes()).unwrap();
        assert_eq!(
            body,
            r#"{"v":1,"command_id":"q1","verb":"interview","args":{"agent_id":4,"prompt":"Why?","platform":"reddit"},"issued_at":"2026-03-01T10:00:00.000Z","expires_at":null}"#
        );
        assert_eq!(parse("sim.questions.market-1.interview.cli.q1", &body), Ok(command));
    }

    #[test]
    fn every_problem_of_a_command_is_named() {
        let body = r#"{"v":2,"command_id":"a b","verb":"interview","argz":{},"issued_at":"now",
            "args":{"agent_id":-1,"promt":"x","platform":"myspace"}}"#;
        let error = parse("sim.questions.market-1.interview.cli.q1", body).unwrap_err();
        assert_eq!(
            error.to_string(),
            "/argz: found an unknown field, expected \"args\" (did you mean that?)\n\
             /v: found 2, expected a whole number from 1 to 1\n\
             /command_id: found \"a b\", expected 1 to 64 of A-Z, a-z, 0-9, _ and -\n\
             /issued_at: found \"now\", expected a timestamp such as 2026-03-01T10:00:00.000Z\n\
             /args/promt: found an unknown field, expected \"prompt\" (did you mean that?)\n\
             /args/agent_id: found -1, expected a whole number from 0 to 4294967295\n\
             /args/prompt: found nothing, expected a question\n\
             /args/platform: found \"myspace\", expected twitter or reddit"
        );
    }

    #[test]
    fn a_command_must_match_its_subject() {
        let body = r#"{"v":1,"command_id":"x","verb":"start","args":{},"issued_at":"2026-03-01T10:00:00Z"}"#;
        let error = parse("sim.commands.market-1.stop.cli.y", body).unwrap_err();
        assert_eq!(
            error.to_string(),
            "/command_id: found \"x\", expected \"y\", as in the subject\n\
             /verb: found \"start\", expected \"stop\", as in the subject"
        );
    }

    #[test]
    fn an_unknown_verb_is_told_which_there_are() {
        let body = r#"{"v":1,"command_id":"x","verb":"explode","args":{},"issued_at":"2026-03-01T10:00:00Z"}"#;
        assert_eq!(
            Command::from_json(body.as_bytes()).unwrap_err().to_string(),
            "/verb: found \"explode\", expected one of start, stop, pause, resume, close_env, \
             inject, configure, delete, verify, replay, repair, fork, memory_attach, memory_redrive, \
             interview, batch_interview, cancel"
        );
    }

    #[test]
    fn garbage_is_refused_without_a_panic() {
        for body in ["", "null", "[]", "{", "\u{0}", "{\"v\":1}", "1e999"] {
            assert!(parse("sim.commands.market-1.stop.cli.y", body).is_err(), "{body:?} passed");
        }
        let deep = "[".repeat(100_000);
        assert!(parse("sim.commands.market-1.stop.cli.y", &deep).is_err());
    }
}
