//! Schemas name the fields and words that the types have, no more, no fewer.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::Validator;
use serde_json::Value;

use crate::examples::{ACCEPTED, examples};
use crate::messages::MESSAGES;
use crate::samples;
use crate::schemas::{Place, Schemas};

/// Walks samples and their schemas side by side and notes what they have in common.
struct Walk<'a> {
    schemas: &'a Schemas,
    validators: BTreeMap<Place, Validator>,
    /// Schemas that something in a sample was held to.
    used: BTreeSet<Place>,
    /// Values of `enum` and `const` that occurred, as JSON.
    words: BTreeSet<(Place, String)>,
    /// The fields that schemas name, by object of the present sample.
    declared: BTreeMap<String, BTreeSet<String>>,
}

impl Walk<'_> {
    /// Holds `value`, which stands at `pointer` of its sample, to the schema at `place`.
    fn visit(&mut self, place: &Place, value: &Value, pointer: &str) {
        let schema = self.schemas.at(place);
        self.used.insert(place.clone());
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            self.visit(&place.follow(reference), value, pointer);
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let branches = schema.get(keyword).and_then(Value::as_array).map_or(0, Vec::len);
            for index in 0..branches {
                let branch = place.child(keyword).child(&index.to_string());
                if self.is_valid(&branch, value) {
                    self.visit(&branch, value, pointer);
                }
            }
        }
        if schema.get("enum").is_some() || schema.get("const").is_some() {
            self.words.insert((place.clone(), value.to_string()));
        }
        if let (Some(Value::Object(properties)), Some(object)) =
            (schema.get("properties"), value.as_object())
        {
            for (key, field) in object.iter().filter(|(key, _)| properties.contains_key(*key)) {
                self.declared.entry(pointer.to_owned()).or_default().insert(key.clone());
                let place = place.child("properties").child(key);
                self.visit(&place, field, &format!("{pointer}/{key}"));
            }
        }
        // A map: any name, and one schema for all values.
        if let (Some(Value::Object(_)), Some(object)) =
            (schema.get("additionalProperties"), value.as_object())
        {
            for (key, field) in object {
                self.declared.entry(pointer.to_owned()).or_default().insert(key.clone());
                let place = place.child("additionalProperties");
                self.visit(&place, field, &format!("{pointer}/{key}"));
            }
        }
        if let (Some(_), Some(elements)) = (schema.get("items"), value.as_array()) {
            for (index, element) in elements.iter().enumerate() {
                self.visit(&place.child("items"), element, &format!("{pointer}/{index}"));
            }
        }
    }

    fn is_valid(&mut self, place: &Place, value: &Value) -> bool {
        let make = || self.schemas.validator(place);
        self.validators.entry(place.clone()).or_insert_with(make).is_valid(value)
    }

    /// The fields within `value` that no schema names.
    fn undeclared(&self, value: &Value, pointer: &str) -> Vec<String> {
        let mut found = Vec::new();
        match value {
            Value::Object(object) => {
                let declared = self.declared.get(pointer);
                for (key, field) in object {
                    let pointer = format!("{pointer}/{key}");
                    if !declared.is_some_and(|declared| declared.contains(key)) {
                        found.push(pointer.clone());
                    }
                    found.extend(self.undeclared(field, &pointer));
                }
            }
            Value::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    found.extend(self.undeclared(element, &format!("{pointer}/{index}")));
                }
            }
            _ => {}
        }
        found
    }
}

#[test]
fn schemas_and_types_have_the_same_fields_and_words() {
    let schemas = Schemas::load();
    let mut walk = Walk {
        schemas: &schemas,
        validators: BTreeMap::new(),
        used: BTreeSet::new(),
        words: BTreeSet::new(),
        declared: BTreeMap::new(),
    };
    let mut problems = Vec::new();
    for sample in samples::all() {
        let value: Value = serde_json::from_str(&sample.json).unwrap();
        walk.declared.clear();
        walk.visit(&Place::root(&format!("{}.json", sample.message)), &value, "");
        for field in walk.undeclared(&value, "") {
            problems.push(format!("{} {}: {field} is in no schema", sample.message, sample.name));
        }
    }
    // What a reader takes and no type writes has an example of its own.
    for message in &MESSAGES {
        let valid = examples(message.name, "valid").into_iter();
        for example in valid.filter(|example| example.name.starts_with(ACCEPTED)) {
            walk.visit(&Place::root(&format!("{}.json", message.name)), &example.value, "");
        }
    }
    for place in schemas.places() {
        let shared_root = place.pointer.is_empty();
        if !walk.used.contains(&place) && !shared_root {
            problems.push(format!("{}#{}: no type writes or reads it", place.file, place.pointer));
        }
        for word in words_of(schemas.at(&place)) {
            if walk.used.contains(&place) && !walk.words.contains(&(place.clone(), word.clone())) {
                problems.push(format!("{}#{}: nothing says {word}", place.file, place.pointer));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The values that a schema lists, as JSON.
fn words_of(schema: &Value) -> Vec<String> {
    let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    listed.chain(schema.get("const")).map(Value::to_string).collect()
}
