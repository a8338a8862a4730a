//! Why the launcher does not do what it is asked, in kinds that each edge maps to its own.

use bus::{AppendError, AskError, PartsError, ReadError};
use contract::id::{CommandId, RunId};
use contract::problem::{Problem, Problems, shorten};
use contract::reply::{ErrorCode, ReplyError};

use crate::plan::Difference;

/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// What was asked is wrong; all that is wrong with it.
    #[error("{0}")]
    Invalid(#[from] Problems),
    /// There is no such simulation or run.
    #[error("{0}")]
    Unknown(String),
    /// A run stands in the way.
    #[error("run {run} is live with {}; stop it, or ask with beside for another one at the same time", list(.differences))]
    Conflict {
        /// The run.
        run: RunId,
        /// What it has, and what was wanted.
        differences: Vec<Difference>,
    },
    /// The key of the request was that of another one.
    #[error("idempotency_key {} made run {run}, with {}; take a new key", .key.as_str(), list(.differences))]
    KeyTaken {
        /// The key.
        key: CommandId,
        /// The run that it made.
        run: RunId,
        /// What that has, and what was wanted.
        differences: Vec<Difference>,
    },
    /// The run is in a state in which this makes no sense.
    #[error("{0}")]
    WrongState(String),
    /// The bus, or who would have to do it, cannot be reached or has no room.
    #[error("{0}")]
    Unavailable(String),
    /// There was no answer in time.
    #[error("{0}")]
    Late(String),
    /// It failed on the way, and nobody who asks can do anything about it.
    #[error("{0}")]
    Failed(String),
}

impl Refusal {
    /// There is no such run.
    pub fn unknown_run(run: &RunId) -> Refusal {
        Refusal::Unknown(format!("unknown run {run}"))
    }

    /// The same as problems, for whoever reads those: `place` is where the request stood.
    ///
    /// Those of a conflict end with one at `/beside`, the field that would avoid it.
    pub fn problems(&self, place: &str) -> Vec<Problem> {
        match self {
            Refusal::Invalid(problems) => problems.as_slice().to_vec(),
            Refusal::Conflict { run, differences } => {
                let beside = format!("true for a run beside {run}, unless that is stopped first");
                let way_out = Problem::new("/beside", "false", &beside);
                different(differences, &format!("the live run {run}")).chain([way_out]).collect()
            }
            Refusal::KeyTaken { key, run, differences } => {
                let found = format!("{:?}", key.as_str());
                let expected = format!("a new key: this one made {run}");
                let way_out = Problem::new("/idempotency_key", found, &expected);
                different(differences, &format!("run {run}")).chain([way_out]).collect()
            }
            Refusal::Unknown(text) => told(place, text, "a simulation or run that is there"),
            Refusal::WrongState(text) => told(place, text, "a run in another state"),
            Refusal::Unavailable(text) | Refusal::Late(text) | Refusal::Failed(text) => {
                told(place, text, "an answer; ask again")
            }
        }
    }
}

fn different(differences: &[Difference], run: &str) -> impl Iterator<Item = Problem> {
    differences.iter().map(move |Difference { option, has, wanted }| {
        let expected = format!("{has}, as {run} has");
        Problem::new(format!("/options/{option}"), wanted, &expected)
    })
}

/// One problem with our own words in full, which may name a subject that is wanted whole.
fn told(place: &str, text: &str, expected: &str) -> Vec<Problem> {
    let (place, expected) = (place.to_owned(), expected.to_owned());
    vec![Problem { place, found: shorten(text, 1000), expected }]
}

fn list(differences: &[Difference]) -> String {
    let each = |Difference { option, has, wanted }: &Difference| {
        format!("another {option} (its own is {has}, yours {wanted})")
    };
    differences.iter().map(each).collect::<Vec<_>>().join(", ")
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Refusal {
        Refusal::Unavailable(format!("cannot read from the bus: {error}"))
    }
}

impl From<PartsError> for Refusal {
    fn from(error: PartsError) -> Refusal {
        match error {
            PartsError::Read(error) => error.into(),
            PartsError::Damaged(why) => Refusal::Failed(why),
        }
    }
}

impl From<AppendError> for Refusal {
    fn from(error: AppendError) -> Refusal {
        Refusal::Unavailable(format!("cannot write to the bus: {error}"))
    }
}

impl From<AskError> for Refusal {
    fn from(error: AskError) -> Refusal {
        match error {
            AskError::Deaf(_) | AskError::NotStored(_) => Refusal::Unavailable(error.to_string()),
            AskError::Late { .. } => Refusal::Late(error.to_string()),
            AskError::Unreadable(_) => Refusal::Failed(error.to_string()),
            AskError::Used(..) => Refusal::WrongState(error.to_string()),
        }
    }
}

impl From<ReplyError> for Refusal {
    fn from(error: ReplyError) -> Refusal {
        match error.code {
            ErrorCode::UnknownRun | ErrorCode::UnknownAgent | ErrorCode::UnknownPlatform => {
                Refusal::Unknown(error.message)
            }
            ErrorCode::WrongState | ErrorCode::MemoryLags | ErrorCode::Cancelled => {
                Refusal::WrongState(error.message)
            }
            ErrorCode::Invalid => {
                let expected = "arguments that fit this run";
                Refusal::Invalid(Problem::new("/args", error.message, expected).into())
            }
            ErrorCode::NoCapacity => Refusal::Unavailable(error.message),
            ErrorCode::Expired => Refusal::Late(error.message),
            ErrorCode::Malformed | ErrorCode::Internal => Refusal::Failed(error.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conflict_names_what_differs() {
        let refusal = Refusal::Conflict {
            run: "market-3".parse().unwrap(),
            differences: vec![Difference {
                option: "seed",
                has: "7".to_owned(),
                wanted: "not set".to_owned(),
            }],
        };
        assert_eq!(
            refusal.to_string(),
            "run market-3 is live with another seed (its own is 7, yours not set); stop it, or \
             ask with beside for another one at the same time"
        );
        let problems = refusal.problems("subject");
        assert_eq!(
            problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [
                "/options/seed: found not set, expected 7, as the live run market-3 has",
                "/beside: found false, expected true for a run beside market-3, unless that is \
                 stopped first",
            ]
        );
    }
}
