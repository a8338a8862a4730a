//! One world of a graph: what is read of it, what waits, and what the ledger knows of it.

use std::collections::VecDeque;
use std::time::Duration;

use bus::{Position, Stored};
use contract::chain::World;
use contract::frame::{Assembler, Frame};
use contract::problem::Problem;
use serde::{Deserialize, Serialize};

use crate::batch::{Cursor, EpisodeBatch};
use crate::policy::Batching;
use crate::queue::{Cut, Flight, Queue, Supply, Taken, Time};
use crate::ranges::Ranges;
use crate::render::Language;

/// Between two looks for messages that were announced and are not there: a copy of the stream may
/// be a little behind.
const PAUSE: Duration = Duration::from_millis(250);
/// Looks after which they are taken for removed.
const LOOKS: u32 = 20;

/// What the ledger knows of a world.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The graph that its actions go to.
    pub graph_id: String,
    /// How far the memory is; `None` before the first action.
    pub cursor: Option<Cursor>,
    /// The last message that need not be read again: a hint.
    pub at: Option<Position>,
    /// The first and last seq of the batch that was being sent: its outcome is unknown.
    pub intent: Option<(u64, u64)>,
    /// Actions that the memory took.
    pub delivered: u64,
    /// Actions that it refused, each alone.
    pub dead: Ranges,
}

impl Progress {
    /// Whether a memory has everything of a world whose last message is this one, as far as that
    /// can be said without a look.
    pub fn is_done(&self, last: Position) -> bool {
        self.at == Some(last) && self.intent.is_none()
    }
}

/// A world that goes into the graph.
#[derive(Debug)]
pub struct Shelf {
    queue: Queue,
    parts: Assembler,
    /// The last message that was read, 0 before the first.
    place: u64,
    /// The last one that is known to be there.
    newest: u64,
    /// Looks at the end of the stream that found nothing.
    looks: u32,
    /// Not to be read before.
    wait: Time,
    reports: VecDeque<(Stored, Problem)>,
    problem: Option<String>,
    is_unknown: bool,
    intent: Option<(u64, u64)>,
    delivered: u64,
    dead: Ranges,
    /// Moves of the cursor that the ledger does not know.
    moves: u32,
}

impl Shelf {
    /// A world of which the ledger says this; `None`: nothing, so the memory is asked.
    pub fn new(
        world: &World,
        graph_id: &str,
        language: Language,
        known: Option<Progress>,
    ) -> Shelf {
        let is_unknown = known.is_none();
        let Progress { cursor, at, intent, delivered, dead, .. } = known.unwrap_or_default();
        Shelf {
            queue: Queue::new(world.clone(), graph_id.to_owned(), language, cursor, at),
            parts: Assembler::default(),
            place: at.map_or(0, |at| at.sequence),
            newest: 0,
            looks: 0,
            wait: Time::ZERO,
            reports: VecDeque::new(),
            problem: None,
            is_unknown,
            intent,
            delivered,
            dead,
            moves: 0,
        }
    }

    /// What the ledger is to know of it.
    pub fn progress(&self) -> Progress {
        Progress {
            graph_id: self.queue.graph_id().to_owned(),
            cursor: self.queue.settled().cloned(),
            at: self.queue.at(),
            intent: self.intent,
            delivered: self.delivered,
            dead: self.dead.clone(),
        }
    }

    /// The last message that was read: behind it goes on what is to be read.
    pub fn place(&self) -> u64 {
        self.place
    }

    /// Why it does not go on, where it does not.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Bytes that it holds, about.
    pub(super) fn bytes(&self) -> usize {
        self.queue.bytes()
    }

    pub(super) fn is_to_be_recalled(&self) -> bool {
        self.is_unknown && self.newest > 0
    }

    pub(super) fn recalled(&mut self, seq: Option<u64>) {
        self.is_unknown = false;
        self.queue.recall(seq.unwrap_or(0));
    }

    pub(super) fn moves(&self) -> u32 {
        self.moves
    }

    pub(super) fn saved(&mut self) {
        self.moves = 0;
    }

    /// Whether anything waits to be sent.
    pub(super) fn has_waiting(&self) -> bool {
        self.queue.bytes() > 0
    }

    pub(super) fn is_idle(&self) -> bool {
        let nothing = !self.has_waiting() && self.reports.is_empty() && self.moves == 0;
        nothing && self.newest <= self.place
    }

    /// When it may be read, if there is something to read.
    pub(super) fn is_readable_at(&self) -> Option<Time> {
        (self.newest > self.place).then_some(self.wait)
    }

    /// There is something up to this sequence. If that is before what was read, the stream is
    /// another one, and may have anything where this was read.
    pub(super) fn more(&mut self, sequence: u64) {
        if sequence < self.place {
            self.place = 0;
            self.parts = Assembler::default();
        }
        self.newest = sequence;
        (self.looks, self.wait) = (0, Time::ZERO);
    }

    /// Takes messages behind [`Shelf::place`].
    pub(super) fn read(&mut self, messages: Vec<Stored>, behind: u64, now: Time) {
        let Some(last) = messages.last() else {
            (self.looks, self.wait) = (self.looks + 1, now + PAUSE);
            if self.looks >= LOOKS {
                self.newest = self.place;
            }
            return;
        };
        self.looks = 0;
        self.place = last.sequence;
        self.newest = self.newest.max(self.place + u64::from(behind > 0));
        for stored in messages {
            if let Err((problem, is_news)) = self.take(&stored, now)
                && is_news
            {
                self.reports.push_back((stored, problem));
            }
        }
    }

    /// Takes one message.
    ///
    /// # Errors
    /// What is wrong with it, and whether that is to be said.
    fn take(&mut self, stored: &Stored, now: Time) -> Result<(), (Problem, bool)> {
        let wrong =
            |found: String, expected| (Problem::new(&stored.subject, found, expected), true);
        let part: Frame = serde_json::from_slice(&stored.body)
            .map_err(|error| wrong(error.to_string(), "a frame"))?;
        let world = self.queue.world();
        if part.run_id != world.run_id || part.platform != world.platform {
            let found = format!("a frame of {}.{}", part.run_id, part.platform);
            return Err(wrong(found, "a frame of its subject's world"));
        }
        let whole = self.parts.push(part).map_err(|error| {
            self.parts = Assembler::default();
            wrong(error.to_string(), "the parts of a frame, in order")
        })?;
        let Some(frame) = whole else { return Ok(()) };
        match self.queue.push(&frame, Position::of(stored), now) {
            // The last frame that it had is as it had it, or the next one fits: what was wrong
            // is repaired.
            Ok(Taken::Repeat(true) | Taken::New) => self.problem = None,
            Ok(Taken::Repeat(false)) => {}
            Err(discord) => {
                let is_news = self.problem.is_none();
                let problem = Problem::new(
                    &stored.subject,
                    discord.to_string(),
                    "the frame that continues what is remembered",
                );
                self.problem.get_or_insert(discord.to_string());
                return Err((problem, is_news));
            }
        }
        Ok(())
    }

    /// The first message that is to be reported, and why.
    pub(super) fn report(&self) -> Option<(&Stored, &Problem)> {
        self.reports.front().map(|(stored, problem)| (stored, problem))
    }

    pub(super) fn reported(&mut self) {
        self.reports.pop_front();
    }

    /// Passes over what leaves nothing to remember, and cuts a batch. One that was under way when
    /// the ledger was written has the bounds that it had.
    pub(super) fn cut(&mut self, batching: &Batching, now: Time, is_full: bool) -> Cut {
        if let Some((_, last)) = self.intent {
            return match self.queue.cut_exactly(last) {
                Some(flight) => Cut::Now(Box::new(flight)),
                None if self.queue.read_up_to() >= last => {
                    self.intent = None;
                    self.cut(batching, now, is_full)
                }
                None => Cut::Nothing,
            };
        }
        self.moves += u32::from(self.queue.pass());
        let supply = match (self.newest > self.place, is_full) {
            (true, true) => Supply::Full,
            (true, false) => Supply::More,
            (false, _) => Supply::Drained,
        };
        self.queue.cut(batching, now, supply)
    }

    /// Whether the ledger has this batch as one that is being sent.
    pub(super) fn is_known_intent(&self, batch: &EpisodeBatch) -> bool {
        self.intent.is_some_and(|(_, last)| last == batch.last_seq)
    }

    /// What the ledger is to know before a batch is sent.
    pub(super) fn intending(&self, batch: &EpisodeBatch) -> Progress {
        Progress { intent: Some((batch.first_seq, batch.last_seq)), ..self.progress() }
    }

    /// What it is to know after it: taken, or refused.
    pub(super) fn settling(&self, batch: &EpisodeBatch, is_taken: bool) -> Progress {
        let mut progress = Progress {
            cursor: Some(batch.reached.clone()),
            at: batch.at,
            intent: None,
            ..self.progress()
        };
        match is_taken {
            true => progress.delivered += batch.episodes.len() as u64,
            false => batch.episodes.iter().for_each(|it| progress.dead.insert(it.body.seq)),
        }
        progress
    }

    pub(super) fn settle(&mut self, flight: Flight, is_taken: bool) {
        let Progress { delivered, dead, .. } = self.settling(&flight.batch, is_taken);
        (self.delivered, self.dead) = (delivered, dead);
        self.queue.settle(flight);
        (self.intent, self.moves) = (None, 0);
    }

    /// What the ledger is to know once dead letters of it were taken after all.
    pub(super) fn reviving(&self, batch: &EpisodeBatch) -> Progress {
        let mut progress = self.progress();
        for episode in &batch.episodes {
            progress.delivered += u64::from(progress.dead.remove(episode.body.seq));
        }
        progress
    }

    pub(super) fn revive(&mut self, batch: &EpisodeBatch) {
        let Progress { delivered, dead, .. } = self.reviving(batch);
        (self.delivered, self.dead) = (delivered, dead);
    }

    pub(super) fn split(&mut self, flight: Flight) {
        self.intent = None;
        self.queue.split(flight);
    }
}
