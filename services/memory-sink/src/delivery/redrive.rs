//! Dead letters that are sent once more.

use crate::batch::EpisodeBatch;

/// A dead letter that is to be sent once more. It is looked for first: an earlier try may have
/// been taken.
#[derive(Debug)]
pub struct Redrive {
    /// The letter's place in its stream.
    pub letter: u64,
    /// What was in it.
    pub batch: EpisodeBatch,
}

/// What became of something that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The memory took it.
    Delivered,
    /// The memory had it.
    Found,
    /// It is a dead letter.
    Buried,
    /// It was refused once more, in these words.
    Refused(String),
}

impl Fate {
    /// Whether the memory has it.
    pub fn is_taken(&self) -> bool {
        matches!(self, Fate::Delivered | Fate::Found)
    }
}
