//! Commands and questions in, replies out.
//!
//! Everything that the run is asked is stored on the bus before it is read here, and its one
//! reply is stored too, so a desk that ends in the middle leaves nothing half done: its
//! successor reads the same messages again and skips those that have their reply.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bus::{AppendError, Bus, Cursor, Start, Stored};
use contract::command::{Command, Interview, Request};
use contract::id::{ClientId, CommandId, RunId};
use contract::reply::{ErrorCode, InterviewResult, Reply, ReplyError, ReplyResult};
use contract::subject::{CommandAddress, Platform, StreamName};
use futures_util::future::join_all;
use kit::retry::Pauses;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
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
            // A question is read only once there is a place for it; commands never wait for one.
            let (stored, place) = tokio::select! {
                biased;
                stored = commands.next() => (stored, None),
                (stored, place) = next_question(&places, &mut questions) => (stored, place),
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
            if answered.contains(&(address.client.clone(), address.command_id.clone())) {
                continue;
            }
            if place.is_none() {
                self.handle(&address, &stored).await?;
                continue;
            }
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

    async fn handle(&self, address: &CommandAddress, stored: &Stored) -> Result<(), Lost> {
        let result = match Command::parse(address, &stored.body) {
            Err(problems) => Err(error(ErrorCode::Malformed, problems.to_string())),
            Ok(command) if command.is_expired(now()) => {
                Err(error(ErrorCode::Expired, "the command came too late: it had expired"))
            }
            Ok(command) => match self.carry_out(&command, stored.sequence).await {
                Some(result) => result,
                // This worker is ending; its successor reads the command again.
                None => return Ok(()),
            },
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

    /// What comes of a command; `None` if this worker ends before.
    async fn carry_out(
        &self,
        command: &Command,
        sequence: u64,
    ) -> Option<Result<ReplyResult, ReplyError>> {
        let all = |_| true;
        match &command.request {
            Request::Start => {
                let begin = |done| Ask::Begin { command: command.clone(), sequence, done };
                let epochs = first_failure_if_all(self.ask(all, begin).await?);
                self.board.stored().await;
                Some(epochs.map(|epochs| {
                    let epoch = epochs.into_iter().map(|(_, epoch)| epoch).max();
                    ReplyResult::Started { epoch: epoch.unwrap_or_default() }
                }))
            }
            Request::Stop { .. } => {
                let stop = |done| Ask::Stop { command: command.clone(), done };
                let stopped = first_failure_if_all(self.ask(all, stop).await?);
                self.board.stored().await;
                let status = self.board.status().status;
                Some(stopped.map(|_| ReplyResult::Stopped { status }))
            }
            Request::Interview(interview) => self.interview(interview).await,
        }
    }

    async fn interview(&self, interview: &Interview) -> Option<Result<ReplyResult, ReplyError>> {
        let wanted = |platform| interview.platform.is_none_or(|wanted| wanted == platform);
        if !self.inboxes.iter().any(|(platform, _)| wanted(*platform)) {
            let platform = interview.platform.map_or("other", Platform::as_str);
            let message = format!("run {} has no {platform} world", self.run);
            return Some(Err(error(ErrorCode::UnknownPlatform, message)));
        }
        let question = |done| Ask::Interview { interview: interview.clone(), done };
        let answers = match first_failure_if_all(self.ask(wanted, question).await?) {
            Ok(answers) => answers,
            Err(failure) => return Some(Err(failure)),
        };
        let mut result = InterviewResult {
            agent_id: interview.agent_id,
            agent_name: String::new(),
            prompt: interview.prompt.clone(),
            twitter: None,
            reddit: None,
        };
        for (platform, (name, answer)) in answers {
            result.agent_name = name;
            match platform {
                Platform::Twitter => result.twitter = Some(answer),
                Platform::Reddit => result.reddit = Some(answer),
            }
        }
        Some(Ok(ReplyResult::Interview(result)))
    }

    /// Asks each wanted lane and waits for all; `None` if this worker ends before.
    async fn ask<T>(
        &self,
        wanted: impl Fn(Platform) -> bool,
        ask: impl Fn(oneshot::Sender<Result<T, ReplyError>>) -> Ask,
    ) -> Option<Vec<(Platform, Result<T, ReplyError>)>> {
        let wanted = self.inboxes.iter().filter(|(platform, _)| wanted(*platform));
        let answers = wanted.map(|(platform, inbox)| {
            let ask = &ask;
            async move {
                loop {
                    let (done, answer) = oneshot::channel();
                    inbox.send(ask(done)).await.ok()?;
                    if let Ok(answer) = answer.await {
                        return Some((*platform, answer));
                    }
                }
            }
        });
        join_all(answers).await.into_iter().collect()
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
