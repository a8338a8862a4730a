//! The owner of one world, from its claim to its end: pure.
//!
//! An owner has two logs. The journal says what enters the world, the frames what left it. A
//! tick is journalled before it is stepped, and stepped before its frame is stored; while a frame
//! is on its way the next tick may begin, and no further. What waits for room waits in the log
//! that lacks it, with nothing half done.

mod inputs;
mod seen;

use std::collections::{BTreeMap, VecDeque};

use bus::Bytes;
use contract::cost::Ledger;
use contract::decision::Decision;
use contract::frame::Outcome;
use contract::journal::{End, Entry, Record, Taken};
use contract::timestamp::Timestamp;

use super::journal::{Closed, Commands, Known, note_decisions};
use super::life::Life;
use super::log::{Log, Next, Seen};
use super::words::deadly;
use super::{Ended, Lost};

pub use super::words::{Due, Event, Guards, Head, Start, Which, Wish};

/// The owner of one world.
#[derive(Clone, Debug)]
pub struct Owner {
    epoch: u32,
    rounds: u32,
    guards: Guards,
    phase: Phase,
    life: Life,
    commands: Commands,
    /// The latest command that would turn the world's life, of those that it was asked for.
    latest_turn: u64,
    /// The command of the highest sequence, of those that it has taken or was asked for.
    newest: Option<Known>,
    through: u64,
    /// Ticks in the journal.
    journalled: u32,
    /// Ticks that the world has taken.
    ticks: u32,
    /// Journalled ticks that the world has still to take.
    backlog: VecDeque<Closed>,
    journal: Log,
    /// The record that is being written.
    writing: Option<Record>,
    frames: Log,
    /// The tick whose frame is being sent.
    sending: Option<u32>,
    /// The last frame that was found.
    found: Option<Head>,
    /// The world was made of a snapshot, and nothing has shown yet that this was a good one.
    loaded: bool,
    /// The tick that is made and whose frame waits to be sent.
    made: Option<u32>,
    deciding: bool,
    stepping: bool,
    /// The tick that is journalled, and waits for its decisions.
    due: Option<Closed>,
    /// What was decided outside for the tick that is open, and is journalled.
    decided: BTreeMap<u32, Decision>,
    /// The same, for these ticks, not journalled yet.
    paid: VecDeque<(u32, Decision)>,
    /// Decisions were written, and commands have their turn.
    yields: bool,
    /// The most bytes of a message.
    max_payload: usize,
    ledger: Ledger,
    /// A record that waits until it can be written.
    turn: Option<Record>,
    /// What was found does not fit the journal, in words: damage, if it is no newer owner's.
    suspicion: Option<String>,
    /// Why the world cannot go on, to be written down.
    failing: Option<Ended>,
    /// Why the world is to play no more, to be written down; it can still be asked.
    doom: Option<String>,
    /// Which log lacks room, and why.
    full: [Option<String>; 2],
    /// Which log waits before it is tried again.
    pausing: [bool; 2],
    wishes: VecDeque<Wish>,
}

/// How far the owner is in its own life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Claiming,
    Finding,
    /// The world takes what is journalled.
    CatchingUp,
    Open,
    Over,
}

impl Owner {
    /// Begins with its claim.
    pub fn new(start: Start) -> Owner {
        let Start { mut journal, rounds, claim, world, given_up, guards, max_payload } = start;
        // Who let it go on knew that it had been given up.
        let given_up = given_up.filter(|_| !journal.revived);
        let doom = given_up.or_else(|| deadly(&journal, &claim)).filter(|_| journal.life.is_live());
        let ticks = world.map_or(0, |head| head.tick + 1);
        let mut owner = Owner {
            epoch: claim.epoch,
            rounds,
            guards,
            phase: Phase::Claiming,
            life: journal.life,
            latest_turn: 0,
            newest: journal.commands.newest(),
            through: journal.commands_through(),
            journalled: u32::try_from(journal.ticks.len()).unwrap_or(u32::MAX),
            ticks,
            backlog: std::mem::take(&mut journal.ticks).into(),
            journal: Log::new(claim.epoch, journal.last_sequence, guards.fence),
            commands: journal.commands,
            writing: None,
            frames: Log::new(claim.epoch, 0, guards.fence),
            sending: None,
            found: world,
            loaded: world.is_some(),
            made: None,
            deciding: false,
            stepping: false,
            due: None,
            decided: journal.decided,
            paid: VecDeque::new(),
            yields: false,
            max_payload,
            ledger: journal.ledger,
            turn: None,
            suspicion: None,
            failing: None,
            doom,
            full: [None, None],
            pausing: [false, false],
            wishes: VecDeque::new(),
        };
        owner.write(Record::Claim(claim));
        owner
    }

    /// What is to be done next; asked until there is none.
    pub fn next_wish(&mut self) -> Option<Wish> {
        self.wishes.pop_front()
    }

    /// The last message of the frame that it wished to send.
    pub fn sends(&mut self, body: impl Into<Bytes>) {
        self.frames.begin(body);
    }

    /// Notes a command that would turn the world's life; true if a later one is history here,
    /// also one that had nothing to turn. A desk that asks again may do so in another order.
    pub fn is_overtaken(&mut self, sequence: u64) -> bool {
        let is_late = sequence < self.latest_turn || self.commands.is_overtaken(sequence);
        self.latest_turn = self.latest_turn.max(sequence);
        is_late
    }

    /// Notes that it was asked for a command.
    pub(super) fn meet(&mut self, taken: &Taken) {
        if self.newest().is_none_or(|newest| newest.sequence < taken.sequence) {
            self.newest = Some(Known::of(taken));
        }
    }

    /// Takes an event.
    pub fn on(&mut self, event: Event, now: Timestamp) {
        if self.phase == Phase::Over {
            return;
        }
        match event {
            Event::Answered(which, answer) => {
                let next = self.log_mut(which).answered(answer);
                self.follow(which, next);
            }
            Event::Looked(Which::Journal, seen) if self.suspicion.is_some() => {
                self.suspected(&seen);
            }
            Event::Looked(which, seen) => {
                let next = self.log_mut(which).looked(&seen);
                self.follow(which, next);
            }
            Event::Paused(which) => self.paused(which),
            Event::Found(found) => self.found(found),
            Event::Decided => self.deciding = false,
            Event::Stepped(head) => self.stepped(head),
            Event::Broken(Ended::Lost(Lost::Damaged(what))) if self.phase == Phase::Finding => {
                self.suspect(what);
            }
            Event::Broken(Ended::Lost(Lost::Damaged(what)) | Ended::Panicked(what))
                if self.phase == Phase::CatchingUp && self.loaded =>
            {
                self.end(Ended::Distrusted(what));
            }
            Event::Broken(lost @ Ended::Lost(_)) => self.end(lost),
            Event::Broken(ended) => {
                (self.stepping, self.deciding, self.due) = (false, false, None);
                self.failing = Some(ended);
            }
            Event::Due(due) => self.begin_tick(due, now),
            Event::Paid(tick, decision) => self.paid.push_back((tick, decision)),
            Event::Turn(record) => self.turn = Some(record),
            Event::Pay => self.yields = false,
        }
        self.advance(now);
    }

    /// Begins whatever nothing is in the way of.
    fn advance(&mut self, now: Timestamp) {
        if self.sending.is_none()
            && let Some(tick) = self.made.take()
        {
            self.sending = Some(tick);
            self.wishes.push_back(Wish::Send(tick));
        }
        if self.deciding || self.stepping || self.writing.is_some() {
            return;
        }
        if let Some(closed) = self.due.take() {
            self.stepping = true;
            return self.wishes.push_back(Wish::Step(closed));
        }
        if self.phase == Phase::Open && !self.yields && self.write_paid(now) {
            return;
        }
        match self.phase {
            Phase::Claiming | Phase::Finding | Phase::Over => {}
            Phase::CatchingUp | Phase::Open if self.failing.is_some() || self.doom.is_some() => {
                self.turn_if_due(now);
            }
            Phase::CatchingUp => self.catch_up(now),
            Phase::Open => self.turn_if_due(now),
        }
    }

    /// The next of the journalled ticks, or none is left.
    fn catch_up(&mut self, now: Timestamp) {
        if self.made.is_some() {
            return;
        }
        match self.backlog.front() {
            // The last tick may be what a failed world could not play. It is not tried again
            // before somebody resumes it; those before it were played, frame or no frame.
            Some(_) if self.life == Life::Failed && self.is_last_without_frame() => self.open(now),
            Some(_) => {
                let closed = self.backlog.pop_front().expect("it was just seen");
                self.stepping = true;
                self.wishes.push_back(Wish::Step(closed));
            }
            None => self.open(now),
        }
    }

    fn is_last_without_frame(&self) -> bool {
        let has_frame = self.found.is_some_and(|found| self.ticks <= found.tick);
        self.backlog.len() == 1 && !has_frame
    }

    fn open(&mut self, now: Timestamp) {
        (self.phase, self.loaded) = (Phase::Open, false);
        self.wishes.push_back(Wish::Opened);
        self.turn_if_due(now);
    }

    /// Writes what ends the world, or turns its life, once frames are no longer in the way.
    fn turn_if_due(&mut self, now: Timestamp) {
        let sent = self.sending.is_none() && self.made.is_none();
        if !sent && self.full[1].is_none() {
            return;
        }
        // Written now it would be written once more when the pause is over, and what became of
        // the one be taken for what became of the record after it.
        if self.pausing[Which::Journal as usize] {
            return;
        }
        if let Some(why) = self.failing.clone() {
            if !self.life.is_live() {
                return self.end(why);
            }
            return self.write(self.end_record(Outcome::Failed, Some(why.to_string()), now));
        }
        if let Some(why) = self.doom.clone() {
            return self.write(self.end_record(Outcome::Failed, Some(why), now));
        }
        if let Some(record) = self.turn.take() {
            return self.write(record);
        }
        if self.is_open() && sent && self.life == Life::Playing && self.ticks > self.rounds {
            self.write(self.end_record(Outcome::Completed, None, now));
        }
    }

    fn end_record(&self, outcome: Outcome, reason: Option<String>, at: Timestamp) -> Record {
        Record::End(End { epoch: self.epoch, outcome, reason, command: None, at })
    }

    fn write(&mut self, record: Record) {
        self.journal.begin(Entry::new(record.clone()).to_bytes());
        self.writing = Some(record.clone());
        self.wishes.push_back(Wish::Write(record));
    }

    /// What became of an append.
    fn follow(&mut self, which: Which, next: Next) {
        match next {
            Next::Look => self.wishes.push_back(Wish::Look(which)),
            Next::Again => self.wishes.push_back(Wish::Pause(which)),
            Next::NoRoom(why) => self.no_room(which, why),
            Next::Stored => {
                self.room(which, None);
                match which {
                    Which::Journal => self.written(),
                    Which::Frames => self.sent(),
                }
            }
            Next::Overtaken => self.end(Ended::Reopen),
            Next::Lost(lost) => self.end(lost.into()),
        }
    }

    /// Nothing was stored. A tick that is not journalled has not begun, so that the world can be
    /// asked meanwhile; anything else waits where it is.
    fn no_room(&mut self, which: Which, why: String) {
        self.room(which, Some(why));
        if which == Which::Journal
            && let Some(Record::Tick(_)) = self.writing
        {
            self.writing = None;
            self.wishes.push_back(Wish::GiveBack);
        }
        self.pausing[which as usize] = true;
        self.wishes.push_back(Wish::Pause(which));
    }

    fn room(&mut self, which: Which, lacks: Option<String>) {
        let before = self.lacks_room().cloned();
        self.full[which as usize] = lacks;
        let now = self.lacks_room().cloned();
        if before != now {
            self.wishes.push_back(Wish::Room(now));
        }
    }

    fn paused(&mut self, which: Which) {
        let waits = match which {
            Which::Journal => self.writing.is_some(),
            Which::Frames => self.sending.is_some(),
        };
        self.pausing[which as usize] = false;
        if which == Which::Journal && self.suspicion.is_some() {
            return self.wishes.push_back(Wish::Look(which));
        }
        // If nothing waits, the next tick shows whether there is room again.
        if waits {
            self.wishes.push_back(Wish::Again(which));
        }
    }

    /// The record that was being written is stored.
    fn written(&mut self) {
        let Some(record) = self.writing.take() else { return };
        if let Record::Claim(_) = record {
            self.phase = Phase::Finding;
            self.wishes.push_back(Wish::Claimed);
            return self.wishes.push_back(Wish::Find);
        }
        let noted = self.commands.note(&record, self.life).and_then(|()| self.life.after(&record));
        match noted {
            Ok(life) => self.life = life,
            Err(what) => return self.end(Lost::Damaged(what).into()),
        }
        self.ledger.take(&record);
        match record {
            Record::Tick(tick) => {
                self.journalled += 1;
                self.through = tick.commands_through;
                // One whose agents could not even decide is not stepped.
                let closed = Closed::taking(tick, &mut self.decided);
                self.due = Some(closed).filter(|_| self.failing.is_none());
            }
            Record::Go(_) if !self.backlog.is_empty() => {
                self.phase = Phase::CatchingUp;
                self.found = None;
                self.wishes.push_back(Wish::Turned(record));
            }
            Record::Decisions(decisions) => {
                if decisions.tick == self.journalled {
                    note_decisions(&mut self.decided, decisions.decisions);
                }
                self.yields = true;
                self.wishes.push_back(Wish::Paid);
            }
            Record::Genesis(_) | Record::Claim(_) => {}
            Record::Hold(_) | Record::Go(_) | Record::Close(_) => {
                self.wishes.push_back(Wish::Turned(record));
            }
            Record::End(_) => {
                self.wishes.push_back(Wish::Turned(record));
                self.doom = None;
                if let Some(why) = self.failing.take() {
                    self.end(why);
                }
            }
        }
    }

    fn sent(&mut self) {
        if let Some(tick) = self.sending.take() {
            self.wishes.push_back(Wish::Stored(tick));
        }
    }

    /// The claim stands; this is what stood on the other log.
    fn found(&mut self, found: Option<(u64, Head)>) {
        let snapshot = self.found.take();
        if let Some((sequence, head)) = found {
            self.frames.found(sequence);
            self.found = Some(head).filter(|_| self.guards.present);
        }
        let frames = self.found.map_or(0, |head| head.tick + 1);
        if frames > self.journalled {
            let ticks = self.journalled;
            return self
                .suspect(format!("there are {frames} frames, but the journal has {ticks} ticks"));
        }
        self.phase = Phase::CatchingUp;
        // A snapshot may be ahead of the frames, or of another chain, where the bus has lost some
        // of them: then all frames are made again.
        let same = self.ticks == frames && self.guards.digests;
        if self.ticks > frames || (same && snapshot.is_some() && snapshot != self.found) {
            (self.ticks, self.loaded) = (0, false);
            self.wishes.push_back(Wish::Rebuild);
        }
        let taken = self.backlog.len().min(self.ticks as usize);
        self.backlog.drain(..taken);
    }

    /// Who was slow since its claim may find the frames of a newer owner. That one's claim stands
    /// in the journal; if none does, the logs have lost something.
    fn suspect(&mut self, what: String) {
        self.suspicion = Some(what);
        self.wishes.push_back(Wish::Look(Which::Journal));
    }

    fn suspected(&mut self, seen: &Seen) {
        match self.journal.looked(seen) {
            Next::Again if *seen == Seen::Nobody => {
                self.wishes.push_back(Wish::Pause(Which::Journal));
            }
            Next::Overtaken => self.end(Ended::Reopen),
            Next::Lost(lost) => self.end(lost.into()),
            Next::Again | Next::Stored | Next::Look | Next::NoRoom(_) => {
                let what = self.suspicion.take().unwrap_or_default();
                self.end(Lost::Damaged(what).into());
            }
        }
    }

    fn stepped(&mut self, made: Head) {
        self.stepping = false;
        self.ticks = made.tick + 1;
        let applied = self.is_open();
        if let Some(found) = self.found.filter(|found| made.tick <= found.tick) {
            if self.guards.digests && made.tick == found.tick && made.digest != found.digest {
                let (tick, theirs, ours) = (made.tick, found.digest, made.digest);
                let what = format!("tick {tick} makes {ours}, but {theirs} is stored");
                if self.loaded {
                    return self.end(Ended::Distrusted(what));
                }
                self.failing = Some(Ended::Diverged(what));
                return;
            }
            return self.wishes.push_back(Wish::Skipped(made.tick));
        }
        if applied {
            self.wishes.push_back(Wish::Applied(made.tick));
        }
        self.made = Some(made.tick);
    }

    fn end(&mut self, why: Ended) {
        self.phase = Phase::Over;
        self.wishes.push_back(Wish::End(why));
    }

    fn log_mut(&mut self, which: Which) -> &mut Log {
        match which {
            Which::Journal => &mut self.journal,
            Which::Frames => &mut self.frames,
        }
    }
}
