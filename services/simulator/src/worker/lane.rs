//! One world and its driver: the tick cycle, and questions between ticks.
//!
//! A lane owns its world, its journal and its frames. Everything reaches it as an [`Ask`] in
//! its inbox and takes effect at a tick boundary; nothing else touches the world.

use std::sync::Arc;
use std::time::Duration;

use contract::command::{Interview, Request};
use contract::frame::{Frame, Outcome};
use contract::journal::{Entry, Genesis, Record, Taken, Tick};
use contract::notice::{LiveAction, LiveOmitted};
use contract::reply::{Answer, ReplyError};
use contract::subject::Platform;
use contract::version::V1;
use kit::shutdown::Shutdown;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use world::World;

use super::append::{Appended, Log};
use super::board::{Board, world_of};
use super::life::Life;
use super::opening::Commands;
use super::pulse::{BEAT, Beat, Pulse, State, beating};
use super::snapshot::Snapshots;
use super::step::{self, Stepped};
use super::waiting::{Queue, Tell, Waiting};
use super::{Ended, Lost, now};
use crate::translate::Chain;

/// Live messages per tick; beyond that a count says how many were left out.
const MAX_LIVE: usize = 1000;

/// What a lane can be asked, at a tick boundary. A sender that is dropped without an answer
/// means that the lane has opened its journal again, or ends: ask again.
#[derive(Debug)]
pub enum Ask {
    /// Carry a command out.
    Command {
        /// The command, to be journalled.
        taken: Taken,
        /// Told once it is journalled, or why it never will be.
        done: Tell,
    },
    /// Ask an agent.
    Interview {
        /// The question.
        interview: Interview,
        /// Given the agent's name and its answer.
        done: oneshot::Sender<Result<(String, Answer), ReplyError>>,
    },
    /// Has this world taken a command, or a predecessor for it?
    IsTaken {
        /// Its sequence in the stream of commands.
        sequence: u64,
        /// Told.
        done: oneshot::Sender<bool>,
    },
    /// Where is this world in its life?
    Life {
        /// Told.
        done: oneshot::Sender<Life>,
    },
}

/// A command was carried out, or nothing was left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// The epoch of the worker that says so.
    pub epoch: u32,
    /// The tick among whose inputs the command is, if it is.
    pub tick: Option<u32>,
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
    pub(super) life: Life,
    /// The commands that it has taken.
    pub(super) commands: Commands,
    pub(super) commands_through: u64,
    /// The commands that the next tick takes.
    pub(super) waiting: Queue,
    pub(super) snapshots: Snapshots,
    pub(super) bus: bus::Bus,
    pub(super) board: Board,
    pub(super) pulse: Pulse,
    pub(super) inbox: mpsc::Receiver<Ask>,
    pub(super) node_gone: Shutdown,
    /// When the last tick began; `None`: the next is due at once.
    pub(super) last_tick_at: Option<Instant>,
    /// True once it was taken up where its journal ends.
    pub(super) is_open: bool,
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
        let state = match self.life {
            Life::Held if self.is_open => State::Held,
            Life::Waiting | Life::Playing | Life::Held => State::Playing,
            Life::Completed | Life::Closed | Life::Stopped | Life::Failed => State::Ended,
        };
        Beat { platform: self.platform(), played: self.played, state }
    }

    pub(super) fn ticks(&self) -> u32 {
        self.world.as_ref().map_or(0, |world| world.tick())
    }

    /// When the next tick is due; `None`: none is.
    fn next_tick_at(&self) -> Option<Instant> {
        if self.life != Life::Playing {
            return None;
        }
        let Some(last) = self.last_tick_at else { return Some(Instant::now()) };
        // A pace that waits for the next tick brings it on, if it is a faster one.
        let configured = self.waiting.commands().filter_map(pace_of);
        let paces = std::iter::once(self.pace_milli()).chain(configured);
        paces.map(|pace| last + pause(pace)).min()
    }

    fn pace_milli(&self) -> u32 {
        self.commands.pace_milli().unwrap_or(self.genesis.options.pace_milli)
    }

    /// What happens next; what is asked goes before the tick that is due.
    async fn next_event(&mut self) -> Event {
        let due = self.next_tick_at();
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
            Ask::Command { taken, done } => self.command(taken, done).await?,
            Ask::Interview { interview, done } => {
                let _ = done.send(self.interview(&interview));
            }
            Ask::IsTaken { sequence, done } => {
                let _ = done.send(self.commands.taken(sequence).is_some());
            }
            Ask::Life { done } => {
                let _ = done.send(self.life);
            }
        }
        Ok(())
    }

    /// One tick: inputs closed and journalled while the world steps, then its frame.
    pub(super) async fn tick(&mut self) -> Result<(), Ended> {
        let started = Instant::now();
        self.refuse_expired();
        let waiting = self.waiting.take();
        let world = self.world.take().expect("the world is here between ticks");
        let commands: Vec<Taken> = waiting.iter().map(|waiting| waiting.taken.clone()).collect();
        let through = commands.iter().map(|taken| taken.sequence).max().unwrap_or(0);
        self.commands_through = self.commands_through.max(through);
        let record = Tick {
            tick: world.tick(),
            epoch: self.epoch,
            at: now(),
            commands,
            commands_through: self.commands_through,
        };
        let (genesis, chain) = (self.genesis.clone(), self.chain.clone());
        let stepping = step::step(world, genesis, chain, record.clone());
        let (entry, beat) = (Entry::new(Record::Tick(record.clone())), self.beat());
        let appending = beating(&self.pulse, beat, self.journal.entry(&entry));
        let (appended, stepped) = tokio::join!(appending, stepping);
        let Stepped { world, frame } = stepped?;
        // A zombie's tick is history too, but this world has already stepped without it.
        if appended? == Appended::Overtaken {
            return Err(Ended::Reopen);
        }
        self.world = Some(world);
        self.commands.entered(&record).map_err(Lost::Damaged)?;
        self.life = Life::Playing;
        let done = Done { epoch: self.epoch, tick: Some(record.tick) };
        for Waiting { tell, .. } in waiting {
            // Whoever asked may have gone since.
            let _ = tell.send(Ok(done));
        }
        self.publish(frame).await?;
        self.played += 1;
        self.last_tick_at = Some(started);
        if self.ticks() > self.genesis.options.rounds {
            self.finish(Outcome::Completed, None, None).await?;
        }
        Ok(())
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

    /// Reports where the world is.
    pub(super) fn report(&self) {
        let (chain, ticks, life) = (&self.chain, self.ticks(), self.life);
        let minutes = self.world.as_ref().map_or(0, |w| w.setup().clock.minutes_per_round);
        let (platform, pace) = (self.platform(), self.pace_milli());
        self.board.report(|status| {
            status.options.pace_milli = pace;
            let Some(world) = world_of(status, platform) else { return };
            world.status = life.status();
            let Some(round) = ticks.checked_sub(1) else { return };
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
}

/// The pace that a command asks for, if it does.
fn pace_of(taken: &Taken) -> Option<u32> {
    match &taken.command.request {
        Request::Configure(change) => change.pace_milli,
        _ => None,
    }
}

/// The time from the start of one tick to that of the next, at least.
pub(super) fn pause(pace_milli: u32) -> Duration {
    match pace_milli {
        0 => Duration::ZERO,
        pace => Duration::from_secs(1000) / pace,
    }
}
