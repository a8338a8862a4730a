//! Properties of whole worlds. What belongs to one module is tested there.

mod activity;
mod agreement;
mod behaviour;
mod cases;
mod door;
pub(crate) mod fixture;
mod golden;
mod order;
mod purity;
mod questions;
mod reference;
mod snapshots;
