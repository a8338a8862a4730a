//! `shoal-memory-sink`: see the library.

use std::process::ExitCode;

use clap::Parser as _;
use kit::shutdown::Shutdown;
use memory_sink::config::Args;

#[tokio::main]
async fn main() -> ExitCode {
    kit::exit("shoal-memory-sink", start().await)
}

async fn start() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    kit::telemetry::init("info")?;
    let shutdown = Shutdown::on_signals()?;
    memory_sink::run(args, shutdown).await
}
