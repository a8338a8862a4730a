//! What a node does about a command that it was handed: pure.
//!
//! All nodes share one durable consumer per command stream, so each command reaches one
//! node. The node carries nothing out itself: it sees to it that somebody holds the run,
//! and keeps the command until its reply is there.

use std::time::Duration;

use contract::command::{Executor, Verb};
use contract::journal::Claim;
use contract::reply::ErrorCode;
use contract::status::RunStatus;
use contract::timestamp::Timestamp;

/// What is known about the command and its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What it asks for.
    pub verb: Verb,
    /// Its one reply is stored.
    pub replied: bool,
    /// Who has a live lease on the run.
    pub holder: Holder,
    /// The run's state says that a worker has it.
    pub marked_held: bool,
    /// Where the run is in its life; `None`: there is no such run, or none any more.
    pub status: Option<RunStatus>,
    /// The command is too late, or cannot be read.
    pub void: Option<ErrorCode>,
    /// How often it was handed out, this time included.
    pub attempts: u64,
    /// This node has room for one more.
    pub room: bool,
    /// This node is connected since a moment ago: others may be about to take leases again that
    /// expired during an outage.
    pub quiet: bool,
}

/// Who has a live lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Nobody.
    Nobody,
    /// This node.
    Us,
    /// Another node.
    Other {
        /// For a stop: its time is over, and so is that node's, see [`is_overdue`].
        overdue: bool,
    },
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It is done: acknowledge it.
    Acknowledge,
    /// Somebody holds the run and will answer: look again later.
    Later(Duration),
    /// This node holds the run: see to it that its worker stops it, and look again later.
    Stop(Duration),
    /// Nobody holds the run: claim it, for this reason, then look again.
    Claim(&'static str),
    /// Its holder does not answer: take the lease from it, then look again.
    Seize,
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

/// What a node may be late, beside the graces of its worker.
const ALLOWANCE: Duration = Duration::from_secs(5);

/// Decides.
pub fn decide(facts: Facts) -> Wish {
    let is_stop = facts.verb == Verb::Stop;
    match facts {
        Facts { replied: true, .. } => Wish::Acknowledge,
        Facts { verb, .. } if verb.executor() == Executor::Launcher => Wish::Acknowledge,
        Facts { status: None | Some(RunStatus::Deleted), .. } => {
            Wish::Refuse(ErrorCode::UnknownRun)
        }
        Facts { holder: Holder::Us, void: None, .. } if is_stop => Wish::Stop(PATIENCE),
        Facts { holder: Holder::Us | Holder::Other { overdue: false }, .. } => {
            Wish::Later(PATIENCE)
        }
        Facts { void: Some(code), .. } => Wish::Refuse(code),
        Facts { status: Some(status), attempts: MAX_ATTEMPTS.., .. } if !status.is_live() => {
            Wish::Refuse(ErrorCode::Internal)
        }
        Facts { quiet: true, marked_held: true, .. }
        | Facts { quiet: true, holder: Holder::Other { .. }, .. } => Wish::Later(PATIENCE),
        Facts { room: false, .. } => Wish::MakeRoom(NO_ROOM),
        Facts { holder: Holder::Other { overdue: true }, .. } => Wish::Seize,
        // Whoever held it did not let it go.
        Facts { marked_held: true, .. } if is_stop => Wish::Claim(Claim::FENCED),
        Facts { verb, .. } => Wish::Claim(verb.as_str()),
    }
}

/// True if whoever has the lease on a run does not answer its stop: both graces and some more
/// have passed since the stop was stored, and the lease was not renewed since then. A node that
/// lives renews it more often than that, however long the lease.
pub fn is_overdue(
    stop_stored: Timestamp,
    lease_renewed: Timestamp,
    now: Timestamp,
    grace: Duration,
) -> bool {
    let age = now.milliseconds().saturating_sub(stop_stored.milliseconds());
    let limit = (grace * 2 + ALLOWANCE).as_millis();
    lease_renewed <= stop_stored && u128::try_from(age).is_ok_and(|age| age > limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_has_its_wish() {
        let open = Facts {
            verb: Verb::Pause,
            replied: false,
            holder: Holder::Nobody,
            marked_held: false,
            status: Some(RunStatus::Queued),
            void: None,
            attempts: 1,
            room: true,
            quiet: false,
        };
        let (ours, theirs) = (Holder::Us, Holder::Other { overdue: false });
        let void = Facts { void: Some(ErrorCode::Expired), ..open };
        let failed = Facts { status: Some(RunStatus::Failed), ..open };
        let deleted = Facts { status: Some(RunStatus::Deleted), ..open };
        let marked = Facts { marked_held: true, ..open };
        let delete = Facts { verb: Verb::Delete, ..open };
        let stop = Facts { verb: Verb::Stop, ..open };
        let overdue = Facts { holder: Holder::Other { overdue: true }, ..stop };
        let unknown = Wish::Refuse(ErrorCode::UnknownRun);
        let table = [
            (open, Wish::Claim("pause")),
            (Facts { replied: true, ..open }, Wish::Acknowledge),
            (Facts { replied: true, status: None, ..open }, Wish::Acknowledge),
            (Facts { status: None, ..open }, unknown),
            (deleted, unknown),
            (delete, Wish::Acknowledge),
            (Facts { status: None, ..delete }, Wish::Acknowledge),
            (Facts { status: Some(RunStatus::Closed), ..open }, Wish::Claim("pause")),
            (Facts { status: Some(RunStatus::Paused), attempts: 60, ..open }, Wish::Claim("pause")),
            (void, Wish::Refuse(ErrorCode::Expired)),
            (Facts { holder: theirs, ..void }, Wish::Later(PATIENCE)),
            (failed, Wish::Claim("pause")),
            (Facts { attempts: 60, ..failed }, Wish::Refuse(ErrorCode::Internal)),
            (Facts { attempts: 60, holder: theirs, ..failed }, Wish::Later(PATIENCE)),
            (Facts { attempts: 60, ..open }, Wish::Claim("pause")),
            (Facts { holder: theirs, ..open }, Wish::Later(PATIENCE)),
            (Facts { holder: ours, ..open }, Wish::Later(PATIENCE)),
            (Facts { holder: theirs, room: false, ..open }, Wish::Later(PATIENCE)),
            (Facts { room: false, ..open }, Wish::MakeRoom(NO_ROOM)),
            // After an outage, what was let go is free and what was held is not.
            (Facts { quiet: true, ..open }, Wish::Claim("pause")),
            (Facts { quiet: true, ..marked }, Wish::Later(PATIENCE)),
            (Facts { quiet: true, room: false, ..marked }, Wish::Later(PATIENCE)),
            (Facts { quiet: true, marked_held: true, ..void }, Wish::Refuse(ErrorCode::Expired)),
            (marked, Wish::Claim("pause")),
            // A stop is seen to by whoever holds the run, then by whoever does not.
            (stop, Wish::Claim("stop")),
            (Facts { marked_held: true, ..stop }, Wish::Claim(Claim::FENCED)),
            (Facts { marked_held: true, quiet: true, ..stop }, Wish::Later(PATIENCE)),
            (Facts { holder: ours, ..stop }, Wish::Stop(PATIENCE)),
            (Facts { holder: ours, replied: true, ..stop }, Wish::Acknowledge),
            (Facts { holder: theirs, ..stop }, Wish::Later(PATIENCE)),
            (overdue, Wish::Seize),
            (Facts { room: false, ..overdue }, Wish::MakeRoom(NO_ROOM)),
            (Facts { quiet: true, ..overdue }, Wish::Later(PATIENCE)),
            (
                Facts { void: Some(ErrorCode::Malformed), ..overdue },
                Wish::Refuse(ErrorCode::Malformed),
            ),
            (
                Facts { holder: ours, void: Some(ErrorCode::Malformed), ..stop },
                Wish::Later(PATIENCE),
            ),
            (Facts { replied: true, ..overdue }, Wish::Acknowledge),
        ];
        for (facts, wish) in table {
            assert_eq!(decide(facts), wish, "{facts:?}");
        }
    }

    #[test]
    fn a_stop_is_overdue_once_its_time_is_over_and_nobody_renews_the_lease() {
        let at = |seconds: i64| Timestamp::from_milliseconds(seconds * 1000);
        let grace = Duration::from_secs(5);
        // Seconds after the stop: the last renewal, now.
        for (renewed, now, overdue) in [
            (-2, 15, false),
            (-2, 16, true),
            (0, 600, true),
            (1, 600, false),
            (-2, -5, false),
            (-2, 3, false),
        ] {
            let found = is_overdue(at(1000), at(1000 + renewed), at(1000 + now), grace);
            assert_eq!(found, overdue, "renewed at {renewed}, now {now}");
        }
    }
}
