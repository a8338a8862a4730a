//! The words that Shoal's services say to each other: ids, subjects and messages.
//!
//! Everything here is a value. Nothing reads a clock, opens a socket or waits; whoever has
//! bytes from the bus parses them here, and whoever has a value gets bytes back. The same
//! words, readable without Rust, are in `schemas/`; a test of this crate holds the two
//! together, example by example.
//!
//! In reading order:
//!
//! - [`id`]: names that cannot be malformed, and so are safe as subject tokens;
//! - [`subject`]: where each message lives;
//! - [`spec`] and [`options`]: what is to be run, and how; [`source`]: what it listens to;
//!   [`manner`]: whether another run will do; [`simulation`]: what came in from outside to be run;
//! - [`action`] and [`frame`]: what a world did in a tick, and the digest that chains it;
//!   [`chain`]: how frames follow on each other;
//! - [`journal`]: what entered a world; [`decision`]: what agents decided outside of it;
//! - [`llm`]: who asks a language model, and what that may cost; [`estimate`]: how often it will;
//!   [`cost`]: what it did cost;
//! - [`command`] and [`reply`]: what is asked of a run, and the one answer; [`interviews`]: one that
//!   many agents gave;
//! - [`status`]: the latest state of a run; [`freshness`]: what a reader makes of an old one;
//! - [`notice`]: log lines, live actions, dead letters; [`place`]: where a reader of events is;
//! - [`memory`]: what a memory keeps, and what it is asked;
//! - [`problem`] and [`door`]: how input that is wrong is described, all of it at once.
//!
//! Two promises hold for every message: it carries `v`, and the same value always makes the
//! same bytes (structs with declared field order, integers, no maps with an order of their own).

pub mod action;
pub mod chain;
pub mod command;
pub mod cost;
pub mod decision;
pub mod door;
pub mod estimate;
pub mod frame;
pub mod freshness;
pub mod id;
pub mod interviews;
pub mod journal;
pub mod letters;
pub mod llm;
pub mod manner;
pub mod memory;
pub mod notice;
pub mod options;
pub mod past;
pub mod place;
pub mod problem;
pub mod reply;
pub mod simulation;
pub mod source;
pub mod spec;
pub mod status;
pub mod subject;
pub mod timestamp;
pub mod version;

/// The largest integer that every JSON reader keeps exact: 2^53 - 1.
pub const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// The most bytes of actions in one message of a frame on a server with the default `max_payload`
/// of 1 MiB, with room for what stands around the actions; a run's genesis says what it is there.
///
/// Several messages are an atomic batch, for which a server with one replica opens a file store of
/// its own: that costs as much as ten to a hundred messages, whatever the size of the batch.
pub const DEFAULT_PART_SIZE: u32 = 768 * 1024;
