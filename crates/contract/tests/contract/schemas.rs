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
const ASYNCAPI: &str = "asyncapi.json";

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
            if !file.ends_with(".json") || file == ASYNCAPI {
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
fn whoever_reads_a_schema_is_told_what_a_field_means() {
    let schemas = Schemas::load();
    let is_described = |place: &Place| schemas.at(place).get("description").is_some();
    for place in schemas.places() {
        let schema = schemas.at(&place);
        let (parent, _) = place.pointer.rsplit_once('/').unwrap_or_default();
        let named = place.pointer.is_empty() || parent.ends_with("/$defs");
        if named {
            assert!(schema.get("title").is_some() || is_described(&place), "{place:?}");
            assert!(is_described(&place), "{place:?} has no description");
        }
        // Of a variant's own fields, those that repeat the message's are described there.
        let narrows = schema.get("const").is_some() || place.pointer.starts_with("/anyOf/");
        if parent.ends_with("/properties") && !narrows {
            let target = schema.get("$ref").and_then(Value::as_str);
            let target = target.map(|reference| place.follow(reference));
            let described = is_described(&place) || target.is_some_and(|it| is_described(&it));
            let is_variant = place.pointer.starts_with("/$defs/") && schema.get("$ref").is_none();
            let repeats = ["/action_args", "/args", "/result", "/success"];
            let repeats = is_variant && repeats.iter().any(|it| place.pointer.ends_with(it));
            assert!(described || repeats, "{place:?} has no description");
        }
    }
}
