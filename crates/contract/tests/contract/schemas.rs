//! The schemas as a validator sees them: local files, no network.

use std::collections::BTreeMap;
use std::fs;

use jsonschema::{Registry, Validator};
use serde_json::{Value, json};

use crate::in_schemas;
use crate::messages::MESSAGES;

/// Schemas refer to each other relative to their own file, so any base will do.
const BASE: &str = "file:///schemas/";

/// What is JSON in the folder and no message.
const SHARED: [&str; 2] = ["common.json", "memory.json"];
/// What is no schema: the documents of both edges, each held to what is sent elsewhere.
const DOCUMENTS: [&str; 2] = ["asyncapi.json", "openapi.json"];

/// All schemas, by file name.
pub(crate) struct Schemas {
    pub(crate) documents: BTreeMap<String, Value>,
    registry: Registry<'static>,
}

/// A schema within a file, e.g. `common.json` and `/$defs/run_id`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) pointer: String,
}

impl Schemas {
    pub(crate) fn load() -> Schemas {
        let mut documents = BTreeMap::new();
        let mut registry = Registry::new();
        for entry in fs::read_dir(in_schemas("")).unwrap() {
            let file = entry.unwrap().file_name().into_string().unwrap();
            if !file.ends_with(".json") || DOCUMENTS.contains(&file.as_str()) {
                continue;
            }
            let text = fs::read_to_string(in_schemas(&file)).unwrap();
            let schema: Value = serde_json::from_str(&text).unwrap();
            registry = registry.add(format!("{BASE}{file}"), schema.clone()).unwrap();
            documents.insert(file, schema);
        }
        Schemas { documents, registry: registry.prepare().unwrap() }
    }

    /// The schema at a place.
    pub(crate) fn at(&self, place: &Place) -> &Value {
        let found = self.documents.get(&place.file).and_then(|it| it.pointer(&place.pointer));
        found.unwrap_or_else(|| panic!("there is no {place:?}"))
    }

    /// A validator for the schema at a place.
    pub(crate) fn validator(&self, place: &Place) -> Validator {
        let reference = json!({"$ref": format!("{BASE}{}#{}", place.file, place.pointer)});
        jsonschema::options().with_registry(&self.registry).offline().build(&reference).unwrap()
    }

    /// A validator for a message.
    pub(crate) fn of_message(&self, name: &str) -> Validator {
        self.validator(&Place::root(&format!("{name}.json")))
    }

    /// Every schema of every file, the files themselves included.
    pub(crate) fn places(&self) -> Vec<Place> {
        let mut places: Vec<Place> = self.documents.keys().map(|file| Place::root(file)).collect();
        let mut next = 0;
        while let Some(place) = places.get(next).cloned() {
            places.extend(self.within(&place));
            next += 1;
        }
        places
    }

    /// The schemas directly within a schema.
    fn within(&self, place: &Place) -> Vec<Place> {
        let schema = self.at(place);
        let mut places = Vec::new();
        for keyword in ["$defs", "properties"] {
            let schemas = schema.get(keyword).and_then(Value::as_object).into_iter().flatten();
            places.extend(schemas.map(|(name, _)| place.child(keyword).child(name)));
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let count = schema.get(keyword).and_then(Value::as_array).map_or(0, Vec::len);
            places.extend((0..count).map(|index| place.child(keyword).child(&index.to_string())));
        }
        places.extend(schema.get("items").map(|_| place.child("items")));
        places
    }
}

impl Place {
    pub(crate) fn root(file: &str) -> Place {
        Place { file: file.to_owned(), pointer: String::new() }
    }

    pub(crate) fn child(&self, name: &str) -> Place {
        Place { file: self.file.clone(), pointer: format!("{}/{name}", self.pointer) }
    }

    /// Where a `$ref` that stands here leads to.
    pub(crate) fn follow(&self, reference: &str) -> Place {
        let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let file = if file.is_empty() { &self.file } else { file };
        Place { file: file.to_owned(), pointer: pointer.to_owned() }
    }
}

#[test]
fn every_message_has_a_schema_and_every_schema_a_message() {
    let schemas = Schemas::load();
    let messages = MESSAGES.iter().map(|message| format!("{}.json", message.name));
    let mut expected: Vec<String> = messages.chain(SHARED.map(str::to_owned)).collect();
    expected.sort();
    assert_eq!(schemas.documents.keys().cloned().collect::<Vec<_>>(), expected);
}

#[test]
fn schemas_are_schemas() {
    for (file, schema) in Schemas::load().documents {
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{file}");
        if let Err(error) = jsonschema::meta::validate(&schema) {
            panic!("{file} {}: {error}", error.instance_path());
        }
    }
}

#[test]
fn whoever_reads_a_schema_is_told_what_it_means() {
    let schemas = Schemas::load();
    let is_described = |place: &Place| {
        let found = schemas.documents[&place.file].pointer(&place.pointer);
        found.is_some_and(|schema| schema.get("description").is_some())
    };
    let mut undescribed = Vec::new();
    for place in schemas.places() {
        let schema = schemas.at(&place);
        let (parent, name) = place.pointer.rsplit_once('/').unwrap_or_default();
        let is_field = parent.ends_with("/properties");
        let is_named = place.pointer.is_empty() || parent == "/$defs";
        // A constant speaks for itself, and a variant may narrow a field of the whole message.
        let needs_words = is_named || is_field && schema.get("const").is_none();
        let target = schema.get("$ref").and_then(Value::as_str).map(|to| place.follow(to));
        let narrowed = Place::root(&place.file).child("properties").child(name);
        let mut told = vec![place.clone()];
        told.extend(target);
        told.extend(is_field.then_some(narrowed));
        if needs_words && !told.iter().any(is_described) {
            undescribed.push(format!("{}#{}", place.file, place.pointer));
        }
    }
    assert!(undescribed.is_empty(), "no description: {}", undescribed.join(", "));
}
