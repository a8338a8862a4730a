//! The queue before an endpoint, and room at it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use super::CONNECT_MILLISECONDS;
use super::tools::Tools;
use crate::model::endpoint::Endpoint;
use crate::model::limits::taught::Taught;
use crate::model::limits::{End, Limits, Ticket, Use, Wish};

const CONNECT_TIMEOUT: Duration = Duration::from_millis(CONNECT_MILLISECONDS);

/// After how many milliseconds the queue is looked at again, whatever it is that it waits for.
const LONGEST_TIMER: u64 = 60_000;

/// An endpoint, and who waits for it.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) endpoint: Endpoint,
    pub(super) client: Client,
    /// By model: whether it has tools.
    pub(super) tools: BTreeMap<String, Tools>,
    /// What it was last in trouble with; logged when that changes.
    trouble: Mutex<Option<&'static str>>,
    start: Instant,
    queue: Mutex<Queue>,
}

struct Queue {
    limits: Limits,
    waiting: BTreeMap<Ticket, Waiting>,
    next: Ticket,
    /// When it is looked at again, at the latest.
    timer: Option<u64>,
}

struct Waiting {
    tokens: u64,
    go: oneshot::Sender<Room>,
}

/// Room at the endpoint for one request; goes back when it is dropped.
pub(super) struct Room {
    pub(super) line: Arc<Line>,
    tokens: u64,
    /// Since when it is there.
    pub(super) since: u64,
    pub(super) end: End,
}

impl Room {
    /// What the endpoint said that it can take, as it answered this.
    pub(super) fn learn(&self, taught: &Taught) {
        if taught.requests.is_some() || taught.tokens.is_some() {
            let now = self.line.now();
            self.line.queue().limits.learn(now, self.tokens, taught);
        }
    }
}

/// A place in the queue; left when it is dropped.
struct Place<'line> {
    line: &'line Arc<Line>,
    ticket: Ticket,
}

impl Line {
    /// # Errors
    /// If there is no TLS to be had.
    pub(super) fn new(name: &str, endpoint: &Endpoint) -> anyhow::Result<Line> {
        // An error means that a provider is installed already, which is as good.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_max_idle_per_host(endpoint.concurrency)
            .user_agent(concat!("shoal-simulator/", env!("CARGO_PKG_VERSION")));
        if endpoint.is_loopback() {
            // The operator's proxy, if there is one, cannot reach what only we can.
            client = client.no_proxy();
        }
        let Endpoint { concurrency, requests_per_minute, tokens_per_minute, .. } = *endpoint;
        let limits = Limits::new(concurrency, requests_per_minute, tokens_per_minute);
        let tools = |model: &String| (model.clone(), Tools::new(endpoint.tools));
        let queue = Queue { limits, waiting: BTreeMap::new(), next: 0, timer: None };
        Ok(Line {
            name: name.to_owned(),
            endpoint: endpoint.clone(),
            client: client.build()?,
            tools: endpoint.models.iter().map(tools).collect(),
            trouble: Mutex::new(None),
            start: Instant::now(),
            queue: Mutex::new(queue),
        })
    }

    /// Milliseconds since it was made.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Waits for room for a request of so many tokens; `again`: one that had some before.
    pub(super) async fn room(self: &Arc<Line>, wanted: Use, tokens: u64, again: bool) -> Room {
        let (go, gone) = oneshot::channel();
        let place = {
            let mut queue = self.queue();
            let ticket = queue.next;
            queue.next += 1;
            queue.limits.wait(wanted, ticket, tokens, again);
            queue.waiting.insert(ticket, Waiting { tokens, go });
            Place { line: self, ticket }
        };
        self.pump();
        let room = gone.await;
        drop(place);
        match room {
            Ok(room) => room,
            // Whoever takes a sender out of the queue sends.
            Err(_) => std::future::pending().await,
        }
    }

    /// Lets go who may.
    fn pump(self: &Arc<Line>) {
        let mut going = Vec::new();
        let now = self.now();
        {
            let mut queue = self.queue();
            loop {
                match queue.limits.next(now) {
                    Wish::Go(ticket) => going.extend(queue.waiting.remove(&ticket)),
                    Wish::At(at) => {
                        let at = at.min(now + LONGEST_TIMER);
                        if queue.timer.is_none_or(|timer| timer > at) && self.call_at(at) {
                            queue.timer = Some(at);
                        }
                        break;
                    }
                    Wish::Nothing => break,
                }
            }
        }
        for Waiting { tokens, go } in going {
            // A room that nobody takes comes back by being dropped.
            let _ = go.send(Room { line: self.clone(), tokens, since: now, end: End::Unsent });
        }
    }

    /// Looks again at a time; false where there is no runtime any more.
    fn call_at(self: &Arc<Line>, at: u64) -> bool {
        let Ok(runtime) = Handle::try_current() else { return false };
        let line: Weak<Line> = Arc::downgrade(self);
        let when = self.start + Duration::from_millis(at);
        runtime.spawn(async move {
            sleep_until(when).await;
            if let Some(line) = line.upgrade() {
                {
                    let mut queue = line.queue();
                    if queue.timer == Some(at) {
                        queue.timer = None;
                    }
                }
                line.pump();
            }
        });
        true
    }

    /// The endpoint answered, if only to refuse a question.
    pub(super) fn answered(&self) {
        self.queue().limits.answered();
        let was = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take();
        if was.is_some() {
            tracing::info!(endpoint = self.name, "the endpoint of a language model answers again");
        }
    }

    /// The endpoint cannot for now; all wait. It refused what has had its room since then.
    pub(super) fn busy(&self, since: u64, after: Option<u64>) {
        self.queue().limits.busy(self.now(), since, after, jitter());
    }

    /// Whether all wait, also those who have room already.
    pub(super) fn is_paused(&self) -> bool {
        self.queue().limits.is_paused(self.now())
    }

    /// The endpoint is in trouble of some kind; said once as long as that does not change.
    pub(super) fn in_trouble(&self, kind: &'static str, why: &str) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if trouble.replace(kind) != Some(kind) {
            let (endpoint, place) = (&self.name, self.endpoint.place());
            tracing::warn!(endpoint, place, "the endpoint of a language model {kind}: {why}");
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let was_waiting = {
            let mut queue = self.line.queue();
            let waiting = queue.waiting.remove(&self.ticket);
            if waiting.is_some() {
                queue.limits.leave(self.ticket);
            }
            waiting.is_some()
        };
        if was_waiting {
            // Who is next may need less.
            self.line.pump();
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let now = self.line.now();
        self.line.queue().limits.over(now, self.tokens, self.end);
        self.line.pump();
    }
}

/// Between three quarters and five quarters, in thousandths.
fn jitter() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    // Keyed anew at each call; nothing that is recorded depends on it.
    let random = std::hash::RandomState::new().build_hasher().finish();
    750 + random % 501
}
