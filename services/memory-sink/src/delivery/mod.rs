//! What happens to the actions of one graph, and when: pure. Events in, wishes out, time as an
//! input.
//!
//! One request is under way at a time, whatever the runs: order matters within a graph. What is
//! to be done next is asked of [`Delivery::next`]; what came of it is told to
//! [`Delivery::on`]. Whatever ends between the two leaves the ledger in one of these states, and
//! [`Delivery::bind`] goes on from there:
//!
//! | | killed | the ledger says | the memory has it | so it is |
//! |---|---|---|---|---|
//! | K1 | message read | nothing | no | read again |
//! | K2 | intent noted | intent | no | looked for, sent |
//! | K3 | before sending | intent | no | looked for, sent |
//! | K4 | sent, no answer | intent | unknown | looked for, sent if it is not there |
//! | K5 | accepted, not noted | intent | yes | looked for, found |
//! | K6 | noted, place in the stream not saved | done | yes | read again, known by its seq |
//! | K7 | place saved | done | yes | not read again |
//! | K8 | before a dead letter | intent | no | looked for, refused again |
//! | K9 | dead letter stored, not noted | intent | no | as K8: the letter is there twice |
//! | K10 | SQLite committed | done: in the same transaction | yes | as K6 |

mod redrive;
mod shelf;
mod steps;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;
use std::time::Duration;

use bus::Stored;
use contract::chain::World;
use contract::problem::Problem;

pub use self::redrive::{Fate, Redrive};
pub use self::shelf::{Progress, Shelf};
use crate::adapters::{DeliveryError, Receipt, Sighting};
use crate::batch::EpisodeBatch;
use crate::policy::Policy;
use crate::queue::{Cut, Flight, Time};

/// Bytes that a graph's worlds hold together before no more is read.
const ROOM_BYTES: usize = 16 << 20;
/// Worlds whose cursor moved without a delivery are noted after so many moves, or when there is
/// nothing else to do.
const SAVE_EVERY: u32 = 256;

/// How patient a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manners {
    /// The first pause after a failure.
    pub first: Duration,
    /// The longest.
    pub longest: Duration,
    /// The pause while an operator has to change something: credentials, or an address.
    pub operator: Duration,
    /// How long after an outcome became unknown the memory is looked into, once and once more:
    /// what was sent may still be on its way.
    pub looks: [Duration; 2],
}

impl Manners {
    /// What memories are used to, for one that takes up to `timeout` to answer.
    pub fn usual(timeout: Duration) -> Manners {
        Manners {
            first: Duration::from_millis(250),
            longest: Duration::from_secs(60),
            operator: (timeout * 2).min(Duration::from_secs(60)),
            looks: [Duration::from_secs(1).min(timeout / 2), timeout / 2],
        }
    }
}

/// What is to be done next. Nothing else may be asked before what came of it is told.
#[derive(Debug)]
pub enum Wish<'a> {
    /// Read on in this world, behind this sequence: [`Event::Read`].
    Read(&'a World, u64),
    /// Find or make the graph: [`Event::Opened`].
    Open,
    /// Ask the memory how far it has this world: [`Event::Recalled`].
    Recall(&'a World),
    /// Note in the ledger that this is about to be sent: [`Event::Noted`].
    Intend(&'a EpisodeBatch, Progress),
    /// Hand it over: [`Event::Answered`].
    Send(&'a EpisodeBatch),
    /// Look for it in the memory: [`Event::Looked`].
    Look(&'a EpisodeBatch),
    /// Store it as a dead letter, for this reason: [`Event::Buried`].
    Bury(&'a EpisodeBatch, &'a str),
    /// Note in the ledger what came of it: [`Event::Noted`].
    Settle(&'a EpisodeBatch, Progress),
    /// Store a message that makes no sense as a dead letter: [`Event::Buried`].
    Report(&'a Stored, &'a Problem),
    /// Note how far these worlds are: [`Event::Noted`].
    Save(Vec<(World, Progress)>),
    /// Nothing, until then or until something happens.
    Rest(Option<Time>),
}

/// What came of a wish, or happened by itself.
#[derive(Debug)]
pub enum Event {
    /// There is more of this world in the stream, up to this sequence.
    More(World, u64),
    /// What was read, and how many messages of that world are still to be read.
    Read(Vec<Stored>, u64),
    /// The graph is there.
    Opened(Result<(), DeliveryError>),
    /// How far the memory has the world.
    Recalled(Result<Option<u64>, DeliveryError>),
    /// The ledger has it.
    Noted,
    /// What the memory said.
    Answered(Result<Receipt, DeliveryError>),
    /// What a look found.
    Looked(Result<Sighting, DeliveryError>),
    /// The dead letter is stored.
    Buried,
}

/// The memory's state, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trouble {
    /// It takes what it gets.
    #[default]
    None,
    /// It did not take the last batch, in these words.
    Retrying(String),
    /// It refuses our credentials, in these words.
    Unauthorized(String),
}

/// The work of one graph.
#[derive(Debug)]
pub struct Delivery {
    policy: Policy,
    manners: Manners,
    shelves: BTreeMap<World, Shelf>,
    /// The world that was served last; the next one's turn is after it.
    served: Option<World>,
    step: Step,
    is_open: bool,
    /// Nothing is asked of the memory before.
    not_before: Time,
    failures: u32,
    trouble: Trouble,
    redrives: VecDeque<Redrive>,
    /// Those that are through, to be told.
    told: VecDeque<(Redrive, Fate)>,
    /// Worlds of which something is known that was not when this was last asked.
    touched: BTreeSet<World>,
    retried: u64,
}

/// What is under way.
#[derive(Debug)]
enum Step {
    Free,
    Reading(World),
    Opening,
    Recalling(World),
    Intending(Cargo),
    Sending(Cargo),
    /// So many looks have not found it.
    Looking(Cargo, usize),
    Burying(Cargo, String),
    Settling(Cargo, Fate),
    Reporting(World),
    Saving(Vec<World>),
}

/// What is sent: of a queue, or once more.
#[derive(Debug)]
enum Cargo {
    Flight(Flight),
    Again(Redrive),
}

impl Cargo {
    fn batch(&self) -> &EpisodeBatch {
        match self {
            Cargo::Flight(flight) => &flight.batch,
            Cargo::Again(redrive) => &redrive.batch,
        }
    }
}

impl Delivery {
    /// Nothing to do yet.
    pub fn new(policy: Policy, manners: Manners) -> Delivery {
        Delivery {
            policy,
            manners,
            shelves: BTreeMap::new(),
            served: None,
            step: Step::Free,
            is_open: false,
            not_before: Time::ZERO,
            failures: 0,
            trouble: Trouble::None,
            redrives: VecDeque::new(),
            told: VecDeque::new(),
            touched: BTreeSet::new(),
            retried: 0,
        }
    }

    /// Takes up a world.
    pub fn bind(&mut self, world: World, shelf: Shelf) {
        self.shelves.insert(world, shelf);
    }

    /// What is known of its worlds.
    pub fn shelves(&self) -> &BTreeMap<World, Shelf> {
        &self.shelves
    }

    /// How the memory is.
    pub fn trouble(&self) -> &Trouble {
        &self.trouble
    }

    /// How often something was tried again.
    pub fn retried(&self) -> u64 {
        self.retried
    }

    /// Sends what is a dead letter once more.
    pub fn redrive(&mut self, redrive: Redrive) {
        self.redrives.push_back(redrive);
    }

    /// What came of what was sent once more, since this was last asked.
    pub fn told(&mut self) -> Option<(Redrive, Fate)> {
        self.told.pop_front()
    }

    /// The worlds of which something is known that was not when this was last asked.
    pub fn touched(&mut self) -> BTreeSet<World> {
        std::mem::take(&mut self.touched)
    }

    /// True if nothing is under way and nothing waits: it may be put away.
    pub fn is_idle(&self) -> bool {
        let idle = self.shelves.values().all(Shelf::is_idle);
        idle && matches!(self.step, Step::Free) && self.redrives.is_empty() && self.told.is_empty()
    }

    /// What is to be done now.
    pub fn next(&mut self, now: Time) -> Wish<'_> {
        let due = match self.step {
            Step::Free => self.choose(now),
            _ => None,
        };
        // Whatever asks something of the memory waits until it may.
        let asks = matches!(
            self.step,
            Step::Opening | Step::Recalling(_) | Step::Sending(_) | Step::Looking(..)
        );
        if asks && now < self.not_before {
            return Wish::Rest(Some(self.not_before));
        }
        match &self.step {
            Step::Free => Wish::Rest(due),
            Step::Reading(world) => {
                Wish::Read(world, self.shelves.get(world).map_or(0, Shelf::place))
            }
            Step::Opening => Wish::Open,
            Step::Recalling(world) => Wish::Recall(world),
            Step::Intending(cargo) => {
                let batch = cargo.batch();
                Wish::Intend(batch, self.told_of(batch, |shelf| shelf.intending(batch)))
            }
            Step::Sending(cargo) => Wish::Send(cargo.batch()),
            Step::Looking(cargo, _) => Wish::Look(cargo.batch()),
            Step::Burying(cargo, reason) => Wish::Bury(cargo.batch(), reason),
            Step::Settling(cargo, fate) => {
                let batch = cargo.batch();
                let progress = self.told_of(batch, |shelf| match cargo {
                    Cargo::Flight(_) => shelf.settling(batch, fate.is_taken()),
                    Cargo::Again(_) => shelf.reviving(batch),
                });
                Wish::Settle(batch, progress)
            }
            Step::Reporting(world) => match self.shelves.get(world).and_then(Shelf::report) {
                Some((stored, problem)) => Wish::Report(stored, problem),
                None => Wish::Rest(None),
            },
            Step::Saving(worlds) => {
                let progress =
                    |world: &World| Some((world.clone(), self.shelves.get(world)?.progress()));
                Wish::Save(worlds.iter().filter_map(progress).collect())
            }
        }
    }

    /// Takes the next step from where nothing is under way. If there is none: when there will be
    /// one by itself.
    fn choose(&mut self, now: Time) -> Option<Time> {
        if let Some(world) = self.first(|shelf| shelf.report().is_some()) {
            self.step = Step::Reporting(world);
            return None;
        }
        let unknown = self.first(Shelf::is_to_be_recalled);
        let sends = !self.redrives.is_empty() || self.shelves.values().any(Shelf::has_waiting);
        if (sends || unknown.is_some()) && !self.is_open {
            self.step = Step::Opening;
            return None;
        }
        if let Some(redrive) = self.redrives.pop_front() {
            // It was refused, so nothing of it is on its way: one look is enough.
            self.step = Step::Looking(Cargo::Again(redrive), self.manners.looks.len() - 1);
            return None;
        }
        if let Some(world) = unknown {
            self.step = Step::Recalling(world);
            return None;
        }
        let due = match self.cut(now) {
            Ok(()) => return None,
            Err(due) => due,
        };
        if let Some(world) = self.first(|shelf| shelf.is_readable_at().is_some_and(|at| at <= now))
        {
            self.served = Some(world.clone());
            self.step = Step::Reading(world);
            return None;
        }
        let moved: Vec<World> = self.moved();
        if !moved.is_empty() {
            self.step = Step::Saving(moved);
            return None;
        }
        let readable = self.shelves.values().filter_map(Shelf::is_readable_at).min();
        [due, readable].into_iter().flatten().min()
    }

    /// Cuts a batch of the next world that has one.
    ///
    /// # Errors
    /// When the next one is due, if any is, or that there are cursors to be noted first.
    fn cut(&mut self, now: Time) -> Result<(), Option<Time>> {
        let (mut due, mut moves): (Option<Time>, u32) = (None, 0);
        let turns: Vec<World> = self.turns().map(|(world, _)| world.clone()).collect();
        for world in turns {
            let is_full = self.is_full();
            let Some(shelf) = self.shelves.get_mut(&world) else { continue };
            let cut = shelf.cut(&self.policy.batching, now, is_full);
            moves += shelf.moves();
            match cut {
                Cut::Now(flight) => {
                    let known = shelf.is_known_intent(&flight.batch);
                    let cargo = Cargo::Flight(*flight);
                    self.served = Some(world);
                    self.step = match known {
                        // Its outcome is unknown to whoever reads the ledger.
                        true => Step::Looking(cargo, 0),
                        false => Step::Intending(cargo),
                    };
                    return Ok(());
                }
                Cut::At(at) => due = Some(due.map_or(at, |due| due.min(at))),
                Cut::Nothing => {}
            }
        }
        if moves >= SAVE_EVERY {
            self.step = Step::Saving(self.moved());
            return Ok(());
        }
        Err(due)
    }

    /// What the ledger is to know of the world of a batch.
    fn told_of(&self, batch: &EpisodeBatch, of: impl FnOnce(&Shelf) -> Progress) -> Progress {
        // A batch of another world than those that are bound is never cut.
        self.shelves.get(&batch.world).map(of).unwrap_or_default()
    }

    /// All worlds, in turn: the one after that which was served last comes first.
    fn turns(&self) -> impl Iterator<Item = (&World, &Shelf)> {
        let last = self.served.as_ref();
        let (after, up_to) = match last {
            Some(last) => (Bound::Excluded(last), Bound::Included(last)),
            // Nobody was: all are after that.
            None => (Bound::Unbounded, Bound::Unbounded),
        };
        let behind = self.shelves.range::<World, _>((after, Bound::Unbounded));
        let before = self.shelves.range::<World, _>((Bound::Unbounded, up_to));
        behind.chain(before.filter(move |_| last.is_some()))
    }

    /// The first of these, in turn.
    fn first(&self, wanted: impl Fn(&Shelf) -> bool) -> Option<World> {
        self.turns().find(|(_, shelf)| wanted(shelf)).map(|(world, _)| world.clone())
    }

    /// Worlds whose cursor the ledger does not know.
    fn moved(&self) -> Vec<World> {
        let moved = self.shelves.iter().filter(|(_, shelf)| shelf.moves() > 0);
        moved.map(|(world, _)| world.clone()).collect()
    }

    fn is_full(&self) -> bool {
        self.shelves.values().map(Shelf::bytes).sum::<usize>() >= ROOM_BYTES
    }
}

#[cfg(test)]
mod tests;
