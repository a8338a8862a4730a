//! Reading for ever: in order, without a gap, through every restart of the server.

use std::time::Duration;

use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use async_nats::jetstream::stream::Info;
use contract::subject::StreamName;
use contract::timestamp::Timestamp;
use futures_util::StreamExt;

use crate::Bus;
use crate::outage::Lasting;
use crate::reading::{ReadError, check_number};
use crate::stored::{Delivered, Stored};

/// Messages that are asked for at once. The client asks again when half of them are read.
const BATCH: usize = 32;

/// Bytes that are asked for at once. What waits for one connection the server keeps, and it cuts
/// off who lets 64 MiB wait (`max_pending`): several readers of large messages have room there,
/// also while nobody reads.
const BATCH_BYTES: usize = 4 << 20;

/// Where a cursor begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the first message that is kept.
    First,
    /// With this sequence, or the next one that is kept.
    From(u64),
    /// With what is stored from now on.
    New,
    /// With the last message of each subject, then what is stored after them.
    LastPerSubject,
}

/// An endless reader of a stream.
pub struct Cursor {
    source: Source,
    start: Start,
    place: Place,
    feed: Lasting<Feed>,
}

/// What is read.
#[derive(Clone)]
struct Source {
    bus: Bus,
    stream: StreamName,
    filter: String,
    headers_only: bool,
}

/// Where to go on.
#[derive(Clone, Copy)]
enum Place {
    /// Nothing was read yet.
    Start(Start),
    /// After this sequence; with the time of the message there, if it was read.
    After(u64, Option<Timestamp>),
}

/// One consumer, as long as it lasts.
struct Feed {
    messages: pull::Stream,
    /// The last sequence before what it delivers.
    floor: u64,
    /// In words, if the stream has lost messages that were read already.
    loss: Option<String>,
    delivered: u64,
}

impl Bus {
    /// Follows `filter` (a subject, or a pattern) from `start`.
    ///
    /// # Errors
    /// Only what is wrong now, see [`ReadError`]; the cursor survives all that comes later.
    pub async fn follow(
        &self,
        stream: StreamName,
        filter: &str,
        start: Start,
    ) -> Result<Cursor, ReadError> {
        let (bus, filter) = (self.clone(), filter.to_owned());
        Source { bus, stream, filter, headers_only: false }.follow(start).await
    }

    /// The same without the bodies: what is stored where, and when.
    ///
    /// # Errors
    /// As [`Bus::follow`].
    pub async fn follow_headers(
        &self,
        stream: StreamName,
        filter: &str,
        start: Start,
    ) -> Result<Cursor, ReadError> {
        let (bus, filter) = (self.clone(), filter.to_owned());
        Source { bus, stream, filter, headers_only: true }.follow(start).await
    }
}

impl Source {
    async fn follow(self, start: Start) -> Result<Cursor, ReadError> {
        let source = self;
        let feed = source.open(Place::Start(start)).await?;
        // `New` means new as of now, also if the first message comes after an outage.
        let place = match start {
            Start::New => Place::After(feed.floor, None),
            start => Place::Start(start),
        };
        Ok(Cursor { source, start, place, feed: Lasting::Open(Box::new(feed)) })
    }
}

impl Cursor {
    /// The next message; waits for it as long as it takes. May be dropped and called again:
    /// nothing is lost. A stream that has lost messages is read from its beginning again.
    pub async fn next(&mut self) -> Stored {
        loop {
            let feed = self.feed.get().await;
            if let Some(trouble) = feed.loss.take() {
                self.begin_anew(&trouble);
                continue;
            }
            match feed.next().await {
                Ok(stored) => {
                    self.place = Place::After(stored.sequence, Some(stored.at));
                    return stored;
                }
                Err(trouble) => self.reopen(&trouble),
            }
        }
    }

    /// A stream whose end lies before what was read from it has lost messages, and may get others
    /// in their places; one that has another message there has got them. Who reads twice can tell
    /// by the content; who misses cannot.
    fn begin_anew(&mut self, trouble: &str) {
        tracing::error!("{trouble}");
        self.place = match self.start {
            Start::LastPerSubject => Place::Start(Start::LastPerSubject),
            Start::First | Start::From(_) | Start::New => Place::Start(Start::First),
        };
        self.reopen(trouble);
    }

    fn reopen(&mut self, trouble: &str) {
        let (source, place) = (self.source.clone(), self.place);
        self.feed.reopen(format!("reading {}", self.source.filter), trouble, move || {
            let source = source.clone();
            async move { source.open(place).await }
        });
    }
}

impl Source {
    async fn open(&self, place: Place) -> Result<Feed, ReadError> {
        let policy = match place {
            Place::After(sequence, _) => {
                DeliverPolicy::ByStartSequence { start_sequence: sequence + 1 }
            }
            Place::Start(Start::From(sequence)) => {
                DeliverPolicy::ByStartSequence { start_sequence: sequence.max(1) }
            }
            Place::Start(Start::First) => DeliverPolicy::All,
            Place::Start(Start::New) => DeliverPolicy::New,
            Place::Start(Start::LastPerSubject) => DeliverPolicy::LastPerSubject,
        };
        let config = pull::Config {
            headers_only: self.headers_only,
            ..self.bus.passing_config(&self.filter, policy)
        };
        let consumer = self.bus.create_consumer(self.stream, config).await?;
        let messages = consumer
            .stream()
            .max_messages_per_batch(BATCH)
            // No less than a message has with its subject and headers: it would never come.
            .max_bytes_per_batch(BATCH_BYTES.max(2 * self.bus.max_payload()))
            .heartbeat(Duration::from_secs(5))
            .messages()
            .await
            .map_err(|error| ReadError::Unanswered(error.to_string()))?;
        let info = consumer.cached_info();
        let loss = match place {
            Place::After(read, Some(at)) if self.is_replaced(read, at).await? => {
                let stream = self.bus.stream_of(self.stream);
                Some(format!("stream {stream} went backwards: {read} was read, and is another one"))
            }
            // A consumer that begins beyond the end of its stream waits there in silence.
            Place::After(read, _) if info.num_pending == 0 => self.loss(read).await?,
            Place::After(..) | Place::Start(_) => None,
        };
        Ok(Feed { messages, floor: info.delivered.stream_sequence, loss, delivered: 0 })
    }

    /// Whether another message stands where one of this time was read.
    async fn is_replaced(&self, read: u64, at: Timestamp) -> Result<bool, ReadError> {
        match self.bus.message(self.stream, read).await {
            Ok(found) => Ok(found.is_some_and(|found| found.at != at)),
            // Who may not look has to trust the server.
            Err(ReadError::Denied(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Compares what was read with where the stream ends.
    async fn loss(&self, read: u64) -> Result<Option<String>, ReadError> {
        let stream = self.bus.stream_of(self.stream);
        let operation = format!("STREAM.INFO.{stream}");
        let info: Result<Info, _> = self.bus.api(&operation, &serde_json::json!({})).await;
        let ends_at = match info.map_err(ReadError::from) {
            Ok(info) => info.state.last_sequence,
            // Who may not ask has to trust the server.
            Err(ReadError::Denied(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok((ends_at < read).then(|| {
            format!("stream {stream} went backwards: {read} was read, now it ends at {ends_at}")
        }))
    }
}

impl Feed {
    async fn next(&mut self) -> Result<Stored, String> {
        let message = match self.messages.next().await {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Err(error.to_string()),
            None => return Err("the subscription has ended".to_owned()),
        };
        let Delivered { stored, number, .. } = Delivered::read(&message)?;
        check_number(number, self.delivered)?;
        self.delivered = number;
        Ok(stored)
    }
}
