//! What a desk reads while its worlds take nothing.

use std::time::Duration;

use contract::command::{BatchInterview, Cancel, Command, Interview, Question, Request, Whom};
use contract::interviews::AgentOutcome;
use contract::reply::{Answer, AppliedAt, AsOf, ErrorCode, ReplyError, ReplyOutcome, ReplyResult};
use contract::subject::{Platform, StreamName};
use contract::timestamp::Timestamp;
use futures_util::future::{FutureExt as _, pending, ready};
use simulator::args::WorkerArgs;
use simulator::protocol::Lost;
use simulator::worker::answer::{Heard, Saying};
use simulator::worker::board;
use simulator::worker::desk::Desk;
use simulator::worker::inbox::{Inbox, inbox};
use simulator::worker::lane::{Ask, Done};
use tokio::task::JoinHandle;

use crate::stage::{PATIENCE, Stage, inject, until};

/// Commands of some 60 kB: more than a desk has room for.
const COMMANDS: usize = 320;

fn id(command: usize) -> String {
    format!("c{command}")
}

async fn next(inbox: &mut Inbox) -> Ask {
    tokio::time::timeout(PATIENCE, inbox.recv()).await.expect("nothing is asked").unwrap()
}

/// Asks an agent of a world, and answers for it.
async fn interview(stage: &Stage, name: &str, inbox: &mut Inbox) {
    let (platform, prompt) = (Platform::Reddit, "And now?".to_owned());
    let question = Interview { agent_id: 0, prompt, platform: Some(platform), at_round: None };
    stage.ask(name, Request::Interview(question)).await;
    let Ask::Interview { done, .. } = next(inbox).await else { panic!("another ask") };
    done.send(Ok(Heard::Sayings(vec![saying(platform)]))).unwrap();
    let reply = stage.reply(name).await;
    assert!(matches!(&reply, ReplyOutcome::Completed { .. }), "{reply:?}");
}

/// What an agent says at once.
fn saying(platform: Platform) -> Saying {
    let (response, as_of) = ("Fine.".to_owned(), AsOf { tick: 0, round: 0 });
    ready(Ok(("Ada".to_owned(), Answer { platform, response, as_of, model: None }))).boxed()
}

/// A desk with a lane for each world, which are ours.
async fn desk(stage: &Stage) -> (JoinHandle<Result<(), Lost>>, Vec<Inbox>) {
    let subject = stage.bus.prefix().env_status(&stage.run);
    let found = stage.bus.last(StreamName::EnvStatus, &subject).await.unwrap().unwrap();
    let (board, writer) = board::open(stage.bus.clone(), stage.status().await, found.sequence);
    tokio::spawn(writer.run());
    let (inboxes, lanes): (Vec<_>, Vec<_>) = Platform::ALL
        .map(|platform| {
            let (outbox, lane) = inbox(64);
            ((platform, outbox), lane)
        })
        .into_iter()
        .unzip();
    let (worker, why) = ("w".to_owned(), "start".to_owned());
    let args = WorkerArgs { run: stage.run.clone(), worker, why };
    let desk = Desk::new(stage.bus.clone(), &args, board, inboxes);
    (tokio::spawn(desk.serve(Duration::from_secs(600))), lanes)
}

/// So many questions to agents of the Twitter world.
fn batch(count: u32) -> Request {
    let question = |agent_id| Question { agent_id, prompt: "Well?".to_owned(), platform: None };
    let whom = Whom::Interviews((0..count).map(question).collect());
    let platform = Some(Platform::Twitter);
    Request::BatchInterview(BatchInterview { whom, platform, at_round: None })
}

/// The codes of what has failed of a batch, and how many answered.
async fn failed(stage: &Stage, id: &str) -> (Vec<ErrorCode>, u32) {
    let reply = stage.reply(id).await;
    let ReplyOutcome::Completed { result: ReplyResult::Interviews(all) } = reply else {
        panic!("{reply:?}")
    };
    let codes = all.said.results.iter().filter_map(|result| match &result.outcome {
        AgentOutcome::Failed { error } => Some(error.code),
        AgentOutcome::Said { .. } => None,
    });
    (codes.collect(), all.answered)
}

#[tokio::test]
async fn what_is_not_answered_when_a_batch_is_cancelled_says_so_and_the_rest_stays() {
    let stage = Stage::start("").await;
    let (serving, mut lanes) = desk(&stage).await;
    stage.ask("b1", batch(150)).await;
    // Three slices. Of the first one agent thinks for ever, the others wait for their world.
    let mut asked = Vec::new();
    for _ in 0..3 {
        let Ask::Interview { questions, done, .. } = next(&mut lanes[0]).await else {
            panic!("another ask")
        };
        asked.push((questions.len(), done));
    }
    assert_eq!(asked.iter().map(|(count, _)| *count).collect::<Vec<_>>(), [64, 64, 22]);
    let (count, done) = asked.remove(0);
    let mut sayings: Vec<Saying> = (1..count).map(|_| saying(Platform::Twitter)).collect();
    sayings.push(pending().boxed());
    done.send(Ok(Heard::Sayings(sayings))).unwrap();
    let cancel =
        |id: &str| Request::Cancel(Cancel { command_id: id.parse().unwrap(), client: None });
    stage.ask("c1", cancel("b1")).await;
    let (codes, answered) = failed(&stage, "b1").await;
    assert_eq!((codes, answered), (vec![ErrorCode::Cancelled; 87], 63));
    let cancelled =
        |questions| ReplyOutcome::Completed { result: ReplyResult::Cancelled { questions } };
    assert_eq!(stage.reply("c1").await, cancelled(87));
    // What is over cannot be cancelled any more, and what never was neither.
    for (id, of) in [("c2", "b1"), ("c3", "never")] {
        stage.ask(id, cancel(of)).await;
        assert_eq!(stage.reply(id).await, cancelled(0));
    }
    // A single question fails as a whole.
    let (prompt, platform) = ("Well?".to_owned(), Some(Platform::Reddit));
    let one = Interview { agent_id: 0, prompt, platform, at_round: None };
    stage.ask("q1", Request::Interview(one)).await;
    let waiting = next(&mut lanes[1]).await;
    stage.ask("c4", cancel("q1")).await;
    let ReplyOutcome::Failed { error } = stage.reply("q1").await else { panic!("it answered") };
    assert_eq!((error.code, stage.reply("c4").await), (ErrorCode::Cancelled, cancelled(1)));
    drop(waiting);
    serving.abort();
}

#[tokio::test]
async fn what_is_not_answered_when_a_batch_expires_says_so() {
    let stage = Stage::start("").await;
    let (serving, mut lanes) = desk(&stage).await;
    let now = Timestamp::from_milliseconds(kit::now_milliseconds());
    let soon = Timestamp::from_milliseconds(now.milliseconds() + 1_500);
    let command = Command {
        command_id: "b1".parse().unwrap(),
        request: batch(3),
        issued_at: now,
        expires_at: Some(soon),
    };
    stage.ask_raw("b1", "batch_interview", command.to_bytes()).await;
    let Ask::Interview { done, .. } = next(&mut lanes[0]).await else { panic!("another ask") };
    let sayings = vec![saying(Platform::Twitter), pending().boxed(), saying(Platform::Twitter)];
    done.send(Ok(Heard::Sayings(sayings))).unwrap();
    let (codes, answered) = failed(&stage, "b1").await;
    assert_eq!((codes, answered), (vec![ErrorCode::Expired], 2));
    // A world that cannot be asked refuses the whole.
    stage.ask("b2", batch(3)).await;
    let Ask::Interview { done, .. } = next(&mut lanes[0]).await else { panic!("another ask") };
    let (code, message) = (ErrorCode::WrongState, "not now".to_owned());
    done.send(Err(ReplyError { code, message })).unwrap();
    let ReplyOutcome::Failed { error } = stage.reply("b2").await else { panic!("it answered") };
    assert_eq!(error.code, ErrorCode::WrongState);
    serving.abort();
}

#[tokio::test]
async fn commands_that_a_world_does_not_take_wait_on_the_bus_and_are_all_answered_in_order() {
    let stage = Stage::start("").await;
    let subject = stage.bus.prefix().env_status(&stage.run);
    let found = stage.bus.last(StreamName::EnvStatus, &subject).await.unwrap().unwrap();
    let (board, writer) = board::open(stage.bus.clone(), stage.status().await, found.sequence);
    tokio::spawn(writer.run());
    let (slow, mut slow_inbox) = inbox(COMMANDS);
    let (quick, mut quick_inbox) = inbox(1);
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
    until("the desk to be full", async || (slow_inbox.len().1 >= read).then_some(())).await;
    for name in ["q1", "q2", "q3"] {
        interview(&stage, name, &mut quick_inbox).await;
        assert_eq!(slow_inbox.len(), (0, read), "after {name}");
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

#[tokio::test]
async fn a_batch_among_many_can_be_cancelled() {
    let stage = Stage::start("").await;
    let (serving, mut lanes) = desk(&stage).await;
    for number in 0..40 {
        stage.ask(&format!("b{number}"), batch(3)).await;
    }
    // Sixteen wait for their world, which takes its time; the others for these.
    let mut asked = Vec::new();
    for _ in 0..16 {
        asked.push(next(&mut lanes[0]).await);
    }
    for (id, of) in [("c1", "b39"), ("c2", "b3")] {
        let cancel = Cancel { command_id: of.parse().unwrap(), client: None };
        stage.ask(id, Request::Cancel(cancel)).await;
        assert_eq!(failed(&stage, of).await, (vec![ErrorCode::Cancelled; 3], 0));
        let cancelled = ReplyResult::Cancelled { questions: 3 };
        assert_eq!(stage.reply(id).await, ReplyOutcome::Completed { result: cancelled });
    }
    drop(asked);
    serving.abort();
}

#[tokio::test]
async fn a_world_that_gives_no_answer_says_why_beside_the_other() {
    let stage = Stage::start("").await;
    let (serving, mut lanes) = desk(&stage).await;
    let one = Interview { agent_id: 0, prompt: "Well?".to_owned(), platform: None, at_round: None };
    let away = || {
        let (code, message) = (ErrorCode::NoCapacity, "its model is away".to_owned());
        ReplyError { code, message }
    };
    for (id, answers) in [("q1", true), ("q2", false)] {
        stage.ask(id, Request::Interview(one.clone())).await;
        for (lane, platform) in lanes.iter_mut().zip(Platform::ALL) {
            let Ask::Interview { done, .. } = next(lane).await else { panic!("another ask") };
            let is_there = answers && platform == Platform::Reddit;
            let said = if is_there { saying(platform) } else { ready(Err(away())).boxed() };
            done.send(Ok(Heard::Sayings(vec![said]))).unwrap();
        }
    }
    let ReplyOutcome::Completed { result: ReplyResult::Interview(said) } = stage.reply("q1").await
    else {
        panic!("it failed")
    };
    assert_eq!((said.agent_name.as_str(), &said.twitter), ("Ada", &None));
    assert!(said.reddit.is_some() && said.reddit_error.is_none());
    assert_eq!(said.twitter_error, Some(away()));
    assert_eq!(stage.reply("q2").await, ReplyOutcome::Failed { error: away() });
    serving.abort();
}
