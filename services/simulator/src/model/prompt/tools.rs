//! The actions of a platform, as a model is told of them.

use std::fmt::Write;
use std::sync::LazyLock;

use contract::decision::MAX_CALLS;
use contract::subject::Platform;

use crate::model::actions::{self, Action, Argument, Kind};

/// The tools of a platform: the value of `tools` in a request, as JSON.
pub fn tools(platform: Platform) -> &'static str {
    static TWITTER: LazyLock<String> = LazyLock::new(|| make_tools(Platform::Twitter));
    static REDDIT: LazyLock<String> = LazyLock::new(|| make_tools(Platform::Reddit));
    match platform {
        Platform::Twitter => &TWITTER,
        Platform::Reddit => &REDDIT,
    }
}

/// What a model is told in the place of tools, where its endpoint has none: the same actions, and
/// how to name them. It follows the words of the system.
pub fn fallback(platform: Platform) -> &'static str {
    static TWITTER: LazyLock<String> = LazyLock::new(|| make_fallback(Platform::Twitter));
    static REDDIT: LazyLock<String> = LazyLock::new(|| make_fallback(Platform::Reddit));
    match platform {
        Platform::Twitter => &TWITTER,
        Platform::Reddit => &REDDIT,
    }
}

/// How to answer where there are tools. It follows the words of the system.
pub(crate) const WITH_TOOLS: &str =
    "\nAct by calling the functions that you are given; words beside calls are lost.";

fn make_tools(platform: Platform) -> String {
    let tools: Vec<String> = actions::of(platform).map(tool).collect();
    format!("[{}]", tools.join(","))
}

/// The texts are ours, and none has anything to escape.
fn tool(action: &Action) -> String {
    let property = |argument: &Argument| {
        let kind = match argument.kind {
            Kind::Id | Kind::OptionalId => "integer",
            Kind::Text => "string",
        };
        let Argument { name, what, .. } = argument;
        format!(r#""{name}":{{"type":"{kind}","description":"{what}"}}"#)
    };
    let properties: Vec<String> = action.takes.iter().map(property).collect();
    let required = action.takes.iter().filter(|argument| argument.kind != Kind::OptionalId);
    let required: Vec<String> = required.map(|it| format!("\"{}\"", it.name)).collect();
    format!(
        r#"{{"type":"function","function":{{"name":"{}","description":"{}","parameters":{{"type":"object","properties":{{{}}},"required":[{}]}}}}}}"#,
        action.name,
        action.what,
        properties.join(","),
        required.join(",")
    )
}

fn make_fallback(platform: Platform) -> String {
    let mut text = "\nAnswer with one JSON object and nothing else, in the form \
                    {\"actions\":[{\"action\":\"like_post\",\"post_id\":3}]}. "
        .to_owned();
    // To write to a text cannot fail.
    let _ = writeln!(text, "At most {MAX_CALLS} actions. The actions, with their fields:");
    for action in actions::of(platform) {
        let field = |argument: &Argument| {
            let optional = if argument.kind == Kind::OptionalId { "?" } else { "" };
            format!("{}{optional}", argument.name)
        };
        let fields: Vec<String> = action.takes.iter().map(field).collect();
        let _ = writeln!(text, "- {}({}): {}", action.name, fields.join(", "), action.what);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn tools_are_schemas_of_the_actions() {
        for platform in [Platform::Twitter, Platform::Reddit] {
            let tools: Vec<Value> = serde_json::from_str(tools(platform)).unwrap();
            assert_eq!(tools.len(), actions::of(platform).count());
            for (tool, action) in tools.iter().zip(actions::of(platform)) {
                let function = &tool["function"];
                assert_eq!(tool["type"], "function");
                assert_eq!(function["name"], action.name);
                let properties = function["parameters"]["properties"].as_object().unwrap();
                assert_eq!(properties.len(), action.takes.len());
            }
            let comment = tools.iter().find(|it| it["function"]["name"] == "create_comment");
            let parameters = &comment.unwrap()["function"]["parameters"];
            assert_eq!(parameters["required"], serde_json::json!(["post_id", "content"]));
            assert_eq!(parameters["properties"]["parent_comment_id"]["type"], "integer");
        }
    }

    #[test]
    fn without_tools_the_same_actions_are_listed() {
        for platform in [Platform::Twitter, Platform::Reddit] {
            let text = fallback(platform);
            for action in actions::of(platform) {
                assert!(text.contains(&format!("\n- {}(", action.name)), "{}", action.name);
            }
            assert_eq!(text.contains("dislike"), platform == Platform::Reddit);
        }
        assert!(
            fallback(Platform::Reddit)
                .contains("- create_comment(post_id, content, parent_comment_id?): Comment on")
        );
    }
}
