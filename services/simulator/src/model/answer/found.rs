//! Calls in a text: JSON, alone or among words.

use serde_json::{Map, Value};

use super::calls::Called;
use super::repair;
use crate::model::text;

/// How much of a text is looked at, and how many beginnings of JSON are tried.
const LOOKED_AT: usize = 64 * 1024;
const TRIES: usize = 256;

const LISTS: [&str; 4] = ["actions", "tool_calls", "calls", "functions"];
const NAMES: [&str; 6] = ["action", "name", "tool", "function", "action_type", "tool_name"];
const ARGUMENTS: [&str; 5] = ["arguments", "parameters", "args", "params", "input"];

/// `text` without what a model thought before it spoke: `<think>…</think>`, whatever of it is
/// there.
pub(super) fn without_thoughts(text: &str) -> &str {
    for (begin, end) in [("<think>", "</think>"), ("<thinking>", "</thinking>")] {
        if let Some((_, said)) = text.rsplit_once(end) {
            return said;
        }
        if let Some((said, _)) = text.split_once(begin) {
            // Thoughts without an end.
            return said;
        }
    }
    text
}

/// What a text calls: all of the first JSON in it that calls anything, and what follows that.
///
/// `is_cut`: whether the answer ended before its end, so that nothing half is mended.
pub(super) fn called(text: &str, is_cut: bool) -> Vec<Called> {
    let text = text::head(text, LOOKED_AT);
    let mut called = Vec::new();
    let mut from = 0;
    for _ in 0..TRIES {
        let Some(at) = text[from..].find(['{', '[']) else { break };
        let start = from + at;
        let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
        match values.next() {
            Some(Ok(value)) => {
                called.extend(calls_of(value, 0));
                from = start + values.byte_offset().max(1);
            }
            // No JSON begins here, but it may one letter on.
            _ => from = start + 1,
        }
    }
    if called.is_empty() { mended(text, is_cut) } else { called }
}

/// The same of a text whose JSON has to be mended before it is any.
fn mended(text: &str, is_cut: bool) -> Vec<Called> {
    repair::object(text, is_cut).map(|fields| calls_of_object(fields, 0)).unwrap_or_default()
}

/// The calls of a value; `depth`: how deep within what was found.
fn calls_of(value: Value, depth: u32) -> Vec<Called> {
    match value {
        Value::Array(values) if depth < 2 => {
            values.into_iter().flat_map(|value| calls_of(value, depth + 1)).collect()
        }
        Value::Object(fields) => calls_of_object(fields, depth),
        _ => Vec::new(),
    }
}

fn calls_of_object(mut fields: Map<String, Value>, depth: u32) -> Vec<Called> {
    for list in LISTS {
        if let Some(Value::Array(values)) = fields.get_mut(list).map(Value::take)
            && depth < 2
        {
            return calls_of(Value::Array(values), depth + 1);
        }
    }
    for name in NAMES {
        match fields.remove(name) {
            Some(Value::String(name)) => {
                let arguments = ARGUMENTS.into_iter().find_map(|key| fields.remove(key));
                let arguments = arguments.unwrap_or(Value::Object(fields));
                return vec![Called { name, arguments }];
            }
            // `{"function": {"name": …}}`.
            Some(Value::Object(inner)) if depth < 3 => return calls_of_object(inner, depth + 1),
            _ => {}
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_found_in_words() {
        for (text, expected) in [
            (r#"{"actions":[{"action":"like_post","post_id":3}]}"#, r#"like_post {"post_id":3}"#),
            (
                "Sure!\n```json\n[{\"name\":\"follow\",\"arguments\":{\"followee_id\":2}}]\n```\nDone.",
                r#"follow {"followee_id":2}"#,
            ),
            (
                r#"<tool_call>{"name":"trend","parameters":"{}"}</tool_call> <tool_call>{"name":"refresh"}</tool_call>"#,
                r#"trend "{}"; refresh {}"#,
            ),
            (
                r#"[TOOL_CALLS][{"function":{"name":"mute","arguments":{"mutee_id":1}}}]"#,
                r#"mute {"mutee_id":1}"#,
            ),
            (r#"{"action":{"name":"repost","post_id":1}}"#, r#"repost {"post_id":1}"#),
            ("{'action': 'like_post', 'post_id': 3}", r#"like_post {"post_id":3}"#),
            (r#"{"actions":[{"action":"like_post","post_id":3}"#, r#"like_post {"post_id":3}"#),
            (r#"I like [3] and {x}. {"action":"trend"}"#, "trend {}"),
            (r#"{"actions":[]}"#, ""),
            (r#"{"mood":"fine"}"#, ""),
            ("I would like post 3.", ""),
        ] {
            let found = called(text, false);
            let found = found.iter().map(|call| format!("{} {}", call.name, call.arguments));
            assert_eq!(found.collect::<Vec<_>>().join("; "), expected, "{text}");
        }
    }

    #[test]
    fn what_was_cut_off_is_not_finished() {
        let cut = r#"{"actions":[{"action":"like_post","post_id":1"#;
        assert_eq!((called(cut, false).len(), called(cut, true).len()), (1, 0));
    }

    #[test]
    fn thoughts_are_no_words() {
        for (text, expected) in [
            ("<think>like {\"action\":\"x\"}</think>Fine.", "Fine."),
            ("no tag before</think> Fine.", " Fine."),
            ("Fine. <think>and so on", "Fine. "),
            ("<thinking>a</thinking>b", "b"),
            ("plain", "plain"),
        ] {
            assert_eq!(without_thoughts(text), expected);
        }
    }

    #[test]
    fn a_hostile_text_takes_no_time() {
        for text in ["[", "{\"a\":", "[1,", "{", "{\"", "[[],"] {
            assert!(called(&text.repeat(200_000), false).is_empty(), "{text}");
        }
    }
}
