//! A Zep that does as it is told: both dialects, as far as a client can tell. It shares nothing
//! with the client, and knows no type of ours.
//!
//! Left alone it takes what it is given and keeps it, as the real one would. A script may have it
//! do something else with each request: refuse it, or take it and not say so.

mod store;
#[cfg(test)]
mod tests;

use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

pub use self::store::Kept;
use self::store::{Store, What};
pub use crate::scripted::Reply;
use crate::scripted::{self, Listener, Request, lock};

/// The key that it knows.
pub const KEY: &str = "z_scripted-0123456789-abcdef";

/// What was asked.
#[derive(Debug)]
pub struct Seen<'request> {
    /// The how manieth request it is, from 1.
    pub number: u64,
    /// The how manieth episode it would add, from 1; 0 if it adds none.
    pub write: u64,
    /// `GET` or `POST`, and where to.
    pub target: &'request str,
    /// The text to add, if it is one.
    pub data: Option<&'request str>,
}

/// What the server does with a request.
#[derive(Clone, Debug)]
pub enum Act {
    /// What is asked of it.
    Serve,
    /// What is asked of it, but it answers otherwise.
    Hush(Answer),
    /// Nothing, and answers this.
    Refuse(Answer),
}

/// How the server answers if not by the truth.
#[derive(Clone, Debug)]
pub enum Answer {
    /// With this.
    Reply(Reply),
    /// With this, a letter of its body every 50 ms.
    Drip(Reply),
    /// By hanging up.
    Reset,
    /// Not at all, for as long as the client waits.
    Stall,
}

impl Act {
    /// Refuses with a status and a message.
    pub fn refuse(status: u16, message: &str) -> Act {
        let body = serde_json::json!({ "message": message });
        Act::Refuse(Answer::Reply(Reply::new(status, body.to_string())))
    }

    /// Refuses as an account does that has asked too much.
    pub fn too_many(retry_after: Option<u64>) -> Act {
        let mut reply = Reply::new(429, "Rate limit exceeded for FREE plan")
            .header("content-type", "text/plain")
            .header("x-ratelimit-limit", "5")
            .header("x-ratelimit-remaining", "0");
        if let Some(seconds) = retry_after {
            reply = reply.header("retry-after", &seconds.to_string());
        }
        Act::Refuse(Answer::Reply(reply))
    }

    /// Answers with a page as a proxy would, which knows nothing of what was asked.
    pub fn page() -> Act {
        let page = Reply::new(200, "<html><title>Sign in</title></html>");
        Act::Refuse(Answer::Reply(page.header("content-type", "text/html")))
    }

    /// Sends the client elsewhere.
    pub fn redirect(location: &str) -> Act {
        Act::Refuse(Answer::Reply(Reply::new(307, "").header("location", location)))
    }

    /// Answers with so many bytes, having done what was asked.
    pub fn huge(bytes: usize) -> Act {
        Act::Hush(Answer::Reply(Reply::new(202, "x".repeat(bytes))))
    }

    /// Refuses texts of more characters, and those in which the marker is.
    pub fn picky(seen: &Seen<'_>, most: usize, marker: &str) -> Act {
        match seen.data {
            Some(data) if data.contains(marker) => Act::refuse(400, "this cannot be read"),
            Some(data) if data.chars().count() > most => Act::refuse(413, "this is too long"),
            _ => Act::Serve,
        }
    }
}

type Script = dyn Fn(&Seen<'_>) -> Act + Send + Sync;

/// The server; gone, with all connections, when it is dropped.
pub struct ZepServer {
    listener: Listener,
    state: Arc<State>,
}

struct State {
    script: Mutex<Arc<Script>>,
    now: Mutex<Now>,
}

#[derive(Default)]
struct Now {
    requests: u64,
    writes: u64,
    targets: Vec<String>,
    store: Store,
}

impl ZepServer {
    /// One that takes what it is given.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn start() -> ZepServer {
        ZepServer::scripted(|_| Act::Serve)
    }

    /// One that does what `script` says.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn scripted(script: impl Fn(&Seen<'_>) -> Act + Send + Sync + 'static) -> ZepServer {
        let script: Mutex<Arc<Script>> = Mutex::new(Arc::new(script));
        let state = Arc::new(State { script, now: Mutex::default() });
        let served = Arc::clone(&state);
        let listener = Listener::start(move |stream| served.serve(stream));
        ZepServer { listener, state }
    }

    /// One that does these with what adds an episode, in turn, and serves all else.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn with_writes(acts: Vec<Act>) -> ZepServer {
        ZepServer::scripted(move |seen| {
            let at = usize::try_from(seen.write).ok().and_then(|write| write.checked_sub(1));
            at.and_then(|at| acts.get(at)).cloned().unwrap_or(Act::Serve)
        })
    }

    /// Where a dialect (`v2`, `v4`) is, as a client is configured.
    pub fn url(&self, dialect: &str) -> String {
        format!("http://127.0.0.1:{}/api/{dialect}", self.listener.port())
    }

    /// Another script from now on.
    pub fn set_script(&self, script: impl Fn(&Seen<'_>) -> Act + Send + Sync + 'static) {
        *lock(&self.state.script) = Arc::new(script);
    }

    /// Whether it is of before metadata and lists with pages: 3.13.0 and its time.
    pub fn set_old(&self, is_old: bool) {
        lock(&self.state.now).store.is_old = is_old;
    }

    /// How many of the newest episodes of each graph no list shows yet.
    pub fn set_unseen(&self, newest: usize) {
        lock(&self.state.now).store.unseen = newest;
    }

    /// Whether it keeps to `Idempotency-Key`. Left alone it does not: nobody says for how long the
    /// real one does.
    pub fn set_heeds_keys(&self, heeds: bool) {
        lock(&self.state.now).store.heeds_keys = heeds;
    }

    /// Headers of every true answer from now on.
    pub fn set_headers(&self, headers: &[(&str, &str)]) {
        let owned = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        lock(&self.state.now).store.headers = owned.collect();
    }

    /// A graph as somebody else has made it, by the name that it has in the second dialect.
    pub fn make_graph(&self, graph_id: &str) {
        lock(&self.state.now).store.make(Some(graph_id), graph_id);
    }

    /// How many requests came whole.
    pub fn requests(&self) -> u64 {
        lock(&self.state.now).requests
    }

    /// Method and target of every request, oldest first.
    pub fn targets(&self) -> Vec<String> {
        lock(&self.state.now).targets.clone()
    }

    /// The names of the graphs, one for each that there is, in the order of their making.
    pub fn graphs(&self) -> Vec<String> {
        lock(&self.state.now).store.names()
    }

    /// The episodes of all graphs of this name, in the order in which they were taken.
    pub fn episodes(&self, graph: &str) -> Vec<Kept> {
        lock(&self.state.now).store.episodes(graph)
    }

    /// The lines of all these episodes: one for each action.
    pub fn lines(&self, graph: &str) -> Vec<String> {
        let episodes = self.episodes(graph);
        episodes.iter().flat_map(|kept| kept.data.lines()).map(str::to_owned).collect()
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

impl State {
    /// Serves a connection for as long as both sides keep it.
    fn serve(&self, mut stream: TcpStream) {
        while let Some(request) = scripted::read(&mut stream) {
            let goes_on = match self.answer(&request) {
                Answer::Reply(reply) => scripted::write(&mut stream, &reply, usize::MAX),
                Answer::Drip(reply) => scripted::drip(&mut stream, &reply),
                Answer::Reset => false,
                Answer::Stall => {
                    scripted::stall(&mut stream);
                    false
                }
            };
            if !goes_on {
                let _ = stream.shutdown(Shutdown::Both);
                return;
            }
        }
    }

    /// Does what the script says with a request.
    fn answer(&self, request: &Request) -> Answer {
        let json: Value = serde_json::from_str(&request.body).unwrap_or(Value::Null);
        let what = What::of(request, json);
        let (number, write) = {
            let mut now = lock(&self.now);
            now.requests += 1;
            now.targets.push(request.target().to_owned());
            now.writes += u64::from(what.data().is_some());
            (now.requests, if what.data().is_some() { now.writes } else { 0 })
        };
        let script = lock(&self.script).clone();
        let act = script(&Seen { number, write, target: request.target(), data: what.data() });
        let truth = |what: &What| lock(&self.now).store.apply(request, what);
        match act {
            Act::Serve => Answer::Reply(truth(&what)),
            Act::Hush(answer) => {
                let _unsaid = truth(&what);
                answer
            }
            Act::Refuse(answer) => answer,
        }
    }
}
