//! From what a model calls to an action of the closed set.

use contract::decision::Call;
use contract::door::{describe, integer};
use contract::problem::suggest;
use contract::subject::Platform;
use serde_json::{Map, Value};
use world::TEXT_MAX;

use super::{LOOKED_AT, repair};
use crate::model::actions::{self, ACTIONS, Action, Given, Kind};
use crate::model::text;

/// Something that a model calls, before it is known whether there is such an action.
#[derive(Debug)]
pub(super) struct Called {
    /// The name.
    pub(super) name: String,
    /// The arguments: an object, a text that holds one, or nothing.
    pub(super) arguments: Value,
}

/// What a message calls by tools: `tool_calls`, one or several, or the older `function_call`; and
/// how many more there are than are looked at.
pub(super) fn called(message: &Value) -> (Vec<Called>, usize) {
    let calls = match &message["tool_calls"] {
        Value::Array(calls) => calls.as_slice(),
        call @ Value::Object(_) => std::slice::from_ref(call),
        _ => match &message["function_call"] {
            call @ Value::Object(_) => std::slice::from_ref(call),
            _ => &[],
        },
    };
    let called = |call: &Value| {
        let function = call.get("function").unwrap_or(call);
        let name = function["name"].as_str().unwrap_or_default().to_owned();
        Called { name, arguments: function["arguments"].clone() }
    };
    let looked_at = &calls[..calls.len().min(LOOKED_AT)];
    (looked_at.iter().map(called).collect(), calls.len() - looked_at.len())
}

/// The action that is called, and what of its text was cut; or why it is none.
///
/// `is_cut`: whether the answer ended before its end, so that nothing half is mended.
pub(super) fn call(
    platform: Platform,
    called: Called,
    is_cut: bool,
) -> Result<(Call, Option<String>), String> {
    let action = action(platform, &called.name)?;
    let fields =
        arguments(called.arguments, is_cut).map_err(|why| format!("{}: {why}", action.name))?;
    given(action, &fields)
}

/// The action of a name, as models write names.
fn action(platform: Platform, name: &str) -> Result<&'static Action, String> {
    let plain = name.trim().to_ascii_lowercase().replace(['-', ' '], "_");
    let plain = plain.rsplit(['.', ':', '/']).next().unwrap_or_default();
    let Some(action) = ACTIONS.iter().find(|action| action.name == plain) else {
        let names: Vec<&str> = actions::of(platform).map(|action| action.name).collect();
        return Err(match suggest(plain, &names) {
            Some(meant) => format!("there is no action {name:?}; is {meant} meant?"),
            None => format!("there is no action {name:?}"),
        });
    };
    match action.is_on(platform) {
        true => Ok(action),
        false => Err(format!("{} is no action of this platform", action.name)),
    }
}

/// The arguments of a call.
fn arguments(value: Value, is_cut: bool) -> Result<Map<String, Value>, String> {
    match value {
        Value::Null => Ok(Map::new()),
        Value::Object(fields) => Ok(fields),
        Value::String(text) if text.trim().is_empty() => Ok(Map::new()),
        Value::String(text) => match repair::object(&text, is_cut) {
            Some(fields) => Ok(fields),
            None if is_cut => Err("the answer was cut off (max_tokens)".to_owned()),
            None => Err(format!("the arguments are no JSON: {text}")),
        },
        other => Err(format!("found {} for its arguments", describe(&other))),
    }
}

fn given(action: &Action, fields: &Map<String, Value>) -> Result<(Call, Option<String>), String> {
    let mut given = Given::default();
    let mut cut = None;
    for argument in action.takes {
        let name = argument.name;
        let value = fields.get(name).unwrap_or(&Value::Null);
        let wrong = |expected: &str| {
            let found = if value.is_null() { "nothing".to_owned() } else { describe(value) };
            format!("{}: found {found} for {name}, expected {expected}", action.name)
        };
        match argument.kind {
            Kind::Id => given.id = id(value).ok_or_else(|| wrong("an id"))?,
            Kind::OptionalId => {
                let absent = value.is_null() || value.as_str().is_some_and(is_none);
                // Comments are counted from 1: what models write for none is no comment's id.
                let absent = absent || id(value) == Some(0);
                given.optional = match absent {
                    true => None,
                    false => Some(id(value).ok_or_else(|| wrong("an id or nothing"))?),
                };
            }
            Kind::Text => {
                let text = value.as_str().ok_or_else(|| wrong("a text"))?;
                given.text = text::written(text);
                if given.text.len() > TEXT_MAX {
                    given.text = text::head(&given.text, TEXT_MAX).to_owned();
                    cut = Some(format!(
                        "{}: {name} was cut to its first {TEXT_MAX} bytes",
                        action.name
                    ));
                }
            }
        }
    }
    Ok(((action.call)(given), cut))
}

/// Whether a text stands for nothing.
fn is_none(text: &str) -> bool {
    matches!(text.trim().to_ascii_lowercase().as_str(), "" | "null" | "none")
}

/// An id, also as a text.
fn id(value: &Value) -> Option<u32> {
    let number = match value {
        Value::String(text) => text.trim().trim_start_matches('#').parse().ok(),
        other => integer(other),
    };
    number.and_then(|number| u32::try_from(number).ok())
}
