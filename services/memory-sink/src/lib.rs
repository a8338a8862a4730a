//! The memory-sink: reads what agents did, and hands it to graph memories.
//!
//! It meets the other services nowhere but on the bus. In reading order:
//!
//! - [`config`]: what the operator wants;
//! - [`batch`] and [`render`]: frames in, batches of episodes out (pure);
//! - [`queue`] and [`delivery`]: frames in, batches out, and what comes of them (pure);
//! - [`adapters`]: how to speak to a memory;
//! - [`ledger`]: what is remembered of the work itself, so that nothing is lost or twice;
//! - [`query`]: answers what is asked about the memories; [`target`]: what it knows of them;
//!   [`graph`]: what an action means in a graph (pure).
//!
//! What holds whatever happens: a memory's place in a world is the `seq` of an action, never
//! a sequence of the stream; it moves only when what is before it is in the memory, or in the
//! dead letters; and it never skips.

pub mod adapters;
pub mod batch;
pub mod config;
mod dead_letter;
pub mod delivery;
mod driver;
pub mod graph;
mod lane;
pub mod ledger;
mod means;
mod measures;
mod orders;
pub mod pace;
pub mod policy;
pub mod query;
pub mod queue;
pub mod ranges;
pub mod render;
pub mod scout;
pub mod target;
mod tenure;
#[cfg(test)]
mod testing;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bus::{Bus, Role};
use contract::subject::StreamName;
use kit::shutdown::Shutdown;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::adapters::Memory;
use crate::adapters::http::HttpMemory;
use crate::adapters::jsonl::JsonlMemory;
use crate::adapters::sqlite::SqliteMemory;
use crate::adapters::zep::ZepMemory;
use crate::config::{Args, TargetConfig, TargetKind, Targets};
use crate::delivery::Manners;
use crate::driver::Driver;
use crate::ledger::{BusLedger, Ledger};
use crate::means::Means;
use crate::orders::{Counter, Orders};
use crate::policy::Policy;
use crate::query::Desk;
use crate::scout::Scout;
use crate::target::Target;

/// How long a start waits for the bus.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the service until `shutdown` is wished, then finishes what is in hand.
///
/// # Errors
/// Whatever keeps it from starting, or from going on.
pub async fn run(args: Args, shutdown: Shutdown) -> anyhow::Result<ExitCode> {
    let targets = match config::read_targets(args.targets.as_deref()) {
        Ok(targets) => targets,
        Err(problems) => {
            for problem in problems.as_slice() {
                tracing::error!("{problem}");
            }
            return Ok(ExitCode::from(kit::EXIT_USAGE));
        }
    };
    let stream = args.bus.prefix.stream(StreamName::Actions);
    let memories = open_memories(targets, &args.memory_dir, &stream)?;
    let bus = Bus::connect(&args.bus, Role::MemorySink, "shoal-memory-sink", PATIENCE).await?;
    bus.ensure_topology().await?;
    bus.tell_missing_rights(Role::MemorySink);

    let embedded = memories.iter().find_map(|(_, memory, _)| match memory {
        Memory::Sqlite(memory) => Some(memory.clone()),
        Memory::Http(_) | Memory::Zep(_) | Memory::Jsonl(_) => None,
    });
    let means = all_means(&bus, memories, &shutdown);
    let targets: Vec<Arc<Target>> = means.iter().map(|means| Arc::clone(&means.target)).collect();
    measures::begin(&targets);
    let (measured_bus, measured) = (bus.clone(), targets.clone());
    let metrics = kit::metrics::serve(args.metrics, move || {
        measures::page(measured_bus.clone(), measured.clone())
    });
    let names: BTreeSet<String> = targets.iter().map(|target| target.name.clone()).collect();
    let desk = Desk::new(bus.clone(), embedded, targets);
    let requests = desk.open().await.map_err(anyhow::Error::msg)?;
    tracing::info!("ready: {} memories", names.len());

    let (mut tasks, mut listeners, mut counters) = (JoinSet::new(), Vec::new(), Vec::new());
    for means in means {
        let ((tell, news), (driver, asked)) =
            (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        listeners.push(tell);
        counters.push(Counter { means: means.clone(), driver });
        tasks.spawn(Driver::new(means, news, asked).run());
    }
    let orders = Orders::new(bus.clone(), counters);
    let commands = orders.commands().await?;
    tasks.spawn(orders.run(commands, shutdown.clone()));
    tasks.spawn(Scout::new(bus.clone(), listeners, names).run(shutdown.clone()));
    let answering = tokio::spawn(desk.run(requests, shutdown));
    let health = kit::health::answer(args.health.health_socket.as_deref(), || bus.is_ready());
    tokio::select! {
        ended = all(&mut tasks) => ended?,
        answered = health => match answered? {},
        answered = metrics => match answered? {},
    }
    answering.await.context("the desk has failed")?;
    bus.drain().await;
    Ok(ExitCode::SUCCESS)
}

/// Waits until all of them have ended.
async fn all(tasks: &mut JoinSet<()>) -> anyhow::Result<()> {
    while let Some(ended) = tasks.join_next().await {
        ended.context("a driver has failed")?;
    }
    Ok(())
}

/// Opens every memory that is configured.
fn open_memories(
    targets: Targets,
    folder: &Path,
    stream: &str,
) -> anyhow::Result<Vec<(String, Memory, Policy)>> {
    let open = |(name, target): (String, TargetConfig)| {
        let policy = target.policy;
        let memory = open_memory(&name, target, folder, stream)?;
        Ok((name, memory, policy))
    };
    targets.into_iter().map(open).collect()
}

/// Opens a memory: the embedded one in `folder`, for the stream of actions of this name. No other
/// one is spoken to yet.
///
/// # Errors
/// If it cannot be had.
pub fn open_memory(
    name: &str,
    target: TargetConfig,
    folder: &Path,
    stream: &str,
) -> anyhow::Result<Memory> {
    let timeout = target.policy.timeout;
    let named = || format!("target {name:?}");
    Ok(match target.kind {
        TargetKind::Sqlite => Memory::Sqlite(SqliteMemory::open(folder, name, stream)?),
        TargetKind::Http(webhook) => {
            Memory::Http(HttpMemory::new(*webhook, timeout).with_context(named)?)
        }
        TargetKind::Zep(zep) => {
            Memory::Zep(ZepMemory::new(name, &zep, timeout).with_context(named)?)
        }
        TargetKind::Jsonl { folder } => {
            Memory::Jsonl(JsonlMemory::open(&folder).with_context(named)?)
        }
    })
}

/// What the lanes of each memory work with.
fn all_means(
    bus: &Bus,
    memories: Vec<(String, Memory, Policy)>,
    shutdown: &Shutdown,
) -> Vec<Means> {
    let (began, holder) = (Instant::now(), bus.new_command_id().to_string());
    let means = |(name, memory, policy): (String, Memory, Policy)| {
        let ledger = Arc::new(match &memory {
            Memory::Sqlite(memory) => Ledger::File(memory.clone()),
            Memory::Http(_) | Memory::Zep(_) | Memory::Jsonl(_) => {
                Ledger::Bus(Box::new(BusLedger::new(bus.clone(), &name)))
            }
        });
        let target = Arc::new(Target::new(name, memory.kind(), memory.place(), policy));
        Means {
            bus: bus.clone(),
            memory,
            ledger,
            target,
            manners: Manners::usual(policy.timeout),
            shutdown: shutdown.clone(),
            began,
            holder: holder.clone(),
        }
    };
    memories.into_iter().map(means).collect()
}
