//! Damaged files never panic: they become a spec that holds, or problems.

use contract::spec::Spec;
use intake::{CONFIG_FILE, Files, Limits, REDDIT_FILE, TWITTER_FILE, YAML_FILE, read_files};

use crate::fixture::files;
use crate::{oasis, samples, town};

const PLACES: [&str; 6] =
    [CONFIG_FILE, TWITTER_FILE, REDDIT_FILE, YAML_FILE, "simulation folder", "the rest"];

/// Reads `files`; whatever comes out has to make sense.
fn survive(files: &Files) {
    match read_files(files, &Limits::default()) {
        Ok(intake) => assert_eq!(Spec::from_bytes(&intake.spec.to_bytes()), Ok(intake.spec)),
        Err(problems) => {
            assert!(!problems.as_slice().is_empty());
            for problem in problems.as_slice() {
                // Never a place in the spec, which nobody wrote.
                let named = PLACES.iter().any(|place| problem.place.starts_with(place));
                assert!(named && !problem.found.is_empty(), "{problem:?}");
            }
        }
    }
}

/// `files` once more for every file in it, that one's bytes put through `damage`.
fn each_damaged(files: &Files, damage: impl Fn(&mut Vec<u8>)) {
    for which in 0..4 {
        let mut damaged = files.clone();
        let bytes = match which {
            0 => Some(&mut damaged.config).filter(|config| !config.is_empty()),
            1 => damaged.twitter_profiles.as_mut(),
            2 => damaged.yaml.as_mut(),
            _ => damaged.reddit_profiles.as_mut(),
        };
        if let Some(bytes) = bytes {
            damage(bytes);
            survive(&damaged);
        }
    }
}

fn by_hand() -> Files {
    Files { yaml: Some(town::BY_HAND.into()), ..Files::default() }
}

fn longest(files: &Files) -> usize {
    let profiles = [&files.yaml, &files.twitter_profiles, &files.reddit_profiles];
    profiles.into_iter().flatten().map(Vec::len).max().unwrap_or(0).max(files.config.len())
}

#[test]
fn a_file_may_end_anywhere() {
    for files in [files(), oasis::folder(4, Some(oasis::TWITTER), None), by_hand()] {
        for end in 0..longest(&files) {
            each_damaged(&files, |bytes| bytes.truncate(end));
        }
    }
    for (_, files) in samples::all() {
        for end in (0..longest(&files)).step_by(97) {
            each_damaged(&files, |bytes| bytes.truncate(end));
        }
    }
}

#[test]
fn any_byte_may_be_another() {
    // A fixed sequence, so that a failure is the same tomorrow.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let interesting = *b"\"\\{}[],:-0123456789NIe.\r\n\0\x7f\xff\xef*'&!|>%@`? #\t";
    let ours = [files(), oasis::folder(4, Some(oasis::TWITTER), None), by_hand()];
    let all: Vec<Files> = samples::all().into_iter().map(|(_, files)| files).chain(ours).collect();
    for _ in 0..2_000 {
        let [a, b, c, d, e, f, ..] = next();
        let files = &all[usize::from(a) % all.len()];
        let place = u32::from_le_bytes([b, c, d, 0]) as usize;
        let byte = if e % 2 == 0 { f } else { interesting[usize::from(f) % interesting.len()] };
        each_damaged(files, |bytes| {
            let place = place % bytes.len();
            bytes[place] = byte;
        });
    }
}

#[test]
fn nesting_and_words_without_end_are_cheap() {
    let config = |text: String| Files { config: text.into_bytes(), ..files() };
    survive(&config("[".repeat(1 << 20)));
    survive(&config("{\"a\":".repeat(1 << 18)));
    survive(&config(format!("[{}]", "NaN,".repeat(1 << 18))));
    survive(&config(format!("{{\"{}\":[{}]}}", "k".repeat(1 << 20), "NaN,".repeat(1 << 18))));
    survive(&config("\"".repeat(1 << 20)));
    survive(&config("\\".repeat(1 << 20)));
    let yaml = |text: String| Files { yaml: Some(text.into_bytes()), ..Files::default() };
    for piece in
        ["[", "{", "- ", "? ", "a: ", "a:\n ", "&a ", "*a ", "!a ", "\"", "'", "|\n", "%", "\t"]
    {
        survive(&yaml(piece.repeat((1 << 18) / piece.len())));
        survive(&yaml(format!("name: {}", piece.repeat((1 << 16) / piece.len()))));
    }
    survive(&yaml(format!("agents: [{}]", "{name: a},".repeat(1 << 16))));
    survive(&yaml((0..1 << 15).map(|n| format!("a{n}: 1\n")).collect()));
}
