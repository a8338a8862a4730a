//! How a world's owner keeps its two logs: pure. Events in, wishes out.
//!
//! - [`life`]: which record may follow which, and what a command does when;
//! - [`journal`]: what a journal says;
//! - [`loss`]: what its logs have lost;
//! - [`gather`]: what agents decide outside, as it comes;
//! - [`log`]: one append, from its first try to a verdict;
//! - [`owner`]: all of it together, from the claim to the end; [`carry`]: its commands.
//!
//! Nothing here reads a clock, waits, or speaks to anybody: time comes with each event, and how
//! long a pause is, is its driver's business. The driver is [`crate::worker::lane`].

pub mod carry;
pub mod gather;
pub mod journal;
pub mod life;
pub mod log;
pub mod loss;
pub mod owner;
pub mod sources;
mod words;

/// Workers that end one after the other without a tick that is due, until the run has failed of
/// it. A world counts the claims in its journal, whichever nodes they came from; a node counts
/// those that die before they claim.
pub const DEADLY: u32 = 3;

/// Says that so many have.
pub fn deaths(workers: u32) -> String {
    format!("{workers} workers in a row ended without a tick")
}

/// Why this worker may not write any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// Another worker has claimed the run.
    #[error("the run was claimed by another worker under epoch {0}")]
    Fenced(u32),
    /// What is stored contradicts itself, or has become less.
    #[error("damaged: {0}")]
    Damaged(String),
    /// The bus does not let us.
    #[error("the bus refuses to store it: {0}")]
    Denied(String),
    /// Another build must hold this run.
    #[error("the run has rules {found}, this build knows {}", crate::play::rules())]
    OtherRules {
        /// The run's.
        found: u32,
    },
    /// Somebody deleted the run.
    #[error("the run was deleted")]
    Deleted,
    /// A bug of ours.
    #[error("a task panicked: {0}")]
    Panicked(String),
}

/// Why a world cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// Its logs.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// Somebody else's record came in between: open the journal again and go on.
    #[error("the journal must be opened again")]
    Reopen,
    /// What its snapshot made does not fit what is stored. Without it that may be different.
    #[error("the snapshot is not to be trusted: {0}")]
    Distrusted(String),
    /// The same inputs made another output than before.
    #[error("diverged: {0}")]
    Diverged(String),
    /// The rules are wrong.
    #[error("the world panicked: {0}")]
    Panicked(String),
    /// The spec makes no world.
    #[error("{0}")]
    Unfit(String),
}
