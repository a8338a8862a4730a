//! What a worker's beats say about it: pure.

use std::collections::BTreeMap;
use std::time::Duration;

use contract::subject::Platform;
use tokio::time::Instant;

use crate::worker::pulse::Beat;

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

    /// True once a world has played a tick.
    pub fn has_progressed(&self) -> bool {
        self.worlds.values().any(|world| world.last.played > 0)
    }

    /// True while no world has a tick left to play.
    pub fn has_ended(&self) -> bool {
        !self.worlds.is_empty() && self.worlds.values().all(|world| world.last.ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beat(platform: Platform, played: u32, ended: bool) -> Beat {
        Beat { platform, played, ended }
    }

    #[test]
    fn each_world_is_heard_by_itself() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut vitals = Vitals::new(start, Duration::from_secs(10));
        assert_eq!(vitals.deadline(), at(10));
        vitals.beat(beat(Platform::Twitter, 0, false), at(1));
        vitals.beat(beat(Platform::Reddit, 0, false), at(2));
        assert!(!vitals.has_progressed());
        vitals.beat(beat(Platform::Reddit, 0, true), at(9));
        assert_eq!(vitals.deadline(), at(11), "the silent one counts");
        assert!(!vitals.has_ended());
        vitals.beat(beat(Platform::Twitter, 1, true), at(10));
        assert!(vitals.has_progressed() && vitals.has_ended());
        assert_eq!(vitals.deadline(), at(19));
        vitals.excuse(at(60));
        assert_eq!(vitals.deadline(), at(70));
    }
}
