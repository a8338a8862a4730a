//! Commands and questions in, replies out.
//!
//! Everything that the run is asked is stored on the bus before it is read here, and its one
//! reply is stored too, so a desk that ends in the middle leaves nothing half done: its
//! successor reads the same messages again and skips those that have their reply.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bus::{AppendError, Bus, Start, Stored};
use contract::command::{Command, Interview, Request};
use contract::id::{CommandId, RunId};
use contract::reply::{Answer, ErrorCode, InterviewResult, Reply, ReplyError, ReplyResult};
use contract::subject::{CommandAddress, Platform, StreamName};
use kit::retry::Pauses;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::Instant;

use super::board::Board;
use super::lane::Ask;
use super::{Lost, now, patiently};

/// Questions that wait for an answer at the same time.
const QUESTIONS: usize = 256;

/// The inboxes of a run's lanes.
type Inboxes = Vec<(Platform, mpsc::Sender<Ask>)>;

/// The desk of one run; cheap to clone.
#[derive(Clone)]
pub struct Desk {
    bus: Bus,
    run: RunId,
    board: Board,
    inboxes: Inboxes,
}

impl Desk {
    /// The desk of `run`, whose lanes have these inboxes.
    pub fn new(bus: Bus, run: RunId, board: Board, inboxes: Inboxes) -> Desk {
        Desk { bus, run, board, inboxes }
    }

    /// Serves until the run has ended and nobody has asked anything for `idle`.
    ///
    /// # Errors
    /// When the run is lost.
    pub async fn serve(self, idle: Duration) -> Result<(), Lost> {
        let answered = self.answered().await;
        let mut commands = self.follow(StreamName::Commands).await;
        let mut questions = self.follow(StreamName::Questions).await;
        let places = Arc::new(Semaphore::new(QUESTIONS));
        let mut idle_since = Instant::now();
        loop {
            let stored = tokio::select! {
                biased;
                stored = commands.next() => stored,
                stored = questions.next() => stored,
                () = tokio::time::sleep_until(idle_since + idle) => {
                    idle_since = Instant::now();
                    if self.board.status().status.is_live() || places.available_permits() < QUESTIONS {
                        continue;
                    }
                    tracing::info!("nobody asked anything for a while, letting the run go");
                    return Ok(());
                }
            };
            idle_since = Instant::now();
            let Ok(address) = self.bus.prefix().parse_command(&stored.subject) else { continue };
            if answered.contains(&address.command_id) {
                continue;
            }
            if address.verb.stream() == StreamName::Commands {
                self.handle(&address, &stored).await?;
            } else if let Ok(place) = places.clone().acquire_owned().await {
                // The next question need not wait for this one's tick boundary.
                let desk = self.clone();
                tokio::spawn(async move {
                    if let Err(lost) = desk.handle(&address, &stored).await {
                        tracing::error!("failed to answer {}: {lost}", address.command_id);
                    }
                    drop(place);
                });
            }
        }
    }

    /// The commands of this run that have their reply.
    async fn answered(&self) -> BTreeSet<CommandId> {
        let filter = self.bus.prefix().replies_of(&self.run);
        let replies = patiently(|| self.bus.read_all(StreamName::Replies, &filter, 0)).await;
        let id = |stored: &Stored| stored.subject.rsplit('.').next()?.parse().ok();
        replies.iter().filter_map(id).collect()
    }

    async fn follow(&self, stream: StreamName) -> bus::Cursor {
        let filter = self.bus.prefix().commands_of(stream, &self.run);
        patiently(|| self.bus.follow(stream, &filter, Start::First)).await
    }

    async fn handle(&self, address: &CommandAddress, stored: &Stored) -> Result<(), Lost> {
        let result = match Command::parse(address, &stored.body) {
            Err(problems) => Err(error(ErrorCode::Malformed, problems.to_string())),
            Ok(command) if command.is_expired(now()) => {
                Err(error(ErrorCode::Expired, "the command came too late: it had expired"))
            }
            Ok(command) => self.carry_out(command, stored.sequence).await,
        };
        let (id, run, verb) = (address.command_id.clone(), self.run.clone(), address.verb);
        let reply = match result {
            Ok(result) => Reply::completed(id, run, verb, result, now()),
            Err(ReplyError { code, message }) => {
                Reply::failed(id, run, verb.as_str(), code, message, now())
            }
        };
        let subject = self.bus.prefix().reply(&address.client, &address.run, &address.command_id);
        store_reply(&self.bus, &subject, &reply).await
    }

    async fn carry_out(&self, command: Command, sequence: u64) -> Result<ReplyResult, ReplyError> {
        match command.request.clone() {
            Request::Start => {
                let epochs =
                    self.ask_all(|done| Ask::Begin { command: command.clone(), sequence, done });
                let epoch = epochs.await?.into_iter().max().unwrap_or_default();
                self.board.stored().await;
                Ok(ReplyResult::Started { epoch })
            }
            Request::Stop { .. } => {
                self.ask_all(|done| Ask::Stop { command: command.clone(), done }).await?;
                self.board.stored().await;
                Ok(ReplyResult::Stopped { status: self.board.status().status })
            }
            Request::Interview(interview) => self.interview(interview).await,
        }
    }

    /// Asks every lane and waits for all; a lane that is dead gives nothing.
    async fn ask_all<T>(
        &self,
        ask: impl Fn(oneshot::Sender<T>) -> Ask,
    ) -> Result<Vec<T>, ReplyError> {
        let mut waiting = Vec::new();
        for (_, inbox) in &self.inboxes {
            let (done, answer) = oneshot::channel();
            if inbox.send(ask(done)).await.is_ok() {
                waiting.push(answer);
            }
        }
        let mut answers = Vec::new();
        for answer in waiting {
            answers.extend(answer.await.ok());
        }
        if answers.is_empty() {
            let why = self.board.status().reason.unwrap_or_else(|| "its worlds failed".to_owned());
            return Err(error(ErrorCode::Internal, format!("the run cannot go on: {why}")));
        }
        Ok(answers)
    }

    async fn interview(&self, interview: Interview) -> Result<ReplyResult, ReplyError> {
        let wanted = |platform| interview.platform.is_none_or(|wanted| wanted == platform);
        let asked: Vec<_> = self.inboxes.iter().filter(|(platform, _)| wanted(*platform)).collect();
        if asked.is_empty() {
            let platform = interview.platform.map_or("other", Platform::as_str);
            let message = format!("run {} has no {platform} world", self.run);
            return Err(error(ErrorCode::UnknownPlatform, message));
        }
        let mut waiting = Vec::new();
        for (platform, inbox) in asked {
            let (done, answer) = oneshot::channel();
            let _ = inbox.send(Ask::Interview { interview: interview.clone(), done }).await;
            waiting.push((*platform, answer));
        }
        let mut result = InterviewResult {
            agent_id: interview.agent_id,
            agent_name: String::new(),
            prompt: interview.prompt.clone(),
            twitter: None,
            reddit: None,
        };
        let mut failures = Vec::new();
        for (platform, answer) in waiting {
            let gone = || Err(error(ErrorCode::Internal, "the worker is ending, ask again"));
            match answer.await.unwrap_or_else(|_| gone()) {
                Ok((name, answer)) => put(&mut result, platform, name, answer),
                Err(failure) => failures.push(failure),
            }
        }
        // One world's answer is an answer; only if none has one is the question a failure.
        match failures.into_iter().next() {
            Some(failure) if result.twitter.is_none() && result.reddit.is_none() => Err(failure),
            _ => Ok(ReplyResult::Interview(result)),
        }
    }
}

fn put(result: &mut InterviewResult, platform: Platform, name: String, answer: Answer) {
    result.agent_name = name;
    match platform {
        Platform::Twitter => result.twitter = Some(answer),
        Platform::Reddit => result.reddit = Some(answer),
    }
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
