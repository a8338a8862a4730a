//! In which manner a run is asked for: whether another one will do, and what it is to be known by.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::door::{Object, describe};
use crate::id::{CommandId, InvalidId, NAME_RULE, is_name};

/// The most labels of a run.
pub const MAX_LABELS: usize = 16;

/// The longest value of a label, in bytes.
pub const MAX_LABEL_BYTES: usize = 200;

/// What stands beside the options in a request to start a run. None of it changes what the run
/// does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Manner {
    /// Begin another run whatever there is.
    pub new_run: bool,
    /// Where a run with other options lives, begin another one at the same time.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub beside: bool,
    /// Names the request: the same key again means the run that it made, whatever became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<CommandId>,
    /// What the run is to be known by.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

/// Names and values that somebody gave to a run, for people and tools: at most [`MAX_LABELS`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Labels(BTreeMap<String, String>);

impl Manner {
    /// The fields of a request, for [`Object::refuse_unknown`].
    pub const FIELDS: [&'static str; 4] = ["new_run", "beside", "idempotency_key", "labels"];

    /// Reads the four fields at a door, reporting all that is wrong.
    pub fn read(object: &Object<'_>) -> Manner {
        let idempotency_key = object.parsed("idempotency_key", |text| {
            text.parse().map_err(|error: InvalidId| error.expected().to_owned())
        });
        let new_run = object.boolean("new_run").unwrap_or(false);
        Manner {
            new_run,
            beside: object.boolean("beside").unwrap_or(false),
            idempotency_key,
            labels: Labels::read(object, "labels"),
        }
    }
}

impl Labels {
    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Name and value of each, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Adds a label, or says what was expected instead of it.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn insert(&mut self, name: &str, value: &str) -> Result<(), String> {
        if !is_name(name) {
            return Err(format!("a name of {NAME_RULE}"));
        }
        let length = value.chars().count();
        if length == 0 || value.len() > MAX_LABEL_BYTES || value.chars().any(char::is_control) {
            return Err(format!("a value of 1 to {MAX_LABEL_BYTES} bytes, without line ends"));
        }
        if self.0.len() == MAX_LABELS && !self.0.contains_key(name) {
            return Err(format!("at most {MAX_LABELS} labels"));
        }
        self.0.insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    fn read(object: &Object<'_>, key: &str) -> Labels {
        let mut labels = Labels::default();
        let Some(given) = object.object(key) else { return labels };
        for name in given.unknown(&[]) {
            // A null is a field that is not there, as everywhere.
            let Some(value) = given.get(name) else { continue };
            let inserted = match value.as_str() {
                Some(text) => labels.insert(name, text),
                None => Err("a text".to_owned()),
            };
            if let Err(expected) = inserted {
                let found = value.as_str().map_or_else(|| describe(value), |v| format!("{v:?}"));
                given.report(name, found, &expected);
            }
        }
        labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::Door;
    use serde_json::{Value, json};

    fn read(body: &Value) -> Result<Manner, String> {
        let door = Door::new("");
        let manner = door.root(body).map(|root| Manner::read(&root));
        door.close(manner).map_err(|problems| problems.to_string())
    }

    #[test]
    fn what_is_not_said_is_as_usual() {
        assert_eq!(read(&json!({})), Ok(Manner::default()));
        assert_eq!(read(&json!({"labels": null, "beside": null})), Ok(Manner::default()));
        let manner = read(&json!({"new_run": true, "beside": true, "idempotency_key": "a_B-1",
            "labels": {"study": "Brücke 7", "arm": "a"}}))
        .unwrap();
        assert!(manner.new_run && manner.beside);
        assert_eq!(manner.idempotency_key.unwrap().as_str(), "a_B-1");
        let labels: Vec<_> = manner.labels.iter().collect();
        assert_eq!(labels, [("arm", "a"), ("study", "Brücke 7")]);
    }

    #[test]
    fn every_wrong_field_is_named() {
        let body = json!({"new_run": 1, "beside": "yes", "idempotency_key": "a b",
            "labels": {"Study": "x", "arm": 7, "note": "a\nb", "long": "x".repeat(201)}});
        let error = read(&body).unwrap_err();
        let places: Vec<&str> = error.lines().map(|line| line.split(':').next().unwrap()).collect();
        assert_eq!(
            places,
            [
                "/idempotency_key",
                "/new_run",
                "/beside",
                "/labels/Study",
                "/labels/arm",
                "/labels/long",
                "/labels/note"
            ],
            "{error}"
        );
        let many: serde_json::Map<String, Value> =
            (0..=MAX_LABELS).map(|n| (format!("n{n}"), json!("x"))).collect();
        let error = read(&json!({"labels": many})).unwrap_err();
        assert!(error.ends_with("at most 16 labels"), "{error}");
    }
}
