//! What of one world is read and not yet in a memory, in order. Pure.
//!
//! Frames go in at the back; batches are cut at the front, and put back whole if they were not
//! taken. A place in a world is the `seq` of an action: see [`crate::batch`].

use std::collections::VecDeque;
use std::time::Duration;

use bus::Position;
use contract::chain::{self, Discord, Link, World};
use contract::frame::{Frame, Marker};

use crate::batch::{Cursor, EpisodeBatch, episode};
use crate::policy::Batching;
use crate::render::Language;
use contract::memory::Episode;

/// A time on a clock that only goes forward: since whenever it was started.
pub type Time = Duration;

/// Bytes of an episode beside its texts, about.
const EPISODE_BYTES: usize = 400;

/// What is read and not settled.
#[derive(Debug)]
pub struct Queue {
    world: World,
    graph_id: String,
    language: Language,
    /// How far the memory is.
    settled: Option<Cursor>,
    /// The last message that need not be read again.
    at: Option<Position>,
    /// The last frame that was read; the next one must continue it.
    read: Option<Link>,
    /// The memory has everything up to here, although the ledger does not say so.
    recalled: u64,
    items: VecDeque<Item>,
    bytes: usize,
    narrow: Option<Narrow>,
}

/// An action that waits; without an episode the end of a frame, to be passed over.
#[derive(Debug)]
struct Item {
    episode: Option<Episode>,
    mark: Mark,
}

/// Where a memory stands once it has an item.
#[derive(Clone, Debug)]
struct Mark {
    reached: Cursor,
    /// The last message of its frame.
    message: Position,
    /// It is the end of its frame.
    whole: bool,
    came: Time,
    /// The world has ended with it.
    ends: bool,
}

/// A batch that was cut, and what it takes to put it back.
#[derive(Debug)]
pub struct Flight {
    /// What goes to the memory.
    pub batch: EpisodeBatch,
    /// One of each episode, and of each frame's end between them.
    marks: Vec<(bool, Mark)>,
}

/// After a batch was refused: what is in it goes in smaller ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Narrow {
    most: usize,
    until: u64,
}

/// What a frame was to a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It had all of it; true if it was the very last one that it had.
    Repeat(bool),
    /// It is in the queue.
    New,
}

/// What there is to read behind a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    /// More.
    More,
    /// More, and no room for it.
    Full,
    /// Nothing now.
    Drained,
}

/// Whether something is to be sent.
#[derive(Debug)]
pub enum Cut {
    /// This.
    Now(Box<Flight>),
    /// Something, at this time.
    At(Time),
    /// Nothing as long as nothing more is read.
    Nothing,
}

impl Queue {
    /// The queue of a world for a graph, behind what the ledger says is settled.
    pub fn new(
        world: World,
        graph_id: String,
        language: Language,
        settled: Option<Cursor>,
        at: Option<Position>,
    ) -> Queue {
        let read = settled.as_ref().map(|cursor| Link {
            tick: cursor.tick,
            next_seq: cursor.seq.saturating_add(1),
            digest: cursor.digest,
        });
        Queue {
            world,
            graph_id,
            language,
            settled,
            at,
            read,
            recalled: 0,
            items: VecDeque::new(),
            bytes: 0,
            narrow: None,
        }
    }

    /// The world.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The graph that it goes to.
    pub fn graph_id(&self) -> &str {
        &self.graph_id
    }

    /// How far the memory is; `None` before the first action.
    pub fn settled(&self) -> Option<&Cursor> {
        self.settled.as_ref()
    }

    /// The last message that need not be read again.
    pub fn at(&self) -> Option<Position> {
        self.at
    }

    /// The last action that was read; 0 before the first.
    pub fn read_up_to(&self) -> u64 {
        self.read.map_or(0, |read| read.next_seq.saturating_sub(1))
    }

    /// Bytes that it holds, about.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Notes that the memory has everything up to `seq` already.
    pub fn recall(&mut self, seq: u64) {
        self.recalled = seq;
    }

    /// Takes the next whole frame.
    ///
    /// # Errors
    /// Why it does not follow on what was read; the queue is as it was.
    pub fn push(&mut self, frame: &Frame, at: Position, now: Time) -> Result<Taken, Discord> {
        if let Some(discord) = chain::discord(self.read.as_ref(), frame) {
            return Err(discord);
        }
        let (done, next) = (self.read_up_to(), frame.next_seq());
        if let Some(read) = self.read.filter(|read| frame.tick <= read.tick && next <= done + 1) {
            return Ok(Taken::Repeat(frame.tick == read.tick));
        }
        let place = |seq| Cursor {
            seq,
            tick: frame.tick,
            round: frame.round,
            simulated_time: frame.simulated_time,
            digest: frame.digest,
        };
        let had = done.max(self.recalled);
        let news = frame.actions.iter().filter(|action| action.seq > had);
        let news = news.filter(|action| action.success() && action.body.is_memorable());
        for action in news {
            let episode = episode(frame, action, &self.graph_id, self.language);
            self.bytes += weight(&episode);
            let reached = place(action.seq);
            let mark = Mark { reached, message: at, whole: false, came: now, ends: false };
            self.items.push_back(Item { episode: Some(episode), mark });
        }
        let ends = frame.markers.iter().any(|m| matches!(m, Marker::SimulationEnd { .. }));
        let end = Mark { reached: place(next - 1), message: at, whole: true, came: now, ends };
        match self.items.back_mut() {
            // Whoever has the last memorable action is done with the frame.
            Some(last) if last.mark.reached.tick == frame.tick && !last.mark.whole => {
                last.mark = end;
            }
            _ => self.items.push_back(Item { episode: None, mark: end }),
        }
        self.read = Some(Link::of(frame));
        Ok(Taken::New)
    }

    /// Passes over what has nothing to remember at the front; true if that moved it.
    pub fn pass(&mut self) -> bool {
        let mut moved = false;
        while let Some(item) = self.items.pop_front_if(|item| item.episode.is_none()) {
            self.reach(item.mark);
            moved = true;
        }
        moved
    }

    fn reach(&mut self, mark: Mark) {
        if mark.whole {
            self.at = Some(mark.message);
        }
        self.settled = Some(mark.reached);
    }

    /// Cuts what is to go at once; begins with something to remember, see [`Queue::pass`].
    pub fn cut(&mut self, batching: &Batching, now: Time, supply: Supply) -> Cut {
        let Some(first) = self.items.front() else { return Cut::Nothing };
        let due = first.mark.came.saturating_add(batching.age);
        let (items, closed) = self.measure(batching);
        let at_once = batching.age.is_zero();
        match supply {
            Supply::Full => Cut::Now(Box::new(self.take(items))),
            Supply::More | Supply::Drained if closed => Cut::Now(Box::new(self.take(items))),
            Supply::More if at_once => Cut::Nothing,
            Supply::More | Supply::Drained if due <= now => Cut::Now(Box::new(self.take(items))),
            Supply::More | Supply::Drained => Cut::At(due),
        }
    }

    /// How many items the next batch has, and whether it is closed however little waits.
    fn measure(&self, batching: &Batching) -> (usize, bool) {
        let most = self.narrow.map_or(usize::MAX, |narrow| narrow.most);
        let most = most.min(batching.actions as usize).max(1);
        let (mut episodes, mut characters) = (0, 0);
        for (index, item) in self.items.iter().enumerate() {
            let Some(episode) = &item.episode else {
                if item.mark.ends && episodes > 0 {
                    return (index + 1, true);
                }
                continue;
            };
            let length = episode.text.chars().count() + 1;
            if episodes > 0 && characters + length > batching.characters as usize + 1 {
                return (index, true);
            }
            (episodes, characters) = (episodes + 1, characters + length);
            let round_is_over = batching.per_round && item.mark.whole;
            if episodes == most || item.mark.ends || round_is_over {
                return (index + 1, true);
            }
        }
        (self.items.len(), false)
    }

    /// Cuts the batch of these bounds once all of it is read: its intent is written.
    pub fn cut_exactly(&mut self, last_seq: u64) -> Option<Flight> {
        if self.read_up_to() < last_seq {
            return None;
        }
        let items = self.items.iter().take_while(|item| item.mark.reached.seq <= last_seq).count();
        let has_episode = self.items.iter().take(items).any(|item| item.episode.is_some());
        has_episode.then(|| self.take(items))
    }

    /// Takes the first items out; at least one of them has an episode.
    fn take(&mut self, items: usize) -> Flight {
        let first_seq = self.settled.as_ref().map_or(0, |settled| settled.seq) + 1;
        let (mut episodes, mut marks) = (Vec::with_capacity(items), Vec::with_capacity(items));
        for Item { episode, mark } in self.items.drain(..items) {
            marks.push((episode.is_some(), mark));
            episodes.extend(episode);
        }
        let last = marks[marks.len() - 1].1.clone();
        let at = marks.iter().rev().find(|(_, mark)| mark.whole).map(|(_, mark)| mark.message);
        self.bytes = self.bytes.saturating_sub(episodes.iter().map(weight).sum());
        let batch = EpisodeBatch {
            world: self.world.clone(),
            graph_id: self.graph_id.clone(),
            round: last.reached.round,
            simulated_time: last.reached.simulated_time,
            first_seq: first_seq.max(self.recalled + 1),
            last_seq: last.reached.seq,
            stream_sequence: last.message.sequence,
            at: at.or(self.at),
            episodes,
            reached: last.reached,
        };
        Flight { batch, marks }
    }

    /// Puts a batch back that was not taken; from now on smaller ones are cut of what is in it.
    pub fn split(&mut self, flight: Flight) {
        let most = flight.batch.episodes.len().div_ceil(2);
        self.narrow = Some(Narrow { most, until: flight.batch.last_seq });
        self.bytes += flight.batch.episodes.iter().map(weight).sum::<usize>();
        let mut episodes = flight.batch.episodes.into_iter().rev();
        for (has_episode, mark) in flight.marks.into_iter().rev() {
            let episode = if has_episode { episodes.next() } else { None };
            self.items.push_front(Item { episode, mark });
        }
    }

    /// Notes that the memory is done with a batch.
    pub fn settle(&mut self, flight: Flight) {
        for (_, mark) in flight.marks {
            self.reach(mark);
        }
        let seq = flight.batch.last_seq;
        self.narrow = self
            .narrow
            .filter(|narrow| seq < narrow.until)
            .map(|narrow| Narrow { most: narrow.most.saturating_mul(2), ..narrow });
    }
}

fn weight(episode: &Episode) -> usize {
    EPISODE_BYTES + 3 * episode.text.len()
}

#[cfg(test)]
mod tests;
