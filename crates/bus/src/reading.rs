//! Reading what is stored, once.

use std::time::Duration;

use async_nats::jetstream::consumer::{self, AckPolicy, Consumer, DeliverPolicy, pull};
use async_nats::jetstream::consumer::{FromConsumer, IntoConsumerConfig};
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::RawMessage;
use contract::subject::StreamName;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};

use crate::Bus;
use crate::stored::{Delivered, Stored};
use crate::wire::{ANSWER_TIMEOUT, ApiError, NoAnswer};

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The stream, or the consumer, does not exist.
    #[error("{0}")]
    Missing(String),
    /// This user may not.
    #[error("denied: {0}")]
    Denied(String),
    /// No answer, or none that can be read. Later may be better.
    #[error("{0}")]
    Unanswered(String),
}

/// Messages per request; at the usual part size, some 16 MiB.
const FETCH: usize = 64;

/// After how long without a request the server forgets a consumer that nobody deletes.
pub(crate) const FORGOTTEN_AFTER: Duration = Duration::from_secs(30);

const NO_MESSAGE_FOUND: u64 = 10037;

impl Bus {
    /// The last message on `subject`, as the stream's leader knows it: what was acknowledged
    /// before is seen.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn last(
        &self,
        stream: StreamName,
        subject: &str,
    ) -> Result<Option<Stored>, ReadError> {
        #[derive(Serialize)]
        struct Question<'a> {
            last_by_subj: &'a str,
        }
        self.get(stream, &Question { last_by_subj: subject }).await
    }

    /// The first message on `filter` (a subject, or a pattern) that is still there, as the stream's
    /// leader knows it.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn oldest(
        &self,
        stream: StreamName,
        filter: &str,
    ) -> Result<Option<Stored>, ReadError> {
        #[derive(Serialize)]
        struct Question<'a> {
            seq: u64,
            next_by_subj: &'a str,
        }
        self.get(stream, &Question { seq: 1, next_by_subj: filter }).await
    }

    /// The message of this sequence, as the stream's leader knows it; `None`: it is gone, or never
    /// was.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn message(
        &self,
        stream: StreamName,
        sequence: u64,
    ) -> Result<Option<Stored>, ReadError> {
        #[derive(Serialize)]
        struct Question {
            seq: u64,
        }
        self.get(stream, &Question { seq: sequence }).await
    }

    async fn get(
        &self,
        stream: StreamName,
        question: &impl Serialize,
    ) -> Result<Option<Stored>, ReadError> {
        #[derive(Deserialize)]
        struct Answer {
            message: RawMessage,
        }
        let stream = self.stream_of(stream);
        match self.api::<_, Answer>(&format!("STREAM.MSG.GET.{stream}"), question).await {
            Ok(answer) => {
                let message = StreamMessage::try_from(answer.message).map_err(|error| {
                    ReadError::Unanswered(format!("{stream}: unreadable message: {error}"))
                })?;
                Ok(Some(Stored::from_lookup(message)))
            }
            Err(ApiError::Refused(refusal)) if refusal.err_code == NO_MESSAGE_FOUND => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Everything on `filter` (a subject, or a pattern) from sequence `from` up to the end as
    /// of now, in order.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read_all(
        &self,
        stream: StreamName,
        filter: &str,
        from: u64,
    ) -> Result<Vec<Stored>, ReadError> {
        self.read(stream, filter, Wanted { policy: from_sequence(from), ..Wanted::ALL }).await
    }

    /// The same, up to `most` messages.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read_some(
        &self,
        stream: StreamName,
        filter: &str,
        from: u64,
        most: u64,
    ) -> Result<Vec<Stored>, ReadError> {
        self.read(stream, filter, Wanted { policy: from_sequence(from), most, ..Wanted::ALL }).await
    }

    /// Everything on `filter` without the bodies, whose sizes the server tells in a header.
    pub(crate) async fn read_headers(
        &self,
        stream: StreamName,
        filter: &str,
    ) -> Result<Vec<Stored>, ReadError> {
        self.read(stream, filter, Wanted { headers_only: true, ..Wanted::ALL }).await
    }

    /// The last message of each subject that matches `filter`, in the order of the stream.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read_last_per_subject(
        &self,
        stream: StreamName,
        filter: &str,
    ) -> Result<Vec<Stored>, ReadError> {
        let wanted = Wanted { policy: DeliverPolicy::LastPerSubject, ..Wanted::ALL };
        self.read(stream, filter, wanted).await
    }

    async fn read(
        &self,
        stream: StreamName,
        filter: &str,
        wanted: Wanted,
    ) -> Result<Vec<Stored>, ReadError> {
        let config = pull::Config {
            headers_only: wanted.headers_only,
            ..self.passing_config(filter, wanted.policy)
        };
        let consumer = self.create_consumer(stream, config).await?;
        let info = consumer.cached_info();
        let result = drain(&consumer, info.num_pending.min(wanted.most)).await;
        // Unasked, the server would keep it for a while, and it keeps only so many.
        let delete = format!("$JS.API.CONSUMER.DELETE.{}.{}", info.stream_name, info.name);
        let deleted = self.client.publish(delete, bytes::Bytes::new()).await;
        if let Err(error) = deleted {
            tracing::debug!("consumer {} is left to the server: {error}", info.name);
        }
        result.map_err(|reason| ReadError::Unanswered(format!("reading {filter}: {reason}")))
    }

    /// A consumer of our own that acknowledges nothing and is soon forgotten.
    pub(crate) fn passing_config(
        &self,
        filter: &str,
        deliver_policy: DeliverPolicy,
    ) -> pull::Config {
        pull::Config {
            // With a name the filter is part of the request's subject, where permissions see it.
            name: Some(format!("passing_{}", self.new_id())),
            deliver_policy,
            ack_policy: AckPolicy::None,
            filter_subject: filter.to_owned(),
            inactive_threshold: FORGOTTEN_AFTER,
            num_replicas: 1,
            memory_storage: true,
            ..pull::Config::default()
        }
    }

    /// Creates a consumer, or finds it if it is there just so.
    pub(crate) async fn create_consumer(
        &self,
        stream: StreamName,
        config: pull::Config,
    ) -> Result<Consumer<pull::Config>, ReadError> {
        #[derive(Serialize)]
        struct Question<'a> {
            stream_name: &'a str,
            config: consumer::Config,
        }
        let stream = self.stream_of(stream);
        let name = config.name.as_ref().or(config.durable_name.as_ref());
        let name = name.map_or("", String::as_str);
        let operation = match config.filter_subject.as_str() {
            "" => format!("CONSUMER.CREATE.{stream}.{name}"),
            filter => format!("CONSUMER.CREATE.{stream}.{name}.{filter}"),
        };
        let question = Question { stream_name: &stream, config: (&config).into_consumer_config() };
        self.consumer(self.api(&operation, &question).await?)
    }

    /// The consumer that the server described.
    pub(crate) fn consumer(
        &self,
        info: consumer::Info,
    ) -> Result<Consumer<pull::Config>, ReadError> {
        let config = pull::Config::try_from_consumer_config(info.config.clone());
        let config = config.map_err(|error| ReadError::Unanswered(error.to_string()))?;
        Ok(Consumer::new(config, info, self.jetstream.clone()))
    }

    /// The server's name of a stream, of a bucket too.
    pub(crate) fn stream_of(&self, stream: StreamName) -> String {
        crate::topology::stream_name(&self.prefix, stream)
    }
}

/// What of a subject is read.
struct Wanted {
    policy: DeliverPolicy,
    /// So many messages at most.
    most: u64,
    /// Bodies stay where they are.
    headers_only: bool,
}

impl Wanted {
    const ALL: Wanted = Wanted { policy: DeliverPolicy::All, most: u64::MAX, headers_only: false };
}

fn from_sequence(sequence: u64) -> DeliverPolicy {
    DeliverPolicy::ByStartSequence { start_sequence: sequence.max(1) }
}

/// How the client tells that nobody was there to take a request. In a cluster the servers hear from
/// each other who takes those of a consumer that was just made, so this one may not know yet.
const NOBODY: &str = ": 503";

/// How often it is asked again then, and after which pause: for two seconds.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);

/// Reads up to `pending` messages, fewer if there are no more.
async fn drain(consumer: &Consumer<pull::Config>, pending: u64) -> Result<Vec<Stored>, String> {
    let (mut read, mut unheard) = (Vec::new(), 0);
    'fetch: loop {
        let left = usize::try_from(pending).unwrap_or(usize::MAX).saturating_sub(read.len());
        if left == 0 {
            return Ok(read);
        }
        let fetch = consumer.fetch().max_messages(left.min(FETCH)).messages();
        let mut batch = fetch.await.map_err(|error| error.to_string())?;
        let before = read.len();
        // The client gives up on no answer, so we do.
        while let Some(message) = tokio::time::timeout(ANSWER_TIMEOUT, batch.next())
            .await
            .map_err(|_| format!("no answer within {} s", ANSWER_TIMEOUT.as_secs()))?
        {
            let message = match message.map_err(|error| error.to_string()) {
                Err(error) if error.contains(NOBODY) && read.len() == before && unheard < TRIES => {
                    unheard += 1;
                    tokio::time::sleep(PAUSE).await;
                    continue 'fetch;
                }
                message => message?,
            };
            let delivered = Delivered::read(&message)?;
            check_number(delivered.number, read.len() as u64)?;
            read.push(delivered.stored);
        }
        // What was pending has been purged or has expired meanwhile.
        if read.len() == before {
            return Ok(read);
        }
    }
}

/// A consumer that acknowledges nothing hands out each message once, also to a connection
/// that is gone; the number of the delivery shows it.
pub(crate) fn check_number(number: u64, before: u64) -> Result<(), String> {
    match number == before + 1 {
        true => Ok(()),
        false => Err(format!("delivery {number} came after {before}")),
    }
}

impl From<ApiError> for ReadError {
    fn from(error: ApiError) -> ReadError {
        match error {
            ApiError::NoAnswer(NoAnswer::Denied(text)) => ReadError::Denied(text),
            ApiError::NoAnswer(reason) => ReadError::Unanswered(reason.to_string()),
            // Not found: streams and consumers alike.
            ApiError::Refused(refusal) if matches!(refusal.err_code, 10059 | 10014) => {
                ReadError::Missing(refusal.to_string())
            }
            ApiError::Refused(refusal) => ReadError::Unanswered(refusal.to_string()),
        }
    }
}
