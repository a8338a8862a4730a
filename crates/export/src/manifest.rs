//! What an export is of, what is in it, and what is not.

use std::collections::BTreeMap;

use contract::id::{Digest, RunId, SimulationId};
use contract::status::RunStatus;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use serde::Serialize;

use crate::Format;

/// `manifest.json`. It says nothing of when or where the export was made, so that two exports
/// of one run in one state are the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Manifest {
    /// The version of this layout: 1.
    pub v: u32,
    /// The run.
    pub run_id: RunId,
    /// The simulation that it executes.
    pub simulation_id: SimulationId,
    /// The spec that it was made from.
    pub spec_digest: Digest,
    /// Its seed.
    pub seed: u64,
    /// The version of the rules; null if no frame was there.
    pub rules: Option<u32>,
    /// The run's state when the export began.
    pub status: RunStatus,
    /// Rounds that it is to play.
    pub rounds: u32,
    /// What was asked for, each once.
    pub formats: Vec<Format>,
    /// Whether failed actions and REFRESH are in the lists of actions.
    pub all_actions: bool,
    /// Its worlds.
    pub platforms: Vec<World>,
    /// Answers to interviews, a world's each.
    pub interviews: u64,
    /// What was written, in the order of the documentation.
    pub files: Vec<Written>,
    /// What there is in the tools that we follow and not here, in words.
    pub not_reproduced: &'static [&'static str],
}

/// One world, as far as it was exported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct World {
    /// Which.
    pub platform: Platform,
    /// Frames that were read.
    pub ticks: u32,
    /// The last round that is in the export; null if none is.
    pub through_round: Option<u32>,
    /// When that round was, in simulated time.
    pub simulated_time: Option<Timestamp>,
    /// Whether it is the last round of the run.
    pub is_complete: bool,
    /// The digest of the chain of frames up to there.
    pub digest: Digest,
    /// Actions, failed ones and REFRESH included.
    pub actions: u64,
    /// Those that had their effect.
    pub succeeded: u64,
    /// Those of them that lists in the original's shape hold.
    pub listed: u64,
    /// Rows per OASIS table.
    pub tables: BTreeMap<&'static str, u64>,
    /// Successful actions without a row in `trace`, whose key forbids repeats.
    pub trace_repeats: u64,
}

/// A file of the export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Where, below the folder.
    pub path: &'static str,
    /// Its size.
    pub bytes: u64,
    /// Its rows: lines, CSV rows without the header, rows of all tables. 1 for one document.
    pub rows: u64,
}

/// What the tools that we follow write and an export does not have. `docs/export.md` says why.
pub(crate) const NOT_REPRODUCED: [&str; 10] = [
    "rec: which posts were recommended to whom is not kept; the table is empty",
    "trace, refresh and trend: ids of the posts that were shown, not their texts and comments",
    "trace: failed actions, as in OASIS; they are in actions.jsonl and csv with all actions",
    "trace: a second row with the same agent, time, action and info, which its key forbids",
    "chat_group, group_members, group_messages, product: there are no groups and no products",
    "comment: the comment that a comment answers has no column; it is in csv/comments.csv",
    "times within a round: all actions of a round have the same time; order is by seq or rowid",
    "foreign keys to OASIS's table tweet, which does not exist: they point to post",
    "ids: those of this run; they are not those that OASIS would have given",
    "process_pid, rounds_count: always null and 0",
];
