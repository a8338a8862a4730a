//! What a desk reads while its worlds take nothing.

use std::time::Duration;

use contract::command::{Interview, Request};
use contract::reply::{Answer, AppliedAt, AsOf, ReplyOutcome, ReplyResult};
use contract::subject::{Platform, StreamName};
use simulator::args::WorkerArgs;
use simulator::worker::board;
use simulator::worker::desk::Desk;
use simulator::worker::lane::{Ask, Done};
use tokio::sync::mpsc;

use crate::stage::{PATIENCE, Stage, inject, until};

/// Commands of some 60 kB: more than a desk has room for.
const COMMANDS: usize = 320;

fn id(command: usize) -> String {
    format!("c{command}")
}

async fn next(inbox: &mut mpsc::Receiver<Ask>) -> Ask {
    tokio::time::timeout(PATIENCE, inbox.recv()).await.expect("nothing is asked").unwrap()
}

/// Asks an agent of a world, and answers for it.
async fn interview(stage: &Stage, name: &str, inbox: &mut mpsc::Receiver<Ask>) {
    let (platform, prompt) = (Platform::Reddit, "And now?".to_owned());
    let question = Interview { agent_id: 0, prompt, platform: Some(platform) };
    stage.ask(name, Request::Interview(question)).await;
    let Ask::Interview { done, .. } = next(inbox).await else { panic!("another ask") };
    let (response, as_of) = ("Fine.".to_owned(), AsOf { tick: 0, round: 0 });
    done.send(Ok(("Ada".to_owned(), Answer { platform, response, as_of }))).unwrap();
    let reply = stage.reply(name).await;
    assert!(matches!(&reply, ReplyOutcome::Completed { .. }), "{reply:?}");
}

#[tokio::test]
async fn commands_that_a_world_does_not_take_wait_on_the_bus_and_are_all_answered_in_order() {
    let stage = Stage::start("").await;
    let subject = stage.bus.prefix().env_status(&stage.run);
    let found = stage.bus.last(StreamName::EnvStatus, &subject).await.unwrap().unwrap();
    let (board, writer) = board::open(stage.bus.clone(), stage.status().await, found.sequence);
    tokio::spawn(writer.run());
    let (slow, mut slow_inbox) = mpsc::channel(COMMANDS);
    let (quick, mut quick_inbox) = mpsc::channel(1);
    let inboxes = vec![(Platform::Twitter, slow), (Platform::Reddit, quick)];
    let worker = "w".to_owned();
    let args = WorkerArgs { run: stage.run.clone(), worker, why: "start".to_owned() };
    for command in 0..COMMANDS {
        stage.ask(&id(command), inject(6, 10_000, Some(Platform::Twitter))).await;
    }
    let desk = Desk::new(stage.bus.clone(), &args, board, inboxes);
    let serving = tokio::spawn(desk.serve(Duration::from_secs(600)));

    // 16 MiB, each command with 2 KiB more than it has, and at the end room for the largest.
    let read = 265;
    until("the desk to be full", async || (slow_inbox.len() >= read).then_some(())).await;
    for name in ["q1", "q2", "q3"] {
        interview(&stage, name, &mut quick_inbox).await;
        assert_eq!(slow_inbox.len(), read, "after {name}");
    }

    let mut last = 0;
    for command in 0..COMMANDS {
        let Ask::Command { taken, done } = next(&mut slow_inbox).await else {
            panic!("another ask")
        };
        assert_eq!(taken.command.command_id.as_str(), id(command));
        assert!(taken.sequence > last);
        last = taken.sequence;
        done.send(Ok(Done { epoch: 1, tick: Some(7) })).unwrap();
    }
    let ticks = vec![AppliedAt { platform: Platform::Twitter, tick: 7 }];
    let applied = ReplyOutcome::Completed { result: ReplyResult::Applied { ticks } };
    for command in 0..COMMANDS {
        assert_eq!(stage.reply(&id(command)).await, applied, "{command}");
    }
    serving.abort();
}
