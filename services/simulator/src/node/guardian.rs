//! What a node does about a command that it was handed: pure.
//!
//! All nodes share one durable consumer per command stream, so each command reaches one
//! node. The node carries nothing out itself: it sees to it that somebody holds the run,
//! and keeps the command until its reply is there.

use std::time::Duration;

use contract::command::Executor;
use contract::reply::ErrorCode;
use contract::status::RunStatus;

/// What is known about the command and its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Who carries it out.
    pub executor: Executor,
    /// Its one reply is stored.
    pub replied: bool,
    /// A node, perhaps this one, has a live lease on the run.
    pub held: bool,
    /// Where the run is in its life; `None`: there is no such run, or none any more.
    pub status: Option<RunStatus>,
    /// The command is too late, or cannot be read.
    pub void: Option<ErrorCode>,
    /// How often it was handed out, this time included.
    pub attempts: u64,
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

/// Hand-outs after which a command to an ended run is given up: its workers do not live long
/// enough to answer. A run that still plays is always waited for.
const MAX_ATTEMPTS: u64 = 60;

/// Decides.
pub fn decide(facts: Facts) -> Wish {
    match facts {
        Facts { executor: Executor::Launcher, .. } | Facts { replied: true, .. } => {
            Wish::Acknowledge
        }
        Facts { status: None | Some(RunStatus::Deleted), .. } => {
            Wish::Refuse(ErrorCode::UnknownRun)
        }
        Facts { held: true, .. } => Wish::Later(PATIENCE),
        Facts { void: Some(code), .. } => Wish::Refuse(code),
        Facts { status: Some(status), attempts: MAX_ATTEMPTS.., .. } if !status.is_live() => {
            Wish::Refuse(ErrorCode::Internal)
        }
        Facts { room: false, .. } => Wish::MakeRoom(NO_ROOM),
        Facts { .. } => Wish::Claim,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_has_its_wish() {
        let open = Facts {
            executor: Executor::Owner,
            replied: false,
            held: false,
            status: Some(RunStatus::Queued),
            void: None,
            attempts: 1,
            room: true,
        };
        let void = Facts { void: Some(ErrorCode::Expired), ..open };
        let failed = Facts { status: Some(RunStatus::Failed), ..open };
        let table = [
            (open, Wish::Claim),
            (Facts { replied: true, ..open }, Wish::Acknowledge),
            (Facts { replied: true, status: None, ..open }, Wish::Acknowledge),
            (Facts { status: None, ..open }, Wish::Refuse(ErrorCode::UnknownRun)),
            (
                Facts { status: Some(RunStatus::Deleted), ..open },
                Wish::Refuse(ErrorCode::UnknownRun),
            ),
            (Facts { executor: Executor::Launcher, ..open }, Wish::Acknowledge),
            (Facts { executor: Executor::Launcher, status: None, ..open }, Wish::Acknowledge),
            (Facts { status: Some(RunStatus::Closed), ..open }, Wish::Claim),
            (Facts { status: Some(RunStatus::Paused), attempts: 60, ..open }, Wish::Claim),
            (void, Wish::Refuse(ErrorCode::Expired)),
            (Facts { held: true, ..void }, Wish::Later(PATIENCE)),
            (failed, Wish::Claim),
            (Facts { attempts: 60, ..failed }, Wish::Refuse(ErrorCode::Internal)),
            (Facts { attempts: 60, held: true, ..failed }, Wish::Later(PATIENCE)),
            (Facts { attempts: 60, ..open }, Wish::Claim),
            (Facts { held: true, ..open }, Wish::Later(PATIENCE)),
            (Facts { held: true, room: false, ..open }, Wish::Later(PATIENCE)),
            (Facts { room: false, ..open }, Wish::MakeRoom(NO_ROOM)),
        ];
        for (facts, wish) in table {
            assert_eq!(decide(facts), wish, "{facts:?}");
        }
    }
}
