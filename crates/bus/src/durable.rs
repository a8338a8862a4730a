//! Reading together with others: each message goes to one of those who share the consumer,
//! and again to one of them until somebody acknowledges it.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, pull};
use async_nats::jetstream::{self, AckKind, consumer};
use contract::subject::StreamName;
use futures_util::StreamExt;

use crate::Bus;
use crate::outage::Lasting;
use crate::reading::ReadError;
use crate::stored::{Delivered, Stored};

/// A consumer that outlives those who read from it.
pub struct Durable {
    source: Source,
    messages: Lasting<pull::Stream>,
}

/// A message that is ours until it is acknowledged, put back, or late.
pub struct Delivery {
    /// The message.
    pub stored: Stored,
    attempts: u64,
    message: jetstream::Message,
}

#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) bus: Bus,
    pub(crate) stream: StreamName,
    pub(crate) name: String,
    pub(crate) filters: Vec<String>,
    pub(crate) ack_wait: Duration,
}

/// Unacknowledged messages, those put back for later among them; the server's own limit of
/// 1,000 would let commands to busy runs hold up all others.
const MAX_UNACKNOWLEDGED: i64 = 10_000;

impl Bus {
    /// Joins the durable consumer `name` of `stream`, of the messages that match any of
    /// `filters`, of which none overlaps another; makes it if there is none. A message that is not acknowledged within `ack_wait` is delivered again.
    ///
    /// # Errors
    /// Only what is wrong now, see [`ReadError`]; the consumer survives all that comes later.
    pub async fn durable(
        &self,
        stream: StreamName,
        name: &str,
        filters: &[&str],
        ack_wait: Duration,
    ) -> Result<Durable, ReadError> {
        let filters = filters.iter().map(|filter| (*filter).to_owned()).collect();
        let bus = self.clone();
        self.join(Source { bus, stream, name: name.to_owned(), filters, ack_wait }).await
    }

    pub(crate) async fn join(&self, source: Source) -> Result<Durable, ReadError> {
        let opened = self.through_outages(|| source.open()).await?;
        let messages = Lasting::Open(Box::new(opened));
        Ok(Durable { source, messages })
    }
}

impl Durable {
    /// The next message for us; waits for it as long as it takes. May be dropped and called
    /// again: what was not handed out is delivered again.
    pub async fn next(&mut self) -> Delivery {
        loop {
            let trouble = match self.messages.get().await.next().await {
                Some(Ok(message)) => match Delivery::read(message) {
                    Ok(delivery) => return delivery,
                    Err(trouble) => trouble,
                },
                Some(Err(error)) => error.to_string(),
                None => "the subscription has ended".to_owned(),
            };
            let source = self.source.clone();
            self.messages.reopen(format!("consumer {}", source.name), &trouble, move || {
                let source = source.clone();
                async move { source.open().await }
            });
        }
    }
}

impl Delivery {
    fn read(message: jetstream::Message) -> Result<Delivery, String> {
        let Delivered { stored, attempts, .. } = Delivered::read(&message)?;
        Ok(Delivery { stored, attempts, message })
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

    async fn answer(&self, kind: AckKind) {
        if let Err(error) = self.message.ack_with(kind).await {
            let Stored { subject, sequence, .. } = &self.stored;
            tracing::warn!("{subject} (sequence {sequence}) will be delivered again: {error}");
        }
    }
}

impl Source {
    async fn open(&self) -> Result<pull::Stream, ReadError> {
        let consumer = self.consumer().await?;
        // One at a time: a message that waits in one process while another is idle is late.
        let stream = consumer.stream().max_messages_per_batch(1);
        stream
            .heartbeat(Duration::from_secs(5))
            .messages()
            .await
            .map_err(|error| ReadError::Unanswered(error.to_string()))
    }

    /// Looks for the consumer first: who may only read has it provisioned.
    pub(crate) async fn consumer(&self) -> Result<Consumer<pull::Config>, ReadError> {
        // With one filter it is part of the request's subject, where permissions see it.
        let (filter_subject, filter_subjects) = match &self.filters[..] {
            [one] => (one.clone(), Vec::new()),
            several => (String::new(), several.to_vec()),
        };
        let config = pull::Config {
            durable_name: Some(self.name.clone()),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: self.ack_wait,
            filter_subject: filter_subject.clone(),
            filter_subjects: filter_subjects.clone(),
            max_ack_pending: MAX_UNACKNOWLEDGED,
            ..pull::Config::default()
        };
        let Source { bus, stream, name, .. } = self;
        let operation = format!("CONSUMER.INFO.{}.{name}", bus.stream_of(*stream));
        let found: Result<consumer::Info, _> =
            bus.api(&operation, &serde_json::json!({})).await.map_err(ReadError::from);
        let info = match found {
            Ok(info) => info,
            Err(ReadError::Missing(_)) => return bus.create_consumer(*stream, config).await,
            Err(error) => return Err(error),
        };
        let delivers_the_same = info.config.filter_subject == filter_subject
            && info.config.filter_subjects == filter_subjects;
        if delivers_the_same && info.config.ack_wait == self.ack_wait {
            return bus.consumer(info);
        }
        match bus.create_consumer(*stream, config).await {
            // Who may not change it takes the operator's waiting time.
            Err(ReadError::Denied(_)) if delivers_the_same => bus.consumer(info),
            changed => changed,
        }
    }
}
