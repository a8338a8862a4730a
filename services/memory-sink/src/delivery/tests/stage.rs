//! Everything around a delivery, simulated: a stream, a ledger, a memory that does as it is told,
//! and a clock. Killing it is forgetting all of it but the stream, the ledger and the memory.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bus::Stored;
use contract::chain::World;
use contract::frame::Frame;

use super::super::*;
use crate::batch::tests::{frame, world};
use crate::policy::{Batching, Policy};
use crate::render::Language;

/// What the memory does with a request to take a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Take,
    /// 429, with or without Retry-After.
    Busy(Option<u64>),
    /// Says nothing, and has not taken it.
    Lose,
    /// Says nothing, and has taken it.
    TakeInSilence,
    /// Says nothing, and takes it so many seconds later.
    TakeLate(u64),
    Refuse401,
}

/// What a memory has: actions by their worlds.
type Taken = Vec<(World, u64)>;

/// The memory, and what it may do.
pub(super) struct Memory {
    /// The seqs of what it took, in order, each with its world.
    pub(super) has: Vec<(World, u64)>,
    /// Batches that it took, by name.
    names: BTreeSet<String>,
    /// Taken at that time.
    late: Vec<(Time, Taken, String)>,
    /// What it does with the first requests; `Take` afterwards.
    pub(super) acts: Vec<Act>,
    /// It refuses batches with these actions.
    pub(super) bad: BTreeSet<u64>,
    /// Whether one can look into it; if not it knows batches by their names.
    pub(super) can_look: bool,
    /// It cannot be reached.
    pub(super) down: Option<std::ops::Range<Duration>>,
    pub(super) sends: usize,
    pub(super) asks: usize,
}

/// What the stream has of a world.
#[derive(Default)]
struct Played {
    last: Option<Frame>,
    messages: BTreeMap<u64, Stored>,
    memorable: Vec<u64>,
}

pub(super) struct Stage {
    pub(super) now: Time,
    pub(super) policy: Policy,
    stream: BTreeMap<World, Played>,
    next_sequence: u64,
    pub(super) ledger: BTreeMap<World, Progress>,
    pub(super) memory: Memory,
    pub(super) dead: Vec<u64>,
    delivery: Delivery,
    /// Wishes carried out, reads and rests left out.
    pub(super) wishes: usize,
    pub(super) most_bytes: usize,
    dice: u32,
}

/// When a process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kill {
    Never,
    /// Before this wish is carried out.
    Before(usize),
    /// After it, before anybody knows what came of it.
    After(usize),
}

pub(super) const MANNERS: Manners = Manners {
    first: Duration::from_millis(250),
    longest: Duration::from_secs(60),
    operator: Duration::from_secs(60),
    looks: [Duration::from_secs(1), Duration::from_secs(15)],
};

pub(super) fn policy(batching: Batching) -> Policy {
    let timeout = Duration::from_secs(30);
    Policy { language: Language::English, batching, timeout, per_minute: None }
}

impl Memory {
    fn deliver(&mut self, batch: &EpisodeBatch, now: Time) -> Result<Receipt, DeliveryError> {
        let act = self.acts.get(self.sends).copied().unwrap_or(Act::Take);
        self.sends += 1;
        let unknown = || DeliveryError::Unknown { after: None, reason: "no answer".to_owned() };
        let retry = |after: Option<u64>| DeliveryError::Retry {
            after: after.map(Duration::from_secs),
            reason: "busy".to_owned(),
        };
        if self.down.as_ref().is_some_and(|down| down.contains(&now)) {
            return Err(retry(None));
        }
        let (seqs, name) = (seqs(batch), batch.id());
        let is_bad = batch.episodes.iter().any(|e| self.bad.contains(&e.body.seq));
        match act {
            Act::Take if is_bad => Err(DeliveryError::Reject { reason: "bad".to_owned() }),
            Act::TakeInSilence | Act::TakeLate(_) if is_bad => Err(unknown()),
            Act::Take if !self.can_look && self.names.contains(&name) => Ok(Receipt::AlreadyThere),
            Act::Take => {
                self.take(seqs, name);
                Ok(Receipt::Taken)
            }
            Act::Busy(after) => Err(retry(after)),
            Act::Lose => Err(unknown()),
            Act::TakeInSilence => {
                self.take(seqs, name);
                Err(unknown())
            }
            Act::TakeLate(seconds) => {
                self.late.push((now + Duration::from_secs(seconds), seqs, name));
                Err(unknown())
            }
            Act::Refuse401 => Err(DeliveryError::Unauthorized { reason: "401".to_owned() }),
        }
    }

    /// One that cannot be looked into knows a batch by its name; another one takes it again.
    fn take(&mut self, seqs: Vec<(World, u64)>, name: String) {
        if self.names.insert(name) || self.can_look {
            self.has.extend(seqs);
        }
    }

    fn pass_time(&mut self, now: Time) {
        for (at, seqs, name) in std::mem::take(&mut self.late) {
            if at <= now {
                self.take(seqs, name);
            } else {
                self.late.push((at, seqs, name));
            }
        }
    }

    fn find(&mut self, batch: &EpisodeBatch, now: Time) -> Result<Sighting, DeliveryError> {
        if self.down.as_ref().is_some_and(|down| down.contains(&now)) {
            return Err(DeliveryError::Retry { after: None, reason: "down".to_owned() });
        }
        Ok(match (self.can_look, self.names.contains(&batch.id())) {
            (false, _) => Sighting::CannotTell,
            (true, true) => Sighting::There,
            (true, false) => Sighting::Absent,
        })
    }
}

fn seqs(batch: &EpisodeBatch) -> Vec<(World, u64)> {
    batch.episodes.iter().map(|e| (batch.world.clone(), e.body.seq)).collect()
}

impl Stage {
    pub(super) fn new(batching: Batching) -> Stage {
        let policy = policy(batching);
        let memory = Memory {
            has: Vec::new(),
            names: BTreeSet::new(),
            late: Vec::new(),
            acts: Vec::new(),
            bad: BTreeSet::new(),
            can_look: true,
            down: None,
            sends: 0,
            asks: 0,
        };
        Stage {
            now: Time::ZERO,
            policy,
            stream: BTreeMap::new(),
            next_sequence: 1,
            ledger: BTreeMap::new(),
            memory,
            dead: Vec::new(),
            delivery: Delivery::new(policy, MANNERS),
            wishes: 0,
            most_bytes: 0,
            dice: 0,
        }
    }

    /// The next frame of the world of this number is in the stream.
    pub(super) fn play(&mut self, number: u32, types: &[&str]) {
        let world = World { run_id: format!("market-{number}").parse().unwrap(), ..world() };
        let played = self.stream.entry(world.clone()).or_default();
        let mut next = frame(played.last.as_ref(), types);
        next.run_id = world.run_id.clone();
        let memorable = next.actions.iter().filter(|a| a.success() && a.body.is_memorable());
        played.memorable.extend(memorable.map(|action| action.seq));
        // Several parts, except where there is very much.
        for body in next.to_messages(if types.len() < 20 { 1 } else { u32::MAX }) {
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
        self.announce(&world, self.next_sequence - 1);
    }

    fn announce(&mut self, world: &World, last: u64) {
        if !self.delivery.shelves().contains_key(world) {
            let known = self.ledger.get(world).cloned();
            self.delivery.bind(world.clone(), Shelf::new(world, "g", Language::English, known));
        }
        self.delivery.on(Event::More(world.clone(), last), self.now, self.dice);
    }

    /// All that was not on the bus or in the memory is gone.
    pub(super) fn restart(&mut self) {
        self.delivery = Delivery::new(self.policy, MANNERS);
        let lasts: Vec<(World, u64)> = self
            .stream
            .iter()
            .map(|(world, played)| (world.clone(), *played.messages.last_key_value().unwrap().0))
            .collect();
        for (world, last) in lasts {
            self.announce(&world, last);
        }
    }

    /// Works until there is nothing to do by itself before `end`.
    pub(super) fn run(&mut self, end: Time, kill: Kill) {
        for _ in 0..1_000_000 {
            self.memory.pass_time(self.now);
            self.dice = self.dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let number = self.wishes + 1;
            let wish = self.delivery.next(self.now);
            if kill == Kill::Before(number) && counts(&wish) {
                self.wishes = number;
                return self.die();
            }
            let counted = counts(&wish);
            let event = match wish {
                Wish::Rest(Some(until)) if until < end => {
                    self.now = self.now.max(until);
                    continue;
                }
                Wish::Rest(_) => {
                    self.now = self.now.max(end);
                    return;
                }
                Wish::Read(world, place) => {
                    let mut behind = self.stream[world].messages.range(place + 1..);
                    let read = behind.by_ref().take(3).map(|(_, stored)| stored.clone()).collect();
                    let left = u64::from(behind.next().is_some());
                    Event::Read(read, left)
                }
                Wish::Open => Event::Opened(Ok(())),
                Wish::Recall(_) => {
                    self.memory.asks += 1;
                    Event::Recalled(Ok(None))
                }
                Wish::Intend(batch, progress) | Wish::Settle(batch, progress) => {
                    self.ledger.insert(batch.world.clone(), progress);
                    Event::Noted
                }
                Wish::Save(worlds) => {
                    self.ledger.extend(worlds);
                    Event::Noted
                }
                Wish::Send(batch) => Event::Answered(self.memory.deliver(batch, self.now)),
                Wish::Look(batch) => {
                    self.memory.asks += 1;
                    Event::Looked(self.memory.find(batch, self.now))
                }
                Wish::Bury(batch, _) => {
                    assert_eq!(batch.episodes.len(), 1, "only what is alone is buried");
                    self.dead.push(batch.episodes[0].body.seq);
                    Event::Buried
                }
                Wish::Report(stored, problem) => panic!("{problem} at {}", stored.sequence),
            };
            self.wishes += usize::from(counted);
            if kill == Kill::After(self.wishes) && counted {
                return self.die();
            }
            self.delivery.on(event, self.now, self.dice);
            let held: usize = self.delivery.shelves().values().map(Shelf::bytes).sum();
            self.most_bytes = self.most_bytes.max(held);
        }
        panic!("it turns in a circle");
    }

    /// A new process begins a little later.
    fn die(&mut self) {
        self.now += Duration::from_millis(100);
        self.restart();
    }

    pub(super) fn trouble(&self) -> &Trouble {
        self.delivery.trouble()
    }

    pub(super) fn delivery_is_idle(&self) -> bool {
        self.delivery.is_idle()
    }

    /// The memorable actions of a world, as the stream has them.
    pub(super) fn expected(&self, number: u32) -> Vec<u64> {
        let run = format!("market-{number}");
        let mut worlds = self.stream.iter();
        let played = worlds.find(|(world, _)| world.run_id.as_str() == run);
        played.map(|(_, played)| played.memorable.clone()).unwrap_or_default()
    }

    /// What the memory has of a world, in order.
    pub(super) fn remembered(&self, number: u32) -> Vec<u64> {
        let run = format!("market-{number}");
        let of = |(world, _): &&(World, u64)| world.run_id.as_str() == run;
        self.memory.has.iter().filter(of).map(|(_, seq)| *seq).collect()
    }
}

/// Reading and resting are no steps: they change nothing.
fn counts(wish: &Wish<'_>) -> bool {
    !matches!(wish, Wish::Rest(_) | Wish::Read(..))
}
