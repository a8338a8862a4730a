//! The node: sees to it that every run that should be held is held by somebody.

pub mod guardian;
pub mod hold;
pub mod process;
pub mod vitals;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::{Append, Bus, Delivery, Durable, ServiceInfo, Stored};
use contract::command::Command;
use contract::id::RunId;
use contract::notice::{DeadLetter, NodeInfo};
use contract::problem::Problem;
use contract::reply::{ErrorCode, Reply};
use contract::status::{EnvStatus, RunStatus};
use contract::subject::{CommandAddress, Prefix, StreamName};
use contract::timestamp::Timestamp;
use contract::version::V1;
use kit::shutdown::Shutdown;
use tokio::task::JoinHandle;

use self::guardian::{Facts, Wish, decide};
use crate::args::{Cli, NodeArgs};
use crate::worker::desk::store_reply;

/// The service's name in the subjects of dead letters.
const SERVICE: &str = "simulator";
/// How long the server waits for an acknowledgement before it hands a command out again.
const ACK_WAIT: Duration = Duration::from_secs(30);
/// How long a bus that is not there yet is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks for runs that nobody holds.
const SWEEP: Duration = Duration::from_secs(3);
/// How long workers may take to end with their node.
const GRACE: Duration = Duration::from_secs(10);

/// The runs that a node holds: the task of each, and what may be asked of it.
type Holds = BTreeMap<RunId, (JoinHandle<()>, hold::Handle)>;

/// What the tasks of a node share; cheap to clone.
#[derive(Clone)]
pub struct Node {
    bus: Bus,
    name: Arc<str>,
    /// What leases are held as: the name, made unique to this process.
    holder: Arc<str>,
    args: Arc<NodeArgs>,
    /// The URL is handed to workers in their environment, never on a command line.
    nats: Arc<bus::BusArgs>,
    /// The configuration file, for workers to read too.
    config: Option<Arc<Path>>,
    holds: Arc<Mutex<Holds>>,
    /// Runs with other rules than this build's.
    unfit: Arc<Mutex<BTreeSet<RunId>>>,
    shutdown: Shutdown,
}

/// Runs a node until it is asked to shut down; `config` is the file that it was configured by.
///
/// # Errors
/// If the bus cannot be reached or is not fit.
pub async fn run(cli: Cli, config: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    let shutdown = Shutdown::on_signals()?;
    if let Some(warning) = faults::warning() {
        tracing::warn!("{warning}");
    }
    let name = cli.node.name();
    let bus = Bus::connect(&cli.bus, &format!("shoal-simulator {name}"), PATIENCE).await?;
    bus.ensure_topology().await?;
    let node = Node {
        bus: bus.clone(),
        name: name.clone().into(),
        holder: format!("{name} {}-{}", std::process::id(), kit::now_milliseconds()).into(),
        args: Arc::new(cli.node),
        nats: Arc::new(cli.bus),
        config: config.map(Arc::from),
        holds: Arc::default(),
        unfit: Arc::default(),
        shutdown: shutdown.clone(),
    };
    tracing::info!(node = name, slots = node.args.slots, "the node is up");
    let commands = node.guardian(StreamName::Commands).await?;
    let questions = node.guardian(StreamName::Questions).await?;
    tokio::select! {
        () = shutdown.wished() => {}
        () = node.clone().guard(commands) => {}
        () = node.clone().guard(questions) => {}
        () = node.clone().sweep() => {}
        served = node.clone().serve_info() => served?,
    }
    node.end_holds().await;
    bus.drain().await;
    tracing::info!(node = name, "the node is down");
    Ok(ExitCode::SUCCESS)
}

impl Node {
    async fn guardian(&self, stream: StreamName) -> anyhow::Result<Durable> {
        let filter = self.bus.prefix().all(stream);
        Ok(self.bus.durable(stream, "guardian", &filter, ACK_WAIT).await?)
    }

    /// Takes commands from a shared consumer, each in a task of its own, since one that
    /// waits for the bus must not hold up the next.
    async fn guard(self, mut guardian: Durable) {
        loop {
            let delivery = guardian.next().await;
            let node = self.clone();
            tokio::spawn(async move { node.take(delivery).await });
        }
    }

    async fn take(&self, delivery: Delivery) {
        let stored = &delivery.stored;
        let address = match self.bus.prefix().parse_command(&stored.subject) {
            Ok(address) => address,
            Err(why) => {
                self.dead_letter(&delivery, &why).await;
                return delivery.ack().await;
            }
        };
        let Some((facts, why)) = self.facts(&address, &delivery).await else {
            return delivery.retry_in(Duration::from_secs(1)).await;
        };
        match decide(facts) {
            Wish::Acknowledge => delivery.ack().await,
            Wish::Later(pause) => delivery.retry_in(pause).await,
            Wish::Claim => {
                self.claim(&address.run, address.verb.as_str());
                delivery.retry_in(Duration::from_secs(1)).await;
            }
            Wish::MakeRoom(pause) => {
                self.make_room();
                delivery.retry_in(pause).await;
            }
            Wish::Refuse(code) => {
                self.refuse(&address, code, &why).await;
                delivery.ack().await;
            }
        }
    }

    /// What the bus says about a command, and the words for a refusal; `None` if it does not
    /// answer.
    async fn facts(
        &self,
        address: &CommandAddress,
        delivery: &Delivery,
    ) -> Option<(Facts, String)> {
        let (prefix, run) = (self.bus.prefix(), &address.run);
        let reply = prefix.reply(&address.client, run, &address.command_id);
        let replied = self.bus.last(StreamName::Replies, &reply).await.ok()?.is_some();
        let stored = self.bus.last(StreamName::EnvStatus, &prefix.env_status(run)).await.ok()?;
        let status: Option<EnvStatus> = match stored {
            Some(stored) => Some(serde_json::from_slice(&stored.body).ok()?),
            None => None,
        };
        let held = self.bus.lease_holder(&Prefix::lease_key(run)).await.ok()?.is_some();
        let (void, why) = match (Command::parse(address, &delivery.stored.body), &status) {
            (_, None) => (None, format!("there is no run {run}")),
            (_, Some(status)) if status.status == RunStatus::Deleted => {
                (None, format!("there is no run {run} any more: it was deleted"))
            }
            (Err(problems), _) => (Some(ErrorCode::Malformed), problems.to_string()),
            // Of a command only the journals say whether it was not carried out in time.
            (Ok(command), _)
                if command.is_expired(now())
                    && command.request.verb().stream() == StreamName::Questions =>
            {
                (Some(ErrorCode::Expired), "it had expired before a node could open the run".into())
            }
            (Ok(_), Some(status)) => {
                let reason = status.reason.as_deref().unwrap_or("for no reason that it gave");
                (None, format!("run {run} cannot be opened: {reason}"))
            }
        };
        let (attempts, room) = (delivery.attempts(), self.has_room());
        let (executor, status) = (address.verb.executor(), status.map(|status| status.status));
        Some((Facts { executor, replied, held, status, void, attempts, room }, why))
    }

    async fn refuse(&self, address: &CommandAddress, code: ErrorCode, why: &str) {
        let (id, run, verb) = (address.command_id.clone(), address.run.clone(), address.verb);
        let reply = Reply::failed(id, run, verb.as_str(), code, why, now());
        let subject = self.bus.prefix().reply(&address.client, &address.run, &address.command_id);
        if let Err(lost) = store_reply(&self.bus, &subject, &reply).await {
            tracing::error!("failed to refuse a command: {lost}");
        }
    }

    async fn dead_letter(&self, delivery: &Delivery, why: &str) {
        let stored = &delivery.stored;
        let problem = Problem::new("subject", why, "<prefix>.<stream>.<run>.<verb>.<client>.<id>");
        let (subject, sequence) = (&stored.subject, stored.sequence);
        let letter = DeadLetter::new(SERVICE, subject, sequence, problem, &stored.body, now());
        let append = Append {
            subject: self.bus.prefix().dead_letters(SERVICE, letter.run_id.as_ref()),
            body: letter.to_bytes(),
            headers: Vec::new(),
            expected_last: None,
        };
        if let Err(error) = self.bus.append(append).await {
            tracing::error!("failed to store a dead letter for {}: {error}", stored.subject);
        }
    }

    /// Looks every now and then for runs that should go on and that nobody holds.
    async fn sweep(self) {
        loop {
            tokio::time::sleep(SWEEP).await;
            let filter = self.bus.prefix().all(StreamName::EnvStatus);
            let Ok(all) = self.bus.read_last_per_subject(StreamName::EnvStatus, &filter).await
            else {
                continue;
            };
            for stored in all {
                let Ok(status) = serde_json::from_slice::<EnvStatus>(&stored.body) else {
                    continue;
                };
                let gone = status.status == RunStatus::Deleted;
                if gone || (!status.status.is_live() && !status.held) {
                    continue;
                }
                let key = Prefix::lease_key(&status.run_id);
                if !matches!(self.bus.lease_holder(&key).await, Ok(None)) {
                    continue;
                }
                match status.status.is_live() {
                    true => self.claim(&status.run_id, "recover"),
                    false => self.correct(status, &stored).await,
                }
            }
        }
    }

    /// Writes down that nobody holds an ended run any more, whose holder could not.
    async fn correct(&self, mut status: EnvStatus, stored: &Stored) {
        (status.held, status.updated_at) = (false, now());
        let append = Append {
            subject: stored.subject.clone(),
            body: status.to_bytes(),
            headers: Vec::new(),
            expected_last: Some(stored.sequence),
        };
        if let Err(error) = self.bus.append(append).await {
            tracing::debug!("failed to correct {}: {error}", stored.subject);
        }
    }

    /// Claims a run for this node and starts its worker. Another node that is quicker has it.
    fn claim(&self, run: &RunId, why: &str) {
        if self.shutdown.is_wished() || lock(&self.unfit).contains(run) {
            return;
        }
        let mut holds = self.live_holds();
        // The lease would let this node in twice: to the server it is one holder.
        if holds.contains_key(run) {
            return;
        }
        if holds.len() >= usize::from(self.args.slots) {
            drop(holds);
            return self.make_room();
        }
        let handle = hold::Handle::open();
        let holding = self.clone().take_lease_and_hold(run.clone(), why.to_owned(), handle.clone());
        holds.insert(run.clone(), (tokio::spawn(holding), handle));
    }

    /// Leaves a run to nodes of another build from now on.
    fn refuse_run(&self, run: &RunId) {
        tracing::warn!(%run, "the run has other rules than this build, leaving it to others");
        lock(&self.unfit).insert(run.clone());
    }

    async fn take_lease_and_hold(self, run: RunId, why: String, handle: hold::Handle) {
        let key = Prefix::lease_key(&run);
        match self.bus.acquire_lease(&key, &self.holder, self.args.lease()).await {
            Ok(Some(lease)) => {
                tracing::info!(%run, why, "claimed the run");
                faults::point("run.leased");
                hold::hold(self, run, lease, why, handle).await;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%run, "failed to claim the run: {error}"),
        }
    }

    /// Whether this node can take one more run.
    fn has_room(&self) -> bool {
        self.live_holds().len() < usize::from(self.args.slots)
    }

    /// The holds that have not ended.
    fn live_holds(&self) -> MutexGuard<'_, Holds> {
        let mut holds = lock(&self.holds);
        holds.retain(|_, (task, _)| !task.is_finished());
        holds
    }

    /// Asks a run that is only kept open for questions to make room, if there is one.
    fn make_room(&self) {
        if let Some((_, handle)) = lock(&self.holds).values().find(|(_, handle)| handle.has_ended())
        {
            handle.let_go();
        }
    }

    async fn end_holds(&self) {
        let holds = std::mem::take(&mut *lock(&self.holds));
        let ending = async {
            for (run, (task, _)) in holds {
                if task.await.is_err() {
                    tracing::error!(%run, "the task that held the run panicked");
                }
            }
        };
        if tokio::time::timeout(GRACE + Duration::from_secs(5), ending).await.is_err() {
            tracing::warn!("some workers did not end in time");
        }
    }

    /// Answers who this node is, so that others can see that there is one.
    async fn serve_info(self) -> anyhow::Result<()> {
        let info = ServiceInfo {
            name: "shoal-simulator".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "claims runs and executes them".to_owned(),
        };
        let subject = self.bus.prefix().node_info();
        let serving = self.bus.serve(info, &[("info", subject)]).await;
        let mut requests = serving.map_err(|why| anyhow::anyhow!("failed to serve: {why}"))?;
        while let Some(request) = requests.next().await {
            let runs = { lock(&self.holds).keys().cloned().collect() };
            let (node, slots) = (self.name.to_string(), self.args.slots);
            let answer = NodeInfo { v: V1, node, slots, runs, rules: world::RULES };
            let body = serde_json::to_vec(&answer).expect("no map keys that JSON refuses");
            request.respond(body).await;
        }
        std::future::pending().await
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now() -> Timestamp {
    Timestamp::from_milliseconds(kit::now_milliseconds())
}
