//! What each part of Shoal does on the bus, as rights that its user needs.

use bus::Right;
use clap::ValueEnum;
use contract::id::{Digest, RunId};
use contract::subject::{Platform, Prefix, StreamName};
use serde::Serialize;

/// Whose rights are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Reads states, actions and logs, and changes nothing.
    Observer,
    /// This command line.
    Cli,
    /// The launcher.
    Launcher,
    /// A simulator node.
    Simulator,
    /// The memory-sink.
    MemorySink,
}

/// A run that nobody has, in the subjects that are tried.
const RUN: &str = "doctor-1";

/// The name of any simulation, client or command in the subjects that are tried.
const SOMEBODY: &str = "doctor";

impl Role {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Observer => "observer",
            Role::Cli => "cli",
            Role::Launcher => "launcher",
            Role::Simulator => "simulator",
            Role::MemorySink => "memory-sink",
        }
    }

    /// All that it needs on the bus.
    pub fn rights(self, prefix: &Prefix) -> Vec<Right> {
        use StreamName::{
            Actions, Commands, DeadLetters, EnvStatus, Ledger, Logs, Questions, Replies, Specs,
        };
        let run: RunId = RUN.parse().expect("it is a run's id");
        let store = |stream| Right::Store(stored_on(prefix, stream, &run));
        let on = |rest: &str| format!("{}.{rest}", prefix.as_str());
        let mut rights: Vec<Vec<Right>> = vec![vec![Right::Answers]];
        match self {
            Role::Observer => {
                rights.push(look(&[EnvStatus, Specs]));
                rights.push(read(&[EnvStatus, Actions, Logs, Specs]));
                rights.push(vec![Right::Subscribe(on("live.>"))]);
            }
            Role::Cli => {
                rights.push(look(&[EnvStatus, Replies, Specs]));
                rights.push(read(&[EnvStatus, Actions, Specs]));
                rights.push([Commands, Questions, Specs].map(store).into());
                rights.push(vec![
                    Right::Subscribe(on(&format!("replies.cli.{RUN}.{SOMEBODY}"))),
                    Right::Publish(on(&format!("ask.{SOMEBODY}.start.cli"))),
                    Right::Publish(prefix.memory(contract::memory::STATS)),
                ]);
            }
            Role::Launcher => {
                rights.push(vec![Right::Inspect]);
                rights.push(look(&[EnvStatus, Actions, Commands, Questions, Replies, Specs]));
                rights.push(look(&[Logs, DeadLetters]));
                rights.push(read(&[EnvStatus, Actions, Specs, Replies, Logs, DeadLetters]));
                rights.push([Commands, Questions, EnvStatus, Specs].map(store).into());
                rights.push(vec![
                    Right::Store(on(&format!("specs.of.{SOMEBODY}"))),
                    Right::Subscribe(on(&format!("replies.{SOMEBODY}.{RUN}.{SOMEBODY}"))),
                    Right::Subscribe(prefix.asks()),
                    Right::Publish(prefix.node_info()),
                    Right::Publish(prefix.memory(contract::memory::STATS)),
                ]);
                rights.push(discoverable());
            }
            Role::Simulator => rights.push(of_a_simulator(prefix, &run)),
            Role::MemorySink => {
                rights.push(vec![Right::Inspect]);
                rights.push(look(&[Actions, Ledger]));
                rights.push(read(&[Actions, Ledger]));
                rights.push(vec![
                    store(Ledger),
                    Right::Store(prefix.dead_letters("memory-sink", Some(&run))),
                    Right::Subscribe(prefix.memory(contract::memory::STATS)),
                ]);
                rights.push(discoverable());
            }
        }
        rights.concat()
    }
}

fn of_a_simulator(prefix: &Prefix, run: &RunId) -> Vec<Right> {
    use StreamName::{
        Actions, Commands, EnvStatus, Inputs, Leases, Logs, Questions, Replies, Snapshots, Specs,
    };
    let stores = [Replies, Inputs, Actions, EnvStatus, Logs, Snapshots, Leases];
    let mut rights = vec![
        Right::Inspect,
        Right::Share(Commands, GUARDIAN),
        Right::Share(Questions, GUARDIAN),
        Right::Store(prefix.dead_letters("simulator", Some(run))),
        Right::Publish(prefix.live(run, Platform::Twitter, SOMEBODY)),
        Right::Subscribe(prefix.node_info()),
    ];
    rights.extend(stores.map(|stream| Right::Store(stored_on(prefix, stream, run))));
    rights.extend(look(&[EnvStatus, Actions, Inputs, Replies, Snapshots, Specs, Leases]));
    rights.extend(read(&[Commands, Questions, EnvStatus, Inputs, Actions, Snapshots, Specs]));
    rights.extend(discoverable());
    rights
}

fn look(streams: &[StreamName]) -> Vec<Right> {
    streams.iter().copied().map(Right::Look).collect()
}

fn read(streams: &[StreamName]) -> Vec<Right> {
    streams.iter().copied().map(Right::Read).collect()
}

/// The durable consumer that all simulators take commands from.
pub const GUARDIAN: &str = "guardian";

/// Answering `nats micro ls`, and us.
fn discoverable() -> Vec<Right> {
    ["$SRV.PING", "$SRV.INFO"].map(|subject| Right::Subscribe(subject.to_owned())).into()
}

/// A subject of the stream that nobody uses.
fn stored_on(prefix: &Prefix, stream: StreamName, run: &RunId) -> String {
    let command =
        |verb: &str| format!("{}.{}.{run}.{verb}.cli.{SOMEBODY}", prefix.as_str(), stream.token());
    match stream {
        StreamName::Commands => command("stop"),
        StreamName::Questions => command("interview"),
        StreamName::Replies => {
            format!("{}.replies.{SOMEBODY}.{run}.{SOMEBODY}", prefix.as_str())
        }
        StreamName::Inputs => prefix.inputs(run, Platform::Twitter),
        StreamName::Actions => prefix.actions(run, Platform::Twitter),
        StreamName::EnvStatus => prefix.env_status(run),
        StreamName::Logs => prefix.logs(run),
        StreamName::Snapshots => prefix.snapshots(run, Platform::Twitter),
        StreamName::Specs => prefix.spec(&Digest::ZERO),
        StreamName::DeadLetters => prefix.dead_letters(SOMEBODY, Some(run)),
        StreamName::Leases => {
            format!("$KV.{}.{}", prefix.stream(stream), Prefix::lease_key(run))
        }
        StreamName::Ledger => format!("$KV.{}.{SOMEBODY}", prefix.stream(stream)),
    }
}

/// The pattern that allows what was tried on `subject`, for a server's configuration.
pub fn pattern(subject: &str) -> String {
    if subject.starts_with("_INBOX.") {
        return "_INBOX.>".to_owned();
    }
    let zero = Digest::ZERO.to_string();
    let is_command = [".commands.", ".questions."].iter().any(|part| subject.contains(part));
    let tokens = subject.split('.').map(|token| match token {
        RUN | SOMEBODY | "passing_doctor" => "*",
        // One verb was tried for all.
        "stop" | "interview" if is_command => "*",
        token if token == zero => "*",
        token => token,
    });
    let pattern = tokens.collect::<Vec<_>>().join(".");
    // Every number of a delivery.
    match pattern.strip_suffix(".1.0.0.0.0") {
        Some(consumer) if pattern.starts_with("$JS.ACK.") => format!("{consumer}.>"),
        _ => pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_allows_what_was_tried_for_every_run() {
        let zero = Digest::ZERO;
        for (subject, expected) in [
            ("_INBOX.AbC.d".to_owned(), "_INBOX.>"),
            ("sim.commands.doctor-1.stop.cli.doctor".to_owned(), "sim.commands.*.*.cli.*"),
            (format!("sim.specs.{zero}"), "sim.specs.*"),
            ("sim.specs.of.doctor".to_owned(), "sim.specs.of.*"),
            (
                "$JS.API.CONSUMER.CREATE.SIM_ACTIONS.passing_doctor.sim.actions.>".to_owned(),
                "$JS.API.CONSUMER.CREATE.SIM_ACTIONS.*.sim.actions.>",
            ),
            (
                "$JS.ACK.SIM_COMMANDS.guardian.1.0.0.0.0".to_owned(),
                "$JS.ACK.SIM_COMMANDS.guardian.>",
            ),
            ("$KV.SIM_LEASES.run.doctor-1".to_owned(), "$KV.SIM_LEASES.run.*"),
        ] {
            assert_eq!(pattern(&subject), expected);
        }
    }

    #[test]
    fn only_who_writes_needs_the_right_to_write() {
        let prefix = Prefix::default();
        let stores = |role: Role| {
            role.rights(&prefix).iter().filter(|right| matches!(right, Right::Store(_))).count()
        };
        let roles = [Role::Observer, Role::Cli, Role::Launcher, Role::Simulator, Role::MemorySink];
        assert_eq!(roles.map(stores), [0, 3, 5, 8, 2]);
        assert!(roles.iter().all(|role| role.rights(&prefix).contains(&Right::Answers)));
    }
}
