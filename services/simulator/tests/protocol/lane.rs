//! A world's driver, as thin as it can be: what `worker::lane`, `fulfil` and `carry` do with an
//! owner, with a simulated world and a clock that is handed in.

use std::collections::VecDeque;

use contract::command::Request;
use contract::cost::BUDGET;
use contract::decision::{Call, Decision, Usage};
use contract::journal::{Entry, Genesis, Go, Hold, Record, Taken};
use simulator::model::{Failed, FailedKind};
use simulator::protocol::carry::{Asked, Carried};
use simulator::protocol::gather::Gather;
use simulator::protocol::journal::Closed;
use simulator::protocol::life::Life;
use simulator::protocol::owner::{Due, Event, Head, Owner, Start, Which, Wish};
use simulator::protocol::{Ended, Lost};

use crate::words::at;
use crate::world::{self, World};

/// A bug of a driver, to see that it is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    /// Commands of a tick that was not journalled are forgotten.
    ForgetsGiveBack,
    /// A start whose tick was not journalled waits for another command.
    ForgetsStart,
    /// A claim repeats the epoch of the one before.
    KeepsEpoch,
    /// A command is answered when its record is sent, not when it is stored.
    AnswersEarly,
    /// A lane whose owner has ended goes on to write.
    IgnoresEnd,
    /// What was decided before is not looked for.
    AsksAgain,
    /// A tick is closed while agents decide.
    ClosesEarly,
}

/// What a lane wants of the world around it.
#[derive(Clone, Debug)]
pub(crate) enum Do {
    /// Append these messages.
    Append { which: Which, bodies: Vec<Vec<u8>>, expected: Option<u64> },
    /// Look at the end of a log.
    Look(Which),
    /// Read the last frame.
    Find,
    /// Wait so many milliseconds, then this.
    After(u64, Came),
    /// Think as long as it takes, then this.
    Think(Came),
    /// Ask an agent what it does in a tick, which costs something.
    Ask { tick: u32, agent: u32 },
    /// Say what became of a command.
    Tell { sequence: u64, said: Said },
    /// A copy of the world may be stored.
    Snapshot(Head),
}

/// What comes back to a lane.
#[derive(Clone, Debug)]
pub(crate) enum Came {
    Event(Event),
    Decided,
    /// A look at the stream of commands has come to its end. It never goes back here.
    Looked,
    /// The world is to take this tick now, and panics at it or not.
    Stepped(Closed),
    /// An agent has decided for a tick, or could not.
    Thought {
        tick: u32,
        agent: u32,
        fails: bool,
    },
    /// A tick may be due.
    Due,
}

/// What is said of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Done(Option<u32>),
    Refused(String),
}

/// One world and its driver.
pub(crate) struct Lane {
    pub(crate) owner: Owner,
    genesis: Genesis,
    world: World,
    /// Away while its agents decide or it is stepped.
    is_away: bool,
    has_decided: bool,
    made: VecDeque<Vec<Vec<u8>>>,
    bodies: [Vec<Vec<u8>>; 2],
    pauses: [u64; 2],
    /// What was asked, in order.
    pub(crate) asks: VecDeque<Taken>,
    /// The command for whose sake the stream of commands is looked at, and whether that was done.
    look: Option<(Taken, bool)>,
    waiting: Vec<Taken>,
    taking: Vec<Taken>,
    turning: Option<u64>,
    last_tick_at: Option<u64>,
    timer: Option<u64>,
    gather: Option<Gather>,
    bug: Option<Bug>,
    /// What is wanted, for whoever drives this.
    pub(crate) wanted: Vec<Do>,
}

impl Lane {
    pub(crate) fn new(start: Start, genesis: Genesis, world: World, bug: Option<Bug>) -> Lane {
        let last = start.journal.ticks.last();
        Lane {
            last_tick_at: last.map(|last| u64::try_from(last.record.at.milliseconds()).unwrap()),
            owner: Owner::new(start),
            genesis,
            world,
            is_away: false,
            has_decided: false,
            made: VecDeque::new(),
            bodies: [vec![], vec![]],
            pauses: [50; 2],
            asks: VecDeque::new(),
            look: None,
            waiting: vec![],
            taking: vec![],
            turning: None,
            timer: None,
            gather: None,
            bug,
            wanted: vec![],
        }
    }

    /// Takes what came, then does whatever nothing is in the way of.
    ///
    /// # Errors
    /// When it is over.
    pub(crate) fn take(&mut self, came: Came, now: u64, panics: bool) -> Result<(), Ended> {
        let event = match came {
            Came::Due => return self.go_on(now),
            Came::Looked => {
                self.look.iter_mut().for_each(|(_, is_done)| *is_done = true);
                return self.go_on(now);
            }
            Came::Event(event) => event,
            Came::Decided => {
                (self.is_away, self.has_decided) = (false, true);
                Event::Decided
            }
            Came::Stepped(_) if panics => Event::Broken(Ended::Panicked("simulated".to_owned())),
            Came::Thought { tick, agent, fails } => match self.thought(tick, agent, fails) {
                Some(paid) => Event::Paid(tick, paid),
                None => return self.go_on(now),
            },
            Came::Stepped(closed) => {
                self.is_away = false;
                let head = self.world.step(&closed);
                self.made.push_back(world::messages(head, &closed.record));
                Event::Stepped(head)
            }
        };
        self.owner.on(event, at(now));
        self.go_on(now)
    }

    /// Does whatever nothing is in the way of.
    ///
    /// # Errors
    /// When it is over.
    pub(crate) fn go_on(&mut self, now: u64) -> Result<(), Ended> {
        loop {
            self.fulfil(now)?;
            if self.answer_ask(now) {
                continue;
            }
            if self.owner.is_open() && self.owner.is_idle() && self.world.ticks > 0 {
                let (tick, digest) = (self.world.ticks - 1, self.world.digest);
                self.wanted.push(Do::Snapshot(Head { tick, digest }));
            }
            self.think();
            if self.hold_or_go(now) {
                continue;
            }
            match self.next_tick_at(now) {
                Some(due) if due <= now => self.begin_tick(now),
                Some(due) if self.timer != Some(due) => {
                    self.timer = Some(due);
                    self.wanted.push(Do::After(due - now, Came::Due));
                    return Ok(());
                }
                Some(_) | None => return Ok(()),
            }
        }
    }

    /// Who asked for something and is not answered: they ask again.
    pub(crate) fn unanswered(&mut self) -> Vec<u64> {
        let waiting = self.waiting.drain(..).chain(self.taking.drain(..));
        let look = self.look.take().map(|(taken, _)| taken);
        let asked = waiting.chain(look).chain(self.asks.drain(..));
        let asked = asked.map(|taken| taken.sequence);
        asked.chain(self.turning.take()).collect()
    }

    fn fulfil(&mut self, now: u64) -> Result<(), Ended> {
        while let Some(wish) = self.owner.next_wish() {
            match wish {
                Wish::Write(_) => self.write(),
                Wish::Send(_) => {
                    let messages = self.made.front().cloned().expect("what is sent was made");
                    self.owner.sends(messages.last().cloned().unwrap_or_default());
                    self.put(Which::Frames, messages);
                }
                Wish::Again(which) => self.append(which),
                Wish::Look(which) => self.wanted.push(Do::Look(which)),
                Wish::Pause(which) => {
                    let pause = &mut self.pauses[which as usize];
                    let event = Came::Event(Event::Paused(which));
                    self.wanted.push(Do::After(*pause, event));
                    *pause = (*pause * 3 / 2).min(2000);
                }
                Wish::Find => self.wanted.push(Do::Find),
                Wish::Rebuild => self.world = World::new(),
                Wish::Decide => self.decide(),
                Wish::Step(closed) => {
                    (self.is_away, self.has_decided) = (true, false);
                    self.wanted.push(Do::Think(Came::Stepped(closed)));
                }
                Wish::Skipped(_) | Wish::Stored(_) => drop(self.made.pop_front()),
                Wish::Applied(tick) => {
                    for taken in std::mem::take(&mut self.taking) {
                        self.tell(taken.sequence, Said::Done(Some(tick)));
                    }
                }
                Wish::GiveBack => self.give_back(),
                Wish::Turned(record) => self.turned(&record),
                Wish::Paid => self.wanted.push(Do::After(0, Came::Event(Event::Pay))),
                Wish::Claimed | Wish::Opened | Wish::Room(_) => {}
                Wish::End(Ended::Lost(Lost::Fenced(_))) if self.bug == Some(Bug::IgnoresEnd) => {
                    let (epoch, reason, command) = (self.owner.epoch(), None, None);
                    let hold = Hold { epoch, reason, command, spent: None, at: at(now) };
                    let bodies = vec![Entry::new(Record::Hold(hold)).to_bytes()];
                    let which = Which::Journal;
                    self.wanted.push(Do::Append { which, bodies, expected: None });
                }
                Wish::End(why) => return Err(why),
            }
        }
        Ok(())
    }

    fn write(&mut self) {
        if self.bug == Some(Bug::AnswersEarly)
            && let Some(sequence) = self.turning.take()
        {
            self.tell(sequence, Said::Done(None));
        }
        let body = self.owner.log(Which::Journal).body().to_vec();
        self.put(Which::Journal, vec![body]);
    }

    fn put(&mut self, which: Which, bodies: Vec<Vec<u8>>) {
        self.bodies[which as usize] = bodies;
        self.pauses[which as usize] = 50;
        self.append(which);
    }

    fn append(&mut self, which: Which) {
        let bodies = self.bodies[which as usize].clone();
        let expected = self.owner.log(which).expected();
        self.wanted.push(Do::Append { which, bodies, expected });
    }

    fn decide(&mut self) {
        if self.has_decided {
            return self.wanted.push(Do::After(0, Came::Event(Event::Decided)));
        }
        self.is_away = true;
        self.wanted.push(Do::Think(Came::Decided));
    }

    fn give_back(&mut self) {
        let mut taken = std::mem::take(&mut self.taking);
        if self.bug != Some(Bug::ForgetsGiveBack) {
            taken.append(&mut self.waiting);
            self.waiting = taken;
        }
    }

    fn turned(&mut self, record: &Record) {
        match record {
            Record::Go(_) => {
                self.last_tick_at = None;
                let reopen = |gather: &mut Gather| gather.reopen(|_| None);
                self.gather.iter_mut().for_each(reopen);
            }
            Record::End(_) => {
                for taken in std::mem::take(&mut self.waiting) {
                    let ended = simulator::protocol::carry::ended();
                    self.tell(taken.sequence, Said::Refused(ended.message));
                }
            }
            _ => {}
        }
        if let Some(sequence) = self.turning.take() {
            self.tell(sequence, Said::Done(None));
        }
    }

    fn tell(&mut self, sequence: u64, said: Said) {
        self.wanted.push(Do::Tell { sequence, said });
    }

    /// Carries out the next command, if it can be; true if anything has come of it.
    fn answer_ask(&mut self, now: u64) -> bool {
        if !self.owner.is_open() || self.is_away || !self.owner.can_take() {
            return false;
        }
        let (taken, stands) = match self.look.take() {
            Some((taken, true)) => (taken, Some(true)),
            look @ Some(_) => {
                self.look = look;
                return false;
            }
            None => match self.asks.pop_front() {
                Some(taken) => (taken, None),
                None => return false,
            },
        };
        let waiting = self.waiting.iter().find(|waiting| waiting.sequence == taken.sequence);
        let waiting = waiting.map(|waiting| &waiting.command.command_id);
        match self.owner.consider(Asked { taken: &taken, waiting, stands }, at(now)) {
            Carried::Waits | Carried::WentBack(_) => panic!("asked twice: {taken:?}"),
            Carried::Looks(_) => {
                self.look = Some((taken, false));
                self.wanted.push(Do::Think(Came::Looked));
            }
            Carried::Done(tick) => self.tell(taken.sequence, Said::Done(tick)),
            Carried::Refused(error) => self.tell(taken.sequence, Said::Refused(error.message)),
            Carried::Queued => self.waiting.push(taken),
            Carried::Begins => {
                self.waiting.push(taken);
                self.think();
                self.begin_tick(now);
            }
            Carried::Turns(record) => {
                self.turning = Some(taken.sequence);
                self.owner.on(Event::Turn(record), at(now));
            }
        }
        true
    }

    /// Lets agents of the tick that is open be asked, two at a time.
    fn think(&mut self) {
        if self.is_away || !self.owner.may_decide() {
            return;
        }
        let tick = self.world.ticks;
        if self.gather.as_ref().is_none_or(|gather| gather.tick() != tick) {
            let decided = match self.bug {
                Some(Bug::AsksAgain) => Default::default(),
                _ => self.owner.decided(),
            };
            let wanted = self.world.wanted();
            let wanted: Vec<_> = wanted.into_iter().map(|agent| (agent, "main")).collect();
            self.gather = Some(Gather::new(tick, &wanted, &decided));
        }
        let Some(gather) = &mut self.gather else { return };
        while let Some(agent) = gather.ask(|_| 2) {
            self.wanted.push(Do::Ask { tick, agent });
        }
    }

    /// Holds the world where nobody could decide, as for a cap of the budget, and lets it go on
    /// where that is why it is held; true if it did.
    fn hold_or_go(&mut self, now: u64) -> bool {
        if self.is_away || !self.owner.can_take() {
            return false;
        }
        let (epoch, command, at) = (self.owner.epoch(), None, at(now));
        let record = match (self.owner.life(), &mut self.gather) {
            (Life::Playing, Some(gather)) if gather.hold().is_some() => {
                let (reason, spent) = (Some(format!("{BUDGET}: all is spent")), gather.take_vain());
                Record::Hold(Hold { epoch, reason, command, spent: Some(spent), at })
            }
            (Life::Held, _) if self.owner.commands().lacks_budget() => {
                Record::Go(Go { epoch, command, at })
            }
            _ => return false,
        };
        self.owner.on(Event::Turn(record), at);
        true
    }

    /// What comes of asking; of a tick that is over, nothing.
    fn thought(&mut self, tick: u32, agent: u32, fails: bool) -> Option<Decision> {
        let gather = self.gather.as_mut().filter(|gather| gather.tick() == tick)?;
        let usage = Usage { requests: 1, ..Usage::default() };
        let kind = FailedKind::Question;
        let decided = match fails {
            true => Err(Failed { kind, why: "HTTP 400".to_owned(), usage }),
            false => Ok(Decision {
                agent_id: agent,
                calls: vec![Call::LikePost { post_id: tick }],
                refused: vec![],
                endpoint: "main".to_owned(),
                model: "small".to_owned(),
                usage,
            }),
        };
        gather.came(agent, decided)
    }

    fn begin_tick(&mut self, now: u64) {
        self.last_tick_at = Some(now);
        self.taking = std::mem::take(&mut self.waiting);
        let undecided = self.gather.as_ref().map(Gather::undecided).unwrap_or_default();
        let due = Due { commands: self.taking.clone(), heard: vec![], undecided };
        self.owner.on(Event::Due(due), at(now));
    }

    fn next_tick_at(&self, now: u64) -> Option<u64> {
        // A start that was given back for want of room begins with the next try.
        let starts = self.waiting.iter().any(|taken| taken.command.request == Request::Start);
        let begins = starts && self.bug != Some(Bug::ForgetsStart);
        let plays =
            self.owner.life() == Life::Playing || (self.owner.life() == Life::Waiting && begins);
        let is_complete = self.gather.as_ref().is_some_and(Gather::is_complete);
        let is_ready = is_complete || self.bug == Some(Bug::ClosesEarly);
        if !plays || !self.owner.can_tick() || !is_ready {
            return None;
        }
        let Some(last) = self.last_tick_at else { return Some(now) };
        let pace = self.owner.commands().pace_milli().unwrap_or(self.genesis.options.pace_milli);
        let configured = self.waiting.iter().filter_map(pace_of);
        std::iter::once(pace).chain(configured).map(|pace| last + pause(pace)).min()
    }
}

fn pace_of(taken: &Taken) -> Option<u32> {
    match &taken.command.request {
        Request::Configure(change) => change.pace_milli,
        _ => None,
    }
}

fn pause(pace_milli: u32) -> u64 {
    1_000_000_u64.checked_div(u64::from(pace_milli)).unwrap_or(0)
}
