use contract::decision::{MAX_CALLS, MAX_DECISION_BYTES};
use serde_json::json;

use super::*;
use crate::model::endpoint::Secrets;

fn acts(platform: Platform, status: u16, body: &[u8]) -> Answer<Acts> {
    super::acts(platform, &Sent::read(status, body, None, &Secrets::default()))
}

fn words(status: u16, body: &[u8]) -> Answer<String> {
    super::words(&Sent::read(status, body, None, &Secrets::default()))
}

/// A body with this message.
fn body(message: &Value) -> Vec<u8> {
    json!({"choices": [{"message": message, "finish_reason": "stop"}]}).to_string().into_bytes()
}

fn called(calls: &Value) -> Acts {
    let body = body(&json!({"content": null, "tool_calls": calls}));
    acts(Platform::Reddit, 200, &body).came.unwrap()
}

fn call(name: &str, arguments: &Value) -> Value {
    json!({"id": "c", "type": "function", "function": {"name": name, "arguments": arguments}})
}

/// One call that is refused; why.
fn refused(name: &str, arguments: &Value) -> String {
    let acts = called(&json!([call(name, arguments)]));
    assert_eq!(acts.calls, [], "{name} {arguments}");
    acts.refused.join("; ")
}

#[test]
fn calls_are_taken_as_they_are_meant() {
    let likes = [Call::LikePost { post_id: 3 }];
    for arguments in [
        json!({"post_id": 3}),
        json!({"post_id": "3"}),
        json!({"post_id": " #3 "}),
        json!({"post_id": 3.0, "why": "because"}),
        json!("{\"post_id\": 3}"),
        json!("```json\n{\"post_id\": 3}\n```"),
        json!("{\"post_id\": 3"),
        json!("{'post_id': '3',}"),
    ] {
        for name in ["like_post", "LIKE_POST", " like-post", "functions.like_post"] {
            let acts = called(&json!([call(name, &arguments)]));
            assert_eq!(acts.calls, likes, "{name} {arguments}");
            assert_eq!(acts.refused, [] as [String; 0]);
        }
    }
    // One that is no list, one without its wrapping, the older form.
    assert_eq!(called(&call("like_post", &json!({"post_id": 3}))).calls, likes);
    let bare = json!([{"name": "like_post", "arguments": "{\"post_id\":3}"}]);
    assert_eq!(called(&bare).calls, likes);
    let older = json!({"function_call": {"name": "like_post", "arguments": "{\"post_id\":3}"}});
    assert_eq!(acts(Platform::Twitter, 200, &body(&older)).came.unwrap().calls, likes);
    for none in [json!(""), Value::Null, json!({}), json!("{}")] {
        assert_eq!(called(&json!([call("trend", &none)])).calls, [Call::Trend]);
    }
}

#[test]
fn an_answer_to_a_comment_names_it_or_does_not() {
    for (parent, expected) in [
        (json!(7), Some(7)),
        (json!("7"), Some(7)),
        (Value::Null, None),
        (json!(0), None),
        (json!("none"), None),
        (json!(""), None),
    ] {
        let arguments = json!({"post_id": 1, "content": "So?", "parent_comment_id": parent});
        let acts = called(&json!([call("create_comment", &arguments)]));
        let content = "So?".to_owned();
        let comment = Call::CreateComment { post_id: 1, content, parent_comment_id: expected };
        assert_eq!(acts.calls, [comment]);
    }
}

#[test]
fn what_is_no_action_is_refused_in_words() {
    for (name, arguments, why) in [
        ("like_pots", json!({}), "there is no action \"like_pots\"; is like_post meant?"),
        ("upvote", json!({}), "there is no action \"upvote\""),
        ("", json!({}), "there is no action \"\""),
        ("repost", json!({"post_id": 1}), "repost is no action of this platform"),
        ("like_post", json!({}), "like_post: found nothing for post_id, expected an id"),
        (
            "like_post",
            json!({"post_id": "the first"}),
            "like_post: found the text \"the first\" for post_id, expected an id",
        ),
        ("like_post", json!({"post_id": -1}), "like_post: found -1 for post_id, expected an id"),
        (
            "like_post",
            json!({"post_id": 4_294_967_296_u64}),
            "like_post: found 4294967296 for post_id, expected an id",
        ),
        ("create_post", json!({"content": 3}), "create_post: found 3 for content, expected a text"),
        (
            "create_comment",
            json!({"post_id": 1, "content": "x", "parent_comment_id": "the other"}),
            "create_comment: found the text \"the other\" for parent_comment_id, expected an id \
             or nothing",
        ),
        ("like_post", json!([3]), "like_post: found a list of 1 for its arguments"),
        ("like_post", json!("post 3"), "like_post: the arguments are no JSON: post 3"),
    ] {
        assert_eq!(refused(name, &arguments), why);
    }
}

#[test]
fn what_is_too_much_is_cut_or_left_out() {
    let likes: Vec<Value> = (1..=11).map(|id| call("like_post", &json!({"post_id": id}))).collect();
    let acts = called(&json!(likes));
    assert_eq!(acts.calls.len(), MAX_CALLS);
    assert_eq!(acts.refused, ["3 more calls: a decision has at most 8"]);

    let content = "船".repeat(5_000);
    let acts = called(&json!([call("create_post", &json!({"content": content}))]));
    let [Call::CreatePost { content }] = &*acts.calls else { panic!("{acts:?}") };
    assert_eq!(content.chars().count(), 10_240 / 3);
    assert_eq!(acts.refused, ["create_post: content was cut to its first 10240 bytes"]);

    let quotes = json!({"content": "\"".repeat(10_000)});
    let acts = called(&json!([call("create_post", &quotes), call("create_post", &quotes)]));
    assert_eq!(acts.calls.len(), 1);
    assert_eq!(acts.refused, ["1 calls: a decision has at most 24576 bytes"]);

    let odd: Vec<Value> = (0..500).map(|_| call(&"\"x".repeat(500), &json!({}))).collect();
    let acts = called(&json!(odd));
    assert_eq!(acts.refused.len(), 8);
    assert_eq!(acts.refused[0], "436 more calls: a decision has at most 8");
    assert_eq!(acts.refused[7], "58 more of the kind");
    let bytes = serde_json::to_vec(&acts.refused).unwrap().len();
    assert!(bytes < MAX_DECISION_BYTES, "{bytes}");
}

#[test]
fn no_more_calls_are_judged_than_a_decision_may_need() {
    let mut calls = vec![call("x", &Value::Null); 63];
    let like = |post_id| call("like_post", &json!({"post_id": post_id}));
    calls.extend((1..=5_000).map(like));
    let acts = called(&json!(calls));
    assert_eq!(acts.calls, [Call::LikePost { post_id: 1 }]);
    assert_eq!(acts.refused[0], "4999 more calls: a decision has at most 8");
    let text = json!({"content": json!(calls[..500]).to_string()});
    let acts = self::acts(Platform::Reddit, 200, &body(&text)).came.unwrap();
    assert_eq!(acts.calls, [Call::LikePost { post_id: 1 }]);
    assert_eq!(acts.refused[0], "436 more calls: a decision has at most 8");
}

#[test]
fn what_is_hidden_in_a_text_does_not_enter_the_world() {
    let content = json!({"content": " Two\nlines.\u{202e}\u{0}\u{200b} "});
    let acts = called(&json!([call("create_post", &content)]));
    assert_eq!(acts.calls, [Call::CreatePost { content: "Two\nlines.".to_owned() }]);
}

#[test]
fn an_answer_in_words_is_no_action() {
    for (message, finish, why) in [
        (
            json!({"content": "I would like\npost 3."}),
            "stop",
            "answered in words: I would like post 3.",
        ),
        (json!({"content": null}), "stop", "the model said nothing"),
        (json!({"content": null, "tool_calls": []}), "stop", "the model said nothing"),
        (
            json!({"content": "", "reasoning_content": "Let me think"}),
            "length",
            "the model said nothing: its tokens were used up before (max_tokens)",
        ),
        (
            json!({"content": null, "refusal": "I cannot help with that."}),
            "stop",
            "the model refused: I cannot help with that.",
        ),
        (json!({}), "content_filter", "the model said nothing: the endpoint's filter took it out"),
        (
            json!({"content": "<think>{\"action\":\"trend\"}</think> Hm."}),
            "stop",
            "answered in words: Hm.",
        ),
    ] {
        let body = json!({"choices": [{"message": message, "finish_reason": finish}]}).to_string();
        let acts = acts(Platform::Reddit, 200, body.as_bytes()).came.unwrap();
        assert!(acts.in_words && acts.calls.is_empty(), "{acts:?}");
        assert_eq!(acts.refused, [why]);
    }
}

#[test]
fn what_was_cut_off_is_not_guessed() {
    let cut = json!([
        call("like_post", &json!("{\"post_id\": 3}")),
        call("create_post", &json!("{\"content\": \"Half a sen")),
    ]);
    let body = json!({"choices": [{"message": {"tool_calls": cut}, "finish_reason": "length"}]});
    let acts = acts(Platform::Reddit, 200, body.to_string().as_bytes()).came.unwrap();
    assert_eq!(acts.calls, [Call::LikePost { post_id: 3 }]);
    assert_eq!(acts.refused, ["create_post: the answer was cut off (max_tokens)"]);
}

#[test]
fn words_are_what_was_said() {
    for (message, expected) in [
        (json!({"content": " Yes.\nNo. "}), Ok("Yes.\nNo.")),
        (json!({"content": [{"type": "text", "text": "Yes"}, {"text": "."}]}), Ok("Yes.")),
        (json!({"content": "<think>Hm</think>Yes."}), Ok("Yes.")),
        (json!({"content": null, "refusal": "No."}), Err("the model refused: No.")),
        (json!({"content": "\u{200b}"}), Err("the model said nothing")),
    ] {
        let came = words(200, &body(&message)).came;
        let came = came.as_deref().map_err(|refusal| refusal.why.as_str());
        assert_eq!(came, expected, "{message}");
    }
    let long = words(200, &body(&json!({"content": "船".repeat(100_000)}))).came.unwrap();
    assert!(long.len() <= MAX_WORDS_BYTES && long.len() > MAX_WORDS_BYTES - 3);
}

/// A secret is found in whatever form it stands in an answer, which is not damaged for that.
#[test]
fn no_secret_is_read_out_of_an_answer() {
    let key = "sk-c4nary/0123456789+abc";
    let file = json!({"endpoints": {"main": {
        "url": format!("http://x/v1?code={}", "none"), "key_file": "key", "models": ["m"],
    }}});
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), key).unwrap();
    let path = folder.path().join("endpoints.json");
    std::fs::write(&path, file.to_string()).unwrap();
    let endpoints = crate::model::endpoint::read(Some(&path)).unwrap();
    let secrets = &endpoints.get("main").unwrap().secrets;
    let twice = key.replace('/', "\\\\\\/").replace('+', "\\\\u002B");
    let arguments = format!("{{\\\"content\\\":\\\"{twice}, none\\\"}}");
    let function = format!(r#"{{"name":"create_post","arguments":"{arguments}"}}"#);
    let body =
        format!(r#"{{"choices":[{{"message":{{"tool_calls":[{{"function":{function}}}]}}}}]}}"#);
    let came = super::acts(Platform::Reddit, &Sent::read(200, body.as_bytes(), None, secrets)).came;
    let content = "***, none".to_owned();
    assert_eq!(came.unwrap().calls, [Call::CreatePost { content }], "{body}");
    // What is no JSON is a text.
    let half = format!("{{\"error\": \"none: {}", key.replace('/', "\\/"));
    for status in [200, 500] {
        let sent = Sent::read(status, half.as_bytes(), None, secrets);
        let why = super::words(&sent).came.unwrap_err().why;
        assert!(why.ends_with("no JSON: {\"error\": \"***: ***"), "{why}");
    }
    let error = json!({"error": {"message": format!("none: {}...", &key[..20])}}).to_string();
    let why = super::words(&Sent::read(401, error.as_bytes(), None, secrets)).came.unwrap_err().why;
    assert_eq!(why, "it answered 401 Unauthorized: ***: ***...");
}

#[test]
fn tokens_have_many_names() {
    for (usage, expected) in [
        (json!({"prompt_tokens": 10, "completion_tokens": 2}), (10, 0, 2)),
        (json!({"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 8}}), (10, 8, 0)),
        (json!({"prompt_tokens": 10, "prompt_cache_hit_tokens": 99}), (10, 10, 0)),
        (json!({"input_tokens": 10, "output_tokens": 2.0}), (10, 0, 2)),
        (json!({"prompt_tokens": 9_007_199_254_740_991_u64}), (1 << 32, 0, 0)),
    ] {
        let body = json!({"choices": [], "usage": usage}).to_string();
        let took = words(200, body.as_bytes()).usage.unwrap();
        let found = (took.prompt_tokens, took.cached_tokens, took.completion_tokens);
        assert_eq!(found, expected, "{usage}");
    }
}

#[test]
fn what_an_answer_took_may_not_be_known() {
    let none = Some(Usage::default());
    for (status, body, usage) in [
        (200, json!({"choices": [{"message": {"content": "Hm."}}]}), None),
        (200, json!({"choices": [], "usage": {"prompt_tokens": -1}}), None),
        (200, json!({"choices": [], "usage": {"prompt_tokens": 1e18}}), None),
        (200, json!({"choices": [], "usage": {"prompt_tokens": 0, "completion_tokens": 0}}), None),
        (200, json!({"choices": [{"error": {"message": "gone"}}]}), None),
        (200, json!("x"), None),
        // Refused before any model was asked.
        (200, json!({"error": {"message": "overloaded"}}), none),
        (429, json!({}), none),
        (500, json!({"choices": []}), none),
    ] {
        assert_eq!(words(status, body.to_string().as_bytes()).usage, usage, "{status} {body}");
    }
    assert_eq!((words(200, b"<html>").usage, words(502, b"<html>").usage), (None, none));
}

#[test]
fn each_failure_says_what_it_means_for_others() {
    use Trouble::{Busy, Endpoint, Garbled, Own, Question};
    let error = |message: &str, code: Value| {
        json!({"error": {"message": message, "type": "x", "code": code}}).to_string()
    };
    let tools = "\"auto\" tool choice requires --enable-auto-tool-choice";
    let quota = error("You exceeded your current quota", json!("insufficient_quota"));
    let page = "<html><head><title>502 Bad Gateway</title></head></html>";
    for (status, body, trouble, of_tools) in [
        (400, error("bad field", Value::Null), Question, true),
        (400, error(tools, json!(400)), Question, true),
        (400, error("The model `x` does not exist", json!("model_not_found")), Endpoint, false),
        (400, r#"{"detail":"Not so"}"#.to_owned(), Question, true),
        (401, error("Incorrect API key", json!("invalid_api_key")), Endpoint, false),
        (402, String::new(), Endpoint, false),
        (403, error("Your input was flagged", Value::Null), Question, false),
        (403, "nope".to_owned(), Endpoint, false),
        (404, r#"{"error":"model 'x' not found"}"#.to_owned(), Endpoint, false),
        (404, error("No endpoints found that support tool use", json!(404)), Endpoint, true),
        (413, page.to_owned(), Question, false),
        (422, r#"{"detail":[{"msg":"tools: extra field"}]}"#.to_owned(), Question, true),
        (429, error("Rate limit reached", json!("rate_limit_exceeded")), Busy, false),
        (429, quota, Endpoint, false),
        (500, r#"{"error":"tools param requires --jinja flag"}"#.to_owned(), Own, true),
        (502, page.to_owned(), Own, false),
        (503, String::new(), Busy, false),
        (529, String::new(), Busy, false),
        (302, String::new(), Endpoint, false),
        (101, String::new(), Endpoint, false),
        (200, String::new(), Garbled, false),
        (200, page.to_owned(), Garbled, false),
        (200, "data: {\"choices\":[]}".to_owned(), Garbled, false),
        (200, "{\"choices\":[{\"mess".to_owned(), Garbled, false),
        (200, "[]".to_owned(), Garbled, false),
        (200, "{}".to_owned(), Question, false),
        (200, r#"{"choices":[]}"#.to_owned(), Question, false),
        (200, error("Provider returned error", json!(502)), Own, false),
        (200, error("slow down", json!(429)), Busy, false),
        (200, error("slow down", json!("rate_limit_exceeded")), Busy, false),
        (200, error("The model is overloaded", Value::Null), Own, false),
        (200, error("context too long", Value::Null), Question, false),
        (200, r#"{"choices":[{"error":{"message":"gone"}}]}"#.to_owned(), Own, false),
        (200, "x".repeat(MAX_ANSWER_BYTES + 1), Question, false),
    ] {
        let refusal = acts(Platform::Twitter, status, body.as_bytes()).came.unwrap_err();
        let found = (refusal.trouble, refusal.of_tools);
        let shown = text::line(&body, 60);
        assert_eq!(found, (trouble, of_tools), "{status} {shown}: {refusal:?}");
        assert!(!refusal.why.is_empty() && refusal.why.len() <= MAX_REASON_BYTES);
    }
    let why = |status, body: &str| words(status, body.as_bytes()).came.unwrap_err().why;
    assert_eq!(why(502, page), "it answered 502 Bad Gateway: a page: 502 Bad Gateway");
    assert_eq!(
        why(429, r#"{"error":{"message":"Slow\ndown"}}"#),
        "it answered 429 Too Many Requests: Slow down"
    );
    assert_eq!(why(200, "data: x"), "it answered with a stream of events");
    assert_eq!(why(200, "Hello"), "it answered with no JSON: Hello");
    assert!(why(307, "").ends_with("(redirects are not followed: name the final address)"));
}

#[test]
fn a_quota_that_comes_back_is_waited_for() {
    let quota = "You exceeded your current quota, please check your plan and billing details.";
    let error = |more: &Value| {
        let mut error = json!({"error": {"message": quota, "status": "RESOURCE_EXHAUSTED"}});
        error["error"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        error
    };
    let detail =
        json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"});
    let in_words = format!("{quota} Please retry in 7.25s.");
    for (status, header, body, trouble, after) in [
        (429, None, error(&json!({})), Trouble::Endpoint, None),
        (429, Some(2_000), error(&json!({})), Trouble::Busy, Some(2_000)),
        (429, None, error(&json!({"details": [{}, detail]})), Trouble::Busy, Some(34_500)),
        (429, None, json!([error(&json!({"details": [detail]}))]), Trouble::Busy, Some(34_500)),
        (429, None, error(&json!({"message": in_words})), Trouble::Busy, Some(7_250)),
        (429, Some(9), error(&json!({"code": "insufficient_quota"})), Trouble::Endpoint, Some(9)),
        (403, Some(9), error(&json!({})), Trouble::Endpoint, Some(9)),
    ] {
        let sent = Sent::read(status, body.to_string().as_bytes(), header, &Secrets::default());
        let refusal = super::words(&sent).came.unwrap_err();
        let found = sent.retry_after.map(|after| after.as_millis());
        assert_eq!((refusal.trouble, found), (trouble, after), "{status} {header:?} {body}");
    }
    // What a good answer speaks of is no word of the server.
    let talk = body(&json!({"content": "Try again in 5s, or try again in 10s."}));
    assert_eq!(Sent::read(200, &talk, None, &Secrets::default()).retry_after, None);
}

#[test]
fn nothing_that_is_sent_is_a_panic() {
    let values = [
        "null",
        "true",
        "3",
        "\"x\"",
        "[]",
        "[null]",
        "[[]]",
        "{}",
        "{\"a\":1}",
        "[{}]",
        "\"{\\\"action\\\":3}\"",
        "[{\"function\":null}]",
        "[{\"function\":{\"name\":{}}}]",
    ];
    for one in values {
        for other in values {
            for body in [
                format!("{{\"choices\":{one},\"usage\":{other}}}"),
                format!("{{\"choices\":[{one}],\"error\":{other}}}"),
                format!("{{\"choices\":[{{\"message\":{one},\"text\":{other}}}]}}"),
                format!(
                    "{{\"choices\":[{{\"message\":{{\"content\":{one},\"tool_calls\":{other}}}}}]}}"
                ),
                format!(
                    "{{\"choices\":[{{\"message\":{{\"tool_calls\":[{{\"function\":{{\"name\":\"like_post\",\"arguments\":{one}}}}},{other}]}}}}]}}"
                ),
                format!("{{\"error\":{{\"message\":{one},\"code\":{other}}}}}"),
            ] {
                for status in [200, 400] {
                    let _ = acts(Platform::Reddit, status, body.as_bytes());
                    let _ = words(status, body.as_bytes());
                }
            }
        }
    }
    let deep = format!("{{\"choices\":{}", "[".repeat(100_000));
    let _ = acts(Platform::Reddit, 200, deep.as_bytes());
    let _ = acts(Platform::Reddit, 200, b"\xff\xfe{\"choices\":[]}");
}
