//! Properties of whole worlds. What belongs to one module is tested there.

pub(crate) mod actions;
mod activity;
mod behaviour;
mod digests;
mod door;
mod fields;
pub(crate) mod fixture;
mod forgeries;
mod golden;
mod inputs;
mod memory;
mod order;
mod purity;
mod questions;
mod snapshots;
