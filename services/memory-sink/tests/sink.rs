//! The service as a process, between a real nats-server and a real disk.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use bus::{Bus, BusArgs, Role};
use contract::frame::Frame;
use contract::id::Digest;
use contract::memory::{
    EPISODES, Episodes, EpisodesAnswer, MemoryError, MemoryErrorCode, SEARCH, STATS, Scope, Search,
    SearchAnswer, Stats, StatsAnswer, TARGETS, TargetState, Targets, TargetsAnswer, read_answer,
};
use contract::subject::Platform;
use nats_process::{NatsServer, Options};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);
const RUN: &str = "market-1";

/// A server with all streams, and a folder for the sink.
struct Stage {
    server: NatsServer,
    bus: Bus,
    folder: TempDir,
}

/// A sink, killed when it is dropped.
struct Sink(Child);

impl Stage {
    async fn new() -> Stage {
        let server = NatsServer::start(Options::default());
        let args = BusArgs::at(server.url());
        let bus = Bus::connect(&args, Role::Cli, "test", PATIENCE).await.unwrap();
        bus.ensure_topology().await.unwrap();
        Stage { server, bus, folder: tempfile::tempdir().unwrap() }
    }

    /// Starts a sink and waits until it answers.
    async fn sink(&self) -> Sink {
        let sink = self.spawn(&[]);
        until("an answer", async || {
            self.ask::<TargetsAnswer>(TARGETS, Targets.to_bytes()).await.ok()
        })
        .await;
        sink
    }

    fn spawn(&self, more: &[&str]) -> Sink {
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_shoal-memory-sink"))
            .env_clear()
            .env("NATS_URL", self.server.url())
            .arg("--memory-dir")
            .arg(self.folder.path().join("memory"))
            .args(more)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        Sink(child.unwrap())
    }

    fn log(&self) -> std::path::PathBuf {
        self.folder.path().join("sink.log")
    }

    /// Asks the sink; what is no answer at all is an `Internal` error.
    async fn ask<T: DeserializeOwned>(
        &self,
        question: &str,
        body: Vec<u8>,
    ) -> Result<T, MemoryError> {
        let subject = self.bus.prefix().memory(question);
        let answer = self.bus.request(subject, body, Duration::from_secs(5)).await;
        let answer = answer.map_err(|error| MemoryError {
            code: MemoryErrorCode::Internal,
            message: error.to_string(),
        })?;
        read_answer(&answer)
    }

    async fn stats(&self) -> Result<StatsAnswer, MemoryError> {
        self.ask(STATS, Stats { scope: run() }.to_bytes()).await
    }

    /// The ids of all episodes of a world, in the order in which they were remembered.
    async fn remembered(&self, platform: Platform) -> Vec<String> {
        let (mut ids, mut after) = (Vec::new(), Some(0));
        while let Some(place) = after {
            let platform = Some(platform);
            let request = Episodes { scope: run(), platform, after: place, limit: 100 };
            let answer: EpisodesAnswer = self.ask(EPISODES, request.to_bytes()).await.unwrap();
            ids.extend(answer.episodes.into_iter().map(|episode| episode.action_id));
            after = answer.next;
        }
        ids
    }

    async fn publish(&self, frame: &Frame) {
        let subject = self.bus.prefix().actions(&frame.run_id, frame.platform);
        let parts = frame.to_messages(400);
        self.bus.append_batch(&subject, parts, &[], None).await.unwrap();
    }
}

impl Sink {
    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    fn terminate(&mut self) -> ExitStatus {
        let process = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
        self.0.wait().unwrap()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // Fails only if it is dead already.
        let _dead = self.0.kill();
        let _dead = self.0.wait();
    }
}

fn run() -> Scope {
    Scope::Run(RUN.parse().unwrap())
}

/// The frame after `previous`: posts, of which some fail, and agents that do nothing.
fn frame(platform: Platform, previous: Option<&Frame>) -> Frame {
    let tick = previous.map_or(0, |previous| previous.tick + 1);
    let first_seq = previous.map_or(1, Frame::next_seq);
    let actions: Vec<Value> = (first_seq..first_seq + u64::from(tick % 7))
        .map(|seq| {
            let (action_type, args) = match seq % 4 {
                0 => ("DO_NOTHING", json!({})),
                1 => ("FOLLOW", json!({"followee_id": 2, "target_user_name": "林"})),
                _ => ("CREATE_POST", json!({"content": format!("图书馆 lantern{seq}")})),
            };
            let result = (seq % 5 == 0).then_some("refused");
            json!({
                "seq": seq, "agent_id": seq % 9, "agent_name": "Mara", "action_type": action_type,
                "action_args": args, "result": result, "success": result.is_none(),
            })
        })
        .collect();
    let mut frame: Frame = serde_json::from_value(json!({
        "v": 1, "run_id": RUN, "platform": platform, "tick": tick, "round": tick,
        "simulated_time": "2026-01-01T00:00:00Z", "timestamp": "2026-03-01T10:00:00Z",
        "first_seq": first_seq, "part": 1, "parts": 1,
        "previous_digest": previous.map_or(Digest::ZERO, |previous| previous.digest),
        "digest": Digest::ZERO, "markers": [], "actions": actions,
        "memory": (tick == 0).then_some(json!([
            {"target": "hook", "graph_id": "h"}, {"target": "local", "graph_id": "g"},
        ])),
    }))
    .unwrap();
    frame.digest = frame.compute_digest();
    frame
}

/// `ticks` frames of one world.
fn frames(platform: Platform, ticks: usize) -> Vec<Frame> {
    let next = |previous: &Frame| Some(frame(platform, Some(previous)));
    std::iter::successors(Some(frame(platform, None)), next).take(ticks).collect()
}

/// The ids that a memory must have of `frames`.
fn expected(frames: &[Frame]) -> Vec<String> {
    let actions = frames.iter().flat_map(|frame| &frame.actions);
    let taken = actions.filter(|action| action.success() && action.body.is_memorable());
    taken.map(|action| format!("{RUN}.{}.{}", frames[0].platform, action.seq)).collect()
}

async fn until<T>(what: &str, mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = attempt().await {
            return value;
        }
        assert!(Instant::now() < deadline, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn ended(mut sink: Sink) -> ExitStatus {
    sink.0.wait().unwrap()
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_that_is_killed_again_and_again_remembers_each_action_once() {
    let stage = Stage::new().await;
    let worlds = Platform::ALL.map(|platform| frames(platform, 200));
    let playing = async {
        for tick in 0..200 {
            for world in &worlds {
                stage.publish(&world[tick]).await;
            }
        }
    };
    let total: usize = worlds.iter().map(|frames| expected(frames).len()).sum();
    let killing = async {
        let mut sink = stage.sink().await;
        for part in 1..=5 {
            let enough = (total * part / 6) as u64;
            until(&format!("{enough} episodes"), async || {
                stage.stats().await.ok().filter(|stats| stats.episodes >= enough)
            })
            .await;
            sink.kill();
            sink = stage.sink().await;
        }
        sink
    };
    let ((), sink) = tokio::join!(playing, killing);
    let stats = until("no lag", async || {
        stage.stats().await.ok().filter(|stats| stats.cursors.len() == 2 && stats.lag == 0)
    })
    .await;
    for (world, cursor) in worlds.iter().zip(&stats.cursors) {
        assert_eq!(stage.remembered(world[0].platform).await, expected(world));
        assert_eq!(cursor.seq, world.last().unwrap().next_seq() - 1);
        assert_eq!(cursor.round, 199);
    }
    assert_eq!(stats.episodes, total as u64);
    drop(sink);
    let log = text(&stage.log());
    assert!(log.contains("names memory \"hook\", which is none of ours"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_memory_that_is_away_holds_up_no_other_and_shows_no_secret() {
    let stage = Stage::new().await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let file = stage.folder.path().join("targets.json");
    let hook = json!({"kind": "http", "url": format!("http://{nobody}/s3cret?key=s3cret")});
    let targets = json!({"targets": {"hook": hook, "local": {"kind": "sqlite"}}});
    std::fs::write(&file, targets.to_string()).unwrap();
    let played = frames(Platform::Reddit, 5);
    for frame in &played {
        stage.publish(frame).await;
    }
    let mut sink = stage.spawn(&["--targets", file.to_str().unwrap()]);
    let stats = until("one memory at the end", async || {
        let stats = stage.stats().await.ok()?;
        (stats.cursors.len() == 2 && stats.lag == 10).then_some(stats)
    })
    .await;
    let seqs: Vec<_> = stats.cursors.iter().map(|c| (c.target.as_str(), c.seq)).collect();
    assert_eq!(seqs, [("hook", 0), ("local", 10)]);
    assert_eq!(stage.remembered(Platform::Reddit).await, expected(&played));
    let away = until("a complaint", async || {
        let answer: TargetsAnswer = stage.ask(TARGETS, Targets.to_bytes()).await.ok()?;
        answer.targets.into_iter().find(|target| target.state == TargetState::Retrying)
    })
    .await;
    assert_eq!((away.name.as_str(), away.place.clone()), ("hook", format!("http://{nobody}")));
    assert!(away.problem.as_ref().unwrap().contains("Connection refused"), "{away:?}");
    assert_eq!(sink.terminate().code(), Some(0));
    let log = text(&stage.log());
    assert!(log.contains("not taken, it is tried again: error sending"), "{log}");
    assert!(!format!("{log}{away:?}").contains("s3cret"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_remembered_can_be_asked_for() {
    let stage = Stage::new().await;
    let mut sink = stage.sink().await;
    let unknown = stage.stats().await.unwrap_err();
    assert_eq!(unknown.code, MemoryErrorCode::UnknownRun);
    assert_eq!(unknown.message, "no memory has anything of run market-1, or not yet");

    for frame in &frames(Platform::Twitter, 5) {
        stage.publish(frame).await;
    }
    until("seq 10", async || {
        let stats = stage.stats().await.ok()?;
        stats.cursors.first().filter(|cursor| cursor.seq == 10).cloned()
    })
    .await;
    let search = |query: &str| Search { scope: None, query: query.to_owned(), limit: 2 }.to_bytes();
    let found: SearchAnswer = stage.ask(SEARCH, search("图书馆")).await.unwrap();
    assert_eq!((found.total, found.episodes.len()), (4, 2));
    let found: SearchAnswer = stage.ask(SEARCH, search("lantern7")).await.unwrap();
    assert_eq!(found.episodes[0].text, "Mara: published a post: \"图书馆 lantern7\"");
    let refusal = stage.ask::<SearchAnswer>(SEARCH, b"{\"querry\":1}".to_vec()).await.unwrap_err();
    assert_eq!(refusal.code, MemoryErrorCode::Malformed);
    assert_eq!(
        refusal.message,
        "/querry: found an unknown field, expected \"query\" (did you mean that?)\n\
         /query: found nothing, expected words to look for"
    );
    let targets: TargetsAnswer = stage.ask(TARGETS, Vec::new()).await.unwrap();
    assert_eq!((targets.targets.len(), targets.targets[0].name.as_str()), (1, "local"));
    assert_eq!(targets.targets[0].state, TargetState::Ready);
    let information = "$SRV.INFO.shoal-memory".to_owned();
    let answer = stage.bus.request(information, Vec::new(), PATIENCE).await.unwrap();
    assert!(String::from_utf8_lossy(&answer).contains("\"sim.memory.search\""), "{answer:?}");

    assert_eq!(sink.terminate().code(), Some(0), "{}", text(&stage.log()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_cannot_be_says_why() {
    let stage = Stage::new().await;
    let first = stage.sink().await;
    assert_eq!(ended(stage.spawn(&[])).code(), Some(1));
    let log = text(&stage.log());
    assert!(log.contains("is in use by another memory-sink: stop that one"), "{log}");
    first.kill();

    let file = stage.folder.path().join("targets.json");
    std::fs::write(&file, r#"{"targets": {"x": {"kind": "neo4j"}, "y": {}}}"#).unwrap();
    let targets = ["--targets", file.to_str().unwrap()];
    assert_eq!(ended(stage.spawn(&targets)).code(), Some(64));
    let log = text(&stage.log());
    assert!(log.contains("/targets/x/kind: found \"neo4j\", expected sqlite, http"), "{log}");
    assert!(log.contains("/targets/y/kind: found nothing, expected sqlite, http"), "{log}");
}
