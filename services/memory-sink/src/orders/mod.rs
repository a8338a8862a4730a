//! Carries out what is asked about a run's memories: `memory_attach` and `memory_redrive`. All
//! sinks share one durable consumer, so each command reaches one of them; one that cannot carry it
//! out puts it back for another.

mod letters;

use std::time::Duration;

use bus::{AppendError, Bus, Delivery, Durable, ReadError, Shared};
use contract::chain::World;
use contract::command::{Command, MemoryAttach, Request};
use contract::options::MemoryTarget;
use contract::problem::Problems;
use contract::reply::{ErrorCode, Reply, ReplyResult};
use contract::status::{EnvStatus, RunStatus};
use contract::subject::{CommandAddress, StreamName};
use kit::shutdown::Shutdown;
use tokio::sync::mpsc::UnboundedSender;

use crate::delivery::{Fate, Redrive};
use crate::ledger::LedgerError;
use crate::means::{Means, wall};

/// Before another sink may look at a command that this one cannot carry out.
const ELSEWHERE: Duration = Duration::from_secs(1);
/// Hand-outs after which a command that no sink can carry out is refused.
const TRIES: u64 = 6;

/// What a driver is told beside the news.
#[derive(Debug)]
pub(crate) enum Order {
    /// A world goes into this memory as well.
    Attend(World),
    /// A dead letter is to be sent once more, and who wants to know what comes of it.
    Again(Redrive, UnboundedSender<(Redrive, Fate)>),
}

/// A target and its driver.
pub(crate) struct Counter {
    pub(crate) means: Means,
    pub(crate) driver: UnboundedSender<Order>,
}

/// Carries out commands.
pub(crate) struct Orders {
    bus: Bus,
    counters: Vec<Counter>,
}

/// Why a command has no reply yet.
enum Broken {
    /// Another sink may be able to.
    Elsewhere(ErrorCode, String),
    /// The bus does not do what it is asked.
    Bus(String),
}

/// A refusal, for the reply.
type Refusal = (ErrorCode, String);

impl Orders {
    pub(crate) fn new(bus: Bus, counters: Vec<Counter>) -> Orders {
        Orders { bus, counters }
    }

    /// Joins the consumer that all sinks share.
    ///
    /// # Errors
    /// If the bus does not let it.
    pub(crate) async fn commands(&self) -> Result<Durable, ReadError> {
        self.bus.share(Shared::MemoryOrders).await
    }

    /// Works until the shutdown is wished; a command under way is handed out again.
    pub(crate) async fn run(self, mut commands: Durable, shutdown: Shutdown) {
        loop {
            tokio::select! {
                biased;
                () = shutdown.wished() => return,
                () = async { self.take(commands.next().await).await } => {}
            }
        }
    }

    async fn take(&self, delivery: Delivery) {
        kit::metrics::delivered("memory-commands", delivery.attempts());
        let Ok(address) = self.bus.prefix().parse_command(&delivery.stored.subject) else {
            // The node that gets it as well keeps it as a dead letter.
            return delivery.ack().await;
        };
        let (run, verb) = (address.run.clone(), address.verb.as_str());
        match self.answer(&address, &delivery).await {
            Ok(()) => delivery.ack().await,
            Err(Broken::Elsewhere(..)) => delivery.retry_in(ELSEWHERE).await,
            Err(Broken::Bus(error)) => {
                tracing::warn!(%run, "{verb} of {run} is carried out later: {error}");
                delivery.retry_in(ELSEWHERE).await;
            }
        }
    }

    /// Carries a command out, unless it has its reply, and stores the reply.
    async fn answer(&self, address: &CommandAddress, delivery: &Delivery) -> Result<(), Broken> {
        let prefix = self.bus.prefix();
        let subject = prefix.reply(&address.client, &address.run, &address.command_id);
        if self.bus.last(StreamName::Replies, &subject).await?.is_some() {
            return Ok(());
        }
        let result = match self.carry_out(address, delivery).await {
            Err(Broken::Elsewhere(code, why)) if delivery.attempts() >= TRIES => Err((code, why)),
            Err(broken) => return Err(broken),
            Ok(result) => result,
        };
        let CommandAddress { run, verb, command_id, .. } = address.clone();
        let reply = match result {
            Ok(result) => Reply::completed(command_id, run, verb, result, wall()),
            Err((code, why)) => Reply::failed(command_id, run, verb.as_str(), code, why, wall()),
        };
        self.bus.append_first(StreamName::Replies, &subject, reply.to_bytes()).await?;
        Ok(())
    }

    async fn carry_out(
        &self,
        address: &CommandAddress,
        delivery: &Delivery,
    ) -> Result<Result<ReplyResult, Refusal>, Broken> {
        let command = match Command::parse(address, &delivery.stored.body) {
            Ok(command) if command.is_expired(wall()) => {
                let why = "the command came too late: it had expired".to_owned();
                return Ok(Err((ErrorCode::Expired, why)));
            }
            Ok(command) => command,
            Err(problems) => return Ok(Err(malformed(&problems))),
        };
        let status = match self.status(address).await? {
            Ok(status) => status,
            Err(refusal) => return Ok(Err(refusal)),
        };
        match command.request {
            Request::MemoryAttach(attach) => self.attach(&status, attach).await,
            Request::MemoryRedrive(redrive) => self.redrive(&status, &redrive).await,
            other => {
                let why = format!("{} is not for a memory-sink", other.verb().as_str());
                Ok(Err((ErrorCode::Malformed, why)))
            }
        }
    }

    /// The state of the run, if there is one.
    async fn status(&self, address: &CommandAddress) -> Result<Result<EnvStatus, Refusal>, Broken> {
        let subject = self.bus.prefix().env_status(&address.run);
        let unknown = || (ErrorCode::UnknownRun, format!("there is no run {}", address.run));
        let Some(stored) = self.bus.last(StreamName::EnvStatus, &subject).await? else {
            return Ok(Err(unknown()));
        };
        let status: EnvStatus = serde_json::from_slice(&stored.body).map_err(|error| {
            Broken::Bus(format!("the state of the run cannot be read: {error}"))
        })?;
        match status.status {
            RunStatus::Deleted => Ok(Err(unknown())),
            _ => Ok(Ok(status)),
        }
    }

    /// Gives a run one more memory.
    async fn attach(
        &self,
        status: &EnvStatus,
        attach: MemoryAttach,
    ) -> Result<Result<ReplyResult, Refusal>, Broken> {
        let Counter { means, driver } = self.counter(&attach.target)?;
        let graph = status.memory.first().map(|memory| memory.graph_id.clone());
        let graph = attach.graph_id.or(graph).unwrap_or_else(|| {
            MemoryTarget::graph_of_run(status.simulation_id.as_str(), &status.run_id)
        });
        let named = status.memory.iter().find(|memory| memory.target == attach.target);
        let mut bound = named.map(|memory| memory.graph_id.clone());
        let mut attached = false;
        for platform in &status.platforms {
            let world = World { run_id: status.run_id.clone(), platform: platform.platform };
            if bound.is_none() {
                bound = means.target.world(&world).map(|seen| seen.progress.graph_id);
            }
            if bound.is_some() && !attached {
                break;
            }
            attached |= means.ledger.bind(&world, &graph).await?;
            means.target.bind(&world, &graph);
            // A driver that is gone has ended with the service.
            let _gone = driver.send(Order::Attend(world));
        }
        let (target, graph_id) = (attach.target, bound.unwrap_or(graph));
        Ok(Ok(ReplyResult::MemoryAttached { target, graph_id, attached }))
    }

    /// The target of that name.
    ///
    /// # Errors
    /// If it is none of this sink's.
    fn counter(&self, name: &str) -> Result<&Counter, Broken> {
        let found = self.counters.iter().find(|counter| counter.means.target.name == name);
        found.ok_or_else(|| {
            let names: Vec<&str> =
                self.counters.iter().map(|counter| counter.means.target.name.as_str()).collect();
            let names = names.join(", ");
            let why = format!("no memory-sink has a memory {name:?}; there are {names}");
            Broken::Elsewhere(ErrorCode::Invalid, why)
        })
    }
}

fn malformed(problems: &Problems) -> Refusal {
    (ErrorCode::Malformed, problems.to_string())
}

impl From<ReadError> for Broken {
    fn from(error: ReadError) -> Broken {
        Broken::Bus(error.to_string())
    }
}

impl From<AppendError> for Broken {
    fn from(error: AppendError) -> Broken {
        Broken::Bus(error.to_string())
    }
}

impl From<LedgerError> for Broken {
    fn from(error: LedgerError) -> Broken {
        Broken::Bus(error.to_string())
    }
}
