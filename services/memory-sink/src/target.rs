//! What is known of a target while the sink runs: written by its driver, read by whoever asks.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use contract::memory::{TargetState, TargetStatus};

use crate::batch::{Cursor, World};
use crate::ledger::Track;

/// One of the operator's memories.
#[derive(Debug)]
pub struct Target {
    /// The operator's name for it.
    pub name: String,
    kind: &'static str,
    place: String,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    health: Health,
    worlds: BTreeMap<World, Seen>,
}

/// How a memory is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// It takes what it gets.
    #[default]
    Ready,
    /// It did not take the last batch, for this reason.
    Retrying(String),
    /// It refuses our credentials, in these words.
    Unauthorized(String),
}

/// A world that goes into this memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// How far it is.
    pub track: Track,
    /// Why it does not go on, where it does not.
    pub problem: Option<String>,
}

impl Target {
    /// A target of which nothing is known yet.
    pub fn new(name: String, kind: &'static str, place: String) -> Target {
        Target { name, kind, place, known: Mutex::default() }
    }

    /// What may be shown of it.
    pub fn status(&self) -> TargetStatus {
        let (state, problem) = match self.lock().health.clone() {
            Health::Ready => (TargetState::Ready, None),
            Health::Retrying(reason) => (TargetState::Retrying, Some(reason)),
            Health::Unauthorized(reason) => (TargetState::Unauthorized, Some(reason)),
        };
        let (kind, place) = (self.kind.to_owned(), self.place.clone());
        TargetStatus {
            name: self.name.clone(),
            kind,
            place,
            state,
            problem,
            requests: None,
            rate_limit_remaining: None,
        }
    }

    /// The worlds that `wanted` picks.
    pub fn worlds(&self, wanted: impl Fn(&World, &Track) -> bool) -> Vec<(World, Seen)> {
        let known = self.lock();
        let picked = known.worlds.iter().filter(|(world, seen)| wanted(world, &seen.track));
        picked.map(|(world, seen)| (world.clone(), seen.clone())).collect()
    }

    /// One world, if it goes into this memory.
    pub fn world(&self, world: &World) -> Option<Seen> {
        self.lock().worlds.get(world).cloned()
    }

    /// Forgets what was known for what the ledger says.
    pub fn reload(&self, worlds: BTreeMap<World, Track>) {
        let seen = |(world, track)| (world, Seen { track, problem: None });
        self.lock().worlds = worlds.into_iter().map(seen).collect();
    }

    /// Takes up a world.
    pub fn bind(&self, world: World, graph_id: String) {
        let track = Track { graph_id, cursor: None };
        self.lock().worlds.insert(world, Seen { track, problem: None });
    }

    /// Notes how far a world is; what was wrong with it no longer is.
    pub fn advance(&self, world: &World, cursor: Cursor) {
        if let Some(seen) = self.lock().worlds.get_mut(world) {
            seen.track.cursor = Some(cursor);
            seen.problem = None;
        }
    }

    /// Notes that a world's frames are those that the memory knows.
    pub fn agrees(&self, world: &World) {
        if let Some(seen) = self.lock().worlds.get_mut(world) {
            seen.problem = None;
        }
    }

    /// Notes why a world does not go on; true if that is news.
    pub fn halt(&self, world: &World, problem: String) -> bool {
        match self.lock().worlds.get_mut(world) {
            Some(seen) if seen.problem.is_none() => {
                seen.problem = Some(problem);
                true
            }
            _ => false,
        }
    }

    /// Notes how the memory is; true if that is another state than before.
    pub fn set_health(&self, health: Health) -> bool {
        let mut known = self.lock();
        let changed = std::mem::discriminant(&known.health) != std::mem::discriminant(&health);
        known.health = health;
        changed
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
