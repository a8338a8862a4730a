//! A server of language models that does as it is told: OpenAI's chat completions, as far as a
//! client can tell. It shares nothing with the client, and knows no type of ours.
//!
//! Left alone it answers each question at once with something sensible, which follows from the
//! bytes of the question alone: the same question has the same answer on any day.

mod sensible;

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub use sensible::{completion, sensible};

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

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Headers beside those that each answer has.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Reply {
    /// A status and a body.
    pub fn new(status: u16, body: impl Into<String>) -> Reply {
        Reply { status, headers: Vec::new(), body: body.into() }
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Reply {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

type Script = dyn Fn(&Seen<'_>) -> Act + Send + Sync;

/// The server; gone, with all connections, when it is dropped.
pub struct ModelServer {
    port: u16,
    state: Arc<State>,
    listening: Mutex<Option<JoinHandle<()>>>,
}

struct State {
    script: Mutex<Arc<Script>>,
    now: Mutex<Now>,
    released: Condvar,
}

#[derive(Default)]
struct Now {
    alive: bool,
    requests: u64,
    bodies: VecDeque<String>,
    /// Connections by a number of their own.
    open: BTreeMap<u64, TcpStream>,
    next: u64,
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
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("a listener has an address").port();
        let script: Mutex<Arc<Script>> = Mutex::new(Arc::new(script));
        let now = Mutex::new(Now::default());
        let state = Arc::new(State { script, now, released: Condvar::new() });
        let server = ModelServer { port, state, listening: Mutex::new(None) };
        server.listen(listener);
        server
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
        format!("http://127.0.0.1:{}/v1", self.port)
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
        let open = {
            let mut now = lock(&self.state.now);
            now.alive = false;
            std::mem::take(&mut now.open)
        };
        for connection in open.into_values() {
            // One that is closed already is as good.
            let _ = connection.shutdown(Shutdown::Both);
        }
        // What is held has nobody to answer any more.
        self.release();
        if let Some(listening) = lock(&self.listening).take() {
            // Wakes it, so that it sees that it is over.
            let _ = TcpStream::connect(("127.0.0.1", self.port));
            let _ = listening.join();
        }
    }

    /// Listens again, at the same port.
    ///
    /// # Panics
    /// If somebody else has taken the port.
    pub fn revive(&self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).expect("our own port");
        self.listen(listener);
    }

    fn listen(&self, listener: TcpListener) {
        lock(&self.state.now).alive = true;
        let state = self.state.clone();
        *lock(&self.listening) = Some(thread::spawn(move || state.accept(&listener)));
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        self.die();
    }
}

impl State {
    fn accept(self: &Arc<State>, listener: &TcpListener) {
        for stream in listener.incoming().flatten() {
            let Ok(end) = stream.try_clone() else { continue };
            let number = {
                let mut now = lock(&self.now);
                if !now.alive {
                    return;
                }
                now.next += 1;
                let number = now.next;
                now.open.insert(number, end);
                number
            };
            let state = self.clone();
            thread::spawn(move || {
                state.serve(stream);
                lock(&state.now).open.remove(&number);
            });
        }
    }

    /// Serves a connection for as long as both sides keep it.
    fn serve(&self, mut stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let mut buffer = Vec::with_capacity(32 * 1024);
        while let Some(body_at) = read_request(&mut stream, &mut buffer) {
            let (head, body) = buffer.split_at(body_at);
            let (head, body) = (String::from_utf8_lossy(head), String::from_utf8_lossy(body));
            let number = self.count(&body);
            let script = lock(&self.script).clone();
            let act = script(&Seen { number, head: &head, body: &body });
            if !self.act(&mut stream, act) {
                return;
            }
            buffer.clear();
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
            Act::Reply(reply) => stream.write_all(&bytes(&reply)).is_ok(),
            Act::Later(time, reply) => {
                thread::sleep(time);
                stream.write_all(&bytes(&reply)).is_ok()
            }
            Act::Hold(reply) => {
                self.hold();
                stream.write_all(&bytes(&reply)).is_ok()
            }
            Act::Break(sent, reply) => {
                let bytes = bytes(&reply);
                let _ = stream.write_all(&bytes[..sent.min(bytes.len())]);
                let _ = stream.shutdown(Shutdown::Both);
                false
            }
            Act::Stall => {
                // Until the client leaves.
                let mut byte = [0];
                while matches!(stream.read(&mut byte), Ok(1..)) {}
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

/// Reads one request; where its body begins. `None` at the end of the connection.
fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<usize> {
    let mut chunk = [0; 16 * 1024];
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let body_at = end + 4;
            let head = std::str::from_utf8(&buffer[..end]).ok()?.to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.map_or(Some(0), |length| length.trim().parse().ok())?;
            while buffer.len() < body_at + length {
                let read = stream.read(&mut chunk).ok().filter(|read| *read > 0)?;
                buffer.extend_from_slice(&chunk[..read]);
            }
            return Some(body_at);
        }
        let read = stream.read(&mut chunk).ok().filter(|read| *read > 0)?;
        buffer.extend_from_slice(&chunk[..read]);
    }
}

fn bytes(reply: &Reply) -> Vec<u8> {
    let Reply { status, headers, body } = reply;
    let mut text = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        // To write to a text cannot fail.
        let _ = write!(text, "{name}: {value}\r\n");
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
