//! Runs of the past play again: what was recorded of them is what this build makes.
//!
//! `tests/golden/README.md` says what is recorded and how.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use contract::command::Verb;
use contract::id::Digest;
use contract::journal::{Entry, Record};
use contract::spec::Spec;
use simulator::past::Replay;
use simulator::protocol::journal::Journal;

const RECORD: &str = "record the golden runs again (`make golden`)";

/// One world of a recorded run.
struct Golden {
    /// For people: the run's folder and the platform.
    name: String,
    spec: Vec<u8>,
    /// The records, one a line.
    journal: Vec<Vec<u8>>,
    /// For each tick: the tick, its digest, and the SHA-256 of its frame's messages.
    digests: Vec<String>,
}

/// All that is recorded.
fn all() -> Vec<Golden> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut found = Vec::new();
    for folder in entries(&root).into_iter().filter(|path| path.is_dir()) {
        for journal in entries(&folder) {
            let name = journal.file_name().unwrap().to_str().unwrap();
            let Some(platform) = name.strip_suffix(".journal.jsonl") else { continue };
            let run = folder.file_name().unwrap().to_str().unwrap();
            let digests = fs::read_to_string(folder.join(format!("{platform}.digests")));
            let bytes = fs::read(&journal).unwrap();
            let lines = bytes.split_inclusive(|byte| *byte == b'\n');
            let journal = lines.map(|line| line.strip_suffix(b"\n").unwrap().to_vec()).collect();
            found.push(Golden {
                name: format!("{run}, {platform}"),
                spec: fs::read(folder.join("spec.json")).unwrap(),
                journal,
                digests: digests.unwrap().lines().map(str::to_owned).collect(),
            });
        }
    }
    assert!(found.len() >= 4, "two runs of two worlds are recorded");
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn assert_none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn recorded_runs_play_again() {
    assert_none(&all().iter().filter_map(|golden| play(golden).err()).collect::<Vec<_>>());
}

/// Plays a world again; fails at the first tick that is not what was recorded.
fn play(golden: &Golden) -> Result<(), String> {
    let Golden { name, .. } = golden;
    let spec = Spec::from_bytes(&golden.spec).map_err(|problems| format!("{name}: {problems}"))?;
    let mut journal = Journal::read((1..).zip(golden.journal.iter().map(Vec::as_slice)))
        .map_err(|damaged| format!("{name}: {damaged}"))?;
    let genesis = journal.genesis.take().ok_or(format!("{name}: no genesis"))?;
    let (recorded, rules, part_size) = (genesis.rules, world::RULES, genesis.part_size);
    if recorded != rules {
        return Err(format!(
            "{name}: recorded under rules {recorded}, these are {rules}: {RECORD}"
        ));
    }
    let ticks = journal.ticks.len();
    if ticks != golden.digests.len() || ticks < 10 {
        return Err(format!("{name}: {ticks} ticks, {} digests: {RECORD}", golden.digests.len()));
    }
    let mut replay =
        Replay::new(&spec, genesis).map_err(|ended| format!("{name}: {ended}: {RECORD}"))?;
    for (record, expected) in journal.ticks.iter().zip(&golden.digests) {
        let tick = record.record.tick;
        let frame = replay.play(record).map_err(|ended| {
            format!("{name}, tick {tick}: {ended}: raise world::RULES and {RECORD}")
        })?;
        let made = format!("{tick} {}", frame.digest);
        let Some(messages) = expected.strip_prefix(&made) else {
            return Err(format!(
                "{name}, tick {tick}: made {made}, recorded was {expected}: the rules have changed \
                 and their number has not, so that runs of before could not go on: raise \
                 world::RULES and {RECORD}"
            ));
        };
        let bodies = frame.to_messages(part_size);
        let parts: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
        if messages.trim_start() != Digest::of(&parts).to_string() {
            return Err(format!(
                "{name}, tick {tick}: the frame says the same in other bytes than were stored: \
                 what is stored of earlier runs does not verify any more. If that is meant, say so \
                 in the changelog and {RECORD}"
            ));
        }
    }
    Ok(())
}

#[test]
fn recorded_journals_and_specs_are_written_as_they_were() {
    let mut problems = Vec::new();
    for Golden { name, spec, journal, .. } in all() {
        let spec_read = Spec::from_bytes(&spec).unwrap();
        if [spec_read.to_bytes(), b"\n".to_vec()].concat() != spec {
            problems.push(format!("{name}: the spec is written otherwise, and has another digest"));
        }
        for (line, bytes) in (1..).zip(&journal) {
            let entry: Entry = serde_json::from_slice(bytes).unwrap();
            if entry.to_bytes() != *bytes {
                problems.push(format!("{name}, line {line}: the record is written otherwise"));
            }
            if let Record::Genesis(genesis) = entry.record {
                assert_eq!(genesis.spec_digest, spec_read.digest(), "{name}");
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn what_can_happen_to_a_run_is_in_a_recorded_one() {
    let (mut records, mut verbs) = (BTreeSet::new(), BTreeSet::new());
    for bytes in all().iter().flat_map(|golden| &golden.journal) {
        let value: serde_json::Value = serde_json::from_slice(bytes).unwrap();
        let record = &value["record"];
        records.insert(record["type"].as_str().unwrap().to_owned());
        if record["type"] == "claim" && record["epoch"] == 2 {
            records.insert("another claim".to_owned());
        }
        let taken = record["commands"].as_array().into_iter().flatten();
        for taken in taken.chain(record.get("command")) {
            verbs.extend(taken["command"]["verb"].as_str().map(str::to_owned));
        }
    }
    let expected = ["another claim", "claim", "end", "genesis", "go", "hold", "tick"];
    assert_eq!(records, expected.map(str::to_owned).into());
    let wanted =
        [Verb::Configure, Verb::Inject, Verb::Pause, Verb::Resume, Verb::Start, Verb::Stop];
    assert_eq!(verbs, wanted.map(|verb| verb.as_str().to_owned()).into());
}
