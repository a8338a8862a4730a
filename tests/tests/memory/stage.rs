//! Everything around a memory, played: the stream, the clock, and the ledger of those that keep
//! none. To die is to forget all but these and the memory itself.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bus::Stored;
use contract::chain::World;
use contract::frame::Frame;
use memory_sink::adapters::{Adapter as _, Graph, Memory, Spoken};
use memory_sink::delivery::{Delivery, Event, Manners, Progress, Shelf, Wish};
use memory_sink::ledger::Ledger;
use memory_sink::policy::{Batching, Policy};
use memory_sink::queue::Time;
use memory_sink::render::{self, Language};
use tokio::runtime::Runtime;

use crate::frames::frame;
use crate::subject::Subject;

/// Messages that are read at once.
const WINDOW: usize = 3;
/// How long a memory may take, as far as the pauses follow from that.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Stages that there have been: each has a run and a graph of its own.
static STAGES: AtomicU32 = AtomicU32::new(0);

/// When the sink dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kill {
    Never,
    /// Before this wish is carried out.
    Before(usize),
    /// After it, before anybody knows what came of it.
    After(usize),
}

/// What the stream has of a world.
#[derive(Default)]
struct Played {
    last: Option<Frame>,
    messages: BTreeMap<u64, Stored>,
    lines: Vec<String>,
}

pub(crate) struct Stage {
    subject: Subject,
    runtime: Runtime,
    policy: Policy,
    run: String,
    graph: Graph,
    now: Time,
    stream: BTreeMap<World, Played>,
    next_sequence: u64,
    ledger: BTreeMap<World, Progress>,
    /// What a graph is called where it is, once that is known.
    address: Option<String>,
    dead: Vec<String>,
    delivery: Delivery,
    /// Wishes carried out; reads and rests change nothing, and are none.
    pub(crate) wishes: usize,
    /// Whether it was killed.
    pub(crate) died: bool,
}

impl Stage {
    /// A graph of its own, with nothing in it.
    pub(crate) fn new(subject: Subject, batching: Batching) -> Stage {
        let number = STAGES.fetch_add(1, Ordering::SeqCst) + 1;
        let policy =
            Policy { language: Language::English, batching, timeout: TIMEOUT, per_minute: None };
        Stage {
            subject,
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
            policy,
            run: format!("run-{number}"),
            graph: Graph { id: format!("graph-{number}"), address: None },
            now: Time::ZERO,
            stream: BTreeMap::new(),
            next_sequence: 1,
            ledger: BTreeMap::new(),
            address: None,
            dead: Vec::new(),
            delivery: Delivery::new(policy, Manners::usual(TIMEOUT)),
            wishes: 0,
            died: false,
        }
    }

    /// Its graph is called otherwise.
    pub(crate) fn name_graph(&mut self, name: &str) {
        name.clone_into(&mut self.graph.id);
    }

    pub(crate) fn subject(&self) -> &Subject {
        &self.subject
    }

    pub(crate) fn graph(&self) -> &str {
        &self.graph.id
    }

    /// The texts of the dead letters.
    pub(crate) fn dead(&self) -> &[String] {
        &self.dead
    }

    /// Batches whose outcome the ledger does not know.
    pub(crate) fn intents(&self) -> usize {
        self.ledger.values().filter(|progress| progress.intent.is_some()).count()
    }

    /// What there is to remember of a world, in order.
    pub(crate) fn expected(&self, platform: &str) -> Vec<String> {
        self.stream.get(&self.world(platform)).map(|it| it.lines.clone()).unwrap_or_default()
    }

    /// All that is known of how far it is, but for what the memory itself knows.
    pub(crate) fn lose_ledger(&mut self) {
        self.ledger.clear();
        self.address = None;
    }

    fn world(&self, platform: &str) -> World {
        World { run_id: self.run.parse().unwrap(), platform: platform.parse().unwrap() }
    }

    /// The next frame of a world is in the stream.
    pub(crate) fn play(&mut self, platform: &str, texts: &[&str]) {
        let world = self.world(platform);
        let played = self.stream.entry(world.clone()).or_default();
        let next = frame(&world, played.last.as_ref(), texts);
        let kept = next.actions.iter().filter(|a| a.success() && a.body.is_memorable());
        played.lines.extend(kept.map(|action| render::line(action, Language::English)));
        // As many parts as may be, where they are short.
        let is_short = texts.iter().all(|text| text.len() < 1_000);
        for body in next.to_messages(if is_short { 1 } else { u32::MAX }) {
            let stored = Stored {
                subject: format!("sim.actions.{world}"),
                sequence: self.next_sequence,
                body: body.into(),
                at: next.timestamp,
                pending: 0,
                headers: Vec::new(),
            };
            played.messages.insert(self.next_sequence, stored);
            self.next_sequence += 1;
        }
        played.last = Some(next);
    }

    /// A sink begins, and works until there is nothing to do before `end`. Killed, the next one
    /// begins on another call.
    pub(crate) fn run(&mut self, end: Time, kill: Kill) {
        let memory = self.subject.open();
        self.delivery = Delivery::new(self.policy, Manners::usual(TIMEOUT));
        self.graph.address = None;
        self.announce(&memory);
        for _ in 0..100_000 {
            let number = self.wishes + 1;
            let wish = self.delivery.next(self.now);
            if let Wish::Rest(until) = wish {
                match until {
                    Some(until) if until < end => self.now = self.now.max(until),
                    _ => {
                        self.now = self.now.max(end);
                        return;
                    }
                }
                continue;
            }
            let counted = !matches!(wish, Wish::Read(..));
            if counted && kill == Kill::Before(number) {
                self.died = true;
                return;
            }
            let around = Around {
                memory: &memory,
                graph: &mut self.graph,
                address: &mut self.address,
                ledger: &mut self.ledger,
                stream: &self.stream,
                dead: &mut self.dead,
            };
            let event = self.runtime.block_on(around.carry_out(wish));
            if counted {
                self.wishes = number;
                if kill == Kill::After(number) {
                    self.died = true;
                    return;
                }
            }
            self.delivery.on(event, self.now, 7);
        }
        panic!("it turns in a circle");
    }

    /// Takes up all worlds, where the ledger says.
    fn announce(&mut self, memory: &Memory) {
        for (world, played) in &self.stream {
            let known = match memory {
                Memory::Sqlite(own) => {
                    let ledger = Ledger::File(own.clone());
                    self.runtime.block_on(ledger.world(world)).unwrap()
                }
                _ => self.ledger.get(world).cloned(),
            };
            let shelf = Shelf::new(world, &self.graph.id, self.policy.language, known);
            self.delivery.bind(world.clone(), shelf);
            let last = *played.messages.last_key_value().unwrap().0;
            self.delivery.on(Event::More(world.clone(), last), self.now, 7);
        }
    }
}

/// What a wish is carried out with.
struct Around<'a> {
    memory: &'a Memory,
    graph: &'a mut Graph,
    address: &'a mut Option<String>,
    ledger: &'a mut BTreeMap<World, Progress>,
    stream: &'a BTreeMap<World, Played>,
    dead: &'a mut Vec<String>,
}

impl Around<'_> {
    async fn carry_out(self, wish: Wish<'_>) -> Event {
        match wish {
            Wish::Read(world, place) => {
                let mut behind = self.stream[world].messages.range(place + 1..);
                let read: Vec<Stored> =
                    behind.by_ref().take(WINDOW).map(|(_, stored)| stored.clone()).collect();
                Event::Read(read, u64::from(behind.next().is_some()))
            }
            Wish::Open => Event::Opened(self.open().await),
            Wish::Recall(world) => {
                Event::Recalled(self.memory.recall(self.graph, world).await.outcome)
            }
            Wish::Intend(batch, progress) | Wish::Settle(batch, progress) => {
                // The embedded memory has its cursor in the transaction of the batch.
                if !matches!(self.memory, Memory::Sqlite(_)) {
                    self.ledger.insert(batch.world.clone(), progress);
                }
                Event::Noted
            }
            Wish::Save(worlds) => {
                match self.memory {
                    Memory::Sqlite(own) => Ledger::File(own.clone()).save(&worlds).await.unwrap(),
                    _ => self.ledger.extend(worlds),
                }
                Event::Noted
            }
            Wish::Send(batch) => {
                Event::Answered(self.memory.deliver(self.graph, batch).await.outcome)
            }
            Wish::Look(batch) => Event::Looked(self.memory.find(self.graph, batch).await.outcome),
            Wish::Bury(batch, _) => {
                assert_eq!(batch.episodes.len(), 1, "only what is alone is buried");
                self.dead.push(batch.episodes[0].text.clone());
                Event::Buried
            }
            Wish::Report(stored, problem) => panic!("{problem} at {}", stored.sequence),
            Wish::Rest(_) => unreachable!("it is waited for elsewhere"),
        }
    }

    /// Finds or makes the graph, unless the ledger knows what it is called.
    async fn open(self) -> Result<(), memory_sink::adapters::DeliveryError> {
        if self.address.is_none() {
            let Spoken { outcome, .. } = self.memory.open(&self.graph.id).await;
            *self.address = outcome?;
        }
        self.graph.address.clone_from(self.address);
        Ok(())
    }
}
