//! A webhook: one POST per batch, named by its `Idempotency-Key`.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use contract::problem::shorten;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};

use super::template::Template;
use super::{Adapter, DeliveryError, Graph, Receipt, Spoken};
use crate::batch::EpisodeBatch;

/// The header that names a batch: the same batch, sent again, carries the same one.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

const TOTAL_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How much of a response is read.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;
/// The longest wait that a memory can ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

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
    client: Client,
    webhook: Webhook,
}

impl HttpMemory {
    /// A client for `webhook`. Nothing is sent yet.
    ///
    /// # Errors
    /// If there is no TLS to be had, e.g. where the system has no certificates.
    pub fn new(webhook: Webhook) -> anyhow::Result<HttpMemory> {
        // An error means that a provider is installed already, which is as good.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder()
            .redirect(Policy::none())
            .timeout(TOTAL_TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(concat!("shoal-memory-sink/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&webhook.url) {
            // The operator's proxy, if there is one, cannot reach what only we can.
            client = client.no_proxy();
        }
        Ok(HttpMemory { client: client.build()?, webhook })
    }

    /// Scheme, host and port.
    pub fn place(&self) -> String {
        self.webhook.url.origin().ascii_serialization()
    }

    /// What a response says in words: its status, and the beginning of its body without
    /// what it may repeat of our secrets.
    async fn words(&self, mut response: Response) -> String {
        let status = response.status();
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() >= MAX_RESPONSE_BYTES {
                body.truncate(MAX_RESPONSE_BYTES);
                break;
            }
        }
        let mut text = String::from_utf8_lossy(&body).into_owned();
        for secret in self.webhook.secrets() {
            text = text.replace(secret, "***");
        }
        let text: Vec<&str> = text.split_whitespace().collect();
        match shorten(&text.join(" "), 200) {
            text if text.is_empty() => format!("it answered {status}"),
            text => format!("it answered {status}: {text}"),
        }
    }
}

impl Webhook {
    /// What must not be shown, as far as it is long enough to be one: an operator may have put
    /// a secret into a header, or anywhere into the address.
    fn secrets(&self) -> impl Iterator<Item = &str> {
        let headers = self.headers.values().filter_map(|value| value.to_str().ok());
        let query = self.url.query().unwrap_or_default().split('&');
        let query = query.map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value));
        let address = [self.url.password().unwrap_or_default(), self.url.path()];
        headers.chain(query).chain(address).filter(|secret| secret.len() >= 4)
    }
}

impl Adapter for HttpMemory {
    async fn deliver(&self, _graph: &Graph, batch: &EpisodeBatch) -> Spoken<Receipt> {
        Spoken::of(self.post(batch).await)
    }
}

impl HttpMemory {
    async fn post(&self, batch: &EpisodeBatch) -> Result<Receipt, DeliveryError> {
        let reject = |reason: String| DeliveryError::Reject { reason };
        let body = serde_json::to_vec(&self.webhook.body.fill(batch))
            .map_err(|error| reject(error.to_string()))?;
        let key = HeaderValue::from_str(&batch.id()).map_err(|error| reject(error.to_string()))?;
        let mut headers = self.webhook.headers.clone();
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
        headers.insert(IDEMPOTENCY_KEY, key);
        let request = self.client.post(self.webhook.url.clone()).headers(headers).body(body);
        let response = request.send().await.map_err(unsent)?;
        faults::point("sink.sent");
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| {
            let seconds = value.to_str().ok()?.trim().parse().ok()?;
            Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
        });
        let words = self.words(response).await;
        classify(status, retry_after, words)
    }
}

/// What a status means. `Retry-After` is honoured as seconds; a date counts as none.
fn classify(
    status: u16,
    after: Option<Duration>,
    reason: String,
) -> Result<Receipt, DeliveryError> {
    match status {
        200..=299 => Ok(Receipt::Taken),
        409 => Ok(Receipt::AlreadyThere),
        401 | 403 => Err(DeliveryError::Unauthorized { reason }),
        408 | 425 | 429 | 500.. => Err(DeliveryError::Retry { after, reason }),
        // To follow would hand the batch and our headers to somebody whom nobody named; to
        // reject would lose what a corrected address can still take.
        ..=399 => Err(DeliveryError::Retry {
            after,
            reason: format!("{reason} (redirects are not followed: name the final address)"),
        }),
        400..=499 => Err(DeliveryError::Reject { reason }),
    }
}

/// What it means that there is no response.
fn unsent(error: reqwest::Error) -> DeliveryError {
    let error = error.without_url();
    let reason = chain(&error);
    if error.is_builder() {
        DeliveryError::Reject { reason }
    } else if error.is_connect() {
        DeliveryError::Retry { after: None, reason }
    } else {
        DeliveryError::Unknown { reason }
    }
}

/// An error and its causes in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let address = host.parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
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
        HttpMemory::new(Webhook { url, headers, body: Template::all_fields() }).unwrap()
    }

    #[tokio::test]
    async fn a_batch_is_posted_under_its_name() {
        let server = HttpServer::start(vec![Answer::status(200), Answer::status(409)]).await;
        let memory = memory(&server).await;
        let batch = batch(&["CREATE_POST", "FOLLOW"]);
        assert_eq!(memory.post(&batch).await, Ok(Receipt::Taken));
        assert_eq!(memory.post(&batch).await, Ok(Receipt::AlreadyThere));
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
        let dated = Answer::status(503).header("Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT");
        let moved = Answer::status(302).header("Location", "http://127.0.0.1:1/");
        let refused = Answer::status(401).body("no such token: Bearer s3cret, t0ken");
        let broken = Answer::status(422).body("field x is missing");
        let server =
            HttpServer::start(vec![busy, dated, moved, refused, broken, Answer::Reset]).await;
        let memory = memory(&server).await;
        let mut outcomes = Vec::new();
        for _ in 0..6 {
            outcomes.push(memory.post(&batch(&["FOLLOW"])).await.unwrap_err());
        }
        let retry = |after, reason: &str| DeliveryError::Retry { after, reason: reason.to_owned() };
        assert_eq!(
            outcomes[..5],
            [
                retry(Some(Duration::from_secs(7)), "it answered 429 Too Many Requests: slow down"),
                retry(None, "it answered 503 Service Unavailable"),
                retry(
                    None,
                    "it answered 302 Found (redirects are not followed: name the final address)"
                ),
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
        let error = memory(&server).await.post(&batch(&["FOLLOW"])).await.unwrap_err();
        let DeliveryError::Reject { reason } = error else { panic!("{error:?}") };
        assert!(reason.len() < 300, "{} bytes", reason.len());
    }

    #[tokio::test]
    async fn nobody_at_the_address_is_known_not_to_have_taken_it() {
        let server = HttpServer::start(Vec::new()).await;
        let memory = memory(&server).await;
        server.stop().await;
        let error = memory.post(&batch(&["FOLLOW"])).await.unwrap_err();
        assert!(matches!(&error, DeliveryError::Retry { after: None, .. }), "{error:?}");
    }
}
