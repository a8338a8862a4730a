//! What a lane does about what it is asked.

use bus::{Bus, ReadError};
use contract::command::Verb;
use contract::journal::Taken;
use contract::reply::{ErrorCode, ReplyError};
use contract::subject::{Platform, StreamName};
use futures_util::future::FutureExt as _;
use kit::shutdown::Shutdown;

use super::answer::{Heard, Question, is_now, sayings};
use super::inbox::Inbox;
use super::lane::{Ask, Came, Done, Lane, Look, Looked, QUESTIONS, Refusal};
use super::pulse::{BEAT, Beat, Pulse, State};
use super::waiting::{Tell, fits, tell};
use super::{now, patiently};
use crate::protocol::carry::{Asked, Carried, wrong_state};
use crate::protocol::journal::Known;
use crate::protocol::life::{Effect, Life, decide};
use crate::protocol::owner::Event;
use crate::translate;

impl Lane {
    /// Answers what can be answered now; true if anything has come of it but answers of agents.
    ///
    /// Agents can be asked whenever their world is at hand, so many at a time; all else in its
    /// order, between ticks, and before them.
    pub(super) fn answer_asks(&mut self) -> bool {
        if !self.owner.is_open() || self.world.is_none() {
            return false;
        }
        let has_answered = self.answer_other();
        if !has_answered {
            self.answer_questions();
        }
        has_answered
    }

    /// Answers what is no question, if there is anything and it can be answered now.
    fn answer_other(&mut self) -> bool {
        if !self.owner.can_take() || matches!(self.look, Look::UnderWay) {
            return false;
        }
        if let Look::Came(Looked { taken, done, stands }) = std::mem::take(&mut self.look) {
            self.command(taken, done, Some(stands));
            return true;
        }
        let Some(ask) = self.others.pop_front() else { return false };
        self.answer(ask);
        true
    }

    /// Answers some questions; the others wait for the next turn.
    fn answer_questions(&mut self) {
        let before = self.answered;
        while self.answered - before < QUESTIONS
            && let Some(question) = self.questions.pop_front()
        {
            self.answer(question);
        }
    }

    fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Command { taken, done } => self.command(taken, done, None),
            Ask::Interview { questions, at_round, done } => {
                // Whoever asked may have cancelled it.
                if !done.is_closed() {
                    self.answered += questions.len();
                    let _ = done.send(self.interview(&questions, at_round));
                }
            }
            Ask::IsTaken { known, done } => {
                let _ = done.send(self.owner.commands().holds(&known));
            }
            Ask::Life { done } => {
                let _ = done.send(self.owner.life());
            }
        }
    }

    /// Carries a command out, now or with the next tick; `stands`: see [`Asked`].
    fn command(&mut self, taken: Taken, done: Tell, stands: Option<bool>) {
        let epoch = self.owner.epoch();
        let waiting = self.waiting.at(taken.sequence);
        match self.owner.consider(Asked { taken: &taken, waiting, stands }, now()) {
            Carried::Done(tick) => drop(done.send(Ok(Done { epoch, tick }))),
            Carried::Refused(error) => drop(done.send(Err(error.into()))),
            Carried::WentBack(went_back) => {
                let error = went_back.error(self.bus.prefix(), self.platform());
                tracing::error!(command = taken.command.command_id.as_str(), "refused: {error}");
                drop(done.send(Err(Refusal::WentBack(error))));
            }
            Carried::Looks(newest) => self.look_for(newest, taken, done),
            Carried::Waits => self.waiting.share(taken.sequence, done),
            Carried::Queued | Carried::Begins => self.queue(taken, vec![done]),
            Carried::Turns(record) => match fits(&record, self.bus.max_payload()) {
                Ok(()) => {
                    self.turning = Some(done);
                    self.owner.on(Event::Turn(record), now());
                }
                Err(error) => drop(done.send(Err(error.into()))),
            },
        }
    }

    /// Looks whether the newest command that the world knows stands where it stood.
    fn look_for(&mut self, newest: Known, taken: Taken, done: Tell) {
        let bus = self.bus.clone();
        let looking = async move {
            let stands = patiently(|| stands(&bus, &newest)).await;
            Came::Looked(Looked { taken, done, stands })
        };
        self.look = Look::UnderWay;
        self.under_way.push(looking.boxed());
    }

    /// Puts a command among those of the next tick, if there is room and it fits this world.
    pub(super) fn queue(&mut self, taken: Taken, tells: Vec<Tell>) {
        if self.waiting.has_room(&taken).is_err() {
            self.refuse_expired();
        }
        let world = self.world.as_ref().expect("the world is here between ticks");
        let fits = self.waiting.has_room(&taken);
        let waiting = self.waiting.commands();
        match fits.and_then(|()| translate::check(world, waiting, &taken.command)) {
            Ok(()) => self.waiting.push(taken, tells),
            Err(error) => tell(tells, &Err(error.into())),
        }
    }

    /// What comes of questions, now or as of an earlier round.
    fn interview(
        &self,
        questions: &[Question],
        at_round: Option<u32>,
    ) -> Result<Heard, ReplyError> {
        let world = self.world.as_deref();
        Ok(match (is_now(world, at_round)?, world) {
            (true, Some(world)) => {
                Heard::Sayings(sayings(world, self.platform(), &self.minds, questions))
            }
            (_, None) | (false, _) => Heard::Past(self.genesis.clone(), self.minds.clone()),
        })
    }
}

/// Whether a command stands where it stood in the stream of commands.
async fn stands(bus: &Bus, known: &Known) -> Result<bool, ReadError> {
    match bus.message(StreamName::Commands, known.sequence).await {
        Ok(stored) => Ok(stored.is_some_and(|stored| {
            let address = bus.prefix().parse_command(&stored.subject);
            address.is_ok_and(|address| address.command_id == known.command_id)
        })),
        // Who may not look has to trust the server.
        Err(ReadError::Denied(_)) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Answers for a world that is dead, until the node is gone.
pub async fn run_dead(
    pulse: &Pulse,
    node_gone: &Shutdown,
    platform: Platform,
    inbox: &mut Inbox,
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
                    let told = of_the_dead(verb).unwrap_or_else(|| Err(failed()));
                    drop(done.send(told.map_err(Refusal::from)));
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
