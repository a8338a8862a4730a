//! Writing several messages as one: all of them, or none.
//!
//! The server collects a batch until the message that commits it. Only then is anything
//! checked and stored, under one sync to disk.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::header::{
    NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL, NATS_BATCH_ID, NATS_BATCH_SEQUENCE,
};
use bytes::Bytes;

use crate::Bus;
use crate::append::{AppendError, Receipt, headers};
use crate::wire::{ANSWER_TIMEOUT, read_answer};

/// The most messages of a batch; the server's limit.
pub(crate) const MAX_BATCH: usize = 1000;

/// What a disk is trusted to take in a second, for the patience with a large batch.
const BYTES_PER_SECOND: usize = 4 * 1024 * 1024;

impl Bus {
    /// Stores `bodies` on `subject` in order, all or none, and returns the sequence of the
    /// last; the sequences are consecutive. All carry `headers`. `expected_last` is as in
    /// [`crate::Append`].
    ///
    /// # Errors
    /// See [`AppendError`]. None or more than 1,000 bodies are `Denied`.
    pub async fn append_batch(
        &self,
        subject: &str,
        bodies: Vec<impl Into<Bytes>>,
        headers: &[(&'static str, String)],
        expected_last: Option<u64>,
    ) -> Result<u64, AppendError> {
        let messages = bodies.into_iter().map(|body| (body.into(), headers.to_vec()));
        self.store_batch(subject, messages.collect(), expected_last).await
    }

    /// As `append_batch`, with headers for each message.
    pub(crate) async fn store_batch(
        &self,
        subject: &str,
        messages: Vec<(Bytes, Vec<(&'static str, String)>)>,
        expected_last: Option<u64>,
    ) -> Result<u64, AppendError> {
        let count = messages.len();
        let mut messages = messages;
        let Some(last) = messages.pop().filter(|_| count <= MAX_BATCH) else {
            return Err(AppendError::Denied(format!(
                "a batch of {count} messages on {subject}: expected 1 to {MAX_BATCH}"
            )));
        };
        if messages.is_empty() {
            let headers = headers(&last.1, expected_last);
            let stored = self.store(subject, headers, last.0, ANSWER_TIMEOUT, "append.sent");
            return Ok(stored.await?.seq);
        }
        let bytes: usize = messages.iter().map(|(body, _)| body.len()).sum();
        let patience = ANSWER_TIMEOUT + Duration::from_secs((bytes / BYTES_PER_SECOND) as u64);
        let id = self.new_id();
        for (number, (body, pairs)) in (1..).zip(messages) {
            let mut headers = headers(&pairs, expected_last.filter(|_| number == 1));
            mark(&mut headers, &id, number);
            self.send_part(subject, headers, body, number, patience).await?;
            if number == 1 {
                faults::point("batch.first");
            }
            if number == count / 2 {
                self.flush_past("batch.half").await;
            }
        }
        let mut headers = headers(&last.1, None);
        mark(&mut headers, &id, count);
        headers.insert(NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL);
        let receipt = self.store(subject, headers, last.0, patience, "batch.sent").await?;
        // A server that knows no batches stores the last message alone and says so.
        if receipt.batch.as_deref() != Some(id.as_str()) || receipt.count != Some(count) {
            return Err(AppendError::Unanswered(format!(
                "a batch of {count} on {subject} was acknowledged as {receipt:?}"
            )));
        }
        Ok(receipt.seq)
    }

    /// Sends a part that does not commit. The first one asks for an answer, so that a stream
    /// that takes no batch, or no more of them now, says so before all the rest is sent.
    async fn send_part(
        &self,
        subject: &str,
        headers: HeaderMap,
        body: Bytes,
        number: usize,
        patience: Duration,
    ) -> Result<(), AppendError> {
        if number > 1 {
            let sent = self.client.publish_with_headers(subject.to_owned(), headers, body);
            return match tokio::time::timeout(patience, sent).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(AppendError::Denied(format!("{subject}: {error}"))),
                Err(_) => Err(AppendError::Unanswered(self.unanswered(patience))),
            };
        }
        let answer = self.ask(subject, Some(headers), body, patience).await?;
        if answer.payload.is_empty() {
            return Ok(());
        }
        match read_answer::<Receipt>(&answer.payload) {
            Ok(Err(refusal)) => Err(AppendError::from(refusal)),
            Ok(Ok(receipt)) => Err(AppendError::Denied(format!(
                "the stream of {subject} takes no batches, it stored the first part by itself \
                 as {}: provision it with allow_atomic",
                receipt.seq
            ))),
            Err(error) => Err(AppendError::Unanswered(format!(
                "the answer to a batch on {subject} is unreadable: {error}"
            ))),
        }
    }

    /// A name that nobody else has.
    pub(crate) fn new_id(&self) -> String {
        let inbox = self.client.new_inbox();
        inbox.rsplit('.').next().unwrap_or_default().to_owned()
    }
}

fn mark(headers: &mut HeaderMap, id: &str, number: usize) {
    headers.insert(NATS_BATCH_ID, id);
    headers.insert(NATS_BATCH_SEQUENCE, number.to_string());
}
