//! An owner as its driver sees it, between two events.

use std::collections::BTreeMap;

use contract::cost::Ledger;
use contract::decision::Decision;

use super::{Log, Owner, Phase, Which};
use crate::protocol::journal::{Commands, Known, note_decisions};
use crate::protocol::life::Life;

impl Owner {
    /// Its epoch.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Where the world is in its life.
    pub fn life(&self) -> Life {
        self.life
    }

    /// What was decided outside for the tick that is open, by agent, journalled or about to be.
    pub fn decided(&self) -> BTreeMap<u32, Decision> {
        let mut decided = self.decided.clone();
        let waits = self.paid.iter().filter(|(tick, _)| *tick == self.journalled);
        note_decisions(&mut decided, waits.map(|(_, decision)| decision.clone()));
        decided
    }

    /// What its decisions have come to.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Which commands the world has taken.
    pub fn commands(&self) -> &Commands {
        &self.commands
    }

    /// The command of the highest sequence that it knows.
    pub fn newest(&self) -> Option<&Known> {
        self.newest.as_ref()
    }

    /// A log and what it expects, for an append.
    pub fn log(&self, which: Which) -> &Log {
        match which {
            Which::Journal => &self.journal,
            Which::Frames => &self.frames,
        }
    }

    /// True once the world is where its journal ends.
    pub fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// True between two ticks: a command can be carried out.
    pub fn can_take(&self) -> bool {
        let is_free = self.is_between_ticks() && (self.paid.is_empty() || self.yields);
        self.is_open() && is_free && self.turn.is_none() && self.failing.is_none()
    }

    /// True if nothing is in the way of the next tick but its time.
    pub fn can_tick(&self) -> bool {
        let has_room = self.full[1].is_none() && !self.pausing[0];
        let has_all = self.paid.is_empty() && self.made.is_none();
        self.can_take() && has_all && has_room && self.plays()
    }

    /// True while agents of the tick that is open may be asked outside: its world is where its
    /// journal ends, and is to play it.
    pub fn may_decide(&self) -> bool {
        let closing = self.deciding || self.stepping || self.due.is_some();
        let is_whole = self.failing.is_none() && self.doom.is_none();
        self.is_open() && self.plays() && !closing && is_whole && self.ticks == self.journalled
    }

    pub(super) fn plays(&self) -> bool {
        matches!(self.life, Life::Waiting | Life::Playing) && self.ticks <= self.rounds
    }

    /// Ticks in the journal.
    pub fn journalled(&self) -> u32 {
        self.journalled
    }

    /// Why the bus has no room, if it has none.
    pub fn lacks_room(&self) -> Option<&String> {
        self.full.iter().flatten().next()
    }

    /// True while nothing is under way: the owner can leave.
    pub fn is_idle(&self) -> bool {
        let has_all = self.paid.is_empty() && self.made.is_none();
        self.is_between_ticks() && has_all && self.sending.is_none()
    }

    pub(super) fn is_between_ticks(&self) -> bool {
        self.writing.is_none() && !self.stepping && !self.deciding && self.due.is_none()
    }
}
