//! The names of requests.

use std::fmt;
use std::str::FromStr;

use crate::problem::suggest;
use crate::subject::StreamName;

/// The names of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// See [`Request::Start`](super::Request::Start).
    Start,
    /// See [`Request::Stop`](super::Request::Stop).
    Stop,
    /// See [`Request::Pause`](super::Request::Pause).
    Pause,
    /// See [`Request::Resume`](super::Request::Resume).
    Resume,
    /// See [`Request::CloseEnv`](super::Request::CloseEnv).
    CloseEnv,
    /// See [`Request::Inject`](super::Request::Inject).
    Inject,
    /// See [`Request::Configure`](super::Request::Configure).
    Configure,
    /// See [`Request::Delete`](super::Request::Delete).
    Delete,
    /// See [`Request::Verify`](super::Request::Verify).
    Verify,
    /// See [`Request::Replay`](super::Request::Replay).
    Replay,
    /// See [`Request::Repair`](super::Request::Repair).
    Repair,
    /// See [`Request::Fork`](super::Request::Fork).
    Fork,
    /// See [`Request::MemoryAttach`](super::Request::MemoryAttach).
    MemoryAttach,
    /// See [`Request::MemoryRedrive`](super::Request::MemoryRedrive).
    MemoryRedrive,
    /// See [`Request::Interview`](super::Request::Interview).
    Interview,
    /// See [`Request::BatchInterview`](super::Request::BatchInterview).
    BatchInterview,
    /// See [`Request::Cancel`](super::Request::Cancel).
    Cancel,
}

/// Who carries a request out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Executor {
    /// The worker that holds the run; where none does, a node claims it first.
    Owner,
    /// A launcher.
    Launcher,
    /// Any node, in a process of its own beside the run.
    Node,
    /// A memory-sink.
    MemorySink,
}

impl Verb {
    /// All of them.
    pub const ALL: [Verb; 17] = [
        Verb::Start,
        Verb::Stop,
        Verb::Pause,
        Verb::Resume,
        Verb::CloseEnv,
        Verb::Inject,
        Verb::Configure,
        Verb::Delete,
        Verb::Verify,
        Verb::Replay,
        Verb::Repair,
        Verb::Fork,
        Verb::MemoryAttach,
        Verb::MemoryRedrive,
        Verb::Interview,
        Verb::BatchInterview,
        Verb::Cancel,
    ];

    /// The subject token.
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Start => "start",
            Verb::Stop => "stop",
            Verb::Pause => "pause",
            Verb::Resume => "resume",
            Verb::CloseEnv => "close_env",
            Verb::Inject => "inject",
            Verb::Configure => "configure",
            Verb::Delete => "delete",
            Verb::Verify => "verify",
            Verb::Replay => "replay",
            Verb::Repair => "repair",
            Verb::Fork => "fork",
            Verb::MemoryAttach => "memory_attach",
            Verb::MemoryRedrive => "memory_redrive",
            Verb::Interview => "interview",
            Verb::BatchInterview => "batch_interview",
            Verb::Cancel => "cancel",
        }
    }

    /// The stream that keeps it: what only asks is kept apart from what changes something.
    pub fn stream(self) -> StreamName {
        match self {
            Verb::Start
            | Verb::Stop
            | Verb::Pause
            | Verb::Resume
            | Verb::CloseEnv
            | Verb::Inject
            | Verb::Configure
            | Verb::Delete
            | Verb::Verify
            | Verb::Replay
            | Verb::Repair
            | Verb::Fork
            | Verb::MemoryAttach
            | Verb::MemoryRedrive => StreamName::Commands,
            Verb::Interview | Verb::BatchInterview | Verb::Cancel => StreamName::Questions,
        }
    }

    /// Who carries it out, and so who answers it.
    pub fn executor(self) -> Executor {
        match self {
            Verb::Start
            | Verb::Stop
            | Verb::Pause
            | Verb::Resume
            | Verb::CloseEnv
            | Verb::Inject
            | Verb::Configure
            | Verb::Interview
            | Verb::BatchInterview
            | Verb::Cancel => Executor::Owner,
            Verb::Delete => Executor::Launcher,
            Verb::Verify | Verb::Replay | Verb::Repair | Verb::Fork => Executor::Node,
            Verb::MemoryAttach | Verb::MemoryRedrive => Executor::MemorySink,
        }
    }
}

impl FromStr for Verb {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let names = Verb::ALL.map(Verb::as_str);
        let found = Verb::ALL.into_iter().find(|verb| verb.as_str() == text);
        found.ok_or_else(|| match suggest(text, &names) {
            Some(meant) => format!("verb {text:?} is unknown: did you mean {meant:?}?"),
            None => format!("verb {text:?} is unknown: expected one of {}", names.join(", ")),
        })
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
