//! The stops that wait for the worker of one run, and when it is time to look after them: pure.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

/// Stops of one run, each by the subject of its reply.
#[derive(Clone, Debug)]
pub struct Stops {
    grace: Duration,
    waiting: BTreeMap<String, Stop>,
}

#[derive(Clone, Copy, Debug)]
struct Stop {
    asked_at: Instant,
    /// Not looked at before; `None` while somebody looks.
    next: Option<Instant>,
    /// It has cost a worker: its successor is given the time that it needs.
    spent: bool,
}

/// How often a bus that did not answer is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(1);

impl Stops {
    /// None yet; each is given `grace`.
    pub fn new(grace: Duration) -> Stops {
        Stops { grace, waiting: BTreeMap::new() }
    }

    /// Takes one, perhaps not for the first time.
    pub fn ask(&mut self, reply: String, now: Instant) {
        let stop = Stop { asked_at: now, next: Some(now), spent: false };
        self.waiting.entry(reply).or_insert(stop);
    }

    /// True while there is one that is not known to be answered.
    pub fn are_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// When it is time to look whether one has its reply, where the worker can be expected to
    /// answer from `ready` on.
    pub fn deadline(&self, ready: Instant) -> Option<Instant> {
        self.waiting.values().filter_map(|stop| self.due(stop, ready)).min()
    }

    /// Those whose replies are to be looked for now.
    pub fn due_at(&mut self, now: Instant, ready: Instant) -> Vec<String> {
        let is_due = |stop: &Stop| self.due(stop, ready).is_some_and(|due| due <= now);
        let due = self.waiting.iter().filter(|(_, stop)| is_due(stop));
        let due: Vec<String> = due.map(|(reply, _)| reply.clone()).collect();
        for reply in &due {
            self.waiting.entry(reply.clone()).and_modify(|stop| stop.next = None);
        }
        due
    }

    /// Takes what a look found, `None` if the bus did not answer. True if something must be done
    /// about the worker: its time is over.
    pub fn looked(
        &mut self,
        reply: &str,
        answered: Option<bool>,
        now: Instant,
        ready: Instant,
    ) -> bool {
        if answered == Some(true) {
            self.waiting.remove(reply);
            return false;
        }
        let grace = self.grace;
        let Some(stop) = self.waiting.get_mut(reply) else { return false };
        stop.next = Some(now + if answered.is_none() { ASK_AGAIN } else { grace });
        answered.is_some() && !stop.spent && now >= stop.asked_at.max(ready) + grace
    }

    /// A worker was ended for their sake.
    pub fn spend(&mut self) {
        self.waiting.values_mut().for_each(|stop| stop.spent = true);
    }

    fn due(&self, stop: &Stop, ready: Instant) -> Option<Instant> {
        Some(stop.next?.max(stop.asked_at.max(ready) + self.grace))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_is_looked_at_after_its_grace_until_it_is_answered() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut stops = Stops::new(Duration::from_secs(5));
        assert_eq!(stops.deadline(start), None);
        stops.ask("a".to_owned(), at(1));
        stops.ask("a".to_owned(), at(3));
        assert_eq!(stops.deadline(start), Some(at(6)), "asked again is not asked later");
        assert_eq!(stops.deadline(at(10)), Some(at(15)), "who opens a run has more time");
        assert!(stops.due_at(at(5), start).is_empty());
        assert_eq!(stops.due_at(at(6), start), ["a"]);
        assert_eq!(stops.deadline(start), None, "one look at a time");
        assert!(!stops.looked("a", None, at(7), start));
        assert_eq!(stops.deadline(start), Some(at(8)));
        assert!(stops.looked("a", Some(false), at(9), start));
        assert!(!stops.looked("a", Some(false), at(9), at(5)), "a new worker since");
        assert_eq!(stops.deadline(start), Some(at(14)));
        stops.spend();
        assert!(!stops.looked("a", Some(false), at(20), start), "it has cost one already");
        assert!(stops.are_waiting());
        assert!(!stops.looked("a", Some(true), at(25), start));
        assert!(!stops.are_waiting() && !stops.looked("a", Some(false), at(99), start));
    }
}
