//! A message as a stream keeps it.

use async_nats::HeaderMap;
use async_nats::datetime::DateTime;
use async_nats::jetstream;
use async_nats::jetstream::message::StreamMessage;
use bytes::Bytes;
use contract::timestamp::Timestamp;

/// A message as a stream keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Where it was published.
    pub subject: String,
    /// Its place in the stream.
    pub sequence: u64,
    /// Its body.
    pub body: Bytes,
    /// When the server stored it.
    pub at: Timestamp,
    /// Matching messages behind it, as of its delivery; 0 for one that was looked up.
    pub pending: u64,
    /// Its headers, the server's own ones too.
    pub headers: Vec<(String, String)>,
}

/// A message as a consumer delivers it.
pub(crate) struct Delivered {
    pub(crate) stored: Stored,
    /// 1, 2, 3, ... for each delivery of the consumer; a gap is a loss.
    pub(crate) number: u64,
    /// How often this message was delivered.
    pub(crate) attempts: u64,
}

impl Stored {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A message as the stream's leader shows it.
    pub(crate) fn from_lookup(message: StreamMessage) -> Stored {
        Stored {
            subject: message.subject.to_string(),
            sequence: message.sequence,
            at: timestamp(message.time),
            pending: 0,
            headers: headers(&message.headers),
            body: message.payload,
        }
    }
}

impl Delivered {
    pub(crate) fn read(message: &jetstream::Message) -> Result<Delivered, String> {
        let info = message.info().map_err(|error| format!("no delivery information: {error}"))?;
        let stored = Stored {
            subject: message.subject.to_string(),
            sequence: info.stream_sequence,
            body: message.payload.clone(),
            at: timestamp(info.published),
            pending: info.pending,
            headers: message.headers.as_ref().map(headers).unwrap_or_default(),
        };
        let attempts = u64::try_from(info.delivered).unwrap_or(1);
        Ok(Delivered { stored, number: info.consumer_sequence, attempts })
    }
}

fn headers(map: &HeaderMap) -> Vec<(String, String)> {
    let pairs = map.iter().flat_map(|(name, values)| {
        values.iter().map(move |value| (name.to_string(), value.to_string()))
    });
    let mut pairs: Vec<_> = pairs.collect();
    // The map has an order of its own, another one at each start.
    pairs.sort();
    pairs
}

fn timestamp(at: DateTime) -> Timestamp {
    let milliseconds = at.unix_timestamp_nanos().div_euclid(1_000_000);
    Timestamp::from_milliseconds(i64::try_from(milliseconds).unwrap_or(i64::MAX))
}
