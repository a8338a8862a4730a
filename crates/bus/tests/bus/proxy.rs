//! A way to the server that loses answers, or takes long.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) struct Proxy {
    port: u16,
    swallows: Arc<AtomicBool>,
    /// Milliseconds that an answer takes longer.
    delay: Arc<AtomicU64>,
    /// Counts the cuts; each connection ends when it changes.
    cuts: watch::Sender<u32>,
}

impl Proxy {
    pub(crate) async fn to(server_port: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let swallows = Arc::new(AtomicBool::new(false));
        let delay = Arc::new(AtomicU64::new(0));
        let cuts = watch::Sender::new(0);
        let (swallowing, cutting) = (Arc::clone(&swallows), cuts.clone());
        let delaying = Arc::clone(&delay);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server_port)).await else {
                    continue;
                };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                let (never, at_once) = (Arc::default(), Arc::default());
                tokio::spawn(carry(from_client, to_server, never, at_once, cutting.subscribe()));
                let (swallowing, delaying) = (Arc::clone(&swallowing), Arc::clone(&delaying));
                let cut = cutting.subscribe();
                tokio::spawn(carry(from_server, to_client, swallowing, delaying, cut));
            }
        });
        Proxy { port, swallows, delay, cuts }
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// From now on, what the server says is lost, or is not any more.
    pub(crate) fn swallow_answers(&self, on: bool) {
        self.swallows.store(on, Ordering::SeqCst);
    }

    /// From now on, what the server says takes so much longer.
    pub(crate) fn delay_answers(&self, delay: Duration) {
        self.delay.store(u64::try_from(delay.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Ends all connections.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    swallows: Arc<AtomicBool>,
    delay: Arc<AtomicU64>,
    mut cut: watch::Receiver<u32>,
) {
    let mut buffer = vec![0; 65536];
    loop {
        let count = tokio::select! {
            count = from.read(&mut buffer) => count.unwrap_or(0),
            _ = cut.changed() => 0,
        };
        if count == 0 {
            return;
        }
        let delay = Duration::from_millis(delay.load(Ordering::SeqCst));
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if !swallows.load(Ordering::SeqCst) && to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
