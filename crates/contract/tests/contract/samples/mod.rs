//! One value of every message, variant and optional field.
//!
//! Where a type has variants, the samples follow a `match` from each to the next: a new
//! variant stops compiling until it has its place, and so its sample, schema and example.

pub(crate) mod actions;
mod commands;
mod decisions;
mod interviews;
mod letters;
mod memory;
mod notices;
mod runs;
mod specs;
pub(crate) mod worlds;

use std::iter;

use contract::id::{Digest, RunId};
use contract::manner::Labels;
use contract::options::{MemoryTarget, RequestedOptions, RunOptions};
use contract::problem::Problem;
use contract::source::Source;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use serde::Serialize;

use crate::messages::pretty;

/// A value of one message, as its example is written.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// See [`crate::messages::Message::name`].
    pub(crate) message: &'static str,
    /// The file is `schemas/examples/<message>/valid/<name>.json`.
    pub(crate) name: String,
    pub(crate) json: String,
}

/// All samples of all messages.
pub(crate) fn all() -> Vec<Sample> {
    [
        actions::samples(),
        worlds::samples(),
        commands::samples(),
        runs::samples(),
        specs::samples(),
        notices::samples(),
        memory::samples(),
    ]
    .concat()
}

fn sample<T: Serialize>(message: &'static str, name: impl Into<String>, value: &T) -> Sample {
    Sample { message, name: name.into(), json: pretty(value) }
}

/// The values that `next` leads to, beginning with what it makes of nothing.
fn each<T>(next: impl Fn(Option<&T>) -> Option<T>) -> Vec<T> {
    iter::successors(next(None), |value| next(Some(value))).collect()
}

/// The word that a value without fields is on the wire.
fn word<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap().trim_matches('"').to_owned()
}

fn run() -> RunId {
    "night-market-1".parse().unwrap()
}

/// So many seconds after ten o'clock.
fn at(seconds: i64) -> Timestamp {
    let ten: Timestamp = "2026-03-01T10:00:00Z".parse().unwrap();
    Timestamp::from_milliseconds(ten.milliseconds() + seconds * 1000 + 250)
}

fn spec_digest() -> Digest {
    Digest::of(&[b"the bytes of a spec"])
}

fn no_requested_options() -> RequestedOptions {
    RequestedOptions {
        platforms: None,
        max_rounds: None,
        seed: None,
        pace_milli: None,
        memory: None,
        sources: None,
        time_limit_seconds: None,
        budget: None,
        llm: None,
    }
}

/// The samples with a time limit are those of a run with labels.
fn all_requested_options() -> RequestedOptions {
    RequestedOptions {
        platforms: Some(vec![Platform::Twitter]),
        max_rounds: Some(2),
        seed: Some(7),
        pace_milli: Some(500),
        memory: Some(vec!["local".to_owned()]),
        sources: Some(sources()),
        time_limit_seconds: None,
        budget: None,
        llm: None,
    }
}

/// The samples with language models ask for nothing else.
fn thinking() -> RequestedOptions {
    let (llm, budget) = (Some(decisions::llm()), Some(decisions::budget()));
    RequestedOptions { llm, budget, ..no_requested_options() }
}

fn labels() -> Labels {
    let mut labels = Labels::default();
    labels.insert("study", "Brücke, second wave").unwrap();
    labels.insert("arm", "b").unwrap();
    labels
}

fn options() -> RunOptions {
    let (platforms, sources) = (vec![Platform::Twitter], vec![]);
    RunOptions { platforms, rounds: 2, seed: 7, pace_milli: 500, sources, budget: None, llm: None }
}

/// The other world of a run, and a world of another run.
fn sources() -> Vec<Source> {
    let (reddit, into) = (Platform::Reddit, Platform::Twitter);
    let other = "night-market-7".parse().ok();
    vec![
        Source { run: None, platform: reddit, into, speaker: None, most: 32 },
        Source { run: other, platform: reddit, into, speaker: Some(4), most: 5 },
    ]
}

fn memory_targets() -> Vec<MemoryTarget> {
    vec![MemoryTarget { target: "local".to_owned(), graph_id: "night-market".to_owned() }]
}

fn problem() -> Problem {
    Problem::new("/options/max_rounds", "0", "a whole number from 1 to 4294967295")
}
