//! A line between clients and a server that can be cut, frozen and slowed.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::stack::free_port;

/// Stands before a server on this machine; its port stays the same whatever happens to the line.
/// Gone, with all its connections, when the value is dropped.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    line: Arc<Line>,
    listening: Mutex<Option<JoinHandle<()>>>,
}

/// What happens to bytes on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Clear,
    Cut,
    Frozen,
    Slow(Duration),
}

#[derive(Debug)]
struct Line {
    upstream: u16,
    /// A text in what the server says, and what clients read instead.
    rewrite: (&'static str, &'static str),
    now: Mutex<Now>,
    changed: Condvar,
}

#[derive(Debug)]
struct Now {
    state: State,
    /// Both ends of each connection, by a number of its own.
    open: BTreeMap<u64, Vec<TcpStream>>,
    next: u64,
}

impl Proxy {
    /// Begins to pass on to the server at `127.0.0.1:<upstream>`, which need not be there yet.
    pub fn start(upstream: u16) -> Proxy {
        Proxy::rewriting(upstream, "", "")
    }

    /// The same, and changes one text in all that the server says into another.
    ///
    /// # Panics
    /// If they differ in length: payloads are sent with theirs.
    pub fn rewriting(upstream: u16, from: &'static str, to: &'static str) -> Proxy {
        assert_eq!(from.len(), to.len(), "payloads are sent with their length");
        let now = Now { state: State::Cut, open: BTreeMap::new(), next: 0 };
        let now = Mutex::new(now);
        let line = Line { upstream, rewrite: (from, to), now, changed: Condvar::new() };
        let listening = Mutex::new(None);
        let proxy = Proxy { port: free_port(), line: Arc::new(line), listening };
        proxy.heal();
        proxy
    }

    /// Where clients connect.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `nats://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Ends all connections, and lets nobody connect.
    pub fn cut(&self) {
        self.line.turn(State::Cut);
        if let Some(listening) = lock(&self.listening).take() {
            // Wakes it, so that it sees that it is over.
            let _ = TcpStream::connect(("127.0.0.1", self.port));
            let _ = listening.join();
        }
        let open = std::mem::take(&mut lock(&self.line.now).open);
        open.into_values().flatten().for_each(|end| close(&end));
    }

    /// Half-open: all connections stay and new ones are taken, and nothing passes, not even that
    /// one side has left. What was on its way arrives once the line is clear.
    pub fn freeze(&self) {
        self.listen();
        self.line.turn(State::Frozen);
    }

    /// Delays what passes, in each direction, for at least this long and at most twice as long.
    pub fn slow(&self, delay: Duration) {
        self.listen();
        self.line.turn(State::Slow(delay));
    }

    /// Passes everything on at once, as in the beginning.
    pub fn heal(&self) {
        self.listen();
        self.line.turn(State::Clear);
    }

    fn listen(&self) {
        let mut listening = lock(&self.listening);
        if listening.is_none() {
            let listener = TcpListener::bind(("127.0.0.1", self.port)).unwrap_or_else(|error| {
                panic!("port {} cannot be listened on: {error}", self.port)
            });
            // What comes before the caller has said how the line is waits to be told.
            self.line.turn(State::Frozen);
            let line = self.line.clone();
            *listening = Some(thread::spawn(move || line.accept(&listener)));
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut();
    }
}

impl Line {
    fn turn(&self, state: State) {
        lock(&self.now).state = state;
        self.changed.notify_all();
    }

    /// Takes connections until the line is cut.
    fn accept(self: Arc<Line>, listener: &TcpListener) {
        for client in listener.incoming().flatten() {
            let Some(number) = self.register(&client) else { return };
            let line = self.clone();
            thread::spawn(move || {
                line.connect(number, client);
                line.forget(number);
            });
        }
    }

    /// Passes both directions on until either ends. The server is connected to only now: on a
    /// frozen line it does not hear of its client.
    fn connect(self: &Arc<Line>, number: u64, client: TcpStream) {
        if !self.pass(Instant::now()) {
            return;
        }
        let Ok(server) = TcpStream::connect(("127.0.0.1", self.upstream)) else { return };
        let _ = client.set_nodelay(true);
        let _ = server.set_nodelay(true);
        let (Ok(questions), Ok(answers), Ok(end)) =
            (client.try_clone(), server.try_clone(), server.try_clone())
        else {
            return;
        };
        match lock(&self.now).open.get_mut(&number) {
            Some(ends) => ends.push(end),
            None => return,
        }
        let line = self.clone();
        let up = thread::spawn(move || line.copy(questions, &server, ("", "")));
        self.copy(answers, &client, self.rewrite);
        let _ = up.join();
    }

    /// Copies until the end, and ends both sides then.
    fn copy(&self, mut source: TcpStream, mut target: &TcpStream, rewrite: (&str, &str)) {
        let (from, to) = (rewrite.0.as_bytes(), rewrite.1.as_bytes());
        let (mut held, mut buffer) = (Vec::new(), vec![0; 256 * 1024]);
        while let Ok(read @ 1..) = source.read(&mut buffer) {
            let arrived = Instant::now();
            held.extend_from_slice(&buffer[..read]);
            let sent = replace(&mut held, from, to);
            if !self.pass(arrived) || target.write_all(&held[..sent]).is_err() {
                break;
            }
            held.drain(..sent);
        }
        // That a side has left is not heard on a frozen line either.
        if self.pass(Instant::now()) {
            let _ = target.write_all(&held);
        }
        close(&source);
        close(target);
    }

    /// Waits until what arrived then may go on; false if the line is cut.
    fn pass(&self, arrived: Instant) -> bool {
        let mut now = lock(&self.now);
        loop {
            now = match now.state {
                State::Clear => return true,
                State::Cut => return false,
                State::Frozen => self.changed.wait(now).unwrap_or_else(PoisonError::into_inner),
                State::Slow(delay) => {
                    let left = delay.saturating_sub(arrived.elapsed());
                    if left.is_zero() {
                        return true;
                    }
                    let waited = self.changed.wait_timeout(now, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// A number for a new connection; `None` once the line is cut.
    fn register(&self, client: &TcpStream) -> Option<u64> {
        let mut now = lock(&self.now);
        if now.state == State::Cut {
            return None;
        }
        let number = now.next;
        now.next += 1;
        now.open.insert(number, client.try_clone().into_iter().collect());
        Some(number)
    }

    fn forget(&self, number: u64) {
        let ends = lock(&self.now).open.remove(&number);
        ends.into_iter().flatten().for_each(|end| close(&end));
    }
}

/// Replaces all of `from`, and says how much may be passed on: what may be the beginning of
/// `from` waits for what comes next.
fn replace(text: &mut [u8], from: &[u8], to: &[u8]) -> usize {
    if from.is_empty() {
        return text.len();
    }
    while let Some(at) = text.windows(from.len()).position(|window| window == from) {
        text[at..at + to.len()].copy_from_slice(to);
    }
    let most = (from.len() - 1).min(text.len());
    let kept = (0..=most).rev().find(|kept| text.ends_with(&from[..*kept])).unwrap_or(0);
    text.len() - kept
}

/// Ends a connection for whoever holds the other end, and for our own readers.
fn close(end: &TcpStream) {
    let _ = end.shutdown(Shutdown::Both);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    /// A server that says back what it hears.
    fn echo() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                thread::spawn(move || std::io::copy(&mut &client, &mut &client));
            }
        });
        port
    }

    fn connect(proxy: &Proxy) -> TcpStream {
        let client = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        client
    }

    fn hear(client: &mut TcpStream, length: usize) -> std::io::Result<String> {
        let mut heard = vec![0; length];
        client.read_exact(&mut heard)?;
        Ok(String::from_utf8(heard).unwrap())
    }

    fn exchange(client: &mut TcpStream, said: &str) -> std::io::Result<String> {
        client.write_all(said.as_bytes())?;
        hear(client, said.len())
    }

    /// Nothing comes for a while; no proof that nothing ever does, which the tests do not need.
    fn hears_nothing(client: &mut TcpStream) -> bool {
        client.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let heard = client.read(&mut [0]);
        client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        heard
            .is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
    }

    #[test]
    fn a_cut_line_ends_what_is_there_and_takes_nobody_until_it_is_healed() {
        let proxy = Proxy::start(echo());
        let mut client = connect(&proxy);
        assert_eq!(exchange(&mut client, "hello").unwrap(), "hello");
        proxy.cut();
        assert!(exchange(&mut client, "hello").is_err());
        let refused = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        proxy.heal();
        assert_eq!(exchange(&mut connect(&proxy), "again").unwrap(), "again");
        proxy.cut();
        proxy.cut();
    }

    #[test]
    fn a_frozen_line_keeps_what_is_on_its_way() {
        let proxy = Proxy::start(echo());
        let mut old = connect(&proxy);
        assert_eq!(exchange(&mut old, "hello").unwrap(), "hello");
        proxy.freeze();
        let mut new = connect(&proxy);
        old.write_all(b"old").unwrap();
        new.write_all(b"new").unwrap();
        assert!(hears_nothing(&mut old) && hears_nothing(&mut new));
        proxy.heal();
        assert_eq!(
            (hear(&mut old, 3).unwrap(), hear(&mut new, 3).unwrap()),
            ("old".into(), "new".into())
        );
    }

    #[test]
    fn a_frozen_line_can_be_cut_and_a_cut_one_frozen() {
        let proxy = Proxy::start(echo());
        proxy.freeze();
        let mut client = connect(&proxy);
        client.write_all(b"hello").unwrap();
        proxy.cut();
        assert!(hear(&mut client, 1).is_err());
        proxy.freeze();
        let mut client = connect(&proxy);
        client.write_all(b"hello").unwrap();
        assert!(hears_nothing(&mut client));
    }

    #[test]
    fn a_slow_line_delays_both_directions_and_heals_at_once() {
        let proxy = Proxy::start(echo());
        let mut client = connect(&proxy);
        let delay = Duration::from_millis(60);
        proxy.slow(delay);
        let start = Instant::now();
        assert_eq!(exchange(&mut client, "hello").unwrap(), "hello");
        assert!(start.elapsed() >= 2 * delay, "{:?}", start.elapsed());
        proxy.slow(Duration::from_secs(3600));
        client.write_all(b"hello").unwrap();
        assert!(hears_nothing(&mut client));
        proxy.heal();
        assert_eq!(hear(&mut client, 5).unwrap(), "hello");
    }

    #[test]
    fn a_side_that_leaves_is_heard_of_by_the_other() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Proxy::start(listener.local_addr().unwrap().port());
        let client = connect(&proxy);
        let (mut server, _) = listener.accept().unwrap();
        drop(client);
        assert_eq!(server.read(&mut [0]).unwrap(), 0);
        let mut client = connect(&proxy);
        drop(listener.accept().unwrap());
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
        wait_until_empty(&proxy);
    }

    fn wait_until_empty(proxy: &Proxy) {
        crate::wait_for("no connection to be kept", || {
            lock(&proxy.line.now).open.is_empty().then_some(())
        });
    }

    #[test]
    fn a_text_is_replaced_wherever_the_chunks_begin_and_end() {
        let proxy = Proxy::rewriting(echo(), "late", "soon");
        let mut client = connect(&proxy);
        client.write_all(b"to be la").unwrap();
        assert_eq!(hear(&mut client, 6).unwrap(), "to be ");
        client.write_all(b"te, or latte").unwrap();
        assert_eq!(hear(&mut client, 14).unwrap(), "soon, or latte");
    }

    #[test]
    fn all_of_much_arrives_in_order() {
        let proxy = Proxy::start(echo());
        let mut client = connect(&proxy);
        let text: String = (0..200_000).map(|number| format!("{number},")).collect();
        let mut writer = client.try_clone().unwrap();
        let sent = text.clone();
        let writing = thread::spawn(move || writer.write_all(sent.as_bytes()));
        assert!(hear(&mut client, text.len()).unwrap() == text);
        writing.join().unwrap().unwrap();
    }
}
