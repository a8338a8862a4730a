//! Fragments to one document. All that is wrong with them is said at once.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

/// What is shared under this name in the first fragment, and referred to in operations.
const ANSWERS: &str = "x-answers";

/// Brings fragments together, each with its name; the first one is the base.
///
/// # Errors
/// Everything that does not fit, one line each.
pub(super) fn merge(fragments: &[(String, String)]) -> Result<Value, String> {
    let mut merging = Merging::default();
    for (name, text) in fragments {
        match serde_json::from_str(text) {
            Ok(Value::Object(fragment)) => merging.add(name, fragment),
            Ok(_) => merging.problem(format!("{name}: not an object")),
            Err(error) => merging.problem(format!("{name}: {error}")),
        }
    }
    merging.finish()
}

#[derive(Default)]
struct Merging {
    document: Map<String, Value>,
    /// Sets of responses, by name.
    answers: Value,
    problems: Vec<String>,
}

impl Merging {
    fn problem(&mut self, text: String) {
        self.problems.push(text);
    }

    fn add(&mut self, name: &str, mut fragment: Map<String, Value>) {
        if self.document.is_empty() {
            self.answers = fragment.remove(ANSWERS).unwrap_or_default();
            self.document = fragment;
            return;
        }
        for (part, value) in fragment {
            match (part.as_str(), value) {
                ("paths", Value::Object(paths)) => {
                    for (path, operations) in paths {
                        self.join(name, &["paths", &path], operations);
                    }
                }
                ("components", Value::Object(kinds)) => {
                    for (kind, components) in kinds {
                        self.join(name, &["components", &kind], components);
                    }
                }
                ("tags", Value::Array(tags)) => {
                    let all = self.document.entry("tags").or_insert_with(|| json!([]));
                    all.as_array_mut().unwrap().extend(tags);
                }
                (part, _) => self.problem(format!("{name}: {part} is no part of a fragment")),
            }
        }
    }

    /// Puts the members of an object into the one at `place`.
    fn join(&mut self, name: &str, place: &[&str], members: Value) {
        let Value::Object(members) = members else {
            return self.problem(format!("{name}: {place:?} is not an object"));
        };
        let mut into = &mut self.document;
        for step in place {
            let next = into.entry(*step).or_insert_with(|| json!({}));
            into = next.as_object_mut().unwrap();
        }
        let mut clashes = Vec::new();
        for (key, member) in members {
            match into.contains_key(&key) {
                true => clashes.push(format!("{name}: {place:?} has {key:?} already")),
                false => drop(into.insert(key, member)),
            }
        }
        self.problems.extend(clashes);
    }

    fn finish(mut self) -> Result<Value, String> {
        for (path, operations) in self.document["paths"].as_object_mut().into_iter().flatten() {
            for (method, operation) in operations.as_object_mut().into_iter().flatten() {
                let place = format!("{method} {path}");
                answer(&place, operation, &self.answers, &mut self.problems);
            }
        }
        let mut document = Value::Object(self.document);
        envelop(&mut document);
        import(&mut document, &mut self.problems);
        match self.problems.is_empty() {
            true => Ok(document),
            false => Err(self.problems.join("\n")),
        }
    }
}

/// Adds the shared responses that an operation names.
fn answer(place: &str, operation: &mut Value, answers: &Value, problems: &mut Vec<String>) {
    let Some(operation) = operation.as_object_mut() else { return };
    let named = operation.remove(ANSWERS).unwrap_or_default();
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    let responses = responses.as_object_mut().unwrap();
    for name in named.as_array().into_iter().flatten().filter_map(Value::as_str) {
        let Some(set) = answers[name].as_object() else {
            problems.push(format!("{place}: there are no {ANSWERS} {name:?}"));
            continue;
        };
        for (status, response) in set {
            responses.entry(status).or_insert_with(|| response.clone());
        }
    }
}

/// Writes out `x-data` and `x-example`, wherever they are.
fn envelop(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(data) = members.remove("x-data") {
                let mut content = json!({"schema": {
                    "type": "object",
                    "properties": {"success": {"const": true}, "data": data},
                    "required": ["success", "data"],
                    "additionalProperties": false,
                }});
                if let Some(example) = members.remove("x-example") {
                    content["example"] = json!({"success": true, "data": example});
                }
                members.insert("content".to_owned(), json!({"application/json": content}));
            }
            members.values_mut().for_each(envelop);
        }
        Value::Array(items) => items.iter_mut().for_each(envelop),
        _ => {}
    }
}

/// Brings in the schemas of the folder `schemas/` that are referred to.
fn import(document: &mut Value, problems: &mut Vec<String>) {
    let mut imports = Imports::default();
    imports.rewrite(document, None);
    let mut brought = BTreeMap::new();
    while let Some((name, (file, pointer))) = imports.wanted.pop_first() {
        if brought.contains_key(&name) {
            continue;
        }
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schemas").join(&file);
        let text = fs::read_to_string(&path).unwrap_or_default();
        let whole: Value = serde_json::from_str(&text).unwrap_or_default();
        let Some(mut schema) = whole.pointer(&pointer).cloned() else {
            problems.push(format!("there is no schemas/{file}#{pointer}"));
            continue;
        };
        if let Some(members) = schema.as_object_mut() {
            members.remove("$schema");
            members.remove("$defs");
        }
        imports.rewrite(&mut schema, Some(&file));
        brought.insert(name, schema);
    }
    let schemas = document["components"]["schemas"].as_object_mut().unwrap();
    for (name, schema) in brought {
        if schemas.insert(name.clone(), schema).is_some() {
            problems.push(format!("{name} is a schema of a fragment and one of another file"));
        }
    }
}

#[derive(Default)]
struct Imports {
    /// What is referred to, by the name that it gets: file and pointer.
    wanted: BTreeMap<String, (String, String)>,
}

impl Imports {
    /// Makes references into files ones into the document. `file`: where `value` is from, if not
    /// from a fragment.
    fn rewrite(&mut self, value: &mut Value, file: Option<&str>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get_mut("$ref") {
                    self.reference(reference, file);
                }
                members.values_mut().for_each(|member| self.rewrite(member, file));
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.rewrite(item, file)),
            _ => {}
        }
    }

    fn reference(&mut self, reference: &mut String, from: Option<&str>) {
        let (file, pointer) = reference.split_once('#').unwrap_or((reference.as_str(), ""));
        let file = match (file, from) {
            ("", None) => return,
            ("", Some(from)) => from,
            (file, _) => file,
        };
        let stem = file.trim_end_matches(".json");
        let steps = pointer.split('/').filter(|step| !matches!(*step, "" | "$defs"));
        let name = std::iter::once(stem).chain(steps).collect::<Vec<_>>().join(".");
        self.wanted.insert(name.clone(), (file.to_owned(), pointer.to_owned()));
        *reference = format!("#/components/schemas/{name}");
    }
}

fn merge_all(fragments: &[(&str, &str)]) -> Result<Value, String> {
    let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    merge(&fragments.iter().map(owned).collect::<Vec<_>>())
}

#[test]
fn fragments_become_one_document() {
    let base = r##"{"openapi": "3.1.0", "x-answers": {"edge": {"401": {"$ref": "#/x"}, "503": {}}},
        "paths": {"/a": {"get": {"x-answers": ["edge"], "responses": {"503": {"description": "own"}}}}},
        "components": {"schemas": {}}}"##;
    let other = r#"{"paths": {"/a": {"post": {"responses": {"200": {"description": "d",
        "x-data": {"$ref": "common.json#/$defs/nullable_timestamp"}, "x-example": null}}}}},
        "components": {"schemas": {"A": {}}}, "tags": [{"name": "t"}]}"#;
    let document = merge_all(&[("base", base), ("other", other)]).unwrap();
    assert_eq!(
        document["paths"]["/a"]["get"]["responses"],
        json!({"401": {"$ref": "#/x"}, "503": {"description": "own"}})
    );
    let json = &document["paths"]["/a"]["post"]["responses"]["200"]["content"]["application/json"];
    assert_eq!(json["example"], json!({"success": true, "data": null}));
    assert_eq!(
        json["schema"]["properties"]["data"],
        json!({"$ref": "#/components/schemas/common.nullable_timestamp"})
    );
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let names: Vec<&String> = schemas.keys().collect();
    assert_eq!(names, ["A", "common.nullable_timestamp", "common.timestamp"]);
    assert_eq!(document["tags"], json!([{"name": "t"}]));
}

#[test]
fn all_that_does_not_fit_is_said() {
    let base = r#"{"openapi": "3.1.0", "paths": {"/a": {"get": {"x-answers": ["no"]}}},
        "components": {"schemas": {"A": {}}}}"#;
    let other = r#"{"paths": {"/a": {"get": {}}, "/b": {"get": {"x": {"$ref": "no.json#/y"}}}},
        "components": {"schemas": {"A": {}}}, "info": {}}"#;
    let problems = merge_all(&[("base", base), ("other", other), ("third", "{")]).unwrap_err();
    let problems: Vec<&str> = problems.lines().collect();
    assert_eq!(
        problems,
        [
            "other: [\"components\", \"schemas\"] has \"A\" already",
            "other: info is no part of a fragment",
            "other: [\"paths\", \"/a\"] has \"get\" already",
            "third: EOF while parsing an object at line 1 column 1",
            "get /a: there are no x-answers \"no\"",
            "there is no schemas/no.json#/y",
        ]
    );
}
