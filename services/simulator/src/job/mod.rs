//! A job: carries out one command about a run's past, in a process of its own, beside whoever
//! holds the run. What is computed stands in [`crate::past`]; here is what reads and writes.
//!
//! A job may end at any instant, and another one begin again: what it does can be done twice.

mod follow;
mod fork;
mod frames;
pub(crate) mod progress;
mod repair;
mod replay;
mod verify;
mod write;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bus::{Bus, Role};
use contract::command::{Command, Request};
use contract::journal::Genesis;
use contract::past::{Finding, FindingKind};
use contract::reply::{ErrorCode, Reply, ReplyError, ReplyResult};
use contract::spec::Spec;
use contract::status::{EnvStatus, RunStatus};
use contract::subject::{CommandAddress, Platform, StreamName};

use self::progress::Reporter;
use crate::args::{Cli, JobArgs};
use crate::protocol::journal::{Damaged, Journal};
use crate::protocol::{Ended, Lost};
use crate::worker::lease::Lease;
use crate::worker::{
    EXIT_FENCED, EXIT_OTHER_RULES, now, patiently, read_spec, read_status, store_first, watch_node,
};

/// What all of a job shares; cheap to clone.
#[derive(Clone)]
struct Job {
    bus: Bus,
    node: Arc<str>,
    address: Arc<CommandAddress>,
    /// The command's place in the stream of commands.
    sequence: u64,
    command: Arc<Command>,
    status: Arc<EnvStatus>,
    spec: Arc<Spec>,
    reporter: Reporter,
}

/// Why a job has no result.
enum Failure {
    /// The reply says so.
    Refused(ReplyError),
    /// Another process may do better.
    Ended(Ended),
}

/// One world's journal, as far as it can be read.
struct Past {
    genesis: Genesis,
    journal: Journal,
    damage: Option<Finding>,
}

/// Carries out the command, unless its node is gone before.
///
/// # Errors
/// If the run or the command cannot be read at all.
pub async fn run(cli: &Cli, args: JobArgs) -> anyhow::Result<ExitCode> {
    let node_gone = watch_node(Lease::default())?;
    let JobArgs { run, verb, client, id: command_id } = args;
    let name = format!("shoal-job {verb} {run}");
    let bus = Bus::connect(&cli.bus, Role::Simulator, &name, Duration::from_secs(30)).await?;
    let address = CommandAddress { run, verb, client, command_id };
    let subject = bus.prefix().command(&address);
    let stored = patiently(|| bus.last(verb.stream(), &subject)).await;
    let stored = stored.ok_or_else(|| anyhow::anyhow!("there is no command {subject}"))?;
    let (status, _) = read_status(&bus, &address.run).await?;
    let job = Job {
        node: cli.node.name().into(),
        sequence: stored.sequence,
        command: Arc::new(Command::parse(&address, &stored.body)?),
        spec: Arc::new(read_spec(&bus, &status).await?),
        status: Arc::new(status),
        reporter: Reporter::new(bus.clone(), &address),
        address: Arc::new(address),
        bus,
    };
    let answer = tokio::select! {
        answer = job.carry_out() => answer,
        () = node_gone.wished() => return Ok(ExitCode::from(EXIT_FENCED)),
    };
    let code = job.reply(answer).await?;
    job.bus.drain().await;
    Ok(code)
}

impl Job {
    async fn carry_out(&self) -> Result<ReplyResult, Failure> {
        match &self.command.request {
            Request::Verify(verify) => self.verify(verify).await,
            Request::Replay(replay) => self.replay(replay).await,
            Request::Repair(repair) => self.repair(repair).await,
            Request::Fork(fork) => self.fork(fork).await,
            other => {
                let message = format!("{} is nothing that is asked of a past", other.verb());
                Err(refused(ErrorCode::Invalid, message))
            }
        }
    }

    /// Stores the reply, unless somebody else has better chances of one.
    async fn reply(&self, answer: Result<ReplyResult, Failure>) -> anyhow::Result<ExitCode> {
        let CommandAddress { run, verb, client, command_id } = &*self.address;
        let (id, run, verb) = (command_id.clone(), run.clone(), *verb);
        let reply = match answer {
            Ok(result) => Reply::completed(id, run, verb, result, now()),
            Err(Failure::Refused(ReplyError { code, message })) => {
                Reply::failed(id, run, verb.as_str(), code, message, now())
            }
            Err(Failure::Ended(Ended::Lost(lost @ Lost::OtherRules { .. }))) => {
                tracing::warn!("left to a node of another build: {lost}");
                return Ok(ExitCode::from(EXIT_OTHER_RULES));
            }
            // Half done perhaps: whoever gets the command next goes on.
            Err(Failure::Ended(ended @ (Ended::Reopen | Ended::Lost(Lost::Fenced(_))))) => {
                tracing::warn!("left to be done again: {ended}");
                return Ok(ExitCode::from(EXIT_FENCED));
            }
            Err(Failure::Ended(ended)) => {
                let (code, message) = (ErrorCode::Internal, ended.to_string());
                Reply::failed(id, run, verb.as_str(), code, message, now())
            }
        };
        let subject = self.bus.prefix().reply(client, &self.address.run, command_id);
        faults::point("job.done");
        let stored = store_first(&self.bus, StreamName::Replies, &subject, reply.to_bytes());
        stored.await.map_err(|lost| anyhow::anyhow!("failed to reply: {lost}"))?;
        Ok(ExitCode::SUCCESS)
    }

    /// The worlds that are asked for.
    fn worlds(&self, platform: Option<Platform>) -> Result<Vec<Platform>, Failure> {
        let all = &self.status.options.platforms;
        match platform {
            None => Ok(all.clone()),
            Some(platform) if all.contains(&platform) => Ok(vec![platform]),
            Some(platform) => {
                let message = format!("run {} has no {platform} world", self.address.run);
                Err(refused(ErrorCode::UnknownPlatform, message))
            }
        }
    }

    /// The ticks that a world is known to have played.
    fn played(&self, platform: Platform) -> u32 {
        self.status.platform(platform).map_or(0, |world| world.ticks)
    }

    /// Reads a world's journal; `None` if nothing of it is stored.
    async fn past(&self, platform: Platform) -> Result<Option<Past>, Failure> {
        let subject = self.bus.prefix().inputs(&self.address.run, platform);
        let stored = patiently(|| self.bus.read_all(StreamName::Inputs, &subject, 0)).await;
        let bodies = stored.iter().map(|stored| (stored.sequence, &stored.body[..]));
        let (mut journal, damaged) = Journal::read_whole_part(bodies);
        let Some(genesis) = journal.genesis.take() else {
            let Some(damaged) = damaged else { return Ok(None) };
            let message = format!("the {platform} world cannot be made again, its {damaged}");
            return Err(refused(ErrorCode::Internal, message));
        };
        Ok(Some(Past { genesis, journal, damage: damaged.as_ref().map(journal_finding) }))
    }

    /// The same, of a world that has begun.
    async fn begun(&self, platform: Platform) -> Result<Past, Failure> {
        let past = self.past(platform).await?;
        let has_begun = |past: &Past| !past.journal.ticks.is_empty() || past.damage.is_some();
        past.filter(has_begun).ok_or_else(|| {
            let played = self.played(platform);
            if played > 0 {
                let message = format!(
                    "the journal of the {platform} world is gone, though {played} ticks were \
                     played: nothing can make them again, what is stored of them stays"
                );
                return refused(ErrorCode::Internal, message);
            }
            let what = "has no past yet: try again once its first round is played";
            refused(ErrorCode::WrongState, format!("the {platform} world {what}"))
        })
    }
}

/// What is wrong with a journal, as it is reported.
fn journal_finding(damaged: &Damaged) -> Finding {
    Finding {
        tick: Some(damaged.ticks),
        sequence: Some(damaged.sequence),
        kind: FindingKind::Journal,
        what: damaged.to_string(),
    }
}

fn refused(code: ErrorCode, message: impl Into<String>) -> Failure {
    Failure::Refused(ReplyError { code, message: message.into() })
}

/// True where nobody plays rounds, nor is about to.
fn is_at_rest(status: RunStatus) -> bool {
    match status {
        RunStatus::Paused
        | RunStatus::Completed
        | RunStatus::Closed
        | RunStatus::Stopped
        | RunStatus::Failed => true,
        RunStatus::Queued | RunStatus::Starting | RunStatus::Running | RunStatus::Deleted => false,
    }
}

impl From<Ended> for Failure {
    fn from(ended: Ended) -> Failure {
        Failure::Ended(ended)
    }
}

impl From<Lost> for Failure {
    fn from(lost: Lost) -> Failure {
        Failure::Ended(lost.into())
    }
}

/// Milliseconds since then.
fn since(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}
