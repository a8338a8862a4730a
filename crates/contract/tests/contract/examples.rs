//! The committed examples, held to schema and type.

use std::fs;

use serde_json::Value;

use crate::messages::MESSAGES;
use crate::samples;
use crate::schemas::Schemas;
use crate::{assert_committed, in_schemas};

/// Begins the name of an example that is read and not written so: it has unknown fields, or
/// lacks fields that may be absent.
pub(crate) const ACCEPTED: &str = "accepted-";

/// A committed example.
pub(crate) struct Example {
    pub(crate) name: String,
    text: String,
    pub(crate) value: Value,
}

/// The committed examples of a message, `kind` being valid or invalid, in order of name.
pub(crate) fn examples(message: &str, kind: &str) -> Vec<Example> {
    let folder = in_schemas(&format!("examples/{message}/{kind}"));
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut examples: Vec<Example> = entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&path).unwrap();
            let value = serde_json::from_str(&text)
                .unwrap_or_else(|error| panic!("{} is no JSON: {error}", path.display()));
            Example { name, text, value }
        })
        .collect();
    examples.sort_by(|a, b| a.name.cmp(&b.name));
    examples
}

#[test]
fn valid_examples_are_what_the_types_write() {
    for sample in samples::all() {
        let path = format!("examples/{}/valid/{}.json", sample.message, sample.name);
        assert_committed(&path, &sample.json);
    }
    for message in &MESSAGES {
        let samples: Vec<String> = samples::all()
            .into_iter()
            .filter(|sample| sample.message == message.name)
            .map(|sample| sample.name)
            .collect();
        assert!(!samples.is_empty(), "{} has no sample", message.name);
        for example in examples(message.name, "valid") {
            let known = example.name.starts_with(ACCEPTED) || samples.contains(&example.name);
            assert!(known, "examples/{}/valid/{} is of no sample", message.name, example.name);
        }
    }
}

#[test]
fn valid_examples_pass_the_schema_and_survive_the_type() {
    let schemas = Schemas::load();
    for message in &MESSAGES {
        let validator = schemas.of_message(message.name);
        for example in examples(message.name, "valid") {
            let name = format!("{} {}", message.name, example.name);
            if let Err(error) = validator.validate(&example.value) {
                panic!("{name}: the schema refuses {}: {error}", error.instance_path());
            }
            let written = (message.reread)(example.text.as_bytes())
                .unwrap_or_else(|error| panic!("{name}: the type refuses it: {error}"));
            if example.name.starts_with(ACCEPTED) {
                assert!(validator.is_valid(&serde_json::from_str(&written).unwrap()), "{name}");
            } else {
                assert_eq!(written, example.text, "{name} is written otherwise");
            }
        }
    }
}

#[test]
fn invalid_examples_are_refused_by_schema_and_type() {
    let schemas = Schemas::load();
    let mut passed = Vec::new();
    for message in &MESSAGES {
        let validator = schemas.of_message(message.name);
        let invalid = examples(message.name, "invalid");
        assert!(!invalid.is_empty(), "{} has no invalid example", message.name);
        for example in invalid {
            let name = format!("{} {}", message.name, example.name);
            if validator.is_valid(&example.value) {
                passed.push(format!("{name} passes the schema"));
            }
            if (message.reread)(example.text.as_bytes()).is_ok() {
                passed.push(format!("{name} passes the type"));
            }
        }
    }
    assert!(passed.is_empty(), "{}", passed.join("\n"));
}

/// Otherwise an example might be refused for another reason than its name says.
#[test]
fn invalid_examples_are_one_change_away_from_a_valid_one() {
    for message in &MESSAGES {
        let valid = examples(message.name, "valid");
        for example in examples(message.name, "invalid") {
            let least = valid.iter().map(|it| changes(&it.value, &example.value)).min();
            assert_eq!(least, Some(1), "{} {}: changes", message.name, example.name);
        }
    }
}

/// In how many places two values differ.
fn changes(a: &Value, b: &Value) -> usize {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let changed = a.iter().map(|(key, value)| match b.get(key) {
                Some(other) => changes(value, other),
                None => 1,
            });
            let added = b.keys().filter(|key| !a.contains_key(*key)).count();
            changed.sum::<usize>() + added
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).map(|(a, b)| changes(a, b)).sum()
        }
        _ => usize::from(a != b),
    }
}
