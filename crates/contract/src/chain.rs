//! How the frames of a world follow on each other, for those who read them as they come.
//!
//! A reader's place in a world is the `seq` of an action, never a sequence of the stream: a
//! repaired stream carries the same actions under other sequences.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use crate::MAX_SAFE_INTEGER;
use crate::frame::{Assembler, BrokenFrame, Frame};
use crate::id::{Digest, RunId};
use crate::subject::Platform;

/// One platform of one run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct World {
    /// The run.
    pub run_id: RunId,
    /// The platform.
    pub platform: Platform,
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.run_id, self.platform)
    }
}

/// The last frame that a reader had of a world, which the next one must continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its tick.
    pub tick: u32,
    /// The seq that is due after it.
    pub next_seq: u64,
    /// Its digest.
    pub digest: Digest,
}

impl Link {
    /// The link that a whole frame is.
    pub fn of(frame: &Frame) -> Link {
        Link { tick: frame.tick, next_seq: frame.next_seq(), digest: frame.digest }
    }
}

/// Why a frame does not follow on what a reader had.
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
        /// The first action that the reader does not have.
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
        "tick {tick} does not continue what was read of this world before (digest {found}, \
         known {expected}): a frame was changed, or the run replaced by another of its name"
    )]
    Foreign {
        /// The frame's tick.
        tick: u32,
        /// The digest that it has, or continues.
        found: Digest,
        /// The one that the reader knows.
        expected: Digest,
    },
}

/// What stands between the last frame that a reader had (`None`: it had none) and `frame`, a
/// whole one, if anything does. A frame that it had already, unchanged, is no discord.
pub fn discord(last: Option<&Link>, frame: &Frame) -> Option<Discord> {
    let Frame { tick, first_seq, digest, previous_digest, .. } = *frame;
    if let Some(disorder) = disorder(frame) {
        return Some(disorder);
    }
    let due = last.map_or(1, |last| last.next_seq);
    let due_tick = last.map_or(0, |last| last.tick.saturating_add(1));
    let gap = Some(Discord::Gap { tick, found: first_seq, due_tick, due });
    let Some(last) = last else {
        return if tick == 0 && first_seq == 1 { None } else { gap };
    };
    let foreign = |found| Some(Discord::Foreign { tick, found, expected: last.digest });
    match tick.cmp(&last.tick) {
        Ordering::Less if frame.next_seq() > due => foreign(digest),
        Ordering::Equal if digest != last.digest => foreign(digest),
        Ordering::Less | Ordering::Equal => None,
        Ordering::Greater if tick > due_tick || first_seq > due => gap,
        Ordering::Greater if first_seq < due || previous_digest != last.digest => {
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
