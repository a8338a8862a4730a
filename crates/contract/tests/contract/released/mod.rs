//! The contract of today, held to every released one: `schemas/released/<version>` has the schemas as
//! they were, and the valid examples. Whoever was written for one of them is to go on working, and
//! what was stored is to be read, as long as `v` is the same. schemas/README.md says what that allows.
//!
//! At a release, and never otherwise: `SHOAL_RELEASE=<version> cargo test -p contract a_release`.

mod compare;
mod demands;
mod form;
mod mutations;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::examples::examples;
use crate::in_schemas;
use crate::messages::MESSAGES;
use crate::schemas::Schemas;
use compare::{Comparison, Direction, Problem};
use form::Documents;

/// Differences that are meant, each with the reason why nobody is hurt by it.
const MEANT: [(&str, &str); 0] = [];

const EXAMPLES: &str = "examples.jsonl";
const SUBJECTS: &str = "asyncapi.json";

/// A contract as it was released.
struct Released {
    version: String,
    schemas: Documents,
    subjects: Value,
    examples: Vec<Value>,
}

/// All of them, the oldest first.
fn released() -> Vec<Released> {
    let folder = fs::read_dir(in_schemas("released")).unwrap();
    let mut versions: Vec<String> =
        folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    versions.sort();
    assert!(!versions.is_empty(), "schemas/released is empty");
    versions.into_iter().map(Released::load).collect()
}

impl Released {
    fn load(version: String) -> Released {
        let folder = in_schemas("released").join(&version);
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        let parse = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
        let names = fs::read_dir(&folder).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let schemas = names
            .filter(|name| name.ends_with(".json") && name != SUBJECTS)
            .map(|name| (name.clone(), parse(&read(&name))))
            .collect();
        Released {
            schemas,
            subjects: parse(&read(SUBJECTS)),
            examples: read(EXAMPLES).lines().map(parse).collect(),
            version,
        }
    }

    /// The files that describe a message, not only what messages share.
    fn messages(&self) -> BTreeSet<String> {
        let names = self.examples.iter().map(|it| it["message"].as_str().unwrap());
        names.map(|name| format!("{name}.json")).collect()
    }
}

/// What is not compatible, each with the messages that it is seen in.
type Differences = BTreeMap<Problem, BTreeSet<String>>;

/// What is asked of us, a schema that refuses unknown fields says so, is only read by us; anything
/// else is read by others as well.
fn differences(messages: &BTreeSet<String>, then: &Documents, now: &Documents) -> Differences {
    let mut found = Differences::new();
    for direction in [Direction::Read, Direction::Written] {
        let mut comparison = Comparison::new(direction, then, now);
        for message in messages {
            let is_asked = then[message].get("additionalProperties") == Some(&json!(false));
            if is_asked && direction == Direction::Written {
                continue;
            }
            for problem in comparison.of_message(message) {
                found.entry(problem).or_default().insert(message.clone());
            }
        }
    }
    found
}

/// Each difference as a line.
fn told(differences: &Differences) -> Vec<String> {
    let line = |(problem, messages): (&Problem, &BTreeSet<String>)| {
        let messages: Vec<&str> = messages.iter().map(|it| it.trim_end_matches(".json")).collect();
        format!("{problem} ({})", messages.join(", "))
    };
    differences.iter().map(line).collect()
}

#[test]
fn schemas_are_compatible_with_released_ones() {
    let now = Schemas::load().documents;
    let mut problems = Vec::new();
    let mut unmet: Vec<&str> = MEANT.iter().map(|(what, _)| *what).collect();
    for release in released() {
        for line in told(&differences(&release.messages(), &release.schemas, &now)) {
            match unmet.iter().position(|meant| line.starts_with(meant)) {
                Some(index) => drop(unmet.remove(index)),
                None => problems.push(format!("since {}: {line}", release.version)),
            }
        }
    }
    problems.extend(unmet.iter().map(|what| format!("MEANT has {what}, which is not so")));
    assert!(
        problems.is_empty(),
        "{}\nmake what is new optional and leave what is there, or, where that cannot be, raise `v` \
         (and the prefix: schemas/README.md); what hurts nobody goes into MEANT with the reason",
        problems.join("\n")
    );
}

#[test]
fn what_was_released_is_still_read() {
    let schemas = Schemas::load();
    let mut problems = Vec::new();
    for release in released() {
        for example in &release.examples {
            let (message, value) = (example["message"].as_str().unwrap(), &example["value"]);
            let name = format!("{message} {} of {}", example["name"], release.version);
            if let Err(error) = schemas.of_message(message).validate(value) {
                problems.push(format!("{name}: the schema refuses {}", error.instance_path()));
            }
            let known = MESSAGES.iter().find(|known| known.name == message).unwrap();
            if let Err(error) = (known.reread)(value.to_string().as_bytes()) {
                problems.push(format!("{name}: the type refuses it: {error}"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn subjects_are_where_they_were() {
    let now: Value =
        serde_json::from_str(&fs::read_to_string(in_schemas(SUBJECTS)).unwrap()).unwrap();
    for release in released() {
        let problems = moved(&release.subjects, &now);
        assert!(problems.is_empty(), "since {}: {}", release.version, problems.join("\n"));
    }
}

/// What a document of subjects has no more, or elsewhere. Messages and words may be added.
fn moved(then: &Value, now: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, channel) in then["channels"].as_object().unwrap() {
        let known = &now["channels"][name];
        if known["address"] != channel["address"] {
            problems.push(format!("{} is {} now", channel["address"], known["address"]));
        }
        for (message, reference) in channel["messages"].as_object().into_iter().flatten() {
            if &known["messages"][message] != reference {
                problems.push(format!("{} has no {message} any more", channel["address"]));
            }
        }
    }
    for (name, parameter) in then["components"]["parameters"].as_object().unwrap() {
        let words = |of: &Value| of["enum"].as_array().cloned().unwrap_or_default();
        let known = words(&now["components"]["parameters"][name]);
        for word in words(parameter).iter().filter(|word| !known.contains(word)) {
            problems.push(format!("{{{name}}} cannot be {word} any more"));
        }
    }
    problems
}

/// Writes the contract as it is, when it is released.
#[test]
fn a_release_is_written_when_it_is_asked_for() {
    let ours = env!("CARGO_PKG_VERSION");
    let Some(version) = std::env::var_os("SHOAL_RELEASE") else {
        let kept = in_schemas("released").join(ours).join(EXAMPLES);
        assert!(kept.exists(), "{ours} has no schemas/released: SHOAL_RELEASE={ours} writes them");
        return;
    };
    assert!(version == ours, "SHOAL_RELEASE is {version:?}, and the workspace is {ours}");
    let folder = in_schemas("released").join(ours);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    let files = Schemas::load().documents.into_keys().chain([SUBJECTS.to_owned()]);
    for file in files {
        fs::copy(in_schemas(&file), folder.join(&file)).unwrap();
    }
    write_examples(&folder.join(EXAMPLES));
}

fn write_examples(file: &Path) {
    let mut lines = String::new();
    for message in &MESSAGES {
        for example in examples(message.name, "valid") {
            let line =
                json!({"message": message.name, "name": example.name, "value": example.value});
            lines.push_str(&format!("{line}\n"));
        }
    }
    fs::write(file, lines).unwrap();
}
