//! What is done about one run that is held, and when: pure. Events in, wishes out; time is one
//! of the inputs, and the driver in `hold` carries the wishes out.

use std::time::Duration;

use contract::journal::Claim;
use tokio::time::Instant;

use super::stops::Stops;
use super::vitals::Vitals;
use crate::protocol::DEADLY;
use crate::worker::pulse::Beat;

/// Why: the worker before is gone, by no fault of its own.
pub const RECOVER: &str = "recover";

/// However long a lease, it is renewed as often: who has not done so is silent.
const RENEWED_WITHIN: Duration = Duration::from_secs(3);
/// Until a renewal is tried again that was not answered.
const RENEW_AGAIN: Duration = Duration::from_millis(500);
/// Between the end of a worker and its successor, doubled with each that did not open the run.
const PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// A deadline that is noticed so late says that the node was held up, not its worker.
const LATE: Duration = Duration::from_secs(1);
/// A worker that opens its run has so many graces more to answer a stop.
const OPENING: u32 = 4;

/// How long what may take.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The lease's time to live.
    pub lease: Duration,
    /// The silence after which a worker is hung.
    pub hung_after: Duration,
    /// How long a stop waits for its reply, and how long SIGTERM has its chance.
    pub stop_grace: Duration,
    /// How long a worker that was asked to end may take.
    pub end_grace: Duration,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The worker shows that it lives.
    Beat(Beat),
    /// The worker has ended, or could not be started.
    Exited(Exit),
    /// A renewal of the lease was answered, or was not.
    Renewal(Renewal),
    /// Somebody wants the run stopped; the subject of the reply.
    StopAsked(String),
    /// Somebody looked for the reply to a stop; `None`: the bus did not answer.
    StopLooked(String, Option<bool>),
    /// The node shuts down, or wants the slot.
    Leave,
    /// That the run has failed is written down, or need not be.
    Written,
    /// Time has passed.
    Passed,
}

/// How a worker ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It let the run go.
    Clean,
    /// It found the run in other hands.
    Fenced,
    /// Another build must hold the run.
    OtherRules,
    /// By a fault that is not the run's: in words.
    Blameless(String),
    /// In any other way: in words.
    Died(String),
}

/// What became of a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// The lease lives.
    Renewed,
    /// Somebody else has it.
    Lost,
    /// Unknown. The claim in the journal fences; while the bus is away nobody can take the run.
    NoAnswer,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Start a worker that claims the run for this reason.
    Start(String),
    /// Ask the worker to end.
    End,
    /// Send SIGTERM to the worker's process group.
    Terminate,
    /// Send SIGKILL to it.
    Kill(Cause),
    /// Renew the lease, and say what came of it.
    Renew,
    /// Look whether this reply is stored, and say what came of it.
    Look(String),
    /// Write down that the run has failed: so the last worker ended.
    Fail(String),
    /// There is nothing left to hold.
    Done(Parting),
}

/// Why a worker is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It shows no sign of life.
    Hung,
    /// It did not answer a stop.
    Stop,
    /// The lease is lost.
    Lost,
    /// It was asked to end and did not.
    Slow,
}

/// How a hold ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parting {
    /// The run is free for whoever wants it.
    Free,
    /// The same, and its workers died one after the other.
    GivenUp,
    /// Somebody else has it.
    Lost,
    /// Only nodes of another build can hold it.
    Unfit,
}

/// The state of one hold.
#[derive(Clone, Debug)]
pub struct Keeper {
    terms: Terms,
    phase: Phase,
    why: String,
    stops: Stops,
    renewal: Turn,
    bus_away: bool,
    leaving: bool,
    lost: bool,
    failures: u32,
    pause: Duration,
}

#[derive(Clone, Debug)]
enum Phase {
    /// No worker until then.
    Resting(Instant),
    Working(Worker),
    /// The failure is being written down.
    Failing,
    Done,
}

#[derive(Clone, Debug)]
struct Worker {
    started: Instant,
    vitals: Vitals,
    /// Asked to end: killed then.
    kill_at: Option<Instant>,
    /// Sent SIGTERM for a stop's sake.
    terminated_at: Option<Instant>,
    killed: Option<Cause>,
}

#[derive(Clone, Copy, Debug)]
enum Turn {
    At(Instant),
    /// Since then.
    UnderWay(Instant),
    /// The lease is lost.
    Over,
}

impl Keeper {
    /// Of a hold that begins `now`: its first worker claims the run for the reason `why`.
    pub fn new(terms: Terms, why: String, now: Instant) -> Keeper {
        Keeper {
            terms,
            phase: Phase::Resting(now),
            why,
            stops: Stops::new(terms.stop_grace),
            renewal: Turn::At(now),
            bus_away: false,
            leaving: false,
            lost: false,
            failures: 0,
            pause: PAUSE,
        }
    }

    /// Takes an event; what is to be done now, in order.
    pub fn take(&mut self, event: Event, now: Instant) -> Vec<Wish> {
        let mut wishes = Vec::new();
        match event {
            Event::Beat(beat) => self.beat(beat, now),
            Event::Exited(exit) => self.exited(exit, now, &mut wishes),
            Event::Renewal(renewal) => self.renewed(renewal, now, &mut wishes),
            Event::StopAsked(reply) => self.stops.ask(reply, now),
            Event::StopLooked(reply, answered) => {
                self.looked(&reply, answered, now, &mut wishes);
            }
            Event::Leave => self.leave(now, &mut wishes),
            Event::Written => self.done(Parting::GivenUp, &mut wishes),
            Event::Passed => {}
        }
        self.pass(now, &mut wishes);
        wishes
    }

    /// When [`Event::Passed`] is due.
    pub fn deadline(&self) -> Option<Instant> {
        let renewal = match self.renewal {
            Turn::At(at) if !matches!(self.phase, Phase::Done) => Some(at),
            _ => None,
        };
        let (phase, stops) = match &self.phase {
            Phase::Resting(until) => (Some(*until), None),
            Phase::Working(worker) => {
                let hung = Some(worker.vitals.deadline());
                let ready = worker.ready(self.terms.stop_grace);
                (hung.into_iter().chain(worker.kill_at).min(), self.stops.deadline(ready))
            }
            Phase::Failing | Phase::Done => (None, None),
        };
        [renewal, phase, stops].into_iter().flatten().min()
    }

    /// True while the run has no more ticks to play: it is kept open for questions alone.
    pub fn has_ended(&self) -> bool {
        matches!(&self.phase, Phase::Working(worker) if worker.vitals.has_ended())
    }

    fn beat(&mut self, beat: Beat, now: Instant) {
        if let Phase::Working(worker) = &mut self.phase {
            worker.vitals.beat(beat, now);
        }
    }

    fn exited(&mut self, exit: Exit, now: Instant, wishes: &mut Vec<Wish>) {
        let Phase::Working(worker) = &self.phase else { return };
        let for_stop = worker.terminated_at.is_some() || worker.killed == Some(Cause::Hung);
        match exit {
            _ if self.lost => self.done(Parting::Lost, wishes),
            Exit::Fenced => self.done(Parting::Lost, wishes),
            Exit::OtherRules => self.done(Parting::Unfit, wishes),
            // Whoever ended the node may have ended its workers too; the next node takes them up.
            _ if self.leaving => self.done(Parting::Free, wishes),
            _ if for_stop && self.stops.are_waiting() => {
                Claim::KILLED.clone_into(&mut self.why);
                self.stops.spend();
                self.phase = Phase::Resting(now);
            }
            Exit::Clean => self.done(Parting::Free, wishes),
            Exit::Blameless(how) => self.died(how, true, now, wishes),
            Exit::Died(how) => {
                let blameless = worker.vitals.has_proved_itself() || self.bus_away;
                self.died(how, blameless, now, wishes);
            }
        }
    }

    fn died(&mut self, how: String, blameless: bool, now: Instant, wishes: &mut Vec<Wish>) {
        self.failures = if blameless { 0 } else { self.failures + 1 };
        if self.failures >= DEADLY {
            self.phase = Phase::Failing;
            return wishes.push(Wish::Fail(how));
        }
        let is_for_stop = [Claim::KILLED, Claim::FENCED].contains(&self.why.as_str());
        // What became of its owner is part of the reply to a stop, whoever gives it.
        if !(is_for_stop && self.stops.are_waiting()) {
            let why = if blameless { RECOVER } else { Claim::CRASHED };
            why.clone_into(&mut self.why);
        }
        let opened = matches!(&self.phase, Phase::Working(worker) if worker.vitals.is_open());
        let pause = if opened { PAUSE } else { self.pause };
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        self.phase = Phase::Resting(now + pause);
    }

    fn renewed(&mut self, renewal: Renewal, now: Instant, wishes: &mut Vec<Wish>) {
        let asked = match self.renewal {
            Turn::UnderWay(asked) => asked,
            Turn::At(_) | Turn::Over => now,
        };
        let every = (self.terms.lease / 3).min(RENEWED_WITHIN);
        let was_away = std::mem::replace(&mut self.bus_away, renewal == Renewal::NoAnswer);
        self.renewal = match renewal {
            // From when it was asked for: a slow answer has used up a part of the lease.
            Renewal::Renewed => Turn::At(asked + every),
            Renewal::NoAnswer => Turn::At(now + RENEW_AGAIN),
            Renewal::Lost => Turn::Over,
        };
        match (renewal, &mut self.phase) {
            (Renewal::Lost, Phase::Working(worker)) => {
                worker.kill(Cause::Lost, wishes);
                self.lost = true;
            }
            (Renewal::Lost, _) => self.done(Parting::Lost, wishes),
            // A worker that waited for a bus that was away did what it should.
            (Renewal::Renewed, Phase::Working(worker)) if was_away => worker.vitals.excuse(now),
            _ => {}
        }
    }

    fn looked(&mut self, reply: &str, answer: Option<bool>, now: Instant, wishes: &mut Vec<Wish>) {
        let is_over = self.stops.looked(reply, answer, now, self.ready(now));
        let grace = self.terms.stop_grace;
        let Phase::Working(worker) = &mut self.phase else { return };
        match worker.terminated_at {
            _ if !is_over => {}
            None => {
                worker.terminated_at = Some(now);
                wishes.push(Wish::Terminate);
            }
            Some(at) if now >= at + grace => worker.kill(Cause::Stop, wishes),
            Some(_) => {}
        }
    }

    fn leave(&mut self, now: Instant, wishes: &mut Vec<Wish>) {
        match &mut self.phase {
            Phase::Resting(_) => self.done(Parting::Free, wishes),
            Phase::Working(worker) if !self.leaving => {
                worker.kill_at = Some(now + self.terms.end_grace);
                wishes.push(Wish::End);
            }
            Phase::Working(_) | Phase::Failing | Phase::Done => {}
        }
        self.leaving = true;
    }

    fn done(&mut self, parting: Parting, wishes: &mut Vec<Wish>) {
        if !matches!(self.phase, Phase::Done) {
            self.phase = Phase::Done;
            wishes.push(Wish::Done(parting));
        }
    }

    /// All that is due by now.
    fn pass(&mut self, now: Instant, wishes: &mut Vec<Wish>) {
        if matches!(self.phase, Phase::Done) {
            return;
        }
        if matches!(self.renewal, Turn::At(at) if at <= now) {
            self.renewal = Turn::UnderWay(now);
            wishes.push(Wish::Renew);
        }
        let (ready, bus_away) = (self.ready(now), self.bus_away);
        match &mut self.phase {
            Phase::Resting(until) if *until <= now => {
                self.phase = Phase::Working(Worker::new(now, self.terms.hung_after));
                wishes.push(Wish::Start(self.why.clone()));
            }
            Phase::Working(worker) => {
                worker.pass(now, bus_away, wishes);
                wishes.extend(self.stops.due_at(now, ready).into_iter().map(Wish::Look));
            }
            Phase::Resting(_) | Phase::Failing | Phase::Done => {}
        }
    }

    /// From when on the worker can be expected to answer.
    fn ready(&self, now: Instant) -> Instant {
        match &self.phase {
            Phase::Working(worker) => worker.ready(self.terms.stop_grace),
            Phase::Resting(_) | Phase::Failing | Phase::Done => now,
        }
    }
}

impl Worker {
    fn new(now: Instant, hung_after: Duration) -> Worker {
        Worker {
            started: now,
            vitals: Vitals::new(now, hung_after),
            kill_at: None,
            terminated_at: None,
            killed: None,
        }
    }

    fn pass(&mut self, now: Instant, bus_away: bool, wishes: &mut Vec<Wish>) {
        if self.kill_at.is_some_and(|at| at <= now) {
            self.kill_at = None;
            self.kill(Cause::Slow, wishes);
        }
        let hung = self.vitals.deadline();
        if hung <= now {
            self.vitals.excuse(now);
            // A worker that waits for a bus that is away does what it should; and who did not
            // listen cannot say that it was silent.
            if !bus_away && now < hung + LATE {
                self.kill(Cause::Hung, wishes);
            }
        }
    }

    fn ready(&self, grace: Duration) -> Instant {
        match self.vitals.is_open() {
            true => self.started,
            false => self.started + grace * OPENING,
        }
    }

    fn kill(&mut self, cause: Cause, wishes: &mut Vec<Wish>) {
        self.killed.get_or_insert(cause);
        wishes.push(Wish::Kill(cause));
    }
}

#[cfg(test)]
mod tests;
