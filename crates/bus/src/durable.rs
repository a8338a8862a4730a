//! Reading together with others: each message goes to one of those who share the consumer,
//! and again to one of them until somebody acknowledges it.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, pull};
use async_nats::jetstream::{self, AckKind, consumer};
use contract::subject::StreamName;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;

use crate::Bus;
use crate::reading::ReadError;
use crate::stored::Stored;

/// A consumer that outlives those who read from it.
pub struct Durable {
    source: Source,
    state: State,
}

/// A message that is ours until it is acknowledged, put back, or late.
pub struct Delivery {
    /// The message.
    pub stored: Stored,
    attempts: u64,
    message: jetstream::Message,
}

#[derive(Clone)]
struct Source {
    bus: Bus,
    stream: StreamName,
    name: String,
    filter: String,
    ack_wait: Duration,
}

/// As with a cursor: opening survives a dropped `next`.
enum State {
    Open(pull::Stream),
    Opening(BoxFuture<'static, pull::Stream>),
}

/// Unacknowledged messages, those put back for later among them; the server's own limit of
/// 1,000 would let commands to busy runs hold up all others.
const MAX_UNACKNOWLEDGED: i64 = 10_000;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

impl Bus {
    /// Joins the durable consumer `name` of `stream`; makes it if there is none. A message
    /// that is not acknowledged within `ack_wait` is delivered again.
    ///
    /// # Errors
    /// Only what is wrong now, see [`ReadError`]; the consumer survives all that comes later.
    pub async fn durable(
        &self,
        stream: StreamName,
        name: &str,
        filter: &str,
        ack_wait: Duration,
    ) -> Result<Durable, ReadError> {
        let (name, filter) = (name.to_owned(), filter.to_owned());
        let source = Source { bus: self.clone(), stream, name, filter, ack_wait };
        let messages = source.open().await?;
        Ok(Durable { source, state: State::Open(messages) })
    }
}

impl Durable {
    /// The next message for us; waits for it as long as it takes. May be dropped and called
    /// again: what was not handed out is delivered again.
    pub async fn next(&mut self) -> Delivery {
        loop {
            let messages = match &mut self.state {
                State::Open(messages) => messages,
                State::Opening(opening) => {
                    self.state = State::Open(opening.await);
                    continue;
                }
            };
            let trouble = match messages.next().await {
                Some(Ok(message)) => match Delivery::read(message) {
                    Ok(delivery) => return delivery,
                    Err(trouble) => trouble,
                },
                Some(Err(error)) => error.to_string(),
                None => "the subscription has ended".to_owned(),
            };
            self.state = State::Opening(Box::pin(self.source.clone().reopen(trouble)));
        }
    }
}

impl Delivery {
    fn read(message: jetstream::Message) -> Result<Delivery, String> {
        let stored = Stored::from_delivery(&message)?;
        let delivered = message.info().map_err(|error| error.to_string())?.delivered;
        Ok(Delivery { stored, attempts: u64::try_from(delivered).unwrap_or(1), message })
    }

    /// How often it was delivered, this time included.
    pub fn attempts(&self) -> u64 {
        self.attempts
    }

    /// It is done. If this is lost the message is delivered again.
    pub async fn ack(self) {
        self.answer(AckKind::Ack).await;
    }

    /// Puts it back; it is delivered again, to whomever, after `pause`.
    pub async fn retry_in(self, pause: Duration) {
        self.answer(AckKind::Nak(Some(pause))).await;
    }

    /// It is being worked on: begins the waiting time anew.
    pub async fn progress(&self) {
        self.answer(AckKind::Progress).await;
    }

    async fn answer(&self, kind: AckKind) {
        if let Err(error) = self.message.ack_with(kind).await {
            let Stored { subject, sequence, .. } = &self.stored;
            tracing::warn!("{subject} (sequence {sequence}) will be delivered again: {error}");
        }
    }
}

impl Source {
    /// Tries until it succeeds; says so once per outage.
    async fn reopen(self, trouble: String) -> pull::Stream {
        let Source { name, filter, .. } = &self;
        tracing::warn!("consumer {name} was interrupted ({trouble}), going on as soon as possible");
        let mut pause = FIRST_PAUSE;
        loop {
            match self.open().await {
                Ok(messages) => {
                    tracing::info!("consumer {name} goes on");
                    return messages;
                }
                Err(error) => tracing::debug!("cannot read {filter} yet: {error}"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn open(&self) -> Result<pull::Stream, ReadError> {
        let consumer = self.consumer().await?;
        // One at a time: a message that waits in one process while another is idle is late.
        let stream = consumer.stream().max_messages_per_batch(1);
        stream.heartbeat(Duration::from_secs(5)).messages().await.map_err(|error| ReadError::Unanswered(error.to_string()))
    }

    /// Looks for the consumer first: who may only read has it provisioned.
    async fn consumer(&self) -> Result<Consumer<pull::Config>, ReadError> {
        let config = pull::Config {
            durable_name: Some(self.name.clone()),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: self.ack_wait,
            filter_subject: self.filter.clone(),
            max_ack_pending: MAX_UNACKNOWLEDGED,
            ..pull::Config::default()
        };
        let Source { bus, stream, name, .. } = self;
        let operation = format!("CONSUMER.INFO.{}.{name}", bus.stream_of(*stream));
        let found: Result<consumer::Info, _> =
            bus.api(&operation, &serde_json::json!({})).await.map_err(ReadError::from);
        match found {
            Ok(info) if is_as_wanted(&info.config, &config) => {
                Ok(Consumer::new(config, info, bus.jetstream.clone()))
            }
            Ok(_) | Err(ReadError::Missing(_)) => bus.create_consumer(*stream, config).await,
            Err(error) => Err(error),
        }
    }
}

fn is_as_wanted(found: &consumer::Config, wanted: &pull::Config) -> bool {
    found.filter_subject == wanted.filter_subject && found.ack_wait == wanted.ack_wait
}
