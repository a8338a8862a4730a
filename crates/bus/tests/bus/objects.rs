use bus::{Append, AppendError};
use contract::spec::Spec;
use contract::subject::StreamName;

use crate::provisioned;

const SUBJECT: &str = "sim.snapshots.market-1.twitter";

fn bytes(count: usize, salt: usize) -> Vec<u8> {
    (0..count).map(|n| u8::try_from((n * 31 + n / 251 + salt) % 256).unwrap()).collect()
}

#[tokio::test]
async fn three_megabytes_come_back() {
    let (_server, bus) = provisioned().await;
    assert_eq!(bus.get_object(StreamName::Snapshots, SUBJECT).await, Ok(None));
    let (first, second) = (bytes(3_000_000, 1), bytes(700_000, 2));
    assert_eq!(bus.put_object(SUBJECT, &first, None).await, Ok(12));
    assert_eq!(bus.get_object(StreamName::Snapshots, SUBJECT).await.unwrap(), Some(first));
    // Another object between: sequences of one subject are not consecutive any more.
    bus.put_object("sim.snapshots.market-2.twitter", b"small", None).await.unwrap();
    assert_eq!(bus.put_object(SUBJECT, &second, None).await, Ok(16));
    assert_eq!(bus.get_object(StreamName::Snapshots, SUBJECT).await.unwrap(), Some(second));
    let small = bus.get_object(StreamName::Snapshots, "sim.snapshots.market-2.twitter").await;
    assert_eq!(small.unwrap().unwrap(), b"small");
}

#[tokio::test]
async fn an_incomplete_object_is_ignored() {
    let (_server, bus) = provisioned().await;
    let good = bytes(600_000, 3);
    bus.put_object(SUBJECT, &good, None).await.unwrap();
    let digest = contract::id::Digest::of(&[b"abc"]).to_string();
    for part in ["1", "2"] {
        let headers = vec![
            ("Shoal-Part", part.to_owned()),
            ("Shoal-Parts", "3".to_owned()),
            ("Shoal-Digest", digest.clone()),
        ];
        let body = b"a".to_vec();
        let (subject, expected_last) = (SUBJECT.to_owned(), None);
        bus.append(Append { subject, body, headers, expected_last }).await.unwrap();
    }
    assert_eq!(bus.get_object(StreamName::Snapshots, SUBJECT).await.unwrap(), Some(good));
}

#[tokio::test]
async fn objects_are_listed_without_their_bytes_and_read_one_by_one() {
    let (_server, bus) = provisioned().await;
    let subject = SUBJECT;
    let (first, second) = (bytes(600_000, 1), bytes(300_000, 2));
    bus.put_object(subject, &first, None).await.unwrap();
    bus.put_object("sim.snapshots.market-2.twitter", b"small", None).await.unwrap();
    bus.put_object(subject, &second, None).await.unwrap();
    // What claims to be one part of one, and is not.
    let digest = contract::id::Digest::of(&[b"abc"]).to_string();
    let headers = vec![
        ("Shoal-Part", "1".to_owned()),
        ("Shoal-Parts", "1".to_owned()),
        ("Shoal-Digest", digest),
    ];
    let (body, owned) = (b"abd".to_vec(), subject.to_owned());
    bus.append(Append { subject: owned, body, headers, expected_last: None }).await.unwrap();
    bus.append(Append { headers: vec![], ..crate::message(subject, "what?", None) }).await.unwrap();

    let objects = bus.objects(StreamName::Snapshots, subject).await.unwrap();
    let row = |object: &bus::Object| (object.first, object.last, object.bytes, object.parts);
    let rows: Vec<_> = objects.iter().map(row).collect();
    assert_eq!(rows, [(1, 3, 600_000, 3), (5, 6, 300_000, 2), (7, 7, 3, 1), (8, 8, 5, 0)]);
    let read = async |index: usize| {
        let read = bus.read_object(StreamName::Snapshots, subject, &objects[index]).await;
        read.map_err(|error| error.to_string())
    };
    assert_eq!(read(0).await.unwrap(), first);
    assert_eq!(read(1).await.unwrap(), second);
    assert_eq!(read(2).await.unwrap_err(), "it has other bytes than were stored");
    assert_eq!(read(3).await.unwrap_err(), "it has headers of no object");
    assert_eq!(bus.get_object(StreamName::Snapshots, subject).await.unwrap(), Some(second));
    bus.purge(StreamName::Snapshots, subject, Some(5)).await.unwrap();
    assert!(read(0).await.unwrap_err().contains("not any more"));
    assert!(bus.max_bytes(StreamName::Snapshots).await.unwrap().unwrap() > 1_000_000);
}

#[tokio::test]
async fn a_spec_is_stored_once_and_an_object_of_no_bytes_is_one() {
    let (_server, bus) = provisioned().await;
    let subject = "sim.specs.0000";
    let spec = bytes(300_000, 4);
    assert_eq!(bus.put_object(subject, &spec, Some(0)).await, Ok(2));
    let again = bus.put_object(subject, &bytes(300_000, 5), Some(0)).await;
    assert_eq!(again, Err(AppendError::Refused));
    assert_eq!(bus.get_object(StreamName::Specs, subject).await.unwrap(), Some(spec));
    assert_eq!(bus.put_object("sim.specs.0001", b"", Some(0)).await, Ok(3));
    assert_eq!(bus.get_object(StreamName::Specs, "sim.specs.0001").await, Ok(Some(vec![])));
}

#[tokio::test]
async fn a_spec_that_many_store_is_stored_once_under_its_digest() {
    let (_server, bus) = provisioned().await;
    let text = include_str!("../../../../schemas/examples/spec/valid/full.json");
    let spec = Spec::from_bytes(text.as_bytes()).unwrap();
    let (one, other) = tokio::join!(bus.put_spec(&spec), bus.put_spec(&spec));
    assert_eq!((one, other), (Ok(spec.digest()), Ok(spec.digest())));
    assert_eq!(bus.put_spec(&spec).await, Ok(spec.digest()));
    let subject = format!("sim.specs.{}", spec.digest());
    let stored = bus.read_all(StreamName::Specs, &subject, 0).await.unwrap();
    assert_eq!(stored.len(), 1);
    let found = bus.get_object(StreamName::Specs, &subject).await.unwrap();
    assert_eq!(found, Some(spec.to_bytes()));
}
