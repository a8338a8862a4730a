//! A driver between a real nats-server and a real socket or file.

use std::path::Path;
use std::time::{Duration, Instant};

use bus::{Append, Bus, BusArgs, Role};
use contract::frame::Frame;
use contract::notice::DeadLetter;
use contract::options::MemoryTarget;
use contract::subject::Platform;
use kit::shutdown::{Shutdown, Trigger};
use nats_process::{NatsServer, Options};
use reqwest::header::HeaderMap;
use tokio::task::JoinSet;

use super::*;
use crate::adapters::Memory;
use crate::adapters::http::{HttpMemory, Webhook};
use crate::adapters::sqlite::SqliteMemory;
use crate::adapters::template::Template;
use crate::batch::tests::frame;
use crate::delivery::Manners;
use crate::policy::{Batching, Policy};
use crate::render::Language;
use crate::scout::Scout;
use crate::target::Target;
use crate::testing::{Answer, HttpServer, Request};

const PATIENCE: Duration = Duration::from_secs(30);

/// Quick, so that a test is.
const TIMEOUT: Duration = Duration::from_secs(1);
const MANNERS: Manners = Manners {
    first: Duration::from_millis(5),
    longest: Duration::from_millis(20),
    operator: Duration::from_millis(20),
    looks: [Duration::from_millis(5), Duration::from_millis(20)],
};

/// A server with all streams, and frames on it.
struct Stage {
    // Held for as long as the test runs.
    _server: NatsServer,
    bus: Bus,
    frames: Vec<Frame>,
}

/// A driver at work.
struct Running {
    target: Arc<Target>,
    trigger: Trigger,
    tasks: JoinSet<()>,
}

impl Stage {
    async fn new() -> Stage {
        let server = NatsServer::start(Options::default());
        let args = BusArgs::at(server.url());
        let bus = Bus::connect(&args, Role::Cli, "test", PATIENCE).await.unwrap();
        bus.ensure_topology().await.unwrap();
        Stage { _server: server, bus, frames: Vec::new() }
    }

    /// Publishes the next frame of `market-1`, whose actions go to `memory`.
    async fn play(&mut self, memory: &str, types: &[&str]) {
        let mut next = frame(self.frames.last(), types);
        if next.tick == 0 {
            let (target, graph_id) = (memory.to_owned(), "g".to_owned());
            next.memory = Some(vec![MemoryTarget { target, graph_id }]);
        }
        self.publish(&next).await;
        self.frames.push(next);
    }

    async fn publish(&self, frame: &Frame) {
        let subject = self.bus.prefix().actions(&frame.run_id, frame.platform);
        // Small parts, so that most frames have several.
        let parts = frame.to_messages(1);
        self.bus.append_batch(&subject, parts, &[], None).await.unwrap();
    }

    fn start(&self, name: &str, memory: Memory) -> Running {
        let policy = Policy {
            language: Language::English,
            batching: Batching::ROUNDS,
            timeout: TIMEOUT,
            per_minute: None,
        };
        let (trigger, shutdown) = Shutdown::manual();
        let memories = vec![(name.to_owned(), memory, policy)];
        let mut means = crate::all_means(&self.bus, memories, &shutdown).remove(0);
        means.manners = MANNERS;
        let target = Arc::clone(&means.target);
        let ((tell, news), (_ask, again)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        let scout = Scout::new(self.bus.clone(), vec![tell], [name.to_owned()].into());
        let mut tasks = JoinSet::new();
        tasks.spawn(scout.run(shutdown));
        tasks.spawn(Driver::new(means, news, again).run());
        Running { target, trigger, tasks }
    }

    async fn dead_letters(&self) -> Vec<DeadLetter> {
        let filter = self.bus.prefix().all(StreamName::DeadLetters);
        let stored = self.bus.read_all(StreamName::DeadLetters, &filter, 0).await.unwrap();
        stored.iter().map(|stored| serde_json::from_slice(&stored.body).unwrap()).collect()
    }
}

impl Running {
    /// Waits until `market-1` is settled up to `seq`.
    async fn reaches(&self, seq: u64) {
        until(&format!("seq {seq}"), || self.seq() == seq).await;
    }

    fn seq(&self) -> u64 {
        let seen = self.target.world(&market());
        seen.and_then(|seen| seen.progress.cursor).map_or(0, |cursor| cursor.seq)
    }

    /// As `kill -9`: at whatever it is waiting for. Its leases expire.
    async fn kill(mut self) {
        self.tasks.shutdown().await;
    }

    async fn stop(self) {
        self.trigger.pull();
        tokio::time::timeout(PATIENCE, self.tasks.join_all()).await.expect("in time");
    }
}

fn market() -> World {
    World { run_id: "market-1".parse().unwrap(), platform: Platform::Twitter }
}

fn webhook(server: &HttpServer) -> Memory {
    let (url, headers) = (server.url().parse().unwrap(), HeaderMap::new());
    let webhook = Webhook { url, headers, body: Template::all_fields() };
    Memory::Http(HttpMemory::new(webhook, TIMEOUT).unwrap())
}

fn sqlite(folder: &Path) -> Memory {
    Memory::Sqlite(SqliteMemory::open(folder, "local", "SIM_ACTIONS").unwrap())
}

fn keys(requests: &[Request]) -> Vec<&str> {
    requests.iter().map(|request| request.header("idempotency-key").unwrap()).collect()
}

/// The ids of all episodes of `market-1`, in the order in which they were remembered.
async fn remembered(folder: &Path) -> Vec<String> {
    use contract::memory::{Episodes, Scope};
    let memory = SqliteMemory::open(folder, "local", "SIM_ACTIONS").unwrap();
    let scope = Scope::Run(market().run_id);
    let request = Episodes { scope, platform: None, after: 0, limit: 100 };
    let (episodes, _) = memory.episodes(request, 1 << 20).await.unwrap();
    episodes.into_iter().map(|episode| episode.action_id).collect()
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn every_batch_arrives_in_order_whatever_is_answered() {
    let mut stage = Stage::new().await;
    let busy = Answer::status(429).header("Retry-After", "0");
    let server = HttpServer::start(vec![
        Answer::status(500),
        busy,
        Answer::Reset,
        Answer::status(200),
        Answer::status(422).body("no such field"),
        Answer::status(401),
        Answer::status(409),
    ])
    .await;
    stage.play("hook", &["CREATE_POST", "!FOLLOW"]).await;
    stage.play("hook", &["FOLLOW"]).await;
    stage.play("hook", &["DO_NOTHING"]).await;
    stage.play("hook", &["CREATE_POST"]).await;
    let running = stage.start("hook", webhook(&server));
    running.reaches(5).await;
    let (first, second, third) =
        ("market-1.twitter.1-2", "market-1.twitter.3-3", "market-1.twitter.5-5");
    assert_eq!(keys(&server.requests()), [first, first, first, first, second, third, third]);
    let letters = stage.dead_letters().await;
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    assert_eq!(letter.run_id, Some(market().run_id));
    assert_eq!(
        letter.problems[0].to_string(),
        "hook market-1.twitter.3-3: found it answered 422 Unprocessable Entity: no such field, \
         expected a batch that the memory takes"
    );
    assert!(letter.body.contains("\"action_id\":\"market-1.twitter.3\""), "{}", letter.body);
    running.stop().await;
}

#[tokio::test]
async fn a_batch_of_unknown_outcome_is_sent_again_under_its_name() {
    let mut stage = Stage::new().await;
    let server = HttpServer::start(vec![Answer::status(200), Answer::Hold]).await;
    stage.play("hook", &["CREATE_POST"]).await;
    stage.play("hook", &["FOLLOW", "CREATE_POST"]).await;
    let running = stage.start("hook", webhook(&server));
    until("a second request", || server.requests().len() == 2).await;
    running.kill().await;
    let key = "memory.hook.market-1.twitter";
    let (entry, _) = stage.bus.ledger_get(key).await.unwrap().unwrap();
    let entry = String::from_utf8(entry).unwrap();
    assert!(entry.contains(r#""intent":"market-1.twitter.2-3""#), "{entry}");

    stage.play("hook", &["FOLLOW"]).await;
    let running = stage.start("hook", webhook(&server));
    running.reaches(4).await;
    let requests = server.requests();
    let (first, second, third) =
        ("market-1.twitter.1-1", "market-1.twitter.2-3", "market-1.twitter.4-4");
    assert_eq!(keys(&requests), [first, second, second, third]);
    assert_eq!(requests[1].body, requests[2].body);
    running.stop().await;
    assert!(stage.dead_letters().await.is_empty());
}

#[tokio::test]
async fn a_run_that_names_another_memory_is_left_alone() {
    let mut stage = Stage::new().await;
    let server = HttpServer::start(Vec::new()).await;
    stage.play("elsewhere", &["CREATE_POST"]).await;
    stage.play("elsewhere", &["CREATE_POST"]).await;
    let mut ours = frame(None, &["FOLLOW"]);
    (ours.run_id, ours.platform) = ("harbour-2".parse().unwrap(), Platform::Reddit);
    ours.digest = ours.compute_digest();
    let graph_id = "h".to_owned();
    ours.memory = Some(vec![MemoryTarget { target: "hook".to_owned(), graph_id }]);
    stage.publish(&ours).await;
    let running = stage.start("hook", webhook(&server));
    until("a request", || !server.requests().is_empty()).await;
    running.stop().await;
    assert_eq!(keys(&server.requests()), ["harbour-2.reddit.1-1"]);
}

#[tokio::test]
async fn what_is_not_as_it_was_is_said_until_it_is_repaired() {
    let mut stage = Stage::new().await;
    let folder = tempfile::tempdir().unwrap();
    stage.play("local", &["CREATE_POST"]).await;
    stage.play("local", &["CREATE_POST"]).await;
    let running = stage.start("local", sqlite(folder.path()));
    running.reaches(2).await;
    let problem = || running.target.world(&market()).and_then(|seen| seen.problem);
    let forged = frame(stage.frames.first(), &["FOLLOW"]);
    stage.publish(&forged).await;
    until("a problem", || problem().is_some()).await;
    let last = stage.frames.last().unwrap().clone();
    stage.publish(&last).await;
    until("no problem", || problem().is_none()).await;
    running.stop().await;
    assert_eq!(remembered(folder.path()).await.len(), 2);
}

#[tokio::test]
async fn what_skips_ahead_moves_nothing_until_it_is_repaired() {
    let mut stage = Stage::new().await;
    let folder = tempfile::tempdir().unwrap();
    stage.play("local", &["CREATE_POST"]).await;
    let lost = frame(stage.frames.last(), &["FOLLOW", "FOLLOW"]);
    stage.frames.push(lost);
    stage.play("local", &["CREATE_POST"]).await;
    stage.play("local", &["CREATE_POST"]).await;
    let running = stage.start("local", sqlite(folder.path()));
    let problem = || running.target.world(&market()).and_then(|seen| seen.problem);
    until("a problem", || problem().is_some()).await;
    assert_eq!(
        problem().as_deref(),
        Some("tick 2 begins with action 4 where tick 1 with action 2 is due")
    );
    running.reaches(1).await;

    // A repair appends everything again, under sequences of its own.
    for frame in &stage.frames {
        stage.publish(frame).await;
    }
    running.reaches(5).await;
    assert_eq!(problem(), None);
    running.stop().await;
    let expected = [1, 2, 3, 4, 5].map(|seq| format!("market-1.twitter.{seq}"));
    assert_eq!(remembered(folder.path()).await, expected);
    assert_eq!(stage.dead_letters().await.len(), 1);
}

#[tokio::test]
async fn what_is_no_frame_is_a_dead_letter_and_stops_nothing() {
    let mut stage = Stage::new().await;
    let folder = tempfile::tempdir().unwrap();
    let subject = stage.bus.prefix().actions(&market().run_id, Platform::Reddit);
    let strange = serde_json::to_vec(&frame(None, &["FOLLOW"])).unwrap();
    let mut forged = frame(None, &["FOLLOW"]);
    forged.actions[0].agent_id = 99;
    for (subject, body) in [
        (subject.clone(), b"<html>".to_vec()),
        (subject, strange),
        ("sim.actions.market-1.twitter".to_owned(), serde_json::to_vec(&forged).unwrap()),
    ] {
        let message = Append { subject, body, headers: Vec::new(), expected_last: None };
        stage.bus.append(message).await.unwrap();
    }
    stage.play("local", &["CREATE_POST"]).await;
    let running = stage.start("local", sqlite(folder.path()));
    running.reaches(1).await;
    running.stop().await;
    let letters = stage.dead_letters().await;
    let found: Vec<&str> = letters.iter().map(|letter| &*letter.problems[0].found).collect();
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(found[0], "expected value at line 1 column 1");
    assert_eq!(found[1], "a frame of market-1.twitter");
    assert!(found[2].starts_with("the digest of tick 0 is"), "{found:?}");
    assert_eq!(letters[0].body, "<html>");
    // Nobody reads a world that has not begun; who reads it says of whom the word is.
    assert_eq!(letters[0].problems[0].place, "sim.actions.market-1.reddit");
    assert_eq!(letters[2].problems[0].place, "local sim.actions.market-1.twitter");
    assert_eq!(letters[0].run_id, Some(market().run_id));
}

#[tokio::test]
async fn a_restart_goes_on_and_another_stream_is_read_from_its_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let mut stage = Stage::new().await;
    stage.play("local", &["CREATE_POST"]).await;
    stage.play("local", &["DO_NOTHING"]).await;
    let running = stage.start("local", sqlite(folder.path()));
    running.reaches(2).await;
    running.stop().await;
    stage.play("local", &["FOLLOW"]).await;
    let running = stage.start("local", sqlite(folder.path()));
    running.reaches(3).await;
    running.stop().await;
    let memory = SqliteMemory::open(folder.path(), "local", "SIM_ACTIONS").unwrap();
    let known = memory.load(None).await.unwrap();
    drop(memory);
    assert_eq!(known[&market()].at.map(|at| at.sequence), Some(3));

    // The run is played again on another server, beyond where the first one was read.
    let frames = std::mem::take(&mut stage.frames);
    let mut other = Stage::new().await;
    for frame in &frames {
        other.publish(frame).await;
    }
    other.frames = frames;
    other.play("local", &["CREATE_POST"]).await;
    let running = other.start("local", sqlite(folder.path()));
    running.reaches(4).await;
    running.stop().await;
    let expected = [1, 3, 4].map(|seq| format!("market-1.twitter.{seq}"));
    assert_eq!(remembered(folder.path()).await, expected);
}

#[tokio::test]
async fn two_sinks_of_one_memory_lose_and_reorder_nothing() {
    let mut stage = Stage::new().await;
    let server = HttpServer::start(Vec::new()).await;
    for _ in 0..20 {
        stage.play("hook", &["CREATE_POST", "FOLLOW"]).await;
    }
    let both = [(); 2].map(|()| stage.start("hook", webhook(&server)));
    for running in &both {
        running.reaches(40).await;
    }
    for running in both {
        running.stop().await;
    }
    // The graph is one sink's at a time.
    let expected: Vec<String> =
        (0..20).map(|n| format!("market-1.twitter.{}-{}", 2 * n + 1, 2 * n + 2)).collect();
    assert_eq!(keys(&server.requests()), expected);
}
