//! A sensible answer to a question, found in its bytes.

use std::fmt::Write;

use serde_json::{Value, json};

/// A completion with this message, as a server sends it.
pub fn completion(message: &Value) -> String {
    let finish = if message["tool_calls"].is_array() { "tool_calls" } else { "stop" };
    json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_767_225_600,
        "model": "scripted-1",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
    })
    .to_string()
}

/// What somebody might do who was sent `body`: by tools if it has any, as JSON where the text asks
/// for that, in words else.
pub fn sensible(body: &str) -> String {
    let number = body.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let (name, arguments) = action(body, number >> 16);
    let by_tools = body.contains("\"tools\":[");
    let message = if by_tools {
        let arguments = quoted(&format!("{{{arguments}}}"));
        format!(
            r#"{{"role":"assistant","content":null,"tool_calls":[{{"id":"call_1","type":"function","function":{{"name":"{name}","arguments":{arguments}}}}}]}}"#
        )
    } else if body.contains("{\\\"actions\\\":") {
        let comma = if arguments.is_empty() { "" } else { "," };
        let json = format!(r#"{{"actions":[{{"action":"{name}"{comma}{arguments}}}]}}"#);
        format!(r#"{{"role":"assistant","content":{}}}"#, quoted(&json))
    } else {
        let words = format!("Model words {number:016x}.");
        format!(r#"{{"role":"assistant","content":"{words}"}}"#)
    };
    let mut answer = String::with_capacity(message.len() + 400);
    let tokens = body.len() / 4;
    // To write to a text cannot fail.
    let _ = write!(
        answer,
        r#"{{"id":"chatcmpl-{number:016x}","object":"chat.completion","created":1767225600,"model":"scripted-1","choices":[{{"index":0,"message":{message},"logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":{tokens},"completion_tokens":20,"total_tokens":{},"prompt_tokens_details":{{"cached_tokens":{}}}}}}}"#,
        tokens + 20,
        tokens / 2
    );
    answer
}

/// An action and the fields of its arguments.
fn action(body: &str, number: u64) -> (&'static str, String) {
    // What stands in the data has its quotes escaped; what stands in the tools has not.
    let feed = body.rfind("\\\"feed\\\":[").map_or("", |at| &body[at..]);
    let posts = ids(feed, "post_id\\\":");
    let me = ids(body, "\\\"you\\\":{\\\"user_id\\\":").first().copied();
    let others: Vec<u64> =
        ids(feed, "user_id\\\":").into_iter().filter(|id| Some(*id) != me).collect();
    let words = format!(r#""content":"Scripted words {:04x}.""#, number >> 32 & 0xffff);
    match (number % 8, posts.first(), others.first()) {
        (0 | 1, ..) | (_, None, _) => ("create_post", words),
        (2 | 3, Some(post), _) => ("create_comment", format!(r#""post_id":{post},{words}"#)),
        (4 | 5, Some(_), _) => ("like_post", format!(r#""post_id":{}"#, posts[posts.len() - 1])),
        (6, Some(_), Some(user)) => ("follow", format!(r#""followee_id":{user}"#)),
        _ => ("do_nothing", String::new()),
    }
}

/// The numbers behind each `key`.
fn ids(text: &str, key: &str) -> Vec<u64> {
    let number = |(at, _)| {
        let digits = &text[at + key.len()..];
        let end = digits.find(|it: char| !it.is_ascii_digit()).unwrap_or(digits.len());
        digits[..end].parse().ok()
    };
    text.match_indices(key).filter_map(number).collect()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_follows_from_the_question() {
        let data = r#"{\"you\":{\"user_id\":3}} \"feed\":[{\"post_id\":7,\"user_id\":5}]"#;
        let mut names = std::collections::BTreeSet::new();
        for number in 0..200 {
            let body = format!(r#"{{"tools":[],"x":"{data} {number}"}}"#);
            let answer = sensible(&body);
            assert_eq!(answer, sensible(&body));
            let answer: Value = serde_json::from_str(&answer).unwrap();
            let call = &answer["choices"][0]["message"]["tool_calls"][0]["function"];
            let arguments = call["arguments"].as_str().unwrap();
            let arguments: Value = serde_json::from_str(arguments).unwrap();
            for (key, id) in [("post_id", 7), ("followee_id", 5)] {
                assert!(arguments[key].is_null() || arguments[key] == id, "{call}");
            }
            names.insert(call["name"].as_str().unwrap().to_owned());
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(names, ["create_comment", "create_post", "do_nothing", "follow", "like_post"]);
    }

    #[test]
    fn without_tools_it_answers_as_it_is_asked() {
        let content = |body: &str| {
            let answer: Value = serde_json::from_str(&sensible(body)).unwrap();
            answer["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
        };
        let json: Value = serde_json::from_str(&content(r#"{"x":"{\"actions\":[..]}"}"#)).unwrap();
        assert_eq!(json["actions"][0]["action"], "create_post");
        assert!(content(r#"{"x":"What do you think?"}"#).starts_with("Model words "));
    }
}
