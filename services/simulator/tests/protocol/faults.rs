//! What goes wrong in a simulation, who asks for what, and who sees to it that it ends.

use contract::command::Request;
use contract::journal::Claim;
use simulator::protocol::life::Life;
use simulator::protocol::owner::Which;

use crate::desk::{Question, Stage, Worker};
use crate::random::Random;
use crate::simulation::{Happening, OTHERS, Simulation, Weather};
use crate::words::{inject, pace, pause, stop};

/// Rounds per thousand seconds that a client may ask for.
pub(crate) const PACES: [u32; 4] = [0, 1_000, 10_000, 50_000];

/// Workers that live at the same time, at most.
const CROWD: usize = 4;

impl Weather {
    pub(crate) fn draw(random: &mut Random) -> Weather {
        Weather {
            latency: *random.of(&[3, 20, 100]),
            lost: *random.of(&[0, 5, 30]),
            late: *random.of(&[0, 5, 30]),
            faults: *random.of(&[30, 300, 2_000, 8_000]),
            commands: *random.of(&[5, 20, 300, 3_000]),
            most: random.between(3, 40),
            panics: *random.of(&[0, 0, 0, 30]),
            fills: *random.of(&[0, 0, 300, 900]),
            calm_at: random.between(200, 30_000),
        }
    }
}

impl Simulation {
    /// Something goes wrong, and later something else.
    pub(crate) fn fault(&mut self) {
        if self.is_calm() || self.tally.faults >= self.weather.most {
            return;
        }
        self.tally.faults += 1;
        let living: Vec<usize> =
            (0..self.workers.len()).filter(|it| self.workers[*it].is_alive()).collect();
        let one = (!living.is_empty()).then(|| *self.random.of(&living));
        let kind = if self.random.chance(self.weather.fills) { 7 } else { self.random.below(10) };
        match (kind, one) {
            (0..=2, Some(worker)) => self.kill(worker),
            (3..=4, Some(worker)) => self.freeze(worker),
            (5..=6, _) if living.len() < CROWD => self.start(),
            (7, _) => self.fill(),
            (8, _) => {
                self.tally.outages += 1;
                self.away_until = self.now + self.random.between(50, 12_000);
            }
            (_, _) => {
                // Somebody else writes to the same streams: sequences have gaps.
                let which = usize::from(self.random.chance(500));
                let _ = self.logs[which].append(OTHERS, &[b"another world's".to_vec()], None);
            }
        }
        let pause = self.random.between(1, 2 * self.weather.faults);
        self.after(pause, Happening::Fault);
    }

    fn fill(&mut self) {
        self.tally.fills += 1;
        let which = *self.random.of(&[Which::Journal, Which::Frames]);
        let left = self.random.below(400);
        self.logs[which as usize].fill(left);
        let longest = *self.random.of(&[60, 400, 8_000]);
        let time = self.random.between(10, longest);
        self.after(time, Happening::HasRoom(which));
    }

    /// What hits a worker while it does something.
    pub(crate) fn strike(&mut self, worker: usize) {
        if !self.workers[worker].is_alive() {
            return;
        }
        match self.random.chance(500) {
            true => self.kill(worker),
            false => self.freeze(worker),
        }
    }

    fn kill(&mut self, worker: usize) {
        self.tally.kills += 1;
        self.workers[worker].stage = Stage::Gone;
        self.workers[worker].is_frozen = false;
        self.deferred.remove(&worker);
    }

    fn freeze(&mut self, worker: usize) {
        if self.workers[worker].is_frozen {
            return;
        }
        self.tally.freezes += 1;
        self.workers[worker].is_frozen = true;
        let longest = *self.random.of(&[100, 2_000, 40_000]);
        let time = self.random.between(10, longest);
        self.after(time, Happening::Thaws(worker));
    }

    /// It finds all that has come meanwhile.
    pub(crate) fn thaws(&mut self, worker: usize) {
        self.workers[worker].is_frozen = false;
        for happening in self.deferred.remove(&worker).unwrap_or_default() {
            self.after(0, happening);
        }
    }

    /// A node starts a worker, whether there is another one or not.
    pub(crate) fn start(&mut self) {
        let worker = self.workers.len();
        let crashed = self.workers.last().is_some_and(|it| matches!(it.stage, Stage::Gone));
        let why = if crashed && self.random.chance(300) { Claim::CRASHED } else { "recover" };
        let mut started = Worker::new(format!("w{worker}"), why.to_owned());
        if !self.is_calm() && self.random.chance(10) {
            started.given_up = Some("its node has given it up".to_owned());
        }
        self.workers.push(started);
        self.ask(worker, Question::Read);
        self.ask(worker, Question::Answered);
    }

    /// A client asks for something, and later for something else.
    pub(crate) fn publishes(&mut self) {
        if self.is_calm() || self.commands.len() as u64 >= self.weather.most {
            return;
        }
        let request = match self.random.below(16) {
            _ if self.commands.is_empty() => Request::Start,
            0..=1 => Request::Start,
            2..=4 => pause(),
            5..=8 => Request::Resume,
            9 => stop(),
            10 => Request::CloseEnv,
            11 => pace(*self.random.of(&PACES)),
            _ => inject(&format!("It is {}.", self.now)),
        };
        self.publish(request);
        let pause = self.random.between(1, 2 * self.weather.commands);
        self.after(pause, Happening::Publishes);
    }

    fn publish(&mut self, request: Request) {
        let last = self.commands.keys().next_back().copied().unwrap_or(0);
        // Other runs' commands stand in between.
        let sequence = last + self.random.between(1, 3);
        self.commands.insert(sequence, request);
        for worker in 0..self.workers.len() {
            if self.workers[worker].is_following && self.workers[worker].is_alive() {
                self.will_read(worker, sequence);
            }
        }
    }

    /// The nodes look whether the world has a worker; once it is calm somebody also sees to it
    /// that the run comes to its end.
    pub(crate) fn looks(&mut self) {
        let is_held = |worker: &Worker| {
            worker.is_alive()
                && (worker.epoch() >= self.watch.epoch || worker.epoch() == 0)
                && (!worker.is_frozen || !self.is_calm())
        };
        if !self.workers.iter().any(is_held) {
            self.start();
        }
        if self.is_calm() {
            self.calm_down();
        }
        let pause = self.random.between(200, 2_000);
        self.after(pause, Happening::Looks);
    }

    fn calm_down(&mut self) {
        self.away_until = 0;
        for log in &mut self.logs {
            log.max_bytes = None;
        }
        for worker in 0..self.workers.len() {
            if self.workers[worker].is_frozen {
                self.thaws(worker);
            }
        }
        let is_answered = self.unanswered().next().is_none();
        let wished = |request| !self.unanswered().any(|it| self.commands[&it] == request);
        match self.watch.life {
            Life::Waiting if wished(Request::Start) => self.publish(Request::Start),
            Life::Held | Life::Failed if wished(Request::Resume) => self.publish(Request::Resume),
            Life::Waiting | Life::Held | Life::Failed | Life::Playing => {}
            Life::Completed | Life::Closed | Life::Stopped => {
                self.is_done = is_answered && self.watch.frames == self.watch.ticks;
            }
        }
    }
}
