//! The stored messages of a world's frames, as far as they have been looked at.

use std::collections::VecDeque;

use bytes::Bytes;
use contract::frame::Frame;
use contract::past::{Finding, FindingKind};
use serde::Deserialize;

/// How many messages are looked at to see whether one that claims a later tick is itself out of
/// place, or the ticks before it are missing.
const LOOK: usize = 8;

/// A stored message, and what it says of itself.
pub(super) struct Message {
    pub(super) sequence: u64,
    pub(super) body: Bytes,
    pub(super) says: Says,
}

/// What a message says of itself.
pub(super) enum Says {
    /// It is a frame, or a part of one.
    Frame(Box<Frame>),
    /// It names a tick, and is no frame. Why not.
    Tick(u32, String),
    /// It is no frame. Why not.
    Nothing(String),
}

/// Where a message belongs, seen from the tick that is due.
pub(super) enum Place {
    Here,
    Before,
    Later(u32),
    Unknown,
}

/// Stored messages in order.
pub(super) struct Stored<I> {
    messages: I,
    ahead: VecDeque<Message>,
}

impl<I: Iterator<Item = (u64, Bytes)>> Stored<I> {
    pub(super) fn new(messages: I) -> Stored<I> {
        Stored { messages, ahead: VecDeque::new() }
    }

    /// Takes the next messages if they are these, byte for byte; else takes none. Reads no
    /// further than to the first that is another one, and parses nothing before it.
    pub(super) fn take_equal(&mut self, made: &[Vec<u8>]) -> bool {
        let mut same = Vec::with_capacity(made.len());
        for made in made {
            let next = match self.ahead.pop_front() {
                Some(message) => Some((message.sequence, message.body)),
                None => self.messages.next(),
            };
            let is_same = next.as_ref().is_some_and(|(_, body)| *body == made.as_slice());
            same.extend(next);
            if !is_same {
                for (sequence, body) in same.into_iter().rev() {
                    self.ahead.push_front(Message::new(sequence, body));
                }
                return false;
            }
        }
        true
    }

    /// The next message, left where it is.
    pub(super) fn peek(&mut self) -> Option<&Message> {
        self.look(0)
    }

    /// Takes the next message.
    pub(super) fn take(&mut self) -> Option<Message> {
        self.look(0)?;
        self.ahead.pop_front()
    }

    /// Whether the next message, which claims the tick `later`, is itself out of place, or the
    /// ticks before it are missing: whichever leaves more of what follows in order.
    pub(super) fn is_misplaced(&mut self, later: u32, due: &Frame) -> bool {
        self.look(LOOK);
        let Some(first) = self.ahead.front() else { return false };
        let others = self.ahead.iter().take(LOOK + 1).filter(|next| !next.is_part_with(first));
        let ticks: Vec<u32> = (others.map(|next| next.place(due)))
            .filter_map(|place| match place {
                Place::Here => Some(due.tick),
                Place::Later(tick) => Some(tick),
                Place::Before | Place::Unknown => None,
            })
            .collect();
        let behind: Vec<u32> = ticks.iter().copied().filter(|tick| *tick > later).collect();
        // With it, one more than what is behind it; without it, whatever rises longest.
        longest_rise(&behind) < longest_rise(&ticks)
    }

    fn look(&mut self, index: usize) -> Option<&Message> {
        while self.ahead.len() <= index {
            let (sequence, body) = self.messages.next()?;
            self.ahead.push_back(Message::new(sequence, body));
        }
        self.ahead.get(index)
    }
}

impl Message {
    fn new(sequence: u64, body: Bytes) -> Message {
        #[derive(Deserialize)]
        struct Ticked {
            tick: u32,
        }
        let says = match serde_json::from_slice(&body) {
            Ok(frame) => Says::Frame(Box::new(frame)),
            Err(error) => match serde_json::from_slice(&body) {
                Ok(Ticked { tick }) => Says::Tick(tick, error.to_string()),
                Err(_) => Says::Nothing(error.to_string()),
            },
        };
        Message { sequence, body, says }
    }

    /// The frame that it is, or is a part of.
    pub(super) fn frame(&self) -> Option<&Frame> {
        match &self.says {
            Says::Frame(frame) => Some(frame),
            Says::Tick(..) | Says::Nothing(_) => None,
        }
    }

    /// Whether both are parts of one frame, or the same message.
    fn is_part_with(&self, other: &Message) -> bool {
        let chain = |message: &Message| message.frame().map(|it| (it.tick, it.previous_digest));
        match chain(self) {
            Some(own) => chain(other) == Some(own),
            None => self.sequence == other.sequence,
        }
    }

    /// The tick that it says it is of.
    pub(super) fn tick(&self) -> Option<u32> {
        match &self.says {
            Says::Frame(frame) => Some(frame.tick),
            Says::Tick(tick, _) => Some(*tick),
            Says::Nothing(_) => None,
        }
    }

    /// Where it belongs, seen from the frame that is due. What continues the same chain as that
    /// belongs there, whichever tick it claims.
    pub(super) fn place(&self, due: &Frame) -> Place {
        let continues = |frame: &Frame| frame.previous_digest == due.previous_digest;
        match self.tick() {
            _ if self.frame().is_some_and(continues) => Place::Here,
            Some(tick) if tick == due.tick => Place::Here,
            Some(tick) if tick < due.tick => Place::Before,
            Some(tick) => Place::Later(tick),
            None => Place::Unknown,
        }
    }

    /// What is wrong with it where no such message has a place; `place` says where that is.
    pub(super) fn astray(&self, place: &str) -> Finding {
        let (kind, what) = match &self.says {
            Says::Frame(frame) => {
                let (part, parts) = (frame.part, frame.parts);
                let part = if parts == 1 { "a frame" } else { &format!("part {part} of {parts}") };
                (FindingKind::Extra, format!("{part} of tick {} stands {place}", frame.tick))
            }
            Says::Tick(_, why) | Says::Nothing(why) => {
                return unreadable(self.tick(), self.sequence, why);
            }
        };
        Finding { tick: self.tick(), sequence: Some(self.sequence), kind, what }
    }
}

/// How many of these can be kept so that each is larger than the one before.
fn longest_rise(ticks: &[u32]) -> usize {
    let mut longest: Vec<usize> = Vec::with_capacity(ticks.len());
    for (index, tick) in ticks.iter().enumerate() {
        let before = ticks.iter().zip(&longest).take(index).filter(|(before, _)| *before < tick);
        longest.push(1 + before.map(|(_, longest)| *longest).max().unwrap_or(0));
    }
    longest.into_iter().max().unwrap_or(0)
}

/// That a message is no frame; `tick` is the one that it names, or whose frame it stands for.
pub(super) fn unreadable(tick: Option<u32>, sequence: u64, why: &str) -> Finding {
    let (sequence, kind) = (Some(sequence), FindingKind::Unreadable);
    Finding { tick, sequence, kind, what: format!("the message is no frame: {why}") }
}
