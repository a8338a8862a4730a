//! Storing a command for a run and waiting for its one reply; the same for every edge.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bus::{Bus, Stored, Subscription};
use contract::command::{Command, Request};
use contract::id::{ClientId, CommandId, RunId};
use contract::reply::Reply;
use contract::subject::{CommandAddress, StreamName};
use contract::timestamp::Timestamp;
use kit::retry::Pauses;

use crate::first::{First, append_first};
use crate::refusal::Refusal;

/// How often an id may turn out to be in use.
const TRIES: u32 = 5;

/// Stores a command under an id that nobody used, and waits for its reply. Dropping the
/// future leaves the command stored; it will be carried out.
///
/// # Errors
/// [`Refusal::Late`] if there is no reply within `patience`: the text says where it will
/// appear. Otherwise if the bus cannot be read or written.
pub async fn carry_out(
    bus: &Bus,
    run: &RunId,
    client: &ClientId,
    request: Request,
    patience: Duration,
) -> Result<Reply, Refusal> {
    let verb = request.verb();
    let issued_at = Timestamp::from_milliseconds(kit::now_milliseconds());
    let mut command = Command { command_id: fresh_id(), request, issued_at, expires_at: None };
    for _ in 0..TRIES {
        let reply_subject = bus.prefix().reply(client, run, &command.command_id);
        // Listened to before the command is stored, so no reply comes too early to be heard.
        let mut heard = bus.subscribe(reply_subject.clone()).await.map_err(Refusal::Unavailable)?;
        let address = CommandAddress {
            run: run.clone(),
            verb,
            client: client.clone(),
            command_id: command.command_id.clone(),
        };
        let subject = bus.prefix().command(&address);
        match append_first(bus, verb.stream(), &subject, command.to_bytes()).await? {
            First::Ours(_) => {}
            First::Theirs(_) => {
                command.command_id = fresh_id();
                continue;
            }
        }
        let waiting = stored_reply(bus, &reply_subject, &mut heard);
        let Ok(stored) = tokio::time::timeout(patience, waiting).await else {
            return Err(Refusal::Late(format!(
                "run {run} did not answer {verb} within {} s; it will be carried out, and its \
                 reply will be on {reply_subject}",
                patience.as_secs()
            )));
        };
        return serde_json::from_slice(&stored.body).map_err(|error| {
            Refusal::Failed(format!("the reply on {reply_subject} cannot be read: {error}"))
        });
    }
    Err(Refusal::Failed(format!("{TRIES} fresh command ids were all in use")))
}

/// The reply, once it is stored. What is heard is only a reason to look: it may be one that
/// the stream refuses, since somebody else had answered, or does not have yet.
async fn stored_reply(bus: &Bus, subject: &str, heard: &mut Subscription) -> Stored {
    let mut pauses = Pauses::new(Duration::from_millis(10), Duration::from_secs(1));
    loop {
        match bus.last(StreamName::Replies, subject).await {
            Ok(Some(stored)) => return stored,
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "cannot look for the reply on {subject} now"),
        }
        tokio::select! {
            Some(_) = heard.next() => pauses.reset(),
            () = pauses.wait() => {}
        }
    }
}

/// An id that this process gives once, and that another is unlikely to give: the time, the
/// process and a counter, in hexadecimal digits.
fn fresh_id() -> CommandId {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let id = format!("{:x}-{:x}-{count:x}", kit::now_milliseconds(), std::process::id());
    id.parse().expect("at most 16 + 8 + 16 hexadecimal digits and two dashes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_is_given_twice() {
        let ids: std::collections::BTreeSet<CommandId> = (0..1000).map(|_| fresh_id()).collect();
        assert_eq!(ids.len(), 1000);
    }
}
