//! The protocol of a world's owner, without a bus: each refusal in a table, then whole lives of
//! several owners at once in a simulated world of faults, and the model of the bus held to a real
//! server.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod conformance;
mod desk;
mod faults;
mod lane;
mod lives;
mod logs;
mod network;
mod oracle;
mod random;
mod refusals;
mod seeds;
mod simulation;
mod stage;
mod went_back;
mod words;
mod world;
