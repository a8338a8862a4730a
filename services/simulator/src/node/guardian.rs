//! What a node does about a command that it was handed: pure.
//!
//! All nodes share one durable consumer per command stream, so each command reaches one
//! node. The node carries nothing out itself: it sees to it that somebody holds the run,
//! and keeps the command until its reply is there.

use std::time::Duration;

use contract::reply::ErrorCode;

/// What is known about the command and its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its one reply is stored.
    pub replied: bool,
    /// A node, perhaps this one, has a live lease on the run.
    pub held: bool,
    /// The run exists.
    pub known: bool,
    /// This node has room for one more.
    pub room: bool,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It is done: acknowledge it.
    Acknowledge,
    /// Somebody holds the run and will answer: look again later.
    Later(Duration),
    /// Nobody holds the run: claim it, then look again.
    Claim,
    /// Nobody holds the run and all slots are taken: let an ended run go, then look again.
    MakeRoom(Duration),
    /// It can never be carried out: say so and acknowledge it.
    Refuse(ErrorCode),
}

/// Between two looks at a command that waits for its run's owner.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two looks at a command that waits for a free slot.
const NO_ROOM: Duration = Duration::from_secs(1);

/// Decides.
pub fn decide(facts: Facts) -> Wish {
    match facts {
        Facts { replied: true, .. } => Wish::Acknowledge,
        Facts { known: false, .. } => Wish::Refuse(ErrorCode::UnknownRun),
        Facts { held: true, .. } => Wish::Later(PATIENCE),
        Facts { room: false, .. } => Wish::MakeRoom(NO_ROOM),
        Facts { .. } => Wish::Claim,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_has_its_wish() {
        let open = Facts { replied: false, held: false, known: true, room: true };
        let table = [
            (open, Wish::Claim),
            (Facts { replied: true, ..open }, Wish::Acknowledge),
            (Facts { replied: true, known: false, ..open }, Wish::Acknowledge),
            (Facts { known: false, ..open }, Wish::Refuse(ErrorCode::UnknownRun)),
            (Facts { held: true, ..open }, Wish::Later(PATIENCE)),
            (Facts { held: true, room: false, ..open }, Wish::Later(PATIENCE)),
            (Facts { room: false, ..open }, Wish::MakeRoom(NO_ROOM)),
        ];
        for (facts, wish) in table {
            assert_eq!(decide(facts), wish, "{facts:?}");
        }
    }
}
