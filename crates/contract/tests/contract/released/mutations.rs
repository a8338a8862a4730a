//! Changes of the schemas, each of which is found, or is none that hurts anybody.

use serde_json::{Value, json};

use super::form::Documents;
use super::{differences, moved, told};
use crate::in_schemas;
use crate::messages::MESSAGES;
use crate::schemas::Schemas;

/// A change, and what has to be said of it: the beginning of a line.
struct Change {
    place: &'static str,
    change: fn(&mut Value),
    told: &'static [&'static str],
}

const fn change(
    place: &'static str,
    change: fn(&mut Value),
    told: &'static [&'static str],
) -> Change {
    Change { place, change, told }
}

fn remove(schema: &mut Value, name: &str) {
    match schema {
        Value::Object(fields) => drop(fields.remove(name).unwrap()),
        Value::Array(words) => {
            let index = words.iter().position(|word| word == name).unwrap();
            words.remove(index);
        }
        _ => panic!("nothing has a name in {schema}"),
    }
}

fn push(list: &mut Value, value: Value) {
    list.as_array_mut().unwrap().push(value);
}

fn text() -> Value {
    json!({"description": "New.", "type": "string"})
}

/// What breaks readers or writers that go by the schemas as they are.
const FOUND: [Change; 37] = [
    change(
        "env-status.json#/properties",
        |it| remove(it, "reason"),
        &["env-status.json#/properties/reason: the field is gone (env-status)"],
    ),
    change(
        "frame.json#/required",
        |it| push(it, json!("options")),
        &["frame.json#: \"options\" is required now (frame)"],
    ),
    change(
        "frame.json#/required",
        |it| remove(it, "digest"),
        &["frame.json#: \"digest\" may be missing now (frame)"],
    ),
    change(
        "frame.json#",
        |it| it["additionalProperties"] = json!(false),
        &["frame.json#: fields that are not named are refused now (frame)"],
    ),
    change(
        "log-line.json#/properties/line",
        |it| it["type"] = json!("integer"),
        &[
            "log-line.json#/properties/line: this form is not taken any more (log-line)",
            "log-line.json#/properties/line: this form is new to readers (log-line)",
        ],
    ),
    change(
        "log-line.json#/properties/line",
        |it| *it = json!({"anyOf": [it, {"type": "null"}]}),
        &["log-line.json#/properties/line/anyOf/1: this form is new to readers (log-line)"],
    ),
    change(
        "log-line.json#/properties/line",
        |it| remove(it, "type"),
        &["log-line.json#/properties/line: may be anything now, and was string (log-line)"],
    ),
    change(
        "log-line.json#/properties/line",
        |it| it["maxLength"] = json!(1000),
        &["log-line.json#/properties/line: maxLength is 1000 now, and was none (log-line)"],
    ),
    change(
        "log-line.json#/properties/line",
        |it| it["pattern"] = json!("\\S"),
        &["log-line.json#/properties/line: pattern \"\\\\S\" is demanded now (log-line)"],
    ),
    change(
        "log-line.json#/properties/line",
        |it| it["enum"] = json!(["on", "off"]),
        &["log-line.json#/properties/line: only \"off\", \"on\" is taken now (log-line)"],
    ),
    change(
        "log-line.json#/properties/line",
        |it| it["const"] = json!(7),
        &["log-line.json#/properties/line: only 7 is taken now (log-line)"],
    ),
    change(
        "common.json#/$defs/seq",
        |it| it["maximum"] = json!(1000),
        &["common.json#/$defs/seq: maximum is 1000 now, and was 9007199254740991 ("],
    ),
    change(
        "common.json#/$defs/seq",
        |it| it["minimum"] = json!(0),
        &["common.json#/$defs/seq: minimum is 0 now, and was 1 ("],
    ),
    change(
        "common.json#/$defs/run_status/enum",
        |it| remove(it, "closed"),
        &["common.json#/$defs/run_status: \"closed\" is not taken any more ("],
    ),
    change(
        "common.json#/$defs/run_status/enum",
        |it| push(it, json!("asleep")),
        &["common.json#/$defs/run_status: \"asleep\" is new to readers ("],
    ),
    change(
        "common.json#/$defs/v",
        |it| it["const"] = json!(2),
        &[
            "common.json#/$defs/v: 1 is not taken any more (",
            "common.json#/$defs/v: 2 is new to readers (",
        ],
    ),
    change(
        "common.json#/$defs/run_id",
        |it| it["pattern"] = json!("^.*$"),
        &[
            "common.json#/$defs/run_id: pattern \"^.*$\" is demanded now (",
            "common.json#/$defs/run_id: pattern ",
        ],
    ),
    change(
        "common.json#/$defs/labels/propertyNames",
        |it| it["pattern"] = json!("^[a-z]*$"),
        &[
            "common.json#/$defs/labels/propertyNames: pattern \"^[a-z]*$\" is demanded now (env-status, start-request)",
        ],
    ),
    change(
        "common.json#/$defs/labels",
        |it| remove(it, "additionalProperties"),
        &[
            "common.json#/$defs/labels/additionalProperties: there is no schema of additionalProperties any more (env-status)",
        ],
    ),
    change(
        "action.json#/properties",
        |it| it["mood"] = text(),
        &["action.json#/properties/mood: the field is new in what a digest is taken of ("],
    ),
    change(
        "frame.json#/$defs/round_end/properties",
        |it| it["mood"] = text(),
        &[
            "frame.json#/$defs/round_end/properties/mood: the field is new in what a digest is taken of (frame)",
        ],
    ),
    change(
        "journal.json#/properties/record/oneOf",
        |it| remove_at(it, 4),
        &["journal.json#/properties/record/oneOf/4: this form is not taken any more (journal)"],
    ),
    change(
        "journal.json#/properties/record/oneOf",
        |it| {
            push(it, json!({"properties": {"type": {"const": "nap"}}, "required": ["type"]}));
        },
        &["journal.json#/properties/record/oneOf/8: this form is new to readers (journal)"],
    ),
    change(
        "journal.json#/$defs/tick/properties/commands",
        |it| remove(it, "items"),
        &[
            "journal.json#/$defs/tick/properties/commands/items: there is no schema of items any more (journal)",
        ],
    ),
    change(
        "command.json#/oneOf",
        |it| remove_at(it, 2),
        &["command.json#/oneOf/2: this form is not taken any more (command, journal)"],
    ),
    change(
        "command.json#/$defs/interview/properties/args/required",
        |it| {
            push(it, json!("platform"));
        },
        &["command.json#/$defs/interview/properties/args: \"platform\" is required now (command)"],
    ),
    change(
        "command.json#/$defs/interview/properties/args/properties",
        |it| {
            remove(it, "at_round");
        },
        &[
            "command.json#/$defs/interview/properties/args/properties/at_round: the field is gone (command)",
        ],
    ),
    change(
        "command.json#/$defs/memory_redrive/properties/args/properties/sequences/anyOf",
        |it| {
            remove_at(it, 1);
        },
        &[
            "command.json#/$defs/memory_redrive/properties/args/properties/sequences/anyOf/1: this form is not taken any more (command)",
        ],
    ),
    change(
        "command.json#/$defs/memory_redrive/properties/args/properties/sequences/anyOf/0",
        |it| {
            it["maxItems"] = json!(50);
        },
        &[
            "command.json#/$defs/memory_redrive/properties/args/properties/sequences/anyOf/0: maxItems is 50 now, and was 100 (command)",
        ],
    ),
    change(
        "command.json#/$defs/change/properties",
        |it| it["mood"] = text(),
        &[
            "command.json#/$defs/change/properties/mood: the field is new, and whoever does not know it refuses it (journal)",
        ],
    ),
    change(
        "command.json#/$defs/posts",
        |it| it["uniqueItems"] = json!(true),
        &["command.json#/$defs/posts: uniqueItems true is demanded now (command, journal)"],
    ),
    change(
        "spec.json#/required",
        |it| push(it, json!("mood")),
        &["spec.json#: \"mood\" is required now (spec)"],
    ),
    change(
        "memory-node.json#",
        |it| it["not"] = json!({"required": ["v"]}),
        &["memory-node.json#: not {\"required\":[\"v\"]} is demanded now (memory-node)"],
    ),
    change(
        "reply.json#/$defs/error/properties/code/enum",
        |it| push(it, json!("bored")),
        &["reply.json#/$defs/error/properties/code: \"bored\" is new to readers ("],
    ),
    change(
        "progress.json#",
        |it| it["dependentRequired"] = json!({}),
        &["progress.json#: \"dependentRequired\" is not compared (progress)"],
    ),
    change(
        "progress.json#/properties/run_id",
        |it| it["$ref"] = json!("common.json#/$defs/none"),
        &["common.json#/$defs/none: there is no such schema (progress)"],
    ),
    // A new verb may get into a journal.
    change(
        "command.json#",
        |it| {
            it["properties"]["verb"] = json!({"type": "string"});
            push(&mut it["oneOf"], json!({"properties": {"verb": {"const": "nap"}}}));
        },
        &["command.json#/oneOf/17: this form is new to readers (journal)"],
    ),
];

fn remove_at(list: &mut Value, index: usize) {
    list.as_array_mut().unwrap().remove(index);
}

/// What hurts nobody.
const HARMLESS: [Change; 10] = [
    change("env-status.json#/properties", |it| it["mood"] = text(), &[]),
    change("journal.json#/$defs/claim/properties", |it| it["mood"] = text(), &[]),
    change("node-info.json#", |it| it["description"] = json!("Another."), &[]),
    // A new verb, as far as it gets into no journal.
    change("common.json#/$defs/verb/enum", |it| push(it, json!("nap")), &[]),
    change(
        "reply.json#/$defs/completed/properties/result/oneOf",
        |it| {
            push(it, json!({"properties": {"type": {"const": "napped"}}, "required": ["type"]}));
        },
        &[],
    ),
    // More may be asked.
    change(
        "command.json#/$defs/interview/properties/args/properties",
        |it| {
            it["mood"] = text();
        },
        &[],
    ),
    change(
        "command.json#/$defs/interview/properties/args/required",
        |it| {
            remove(it, "prompt");
        },
        &[],
    ),
    change("memory-search.json#/properties/query", |it| it["maxLength"] = json!(4096), &[]),
    change(
        "memory-search.json#/properties/query",
        |it| {
            *it = json!({"anyOf": [it, {"type": "null"}]});
        },
        &[],
    ),
    // It does not matter where a schema stands.
    change(
        "log-line.json#/properties/run_id",
        |it| {
            let run_id = &Schemas::load().documents["common.json"]["$defs"]["run_id"];
            *it = json!({"allOf": [run_id]});
        },
        &[],
    ),
];

fn changed(change: &Change) -> Vec<String> {
    let then = Schemas::load().documents;
    let mut now: Documents = then.clone();
    let (file, pointer) = change.place.split_once('#').unwrap();
    let place = now.get_mut(file).unwrap().pointer_mut(pointer);
    (change.change)(place.unwrap_or_else(|| panic!("there is no {}", change.place)));
    assert!(now != then, "{} is as it was", change.place);
    let messages = MESSAGES.iter().map(|message| format!("{}.json", message.name)).collect();
    told(&differences(&messages, &then, &now))
}

#[test]
fn every_incompatible_change_is_found() {
    let mut missed = Vec::new();
    for change in &FOUND {
        let lines = changed(change);
        for expected in change.told {
            if !lines.iter().any(|line| line.starts_with(expected)) {
                missed.push(format!("{expected}\nis not in:\n{}", lines.join("\n")));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n\n"));
}

#[test]
fn a_compatible_change_is_let_pass() {
    let told: Vec<String> = HARMLESS.iter().flat_map(changed).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn a_message_that_is_gone_is_found() {
    let then = Schemas::load().documents;
    let mut now = then.clone();
    now.remove("progress.json").unwrap();
    let lines = told(&differences(&["progress.json".to_owned()].into(), &then, &now));
    assert_eq!(lines, ["progress.json#: there is no such schema (progress)"]);
}

#[test]
fn a_subject_that_has_moved_is_found() {
    let text = std::fs::read_to_string(in_schemas(super::SUBJECTS)).unwrap();
    let then: Value = serde_json::from_str(&text).unwrap();
    let mut now = then.clone();
    assert_eq!(moved(&then, &now), [""; 0]);
    now["channels"]["actions"]["address"] = json!("sim.frames.{run}.{platform}");
    remove(&mut now["channels"]["live"]["messages"], "live-omitted");
    remove(&mut now["components"]["parameters"]["question_verb"]["enum"], "cancel");
    push(&mut now["components"]["parameters"]["verb"]["enum"], json!("nap"));
    assert_eq!(
        moved(&then, &now),
        [
            r#""sim.actions.{run}.{platform}" is "sim.frames.{run}.{platform}" now"#,
            r#""sim.live.{run}.{platform}.{action_type}" has no live-omitted any more"#,
            r#"{question_verb} cannot be "cancel" any more"#,
        ]
    );
}
