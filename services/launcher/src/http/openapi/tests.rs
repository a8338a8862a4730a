//! The document is what the fragments say, and what the routes are.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use jsonschema::Validator;
use serde_json::{Value, json};

use super::DOCUMENT;
use super::merge::merge;
use crate::http::all_routes;

/// The fragments as one document: all files of the folder, the base first.
fn document() -> Value {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/http/openapi");
    let mut fragments = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|it| it == "json") {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            fragments.push((name, fs::read_to_string(path).unwrap()));
        }
    }
    fragments.sort_by_key(|(name, _)| (name != "base", name.clone()));
    merge(&fragments).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Where the document is committed.
fn committed() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schemas/openapi.json")
}

#[test]
fn the_committed_document_is_that_of_the_fragments() {
    let written = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    if std::env::var_os("SHOAL_REWRITE").is_some() {
        fs::write(committed(), written).unwrap();
        return;
    }
    assert!(
        DOCUMENT == written,
        "schemas/openapi.json is not what the fragments in src/http/openapi say; if the change is \
         meant, run SHOAL_REWRITE=1 cargo test -p launcher openapi and read the difference"
    );
}

#[test]
fn every_route_is_documented_and_everything_documented_is_a_route() {
    let document = document();
    let paths = document["paths"].as_object().unwrap().iter();
    let documented: BTreeSet<(String, String)> = paths
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(|method| (method.clone(), path.clone()))
        })
        .collect();
    let routes = all_routes().list;
    let difference: Vec<_> = routes.symmetric_difference(&documented).collect();
    assert!(difference.is_empty(), "only a route, or only documented: {difference:?}");
}

/// All objects within a value, each with its place.
fn objects<'a>(value: &'a Value, place: &str, found: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(members) => {
            found.push((place.to_owned(), value));
            for (name, member) in members.iter().filter(|(name, _)| *name != "example") {
                objects(member, &format!("{place}/{}", name.replace('/', "~1")), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                objects(item, &format!("{place}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// Whether a schema is held to what is sent elsewhere: one of another file by the tests of the
/// crate `contract`, and fields that others extend where that is done.
fn is_closed_elsewhere(place: &str) -> bool {
    let Some(rest) = place.strip_prefix("/components/schemas/") else { return false };
    let name = rest.split('/').next().unwrap_or_default();
    let is_file = committed().with_file_name(format!("{name}.json")).exists();
    is_file || name.contains('.') || rest == name && name.ends_with("Fields")
}

#[test]
fn nothing_is_answered_that_is_not_documented() {
    let document = document();
    let mut found = Vec::new();
    objects(&document, "", &mut found);
    let is_open = |value: &Value| {
        let says = |keyword| value.get(keyword).is_some();
        value["properties"].is_object()
            && value["type"] == "object"
            && !says("additionalProperties")
            && !says("unevaluatedProperties")
    };
    let open: Vec<&String> = found
        .iter()
        .filter(|(place, value)| !is_closed_elsewhere(place) && is_open(value))
        .map(|(place, _)| place)
        .collect();
    assert!(open.is_empty(), "objects that may have any other field: {open:?}");
}

/// A validator for a schema within the document.
fn validator(document: &Value, schema: &Value) -> Validator {
    let whole = json!({"components": document["components"], "allOf": [schema]});
    jsonschema::options()
        .offline()
        .build(&whole)
        .unwrap_or_else(|error| panic!("{error}: {schema}"))
}

#[test]
fn examples_are_what_their_schemas_say() {
    let document = document();
    let mut found = Vec::new();
    objects(&document, "", &mut found);
    let mut examples = 0;
    for (place, value) in found {
        let (Some(example), Some(schema)) = (value.get("example"), value.get("schema")) else {
            continue;
        };
        examples += 1;
        let validator = validator(&document, schema);
        let errors = validator.iter_errors(example);
        let errors: Vec<String> =
            errors.map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{place}: {errors:#?}");
    }
    assert!(examples > 10, "only {examples} examples");
}

#[test]
fn schemas_are_schemas() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        if let Err(error) = jsonschema::meta::validate(schema) {
            panic!("{name} {}: {error}", error.instance_path());
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut found = Vec::new();
    objects(&document, "", &mut found);
    for (place, value) in found {
        if let Some(reference) = value["$ref"].as_str() {
            let pointer =
                reference.strip_prefix('#').unwrap_or_else(|| panic!("{place}: {reference}"));
            assert!(document.pointer(pointer).is_some(), "{place}: there is no {reference}");
        }
    }
}

#[test]
fn every_operation_has_a_name_of_its_own_and_is_told_apart() {
    let document = document();
    let tags: Vec<&str> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let place = format!("{method} {path}");
            let name = operation["operationId"].as_str().unwrap_or_else(|| panic!("{place}"));
            assert!(names.insert(name.to_owned()), "{place}: another one is {name} as well");
            assert!(operation["summary"].is_string(), "{place} has no summary");
            let body = &operation["requestBody"]["content"]["application/json"];
            assert!(body.is_null() || body["example"].is_object(), "{place}: no example of a body");
            let own: Vec<&str> = operation["tags"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            assert!(
                !own.is_empty() && own.iter().all(|tag| tags.contains(tag)),
                "{place}: {own:?}"
            );
            for parameter in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                let named = |it: &Value| {
                    let pointer = it["$ref"].as_str().map(|reference| &reference[1..]);
                    let it = pointer.and_then(|it| document.pointer(it)).unwrap_or(it);
                    it["name"] == parameter && it["in"] == "path" && it["required"] == true
                };
                assert!(
                    parameters.into_iter().any(named),
                    "{place}: {parameter} is not documented"
                );
            }
        }
    }
}
