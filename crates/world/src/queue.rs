//! The two queues of a tick: what enters a world, and what leaves it.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use crate::act::{Action, Decision};
use crate::check::SetupError;
use crate::setup::{Activity, Feed, Traits};

/// What enters a world in one tick. What an agent of the `builtin` policy decides does not: it
/// follows from the world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// The tick that is to be stepped; must be [`World::tick`](crate::World::tick).
    pub tick: u32,
    /// When the tick was issued, in milliseconds since 1970 (UTC). Copied to the outputs, used
    /// in no rule.
    pub wall_clock_ms: i64,
    /// Posts that somebody puts into agents' mouths, before the agents' own decisions.
    pub events: Vec<Event>,
    /// What was decided outside, by whichever agents, active or not.
    pub decisions: Vec<Decision>,
    /// Changes of the configuration, in effect from the next tick on.
    pub changes: Vec<Change>,
}

impl Inputs {
    /// A tick into which nothing enters but its number and the time.
    pub fn quiet(tick: u32, wall_clock_ms: i64) -> Inputs {
        Inputs { tick, wall_clock_ms, ..Inputs::default() }
    }
}

/// A post from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its author.
    pub agent: u32,
    /// Its text.
    pub content: String,
}

/// A change of the configuration. Each replaces what was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// How many agents act, and when.
    Activity(Activity),
    /// How feeds weigh what they may show.
    Feed(Feed),
    /// What people talk about.
    Topics(Vec<String>),
    /// Where the story goes.
    Narrative(String),
    /// What all chance follows from.
    Seed(u64),
    /// How one agent behaves.
    Traits {
        /// Who.
        agent: u32,
        /// How from now on.
        traits: Traits,
    },
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
    /// The active agents of the next tick whose decisions come from outside, in order. What
    /// each of them sees: [`World::observe`](crate::World::observe).
    pub wanted: Vec<u32>,
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
    /// The decisions were made in another world: its active agents are not those of this one.
    OtherAgents,
    /// Every tick that has a number is over.
    NoMoreTicks,
    /// The inputs speak of what is not there; all of it.
    Invalid(Vec<SetupError>),
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
            StepError::OtherAgents => {
                f.write_str("decisions are of other agents than those that are active")
            }
            StepError::NoMoreTicks => write!(f, "tick {} is never stepped", u32::MAX),
            StepError::Invalid(problems) => {
                f.write_str("inputs are not valid: ")?;
                for (place, problem) in problems.iter().enumerate() {
                    write!(f, "{}{problem}", if place == 0 { "" } else { "; " })?;
                }
                Ok(())
            }
        }
    }
}

impl core::error::Error for StepError {}
