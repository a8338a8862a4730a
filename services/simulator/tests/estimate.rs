//! What is estimated of a run, held to what worlds do: see [`contract::estimate`].
#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::fs;
use std::path::{Path, PathBuf};

use contract::estimate::Estimate;
use contract::frame::Marker;
use contract::journal::{Entry, Genesis, Record, Tick};
use contract::llm::{DECISION_SECONDS, LlmOptions, ROUND_SECONDS};
use contract::options::RunOptions;
use contract::spec::Spec;
use simulator::past::Replay;
use simulator::protocol::journal::Closed;

/// Runs of each simulation. Their sums vary by some percent of one run over the root of this.
const RUNS: u64 = 200;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn spec(name: &str) -> Spec {
    Spec::from_bytes(&fs::read(golden(name).join("spec.json")).unwrap()).unwrap()
}

/// The genesis of a recorded run, with all rounds and another seed.
fn genesis(name: &str, seed: u64) -> Genesis {
    let journal = fs::read_to_string(golden(name).join("twitter.journal.jsonl")).unwrap();
    let first: Entry = serde_json::from_str(journal.lines().next().unwrap()).unwrap();
    let Record::Genesis(genesis) = first.record else { panic!("{first:?}") };
    let rounds = spec(name).time.rounds();
    Genesis { options: RunOptions { seed, rounds, ..genesis.options.clone() }, ..*genesis }
}

/// How many agents were active in all rounds of the Twitter world.
fn active(spec: &Spec, genesis: Genesis) -> u64 {
    let (rounds, at) = (genesis.options.rounds, genesis.created_at);
    let mut replay = Replay::new(spec, genesis).unwrap();
    let mut sum = 0;
    for tick in 0..=rounds {
        let (commands, heard, undecided) = (vec![], vec![], vec![]);
        let record = Tick { tick, epoch: 1, at, commands, commands_through: 0, heard, undecided };
        for marker in &replay.play(&Closed::alone(record)).unwrap().markers {
            if let Marker::RoundEnd { active_agents, .. } = marker {
                sum += u64::from(*active_agents);
            }
        }
    }
    sum
}

/// Within two parts of a hundred of the mean of many runs: what is left is their own chance.
#[test]
fn as_many_agents_decide_as_was_estimated() {
    for name in ["night-market", "tea-house"] {
        let spec = spec(name);
        let played: u64 = (1..=RUNS).map(|seed| active(&spec, genesis(name, seed))).sum();
        let llm = LlmOptions {
            rules: vec!["twitter=main".parse().unwrap()],
            decision_seconds: DECISION_SECONDS,
            round_seconds: ROUND_SECONDS,
        };
        let options = RunOptions { llm: Some(llm), ..genesis(name, 1).options };
        let estimated: u64 = Estimate::of(&spec, &options).in_all().values().sum();
        let (played, estimated) = (played * 1_000_000, estimated * RUNS);
        assert!(played > 0, "{name}: nobody was active");
        let tolerance = played / 50;
        assert!(
            played.abs_diff(estimated) <= tolerance,
            "{name}: {played} millionths of a decision in {RUNS} runs, estimated {estimated}"
        );
    }
}
