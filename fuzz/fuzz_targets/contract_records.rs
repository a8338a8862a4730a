//! What services write and others read back: journals, states, replies, notices, answers of a
//! memory. Each parser reads each input.

#![no_main]

use contract::journal::Entry;
use contract::memory::{
    EdgesAnswer, EpisodesAnswer, FindAnswer, GraphAnswer, NodeAnswer, NodesAnswer, SearchAnswer,
    StatisticsAnswer, StatsAnswer, TargetsAnswer, TimelineAnswer, read_answer,
};
use contract::notice::{DeadLetter, LiveAction, LiveOmitted, LogLine, NodeInfo, StartAnswer};
use contract::reply::Reply;
use contract::status::EnvStatus;
use libfuzzer_sys::fuzz_target;
use shoal_fuzz::survives_serde;

fuzz_target!(|bytes: &[u8]| {
    survives_serde::<Entry>(bytes);
    survives_serde::<EnvStatus>(bytes);
    survives_serde::<Reply>(bytes);
    survives_serde::<DeadLetter>(bytes);
    survives_serde::<LiveAction>(bytes);
    survives_serde::<LiveOmitted>(bytes);
    survives_serde::<LogLine>(bytes);
    survives_serde::<NodeInfo>(bytes);
    survives_serde::<StartAnswer>(bytes);
    // What is no answer is read as a failure to give one; either may be, a panic may not.
    let _ = read_answer::<SearchAnswer>(bytes);
    let _ = read_answer::<EpisodesAnswer>(bytes);
    let _ = read_answer::<StatsAnswer>(bytes);
    let _ = read_answer::<TargetsAnswer>(bytes);
    let _ = read_answer::<GraphAnswer>(bytes);
    let _ = read_answer::<FindAnswer>(bytes);
    let _ = read_answer::<NodesAnswer>(bytes);
    let _ = read_answer::<EdgesAnswer>(bytes);
    let _ = read_answer::<NodeAnswer>(bytes);
    let _ = read_answer::<StatisticsAnswer>(bytes);
    let _ = read_answer::<TimelineAnswer>(bytes);
});
