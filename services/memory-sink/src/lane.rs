//! Carries out what [`crate::delivery`] wishes for one graph: reads the stream, writes the ledger,
//! speaks to the memory.

use std::sync::Arc;
use std::time::Duration;

use bus::{Append, Bus, ReadError, Stored};
use contract::chain::World;
use contract::problem::Problem;
use contract::subject::StreamName;
use contract::timestamp::Timestamp;
use faults::Safeguard;
use kit::retry::Pauses;
use kit::shutdown::Shutdown;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::Instant;

use crate::adapters::{Adapter as _, DeliveryError, Graph, Limits, Memory, Receipt, Spoken};
use crate::batch::EpisodeBatch;
use crate::dead_letter;
use crate::delivery::{Delivery, Event, Fate, Manners, Redrive, Shelf, Trouble, Wish};
use crate::ledger::{Ledger, LedgerError, short_name};
use crate::queue::Time;
use crate::target::Target;
use crate::tenure::Tenure;

/// Messages that are read at once.
const WINDOW: usize = 64;
/// A lane that has had nothing to do for so long is put away, and its lease given back.
const IDLE: Duration = Duration::from_secs(30);
/// Before a lane that was in somebody's way tries again.
const AFTER_TAKEN: Duration = Duration::from_secs(5);

/// What a lane is told.
#[derive(Debug)]
pub(crate) enum Note {
    /// There is something of this world up to this sequence.
    More(World, u64),
    /// Send a dead letter once more.
    Again(Redrive, UnboundedSender<(Redrive, Fate)>),
}

/// What all lanes of a target share.
#[derive(Clone)]
pub(crate) struct Means {
    pub(crate) bus: Bus,
    pub(crate) memory: Memory,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) target: Arc<Target>,
    pub(crate) manners: Manners,
    pub(crate) shutdown: Shutdown,
    /// When this process began: the zero of its times.
    pub(crate) began: Instant,
    /// This process among all holders of leases.
    pub(crate) holder: String,
}

/// The work of one graph.
pub(crate) struct Lane {
    means: Means,
    graph: Graph,
    delivery: Delivery,
    notes: UnboundedReceiver<Note>,
    /// Whom to tell of what was sent once more.
    asker: Option<UnboundedSender<(Redrive, Fate)>>,
    tenure: Option<Tenure>,
}

/// Why a lane ends.
enum Halt {
    Shutdown,
    /// There has been nothing to do for a while.
    Idle,
    /// The graph is somebody else's.
    Taken(String),
}

impl Lane {
    /// A lane for a graph of a target.
    pub(crate) fn new(means: Means, graph_id: String, notes: UnboundedReceiver<Note>) -> Lane {
        let delivery = Delivery::new(means.target.policy, means.manners);
        let graph = Graph { id: graph_id, address: None };
        Lane { means, graph, delivery, notes, asker: None, tenure: None }
    }

    /// Works until there is nothing to do, or the shutdown is wished; says for which graph, and
    /// whether it is to be looked at again.
    pub(crate) async fn run(mut self) -> (String, bool) {
        let halt = match self.begin().await {
            Ok(()) => {
                self.means.target.hold(&self.graph.id, true);
                let halt = self.work().await;
                self.means.target.hold(&self.graph.id, false);
                halt
            }
            Err(halt) => halt,
        };
        if let Halt::Taken(why) = &halt {
            let (memory, graph) = (&self.means.target.name, &self.graph.id);
            tracing::warn!(memory, graph, "leaving the graph {graph:?}: {why}");
        }
        self.means.target.set_trouble(&self.graph.id, &Trouble::None, self.delivery.retried());
        if let Some(tenure) = self.tenure.take() {
            tenure.end().await;
        }
        if matches!(halt, Halt::Taken(_)) {
            self.means.pause(AFTER_TAKEN).await;
        }
        self.notes.close();
        let missed = self.notes.try_recv().is_ok();
        (self.graph.id, missed || matches!(halt, Halt::Taken(_)))
    }

    /// Takes the lease of the graph. A file's owner owns all its graphs.
    async fn begin(&mut self) -> Result<(), Halt> {
        if let Ledger::File(_) = *self.means.ledger {
            return Ok(());
        }
        let (bus, holder) = (&self.means.bus, &self.means.holder);
        let key = self.means.lease_key(&self.graph.id);
        let ttl = self.means.lease();
        loop {
            match Tenure::begin(bus, &key, holder, ttl).await {
                Ok(Some(tenure)) => {
                    self.tenure = Some(tenure);
                    return Ok(());
                }
                Ok(None) => {}
                Err(error) => tracing::debug!("the lease {key} cannot be had: {error}"),
            }
            self.means.pause((ttl / 8).min(Duration::from_secs(2))).await;
            if self.means.shutdown.is_wished() {
                return Err(Halt::Shutdown);
            }
        }
    }

    async fn work(&mut self) -> Halt {
        loop {
            if let Err(halt) = self.listen().await {
                return halt;
            }
            let wish = self.delivery.next(self.means.now());
            let done = match wish {
                Wish::Rest(until) => match self.rest(until).await {
                    Ok(()) => continue,
                    Err(halt) => return halt,
                },
                wish => carry_out(&self.means, &mut self.graph, self.tenure.as_ref(), wish).await,
            };
            let event = match done {
                Ok(event) => event,
                Err(halt) => return halt,
            };
            self.delivery.on(event, self.means.now(), dice());
            self.tell();
        }
    }

    /// Takes what it was told, without waiting.
    async fn listen(&mut self) -> Result<(), Halt> {
        while let Ok(note) = self.notes.try_recv() {
            self.take(note).await?;
        }
        Ok(())
    }

    async fn take(&mut self, note: Note) -> Result<(), Halt> {
        match note {
            Note::More(world, sequence) => {
                self.bind(&world).await?;
                self.delivery.on(Event::More(world, sequence), self.means.now(), dice());
            }
            Note::Again(redrive, asker) => {
                self.bind(&redrive.batch.world).await?;
                self.asker = Some(asker);
                self.delivery.redrive(redrive);
            }
        }
        Ok(())
    }

    /// Takes a world up where the ledger says.
    async fn bind(&mut self, world: &World) -> Result<(), Halt> {
        if self.delivery.shelves().contains_key(world) {
            return Ok(());
        }
        let means = &self.means;
        let mut known = means.insist("load the ledger", || means.ledger.world(world)).await?;
        if faults::is_off(Safeguard::Ledger) {
            known = None;
        }
        if let Some(progress) = &mut known
            && let Some(at) = progress.at
        {
            // Where another message stands, the stream is another one.
            let look = || means.bus.message(StreamName::Actions, at.sequence);
            let found = means.insist("look where it was left", look).await?;
            if found.is_none_or(|found| found.at != at.at) {
                tracing::warn!(world = %world, "{world} is read from its beginning once more");
                progress.at = None;
            }
        }
        let language = means.target.policy.language;
        self.delivery.bind(world.clone(), Shelf::new(world, &self.graph.id, language, known));
        Ok(())
    }

    /// Waits until then, or until something happens.
    async fn rest(&mut self, until: Option<Time>) -> Result<(), Halt> {
        let now = self.means.now();
        let pause = until.map_or(IDLE, |until| until.saturating_sub(now));
        let lost = async {
            match &mut self.tenure {
                Some(tenure) => tenure.lost().await,
                None => std::future::pending().await,
            }
        };
        let note = tokio::select! {
            biased;
            () = self.means.shutdown.wished() => return Err(Halt::Shutdown),
            () = lost => return Err(taken()),
            note = self.notes.recv() => note,
            () = tokio::time::sleep(pause) => {
                let idle = until.is_none() && self.delivery.is_idle() && self.notes.is_empty();
                return if idle { Err(Halt::Idle) } else { Ok(()) };
            }
        };
        match note {
            Some(note) => self.take(note).await,
            None => Err(Halt::Shutdown),
        }
    }

    /// Passes on what is known now.
    fn tell(&mut self) {
        let target = &self.means.target;
        for (world, shelf) in self.delivery.shelves() {
            target.note(world, shelf.progress(), shelf.problem());
        }
        target.set_trouble(&self.graph.id, self.delivery.trouble(), self.delivery.retried());
        while let Some(told) = self.delivery.told() {
            if let Some(asker) = &self.asker {
                // Who asked may have gone: the memory has what it took all the same.
                let _gone = asker.send(told);
            }
        }
    }
}

impl Means {
    fn lease_key(&self, graph_id: &str) -> String {
        format!("memory.{}.{}", self.target.name, short_name(graph_id))
    }

    /// Which process works on a graph now, where there can be several.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub(crate) async fn lease_holder(&self, graph_id: &str) -> Result<Option<String>, ReadError> {
        match *self.ledger {
            Ledger::File(_) => Ok(None),
            Ledger::Bus(_) => self.bus.lease_holder(&self.lease_key(graph_id)).await,
        }
    }

    /// How long a lease lives: longer than a request may be under way.
    fn lease(&self) -> Duration {
        self.target.policy.timeout + Duration::from_secs(15).min(self.target.policy.timeout)
    }

    pub(crate) fn now(&self) -> Time {
        self.began.elapsed()
    }

    /// Waits, but not beyond the wish to shut down.
    pub(crate) async fn pause(&self, pause: Duration) {
        tokio::select! {
            () = self.shutdown.wished() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }

    /// Tries until it succeeds; during a shutdown only once.
    async fn insist<T, E: Into<LedgerError>, F: Future<Output = Result<T, E>>>(
        &self,
        what: &str,
        work: impl Fn() -> F,
    ) -> Result<T, Halt> {
        let mut pauses = Pauses::new(self.manners.first, Duration::from_secs(10));
        loop {
            match work().await.map_err(Into::into) {
                Ok(value) => {
                    self.target.set_bus_trouble(None);
                    return Ok(value);
                }
                Err(error @ LedgerError::Taken(_)) => return Err(Halt::Taken(error.to_string())),
                Err(error) => {
                    self.target.set_bus_trouble(Some(format!("failed to {what}: {error}")))
                }
            }
            if self.shutdown.is_wished() {
                return Err(Halt::Shutdown);
            }
            self.pause(pauses.next_pause()).await;
        }
    }

    async fn post(&self, letter: Append) -> Result<(), Halt> {
        faults::point("sink.dead-letter");
        self.insist("store a dead letter", || self.bus.append(letter.clone())).await?;
        faults::point("sink.dead-lettered");
        Ok(())
    }

    /// Waits until the account may be asked something.
    async fn turn(&self, tenure: Option<&Tenure>) -> Result<(), Halt> {
        loop {
            let now = self.now();
            let next = self.target.next_request(now);
            if next <= now {
                break;
            }
            self.pause(next - now).await;
            if self.shutdown.is_wished() {
                return Err(Halt::Shutdown);
            }
        }
        // What is sent must be over before somebody else may send.
        if tenure.is_some_and(|tenure| !tenure.lasts(self.target.policy.timeout)) {
            return Err(taken());
        }
        self.target.asked(self.now());
        Ok(())
    }

    /// Takes note of what a memory said of its limits.
    fn heard<T>(&self, spoken: Spoken<T>) -> Result<T, DeliveryError> {
        let Spoken { outcome, limits } = spoken;
        let after = match &outcome {
            Err(DeliveryError::Retry { after, .. } | DeliveryError::Unknown { after, .. }) => {
                *after
            }
            _ => None,
        };
        if after.is_some() || limits != Limits::default() {
            self.target.heard(limits, after, self.now(), wall());
        }
        outcome
    }
}

/// Does what is wished, and says what came of it.
async fn carry_out(
    means: &Means,
    graph: &mut Graph,
    tenure: Option<&Tenure>,
    wish: Wish<'_>,
) -> Result<Event, Halt> {
    // What is known is noted to the last; nothing new is begun.
    let begins = matches!(
        wish,
        Wish::Read(..)
            | Wish::Open
            | Wish::Recall(_)
            | Wish::Intend(..)
            | Wish::Send(_)
            | Wish::Look(_)
    );
    if begins && means.shutdown.is_wished() {
        return Err(Halt::Shutdown);
    }
    Ok(match wish {
        Wish::Read(world, place) => read(means, world, place).await?,
        Wish::Open => Event::Opened(open(means, graph, tenure).await?),
        Wish::Recall(world) => {
            means.turn(tenure).await?;
            Event::Recalled(means.heard(means.memory.recall(graph, world).await))
        }
        Wish::Intend(batch, progress) => {
            let note = || means.ledger.note(&batch.world, &progress);
            means.insist("note an intent", note).await?;
            faults::point("sink.intent");
            Event::Noted
        }
        Wish::Send(batch) => {
            means.turn(tenure).await?;
            faults::point("sink.sending");
            let answer = means.heard(means.memory.deliver(graph, batch).await);
            if answer == Ok(Receipt::Taken) {
                faults::point("sink.accepted");
            }
            means.say(batch, &answer);
            Event::Answered(answer)
        }
        Wish::Look(batch) => {
            means.turn(tenure).await?;
            Event::Looked(means.heard(means.memory.find(graph, batch).await))
        }
        Wish::Bury(batch, reason) => {
            let (prefix, name) = (means.bus.prefix(), &means.target.name);
            means.post(dead_letter::of_batch(prefix, name, batch, reason, wall())).await?;
            Event::Buried
        }
        Wish::Report(stored, problem) => {
            means.report(stored, problem).await?;
            Event::Buried
        }
        Wish::Settle(batch, progress) => {
            let note = || means.ledger.note(&batch.world, &progress);
            means.insist("note a delivery", note).await?;
            faults::point("sink.noted");
            Event::Noted
        }
        Wish::Save(worlds) => {
            means.insist("save the ledger", || means.ledger.save(&worlds)).await?;
            faults::point("sink.saved");
            Event::Noted
        }
        Wish::Rest(_) => Event::Noted,
    })
}

async fn read(means: &Means, world: &World, place: u64) -> Result<Event, Halt> {
    let subject = means.bus.prefix().actions(&world.run_id, world.platform);
    let window = || means.bus.window(StreamName::Actions, &subject, place, WINDOW);
    let window = means.insist("read the stream of frames", window).await?;
    faults::point("sink.fetched");
    Ok(Event::Read(window.messages, window.behind))
}

/// Finds or makes the graph, and notes what the memory calls it.
async fn open(
    means: &Means,
    graph: &mut Graph,
    tenure: Option<&Tenure>,
) -> Result<Result<(), DeliveryError>, Halt> {
    let look = || means.ledger.address(&graph.id);
    graph.address = means.insist("look up a graph's address", look).await?;
    if graph.address.is_some() {
        return Ok(Ok(()));
    }
    means.turn(tenure).await?;
    let address = match means.heard(means.memory.open(&graph.id).await) {
        Ok(Some(address)) => address,
        Ok(None) => return Ok(Ok(())),
        Err(error) => return Ok(Err(error)),
    };
    let note = || means.ledger.note_address(&graph.id, &address);
    means.insist("note a graph's address", note).await?;
    graph.address = Some(address);
    Ok(Ok(()))
}

impl Means {
    /// Says what became of a batch where that is worth a word.
    fn say(&self, batch: &EpisodeBatch, answer: &Result<Receipt, DeliveryError>) {
        let (memory, id) = (self.target.name.as_str(), batch.id());
        match answer {
            Ok(Receipt::Taken) => tracing::debug!(memory, batch = id, "batch {id} is taken"),
            Ok(Receipt::AlreadyThere) => {
                tracing::info!(memory, batch = id, "the memory had batch {id} already");
            }
            Err(DeliveryError::Reject { reason }) => {
                tracing::warn!(memory, batch = id, "batch {id} is refused: {reason}");
            }
            Err(error) => tracing::debug!(memory, batch = id, "batch {id} is not taken: {error}"),
        }
    }

    /// Says that a message of the stream makes no sense, and keeps it as a dead letter.
    async fn report(&self, stored: &Stored, problem: &Problem) -> Result<(), Halt> {
        let memory = self.target.name.as_str();
        tracing::error!(memory, sequence = stored.sequence, "not remembered: {problem}");
        let prefix = self.bus.prefix();
        self.post(dead_letter::of_message(prefix, Some(memory), stored, problem.clone(), wall()))
            .await
    }
}

fn taken() -> Halt {
    Halt::Taken("its lease is lost".to_owned())
}

fn wall() -> Timestamp {
    Timestamp::from_milliseconds(kit::now_milliseconds())
}

/// Some number: pauses that begin together shall not end together.
fn dice() -> u32 {
    use std::hash::{BuildHasher as _, RandomState};
    let number = RandomState::new().hash_one(0u8) % u64::from(u32::MAX);
    u32::try_from(number).unwrap_or(0)
}
