//! One world and its driver: the tick cycle, and questions between ticks.
//!
//! A lane owns its world, its journal and its frames. Everything reaches it as an [`Ask`] in
//! its inbox and takes effect at a tick boundary; nothing else touches the world.

use std::sync::Arc;
use std::time::Duration;

use contract::command::{Command, Interview};
use contract::frame::{Frame, Outcome};
use contract::id::CommandId;
use contract::journal::{Claim, End, Entry, Genesis, Record, Tick};
use contract::notice::LiveAction;
use contract::reply::{Answer, AsOf, ErrorCode, ReplyError};
use contract::status::{PlatformStatus, RunStatus};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use kit::shutdown::Shutdown;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use world::World;

use super::append::{Appended, Log};
use super::board::Board;
use super::opening::Journal;
use super::pulse::{Beat, Pulse};
use super::snapshot::Snapshots;
use super::step::{self, Stepped};
use super::{Ended, Lost, now, status_of};
use crate::translate::{self, Chain};

/// Live messages per tick; beyond that a count says how many were left out.
const MAX_LIVE: usize = 1000;

/// How often a lane with nothing to do shows that it lives.
const BEAT: Duration = Duration::from_secs(1);

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
            self.beat();
            match self.next_event().await {
                Event::NodeGone | Event::InboxClosed => return Ok(()),
                Event::Ask(ask) => self.answer(ask).await?,
                Event::TickDue => self.tick().await?,
                Event::Beat => {}
            }
        }
    }

    fn beat(&self) {
        let (platform, ticks, ended) = (self.platform(), self.ticks(), self.end.is_some());
        self.pulse.beat(Beat { platform, ticks, ended });
    }

    fn ticks(&self) -> u32 {
        self.world.as_ref().map_or(0, |world| world.tick())
    }

    fn is_playing(&self) -> bool {
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
        let (appended, stepped) = tokio::join!(self.journal.entry(&entry), stepping);
        let Stepped { world, frame } = stepped?;
        // A zombie's tick is history too, but this world has already stepped without it.
        if appended? == Appended::Overtaken {
            return Err(Ended::Reopen);
        }
        self.world = Some(world);
        self.publish(frame).await?;
        self.next_tick_at = started + self.pause();
        if self.ticks() > self.genesis.options.rounds {
            self.finish(Outcome::Completed, None, None).await?;
        }
        Ok(())
    }

    fn pause(&self) -> Duration {
        match self.genesis.options.pace_milli {
            0 => Duration::ZERO,
            pace => Duration::from_secs(1000) / pace,
        }
    }

    /// Appends a frame and says so. A frame that is there already was made from the same
    /// journal, so it is the same frame.
    async fn publish(&mut self, frame: Frame) -> Result<(), Ended> {
        let part_size = self.genesis.part_size;
        match self.frames.append(frame.clone().into_messages(part_size)).await? {
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
    fn report(&self) {
        let (chain, ticks, end) = (&self.chain, self.ticks(), self.end);
        let Some(round) = ticks.checked_sub(1) else { return };
        let minutes = self.world.as_ref().map_or(0, |w| w.setup().clock.minutes_per_round);
        self.board.report_platform(self.platform(), |world: &mut PlatformStatus| {
            world.status = end.map_or(RunStatus::Running, status_of);
            (world.ticks, world.round) = (ticks, round);
            world.simulated_minutes = u64::from(round) * u64::from(minutes);
            world.actions = chain.next_seq - 1;
            (world.succeeded, world.memorable) = (chain.succeeded, chain.memorable);
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
            let more = serde_json::json!({"v": 1, "run_id": frame.run_id, "platform": frame.platform,
                "tick": frame.tick, "omitted": frame.actions.len() - MAX_LIVE});
            let subject = prefix.live(&frame.run_id, frame.platform, "omitted");
            let _ = self.bus.publish_core(subject, more.to_string().into_bytes()).await;
        }
    }

    /// Journals the end and reports it.
    async fn finish(
        &mut self,
        outcome: Outcome,
        reason: Option<String>,
        command: Option<Command>,
    ) -> Result<(), Ended> {
        let (epoch, at) = (self.epoch, now());
        let entry =
            Entry::new(Record::End(End { epoch, outcome, reason: reason.clone(), command, at }));
        if self.journal.entry(&entry).await? == Appended::Overtaken {
            return Err(Ended::Reopen);
        }
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

    /// Takes the world up where `journal` ends: claims it, steps what is journalled, appends
    /// the frames that are not there yet.
    ///
    /// # Errors
    /// When the run has another owner, or its logs contradict each other.
    pub async fn recover(&mut self, journal: &Journal, claim: Claim) -> Result<(), Ended> {
        if self.journal.entry(&Entry::new(Record::Claim(claim))).await? == Appended::Overtaken {
            return Err(Ended::Reopen);
        }
        self.report_claim();
        if let Some(outcome) = self.already_ended() {
            self.finish(outcome, None, None).await?;
        }
        let stored = self.stored_frame().await?;
        let frames = stored.as_ref().map_or(0, |frame| frame.tick as usize + 1);
        if frames > journal.ticks.len() {
            let ticks = journal.ticks.len();
            let what = format!("there are {frames} frames, but the journal has {ticks} ticks");
            return Err(Ended::Lost(Lost::Damaged(what)));
        }
        // The tick that a failed world could not play has no frame, and is not tried again.
        let playable = if self.end == Some(Outcome::Failed) { frames } else { journal.ticks.len() };
        let from = (self.ticks() as usize).min(playable);
        for record in &journal.ticks[from..playable] {
            self.beat();
            let world = self.world.take().expect("the world is here between ticks");
            let stepped =
                step::step(world, self.genesis.clone(), self.chain.clone(), record.at).await?;
            self.world = Some(stepped.world);
            self.settle(stepped.frame, stored.as_ref()).await?;
        }
        self.report();
        if let Some(last) = journal.ticks.last().filter(|_| self.is_playing()) {
            self.next_tick_at = self.due_after(last.at);
        }
        if self.end.is_none() && self.ticks() > self.genesis.options.rounds {
            self.finish(Outcome::Completed, None, None).await?;
        }
        Ok(())
    }

    /// How the run ended according to its env-status, where this world's journal does not say:
    /// a node gave it up. The journal says it from now on.
    fn already_ended(&self) -> Option<Outcome> {
        let status = self.board.status().status;
        let outcome = match status {
            RunStatus::Stopped => Outcome::Stopped,
            RunStatus::Failed => Outcome::Failed,
            _ => return None,
        };
        self.end.is_none().then_some(outcome)
    }

    /// When the tick after one that was closed at `at` is due; now, if that is past.
    fn due_after(&self, at: Timestamp) -> Instant {
        let passed = now().milliseconds().saturating_sub(at.milliseconds());
        let passed = Duration::from_millis(u64::try_from(passed).unwrap_or(0));
        Instant::now() + self.pause().saturating_sub(passed)
    }

    fn report_claim(&self) {
        let (epoch, platform) = (self.epoch, self.platform());
        let waits = !self.begun && self.end.is_none();
        self.board.report(|status| {
            status.epoch = status.epoch.max(epoch);
            let world = status.platforms.iter_mut().find(|world| world.platform == platform);
            if let Some(world) = world.filter(|_| waits) {
                world.status = RunStatus::Starting;
            }
        });
    }

    /// A frame made again: it must equal the one that is stored, or is stored now.
    async fn settle(&mut self, frame: Frame, stored: Option<&Frame>) -> Result<(), Ended> {
        match stored {
            Some(stored) if frame.tick <= stored.tick => {
                if frame.tick == stored.tick && frame.digest != stored.digest {
                    let (tick, theirs, ours) = (frame.tick, stored.digest, frame.digest);
                    let what = format!("tick {tick} makes {ours}, but {theirs} is stored");
                    return Err(Ended::Diverged(what));
                }
                self.chain = self.chain.after(&frame);
                Ok(())
            }
            _ => self.publish(frame).await,
        }
    }

    async fn stored_frame(&mut self) -> Result<Option<Frame>, Ended> {
        let subject = self.bus.prefix().actions(&self.genesis.run_id, self.platform());
        let stream = contract::subject::StreamName::Actions;
        let stored = super::patiently(|| self.bus.last(stream, &subject)).await;
        let Some(stored) = stored else { return Ok(None) };
        let (run, epoch) = (&self.genesis.run_id, self.epoch);
        self.frames = Log::frames(&self.bus, run, self.platform(), stored.sequence, epoch);
        let frame = serde_json::from_slice(&stored.body)
            .map_err(|error| Lost::Damaged(format!("the last frame cannot be read: {error}")))?;
        Ok(Some(frame))
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
        pulse.beat(Beat { platform, ticks: 0, ended: true });
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
