//! The consumers that several processes share, as data: each message goes to one of them.

use std::time::Duration;

use contract::command::Verb;
use contract::subject::{Prefix, StreamName};

use crate::Bus;
use crate::durable::{Durable, Source};
use crate::reading::ReadError;

/// A consumer that outlives those who take from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shared {
    /// All commands, for the simulators: the guardian.
    Commands,
    /// All questions, for the simulators: the guardian of these.
    Questions,
    /// Commands to delete, for the janitors.
    Deletions,
    /// Commands to the memory-sinks.
    MemoryOrders,
}

/// How it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedSpec {
    /// The stream that it reads.
    pub stream: StreamName,
    /// Its name on the server.
    pub name: &'static str,
    /// What of the stream it hands out.
    pub filters: Vec<String>,
    /// After how long what was handed out and not acknowledged goes to somebody else.
    pub ack_wait: Duration,
}

impl Shared {
    /// All of them.
    pub const ALL: [Shared; 4] =
        [Shared::Commands, Shared::Questions, Shared::Deletions, Shared::MemoryOrders];

    /// How it is kept.
    pub fn spec(self, prefix: &Prefix) -> SharedSpec {
        let of = |verbs: &[Verb]| verbs.iter().map(|verb| prefix.commands_with(*verb)).collect();
        let (stream, name, filters, seconds) = match self {
            // As long may a node that has frozen keep a command from the others.
            Shared::Commands => {
                (StreamName::Commands, "guardian", vec![prefix.all(StreamName::Commands)], 10)
            }
            Shared::Questions => {
                (StreamName::Questions, "guardian", vec![prefix.all(StreamName::Questions)], 10)
            }
            Shared::Deletions => (StreamName::Commands, "janitor", of(&[Verb::Delete]), 30),
            Shared::MemoryOrders => (
                StreamName::Commands,
                "memory-sink",
                of(&[Verb::MemoryAttach, Verb::MemoryRedrive]),
                60,
            ),
        };
        SharedSpec { stream, name, filters, ack_wait: Duration::from_secs(seconds) }
    }
}

impl Bus {
    /// Joins those who share a consumer, which is made if there is none.
    ///
    /// # Errors
    /// Only what is wrong now, see [`ReadError`]; the consumer survives all that comes later.
    pub async fn share(&self, shared: Shared) -> Result<Durable, ReadError> {
        self.join(self.source(shared)).await
    }

    /// Makes one, or finds it as it should be.
    pub(crate) async fn make_shared(&self, shared: Shared) -> Result<(), ReadError> {
        self.source(shared).consumer().await.map(|_| ())
    }

    fn source(&self, shared: Shared) -> Source {
        let SharedSpec { stream, name, filters, ack_wait } = shared.spec(&self.prefix);
        Source { bus: self.clone(), stream, name: name.to_owned(), filters, ack_wait }
    }
}
