//! Storing a command for a run and waiting for its one reply; the same for every edge.

use std::hash::{BuildHasher, RandomState};
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

/// Stores a command under an id that nobody used, and waits for its reply. Dropping the
/// future leaves the command stored.
///
/// A question that nobody waits for any more is void, since an answer may cost money. What
/// changes something is carried out however late.
///
/// # Errors
/// [`Refusal::Late`] if there is no reply within `patience`. Otherwise if the bus cannot be
/// read or written.
pub async fn carry_out(
    bus: &Bus,
    run: &RunId,
    client: &ClientId,
    request: Request,
    patience: Duration,
) -> Result<Reply, Refusal> {
    let (verb, command_id) = (request.verb(), fresh_id());
    let now = kit::now_milliseconds();
    let late = now.saturating_add(i64::try_from(patience.as_millis()).unwrap_or(i64::MAX));
    let expires = (verb.stream() == StreamName::Questions).then_some(late);
    let command = Command {
        command_id: command_id.clone(),
        request,
        issued_at: Timestamp::from_milliseconds(now),
        expires_at: expires.map(Timestamp::from_milliseconds),
    };
    let reply_subject = bus.prefix().reply(client, run, &command_id);
    // Listened to before the command is stored, so no reply comes too early to be heard.
    let mut heard = bus.subscribe(reply_subject.clone()).await.map_err(Refusal::Unavailable)?;
    let address = CommandAddress { run: run.clone(), verb, client: client.clone(), command_id };
    let subject = bus.prefix().command(&address);
    match append_first(bus, verb.stream(), &subject, command.to_bytes()).await? {
        First::Ours(_) => {}
        First::Theirs(_) => return Err(Refusal::Failed(format!("{subject} is in use"))),
    }
    let waiting = stored_reply(bus, &reply_subject, &mut heard);
    let Ok(stored) = tokio::time::timeout(patience, waiting).await else {
        let seconds = patience.as_secs();
        let outcome = match expires {
            Some(_) => "it is void now".to_owned(),
            None => format!("it will be carried out, and its reply will be on {reply_subject}"),
        };
        return Err(Refusal::Late(format!(
            "run {run} did not answer {verb} within {seconds} s; {outcome}"
        )));
    };
    serde_json::from_slice(&stored.body).map_err(|error| {
        Refusal::Failed(format!("the reply on {reply_subject} cannot be read: {error}"))
    })
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

/// An id that no other command has: the time, and 64 random bits. A process id would not do:
/// in containers all launchers have the same.
fn fresh_id() -> CommandId {
    let random = RandomState::new().hash_one(std::process::id());
    let id = format!("{:x}-{random:016x}", kit::now_milliseconds());
    id.parse().expect("at most 16 and 16 hexadecimal digits and a dash")
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
