//! The worked example of the digest, and the checker that any machine with Python can run.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use contract::frame::{Assembler, Frame};
use contract::id::Digest;
use contract::subject::Platform;

use crate::samples::worlds;
use crate::{assert_committed, in_schemas};

/// The frames as the checker reads them: one message per line.
fn lines() -> Vec<String> {
    worlds::messages().into_iter().map(|message| String::from_utf8(message).unwrap()).collect()
}

fn python() -> OsString {
    env::var_os("SHOAL_PYTHON").unwrap_or_else(|| "python3".into())
}

/// What `check.py` says to these lines.
fn check(lines: &[String]) -> Output {
    let mut checker = Command::new(python())
        .arg(in_schemas("digest/check.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{:?}: {error}; set SHOAL_PYTHON", python()));
    // A checker that has seen enough may hang up; what it said is what counts.
    let _ = checker.stdin.take().unwrap().write_all((lines.join("\n") + "\n").as_bytes());
    checker.wait_with_output().unwrap()
}

fn assert_refused(lines: &[String], reason: &str) {
    let output = check(lines);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{reason}: {said}");
    assert_eq!(said.trim_end(), format!("night-market-1.twitter {reason}"));
}

#[test]
fn the_committed_frames_are_what_the_code_writes() {
    assert_committed("digest/frames.jsonl", &(lines().join("\n") + "\n"));
    let mut assembler = Assembler::default();
    let mut parts_of_ticks = vec![0; 3];
    for line in lines() {
        let part: Frame = serde_json::from_str(&line).unwrap();
        parts_of_ticks[part.tick as usize] += 1;
        assembler.push(part).unwrap();
    }
    assert_eq!(parts_of_ticks, [1, 2, 1]);
}

#[test]
fn the_checker_agrees() {
    let output = check(&lines());
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let last = worlds::story().pop().unwrap();
    assert_eq!(said.trim_end(), format!("night-market-1.twitter tick 2 {}", last.digest));
}

#[test]
fn the_checker_follows_several_worlds_at_once() {
    let mut last = Digest::ZERO;
    let reddit = worlds::story().into_iter().map(|frame| {
        let mut frame = Frame { platform: Platform::Reddit, previous_digest: last, ..frame };
        frame.digest = frame.compute_digest();
        last = frame.digest;
        serde_json::to_string(&frame).unwrap()
    });
    let mixed: Vec<String> = lines().into_iter().zip(reddit).flat_map(|(a, b)| [a, b]).collect();
    let rest = lines().split_off(mixed.len() / 2);
    let output = check(&[mixed, rest].concat());
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.lines().count(), 2, "{said}");
    assert!(said.contains(&format!("night-market-1.reddit tick 2 {last}")), "{said}");
}

#[test]
fn the_checker_reads_files() {
    let file = in_schemas("digest/frames.jsonl");
    let output = Command::new(python()).arg(in_schemas("digest/check.py")).arg(file).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_checker_notices_a_changed_word() {
    let mut changed = lines();
    changed[1] = changed[1].replace("Which pier?", "What pier?");
    let story = worlds::story();
    let output = check(&changed);
    let said = String::from_utf8_lossy(&output.stderr);
    let expected = format!("night-market-1.twitter tick 1: digest is {}, ", story[1].digest);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.starts_with(&expected), "{said}");
}

#[test]
fn the_checker_notices_a_missing_part() {
    let mut missing = lines();
    missing.remove(1);
    assert_refused(&missing, "tick 1: part is 2, expected 1");
}

#[test]
fn the_checker_notices_a_missing_tick() {
    let mut missing = lines();
    missing.drain(1..3);
    assert_refused(&missing, "tick 2: tick is 2, expected 1");
}

#[test]
fn the_checker_notices_an_end_in_the_middle_of_a_frame() {
    let mut cut = lines();
    cut.truncate(2);
    assert_refused(&cut, "tick 1: parts are missing at the end");
}

#[test]
fn the_checker_notices_a_gap_in_the_seqs() {
    let mut frame = worlds::story().remove(0);
    frame.actions[1].seq = 3;
    frame.digest = frame.compute_digest();
    let line = serde_json::to_string(&frame).unwrap();
    assert_refused(&[line], "tick 0: seq is 3, expected 2");
}

/// The README works the digest of the last tick out by hand.
#[test]
fn the_readme_has_the_right_digest() {
    let readme = fs::read_to_string(in_schemas("README.md")).unwrap();
    let last = worlds::story().pop().unwrap();
    let line = lines().pop().unwrap();
    let (_, tail) = line.split_once("\"markers\":").unwrap();
    let content = format!(
        "{{\"platform\":\"twitter\",\"tick\":2,\"round\":2,\"simulated_time\":\"{}\",\
         \"first_seq\":{},\"markers\":{tail}",
        last.simulated_time, last.first_seq
    );
    assert!(readme.contains(&content), "schemas/README.md lacks {content}");
    for digest in [last.previous_digest, last.digest] {
        assert!(readme.contains(&digest.to_string()), "schemas/README.md lacks {digest}");
    }
}
