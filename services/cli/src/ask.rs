//! Commands to a run: published under a fresh id, answered by the one reply to it.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use anyhow::Context;
use bus::{Append, Start};
use contract::command::{Command, Request, Verb};
use contract::id::{CommandId, RunId};
use contract::reply::{ErrorCode, Reply, ReplyOutcome, ReplyResult};
use contract::subject::{CommandAddress, StreamName};
use contract::timestamp::Timestamp;

use crate::args::StopArgs;
use crate::client::{Client, client_id};
use crate::failure::Failure;
use crate::output::Output;
use crate::status::find_run;

/// `shoal stop`.
///
/// # Errors
/// If there is no such run, nobody answers, or it could not be stopped.
pub async fn stop(
    client: &Client,
    args: &StopArgs,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let run = find_run(client, &args.target.run).await?.run_id;
    let request = Request::Stop { reason: args.reason.clone() };
    let reply = ask(client, &run, request, args.patience.duration()).await?;
    if client.json {
        output.print_json(&reply)?;
    }
    match result(reply)? {
        ReplyResult::Stopped { status } if !client.json => {
            Ok(output.print(&format!("{run} is {status}"))?)
        }
        ReplyResult::Stopped { .. } => Ok(()),
        other => Err(odd(Verb::Stop, &other)),
    }
}

/// Publishes a command and waits for its reply.
///
/// # Errors
/// If it cannot be stored, or nobody answers within `patience`. A reply that reports a
/// failure is a reply.
pub async fn ask(
    client: &Client,
    run: &RunId,
    request: Request,
    patience: Duration,
) -> Result<Reply, Failure> {
    let (verb, command_id) = (request.verb(), fresh_id());
    let now = kit::now_milliseconds();
    let expires_at = now.saturating_add(i64::try_from(patience.as_millis()).unwrap_or(i64::MAX));
    let command = Command {
        command_id: command_id.clone(),
        request,
        issued_at: Timestamp::from_milliseconds(now),
        expires_at: Some(Timestamp::from_milliseconds(expires_at)),
    };
    let prefix = client.bus.prefix();
    let reply_subject = prefix.reply(&client_id(), run, &command_id);
    let mut replies = client.bus.follow(StreamName::Replies, &reply_subject, Start::First).await?;
    let address = CommandAddress { run: run.clone(), verb, client: client_id(), command_id };
    let message = Append {
        subject: prefix.command(&address),
        body: command.to_bytes(),
        headers: Vec::new(),
        expected_last: Some(0),
    };
    client.bus.append(message).await?;
    match tokio::time::timeout(patience, replies.next()).await {
        Ok(stored) => {
            let reply = serde_json::from_slice(&stored.body).context("the reply cannot be read");
            reply.map_err(Failure::Failed)
        }
        Err(_) => Err(unanswered(run, verb, patience)),
    }
}

/// The result in a reply.
///
/// # Errors
/// The failure that it reports: bad input if we asked for what is not there.
pub fn result(reply: Reply) -> Result<ReplyResult, Failure> {
    let error = match reply.outcome {
        ReplyOutcome::Completed { result } => return Ok(result),
        ReplyOutcome::Failed { error } => error,
    };
    match error.code {
        ErrorCode::Malformed
        | ErrorCode::UnknownRun
        | ErrorCode::UnknownAgent
        | ErrorCode::UnknownPlatform => Err(Failure::BadInput(error.into())),
        ErrorCode::Expired
        | ErrorCode::WrongState
        | ErrorCode::NoCapacity
        | ErrorCode::Internal => Err(Failure::Failed(error.into())),
    }
}

/// The answer to another question than ours.
pub fn odd(verb: Verb, result: &ReplyResult) -> Failure {
    Failure::failed(format!("the reply to {verb} is an odd one: {result:?}"))
}

fn unanswered(run: &RunId, verb: Verb, patience: Duration) -> Failure {
    Failure::unreachable(format!(
        "nobody answered {verb} for {run} within {} s, and now it is void: is a simulator running \
         on this bus? (`shoal status {run}` shows who has the run; --timeout waits longer)",
        patience.as_secs()
    ))
}

/// An id that no other command has: the time, and 64 random bits.
fn fresh_id() -> CommandId {
    let random = RandomState::new().hash_one(std::process::id());
    let id = format!("{:x}-{random:016x}", kit::now_milliseconds());
    id.parse().expect("hexadecimal digits and a dash are a command id")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_do_not_repeat() {
        let ids: std::collections::BTreeSet<CommandId> = (0..1000).map(|_| fresh_id()).collect();
        assert_eq!(ids.len(), 1000);
    }
}
