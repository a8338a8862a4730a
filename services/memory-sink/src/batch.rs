//! What goes to a memory at once, and where it then is. Pure; [`crate::queue`] cuts batches.
//!
//! A memory's place in a world is the `seq` of the last action that it is done with. The
//! stream's own sequence says where to read, never what was read: a repaired stream carries
//! the same actions under other sequences.

use bus::Position;
use contract::action::Action;
use contract::frame::Frame;
use contract::id::Digest;
use contract::memory::Episode;
use contract::notice::action_id;
use contract::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

pub use contract::chain::World;

use crate::render::{self, Language};

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

/// Memorable actions of one world for one graph, in order; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpisodeBatch {
    /// Where they come from.
    pub world: World,
    /// The graph that they go to.
    pub graph_id: String,
    /// The round of the last of them.
    pub round: u32,
    /// When that was, in simulated time.
    pub simulated_time: Timestamp,
    /// The first action that this batch settles, memorable or not.
    pub first_seq: u64,
    /// The last one.
    pub last_seq: u64,
    /// The stream sequence of its last frame's last message.
    pub stream_sequence: u64,
    /// The last message that need not be read again once the memory has the batch.
    pub at: Option<Position>,
    /// What to remember.
    pub episodes: Vec<Episode>,
    /// Where the memory stands once it has them.
    pub reached: Cursor,
}

/// What a memory is told of an action.
pub(crate) fn episode(
    frame: &Frame,
    action: &Action,
    graph_id: &str,
    language: Language,
) -> Episode {
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
        text: render::line(action, language),
        body: action.clone(),
    }
}

impl EpisodeBatch {
    /// Names the batch wherever it is sent: `<run>.<platform>.<first_seq>-<last_seq>`.
    pub fn id(&self) -> String {
        id(&self.world, (self.first_seq, self.last_seq))
    }

    /// All episodes as text, one per line.
    pub fn text(&self) -> String {
        let lines: Vec<&str> = self.episodes.iter().map(|episode| episode.text.as_str()).collect();
        lines.join("\n")
    }
}

/// What [`EpisodeBatch::id`] is of a batch with these first and last seqs.
pub(crate) fn id(world: &World, (first, last): (u64, u64)) -> String {
    format!("{world}.{first}-{last}")
}

/// The first and last seq that an id of a batch names.
pub(crate) fn bounds(id: &str) -> Option<(u64, u64)> {
    let (first, last) = id.rsplit('.').next()?.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

#[cfg(test)]
pub(crate) mod tests;
