//! What a lane does about a command: what [`decide`] says, journalled and reported.

use contract::command::{Interview, Request, Verb};
use contract::frame::Outcome;
use contract::journal::{Close, End, Entry, Go, Hold, Record, Taken};
use contract::reply::{Answer, AsOf, ErrorCode, ReplyError};
use contract::subject::Platform;
use kit::shutdown::Shutdown;
use tokio::sync::mpsc;

use super::lane::{Ask, Done, Lane};
use super::life::{Effect, Life, NOT_BEGUN, decide};
use super::pulse::{BEAT, Beat, Pulse, State};
use super::waiting::{Tell, Waiting};
use super::{Ended, Lost, now};
use crate::translate;

/// Why a command that waited takes no effect any more.
const ENDED: &str = "the run ended before the command took effect";

impl Lane {
    /// Carries a command out, now or with the next tick, and says so.
    ///
    /// # Errors
    /// When the world cannot go on; the command is then asked again.
    pub(super) async fn command(&mut self, taken: Taken, done: Tell) -> Result<(), Ended> {
        if let Some(tick) = self.commands.taken(taken.sequence) {
            let _ = done.send(Ok(Done { epoch: self.epoch, tick }));
            return Ok(());
        }
        let answer = match decide(self.life, taken.command.request.verb()) {
            Effect::Begin => {
                self.waiting.push(taken, done);
                return self.tick().await;
            }
            Effect::Queue if self.commands.is_refused(taken.sequence) => Err(wrong_state(ENDED)),
            Effect::Queue => {
                self.queue(taken, done);
                return Ok(());
            }
            Effect::Hold | Effect::Go | Effect::End
                if self.commands.is_overtaken(taken.sequence) =>
            {
                Ok(())
            }
            Effect::Hold => Ok(self.hold(taken).await?),
            Effect::Go => Ok(self.go(taken).await?),
            Effect::End => {
                let reason = reason_of(&taken);
                Ok(self.finish(Outcome::Stopped, reason, Some(taken)).await?)
            }
            Effect::Close => Ok(self.close(taken).await?),
            Effect::Already | Effect::Answer | Effect::Leave | Effect::LetGo => Ok(()),
            Effect::Refuse(why) => Err(wrong_state(why)),
        };
        let _ = done.send(answer.map(|()| Done { epoch: self.epoch, tick: None }));
        Ok(())
    }

    /// Puts a command among those of the next tick, if there is room and it fits this world.
    fn queue(&mut self, taken: Taken, done: Tell) {
        if self.waiting.has_room(&taken).is_err() {
            self.refuse_expired();
        }
        let world = self.world.as_ref().expect("the world is here between ticks");
        let fits = self.waiting.has_room(&taken);
        let waiting = self.waiting.commands();
        match fits.and_then(|()| translate::check(world, waiting, &taken.command)) {
            Ok(()) => self.waiting.push(taken, done),
            Err(error) => {
                let _ = done.send(Err(error));
            }
        }
    }

    /// Refuses what has expired while it waited. What came behind it was held against it, and is
    /// held against what is left.
    pub(super) fn refuse_expired(&mut self) {
        if self.waiting.refuse_expired(now()) {
            for Waiting { taken, tell, .. } in self.waiting.take() {
                self.queue(taken, tell);
            }
        }
    }

    async fn hold(&mut self, taken: Taken) -> Result<(), Ended> {
        let (epoch, reason, at) = (self.epoch, reason_of(&taken), now());
        let command = Some(taken.clone());
        let hold = Hold { epoch, reason: reason.clone(), command, at };
        self.turn(Record::Hold(hold), Some(&taken)).await?;
        self.board.report(|status| status.reason = reason);
        Ok(())
    }

    async fn go(&mut self, taken: Taken) -> Result<(), Ended> {
        let go = Go { epoch: self.epoch, command: Some(taken.clone()), at: now() };
        self.turn(Record::Go(go), Some(&taken)).await?;
        self.last_tick_at = None;
        self.board.report(|status| status.reason = None);
        Ok(())
    }

    async fn close(&mut self, taken: Taken) -> Result<(), Ended> {
        let close = Close { epoch: self.epoch, command: taken.clone(), at: now() };
        self.turn(Record::Close(close), Some(&taken)).await
    }

    /// Journals the end and reports it. What waits for a tick will see none.
    pub(super) async fn finish(
        &mut self,
        outcome: Outcome,
        reason: Option<String>,
        command: Option<Taken>,
    ) -> Result<(), Ended> {
        let (epoch, at) = (self.epoch, now());
        let end = End { epoch, outcome, reason: reason.clone(), command: command.clone(), at };
        // Why it was held is no reason for its end.
        let replaces = reason.is_some() || self.life == Life::Held;
        self.turn(Record::End(end), command.as_ref()).await?;
        self.waiting.refuse(&wrong_state(ENDED));
        if replaces {
            self.board.report(|status| status.reason = reason);
        }
        tracing::info!(platform = %self.platform(), ?outcome, ticks = self.ticks(), "the world has ended");
        Ok(())
    }

    /// Journals a record that turns the world's life, and reports it.
    async fn turn(&mut self, record: Record, command: Option<&Taken>) -> Result<(), Ended> {
        let life = self.life.after(&record).map_err(Lost::Damaged)?;
        self.journal(Entry::new(record)).await?;
        self.life = life;
        if let Some(taken) = command {
            self.commands.turned(taken).map_err(Lost::Damaged)?;
        }
        self.report();
        Ok(())
    }

    /// Journals that the world has failed, so that it stays failed whoever opens it next. One
    /// try: a world whose logs are lost says so again at each opening.
    pub(super) async fn give_up(&mut self, why: &Ended) {
        let failed = matches!(why, Ended::Panicked(_) | Ended::Diverged(_));
        if failed && self.life.is_live() {
            let finished = self.finish(Outcome::Failed, Some(why.to_string()), None).await;
            if let Err(error) = finished {
                tracing::warn!("failed to journal that the world has failed: {error}");
            }
        }
    }

    /// What an agent says now, and its name.
    pub(super) fn interview(&self, interview: &Interview) -> Result<(String, Answer), ReplyError> {
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

/// Why the command was given, if it says so.
fn reason_of(taken: &Taken) -> Option<String> {
    match &taken.command.request {
        Request::Stop(why) | Request::Pause(why) => why.reason.clone(),
        _ => None,
    }
}

fn wrong_state(message: &str) -> ReplyError {
    ReplyError { code: ErrorCode::WrongState, message: message.to_owned() }
}
