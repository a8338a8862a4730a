use bus::AppendError;
use bus::verdict::{Attempt, Look, Verdict, judge};
use contract::subject::StreamName;
use nats_process::{NatsServer, Options};

use crate::proxy::Proxy;
use crate::{connect, frames, journal, message, provisioned, until};

#[tokio::test]
async fn of_two_writers_one_is_refused() {
    let (server, ours) = provisioned().await;
    let theirs = connect(&server.url()).await;
    let subject = journal("market-1");
    let (first, second) = tokio::join!(
        ours.append(message(&subject, "ours", Some(0))),
        theirs.append(message(&subject, "theirs", Some(0))),
    );
    let (stored, refused, winner) = match first {
        Ok(sequence) => (sequence, second, "ours"),
        Err(_) => (second.clone().unwrap(), first, "theirs"),
    };
    assert_eq!((stored, refused), (1, Err(AppendError::Refused)));
    let last = ours.last(StreamName::Inputs, &subject).await.unwrap().unwrap();
    assert_eq!((last.sequence, last.body.as_ref()), (1, winner.as_bytes()));
    // Another subject has a sequence of its own to expect, and headers survive.
    let mut other = message(&journal("market-2"), "other", Some(0));
    other.headers = vec![(bus::EPOCH_HEADER, "3".to_owned())];
    assert_eq!(theirs.append(other).await, Ok(2));
    let last = ours.last(StreamName::Inputs, &journal("market-2")).await.unwrap().unwrap();
    assert_eq!((last.header(bus::EPOCH_HEADER), last.header("Other")), (Some("3"), None));
    assert_eq!(ours.append(message(&subject, "next", Some(1))).await, Ok(3));
    assert_eq!(ours.last(StreamName::Inputs, &journal("market-3")).await, Ok(None));
    let second = ours.message(StreamName::Inputs, 2).await.unwrap();
    assert_eq!(second, Some(last));
    assert_eq!(ours.message(StreamName::Inputs, 4).await, Ok(None));
}

#[tokio::test]
async fn a_lost_acknowledgement_is_looked_at() {
    let (server, direct) = provisioned().await;
    let proxy = Proxy::to(server.client_port).await;
    let bus = connect(&proxy.url()).await;
    let subject = journal("market-1");
    let known = bus.append(message(&subject, "claim", Some(0))).await.unwrap();
    let attempt = Attempt { body: b"tick", known, epoch: 1 };

    proxy.swallow_answers(true);
    let lost = bus.append(message(&subject, "tick", Some(known))).await;
    assert!(matches!(lost, Err(AppendError::Unanswered(_))), "{lost:?}");
    proxy.swallow_answers(false);
    proxy.cut();

    let last = until("the connection is back", async || {
        bus.last(StreamName::Inputs, &subject).await.ok().flatten()
    });
    let last = last.await;
    let look = Look::Last { sequence: last.sequence, body: &last.body, claimed: Some(1) };
    assert_eq!(judge(&attempt, &look), Verdict::Stored { sequence: 2 });

    // Appended once more it is refused, and the look says the same.
    assert_eq!(bus.append(message(&subject, "tick", Some(known))).await, Err(AppendError::Refused));
    assert_eq!(direct.append(message(&subject, "claim 2", Some(2))).await, Ok(3));
    let last = bus.last(StreamName::Inputs, &subject).await.unwrap().unwrap();
    let look = Look::Last { sequence: last.sequence, body: &last.body, claimed: Some(2) };
    let attempt = Attempt { body: b"tick 2", known: 2, epoch: 1 };
    assert_eq!(judge(&attempt, &look), Verdict::Fenced { by: 2 });
}

#[tokio::test]
async fn a_batch_is_stored_as_a_whole() {
    let (_server, bus) = provisioned().await;
    let subject = frames("market-1");
    let bodies = |from: usize, count: usize| -> Vec<Vec<u8>> {
        (from..from + count).map(|n| format!("part {n}").into_bytes()).collect()
    };
    let epoch = [(bus::EPOCH_HEADER, "7".to_owned())];
    assert_eq!(bus.append_batch(&subject, bodies(0, 1), &epoch, Some(0)).await, Ok(1));
    assert_eq!(bus.append_batch(&subject, bodies(1, 3), &epoch, Some(1)).await, Ok(4));
    // Stale by one: nothing of it is stored.
    let stale = bus.append_batch(&subject, bodies(100, 3), &epoch, Some(3)).await;
    assert_eq!(stale, Err(AppendError::Refused));
    assert_eq!(bus.append_batch(&subject, bodies(4, 1000), &epoch, Some(4)).await, Ok(1004));
    let stored = bus.read_all(StreamName::Actions, &subject, 1).await.unwrap();
    assert_eq!(stored.len(), 1004);
    for (n, stored) in stored.iter().enumerate() {
        assert_eq!(stored.body, format!("part {n}"));
        assert_eq!(stored.header(bus::EPOCH_HEADER), Some("7"));
    }
    for (count, words) in [(0, "a batch of 0 messages"), (1001, "a batch of 1001 messages")] {
        let refused = bus.append_batch(&subject, bodies(0, count), &[], None).await;
        let Err(AppendError::Denied(reason)) = refused else { panic!("{refused:?}") };
        assert!(reason.starts_with(words), "{reason}");
    }
}

#[tokio::test]
async fn a_batch_to_a_stream_that_takes_none_is_denied() {
    let (_server, bus) = provisioned().await;
    let bodies = vec![b"one".to_vec(), b"two".to_vec()];
    let refused = bus.append_batch(&journal("market-1"), bodies, &[], Some(0)).await;
    assert!(matches!(&refused, Err(AppendError::Denied(_))), "{refused:?}");
    assert_eq!(bus.last(StreamName::Inputs, &journal("market-1")).await, Ok(None));
}

#[tokio::test]
async fn a_name_is_used_once() {
    let (_server, bus) = provisioned().await;
    let subject = "sim.commands.market-1.stop.cli.c1";
    assert_eq!(bus.append(message(subject, "stop", None)).await, Ok(1));
    assert_eq!(bus.append(message(subject, "stop", None)).await, Err(AppendError::Refused));
    // The latest state replaces the one before.
    let status = "sim.env-status.market-1";
    assert_eq!(bus.append(message(status, "queued", Some(0))).await, Ok(1));
    assert_eq!(bus.append(message(status, "running", Some(1))).await, Ok(2));
    assert_eq!(bus.append(message(status, "zombie", Some(1))).await, Err(AppendError::Refused));
    let all = bus.read_all(StreamName::EnvStatus, "sim.env-status.>", 1).await.unwrap();
    assert_eq!(all.len(), 1);
}

#[tokio::test]
async fn a_full_stream_says_so() {
    let jetstream = Some("max_file_store: 64MB".to_owned());
    let server = NatsServer::start(Options { jetstream, ..Options::default() });
    let bus = connect(&server.url()).await;
    bus.ensure_topology().await.unwrap();
    let body = "x".repeat(200_000);
    let mut stored = 0;
    let full = loop {
        let subject = format!("sim.commands.market-1.stop.cli.{stored}");
        match bus.append(message(&subject, &body, None)).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(&full, AppendError::Full(_)), "after {stored}: {full:?}");
    assert!((1..20).contains(&stored), "{stored} fitted");
    // Other streams have room of their own.
    assert_eq!(bus.append(message(&journal("market-1"), "tick", Some(0))).await, Ok(1));
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused_in_words() {
    let (_server, bus) = provisioned().await;
    let refused = bus.append(message(&journal("a-1"), &"x".repeat(2_000_000), None)).await;
    let Err(AppendError::Denied(reason)) = refused else { panic!("{refused:?}") };
    assert_eq!(
        reason,
        "a message of 2000000 bytes on sim.inputs.a-1.twitter is larger than the 1048576 that \
         nats-server takes (max_payload)"
    );
    let refused = bus.append(message("elsewhere.a", "x", None)).await;
    let Err(AppendError::Unanswered(reason)) = refused else { panic!("{refused:?}") };
    assert_eq!(
        reason,
        "no stream takes elsewhere.a now; if that does not pass, it is not provisioned"
    );
}
