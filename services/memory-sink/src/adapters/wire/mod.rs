//! How every remote memory is spoken to: one request, one answer, and what is known if there is
//! none. Nothing is tried twice, nothing is followed, and no secret is in any text.

mod head;
mod meaning;
mod secrets;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::fmt;
use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, Url};

use self::meaning::unheard;
pub use self::meaning::{Said, Stake};
pub use self::secrets::Secrets;
use super::{DeliveryError, Limits};

/// How much of an answer is read, unless more is worth it.
pub const MOST: usize = 1 << 20;
/// How much of an answer is looked at for words about it.
const LOOKED_AT: usize = 64 * 1024;
/// The longest that a connection may take, where a request may take that long.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that nobody used for so long is not trusted: one that the other side has closed
/// meanwhile leaves us not knowing what came of a request.
const IDLE: Duration = Duration::from_secs(20);

/// A way to one memory.
#[derive(Clone)]
pub struct Line {
    client: Client,
    secrets: Secrets,
}

/// A request.
pub struct Ask {
    /// `GET` or `POST`.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// All that is beside the length and our name.
    pub headers: HeaderMap,
    /// What is sent.
    pub body: Option<Vec<u8>>,
    /// What is at stake if one does not know what came of it.
    pub stake: Stake,
    /// Bytes of the answer that are read.
    pub most: usize,
}

/// An answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Heard {
    /// The status.
    pub status: u16,
    /// How long to wait, if it says so.
    pub after: Option<Duration>,
    /// What it says of its limits.
    pub limits: Limits,
    /// Where a list goes on: `Zep-Next-Cursor`.
    pub next_cursor: Option<String>,
    /// The body, as much of it as was read.
    pub body: Vec<u8>,
    /// Whether that is all of it.
    pub is_whole: bool,
}

impl Line {
    /// A way to `url`, for requests that take up to `timeout` each, answers included. Nothing is
    /// sent yet.
    ///
    /// # Errors
    /// If there is no TLS to be had, e.g. where the system has no certificates.
    pub fn new(url: &Url, timeout: Duration, secrets: Secrets) -> anyhow::Result<Line> {
        // An error means that a provider is installed already, which is as good.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder()
            .redirect(Policy::none())
            .timeout(timeout)
            // Less than the whole: who is not reached in time is known not to have been reached.
            .connect_timeout(CONNECT_TIMEOUT.min(timeout / 2))
            .pool_idle_timeout(IDLE)
            .user_agent(concat!("shoal-memory-sink/", env!("CARGO_PKG_VERSION")));
        if is_loopback(url) {
            // The operator's proxy, if there is one, cannot reach what only we can.
            client = client.no_proxy();
        }
        Ok(Line { client: client.build()?, secrets })
    }

    /// Sends a request and reads what comes.
    ///
    /// # Errors
    /// There is no answer: `Retry` if the request was not sent, else what is at stake says.
    pub async fn ask(&self, ask: Ask) -> Result<Heard, DeliveryError> {
        let mut request = self.client.request(ask.method, ask.url).headers(ask.headers);
        if let Some(body) = ask.body {
            request = request.body(body);
        }
        let response =
            request.send().await.map_err(|error| unheard(error, ask.stake, &self.secrets))?;
        if ask.stake != Stake::Nothing {
            faults::point("sink.sent");
        }
        Ok(read(response, ask.most).await)
    }

    /// What an answer means.
    pub fn meaning(&self, heard: Heard, stake: Stake) -> Said {
        let is_done = (200..300).contains(&heard.status);
        let words = if is_done { String::new() } else { self.words(&heard) };
        meaning::of(heard, stake, words)
    }

    /// What an answer says in words: its status, and the beginning of its body without what it
    /// may repeat of our secrets.
    pub fn words(&self, heard: &Heard) -> String {
        let looked_at = &heard.body[..heard.body.len().min(LOOKED_AT)];
        let mut text = String::from_utf8_lossy(looked_at);
        if looked_at.len() < heard.body.len() {
            // The last word may be a half of one that is to be hidden.
            let end = text.rfind(char::is_whitespace).unwrap_or(text.len());
            text.to_mut().truncate(end);
        }
        meaning::words(heard.status, &self.secrets.hide(&text))
    }
}

async fn read(mut response: Response, most: usize) -> Heard {
    let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let headers = response.headers();
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let mut heard = Heard {
        status: response.status().as_u16(),
        after: header("retry-after").and_then(|text| head::after(text, unix)),
        limits: head::limits(header, unix),
        next_cursor: header("zep-next-cursor").filter(|it| !it.is_empty()).map(str::to_owned),
        body: Vec::new(),
        is_whole: false,
    };
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => heard.body.extend_from_slice(&chunk),
            Ok(None) => {
                heard.is_whole = true;
                return heard;
            }
            Err(_) => return heard,
        }
        if heard.body.len() > most {
            heard.body.truncate(most);
            return heard;
        }
    }
}

/// An error and its causes in one line, none twice.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = cause.source();
    }
    text
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let address = host.parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").finish_non_exhaustive()
    }
}
