//! Connections: how many, how long they may take to say what they want, and how they end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use kit::shutdown::Shutdown;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::patience::Patient;

/// What a connection may do.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at a time; those beyond are told so, and closed.
    pub connections: usize,
    /// How long a request's head may take, and a connection be idle before it.
    pub head: Duration,
    /// How long the other side may read nothing of what it is sent.
    pub stall: Duration,
}

/// Headers of a request.
const MAX_HEADERS: usize = 64;

/// Bytes of a request's head.
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// Before connections are accepted again where the system had no more for us.
const NO_MORE: Duration = Duration::from_millis(100);

/// Answers to connections that are too many, at a time.
const TURNED_AWAY: usize = 64;

/// How long such an answer may take.
const TURNING_AWAY: Duration = Duration::from_secs(1);

impl Default for Limits {
    fn default() -> Limits {
        let (head, stall) = (Duration::from_secs(10), Duration::from_secs(60));
        Limits { connections: 1024, head, stall }
    }
}

/// Serves until `shutdown` is wished, and then until the requests under way are answered.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, shutdown: Shutdown) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let turning_away = Arc::new(Semaphore::new(TURNED_AWAY));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.wished() => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                if !is_of_one_connection(&error) {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(NO_MORE).await;
                }
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            if let Ok(place) = Arc::clone(&turning_away).try_acquire_owned() {
                tokio::spawn(async move {
                    let _ = tokio::time::timeout(TURNING_AWAY, turn_away(stream)).await;
                    drop(place);
                });
            }
            continue;
        };
        // What is sent is whole answers: nothing is won by waiting for more.
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(router.clone());
        let io = TokioIo::new(Patient::new(stream, limits.stall));
        let connection = graceful.watch(http.serve_connection(io, service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended badly");
            }
            drop(place);
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

/// The other side was gone before it was accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Says that there are too many, and closes.
async fn turn_away(mut stream: TcpStream) -> io::Result<()> {
    const BODY: &str = "{\"success\":false,\"error\":\"too many connections at a time; close some, \
                        or ask again in a moment\"}";
    let head = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nretry-after: 1\r\nconnection: close\r\n\r\n",
        BODY.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(BODY.as_bytes()).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use std::net::SocketAddr;
    use tokio::io::AsyncReadExt as _;
    use tokio::task::JoinHandle;

    const LIMITS: Limits = Limits {
        connections: 3,
        head: Duration::from_millis(300),
        stall: Duration::from_millis(300),
    };

    async fn start(limits: Limits) -> (SocketAddr, kit::shutdown::Trigger, JoinHandle<()>) {
        let large = || async { vec![b'x'; 64 << 20] };
        let router = Router::new().route("/", get(|| async { "here" })).route("/large", get(large));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (trigger, shutdown) = Shutdown::manual();
        (address, trigger, tokio::spawn(serve(listener, router, limits, shutdown)))
    }

    async fn connect(address: SocketAddr) -> TcpStream {
        TcpStream::connect(address).await.unwrap()
    }

    /// All that comes until the other side closes.
    async fn rest(stream: &mut TcpStream) -> String {
        let mut all = Vec::new();
        // One that was cut off has said what it said.
        let _ = stream.read_to_end(&mut all).await;
        String::from_utf8_lossy(&all).into_owned()
    }

    async fn ask(stream: &mut TcpStream, head: &str) -> String {
        stream.write_all(head.as_bytes()).await.unwrap();
        rest(stream).await
    }

    #[tokio::test]
    async fn who_is_slow_to_say_what_it_wants_is_cut_off() {
        let (address, _trigger, _serving) = start(LIMITS).await;
        for head in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: x\r\nx: "] {
            let mut stream = connect(address).await;
            let said = ask(&mut stream, head).await;
            assert!(said.is_empty() || said.starts_with("HTTP/1.1 408"), "{head:?}: {said}");
        }
        let mut stream = connect(address).await;
        let said = ask(&mut stream, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(said.ends_with("here"), "answered, and closed when it was idle: {said}");
    }

    #[tokio::test]
    async fn who_says_too_much_is_refused() {
        let (address, _trigger, _serving) = start(LIMITS).await;
        let many: String = (0..100).map(|i| format!("x-{i}: 1\r\n")).collect();
        let long = format!("x: {}\r\n", "y".repeat(2 * MAX_HEAD_BYTES));
        for headers in [many, long] {
            let mut stream = connect(address).await;
            let said = ask(&mut stream, &format!("GET / HTTP/1.1\r\n{headers}\r\n")).await;
            assert!(said.is_empty() || said.starts_with("HTTP/1.1 431"), "{said}");
        }
    }

    #[tokio::test]
    async fn who_reads_nothing_is_cut_off() {
        let (address, _trigger, _serving) = start(Limits { connections: 1, ..LIMITS }).await;
        let mut stalled = connect(address).await;
        stalled.write_all(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        // There is one place: somebody else gets it once the first is cut off.
        loop {
            let mut other = connect(address).await;
            let said =
                ask(&mut other, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
            if said.ends_with("here") {
                break;
            }
            assert!(said.contains("too many connections") || said.is_empty(), "{said}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(rest(&mut stalled).await.len() < 64 << 20);
    }

    #[tokio::test]
    async fn connections_beyond_the_limit_are_told_so() {
        let patient = Limits { head: Duration::from_secs(60), ..LIMITS };
        let (address, trigger, serving) = start(patient).await;
        let mut first = Vec::new();
        for _ in 0..patient.connections {
            let mut stream = connect(address).await;
            stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
            assert_ne!(stream.read(&mut [0; 1000]).await.unwrap(), 0);
            first.push(stream);
        }
        let said = rest(&mut connect(address).await).await;
        assert!(said.starts_with("HTTP/1.1 503") && said.contains("retry-after: 1"), "{said}");
        // Idle connections do not hold up the end.
        trigger.pull();
        serving.await.unwrap();
        assert_eq!(rest(&mut first[0]).await, "");
    }
}
