//! A server of language models that does as it is told: OpenAI's chat completions, as far as a
//! client can tell. It shares nothing with the client, and knows no type of ours.
//!
//! Left alone it answers each question at once with something sensible, which follows from the
//! bytes of the question alone: the same question has the same answer on any day.

mod sensible;

use std::collections::VecDeque;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

pub use sensible::{completion, sensible};

pub use crate::scripted::Reply;
use crate::scripted::{self, Listener, lock};

/// How many bodies are kept for inspection, the newest.
const KEPT: usize = 256;

/// What was asked.
#[derive(Debug)]
pub struct Seen<'request> {
    /// The how manieth request it is, from 1.
    pub number: u64,
    /// The request line and headers.
    pub head: &'request str,
    /// The body.
    pub body: &'request str,
}

/// What the server does with a request.
#[derive(Clone, Debug)]
pub enum Act {
    /// Answers.
    Reply(Reply),
    /// Answers after as long as a model takes to think.
    Later(Duration, Reply),
    /// Answers once [`ModelServer::release`] is called.
    Hold(Reply),
    /// Sends so many bytes of the answer, and hangs up.
    Break(usize, Reply),
    /// Says nothing for as long as the client waits.
    Stall,
}

type Script = dyn Fn(&Seen<'_>) -> Act + Send + Sync;

/// The server; gone, with all connections, when it is dropped.
pub struct ModelServer {
    listener: Listener,
    state: Arc<State>,
}

struct State {
    script: Mutex<Arc<Script>>,
    now: Mutex<Now>,
    released: Condvar,
}

#[derive(Default)]
struct Now {
    requests: u64,
    bodies: VecDeque<String>,
    /// Requests that are held, and how often all were let go.
    held: u64,
    releases: u64,
}

impl ModelServer {
    /// One that answers sensibly.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn start() -> ModelServer {
        ModelServer::scripted(|seen| Act::Reply(Reply::new(200, sensible(seen.body))))
    }

    /// One that does what `script` says.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn scripted(script: impl Fn(&Seen<'_>) -> Act + Send + Sync + 'static) -> ModelServer {
        let script: Mutex<Arc<Script>> = Mutex::new(Arc::new(script));
        let now = Mutex::new(Now::default());
        let state = Arc::new(State { script, now, released: Condvar::new() });
        let served = Arc::clone(&state);
        let listener = Listener::start(move |stream| served.serve(stream));
        ModelServer { listener, state }
    }

    /// One that answers with these in turn, and with the last one from then on.
    ///
    /// # Panics
    /// If there are none, or there is no free port.
    pub fn in_turn(acts: Vec<Act>) -> ModelServer {
        assert!(!acts.is_empty(), "nothing to do");
        ModelServer::scripted(move |seen| {
            let number = usize::try_from(seen.number).unwrap_or(usize::MAX);
            acts[number.min(acts.len()) - 1].clone()
        })
    }

    /// Where it is, as a client is configured.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.listener.port())
    }

    /// Another script from now on.
    pub fn set_script(&self, script: impl Fn(&Seen<'_>) -> Act + Send + Sync + 'static) {
        *lock(&self.state.script) = Arc::new(script);
    }

    /// How many requests came whole.
    pub fn requests(&self) -> u64 {
        lock(&self.state.now).requests
    }

    /// The newest bodies, oldest first.
    pub fn bodies(&self) -> Vec<String> {
        lock(&self.state.now).bodies.iter().cloned().collect()
    }

    /// How many requests are held.
    pub fn held(&self) -> u64 {
        lock(&self.state.now).held
    }

    /// Answers all that is held.
    pub fn release(&self) {
        lock(&self.state.now).releases += 1;
        self.state.released.notify_all();
    }

    /// Hangs up on everybody, and refuses connections.
    pub fn die(&self) {
        self.listener.die();
        // What is held has nobody to answer any more.
        self.release();
    }

    /// Listens again, at the same port.
    ///
    /// # Panics
    /// If somebody else has taken the port.
    pub fn revive(&self) {
        self.listener.revive();
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        self.die();
    }
}

impl State {
    /// Serves a connection for as long as both sides keep it.
    fn serve(&self, mut stream: TcpStream) {
        while let Some(request) = scripted::read(&mut stream) {
            let number = self.count(&request.body);
            let script = lock(&self.script).clone();
            let act = script(&Seen { number, head: &request.head, body: &request.body });
            if !self.act(&mut stream, act) {
                let _ = stream.shutdown(Shutdown::Both);
                return;
            }
        }
    }

    fn count(&self, body: &str) -> u64 {
        let mut now = lock(&self.now);
        now.requests += 1;
        if now.bodies.len() == KEPT {
            now.bodies.pop_front();
        }
        now.bodies.push_back(body.to_owned());
        now.requests
    }

    /// False if the connection is over.
    fn act(&self, stream: &mut TcpStream, act: Act) -> bool {
        match act {
            Act::Reply(reply) => scripted::write(stream, &reply, usize::MAX),
            Act::Later(time, reply) => {
                thread::sleep(time);
                scripted::write(stream, &reply, usize::MAX)
            }
            Act::Hold(reply) => {
                self.hold();
                scripted::write(stream, &reply, usize::MAX)
            }
            Act::Break(sent, reply) => {
                let _ = scripted::write(stream, &reply, sent);
                false
            }
            Act::Stall => {
                scripted::stall(stream);
                false
            }
        }
    }

    fn hold(&self) {
        let mut now = lock(&self.now);
        now.held += 1;
        let until = now.releases + 1;
        while now.releases < until {
            now = self.released.wait(now).unwrap_or_else(PoisonError::into_inner);
        }
        now.held -= 1;
    }
}
