//! Holds answers of a launcher to `schemas/openapi.json`: a status, a header, a field or a type
//! that the document does not have fails the test that met it.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::http::Response;

/// The parameter that stands for all that is left of a path.
const REST: &str = "{rest}";

static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    Document::new(serde_json::from_str(include_str!("../../schemas/openapi.json")).expect("JSON"))
});

/// A route of the document, or what it says about its operations.
#[derive(Debug)]
pub struct Operation {
    /// In lower case.
    pub method: String,
    /// With its parameters in braces.
    pub path: String,
    /// As the document has it, its parameters resolved.
    pub value: Value,
}

struct Document {
    whole: Value,
    /// By the place of the schema.
    validators: Mutex<BTreeMap<String, Arc<Validator>>>,
}

/// All operations.
pub fn operations() -> Vec<Operation> {
    let paths = DOCUMENT.whole["paths"].as_object().into_iter().flatten();
    paths
        .flat_map(|(path, item)| {
            item.as_object().into_iter().flatten().map(|(method, value)| Operation {
                method: method.clone(),
                path: path.clone(),
                value: DOCUMENT.resolved(value),
            })
        })
        .collect()
}

/// The path of the document that means this one.
pub fn template(path: &str) -> Option<String> {
    let path = path.split('?').next().unwrap_or_default();
    DOCUMENT.route(path).map(|(template, _)| template.to_owned())
}

/// Whether a parameter of the document with this schema may be `text`.
pub fn allows(schema: &Value, text: &str) -> bool {
    // Of a list, each element comes as a parameter of its own.
    let schema = schema.get("items").unwrap_or(schema);
    let place = schema.to_string();
    let allows = |json: &str| DOCUMENT.validate(&place, schema, json).is_empty();
    allows(&Value::from(text).to_string()) || text.parse::<f64>().is_ok() && allows(text)
}

/// Holds an answer to the document.
///
/// # Panics
/// With all that is not as documented.
pub fn check(method: &str, path: &str, response: &Response) {
    let problems = problems(method, path, response);
    let start: String = response.body.chars().take(2000).collect();
    assert!(
        problems.is_empty(),
        "{method} {path} answered {} otherwise than schemas/openapi.json has it:\n{}\n{start}",
        response.status,
        problems.join("\n")
    );
}

/// What of an answer is not as documented.
pub fn problems(method: &str, path: &str, response: &Response) -> Vec<String> {
    let path = path.split('?').next().unwrap_or_default();
    let method = if method == "HEAD" { "get".to_owned() } else { method.to_ascii_lowercase() };
    let Some((template, item)) = DOCUMENT.route(path) else {
        return DOCUMENT.refusal(response, &[401, 403, 404, 503]);
    };
    let Some(operation) = item.get(&method) else {
        return DOCUMENT.refusal(response, &[401, 403, 405, 503]);
    };
    let status = response.status.to_string();
    let Some(documented) = operation["responses"].get(&status) else {
        let too_many = DOCUMENT.refusal(response, &[503]);
        return if too_many.is_empty() {
            too_many
        } else {
            vec![format!("{method} {template} has no response {status}")]
        };
    };
    let place = format!("/paths/{}/{method}/responses/{status}", escape(template));
    DOCUMENT.compare(&place, documented, response)
}

fn escape(text: &str) -> String {
    text.replace('~', "~0").replace('/', "~1")
}

impl Document {
    fn new(whole: Value) -> Document {
        Document { whole, validators: Mutex::default() }
    }

    /// The path of the document that means `path`: the one with the fewest parameters.
    fn route(&self, path: &str) -> Option<(&str, &Map<String, Value>)> {
        let paths = self.whole["paths"].as_object().into_iter().flatten();
        paths
            .filter(|(template, _)| matches(template, path))
            .min_by_key(|(template, _)| (template.ends_with(REST), template.matches('{').count()))
            .and_then(|(template, item)| Some((template.as_str(), item.as_object()?)))
    }

    fn at(&self, reference: &str) -> &Value {
        let found = self.whole.pointer(reference.trim_start_matches('#'));
        found.unwrap_or_else(|| panic!("there is no {reference}"))
    }

    /// An operation with its parameters written out.
    fn resolved(&self, operation: &Value) -> Value {
        let mut operation = operation.clone();
        for parameter in operation["parameters"].as_array_mut().into_iter().flatten() {
            if let Some(reference) = parameter["$ref"].as_str() {
                *parameter = self.at(reference).clone();
            }
        }
        operation
    }

    /// An answer that no operation has: it is in the envelope, and has one of these statuses.
    fn refusal(&self, response: &Response, statuses: &[u16]) -> Vec<String> {
        if !statuses.contains(&response.status) {
            return vec![format!("expected one of {statuses:?}")];
        }
        let schema = json!({"$ref": "#/components/schemas/Error"});
        self.validate("a refusal", &schema, &response.body)
    }

    fn compare(&self, place: &str, documented: &Value, response: &Response) -> Vec<String> {
        if let Some(reference) = documented["$ref"].as_str() {
            return self.compare(&reference[1..], self.at(reference), response);
        }
        let mut problems = Vec::new();
        for (name, header) in documented["headers"].as_object().into_iter().flatten() {
            match response.header(name) {
                Some(text) => problems.extend(self.header(place, name, &header["schema"], text)),
                None if header["required"] == true => problems.push(format!("no header {name}")),
                None => {}
            }
        }
        let found = response.header("content-type").unwrap_or("none");
        let kind = found.split(';').next().unwrap_or_default().trim();
        let contents = documented["content"].as_object();
        let Some(content) = contents.and_then(|contents| contents.get(kind)) else {
            if contents.is_some() || !response.body.is_empty() {
                problems.push(format!("content-type {found} is not documented"));
            }
            return problems;
        };
        let place = format!("{place}/content/{}/schema", escape(kind));
        match (kind, content.get("schema")) {
            ("text/event-stream", Some(schema)) => {
                problems.extend(self.events(&place, &schema["x-events"], &response.body));
            }
            ("application/json", Some(schema)) => {
                problems.extend(self.validate(&place, schema, &response.body));
            }
            _ => {}
        }
        problems
    }

    fn header(&self, place: &str, name: &str, schema: &Value, text: &str) -> Vec<String> {
        let quoted = Value::from(text).to_string();
        let is_number = schema["type"] == "integer";
        let json = if is_number { text } else { quoted.as_str() };
        self.validate(&format!("{place}/headers/{name}"), schema, json)
    }

    /// Each whole event of a stream of them.
    fn events(&self, place: &str, kinds: &Value, body: &str) -> Vec<String> {
        let whole = body.rfind("\n\n").map_or("", |end| &body[..end]);
        let mut problems = Vec::new();
        for block in whole.split("\n\n") {
            let line = |name| block.lines().find_map(|line| line.strip_prefix(name));
            let (Some(kind), Some(data)) = (line("event: "), line("data: ")) else { continue };
            match kinds.get(kind) {
                Some(schema) => {
                    problems.extend(self.validate(&format!("{place}/{kind}"), schema, data));
                }
                None => problems.push(format!("there is no event {kind:?}")),
            }
        }
        problems
    }

    /// `place` names the schema, whose validator is kept.
    fn validate(&self, place: &str, schema: &Value, text: &str) -> Vec<String> {
        let instance: Value = match serde_json::from_str(text) {
            Ok(instance) => instance,
            Err(error) => return vec![format!("no JSON: {error}")],
        };
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = validators.entry(place.to_owned()).or_insert_with(|| {
            let whole = json!({"components": self.whole["components"], "allOf": [schema]});
            let built = jsonschema::options().offline().build(&whole);
            Arc::new(built.unwrap_or_else(|error| panic!("{place}: {error}")))
        });
        let validator = Arc::clone(validator);
        drop(validators);
        let errors = validator.iter_errors(&instance).take(20);
        errors.map(|error| format!("{}: {error}", error.instance_path())).collect()
    }
}

/// Whether a path is one of a template: `{name}` stands for a segment, `{rest}` at the end for all
/// that there are.
fn matches(template: &str, path: &str) -> bool {
    let (mut templates, mut segments) = (template.split('/'), path.split('/'));
    loop {
        match (templates.next(), segments.next()) {
            (None, None) => return true,
            (Some(REST), Some(segment)) => return !segment.is_empty() || segments.next().is_some(),
            (Some(template), Some(segment)) => {
                // As the router has it: nothing is a segment too, but at the end.
                let is_last = templates.clone().next().is_none();
                let is_meant = template.starts_with('{') && !(is_last && segment.is_empty());
                if template != segment && !is_meant {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, body: &Value) -> Response {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Response { status, headers, body: body.to_string() }
    }

    #[test]
    fn an_answer_that_is_documented_passes_and_each_change_of_it_is_found() {
        let idle = json!({"success": true, "data": {"simulation_id": "a", "runner_status": "idle",
            "all_actions": [], "twitter_actions": [], "reddit_actions": []}});
        let path = "/api/simulation/a/run-status/detail?limit=1";
        assert_eq!(problems("GET", path, &response(200, &idle)), [""; 0]);
        let mut more = idle.clone();
        more["data"]["surprise"] = json!(1);
        let mut less = idle.clone();
        less["data"].as_object_mut().unwrap().remove("all_actions");
        let mut other = idle.clone();
        other["data"]["runner_status"] = json!("Idle");
        for changed in [&more, &less, &other] {
            assert!(!problems("GET", path, &response(200, changed)).is_empty(), "{changed}");
        }
        assert!(!problems("GET", path, &response(201, &idle)).is_empty());
        assert!(!problems("DELETE", path, &response(200, &idle)).is_empty());
        assert!(!problems("GET", "/api/simulation/a", &response(200, &idle)).is_empty());
        let error = json!({"success": false, "error": "method"});
        assert_eq!(problems("DELETE", path, &response(405, &error)), [""; 0]);
        assert_eq!(problems("GET", "/nowhere", &response(404, &error)), [""; 0]);
        // What is wrong with a question is always in `problems`.
        assert!(!problems("GET", path, &response(400, &error)).is_empty());
        let text = Response { headers: Vec::new(), ..response(200, &idle) };
        assert_eq!(problems("GET", path, &text), ["content-type none is not documented"]);
    }

    #[test]
    fn a_path_is_that_of_the_route_with_the_fewest_parameters() {
        assert!(matches("/a/{id}/b", "/a/x/b"));
        assert!(matches("/a/{id}/b", "/a//b") && !matches("/a/{id}", "/a/"));
        assert!(!matches("/a/{id}", "/a/x/b"));
        assert!(matches("/a/{rest}", "/a/x/b") && !matches("/a/{rest}", "/a/"));
        let (template, _) = DOCUMENT.route("/api/simulation/x/run-status").unwrap();
        assert_eq!(template, "/api/simulation/{id}/run-status");
    }
}
