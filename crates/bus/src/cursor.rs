//! Reading for ever: in order, without a gap, through every restart of the server.

use std::time::Duration;

use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use contract::subject::StreamName;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;

use crate::Bus;
use crate::reading::ReadError;
use crate::stored::Stored;

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
    place: Place,
    state: State,
}

/// What is read.
#[derive(Clone)]
struct Source {
    bus: Bus,
    stream: StreamName,
    filter: String,
}

/// Where to go on.
#[derive(Clone, Copy)]
enum Place {
    /// Nothing was read yet.
    Start(Start),
    /// After this sequence.
    After(u64),
}

/// Opening takes many tries when there is no server. It is kept here and not in `next`, so
/// that a caller who drops `next` again and again still gets there.
enum State {
    Open(Feed),
    Opening(BoxFuture<'static, Feed>),
}

/// One consumer, as long as it lasts.
struct Feed {
    messages: pull::Stream,
    /// The last sequence before what it delivers.
    floor: u64,
    delivered: u64,
}

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

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
        let source = Source { bus: self.clone(), stream, filter: filter.to_owned() };
        let feed = source.open(Place::Start(start)).await?;
        // `New` means new as of now, also if the first message comes after an outage.
        let place = match start {
            Start::New => Place::After(feed.floor),
            start => Place::Start(start),
        };
        Ok(Cursor { source, place, state: State::Open(feed) })
    }
}

impl Cursor {
    /// The next message; waits for it as long as it takes. May be dropped and called again:
    /// nothing is lost.
    pub async fn next(&mut self) -> Stored {
        loop {
            let feed = match &mut self.state {
                State::Open(feed) => feed,
                State::Opening(opening) => {
                    let feed = opening.await;
                    self.notice_loss(feed.floor);
                    self.state = State::Open(feed);
                    continue;
                }
            };
            match feed.next().await {
                Ok(stored) => {
                    self.place = Place::After(stored.sequence);
                    return stored;
                }
                Err(trouble) => {
                    let opening = self.source.clone().reopen(self.place, trouble);
                    self.state = State::Opening(Box::pin(opening));
                }
            }
        }
    }

    /// A stream whose end lies before what was read from it has lost messages.
    fn notice_loss(&mut self, floor: u64) {
        if let Place::After(sequence) = self.place
            && floor < sequence
        {
            let stream = self.source.bus.stream_of(self.source.stream);
            tracing::error!(
                "stream {stream} went backwards: {sequence} was read, now it ends at {floor}"
            );
            self.place = Place::After(floor);
        }
    }
}

impl Source {
    /// Tries until it succeeds; says so once per outage.
    async fn reopen(self, place: Place, trouble: String) -> Feed {
        let Source { stream, filter, .. } = &self;
        tracing::warn!("reading {filter} was interrupted ({trouble}), going on as soon as possible");
        let mut pause = FIRST_PAUSE;
        loop {
            match self.open(place).await {
                Ok(feed) => {
                    tracing::info!("reading {filter} goes on");
                    return feed;
                }
                Err(error) => tracing::debug!("cannot read {filter} of {stream:?} yet: {error}"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn open(&self, place: Place) -> Result<Feed, ReadError> {
        let policy = match place {
            Place::After(sequence) => {
                DeliverPolicy::ByStartSequence { start_sequence: sequence + 1 }
            }
            Place::Start(Start::From(sequence)) => {
                DeliverPolicy::ByStartSequence { start_sequence: sequence.max(1) }
            }
            Place::Start(Start::First) => DeliverPolicy::All,
            Place::Start(Start::New) => DeliverPolicy::New,
            Place::Start(Start::LastPerSubject) => DeliverPolicy::LastPerSubject,
        };
        let consumer = self.bus.passing_consumer(self.stream, &self.filter, policy).await?;
        let messages = consumer
            .stream()
            // Bounds what waits in this process: at the usual part size, some 16 MiB.
            .max_messages_per_batch(64)
            .heartbeat(Duration::from_secs(5))
            .messages()
            .await
            .map_err(|error| ReadError::Unanswered(error.to_string()))?;
        let floor = consumer.cached_info().delivered.stream_sequence;
        Ok(Feed { messages, floor, delivered: 0 })
    }
}

impl Feed {
    async fn next(&mut self) -> Result<Stored, String> {
        let message = match self.messages.next().await {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Err(error.to_string()),
            None => return Err("the subscription has ended".to_owned()),
        };
        let stored = Stored::from_delivery(&message)?;
        let delivery = message.info().map_err(|error| error.to_string())?.consumer_sequence;
        if delivery != self.delivered + 1 {
            return Err(format!("delivery {delivery} came after {}", self.delivered));
        }
        self.delivered = delivery;
        Ok(stored)
    }
}
