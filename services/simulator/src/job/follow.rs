//! Following a journal while it grows, until its world plays no more.

use std::collections::BTreeMap;

use bus::Start;
use contract::decision::Decision;
use contract::frame::Outcome;
use contract::journal::{Entry, Record};
use contract::past::Finding;
use contract::subject::{Platform, StreamName};
use tokio::sync::{mpsc, watch};

use super::{Job, journal_finding, patiently};
use crate::protocol::journal::{Closed, Damaged, note_decisions};

/// What a journal that is followed has brought so far. A tick is handed on once the next record
/// shows that its frame was made: what a world fails in has none.
#[derive(Debug, Default)]
struct Followed {
    /// The next tick.
    next: u32,
    /// The last one, which may have no frame yet.
    last: Option<Closed>,
    /// What was decided outside for the next one.
    decided: BTreeMap<u32, Decision>,
    /// How the world has ended, unless it was let go on since.
    outcome: Option<Outcome>,
}

impl Followed {
    /// Takes the next record; gives the tick that is known to have a frame now.
    ///
    /// # Errors
    /// If it cannot stand there, in words.
    fn take(&mut self, record: Record) -> Result<Option<Closed>, String> {
        match record {
            Record::Tick(tick) if tick.tick != self.next => {
                Err(format!("tick {} follows {} ticks", tick.tick, self.next))
            }
            Record::Decisions(decisions) => {
                if decisions.tick == self.next {
                    note_decisions(&mut self.decided, decisions.decisions);
                }
                Ok(None)
            }
            Record::Tick(record) => {
                (self.next, self.outcome) = (self.next + 1, None);
                Ok(self.last.replace(Closed::taking(record, &mut self.decided)))
            }
            Record::End(end) => {
                self.outcome = Some(end.outcome);
                Ok(None)
            }
            Record::Go(_) => {
                self.outcome = None;
                Ok(None)
            }
            Record::Genesis(_) | Record::Claim(_) | Record::Hold(_) | Record::Close(_) => Ok(None),
        }
    }

    /// The last tick, where so many have frames once all is over.
    fn rest(self, frames: u32) -> Option<Closed> {
        let is_bare = self.outcome == Some(Outcome::Failed) && frames < self.next;
        self.last.filter(|_| !is_bare)
    }
}

impl Job {
    /// Hands on the ticks of a world as they are journalled, until it plays no more; then says
    /// where its frames end. Gives what is wrong with the journal, if anything is.
    pub(super) async fn follow(
        self,
        platform: Platform,
        ticks: mpsc::Sender<Closed>,
        end: watch::Sender<Option<u64>>,
    ) -> Option<Finding> {
        let mut followed = Followed::default();
        let damage = self.read_journal(platform, &mut followed, &ticks).await;
        let tail = self.tail(platform).await;
        if let Some(last) = followed.rest(tail.ticks) {
            // Nobody takes it where nobody compares any more.
            let _ = ticks.send(last).await;
        }
        end.send_replace(Some(tail.sequence));
        damage
    }

    async fn read_journal(
        &self,
        platform: Platform,
        followed: &mut Followed,
        ticks: &mpsc::Sender<Closed>,
    ) -> Option<Finding> {
        let subject = self.bus.prefix().inputs(&self.address.run, platform);
        let follow = || self.bus.follow(StreamName::Inputs, &subject, Start::First);
        let mut cursor = patiently(follow).await;
        loop {
            let stored = cursor.next().await;
            let entry: Result<Entry, _> = serde_json::from_slice(&stored.body);
            let taken = entry.map_err(|error| error.to_string());
            match taken.and_then(|entry| followed.take(entry.record)) {
                Ok(None) => {}
                Ok(Some(tick)) => ticks.send(tick).await.ok()?,
                Err(what) => {
                    let (sequence, ticks) = (stored.sequence, followed.next);
                    return Some(journal_finding(&Damaged { sequence, ticks, what }));
                }
            }
            // One that was stopped may have been let go on since.
            if followed.outcome.is_some() {
                let last = patiently(|| self.bus.last(StreamName::Inputs, &subject)).await;
                if last.is_none_or(|last| last.sequence <= stored.sequence) {
                    return None;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::journal::Tick;
    use contract::journal::{End, Go};
    use contract::timestamp::Timestamp;

    const AT: Timestamp = Timestamp::EPOCH;

    fn tick(tick: u32) -> Record {
        let (commands, heard) = (vec![], vec![]);
        Record::Tick(Tick {
            tick,
            epoch: 1,
            at: AT,
            commands,
            commands_through: 0,
            heard,
            undecided: vec![],
        })
    }

    fn end(outcome: Outcome) -> Record {
        Record::End(End { epoch: 1, outcome, reason: None, command: None, at: AT })
    }

    fn follow(records: Vec<Record>, frames: u32) -> (Vec<u32>, Option<Outcome>) {
        let (mut followed, mut handed) = (Followed::default(), Vec::new());
        for record in records {
            handed.extend(followed.take(record).unwrap().map(|closed| closed.record.tick));
        }
        let outcome = followed.outcome;
        handed.extend(followed.rest(frames).map(|closed| closed.record.tick));
        (handed, outcome)
    }

    #[test]
    fn each_tick_that_has_a_frame_is_handed_on() {
        let go = || Record::Go(Go { epoch: 1, command: None, at: AT });
        let table = [
            (vec![tick(0), tick(1), end(Outcome::Completed)], 2, vec![0, 1], true),
            (vec![tick(0), tick(1), end(Outcome::Failed)], 1, vec![0], true),
            (vec![tick(0), tick(1), end(Outcome::Failed)], 2, vec![0, 1], true),
            // Of one that was let go on, what it had failed in was played after all.
            (vec![tick(0), end(Outcome::Failed), go(), tick(1)], 2, vec![0, 1], false),
            (vec![end(Outcome::Stopped)], 0, vec![], true),
        ];
        for (records, frames, expected, has_ended) in table {
            let (handed, outcome) = follow(records.clone(), frames);
            assert_eq!((handed, outcome.is_some()), (expected, has_ended), "{records:?}");
        }
        let gap = Followed::default().take(tick(1));
        assert_eq!(gap, Err("tick 1 follows 0 ticks".to_owned()));
    }
}
