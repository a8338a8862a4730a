//! What is asked in requests: to start a run, and of a memory. Each parser reads each input.

#![no_main]

use contract::memory::{
    Edges, Episodes, Find, Graph, Node, Nodes, Search, Statistics, Stats, Targets, Timeline,
};
use contract::notice::StartRequest;
use libfuzzer_sys::fuzz_target;
use shoal_fuzz::{refusal_makes_sense, survives};

fuzz_target!(|bytes: &[u8]| {
    refusal_makes_sense(&StartRequest::from_json(bytes));
    refusal_makes_sense(&Search::parse(bytes));
    refusal_makes_sense(&Episodes::parse(bytes));
    refusal_makes_sense(&Stats::parse(bytes));
    refusal_makes_sense(&Targets::parse(bytes));
    refusal_makes_sense(&Graph::parse(bytes));
    refusal_makes_sense(&Find::parse(bytes));
    refusal_makes_sense(&Nodes::parse(bytes));
    refusal_makes_sense(&Edges::parse(bytes));
    refusal_makes_sense(&Node::parse(bytes));
    refusal_makes_sense(&Statistics::parse(bytes));
    refusal_makes_sense(&Timeline::parse(bytes));
    survives(bytes, StartRequest::from_json);
    survives(bytes, Search::parse);
    survives(bytes, Episodes::parse);
    survives(bytes, Stats::parse);
    survives(bytes, Targets::parse);
    survives(bytes, Graph::parse);
    survives(bytes, Find::parse);
    survives(bytes, Nodes::parse);
    survives(bytes, Edges::parse);
    survives(bytes, Node::parse);
    survives(bytes, Statistics::parse);
    survives(bytes, Timeline::parse);
});
