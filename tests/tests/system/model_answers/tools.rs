//! Who can have tools, and who cannot.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use contract::subject::Platform;
use serde_json::json;
use simulator::model::SharedGate;
use simulator::model::client::Models;
use system_tests::model::{Act, ModelServer, Reply, completion, sensible};

use super::{LIKED, LONG, Noted, ask, asked, in_words, like, models_at};

/// Twenty agents at once; how many requests that took.
async fn twenty(models: &Models) -> u64 {
    let gate = Arc::new(Noted::default());
    let question = |agent| {
        let (models, gate): (Models, SharedGate) = (models.clone(), gate.clone());
        tokio::spawn(async move { models.decide(asked(agent, Platform::Reddit, LONG), gate).await })
    };
    for task in (0..20).map(question).collect::<Vec<_>>() {
        let decision = task.await.unwrap().unwrap();
        assert_eq!(decision.refused, [] as [String; 0]);
        assert_eq!(decision.calls.len(), 1);
    }
    gate.took().requests
}

fn has_tools(body: &str) -> bool {
    body.contains("\"tools\":[")
}

/// How many bodies have tools.
fn with_tools(server: &ModelServer) -> usize {
    server.bodies().iter().filter(|body| has_tools(body)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tools_are_refused_once() {
    for status in [400, 404, 422, 500] {
        let server = ModelServer::scripted(move |seen| match has_tools(seen.body) {
            true => Act::Reply(Reply::new(status, r#"{"error":"this model has no tools"}"#)),
            false => Act::Reply(Reply::new(200, sensible(seen.body))),
        });
        let models = models_at(&server.url(), &json!({}));
        assert_eq!(twenty(&models).await, 21, "{status}");
        assert_eq!(with_tools(&server), 1, "{status}");
        let text = &server.bodies()[1];
        assert!(text.contains("{\\\"actions\\\":[{\\\"action\\\":\\\"like_post\\\""), "{text}");
        assert!(text.contains("\\n- undo_dislike_comment(comment_id): Take back"), "{text}");
        assert_eq!(twenty(&models).await, 20);
        assert_eq!(with_tools(&server), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tools_are_ignored_once() {
    let server = ModelServer::scripted(|seen| match has_tools(seen.body) {
        true => Act::Reply(Reply::new(200, completion(&json!({"content": "I like post 3."})))),
        false => Act::Reply(Reply::new(200, sensible(seen.body))),
    });
    assert_eq!(twenty(&models_at(&server.url(), &json!({}))).await, 21);
    assert_eq!(with_tools(&server), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_tools_is_asked_once_each() {
    let server = ModelServer::start();
    assert_eq!(twenty(&models_at(&server.url(), &json!({}))).await, 20);
    assert_eq!(with_tools(&server), 20);
    let server = ModelServer::start();
    assert_eq!(twenty(&models_at(&server.url(), &json!({"tools": false}))).await, 20);
    assert_eq!(with_tools(&server), 0);
}

/// A model that talks, whatever it is asked, keeps its tools; what it said is not lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_talks_is_asked_twice_once() {
    let words = || Act::Reply(Reply::new(200, completion(&json!({"content": "Hm."}))));
    let server = ModelServer::scripted(move |_| words());
    let models = models_at(&server.url(), &json!({}));
    let (decided, took) = ask(&models, LONG).await;
    assert_eq!((in_words(&decided).as_str(), took.requests), ("[] | answered in words: Hm.", 2));
    let (_, took) = ask(&models, LONG).await;
    assert_eq!((took.requests, with_tools(&server)), (1, 2));
}

/// A question that fails for another reason is no word on tools: the next one finds out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_finds_nothing_out() {
    let asked = AtomicU64::new(0);
    let server = ModelServer::scripted(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => Act::Reply(Reply::new(413, "")),
        _ => Act::Reply(like()),
    });
    let models = models_at(&server.url(), &json!({}));
    let (decided, _) = ask(&models, LONG).await;
    assert_eq!(in_words(&decided), "Question: it answered 413 Payload Too Large");
    let (decided, took) = ask(&models, LONG).await;
    assert_eq!((in_words(&decided).as_str(), took.requests), (LIKED, 1));
    assert_eq!(with_tools(&server), 2);
}
