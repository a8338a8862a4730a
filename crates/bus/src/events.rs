//! What the connection says beside its answers.
//!
//! A denied publish is never answered; the only trace is an error on the connection. It is
//! logged here, and remembered so that whoever waits in vain can be told why.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_nats::{Event, ServerError};
use tokio::sync::{broadcast, watch};

/// How long a permission violation is taken as the reason of a missing answer.
const MEMORY: Duration = Duration::from_secs(30);

/// The state of one connection, fed by its events.
pub(crate) struct Events {
    link: watch::Sender<Link>,
    /// When there was last a new connection.
    connected_at: Mutex<Instant>,
    /// How often the connection was lost: one that is lost and back at once shows in no state.
    losses: watch::Sender<u64>,
    violations: broadcast::Sender<String>,
    last_violation: Mutex<Option<(Instant, String)>>,
    /// Somebody finds out what is denied, so a denial is no news for the log.
    probing: AtomicBool,
}

/// Whether there is a server at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Up,
    Down,
    Closed,
}

impl Events {
    pub(crate) fn new() -> Events {
        Events {
            link: watch::Sender::new(Link::Up),
            connected_at: Mutex::new(Instant::now()),
            losses: watch::Sender::new(0),
            violations: broadcast::Sender::new(256),
            last_violation: Mutex::new(None),
            probing: AtomicBool::new(false),
        }
    }

    /// Takes one event, for the client's callback.
    pub(crate) fn take(&self, event: &Event) {
        match event {
            Event::Connected => {
                tracing::info!("connected to nats-server");
                // First: whoever sees the link up must not see the time of the one before.
                *self.connected_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
                self.link.send_replace(Link::Up);
            }
            Event::Disconnected => {
                tracing::warn!("lost the connection to nats-server, reconnecting until it is back");
                self.link.send_replace(Link::Down);
                self.losses.send_modify(|losses| *losses += 1);
            }
            Event::Closed => {
                tracing::debug!("connection to nats-server closed");
                self.link.send_replace(Link::Closed);
            }
            Event::Draining => tracing::debug!("draining the connection to nats-server"),
            Event::LameDuckMode => tracing::warn!("nats-server is about to shut down"),
            Event::SlowConsumer(id) => {
                tracing::warn!("subscription {id} is too slow, messages were dropped");
            }
            Event::ServerError(ServerError::Other(text)) if is_violation(text) => {
                match self.probing.load(Ordering::Relaxed) {
                    true => tracing::debug!("nats-server denies: {text}"),
                    false => tracing::error!("nats-server denied something: {text}"),
                }
                self.remember(text);
            }
            Event::ServerError(error) => tracing::error!("nats-server reports: {error}"),
            Event::ClientError(error) => tracing::error!("nats client reports: {error}"),
        }
    }

    fn remember(&self, text: &str) {
        let mut last = self.last_violation.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((Instant::now(), text.to_owned()));
        // Nobody waiting for a violation is the usual case.
        let _ = self.violations.send(text.to_owned());
    }

    /// When the connection was made; `None` while there is none.
    pub(crate) fn connected_since(&self) -> Option<Instant> {
        let is_up = *self.link.borrow() == Link::Up;
        is_up.then(|| *self.connected_at.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Says whether denials are looked for from now on.
    pub(crate) fn set_probing(&self, probing: bool) {
        self.probing.store(probing, Ordering::Relaxed);
    }

    /// The last permission violation, if it is recent enough to explain a missing answer.
    pub(crate) fn recent_violation(&self) -> Option<String> {
        let last = self.last_violation.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().filter(|(at, _)| at.elapsed() < MEMORY).map(|(_, text)| text.clone())
    }

    /// Begins to listen for violations; call it before what may be denied.
    pub(crate) fn listen(&self) -> Violations {
        Violations { receiver: self.violations.subscribe() }
    }

    /// Completes when the connection is lost after this call, however soon it is back.
    pub(crate) fn loss(&self) -> impl Future<Output = ()> + use<> {
        let mut losses = self.losses.subscribe();
        async move {
            if losses.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Completes when the link is in one of `states`.
    pub(crate) async fn until(&self, states: &[Link]) {
        let mut link = self.link.subscribe();
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = link.wait_for(|link| states.contains(link)).await;
    }
}

/// Permission violations from now on.
pub(crate) struct Violations {
    receiver: broadcast::Receiver<String>,
}

impl Violations {
    /// What was heard so far and not yet taken.
    pub(crate) fn heard(&mut self) -> Vec<String> {
        let mut heard = Vec::new();
        loop {
            match self.receiver.try_recv() {
                Ok(text) => heard.push(text),
                Err(broadcast::error::TryRecvError::Lagged(_)) => {}
                Err(_) => return heard,
            }
        }
    }

    /// Completes with the first violation that names `subject`.
    pub(crate) async fn of(&mut self, subject: &str) -> String {
        self.with(&format!("\"{subject}\"")).await
    }

    /// Completes with the first violation that has these words.
    pub(crate) async fn with(&mut self, words: &str) -> String {
        loop {
            match self.receiver.recv().await {
                Ok(text) if text.contains(words) => return text,
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

fn is_violation(text: &str) -> bool {
    text.to_lowercase().contains("permissions violation")
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("link", &*self.link.borrow()).finish_non_exhaustive()
    }
}
