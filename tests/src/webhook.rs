//! A webhook's receiver: it keeps what it is given, once for each `Idempotency-Key`. It shares
//! nothing with the client, and knows no type of ours.

use std::collections::BTreeSet;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::scripted::{self, Listener, Reply, Request, lock};

/// The server; gone, with all connections, when it is dropped.
pub struct WebhookServer {
    listener: Listener,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    keys: BTreeSet<String>,
    kept: Vec<Value>,
    posts: u64,
    bad: Option<String>,
    hushed: Option<u64>,
}

impl WebhookServer {
    /// One that takes what it is given.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn start() -> WebhookServer {
        let state = Arc::new(Mutex::new(State::default()));
        let served = Arc::clone(&state);
        let listener = Listener::start(move |stream| serve(stream, &served));
        WebhookServer { listener, state }
    }

    /// Where it is, as a client is configured.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/episodes", self.listener.port())
    }

    /// Refuses whatever holds this marker.
    pub fn refuse(&self, marker: &str) {
        lock(&self.state).bad = Some(marker.to_owned());
    }

    /// Hangs up, having taken it, on every so manieth post that is new to it.
    pub fn hush(&self, every: u64) {
        lock(&self.state).hushed = Some(every);
    }

    /// The bodies that it keeps, in the order in which they came.
    pub fn kept(&self) -> Vec<Value> {
        lock(&self.state).kept.clone()
    }

    /// Hangs up on everybody, and refuses connections.
    pub fn die(&self) {
        self.listener.die();
    }

    /// Listens again, at the same port.
    ///
    /// # Panics
    /// If somebody else has taken the port.
    pub fn revive(&self) {
        self.listener.revive();
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    while let Some(request) = scripted::read(&mut stream) {
        let reply = lock(state).take(&request);
        let goes_on = reply.is_some_and(|reply| scripted::write(&mut stream, &reply, usize::MAX));
        if !goes_on {
            let _ = stream.shutdown(Shutdown::Both);
            return;
        }
    }
}

impl State {
    /// `None`: it hangs up.
    fn take(&mut self, request: &Request) -> Option<Reply> {
        let Some(key) = request.header("idempotency-key") else {
            return Some(Reply::new(400, "{\"message\": \"no Idempotency-Key\"}"));
        };
        let Ok(body) = serde_json::from_str::<Value>(&request.body) else {
            return Some(Reply::new(400, "{\"message\": \"no JSON\"}"));
        };
        if self.bad.as_ref().is_some_and(|bad| request.body.contains(bad)) {
            return Some(Reply::new(422, "{\"message\": \"this cannot be read\"}"));
        }
        if !self.keys.insert(key.to_owned()) {
            return Some(Reply::new(409, "{\"message\": \"it is here already\"}"));
        }
        self.kept.push(body);
        self.posts += 1;
        let is_hushed = self.hushed.is_some_and(|every| self.posts.is_multiple_of(every));
        (!is_hushed).then(|| Reply::new(202, "{}"))
    }
}
