//! Commands to a run: published under a fresh id, answered by the one reply to it.

use std::time::Duration;

use bus::AskError;
use clap::Args;
use contract::command::{Executor, Request, Stop, Verb};
use contract::id::RunId;
use contract::reply::{ErrorCode, OldWorker, Reply, ReplyError, ReplyOutcome, ReplyResult};
use contract::timestamp::Timestamp;

use crate::args::Target;
use crate::client::{Client, client_id};
use crate::failure::Failure;
use crate::output::Output;
use crate::status::find_run;

/// Arguments of `stop`.
#[derive(Clone, Debug, Args)]
pub struct StopArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// Why, for whoever reads the run's status later
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Seconds to wait for the answer: a worker that does not give it is killed, and a node
    /// replaced, before the run is opened again and stopped
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 60,
        value_parser = clap::value_parser!(u32).range(1..=3600)
    )]
    pub timeout: u32,
}

/// How long to wait for an answer.
#[derive(Clone, Copy, Debug, Args)]
pub struct Patience {
    /// Seconds to wait for the answer; a question is void after them, a stop is not
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 30,
        value_parser = clap::value_parser!(u32).range(1..=3600)
    )]
    pub timeout: u32,
}

impl Patience {
    /// As a duration.
    pub fn duration(self) -> Duration {
        Duration::from_secs(u64::from(self.timeout))
    }
}

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
    let request = Request::Stop(Stop { reason: args.reason.clone() });
    let patience = Patience { timeout: args.timeout };
    let reply = ask(client, &run, request, patience.duration()).await?;
    if client.json {
        output.print_json(&reply)?;
    }
    match result(reply)? {
        ReplyResult::Stopped { status, old_worker } if !client.json => {
            let aside = match old_worker {
                None => "",
                Some(OldWorker::Killed) => ": its worker did not answer and was killed",
                Some(OldWorker::Fenced) => {
                    ": neither its worker nor its node answered; should they still run, nothing \
                     that they write counts any more"
                }
            };
            Ok(output.print(&format!("{run} is {status}{aside}"))?)
        }
        ReplyResult::Stopped { .. } => Ok(()),
        other => Err(odd(Verb::Stop, &other)),
    }
}

/// Stores a command and waits for its reply.
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
    let verb = request.verb();
    let reply = store_and_wait(client, run, request, patience).await;
    reply.map_err(|error| explain(verb, run, error))
}

/// The same, for who does something about a reply that is late.
///
/// # Errors
/// See [`AskError`].
pub async fn store_and_wait(
    client: &Client,
    run: &RunId,
    request: Request,
    patience: Duration,
) -> Result<Reply, AskError> {
    let now = Timestamp::from_milliseconds(kit::now_milliseconds());
    client.bus.ask_run(run, &client_id(), request, now, patience).await
}

/// Why there is no reply, and what to do about it.
pub fn explain(verb: Verb, run: &RunId, error: AskError) -> Failure {
    match error {
        AskError::NotStored(error) => Failure::from(error),
        AskError::Deaf(_) | AskError::Unreadable(_) | AskError::Used(..) => {
            Failure::Failed(error.into())
        }
        AskError::Late { .. } => {
            let who = match verb.executor() {
                Executor::Owner => "is a simulator running on this bus, and has it a free slot?",
                Executor::Node => "is a simulator running on this bus, and has it time?",
                Executor::Launcher => "is a launcher running on this bus?",
                Executor::MemorySink => "is a memory-sink running on this bus?",
            };
            Failure::unreachable(format!(
                "{verb} for {run}: {error}: {who} (`shoal doctor` says; --timeout waits longer)"
            ))
        }
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
    Err(refused(error))
}

/// Why something was not done: bad input if we asked for what is not there.
pub fn refused(error: ReplyError) -> Failure {
    match error.code {
        ErrorCode::Malformed
        | ErrorCode::UnknownRun
        | ErrorCode::UnknownAgent
        | ErrorCode::UnknownPlatform
        | ErrorCode::Invalid => Failure::BadInput(error.into()),
        ErrorCode::Expired
        | ErrorCode::WrongState
        | ErrorCode::MemoryLags
        | ErrorCode::NoCapacity
        | ErrorCode::Cancelled
        | ErrorCode::Internal => Failure::Failed(error.into()),
    }
}

/// The answer to another question than ours.
pub fn odd(verb: Verb, result: &ReplyResult) -> Failure {
    Failure::failed(format!("the reply to {verb} is an odd one: {result:?}"))
}
