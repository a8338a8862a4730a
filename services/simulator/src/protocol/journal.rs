//! What a journal says: pure, from records to where the world must be taken up.

mod decided;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use contract::command::Request;
use contract::cost::{BUDGET, Ledger};
use contract::decision::Decision;
use contract::id::CommandId;
use contract::journal::{Claim, Entry, Genesis, Hold, Record, Taken, Tick};
use contract::llm::Budget;

pub use self::decided::{Closed, in_one_record, in_records, note_decisions};
use super::life::Life;

/// A journal, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    /// What the world is made from; `None` for a journal without a record.
    pub genesis: Option<Genesis>,
    /// The number of claims so far, the epoch of the last owner.
    pub epoch: u32,
    /// The ticks, from 0, without a gap.
    pub ticks: Vec<Closed>,
    /// What was decided outside for the tick after them, by agent.
    pub decided: BTreeMap<u32, Decision>,
    /// What its decisions have come to.
    pub ledger: Ledger,
    /// Where the world is in its life.
    pub life: Life,
    /// Why it is held, or has ended, where somebody said so.
    pub reason: Option<String>,
    /// What it has taken of the stream of commands.
    pub commands: Commands,
    /// Somebody let it go on after its end, and nothing has come of that yet but claims.
    pub revived: bool,
    /// Claims in a row, as the last records, whose predecessor had died by itself.
    pub crashes: u32,
    /// The stream sequence of its last record, 0 for none.
    pub last_sequence: u64,
}

/// What a world has taken of the stream of commands. None is taken twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commands {
    /// By sequence in the stream of commands: its id, which tells it from one that has its
    /// sequence since that stream went back; and the tick among whose inputs it is, if it is.
    taken: BTreeMap<u64, (CommandId, Option<u32>)>,
    /// The last one that held it, let it go on, ended or closed it.
    last_turn: u64,
    /// The last one that stopped it, or let it go on after its end.
    last_stop: u64,
    /// The pace that was last configured.
    pace_milli: Option<u32>,
    /// The caps that were configured, the last of each.
    budget: Budget,
    /// It is held since a cap is reached.
    lacks_budget: bool,
}

/// A command that a world knows: where it stood in the stream of commands, and which it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its sequence in the stream of commands.
    pub sequence: u64,
    /// Its id.
    pub command_id: CommandId,
}

/// Why a journal cannot be followed. Reads after "failed to open …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("journal is damaged at sequence {sequence}: {what}")]
pub struct Damaged {
    /// The stream sequence of the record.
    pub sequence: u64,
    /// The ticks that stand before it.
    pub ticks: u32,
    /// What is wrong there.
    pub what: String,
}

impl Journal {
    /// Reads the messages of a journal in order: stream sequence and body.
    ///
    /// # Errors
    /// At the first record that cannot be read or cannot stand where it stands.
    pub fn read<'a>(
        messages: impl IntoIterator<Item = (u64, &'a [u8])>,
    ) -> Result<Journal, Damaged> {
        match Journal::read_whole_part(messages) {
            (journal, None) => Ok(journal),
            (_, Some(damaged)) => Err(damaged),
        }
    }

    /// The same, up to the first record that cannot be read or cannot stand where it stands: what
    /// stands before it, and what is wrong there. What stands behind it is not looked at.
    pub fn read_whole_part<'a>(
        messages: impl IntoIterator<Item = (u64, &'a [u8])>,
    ) -> (Journal, Option<Damaged>) {
        let mut journal = Journal::default();
        for (sequence, body) in messages {
            let read = serde_json::from_slice(body).map_err(|error| error.to_string());
            let taken = read.and_then(|entry: Entry| journal.take(entry.record));
            if let Err(what) = taken {
                let ticks = u32::try_from(journal.ticks.len()).unwrap_or(u32::MAX);
                return (journal, Some(Damaged { sequence, ticks, what }));
            }
            journal.last_sequence = sequence;
        }
        (journal, None)
    }

    /// Takes a record, or leaves the journal as it is.
    fn take(&mut self, record: Record) -> Result<(), String> {
        if self.genesis.is_none() != matches!(record, Record::Genesis(_)) {
            return Err("genesis is the first record and stands there once".to_owned());
        }
        let life = self.life.after(&record)?;
        self.check_epoch_and_tick(&record)?;
        self.commands.note(&record, self.life)?;
        self.ledger.take(&record);
        let before = std::mem::replace(&mut self.life, life);
        if let Record::Claim(claim) = record {
            self.epoch = claim.epoch;
            self.crashes += u32::from(claim.why == Claim::CRASHED);
            return Ok(());
        }
        if let Record::Decisions(decisions) = record {
            if decisions.tick as usize == self.ticks.len() {
                note_decisions(&mut self.decided, decisions.decisions);
            }
            // A round may take longer than the time between two crashes, and gets on all the same.
            self.crashes = 0;
            return Ok(());
        }
        (self.revived, self.crashes) = (false, 0);
        match record {
            Record::Genesis(genesis) => self.genesis = Some(*genesis),
            Record::Tick(record) => self.ticks.push(Closed::taking(record, &mut self.decided)),
            Record::Hold(hold) => self.reason = hold.reason,
            Record::Go(_) => (self.reason, self.revived) = (None, !before.is_live()),
            Record::End(end) => self.reason = end.reason,
            Record::Claim(_) | Record::Decisions(_) | Record::Close(_) => {}
        }
        Ok(())
    }

    /// Whether a claim or a tick has the number that is next.
    fn check_epoch_and_tick(&self, record: &Record) -> Result<(), String> {
        let (epoch, ticks) = (self.epoch, self.ticks.len());
        match record {
            Record::Claim(claim) if claim.epoch.checked_sub(1) != Some(epoch) => {
                Err(format!("claim of epoch {} follows epoch {epoch}", claim.epoch))
            }
            Record::Tick(tick) if tick.tick as usize != ticks => {
                Err(format!("tick {} follows {ticks} ticks", tick.tick))
            }
            Record::Decisions(decisions) if decisions.tick as usize > ticks => {
                Err(format!("decisions of tick {} follow {ticks} ticks", decisions.tick))
            }
            Record::Decisions(decisions) if decisions.epoch != epoch => {
                Err(format!("decisions of epoch {} under epoch {epoch}", decisions.epoch))
            }
            Record::Tick(tick) if tick.epoch != epoch => {
                Err(format!("tick of epoch {} under epoch {epoch}", tick.epoch))
            }
            _ => Ok(()),
        }
    }

    /// The sequence in the stream of commands up to which they have been taken.
    pub fn commands_through(&self) -> u64 {
        self.ticks.last().map_or(0, |tick| tick.record.commands_through)
    }
}

impl Commands {
    /// Notes the commands that a record holds; `life` is that of the world before it.
    ///
    /// # Errors
    /// If one was taken before; then none of them is noted.
    pub fn note(&mut self, record: &Record, life: Life) -> Result<(), String> {
        match record {
            Record::Genesis(_) | Record::Claim(_) | Record::Decisions(_) => Ok(()),
            Record::Tick(tick) => self.entered(tick),
            Record::Hold(hold) => {
                self.turned(hold.command.as_ref())?;
                self.lacks_budget = is_for_budget(hold);
                Ok(())
            }
            Record::Go(go) => {
                self.turned(go.command.as_ref())?;
                self.lacks_budget = false;
                // What came before it and was not taken has been refused, or is to be.
                if let (Life::Stopped | Life::Failed, Some(taken)) = (life, &go.command) {
                    self.last_stop = self.last_stop.max(taken.sequence);
                }
                Ok(())
            }
            Record::End(end) => self.turned(end.command.as_ref()),
            Record::Close(close) => self.turned(Some(&close.command)),
        }
    }

    fn entered(&mut self, tick: &Tick) -> Result<(), String> {
        self.check_untaken(&tick.commands)?;
        for taken in &tick.commands {
            self.insert(taken, Some(tick.tick));
            if let Some(change) = taken.command.request.change() {
                self.pace_milli = change.pace_milli.or(self.pace_milli);
                self.budget = self.budget.with(&change.budget.unwrap_or_default());
            }
        }
        Ok(())
    }

    /// A command held the world, let it go on, ended or closed it.
    fn turned(&mut self, taken: Option<&Taken>) -> Result<(), String> {
        let Some(taken) = taken else { return Ok(()) };
        self.check_untaken(std::slice::from_ref(taken))?;
        self.insert(taken, None);
        self.last_turn = self.last_turn.max(taken.sequence);
        if let Request::Stop(_) = taken.command.request {
            self.last_stop = self.last_stop.max(taken.sequence);
        }
        Ok(())
    }

    fn insert(&mut self, taken: &Taken, tick: Option<u32>) {
        self.taken.insert(taken.sequence, (taken.command.command_id.clone(), tick));
    }

    fn check_untaken(&self, commands: &[Taken]) -> Result<(), String> {
        let mut new = BTreeSet::new();
        for Taken { sequence, .. } in commands {
            if self.taken.contains_key(sequence) || !new.insert(sequence) {
                return Err(format!("command {sequence} is taken twice"));
            }
        }
        Ok(())
    }

    /// The command that was taken under this sequence, if one was; with the tick among whose
    /// inputs it is, if it is.
    pub fn at(&self, sequence: u64) -> Option<(&CommandId, Option<u32>)> {
        self.taken.get(&sequence).map(|(command_id, tick)| (command_id, *tick))
    }

    /// Whether just this command was taken.
    pub fn holds(&self, known: &Known) -> bool {
        self.at(known.sequence).is_some_and(|(command_id, _)| *command_id == known.command_id)
    }

    /// The one of the highest sequence.
    pub fn newest(&self) -> Option<Known> {
        let (sequence, (command_id, _)) = self.taken.last_key_value()?;
        Some(Known { sequence: *sequence, command_id: command_id.clone() })
    }

    /// Whether a later command has turned the world since: what this one wanted is history.
    pub fn is_overtaken(&self, sequence: u64) -> bool {
        sequence < self.last_turn
    }

    /// Whether a later command has stopped the world since, or let a stopped one go on: one that
    /// waited for a tick was refused then, also if its answer was lost and the world goes on.
    pub fn is_refused(&self, sequence: u64) -> bool {
        sequence < self.last_stop
    }

    /// The caps that were configured, the last of each.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Whether the world is held since a cap is reached.
    pub fn lacks_budget(&self) -> bool {
        self.lacks_budget
    }

    /// The pace that was last configured, if one was.
    pub fn pace_milli(&self) -> Option<u32> {
        self.pace_milli
    }
}

/// Whether nothing but the budget holds the world.
fn is_for_budget(hold: &Hold) -> bool {
    hold.command.is_none() && hold.reason.as_ref().is_some_and(|reason| reason.starts_with(BUDGET))
}

impl Known {
    /// What is known of a command.
    pub fn of(taken: &Taken) -> Known {
        Known { sequence: taken.sequence, command_id: taken.command.command_id.clone() }
    }
}
