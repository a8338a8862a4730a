//! What is asked in requests: to start a run, and of a memory. Each parser reads each input.

#![no_main]

use contract::memory::{Episodes, Search, Stats, Targets};
use contract::notice::StartRequest;
use libfuzzer_sys::fuzz_target;
use shoal_fuzz::{refusal_makes_sense, survives};

fuzz_target!(|bytes: &[u8]| {
    refusal_makes_sense(&StartRequest::from_json(bytes));
    refusal_makes_sense(&Search::parse(bytes));
    refusal_makes_sense(&Episodes::parse(bytes));
    refusal_makes_sense(&Stats::parse(bytes));
    refusal_makes_sense(&Targets::parse(bytes));
    survives(bytes, StartRequest::from_json);
    survives(bytes, Search::parse);
    survives(bytes, Episodes::parse);
    survives(bytes, Stats::parse);
    survives(bytes, Targets::parse);
});
