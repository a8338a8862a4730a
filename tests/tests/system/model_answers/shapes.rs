//! The table: what a server sends, and what comes of it.

use std::time::Duration;

use contract::decision::Usage;
use serde_json::{Value, json};
use system_tests::model::{Act, ModelServer, Reply, completion};

use super::{KEY, LIKED, LONG, ask, in_words, like, models, models_at};

/// What a server does with the first requests (it answers well from then on), what comes of it,
/// and after how many requests.
struct Row {
    name: &'static str,
    acts: Vec<Act>,
    came: String,
    requests: u64,
}

fn row(name: &'static str, acts: Vec<Act>, came: &str, requests: u64) -> Row {
    Row { name, acts, came: came.to_owned(), requests }
}

/// A message, once, and what is made of it.
fn message(name: &'static str, message: &Value, came: &str) -> Row {
    row(name, vec![Act::Reply(Reply::new(200, completion(message)))], came, 1)
}

/// A call of one tool.
fn call(name: &'static str, tool: &str, arguments: &Value, came: &str) -> Row {
    let call = json!({"id": "1", "function": {"name": tool, "arguments": arguments}});
    message(name, &json!({"content": null, "tool_calls": [call]}), came)
}

/// Words in which the key stands with escapes of JSON, once.
fn escaped() -> Row {
    let key = KEY.replace('-', "\\u002D").replace('4', "\\u0034");
    let body = format!(r#"{{"choices":[{{"message":{{"content":"{key}"}}}}]}}"#);
    let came = "[] | answered in words: ***";
    status("a key with escapes", Reply::new(200, body), came, 1)
}

/// A status with a body, once, and what is made of it.
fn status(name: &'static str, reply: Reply, came: &str, requests: u64) -> Row {
    row(name, vec![Act::Reply(reply)], came, requests)
}

fn error(status: u16, message: &str, code: &str) -> Reply {
    let error = json!({"message": message, "type": "x", "code": code});
    Reply::new(status, json!({"error": error}).to_string())
}

/// What models call.
fn calls() -> Vec<Row> {
    vec![
        call("arguments as a text", "like_post", &json!("{\"post_id\":3}"), LIKED),
        call("arguments as an object", "like_post", &json!({"post_id": 3}), LIKED),
        call("an id as a text", "like_post", &json!({"post_id": "3"}), LIKED),
        call("arguments in a fence", "like_post", &json!("```json\n{\"post_id\": 3}\n```"), LIKED),
        call("arguments without an end", "like_post", &json!("{\"post_id\": 3"), LIKED),
        call("arguments of Python", "like_post", &json!("{'post_id': 3}"), LIKED),
        call("more arguments", "like_post", &json!({"post_id": 3, "why": [1]}), LIKED),
        call(
            "a key with escapes within escapes",
            "create_post",
            &json!(format!("{{\"content\":\"My key: {}\"}}", KEY.replace('c', "\\u0063"))),
            r#"[{"action_type":"CREATE_POST","content":"My key: ***"}]"#,
        ),
        call(
            "arguments that are none",
            "like_post",
            &json!("post 3"),
            "[] | like_post: the arguments are no JSON: post 3",
        ),
        call(
            "no arguments",
            "like_post",
            &Value::Null,
            "[] | like_post: found nothing for post_id, expected an id",
        ),
        call(
            "an unknown tool",
            "like_pots",
            &json!({}),
            "[] | there is no action \"like_pots\"; is like_post meant?",
        ),
        call(
            "another platform's",
            "repost",
            &json!({"post_id": 3}),
            "[] | repost is no action of this platform",
        ),
    ]
}

/// What models say, by tools or not.
fn messages() -> Vec<Row> {
    let text = |text: &str| json!({"content": text});
    let two = json!({"content": "I like it.", "tool_calls": [
        {"function": {"name": "like_post", "arguments": {"post_id": "3"}}},
        {"function": {"name": "upvote", "arguments": "{}"}},
        {"function": {"name": "do_nothing", "arguments": ""}},
    ]});
    let both = format!(
        "{} | there is no action \"upvote\"",
        LIKED.replace("}]", "},{\"action_type\":\"DO_NOTHING\"}]")
    );
    vec![
        message("several calls", &two, &both),
        message(
            "an older call",
            &json!({"function_call": {"name": "like_post", "arguments": "{\"post_id\":3}"}}),
            LIKED,
        ),
        message("JSON in the text", &text("{\"action\":\"like_post\",\"post_id\":3}"), LIKED),
        message(
            "JSON among words",
            &text(
                "Sure:\n```json\n{\"actions\":[{\"action\":\"like_post\",\"post_id\":3}]}\n```\nDone",
            ),
            LIKED,
        ),
        message(
            "thoughts before",
            &text("<think>{\"action\":\"trend\"}</think>{\"action\":\"like_post\",\"post_id\":3}"),
            LIKED,
        ),
        message("words", &text("I like post 3."), "[] | answered in words: I like post 3."),
        message(
            "nothing",
            &json!({"content": null, "tool_calls": null}),
            "[] | the model said nothing",
        ),
        message(
            "a key that is repeated",
            &json!({"content": format!("Error: {} {KEY}", "x".repeat(195))}),
            &format!("[] | answered in words: Error: {} ***", "x".repeat(195)),
        ),
        escaped(),
        message(
            "a refusal",
            &json!({"content": null, "refusal": "No."}),
            "[] | the model refused: No.",
        ),
        message(
            "thoughts alone",
            &json!({"content": "", "reasoning_content": "Hm"}),
            "[] | the model said nothing",
        ),
    ]
}

/// What servers say that is no answer.
fn refusals() -> Vec<Row> {
    vec![
        status(
            "bad question",
            error(400, "Too long", "context_length_exceeded"),
            "Question: it answered 400 Bad Request: Too long",
            1,
        ),
        status(
            "no such model",
            error(404, "The model does not exist", "model_not_found"),
            "Endpoint: it answered 404 Not Found: The model does not exist",
            1,
        ),
        status(
            "a wrong key",
            error(401, &format!("Incorrect API key: {KEY}"), "invalid_api_key"),
            "Endpoint: it answered 401 Unauthorized: Incorrect API key: ***",
            1,
        ),
        status(
            "no quota",
            error(429, "You exceeded your current quota", "insufficient_quota"),
            "Endpoint: it answered 429 Too Many Requests: You exceeded your current quota",
            1,
        ),
        status(
            "no quota for a while",
            error(429, "You exceeded your current quota", "").header("retry-after-ms", "50"),
            LIKED,
            2,
        ),
        status(
            "elsewhere",
            Reply::new(302, "").header("location", "http://127.0.0.1:1/"),
            "Endpoint: it answered 302 Found (redirects are not followed: name the final address)",
            1,
        ),
    ]
}

/// What is tried again, and for how long.
fn troubles() -> Vec<Row> {
    let page = "<html><head><title>502 Bad Gateway</title></head></html>";
    vec![
        status("too fast", error(429, "Slow down", "").header("retry-after-ms", "50"), LIKED, 2),
        status("too busy", Reply::new(503, "").header("retry-after", "0"), LIKED, 2),
        status("a gateway's page", Reply::new(502, page), LIKED, 2),
        status("broken", error(500, "Oops", ""), LIKED, 2),
        status("an empty body", Reply::new(200, ""), LIKED, 2),
        status("half a body", Reply::new(200, "{\"choices\":[{\"mess"), LIKED, 2),
        row(
            "always a page",
            vec![Act::Reply(Reply::new(200, page)); 3],
            "Away: it answered with a page: 502 Bad Gateway",
            3,
        ),
        status(
            "no choices",
            Reply::new(200, "{\"choices\":[]}"),
            "Question: it answered without any choice",
            1,
        ),
        status(
            "an error as a success",
            Reply::new(200, json!({"error": {"message": "Provider", "code": 502}}).to_string()),
            LIKED,
            2,
        ),
        status(
            "an error in the choice",
            Reply::new(200, json!({"choices": [{"finish_reason": "error"}]}).to_string()),
            LIKED,
            2,
        ),
        status(
            "no end",
            Reply::new(200, "x".repeat(3 << 20)),
            "Question: it answered with more than 1048576 bytes",
            1,
        ),
    ]
}

/// Who hangs up.
fn ends() -> Vec<Row> {
    vec![
        row("hung up in the head", vec![Act::Break(10, like())], LIKED, 2),
        row("hung up in the body", vec![Act::Break(200, like())], LIKED, 2),
        row("hung up without a word", vec![Act::Break(0, like())], LIKED, 2),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_odd_answer_comes_to_something() {
    let rows =
        calls().into_iter().chain(messages()).chain(refusals()).chain(troubles()).chain(ends());
    let tasks = rows.map(|row| {
        tokio::spawn(async move {
            let Row { name, acts, came, requests } = row;
            let acts = acts.into_iter().chain([Act::Reply(like())]).collect();
            let server = ModelServer::in_turn(acts);
            let (decided, took) = ask(&models(&server), LONG).await;
            assert_eq!(in_words(&decided), came, "{name}");
            assert_eq!((took.requests, server.requests()), (requests, requests), "{name}");
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

/// What a request took that was sent, and of which nobody says it, is what it may have taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_counts_is_not_for_nothing() {
    let uncounted = || {
        let mut body: Value = serde_json::from_str(&like().body).unwrap();
        body.as_object_mut().unwrap().remove("usage");
        Reply::new(200, body.to_string())
    };
    let price = json!({"prompt": 1, "completion": 2});
    let fields = json!({"tools": true, "max_tokens": 50, "price": price});
    for (acts, refused) in [
        (vec![Act::Reply(uncounted())], 0),
        (vec![Act::Break(200, like()), Act::Reply(uncounted())], 0),
        (vec![Act::Reply(Reply::new(200, "")), Act::Reply(uncounted())], 0),
        (vec![Act::Reply(Reply::new(500, "Oops")), Act::Reply(uncounted())], 1),
        (vec![Act::Break(70, Reply::new(500, "Oops")), Act::Reply(uncounted())], 1),
    ] {
        let sent = u64::try_from(acts.len()).unwrap();
        let server = ModelServer::in_turn(acts);
        let (decided, took) = ask(&models_at(&server.url(), &fields), LONG).await;
        assert_eq!(in_words(&decided), LIKED);
        let prompt_tokens = u64::try_from(server.bodies()[0].len()).unwrap() / 4;
        let counted = sent - refused;
        let expected = Usage {
            requests: sent,
            prompt_tokens: counted * prompt_tokens,
            cached_tokens: 0,
            completion_tokens: counted * 50,
            cost_micros: counted * (prompt_tokens + 50 * 2),
        };
        assert_eq!(took, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_nothing_is_not_waited_for() {
    let short = Duration::from_millis(300);
    let stalling = ModelServer::in_turn(vec![Act::Stall]);
    let (decided, took) = ask(&models(&stalling), short).await;
    assert_eq!(in_words(&decided), "Away: no answer in time");
    assert_eq!((took.requests, took.completion_tokens), (1, 256));

    let broken = ModelServer::in_turn(vec![Act::Reply(Reply::new(500, "Oops"))]);
    let (decided, took) = ask(&models(&broken), short).await;
    let why = "Away: it answered 500 Internal Server Error: no JSON: Oops (no answer in time)";
    assert_eq!(in_words(&decided), why);
    assert_eq!((took.requests, took.tokens()), (broken.requests(), 0));

    let wants_more = Reply::new(429, "").header("retry-after", "3600");
    let busy = ModelServer::in_turn(vec![Act::Reply(wants_more)]);
    let (decided, took) = ask(&models(&busy), short).await;
    assert_eq!(in_words(&decided), "Away: it answered 429 Too Many Requests (no answer in time)");
    assert_eq!((took.requests, busy.requests()), (1, 1));

    // Nobody is there: no request was sent.
    busy.die();
    let (decided, took) = ask(&models(&busy), short).await;
    let words = in_words(&decided);
    assert!(words.starts_with("Away: it cannot be reached: "), "{words}");
    assert_eq!(took.requests, 0);
}
