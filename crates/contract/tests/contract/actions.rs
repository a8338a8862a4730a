//! Every list of the types of action names the same types: the enum and its parser, the samples,
//! the schema, the examples, and the specification in `docs/actions.md`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use contract::action::{Action, ActionBody};
use serde_json::{Value, json};

use crate::examples::examples;
use crate::samples::actions::{actions, name};
use crate::schemas::{Place, Schemas};

/// The types that have a sample of a success. The samples follow a `match`, so a type that is
/// new in the enum has one before these tests compile.
fn types() -> BTreeSet<String> {
    let successes = actions(1).into_iter().filter(Action::success);
    successes.map(|action| action.body.type_name().to_owned()).collect()
}

/// The texts of a JSON array.
fn texts(list: &Value) -> BTreeSet<String> {
    serde_json::from_value(list.clone()).unwrap()
}

fn specification() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/actions.md");
    fs::read_to_string(file).unwrap()
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn the_schema_has_a_definition_of_each_type_and_of_no_other() {
    let schemas = Schemas::load();
    let schema = schemas.at(&Place::root("action.json"));
    assert_eq!(texts(&schema["properties"]["action_type"]["enum"]), types());
    let branches = schema["allOf"][1]["oneOf"].as_array().unwrap();
    let of_branches: BTreeSet<String> = branches
        .iter()
        .map(|branch| branch["$ref"].as_str().unwrap().trim_start_matches("#/$defs/").to_owned())
        .collect();
    assert_eq!(of_branches, types());
    for name in types() {
        let action_type = &schema["$defs"][&name]["properties"]["action_type"];
        assert_eq!(action_type, &json!({"const": name}));
    }
}

#[test]
fn the_specification_has_a_row_for_each_type_and_for_no_other() {
    let text = specification();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let named: Vec<&str> = rows.flat_map(|row| quoted(row.split('|').nth(1).unwrap())).collect();
    assert_eq!(named.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>(), types());
    assert_eq!(named.len(), types().len(), "a type has two rows");
}

#[test]
fn each_type_is_read_as_itself_and_no_other_is_read() {
    for action in actions(1) {
        let written = serde_json::to_value(&action).unwrap();
        assert_eq!(written["action_type"], action.body.type_name());
        assert_eq!(serde_json::from_value::<Action>(written.clone()).unwrap(), action);
        let mut other = written;
        other["action_type"] = json!(action.body.type_name().to_lowercase());
        let error = serde_json::from_value::<Action>(other).unwrap_err().to_string();
        assert!(error.ends_with("is unknown"), "{error}");
    }
}

#[test]
fn each_type_has_examples_of_what_is_right_and_of_what_is_refused() {
    let refused = examples("action", "invalid");
    for action in actions(1) {
        let name = name(&action.body);
        let found = refused.iter().any(|example| {
            let is_of_type = example.value["action_type"] == action.body.type_name();
            is_of_type && example.name.starts_with(&name)
        });
        assert!(found, "no invalid example of {name}");
    }
}

#[test]
fn lists_leave_out_feeds_and_memories_idleness_too() {
    let without = |is_in: fn(&ActionBody) -> bool| -> BTreeSet<&str> {
        let bodies = actions(1).into_iter().map(|action| action.body);
        bodies.filter(|body| !is_in(body)).map(|body| body.type_name()).collect()
    };
    assert_eq!(without(ActionBody::is_listed), BTreeSet::from(["REFRESH"]));
    assert_eq!(without(ActionBody::is_memorable), BTreeSet::from(["REFRESH", "DO_NOTHING"]));
}

/// The Rust types read longer lists as well: a reader has nothing to gain from losing a frame.
#[test]
fn lists_have_the_bounds_of_the_specification() {
    let schemas = Schemas::load();
    let validator = schemas.of_message("action");
    let bounds = [("SEARCH_POSTS", 10), ("SEARCH_USER", 10), ("TREND", 5), ("REFRESH", 5)];
    for (action_type, most) in bounds {
        let action = actions(1).into_iter().find(|it| it.body.type_name() == action_type).unwrap();
        let mut action = serde_json::to_value(&action).unwrap();
        let list = if action_type == "SEARCH_USER" { "user_ids" } else { "post_ids" };
        for (count, is_valid) in [(0, true), (most, true), (most + 1, false)] {
            action["action_args"][list] = (1..=count).collect();
            assert_eq!(validator.is_valid(&action), is_valid, "{action_type} with {count}");
        }
        let row = specification();
        let row = row.lines().find(|line| line.starts_with(&format!("| `{action_type}`"))).unwrap();
        assert!(row.replace(',', " |").contains(&format!("`{list}` | at most {most} |")), "{row}");
    }
}
