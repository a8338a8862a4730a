//! Simulation folders, good and bad: whole specs out of them, or the full text of every problem.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod broken;
mod changes;
mod fixture;
mod folder;
mod hostile;
mod notes;
mod oasis;
mod problems;
mod quirks;
mod samples;
mod town;
mod valid;
