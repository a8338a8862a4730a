//! The body of a webhook: JSON in which `{{placeholders}}` stand for what a batch holds.
//!
//! A template is read once, as JSON, and filled as JSON: a text goes in as a value, never as
//! syntax, so nothing that an agent writes can break out of its place.

use contract::door::Door;
use contract::problem::suggest;
use serde_json::{Map, Value, json};

use crate::batch::EpisodeBatch;

/// A template that is known to be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Node);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    /// A number, true, false or null.
    Fixed(Value),
    /// A text that is nothing but a placeholder: the value itself, with its type.
    Whole(Field),
    /// A text with placeholders in it.
    Text(Vec<Piece>),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Fixed(String),
    Field(Field),
}

/// What a placeholder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    BatchId,
    GraphId,
    RunId,
    Platform,
    Round,
    SimulatedTime,
    Episodes,
    Text,
}

/// The names of the placeholders, in the order in which they are documented.
const FIELDS: [(&str, Field); 8] = [
    ("batch_id", Field::BatchId),
    ("graph_id", Field::GraphId),
    ("run_id", Field::RunId),
    ("platform", Field::Platform),
    ("round", Field::Round),
    ("simulated_time", Field::SimulatedTime),
    ("episodes", Field::Episodes),
    ("text", Field::Text),
];

impl Template {
    /// Reads the template at `pointer`, reporting all that is wrong at the door; what is
    /// wrong is read as fixed text.
    pub fn read(door: &Door, pointer: &str, value: &Value) -> Template {
        Template(read(door, pointer, value))
    }

    /// The template of a target that names none: every field under its own name.
    pub fn all_fields() -> Template {
        let fields = FIELDS.iter().map(|(name, field)| ((*name).to_owned(), Node::Whole(*field)));
        Template(Node::Object(fields.collect()))
    }

    /// The body for `batch`.
    pub fn fill(&self, batch: &EpisodeBatch) -> Value {
        fill(&self.0, batch)
    }
}

fn read(door: &Door, pointer: &str, value: &Value) -> Node {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => Node::Fixed(value.clone()),
        Value::String(text) => read_text(door, pointer, text),
        Value::Array(elements) => {
            let elements = elements.iter().enumerate();
            Node::List(elements.map(|(i, e)| read(door, &format!("{pointer}/{i}"), e)).collect())
        }
        Value::Object(fields) => {
            let read_field = |(key, value): (&String, &Value)| {
                let escaped = key.replace('~', "~0").replace('/', "~1");
                let pointer = format!("{pointer}/{escaped}");
                if key.contains("{{") {
                    door.report(&pointer, "a placeholder in a name", "placeholders in values only");
                }
                (key.clone(), read(door, &pointer, value))
            };
            Node::Object(fields.iter().map(read_field).collect())
        }
    }
}

fn read_text(door: &Door, pointer: &str, text: &str) -> Node {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{{") {
        let Some((name, after)) = behind.split_once("}}") else {
            door.report(pointer, "{{ that is not closed", "a placeholder such as {{text}}");
            break;
        };
        if !before.is_empty() {
            pieces.push(Piece::Fixed(before.to_owned()));
        }
        match field(name.trim()) {
            Ok(field) => pieces.push(Piece::Field(field)),
            Err(expected) => door.report(pointer, format!("{{{{{name}}}}}"), &expected),
        }
        rest = after;
    }
    if let [Piece::Field(field)] = pieces[..]
        && rest.is_empty()
    {
        return Node::Whole(field);
    }
    if pieces.contains(&Piece::Field(Field::Episodes)) {
        door.report(pointer, "{{episodes}} within a text", "it alone, since it is a list");
    }
    pieces.push(Piece::Fixed(rest.to_owned()));
    Node::Text(pieces)
}

/// The field of that name, or what was expected in its place.
fn field(name: &str) -> Result<Field, String> {
    let found = FIELDS.iter().find(|(known, _)| *known == name);
    found.map(|(_, field)| *field).ok_or_else(|| {
        let names = FIELDS.map(|(name, _)| name);
        match suggest(name, &names) {
            Some(meant) => format!("{{{{{meant}}}}} (did you mean that?)"),
            None => format!("one of {}", names.join(", ")),
        }
    })
}

fn fill(node: &Node, batch: &EpisodeBatch) -> Value {
    match node {
        Node::Fixed(value) => value.clone(),
        Node::Whole(field) => value_of(*field, batch),
        Node::Text(pieces) => {
            let texts = pieces.iter().map(|piece| match piece {
                Piece::Fixed(text) => text.clone(),
                Piece::Field(field) => match value_of(*field, batch) {
                    Value::String(text) => text,
                    other => other.to_string(),
                },
            });
            Value::String(texts.collect())
        }
        Node::List(nodes) => nodes.iter().map(|node| fill(node, batch)).collect(),
        Node::Object(fields) => {
            let filled = fields.iter().map(|(key, node)| (key.clone(), fill(node, batch)));
            Value::Object(filled.collect::<Map<String, Value>>())
        }
    }
}

fn value_of(field: Field, batch: &EpisodeBatch) -> Value {
    match field {
        Field::BatchId => json!(batch.id()),
        Field::GraphId => json!(batch.graph_id),
        Field::RunId => json!(batch.world.run_id),
        Field::Platform => json!(batch.world.platform),
        Field::Round => json!(batch.round),
        Field::SimulatedTime => json!(batch.simulated_time),
        Field::Episodes => json!(batch.episodes),
        Field::Text => json!(batch.text()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::tests::batch;

    fn template(value: &Value) -> Result<Template, String> {
        let door = Door::new("targets.json");
        let template = Template::read(&door, "/body", value);
        door.close(Some(template)).map_err(|problems| problems.to_string())
    }

    #[test]
    fn placeholders_become_values_of_their_type() {
        let mut batch = batch(&["CREATE_POST", "FOLLOW"]);
        batch.graph_id = "g\"1".to_owned();
        let template = template(&json!({
            "id": "{{batch_id}}", "round": "{{ round }}", "in": ["round {{round}} of {{graph_id}}", 1],
            "rows": "{{episodes}}", "fixed": {"a": null, "b": true}, "when": "{{simulated_time}}",
            "where": "{{run_id}}/{{platform}}",
        }))
        .unwrap();
        assert_eq!(
            template.fill(&batch),
            json!({
                "id": "market-1.twitter.1-2", "round": 0, "in": ["round 0 of g\"1", 1],
                "rows": batch.episodes, "fixed": {"a": null, "b": true},
                "when": "2026-01-01T00:00:00.000Z", "where": "market-1/twitter",
            })
        );
    }

    #[test]
    fn a_hostile_text_cannot_break_out() {
        let mut batch = batch(&["CREATE_POST"]);
        let hostile = r#"", "admin": true, "x": "{{run_id}} \ {{episodes}} }}"#;
        batch.episodes[0].text = hostile.to_owned();
        let filled = template(&json!({"say": "<{{text}}>"})).unwrap().fill(&batch);
        let sent: Value = serde_json::from_slice(&serde_json::to_vec(&filled).unwrap()).unwrap();
        assert_eq!(sent, json!({"say": format!("<{hostile}>")}));
    }

    #[test]
    fn all_fields_is_every_field_by_its_name() {
        let filled = Template::all_fields().fill(&batch(&["FOLLOW"]));
        let names: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
        assert_eq!(filled.as_object().unwrap().len(), names.len());
        assert!(names.iter().all(|name| filled.get(name).is_some()), "{filled}");
    }

    #[test]
    fn every_problem_of_a_template_is_named() {
        let error = template(&json!({
            "a": "{{batchid}}", "b": ["{{text", "{{password}}"], "c": "all: {{episodes}}",
            "{{run_id}}": 1,
        }))
        .unwrap_err();
        let mut lines: Vec<&str> = error.lines().collect();
        lines.sort_unstable();
        assert_eq!(
            lines,
            [
                "targets.json /body/a: found {{batchid}}, expected {{batch_id}} (did you mean that?)",
                "targets.json /body/b/0: found {{ that is not closed, expected a placeholder such \
                 as {{text}}",
                "targets.json /body/b/1: found {{password}}, expected one of batch_id, graph_id, \
                 run_id, platform, round, simulated_time, episodes, text",
                "targets.json /body/c: found {{episodes}} within a text, expected it alone, since \
                 it is a list",
                "targets.json /body/{{run_id}}: found a placeholder in a name, expected \
                 placeholders in values only",
            ]
        );
    }
}
