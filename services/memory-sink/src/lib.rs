//! The memory-sink: reads what agents did, and hands it to graph memories.
//!
//! It meets the other services nowhere but on the bus. In reading order:
//!
//! - [`config`]: what the operator wants;
//! - [`batch`] and [`render`]: frames in, batches of episodes out (pure);
//! - [`driver`]: brings one target up to date, with a cursor of its own on the stream;
//! - [`adapters`]: how to speak to a memory;
//! - [`ledger`]: what is remembered of the work itself, so that nothing is lost or twice;
//! - [`query`]: answers what is asked about the memories; [`target`]: what it knows of them;
//!   [`graph`]: draws agents and what they did to each other (pure).
//!
//! What holds whatever happens: a memory's place in a world is the `seq` of an action, never
//! a sequence of the stream; it moves only when what is before it is in the memory, or in the
//! dead letters; and it never skips.

pub mod adapters;
pub mod batch;
pub mod config;
mod dead_letter;
pub mod driver;
pub mod graph;
pub mod ledger;
pub mod policy;
pub mod query;
pub mod render;
mod stream;
pub mod target;
#[cfg(test)]
mod testing;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bus::Bus;
use contract::subject::StreamName;
use kit::shutdown::Shutdown;
use tokio::task::JoinSet;

use crate::adapters::Memory;
use crate::adapters::http::HttpMemory;
use crate::adapters::sqlite::SqliteMemory;
use crate::adapters::zep::ZepMemory;
use crate::config::{Args, TargetConfig, TargetKind, Targets};
use crate::driver::{Driver, Manners};
use crate::ledger::{BusLedger, Ledger};
use crate::query::Desk;
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
    let memories = open_memories(targets, &args.memory_dir)?;
    let bus = Bus::connect(&args.bus, "shoal-memory-sink", PATIENCE).await?;
    bus.ensure_topology().await?;

    let drivers = drivers(&bus, memories, &shutdown);
    let targets: Vec<Arc<Target>> = drivers.iter().map(Driver::target).collect();
    let embedded = drivers.iter().find_map(Driver::embedded);
    let desk = Desk::new(bus.clone(), embedded, targets);
    let requests = desk.open().await.map_err(anyhow::Error::msg)?;
    tracing::info!("ready: {} memories", drivers.len());

    let mut tasks: JoinSet<()> = drivers.into_iter().map(Driver::run).collect();
    let answering = tokio::spawn(desk.run(requests, shutdown));
    while let Some(ended) = tasks.join_next().await {
        ended.context("a driver has failed")?;
    }
    answering.await.context("the desk has failed")?;
    bus.drain().await;
    Ok(ExitCode::SUCCESS)
}

/// Opens every memory that is configured.
fn open_memories(targets: Targets, folder: &Path) -> anyhow::Result<Vec<(String, Memory)>> {
    let open = |(name, target): (String, TargetConfig)| {
        let timeout = target.policy.timeout;
        let named = || format!("target {name:?}");
        let memory = match target.kind {
            TargetKind::Sqlite => Memory::Sqlite(SqliteMemory::open(folder, &name)?),
            TargetKind::Http(webhook) => {
                Memory::Http(HttpMemory::new(*webhook, timeout).with_context(named)?)
            }
            TargetKind::Zep(zep) => {
                Memory::Zep(ZepMemory::new(&name, &zep, timeout).with_context(named)?)
            }
            TargetKind::Jsonl { .. } => {
                anyhow::bail!("target {name:?}: this build writes no files of lines")
            }
        };
        Ok((name, memory))
    };
    targets.into_iter().map(open).collect()
}

/// One driver per memory, each with its ledger; the first says when a run names a stranger.
fn drivers(bus: &Bus, memories: Vec<(String, Memory)>, shutdown: &Shutdown) -> Vec<Driver> {
    let mut names = Some(memories.iter().map(|(name, _)| name.clone()).collect());
    let driver = |(name, memory): (String, Memory)| {
        let ledger = match &memory {
            Memory::Sqlite(memory) => Ledger::File {
                memory: memory.clone(),
                stream: bus.prefix().stream(StreamName::Actions),
            },
            Memory::Http(_) | Memory::Zep(_) => {
                Ledger::Bus(Box::new(BusLedger::new(bus.clone(), &name)))
            }
        };
        let target = Arc::new(Target::new(name, memory.kind(), memory.place()));
        let shutdown = shutdown.clone();
        Driver::new(bus.clone(), memory, ledger, target, Manners::USUAL, shutdown, names.take())
    };
    memories.into_iter().map(driver).collect()
}
