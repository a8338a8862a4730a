//! Why a command did not succeed, and the exit code that says so.

use std::fmt;

use bus::{AppendError, ConnectError, ReadError};
use kit::EXIT_USAGE;

/// What is stored of a run is damaged.
pub const EXIT_DAMAGED: u8 = 4;

/// Ended by Ctrl-C while the run goes on: 128 and the number of SIGINT, as shells have it.
pub const EXIT_DETACHED: u8 = 130;

/// Whoever read the output went away: 128 and the number of SIGPIPE.
pub const EXIT_NOBODY_READS: u8 = 141;

/// Why a command did not succeed, by who can do something about it.
#[derive(Debug)]
pub enum Failure {
    /// The run or the command failed.
    Failed(anyhow::Error),
    /// What was asked makes no sense: a folder, a name, an argument.
    BadInput(anyhow::Error),
    /// The bus, or a service on it, is not reachable.
    Unreachable(anyhow::Error),
    /// The command line cannot be read.
    Usage(anyhow::Error),
    /// Nobody reads what is printed any more, as with `| head`. Nothing to complain of.
    NobodyReads,
}

impl Failure {
    /// The run or the command failed.
    pub fn failed(message: impl Into<String>) -> Failure {
        Failure::Failed(anyhow::Error::msg(message.into()))
    }

    /// What was asked makes no sense.
    pub fn bad_input(message: impl Into<String>) -> Failure {
        Failure::BadInput(anyhow::Error::msg(message.into()))
    }

    /// The bus, or a service on it, is not reachable.
    pub fn unreachable(message: impl Into<String>) -> Failure {
        Failure::Unreachable(anyhow::Error::msg(message.into()))
    }

    /// The process's exit code.
    pub fn code(&self) -> u8 {
        match self {
            Failure::NobodyReads => EXIT_NOBODY_READS,
            Failure::Failed(_) => 1,
            Failure::BadInput(_) => 2,
            Failure::Unreachable(_) => 3,
            Failure::Usage(_) => EXIT_USAGE,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NobodyReads => f.write_str("nobody reads the output"),
            Failure::Failed(error)
            | Failure::BadInput(error)
            | Failure::Unreachable(error)
            | Failure::Usage(error) => write!(f, "{error:#}"),
        }
    }
}

impl From<std::io::Error> for Failure {
    /// The only thing that this crate writes to is its output.
    fn from(error: std::io::Error) -> Failure {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Failure::NobodyReads;
        }
        Failure::Failed(anyhow::Error::new(error).context("cannot print"))
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Failure {
        Failure::Unreachable(error.into())
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Failure {
        match error {
            ReadError::Missing(_) => Failure::Unreachable(anyhow::Error::new(error).context(
                "the streams of this prefix are not on this bus: the services make them when they \
                 start (`make up` starts all)",
            )),
            ReadError::Denied(_) | ReadError::Unanswered(_) => Failure::Unreachable(error.into()),
        }
    }
}

impl From<AppendError> for Failure {
    fn from(error: AppendError) -> Failure {
        match error {
            AppendError::Unanswered(_) => Failure::Unreachable(error.into()),
            AppendError::Refused | AppendError::Full(_) | AppendError::Denied(_) => {
                Failure::Failed(error.into())
            }
        }
    }
}
