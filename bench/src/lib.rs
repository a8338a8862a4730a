//! What the benches share; the world's own needs none of it.

#[cfg(feature = "simulator")]
pub mod stage;
