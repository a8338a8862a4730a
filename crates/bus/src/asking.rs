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
use crate::stored::Stored;

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

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
        let verb = request.verb();
        let void = verb.stream() == StreamName::Questions;
        let milliseconds = i64::try_from(patience.as_millis()).unwrap_or(i64::MAX);
        let late = now.milliseconds().saturating_add(milliseconds);
        let command = Command {
            command_id: command_id.clone(),
            request,
            issued_at: now,
            expires_at: void.then(|| Timestamp::from_milliseconds(late)),
        };
        let reply_subject = self.prefix.reply(client, run, &command_id);
        // Listened to before the command is stored, so no reply comes too early to be heard.
        let mut heard = self.subscribe(reply_subject.clone()).await.map_err(AskError::Deaf)?;
        let address = CommandAddress { run: run.clone(), verb, client: client.clone(), command_id };
        let subject = self.prefix.command(&address);
        match self.append_first(verb.stream(), &subject, command.to_bytes()).await? {
            First::Ours(_) => {}
            First::Theirs(_) => return Err(AppendError::Refused.into()),
        }
        let waiting = self.stored_reply(&reply_subject, &mut heard);
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

fn late(patience: Duration, reply_subject: &str, void: bool) -> String {
    let seconds = patience.as_secs();
    let fate = match void {
        true => "it is void now".to_owned(),
        false => format!("it will be carried out, and its reply will be on {reply_subject}"),
    };
    format!("nobody answered within {seconds} s; {fate}")
}
