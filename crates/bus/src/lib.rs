//! Everything that Shoal says to NATS, and the only crate that names its client.
//!
//! A stream here is a log with optimistic concurrency: an append names the last sequence that
//! it expects on its subject, so of two writers one is refused. Whatever was refused or not
//! answered is looked at, never guessed; [`verdict`] says what a look means.
//!
//! In reading order:
//!
//! - connection: how one gets a [`Bus`], and why one does not;
//! - [`topology`]: every stream there is, as data; provision makes the server match it;
//! - append and batch: writing; [`verdict`]: what a refused write means; first: being the only
//!   one on a subject; asking: a command and its one reply; parts: one
//!   that does not fit a message;
//! - reading, newest, cursor, durable: reading once, backwards, for ever, and together with
//!   others; resume: going on where an earlier process ended;
//! - purge: taking one run out of a stream;
//! - [`backup`]: whole streams as bytes, and back;
//! - objects: bytes of any size; specs: each once, under its digest; leases: who lives;
//!   ledger: one value under a key;
//! - core and services: what is not stored;
//! - inspect, discovery: what is there, for those who look for what is wrong; [`roles`], rights
//!   and [`permissions`]: who may do what, tried and written down; keys: who one is.
//!
//! Futures of this crate may be dropped at any point. A dropped write has an unknown outcome,
//! like one that was not answered; a dropped read loses nothing.

mod append;
mod args;
mod asking;
mod audience;
pub mod backup;
mod batch;
mod connection;
mod core;
mod cursor;
mod discovery;
mod durable;
mod events;
mod first;
mod inspect;
mod keys;
mod leases;
mod ledger;
mod mirror;
mod newest;
mod objects;
mod outage;
mod parts;
mod pause;
pub mod permissions;
mod provision;
mod purge;
mod reading;
mod resume;
mod rights;
pub mod roles;
mod services;
mod shared;
mod specs;
mod stored;
pub mod topology;
pub mod verdict;
mod window;
mod wire;

use std::sync::Arc;

use contract::subject::Prefix;

/// The body of a message, shared by whoever needs it.
pub use bytes::Bytes;

pub use append::{Append, AppendError};
pub use args::BusArgs;
pub use asking::AskError;
pub use audience::Audience;
pub use connection::{ConnectError, OLDEST_SERVER, SMALLEST_PAYLOAD, shown_url};
pub use core::{CoreMessage, RequestError, Subscription};
pub use cursor::{Cursor, Start};
pub use discovery::{Discovered, Endpoint};
pub use durable::{Delivery, Durable};
pub use first::First;
pub use inspect::{
    AccountFacts, ClockReading, NoAccount, QueueFacts, ServerFacts, StreamFacts, StreamState,
    StreamUse, SubjectCounts,
};
pub use keys::Key;
pub use leases::{HeldLease, Lease, LeaseEnds};
pub use objects::{MAX_OBJECT, Object, ObjectError};
pub use parts::PartsError;
pub use provision::{Difference, Early, TopologyError};
pub use purge::PurgeError;
pub use reading::ReadError;
pub use resume::Position;
pub use rights::{Action, Denied, Right};
pub use roles::Role;
pub use services::{Request, Requests, ServiceInfo};
pub use shared::{Shared, SharedSpec};
pub use stored::Stored;
pub use window::Window;

/// Header of journal entries and frames: the epoch of the owner who wrote it.
pub const EPOCH_HEADER: &str = "Shoal-Epoch";

/// Header of the state of a deleted run: the subject of the command that deleted it.
pub const DELETED_BY_HEADER: &str = "Shoal-Deleted-By";

/// A connection to the bus: one socket, shared by all clones.
#[derive(Clone, Debug)]
pub struct Bus {
    client: async_nats::Client,
    jetstream: async_nats::jetstream::Context,
    events: Arc<events::Events>,
    prefix: Prefix,
}

impl Bus {
    /// The largest message that the server takes, in bytes.
    pub fn max_payload(&self) -> usize {
        self.client.max_payload()
    }

    /// The prefix of all subjects and stream names.
    pub fn prefix(&self) -> &Prefix {
        &self.prefix
    }
}
