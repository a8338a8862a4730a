//! The model of the bus held to a real server: the same operations, the same answers.

use std::time::Duration;

use bus::{AppendError, Bus, BusArgs, Role};
use contract::subject::{Platform, Prefix, StreamName};
use nats_process::{NatsServer, Options};

use crate::logs::Stream;
use crate::random::Random;

const PATIENCE: Duration = Duration::from_secs(30);
const STREAMS: [StreamName; 2] = [StreamName::Inputs, StreamName::Actions];
/// Bytes of a message are so many times this; what the server adds for all of them that fit below
/// a limit is less than half of it.
const PIECE: u64 = 10_000;

/// One thing done to a stream.
#[derive(Clone, Debug)]
enum Operation {
    /// One message, or several as one.
    Append { subject: usize, bodies: Vec<Vec<u8>>, expected: Option<u64> },
    /// The last message of a subject.
    Look { subject: usize },
    /// All messages of a subject.
    Read { subject: usize },
    /// From now on only so many bytes more.
    Fill { left: u64 },
    /// As many as there may be.
    MakeRoom,
    /// The server dies and comes back.
    Restart,
}

/// What is seen of it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Stored(u64),
    Refused,
    Full,
    Messages(Vec<(u64, Vec<u8>)>),
    Nothing,
}

fn seen(answer: Result<u64, AppendError>) -> Seen {
    match answer {
        Ok(sequence) => Seen::Stored(sequence),
        Err(AppendError::Refused) => Seen::Refused,
        Err(AppendError::Full(_)) => Seen::Full,
        Err(other) => panic!("an answer that the model does not know: {other:?}"),
    }
}

/// An operation that may succeed or not, as things are.
fn draw(random: &mut Random, which: usize, model: &Stream, number: usize) -> Operation {
    let subject = usize::from(random.chance(300));
    match random.below(20) {
        0..=1 => Operation::Look { subject },
        2 => Operation::Read { subject },
        3 => Operation::Fill { left: random.below(7) * PIECE + PIECE / 2 },
        4..=5 => Operation::MakeRoom,
        6 if random.chance(150) => Operation::Restart,
        _ => {
            let last = model.last(subject).map_or(0, |message| message.sequence);
            let expected = match random.below(12) {
                0 => None,
                1 => Some(last + 1),
                2 => Some(last.saturating_sub(1)),
                3 => Some(0),
                // The last of the stream, which may be another subject's.
                4 => model.messages.last().map(|message| message.sequence),
                _ => Some(last),
            };
            // Journals take no batches.
            let count = if which == 1 { random.between(1, 4) } else { 1 };
            let body = |part: u64, random: &mut Random| {
                let size = usize::try_from(random.between(1, 3) * PIECE).unwrap();
                let mut body = format!("{number} {part} ").into_bytes();
                body.resize(size, b'x');
                body
            };
            let bodies = (0..count).map(|part| body(part, random)).collect();
            Operation::Append { subject, bodies, expected }
        }
    }
}

/// What the model makes of it.
fn imagine(model: &mut Stream, operation: &Operation) -> Seen {
    let pair = |message: &crate::logs::Message| (message.sequence, message.body.clone());
    match operation {
        Operation::Append { subject, bodies, expected } => {
            seen(model.append(*subject, bodies, *expected))
        }
        Operation::Look { subject } => {
            Seen::Messages(model.last(*subject).map(pair).into_iter().collect())
        }
        Operation::Read { subject } => Seen::Messages(model.all(*subject).map(pair).collect()),
        Operation::Fill { left } => {
            model.fill(*left);
            Seen::Nothing
        }
        Operation::MakeRoom => {
            model.max_bytes = None;
            Seen::Nothing
        }
        Operation::Restart => Seen::Nothing,
    }
}

/// A server, and a connection to it.
struct Real {
    server: NatsServer,
    bus: Bus,
}

async fn connect(server: &NatsServer) -> Bus {
    let (nats_url, prefix) = (server.url(), Prefix::default());
    let args = BusArgs { prefix, ..BusArgs::at(nats_url) };
    Bus::connect(&args, Role::Cli, "test", PATIENCE).await.unwrap()
}

impl Real {
    async fn start() -> Real {
        let server = NatsServer::start(Options::default());
        let bus = connect(&server).await;
        bus.ensure_topology().await.unwrap();
        Real { server, bus }
    }

    fn subject(&self, which: usize, subject: usize) -> String {
        let run = format!("market-{}", subject + 1).parse().unwrap();
        let (prefix, platform) = (self.bus.prefix(), Platform::Twitter);
        match STREAMS[which] {
            StreamName::Inputs => prefix.inputs(&run, platform),
            _ => prefix.actions(&run, platform),
        }
    }

    /// What the server makes of it.
    async fn perform(&mut self, which: usize, operation: Operation) -> Seen {
        match operation {
            Operation::Append { subject, bodies, expected } => {
                let subject = self.subject(which, subject);
                let headers = [(bus::EPOCH_HEADER, "1".to_owned())];
                seen(self.bus.append_batch(&subject, bodies, &headers, expected).await)
            }
            Operation::Look { subject } => {
                let subject = self.subject(which, subject);
                let last = self.bus.last(STREAMS[which], &subject).await.unwrap();
                let pair = last.map(|stored| (stored.sequence, stored.body.to_vec()));
                Seen::Messages(pair.into_iter().collect())
            }
            Operation::Read { subject } => {
                let subject = self.subject(which, subject);
                let all = self.bus.read_all(STREAMS[which], &subject, 0).await.unwrap();
                let pairs = all.into_iter().map(|stored| (stored.sequence, stored.body.to_vec()));
                Seen::Messages(pairs.collect())
            }
            Operation::Fill { left } => self.limit(which, Some(left)).await,
            Operation::MakeRoom => self.limit(which, None).await,
            Operation::Restart => {
                self.server.restart();
                self.bus = connect(&self.server).await;
                Seen::Nothing
            }
        }
    }

    /// Lets a stream take so many bytes more; `None`: any number.
    async fn limit(&self, which: usize, left: Option<u64>) -> Seen {
        let stream = self.bus.prefix().stream(STREAMS[which]);
        let info = self.api(&format!("INFO.{stream}"), &serde_json::json!({})).await;
        let used = info["state"]["bytes"].as_u64().unwrap();
        let mut config = info["config"].clone();
        config["max_bytes"] = left.map_or(serde_json::json!(-1), |left| (used + left).into());
        let updated = self.api(&format!("UPDATE.{stream}"), &config).await;
        assert_eq!(updated["error"], serde_json::Value::Null);
        Seen::Nothing
    }

    async fn api(&self, operation: &str, body: &serde_json::Value) -> serde_json::Value {
        let subject = format!("$JS.API.STREAM.{operation}");
        let answer = self.bus.request(subject, body.to_string().into_bytes(), PATIENCE).await;
        serde_json::from_slice(&answer.unwrap()).unwrap()
    }
}

/// A short form of what may hold long bodies.
fn shown(text: impl std::fmt::Debug) -> String {
    let mut text = format!("{text:?}").replace("120, ", "");
    text.truncate(300);
    text
}

#[tokio::test]
async fn the_model_answers_as_the_server_does() {
    let mut real = Real::start().await;
    let mut models = [Stream::default(), Stream::default()];
    let (mut stored, mut refused, mut full, mut restarts) = (0, 0, 0, 0);
    for seed in 0..4 {
        let mut random = Random::new(seed);
        for number in 0..150 {
            let which = usize::from(random.chance(600));
            let operation = draw(&mut random, which, &models[which], number);
            let imagined = imagine(&mut models[which], &operation);
            let said = format!("seed {seed}, {number}: {}", shown(&operation));
            restarts += u64::from(matches!(operation, Operation::Restart));
            let performed = real.perform(which, operation).await;
            assert!(
                performed == imagined,
                "{said}\n  the server: {}\n  the model:  {}",
                shown(&performed),
                shown(&imagined)
            );
            match performed {
                Seen::Stored(_) => stored += 1,
                Seen::Refused => refused += 1,
                Seen::Full => full += 1,
                Seen::Messages(_) | Seen::Nothing => {}
            }
        }
    }
    println!("{stored} stored, {refused} refused, {full} without room, {restarts} restarts");
    assert!(stored > 100 && refused > 30 && full > 20 && restarts > 0, "too few of a kind");
}
