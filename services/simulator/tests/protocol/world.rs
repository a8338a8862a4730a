//! A world that is a chain of hashes: each tick depends on all before it and on what entered it.

use contract::id::Digest;
use contract::journal::Tick;
use simulator::protocol::journal::Closed;
use simulator::protocol::owner::Head;

/// A world after some ticks.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) ticks: u32,
    pub(crate) digest: Digest,
    /// It comes out differently than any other.
    pub(crate) skewed: bool,
}

impl World {
    pub(crate) fn new() -> World {
        World { ticks: 0, digest: Digest::ZERO, skewed: false }
    }

    /// The world at the end of a chain.
    pub(crate) fn at(head: Head) -> World {
        World { ticks: head.tick + 1, digest: head.digest, skewed: false }
    }

    /// The agents that decide outside in the coming tick: some of four.
    pub(crate) fn wanted(&self) -> Vec<u32> {
        let dice = self.digest.to_string().bytes().next_back().unwrap_or_default();
        (0..4).filter(|agent| self.ticks > 0 && dice >> agent & 1 == 1).collect()
    }

    /// Takes a tick. Neither the wall clock nor the owner enters the world, nor what was paid.
    pub(crate) fn step(&mut self, closed: &Closed) -> Head {
        let Closed { record, decided } = closed;
        assert_eq!(record.tick, self.ticks, "ticks enter a world in order");
        let before = self.digest.to_string();
        let commands = serde_json::to_vec(&record.commands).unwrap();
        let decided: Vec<_> = decided.iter().map(|it| (it.agent_id, &it.calls)).collect();
        let undecided = record.undecided.iter().map(|group| (&group.why, &group.agents));
        let undecided: Vec<_> = undecided.collect();
        let outside = serde_json::to_vec(&(decided, undecided)).unwrap();
        let parts: [&[u8]; 5] = [
            before.as_bytes(),
            &record.tick.to_be_bytes(),
            &commands,
            &outside,
            if self.skewed { b"skewed" } else { b"" },
        ];
        self.digest = Digest::of(&parts);
        self.ticks += 1;
        Head { tick: record.tick, digest: self.digest }
    }
}

/// The messages of a tick's frame, one or several; with the wall-clock time of its record.
pub(crate) fn messages(head: Head, record: &Tick) -> Vec<Vec<u8>> {
    let digest = head.digest.to_string();
    let parts = 1 + digest.bytes().next().unwrap_or_default() % 3;
    let at = record.at.milliseconds();
    let part = |part| format!("{} {digest} {at} {part}/{parts}", head.tick).into_bytes();
    (1..=parts).map(part).collect()
}

/// The tick and digest that a frame's message is of.
pub(crate) fn head_of(message: &[u8]) -> Head {
    let text = std::str::from_utf8(message).unwrap();
    let mut words = text.split(' ');
    let mut word = || words.next().expect("a frame of ours");
    Head { tick: word().parse().unwrap(), digest: word().parse().unwrap() }
}
