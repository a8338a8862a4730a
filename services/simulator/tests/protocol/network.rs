//! Between workers and the bus: requests and answers that are lost, late, or never seen.

use bus::AppendError;
use simulator::protocol::log::Seen;
use simulator::protocol::owner::{Event, Which};

use crate::desk::{Answer, Question, Stage};
use crate::lane::Came;
use crate::oracle::Reply;
use crate::simulation::{Happening, OURS, Simulation};
use crate::words::record;
use crate::world::head_of;

/// How long whoever asks the bus waits for its answer, in milliseconds.
const PATIENCE: u64 = 5_000;

impl Simulation {
    /// Sends a question to the bus, and waits for its answer.
    pub(crate) fn ask(&mut self, worker: usize, question: Question) {
        self.ask_of(worker, self.workers[worker].generation, question);
    }

    pub(crate) fn ask_of(&mut self, worker: usize, generation: u32, question: Question) {
        let request = self.order;
        self.workers[worker].open.insert(request);
        let asked = question.clone();
        if let Some(delay) = self.way() {
            self.after(delay, Happening::Arrives { worker, generation, request, question });
        }
        let question = asked;
        self.after(PATIENCE, Happening::TimesOut { worker, generation, request, question });
    }

    /// How long a message is on its way; `None`: it never arrives.
    fn way(&mut self) -> Option<u64> {
        if !self.is_calm() {
            if self.random.chance(self.weather.lost) {
                return None;
            }
            if self.random.chance(self.weather.late) {
                self.tally.late += 1;
                return Some(self.random.between(PATIENCE / 2, 6 * PATIENCE));
            }
        }
        Some(self.random.between(1, self.weather.latency))
    }

    /// A request is at the bus.
    pub(crate) fn arrives(
        &mut self,
        worker: usize,
        generation: u32,
        request: u64,
        question: Question,
    ) -> Result<(), String> {
        if self.now < self.away_until {
            return Ok(());
        }
        let answer = match question {
            Question::Read => {
                Answer::Journal(self.logs[0].all(OURS).cloned().collect(), self.snapshot)
            }
            Question::Begin(body) => {
                // Refused or not, one stands there now.
                drop(self.store(Which::Journal, &[body], Some(0))?);
                Answer::Begun
            }
            Question::Append { which, bodies, expected } => {
                let answer = self.store(which, &bodies, expected)?;
                Answer::Event(Event::Answered(which, answer))
            }
            Question::Look { which, last, claimed } => match self.look(which, last, claimed) {
                Ok(seen) => Answer::Event(Event::Looked(which, seen)),
                Err(question) => {
                    let happening = Happening::Arrives { worker, generation, request, question };
                    let pause = self.random.below(4);
                    self.after(pause, happening);
                    return Ok(());
                }
            },
            Question::Find => {
                let last = self.logs[1].last(OURS);
                let found = last.map(|last| (last.sequence, head_of(&last.body)));
                Answer::Event(Event::Found(found))
            }
            Question::Answered => Answer::Answered(self.replies.keys().copied().collect()),
            Question::Reply { sequence, said, epoch } => {
                self.replies.entry(sequence).or_insert(Reply { said, epoch });
                Answer::Replied
            }
        };
        if let Some(delay) = self.way() {
            self.after(delay, Happening::Answers { worker, generation, request, answer });
        }
        Ok(())
    }

    fn store(
        &mut self,
        which: Which,
        bodies: &[Vec<u8>],
        expected: Option<u64>,
    ) -> Result<Result<u64, AppendError>, String> {
        let answer = self.logs[which as usize].append(OURS, bodies, expected);
        if answer.is_ok() {
            self.watch.stored(which, bodies)?;
        }
        Ok(answer)
    }

    /// One of the two reads of a look, whichever comes first; what was seen, after the second.
    fn look(
        &mut self,
        which: Which,
        last: Option<Option<(u64, Vec<u8>)>>,
        claimed: Option<Option<u32>>,
    ) -> Result<Seen, Question> {
        let reads_last = last.is_none() && (claimed.is_some() || self.random.chance(500));
        let last = if reads_last {
            let message = self.logs[which as usize].last(OURS);
            Some(message.map(|message| (message.sequence, message.body.clone())))
        } else {
            last
        };
        let claimed = if reads_last || claimed.is_some() {
            claimed
        } else {
            let newest = self.logs[0].last(OURS).map(|message| record(&message.body));
            Some(newest.as_ref().and_then(|it| it.epoch()))
        };
        match (last, claimed) {
            (Some(None), Some(_)) => Ok(Seen::Empty),
            (Some(Some((sequence, body))), Some(claimed)) => {
                Ok(Seen::Last { sequence, body, claimed })
            }
            (last, claimed) => Err(Question::Look { which, last, claimed }),
        }
    }

    pub(crate) fn answers(
        &mut self,
        worker: usize,
        generation: u32,
        request: u64,
        answer: Answer,
    ) -> Result<(), String> {
        if !self.workers[worker].open.remove(&request) {
            return Ok(());
        }
        match answer {
            Answer::Event(event) => return self.comes(worker, generation, Came::Event(event)),
            Answer::Replied => {}
            Answer::Answered(answered) => {
                self.workers[worker].is_following = true;
                let left: Vec<u64> =
                    self.commands.keys().filter(|it| !answered.contains(it)).copied().collect();
                for sequence in left {
                    self.will_read(worker, sequence);
                }
            }
            Answer::Journal(..) | Answer::Begun
                if self.workers[worker].generation != generation => {}
            Answer::Begun => {
                let stage = &mut self.workers[worker].stage;
                if let Stage::Beginning = stage {
                    // Read what stands there, whosever it is; the real one knows its own.
                    *stage = Stage::Reading;
                    self.ask(worker, Question::Read);
                }
            }
            Answer::Journal(messages, snapshot) => {
                let (common, now) = (self.common, self.now);
                let skews = self.options.skew && !self.has_skewed && self.watch.frames > 1;
                self.has_skewed |= skews;
                let worker_ = &mut self.workers[worker];
                worker_.skews = skews;
                match worker_.open(common, &messages, snapshot, now) {
                    Some(question) => self.ask(worker, question),
                    None => return self.drive(worker, None),
                }
            }
        }
        Ok(())
    }

    pub(crate) fn times_out(
        &mut self,
        worker: usize,
        generation: u32,
        request: u64,
        question: Question,
    ) -> Result<(), String> {
        if !self.workers[worker].open.remove(&request) {
            return Ok(());
        }
        self.tally.lost += 1;
        let is_of_now = self.workers[worker].generation == generation;
        match question.unanswered() {
            Some(event) => return self.comes(worker, generation, Came::Event(event)),
            None if is_of_now || !question.is_lanes() => self.ask(worker, question),
            None => {}
        }
        Ok(())
    }
}
