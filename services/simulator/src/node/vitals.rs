//! What a worker's beats say about it: pure.

use std::collections::BTreeMap;
use std::time::Duration;

use contract::subject::Platform;
use tokio::time::Instant;

use crate::worker::pulse::{Beat, State};

/// The signs of life of one worker, world by world: one that answers hides no other that hangs.
#[derive(Clone, Debug)]
pub struct Vitals {
    started: Instant,
    hung_after: Duration,
    worlds: BTreeMap<Platform, World>,
}

#[derive(Clone, Copy, Debug)]
struct World {
    last: Beat,
    last_at: Instant,
}

impl Vitals {
    /// Of a worker that starts now and is hung once a world is silent for `hung_after`.
    pub fn new(now: Instant, hung_after: Duration) -> Vitals {
        Vitals { started: now, hung_after, worlds: BTreeMap::new() }
    }

    /// Takes a beat.
    pub fn beat(&mut self, beat: Beat, now: Instant) {
        self.worlds.insert(beat.platform, World { last: beat, last_at: now });
    }

    /// Excuses all silence until now.
    pub fn excuse(&mut self, now: Instant) {
        self.started = now;
        for world in self.worlds.values_mut() {
            world.last_at = now;
        }
    }

    /// When the worker is hung, if nothing is heard of its most silent world before.
    pub fn deadline(&self) -> Instant {
        let oldest = self.worlds.values().map(|world| world.last_at).min();
        oldest.unwrap_or(self.started) + self.hung_after
    }

    /// True once the worker has shown that it can hold the run: a world has played a tick, or
    /// all that have any left are open and wait to be resumed.
    pub fn has_proved_itself(&self) -> bool {
        let mut worlds = self.worlds.values().map(|world| world.last);
        worlds.clone().any(|last| last.played > 0)
            || worlds.clone().any(|last| last.state == State::Held)
                && worlds.all(|last| last.state != State::Playing)
    }

    /// True once all worlds that are heard of are open: the worker answers what it is asked.
    pub fn is_open(&self) -> bool {
        let is_open = |world: &World| world.last.played > 0 || world.last.state != State::Playing;
        !self.worlds.is_empty() && self.worlds.values().all(is_open)
    }

    /// True while no world has a tick left to play.
    pub fn has_ended(&self) -> bool {
        !self.worlds.is_empty()
            && self.worlds.values().all(|world| world.last.state == State::Ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use State::{Ended, Held, Playing};

    fn beat(platform: Platform, played: u32, state: State) -> Beat {
        Beat { platform, played, state }
    }

    #[test]
    fn each_world_is_heard_by_itself() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut vitals = Vitals::new(start, Duration::from_secs(10));
        assert_eq!(vitals.deadline(), at(10));
        vitals.beat(beat(Platform::Twitter, 0, Playing), at(1));
        vitals.beat(beat(Platform::Reddit, 0, Playing), at(2));
        assert!(!vitals.has_proved_itself() && !vitals.is_open());
        vitals.beat(beat(Platform::Reddit, 0, Ended), at(9));
        assert!(!vitals.is_open());
        assert_eq!(vitals.deadline(), at(11), "the silent one counts");
        assert!(!vitals.has_ended());
        vitals.beat(beat(Platform::Twitter, 1, Ended), at(10));
        assert!(vitals.has_proved_itself() && vitals.has_ended() && vitals.is_open());
        assert_eq!(vitals.deadline(), at(19));
        vitals.excuse(at(60));
        assert_eq!(vitals.deadline(), at(70));
    }

    #[test]
    fn who_holds_a_run_that_is_held_or_plays_a_tick_can_hold_it() {
        let now = Instant::now();
        let proved = |worlds: [(u32, State); 2]| {
            let mut vitals = Vitals::new(now, Duration::from_secs(10));
            for (platform, (played, state)) in Platform::ALL.into_iter().zip(worlds) {
                vitals.beat(beat(platform, played, state), now);
            }
            vitals.has_proved_itself()
        };
        for worlds in [
            [(0, Held), (0, Held)],
            [(0, Held), (0, Ended)],
            [(1, Playing), (0, Playing)],
            [(0, Playing), (1, Ended)],
        ] {
            assert!(proved(worlds), "{worlds:?}");
        }
        // One that is not open yet, or has a tick to play; and one that has nothing to do at all.
        for worlds in [
            [(0, Playing), (0, Playing)],
            [(0, Held), (0, Playing)],
            [(0, Playing), (0, Ended)],
            [(0, Ended), (0, Ended)],
        ] {
            assert!(!proved(worlds), "{worlds:?}");
        }
        assert!(!Vitals::new(now, Duration::from_secs(10)).has_proved_itself());
    }
}
