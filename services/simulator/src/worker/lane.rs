//! One world and its driver: carries out what its [`Owner`] wishes, and tells it what happens.
//!
//! A lane owns its world and its logs. Everything reaches it as an [`Ask`] in its inbox and takes
//! effect between two ticks; nothing else touches the world.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use contract::frame::Frame;
use contract::journal::{Genesis, HeardPost, Taken};
use contract::reply::ReplyError;
use contract::source::Source;
use contract::status::PlatformStatus;
use contract::subject::Platform;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use kit::shutdown::Shutdown;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tracing::Span;
use world::{Decisions, World};

use super::answer::{Heard, Question};
use super::append::Logs;
use super::board::Board;
use super::inbox::Inbox;
use super::listen::Listener;
use super::live::Live;
use super::minds::Minds;
use super::now;
use super::pulse::{BEAT, Beat, Pulse, State};
use super::purse::Purse;
use super::snapshot::Snapshots;
use super::thinking::{Thinking, Thought};
use super::waiting::{Queue, Tell, Waiting, size_of};
use crate::play::Stepped;
use crate::protocol::journal::Known;
use crate::protocol::life::Life;
use crate::protocol::owner::{Due, Event, Owner};
use crate::protocol::{Ended, Lost};
use crate::translate::{self, Chain};

/// What is asked of a lane and waits for the end of a tick: questions, and as many others.
const ASKS: usize = 256;

/// Questions that are answered in a row while a tick is due: then that has its turn.
pub(super) const QUESTIONS: usize = 64;

/// How long a worker that is to leave waits for what is under way. What is dropped then has an
/// unknown outcome, as after a crash, and the next owner looks at it.
const LEAVING: Duration = Duration::from_secs(5);

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
    /// Ask agents.
    Interview {
        /// Whom and what.
        questions: Arc<[Question]>,
        /// As they were after that round; `None`: after the last one.
        at_round: Option<u32>,
        /// Told what comes of it, or why nobody can be asked.
        done: oneshot::Sender<Result<Heard, ReplyError>>,
    },
    /// Has this world taken a command, or a predecessor for it?
    IsTaken {
        /// The command.
        known: Known,
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

/// Why a world did not carry a command out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// For a reason of its own: if another world did, it is done.
    Own(ReplyError),
    /// The stream of commands went back, whatever another world made of it: what that one knows
    /// may be older.
    WentBack(ReplyError),
}

/// One world and its driver.
pub struct Lane {
    pub(super) genesis: Arc<Genesis>,
    pub(super) minutes_per_round: u32,
    pub(super) owner: Owner,
    pub(super) logs: Logs,
    /// Away only while its agents decide or it is stepped.
    pub(super) world: Option<Box<World>>,
    /// What its agents have decided for the next tick.
    pub(super) decisions: Option<Decisions>,
    /// Where the chain of the world stands.
    pub(super) chain: Chain,
    /// Frames that are not known to be stored yet, in order.
    pub(super) made: VecDeque<Made>,
    /// What others see.
    pub(super) shown: Shown,
    /// The questions that were asked during a tick.
    pub(super) questions: VecDeque<Ask>,
    /// What else was.
    pub(super) others: VecDeque<Ask>,
    /// Questions that were answered since the last tick began.
    pub(super) answered: usize,
    /// The command for whose sake the stream of commands is looked at; others wait behind it.
    pub(super) look: Look,
    /// The commands that the next tick takes.
    pub(super) waiting: Queue,
    /// Those of the tick under way.
    pub(super) taking: Vec<Waiting>,
    /// Who asked for the record that is being written.
    pub(super) turning: Option<Tell>,
    pub(super) under_way: FuturesUnordered<BoxFuture<'static, Came>>,
    pub(super) snapshots: Snapshots,
    /// When it last said that it is there, without any other news.
    pub(super) said_at: Instant,
    pub(super) listener: Listener,
    /// Since when the next tick waits for a source alone.
    pub(super) listens_since: Option<Instant>,
    /// What others were told of that.
    pub(super) waits_for: Option<String>,
    pub(super) live: Live,
    pub(super) bus: bus::Bus,
    pub(super) board: Board,
    pub(super) pulse: Pulse,
    pub(super) thinking: Thinking,
    pub(super) minds: Minds,
    pub(super) purse: Purse,
    /// The command for caps for whose sake it went on last, after one was reached.
    pub(super) went_on_for: Option<u64>,
    pub(super) inbox: Inbox,
    pub(super) node_gone: Shutdown,
    /// What is logged belongs to, and the round in it.
    pub(super) span: Span,
    pub(super) span_round: Option<u32>,
    /// When the last tick began; `None`: the next is due at once.
    pub(super) last_tick_at: Option<Instant>,
    /// The tick at which it was open; those from there on are played by this worker.
    pub(super) opened_at: Option<u32>,
    /// Its run had been started when this worker began, and this world had not.
    pub(super) was_left_behind: bool,
    /// Why it was held, or had ended, when it was found.
    pub(super) reason: Option<String>,
    /// What env-status said of it when this worker began.
    pub(super) told: Option<PlatformStatus>,
    /// What the worker before said last, where it died by itself.
    pub(super) last_words: Option<String>,
}

/// A frame on its way.
pub(super) struct Made {
    pub(super) frame: Arc<Frame>,
    pub(super) chain: Chain,
}

/// How far a world is for others: the ticks whose frames are stored.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) ticks: u32,
    pub(super) chain: Chain,
}

/// What was under way and has come.
pub(super) enum Came {
    Event(Event),
    Decided(Result<(Box<World>, Decisions), Ended>),
    Stepped(Result<Box<Stepped>, Ended>),
    Encoded(Result<Vec<Vec<u8>>, Ended>),
    Looked(Looked),
}

/// A look at the stream of commands.
#[derive(Default)]
pub(super) enum Look {
    #[default]
    Unneeded,
    UnderWay,
    Came(Looked),
}

/// A command, and what came of a look for its sake.
pub(super) struct Looked {
    pub(super) taken: Taken,
    pub(super) done: Tell,
    /// Whether the newest command that the world knows stands where it stood.
    pub(super) stands: bool,
}

enum Next {
    Came(Came),
    Leave,
    Ask(Ask),
    TickDue,
    /// Something has come of a source.
    Heard,
    Thought(Thought),
    /// Questions are left that the last turn had no time for.
    Questions,
    Beat,
    InboxClosed,
}

impl Lane {
    /// Which world.
    pub fn platform(&self) -> Platform {
        self.genesis.platform
    }

    /// Claims the world, catches up, plays what is to be played and answers what is asked, until
    /// the node is gone.
    ///
    /// # Errors
    /// When this world cannot go on; the other one may.
    pub async fn run(&mut self) -> Result<(), Ended> {
        let mut leaving: Option<Instant> = None;
        let mut away_since: Option<Instant> = None;
        loop {
            let span = self.span();
            if span.in_scope(|| self.act(leaving, &mut away_since))? {
                continue;
            }
            if leaving.is_some_and(|since| self.can_leave(since)) {
                return Ok(());
            }
            let next = self.next(leaving.is_some()).await;
            span.in_scope(|| match next {
                Next::Came(came) => {
                    if matches!(came, Came::Decided(_) | Came::Stepped(_)) {
                        away_since = None;
                    }
                    self.take(came);
                }
                Next::Ask(ask @ Ask::Interview { .. }) => self.questions.push_back(ask),
                Next::Ask(ask) => self.others.push_back(ask),
                Next::TickDue => self.begin_tick(),
                Next::Heard | Next::Questions => {}
                Next::Thought(thought) => self.take_thought(thought),
                Next::Beat => self.say_again(),
                Next::Leave | Next::InboxClosed => {
                    faults::point("leaving");
                    leaving = Some(Instant::now());
                }
            });
        }
    }

    /// Does what can be done at once; true if there is more of it.
    fn act(
        &mut self,
        leaving: Option<Instant>,
        away_since: &mut Option<Instant>,
    ) -> Result<bool, Ended> {
        let was_here = self.world.is_some();
        self.fulfil()?;
        if was_here && self.world.is_none() {
            *away_since = Some(Instant::now());
        }
        if self.answer_asks() {
            return Ok(true);
        }
        self.think(leaving.is_some());
        self.tell_wait();
        // A step that does not end is silence, whatever else goes on meanwhile.
        if away_since.is_none_or(|since| since.elapsed() < BEAT) {
            self.pulse.beat(self.beat());
        }
        if self.owner.is_open() && self.owner.is_idle() {
            self.offer_snapshot();
        }
        Ok(false)
    }

    /// What is logged belongs to this world, and to the first round that is not stored.
    fn span(&mut self) -> Span {
        if self.span_round != Some(self.shown.ticks) {
            let (run, platform, round) = (&self.genesis.run_id, self.platform(), self.shown.ticks);
            self.span = tracing::info_span!(parent: None, "world", %run, %platform, round);
            self.span_round = Some(round);
        }
        self.span.clone()
    }

    fn can_leave(&self, since: Instant) -> bool {
        let is_alone = self.bus.connected_since().is_none();
        // What is paid for is worth a moment.
        let is_idle = self.owner.is_idle() && !self.thinking.waits();
        is_alone || is_idle || since.elapsed() >= LEAVING || !self.owner.is_open()
    }

    /// What happens next; what is asked goes before the tick that is due, unless that was so for
    /// too long.
    async fn next(&mut self, leaving: bool) -> Next {
        let due = self.next_tick_at().filter(|_| !leaving);
        let is_held_up = self.answered >= QUESTIONS && due.is_some_and(|at| at <= Instant::now());
        let asks = !leaving && !is_held_up && self.world.is_some() && self.owner.is_open();
        let questions = asks && !self.questions.is_empty();
        let has_room = (self.questions.len() < ASKS, self.others.len() < ASKS);
        tokio::select! {
            biased;
            Some(came) = self.under_way.next() => Next::Came(came),
            () = self.node_gone.wished(), if !leaving => Next::Leave,
            ask = self.inbox.next(has_room.0, has_room.1), if asks => {
                ask.map_or(Next::InboxClosed, Next::Ask)
            }
            thought = self.thinking.next() => Next::Thought(thought),
            () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                Next::TickDue
            }
            () = std::future::ready(()), if questions => Next::Questions,
            () = self.listener.listen() => Next::Heard,
            () = tokio::time::sleep(BEAT) => Next::Beat,
        }
    }

    fn take(&mut self, came: Came) {
        let event = match came {
            Came::Event(Event::Found(found)) => self.weigh(found),
            Came::Event(event @ Event::Answered(which, Ok(_))) => {
                self.logs.is_well(which);
                event
            }
            Came::Event(event) => event,
            Came::Decided(Ok((world, decisions))) => {
                (self.world, self.decisions) = (Some(world), Some(decisions));
                Event::Decided
            }
            Came::Stepped(Ok(stepped)) => self.stepped(*stepped),
            Came::Encoded(Ok(messages)) => return self.send(messages),
            Came::Looked(looked) => return self.look = Look::Came(looked),
            Came::Encoded(Err(bug)) => Event::Broken(Lost::Panicked(bug.to_string()).into()),
            Came::Decided(Err(ended)) | Came::Stepped(Err(ended)) => Event::Broken(ended),
        };
        self.owner.on(event, now());
    }

    /// Closes the inputs of the next tick.
    fn begin_tick(&mut self) {
        (self.last_tick_at, self.answered) = (Some(Instant::now()), 0);
        self.refuse_expired();
        let undecided = self.thinking.undecided();
        let (others, most) = (size_of(&undecided), self.bus.max_payload());
        self.taking = self.waiting.take_beside(others, most);
        let commands = self.taking.iter().map(|waiting| waiting.taken.clone()).collect();
        let mut bytes = Queue::left_beside(&self.taking, others, most);
        let world = self.world.as_ref().expect("the world is here between ticks");
        let enter = |source: &Source, posts: &[HeardPost]| {
            translate::enter(world, source, posts, &mut bytes)
        };
        let heard = self.listener.sources.heard(world.tick(), enter);
        self.owner.on(Event::Due(Due { commands, heard, undecided }), now());
    }

    pub(super) fn beat(&self) -> Beat {
        let state = match self.owner.life() {
            // Who dies before that has shown nothing, and one that is asked is not let go.
            _ if !self.owner.is_open() => State::Playing,
            Life::Held => State::Held,
            Life::Playing if self.waits_for.is_some() => State::Held,
            Life::Waiting | Life::Playing => State::Playing,
            // Its last frame waits for room: whoever lets it go now leaves it unsent.
            _ if !self.owner.is_idle() => State::Held,
            Life::Completed | Life::Closed | Life::Stopped | Life::Failed => State::Ended,
        };
        let played = self.opened_at.map_or(0, |opened| self.shown.ticks.saturating_sub(opened));
        Beat { platform: self.platform(), played, state }
    }

    /// Stores what saves the next owner time.
    pub(super) async fn leave(&mut self) {
        let is_whole = self.owner.is_open() && self.owner.is_idle();
        match self.world.as_ref().filter(|_| is_whole) {
            Some(world) => self.snapshots.leave(world, &self.chain, &self.genesis).await,
            None => self.snapshots.finish().await,
        }
    }

    pub(super) fn snapshot_is_due(&self) -> bool {
        self.world.as_ref().is_some_and(|world| self.snapshots.is_due(world, &self.genesis))
    }

    fn offer_snapshot(&mut self) {
        if let Some(world) = self.world.as_ref() {
            self.snapshots.offer(world, &self.chain, &self.genesis);
        }
    }
}

impl From<ReplyError> for Refusal {
    fn from(error: ReplyError) -> Refusal {
        Refusal::Own(error)
    }
}
