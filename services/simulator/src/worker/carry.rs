//! What a lane does about what it is asked.

use contract::command::{Interview, Verb};
use contract::journal::Taken;
use contract::reply::{Answer, AsOf, ErrorCode, ReplyError};
use contract::subject::Platform;
use kit::shutdown::Shutdown;
use tokio::sync::mpsc;

use super::lane::{Ask, Done, Lane};
use super::now;
use super::pulse::{BEAT, Beat, Pulse, State};
use super::waiting::{Tell, fits};
use crate::protocol::carry::{Carried, wrong_state};
use crate::protocol::life::{Effect, Life, NOT_BEGUN, decide};
use crate::protocol::owner::Event;
use crate::translate;

impl Lane {
    /// Answers what can be answered now; true if anything has come of it.
    ///
    /// An agent can be asked whenever its world is at hand; all else in its order, between ticks.
    pub(super) fn answer_asks(&mut self) -> bool {
        if !self.owner.is_open() || self.world.is_none() {
            return false;
        }
        let (questions, others): (Vec<Ask>, Vec<Ask>) =
            self.asks.drain(..).partition(|ask| matches!(ask, Ask::Interview { .. }));
        self.asks = others.into();
        for question in questions {
            self.answer(question);
        }
        if !self.owner.can_take() {
            return false;
        }
        let Some(ask) = self.asks.pop_front() else { return false };
        self.answer(ask);
        true
    }

    fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Command { taken, done } => self.command(taken, done),
            Ask::Interview { interview, done } => {
                let _ = done.send(self.interview(&interview));
            }
            Ask::IsTaken { sequence, done } => {
                let _ = done.send(self.owner.commands().taken(sequence).is_some());
            }
            Ask::Life { done } => {
                let _ = done.send(self.owner.life());
            }
        }
    }

    /// Carries a command out, now or with the next tick.
    fn command(&mut self, taken: Taken, done: Tell) {
        let epoch = self.owner.epoch();
        match self.owner.consider(&taken, now()) {
            Carried::Done(tick) => drop(done.send(Ok(Done { epoch, tick }))),
            Carried::Refused(error) => drop(done.send(Err(error))),
            Carried::Queued | Carried::Begins => self.queue(taken, done),
            Carried::Turns(record) => match fits(&record, self.bus.max_payload()) {
                Ok(()) => {
                    self.turning = Some(done);
                    self.owner.on(Event::Turn(record), now());
                }
                Err(error) => drop(done.send(Err(error))),
            },
        }
    }

    /// Puts a command among those of the next tick, if there is room and it fits this world.
    pub(super) fn queue(&mut self, taken: Taken, done: Tell) {
        if self.waiting.has_room(&taken).is_err() {
            self.refuse_expired();
        }
        let world = self.world.as_ref().expect("the world is here between ticks");
        let fits = self.waiting.has_room(&taken);
        let waiting = self.waiting.commands();
        match fits.and_then(|()| translate::check(world, waiting, &taken.command)) {
            Ok(()) => self.waiting.push(taken, done),
            Err(error) => drop(done.send(Err(error))),
        }
    }

    /// What an agent says now, and its name.
    fn interview(&self, interview: &Interview) -> Result<(String, Answer), ReplyError> {
        // A run that was stopped before its first round has nobody to ask either.
        let begun = self.world.as_ref().filter(|world| world.tick() > 0);
        let world = begun.ok_or_else(|| wrong_state(NOT_BEGUN))?;
        let agent = interview.agent_id;
        let answer = translate::name(world, agent).zip(world.interview(agent, &interview.prompt));
        let (name, response) = answer.ok_or_else(|| {
            let last = world.setup().agents.len() - 1;
            let message = format!("agent {agent} is unknown: there are 0 to {last}");
            ReplyError { code: ErrorCode::UnknownAgent, message }
        })?;
        let tick = world.tick() - 1;
        let as_of = AsOf { tick, round: tick };
        Ok((name, Answer { platform: self.platform(), response, as_of }))
    }
}

/// Answers for a world that is dead, until the node is gone.
pub async fn run_dead(
    pulse: &Pulse,
    node_gone: &Shutdown,
    platform: Platform,
    inbox: &mut mpsc::Receiver<Ask>,
    why: &str,
) {
    let failed = || {
        let message = format!("the {platform} world has failed: {why}");
        ReplyError { code: ErrorCode::Internal, message }
    };
    loop {
        pulse.beat(Beat { platform, played: 0, state: State::Ended });
        tokio::select! {
            () = node_gone.wished() => return,
            ask = inbox.recv() => match ask {
                None => return,
                Some(Ask::Interview { done, .. }) => drop(done.send(Err(failed()))),
                Some(Ask::Command { taken, done }) => {
                    let verb = taken.command.request.verb();
                    drop(done.send(of_the_dead(verb).unwrap_or_else(|| Err(failed()))));
                }
                Some(Ask::IsTaken { done, .. }) => drop(done.send(false)),
                Some(Ask::Life { done }) => drop(done.send(Life::Failed)),
            },
            () = tokio::time::sleep(BEAT) => {}
        }
    }
}

/// What a command comes to that needs no world; `None`: it needs one.
fn of_the_dead(verb: Verb) -> Option<Result<Done, ReplyError>> {
    match decide(Life::Failed, verb) {
        Effect::Already => Some(Ok(Done { epoch: 0, tick: None })),
        Effect::Refuse(why) => Some(Err(wrong_state(why))),
        Effect::Begin
        | Effect::Queue
        | Effect::Hold
        | Effect::Go
        | Effect::End
        | Effect::Close
        | Effect::Answer
        | Effect::Leave
        | Effect::LetGo => None,
    }
}
