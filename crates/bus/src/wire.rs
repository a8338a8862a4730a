//! One request and its one answer, with every way in which there is none.

use std::pin::pin;
use std::time::Duration;

use async_nats::client::RequestErrorKind;
use async_nats::{HeaderMap, Message, RequestError};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Bus;
use crate::events::Link;

/// How long an answer is waited for.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAnswer {
    /// The server forbids it, or this client refuses to send it: it did not happen.
    #[error("{0}")]
    Denied(String),
    /// Nobody listens on the subject: it did not happen.
    #[error("nobody takes {0}")]
    NobodyListens(String),
    /// It was perhaps not sent, perhaps not taken, perhaps done.
    #[error("{0}")]
    Unknown(String),
}

/// Why the JetStream API did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// An error in the server's own words.
#[derive(Clone, Debug, Deserialize, thiserror::Error)]
#[error("{description} (error {err_code})")]
pub(crate) struct Refusal {
    #[serde(default)]
    pub(crate) err_code: u64,
    #[serde(default)]
    pub(crate) description: String,
}

impl Bus {
    /// Sends a request and waits for its answer.
    pub(crate) async fn ask(
        &self,
        subject: &str,
        headers: Option<HeaderMap>,
        body: Bytes,
        patience: Duration,
    ) -> Result<Message, NoAnswer> {
        self.ask_past(subject, headers, body, patience, None).await
    }

    /// The same; `sent` is the crash point between the two.
    pub(crate) async fn ask_past(
        &self,
        subject: &str,
        headers: Option<HeaderMap>,
        body: Bytes,
        patience: Duration,
        sent: Option<&str>,
    ) -> Result<Message, NoAnswer> {
        // A request that waits in the client while there is no server is sent whenever one
        // appears, long after its sender gave up. Better not to hand it over.
        let connected = self.events.until(&[Link::Up, Link::Closed]);
        if tokio::time::timeout(patience, connected).await.is_err() {
            return Err(NoAnswer::Unknown("there is no connection to nats-server".to_owned()));
        }
        let mut violations = self.events.listen();
        let loss = self.events.loss();
        let size = body.len();
        let mut request = async_nats::Request::new().payload(body).timeout(None);
        request.headers = headers;
        tokio::select! {
            biased;
            answer = self.send(subject, request, sent) => answer.map_err(|error| {
                self.explain(subject, size, &error)
            }),
            violation = violations.of(subject) => Err(NoAnswer::Denied(violation)),
            // The server that was asked is gone, or has forgotten whom to answer.
            () = loss => {
                Err(NoAnswer::Unknown("the connection was lost before an answer came".to_owned()))
            }
            () = tokio::time::sleep(patience) => Err(NoAnswer::Unknown(self.unanswered(patience))),
        }
    }

    /// Where a test waits for the crash point `sent`, it is passed once the request is on the
    /// wire and before anybody has looked at the answer.
    async fn send(
        &self,
        subject: &str,
        request: async_nats::Request,
        sent: Option<&str>,
    ) -> Result<Message, RequestError> {
        let request = self.client.send_request(subject.to_owned(), request);
        let Some(sent) = sent.filter(|sent| faults::is_planned(sent)) else {
            return request.await;
        };
        let mut request = pin!(request);
        // The request first, so that it is handed over before the flush is.
        let early = tokio::select! {
            biased;
            answer = &mut request => Some(answer?),
            Ok(()) = self.client.flush() => None,
        };
        faults::point(sent);
        match early {
            Some(answer) => Ok(answer),
            None => request.await,
        }
    }

    /// Passes a crash point once everything that was published is on the wire.
    pub(crate) async fn flush_past(&self, point: &str) {
        if faults::is_planned(point) {
            // Without a connection nothing is, and nothing will be before the next request.
            let _flushed = tokio::time::timeout(ANSWER_TIMEOUT, self.client.flush()).await;
            faults::point(point);
        }
    }

    /// The words for an answer that did not come, with the reason if one is known.
    pub(crate) fn unanswered(&self, patience: Duration) -> String {
        let words = format!("no answer within {} s", patience.as_secs());
        match self.events.recent_violation() {
            Some(violation) => format!("{words}; perhaps because of: {violation}"),
            None => words,
        }
    }

    fn explain(&self, subject: &str, size: usize, error: &RequestError) -> NoAnswer {
        match error.kind() {
            RequestErrorKind::NoResponders => NoAnswer::NobodyListens(subject.to_owned()),
            RequestErrorKind::InvalidSubject => {
                NoAnswer::Denied(format!("subject {subject:?} is not valid"))
            }
            RequestErrorKind::MaxPayloadExceeded => NoAnswer::Denied(format!(
                "a message of {size} bytes on {subject} is larger than the {} that nats-server \
                 takes (max_payload)",
                self.client.max_payload()
            )),
            RequestErrorKind::TimedOut | RequestErrorKind::Other => {
                NoAnswer::Unknown(error.to_string())
            }
        }
    }

    /// Asks the JetStream API, e.g. `STREAM.INFO.SIM_ACTIONS`.
    pub(crate) async fn api<Question, Answer>(
        &self,
        operation: &str,
        question: &Question,
    ) -> Result<Answer, ApiError>
    where
        Question: Serialize + ?Sized,
        Answer: DeserializeOwned,
    {
        self.api_at(&format!("$JS.API.{operation}"), question).await
    }

    /// The same where it is called otherwise.
    pub(crate) async fn api_at<Question, Answer>(
        &self,
        subject: &str,
        question: &Question,
    ) -> Result<Answer, ApiError>
    where
        Question: Serialize + ?Sized,
        Answer: DeserializeOwned,
    {
        let body = serde_json::to_vec(question)
            .map_err(|error| NoAnswer::Denied(format!("{subject}: {error}")))?;
        let message = self.ask(subject, None, body.into(), ANSWER_TIMEOUT).await?;
        let answer = read_answer(&message.payload).map_err(|error| {
            NoAnswer::Unknown(format!("the answer to {subject} is unreadable: {error}"))
        })?;
        Ok(answer?)
    }
}

/// Reads what JetStream answered: an object with an `error`, or the thing itself.
pub(crate) fn read_answer<Answer: DeserializeOwned>(
    body: &[u8],
) -> Result<Result<Answer, Refusal>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Failure {
        error: Option<Refusal>,
    }
    match serde_json::from_slice::<Failure>(body)?.error {
        Some(refusal) => Ok(Err(refusal)),
        None => serde_json::from_slice(body).map(Ok),
    }
}
