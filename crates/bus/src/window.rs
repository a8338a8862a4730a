//! Reading a piece of a subject without a consumer.

use async_nats::jetstream::message::StreamMessage;
use contract::subject::StreamName;
use futures_util::StreamExt as _;
use serde::Serialize;

use crate::Bus;
use crate::events::Link;
use crate::reading::ReadError;
use crate::stored::Stored;
use crate::wire::ANSWER_TIMEOUT;

/// Bytes that are asked for at once; the server sends them without waiting for anybody.
const WINDOW_BYTES: usize = 4 << 20;

/// Some messages of a subject.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// In order.
    pub messages: Vec<Stored>,
    /// Messages of that subject behind them.
    pub behind: u64,
}

impl Bus {
    /// Messages of `subject` behind the sequence `after`, in order: up to `most`, and up to about
    /// 4 MiB. A copy of the stream may answer that does not know its very end yet.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn window(
        &self,
        stream: StreamName,
        subject: &str,
        after: u64,
        most: usize,
    ) -> Result<Window, ReadError> {
        #[derive(Serialize)]
        struct Question<'a> {
            seq: u64,
            next_by_subj: &'a str,
            batch: usize,
            max_bytes: usize,
        }
        let connected = self.events.until(&[Link::Up, Link::Closed]);
        if tokio::time::timeout(ANSWER_TIMEOUT, connected).await.is_err() {
            return Err(unanswered("there is no connection to nats-server"));
        }
        let (mut violations, loss) = (self.events.listen(), self.events.loss());
        let place = format!("$JS.API.DIRECT.GET.{}", self.stream_of(stream));
        let max_bytes = WINDOW_BYTES.max(2 * self.max_payload());
        let question = Question { seq: after + 1, next_by_subj: subject, batch: most, max_bytes };
        let body = serde_json::to_vec(&question).map_err(unanswered)?;
        let inbox = self.client.new_inbox();
        let mut answers = self.client.subscribe(inbox.clone()).await.map_err(unanswered)?;
        let asked = self.client.publish_with_reply(place.clone(), inbox, body.into());
        asked.await.map_err(unanswered)?;
        let read = async {
            let mut window = Window::default();
            loop {
                let answer = tokio::time::timeout(ANSWER_TIMEOUT, answers.next()).await;
                let answer = answer.map_err(|_| unanswered(self.unanswered(ANSWER_TIMEOUT)))?;
                let answer = answer.ok_or_else(|| unanswered("the subscription has ended"))?;
                if !window.take(answer)? {
                    return Ok(window);
                }
            }
        };
        tokio::select! {
            biased;
            read = read => read,
            violation = violations.of(&place) => Err(ReadError::Denied(violation)),
            () = loss => Err(unanswered("the connection was lost before all was read")),
        }
    }
}

impl Window {
    /// Takes the next answer; false if it was the last one.
    fn take(&mut self, answer: async_nats::Message) -> Result<bool, ReadError> {
        match answer.status.map_or(200, |status| status.as_u16()) {
            // The end, and what is behind it.
            204 => {
                let behind = answer.headers.as_ref().and_then(|headers| headers.get(PENDING));
                self.behind = behind.and_then(|text| text.as_str().parse().ok()).unwrap_or(0);
                Ok(false)
            }
            404 => Ok(false),
            503 => {
                Err(ReadError::Missing("there is no such stream, or it has no leader".to_owned()))
            }
            200 => {
                let message = StreamMessage::try_from(answer).map_err(unanswered)?;
                self.messages.push(Stored::from_lookup(message));
                Ok(true)
            }
            status => {
                let words = answer.description.as_deref().unwrap_or("no reason given");
                Err(unanswered(format!("nats-server answers {status}: {words}")))
            }
        }
    }
}

/// How many messages there are behind what was answered.
const PENDING: &str = "Nats-Num-Pending";

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn unanswered(reason: impl ToString) -> ReadError {
    ReadError::Unanswered(reason.to_string())
}
