//! From frames to batches: what of a frame a memory has not had yet. Pure.
//!
//! A memory's place in a world is the `seq` of the last action that it is done with. The
//! stream's own sequence says where to read, never what was read: a repaired stream carries
//! the same actions under other sequences.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use contract::MAX_SAFE_INTEGER;
use contract::action::Action;
use contract::frame::{Assembler, BrokenFrame, Frame};
use contract::id::{Digest, RunId};
use contract::memory::Episode;
use contract::notice::action_id;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

use crate::render;

/// One platform of one run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct World {
    /// The run.
    pub run_id: RunId,
    /// The platform.
    pub platform: Platform,
}

/// How far a memory has come in a world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The last action that it is done with; 0 before the first.
    pub seq: u64,
    /// The tick of the last frame that it had something of.
    pub tick: u32,
    /// That tick's round.
    pub round: u32,
    /// When that was, in simulated time.
    pub simulated_time: Timestamp,
    /// That frame's digest, which the next frame must continue.
    pub digest: Digest,
}

/// The memorable actions of one frame for one graph, in order; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpisodeBatch {
    /// Where they come from.
    pub world: World,
    /// The graph that they go to.
    pub graph_id: String,
    /// The round.
    pub round: u32,
    /// When that was, in simulated time.
    pub simulated_time: Timestamp,
    /// The first action that this batch settles, memorable or not.
    pub first_seq: u64,
    /// The last one.
    pub last_seq: u64,
    /// The stream sequence of the frame's last message.
    pub stream_sequence: u64,
    /// What to remember.
    pub episodes: Vec<Episode>,
    /// Where the memory stands once it has them.
    pub reached: Cursor,
}

/// What a frame means for a memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It had all of it.
    Repeat,
    /// Nothing in it is memorable.
    Advance(Cursor),
    /// This is to be remembered.
    Deliver(EpisodeBatch),
    /// It does not follow on what the memory had.
    Refuse(Discord),
}

/// Why a frame does not follow on what a memory had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Discord {
    /// What should come before it has not come.
    #[error(
        "tick {tick} begins with action {found} where tick {due_tick} with action {due} is due"
    )]
    Gap {
        /// The frame's tick.
        tick: u32,
        /// Its first seq.
        found: u64,
        /// The tick that is due.
        due_tick: u32,
        /// The first action that the memory does not have.
        due: u64,
    },
    /// Its actions are not numbered one by one.
    #[error("tick {tick} has action {found} where {expected} belongs")]
    Disorder {
        /// The frame's tick.
        tick: u32,
        /// The seq that it has.
        found: u64,
        /// The one that belongs there.
        expected: u64,
    },
    /// Its digests say that the world was another one.
    #[error(
        "tick {tick} does not continue what was remembered of this world (digest {found}, \
         remembered {expected}): the run was replaced by another of its name"
    )]
    Foreign {
        /// The frame's tick.
        tick: u32,
        /// The digest that it has, or continues.
        found: Digest,
        /// The one that the memory knows.
        expected: Digest,
    },
}

/// What `frame`, a whole one, means for a memory that stands at `cursor`.
pub fn judge(cursor: Option<&Cursor>, frame: &Frame, graph_id: &str, stream_sequence: u64) -> Step {
    if let Some(discord) = discord(cursor, frame) {
        return Step::Refuse(discord);
    }
    let (done, next) = (cursor.map_or(0, |cursor| cursor.seq), frame.next_seq());
    if cursor.is_some_and(|cursor| frame.tick <= cursor.tick && next <= done + 1) {
        return Step::Repeat;
    }
    let reached = Cursor {
        seq: next - 1,
        tick: frame.tick,
        round: frame.round,
        simulated_time: frame.simulated_time,
        digest: frame.digest,
    };
    let news = frame.actions.iter().filter(|action| action.seq > done);
    let episodes: Vec<Episode> = news
        .filter(|action| action.success() && action.body.is_memorable())
        .map(|action| episode(frame, action, graph_id))
        .collect();
    if episodes.is_empty() {
        return Step::Advance(reached);
    }
    Step::Deliver(EpisodeBatch {
        world: World { run_id: frame.run_id.clone(), platform: frame.platform },
        graph_id: graph_id.to_owned(),
        round: frame.round,
        simulated_time: frame.simulated_time,
        first_seq: done + 1,
        last_seq: reached.seq,
        stream_sequence,
        episodes,
        reached,
    })
}

/// What stands between `cursor` and `frame`, if anything does.
fn discord(cursor: Option<&Cursor>, frame: &Frame) -> Option<Discord> {
    let Frame { tick, first_seq, digest, previous_digest, .. } = *frame;
    if let Some(disorder) = disorder(frame) {
        return Some(disorder);
    }
    let done = cursor.map_or(0, |cursor| cursor.seq);
    let due_tick = cursor.map_or(0, |cursor| cursor.tick.saturating_add(1));
    let gap = Some(Discord::Gap { tick, found: first_seq, due_tick, due: done + 1 });
    let Some(cursor) = cursor else {
        return if tick == 0 && first_seq == 1 { None } else { gap };
    };
    let foreign = |found| Some(Discord::Foreign { tick, found, expected: cursor.digest });
    match tick.cmp(&cursor.tick) {
        Ordering::Less if frame.next_seq() > done + 1 => foreign(digest),
        Ordering::Equal if digest != cursor.digest => foreign(digest),
        Ordering::Less | Ordering::Equal => None,
        Ordering::Greater if tick > due_tick || first_seq > done + 1 => gap,
        Ordering::Greater if first_seq <= done || previous_digest != cursor.digest => {
            foreign(previous_digest)
        }
        Ordering::Greater => None,
    }
}

/// The first action of `frame` whose seq is not what its place says.
fn disorder(frame: &Frame) -> Option<Discord> {
    let wrong = |found, expected| Some(Discord::Disorder { tick: frame.tick, found, expected });
    if !(1..MAX_SAFE_INTEGER / 2).contains(&frame.first_seq) {
        return wrong(frame.first_seq, 1);
    }
    let (expected, action) = (frame.first_seq..)
        .zip(&frame.actions)
        .find(|(expected, action)| action.seq != *expected)?;
    wrong(action.seq, expected)
}

fn episode(frame: &Frame, action: &Action, graph_id: &str) -> Episode {
    Episode {
        action_id: action_id(&frame.run_id, frame.platform, action.seq),
        graph_id: graph_id.to_owned(),
        run_id: frame.run_id.clone(),
        platform: frame.platform,
        round: frame.round,
        simulated_time: frame.simulated_time,
        agent_id: action.agent_id,
        agent_name: action.agent_name.clone(),
        action_type: action.body.type_name().to_owned(),
        text: render::line(action),
        body: action.clone(),
    }
}

/// Frames of which not all parts have come yet.
#[derive(Debug, Default)]
pub struct Parts {
    open: BTreeMap<World, Assembler>,
}

impl Parts {
    /// Takes the next message of `world`; the whole frame once its last part is in.
    ///
    /// # Errors
    /// If the parts do not make a frame. They are then forgotten.
    pub fn push(&mut self, world: &World, part: Frame) -> Result<Option<Frame>, BrokenFrame> {
        let mut assembler = self.open.remove(world).unwrap_or_default();
        let frame = assembler.push(part)?;
        if frame.is_none() {
            self.open.insert(world.clone(), assembler);
        }
        Ok(frame)
    }

    /// True if no frame waits for its end, so that nothing need be read again.
    pub fn are_whole(&self) -> bool {
        self.open.is_empty()
    }
}

impl EpisodeBatch {
    /// Names the batch wherever it is sent: `<run>.<platform>.<first_seq>-<last_seq>`.
    pub fn id(&self) -> String {
        format!("{}.{}-{}", self.world, self.first_seq, self.last_seq)
    }

    /// All episodes as text, one per line.
    pub fn text(&self) -> String {
        let lines: Vec<&str> = self.episodes.iter().map(|episode| episode.text.as_str()).collect();
        lines.join("\n")
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.run_id, self.platform)
    }
}

#[cfg(test)]
pub(crate) mod tests;
