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
        "tick {tick} begins with action {found}, but the memory is done only up to action {done}"
    )]
    Gap {
        /// The frame's tick.
        tick: u32,
        /// Its first seq.
        found: u64,
        /// The last action that the memory is done with.
        done: u64,
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
    let gap = Some(Discord::Gap { tick, found: first_seq, done });
    let Some(cursor) = cursor else {
        return if tick == 0 && first_seq == 1 { None } else { gap };
    };
    let foreign = |found| Some(Discord::Foreign { tick, found, expected: cursor.digest });
    match tick.cmp(&cursor.tick) {
        Ordering::Less if frame.next_seq() > done + 1 => foreign(digest),
        Ordering::Equal if digest != cursor.digest => foreign(digest),
        Ordering::Less | Ordering::Equal => None,
        Ordering::Greater if tick > cursor.tick + 1 || first_seq > done + 1 => gap,
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
pub(crate) mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// An action as a frame has it; `failed` with a reason.
    fn action(seq: u64, action_type: &str, failed: bool) -> Value {
        let args = match action_type {
            "CREATE_POST" => json!({"content": format!("post {seq}"), "post_id": seq}),
            "FOLLOW" => json!({"followee_id": 2}),
            _ => json!({}),
        };
        json!({
            "seq": seq, "agent_id": seq % 3, "agent_name": "Mara", "action_type": action_type,
            "action_args": args, "result": failed.then_some("no such thing"), "success": !failed,
        })
    }

    /// The frame after `previous` with actions of these types (`!` before one: it failed).
    pub(crate) fn frame(previous: Option<&Frame>, types: &[&str]) -> Frame {
        let tick = previous.map_or(0, |previous| previous.tick + 1);
        let first_seq = previous.map_or(1, Frame::next_seq);
        let zero = Digest::ZERO;
        let actions: Vec<Value> = (first_seq..)
            .zip(types)
            .map(|(seq, name)| action(seq, name.trim_start_matches('!'), name.starts_with('!')))
            .collect();
        let mut frame: Frame = serde_json::from_value(json!({
            "v": 1, "run_id": "market-1", "platform": "twitter", "tick": tick, "round": tick,
            "simulated_time": format!("2026-01-01T0{tick}:00:00Z"),
            "timestamp": "2026-03-01T10:00:00Z", "first_seq": first_seq, "part": 1, "parts": 1,
            "previous_digest": previous.map_or(zero, |previous| previous.digest), "digest": zero,
            "markers": [], "actions": actions,
        }))
        .unwrap();
        frame.digest = frame.compute_digest();
        frame
    }

    /// A batch as if it were the world's first.
    pub(crate) fn batch(types: &[&str]) -> EpisodeBatch {
        match judge(None, &frame(None, types), "g", 9) {
            Step::Deliver(batch) => batch,
            other => panic!("{types:?} make {other:?}"),
        }
    }

    /// What a step says, short enough for a table.
    fn short(step: &Step) -> String {
        match step {
            Step::Repeat => "repeat".to_owned(),
            Step::Advance(reached) => format!("advance to {}", reached.seq),
            Step::Deliver(batch) => {
                let ids: Vec<&str> =
                    batch.episodes.iter().map(|episode| episode.action_id.as_str()).collect();
                format!("{}: {} to {}", batch.id(), ids.join(" "), batch.reached.seq)
            }
            Step::Refuse(discord) => format!("refuse: {discord}"),
        }
    }

    fn cursor_after(frame: &Frame) -> Cursor {
        Cursor {
            seq: frame.next_seq() - 1,
            tick: frame.tick,
            round: frame.round,
            simulated_time: frame.simulated_time,
            digest: frame.digest,
        }
    }

    #[test]
    fn each_frame_means_one_thing_for_each_cursor() {
        let seeds = frame(None, &["CREATE_POST", "!FOLLOW", "DO_NOTHING", "FOLLOW"]);
        let idle = frame(Some(&seeds), &["DO_NOTHING"]);
        let empty = frame(Some(&idle), &[]);
        let last = frame(Some(&empty), &["CREATE_POST"]);
        let none = None;
        let (at_seeds, at_idle) = (cursor_after(&seeds), cursor_after(&idle));
        let (at_empty, at_last) = (cursor_after(&empty), cursor_after(&last));
        let cut = Cursor { seq: 2, ..cursor_after(&seeds) };
        let table: [(Option<&Cursor>, &Frame, &str); 13] = [
            (none, &seeds, "market-1.twitter.1-4: market-1.twitter.1 market-1.twitter.4 to 4"),
            (Some(&at_seeds), &idle, "advance to 5"),
            (Some(&at_idle), &empty, "advance to 5"),
            (Some(&at_empty), &last, "market-1.twitter.6-6: market-1.twitter.6 to 6"),
            // What a repair appends again is behind the cursor, whatever its stream sequence.
            (Some(&at_last), &seeds, "repeat"),
            (Some(&at_last), &empty, "repeat"),
            (Some(&at_last), &last, "repeat"),
            // A cursor within a frame takes the rest of it.
            (Some(&cut), &seeds, "market-1.twitter.3-4: market-1.twitter.4 to 4"),
            // What skips ahead is not taken: not later, not at the start, not over an empty tick.
            (
                none,
                &idle,
                "refuse: tick 1 begins with action 5, but the memory is done only up to action 0",
            ),
            (
                Some(&at_seeds),
                &last,
                "refuse: tick 3 begins with action 6, but the memory is done only up to action 4",
            ),
            (
                Some(&at_idle),
                &last,
                "refuse: tick 3 begins with action 6, but the memory is done only up to action 5",
            ),
            (
                Some(&cut),
                &idle,
                "refuse: tick 1 begins with action 5, but the memory is done only up to action 2",
            ),
            (Some(&at_last), &idle, "repeat"),
        ];
        for (row, (cursor, frame, expected)) in table.into_iter().enumerate() {
            assert_eq!(short(&judge(cursor, frame, "g", 9)), expected, "row {row}");
        }
    }

    #[test]
    fn another_run_of_the_same_name_is_noticed() {
        let mine = frame(None, &["CREATE_POST"]);
        let other = frame(None, &["FOLLOW"]);
        let longer = frame(None, &["FOLLOW", "FOLLOW", "FOLLOW"]);
        let next = frame(Some(&mine), &["FOLLOW"]);
        let cursor = cursor_after(&mine);
        for (at, seen) in [
            (&cursor, &other),
            (&cursor, &frame(Some(&other), &["FOLLOW"])),
            (&cursor_after(&next), &longer),
        ] {
            let step = judge(Some(at), seen, "g", 9);
            assert!(matches!(step, Step::Refuse(Discord::Foreign { .. })), "{step:?}");
        }
    }

    #[test]
    fn numbers_that_cannot_be_are_refused() {
        let good = frame(None, &["FOLLOW", "FOLLOW"]);
        let mut zero = good.clone();
        (zero.first_seq, zero.actions) = (0, Vec::new());
        let mut huge = good.clone();
        (huge.first_seq, huge.actions[0].seq) = (u64::MAX, u64::MAX);
        let mut twice = good.clone();
        twice.actions[1].seq = 1;
        for (frame, found) in [(zero, 0), (huge, u64::MAX), (twice, 1)] {
            for cursor in [None, Some(&cursor_after(&good))] {
                let step = judge(cursor, &frame, "g", 9);
                assert!(
                    matches!(&step, Step::Refuse(Discord::Disorder { found: f, .. }) if *f == found),
                    "{step:?}"
                );
            }
        }
    }

    #[test]
    fn an_episode_says_where_it_comes_from() {
        let batch = batch(&["!FOLLOW", "CREATE_POST"]);
        assert_eq!((batch.first_seq, batch.last_seq, batch.stream_sequence), (1, 2, 9));
        assert_eq!(batch.text(), "Mara: published a post: \"post 2\"");
        assert_eq!(
            serde_json::to_value(&batch.episodes[0]).unwrap(),
            json!({
                "action_id": "market-1.twitter.2", "graph_id": "g", "run_id": "market-1",
                "platform": "twitter", "round": 0, "simulated_time": "2026-01-01T00:00:00.000Z",
                "agent_id": 2, "agent_name": "Mara", "action_type": "CREATE_POST",
                "text": "Mara: published a post: \"post 2\"", "body": action(2, "CREATE_POST", false),
            })
        );
    }

    #[test]
    fn parts_become_a_frame_or_are_forgotten() {
        let whole = frame(None, &["CREATE_POST", "FOLLOW", "FOLLOW"]);
        let messages = whole.clone().into_messages(1);
        let part = |index: usize| serde_json::from_slice::<Frame>(&messages[index]).unwrap();
        let world = World { run_id: whole.run_id.clone(), platform: whole.platform };
        let mut parts = Parts::default();
        assert_eq!((messages.len(), parts.are_whole()), (3, true));
        assert_eq!(parts.push(&world, part(0)), Ok(None));
        assert_eq!(parts.push(&world, part(1)), Ok(None));
        assert!(!parts.are_whole());
        assert_eq!(parts.push(&world, part(2)), Ok(Some(whole)));
        assert!(parts.are_whole());
        parts.push(&world, part(0)).unwrap();
        assert!(parts.push(&world, part(2)).is_err());
        assert!(parts.are_whole());
    }
}
