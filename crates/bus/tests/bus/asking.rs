use std::time::Duration;

use bus::{AskError, Bus};
use contract::command::{Request, Stop, Verb};
use contract::id::{ClientId, CommandId, RunId};
use contract::reply::{Reply, ReplyResult};
use contract::status::RunStatus;
use contract::subject::{Prefix, StreamName};
use contract::timestamp::Timestamp;

use crate::{journal, message, provisioned, until};

const PATIENCE: Duration = Duration::from_secs(30);

fn run() -> RunId {
    "market-1".parse().unwrap()
}

fn client() -> ClientId {
    "http".parse().unwrap()
}

fn pause(reason: &str) -> Request {
    Request::Pause(Stop { reason: Some(reason.to_owned()) })
}

async fn ask(
    bus: &Bus,
    key: &str,
    request: Request,
    patience: Duration,
) -> Result<Reply, AskError> {
    let key: CommandId = key.parse().unwrap();
    bus.ask_run_once(&run(), &client(), key, request, Timestamp::EPOCH, patience).await
}

/// Answers the command of this id once it is stored.
async fn answer(bus: &Bus, key: &str, verb: Verb) {
    let key: CommandId = key.parse().unwrap();
    let among = Prefix::default().commands_under(StreamName::Commands, &run(), &client(), &key);
    until("the command is stored", async || bus.last(StreamName::Commands, &among).await.unwrap())
        .await;
    let subject = Prefix::default().reply(&client(), &run(), &key);
    let result = ReplyResult::Paused { status: RunStatus::Paused };
    let reply = Reply::completed(key, run(), verb, result, Timestamp::EPOCH);
    let body = String::from_utf8(reply.to_bytes()).unwrap();
    bus.append(message(&subject, &body, Some(0))).await.unwrap();
}

#[tokio::test]
async fn an_id_is_one_request_however_often_it_is_sent() {
    let (_server, bus) = provisioned().await;
    let asked = ask(&bus, "k1", pause("lunch"), PATIENCE);
    let (first, ()) = tokio::join!(asked, answer(&bus, "k1", Verb::Pause));
    let first = first.unwrap();
    assert_eq!(ask(&bus, "k1", pause("lunch"), PATIENCE).await.unwrap(), first);
    for other in [pause("dinner"), Request::Resume] {
        let error = ask(&bus, "k1", other, PATIENCE).await.unwrap_err();
        assert!(matches!(&error, AskError::Used(id, _) if id.as_str() == "k1"), "{error}");
    }
    let all = bus.read_all(StreamName::Commands, "sim.commands.>", 0).await.unwrap();
    assert_eq!(all.len(), 1, "one command is stored");
    // A command is forgotten sooner than its reply.
    bus.purge(StreamName::Commands, "sim.commands.market-1.>", None).await.unwrap();
    assert_eq!(ask(&bus, "k1", pause("lunch"), PATIENCE).await.unwrap(), first);
    let error = ask(&bus, "k1", Request::Resume, PATIENCE).await.unwrap_err();
    assert!(error.to_string().contains("k1 was used for another request (pause)"), "{error}");
}

#[tokio::test]
async fn of_two_requests_at_once_under_one_id_one_is_stored() {
    let (_server, bus) = provisioned().await;
    for round in 0..20 {
        let key = format!("k{round}");
        let soon = Duration::from_millis(1);
        let (one, other) = tokio::join!(
            ask(&bus, &key, pause("lunch"), soon),
            ask(&bus, &key, Request::Resume, soon)
        );
        let refused = |result: &Result<Reply, AskError>| matches!(result, Err(AskError::Used(..)));
        assert!(refused(&one) != refused(&other), "{one:?} {other:?}");
    }
    let all = bus.read_all(StreamName::Commands, "sim.commands.>", 0).await.unwrap();
    assert_eq!(all.len(), 20);
}

#[tokio::test]
async fn the_newest_are_read_first_however_far_apart_they_are() {
    let (_server, bus) = provisioned().await;
    let mut stored = Vec::new();
    for number in 0..900_u64 {
        // Ours are the first hundred, and then few and far between.
        let ours = number < 100 || number % 100 == 0;
        let subject = journal(if ours { "a-1" } else { "b-1" });
        let sequence = bus.append(message(&subject, &number.to_string(), None)).await.unwrap();
        if ours {
            stored.push(sequence);
        }
    }
    stored.reverse();
    let newest = async |before, most| {
        let all = |stored: &bus::Stored| Some(stored.sequence);
        let found = bus.newest(StreamName::Inputs, &journal("a-1"), before, most, all).await;
        found.unwrap().into_iter().map(|(sequence, _)| sequence).collect::<Vec<u64>>()
    };
    assert_eq!(newest(None, 1000).await, stored);
    assert_eq!(newest(None, 10).await, stored[..10]);
    assert_eq!(newest(Some(stored[9]), 25).await, stored[10..35]);
    assert_eq!(newest(Some(1), 5).await, [0; 0]);
    assert_eq!(newest(Some(u64::MAX), 1).await, stored[..1]);
    let odd = |stored: &bus::Stored| stored.body.ends_with(b"7").then_some(());
    let found = bus.newest(StreamName::Inputs, &journal("a-1"), None, 3, odd).await.unwrap();
    assert_eq!(found.iter().map(|(sequence, ())| sequence - 1).collect::<Vec<_>>(), [97, 87, 77]);
    let nothing = bus.newest(StreamName::Inputs, &journal("c-1"), None, 3, odd).await.unwrap();
    assert!(nothing.is_empty());
}
