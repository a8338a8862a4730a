//! What a node does about a command that it was handed: pure.
//!
//! All nodes share one durable consumer per command stream, so each command reaches one
//! node. The node carries nothing out itself: it sees to it that somebody holds the run,
//! and keeps the command until its reply is there.

use std::collections::BTreeMap;
use std::time::Duration;

use contract::command::{Executor, Verb};
use contract::id::RunId;
use contract::journal::Claim;
use contract::reply::ErrorCode;
use contract::status::RunStatus;
use contract::timestamp::Timestamp;
use tokio::time::Instant;

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
    /// Where the run is in its life.
    pub standing: Standing,
    /// The command is too late, or cannot be read.
    pub void: Option<ErrorCode>,
    /// What this node has done about the run in vain, see [`InVain`].
    pub in_vain: u32,
    /// Only a node of another build can hold the run.
    pub unfit: bool,
    /// This node has room for one more.
    pub room: bool,
    /// This node is connected since a moment ago: others may be about to take leases again that
    /// expired during an outage.
    pub quiet: bool,
}

/// What a run's env-status says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is no such run, or none any more.
    Gone,
    /// Nothing that this build can read.
    Unreadable,
    /// Where it is in its life.
    At(RunStatus),
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
    /// Only a node of another build can hold the run: leave it to one, which counts as in vain, and
    /// look again later.
    Leave(Duration),
    /// Nobody carries it out yet: do so in a process of its own, then look again.
    Job(Duration),
    /// Nobody holds the run and all slots are taken: let an ended run go, then look again.
    MakeRoom(Duration),
    /// It can never be carried out: say so and acknowledge it.
    Refuse(ErrorCode),
}

/// Between two looks at a command that waits for its run's owner.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two looks at a command that waits for a free slot.
const NO_ROOM: Duration = Duration::from_secs(1);
/// Between two looks at a command that waits for a node of another build.
const ELSEWHERE: Duration = Duration::from_secs(1);

/// How often a node gives an ended run up until it refuses its commands: its workers do not live
/// long enough to answer. A run that still plays is always waited for.
const MAX_GIVEN_UP: u32 = 5;
/// How often a node that cannot hold an ended run leaves its commands to one that can.
const MAX_LEFT: u32 = 20;
/// Runs of which a node remembers what was in vain.
const REMEMBERED: usize = 1000;

/// What a node may be late, beside the graces of its worker.
const ALLOWANCE: Duration = Duration::from_secs(5);

/// Decides.
pub fn decide(facts: Facts) -> Wish {
    let is_stop = facts.verb == Verb::Stop;
    // One that this build cannot read waits for nothing.
    let has_ended = !matches!(facts.standing, Standing::At(status) if status.is_live());
    let unfit = facts.unfit || facts.standing == Standing::Unreadable;
    match facts {
        Facts { replied: true, .. } => Wish::Acknowledge,
        Facts { verb, .. } if is_of_others(verb) => Wish::Acknowledge,
        Facts { verb, .. } if verb.executor() == Executor::Node => decide_job(facts, unfit),
        Facts { standing: Standing::Gone, .. } => Wish::Refuse(ErrorCode::UnknownRun),
        Facts { holder: Holder::Us, void: None, .. } if is_stop => Wish::Stop(PATIENCE),
        Facts { holder: Holder::Us | Holder::Other { overdue: false }, .. } => {
            Wish::Later(PATIENCE)
        }
        Facts { void: Some(code), .. } => Wish::Refuse(code),
        Facts { quiet: true, marked_held: true, .. }
        | Facts { quiet: true, holder: Holder::Other { .. }, .. } => Wish::Later(PATIENCE),
        Facts { in_vain: MAX_LEFT.., holder: Holder::Nobody, .. } if unfit && has_ended => {
            Wish::Refuse(ErrorCode::NoCapacity)
        }
        _ if unfit => Wish::Leave(ELSEWHERE),
        Facts { room: false, .. } => Wish::MakeRoom(NO_ROOM),
        Facts { holder: Holder::Other { overdue: true }, .. } => Wish::Seize,
        Facts { in_vain: MAX_GIVEN_UP.., .. } if has_ended => Wish::Refuse(ErrorCode::Internal),
        // Whoever held it did not let it go.
        Facts { marked_held: true, .. } if is_stop => Wish::Claim(Claim::FENCED),
        Facts { verb, .. } => Wish::Claim(verb.as_str()),
    }
}

/// True for what neither an owner nor a node carries out: whoever does has a consumer of its own.
fn is_of_others(verb: Verb) -> bool {
    match verb.executor() {
        Executor::Launcher | Executor::MemorySink => true,
        Executor::Owner | Executor::Node => false,
    }
}

/// The same about what a node carries out beside the run: whoever does has a lease on the command.
fn decide_job(facts: Facts, unfit: bool) -> Wish {
    match facts {
        Facts { standing: Standing::Gone, .. } => Wish::Refuse(ErrorCode::UnknownRun),
        Facts { void: Some(code), .. } => Wish::Refuse(code),
        Facts { holder: Holder::Us | Holder::Other { .. }, .. } => Wish::Later(PATIENCE),
        Facts { in_vain: MAX_LEFT.., .. } if unfit => Wish::Refuse(ErrorCode::NoCapacity),
        _ if unfit => Wish::Leave(ELSEWHERE),
        Facts { in_vain: MAX_GIVEN_UP.., .. } => Wish::Refuse(ErrorCode::Internal),
        Facts { room: false, .. } => Wish::Later(NO_ROOM),
        _ => Wish::Job(PATIENCE),
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

/// How often in a row a node has given runs up, or left them to others: since it last let one go
/// in order, refused a command to it, or saw another node hold it. Where there are too many to
/// remember, the commands of one are tried as if for the first time.
#[derive(Debug, Default)]
pub struct InVain(BTreeMap<RunId, Tries>);

/// What was in vain of one run.
#[derive(Clone, Copy, Debug, Default)]
struct Tries {
    times: u32,
    left: Option<Instant>,
}

impl InVain {
    /// Once more.
    pub fn add(&mut self, run: &RunId) {
        let times = self.times(run);
        if times == 0 && self.0.len() >= REMEMBERED {
            self.0.pop_first();
        }
        self.0.entry(run.clone()).or_default().times = times + 1;
    }

    /// Left to others `now`. However many commands a run has, it counts once a look: it says how
    /// long nobody else took them.
    pub fn leave(&mut self, run: &RunId, now: Instant) {
        let last = self.0.get(run).and_then(|tries| tries.left);
        if last.is_some_and(|last| now.duration_since(last) < ELSEWHERE) {
            return;
        }
        self.add(run);
        self.0.entry(run.clone()).or_default().left = Some(now);
    }

    /// So often.
    pub fn times(&self, run: &RunId) -> u32 {
        self.0.get(run).map_or(0, |tries| tries.times)
    }

    /// What was in vain is over.
    pub fn forget(&mut self, run: &RunId) {
        self.0.remove(run);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_commands_at_once_are_left_once() {
        let (mut in_vain, run, start) = (InVain::default(), "a-1".parse().unwrap(), Instant::now());
        for milliseconds in [0, 10, 999, 1000, 1500, 2000] {
            in_vain.leave(&run, start + Duration::from_millis(milliseconds));
        }
        assert_eq!(in_vain.times(&run), 3);
        in_vain.add(&run);
        assert_eq!(in_vain.times(&run), 4);
        in_vain.forget(&run);
        assert_eq!(in_vain.times(&run), 0);
    }

    const OPEN: Facts = Facts {
        verb: Verb::Pause,
        replied: false,
        holder: Holder::Nobody,
        marked_held: false,
        standing: Standing::At(RunStatus::Queued),
        void: None,
        in_vain: 0,
        unfit: false,
        room: true,
        quiet: false,
    };

    #[test]
    fn every_case_has_its_wish() {
        let open = OPEN;
        let (ours, theirs) = (Holder::Us, Holder::Other { overdue: false });
        let void = Facts { void: Some(ErrorCode::Expired), ..open };
        let failed = Facts { standing: Standing::At(RunStatus::Failed), ..open };
        let gone = Facts { standing: Standing::Gone, ..open };
        let marked = Facts { marked_held: true, ..open };
        let delete = Facts { verb: Verb::Delete, ..open };
        let stop = Facts { verb: Verb::Stop, ..open };
        let overdue = Facts { holder: Holder::Other { overdue: true }, ..stop };
        let unknown = Wish::Refuse(ErrorCode::UnknownRun);
        let table = [
            (open, Wish::Claim("pause")),
            (Facts { replied: true, ..open }, Wish::Acknowledge),
            (Facts { replied: true, ..gone }, Wish::Acknowledge),
            (gone, unknown),
            (delete, Wish::Acknowledge),
            (Facts { verb: Verb::Delete, ..gone }, Wish::Acknowledge),
            (Facts { verb: Verb::MemoryAttach, ..open }, Wish::Acknowledge),
            (Facts { verb: Verb::MemoryAttach, ..gone }, Wish::Acknowledge),
            (Facts { verb: Verb::MemoryRedrive, ..void }, Wish::Acknowledge),
            (Facts { standing: Standing::At(RunStatus::Closed), ..open }, Wish::Claim("pause")),
            (void, Wish::Refuse(ErrorCode::Expired)),
            (Facts { holder: theirs, ..void }, Wish::Later(PATIENCE)),
            (failed, Wish::Claim("pause")),
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
    fn what_needs_no_run_is_carried_out_by_one_node_whoever_holds_the_run() {
        let open = Facts { verb: Verb::Verify, ..OPEN };
        let (ours, theirs) = (Holder::Us, Holder::Other { overdue: false });
        let unfit = Facts { unfit: true, ..open };
        let table = [
            (open, Wish::Job(PATIENCE)),
            (
                Facts { verb: Verb::Fork, quiet: true, marked_held: true, ..open },
                Wish::Job(PATIENCE),
            ),
            (Facts { replied: true, ..open }, Wish::Acknowledge),
            (Facts { holder: ours, ..open }, Wish::Later(PATIENCE)),
            (Facts { holder: theirs, ..open }, Wish::Later(PATIENCE)),
            (Facts { room: false, ..open }, Wish::Later(NO_ROOM)),
            (Facts { standing: Standing::Gone, ..open }, Wish::Refuse(ErrorCode::UnknownRun)),
            (
                Facts { void: Some(ErrorCode::Malformed), ..open },
                Wish::Refuse(ErrorCode::Malformed),
            ),
            (Facts { in_vain: 4, ..open }, Wish::Job(PATIENCE)),
            (Facts { in_vain: 5, ..open }, Wish::Refuse(ErrorCode::Internal)),
            (unfit, Wish::Leave(ELSEWHERE)),
            (Facts { in_vain: 19, room: false, ..unfit }, Wish::Leave(ELSEWHERE)),
            (Facts { in_vain: 20, ..unfit }, Wish::Refuse(ErrorCode::NoCapacity)),
        ];
        for (facts, wish) in table {
            assert_eq!(decide(facts), wish, "{facts:?}");
        }
    }

    #[test]
    fn what_was_often_enough_in_vain_is_refused_unless_somebody_may_yet_answer() {
        let open = OPEN;
        let (ours, theirs) = (Holder::Us, Holder::Other { overdue: false });
        let overdue = Holder::Other { overdue: true };
        let failed = Facts { standing: Standing::At(RunStatus::Failed), ..open };
        let hopeless = Facts { in_vain: 5, ..failed };
        let unfit = Facts { unfit: true, in_vain: 20, ..failed };
        let unreadable = Facts { standing: Standing::Unreadable, in_vain: 20, ..open };
        let table = [
            // Where worker after worker dies, no other will answer, unless the run still plays.
            (Facts { in_vain: 4, ..failed }, Wish::Claim("pause")),
            (hopeless, Wish::Refuse(ErrorCode::Internal)),
            (Facts { in_vain: 5, ..open }, Wish::Claim("pause")),
            (Facts { holder: theirs, ..hopeless }, Wish::Later(PATIENCE)),
            (Facts { holder: ours, ..hopeless }, Wish::Later(PATIENCE)),
            (Facts { quiet: true, marked_held: true, ..hopeless }, Wish::Later(PATIENCE)),
            (Facts { room: false, ..hopeless }, Wish::MakeRoom(NO_ROOM)),
            (Facts { holder: overdue, verb: Verb::Stop, ..hopeless }, Wish::Seize),
            // Another node may be of a build that can hold it.
            (Facts { in_vain: 19, ..unfit }, Wish::Leave(ELSEWHERE)),
            (Facts { in_vain: 19, room: false, ..unfit }, Wish::Leave(ELSEWHERE)),
            (unfit, Wish::Refuse(ErrorCode::NoCapacity)),
            (Facts { standing: open.standing, ..unfit }, Wish::Leave(ELSEWHERE)),
            (Facts { holder: theirs, ..unfit }, Wish::Later(PATIENCE)),
            (Facts { holder: overdue, ..unfit }, Wish::Leave(ELSEWHERE)),
            (Facts { quiet: true, marked_held: true, ..unfit }, Wish::Later(PATIENCE)),
            (unreadable, Wish::Refuse(ErrorCode::NoCapacity)),
            (Facts { in_vain: 19, ..unreadable }, Wish::Leave(ELSEWHERE)),
            (Facts { holder: theirs, ..unreadable }, Wish::Later(PATIENCE)),
        ];
        for (facts, wish) in table {
            assert_eq!(decide(facts), wish, "{facts:?}");
        }
    }

    #[test]
    fn what_was_in_vain_is_counted_for_each_of_so_many_runs() {
        let run = |number: usize| format!("run-{number}").parse::<RunId>().unwrap();
        let mut in_vain = InVain::default();
        for times in 1..=7 {
            in_vain.add(&run(2));
            assert_eq!((in_vain.times(&run(2)), in_vain.times(&run(1))), (times, 0));
        }
        in_vain.forget(&run(2));
        for number in 1..=REMEMBERED + 10 {
            in_vain.add(&run(number));
            assert_eq!(in_vain.times(&run(number)), 1);
        }
        assert_eq!(in_vain.0.len(), REMEMBERED);
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
