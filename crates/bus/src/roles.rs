//! Who is on the bus, and what each of them may do there: no more than it does.
//!
//! The same rights are tried when a service starts and by `shoal doctor`, and written into a
//! server's configuration by `shoal keys`, so that the three cannot differ.

use contract::subject::{Prefix, StreamName};
use serde::Serialize;

use crate::backup;
use crate::rights::Right;
use crate::shared::Shared;
use crate::topology::key_subject;

/// A user of the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Makes the streams, saves and restores them; never a service that runs.
    Provisioner,
    /// The launcher. It relays what it is asked, under the name of whoever asks.
    Launcher,
    /// Who deletes runs; within the launcher, but for its rights.
    Janitor,
    /// A simulator node, and its workers.
    Simulator,
    /// The memory-sink.
    MemorySink,
    /// The command line of an operator.
    Cli,
    /// Makes the guests' copies of streams; never a service that runs.
    Mirror,
    /// A guest who reads states and actions, and changes nothing.
    Observer,
    /// A guest who asks agents, and hears its own answers.
    Interviewer,
}

/// Those who share an account of the server. What one account has, another one does not see
/// unless it is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// Shoal's own services and its operators.
    Shoal,
    /// Everybody else.
    Guests,
}

use StreamName::{
    Actions, Commands, DeadLetters, EnvStatus, Inputs, Leases, Ledger, Logs, Questions, Replies,
    Snapshots, Specs,
};

/// The streams of which guests have copies.
pub const MIRRORED: [StreamName; 2] = [Actions, EnvStatus];

impl Role {
    /// All of them.
    pub const ALL: [Role; 9] = [
        Role::Provisioner,
        Role::Launcher,
        Role::Janitor,
        Role::Simulator,
        Role::MemorySink,
        Role::Cli,
        Role::Mirror,
        Role::Observer,
        Role::Interviewer,
    ];

    /// The word for it; of those that publish commands, their token in subjects too.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Provisioner => "provisioner",
            Role::Launcher => "launcher",
            Role::Janitor => "janitor",
            Role::Simulator => "simulator",
            Role::MemorySink => "memory-sink",
            Role::Cli => "cli",
            Role::Mirror => "mirror",
            Role::Observer => "observer",
            Role::Interviewer => "interviewer",
        }
    }

    /// Where it is.
    pub fn account(self) -> Account {
        match self {
            Role::Provisioner
            | Role::Launcher
            | Role::Janitor
            | Role::Simulator
            | Role::MemorySink
            | Role::Cli => Account::Shoal,
            Role::Mirror | Role::Observer | Role::Interviewer => Account::Guests,
        }
    }

    /// What the subjects of its answers begin with, so that nobody hears another one's.
    pub fn inbox(self) -> String {
        format!("_INBOX_{}", self.as_str())
    }

    /// Whether services answer what it asks.
    pub(crate) fn asks(self) -> bool {
        matches!(self, Role::Launcher | Role::Janitor | Role::Cli)
    }

    /// All that it does on the bus, but for hearing its own answers.
    pub fn rights(self, prefix: &Prefix) -> Vec<Right> {
        match self {
            Role::Provisioner => provisioner(prefix),
            Role::Launcher => launcher(prefix),
            Role::Janitor => janitor(prefix),
            Role::Simulator => simulator(prefix),
            Role::MemorySink => memory_sink(prefix),
            Role::Cli => cli(prefix),
            Role::Mirror => {
                let made = MIRRORED.map(Right::Make);
                [vec![Right::Inspect], MIRRORED.map(Right::Describe).into(), made.into()].concat()
            }
            Role::Observer => {
                [look(&MIRRORED), read(&MIRRORED), vec![hear(prefix, "live.>")]].concat()
            }
            Role::Interviewer => interviewer(prefix),
        }
    }
}

fn provisioner(prefix: &Prefix) -> Vec<Right> {
    let mut rights = inspect();
    rights.extend(StreamName::ALL.map(Right::Make));
    rights.extend(Shared::ALL.map(Right::MakeShared));
    // Of several that provision at once, one does.
    rights.extend(look(&[Leases]));
    rights.push(Right::Store(key_subject(prefix, Leases, "provision")));
    // Backups, which look whether the last message of a stream is a whole one.
    rights.extend(backup::ORDER.map(Right::Save));
    rights.extend(backup::ORDER.map(Right::Restore));
    rights.extend(look(&[Actions, Snapshots, Specs]));
    rights
}

fn launcher(prefix: &Prefix) -> Vec<Right> {
    let mut rights = inspect();
    rights.extend(look(&[EnvStatus, Actions, Commands, Questions, Replies, Specs]));
    rights.extend(look(&[Logs, DeadLetters, Inputs, Leases, Snapshots]));
    rights.extend(read(&[EnvStatus, Actions, Specs, Replies, Logs, DeadLetters, Inputs]));
    for stored in ["commands.*.*.*.*", "questions.*.*.*.*", "env-status.*", "specs.*", "specs.of.*"]
    {
        rights.push(store(prefix, stored));
    }
    rights.push(hear(prefix, "replies.>"));
    rights.push(hear(prefix, "progress.>"));
    rights.push(hear(prefix, "ask.*.*.*"));
    rights.push(ask(prefix, "node.info"));
    rights.push(ask(prefix, "memory.*"));
    rights.extend(discover());
    rights.extend(discoverable());
    rights
}

fn janitor(prefix: &Prefix) -> Vec<Right> {
    let purged = [Commands, Questions, Replies, Inputs, Actions, Logs, Snapshots, DeadLetters];
    let mut rights = inspect();
    rights.push(Right::Share(Shared::Deletions));
    rights.extend(purged.map(Right::Purge));
    // Guests have copies.
    rights.extend(MIRRORED.map(Right::PurgeCopy));
    rights.extend(look(&[EnvStatus, Commands, Questions, Replies, Snapshots, Leases]));
    rights.extend(read(&[Commands, Questions, Snapshots, EnvStatus]));
    rights.push(store(prefix, "env-status.*"));
    rights.push(store(prefix, "replies.*.*.*"));
    rights.push(Right::Store(key_subject(prefix, Leases, "run.*")));
    rights.push(ask(prefix, "memory.*"));
    rights
}

fn simulator(prefix: &Prefix) -> Vec<Right> {
    let mut rights = inspect();
    rights.extend([Shared::Commands, Shared::Questions].map(Right::Share));
    rights.extend(look(&[EnvStatus, Actions, Inputs, Replies, Snapshots, Specs, Leases]));
    rights.extend(look(&[Commands, Questions, Logs]));
    rights.extend(read(&[Commands, Questions, EnvStatus, Inputs, Actions, Snapshots, Specs]));
    rights.extend(read(&[Leases, Replies]));
    for stored in [
        "inputs.*.*",
        "actions.*.*",
        "env-status.*",
        "logs.*",
        "snapshots.*.*",
        // A reply, and the parts of one that is long.
        "replies.*.*.*",
        "replies.*.*.*.*.*",
        "dead-letters.simulator.*",
    ] {
        rights.push(store(prefix, stored));
    }
    for lease in ["run.*", "job.*"] {
        rights.push(Right::Store(key_subject(prefix, Leases, lease)));
    }
    // A repair takes frames away before it writes them again; nobody else writes any.
    rights.extend([Right::Purge(Actions), Right::PurgeCopy(Actions)]);
    rights.push(ask(prefix, "live.*.*.*"));
    rights.push(ask(prefix, "progress.*.*.*"));
    rights.push(hear(prefix, "node.info"));
    rights.extend(discoverable());
    rights
}

fn memory_sink(prefix: &Prefix) -> Vec<Right> {
    let mut rights = inspect();
    rights.push(Right::Share(Shared::MemoryOrders));
    rights.extend(look(&[Actions, EnvStatus, Ledger, Leases, DeadLetters, Replies]));
    rights.extend([Actions, DeadLetters].map(Right::Window));
    rights.extend(read(&[Actions, EnvStatus, Ledger, DeadLetters]));
    rights.push(Right::Store(key_subject(prefix, Ledger, "memory.>")));
    rights.push(Right::Store(key_subject(prefix, Leases, "memory.>")));
    rights.push(store(prefix, "dead-letters.memory-sink.*"));
    rights.push(store(prefix, "replies.*.*.*"));
    rights.push(hear(prefix, "memory.*"));
    rights.extend(discoverable());
    rights
}

fn cli(prefix: &Prefix) -> Vec<Right> {
    let mut rights = inspect();
    let all = [Commands, Questions, Replies, Inputs, Actions, EnvStatus, Logs, Specs, DeadLetters];
    rights.extend(look(&all));
    rights.extend(look(&[Leases, Ledger, Snapshots]));
    rights.extend(read(&all));
    for stored in ["commands.*.*.cli.*", "questions.*.*.cli.*", "specs.*"] {
        rights.push(store(prefix, stored));
    }
    for heard in ["replies.cli.>", "progress.cli.>", "live.>"] {
        rights.push(hear(prefix, heard));
    }
    for asked in ["ask.*.*.cli", "memory.*", "node.info"] {
        rights.push(ask(prefix, asked));
    }
    for shared in Shared::ALL {
        rights.push(Right::DescribeShared(shared));
    }
    rights.extend(discover());
    // `shoal doctor` reads the server's clock in what it says about its user.
    rights.push(Right::Publish("$SYS.REQ.USER.INFO".to_owned()));
    rights
}

fn interviewer(prefix: &Prefix) -> Vec<Right> {
    vec![
        Right::Describe(EnvStatus),
        Right::Look(EnvStatus),
        store(prefix, "questions.*.*.interviewer.*"),
        ask(prefix, "ask.*.interview.interviewer"),
        ask(prefix, "ask.*.batch_interview.interviewer"),
        hear(prefix, "replies.interviewer.>"),
        hear(prefix, "progress.interviewer.>"),
        Right::LookAt(Replies, "replies.interviewer.>".to_owned()),
    ]
}

/// Looks at the account, and at how the streams are.
fn inspect() -> Vec<Right> {
    std::iter::once(Right::Inspect).chain(StreamName::ALL.map(Right::Describe)).collect()
}

fn look(streams: &[StreamName]) -> Vec<Right> {
    streams.iter().copied().map(Right::Look).collect()
}

fn read(streams: &[StreamName]) -> Vec<Right> {
    streams.iter().copied().map(Right::Read).collect()
}

fn store(prefix: &Prefix, rest: &str) -> Right {
    Right::Store(format!("{}.{rest}", prefix.as_str()))
}

fn hear(prefix: &Prefix, rest: &str) -> Right {
    Right::Subscribe(format!("{}.{rest}", prefix.as_str()))
}

fn ask(prefix: &Prefix, rest: &str) -> Right {
    Right::Publish(format!("{}.{rest}", prefix.as_str()))
}

/// Asking who is there.
fn discover() -> Vec<Right> {
    ["$SRV.PING", "$SRV.INFO"].map(|subject| Right::Publish(subject.to_owned())).into()
}

/// Answering `nats micro ls`, and us.
fn discoverable() -> Vec<Right> {
    let asked = ["PING", "INFO", "STATS"].into_iter().flat_map(|verb| {
        // Of all services, of one kind, and of one instance.
        [format!("$SRV.{verb}"), format!("$SRV.{verb}.*"), format!("$SRV.{verb}.*.*")]
    });
    asked.map(Right::Subscribe).chain([Right::Respond]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_writes_has_the_right_to_write() {
        let prefix = Prefix::default();
        let stores = |role: Role| {
            let rights = role.rights(&prefix);
            rights.iter().filter(|right| matches!(right, Right::Store(_))).count()
        };
        assert_eq!(Role::ALL.map(stores), [1, 5, 3, 10, 4, 3, 0, 0, 1]);
    }

    /// Who saves a stream reads all of it, and who restores one writes what it likes.
    #[test]
    fn only_who_provisions_saves_and_restores() {
        let prefix = Prefix::default();
        for role in Role::ALL {
            let copies = |right: &Right| matches!(right, Right::Save(_) | Right::Restore(_));
            let found = role.rights(&prefix).into_iter().filter(copies).count();
            let expected = if role == Role::Provisioner { 2 * backup::ORDER.len() } else { 0 };
            assert_eq!(found, expected, "{role:?}");
        }
    }

    #[test]
    fn only_who_provisions_makes_anything_and_only_two_take_anything_away() {
        for role in Role::ALL {
            let rights = role.rights(&Prefix::default());
            let makes = |right: &Right| matches!(right, Right::Make(_) | Right::MakeShared(_));
            let purges = |right: &Right| matches!(right, Right::Purge(_));
            let provisions = matches!(role, Role::Provisioner | Role::Mirror);
            assert_eq!(rights.iter().any(makes), provisions, "{role:?}");
            let count = rights.iter().filter(|right| purges(right)).count();
            let expected = match role {
                Role::Janitor => 8,
                Role::Simulator => 1,
                _ => 0,
            };
            assert_eq!(count, expected, "{role:?}");
        }
    }
}
