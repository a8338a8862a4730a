//! Sees what is new in the stream of frames, for all targets: which worlds there are, which
//! memories each of them names, and where its last message is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Cursor, Position, Start, Stored};
use contract::chain::World;
use contract::frame::Frame;
use contract::options::MemoryTarget;
use contract::problem::Problem;
use contract::subject::StreamName;
use kit::retry::Pauses;
use kit::shutdown::Shutdown;
use tokio::sync::mpsc::UnboundedSender;

use crate::dead_letter;
use crate::ledger::read_world;
use crate::means::wall;

/// Something new of a world.
#[derive(Clone, Debug)]
pub struct News {
    /// The world.
    pub world: World,
    /// Its last message.
    pub last: Position,
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
    /// Worlds without a first frame, of which that is said.
    strange: BTreeSet<World>,
}

/// Messages among which a first frame is looked for.
const LOOK: usize = 64;

impl Scout {
    /// A scout that tells these, and says when a run names a memory that is not one of `names`.
    pub fn new(bus: Bus, listeners: Vec<UnboundedSender<News>>, names: BTreeSet<String>) -> Scout {
        Scout { bus, listeners, names, memories: BTreeMap::new(), strange: BTreeSet::new() }
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
        let actions = self.bus.prefix().all(StreamName::Actions);
        let world = stored.subject.strip_prefix(actions.trim_end_matches('>'));
        let Some(world) = world.and_then(read_world) else {
            tracing::error!("{} is no world's subject", stored.subject);
            return;
        };
        let memories = match self.memories.get(&world) {
            Some(memories) => Arc::clone(memories),
            None => self.look(&world).await,
        };
        let news = News { world, last: Position::of(stored), memories };
        for listener in &self.listeners {
            // One that is gone has ended with the service.
            let _gone = listener.send(news.clone());
        }
    }

    /// The memories that the first frame of a world names. A world that has none is no world yet:
    /// nobody reads it, so what stands there is reported here.
    async fn look(&mut self, world: &World) -> Arc<[MemoryTarget]> {
        let subject = self.bus.prefix().actions(&world.run_id, world.platform);
        let read = || self.bus.window(StreamName::Actions, &subject, 0, LOOK);
        let begin = insist("read a first frame", read).await.messages;
        let Some(first) = begin.iter().find_map(|stored| first_frame(world, stored).ok()) else {
            if self.strange.insert(world.clone()) {
                self.report(world, &begin).await;
            }
            return Arc::default();
        };
        let memories: Arc<[MemoryTarget]> = first.memory.unwrap_or_default().into();
        for memory in memories.iter().filter(|memory| !self.names.contains(&memory.target)) {
            let name = &memory.target;
            tracing::warn!(world = %world, "{world} names memory {name:?}, which is none of ours");
        }
        self.memories.insert(world.clone(), Arc::clone(&memories));
        memories
    }

    /// Keeps messages that are no first frame as dead letters.
    async fn report(&self, world: &World, messages: &[Stored]) {
        for stored in messages {
            let Err(found) = first_frame(world, stored) else { continue };
            let problem = Problem::new(&stored.subject, found, "the first frame of its world");
            tracing::error!(sequence = stored.sequence, "not remembered: {problem}");
            let prefix = self.bus.prefix();
            let letter = dead_letter::of_message(prefix, None, stored, problem, wall());
            insist("store a dead letter", || self.bus.append(letter.clone())).await;
        }
    }
}

/// The first frame of a world, or its first part.
///
/// # Errors
/// What it is in its place.
fn first_frame(world: &World, stored: &Stored) -> Result<Frame, String> {
    let frame: Frame = serde_json::from_slice(&stored.body).map_err(|error| error.to_string())?;
    let Frame { run_id, platform, tick, part, parts, .. } = &frame;
    if (run_id, platform) != (&world.run_id, &world.platform) {
        return Err(format!("a frame of {run_id}.{platform}"));
    }
    if (*tick, *part) != (0, 1) {
        return Err(format!("part {part} of tick {tick}"));
    }
    match *parts > 1 || frame.digest == frame.compute_digest() {
        true => Ok(frame),
        false => Err(format!("a frame whose digest is not {}", frame.digest)),
    }
}

/// Tries until it succeeds.
async fn insist<T, E: ToString, F: Future<Output = Result<T, E>>>(
    what: &str,
    work: impl Fn() -> F,
) -> T {
    let mut pauses = Pauses::new(Duration::from_millis(250), Duration::from_secs(10));
    loop {
        match work().await {
            Ok(value) => return value,
            Err(error) => {
                tracing::warn!("failed to {what}, trying again: {}", error.to_string());
            }
        }
        pauses.wait().await;
    }
}
