//! What is known of a target while the sink runs: written by its lanes, read by whoever asks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::Position;
use contract::chain::World;
use contract::memory::{TargetState, TargetStatus};
use contract::timestamp::Timestamp;

use crate::adapters::Limits;
use crate::delivery::{Progress, Trouble};
use crate::pace::Pace;
use crate::policy::Policy;
use crate::queue::Time;

/// One of the operator's memories.
#[derive(Debug)]
pub struct Target {
    /// The operator's name for it.
    pub name: String,
    /// How it is to be treated.
    pub policy: Policy,
    kind: &'static str,
    place: String,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    /// By graph, where there is any.
    troubles: BTreeMap<String, Trouble>,
    /// Why the bus does not do what it is asked, if it does not.
    bus: Option<String>,
    /// By graph: how often something was tried again.
    retried: BTreeMap<String, u64>,
    worlds: BTreeMap<World, Seen>,
    /// The last message of each world.
    newest: BTreeMap<World, Position>,
    /// The graphs that this instance works on: it knows them better than the ledger.
    held: BTreeSet<String>,
    pace: Pace,
}

/// A world that goes into this memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// How far it is.
    pub progress: Progress,
    /// Why it does not go on, where it does not.
    pub problem: Option<String>,
}

/// A world of which a memory has not everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// The world.
    pub world: World,
    /// The last message that it has.
    pub after: u64,
}

impl Target {
    /// A target of which nothing is known yet.
    pub fn new(name: String, kind: &'static str, place: String, policy: Policy) -> Target {
        let known = Known {
            troubles: BTreeMap::new(),
            bus: None,
            retried: BTreeMap::new(),
            worlds: BTreeMap::new(),
            newest: BTreeMap::new(),
            held: BTreeSet::new(),
            pace: Pace::new(policy.per_minute),
        };
        Target { name, policy, kind, place, known: Mutex::new(known) }
    }

    /// What may be shown of it. Of several troubles the worst is told.
    pub fn status(&self) -> TargetStatus {
        let known = self.lock();
        let refused = known.troubles.values().find(|t| matches!(t, Trouble::Unauthorized(_)));
        let worst = refused.or_else(|| known.troubles.values().next());
        let (state, problem) = match (worst, &known.bus) {
            (Some(Trouble::Unauthorized(reason)), _) => {
                (TargetState::Unauthorized, Some(reason.clone()))
            }
            (Some(Trouble::Retrying(reason)), _) => (TargetState::Retrying, Some(reason.clone())),
            (_, Some(reason)) => (TargetState::Retrying, Some(reason.clone())),
            (Some(Trouble::None) | None, None) => (TargetState::Ready, None),
        };
        let (kind, place) = (self.kind.to_owned(), self.place.clone());
        let (requests, rate_limit_remaining) = known.pace.count();
        TargetStatus {
            name: self.name.clone(),
            kind,
            place,
            state,
            problem,
            requests: Some(requests),
            rate_limit_remaining,
        }
    }

    /// The worlds that `wanted` picks.
    pub fn worlds(&self, wanted: impl Fn(&World, &Progress) -> bool) -> Vec<(World, Seen)> {
        let known = self.lock();
        let picked = known.worlds.iter().filter(|(world, seen)| wanted(world, &seen.progress));
        picked.map(|(world, seen)| (world.clone(), seen.clone())).collect()
    }

    /// One world, if it goes into this memory.
    pub fn world(&self, world: &World) -> Option<Seen> {
        self.lock().worlds.get(world).cloned()
    }

    /// Notes what the last message of a world is.
    pub fn published(&self, world: &World, last: Position) {
        self.lock().newest.insert(world.clone(), last);
    }

    /// The worlds of which it has not everything.
    pub fn behind(&self) -> Vec<Behind> {
        let known = self.lock();
        let behind = known.worlds.iter().filter_map(|(world, Seen { progress, .. })| {
            let last = known.newest.get(world)?;
            let after = progress.at.map_or(0, |at| at.sequence);
            (!progress.is_done(*last)).then(|| Behind { world: world.clone(), after })
        });
        behind.collect()
    }

    /// Notes that there is nothing left of a world to be taken: its run is deleted, say.
    pub fn gone(&self, world: &World) {
        self.lock().newest.remove(world);
    }

    /// How many graphs this instance works on.
    pub fn graphs(&self) -> usize {
        self.lock().held.len()
    }

    /// Notes how far a world is; news is what goes with it.
    pub fn note(&self, world: &World, progress: Progress, problem: Option<&str>) {
        let seen = Seen { progress, problem: problem.map(str::to_owned) };
        self.lock().worlds.insert(world.clone(), seen);
    }

    /// Notes whether this instance works on a graph.
    pub fn hold(&self, graph_id: &str, held: bool) {
        let mut known = self.lock();
        match held {
            true => known.held.insert(graph_id.to_owned()),
            false => known.held.remove(graph_id),
        };
    }

    /// Whether this instance works on a graph.
    pub fn is_held(&self, graph_id: &str) -> bool {
        self.lock().held.contains(graph_id)
    }

    /// Takes a world up for a graph, if it is not taken up yet; true if that is news.
    pub fn bind(&self, world: &World, graph_id: &str) -> bool {
        let mut known = self.lock();
        if known.worlds.contains_key(world) {
            return false;
        }
        let progress = Progress { graph_id: graph_id.to_owned(), ..Progress::default() };
        known.worlds.insert(world.clone(), Seen { progress, problem: None });
        true
    }

    /// Notes how a graph does, and says it where it is news.
    pub fn set_trouble(&self, graph_id: &str, trouble: &Trouble, retried: u64) {
        let mut known = self.lock();
        let before = match trouble {
            Trouble::None => known.troubles.remove(graph_id),
            trouble => known.troubles.insert(graph_id.to_owned(), trouble.clone()),
        };
        known.retried.insert(graph_id.to_owned(), retried);
        drop(known);
        let before = before.unwrap_or_default();
        if std::mem::discriminant(&before) == std::mem::discriminant(trouble) {
            return;
        }
        let (memory, graph) = (self.name.as_str(), graph_id);
        match trouble {
            Trouble::None => tracing::info!(memory, graph, "it goes on"),
            Trouble::Retrying(why) => {
                tracing::warn!(memory, graph, "not taken, it is tried again: {why}");
            }
            Trouble::Unauthorized(why) => {
                tracing::error!(
                    memory,
                    graph,
                    "it refuses our credentials, it is tried again: {why}"
                );
            }
        }
    }

    /// Notes that the bus does not do what it is asked, or that it does.
    pub fn set_bus_trouble(&self, trouble: Option<String>) {
        let mut known = self.lock();
        let is_news = known.bus.is_some() != trouble.is_some();
        known.bus.clone_from(&trouble);
        drop(known);
        let memory = self.name.as_str();
        match trouble {
            Some(why) if is_news => tracing::warn!(memory, "{why}, trying again"),
            None if is_news => tracing::info!(memory, "the bus answers again"),
            _ => {}
        }
    }

    /// When its account may be asked the next thing.
    pub fn next_request(&self, now: Time) -> Time {
        self.lock().pace.next(now)
    }

    /// Notes that it is asked something.
    pub fn asked(&self, now: Time) {
        self.lock().pace.asked(now);
    }

    /// Notes what it said of its limits.
    pub fn heard(&self, limits: Limits, after: Option<Duration>, now: Time, wall: Timestamp) {
        self.lock().pace.heard(limits, after, now, wall);
    }

    /// How often something of a graph was tried again.
    pub fn retried(&self, graph_id: &str) -> u64 {
        self.lock().retried.get(graph_id).copied().unwrap_or(0)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
