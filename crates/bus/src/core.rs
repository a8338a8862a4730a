//! What is said and not stored.

use std::time::Duration;

use async_nats::Subscriber;
use bytes::Bytes;
use futures_util::StreamExt;

use crate::Bus;
use crate::wire::NoAnswer;

/// A message that is not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoreMessage {
    /// Where it was published.
    pub subject: String,
    /// Its body.
    pub body: Bytes,
}

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Nobody listens; known at once.
    #[error("nobody answers on {0}")]
    NoResponders(String),
    /// No answer in time.
    #[error("{0}")]
    Timeout(String),
    /// Anything else, missing permissions included.
    #[error("{0}")]
    Other(String),
}

/// Messages on a subject, from now on. Who reads too slowly loses some.
pub struct Subscription {
    subscriber: Subscriber,
}

/// How long a best-effort message may take to be queued, while there is no server.
const QUEUE_PATIENCE: Duration = Duration::from_secs(1);

impl Bus {
    /// Publishes without storing; best effort.
    ///
    /// # Errors
    /// If it was not even queued, in words.
    pub async fn publish_core(&self, subject: String, body: Vec<u8>) -> Result<(), String> {
        self.publish_core_with(subject, None, body).await
    }

    /// As [`Bus::publish_core`], with where answers are to come.
    pub(crate) async fn publish_core_with(
        &self,
        subject: String,
        reply: Option<String>,
        body: Vec<u8>,
    ) -> Result<(), String> {
        let queued = async {
            match reply {
                Some(reply) => self.client.publish_with_reply(subject, reply, body.into()).await,
                None => self.client.publish(subject, body.into()).await,
            }
        };
        match tokio::time::timeout(QUEUE_PATIENCE, queued).await {
            Ok(sent) => sent.map_err(|error| error.to_string()),
            Err(_) => Err("there is no connection to nats-server".to_owned()),
        }
    }

    /// Asks whoever listens on `subject`.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub async fn request(
        &self,
        subject: String,
        body: Vec<u8>,
        timeout: Duration,
    ) -> Result<Bytes, RequestError> {
        match self.ask(&subject, None, body.into(), timeout).await {
            Ok(message) => Ok(message.payload),
            Err(NoAnswer::NobodyListens(subject)) => Err(RequestError::NoResponders(subject)),
            Err(NoAnswer::Unknown(text)) => Err(RequestError::Timeout(text)),
            Err(NoAnswer::Denied(text)) => Err(RequestError::Other(text)),
        }
    }

    /// Listens to `subject` (or a pattern). What anybody publishes after this is heard. A
    /// denied subscription is silent; the reason is in the log.
    ///
    /// # Errors
    /// If the subject is not valid or the server does not answer, in words.
    pub async fn subscribe(&self, subject: String) -> Result<Subscription, String> {
        let subscriber = self.client.subscribe(subject).await.map_err(|error| error.to_string())?;
        // The server takes things in order: its answer means that the subscription is there.
        self.is_ready().await?;
        Ok(Subscription { subscriber })
    }
}

impl Subscription {
    /// The next message; `None` once the connection is closed.
    pub async fn next(&mut self) -> Option<CoreMessage> {
        let message = self.subscriber.next().await?;
        Some(CoreMessage { subject: message.subject.to_string(), body: message.payload })
    }
}
