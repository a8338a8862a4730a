//! What a journal says: pure, from records to where the world must be taken up.

use std::collections::{BTreeMap, BTreeSet};

use contract::command::Request;
use contract::id::CommandId;
use contract::journal::{Claim, Entry, Genesis, Record, Taken, Tick};

use super::life::Life;

/// A journal, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    /// What the world is made from; `None` for a journal without a record.
    pub genesis: Option<Genesis>,
    /// The number of claims so far, the epoch of the last owner.
    pub epoch: u32,
    /// The ticks, from 0, without a gap.
    pub ticks: Vec<Tick>,
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
        let before = std::mem::replace(&mut self.life, life);
        if let Record::Claim(claim) = record {
            self.epoch = claim.epoch;
            self.crashes += u32::from(claim.why == Claim::CRASHED);
            return Ok(());
        }
        (self.revived, self.crashes) = (false, 0);
        match record {
            Record::Genesis(genesis) => self.genesis = Some(*genesis),
            Record::Tick(tick) => self.ticks.push(tick),
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
            Record::Tick(tick) if tick.epoch != epoch => {
                Err(format!("tick of epoch {} under epoch {epoch}", tick.epoch))
            }
            _ => Ok(()),
        }
    }

    /// The sequence in the stream of commands up to which they have been taken.
    pub fn commands_through(&self) -> u64 {
        self.ticks.last().map_or(0, |tick| tick.commands_through)
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
            Record::Hold(hold) => self.turned(hold.command.as_ref()),
            Record::Go(go) => {
                self.turned(go.command.as_ref())?;
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

    /// The pace that was last configured, if one was.
    pub fn pace_milli(&self) -> Option<u32> {
        self.pace_milli
    }
}

impl Known {
    /// What is known of a command.
    pub fn of(taken: &Taken) -> Known {
        Known { sequence: taken.sequence, command_id: taken.command.command_id.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::command::{Command, Configure};
    use contract::frame::Outcome;
    use contract::journal::{Close, End, Go, Hold};
    use contract::options::RunOptions;
    use contract::subject::Platform;
    use contract::timestamp::Timestamp;

    const AT: Timestamp = Timestamp::EPOCH;

    fn genesis() -> Record {
        Record::Genesis(Box::new(Genesis {
            run_id: "market-1".parse().unwrap(),
            platform: Platform::Twitter,
            spec_digest: contract::id::Digest::ZERO,
            options: RunOptions {
                platforms: vec![Platform::Twitter],
                rounds: 3,
                seed: 1,
                pace_milli: 0,
                sources: vec![],
                budget: None,
                llm: None,
            },
            rules: 1,
            start_time: AT,
            part_size: 1000,
            memory: vec![],
            parent: None,
            created_at: AT,
        }))
    }

    fn claim(epoch: u32) -> Record {
        let text = |text: &str| text.to_owned();
        Record::Claim(Claim {
            epoch,
            node: text("n"),
            worker: text("w"),
            why: text("start"),
            at: AT,
        })
    }

    fn taken(sequence: u64, request: Request) -> Taken {
        let command_id = format!("c{sequence}").parse().unwrap();
        let command = Command { command_id, request, issued_at: AT, expires_at: None };
        Taken { sequence, command }
    }

    fn pace(sequence: u64, pace_milli: Option<u32>) -> Taken {
        let narrative_direction = Some("It rains.".to_owned());
        let change = Configure { pace_milli, narrative_direction, ..Configure::default() };
        taken(sequence, Request::Configure(Box::new(change)))
    }

    fn tick(tick: u32, epoch: u32) -> Record {
        tick_with(tick, epoch, vec![])
    }

    fn tick_with(tick: u32, epoch: u32, commands: Vec<Taken>) -> Record {
        Record::Tick(Tick {
            tick,
            epoch,
            at: AT,
            commands,
            commands_through: 7,
            heard: vec![],
            undecided: vec![],
        })
    }

    fn hold() -> Record {
        let command = Some(taken(20, Request::Pause(Default::default())));
        Record::Hold(Hold { epoch: 1, reason: Some("lunch".to_owned()), command, at: AT })
    }

    fn go(sequence: u64) -> Record {
        let command = Some(taken(sequence, Request::Resume));
        Record::Go(Go { epoch: 1, command, at: AT })
    }

    fn close() -> Record {
        Record::Close(Close { epoch: 1, command: taken(30, Request::CloseEnv), at: AT })
    }

    fn end(outcome: Outcome) -> Record {
        let (reason, command) = (Some("enough".to_owned()), None);
        Record::End(End { epoch: 1, outcome, reason, command, at: AT })
    }

    fn read(records: Vec<Record>) -> Result<Journal, Damaged> {
        let bodies: Vec<Vec<u8>> =
            records.into_iter().map(|record| Entry::new(record).to_bytes()).collect();
        Journal::read((10..).zip(bodies.iter().map(Vec::as_slice)))
    }

    #[test]
    fn a_journal_says_where_to_go_on() {
        let journal =
            read(vec![genesis(), claim(1), tick(0, 1), tick(1, 1), claim(2), claim(3)]).unwrap();
        assert_eq!((journal.epoch, journal.ticks.len()), (3, 2));
        assert_eq!((journal.last_sequence, journal.commands_through()), (15, 7));
        assert_eq!(journal.life, Life::Playing);
    }

    #[test]
    fn a_journal_says_where_the_world_is_in_its_life() {
        let begun = || vec![genesis(), claim(1), tick(0, 1)];
        let life = |more: Vec<Record>| {
            let journal = read([begun(), more].concat()).unwrap();
            (journal.life, journal.reason)
        };
        let (stop, complete) = (|| end(Outcome::Stopped), || end(Outcome::Completed));
        let (lunch, enough) = (|| Some("lunch".to_owned()), || Some("enough".to_owned()));
        assert_eq!(life(vec![]), (Life::Playing, None));
        assert_eq!(life(vec![hold(), claim(2)]), (Life::Held, lunch()));
        assert_eq!(life(vec![hold(), go(21), tick(1, 1)]), (Life::Playing, None));
        assert_eq!(life(vec![stop(), claim(2)]), (Life::Stopped, enough()));
        assert_eq!(life(vec![hold(), stop()]), (Life::Stopped, enough()));
        assert_eq!(life(vec![stop(), go(21), tick(1, 1), stop()]), (Life::Stopped, enough()));
        assert_eq!(life(vec![complete(), close()]), (Life::Closed, enough()));
        assert_eq!(read(vec![genesis(), claim(1)]).unwrap().life, Life::Waiting);
    }

    #[test]
    fn a_journal_says_what_was_taken_and_the_newest_pace() {
        let records = vec![
            genesis(),
            claim(1),
            tick_with(0, 1, vec![taken(3, Request::Start)]),
            tick_with(1, 1, vec![pace(9, Some(500)), pace(8, None)]),
            hold(),
            go(22),
        ];
        let commands = read(records).unwrap().commands;
        let tick = |sequence| commands.at(sequence).map(|(_, tick)| tick);
        assert_eq!((tick(3), tick(8)), (Some(Some(0)), Some(Some(1))));
        assert_eq!((tick(20), tick(22)), (Some(None), Some(None)));
        assert_eq!(tick(4), None);
        let known = |sequence, id: &str| Known { sequence, command_id: id.parse().unwrap() };
        assert!(commands.holds(&known(8, "c8")) && commands.holds(&known(20, "c20")));
        assert!(!commands.holds(&known(8, "c9")) && !commands.holds(&known(4, "c4")));
        assert_eq!(commands.newest(), Some(known(22, "c22")));
        assert_eq!(Commands::default().newest(), None);
        assert_eq!(commands.pace_milli(), Some(500));
        assert!(commands.is_overtaken(21) && !commands.is_overtaken(23));
    }

    #[test]
    fn what_waited_when_the_world_was_stopped_stays_refused() {
        let stop = taken(25, Request::Stop(Default::default()));
        let (reason, command) = (None, Some(stop));
        let end = Record::End(End { epoch: 1, outcome: Outcome::Stopped, reason, command, at: AT });
        let begun = || vec![genesis(), claim(1), tick(0, 1), hold()];
        let held = read([begun(), vec![go(22)]].concat()).unwrap().commands;
        assert!(!held.is_refused(19), "a pause refuses nothing");
        let stopped = read([begun(), vec![end, go(28)]].concat()).unwrap().commands;
        assert!(stopped.is_refused(24), "it waited when the world was stopped");
        assert!(stopped.is_refused(26), "it came while the world was stopped");
        assert!(!stopped.is_refused(29));
    }

    #[test]
    fn a_damaged_journal_is_read_up_to_the_damage() {
        let twice = || vec![taken(4, Request::Start), pace(3, Some(9)), taken(3, Request::Start)];
        let sound = || vec![genesis(), claim(1), tick_with(0, 1, vec![pace(3, None)]), tick(1, 1)];
        let bytes = |records: Vec<Record>| -> Vec<Vec<u8>> {
            records.into_iter().map(|record| Entry::new(record).to_bytes()).collect()
        };
        let expected = read(sound()).unwrap();
        let bad = [
            Entry::new(tick_with(2, 1, twice())).to_bytes(),
            Entry::new(tick(3, 1)).to_bytes(),
            Entry::new(claim(3)).to_bytes(),
            Entry::new(go(20)).to_bytes(),
            b"{\"v\":1}".to_vec(),
            b"".to_vec(),
        ];
        for bad in bad {
            let bodies = [bytes(sound()), vec![bad], bytes(vec![tick(2, 1)])].concat();
            let messages = || (10..).zip(bodies.iter().map(Vec::as_slice));
            let (journal, damaged) = Journal::read_whole_part(messages());
            let damaged = damaged.expect("it is damaged");
            assert_eq!((damaged.sequence, damaged.ticks), (14, 2));
            assert_eq!(journal, expected, "nothing of {:?} was taken", damaged.what);
            assert_eq!(Journal::read(messages()), Err(damaged));
        }
        assert_eq!(Journal::read_whole_part([]), (Journal::default(), None));
    }

    #[test]
    fn a_record_that_cannot_stand_there_is_named() {
        let refuse = |records, expected: &str| {
            assert_eq!(read(records).unwrap_err().to_string(), expected);
        };
        refuse(
            vec![claim(1)],
            "journal is damaged at sequence 10: genesis is the first record and stands there once",
        );
        refuse(
            vec![genesis(), claim(2)],
            "journal is damaged at sequence 11: claim of epoch 2 follows epoch 0",
        );
        refuse(
            vec![genesis(), claim(1), tick(1, 1)],
            "journal is damaged at sequence 12: tick 1 follows 0 ticks",
        );
        refuse(
            vec![genesis(), claim(1), claim(2), tick(0, 1)],
            "journal is damaged at sequence 13: tick of epoch 1 under epoch 2",
        );
        let begun = |more: Vec<Record>| [vec![genesis(), claim(1), tick(0, 1)], more].concat();
        let refuse_after = |more: Vec<Record>, expected: &str| {
            let sequence = 12 + more.len();
            let expected = format!("journal is damaged at sequence {sequence}: {expected}");
            refuse(begun(more), &expected);
        };
        let (stop, complete) = (|| end(Outcome::Stopped), || end(Outcome::Completed));
        refuse_after(vec![stop(), tick(1, 1)], "tick 1 after the end");
        refuse_after(vec![stop(), complete()], "it had ended before");
        refuse_after(vec![hold(), tick(1, 1)], "tick 1 during a hold");
        refuse_after(vec![hold(), hold()], "hold during a hold");
        refuse_after(vec![stop(), hold()], "hold after the end");
        refuse_after(vec![go(21)], "go where it is neither held nor ended early");
        refuse_after(vec![complete(), go(21)], "go where it is neither held nor ended early");
        refuse_after(vec![close()], "close where its rounds are not over");
        refuse_after(vec![stop(), close()], "close where its rounds are not over");
        refuse_after(vec![hold(), go(20)], "command 20 is taken twice");
        refuse(
            vec![genesis(), claim(1), hold()],
            "journal is damaged at sequence 12: hold before it has begun",
        );
    }
}
