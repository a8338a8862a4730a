//! Brings one target up to date and keeps it there: reads the stream, asks [`crate::batch`]
//! what a frame means, and does it.
//!
//! Each target has a driver with a cursor of its own on the stream, so one that is slow or
//! away holds up no other.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bus::{Append, Bus, Position, Stored};
use contract::frame::Frame;
use contract::problem::Problem;
use contract::timestamp::Timestamp;
use faults::Safeguard;
use kit::retry::Pauses;
use kit::shutdown::Shutdown;

use crate::adapters::sqlite::SqliteMemory;
use crate::adapters::{Adapter, DeliveryError, Graph, Memory, Receipt};
use crate::batch::{EpisodeBatch, Parts, Step, World, judge};
use crate::ledger::{Kept, Ledger, LedgerError, Track};
use crate::render::Language;
use crate::target::{Health, Target};
use crate::{dead_letter, stream};

/// How often what was merely passed over is noted while there is more to read.
const SAVE_EVERY: u32 = 256;

/// How patient a driver is.
#[derive(Clone, Copy, Debug)]
pub struct Manners {
    /// The first pause after a failure.
    pub first: Duration,
    /// The longest.
    pub longest: Duration,
    /// The pause while a memory refuses our credentials.
    pub unauthorized: Duration,
}

impl Manners {
    /// What memories are used to.
    pub const USUAL: Manners = Manners {
        first: Duration::from_millis(250),
        longest: Duration::from_secs(30),
        unauthorized: Duration::from_secs(60),
    };
}

/// All that a driver needs.
pub struct Driver {
    bus: Bus,
    memory: Memory,
    ledger: Ledger,
    target: Arc<Target>,
    manners: Manners,
    shutdown: Shutdown,
    /// The names of all targets, for the one driver that says when a run names another.
    all_names: Option<BTreeSet<String>>,
    parts: Parts,
    /// Worlds whose cursor is ahead of the ledger's.
    ahead: BTreeSet<World>,
    /// The last message up to which everything is settled.
    position: Option<Position>,
    /// Messages read since the ledger was written.
    unsaved: u32,
}

/// Why a driver does not go on.
enum Halt {
    Shutdown,
    /// The ledger is not as we left it.
    Taken(LedgerError),
}

impl Driver {
    /// A driver of `memory`, which writes what it knows to `target`. If it gets `all_names`,
    /// it says when a run names a memory that is not one of them.
    pub fn new(
        bus: Bus,
        memory: Memory,
        ledger: Ledger,
        target: Arc<Target>,
        manners: Manners,
        shutdown: Shutdown,
        all_names: Option<BTreeSet<String>>,
    ) -> Driver {
        Driver {
            bus,
            memory,
            ledger,
            target,
            manners,
            shutdown,
            all_names,
            parts: Parts::default(),
            ahead: BTreeSet::new(),
            position: None,
            unsaved: 0,
        }
    }

    /// What is known of its memory.
    pub fn target(&self) -> Arc<Target> {
        Arc::clone(&self.target)
    }

    /// Its memory, if it is the embedded one.
    pub fn embedded(&self) -> Option<SqliteMemory> {
        match &self.memory {
            Memory::Sqlite(memory) => Some(memory.clone()),
            Memory::Http(_) | Memory::Jsonl(_) => None,
        }
    }

    /// Works until the shutdown is wished; then finishes what is in hand.
    pub async fn run(mut self) {
        loop {
            match self.work().await {
                Halt::Shutdown => return,
                Halt::Taken(error) => {
                    tracing::warn!(memory = self.target.name, "starting over: {error}");
                    self.pause(self.manners.longest).await;
                }
            }
        }
    }

    async fn work(&mut self) -> Halt {
        let mut stream = match self.begin().await {
            Ok(stream) => stream,
            Err(halt) => return halt,
        };
        loop {
            let stored = tokio::select! {
                biased;
                () = self.shutdown.wished() => break,
                stored = stream.next() => stored,
            };
            faults::point("sink.fetched");
            if let Err(halt) = self.take(&stored).await {
                return halt;
            }
        }
        // What fails here is only read once more next time.
        let _saved = self.save().await;
        Halt::Shutdown
    }

    /// Loads the ledger and opens the stream where it says.
    async fn begin(&mut self) -> Result<bus::Cursor, Halt> {
        let mut kept = self.insist("load the ledger", || self.ledger.load()).await?;
        if faults::is_off(Safeguard::Ledger) {
            kept = Kept::default();
        }
        self.target.reload(kept.worlds);
        (self.parts, self.ahead, self.unsaved) = (Parts::default(), BTreeSet::new(), 0);
        self.position = kept.position;
        let open = || stream::open(&self.bus, kept.position);
        self.insist("read the stream of frames", open).await
    }

    /// Takes the next message of the stream.
    async fn take(&mut self, stored: &Stored) -> Result<(), Halt> {
        match self.read(stored) {
            Ok(None) => {}
            Ok(Some((world, track, frame))) => {
                self.settle(stored, world, &track, &frame).await?;
            }
            Err(problem) => self.report(stored, problem).await?,
        }
        self.unsaved += 1;
        if self.parts.are_whole() {
            self.position = Some(Position::of(stored));
        }
        let caught_up = stored.pending == 0 && !self.ahead.is_empty();
        if caught_up || self.unsaved >= SAVE_EVERY {
            self.save().await?;
        }
        Ok(())
    }

    /// The frame that this message completes, if it is one for this target.
    fn read(&mut self, stored: &Stored) -> Result<Option<(World, Track, Frame)>, Problem> {
        let wrong = |found: String, expected: &str| Problem::new(&stored.subject, found, expected);
        let part: Frame = serde_json::from_slice(&stored.body)
            .map_err(|error| wrong(error.to_string(), "a frame"))?;
        let world = World { run_id: part.run_id.clone(), platform: part.platform };
        let subject = self.bus.prefix().actions(&world.run_id, world.platform);
        if subject != stored.subject {
            return Err(wrong(format!("a frame of {world}"), "a frame of its subject's world"));
        }
        let seen = self.target.world(&world);
        // The first frame says where a run's actions go. A run that was not taken up then is
        // none of ours, since the place in the stream is noted only after that.
        if seen.is_none() && part.tick > 0 {
            return Ok(None);
        }
        let whole = self
            .parts
            .push(&world, part)
            .map_err(|error| wrong(error.to_string(), "the parts of a frame, in order"))?;
        let Some(frame) = whole else { return Ok(None) };
        if seen.is_none() {
            self.take_up(&world, &frame);
        }
        Ok(self.target.world(&world).map(|seen| (world, seen.track, frame)))
    }

    /// Binds a world to the graph that its first frame names for this target, if it does.
    fn take_up(&self, world: &World, frame: &Frame) {
        if let Some(names) = &self.all_names {
            for memory in frame.memory.iter().flatten().filter(|m| !names.contains(&m.target)) {
                let name = &memory.target;
                tracing::warn!(world = %world, "{world} names memory {name:?}, which is none of ours");
            }
        }
        let mut wanted = frame.memory.iter().flatten().filter(|m| m.target == self.target.name);
        let Some(first) = wanted.next() else { return };
        if let Some(second) = wanted.next() {
            tracing::error!(
                memory = self.target.name,
                world = %world,
                "{world} names two graphs of one memory, {:?} is not filled", second.graph_id
            );
        }
        tracing::info!(
            memory = self.target.name,
            world = %world,
            graph = first.graph_id,
            "remembering {world}"
        );
        self.target.bind(world.clone(), first.graph_id.clone());
    }

    /// Does what a whole frame means.
    async fn settle(
        &mut self,
        stored: &Stored,
        world: World,
        track: &Track,
        frame: &Frame,
    ) -> Result<(), Halt> {
        match judge(
            track.cursor.as_ref(),
            frame,
            &track.graph_id,
            stored.sequence,
            Language::English,
        ) {
            // The last frame that it had is as it had it: what was wrong is repaired.
            Step::Repeat if track.cursor.as_ref().is_some_and(|at| at.tick == frame.tick) => {
                self.target.agrees(&world);
            }
            Step::Repeat => {}
            Step::Advance(reached) => {
                self.target.advance(&world, reached);
                self.ahead.insert(world);
            }
            Step::Deliver(batch) => self.deliver(track, &batch).await?,
            Step::Refuse(discord) => {
                let text = discord.to_string();
                if self.target.halt(&world, text.clone()) {
                    let expected = "the frame that continues what is remembered";
                    self.report(stored, Problem::new(&stored.subject, text, expected)).await?;
                }
            }
        }
        Ok(())
    }

    /// Sends a batch until its outcome is known. Intent before, done after.
    async fn deliver(&mut self, track: &Track, batch: &EpisodeBatch) -> Result<(), Halt> {
        let (memory, id) = (self.target.name.as_str(), batch.id());
        self.insist("note an intent", || self.ledger.intend(track, batch)).await?;
        faults::point("sink.intent");
        let mut pauses = Pauses::new(self.manners.first, self.manners.longest);
        let graph = Graph { id: batch.graph_id.clone(), address: None };
        loop {
            faults::point("sink.sending");
            let error = match self.memory.deliver(&graph, batch).await.outcome {
                Ok(Receipt::Taken) => {
                    faults::point("sink.accepted");
                    break;
                }
                Ok(Receipt::AlreadyThere) => {
                    tracing::info!(memory, batch = id, "the memory had batch {id} already");
                    break;
                }
                Err(DeliveryError::Reject { reason }) => {
                    tracing::error!(memory, batch = id, "batch {id} is rejected: {reason}");
                    let prefix = self.bus.prefix();
                    let letter = dead_letter::of_batch(prefix, memory, batch, &reason, now());
                    self.post(letter).await?;
                    self.ahead.insert(batch.world.clone());
                    break;
                }
                Err(error) => error,
            };
            let pause = match &error {
                DeliveryError::Retry { after: Some(after), .. } => *after,
                DeliveryError::Unauthorized { .. } => self.manners.unauthorized,
                _ => pauses.next_pause(),
            };
            self.complain(&id, &error, pause);
            self.pause(pause).await;
            if self.shutdown.is_wished() {
                return Err(Halt::Shutdown);
            }
        }
        self.insist("note a delivery", || self.ledger.settle(batch)).await?;
        faults::point("sink.noted");
        self.target.advance(&batch.world, batch.reached.clone());
        self.recover();
        Ok(())
    }

    /// Says that a batch was not taken; loudly only when that is news.
    fn complain(&self, id: &str, error: &DeliveryError, pause: Duration) {
        let health = match error {
            DeliveryError::Unauthorized { reason } => Health::Unauthorized(reason.clone()),
            other => Health::Retrying(other.to_string()),
        };
        let (memory, seconds) = (self.target.name.as_str(), pause.as_secs_f64());
        let text = format!("batch {id} is not taken, trying again in {seconds:.1} s: {error}");
        if self.target.set_health(health) {
            tracing::warn!(memory, batch = id, "{text}");
        } else {
            tracing::debug!(memory, batch = id, "{text}");
        }
    }

    /// Says that a message of the stream makes no sense, and keeps it as a dead letter.
    async fn report(&self, stored: &Stored, problem: Problem) -> Result<(), Halt> {
        let memory = self.target.name.as_str();
        tracing::error!(memory, sequence = stored.sequence, "not remembered: {problem}");
        let prefix = self.bus.prefix();
        self.post(dead_letter::of_message(prefix, memory, stored, problem, now())).await
    }

    async fn post(&self, letter: Append) -> Result<(), Halt> {
        let append = || self.bus.append(letter.clone());
        faults::point("sink.dead-letter");
        self.insist("store a dead letter", append).await?;
        faults::point("sink.dead-lettered");
        Ok(())
    }

    /// Brings the ledger up to date.
    async fn save(&mut self) -> Result<(), Halt> {
        let track = |world: &World| Some((world.clone(), self.target.world(world)?.track));
        let worlds: Vec<(World, Track)> = self.ahead.iter().filter_map(track).collect();
        self.insist("save the ledger", || self.ledger.save(&worlds, self.position)).await?;
        faults::point("sink.saved");
        self.ahead.clear();
        self.unsaved = 0;
        Ok(())
    }

    /// Tries until it succeeds; during a shutdown only once.
    async fn insist<T, E: Into<LedgerError>, F: Future<Output = Result<T, E>>>(
        &self,
        what: &str,
        work: impl Fn() -> F,
    ) -> Result<T, Halt> {
        let mut pauses = Pauses::new(self.manners.first, self.manners.longest);
        let mut failed = false;
        loop {
            let error = match work().await {
                Ok(value) => {
                    if failed {
                        self.recover();
                    }
                    return Ok(value);
                }
                Err(error) => error.into(),
            };
            if matches!(error, LedgerError::Taken(_)) {
                return Err(Halt::Taken(error));
            }
            failed = true;
            let text = format!("failed to {what}: {error}");
            if self.target.set_health(Health::Retrying(text.clone())) {
                tracing::warn!(memory = self.target.name, "{text}, trying again");
            }
            if self.shutdown.is_wished() {
                return Err(Halt::Shutdown);
            }
            self.pause(pauses.next_pause()).await;
        }
    }

    /// Notes that what was tried has succeeded.
    fn recover(&self) {
        if self.target.set_health(Health::Ready) {
            tracing::info!(memory = self.target.name, "it goes on");
        }
    }

    /// Waits, but not beyond the wish to shut down.
    async fn pause(&self, pause: Duration) {
        tokio::select! {
            () = self.shutdown.wished() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

fn now() -> Timestamp {
    Timestamp::from_milliseconds(kit::now_milliseconds())
}

#[cfg(test)]
mod tests;
