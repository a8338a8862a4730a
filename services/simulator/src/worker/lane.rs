//! One world and its driver: the tick cycle, and questions between ticks.
//!
//! A lane owns its world, its journal and its frames. Everything reaches it as an [`Ask`] in
//! its inbox and takes effect at a tick boundary; nothing else touches the world.

use std::sync::Arc;
use std::time::Duration;

use contract::command::{Command, Interview};
use contract::frame::{Frame, Outcome};
use contract::id::CommandId;
use contract::journal::{End, Entry, Genesis, Record, Tick};
use contract::notice::{LiveAction, LiveOmitted};
use contract::reply::{Answer, AsOf, ErrorCode, ReplyError};
use contract::status::{PlatformStatus, RunStatus};
use contract::subject::Platform;
use contract::version::V1;
use kit::shutdown::Shutdown;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use world::World;

use super::append::{Appended, Log};
use super::board::Board;
use super::pulse::{BEAT, Beat, Pulse, beating};
use super::snapshot::Snapshots;
use super::step::{self, Stepped};
use super::{Ended, now, status_of};
use crate::translate::{self, Chain};

/// Live messages per tick; beyond that a count says how many were left out.
const MAX_LIVE: usize = 1000;

/// What a lane can be asked, at a tick boundary. A sender that is dropped without an answer
/// means that the lane has opened its journal again, or ends: ask again.
#[derive(Debug)]
pub enum Ask {
    /// Play the rounds.
    Begin {
        /// The command, to be journalled.
        command: Command,
        /// Its sequence in the stream of commands.
        sequence: u64,
        /// Told the epoch once the first tick is journalled, or why it never will be.
        done: oneshot::Sender<Result<u32, ReplyError>>,
    },
    /// Take no more ticks.
    Stop {
        /// The command, to be journalled.
        command: Command,
        /// Told once the end is journalled, also where it had ended before.
        done: oneshot::Sender<Result<(), ReplyError>>,
    },
    /// Ask an agent.
    Interview {
        /// The question.
        interview: Interview,
        /// Given the agent's name and its answer.
        done: oneshot::Sender<Result<(String, Answer), ReplyError>>,
    },
}

/// One world and its driver.
pub struct Lane {
    pub(super) genesis: Arc<Genesis>,
    pub(super) epoch: u32,
    pub(super) journal: Log,
    pub(super) frames: Log,
    /// Away only while a tick is being stepped.
    pub(super) world: Option<Box<World>>,
    pub(super) chain: Chain,
    pub(super) end: Option<Outcome>,
    pub(super) begun: bool,
    /// The command that began it, once it has begun.
    pub(super) begun_by: Option<CommandId>,
    pub(super) commands_through: u64,
    pub(super) taken: Vec<Command>,
    pub(super) snapshots: Snapshots,
    pub(super) bus: bus::Bus,
    pub(super) board: Board,
    pub(super) pulse: Pulse,
    pub(super) inbox: mpsc::Receiver<Ask>,
    pub(super) node_gone: Shutdown,
    pub(super) next_tick_at: Instant,
    /// Ticks that this worker has played.
    pub(super) played: u32,
}

enum Event {
    NodeGone,
    Ask(Ask),
    TickDue,
    Beat,
    InboxClosed,
}

impl Lane {
    /// Which world.
    pub fn platform(&self) -> Platform {
        self.genesis.platform
    }

    /// Plays what is to be played and answers what is asked, until the node is gone.
    ///
    /// # Errors
    /// When this world cannot go on; the other one may.
    pub async fn run(&mut self) -> Result<(), Ended> {
        loop {
            self.pulse.beat(self.beat());
            match self.next_event().await {
                Event::NodeGone | Event::InboxClosed => return Ok(()),
                Event::Ask(ask) => self.answer(ask).await?,
                Event::TickDue => self.tick().await?,
                Event::Beat => {}
            }
        }
    }

    pub(super) fn beat(&self) -> Beat {
        Beat { platform: self.platform(), played: self.played, ended: self.end.is_some() }
    }

    pub(super) fn ticks(&self) -> u32 {
        self.world.as_ref().map_or(0, |world| world.tick())
    }

    pub(super) fn is_playing(&self) -> bool {
        self.begun && self.end.is_none()
    }

    /// What happens next; what is asked goes before the tick that is due.
    async fn next_event(&mut self) -> Event {
        let due = self.is_playing().then_some(self.next_tick_at);
        tokio::select! {
            biased;
            () = self.node_gone.wished() => Event::NodeGone,
            ask = self.inbox.recv() => ask.map_or(Event::InboxClosed, Event::Ask),
            () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                Event::TickDue
            }
            () = tokio::time::sleep(BEAT) => Event::Beat,
        }
    }

    async fn answer(&mut self, ask: Ask) -> Result<(), Ended> {
        match ask {
            Ask::Begin { command, sequence, done } => {
                let _ = done.send(self.begin(command, sequence).await?);
            }
            Ask::Stop { command, done } => {
                if self.end.is_none() {
                    let reason = match &command.request {
                        contract::command::Request::Stop { reason } => reason.clone(),
                        _ => None,
                    };
                    self.finish(Outcome::Stopped, reason, Some(command)).await?;
                }
                let _ = done.send(Ok(()));
            }
            Ask::Interview { interview, done } => {
                let _ = done.send(self.interview(&interview));
            }
        }
        Ok(())
    }

    async fn begin(
        &mut self,
        command: Command,
        sequence: u64,
    ) -> Result<Result<u32, ReplyError>, Ended> {
        let repeated = self.begun_by.as_ref() == Some(&command.command_id);
        if let Some(outcome) = self.end.filter(|_| !repeated) {
            let message = format!("the run has ended ({}): start a new one", status_of(outcome));
            return Ok(Err(ReplyError { code: ErrorCode::WrongState, message }));
        }
        if !self.begun {
            (self.begun, self.begun_by) = (true, Some(command.command_id.clone()));
            self.taken.push(command);
            self.commands_through = self.commands_through.max(sequence);
            self.tick().await?;
        }
        Ok(Ok(self.epoch))
    }

    fn interview(&self, interview: &Interview) -> Result<(String, Answer), ReplyError> {
        let world = self.world.as_ref().filter(|world| world.tick() > 0).ok_or_else(|| {
            let message = "the run has not begun: ask once its first round is played".to_owned();
            ReplyError { code: ErrorCode::WrongState, message }
        })?;
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

    /// One tick: inputs closed and journalled while the world steps, then its frame.
    async fn tick(&mut self) -> Result<(), Ended> {
        let started = Instant::now();
        let world = self.world.take().expect("the world is here between ticks");
        let record = Tick {
            tick: world.tick(),
            epoch: self.epoch,
            at: now(),
            commands: std::mem::take(&mut self.taken),
            commands_through: self.commands_through,
        };
        let entry = Entry::new(Record::Tick(record.clone()));
        let stepping = step::step(world, self.genesis.clone(), self.chain.clone(), record.at);
        let beat = self.beat();
        let appending = beating(&self.pulse, beat, self.journal.entry(&entry));
        let (appended, stepped) = tokio::join!(appending, stepping);
        let Stepped { world, frame } = stepped?;
        // A zombie's tick is history too, but this world has already stepped without it.
        if appended? == Appended::Overtaken {
            return Err(Ended::Reopen);
        }
        self.world = Some(world);
        self.publish(frame).await?;
        self.played += 1;
        self.next_tick_at = started + self.pause();
        if self.ticks() > self.genesis.options.rounds {
            self.finish(Outcome::Completed, None, None).await?;
        }
        Ok(())
    }

    pub(super) fn pause(&self) -> Duration {
        match self.genesis.options.pace_milli {
            0 => Duration::ZERO,
            pace => Duration::from_secs(1000) / pace,
        }
    }

    /// Appends a frame and says so. A frame that is there already was made from the same
    /// journal, so it is the same frame.
    pub(super) async fn publish(&mut self, frame: Frame) -> Result<(), Ended> {
        let part_size = self.genesis.part_size;
        let (messages, beat) = (frame.clone().into_messages(part_size), self.beat());
        match beating(&self.pulse, beat, self.frames.append(messages)).await? {
            Appended::Ours => {}
            Appended::Overtaken => return Err(Ended::Reopen),
        }
        self.chain = self.chain.after(&frame);
        self.report();
        self.publish_live(&frame).await;
        let world = self.world.as_ref().expect("the world is here between ticks");
        self.snapshots.offer(world, &self.chain, &self.genesis);
        Ok(())
    }

    /// Reports how far the world is.
    pub(super) fn report(&self) {
        let (chain, ticks, end) = (&self.chain, self.ticks(), self.end);
        let Some(round) = ticks.checked_sub(1) else { return };
        let minutes = self.world.as_ref().map_or(0, |w| w.setup().clock.minutes_per_round);
        self.board.report_platform(self.platform(), |world: &mut PlatformStatus| {
            world.status = end.map_or(RunStatus::Running, status_of);
            (world.ticks, world.round) = (ticks, round);
            world.simulated_minutes = u64::from(round) * u64::from(minutes);
            world.actions = chain.next_seq - 1;
            (world.succeeded, world.listed) = (chain.succeeded, chain.listed);
            world.memorable = chain.memorable;
            world.digest = chain.digest;
        });
    }

    async fn publish_live(&self, frame: &Frame) {
        let prefix = self.bus.prefix();
        for live in LiveAction::of(frame).take(MAX_LIVE) {
            let kind = live.action.body.type_name().to_lowercase();
            let body = serde_json::to_vec(&live).expect("no map keys that JSON refuses");
            let subject = prefix.live(&frame.run_id, frame.platform, &kind);
            // Best effort by contract: whoever must not miss any reads the frames.
            if self.bus.publish_core(subject, body).await.is_err() {
                return;
            }
        }
        if frame.actions.len() > MAX_LIVE {
            let omitted = (frame.actions.len() - MAX_LIVE) as u64;
            let Frame { run_id, platform, tick, .. } = frame;
            let (run_id, platform, tick) = (run_id.clone(), *platform, *tick);
            let subject = prefix.live(&run_id, platform, "omitted");
            let more = LiveOmitted { v: V1, run_id, platform, tick, omitted };
            let body = serde_json::to_vec(&more).expect("no map keys that JSON refuses");
            let _ = self.bus.publish_core(subject, body).await;
        }
    }

    pub(super) async fn journal(&mut self, entry: Entry) -> Result<(), Ended> {
        let beat = self.beat();
        match beating(&self.pulse, beat, self.journal.entry(&entry)).await? {
            Appended::Ours => Ok(()),
            Appended::Overtaken => Err(Ended::Reopen),
        }
    }

    /// Journals that the world has failed, so that it stays failed whoever opens it next. One
    /// try: a world whose logs are lost says so again at each opening.
    pub(super) async fn give_up(&mut self, why: &Ended) {
        let failed = matches!(why, Ended::Panicked(_) | Ended::Diverged(_));
        if failed && self.end.is_none() {
            let finished = self.finish(Outcome::Failed, Some(why.to_string()), None).await;
            if let Err(error) = finished {
                tracing::warn!("failed to journal that the world has failed: {error}");
            }
        }
    }

    /// Journals the end and reports it.
    pub(super) async fn finish(
        &mut self,
        outcome: Outcome,
        reason: Option<String>,
        command: Option<Command>,
    ) -> Result<(), Ended> {
        let (epoch, at) = (self.epoch, now());
        let entry =
            Entry::new(Record::End(End { epoch, outcome, reason: reason.clone(), command, at }));
        self.journal(entry).await?;
        self.end = Some(outcome);
        self.board.report(|status| {
            if reason.is_some() {
                status.reason = reason;
            }
        });
        self.board.report_platform(self.platform(), |world| world.status = status_of(outcome));
        tracing::info!(platform = %self.platform(), ?outcome, ticks = self.ticks(), "the world has ended");
        Ok(())
    }
}

/// Answers everything with why a world is dead, until the node is gone.
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
        pulse.beat(Beat { platform, played: 0, ended: true });
        tokio::select! {
            () = node_gone.wished() => return,
            ask = inbox.recv() => match ask {
                None => return,
                Some(Ask::Interview { done, .. }) => drop(done.send(Err(failed()))),
                Some(Ask::Begin { done, .. }) => drop(done.send(Err(failed()))),
                Some(Ask::Stop { done, .. }) => drop(done.send(Err(failed()))),
            },
            () = tokio::time::sleep(BEAT) => {}
        }
    }
}
