//! Simulation folders where there is none yet: a configuration for profiles that have none, and
//! whole populations out of a number and a seed.
//!
//! - [`initial`]: `simulation_config.json` beside profiles that somebody has, by plain rules
//!   that are written down there;
//! - [`synthetic`]: all files of a folder for one to a million agents, one agent at a time.
//!
//! Equal input gives equal bytes on every machine: chance is a function of a seed and of what it
//! is for, and all arithmetic is that of integers. What is written is what `intake` reads.

mod character;
mod config;
mod files;
pub mod initial;
mod random;
pub mod synthetic;
