#![no_std]
//! The pure simulator: `world(t), inputs(t) -> world(t+1), outputs(t)`.
//!
//! A [`World`] is one social platform and everybody on it. It is made from a [`Setup`], and from
//! then on each tick is two calls:
//!
//! - [`World::decide`] asks agents what they want. It reads only, so any number of threads may
//!   ask for ranges of the active agents; [`Decisions::join`] puts the answers together.
//! - [`World::step`] applies all of them, in an order that is drawn anew for each tick, and gives
//!   what happened as [`Outputs`].
//!
//! Everybody decides on the world as it was at the end of the tick before: a reaction takes at
//! least one round, and of two who want what only one can have, the later one fails. Tick 0 plays
//! the seed posts and nobody acts; tick `n` is round `n`.
//!
//! ```
//! # use world::*;
//! # fn small_town() -> Setup {
//! #     let agent = Agent {
//! #         name: "Maya".into(), user_name: "maya".into(), bio: "Rides the night bus.".into(),
//! #         persona: String::new(), kind: "Student".into(), interests: vec![], follows: vec![],
//! #         past_posts: vec![], policy: Policy::Builtin,
//! #         traits: Traits {
//! #             activity_ppm: 1_000_000, active_hours: HourSet::ALL,
//! #             posts_per_hour_ppm: 1_000_000, comments_per_hour_ppm: 1_000_000,
//! #             sentiment_ppm: 0, stance: Stance::Opposing, influence_ppm: 1_000_000,
//! #             response_delay_min: 0, response_delay_max: 0,
//! #         },
//! #     };
//! #     Setup {
//! #         platform: Platform::Reddit, seed: 7,
//! #         clock: Clock { start_minute: 0, minutes_per_round: 60, planned_rounds: 24 },
//! #         activity: Activity {
//! #             agents_per_hour_min: 1, agents_per_hour_max: 1, peak_hours: HourSet::NONE,
//! #             peak_ppm: 1_000_000, off_peak_hours: HourSet::NONE, off_peak_ppm: 1_000_000,
//! #             morning_hours: HourSet::NONE, morning_ppm: 1_000_000,
//! #             work_hours: HourSet::NONE, work_ppm: 1_000_000,
//! #         },
//! #         agents: vec![agent],
//! #         seed_posts: vec![SeedPost { agent: 0, content: "Who needs a night bus?".into() }],
//! #         scheduled: vec![], topics: vec!["night bus".into()], narrative: String::new(),
//! #         self_rating: true,
//! #         feed: Feed {
//! #             recency_ppm: 400_000, popularity_ppm: 300_000, relevance_ppm: 300_000,
//! #             viral_threshold: 10, echo_chamber_ppm: 500_000,
//! #         },
//! #     }
//! # }
//! let mut world = World::new(small_town()).expect("a valid setup");
//! for tick in 0..3 {
//!     let decisions = world.decide(0..world.active());
//!     let outputs = world.step(Inputs::quiet(tick, 0), decisions).expect("in order");
//!     for action in outputs.actions {
//!         let agent = world.user(action.agent).expect("it acted").agent;
//!         assert_eq!(agent.name, "Maya");
//!     }
//! }
//! assert_eq!(world.counts().posts, 3);
//! ```
//!
//! # What is not here
//!
//! - No clock, file, network, environment or thread: the crate is `no_std`.
//! - No float, no hash map, no unstable sort, no `usize` in the state, no Unicode table of the
//!   compiler: the same commit gives the same bytes on every machine. Big-endian is refused.
//! - No random number generator: a value is a function of seed, platform, round, agent, purpose
//!   and draw, so neither threads nor the order of evaluation can change it.
//! - No dependency.
//! - No second writer: only `cleanup` changes tables, and it runs in no question.
//! - No scan of history in a tick: what a decision costs does not grow with the run, beyond
//!   binary searches.
//!
//! Tests hold the crate to each of these. Behaviour has a number, [`RULES`]; golden digests tie
//! the two together.
//!
//! # Modules, in reading order
//!
//! | module | |
//! |---|---|
//! | `setup`, `check` | what a world is made from, and what is refused at the door |
//! | `act`, `queue` | what agents do; what enters and leaves a tick |
//! | `world` | the two calls |
//! | `activation` | who acts in a round, in which order |
//! | `feed`, `pool`, `ranking`, `reading` | what an agent sees; the posts of the hour; searches |
//! | `policy` | the `builtin` policy: what it does and what it says |
//! | `cleanup` | applies acts to the tables, or says why not |
//! | `tables` | the state, and what follows from it |
//! | `view`, `interview` | questions and their answers |
//! | `snapshot`, `bytes` | the state as bytes |
//! | `random`, `score`, `words` | chance, logarithms, what a text is about |

extern crate alloc;
#[cfg(test)]
extern crate std;

#[cfg(target_endian = "big")]
compile_error!("snapshots are the tables as little-endian bytes: build for such a target");

mod act;
mod activation;
mod bytes;
mod check;
mod cleanup;
mod feed;
mod interview;
mod policy;
mod pool;
mod queue;
mod random;
mod ranking;
mod reading;
mod score;
mod setup;
mod snapshot;
mod tables;
#[cfg(test)]
mod tests;
mod view;
mod words;
mod world;

pub use act::{Act, Action, Decision, Decisions, Effect, Failure, TEXT_MAX};
pub use check::SetupError;
pub use queue::{Change, Event, Inputs, Outputs, StepError};
pub use setup::{
    Activity, Agent, Clock, Feed, HourSet, Platform, Policy, ScheduledPost, SeedPost, Setup,
    Stance, Traits,
};
pub use snapshot::SnapshotError;
#[doc(hidden)]
pub use snapshot::seal;
pub use view::{
    CommentView, Counts, Deed, Done, InterviewContext, Memory, Observation, PostView, SeenPost,
    UserView,
};
pub use world::World;

/// The version of the rules: which world follows from a setup and its inputs. A run names the
/// rules it was made under, and only a world with the same number can play it again.
pub const RULES: u32 = 2;
