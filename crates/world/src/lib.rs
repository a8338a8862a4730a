#![no_std]
//! The pure simulator.
extern crate alloc;
#[cfg(test)]
extern crate std;

#[cfg(target_endian = "big")]
compile_error!("snapshots are little-endian bytes: a big-endian target is not supported");

/// The version of the rules.
pub const RULES: u32 = 1;

mod act;
mod activation;
mod bytes;
mod check;
mod cleanup;
mod feed;
mod interview;
mod policy;
mod queue;
mod random;
mod ranking;
mod score;
mod setup;
mod snapshot;
mod tables;
mod view;
mod words;
mod world;

pub use act::{Act, Action, Decision, Decisions, Effect, Failure};
pub use check::SetupError;
pub use queue::{Inputs, Outputs, StepError};
pub use setup::{Activity, Agent, Clock, Feed, HourSet, Platform, SeedPost, Setup, Stance};
pub use snapshot::SnapshotError;
pub use view::{
    CommentView, Counts, Deed, InterviewContext, Memory, Observation, PostView, SeenPost, UserView,
};
pub use world::World;
