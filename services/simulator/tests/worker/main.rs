//! A worker as it is: its process, or its desk, on a nats-server of its own.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod desk;
mod payload;
mod snapshots;
mod stage;
