//! The two logs of a world as they are on the bus: appending, looking, pausing.

use std::time::Duration;

use bus::{AppendError, Bus, Bytes, EPOCH_HEADER};
use contract::id::RunId;
use contract::journal::Entry;
use contract::subject::{Platform, StreamName};
use futures_util::future::{BoxFuture, FutureExt as _};
use kit::metrics::add;
use kit::retry::Pauses;
use tokio::time::Instant;

use crate::measures::{APPENDED, APPENDS, Phase};
use crate::protocol::log::Seen;
use crate::protocol::owner::{Event, Which};

/// Where a world's owner writes.
#[derive(Debug)]
pub struct Logs {
    bus: Bus,
    platform: Platform,
    epoch: u32,
    journal: Line,
    frames: Line,
}

/// One of them, and what is being written to it.
#[derive(Debug)]
struct Line {
    stream: StreamName,
    subject: String,
    bodies: Vec<Bytes>,
    pauses: Pauses,
}

impl Logs {
    /// The logs of a world, for an owner of this epoch.
    pub fn new(bus: &Bus, run: &RunId, platform: Platform, epoch: u32) -> Logs {
        let line = |stream, subject| {
            let pauses = Pauses::new(Duration::from_millis(50), Duration::from_secs(2));
            Line { stream, subject, bodies: Vec::new(), pauses }
        };
        let prefix = bus.prefix();
        Logs {
            bus: bus.clone(),
            platform,
            epoch,
            journal: line(StreamName::Inputs, prefix.inputs(run, platform)),
            frames: line(StreamName::Actions, prefix.actions(run, platform)),
        }
    }

    /// What the next append writes: all of it or nothing.
    pub fn put(&mut self, which: Which, bodies: Vec<Bytes>) {
        self.line_mut(which).bodies = bodies;
    }

    /// An append was answered well: the next pause is short again.
    pub fn is_well(&mut self, which: Which) {
        self.line_mut(which).pauses.reset();
    }

    /// Appends what was put, if the last sequence there is `expected`.
    pub fn append(&self, which: Which, expected: Option<u64>) -> BoxFuture<'static, Event> {
        let line = self.line(which);
        let (bus, subject, bodies) = (self.bus.clone(), line.subject.clone(), line.bodies.clone());
        let headers = [(EPOCH_HEADER, self.epoch.to_string())];
        let platform = self.platform;
        async move {
            let (began, size) = (Instant::now(), bodies.iter().map(Bytes::len).sum());
            let answer = bus.append_batch(&subject, bodies, &headers, expected).await;
            measure(which, platform, began, size, &answer);
            if let Err(why) = &answer {
                tracing::warn!(subject, "an append was not acknowledged: {why}");
            }
            Event::Answered(which, answer)
        }
        .boxed()
    }

    /// Looks at the end of a log, and at the last claim.
    pub fn look(&self, which: Which) -> BoxFuture<'static, Event> {
        let line = self.line(which);
        let (bus, stream, subject) = (self.bus.clone(), line.stream, line.subject.clone());
        let journal = self.journal.subject.clone();
        async move {
            let (last, owner) =
                tokio::join!(bus.last(stream, &subject), bus.last(StreamName::Inputs, &journal));
            let (Ok(last), Ok(owner)) = (last, owner) else {
                return Event::Looked(which, Seen::Nobody);
            };
            let claimed = owner.and_then(|stored| epoch_of(&stored.body));
            let seen = last.map_or(Seen::Empty, |stored| Seen::Last {
                sequence: stored.sequence,
                body: stored.body.to_vec(),
                claimed,
            });
            Event::Looked(which, seen)
        }
        .boxed()
    }

    /// Waits before the next try; longer each time.
    pub fn pause(&mut self, which: Which) -> BoxFuture<'static, Event> {
        let pause = self.line_mut(which).pauses.next_pause();
        tokio::time::sleep(pause).map(move |()| Event::Paused(which)).boxed()
    }

    fn line(&self, which: Which) -> &Line {
        match which {
            Which::Journal => &self.journal,
            Which::Frames => &self.frames,
        }
    }

    fn line_mut(&mut self, which: Which) -> &mut Line {
        match which {
            Which::Journal => &mut self.journal,
            Which::Frames => &mut self.frames,
        }
    }
}

/// Counts an append that was begun then.
fn measure<T>(
    which: Which,
    platform: Platform,
    began: Instant,
    size: usize,
    answer: &Result<T, AppendError>,
) {
    let (log, phase) = match which {
        Which::Journal => ("journal", Phase::Journal),
        Which::Frames => ("frames", Phase::Frame),
    };
    let outcome = match answer {
        Ok(_) => "stored",
        Err(AppendError::Refused | AppendError::Denied(_)) => "refused",
        Err(AppendError::Full(_)) => "full",
        Err(AppendError::Unanswered(_)) => "unanswered",
    };
    add(&APPENDS, &[("log", log), ("outcome", outcome)], 1);
    if answer.is_ok() {
        add(&APPENDED, &[("log", log)], u64::try_from(size).unwrap_or(u64::MAX));
        phase.ends(platform, began);
    }
}

/// The epoch that a journal record was written under; `None` for a genesis or garbage.
fn epoch_of(body: &[u8]) -> Option<u32> {
    serde_json::from_slice::<Entry>(body).ok()?.record.epoch()
}
