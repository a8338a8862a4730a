//! Where each message lives: subjects and the names of the streams that keep them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::command::Verb;
use crate::id::{ClientId, CommandId, Digest, RunId, SimulationId, is_token};

/// The first token of every subject, `sim` by default; stream names derive from it.
///
/// `[a-z0-9][a-z0-9_-]{0,15}`. Two prefixes on one server are two Shoals that never meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix(String);

/// Why a text is no prefix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "prefix {0:?} is not valid: expected 1 to 16 of a-z, 0-9, _ and -, beginning with a letter or digit"
)]
pub struct InvalidPrefix(String);

/// Which of a run's worlds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Short posts, reposts, people one follows.
    Twitter,
    /// Threads of comments, one ranking for all.
    Reddit,
}

/// The streams and buckets, each named `<PREFIX>_<NAME>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StreamName {
    /// What changes something.
    Commands,
    /// Interviews, apart so that a flood of them never delays a `stop`.
    Questions,
    /// Exactly one terminal reply per command.
    Replies,
    /// The journals.
    Inputs,
    /// One frame per tick, run and platform.
    Actions,
    /// The latest state of each run.
    EnvStatus,
    /// The last log lines of each run.
    Logs,
    /// World snapshots, a cache.
    Snapshots,
    /// Specs under their digests, and the records of simulations.
    Specs,
    /// What could not be processed.
    DeadLetters,
    /// A KV bucket: who lives.
    Leases,
    /// A KV bucket: the sink's ledger for memories that are not files of its own.
    Ledger,
}

/// The tokens of a command's or question's subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandAddress {
    /// The run that the command is for.
    pub run: RunId,
    /// What is asked.
    pub verb: Verb,
    /// Who asks.
    pub client: ClientId,
    /// The client's name for this command.
    pub command_id: CommandId,
}

impl Platform {
    /// Both, in the order used wherever there is one.
    pub const ALL: [Platform; 2] = [Platform::Twitter, Platform::Reddit];

    /// The subject token.
    pub fn as_str(self) -> &'static str {
        match self {
            Platform::Twitter => "twitter",
            Platform::Reddit => "reddit",
        }
    }

    /// The other one.
    pub fn other(self) -> Platform {
        match self {
            Platform::Twitter => Platform::Reddit,
            Platform::Reddit => Platform::Twitter,
        }
    }
}

impl StreamName {
    /// All of them.
    pub const ALL: [StreamName; 12] = [
        StreamName::Commands,
        StreamName::Questions,
        StreamName::Replies,
        StreamName::Inputs,
        StreamName::Actions,
        StreamName::EnvStatus,
        StreamName::Logs,
        StreamName::Snapshots,
        StreamName::Specs,
        StreamName::DeadLetters,
        StreamName::Leases,
        StreamName::Ledger,
    ];

    /// The subject token after the prefix, e.g. `env-status`.
    pub fn token(self) -> &'static str {
        match self {
            StreamName::Commands => "commands",
            StreamName::Questions => "questions",
            StreamName::Replies => "replies",
            StreamName::Inputs => "inputs",
            StreamName::Actions => "actions",
            StreamName::EnvStatus => "env-status",
            StreamName::Logs => "logs",
            StreamName::Snapshots => "snapshots",
            StreamName::Specs => "specs",
            StreamName::DeadLetters => "dead-letters",
            StreamName::Leases => "leases",
            StreamName::Ledger => "ledger",
        }
    }

    /// True for the two key-value buckets.
    pub fn is_bucket(self) -> bool {
        matches!(self, StreamName::Leases | StreamName::Ledger)
    }
}

impl Prefix {
    /// The prefix as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of a stream or bucket, e.g. `SIM_ENV_STATUS`.
    pub fn stream(&self, name: StreamName) -> String {
        format!("{}_{}", self.0, name.token()).to_uppercase().replace('-', "_")
    }

    /// The filter that matches everything of a stream, e.g. `sim.actions.>`.
    pub fn all(&self, name: StreamName) -> String {
        format!("{}.{}.>", self.0, name.token())
    }

    /// Where a command or question is published: verbs that only ask go to the questions.
    pub fn command(&self, address: &CommandAddress) -> String {
        let CommandAddress { run, verb, client, command_id } = address;
        let stream = verb.stream().token();
        format!("{}.{stream}.{run}.{}.{client}.{command_id}", self.0, verb.as_str())
    }

    /// The filter for all commands (or questions) of one run.
    pub fn commands_of(&self, stream: StreamName, run: &RunId) -> String {
        format!("{}.{}.{run}.>", self.0, stream.token())
    }

    /// The filter for the commands of one kind, whatever run they are for.
    pub fn commands_with(&self, verb: Verb) -> String {
        format!("{}.{}.*.{}.*.*", self.0, verb.stream().token(), verb.as_str())
    }

    /// The filter for the commands of one client to one run under one id, whatever the verb.
    pub fn commands_under(
        &self,
        stream: StreamName,
        run: &RunId,
        client: &ClientId,
        command_id: &CommandId,
    ) -> String {
        format!("{}.{}.{run}.*.{client}.{command_id}", self.0, stream.token())
    }

    /// Where the one reply to a command appears.
    pub fn reply(&self, client: &ClientId, run: &RunId, command_id: &CommandId) -> String {
        format!("{}.replies.{client}.{run}.{command_id}", self.0)
    }

    /// Where a part of that reply is, if it has parts: `by` is who made it, see
    /// [`Parts`](crate::interviews::Parts).
    pub fn reply_part(
        &self,
        client: &ClientId,
        run: &RunId,
        command_id: &CommandId,
        by: &CommandId,
        part: u32,
    ) -> String {
        format!("{}.{by}.{part}", self.reply(client, run, command_id))
    }

    /// The filter for all parts of replies to commands of one run, whoever asked and made them.
    pub fn reply_parts_of(&self, run: &RunId) -> String {
        format!("{}.replies.*.{run}.*.*.*", self.0)
    }

    /// The client and the command that a reply's subject names.
    pub fn parse_reply(&self, subject: &str) -> Option<(ClientId, CommandId)> {
        let tokens: Vec<&str> = subject.split('.').collect();
        let [prefix, "replies", client, _, command_id] = tokens[..] else { return None };
        (prefix == self.0).then_some(())?;
        Some((client.parse().ok()?, command_id.parse().ok()?))
    }

    /// The filter for all replies to commands of one run, whoever asked.
    pub fn replies_of(&self, run: &RunId) -> String {
        format!("{}.replies.*.{run}.*", self.0)
    }

    /// The journal of one world.
    pub fn inputs(&self, run: &RunId, platform: Platform) -> String {
        format!("{}.inputs.{run}.{}", self.0, platform.as_str())
    }

    /// The filter for the journals of all worlds of one run.
    pub fn journals(&self, run: &RunId) -> String {
        format!("{}.inputs.{run}.*", self.0)
    }

    /// The frames of one world.
    pub fn actions(&self, run: &RunId, platform: Platform) -> String {
        format!("{}.actions.{run}.{}", self.0, platform.as_str())
    }

    /// The latest state of a run.
    pub fn env_status(&self, run: &RunId) -> String {
        format!("{}.env-status.{run}", self.0)
    }

    /// The log lines of a run's worker.
    pub fn logs(&self, run: &RunId) -> String {
        format!("{}.logs.{run}", self.0)
    }

    /// The snapshots of one world.
    pub fn snapshots(&self, run: &RunId, platform: Platform) -> String {
        format!("{}.snapshots.{run}.{}", self.0, platform.as_str())
    }

    /// A spec.
    pub fn spec(&self, digest: &Digest) -> String {
        format!("{}.specs.{digest}", self.0)
    }

    /// The record of a simulation that came in from outside.
    pub fn spec_of(&self, simulation: &SimulationId) -> String {
        format!("{}.specs.of.{simulation}", self.0)
    }

    /// The filter for the records of all simulations.
    pub fn specs_of_all(&self) -> String {
        format!("{}.specs.of.*", self.0)
    }

    /// The filter for what any service could not process of one run.
    pub fn dead_letters_of(&self, run: &RunId) -> String {
        format!("{}.dead-letters.*.{run}", self.0)
    }

    /// What `service` could not process; `run` is `_` where the message names none.
    pub fn dead_letters(&self, service: &str, run: Option<&RunId>) -> String {
        format!("{}.dead-letters.{service}.{}", self.0, run.map_or("_", RunId::as_str))
    }

    /// Core NATS, not stored: one action as it happens. `kind` is the action type in lower case,
    /// or `omitted`.
    pub fn live(&self, run: &RunId, platform: Platform, kind: &str) -> String {
        format!("{}.live.{run}.{}.{kind}", self.0, platform.as_str())
    }

    /// Core NATS, not stored: how far a command that takes long is.
    pub fn progress(&self, client: &ClientId, run: &RunId, command_id: &CommandId) -> String {
        format!("{}.progress.{client}.{run}.{command_id}", self.0)
    }

    /// Core NATS: ask the launcher to start a run of a simulation.
    pub fn ask_start(&self, simulation: &SimulationId, client: &ClientId) -> String {
        format!("{}.ask.{simulation}.start.{client}", self.0)
    }

    /// Core NATS: ask the launcher to store a command for a run and to relay its reply.
    pub fn ask(&self, run: &RunId, verb: Verb, client: &ClientId) -> String {
        format!("{}.ask.{run}.{}.{client}", self.0, verb.as_str())
    }

    /// Core NATS: everything that the launcher is asked.
    pub fn asks(&self) -> String {
        format!("{}.ask.*.*.*", self.0)
    }

    /// Core NATS: asks for a simulator node; one that is there describes itself.
    pub fn node_info(&self) -> String {
        format!("{}.node.info", self.0)
    }

    /// Core NATS: a question to the memory-sink, e.g. `sim.memory.search`.
    pub fn memory(&self, question: &str) -> String {
        format!("{}.memory.{question}", self.0)
    }

    /// The key of a run's lease in the bucket of leases.
    pub fn lease_key(run: &RunId) -> String {
        format!("run.{run}")
    }

    /// The key of the lease on a command that a node carries out beside the run: its sequence in
    /// the stream of commands.
    pub fn job_key(sequence: u64) -> String {
        format!("job.{sequence}")
    }

    /// Reads a command's or question's subject back.
    ///
    /// # Errors
    /// The tokens that are wrong, in words; the caller dead-letters the message with them.
    pub fn parse_command(&self, subject: &str) -> Result<CommandAddress, String> {
        let tokens: Vec<&str> = subject.split('.').collect();
        let [prefix, stream, run, verb, client, command_id] = tokens[..] else {
            return Err(format!("subject has {} tokens, a command's has 6", tokens.len()));
        };
        if prefix != self.0 {
            return Err(format!("prefix is {prefix:?}, expected {:?}", self.0));
        }
        let address = CommandAddress {
            run: run.parse().map_err(|e: crate::id::InvalidId| e.to_string())?,
            verb: verb.parse()?,
            client: client.parse().map_err(|e: crate::id::InvalidId| e.to_string())?,
            command_id: command_id.parse().map_err(|e: crate::id::InvalidId| e.to_string())?,
        };
        if stream != address.verb.stream().token() {
            let right = address.verb.stream().token();
            return Err(format!("{verb} belongs under {right:?}, not {stream:?}"));
        }
        Ok(address)
    }
}

impl Default for Prefix {
    fn default() -> Self {
        Prefix("sim".to_owned())
    }
}

impl FromStr for Prefix {
    type Err = InvalidPrefix;
    fn from_str(text: &str) -> Result<Self, InvalidPrefix> {
        if is_token(text, 16) {
            Ok(Prefix(text.to_owned()))
        } else {
            Err(InvalidPrefix(text.chars().take(80).collect()))
        }
    }
}

impl FromStr for Platform {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "twitter" => Ok(Platform::Twitter),
            "reddit" => Ok(Platform::Reddit),
            other => Err(format!("platform {other:?} is unknown: expected twitter or reddit")),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_derive_from_the_prefix() {
        let prefix: Prefix = "lab-2".parse().unwrap();
        assert_eq!(prefix.stream(StreamName::EnvStatus), "LAB_2_ENV_STATUS");
        assert_eq!(prefix.all(StreamName::DeadLetters), "lab-2.dead-letters.>");
        for bad in ["", "a.b", "*", "$KV", "Sim", &"a".repeat(17)] {
            assert!(bad.parse::<Prefix>().is_err(), "{bad:?} passed");
        }
    }

    #[test]
    fn a_command_subject_survives_the_way_back() {
        let prefix = Prefix::default();
        let address = CommandAddress {
            run: "market-3".parse().unwrap(),
            verb: Verb::Interview,
            client: "cli".parse().unwrap(),
            command_id: "01-A_b".parse().unwrap(),
        };
        let subject = prefix.command(&address);
        assert_eq!(subject, "sim.questions.market-3.interview.cli.01-A_b");
        assert_eq!(prefix.parse_command(&subject), Ok(address));
        assert_eq!(prefix.commands_with(Verb::Delete), "sim.commands.*.delete.*.*");
    }

    #[test]
    fn a_foreign_subject_says_what_is_wrong() {
        let parse = |subject| Prefix::default().parse_command(subject).unwrap_err();
        assert_eq!(parse("sim.commands.a"), "subject has 3 tokens, a command's has 6");
        assert_eq!(
            parse("sim.commands.market-3.interview.cli.1"),
            "interview belongs under \"questions\", not \"commands\""
        );
        assert!(parse("sim.commands.market.stop.cli.1").starts_with("run id \"market\""));
        assert!(parse("sim.commands.market-3.explode.cli.1").starts_with("verb \"explode\""));
    }
}
