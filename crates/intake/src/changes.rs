//! Changes to a configuration before it is read, as a command line gives them:
//! `twitter_config.echo_chamber_strength=0.9`.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use contract::door::{Door, describe};
use serde_json::{Map, Value};

/// One field of a configuration, and the value that it has instead of its own.
///
/// Written `NAMES=VALUE`: names from the root to the field, divided by dots, an element of a list
/// by its index; a value as JSON, or, where it is no JSON, as the text that it is. Names are those
/// of the folder's file: of `simulation_config.json`, or of `simulation.yaml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    written: String,
    names: Vec<String>,
    value: Value,
}

impl FromStr for Change {
    type Err = String;

    fn from_str(text: &str) -> Result<Change, String> {
        let expected =
            || "expected NAME=VALUE, e.g. twitter_config.echo_chamber_strength=0.9".to_owned();
        let (names, value) = text.split_once('=').ok_or_else(expected)?;
        let names: Vec<String> = names.split('.').map(|name| name.trim().to_owned()).collect();
        if names.iter().any(String::is_empty) {
            return Err(expected());
        }
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        Ok(Change { written: text.to_owned(), names, value })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// Makes the changes, one after another, and gives the pointers of the fields that they are
/// about. Objects that are on the way are made; what cannot be reached goes to `door`.
pub(crate) fn apply(changes: &[Change], value: &mut Value, door: &Door) -> BTreeSet<String> {
    let mut pointers = BTreeSet::new();
    for change in changes {
        if let Some(place) = reach(value, &change.names, door) {
            *place = change.value.clone();
            pointers.insert(pointer(&change.names));
        }
    }
    pointers
}

/// The place of the field with these names from the root.
fn reach<'a>(root: &'a mut Value, names: &[String], door: &Door) -> Option<&'a mut Value> {
    let mut place = root;
    for (depth, name) in names.iter().enumerate() {
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
        let here = pointer(&names[..depth]);
        place = match place {
            Value::Object(fields) => fields.entry(name.clone()).or_insert(Value::Null),
            Value::Array(elements) => {
                let count = elements.len();
                let index = name.parse().ok().filter(|index: &usize| *index < count);
                let Some(index) = index else {
                    let expected = format!("the index of one of {count} elements, from 0");
                    door.report(&here, format!("{name:?}"), &expected);
                    return None;
                };
                &mut elements[index]
            }
            other => {
                let expected = format!("an object, which could have a field {name:?}");
                door.report(&here, describe(other), &expected);
                return None;
            }
        };
    }
    Some(place)
}

fn pointer(names: &[String]) -> String {
    let token = |name: &String| format!("/{}", name.replace('~', "~0").replace('/', "~1"));
    names.iter().map(token).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn changed(value: &Value, changes: &[&str]) -> Result<Value, String> {
        let changes: Vec<Change> = changes.iter().map(|text| text.parse().unwrap()).collect();
        let (door, mut value) = (Door::new("config"), value.clone());
        apply(&changes, &mut value, &door);
        door.close(Some(value)).map_err(|problems| problems.to_string())
    }

    #[test]
    fn a_value_is_json_or_a_text() {
        let config = json!({"a": {"b": 1}, "list": [{"c": 1}, {"c": 2}], "none": null});
        let changes = ["a.b=0.5", "list.1.c=[1, 2]", "none.new=on the pier = here", "x.y=\"7\""];
        assert_eq!(
            changed(&config, &changes).unwrap(),
            json!({"a": {"b": 0.5}, "list": [{"c": 1}, {"c": [1, 2]}],
                "none": {"new": "on the pier = here"}, "x": {"y": "7"}})
        );
    }

    #[test]
    fn what_cannot_be_reached_is_reported_and_all_of_it() {
        let config = json!({"a": 1, "list": [1]});
        assert_eq!(
            changed(&config, &["a.b=2", "list.1=2", "list.x.y=2"]).unwrap_err(),
            "config /a: found 1, expected an object, which could have a field \"b\"\n\
             config /list: found \"1\", expected the index of one of 1 elements, from 0\n\
             config /list: found \"x\", expected the index of one of 1 elements, from 0"
        );
        for wrong in ["", "a", "a.=1", ".a=1", "=1", "a..b=1"] {
            assert!(wrong.parse::<Change>().is_err(), "{wrong:?} passed");
        }
    }
}
