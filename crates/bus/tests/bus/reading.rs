use std::time::{Duration, Instant};

use bus::verdict::{Attempt, Look, Verdict, judge};
use bus::{Bus, Delivery, Durable, ReadError, Role, Start};
use contract::subject::StreamName;
use nats_process::{NatsServer, Options};

use crate::{connect, journal, message, provisioned, soon, until};

/// Appends `body` after `known` whatever happens to the server, as a run's owner does.
async fn append_surely(bus: &Bus, subject: &str, body: &str, known: u64) -> u64 {
    if let Ok(sequence) = bus.append(message(subject, body, Some(known))).await {
        return sequence;
    }
    let attempt = Attempt { body: body.as_bytes(), known, epoch: 1 };
    until("the message is stored", async || {
        let looked = bus.last(StreamName::Inputs, subject).await;
        let look = match &looked {
            Ok(Some(last)) => {
                Look::Last { sequence: last.sequence, body: &last.body, claimed: Some(1) }
            }
            Ok(None) => Look::Empty,
            Err(_) => Look::Unanswered,
        };
        match judge(&attempt, &look) {
            Verdict::Stored { sequence } => Some(sequence),
            Verdict::Absent => bus.append(message(subject, body, Some(known))).await.ok(),
            Verdict::Unknown => None,
            verdict => panic!("{verdict:?}"),
        }
    })
    .await
}

#[tokio::test]
async fn a_cursor_goes_on_through_kills_of_the_server() {
    const COUNT: u64 = 400;
    let (mut server, bus) = provisioned().await;
    let reader = connect(&server.url()).await;
    let mut cursor =
        reader.follow(StreamName::Inputs, &journal("a-1"), Start::First).await.unwrap();
    let writing = async {
        let mut known = 0;
        for n in 1..=COUNT {
            known = append_surely(&bus, &journal("a-1"), &format!("tick {n}"), known).await;
        }
    };
    let reading = async {
        let mut last = 0;
        for n in 1..=COUNT {
            let stored = soon(cursor.next()).await;
            assert_eq!(stored.body, format!("tick {n}"), "at sequence {}", stored.sequence);
            assert!(stored.sequence > last, "{} came after {last}", stored.sequence);
            last = stored.sequence;
            if n == COUNT / 4 || n == COUNT / 2 {
                server.restart();
            }
        }
    };
    tokio::join!(writing, reading);
    let all = reader.read_all(StreamName::Inputs, &journal("a-1"), 1).await.unwrap();
    assert_eq!(all.len(), usize::try_from(COUNT).unwrap());
}

/// Four readers on one connection that is not read for a while, as with a program that is busy: what
/// the server keeps for them meanwhile is not so much that it cuts them off.
#[tokio::test]
async fn readers_of_large_messages_are_not_cut_off_while_they_are_busy() {
    const COUNT: usize = 34;
    let config_extra = "max_pending: 32MB".to_owned();
    let server = NatsServer::start(Options { config_extra, ..Options::default() });
    let bus = connect(&server.url()).await;
    bus.ensure_topology().await.unwrap();
    let large = "x".repeat(1_000_000);
    for _ in 0..COUNT {
        bus.append(message(&journal("a-1"), &large, None)).await.unwrap();
    }
    let reader = connect(&server.url()).await;
    let since = reader.connected_since().unwrap();
    let subject = journal("a-1");
    let open = async || reader.follow(StreamName::Inputs, &subject, Start::First).await.unwrap();
    let mut cursors = [open().await, open().await, open().await, open().await];
    let [a, b, c, d] = &mut cursors;
    // All have asked once one has got something.
    tokio::select! {
        _ = a.next() => {}
        _ = b.next() => {}
        _ = c.next() => {}
        _ = d.next() => {}
    }
    // Nobody reads the connection meanwhile: the test has one thread.
    std::thread::sleep(Duration::from_secs(1));
    bus.is_ready().await.unwrap();
    for cursor in &mut cursors {
        let mut last = 0;
        while last < COUNT as u64 {
            let stored = soon(cursor.next()).await;
            assert_eq!(stored.body.len(), large.len());
            last = stored.sequence;
        }
    }
    assert!(!server.log().contains("Slow Consumer"), "{}", server.log());
    assert_eq!(reader.connected_since(), Some(since), "the connection was lost");
}

#[tokio::test]
async fn a_cursor_that_is_dropped_and_asked_again_loses_nothing() {
    let (mut server, bus) = provisioned().await;
    let mut cursor = bus.follow(StreamName::Inputs, "sim.inputs.>", Start::New).await.unwrap();
    server.restart();
    until("the bus is back", async || bus.is_ready().await.ok()).await;
    for n in 1..=20 {
        bus.append(message(&journal("a-1"), &n.to_string(), None)).await.unwrap();
    }
    let mut read = Vec::new();
    let deadline = Instant::now() + crate::PATIENCE;
    while read.len() < 20 {
        assert!(Instant::now() < deadline, "only {read:?}");
        // Far too short to find out about the restart and to open another consumer in one go.
        if let Ok(stored) = tokio::time::timeout(Duration::from_millis(1), cursor.next()).await {
            read.push(String::from_utf8(stored.body.to_vec()).unwrap());
        }
    }
    let expected: Vec<String> = (1..=20).map(|n| n.to_string()).collect();
    assert_eq!(read, expected);
}

#[tokio::test]
async fn a_cursor_survives_the_loss_of_its_stream() {
    loses_its_stream(1).await;
}

#[tokio::test]
async fn a_cursor_misses_nothing_of_a_stream_that_was_lost_and_has_grown_again() {
    loses_its_stream(5).await;
}

/// The stream is lost after three messages, and gets so many others before that is noticed.
async fn loses_its_stream(others: u64) {
    let (_server, bus) = provisioned().await;
    let mut cursor = bus.follow(StreamName::Inputs, "sim.inputs.>", Start::First).await.unwrap();
    for n in 1..=3 {
        bus.append(message(&journal("a-1"), &n.to_string(), None)).await.unwrap();
        assert_eq!(soon(cursor.next()).await.sequence, n);
    }
    let delete = "$JS.API.STREAM.DELETE.SIM_INPUTS".to_owned();
    bus.request(delete, vec![], Duration::from_secs(10)).await.unwrap();
    bus.ensure_topology().await.unwrap();
    for n in 1..=others {
        bus.append(message(&journal("a-1"), &format!("anew {n}"), Some(n - 1))).await.unwrap();
    }
    for n in 1..=others {
        let stored = soon(cursor.next()).await;
        assert_eq!((stored.sequence, stored.body.as_ref()), (n, format!("anew {n}").as_bytes()));
    }
}

#[tokio::test]
async fn a_cursor_begins_where_it_is_told() {
    let (_server, bus) = provisioned().await;
    for n in 1..=6 {
        let run = if n % 2 == 0 { "even-1" } else { "odd-1" };
        bus.append(message(&journal(run), &n.to_string(), None)).await.unwrap();
    }
    let bus = &bus;
    let first = async |filter: &str, start| {
        let mut cursor = bus.follow(StreamName::Inputs, filter, start).await.unwrap();
        let first = soon(cursor.next()).await;
        (first.sequence, first.pending)
    };
    assert_eq!(first("sim.inputs.>", Start::First).await, (1, 5));
    assert_eq!(first(&journal("even-1"), Start::First).await, (2, 2));
    assert_eq!(first("sim.inputs.>", Start::From(4)).await, (4, 2));
    assert_eq!(first(&journal("odd-1"), Start::From(4)).await, (5, 0));
    assert_eq!(first("sim.inputs.>", Start::LastPerSubject).await, (5, 1));
    let mut new = bus.follow(StreamName::Inputs, "sim.inputs.>", Start::New).await.unwrap();
    bus.append(message(&journal("odd-1"), "7", None)).await.unwrap();
    assert_eq!(soon(new.next()).await.sequence, 7);
}

#[tokio::test]
async fn reading_ends_at_the_end() {
    let (_server, bus) = provisioned().await;
    assert_eq!(bus.read_all(StreamName::Inputs, "sim.inputs.>", 1).await, Ok(vec![]));
    for n in 1..=300 {
        bus.append(message(&journal(&format!("a-{}", n % 3 + 1)), "x", None)).await.unwrap();
    }
    let read = async |filter: &str, from| {
        let all = bus.read_all(StreamName::Inputs, filter, from).await.unwrap();
        all.iter().map(|stored| stored.sequence).collect::<Vec<u64>>()
    };
    assert_eq!(read("sim.inputs.>", 1).await, (1..=300).collect::<Vec<_>>());
    assert_eq!(read(&journal("a-1"), 292).await, [294, 297, 300]);
    assert_eq!(read("sim.inputs.>", 0).await.len(), 300);
    assert_eq!(read("sim.inputs.>", 301).await, Vec::<u64>::new());
    assert_eq!(read("sim.inputs.none-1.twitter", 1).await, Vec::<u64>::new());
    let last = bus.read_last_per_subject(StreamName::Inputs, "sim.inputs.>").await.unwrap();
    let last: Vec<_> = last.iter().map(|stored| stored.sequence).collect();
    assert_eq!(last, [298, 299, 300]);
}

#[tokio::test]
async fn a_stream_that_is_not_there_is_named() {
    let (server, _bus) = provisioned().await;
    let mut args = crate::args(&server.url());
    args.prefix = "other".parse().unwrap();
    let bus = Bus::connect(&args, Role::Cli, "test", crate::PATIENCE).await.unwrap();
    let missing = ReadError::Missing("stream not found (error 10059)".to_owned());
    assert_eq!(bus.last(StreamName::Inputs, "other.inputs.a").await, Err(missing.clone()));
    assert_eq!(bus.read_all(StreamName::Inputs, "other.inputs.a", 1).await, Err(missing.clone()));
    let cursor = bus.follow(StreamName::Inputs, "other.inputs.a", Start::First).await;
    assert_eq!(cursor.err(), Some(missing));
}

/// Whatever either of two hands of one consumer gets next.
async fn either(here: &mut Durable, there: &mut Durable) -> Delivery {
    soon(async {
        tokio::select! { delivery = here.next() => delivery, delivery = there.next() => delivery }
    })
    .await
}

#[tokio::test]
async fn a_durable_delivers_until_it_is_acknowledged() {
    let (mut server, ours) = provisioned().await;
    let theirs = connect(&server.url()).await;
    let wait = Duration::from_secs(60);
    let join = async |bus: &Bus| {
        bus.durable(StreamName::Commands, "guardian", &["sim.commands.>"], wait).await.unwrap()
    };
    let (mut here, mut there) = (join(&ours).await, join(&theirs).await);
    ours.append(message("sim.commands.a-1.stop.cli.c1", "stop", None)).await.unwrap();
    let pause = Duration::from_millis(300);
    let put_back = Instant::now();
    let delivery = either(&mut here, &mut there).await;
    assert_eq!((delivery.stored.body.as_ref(), delivery.attempts()), (b"stop".as_ref(), 1));
    delivery.retry_in(pause).await;
    let again = either(&mut here, &mut there).await;
    assert!(put_back.elapsed() >= pause, "after {:?}", put_back.elapsed());
    assert_eq!((again.stored.sequence, again.attempts()), (1, 2));
    again.ack().await;
    until("the acknowledgement has arrived", async || {
        let info = "$JS.API.CONSUMER.INFO.SIM_COMMANDS.guardian".to_owned();
        let info = ours.request(info, vec![], wait).await.unwrap();
        let info: serde_json::Value = serde_json::from_slice(&info).unwrap();
        (info["ack_floor"]["stream_seq"] == 1 && info["num_ack_pending"] == 0).then_some(())
    })
    .await;

    // The consumer survives its server, and what waited there is delivered.
    server.restart();
    until("the bus is back", async || ours.is_ready().await.ok()).await;
    ours.append(message("sim.commands.a-1.stop.cli.c2", "stop", None)).await.unwrap();
    loop {
        let next = either(&mut here, &mut there).await;
        let sequence = next.stored.sequence;
        next.ack().await;
        // A killed server forgets acknowledgements of the last moments.
        if sequence == 2 {
            break;
        }
        assert_eq!(sequence, 1);
    }
}

#[tokio::test]
async fn a_window_shows_a_piece_of_one_subject_and_what_is_behind_it() {
    let (_server, bus) = provisioned().await;
    for n in 1..=10 {
        for run in ["a-1", "b-1"] {
            bus.append(message(&journal(run), &format!("{run} {n}"), None)).await.unwrap();
        }
    }
    let window = async |subject: &str, after, most| {
        let window = bus.window(StreamName::Inputs, subject, after, most).await.unwrap();
        let bodies = window.messages.iter().map(|stored| {
            assert_eq!(stored.subject, subject);
            String::from_utf8(stored.body.to_vec()).unwrap()
        });
        (bodies.collect::<Vec<_>>(), window.behind)
    };
    let (a, b) = (journal("a-1"), journal("b-1"));
    let named = |run: &str, range: std::ops::RangeInclusive<u64>| -> Vec<String> {
        range.map(|n| format!("{run} {n}")).collect()
    };
    assert_eq!(window(&a, 0, 3).await, (named("a-1", 1..=3), 7));
    assert_eq!(window(&a, 5, 100).await, (named("a-1", 4..=10), 0));
    assert_eq!(window(&b, 19, 100).await, (named("b-1", 10..=10), 0));
    assert_eq!(window(&b, 20, 100).await, (vec![], 0));
    assert_eq!(window(&journal("c-1"), 0, 1).await, (vec![], 0));
    let first = bus.window(StreamName::Inputs, &a, 0, 1).await.unwrap().messages.remove(0);
    let known = bus.message(StreamName::Inputs, 1).await.unwrap().unwrap();
    assert_eq!((first.sequence, first.at, first.body), (1, known.at, known.body));
}

#[tokio::test]
async fn headers_are_followed_without_bodies() {
    let (_server, bus) = provisioned().await;
    for run in ["a-1", "a-1", "b-1"] {
        bus.append(message(&journal(run), "body", None)).await.unwrap();
    }
    let filter = bus.prefix().all(StreamName::Inputs);
    let start = Start::LastPerSubject;
    let mut cursor = bus.follow_headers(StreamName::Inputs, &filter, start).await.unwrap();
    for (sequence, run) in [(2, "a-1"), (3, "b-1")] {
        let stored = soon(cursor.next()).await;
        assert_eq!(
            (stored.sequence, stored.subject, stored.body.len()),
            (sequence, journal(run), 0)
        );
    }
    bus.append(message(&journal("a-1"), "body", None)).await.unwrap();
    assert_eq!(soon(cursor.next()).await.sequence, 4);
}
