//! What may stand in every target.
//!
//! | field | what it may be | if it is absent |
//! |---|---|---|
//! | `language` | `en`, `zh` | `en` |
//! | `batch` | `fives`, `rounds`, `stream`, or `{actions, characters, per_round, seconds}` | the kind's own |
//! | `timeout_seconds` | 1 to 300 | 30 |
//! | `requests_per_minute` | 1 to 100,000 | as many as the memory takes |
//!
//! A field that is absent of `batch` is what it is if `batch` is absent.

use std::time::Duration;

use contract::door::{Object, describe};
use contract::problem::suggest;
use serde_json::Value;

use crate::policy::{Batching, Policy};
use crate::render::Language;

/// The names of the fields, in the order of the table.
pub(super) const FIELDS: [&str; 4] =
    ["language", "batch", "timeout_seconds", "requests_per_minute"];

/// Zep takes 10,000.
const MOST_CHARACTERS_OF_ZEP: u32 = 9_500;

/// What the embedded memory gets.
pub const SQLITE: Policy = Policy {
    language: Language::English,
    batching: Batching::STREAM,
    timeout: Duration::from_secs(30),
    per_minute: None,
};

/// What files of lines get, unless the operator says otherwise.
pub const JSONL: Policy = SQLITE;

/// What a webhook gets, unless the operator says otherwise.
pub const HTTP: Policy =
    Policy { batching: Batching { characters: u32::MAX, ..Batching::ROUNDS }, ..SQLITE };

/// What Zep gets, unless the operator says otherwise.
pub const ZEP: Policy = Policy { batching: Batching::FIVES, ..SQLITE };

/// The policy, `standard` where nothing (or nothing right) is said. No batch has more characters
/// than a standard one that has a limit.
pub(super) fn read(object: &Object<'_>, standard: Policy) -> Policy {
    let languages = [("en", Language::English), ("zh", Language::Chinese)];
    let language =
        object.text("language").and_then(|it| choose(object, "language", it, &languages));
    let batching = batching(object, standard.batching);
    let seconds = object.integer("timeout_seconds", 1..=300);
    Policy {
        language: language.unwrap_or(standard.language),
        batching: batching.unwrap_or(standard.batching),
        timeout: seconds.map_or(standard.timeout, Duration::from_secs),
        per_minute: object.u32("requests_per_minute", 1..=100_000),
    }
}

fn batching(object: &Object<'_>, standard: Batching) -> Option<Batching> {
    let most = match standard.characters {
        u32::MAX => u32::MAX,
        _ => MOST_CHARACTERS_OF_ZEP,
    };
    let named =
        [("fives", Batching::FIVES), ("rounds", Batching::ROUNDS), ("stream", Batching::STREAM)];
    match object.get("batch")? {
        Value::String(name) => {
            let batching = choose(object, "batch", name, &named)?;
            Some(Batching { characters: most, ..batching })
        }
        Value::Object(_) => {
            let batch = object.object("batch")?;
            batch.refuse_unknown(&["actions", "characters", "per_round", "seconds"]);
            let seconds = batch.integer("seconds", 0..=3_600);
            Some(Batching {
                actions: batch.u32("actions", 1..=10_000).unwrap_or(standard.actions),
                characters: batch.u32("characters", 500..=most).unwrap_or(standard.characters),
                per_round: batch.boolean("per_round").unwrap_or(standard.per_round),
                age: seconds.map_or(standard.age, Duration::from_secs),
            })
        }
        other => {
            object.report(
                "batch",
                describe(other),
                "\"fives\", \"rounds\", \"stream\" or an object",
            );
            None
        }
    }
}

/// What `text` stands for; if for nothing, that is reported.
pub(super) fn choose<T: Copy>(
    object: &Object<'_>,
    key: &str,
    text: &str,
    choices: &[(&'static str, T)],
) -> Option<T> {
    let found = choices.iter().find(|(name, _)| *name == text);
    if found.is_none() {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let expected = match suggest(text, &names) {
            Some(meant) => format!("{meant:?} (did you mean that?)"),
            None => format!("one of {}", names.join(", ")),
        };
        object.report(key, format!("{text:?}"), &expected);
    }
    found.map(|(_, value)| *value)
}
