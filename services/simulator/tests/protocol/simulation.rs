//! One simulated life of a world: a bus, a clock, workers that come and go. All from a seed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use contract::command::Request;
use contract::id::Digest;
use contract::journal::Record;
use simulator::protocol::owner::{Guards, Head, Which};
use simulator::protocol::{Ended, Lost};

use crate::desk::{Answer, Common, Question, Stage, Worker};
use crate::lane::{Bug, Came, Do};
use crate::logs::Stream;
use crate::oracle::{Ending, Reply, Watch, judge};
use crate::random::Random;
use crate::words::{record, taken};

/// How long all may take once nothing is in the way any more.
const BOUND: u64 = 300_000;
/// The subject of the world, and that of another one in the same streams.
pub(crate) const OURS: usize = 0;
pub(crate) const OTHERS: usize = 1;

/// What is special about a simulation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) guards: Guards,
    pub(crate) bug: Option<Bug>,
    /// One worker makes another world of the same journal.
    pub(crate) skew: bool,
}

impl Options {
    pub(crate) const PLAIN: Options = Options { guards: Guards::ALL, bug: None, skew: false };
}

/// What happened in a simulation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) milliseconds: u64,
    pub(crate) happenings: u64,
    pub(crate) workers: u64,
    pub(crate) faults: u64,
    pub(crate) kills: u64,
    pub(crate) freezes: u64,
    pub(crate) outages: u64,
    pub(crate) fills: u64,
    pub(crate) panics: u64,
    pub(crate) lost: u64,
    pub(crate) late: u64,
    pub(crate) commands: u64,
    pub(crate) ticks: u64,
    pub(crate) claims: u64,
    pub(crate) fenced: u64,
    pub(crate) reopened: u64,
    /// Snapshots that were not what they said.
    pub(crate) distrusted: u64,
    /// Replies by owners that had lost the world.
    pub(crate) stale: u64,
    /// Requests to a model, and decisions that are journalled.
    pub(crate) asked: u64,
    pub(crate) decided: u64,
}

/// Something that is going to happen.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    /// A request is at the bus.
    Arrives {
        worker: usize,
        generation: u32,
        request: u64,
        question: Question,
    },
    /// An answer is back at its worker.
    Answers {
        worker: usize,
        generation: u32,
        request: u64,
        answer: Answer,
    },
    /// No answer came in time.
    TimesOut {
        worker: usize,
        generation: u32,
        request: u64,
        question: Question,
    },
    /// Something within a worker.
    Comes {
        worker: usize,
        generation: u32,
        came: Came,
    },
    /// A worker does what it was about to do when it was frozen.
    Does {
        worker: usize,
        generation: u32,
        wanted: Do,
    },
    /// A worker reads a command.
    Reads {
        worker: usize,
        sequence: u64,
    },
    /// A snapshot is stored.
    Snapshot(Head),
    /// A client publishes a command.
    Publishes,
    /// Something goes wrong.
    Fault,
    Thaws(usize),
    HasRoom(Which),
    /// The nodes look whether the world has a worker.
    Looks,
}

/// How bad it is; drawn from the seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    /// Milliseconds that a message is on its way.
    pub(crate) latency: u64,
    /// In a thousand: messages that never arrive, and that arrive very late.
    pub(crate) lost: u64,
    pub(crate) late: u64,
    /// Milliseconds between two faults.
    pub(crate) faults: u64,
    /// Milliseconds between two commands.
    pub(crate) commands: u64,
    /// How many of either there are, at most.
    pub(crate) most: u64,
    /// In a thousand steps: those at which the world panics.
    pub(crate) panics: u64,
    /// In a thousand faults: those that are a full stream.
    pub(crate) fills: u64,
    pub(crate) calm_at: u64,
}

pub(crate) struct Simulation {
    pub(crate) options: Options,
    pub(crate) common: Common,
    pub(crate) random: Random,
    pub(crate) weather: Weather,
    pub(crate) now: u64,
    queue: BinaryHeap<Reverse<(u64, u64)>>,
    happenings: BTreeMap<u64, Happening>,
    pub(crate) order: u64,
    pub(crate) workers: Vec<Worker>,
    /// What came to a worker while it was frozen.
    pub(crate) deferred: BTreeMap<usize, Vec<Happening>>,
    pub(crate) logs: [Stream; 2],
    pub(crate) snapshot: Option<Head>,
    pub(crate) commands: BTreeMap<u64, Request>,
    pub(crate) replies: BTreeMap<u64, Reply>,
    pub(crate) watch: Watch,
    pub(crate) away_until: u64,
    pub(crate) has_skewed: bool,
    pub(crate) is_done: bool,
    /// What was found to be wrong with what a worker did.
    wrong: Option<String>,
    pub(crate) tally: Tally,
    /// The last happenings, if somebody wants to see them.
    pub(crate) trace: Option<VecDeque<String>>,
}

impl Simulation {
    pub(crate) fn new(seed: u64, options: Options, traced: bool) -> Simulation {
        let mut random = Random::new(seed);
        let weather = Weather::draw(&mut random);
        let common = Common {
            rounds: u32::try_from(random.between(1, 10)).unwrap(),
            pace_milli: *random.of(&crate::faults::PACES),
            guards: options.guards,
            bug: options.bug,
        };
        let mut simulation = Simulation {
            options,
            common,
            random,
            weather,
            now: 1_000_000,
            queue: BinaryHeap::new(),
            happenings: BTreeMap::new(),
            order: 0,
            workers: vec![],
            deferred: BTreeMap::new(),
            logs: [Stream::default(), Stream::default()],
            snapshot: None,
            commands: BTreeMap::new(),
            replies: BTreeMap::new(),
            watch: Watch::default(),
            away_until: 0,
            has_skewed: false,
            is_done: false,
            wrong: None,
            tally: Tally::default(),
            trace: traced.then(VecDeque::new),
        };
        simulation.weather.calm_at += simulation.now;
        for happening in [Happening::Looks, Happening::Publishes, Happening::Fault] {
            simulation.soon(happening);
        }
        simulation
    }

    /// Plays it to its end.
    ///
    /// # Errors
    /// What was found to be wrong.
    pub(crate) fn run(&mut self) -> Result<(), String> {
        let begun = self.now;
        while let Some(Reverse((time, order))) = self.queue.pop() {
            self.now = time;
            let happening = self.happenings.remove(&order).expect("it was put there");
            self.tally.happenings += 1;
            self.tally.milliseconds = self.now - begun;
            self.note(&happening);
            self.happen(happening)?;
            if let Some(wrong) = self.wrong.take() {
                return Err(wrong);
            }
            if self.is_done {
                return self.judge();
            }
            if self.now > self.weather.calm_at + BOUND {
                let (life, ticks, frames) = (self.watch.life, self.watch.ticks, self.watch.frames);
                let missing: Vec<_> = self.unanswered().collect();
                return Err(format!(
                    "stuck: {life:?} with {ticks} ticks and {frames} frames, no reply to \
                     {missing:?}"
                ));
            }
        }
        Err("nothing happens any more".to_owned())
    }

    /// Keeps the last happenings that anything may come of.
    fn note(&mut self, happening: &Happening) {
        let Some(trace) = &mut self.trace else { return };
        match happening {
            Happening::Looks => {}
            Happening::TimesOut { worker, request, .. }
                if !self.workers[*worker].open.contains(request) => {}
            _ => trace.push_back(format!("{} {happening:?}", self.now)),
        }
        if trace.len() > 300 {
            trace.pop_front();
        }
    }

    fn judge(&mut self) -> Result<(), String> {
        let ending = Ending {
            journal: &self.logs[0],
            frames: &self.logs[1],
            commands: &self.commands,
            replies: &self.replies,
        };
        self.tally.stale = judge(&ending)?;
        let decided = self.records().into_iter().filter_map(|record| match record {
            Record::Decisions(decisions) => Some(decisions.decisions.len() as u64),
            _ => None,
        });
        self.tally.decided = decided.sum();
        self.tally.ticks = u64::from(self.watch.ticks);
        self.tally.claims = u64::from(self.watch.epoch);
        self.tally.workers = self.workers.len() as u64;
        self.tally.commands = self.commands.len() as u64;
        Ok(())
    }

    fn happen(&mut self, happening: Happening) -> Result<(), String> {
        let concerned = match &happening {
            Happening::Answers { worker, .. }
            | Happening::TimesOut { worker, .. }
            | Happening::Comes { worker, .. }
            | Happening::Does { worker, .. }
            | Happening::Reads { worker, .. } => Some(*worker),
            _ => None,
        };
        if let Some(worker) = concerned {
            let Worker { stage, is_frozen, .. } = &self.workers[worker];
            if matches!(stage, Stage::Gone) {
                return Ok(());
            }
            if *is_frozen {
                self.deferred.entry(worker).or_default().push(happening);
                return Ok(());
            }
        }
        match happening {
            Happening::Arrives { worker, generation, request, question } => {
                return self.arrives(worker, generation, request, question);
            }
            Happening::Answers { worker, generation, request, answer } => {
                return self.answers(worker, generation, request, answer);
            }
            Happening::TimesOut { worker, generation, request, question } => {
                return self.times_out(worker, generation, request, question);
            }
            Happening::Comes { worker, generation, came } => {
                return self.comes(worker, generation, came);
            }
            Happening::Does { worker, generation, wanted } => {
                self.does(worker, generation, wanted);
            }
            Happening::Reads { worker, sequence } => self.reads(worker, sequence),
            Happening::Snapshot(head) => self.snapshot = Some(head),
            Happening::Publishes => self.publishes(),
            Happening::Fault => self.fault(),
            Happening::Thaws(worker) => self.thaws(worker),
            Happening::HasRoom(which) => self.logs[which as usize].max_bytes = None,
            Happening::Looks => self.looks(),
        }
        Ok(())
    }

    pub(crate) fn comes(
        &mut self,
        worker: usize,
        generation: u32,
        came: Came,
    ) -> Result<(), String> {
        match &self.workers[worker] {
            Worker { generation: now, .. } if *now != generation => Ok(()),
            Worker { stage: Stage::Ended(_), .. } => {
                self.workers[worker].stays_ended(came, self.now)
            }
            _ => self.drive(worker, Some(came)),
        }
    }

    /// Lets a worker go on, and does what it wants, unless it is struck in the middle.
    pub(crate) fn drive(&mut self, worker: usize, came: Option<Came>) -> Result<(), String> {
        let panics = matches!(came, Some(Came::Stepped(_)))
            && !self.is_calm()
            && self.random.chance(self.weather.panics);
        self.tally.panics += u64::from(panics);
        let generation = self.workers[worker].generation;
        let wanted = self.workers[worker].drive(came, self.now, panics);
        match self.workers[worker].ended.take() {
            None | Some(Ended::Panicked(_)) => {}
            Some(Ended::Reopen) => self.tally.reopened += 1,
            Some(Ended::Distrusted(_)) => self.tally.distrusted += 1,
            Some(Ended::Lost(Lost::Fenced(_))) => self.tally.fenced += 1,
            Some(Ended::Diverged(_)) if self.options.skew => {}
            Some(why) => return Err(format!("worker {worker} ended: {why}")),
        }
        let struck = (!self.is_calm() && self.random.chance(2))
            .then(|| usize::try_from(self.random.below(wanted.len() as u64 + 1)).unwrap());
        for (done, wanted) in wanted.into_iter().enumerate() {
            if struck == Some(done) {
                self.strike(worker);
            }
            if self.workers[worker].is_frozen {
                let happening = Happening::Does { worker, generation, wanted };
                self.deferred.entry(worker).or_default().push(happening);
            } else if !matches!(self.workers[worker].stage, Stage::Gone) {
                self.does(worker, generation, wanted);
            }
        }
        for sequence in std::mem::take(&mut self.workers[worker].asked_again) {
            let pause = self.random.below(4);
            self.after(pause, Happening::Reads { worker, sequence });
        }
        if self.workers[worker].generation != generation {
            self.ask(worker, Question::Read);
        }
        Ok(())
    }

    /// What a lane of this generation wants. Should it be gone meanwhile, it was sent before.
    fn does(&mut self, worker: usize, generation: u32, wanted: Do) {
        match wanted {
            Do::Append { which, bodies, expected } => {
                self.ask_of(worker, generation, Question::Append { which, bodies, expected });
            }
            Do::Look(which) => {
                self.ask_of(
                    worker,
                    generation,
                    Question::Look { which, last: None, claimed: None },
                );
            }
            Do::Find => self.ask_of(worker, generation, Question::Find),
            Do::After(pause, came) => {
                self.after(pause, Happening::Comes { worker, generation, came });
            }
            Do::Think(came) => {
                let time = self.random.between(1, 2 * self.weather.latency);
                self.after(time, Happening::Comes { worker, generation, came });
            }
            Do::Ask { tick, agent } => {
                self.tally.asked += 1;
                let decided = self.records().into_iter().filter_map(|record| match record {
                    Record::Decisions(it) if it.tick == tick => Some(it.decisions),
                    _ => None,
                });
                let is_paid = decided.flatten().any(|decision| decision.agent_id == agent);
                // Who has lost the world cannot know; its requests are under way as it is killed.
                let owns = self.workers[worker].epoch() == self.watch.epoch;
                if is_paid && owns {
                    self.wrong = Some(format!("agent {agent} is asked again in tick {tick}"));
                }
                let time = self.random.between(1, 20 * self.weather.latency);
                let fails = self.random.chance(50);
                let came = Came::Thought { tick, agent, fails };
                self.after(time, Happening::Comes { worker, generation, came });
            }
            Do::Tell { sequence, said } => {
                let epoch = self.workers[worker].epoch();
                self.ask_of(worker, generation, Question::Reply { sequence, said, epoch });
            }
            Do::Snapshot(head) => {
                if self.random.chance(100) {
                    let time = self.random.below(200);
                    let is_false = self.common.guards == Guards::ALL && self.random.chance(100);
                    let digest = if is_false { Digest::of(&[b"false"]) } else { head.digest };
                    self.after(time, Happening::Snapshot(Head { digest, ..head }));
                }
            }
        }
    }

    /// A worker's desk is going to read a command, after those before it.
    pub(crate) fn will_read(&mut self, worker: usize, sequence: u64) {
        let soon = self.now + self.random.below(3);
        let time = soon.max(self.workers[worker].reads_until);
        self.workers[worker].reads_until = time;
        self.after(time - self.now, Happening::Reads { worker, sequence });
    }

    /// A worker's desk reads a command.
    fn reads(&mut self, worker: usize, sequence: u64) {
        let request = self.commands[&sequence].clone();
        self.workers[worker].inbox.push_back(taken(sequence, request));
        let generation = self.workers[worker].generation;
        if let Stage::Driving(_) = self.workers[worker].stage {
            self.after(0, Happening::Comes { worker, generation, came: Came::Due });
        }
    }

    pub(crate) fn is_calm(&self) -> bool {
        self.now >= self.weather.calm_at
    }

    pub(crate) fn soon(&mut self, happening: Happening) {
        let pause = self.random.below(100);
        self.after(pause, happening);
    }

    pub(crate) fn after(&mut self, pause: u64, happening: Happening) {
        self.queue.push(Reverse((self.now + pause, self.order)));
        self.happenings.insert(self.order, happening);
        self.order += 1;
    }

    /// The commands that have no reply.
    pub(crate) fn unanswered(&self) -> impl Iterator<Item = u64> {
        self.commands.keys().filter(|it| !self.replies.contains_key(it)).copied()
    }

    /// The records of the journal, as they stand.
    pub(crate) fn records(&self) -> Vec<Record> {
        self.logs[0].all(OURS).map(|message| record(&message.body)).collect()
    }
}

/// Plays a seed. Gives what happened, and if it was wrong what, with the end of its trace.
pub(crate) fn play(seed: u64, options: Options) -> Result<Tally, String> {
    let mut simulation = Simulation::new(seed, options, false);
    let Err(what) = simulation.run() else { return Ok(simulation.tally) };
    // The same once more, this time with its trace: a seed is all that it depends on.
    let mut again = Simulation::new(seed, options, true);
    let twice = again.run();
    assert_eq!(twice, Err(what.clone()), "seed {seed} does not repeat itself");
    let trace: Vec<String> = again.trace.take().into_iter().flatten().collect();
    let records: Vec<String> = again.records().iter().map(|it| format!("{it:?}")).collect();
    Err(format!(
        "seed {seed}: {what}\nthe last happenings:\n{}\nthe journal:\n{}\nreplies: {:?}",
        trace.join("\n"),
        records.join("\n"),
        again.replies
    ))
}
