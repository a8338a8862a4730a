//! The node: sees to it that every run that should be held is held by somebody.
//!
//! In reading order: [`guardian`] (what is done about a command) and guard (doing it), sweep (runs
//! that nobody asks for), [`keeper`] with [`stops`] and [`vitals`] (what is done about a run that
//! is held) and [`hold`] (doing it), jobs (what is done beside runs), [`process`] (a worker as a process), records (what a node
//! writes about runs).

mod guard;
pub mod guardian;
pub mod hold;
mod jobs;
pub mod keeper;
pub mod process;
mod records;
pub mod stops;
mod sweep;
pub mod vitals;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::{AppendError, Bus, HeldLease, Lease, Role, ServiceInfo, Shared};
use contract::id::RunId;
use contract::notice::{EndpointInfo, NodeInfo};
use contract::subject::Prefix;
use contract::timestamp::Timestamp;
use contract::version::V1;
use kit::metrics::{self, Page};
use kit::shutdown::Shutdown;
use tokio::task::JoinHandle;

use self::guardian::InVain;
use self::process::Groups;
use crate::args::{Cli, NodeArgs};
use crate::measures;
use crate::model::endpoint;
use crate::play;
use crate::worker::rules_of;

/// How long a bus that is not there yet is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
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
    /// The language models that its workers can ask: what is told of them.
    endpoints: Arc<[EndpointInfo]>,
    /// The URL is handed to workers in their environment, never on a command line.
    nats: Arc<bus::BusArgs>,
    /// The configuration file, for workers to read too.
    config: Option<Arc<Path>>,
    holds: Arc<Mutex<Holds>>,
    /// Runs with other rules than this build's.
    unfit: Arc<Mutex<BTreeSet<RunId>>>,
    in_vain: Arc<Mutex<InVain>>,
    jobs: Arc<Mutex<jobs::Jobs>>,
    jobs_in_vain: Arc<Mutex<InVain>>,
    groups: Groups,
    shutdown: Shutdown,
}

/// How a run is claimed.
#[derive(Clone, Debug)]
enum Taking {
    /// If nobody has its lease.
    Free,
    /// From whoever has its lease, if that is still as it was found.
    From(HeldLease),
}

/// Runs a node until it is asked to shut down; `config` is the file that it was configured by.
///
/// # Errors
/// If the bus cannot be reached or is not fit.
pub async fn run(cli: Cli, config: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    if let Some(warning) = faults::warning() {
        tracing::warn!("{warning}");
    }
    let groups = Groups::default();
    let workers = groups.clone();
    let shutdown = Shutdown::on_signals_with(move || workers.kill_all())?;
    let endpoints = endpoint::read(cli.node.llm_endpoints.as_deref())?;
    let name = cli.node.name();
    let bus = Bus::connect(&cli.bus, Role::Simulator, &format!("shoal-simulator {name}"), PATIENCE)
        .await?;
    bus.ensure_topology().await?;
    bus.tell_missing_rights(Role::Simulator);
    let node = Node {
        bus: bus.clone(),
        name: name.clone().into(),
        holder: format!("{name} {}-{}", std::process::id(), kit::now_milliseconds()).into(),
        args: Arc::new(cli.node),
        endpoints: endpoints.infos().into(),
        nats: Arc::new(cli.bus),
        config: config.map(Arc::from),
        holds: Arc::default(),
        unfit: Arc::default(),
        in_vain: Arc::default(),
        jobs: Arc::default(),
        jobs_in_vain: Arc::default(),
        groups,
        shutdown: shutdown.clone(),
    };
    tracing::info!(node = name, slots = node.args.slots, "the node is up");
    let commands = bus.share(Shared::Commands).await?;
    let questions = bus.share(Shared::Questions).await?;
    let health = kit::health::answer(cli.health.health_socket.as_deref(), || bus.is_ready());
    measures::begin();
    let measured = node.clone();
    let metrics = kit::metrics::serve(cli.metrics, move || std::future::ready(measured.page()));
    tokio::select! {
        () = shutdown.wished() => {}
        () = node.clone().guard("commands", commands) => {}
        () = node.clone().guard("questions", questions) => {}
        () = node.clone().hear_stops() => {}
        () = node.clone().sweep() => {}
        served = node.clone().serve_info() => served?,
        answered = health => match answered? {},
        answered = metrics => match answered? {},
    }
    node.end_jobs().await;
    node.end_holds().await;
    bus.drain().await;
    tracing::info!(node = name, "the node is down");
    Ok(ExitCode::SUCCESS)
}

impl Node {
    /// Claims a run for this node and starts its worker. Another node that is quicker has it.
    /// False if there is no room, which is then made, if it can be.
    fn claim(&self, run: &RunId, why: &str, taking: Taking) -> bool {
        if !self.may_claim(run) {
            return true;
        }
        let mut holds = self.live_holds();
        // The lease would let this node in twice: to the server it is one holder.
        if holds.contains_key(run) {
            return true;
        }
        if holds.len() >= usize::from(self.args.slots) {
            drop(holds);
            self.make_room();
            return false;
        }
        let (handle, asked) = hold::Handle::open();
        let holding = self.clone().take_lease_and_hold(run.clone(), why.to_owned(), taking, asked);
        holds.insert(run.clone(), (tokio::spawn(holding), handle));
        true
    }

    /// False for a run that this node holds, or must not.
    fn may_claim(&self, run: &RunId) -> bool {
        !self.is_unfit_for(run) && !self.shutdown.is_wished() && self.handle(run).is_none()
    }

    /// The hold on a run, if this node has it.
    fn handle(&self, run: &RunId) -> Option<hold::Handle> {
        self.live_holds().get(run).map(|(_, handle)| handle.clone())
    }

    /// True where others may be about to take leases again that expired during an outage.
    fn is_quiet(&self) -> bool {
        let since = self.bus.connected_since();
        since.is_none_or(|since| since.elapsed() < self.args.quiet())
    }

    /// Leaves a run to nodes of another build from now on.
    fn refuse_run(&self, run: &RunId) {
        tracing::warn!(%run, "the run has other rules than this build, leaving it to others");
        lock(&self.unfit).insert(run.clone());
    }

    fn is_unfit_for(&self, run: &RunId) -> bool {
        lock(&self.unfit).contains(run)
    }

    async fn take_lease_and_hold(
        self,
        run: RunId,
        why: String,
        taking: Taking,
        asked: hold::Asked,
    ) {
        // Without the lease: whoever can play it is not held up. No answer is no news.
        if matches!(rules_of(&self.bus, &run).await, Ok(Some(found)) if found != play::rules()) {
            return self.refuse_run(&run);
        }
        match self.take_lease(&run, &taking).await {
            Ok(Some(lease)) => {
                tracing::info!(%run, why, "claimed the run");
                metrics::add(&measures::CLAIMS, &[("why", &why)], 1);
                faults::point("run.leased");
                hold::hold(self, run, lease, why, asked).await;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%run, "failed to claim the run: {error}"),
        }
    }

    async fn take_lease(&self, run: &RunId, taking: &Taking) -> Result<Option<Lease>, AppendError> {
        let (key, ttl) = (Prefix::lease_key(run), self.args.lease());
        match taking {
            Taking::Free => self.bus.acquire_lease(&key, &self.holder, ttl).await,
            Taking::From(found) => {
                let seized = self.bus.seize_lease(&key, &self.holder, ttl, found).await?;
                if seized.is_some() {
                    let holder = &found.holder;
                    tracing::warn!(%run, holder, "took the run from a node that does not answer");
                }
                Ok(seized)
            }
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

    /// What Prometheus is told.
    fn page(&self) -> Page {
        let rules = play::rules().to_string();
        let mut page = metrics::begin("shoal-simulator", &[("rules", &rules)]);
        metrics::connected(&mut page, self.bus.connected_since().is_some());
        page.single("shoal_node_slots", "Runs that the node holds at most.", self.args.slots);
        page.single("shoal_node_runs", "Runs that it holds now.", self.live_holds().len());
        metrics::registry().write(&mut page, &measures::ALL);
        page
    }

    /// Answers who this node is, so that others can see that there is one.
    async fn serve_info(self) -> anyhow::Result<()> {
        let info = ServiceInfo {
            name: "shoal-simulator".to_owned(),
            version: kit::build::VERSION.to_owned(),
            description: "claims runs and executes them".to_owned(),
            metadata: kit::build::metadata(Some(play::rules())),
        };
        let subject = self.bus.prefix().node_info();
        let serving = self.bus.serve(info, &[("info", subject)]).await;
        let mut requests = serving.map_err(|why| anyhow::anyhow!("failed to serve: {why}"))?;
        while let Some(request) = requests.next().await {
            let runs = { lock(&self.holds).keys().cloned().collect() };
            let (node, slots) = (self.name.to_string(), self.args.slots);
            let (rules, endpoints) = (play::rules(), self.endpoints.to_vec());
            let answer = NodeInfo { v: V1, node, slots, runs, rules, endpoints };
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
