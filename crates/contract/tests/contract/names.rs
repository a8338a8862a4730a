//! Patterns of ids and times, and the parsers: both judge the same texts alike.

use std::str::FromStr;

use contract::id::{ClientId, CommandId, Digest, RunId, SimulationId};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use serde_json::Value;

use crate::schemas::{Place, Schemas};

/// Texts that every kind of name has to judge: good for some, hostile to others.
const TEXTS: [&str; 34] = [
    "",
    "a",
    "7",
    "A",
    "night-market",
    "night-market-1",
    "night-market-1-2",
    "sim_5a1f0c9be772",
    "sim_5a1f0c9be772-4294967295",
    "x-1a",
    "a-",
    "a--1",
    "-1",
    "-a",
    "_a",
    "a-0",
    "a-01",
    "a-3999999999",
    "a-4294967296",
    "a-5000000000",
    "a-12345678901",
    "a.b",
    "a.b-1",
    "*",
    ">",
    "../x",
    "../x-1",
    "a b",
    "a b-1",
    "é",
    "夜市-1",
    "a\n",
    "a-1\n",
    "\u{0}",
];

fn agree<T: FromStr>(definition: &str, texts: &[String], read_as_text: fn(&T) -> String) {
    let schemas = Schemas::load();
    let place = Place::root("common.json").child("$defs").child(definition);
    let validator = schemas.validator(&place);
    let (mut good, mut bad) = (0, 0);
    for text in texts {
        // Times have several spellings; the one that is written is the one that counts.
        let parsed = text.parse::<T>().is_ok_and(|value| read_as_text(&value) == *text);
        let valid = validator.is_valid(&Value::String(text.clone()));
        assert_eq!(valid, parsed, "{definition} {text:?}: schema and type disagree");
        if valid { good += 1 } else { bad += 1 }
    }
    assert!(good > 0 && bad > 0, "{definition}: {good} good and {bad} bad texts show nothing");
}

fn with(texts: &[&str]) -> Vec<String> {
    TEXTS.iter().chain(texts).map(|text| (*text).to_owned()).collect()
}

#[test]
fn simulation_ids() {
    let (longest, longer) = ("a".repeat(48), "a".repeat(49));
    agree::<SimulationId>("simulation_id", &with(&[&longest, &longer]), ToString::to_string);
}

#[test]
fn run_ids() {
    let (longest, longer) = ("a".repeat(48) + "-3", "a".repeat(49) + "-3");
    agree::<RunId>("run_id", &with(&[&longest, &longer]), ToString::to_string);
}

#[test]
fn client_ids() {
    let (longest, longer) = ("a".repeat(32), "a".repeat(33));
    agree::<ClientId>("client_id", &with(&[&longest, &longer]), ToString::to_string);
}

#[test]
fn command_ids() {
    let (longest, longer) = ("aB-_".repeat(16), "aB-_".repeat(16) + "a");
    agree::<CommandId>("command_id", &with(&[&longest, &longer]), ToString::to_string);
}

#[test]
fn digests() {
    let digest = Digest::of(&[b"x"]).to_string();
    let (upper, short, long) = (digest.to_uppercase(), &digest[1..], format!("{digest}0"));
    agree::<Digest>("digest", &with(&[&digest, &upper, short, &long]), ToString::to_string);
}

#[test]
fn platforms() {
    agree::<Platform>("platform", &with(&["twitter", "reddit", "Twitter"]), ToString::to_string);
}

#[test]
fn timestamps() {
    let texts = [
        "2026-03-01T10:00:00.250Z",
        "0000-01-01T00:00:00.000Z",
        "9999-12-31T23:59:59.999Z",
        "2026-03-01T10:00:00Z",
        "2026-03-01T10:00:00.25Z",
        "2026-03-01T10:00:00.250+00:00",
        "2026-03-01 10:00:00.250Z",
        "2026-13-01T10:00:00.250Z",
        "2026-03-32T10:00:00.250Z",
        "2026-03-01T24:00:00.250Z",
        "2026-03-01T10:60:00.250Z",
        "now",
    ];
    agree::<Timestamp>("timestamp", &with(&texts), ToString::to_string);
}

#[test]
fn instants() {
    let texts = [
        "2026-03-01T10:00:00.250Z",
        "2026-03-01T10:00:00Z",
        "2026-03-01T10:00:00.123456789Z",
        "2026-03-01T02:00:00+02:00",
        "2026-03-01T02:00:00.5-11:30",
        "2026-03-01T10:00:00",
        "2026-03-01",
        "2026-03-01T25:00:00Z",
        "now",
    ];
    let schemas = Schemas::load();
    let validator = schemas.validator(&Place::root("common.json").child("$defs").child("instant"));
    for text in with(&texts) {
        let (valid, parsed) =
            (validator.is_valid(&Value::String(text.clone())), text.parse::<Timestamp>().is_ok());
        assert_eq!(valid, parsed, "instant {text:?}: schema and type disagree");
    }
}
