//! A webhook: one POST per batch, named by its `Idempotency-Key`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};

use super::template::Template;
use super::wire::{self, Ask, Line, Said, Secrets, Stake};
use super::{Adapter, DeliveryError, Graph, Receipt, Spoken};
use crate::batch::EpisodeBatch;

/// The header that names a batch: the same batch, sent again, carries the same one.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Where batches are posted, and how.
#[derive(Clone)]
pub struct Webhook {
    /// `http` or `https`. May hold a secret: never shown.
    pub url: Url,
    /// Sent with every batch. May hold secrets: never shown.
    pub headers: HeaderMap,
    /// What is sent.
    pub body: Template,
}

/// A memory behind a webhook.
#[derive(Clone)]
pub struct HttpMemory {
    line: Line,
    webhook: Arc<Webhook>,
}

impl HttpMemory {
    /// A client for `webhook`, which may take `timeout` for an answer. Nothing is sent yet.
    ///
    /// # Errors
    /// If there is no TLS to be had, e.g. where the system has no certificates.
    pub fn new(webhook: Webhook, timeout: Duration) -> anyhow::Result<HttpMemory> {
        let secrets = Secrets::of(&webhook.url, &webhook.headers);
        let line = Line::new(&webhook.url, timeout, secrets)?;
        Ok(HttpMemory { line, webhook: Arc::new(webhook) })
    }

    /// Scheme, host and port.
    pub fn place(&self) -> String {
        self.webhook.url.origin().ascii_serialization()
    }

    /// The request for a batch.
    fn ask(&self, batch: &EpisodeBatch) -> Result<Ask, DeliveryError> {
        let reject = |reason: String| DeliveryError::Reject { reason };
        let body = serde_json::to_vec(&self.webhook.body.fill(batch))
            .map_err(|error| reject(error.to_string()))?;
        let key = HeaderValue::from_str(&batch.id()).map_err(|error| reject(error.to_string()))?;
        let mut headers = self.webhook.headers.clone();
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
        headers.insert(IDEMPOTENCY_KEY, key);
        Ok(Ask {
            method: Method::POST,
            url: self.webhook.url.clone(),
            headers,
            body: Some(body),
            stake: Stake::Named,
            most: wire::MOST,
        })
    }
}

impl Adapter for HttpMemory {
    async fn deliver(&self, _graph: &Graph, batch: &EpisodeBatch) -> Spoken<Receipt> {
        let ask = match self.ask(batch) {
            Ok(ask) => ask,
            Err(error) => return Spoken::of(Err(error)),
        };
        let stake = ask.stake;
        match self.line.ask(ask).await {
            Ok(heard) => {
                let limits = heard.limits;
                let outcome = match self.line.meaning(heard, stake) {
                    Said::Done(_) => Ok(Receipt::Taken),
                    Said::Conflict(_) => Ok(Receipt::AlreadyThere),
                    Said::Refused { error, .. } => Err(error),
                };
                Spoken { outcome, limits }
            }
            Err(error) => Spoken::of(Err(error)),
        }
    }
}

impl fmt::Debug for HttpMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HttpMemory").field(&self.place()).finish()
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Webhook").field(&self.url.origin().ascii_serialization()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::tests::batch;
    use crate::testing::{Answer, HttpServer};

    async fn memory(server: &HttpServer) -> HttpMemory {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_static("Bearer s3cret"));
        let url = format!("{}/hook?token=t0ken", server.url()).parse().unwrap();
        let webhook = Webhook { url, headers, body: Template::all_fields() };
        HttpMemory::new(webhook, Duration::from_secs(30)).unwrap()
    }

    async fn post(memory: &HttpMemory, batch: &EpisodeBatch) -> Result<Receipt, DeliveryError> {
        let graph = Graph { id: batch.graph_id.clone(), address: None };
        memory.deliver(&graph, batch).await.outcome
    }

    #[tokio::test]
    async fn a_batch_is_posted_under_its_name() {
        let server = HttpServer::start(vec![Answer::status(200), Answer::status(409)]).await;
        let memory = memory(&server).await;
        let batch = batch(&["CREATE_POST", "FOLLOW"]);
        assert_eq!(post(&memory, &batch).await, Ok(Receipt::Taken));
        assert_eq!(post(&memory, &batch).await, Ok(Receipt::AlreadyThere));
        let requests = server.requests();
        assert_eq!(requests.len(), 2);
        assert_eq!(requests[0].line, "POST /hook?token=t0ken HTTP/1.1");
        assert_eq!(requests[0].header("idempotency-key"), Some("market-1.twitter.1-2"));
        assert_eq!(requests[0].header("authorization"), Some("Bearer s3cret"));
        assert_eq!(requests[0].header("content-type"), Some("application/json"));
        let body: serde_json::Value = serde_json::from_slice(&requests[0].body).unwrap();
        assert_eq!(body["episodes"], serde_json::json!(batch.episodes));
        assert_eq!(requests[1].body, requests[0].body);
    }

    #[tokio::test]
    async fn each_answer_has_its_meaning() {
        let busy = Answer::status(429).header("Retry-After", "7").body("slow down");
        let dated = Answer::status(503).header("Retry-After", "Fri, 01 Jan 2999 00:00:00 GMT");
        let moved = Answer::status(302).header("Location", "http://127.0.0.1:1/");
        let refused = Answer::status(401).body("no such token: Bearer s3cret, t0ken");
        let broken = Answer::status(422).body("field x is missing");
        let server =
            HttpServer::start(vec![busy, dated, moved, refused, broken, Answer::Reset]).await;
        let memory = memory(&server).await;
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        let mut outcomes = Vec::new();
        for _ in 0..6 {
            outcomes.push(post(&memory, &batch(&["FOLLOW"])).await.unwrap_err());
        }
        let retry = |after, reason: &str| DeliveryError::Retry { after, reason: reason.to_owned() };
        assert_eq!(
            outcomes[..5],
            [
                retry(Some(Duration::from_secs(7)), "it answered 429 Too Many Requests: slow down"),
                retry(Some(DAY), "it answered 503 Service Unavailable"),
                DeliveryError::Misdirected {
                    reason: "it answered 302 Found (redirects are not followed: name the final \
                             address)"
                        .to_owned()
                },
                DeliveryError::Unauthorized {
                    reason: "it answered 401 Unauthorized: no such token: ***, ***".to_owned()
                },
                DeliveryError::Reject {
                    reason: "it answered 422 Unprocessable Entity: field x is missing".to_owned()
                },
            ]
        );
        assert!(matches!(&outcomes[5], DeliveryError::Unknown { .. }), "{:?}", outcomes[5]);
        assert!(!format!("{memory:?} {outcomes:?}").contains("s3cret"));
        assert!(!format!("{memory:?} {outcomes:?}").contains("t0ken"));
    }

    #[tokio::test]
    async fn an_endless_answer_is_cut() {
        let server = HttpServer::start(vec![Answer::status(400).body(&"x".repeat(1 << 20))]).await;
        let error = post(&memory(&server).await, &batch(&["FOLLOW"])).await.unwrap_err();
        let DeliveryError::Reject { reason } = error else { panic!("{error:?}") };
        assert!(reason.len() < 300, "{} bytes", reason.len());
    }

    #[tokio::test]
    async fn nobody_at_the_address_is_known_not_to_have_taken_it() {
        let server = HttpServer::start(Vec::new()).await;
        let memory = memory(&server).await;
        server.stop().await;
        let error = post(&memory, &batch(&["FOLLOW"])).await.unwrap_err();
        assert!(matches!(&error, DeliveryError::Retry { after: None, .. }), "{error:?}");
    }
}
