//! The adapter against answers of every kind.

use contract::timestamp::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::batch::tests::batch;
use crate::testing::{Answer, HttpServer};

pub(super) const KEY: &str = "z_not-a-key";
pub(super) const GRAPH: &str = "mirofish_0123456789abcdef";
pub(super) const ADDRESS: &str = "6f1c8d1e-0d7b-4d58-9a3c-2f1b7a5e9c01";

pub(super) fn zep(server: &HttpServer, path: &str, dialect: Dialect) -> ZepMemory {
    target(server, path, dialect, true)
}

fn target(server: &HttpServer, path: &str, dialect: Dialect, create: bool) -> ZepMemory {
    let url = format!("{}{path}", server.url()).parse().unwrap();
    let zep = Zep { dialect, url, key: KEY.to_owned(), create };
    assert!(!format!("{zep:?}").contains(KEY));
    ZepMemory::new("cloud", &zep, Duration::from_secs(2)).unwrap()
}

pub(super) fn graph() -> Graph {
    Graph { id: GRAPH.to_owned(), address: None }
}

fn addressed() -> Graph {
    Graph { address: Some(ADDRESS.to_owned()), ..graph() }
}

/// Follows with these texts.
pub(super) fn batch_of(texts: &[&str]) -> EpisodeBatch {
    let mut batch = batch(&vec!["FOLLOW"; texts.len()]);
    for (episode, text) in batch.episodes.iter_mut().zip(texts) {
        (*text).clone_into(&mut episode.text);
    }
    batch
}

/// The first five actions of a world.
fn five() -> EpisodeBatch {
    batch_of(&["a", "b", "c", "d", "e"])
}

fn body(value: &Value) -> Answer {
    Answer::status(200).body(&value.to_string())
}

/// An episode of a batch as a server of today returns it.
fn of(id: &str, time: &str) -> Value {
    json!({"uuid": "u", "content": "?", "metadata": {"batch": id}, "created_at": time})
}

const T0: &str = "2026-01-01T00:00:00Z";
const LATER: &str = "2026-06-01T00:00:00Z";
const BEFORE: &str = "2025-06-01T00:00:00Z";

#[tokio::test]
async fn what_is_no_episode_may_be_one() {
    for (dialect, graph, good) in [
        (Dialect::V2, graph(), json!({"uuid": "u"})),
        (Dialect::V4, addressed(), json!({"episode": {"uuid": "u"}})),
    ] {
        let answers = [
            (body(&good), "taken"),
            (Answer::status(202).body(&good.to_string()), "taken"),
            (Answer::status(200), "unknown"),
            (Answer::status(200).body("<html><title>Sign in</title></html>"), "unknown"),
            (body(&json!({"message": "ok"})), "unknown"),
            (body(&json!({"uuid": "", "episode": {"uuid": ""}})), "unknown"),
            (body(&json!([good])), "unknown"),
            (Answer::Raw("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{".to_owned()), "unknown"),
            (Answer::status(200).body(&" ".repeat(2 << 20)), "unknown"),
            (Answer::Drip, "unknown"),
            (Answer::Reset, "unknown"),
            (Answer::status(500), "unknown"),
            (Answer::status(503).header("retry-after", "9"), "unknown"),
            (Answer::status(409), "unknown"),
            (Answer::status(429).body("Rate limit exceeded for FREE plan"), "retry"),
            (Answer::status(404), "misdirected"),
            (Answer::status(400).body("text is too strange"), "reject"),
            (Answer::status(413), "reject"),
            (Answer::status(401), "unauthorized"),
        ];
        let (scripted, expected): (Vec<_>, Vec<_>) = answers.into_iter().unzip();
        let server = HttpServer::start(scripted).await;
        let memory = zep(&server, "/api", dialect);
        for (number, expected) in expected.into_iter().enumerate() {
            let outcome = memory.deliver(&graph, &five()).await.outcome;
            let short = match &outcome {
                Ok(Receipt::Taken) => "taken",
                Ok(Receipt::AlreadyThere) => "already there",
                Err(DeliveryError::Retry { .. }) => "retry",
                Err(DeliveryError::Unknown { .. }) => "unknown",
                Err(DeliveryError::Reject { .. }) => "reject",
                Err(DeliveryError::Misdirected { .. }) => "misdirected",
                Err(DeliveryError::Unauthorized { .. }) => "unauthorized",
            };
            assert_eq!(short, expected, "{dialect:?} {number}: {outcome:?}");
        }
        assert!(!format!("{memory:?}").contains(KEY));
    }
}

#[tokio::test]
async fn limits_are_passed_on() {
    let taken = body(&json!({"uuid": "u"}))
        .header("x-ratelimit-limit", "5")
        .header("x-ratelimit-remaining", "4");
    let server = HttpServer::start(vec![taken]).await;
    let spoken = zep(&server, "/api/v2", Dialect::V2).deliver(&graph(), &five()).await;
    assert_eq!((spoken.limits.per_minute, spoken.limits.remaining), (Some(5), Some(4)));
}

#[tokio::test]
async fn a_graph_that_is_there_already_is_opened() {
    let said = |text: &str| Answer::status(400).body(&json!({ "message": text }).to_string());
    let table = [
        (vec![Answer::status(201).body("{\"graph_id\": \"g\"}")], true),
        (vec![Answer::status(409)], true),
        (vec![said("graph Already exists")], true),
        // Said in other words, it is looked for.
        (vec![said("duplicate"), body(&json!({"graph_id": GRAPH}))], true),
        (vec![said("name is too long"), Answer::status(404)], false),
        (vec![said("name is too long"), body(&json!({"graph_id": "other"}))], false),
        (vec![Answer::status(200).body("<html>")], false),
        (vec![Answer::status(500)], false),
        (vec![Answer::Reset], false),
    ];
    let answers = table.iter().flat_map(|(answers, _)| answers.clone()).collect();
    let server = HttpServer::start(answers).await;
    let memory = zep(&server, "/api/v2", Dialect::V2);
    let mut asked = 0;
    for (answers, expected) in table {
        let outcome = memory.open(GRAPH).await.outcome;
        assert_eq!(outcome.is_ok(), expected, "{answers:?} {outcome:?}");
        let later = |error: &DeliveryError| {
            matches!(error, DeliveryError::Retry { .. } | DeliveryError::Misdirected { .. })
        };
        assert!(outcome.as_ref().err().is_none_or(later), "{outcome:?}");
        asked += answers.len();
    }
    assert_eq!(target(&server, "/api/v2", Dialect::V2, false).open(GRAPH).await.outcome, Ok(None));
    assert_eq!(server.requests().len(), asked);
}

#[tokio::test]
async fn an_address_is_found_before_a_graph_is_made() {
    let missing = || Answer::status(404);
    let listed = |name: &str, time: &str, uuid: &str| json!({"name": name, "created_at": time, "uuid": uuid});
    let other = "00000000-0000-4000-8000-000000000001";
    let found = json!({"items": [
        listed("mirofish_0123456789abcdef-2", BEFORE, other),
        listed(GRAPH, LATER, other), listed(GRAPH, T0, ADDRESS), {"name": GRAPH, "uuid": "no"},
    ]});
    let none = json!({"items": [listed("x", T0, other)], "next_cursor": ""});
    let server = HttpServer::start(vec![
        body(&json!({"uuid": ADDRESS})),
        missing(),
        body(&found),
        missing(),
        body(&none),
        missing(),
        body(&none),
        Answer::status(201).body(&json!({"uuid": ADDRESS}).to_string()),
    ])
    .await;
    let memory = zep(&server, "/api/v4", Dialect::V4);
    let address = Ok(Some(ADDRESS.to_owned()));
    assert_eq!(memory.open(other).await.outcome, Ok(Some(other.to_owned())));
    assert_eq!(server.requests().len(), 0);
    assert_eq!(memory.open(GRAPH).await.outcome, address);
    assert_eq!(memory.open(GRAPH).await.outcome, address);
    let careful = target(&server, "/api/v4", Dialect::V4, false);
    let error = careful.open(GRAPH).await.outcome.unwrap_err();
    let DeliveryError::Misdirected { reason } = error else { panic!("{error:?}") };
    assert!(reason.contains("set \"create\" to true"), "{reason}");
    assert_eq!(memory.open(GRAPH).await.outcome, address);
    // The same graph of the same target is asked for under one name, on any machine.
    let key = server.requests().last().unwrap().header("idempotency-key").unwrap().to_owned();
    assert_eq!(key, talk::key_of(&["graph", "cloud", GRAPH]));
}

#[tokio::test]
async fn a_batch_is_found_by_its_name_alone() {
    let id = five().id();
    assert_eq!(id, "market-1.twitter.1-5");
    let described = |text: &str| json!({"content": "?", "source_description": text});
    let said = |content: &str, time: &str| json!({"content": content, "created_at": time, "reference_time": time});
    let table = [
        (of(&id, T0), Sighting::There),
        (of("market-1.twitter.1-52", T0), Sighting::Absent),
        (of("market-1.twitter.1", T0), Sighting::Absent),
        (of("smarket-1.twitter.1-5", T0), Sighting::Absent),
        (described("Shoal batch market-1.twitter.1-5, rounds 0 to 0"), Sighting::There),
        (described("Shoal batch market-1.twitter.1-5"), Sighting::There),
        (described("Shoal batch market-1.twitter.1-52, rounds 0 to 0"), Sighting::Absent),
        (described("market-1.twitter.1-5"), Sighting::Absent),
        (said("a\nb\nc\nd\ne", T0), Sighting::There),
        (said("a\nb\nc\nd\ne", LATER), Sighting::Absent),
        (json!({"content": "a\nb\nc\nd\ne"}), Sighting::There),
        (
            json!({"content": "a\nb\nc\nd\ne", "metadata": {"batch": "x.twitter.1-5"}}),
            Sighting::Absent,
        ),
        (json!({"content": "a\nb\nc\nd\ne", "metadata": {"batch": 7}}), Sighting::There),
        (json!("?"), Sighting::Absent),
    ];
    for (entry, expected) in table {
        for (dialect, list) in [
            (Dialect::V2, json!({"episodes": [of("x-1.reddit.1-1", LATER), entry]})),
            (Dialect::V4, json!({"items": [of("x-1.reddit.1-1", LATER), entry]})),
        ] {
            let server = HttpServer::start(vec![body(&list), Answer::status(405)]).await;
            let found = zep(&server, "", dialect).find(&addressed(), &five()).await.outcome;
            assert_eq!(found, Ok(expected), "{dialect:?} {entry}");
        }
    }
}

#[tokio::test]
async fn a_look_goes_on_until_it_is_certain() {
    let page = |entries: Vec<Value>| json!({"items": entries, "next_cursor": "more/1"});
    let other = || vec![of("x-1.reddit.1-1", LATER); 100];
    // Receipt is the order: what comes before the first of this world is not beyond it.
    let earlier = of("market-1.twitter.0-0", LATER);
    let mut second = five();
    (second.first_seq, second.last_seq) = (6, 10);
    let server = HttpServer::start(vec![
        body(&page(other())),
        body(&page(vec![of("market-1.twitter.6-10", T0)])),
        body(&page(other())),
        body(&page(vec![earlier])),
        Answer::status(502),
        Answer::status(400),
        body(&json!({"message": "ok"})),
        Answer::status(200).body("<html>"),
    ])
    .await;
    let memory = zep(&server, "", Dialect::V4);
    assert_eq!(memory.find(&addressed(), &second).await.outcome, Ok(Sighting::There));
    assert_eq!(memory.find(&addressed(), &second).await.outcome, Ok(Sighting::Absent));
    assert!(server.requests()[1].line.contains("&cursor=more%2F1&"));
    for _ in 0..4 {
        let error = memory.find(&addressed(), &second).await.outcome.unwrap_err();
        let is_later =
            matches!(error, DeliveryError::Retry { .. } | DeliveryError::Misdirected { .. });
        assert!(is_later, "{error:?}");
    }

    // Simulated time is the order: a full page says something only about what is later.
    let full = |time: &str| body(&json!({"episodes": vec![of("x-1.reddit.1-1", time); 100]}));
    let all = |time: &str| body(&json!(vec![of("x-1.reddit.1-1", time); 100]));
    let server = HttpServer::start(vec![
        full(BEFORE),
        full(LATER),
        all(LATER).header("zep-next-cursor", "c"),
        all(BEFORE).header("zep-next-cursor", "c"),
        full(T0),
        Answer::status(404),
        full(T0),
        all(T0),
        Answer::status(404),
        body(&json!({"message": "ok"})),
        // A server that shows fifty at most is gone through like one that shows a hundred.
        body(&json!({"episodes": vec![of("x-1.reddit.1-1", LATER); 50]})),
        all(LATER).header("zep-next-cursor", "c"),
        body(&json!([of("market-1.twitter.1-5", T0)])),
    ])
    .await;
    let memory = zep(&server, "", Dialect::V2);
    for expected in [
        Sighting::Absent,
        Sighting::Absent,
        Sighting::CannotTell,
        Sighting::CannotTell,
        Sighting::Absent,
    ] {
        assert_eq!(memory.find(&graph(), &five()).await.outcome, Ok(expected));
    }
    assert!(memory.find(&graph(), &five()).await.outcome.is_err());
    assert_eq!(memory.find(&graph(), &five()).await.outcome, Ok(Sighting::There));
    let strange = Graph { id: "..".to_owned(), address: None };
    assert_eq!(memory.find(&strange, &five()).await.outcome, Ok(Sighting::CannotTell));
    assert_eq!(server.requests().len(), 13);
}

#[tokio::test]
async fn a_world_is_recalled_from_the_newest_on() {
    let world = five().world;
    let ours = |seqs: &str, time: &str| of(&format!("market-1.twitter.{seqs}"), time);
    let page = |entries: Vec<Value>, next: Option<&str>| {
        body(&json!({"items": entries, "next_cursor": next}))
    };
    let server = HttpServer::start(vec![
        page(vec![of("market-1.reddit.1-99", T0), of("market-12.twitter.1-99", T0)], Some("c2")),
        Answer::status(429).header("retry-after", "60"),
        page(vec![ours("6-10", T0), ours("1-5", T0), ours("x", T0)], Some("c3")),
        page(Vec::new(), None),
    ])
    .await;
    let memory = zep(&server, "", Dialect::V4);
    let error = memory.recall(&addressed(), &world).await.outcome.unwrap_err();
    assert!(matches!(error, DeliveryError::Retry { after: Some(_), .. }), "{error:?}");
    // It goes on where it was interrupted.
    assert_eq!(memory.recall(&addressed(), &world).await.outcome, Ok(Some(10)));
    let lines: Vec<bool> =
        server.requests().iter().map(|it| it.line.contains("cursor=c2")).collect();
    assert_eq!(lines, [false, true, true]);
    assert_eq!(memory.recall(&addressed(), &world).await.outcome, Ok(None));

    // A memory that is nearly spent is left in peace.
    let spent = page(Vec::new(), Some("c2")).header("x-ratelimit-remaining", "1");
    let server = HttpServer::start(vec![spent, page(vec![ours("1-5", T0)], None)]).await;
    let memory = zep(&server, "", Dialect::V4);
    let spoken = memory.recall(&addressed(), &world).await;
    assert!(matches!(spoken.outcome, Err(DeliveryError::Retry { .. })), "{spoken:?}");
    assert_eq!(spoken.limits.remaining, Some(1));
    assert_eq!(memory.recall(&addressed(), &world).await.outcome, Ok(Some(5)));

    // Many pages are looked through in several goes.
    let many = (0..25).map(|_| page(Vec::new(), Some("more"))).chain([page(Vec::new(), None)]);
    let server = HttpServer::start(many.collect()).await;
    let memory = zep(&server, "", Dialect::V4);
    let mut goes = 1;
    while memory.recall(&addressed(), &world).await.outcome != Ok(None) {
        goes += 1;
    }
    assert_eq!((goes, server.requests().len()), (3, 26));

    // Those of one round may be on two pages, and some servers have no pages.
    let server = HttpServer::start(vec![
        body(&json!([ours("6-10", T0)])).header("zep-next-cursor", "c2"),
        body(&json!([ours("11-15", T0), ours("1-5", BEFORE)])).header("zep-next-cursor", "c3"),
        Answer::status(405),
        body(&json!({"episodes": [ours("1-5", T0), json!({
            "source_description": "Shoal batch market-1.twitter.6-9, rounds 0 to 3",
        })]})),
        Answer::status(404),
        Answer::status(404),
    ])
    .await;
    let memory = zep(&server, "", Dialect::V2);
    assert_eq!(memory.recall(&graph(), &world).await.outcome, Ok(Some(15)));
    assert_eq!(memory.recall(&graph(), &world).await.outcome, Ok(Some(9)));
    assert_eq!(memory.recall(&graph(), &world).await.outcome, Ok(None));
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn what_is_too_long_is_shortened_if_it_cannot_be_parted() {
    let server = HttpServer::start(vec![body(&json!({"uuid": "u"}))]).await;
    let memory = zep(&server, "", Dialect::V2);
    let two = batch_of(&["界".repeat(5_000).as_str(), "界".repeat(5_000).as_str()]);
    let error = memory.deliver(&graph(), &two).await.outcome.unwrap_err();
    assert!(matches!(error, DeliveryError::Reject { .. }), "{error:?}");
    assert_eq!(server.requests().len(), 0);
    let one = batch_of(&["界".repeat(10_001).as_str()]);
    assert_eq!(memory.deliver(&graph(), &one).await.outcome, Ok(Receipt::Taken));
    let sent: Value = serde_json::from_slice(&server.requests()[0].body).unwrap();
    let data = sent["data"].as_str().unwrap();
    assert_eq!((data.chars().count(), data.chars().last()), (10_000, Some('…')));
    assert_eq!(sent["metadata"]["shortened"], json!(true));
    assert_eq!(sent["metadata"].as_object().unwrap().len(), 10);
}

#[tokio::test]
async fn metadata_is_bounded_and_is_left_out_where_it_is_refused() {
    let mut batch = batch(&["FOLLOW"; 80]);
    for (agent, episode) in (0..).zip(&mut batch.episodes) {
        (episode.agent_id, episode.round) = (agent, agent / 40);
    }
    let end: Timestamp = LATER.parse().unwrap();
    batch.episodes.last_mut().unwrap().simulated_time = end;
    let refused = || Answer::status(400).body("no such field: Metadata");
    let taken = || body(&json!({"uuid": "u"}));
    let server = HttpServer::start(vec![taken(), refused(), refused(), refused(), taken()]).await;
    let memory = zep(&server, "", Dialect::V2);
    assert_eq!(memory.deliver(&graph(), &batch).await.outcome, Ok(Receipt::Taken));
    // The same without it is refused as well: it is not because of the metadata.
    let error = memory.deliver(&graph(), &batch).await.outcome.unwrap_err();
    assert!(matches!(error, DeliveryError::Reject { .. }), "{error:?}");
    assert_eq!(memory.deliver(&graph(), &batch).await.outcome, Ok(Receipt::Taken));
    assert!(memory.deliver(&graph(), &batch).await.outcome.is_err());
    let sent: Vec<Value> = server
        .requests()
        .iter()
        .map(|request| serde_json::from_slice(&request.body).unwrap())
        .collect();
    let has: Vec<bool> = sent.iter().map(|it| it["metadata"].is_object()).collect();
    assert_eq!(has, [true, true, false, true, false, false]);
    let metadata = &sent[0]["metadata"];
    assert_eq!(metadata["agents"].as_array().unwrap().len(), 50);
    assert_eq!((&metadata["first_round"], &metadata["last_round"]), (&json!(0), &json!(1)));
    assert_eq!((&metadata["simulated_time"], &sent[0]["created_at"]), (&json!(end), &json!(end)));
}
