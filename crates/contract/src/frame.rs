//! The out-queue of one tick, and the digest that chains the ticks of a world.
//!
//! A tick is one step of a pure function, so its outputs are one frame: all of it is on the
//! bus, or nothing. A frame too large for one message goes as several parts, which differ
//! only in `part` and in which actions they carry.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::id::{Digest, RunId};
use crate::options::{MemoryTarget, RunOptions};
use crate::subject::Platform;
use crate::timestamp::Timestamp;
use crate::version::V1;

/// The outputs of one tick of one world, or one part of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Contract version.
    pub v: V1,
    /// The run.
    pub run_id: RunId,
    /// The world.
    pub platform: Platform,
    /// The step, from 0.
    pub tick: u32,
    /// The round that was played in it; today the same number.
    pub round: u32,
    /// When it was, in simulated time.
    pub simulated_time: Timestamp,
    /// When its inputs were closed, in wall-clock time. From the journal, so whoever
    /// publishes the frame publishes the same bytes.
    pub timestamp: Timestamp,
    /// The seq of its first action; with no action, the next seq to be used.
    pub first_seq: u64,
    /// Which part this is, from 1.
    pub part: u32,
    /// How many parts there are.
    pub parts: u32,
    /// The digest of the tick before, 64 zeros at tick 0.
    pub previous_digest: Digest,
    /// The digest up to and including this tick.
    pub digest: Digest,
    /// What the run was started with; tick 0 only, not in the digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<RunOptions>,
    /// The memories that its actions go to; tick 0 only, not in the digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Vec<MemoryTarget>>,
    /// Beginnings and ends, in order; in the first part.
    pub markers: Vec<Marker>,
    /// What the agents did, in order.
    pub actions: Vec<Action>,
}

/// A beginning or an end. `before_seq`: it stands before the action of that seq.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Marker {
    /// The world exists.
    SimulationStart {
        /// Where it stands.
        before_seq: u64,
        /// The spec that it was built from.
        spec_digest: Digest,
        /// Its seed.
        seed: u64,
        /// The version of the rules that step it.
        rules: u32,
        /// Its agents.
        agents: u32,
        /// The rounds it is to play.
        rounds: u32,
    },
    /// A round begins.
    RoundStart {
        /// Where it stands.
        before_seq: u64,
        /// The round.
        round: u32,
        /// The hour of the simulated day, 0 to 23.
        simulated_hour: u32,
    },
    /// A round is over.
    RoundEnd {
        /// Where it stands.
        before_seq: u64,
        /// The round.
        round: u32,
        /// Actions in it, failed ones included.
        actions: u32,
        /// Agents that were active in it.
        active_agents: u32,
        /// Simulated minutes from the start of the run to the start of this round.
        simulated_minutes: u64,
    },
    /// The last round is over.
    SimulationEnd {
        /// Where it stands.
        before_seq: u64,
        /// How it ended.
        outcome: Outcome,
        /// Rounds played.
        rounds: u32,
        /// Actions in all, failed ones included.
        actions: u64,
    },
}

impl Marker {
    /// The seq of the action that it stands before.
    pub fn before_seq(&self) -> u64 {
        match self {
            Marker::SimulationStart { before_seq, .. }
            | Marker::RoundStart { before_seq, .. }
            | Marker::RoundEnd { before_seq, .. }
            | Marker::SimulationEnd { before_seq, .. } => *before_seq,
        }
    }
}

/// How a run, or one of its worlds, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// All rounds were played.
    Completed,
    /// Somebody stopped it.
    Stopped,
    /// It could not go on.
    Failed,
}

/// Why parts do not make a frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokenFrame {
    /// A part is missing, or stands in the wrong place.
    #[error("part {found} of tick {tick} stands where part {expected} belongs")]
    Part {
        /// The tick.
        tick: u32,
        /// The part that was due.
        expected: u32,
        /// The part that came.
        found: u32,
    },
    /// The digest does not follow from the content.
    #[error("the digest of tick {tick} is {found}, its content makes {computed}")]
    Digest {
        /// The tick.
        tick: u32,
        /// As the frame says.
        found: Digest,
        /// As computed.
        computed: Digest,
    },
}

/// What the digest covers: no run, epoch or wall-clock time, so that runs of one spec,
/// options and seed agree.
#[derive(Serialize)]
struct Digested<'a> {
    platform: Platform,
    tick: u32,
    round: u32,
    simulated_time: Timestamp,
    first_seq: u64,
    markers: &'a [Marker],
    actions: &'a [Action],
}

impl Frame {
    /// The digest that this frame's content makes: SHA-256 over the 64 hexadecimal digits of
    /// `previous_digest`, followed by the compact JSON of platform, tick, round,
    /// simulated_time, first_seq, markers and actions, in that order. Only right for whole
    /// frames.
    pub fn compute_digest(&self) -> Digest {
        let content = Digested {
            platform: self.platform,
            tick: self.tick,
            round: self.round,
            simulated_time: self.simulated_time,
            first_seq: self.first_seq,
            markers: &self.markers,
            actions: &self.actions,
        };
        let json = serde_json::to_vec(&content).expect("no map keys that JSON refuses");
        Digest::of(&[self.previous_digest.to_string().as_bytes(), &json])
    }

    /// The seq that the action after this frame will have.
    pub fn next_seq(&self) -> u64 {
        // A frame from the bus may claim any seq, also the last that there is.
        self.actions.last().map_or(self.first_seq, |action| action.seq.saturating_add(1))
    }

    /// The message bodies of this (whole) frame: one, or several if its actions exceed
    /// `part_size` bytes. An action is never cut, so a part may exceed the size by one action.
    pub fn to_messages(&self, part_size: u32) -> Vec<Vec<u8>> {
        let (json, ends) = encode(&self.actions);
        let whole = self.head(self.part, self.parts);
        if whole.len() + json.len().saturating_sub(1) <= part_size as usize {
            return vec![close(whole, &json)];
        }
        let cuts = cut(&ends, part_size as usize);
        let parts = u32::try_from(cuts.len()).unwrap_or(u32::MAX);
        let part = |(part, range)| close(self.head(part, parts), &json[range]);
        (1..).zip(cuts).map(part).collect()
    }

    /// A part without its actions. What is in the first one only is in that.
    fn head(&self, part: u32, parts: u32) -> Vec<u8> {
        let is_first = part == 1;
        let head = Frame {
            v: self.v,
            run_id: self.run_id.clone(),
            platform: self.platform,
            tick: self.tick,
            round: self.round,
            simulated_time: self.simulated_time,
            timestamp: self.timestamp,
            first_seq: self.first_seq,
            part,
            parts,
            previous_digest: self.previous_digest,
            digest: self.digest,
            options: self.options.clone().filter(|_| is_first),
            memory: self.memory.clone().filter(|_| is_first),
            markers: if is_first { self.markers.clone() } else { Vec::new() },
            actions: Vec::new(),
        };
        serde_json::to_vec(&head).expect("no map keys that JSON refuses")
    }
}

/// The JSON of each action with a comma behind it, and where each of them ends: an action is
/// encoded once, wherever it goes.
fn encode(actions: &[Action]) -> (Vec<u8>, Vec<usize>) {
    let (mut json, mut ends) = (Vec::new(), Vec::with_capacity(actions.len()));
    for action in actions {
        serde_json::to_writer(&mut json, action).expect("no map keys that JSON refuses");
        json.push(b',');
        ends.push(json.len());
    }
    (json, ends)
}

/// Puts actions into a head: they are its last field.
fn close(mut head: Vec<u8>, actions: &[u8]) -> Vec<u8> {
    debug_assert!(head.ends_with(br#""actions":[]}"#));
    head.truncate(head.len() - b"]}".len());
    head.extend_from_slice(actions.strip_suffix(b",").unwrap_or(actions));
    head.extend_from_slice(b"]}");
    head
}

/// Puts the parts of frames together again, as they arrive, and checks what it hands out.
#[derive(Clone, Debug, Default)]
pub struct Assembler {
    partial: Option<Frame>,
}

impl Assembler {
    /// Takes the next message of a world's frames; the whole frame once its last part is in.
    ///
    /// # Errors
    /// If a part is missing or the digest does not match. The assembler is then empty.
    pub fn push(&mut self, part: Frame) -> Result<Option<Frame>, BrokenFrame> {
        let Frame { tick, part: found, parts, .. } = part;
        let (whole, expected) = match self.partial.take() {
            Some(partial) if partial.tick == tick => {
                let expected = partial.part + 1;
                let mut actions = partial.actions;
                actions.extend(part.actions);
                (Frame { part: found, actions, ..partial }, expected)
            }
            // What was half there belongs to another tick, so its end will never come.
            Some(partial) => {
                let (tick, expected) = (partial.tick, partial.part + 1);
                return Err(BrokenFrame::Part { tick, expected, found });
            }
            None => (part, 1),
        };
        if found != expected || found > parts {
            return Err(BrokenFrame::Part { tick, expected, found });
        }
        if found < parts {
            self.partial = Some(whole);
            return Ok(None);
        }
        let whole = Frame { part: 1, parts: 1, ..whole };
        let computed = whole.compute_digest();
        if computed != whole.digest {
            return Err(BrokenFrame::Digest { tick, found: whole.digest, computed });
        }
        Ok(Some(whole))
    }
}

/// Cuts actions that end there into ranges of about `part_size` bytes; at least one range.
fn cut(ends: &[usize], part_size: usize) -> Vec<Range<usize>> {
    let (mut cuts, mut begin, mut last) = (Vec::new(), 0, 0);
    for end in ends.iter().copied() {
        if last > begin && end - begin > part_size {
            cuts.push(begin..last);
            begin = last;
        }
        last = end;
    }
    cuts.push(begin..last);
    cuts
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::action::{ActionBody, CreatePost};

    /// A whole frame with `count` posts and a true digest.
    pub(crate) fn sample(tick: u32, first_seq: u64, count: u64) -> Frame {
        let post = |seq| Action {
            seq,
            agent_id: 3,
            agent_name: "Ada".to_owned(),
            body: ActionBody::CreatePost(CreatePost {
                content: format!("\"Grüße\" 你好 \u{7f}\u{1}\n{seq}"),
                post_id: Some(seq),
            }),
            failure: None,
        };
        let mut frame = Frame {
            v: V1,
            run_id: "market-1".parse().unwrap(),
            platform: Platform::Twitter,
            tick,
            round: tick,
            simulated_time: "2026-01-01T00:00:00Z".parse().unwrap(),
            timestamp: "2026-03-01T10:00:00Z".parse().unwrap(),
            first_seq,
            part: 1,
            parts: 1,
            previous_digest: Digest::ZERO,
            digest: Digest::ZERO,
            options: None,
            memory: None,
            markers: vec![Marker::RoundStart {
                before_seq: first_seq,
                round: tick,
                simulated_hour: 0,
            }],
            actions: (first_seq..first_seq + count).map(post).collect(),
        };
        frame.digest = frame.compute_digest();
        frame
    }

    fn parse(message: &[u8]) -> Frame {
        serde_json::from_slice(message).unwrap()
    }

    #[test]
    fn a_message_is_the_json_of_its_part() {
        for (count, part_size) in [(0, 10), (0, 10_000), (1, 10), (50, 1000), (50, 100_000)] {
            let frame = sample(4, 10, count);
            let messages = frame.to_messages(part_size);
            for message in &messages {
                assert_eq!(*message, serde_json::to_vec(&parse(message)).unwrap());
            }
            let whole = serde_json::to_vec(&frame).unwrap();
            if whole.len() <= part_size as usize {
                assert_eq!(messages, [whole]);
            }
        }
    }

    #[test]
    fn a_frame_survives_being_split() {
        let frame = sample(4, 10, 50);
        let messages = frame.to_messages(1000);
        assert!(messages.len() > 3, "{} parts", messages.len());
        assert!(messages.iter().all(|message| message.len() < 2000));
        let mut assembler = Assembler::default();
        let (last, first) = messages.split_last().unwrap();
        for message in first {
            assert_eq!(assembler.push(parse(message)), Ok(None));
        }
        assert_eq!(assembler.push(parse(last)), Ok(Some(frame)));
    }

    #[test]
    fn a_missing_part_and_a_changed_action_are_noticed() {
        let messages = sample(4, 10, 50).to_messages(1000);
        let mut assembler = Assembler::default();
        assembler.push(parse(&messages[0])).unwrap();
        assert_eq!(
            assembler.push(parse(&messages[2])),
            Err(BrokenFrame::Part { tick: 4, expected: 2, found: 3 })
        );
        assembler.push(parse(&messages[0])).unwrap();
        let next = sample(5, 60, 1);
        assert_eq!(assembler.push(next), Err(BrokenFrame::Part { tick: 4, expected: 2, found: 1 }));
        let mut forged = sample(4, 10, 2);
        forged.actions[1].agent_id = 4;
        assert!(matches!(assembler.push(forged), Err(BrokenFrame::Digest { tick: 4, .. })));
    }

    #[test]
    fn a_frame_may_claim_the_last_seq_that_there_is() {
        let mut frame = sample(1, 1, 1);
        frame.actions[0].seq = u64::MAX;
        assert_eq!(frame.next_seq(), u64::MAX);
    }

    #[test]
    fn an_empty_frame_has_one_part_and_keeps_the_seq() {
        let frame = sample(7, 33, 0);
        assert_eq!((frame.next_seq(), frame.to_messages(10).len()), (33, 1));
    }
}
