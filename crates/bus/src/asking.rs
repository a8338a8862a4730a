//! Asking a run: a command is stored, and its one reply waited for.

use std::time::Duration;

use contract::command::{Command, Request};
use contract::id::{ClientId, CommandId, RunId};
use contract::reply::Reply;
use contract::subject::{CommandAddress, StreamName};
use contract::timestamp::Timestamp;

use crate::Bus;
use crate::append::AppendError;
use crate::core::Subscription;
use crate::first::First;
use crate::pause::Pause;
use crate::reading::ReadError;
use crate::stored::Stored;

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How much longer than a batch of interviews may take its reply is waited for: it comes when the
/// time is over, with what was answered until then.
const BATCH_GRACE: Duration = Duration::from_secs(2);

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Replies cannot be listened for.
    #[error("cannot listen for the reply: {0}")]
    Deaf(String),
    /// The command is not known to be stored.
    #[error("cannot store the command: {0}")]
    NotStored(#[from] AppendError),
    /// Nobody replied in time.
    #[error("{}", late(*.patience, .reply_subject, *.void))]
    Late {
        /// How long was waited.
        patience: Duration,
        /// Where a reply would appear.
        reply_subject: String,
        /// The command has expired; else it will still be carried out.
        void: bool,
    },
    /// The reply is no reply.
    #[error("the reply cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// The id is that of another request.
    #[error("{0} was used for another request ({1}): use a new id for a new request")]
    Used(CommandId, String),
}

impl Bus {
    /// Stores a command under an id that nobody used, and waits for its reply. Dropping the
    /// future leaves the command stored.
    ///
    /// A question that nobody waits for any more is void, since an answer may cost money. What
    /// changes something is carried out however late.
    ///
    /// # Errors
    /// See [`AskError`]. A reply that reports a failure is a reply.
    pub async fn ask_run(
        &self,
        run: &RunId,
        client: &ClientId,
        request: Request,
        now: Timestamp,
        patience: Duration,
    ) -> Result<Reply, AskError> {
        self.ask_run_as(run, client, self.new_command_id(), request, now, patience).await
    }

    /// The same, for who listens also to what is said of the command on the way.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn ask_run_as(
        &self,
        run: &RunId,
        client: &ClientId,
        command_id: CommandId,
        request: Request,
        now: Timestamp,
        patience: Duration,
    ) -> Result<Reply, AskError> {
        self.ask_run_until(run, client, command_id, request, now, patience, patience).await
    }

    /// The same, of a question that is void only after `life`: its reply may come when nobody
    /// waits for it any more.
    ///
    /// # Errors
    /// See [`AskError`].
    #[expect(clippy::too_many_arguments, reason = "all of a command, and how long")]
    pub async fn ask_run_until(
        &self,
        run: &RunId,
        client: &ClientId,
        command_id: CommandId,
        request: Request,
        now: Timestamp,
        patience: Duration,
        life: Duration,
    ) -> Result<Reply, AskError> {
        let reply_subject = self.prefix.reply(client, run, &command_id);
        // Listened to before the command is stored, so no reply comes too early to be heard.
        let mut heard = self.subscribe(reply_subject.clone()).await.map_err(AskError::Deaf)?;
        let command = command(command_id, request, now, life);
        let subject = self.prefix.command(&address(run, client, &command));
        let stream = command.request.verb().stream();
        match self.append_first(stream, &subject, command.to_bytes()).await? {
            First::Ours(_) => {}
            First::Theirs(_) => return Err(AppendError::Refused.into()),
        }
        let void = is_void(&command) && life <= patience;
        let patience = patience + grace(&command, life <= patience);
        self.await_reply(reply_subject, &mut heard, void, patience).await
    }

    /// The same under an id that this client may have used before for this run, whatever the verb
    /// was: for the same request it waits for the one reply, or has it already, and nothing is
    /// stored twice.
    ///
    /// # Errors
    /// See [`AskError`]; [`AskError::Used`] if the id is another request's.
    pub async fn ask_run_once(
        &self,
        run: &RunId,
        client: &ClientId,
        command_id: CommandId,
        request: Request,
        now: Timestamp,
        patience: Duration,
    ) -> Result<Reply, AskError> {
        let reply_subject = self.prefix.reply(client, run, &command_id);
        let mut heard = self.subscribe(reply_subject.clone()).await.map_err(AskError::Deaf)?;
        let command = command(command_id, request, now, patience);
        let verb = command.request.verb();
        let deaf = |error: ReadError| AskError::Deaf(error.to_string());
        let any_verb = self.prefix.commands_under(verb.stream(), run, client, &command.command_id);
        let earlier = self.last(verb.stream(), &any_verb).await.map_err(deaf)?;
        if let Some(stored) = earlier {
            check_same(&command, &stored)?;
        } else if let Some(stored) =
            self.last(StreamName::Replies, &reply_subject).await.map_err(deaf)?
        {
            // Replies are kept for longer than commands.
            let reply: Reply = serde_json::from_slice(&stored.body)?;
            return match reply.verb == verb.as_str() {
                true => Ok(reply),
                false => Err(AskError::Used(command.command_id, reply.verb)),
            };
        } else {
            let subject = self.prefix.command(&address(run, client, &command));
            let (stream, body) = (verb.stream(), command.to_bytes());
            match self.append_first_among(stream, &any_verb, &subject, body).await? {
                First::Ours(_) => {}
                First::Theirs(stored) => check_same(&command, &stored)?,
            }
        }
        let patience = patience + grace(&command, true);
        self.await_reply(reply_subject, &mut heard, is_void(&command), patience).await
    }

    async fn await_reply(
        &self,
        reply_subject: String,
        heard: &mut Subscription,
        void: bool,
        patience: Duration,
    ) -> Result<Reply, AskError> {
        let waiting = self.stored_reply(&reply_subject, heard);
        match tokio::time::timeout(patience, waiting).await {
            Ok(stored) => Ok(serde_json::from_slice(&stored.body)?),
            Err(_) => Err(AskError::Late { patience, reply_subject, void }),
        }
    }

    /// The reply, once it is stored. What is heard is only a reason to look: it may be one
    /// that the stream refuses, since somebody else had answered, or does not have yet.
    async fn stored_reply(&self, subject: &str, heard: &mut Subscription) -> Stored {
        let mut pause = Pause::new(FIRST_PAUSE, LONGEST_PAUSE);
        loop {
            match self.last(StreamName::Replies, subject).await {
                Ok(Some(stored)) => return stored,
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "cannot look for the reply on {subject}"),
            }
            tokio::select! {
                Some(_) = heard.next() => pause.reset(),
                () = pause.wait() => {}
            }
        }
    }

    /// An id that no command has.
    pub fn new_command_id(&self) -> CommandId {
        self.new_id().parse().expect("letters and digits, as an inbox has them")
    }
}

fn command(id: CommandId, request: Request, now: Timestamp, patience: Duration) -> Command {
    let milliseconds = i64::try_from(patience.as_millis()).unwrap_or(i64::MAX);
    let late = Timestamp::from_milliseconds(now.milliseconds().saturating_add(milliseconds));
    let command = Command { command_id: id, request, issued_at: now, expires_at: None };
    let expires_at = is_void(&command).then_some(late);
    Command { expires_at, ..command }
}

/// Whether nobody is to carry it out once nobody waits for it any more.
fn is_void(command: &Command) -> bool {
    command.request.verb().stream() == StreamName::Questions
}

/// What is waited for beyond the end of a command's time, if `ends`.
fn grace(command: &Command, ends: bool) -> Duration {
    match command.request {
        Request::BatchInterview(_) if ends => BATCH_GRACE,
        _ => Duration::ZERO,
    }
}

fn address(run: &RunId, client: &ClientId, command: &Command) -> CommandAddress {
    let (verb, command_id) = (command.request.verb(), command.command_id.clone());
    CommandAddress { run: run.clone(), verb, client: client.clone(), command_id }
}

/// Whether what is stored under a command's id asks for the same.
fn check_same(command: &Command, stored: &Stored) -> Result<(), AskError> {
    let other = match Command::from_json(&stored.body) {
        Ok(stored) if stored.request == command.request => return Ok(()),
        Ok(stored) if stored.request.verb() == command.request.verb() => {
            format!("{} with other arguments", stored.request.verb())
        }
        Ok(stored) => stored.request.verb().to_string(),
        Err(_) => format!("what cannot be read on {}", stored.subject),
    };
    Err(AskError::Used(command.command_id.clone(), other))
}

fn late(patience: Duration, reply_subject: &str, void: bool) -> String {
    let seconds = patience.as_secs();
    let fate = match void {
        true => "it is void now".to_owned(),
        false => format!("it will be carried out, and its reply will be on {reply_subject}"),
    };
    format!("nobody answered within {seconds} s; {fate}")
}
