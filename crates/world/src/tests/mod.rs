//! Properties of whole worlds. What belongs to one module is tested there.

pub(crate) mod actions;
mod activity;
mod agreement;
pub(crate) mod behaviour;
mod cases;
mod digests;
mod door;
mod fields;
pub(crate) mod fixture;
mod forgeries;
mod golden;
mod inputs;
mod least;
mod memory;
mod order;
mod pair;
mod property;
mod purity;
mod questions;
mod reference;
mod snapshots;
