//! Commands and questions in, replies out.
//!
//! Everything that the run is asked is stored on the bus before it is read here, and its one
//! reply is stored too, so a desk that ends in the middle leaves nothing half done: its
//! successor reads the same messages again and skips those that have their reply.
//!
//! [`open`] finds where to begin, [`room`] says how much is read before it is answered, [`post`]
//! is how lanes are asked, [`worlds`] says which of them and what their answers make of a reply;
//! [`interview`] is about questions to agents, [`whole`] when several are refused together,
//! [`talks`] how they end before they are answered, [`past`] the worlds of rounds that are over;
//! here is what is done with each message.

mod interview;
mod open;
mod past;
mod post;
mod room;
mod talks;
mod whole;
mod worlds;

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Stored};
use contract::command::{Cancel, Command, Executor, Request, Verb};
use contract::id::RunId;
use contract::journal::{Claim, Taken};
use contract::problem::{Problems, shorten};
use contract::reply::{ErrorCode, OldWorker, Reply, ReplyError, ReplyResult};
use contract::subject::{CommandAddress, Platform, StreamName};
use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::open::Opened;
use self::past::Past;
use self::post::{Outboxes, answers};
use self::room::{Place, Room, Turns};
use self::talks::{Talk, Talks};
use self::worlds::{done, outcome, worlds_of};
use super::board::Board;
use super::inbox::Outbox;
use super::lane::Ask;
use super::waiting::size_of;
use super::{now, store_first};
use crate::args::WorkerArgs;
use crate::protocol::Lost;
use crate::protocol::journal::Known;
use crate::protocol::life::{Effect, Life, decide};

/// What is said of a command that has expired.
const TOO_LATE: &str = "the command came too late: it had expired";

/// What comes of a command, once it is known; `None` if this worker ends before.
type Answer = BoxFuture<'static, Option<Result<ReplyResult, ReplyError>>>;

/// The desk of one run; cheap to clone.
#[derive(Clone)]
pub struct Desk {
    bus: Bus,
    run: RunId,
    board: Board,
    lanes: Outboxes,
    talks: Talks,
    turns: Turns,
    past: Past,
    old_worker: Option<OldWorker>,
}

/// What a task of the desk came to.
enum Finished {
    /// A reply is stored, or is left to a successor.
    Replied,
    /// Somebody wants the run removed, and it plays no more: it is to be let go.
    Unwanted,
}

impl Desk {
    /// The desk of a worker, whose lanes have these inboxes.
    pub fn new(
        bus: Bus,
        worker: &WorkerArgs,
        board: Board,
        inboxes: Vec<(Platform, Outbox)>,
    ) -> Desk {
        let old_worker = match worker.why.as_str() {
            Claim::KILLED => Some(OldWorker::Killed),
            Claim::FENCED => Some(OldWorker::Fenced),
            _ => None,
        };
        let (run, status) = (worker.run.clone(), Arc::new(board.status()));
        let past = Past::new(bus.clone(), run.clone(), status);
        let (lanes, talks) = (Outboxes::new(inboxes), Talks::default());
        Desk { bus, run, board, lanes, talks, turns: Turns::default(), past, old_worker }
    }

    /// Serves until the run has ended and nobody has asked anything for `idle`, or somebody wants
    /// it removed.
    ///
    /// # Errors
    /// When the run is lost.
    pub async fn serve(mut self, idle: Duration) -> Result<(), Lost> {
        let Opened { answered, mut commands, mut questions } =
            open::open(&self.bus, &self.run).await;
        let room = Room::new();
        let mut tasks: JoinSet<Result<Finished, Lost>> = JoinSet::new();
        let mut idle_since = Instant::now();
        let mut is_behind = true;
        loop {
            let ((stored, mut place), is_command) = tokio::select! {
                biased;
                Some(finished) = tasks.join_next() => {
                    match finished.map_err(|error| Lost::Panicked(error.to_string()))?? {
                        Finished::Replied => continue,
                        Finished::Unwanted => {
                            tracing::info!("somebody else is to have the run, letting it go");
                            return Ok(());
                        }
                    }
                }
                command = room.for_command(commands.next()) => (command, true),
                question = room.for_question(questions.next()) => (question, false),
                () = tokio::time::sleep_until(idle_since + idle) => {
                    idle_since = Instant::now();
                    if self.board.status().status.is_live() || !tasks.is_empty() {
                        continue;
                    }
                    tracing::info!("nobody asked anything for a while, letting the run go");
                    return Ok(());
                }
            };
            idle_since = Instant::now();
            if is_command {
                // What is asked from now on has met this worker, not the one before.
                self.old_worker = self.old_worker.filter(|_| is_behind);
                is_behind &= stored.pending > 0;
            }
            let Ok(address) = self.bus.prefix().parse_command(&stored.subject) else { continue };
            if answered.contains(&self.reply_to(&address)) {
                continue;
            }
            faults::point("command.fetched");
            // Asked in order, answered as the answers come: none waits for another's.
            match address.verb.executor() {
                Executor::Owner => {
                    let (answer, talk) = self.take(&address, &stored, &mut place).await;
                    tasks.spawn(self.clone().reply(address, answer, talk, place));
                }
                Executor::Launcher | Executor::Node | Executor::MemorySink => {
                    place.weigh(0);
                    tasks.spawn(self.clone().yield_to_others(address.verb, place));
                }
            }
        }
    }

    /// Asks for what a command or question wants. What comes of it is known later; a question may
    /// be cancelled until then.
    async fn take(
        &self,
        address: &CommandAddress,
        stored: &Stored,
        place: &mut Place,
    ) -> (Answer, Option<Talk>) {
        let command = match Command::parse(address, &stored.body) {
            Ok(command) => command,
            Err(problems) => return (refusal(ErrorCode::Malformed, self.said(&problems)), None),
        };
        let taken = Taken { sequence: stored.sequence, command };
        place.weigh(size_of(&taken));
        let is_late = taken.command.is_expired(now());
        let answer = match &taken.command.request {
            Request::Interview(_) | Request::BatchInterview(_) | Request::Cancel(_) if is_late => {
                refusal(ErrorCode::Expired, TOO_LATE)
            }
            Request::Interview(interview) => {
                let talk = self.begin(address, &taken.command);
                return (self.interview(interview, talk.clone()), Some(talk));
            }
            Request::BatchInterview(batch) => {
                let talk = self.begin(address, &taken.command);
                return (self.batch(address, batch, talk.clone()), Some(talk));
            }
            Request::Cancel(cancel) => self.cancel(address, cancel),
            // Not the owner's to answer.
            Request::Delete(_)
            | Request::Verify(_)
            | Request::Replay(_)
            | Request::Repair(_)
            | Request::Fork(_)
            | Request::MemoryAttach(_)
            | Request::MemoryRedrive(_) => std::future::ready(None).boxed(),
            _ if is_late => self.late(taken),
            _ => self.carry(taken).await,
        };
        (answer, None)
    }

    /// Takes note of a question that may be cancelled.
    fn begin(&self, address: &CommandAddress, command: &Command) -> Talk {
        self.talks.begin(&address.client, &address.command_id, command.expires_at)
    }

    /// Cancels a question that is under way. Its own reply is stored first, so that a successor
    /// who finds that one open cancels it again.
    fn cancel(&self, address: &CommandAddress, cancel: &Cancel) -> Answer {
        let client = cancel.client.as_ref().unwrap_or(&address.client);
        let talk = self.talks.cancel(client, &cancel.command_id);
        async move {
            let questions = match talk {
                Some(talk) => talk.replied().await,
                None => 0,
            };
            Some(Ok(ReplyResult::Cancelled { questions }))
        }
        .boxed()
    }

    /// What is wrong with a command, as much of it as one message holds: each character may be six
    /// bytes.
    fn said(&self, problems: &Problems) -> String {
        shorten(&problems.to_string(), self.bus.max_payload() / 8)
    }

    /// Refuses a command that has expired, unless one of the worlds has taken it in time: then the
    /// others take it too, and all that was lacking is the reply.
    fn late(&self, taken: Taken) -> Answer {
        let (desk, known) = (self.clone(), Known::of(&taken));
        async move {
            let ask = move |done| Ask::IsTaken { known: known.clone(), done };
            let posted = desk.lanes.post(|_| true, ask).await?;
            match answers(posted).await?.into_iter().any(|(_, is_taken)| is_taken) {
                true => desk.carry(taken).await.await,
                false => Some(Err(error(ErrorCode::Expired, TOO_LATE))),
            }
        }
        .boxed()
    }

    /// Asks the worlds that a command is for to carry it out.
    async fn carry(&self, taken: Taken) -> Answer {
        if taken.command.request == Request::CloseEnv {
            return self.close(taken);
        }
        match worlds_of(&taken.command.request, &self.lanes.platforms()) {
            Ok(worlds) => self.carry_out(taken, worlds).await,
            Err(missing) => {
                let error = self.no_world(missing.as_str());
                refusal(error.code, error.message)
            }
        }
    }

    /// Where the one reply to a command belongs.
    fn reply_to(&self, address: &CommandAddress) -> String {
        self.bus.prefix().reply(&address.client, &address.run, &address.command_id)
    }

    /// Stores the reply, once it is known.
    async fn reply(
        self,
        address: CommandAddress,
        answer: Answer,
        talk: Option<Talk>,
        place: Place,
    ) -> Result<Finished, Lost> {
        // Without an answer this worker is ending; its successor reads the command again.
        let Some(result) = answer.await else { return Ok(Finished::Replied) };
        let subject = self.reply_to(&address);
        let CommandAddress { run, verb, command_id, client } = address;
        let id = command_id.clone();
        let reply = match result {
            Ok(result) => Reply::completed(id, run, verb, result, now()),
            Err(ReplyError { code, message }) => {
                Reply::failed(id, run, verb.as_str(), code, message, now())
            }
        };
        // Whoever was first has answered; a second answer is refused and forgotten.
        store_first(&self.bus, StreamName::Replies, &subject, reply.to_bytes()).await?;
        faults::point("reply.stored");
        if let Some(talk) = talk {
            self.talks.end(&client, &command_id, &talk);
        }
        drop(place);
        Ok(Finished::Replied)
    }

    /// Somebody else carries it out, who may need the run out of our hands, if that is possible.
    async fn yield_to_others(self, verb: Verb, place: Place) -> Result<Finished, Lost> {
        let Some(lives) = self.lives().await else { return Ok(Finished::Replied) };
        drop(place);
        let unwanted = lives.into_iter().all(|life| decide(life, verb) == Effect::LetGo);
        Ok(if unwanted { Finished::Unwanted } else { Finished::Replied })
    }

    fn no_world(&self, platform: &str) -> ReplyError {
        error(ErrorCode::UnknownPlatform, format!("run {} has no {platform} world", self.run))
    }

    /// Asks these worlds to carry a command out.
    async fn carry_out(&self, taken: Taken, worlds: Vec<Platform>) -> Answer {
        let verb = taken.command.request.verb();
        let ask = move |done| Ask::Command { taken: taken.clone(), done };
        let wanted = |platform| worlds.contains(&platform);
        let Some(posted) = self.lanes.post(wanted, ask).await else {
            return std::future::ready(None).boxed();
        };
        let (board, old_worker) = (self.board.clone(), self.old_worker);
        async move {
            let done = done(answers(posted).await?);
            // Whoever reads the reply finds the state that it speaks of.
            board.stored().await;
            faults::point("command.answered");
            Some(done.map(|done| outcome(verb, &done, &board, old_worker)))
        }
        .boxed()
    }

    /// Closes all worlds, or none: those with rounds left keep the others open.
    fn close(&self, taken: Taken) -> Answer {
        let desk = self.clone();
        async move {
            let verb = taken.command.request.verb();
            for life in desk.lives().await? {
                if let Effect::Refuse(why) = decide(life, verb) {
                    return Some(Err(error(ErrorCode::WrongState, why)));
                }
            }
            desk.carry_out(taken, desk.lanes.platforms()).await.await
        }
        .boxed()
    }

    /// Where each world is in its life; `None` if this worker ends before.
    async fn lives(&self) -> Option<Vec<Life>> {
        let posted = self.lanes.post(|_| true, |done| Ask::Life { done }).await?;
        let lives = answers(posted).await?;
        Some(lives.into_iter().map(|(_, life)| life).collect())
    }
}

fn refusal(code: ErrorCode, message: impl Into<String>) -> Answer {
    std::future::ready(Some(Err(error(code, message)))).boxed()
}

fn error(code: ErrorCode, message: impl Into<String>) -> ReplyError {
    ReplyError { code, message: message.into() }
}
