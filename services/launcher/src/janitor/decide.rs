//! What a launcher does about a `delete` that it was handed: pure.
//!
//! Whatever dies between two steps, the next delivery finds how far it came and goes on from
//! there: the tombstone says which command deletes, the reply says that it is done.

use std::time::Duration;

use contract::id::RunId;
use contract::reply::ErrorCode;
use contract::status::RunStatus;

/// What is known about the command and its run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its one reply is stored.
    pub replied: bool,
    /// What there is of the run.
    pub run: Run,
    /// The command is too late, or cannot be read; and why, in words.
    pub void: Option<(ErrorCode, String)>,
    /// What the run's memories have not taken; `Nothing` where nobody needs to know.
    pub behind: Behind,
    /// Somebody else has a live lease on the run; in words.
    pub held: Option<String>,
    /// How often the command was handed out, this time included.
    pub attempts: u64,
}

/// What there is of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// Nothing: there never was one.
    Unknown,
    /// A run.
    There(RunStatus),
    /// Its tombstone, written for this command.
    DeletedByUs,
    /// Its tombstone, written for another command.
    DeletedByAnother {
        /// That command has its reply: all is gone.
        finished: bool,
    },
}

/// What a run's memories have not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behind {
    /// They have all of it.
    Nothing,
    /// So many actions.
    Actions(u64),
    /// Nobody can tell; why, in words.
    Unknown(String),
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It is done: put the command away.
    Acknowledge,
    /// Look again later.
    Later(Duration),
    /// Write the tombstone, then as `Finish`.
    Delete,
    /// The tombstone is there: remove what is left, and reply.
    Finish,
    /// It is not to be: say so.
    Refuse(Why),
}

/// Why a run is not deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The command itself is no good.
    Void(ErrorCode, String),
    /// There is no such run.
    Unknown,
    /// Another command has deleted it.
    Gone,
    /// It has rounds to play.
    Live(RunStatus),
    /// A memory has not taken so many actions.
    Lags(u64),
    /// A memory cannot be asked.
    Silent(String),
    /// Somebody does not let go of it.
    Held(String),
    /// The launcher may not do it.
    Denied(String),
}

/// Between two looks at a run that somebody else holds. An idle worker sees the command itself
/// and lets the run go.
const PAUSE: Duration = Duration::from_millis(500);

/// Hand-outs after which a run that is not let go is given up: after a minute.
const MAX_ATTEMPTS: u64 = 120;

/// Decides.
pub fn decide(facts: Facts) -> Wish {
    let Facts { replied, run, void, behind, held, attempts } = facts;
    let is_last = attempts >= MAX_ATTEMPTS;
    match (run, void, behind, held) {
        _ if replied => Wish::Acknowledge,
        // Begun is begun, also if the command has expired since.
        (Run::DeletedByUs, _, _, None) => Wish::Finish,
        // A worker that has lost the run, or a launcher that died in the middle.
        (Run::DeletedByUs, _, _, Some(_)) => Wish::Later(PAUSE),
        // Its replies are removed first, and ours must not be among them.
        (Run::DeletedByAnother { finished: false }, ..) if !is_last => Wish::Later(PAUSE),
        (Run::DeletedByAnother { .. }, ..) => Wish::Refuse(Why::Gone),
        (_, Some((code, why)), ..) => Wish::Refuse(Why::Void(code, why)),
        (Run::Unknown, ..) => Wish::Refuse(Why::Unknown),
        (Run::There(status), ..) if status.is_live() => Wish::Refuse(Why::Live(status)),
        (Run::There(_), _, Behind::Actions(actions), _) => Wish::Refuse(Why::Lags(actions)),
        (Run::There(_), _, Behind::Unknown(why), _) => Wish::Refuse(Why::Silent(why)),
        (Run::There(_), _, Behind::Nothing, Some(holder)) if is_last => {
            Wish::Refuse(Why::Held(holder))
        }
        (Run::There(_), _, Behind::Nothing, Some(_)) => Wish::Later(PAUSE),
        (Run::There(_), _, Behind::Nothing, None) => Wish::Delete,
    }
}

impl Why {
    /// To branch on.
    pub fn code(&self) -> ErrorCode {
        match self {
            Why::Void(code, _) => *code,
            Why::Unknown | Why::Gone => ErrorCode::UnknownRun,
            Why::Live(_) | Why::Held(_) => ErrorCode::WrongState,
            Why::Lags(_) | Why::Silent(_) => ErrorCode::MemoryLags,
            Why::Denied(_) => ErrorCode::Internal,
        }
    }

    /// To read.
    pub fn text(&self, run: &RunId) -> String {
        match self {
            Why::Void(_, why) => why.clone(),
            Why::Unknown => format!("there is no run {run}"),
            Why::Gone => format!("run {run} was deleted already"),
            Why::Live(status) => format!("run {run} is {status}; stop it first: shoal stop {run}"),
            Why::Lags(actions) => format!(
                "the memory of run {run} has not taken {actions} of its actions yet; wait until \
                 it has (shoal memory stats {run}), or delete the run with --force and lose them"
            ),
            Why::Silent(why) => format!(
                "it is unknown whether the memory of run {run} has all of its actions: {why}; \
                 start the memory-sink, or delete the run with --force and lose what it has not"
            ),
            Why::Held(holder) => {
                format!("{holder} still holds run {run} and does not let it go; try again later")
            }
            Why::Denied(why) => format!("run {run} cannot be deleted by this launcher: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use RunStatus::{Closed, Completed, Failed, Paused, Queued, Running, Starting, Stopped};

    fn ended() -> Facts {
        Facts {
            replied: false,
            run: Run::There(Completed),
            void: None,
            behind: Behind::Nothing,
            held: None,
            attempts: 1,
        }
    }

    #[test]
    fn every_case_has_its_wish() {
        let late = Some((ErrorCode::Expired, "late".to_owned()));
        let refuse_late = Wish::Refuse(Why::Void(ErrorCode::Expired, "late".to_owned()));
        let held = Some("worker w1".to_owned());
        let ours = Facts { run: Run::DeletedByUs, ..ended() };
        let others = |finished| Facts { run: Run::DeletedByAnother { finished }, ..ended() };
        let unknown = Facts { run: Run::Unknown, ..ended() };
        let silent = Behind::Unknown("nobody answers".to_owned());
        let running = Facts { run: Run::There(Running), ..ended() };
        let table = [
            (ended(), Wish::Delete),
            (Facts { replied: true, ..ended() }, Wish::Acknowledge),
            (Facts { replied: true, ..ours.clone() }, Wish::Acknowledge),
            (Facts { replied: true, ..unknown.clone() }, Wish::Acknowledge),
            (Facts { void: late.clone(), ..ended() }, refuse_late.clone()),
            (Facts { void: late.clone(), ..unknown.clone() }, refuse_late),
            (unknown, Wish::Refuse(Why::Unknown)),
            // Begun is finished, whatever has become of the command, the memory, the count.
            (ours.clone(), Wish::Finish),
            (Facts { void: late, behind: silent.clone(), attempts: 500, ..ours.clone() }, {
                Wish::Finish
            }),
            (Facts { held: held.clone(), attempts: 500, ..ours }, Wish::Later(PAUSE)),
            // Of two who delete, one does.
            (others(true), Wish::Refuse(Why::Gone)),
            (others(false), Wish::Later(PAUSE)),
            (Facts { attempts: MAX_ATTEMPTS, ..others(false) }, Wish::Refuse(Why::Gone)),
            // A memory that lags is told before a worker that holds.
            (
                Facts { behind: Behind::Actions(7), held: held.clone(), ..ended() },
                Wish::Refuse(Why::Lags(7)),
            ),
            (
                Facts { behind: silent, ..ended() },
                Wish::Refuse(Why::Silent("nobody answers".to_owned())),
            ),
            // A run in other hands is waited for, but not for ever.
            (Facts { held: held.clone(), ..ended() }, Wish::Later(PAUSE)),
            (
                Facts { held: held.clone(), attempts: MAX_ATTEMPTS, ..ended() },
                Wish::Refuse(Why::Held("worker w1".to_owned())),
            ),
            (Facts { held, ..running }, Wish::Refuse(Why::Live(Running))),
        ];
        for (facts, wish) in table {
            assert_eq!(decide(facts.clone()), wish, "{facts:?}");
        }
    }

    #[test]
    fn only_a_run_without_rounds_to_play_is_deleted() {
        for status in [Queued, Starting, Running, Paused] {
            let facts = Facts { run: Run::There(status), ..ended() };
            assert_eq!(decide(facts), Wish::Refuse(Why::Live(status)));
        }
        for status in [Completed, Closed, Stopped, Failed] {
            let facts = Facts { run: Run::There(status), ..ended() };
            assert_eq!(decide(facts), Wish::Delete);
        }
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let run: RunId = "market-1".parse().unwrap();
        assert_eq!(
            Why::Live(Running).text(&run),
            "run market-1 is running; stop it first: shoal stop market-1"
        );
        for why in [Why::Lags(12), Why::Silent("nobody answers".to_owned())] {
            let text = why.text(&run);
            assert_eq!(why.code(), ErrorCode::MemoryLags);
            assert!(text.contains("--force") && text.contains("market-1"), "{text}");
        }
        assert!(Why::Lags(12).text(&run).contains("12 of its actions"));
    }
}
