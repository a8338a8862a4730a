//! The streams as bytes, and streams from bytes: what a backup is made of, and made into again.
//!
//! The server packs a stream and unpacks it; what the bytes mean is its own. Sequences and times of
//! messages come back as they were, gaps included: journals name commands by sequence.
//!
//! Of each stream the server gives what was in it at one moment, its *cut*: what comes later is not
//! in it. Runs go on meanwhile, so what counts is the order of the cuts, [`ORDER`]. All are made
//! within milliseconds, before anything large is sent; `cut` looks whether they fit together and
//! makes them again if not.
//!
//! Consumers are not in it. Those that services share are provisioned anew and hand everything out
//! once more: what has its reply is acknowledged unread, and what has none is carried out, also if
//! its delivery was acknowledged to somebody whose work came after the cut. To give it twice is
//! what everybody is made for; to give it never is not.

mod cut;
mod receive;
mod restore;

use contract::subject::StreamName;
use serde::{Deserialize, Serialize};

pub use cut::Cut;
pub use restore::{Restoring, There};

/// The streams of a backup in the order of their cuts, each no older than those before it:
///
/// 1. replies: whatever was answered has happened in all that follows;
/// 2. env-status: a run that says it is over has its last frame and the end of its journal, and
///    one that goes on is taken up and says where it is;
/// 3. the ledger of the memory-sink: no memory is further than the frames;
/// 4. snapshots of worlds: none is ahead of its journal or its frames;
/// 5. actions: each frame's tick is in the journal, which makes those that are missing; a frame
///    without its tick would be a past that never was;
/// 6. logs and dead letters, which only the ledger speaks of;
/// 7. journals: the commands that they name are there, else all that is asked later would be
///    refused, since the stream of commands went back;
/// 8. questions and commands: without a reply they are carried out;
/// 9. specs, which are stored before anything names them and never removed.
///
/// Leases are not in it: one that came back would keep its run from everybody until it expires.
/// Nor are the guests' copies, which are made of the streams.
pub const ORDER: [StreamName; 11] = [
    StreamName::Replies,
    StreamName::EnvStatus,
    StreamName::Ledger,
    StreamName::Snapshots,
    StreamName::Actions,
    StreamName::Logs,
    StreamName::DeadLetters,
    StreamName::Inputs,
    StreamName::Questions,
    StreamName::Commands,
    StreamName::Specs,
];

/// What a stream holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holds {
    /// Messages.
    pub messages: u64,
    /// Bytes of them, with what the server adds.
    pub bytes: u64,
    /// Sequence of the first message; one more than the last where there is none.
    pub first_seq: u64,
    /// The highest sequence that was given.
    pub last_seq: u64,
    /// Subjects.
    #[serde(default, rename = "num_subjects")]
    pub subjects: u64,
}

impl Holds {
    /// How many messages went away between this and `later`.
    pub fn removed_until(&self, later: &Holds) -> u64 {
        let came = later.last_seq.saturating_sub(self.last_seq);
        (self.messages + came).saturating_sub(later.messages)
    }
}

/// Why a stream could not be saved or brought back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// It is not there.
    #[error("there is no stream {0}")]
    Missing(String),
    /// The server refuses it, or this user may not.
    #[error("{stream}: {reason}")]
    Refused {
        /// Which one.
        stream: String,
        /// In the server's words.
        reason: String,
    },
    /// The server has less room than the stream reserves.
    #[error("{stream} reserves {bytes} bytes, and the server has no room for that: {reason}")]
    NoRoom {
        /// Which one.
        stream: String,
        /// What it reserves, of one copy.
        bytes: u64,
        /// In the server's words.
        reason: String,
    },
    /// No answer, or the transfer broke off.
    #[error("{stream}: {reason}")]
    Broken {
        /// Which one.
        stream: String,
        /// What happened.
        reason: String,
    },
    /// Whenever it was tried, something changed meanwhile.
    #[error(
        "no moment was found at which all streams fit together, {attempts} times: {reason}; try \
         again when less happens, or pause some runs for as long"
    )]
    Restless {
        /// How often it was tried.
        attempts: u32,
        /// What was in the way the last time.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn all_streams_but_the_leases_are_saved_each_once() {
        let saved: BTreeSet<StreamName> = ORDER.into_iter().collect();
        assert_eq!(saved.len(), ORDER.len());
        let left_out: Vec<StreamName> =
            StreamName::ALL.into_iter().filter(|stream| !saved.contains(stream)).collect();
        assert_eq!(left_out, [StreamName::Leases]);
    }

    /// What the comment on the order says, as pairs.
    #[test]
    fn no_cut_is_older_than_what_speaks_of_it() {
        use StreamName::{
            Actions, Commands, DeadLetters, EnvStatus, Inputs, Ledger, Questions, Replies,
            Snapshots, Specs,
        };
        let place = |stream| ORDER.iter().position(|other| *other == stream).unwrap();
        for (speaks, of) in [
            (Replies, EnvStatus),
            (Replies, Ledger),
            (Replies, Inputs),
            (Replies, Questions),
            (Replies, Commands),
            (EnvStatus, Actions),
            (EnvStatus, Inputs),
            (EnvStatus, Specs),
            (Ledger, Actions),
            (Ledger, DeadLetters),
            (Snapshots, Actions),
            (Snapshots, Inputs),
            (Actions, Inputs),
            (Inputs, Commands),
            (Commands, Specs),
        ] {
            assert!(place(speaks) < place(of), "{speaks:?} speaks of {of:?}");
        }
    }

    #[test]
    fn what_went_away_is_what_is_neither_old_nor_new() {
        let holds = |messages, last_seq| Holds { messages, last_seq, ..Holds::default() };
        assert_eq!(holds(3, 10).removed_until(&holds(5, 12)), 0);
        assert_eq!(holds(3, 10).removed_until(&holds(3, 12)), 2);
        assert_eq!(holds(3, 10).removed_until(&holds(0, 10)), 3);
    }
}
