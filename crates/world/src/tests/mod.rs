//! Properties of whole worlds. What belongs to one module is tested there.

mod activity;
pub(crate) mod behaviour;
mod door;
mod fields;
pub(crate) mod fixture;
mod golden;
mod order;
mod purity;
mod questions;
mod snapshots;
