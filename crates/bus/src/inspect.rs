//! What the server is and what it holds, as facts: for those who look for what is wrong.
//!
//! Nothing here changes anything, and nothing is judged here.

use std::collections::BTreeMap;
use std::time::Duration;

use async_nats::jetstream::consumer;
use async_nats::jetstream::stream::Config;
use bytes::Bytes;
use contract::subject::StreamName;
use contract::timestamp::Timestamp;
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use crate::Bus;
use crate::connection::parse_version;
use crate::provision::{Difference, STREAM_NOT_FOUND, config_differences};
use crate::reading::ReadError;
use crate::shared::{Shared, SharedSpec};
use crate::topology::{StreamSpec, WhenFull, topology};
use crate::wire::{ANSWER_TIMEOUT, ApiError, NoAnswer};

/// The server, as it introduced itself when the connection was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFacts {
    /// Its name.
    pub name: String,
    /// Its version as it says it, e.g. `2.15.1`.
    pub version: String,
    /// Major and minor; `None` where the version is no version.
    pub numbers: Option<(u64, u64)>,
    /// It has JetStream.
    pub jetstream: bool,
    /// It is one of a cluster.
    pub is_clustered: bool,
    /// The largest message that it takes, in bytes.
    pub max_payload: usize,
}

/// What the account has and may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountFacts {
    /// Bytes of messages on disk.
    pub storage: u64,
    /// Bytes that may be; `None`: as much as the server has.
    pub storage_limit: Option<u64>,
    /// Streams that there are.
    pub streams: u64,
    /// Streams that may be; `None`: any number.
    pub streams_limit: Option<u64>,
    /// Consumers that there are.
    pub consumers: u64,
    /// Consumers that may be; `None`: any number.
    pub consumers_limit: Option<u64>,
}

/// Why nothing is known of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAccount {
    /// The server has no JetStream, or this account has none; in words.
    NoJetStream(String),
    /// This user may not ask.
    Denied(String),
    /// No answer.
    Unanswered(String),
}

/// One stream of this prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamFacts {
    /// Which one.
    pub stream: StreamName,
    /// Its name on the server.
    pub name: String,
    /// What is there of it.
    pub state: StreamState,
}

/// What is there of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamState {
    /// Nothing.
    Missing,
    /// This user may not look.
    Denied(String),
    /// Nobody answered.
    Unanswered(String),
    /// It is there.
    There {
        /// In what it is not as it should be.
        differences: Vec<Difference>,
        /// How full it is.
        used: StreamUse,
    },
}

/// How full a stream is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamUse {
    /// Messages in it.
    pub messages: u64,
    /// Bytes of them, with what the server adds.
    pub bytes: u64,
    /// Bytes that may be; `None`: as many as the account has.
    pub max_bytes: Option<u64>,
    /// When it is full the oldest messages make room: full is how it should be.
    pub drops_oldest: bool,
    /// How many servers keep it.
    pub replicas: usize,
    /// Consumers that it has.
    pub consumers: u64,
}

/// How many messages the subjects of a stream have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubjectCounts {
    /// By subject.
    pub counts: BTreeMap<String, u64>,
    /// Subjects that match; more than `counts` has where the server gave up listing them.
    pub total: u64,
}

/// How a shared consumer is getting on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueFacts {
    /// Messages that nobody was given yet.
    pub pending: u64,
    /// Messages that somebody was given and has not finished.
    pub in_work: u64,
    /// Requests for more that wait: somebody is there to take messages.
    pub waiting: u64,
}

/// The server's clock between two looks at ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockReading {
    /// Our clock when the question was sent.
    pub before: Timestamp,
    /// The server's clock in its answer.
    pub server: Timestamp,
    /// Our clock when the answer was here.
    pub after: Timestamp,
}

impl Bus {
    /// The server that this connection goes to.
    pub fn server(&self) -> ServerFacts {
        let info = self.client.server_info();
        ServerFacts {
            numbers: parse_version(&info.version),
            name: info.server_name,
            version: info.version,
            jetstream: info.jetstream,
            is_clustered: info.cluster.is_some(),
            max_payload: info.max_payload,
        }
    }

    /// How long the server takes to answer. A refusal is an answer too.
    ///
    /// # Errors
    /// If it does not answer within `patience`, or its answers may not reach us, in words.
    pub async fn round_trip(&self, patience: Duration) -> Result<Duration, String> {
        let mut violations = self.events.listen();
        let deaf = format!("Subscription to \"{}.", self.inbox());
        let asked = Instant::now();
        let answer = self.ask("$JS.API.INFO", None, Bytes::from_static(b"{}"), patience);
        tokio::select! {
            biased;
            violation = violations.with(&deaf) => Err(violation),
            answer = answer => match answer {
                Ok(_) | Err(NoAnswer::NobodyListens(_) | NoAnswer::Denied(_)) => {
                    Ok(asked.elapsed())
                }
                Err(NoAnswer::Unknown(reason)) => Err(reason),
            },
        }
    }

    /// What the account has and may have.
    ///
    /// # Errors
    /// See [`NoAccount`].
    pub async fn account(&self) -> Result<AccountFacts, NoAccount> {
        match self.api::<_, AccountAnswer>("INFO", &json!({})).await {
            Ok(answer) => Ok(answer.into()),
            Err(ApiError::Refused(refusal)) if matches!(refusal.err_code, 10039 | 10076) => {
                Err(NoAccount::NoJetStream(refusal.to_string()))
            }
            Err(ApiError::NoAnswer(NoAnswer::NobodyListens(subject))) => {
                Err(NoAccount::NoJetStream(format!("nobody answers on {subject}")))
            }
            Err(ApiError::NoAnswer(NoAnswer::Denied(reason))) => Err(NoAccount::Denied(reason)),
            Err(error) => Err(NoAccount::Unanswered(error.to_string())),
        }
    }

    /// Every stream of this prefix, in the order of the topology.
    pub async fn streams(&self) -> Vec<StreamFacts> {
        let looks = topology(&self.prefix, 1).into_iter().map(|spec| self.look_at(spec));
        futures_util::future::join_all(looks).await
    }

    async fn look_at(&self, spec: StreamSpec) -> StreamFacts {
        let operation = format!("STREAM.INFO.{}", spec.name);
        let state = match self.api::<_, StreamAnswer>(&operation, &json!({})).await {
            Ok(answer) => StreamState::There {
                differences: config_differences(&spec, &answer.config),
                used: StreamUse {
                    messages: answer.state.messages,
                    bytes: answer.state.bytes,
                    max_bytes: limit(answer.config.max_bytes),
                    drops_oldest: spec.when_full == WhenFull::DropOldest,
                    replicas: answer.config.num_replicas,
                    consumers: answer.state.consumer_count,
                },
            },
            Err(ApiError::Refused(refusal)) if refusal.err_code == STREAM_NOT_FOUND => {
                StreamState::Missing
            }
            Err(ApiError::NoAnswer(NoAnswer::Denied(reason))) => StreamState::Denied(reason),
            Err(error) => StreamState::Unanswered(error.to_string()),
        };
        StreamFacts { stream: spec.stream, name: spec.name, state }
    }

    /// How many bytes a stream may have; `None`: as many as the account has.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn max_bytes(&self, stream: StreamName) -> Result<Option<u64>, ReadError> {
        let operation = format!("STREAM.INFO.{}", self.stream_of(stream));
        let answer = self.api::<_, StreamAnswer>(&operation, &json!({})).await?;
        Ok(limit(answer.config.max_bytes))
    }

    /// How many messages each subject of a stream has. The server lists at most 100,000 of them
    /// at once; what is beyond is counted in `total` only.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn subject_counts(&self, stream: StreamName) -> Result<SubjectCounts, ReadError> {
        let operation = format!("STREAM.INFO.{}", self.stream_of(stream));
        let question = json!({"subjects_filter": ">"});
        let answer = self.api::<_, StreamAnswer>(&operation, &question).await?;
        let counts = answer.state.subjects;
        let total = answer.total.max(counts.len() as u64);
        Ok(SubjectCounts { counts, total })
    }

    /// How the durable consumer `name` is getting on; `None` if there is none.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn queue(&self, shared: Shared) -> Result<Option<QueueFacts>, ReadError> {
        let SharedSpec { stream, name, .. } = shared.spec(&self.prefix);
        let operation = format!("CONSUMER.INFO.{}.{name}", self.stream_of(stream));
        match self.api::<_, consumer::Info>(&operation, &json!({})).await.map_err(ReadError::from) {
            Ok(info) => Ok(Some(QueueFacts {
                pending: info.num_pending,
                in_work: info.num_ack_pending as u64,
                waiting: info.num_waiting as u64,
            })),
            Err(ReadError::Missing(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads the server's clock without writing anything; `now` is ours.
    ///
    /// # Errors
    /// If the server says nothing that has a time in it, in words.
    pub async fn server_clock(&self, now: impl Fn() -> Timestamp) -> Result<ClockReading, String> {
        // The first is answered to everybody who may ask it; the second needs a stream.
        let stream = format!("$JS.API.STREAM.INFO.{}", self.stream_of(StreamName::EnvStatus));
        let mut reasons = Vec::new();
        for subject in ["$SYS.REQ.USER.INFO", &stream] {
            let before = now();
            let answer = self.ask(subject, None, Bytes::from_static(b"{}"), ANSWER_TIMEOUT).await;
            let after = now();
            match answer.map(|message| time_of(&message.payload)) {
                Ok(Some(server)) => return Ok(ClockReading { before, server, after }),
                Ok(None) => reasons.push(format!("the answer on {subject} has no time in it")),
                Err(error) => reasons.push(error.to_string()),
            }
        }
        Err(reasons.join("; "))
    }
}

/// The time in an answer: of the server that wrote it, or of the stream's leader.
fn time_of(body: &[u8]) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Answer {
        server: Option<Server>,
        ts: Option<String>,
    }
    #[derive(Deserialize)]
    struct Server {
        time: String,
    }
    let answer: Answer = serde_json::from_slice(body).ok()?;
    let text = answer.server.map(|server| server.time).or(answer.ts)?;
    text.parse().ok()
}

/// As much of the account as matters; every server version has it.
#[derive(Deserialize)]
struct AccountAnswer {
    storage: u64,
    streams: u64,
    consumers: u64,
    limits: AccountLimits,
    #[serde(default)]
    tiers: BTreeMap<String, Tier>,
}

/// Limits, -1 for none.
#[derive(Deserialize)]
struct AccountLimits {
    max_storage: i64,
    max_streams: i64,
    max_consumers: i64,
}

/// What an account has per number of copies, where it is limited so.
#[derive(Deserialize)]
struct Tier {
    storage: u64,
    limits: AccountLimits,
}

impl From<AccountAnswer> for AccountFacts {
    fn from(answer: AccountAnswer) -> AccountFacts {
        let fullest = answer.tiers.values().max_by_key(|tier| tier.storage);
        let limits = fullest.map_or(&answer.limits, |tier| &tier.limits);
        AccountFacts {
            storage: fullest.map_or(answer.storage, |tier| tier.storage),
            storage_limit: limit(limits.max_storage),
            streams: answer.streams,
            streams_limit: limit(limits.max_streams),
            consumers: answer.consumers,
            consumers_limit: limit(limits.max_consumers),
        }
    }
}

#[derive(Deserialize)]
struct StreamAnswer {
    config: Config,
    state: StreamNumbers,
    /// Subjects in all, where they were asked for.
    #[serde(default)]
    total: u64,
}

#[derive(Deserialize)]
struct StreamNumbers {
    messages: u64,
    bytes: u64,
    consumer_count: u64,
    #[serde(default)]
    subjects: BTreeMap<String, u64>,
}

/// The server writes 0 or -1 where there is no limit.
fn limit(number: i64) -> Option<u64> {
    u64::try_from(number).ok().filter(|limit| *limit > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_found_in_either_answer() {
        let time = "2026-03-01T10:00:00.250Z".parse().ok();
        assert_eq!(time_of(br#"{"server":{"time":"2026-03-01T10:00:00.250123456Z"}}"#), time);
        assert_eq!(time_of(br#"{"ts":"2026-03-01T11:00:00.2505+01:00","state":{}}"#), time);
        for without in [&b"{}"[..], b"", br#"{"ts":"soon"}"#, br#"{"error":{"code":404}}"#] {
            assert_eq!(time_of(without), None);
        }
    }
}
