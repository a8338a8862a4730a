//! What becomes of the memory-sink's dead letters: what a memory refused, handed to it once more.

use serde::{Deserialize, Serialize};

/// The most dead letters that a `memory_redrive` may name, and that its reply tells of.
pub const MAX_LETTERS: usize = 100;

/// What handing dead letters to their memories once more came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redriven {
    /// Letters whose actions their memory has now. They stay on record, and are dead no more.
    pub redriven: u64,
    /// Letters whose actions it still has not.
    pub dead: u64,
    /// What became of each, in the order of the command, or else, of those that were dead, oldest
    /// first: the first [`MAX_LETTERS`].
    pub letters: Vec<RedrivenLetter>,
    /// How many there are beside those.
    pub more_letters: u64,
}

/// What became of one dead letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedrivenLetter {
    /// Its sequence in the stream of dead letters.
    pub sequence: u64,
    /// The memory that it is of; `None` where it is none of this run's memories.
    pub target: Option<String>,
    /// What became of it.
    pub outcome: LetterOutcome,
    /// Why its memory still has not got it, where that is known.
    pub reason: Option<String>,
}

/// What can become of a dead letter. Stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterOutcome {
    /// The memory has taken it.
    Taken,
    /// The memory had it already.
    AlreadyThere,
    /// The memory has refused it again.
    Refused,
    /// The memory takes nothing now: away, at its limit, or paused. Ask again later.
    NotNow,
    /// There is no such letter of this run's memories, or it is of another memory than was asked
    /// for, or holds no action that could be handed over.
    NoLetter,
}
