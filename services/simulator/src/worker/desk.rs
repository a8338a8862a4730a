//! Commands and questions in, replies out.
//!
//! Everything that the run is asked is stored on the bus before it is read here, and its one
//! reply is stored too, so a desk that ends in the middle leaves nothing half done: its
//! successor reads the same messages again and skips those that have their reply.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bus::{AppendError, Bus, Cursor, Start, Stored};
use contract::command::{Command, Configure, Executor, Interview, Request, Verb};
use contract::id::{ClientId, CommandId, RunId};
use contract::journal::Taken;
use contract::reply::{AppliedAt, ErrorCode, InterviewResult, Reply, ReplyError, ReplyResult};
use contract::subject::{CommandAddress, Platform, StreamName};
use futures_util::future::{BoxFuture, FutureExt as _, join_all};
use kit::retry::Pauses;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::board::Board;
use super::lane::{Ask, Done};
use super::{now, patiently};
use crate::protocol::Lost;
use crate::protocol::life::{Effect, Life, decide};

/// Questions that wait for an answer at the same time.
const QUESTIONS: usize = 256;

/// What is said of a command that has expired.
const TOO_LATE: &str = "the command came too late: it had expired";

/// The inboxes of a run's lanes.
type Inboxes = Vec<(Platform, mpsc::Sender<Ask>)>;

/// What comes of a command, once it is known; `None` if this worker ends before.
type Answer = BoxFuture<'static, Option<Result<ReplyResult, ReplyError>>>;

/// The desk of one run; cheap to clone.
#[derive(Clone)]
pub struct Desk {
    bus: Bus,
    run: RunId,
    board: Board,
    inboxes: Inboxes,
}

/// What a task of the desk came to.
enum Finished {
    /// A reply is stored, or is left to a successor.
    Replied,
    /// Somebody wants the run removed, and it plays no more: it is to be let go.
    Unwanted,
}

impl Desk {
    /// The desk of `run`, whose lanes have these inboxes.
    pub fn new(bus: Bus, run: RunId, board: Board, inboxes: Inboxes) -> Desk {
        Desk { bus, run, board, inboxes }
    }

    /// Serves until the run has ended and nobody has asked anything for `idle`, or somebody wants
    /// it removed.
    ///
    /// # Errors
    /// When the run is lost.
    pub async fn serve(self, idle: Duration) -> Result<(), Lost> {
        let answered = self.answered().await;
        let mut commands = self.follow(StreamName::Commands).await;
        let mut questions = self.follow(StreamName::Questions).await;
        let places = Arc::new(Semaphore::new(QUESTIONS));
        let mut tasks: JoinSet<Result<Finished, Lost>> = JoinSet::new();
        let mut idle_since = Instant::now();
        loop {
            // A question is read only once there is a place for it; commands never wait for one.
            let (stored, place) = tokio::select! {
                biased;
                Some(finished) = tasks.join_next() => {
                    match finished.map_err(|error| Lost::Panicked(error.to_string()))?? {
                        Finished::Replied => continue,
                        Finished::Unwanted => {
                            tracing::info!("somebody wants the run removed, letting it go");
                            return Ok(());
                        }
                    }
                }
                stored = commands.next() => (stored, None),
                (stored, place) = next_question(&places, &mut questions) => (stored, place),
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
            let Ok(address) = self.bus.prefix().parse_command(&stored.subject) else { continue };
            if answered.contains(&(address.client.clone(), address.command_id.clone())) {
                continue;
            }
            faults::point("command.fetched");
            // Asked in order, answered as the answers come: none waits for another's.
            match address.verb.executor() {
                Executor::Owner => {
                    let answer = self.take(&address, &stored).await;
                    tasks.spawn(self.clone().reply(address, answer, place));
                }
                Executor::Launcher => {
                    tasks.spawn(self.clone().yield_to_launcher(address.verb));
                }
            }
        }
    }

    /// The commands of this run that have their reply; ids are each client's own.
    async fn answered(&self) -> BTreeSet<(ClientId, CommandId)> {
        let filter = self.bus.prefix().replies_of(&self.run);
        let replies = patiently(|| self.bus.read_all(StreamName::Replies, &filter, 0)).await;
        // <prefix>.replies.<client>.<run>.<command_id>
        let id = |stored: &Stored| {
            let mut tokens = stored.subject.split('.').skip(2);
            let (client, id) = (tokens.next()?.parse().ok()?, tokens.nth(1)?.parse().ok()?);
            Some((client, id))
        };
        replies.iter().filter_map(id).collect()
    }

    async fn follow(&self, stream: StreamName) -> Cursor {
        let filter = self.bus.prefix().commands_of(stream, &self.run);
        patiently(|| self.bus.follow(stream, &filter, Start::First)).await
    }

    /// Asks for what a command or question wants. What comes of it is known later.
    async fn take(&self, address: &CommandAddress, stored: &Stored) -> Answer {
        let command = match Command::parse(address, &stored.body) {
            Ok(command) => command,
            Err(problems) => return refusal(ErrorCode::Malformed, problems.to_string()),
        };
        let (is_late, sequence) = (command.is_expired(now()), stored.sequence);
        match command.request {
            Request::Interview(_) if is_late => refusal(ErrorCode::Expired, TOO_LATE),
            Request::Interview(interview) => self.interview(&interview).await,
            // Not the owner's to answer.
            Request::Delete(_) => std::future::ready(None).boxed(),
            _ if is_late => self.late(Taken { sequence, command }),
            _ => self.carry(Taken { sequence, command }).await,
        }
    }

    /// Refuses a command that has expired, unless one of the worlds has taken it in time: then the
    /// others take it too, and all that was lacking is the reply.
    fn late(&self, taken: Taken) -> Answer {
        let (desk, sequence) = (self.clone(), taken.sequence);
        async move {
            let posted = desk.post(|_| true, move |done| Ask::IsTaken { sequence, done }).await?;
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
        match self.worlds_of(&taken.command.request) {
            Ok(worlds) => self.carry_out(taken, worlds).await,
            Err(error) => refusal(error.code, error.message),
        }
    }

    /// Stores the reply, once it is known.
    async fn reply(
        self,
        address: CommandAddress,
        answer: Answer,
        place: Option<OwnedSemaphorePermit>,
    ) -> Result<Finished, Lost> {
        // Without an answer this worker is ending; its successor reads the command again.
        let Some(result) = answer.await else { return Ok(Finished::Replied) };
        let CommandAddress { run, verb, client, command_id } = address;
        let subject = self.bus.prefix().reply(&client, &run, &command_id);
        let reply = match result {
            Ok(result) => Reply::completed(command_id, run, verb, result, now()),
            Err(ReplyError { code, message }) => {
                Reply::failed(command_id, run, verb.as_str(), code, message, now())
            }
        };
        store_reply(&self.bus, &subject, &reply).await?;
        faults::point("reply.stored");
        drop(place);
        Ok(Finished::Replied)
    }

    /// The launcher carries it out: it needs the run out of our hands, if that is possible.
    async fn yield_to_launcher(self, verb: Verb) -> Result<Finished, Lost> {
        let Some(lives) = self.lives().await else { return Ok(Finished::Replied) };
        let unwanted = lives.into_iter().all(|life| decide(life, verb) == Effect::LetGo);
        Ok(if unwanted { Finished::Unwanted } else { Finished::Replied })
    }

    /// The worlds that a request is for.
    fn worlds_of(&self, request: &Request) -> Result<Vec<Platform>, ReplyError> {
        let all: Vec<Platform> = self.inboxes.iter().map(|(platform, _)| *platform).collect();
        let named = match request {
            Request::Inject(inject) => {
                let named = inject.posts.iter().map(|post| post.platform);
                named.collect::<Option<Vec<_>>>()
            }
            Request::Configure(change) => only_feeds(change),
            _ => None,
        };
        let mentioned = match request {
            Request::Inject(inject) => {
                inject.posts.iter().filter_map(|post| post.platform).collect()
            }
            Request::Configure(change) => feeds(change),
            _ => Vec::new(),
        };
        if let Some(missing) = mentioned.iter().find(|platform| !all.contains(platform)) {
            return Err(self.no_world(missing.as_str()));
        }
        Ok(all
            .into_iter()
            .filter(|p| named.as_ref().is_none_or(|named| named.contains(p)))
            .collect())
    }

    fn no_world(&self, platform: &str) -> ReplyError {
        error(ErrorCode::UnknownPlatform, format!("run {} has no {platform} world", self.run))
    }

    /// Asks these worlds to carry a command out.
    async fn carry_out(&self, taken: Taken, worlds: Vec<Platform>) -> Answer {
        let verb = taken.command.request.verb();
        let ask = move |done| Ask::Command { taken: taken.clone(), done };
        let Some(posted) = self.post(|platform| worlds.contains(&platform), ask).await else {
            return std::future::ready(None).boxed();
        };
        let board = self.board.clone();
        async move {
            let done = first_failure_if_all(answers(posted).await?);
            // Whoever reads the reply finds the state that it speaks of.
            board.stored().await;
            faults::point("command.answered");
            Some(done.map(|done| outcome(verb, &done, &board)))
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
            let all = desk.inboxes.iter().map(|(platform, _)| *platform).collect();
            desk.carry_out(taken, all).await.await
        }
        .boxed()
    }

    async fn interview(&self, interview: &Interview) -> Answer {
        let wanted = |platform| interview.platform.is_none_or(|wanted| wanted == platform);
        if !self.inboxes.iter().any(|(platform, _)| wanted(*platform)) {
            let error = self.no_world(interview.platform.map_or("other", Platform::as_str));
            return refusal(error.code, error.message);
        }
        let interview = interview.clone();
        let mut result = InterviewResult {
            agent_id: interview.agent_id,
            agent_name: String::new(),
            prompt: interview.prompt.clone(),
            twitter: None,
            reddit: None,
        };
        let question = move |done| Ask::Interview { interview: interview.clone(), done };
        let Some(posted) = self.post(wanted, question).await else {
            return std::future::ready(None).boxed();
        };
        async move {
            let answers = match first_failure_if_all(answers(posted).await?) {
                Ok(answers) => answers,
                Err(failure) => return Some(Err(failure)),
            };
            for (platform, (name, answer)) in answers {
                result.agent_name = name;
                match platform {
                    Platform::Twitter => result.twitter = Some(answer),
                    Platform::Reddit => result.reddit = Some(answer),
                }
            }
            faults::point("question.answered");
            Some(Ok(ReplyResult::Interview(result)))
        }
        .boxed()
    }

    /// Where each world is in its life; `None` if this worker ends before.
    async fn lives(&self) -> Option<Vec<Life>> {
        let posted = self.post(|_| true, |done| Ask::Life { done }).await?;
        let lives = answers(posted).await?;
        Some(lives.into_iter().map(|(_, life)| life).collect())
    }

    /// Asks each wanted lane; `None` if this worker ends.
    async fn post<T>(
        &self,
        wanted: impl Fn(Platform) -> bool,
        ask: impl Fn(oneshot::Sender<T>) -> Ask + Send + Sync + 'static,
    ) -> Option<Vec<Posted<T>>> {
        let ask: Arc<dyn Fn(oneshot::Sender<T>) -> Ask + Send + Sync> = Arc::new(ask);
        let mut posted = Vec::new();
        for (platform, inbox) in self.inboxes.iter().filter(|(platform, _)| wanted(*platform)) {
            let (done, answer) = oneshot::channel();
            inbox.send(ask(done)).await.ok()?;
            let (inbox, ask) = (inbox.clone(), Arc::clone(&ask));
            posted.push(Posted { platform: *platform, inbox, ask, answer });
        }
        Some(posted)
    }
}

/// What one lane was asked, and where its answer will come.
struct Posted<T> {
    platform: Platform,
    inbox: mpsc::Sender<Ask>,
    ask: Arc<dyn Fn(oneshot::Sender<T>) -> Ask + Send + Sync>,
    answer: oneshot::Receiver<T>,
}

impl<T> Posted<T> {
    /// The answer; asks again where the lane opened its journal again instead of answering.
    async fn answer(mut self) -> Option<(Platform, T)> {
        loop {
            if let Ok(answer) = self.answer.await {
                return Some((self.platform, answer));
            }
            let (done, answer) = oneshot::channel();
            self.inbox.send((self.ask)(done)).await.ok()?;
            self.answer = answer;
        }
    }
}

/// All answers; `None` if this worker ends before.
fn answers<T>(posted: Vec<Posted<T>>) -> impl Future<Output = Option<Vec<(Platform, T)>>> {
    join_all(posted.into_iter().map(Posted::answer)).map(|answers| answers.into_iter().collect())
}

/// The worlds whose feeds a change names.
fn feeds(change: &Configure) -> Vec<Platform> {
    Platform::ALL.into_iter().filter(|platform| change.feed(*platform).is_some()).collect()
}

/// The same, where a change is of nothing but feeds.
fn only_feeds(change: &Configure) -> Option<Vec<Platform>> {
    let Configure { pace_milli, time, hot_topics, narrative_direction, agents, .. } = change;
    let more = pace_milli.is_some()
        || time.is_some()
        || hot_topics.is_some()
        || narrative_direction.is_some()
        || !agents.is_empty();
    (!more).then(|| feeds(change))
}

/// What the reply to a command says.
fn outcome(verb: Verb, done: &[(Platform, Done)], board: &Board) -> ReplyResult {
    let status = board.status().status;
    let epoch = done.iter().map(|(_, done)| done.epoch).max().unwrap_or_default();
    match verb {
        Verb::Start => ReplyResult::Started { epoch },
        Verb::Stop => ReplyResult::Stopped { status, old_worker: None },
        Verb::Pause => ReplyResult::Paused { status },
        Verb::Resume => ReplyResult::Resumed { epoch, status },
        Verb::CloseEnv => ReplyResult::Closed { status },
        Verb::Inject | Verb::Configure | Verb::Delete | Verb::Interview => {
            let at = |(platform, done): &(Platform, Done)| {
                Some(AppliedAt { platform: *platform, tick: done.tick? })
            };
            ReplyResult::Applied { ticks: done.iter().filter_map(at).collect() }
        }
    }
}

/// The next question, with the place that it takes while it is answered.
async fn next_question(
    places: &Arc<Semaphore>,
    questions: &mut Cursor,
) -> (Stored, Option<OwnedSemaphorePermit>) {
    let place = Arc::clone(places).acquire_owned().await;
    (questions.next().await, place.ok())
}

/// One world's answer is an answer; only where none has one is there a failure.
fn first_failure_if_all<T>(
    answers: Vec<(Platform, Result<T, ReplyError>)>,
) -> Result<Vec<(Platform, T)>, ReplyError> {
    let (mut good, mut failure) = (Vec::new(), None);
    for (platform, answer) in answers {
        match answer {
            Ok(answer) => good.push((platform, answer)),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    match failure {
        Some(failure) if good.is_empty() => Err(failure),
        _ => Ok(good),
    }
}

fn refusal(code: ErrorCode, message: impl Into<String>) -> Answer {
    std::future::ready(Some(Err(error(code, message)))).boxed()
}

fn error(code: ErrorCode, message: impl Into<String>) -> ReplyError {
    ReplyError { code, message: message.into() }
}

/// Stores a reply. Whoever was first has answered; a second answer is refused and forgotten.
///
/// # Errors
/// If the bus does not let us.
pub async fn store_reply(bus: &Bus, subject: &str, reply: &Reply) -> Result<(), Lost> {
    let mut pauses = Pauses::new(Duration::from_millis(50), Duration::from_secs(2));
    loop {
        match bus.append_first(StreamName::Replies, subject, reply.to_bytes()).await {
            Ok(_) => return Ok(()),
            Err(AppendError::Denied(why)) => return Err(Lost::Denied(why)),
            Err(error) => {
                tracing::warn!(subject, "failed to store a reply, trying again: {error}");
            }
        }
        pauses.wait().await;
    }
}
