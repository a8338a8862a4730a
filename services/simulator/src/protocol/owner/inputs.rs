//! What enters the world: the inputs of a tick, and what was decided outside for it.

use contract::journal::{Decisions, Record, Tick};
use contract::timestamp::Timestamp;

use super::{Due, Owner, Which, Wish};
use crate::protocol::journal::in_one_record;
use crate::protocol::life::Life;

impl Owner {
    /// Closes the inputs of the next tick, if nothing is in its way.
    pub(super) fn begin_tick(&mut self, due: Due, at: Timestamp) {
        if !self.can_tick() {
            return self.wishes.push_back(Wish::GiveBack);
        }
        let Due { commands, heard, undecided } = due;
        let through = commands.iter().map(|taken| taken.sequence).max().unwrap_or(0);
        let commands_through = self.through.max(through);
        let (tick, epoch) = (self.ticks, self.epoch);
        let record = Tick { tick, epoch, at, commands, commands_through, heard, undecided };
        self.write(Record::Tick(record));
        self.deciding = true;
        self.wishes.push_back(Wish::Decide);
    }

    /// Writes what was decided outside and waits, as much of it as is of one tick and one message.
    /// What is paid for is lost as long as it is nowhere else.
    pub(super) fn write_paid(&mut self, at: Timestamp) -> bool {
        let waits = self.life == Life::Waiting || self.pausing[Which::Journal as usize];
        let Some((tick, _)) = self.paid.front().filter(|_| !waits) else { return false };
        let (tick, epoch) = (*tick, self.epoch);
        let of_tick = self.paid.iter().take_while(|(of, _)| *of == tick);
        let count = in_one_record(of_tick.map(|(_, paid)| paid), self.max_payload);
        let decisions = self.paid.drain(..count).map(|(_, paid)| paid).collect();
        self.write(Record::Decisions(Decisions { epoch, tick, decisions, at }));
        true
    }
}
