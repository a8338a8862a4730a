//! Measures the embedded graph: how fast a stream of frames becomes one, and how fast it is
//! searched. What the figures mean is in `docs/performance.md`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what it is for")]

mod filling;
mod report;
mod searching;
mod town;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::anyhow;
use bus::{Bus, BusArgs, Role};
use clap::Parser;
use kit::health::HealthArgs;
use kit::metrics::MetricsArgs;
use memory_sink::adapters::sqlite::SqliteMemory;
use memory_sink::config::Args;
use nats_process::{NatsServer, Options};

/// Measures how fast a stream of actions becomes a graph, and how fast that is searched.
#[derive(Parser)]
#[command(name = "memory-bench", max_term_width = 100)]
struct Arguments {
    /// Actions, in thousands
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    thousands: u32,
    /// Only fill the graph, search nothing
    #[arg(long)]
    fill: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match measure(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let server = NatsServer::start(Options::default());
    let args = BusArgs::at(server.url());
    let bus = Bus::connect(&args, Role::Cli, "memory-bench", Duration::from_secs(10)).await?;
    bus.ensure_topology().await?;

    // A thousand agents in two worlds.
    let frames = town::frames(&"town-1".parse()?, arguments.thousands / 2)?;
    let actions: u64 = frames.iter().map(|frame| frame.actions.len() as u64).sum();
    filling::publish(&bus, &frames).await?;
    let batches = filling::packed(&frames)?;

    filling::bare_stream(&bus, actions).await?;
    filling::bare_rows(folder.path(), &batches)?;
    let sink = Args {
        bus: args,
        memory_dir: folder.path().to_owned(),
        targets: None,
        health: HealthArgs::default(),
        metrics: MetricsArgs::default(),
        question: None,
    };
    filling::graph(&sink, &bus, actions).await?;
    let memory = SqliteMemory::open(folder.path(), "local", "SIM_ACTIONS");
    let memory = memory.map_err(|error| anyhow!("{error}"))?;
    let bytes = std::fs::metadata(memory.place())?.len();
    report::figure(
        "size of the file",
        "per action",
        f64::from(u32::try_from(bytes / actions)?),
        "bytes",
    );
    if arguments.fill {
        return Ok(());
    }
    searching::graph(&memory).await?;
    searching::amid_writes(&memory, &batches).await?;
    searching::at_once(&memory).await?;
    searching::looks(&memory).await?;
    searching::stock(folder.path(), &batches)?;
    filling::again(&memory, &batches).await?;
    bus.drain().await;
    Ok(())
}
