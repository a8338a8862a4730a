//! What the operator wants of a memory, whatever its kind.

use std::time::Duration;

use crate::render::Language;

/// How a target is to be treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The language of what it is told.
    pub language: Language,
    /// What goes to it at once.
    pub batching: Batching,
    /// How long it may take to answer one request.
    pub timeout: Duration,
    /// Requests per minute, whatever it allows itself; `None`: as many as it takes.
    pub per_minute: Option<u32>,
}

/// When a batch is closed: by whichever comes first. The end of a world closes it as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batching {
    /// With so many actions, at least 1.
    pub actions: u32,
    /// Before its text is longer than so many characters; one action alone may be.
    pub characters: u32,
    /// At the end of a round.
    pub per_round: bool,
    /// When its first action has waited so long; 0: as soon as there is nothing more to read.
    pub age: Duration,
}

impl Batching {
    /// The original's: five actions of a world, whatever their rounds.
    pub const FIVES: Batching =
        Batching { actions: 5, characters: 9_500, per_round: false, age: Duration::from_secs(30) };

    /// A round in as few episodes as Zep's limit of 10,000 characters allows.
    pub const ROUNDS: Batching =
        Batching { actions: 1_000, characters: 9_500, per_round: true, age: Duration::ZERO };

    /// As it comes, as much as there is: for what is on this machine.
    pub const STREAM: Batching =
        Batching { actions: 2_000, characters: u32::MAX, per_round: false, age: Duration::ZERO };
}
