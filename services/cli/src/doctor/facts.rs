//! What was found. No judgement, no input or output.

use std::path::PathBuf;
use std::time::Duration;

use bus::{
    AccountFacts, ClockReading, ConnectError, Denied, Discovered, NoAccount, QueueFacts, Role,
    ServerFacts, StreamFacts,
};
use contract::memory::{CursorStatus, TargetStatus};
use contract::notice::NodeInfo;
use contract::status::EnvStatus;
use contract::subject::{Prefix, StreamName};
use contract::timestamp::Timestamp;

/// All that is known. `None`: nobody asked, since it could not have been answered.
pub struct Facts {
    /// Where the bus is, fit to be shown.
    pub url: String,
    /// The prefix that is looked at.
    pub prefix: Prefix,
    /// Whose rights are looked at.
    pub role: Role,
    /// Our clock.
    pub now: Timestamp,
    /// Environment and files of this machine.
    pub configuration: Configuration,
    /// The disk of this machine.
    pub disk: Result<Disk, String>,
    /// The connection.
    pub connection: Connection,
    /// The account.
    pub account: Option<Result<AccountFacts, NoAccount>>,
    /// The server's clock.
    pub clock: Option<Result<ClockReading, String>>,
    /// The streams of this prefix.
    pub streams: Option<Vec<StreamFacts>>,
    /// What runs take of the room, where that is scarce.
    pub holders: Holders,
    /// What this user may not, of how many things that the role needs.
    pub denied: Option<(Result<Vec<Denied>, String>, usize)>,
    /// Who is on the bus.
    pub services: Option<Result<Services, String>>,
    /// The shared consumers of commands and questions.
    pub queues: Option<Vec<Queue>>,
    /// The runs.
    pub runs: Option<Result<Runs, String>>,
    /// Dead letters by the service that wrote them.
    pub letters: Option<Result<Vec<(String, u64)>, String>>,
}

/// How the connection went.
pub enum Connection {
    /// There is none.
    Failed(ConnectError),
    /// There is one.
    Made {
        /// To whom.
        server: ServerFacts,
        /// How long an answer takes, or why none comes.
        round_trip: Result<Duration, String>,
    },
}

/// What is set on this machine. Names only: values may be secret.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// Variables of ours that are set.
    pub set: Vec<String>,
    /// Variables that look like ours, and what was probably meant.
    pub misspelt: Vec<(String, String)>,
}

/// The disk that a folder is on.
#[derive(Clone, Debug)]
pub struct Disk {
    /// The folder, or the nearest one above it that exists.
    pub folder: PathBuf,
    /// Bytes that may still be written.
    pub free: u64,
    /// Bytes that it has.
    pub size: u64,
}

/// Runs by the room that they take, most first.
#[derive(Clone, Debug, Default)]
pub struct Holders {
    /// The run and about how many bytes.
    pub runs: Vec<(String, u64)>,
    /// Not all subjects were counted.
    pub is_partial: bool,
}

/// Who is on the bus.
#[derive(Clone, Debug, Default)]
pub struct Services {
    /// Every service that answered.
    pub found: Vec<Discovered>,
    /// The simulators as they describe themselves.
    pub nodes: Vec<NodeInfo>,
    /// The memories of the sinks.
    pub memories: Vec<TargetStatus>,
    /// How far they are with the newest runs.
    pub cursors: Vec<CursorStatus>,
}

/// A shared consumer.
pub struct Queue {
    /// Of which stream.
    pub stream: StreamName,
    /// How it is getting on; `None`: nobody has made it yet.
    pub state: Result<Option<QueueFacts>, String>,
}

/// The runs.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    /// Those whose state can be read.
    pub readable: Vec<EnvStatus>,
    /// Subjects of those whose state cannot.
    pub unreadable: Vec<String>,
}
