//! The body of a request, written at once.

use bytes::Bytes;
use contract::subject::Platform;

use crate::model::Prompt;
use crate::model::endpoint::Endpoint;
use crate::model::prompt::{WITH_TOOLS, fallback, tools};

/// How an answer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// An action, by tools.
    ByTools,
    /// An action, as JSON in a text.
    InText,
    /// Words.
    Words,
}

/// What asks `model` for `prompt`. What is the same for most comes first.
pub(super) fn body(
    endpoint: &Endpoint,
    model: &str,
    platform: Platform,
    prompt: &Prompt,
    wanted: Wanted,
) -> Bytes {
    let user: usize = prompt.user.iter().map(String::len).sum();
    // Quotes have escapes; tools have some kilobytes.
    let mut body = Body(Vec::with_capacity(user * 5 / 4 + prompt.system.len() + 8 * 1024));
    body.raw("{\"model\":");
    body.text(&[model]);
    for (name, value) in &endpoint.extra {
        body.field(name, value);
    }
    if let Some(temperature) = &endpoint.temperature {
        body.field("temperature", temperature);
    }
    if let Some(tokens) = endpoint.max_tokens {
        body.field("max_tokens", &tokens.to_string());
    }
    let how = match wanted {
        Wanted::ByTools => {
            for (name, value) in &endpoint.extra_of_tools {
                body.field(name, value);
            }
            body.field("tools", tools(platform));
            WITH_TOOLS
        }
        Wanted::InText => fallback(platform),
        Wanted::Words => "",
    };
    body.raw(",\"messages\":[{\"role\":\"system\",\"content\":");
    body.text(&[&prompt.system, how]);
    body.raw("},{\"role\":\"user\",\"content\":");
    let mut lines = Vec::with_capacity(2 * prompt.user.len());
    for line in &prompt.user {
        if !lines.is_empty() {
            lines.push("\n");
        }
        lines.push(line);
    }
    body.text(&lines);
    body.raw("}]}");
    Bytes::from(body.0)
}

struct Body(Vec<u8>);

impl Body {
    fn raw(&mut self, json: &str) {
        self.0.extend_from_slice(json.as_bytes());
    }

    /// A field with a value that is JSON already.
    fn field(&mut self, name: &str, json: &str) {
        self.raw(",");
        self.text(&[name]);
        self.raw(":");
        self.raw(json);
    }

    /// One string of several parts.
    fn text(&mut self, parts: &[&str]) {
        self.raw("\"");
        for part in parts {
            // Serde's quotes are cut off: the last one of this part, and the first one.
            let start = self.0.len();
            // To write a text to memory cannot fail.
            let _ = serde_json::to_writer(&mut self.0, part);
            self.0.pop();
            self.0.remove(start);
        }
        self.raw("\"");
    }
}
