//! Sees what is new in the stream of frames, for all targets: which worlds there are, which
//! memories each of them names, and where its last message is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Cursor, ReadError, Start, Stored};
use contract::chain::World;
use contract::frame::Frame;
use contract::options::MemoryTarget;
use contract::subject::StreamName;
use kit::retry::Pauses;
use kit::shutdown::Shutdown;
use tokio::sync::mpsc::UnboundedSender;

/// Something new of a world.
#[derive(Clone, Debug)]
pub struct News {
    /// The world.
    pub world: World,
    /// Its last message.
    pub sequence: u64,
    /// The memories that its first frame names.
    pub memories: Arc<[MemoryTarget]>,
}

/// Follows the stream without its bodies.
pub struct Scout {
    bus: Bus,
    /// Those who are told.
    listeners: Vec<UnboundedSender<News>>,
    /// The names of all targets.
    names: BTreeSet<String>,
    /// What the first frames name.
    memories: BTreeMap<World, Arc<[MemoryTarget]>>,
}

impl Scout {
    /// A scout that tells these, and says when a run names a memory that is not one of `names`.
    pub fn new(bus: Bus, listeners: Vec<UnboundedSender<News>>, names: BTreeSet<String>) -> Scout {
        Scout { bus, listeners, names, memories: BTreeMap::new() }
    }

    /// Looks on until the shutdown is wished.
    pub async fn run(mut self, shutdown: Shutdown) {
        let mut cursor = tokio::select! {
            () = shutdown.wished() => return,
            cursor = self.open() => cursor,
        };
        loop {
            let stored = tokio::select! {
                biased;
                () = shutdown.wished() => return,
                stored = cursor.next() => stored,
            };
            tokio::select! {
                () = shutdown.wished() => return,
                () = self.tell(&stored) => {}
            }
        }
    }

    /// The last message of each world, then what comes.
    async fn open(&self) -> Cursor {
        let filter = self.bus.prefix().all(StreamName::Actions);
        insist("read the stream of frames", || {
            self.bus.follow_headers(StreamName::Actions, &filter, Start::LastPerSubject)
        })
        .await
    }

    async fn tell(&mut self, stored: &Stored) {
        let Some(world) = self.read_subject(&stored.subject) else {
            tracing::error!("{} is no world's subject", stored.subject);
            return;
        };
        let memories = match self.memories.get(&world) {
            Some(memories) => Arc::clone(memories),
            None => self.look(&world).await,
        };
        let news = News { world, sequence: stored.sequence, memories };
        for listener in &self.listeners {
            // One that is gone has ended with the service.
            let _gone = listener.send(news.clone());
        }
    }

    /// Reads `<prefix>.actions.<run>.<platform>`.
    fn read_subject(&self, subject: &str) -> Option<World> {
        let (rest, platform) = subject.rsplit_once('.')?;
        let (_, run) = rest.rsplit_once('.')?;
        Some(World { run_id: run.parse().ok()?, platform: platform.parse().ok()? })
    }

    /// The memories that the first frame of a world names. One that cannot be read names none;
    /// who follows the world says what is wrong with it.
    async fn look(&mut self, world: &World) -> Arc<[MemoryTarget]> {
        let subject = self.bus.prefix().actions(&world.run_id, world.platform);
        let first =
            insist("read a first frame", || self.bus.window(StreamName::Actions, &subject, 0, 1))
                .await;
        let frame = first.messages.first().and_then(|stored| {
            let frame = serde_json::from_slice::<Frame>(&stored.body).ok()?;
            Some(frame).filter(|frame| frame.tick == 0 && frame.run_id == world.run_id)
        });
        let memories: Arc<[MemoryTarget]> =
            frame.and_then(|frame| frame.memory).unwrap_or_default().into();
        for memory in memories.iter().filter(|memory| !self.names.contains(&memory.target)) {
            let name = &memory.target;
            tracing::warn!(world = %world, "{world} names memory {name:?}, which is none of ours");
        }
        if !first.messages.is_empty() {
            self.memories.insert(world.clone(), Arc::clone(&memories));
        }
        memories
    }
}

/// Tries until it succeeds.
async fn insist<T, F: Future<Output = Result<T, ReadError>>>(
    what: &str,
    work: impl Fn() -> F,
) -> T {
    let mut pauses = Pauses::new(Duration::from_millis(250), Duration::from_secs(10));
    loop {
        match work().await {
            Ok(value) => return value,
            Err(error) => tracing::warn!("failed to {what}, trying again: {error}"),
        }
        pauses.wait().await;
    }
}
