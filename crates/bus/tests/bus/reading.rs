use std::time::{Duration, Instant};

use bus::verdict::{Attempt, Look, Verdict, judge};
use bus::{Bus, Delivery, Durable, ReadError, Start};
use contract::subject::StreamName;

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
    let bus = Bus::connect(&args, "test", crate::PATIENCE).await.unwrap();
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
        bus.durable(StreamName::Commands, "guardian", "sim.commands.>", wait).await.unwrap()
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
