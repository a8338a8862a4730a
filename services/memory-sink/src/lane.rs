//! Carries out what [`crate::delivery`] wishes for one graph: reads the stream, writes the ledger,
//! speaks to the memory.

use std::time::Duration;

use contract::chain::World;
use contract::subject::StreamName;
use faults::Safeguard;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::Instant;

use crate::adapters::{Adapter as _, DeliveryError, Graph, Receipt, Sighting};
use crate::batch::EpisodeBatch;
use crate::dead_letter;
use crate::delivery::{Delivery, Event, Fate, Redrive, Shelf, Trouble, Wish};
use crate::ledger::Ledger;
use crate::means::{Halt, Means, taken, wall};
use crate::measures;
use crate::queue::Time;
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
        for world in self.delivery.touched() {
            if let Some(shelf) = self.delivery.shelves().get(&world) {
                target.note(&world, shelf.progress(), shelf.problem());
            }
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
        Wish::Send(batch) => send(means, graph, tenure, batch).await?,
        Wish::Look(batch) => {
            means.turn(tenure).await?;
            let seen = means.heard(means.memory.find(graph, batch).await);
            if seen == Ok(Sighting::There) {
                measures::taken(&means.target.name, batch);
            }
            Event::Looked(seen)
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

async fn send(
    means: &Means,
    graph: &Graph,
    tenure: Option<&Tenure>,
    batch: &EpisodeBatch,
) -> Result<Event, Halt> {
    means.turn(tenure).await?;
    faults::point("sink.sending");
    let (memory, began) = (means.target.name.as_str(), Instant::now());
    let answer = means.heard(means.memory.deliver(graph, batch).await);
    measures::delivered(memory, began, &answer);
    if answer == Ok(Receipt::Taken) {
        faults::point("sink.accepted");
    }
    if answer.is_ok() {
        measures::taken(memory, batch);
    }
    means.say(batch, &answer);
    Ok(Event::Answered(answer))
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

/// Some number: pauses that begin together shall not end together.
fn dice() -> u32 {
    use std::hash::{BuildHasher as _, RandomState};
    let number = RandomState::new().hash_one(0u8) % u64::from(u32::MAX);
    u32::try_from(number).unwrap_or(0)
}
