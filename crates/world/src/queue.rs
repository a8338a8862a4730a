//! The two queues of a tick: what enters a world, and what leaves it.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use crate::act::Action;

/// What enters a world in one tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inputs {
    /// The tick that is to be stepped; must be [`World::tick`](crate::World::tick).
    pub tick: u32,
    /// When the tick was issued, in milliseconds since 1970 (UTC). Copied to the outputs, used
    /// in no rule.
    pub wall_clock_ms: i64,
}

/// What leaves a world in one tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outputs {
    /// The tick that was stepped.
    pub tick: u32,
    /// The round that the tick played: 0 for the seed posts.
    pub round: u32,
    /// Simulated minutes from the start of day 0 to the start of the round.
    pub minute: u64,
    /// As given in [`Inputs`].
    pub wall_clock_ms: i64,
    /// How many agents were chosen to act.
    pub active_agents: u32,
    /// Everything that was tried, in the order in which it was applied.
    pub actions: Vec<Action>,
}

/// Why a tick could not be stepped. The world is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepError {
    /// The inputs are meant for another tick.
    WrongTick {
        /// The tick that the inputs name.
        found: u32,
        /// The tick that is next.
        expected: u32,
    },
    /// The decisions are meant for another tick.
    WrongDecisions {
        /// The tick that they were made for.
        found: u32,
        /// The tick that is next.
        expected: u32,
    },
    /// The decisions do not cover all positions of the active list.
    Incomplete {
        /// The positions that they cover.
        found: Range<u32>,
        /// The number of active agents.
        expected: u32,
    },
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StepError::WrongTick { found, expected } => {
                write!(f, "inputs are for tick {found}, the world is at tick {expected}")
            }
            StepError::WrongDecisions { found, expected } => {
                write!(f, "decisions are for tick {found}, the world is at tick {expected}")
            }
            StepError::Incomplete { found, expected } => write!(
                f,
                "decisions cover positions {}..{} of the active agents, expected 0..{expected}",
                found.start, found.end
            ),
        }
    }
}

impl core::error::Error for StepError {}
