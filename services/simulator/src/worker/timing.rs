//! When the next tick of a world is due, and what it waits for.

use std::time::Duration;

use contract::command::Request;
use contract::journal::Taken;
use tokio::time::Instant;
use world::World;

use super::lane::Lane;
use super::pulse::BEAT;
use crate::protocol::life::Life;

/// How often a world that waits for its next tick says that it is there.
const SAID_AGAIN: Duration = Duration::from_secs(2);

impl Lane {
    /// When the next tick is due; `None`: none is.
    pub(super) fn next_tick_at(&self) -> Option<Instant> {
        let is_ready = |world: &World| {
            let tick = world.tick();
            self.listener.sources.is_ready(tick) && self.thinking.is_ready(tick)
        };
        self.tick_would_be_at().filter(|_| self.world.as_deref().is_some_and(is_ready))
    }

    /// The same, whatever its sources have brought.
    fn tick_would_be_at(&self) -> Option<Instant> {
        // A snapshot is of a world whose frames are all stored.
        let held_up = self.snapshot_is_due() && !self.owner.is_idle();
        if !self.owner.can_tick() || !self.has_begun() || held_up {
            return None;
        }
        let Some(last) = self.last_tick_at else { return Some(Instant::now()) };
        // A pace that waits for the next tick brings it on, if it is a faster one.
        let configured = self.waiting.commands().filter_map(pace_of);
        let paces = std::iter::once(self.pace_milli()).chain(configured);
        paces.map(|pace| last + pause(pace)).min()
    }

    /// A world whose rounds are far apart has news as often as others, or it would be taken for
    /// one without a worker.
    pub(super) fn say_again(&mut self) {
        let is_here = self.world.is_some() && self.owner.life() == Life::Playing;
        if is_here && self.said_at.elapsed() >= SAID_AGAIN {
            self.said_at = Instant::now();
            self.report();
        }
    }

    /// Tells others that the next tick waits for a source, once it has for a while.
    pub(super) fn tell_wait(&mut self) {
        let is_due = self.tick_would_be_at().is_some_and(|at| at <= Instant::now());
        let tick = self.world.as_ref().filter(|_| is_due).map(|world| world.tick());
        let wait = tick.and_then(|tick| self.listener.sources.waits_for(tick));
        if wait.is_none() {
            self.listens_since = None;
        }
        let for_long = |since: &mut Instant| since.elapsed() >= BEAT;
        let wait = wait.filter(|_| for_long(self.listens_since.get_or_insert_with(Instant::now)));
        if wait != self.waits_for {
            match &wait {
                Some(what) => tracing::info!("the next round waits for {what}"),
                None => tracing::info!("the next round waits for no source any more"),
            }
            self.waits_for = wait;
            self.report();
        }
    }

    /// True once somebody has started it.
    fn has_begun(&self) -> bool {
        let starts = |taken: &Taken| taken.command.request == Request::Start;
        self.owner.life() == Life::Playing
            || self.was_left_behind
            || self.waiting.commands().any(starts)
    }

    pub(super) fn pace_milli(&self) -> u32 {
        self.owner.commands().pace_milli().unwrap_or(self.genesis.options.pace_milli)
    }
}

/// The pace that a command asks for, if it does.
fn pace_of(taken: &Taken) -> Option<u32> {
    taken.command.request.change()?.pace_milli
}

/// The time from the start of one tick to that of the next, at least.
fn pause(pace_milli: u32) -> Duration {
    match pace_milli {
        0 => Duration::ZERO,
        pace => Duration::from_secs(1000) / pace,
    }
}
