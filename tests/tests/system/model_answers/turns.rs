//! Who is sent when: storms, outages, gates, turns, and questions that are given up.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use contract::decision::Decision;
use contract::subject::Platform;
use serde_json::json;
use simulator::model::client::Models;
use simulator::model::{Admission, Failed, FailedKind, SharedGate};
use system_tests::model::{Act, ModelServer, Reply, completion};
use tokio::task::JoinHandle;

use super::{LIKED, LONG, Noted, ask, asked, in_words, like, models, models_at};

fn start(
    models: &Models,
    agent: u32,
    platform: Platform,
    gate: &Arc<Noted>,
) -> JoinHandle<Result<Decision, Failed>> {
    let (models, gate): (Models, SharedGate) = (models.clone(), gate.clone());
    tokio::spawn(async move { models.decide(asked(agent, platform, LONG), gate).await })
}

/// Waits without blocking the questions.
async fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_passes() {
    let times: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let seen = times.clone();
    let server = ModelServer::scripted(move |request| {
        seen.lock().unwrap().push(Instant::now());
        match request.number {
            ..=30 => Act::Hold(Reply::new(429, "").header("retry-after", "1")),
            _ => Act::Reply(like()),
        }
    });
    let models = models_at(&server.url(), &json!({"tools": true, "concurrency": 20}));
    let gate = Arc::new(Noted::default());
    let tasks: Vec<_> =
        (0..60).map(|agent| start(&models, agent, Platform::Reddit, &gate)).collect();
    // As many as may be at once, then half of them.
    for at_once in [20, 10] {
        until("requests that are held", || server.held() == at_once).await;
        server.release();
        until("their answers", || server.held() == 0).await;
    }
    for task in tasks {
        assert_eq!(in_words(&task.await.unwrap()), LIKED);
    }
    // None but those that were refused is sent twice.
    assert_eq!((server.requests(), gate.took().requests), (90, 90));
    let times = times.lock().unwrap();
    for refused in [20, 30] {
        let pause = times[refused].duration_since(times[refused - 1]);
        assert!(pause >= Duration::from_secs(1), "nobody asks while all pause: {pause:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_dies_and_comes_back() {
    let server = ModelServer::in_turn(vec![Act::Hold(like())]);
    let models = models_at(&server.url(), &json!({"tools": true, "concurrency": 10}));
    let gate = Arc::new(Noted::default());
    let tasks: Vec<_> =
        (0..30).map(|agent| start(&models, agent, Platform::Twitter, &gate)).collect();
    until("ten requests that are held", || server.held() == 10).await;
    server.die();
    let refused = || gate.settled.lock().unwrap().iter().any(|(_, took)| took.requests == 0);
    until("a connection that is refused", refused).await;
    server.set_script(|_| Act::Reply(like()));
    server.revive();
    for task in tasks {
        assert_eq!(in_words(&task.await.unwrap()), LIKED);
    }
    // Ten were lost on the way; what found nobody was never sent. A few may have found somebody
    // who was just leaving.
    assert_eq!(server.requests(), 40);
    assert!((40..60).contains(&gate.took().requests), "{:?}", gate.took());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_that_is_given_up_leaves_nothing_behind() {
    let server = ModelServer::in_turn(vec![Act::Hold(like()), Act::Reply(like())]);
    let models = models_at(&server.url(), &json!({"concurrency": 1}));
    let gate = Arc::new(Noted::default());
    let asking = start(&models, 1, Platform::Reddit, &gate);
    until("a request that is held", || server.held() == 1).await;
    // One waits for it to find out about tools; it is given up as well.
    let waiting = start(&models, 2, Platform::Reddit, &gate);
    waiting.abort();
    assert!(gate.settled.lock().unwrap().is_empty());
    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled());
    let took = gate.took();
    assert_eq!((took.requests, took.completion_tokens), (1, 256), "it may have been answered");
    // Its room and its turn are free again.
    let (decided, _) = ask(&models, LONG).await;
    assert_eq!(in_words(&decided), LIKED);
    assert_eq!(server.requests(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gate_is_waited_for_or_shut() {
    let server = ModelServer::in_turn(vec![Act::Reply(like())]);
    let models = models(&server);
    let gate = Arc::new(Noted::default());
    *gate.closed.lock().unwrap() = Some(Admission::Wait);
    let asking = start(&models, 1, Platform::Reddit, &gate);
    // Who waits at a gate keeps nobody else from the endpoint.
    let (decided, _) = ask(&models, LONG).await;
    assert_eq!(in_words(&decided), LIKED);
    assert_eq!((server.requests(), asking.is_finished()), (1, false));
    *gate.closed.lock().unwrap() = None;
    assert_eq!(in_words(&asking.await.unwrap()), LIKED);

    *gate.closed.lock().unwrap() = Some(Admission::No("2 of 2 requests".to_owned()));
    let failed = start(&models, 1, Platform::Reddit, &gate).await.unwrap().unwrap_err();
    assert_eq!((failed.kind, failed.why.as_str()), (FailedKind::Shut, "2 of 2 requests"));
    assert_eq!((failed.usage.requests, gate.took().requests, server.requests()), (0, 1, 2));
}

/// Why there is no answer is said as it is: nobody looks for an endpoint's fault where there is none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_late_knows_why() {
    let server = ModelServer::in_turn(vec![Act::Hold(like())]);
    let models = models_at(&server.url(), &json!({"tools": true, "concurrency": 1}));
    let short = Duration::from_millis(100);
    let shut = Arc::new(Noted::default());
    *shut.closed.lock().unwrap() = Some(Admission::Wait);
    let late = models.decide(asked(1, Platform::Reddit, short), shut.clone()).await;
    assert_eq!(in_words(&late), "Away: it was held back until it was too late");

    let gate = Arc::new(Noted::default());
    let first = start(&models, 1, Platform::Reddit, &gate);
    until("a request that is held", || server.held() == 1).await;
    let (late, took) = ask(&models, short).await;
    assert_eq!(in_words(&late), "Away: its turn did not come in time");
    assert_eq!((took.requests, shut.took().requests), (0, 0));
    server.release();
    assert_eq!(in_words(&first.await.unwrap()), LIKED);
}

/// Who waits for its turn, or at the gate, loses nothing of its own time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_of_a_decision_begins_with_its_first_request() {
    let slow = Duration::from_millis(600);
    let server = ModelServer::in_turn(vec![Act::Later(slow, like())]);
    let models = models_at(&server.url(), &json!({"tools": true, "concurrency": 1}));
    let gate = Arc::new(Noted::default());
    let within = |agent, within| {
        let (models, gate): (Models, SharedGate) = (models.clone(), gate.clone());
        let mut question = asked(agent, Platform::Reddit, LONG);
        question.within = within;
        tokio::spawn(async move { models.decide(question, gate).await })
    };
    // The fourth has its turn after longer than it may take.
    let tasks: Vec<_> = (0..4).map(|agent| within(agent, slow * 5 / 2)).collect();
    for task in tasks {
        assert_eq!(in_words(&task.await.unwrap()), LIKED);
    }
    let late = within(4, slow / 2).await.unwrap();
    assert_eq!(in_words(&late), "Away: no answer in time");
}

/// One thread: what is started here is in the queue as soon as it had its turn.
#[tokio::test]
async fn both_platforms_take_turns() {
    let order: Arc<Mutex<String>> = Arc::default();
    let seen = order.clone();
    let server = ModelServer::scripted(move |request| {
        let is_reddit = request.body.contains("dislike_post");
        seen.lock().unwrap().push(if is_reddit { 'r' } else { 't' });
        if request.number == 1 { Act::Hold(like()) } else { Act::Reply(like()) }
    });
    let models = models_at(&server.url(), &json!({"tools": true, "concurrency": 1}));
    let gate = Arc::new(Noted::default());
    let of = |platform| (0..10).map(move |agent| (agent, platform));
    let both = of(Platform::Twitter).chain(of(Platform::Reddit));
    let tasks: Vec<_> =
        both.map(|(agent, platform)| start(&models, agent, platform, &gate)).collect();
    until("a request that is held", || server.held() == 1).await;
    server.release();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(*order.lock().unwrap(), "trtrtrtrtrtrtrtrtrtr");
}

/// One thread, as above.
#[tokio::test]
async fn talks_wait_for_decisions() {
    let order: Arc<Mutex<String>> = Arc::default();
    let seen = order.clone();
    let server = ModelServer::scripted(move |request| {
        let is_talk = !request.body.contains("like_post");
        seen.lock().unwrap().push(if is_talk { 't' } else { 'd' });
        if request.number == 1 { Act::Hold(like()) } else { Act::Reply(well()) }
    });
    let models = models_at(&server.url(), &json!({"tools": true, "concurrency": 1}));
    let gate = Arc::new(Noted::default());
    let first = start(&models, 0, Platform::Reddit, &gate);
    let talks: Vec<_> = (0..5)
        .map(|agent| {
            let (models, gate): (Models, SharedGate) = (models.clone(), gate.clone());
            let mut question = asked(agent, Platform::Twitter, LONG);
            question.prompt.wants_action = false;
            tokio::spawn(async move { models.say(question, gate).await })
        })
        .collect();
    let decisions: Vec<_> =
        (1..=10).map(|agent| start(&models, agent, Platform::Reddit, &gate)).collect();
    until("a request that is held", || server.held() == 1).await;
    server.release();
    for talk in talks {
        talk.await.unwrap().unwrap();
    }
    for decision in decisions.into_iter().chain([first]) {
        decision.await.unwrap().unwrap();
    }
    assert_eq!(*order.lock().unwrap(), "ddddddddtdddtttt");
}

/// Words and a call at once: an answer to both kinds of questions.
fn well() -> Reply {
    let function = json!({"name": "like_post", "arguments": "{\"post_id\":3}"});
    let message = json!({"content": "Well.", "tool_calls": [{"function": function}]});
    Reply::new(200, completion(&message))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_endpoint_says_of_its_limits_is_kept_to() {
    let times: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let seen = times.clone();
    let server = ModelServer::scripted(move |request| {
        seen.lock().unwrap().push(Instant::now());
        let left = if request.number == 1 { "0" } else { "2" };
        let reply = like()
            .header("x-ratelimit-limit-requests", "2")
            .header("x-ratelimit-remaining-requests", left)
            .header("x-ratelimit-reset-requests", "1s");
        Act::Reply(reply)
    });
    let models = models(&server);
    for _ in 0..3 {
        let (decided, _) = ask(&models, LONG).await;
        assert_eq!(in_words(&decided), LIKED);
    }
    let times = times.lock().unwrap();
    let waits: Vec<bool> = times
        .windows(2)
        .map(|pair| pair[1].duration_since(pair[0]) >= Duration::from_millis(480))
        .collect();
    assert_eq!(waits, [true, false], "one comes back in half a second; then there are two");
}
