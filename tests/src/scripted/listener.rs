//! A port that can be closed and opened again, with a thread for each connection.

use std::collections::BTreeMap;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use super::lock;

/// The port; closed, with all connections, when it is dropped.
pub(crate) struct Listener {
    port: u16,
    open: Arc<Mutex<Open>>,
    serve: Arc<dyn Fn(TcpStream) + Send + Sync>,
    listening: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Open {
    alive: bool,
    /// Connections by a number of their own.
    connections: BTreeMap<u64, TcpStream>,
    next: u64,
}

impl Listener {
    /// Any free port, whose connections `serve` serves for as long as both sides keep them.
    ///
    /// # Panics
    /// If there is none.
    pub(crate) fn start(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Listener {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("a listener has an address").port();
        let (open, listening) = (Arc::default(), Mutex::new(None));
        let started = Listener { port, open, serve: Arc::new(serve), listening };
        started.listen(listener);
        started
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Hangs up on everybody, and refuses connections.
    pub(crate) fn die(&self) {
        let connections = {
            let mut open = lock(&self.open);
            open.alive = false;
            std::mem::take(&mut open.connections)
        };
        for connection in connections.into_values() {
            // One that is closed already is as good.
            let _ = connection.shutdown(Shutdown::Both);
        }
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
    pub(crate) fn revive(&self) {
        self.listen(TcpListener::bind(("127.0.0.1", self.port)).expect("our own port"));
    }

    fn listen(&self, listener: TcpListener) {
        lock(&self.open).alive = true;
        let (open, serve) = (Arc::clone(&self.open), Arc::clone(&self.serve));
        *lock(&self.listening) = Some(thread::spawn(move || accept(&listener, &open, &serve)));
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.die();
    }
}

fn accept(
    listener: &TcpListener,
    open: &Arc<Mutex<Open>>,
    serve: &Arc<dyn Fn(TcpStream) + Send + Sync>,
) {
    for stream in listener.incoming().flatten() {
        let Ok(end) = stream.try_clone() else { continue };
        let number = {
            let mut open = lock(open);
            if !open.alive {
                return;
            }
            open.next += 1;
            let number = open.next;
            open.connections.insert(number, end);
            number
        };
        let (open, serve) = (Arc::clone(open), Arc::clone(serve));
        thread::spawn(move || {
            let _ = stream.set_nodelay(true);
            serve(stream);
            lock(&open).connections.remove(&number);
        });
    }
}
