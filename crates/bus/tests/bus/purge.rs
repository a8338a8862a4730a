use bus::PurgeError;
use contract::subject::StreamName;

use crate::{frames, message, provisioned};

#[tokio::test]
async fn one_run_is_taken_out_and_its_neighbours_stay() {
    let (_server, bus) = provisioned().await;
    for (run, count) in [("a-1", 5), ("a-10", 3), ("a-2", 2)] {
        for n in 0..count {
            bus.append(message(&frames(run), &n.to_string(), None)).await.unwrap();
        }
    }
    let bodies = async |run: &str| {
        let read = bus.read_all(StreamName::Actions, &frames(run), 1).await.unwrap();
        read.iter().map(|stored| String::from_utf8(stored.body.to_vec()).unwrap()).collect()
    };
    let third = bus.read_all(StreamName::Actions, &frames("a-1"), 1).await.unwrap()[2].sequence;
    let purge = async |subject: &str, before| bus.purge(StreamName::Actions, subject, before).await;
    assert_eq!(purge("sim.actions.a-1.>", Some(third)).await, Ok(2));
    let rest: Vec<String> = bodies("a-1").await;
    assert_eq!(rest, ["2", "3", "4"]);
    let subjects = bus.subjects(StreamName::Actions, "sim.actions.>").await.unwrap();
    let expected = [(frames("a-1"), 3), (frames("a-10"), 3), (frames("a-2"), 2)];
    assert_eq!(subjects, expected.into());
    assert_eq!(purge("sim.actions.a-1.>", None).await, Ok(3));
    assert_eq!(purge("sim.actions.a-1.>", None).await, Ok(0));
    let rest: Vec<String> = bodies("a-1").await;
    assert_eq!(rest, [""; 0]);
    let rest: Vec<String> = bodies("a-10").await;
    assert_eq!(rest, ["0", "1", "2"]);
    let subjects = bus.subjects(StreamName::Actions, "sim.actions.a-1.>").await.unwrap();
    assert_eq!(subjects.len(), 0);
    let broad = "sim.actions.*.twitter";
    let refused = Err(PurgeError::TooBroad(broad.to_owned(), StreamName::Actions));
    assert_eq!(purge(broad, None).await, refused);
    let rest: Vec<String> = bodies("a-2").await;
    assert_eq!(rest, ["0", "1"]);
}

#[tokio::test]
async fn a_reader_passes_over_what_was_purged_before_it_came() {
    use crate::soon;
    let (_server, bus) = provisioned().await;
    let all = "sim.actions.>";
    let append = async |run: &str, body: &str| {
        bus.append(message(&frames(run), body, None)).await.unwrap();
    };
    append("a-1", "first").await;
    let mut cursor = bus.follow(StreamName::Actions, all, bus::Start::First).await.unwrap();
    assert_eq!(soon(cursor.next()).await.body, "first");
    for n in 0..300 {
        append("a-2", &n.to_string()).await;
    }
    bus.purge(StreamName::Actions, "sim.actions.a-2.>", None).await.unwrap();
    append("a-1", "last").await;
    // Some of what was purged may have been on its way already.
    let mut before = 0;
    loop {
        let stored = soon(cursor.next()).await;
        if stored.body == "last" {
            break;
        }
        assert_eq!(stored.body, before.to_string());
        before += 1;
    }
}
