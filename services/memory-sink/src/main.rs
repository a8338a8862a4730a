//! `shoal-memory-sink`: see the library.

use std::process::ExitCode;

use clap::Parser as _;
use kit::EXIT_USAGE;
use kit::shutdown::Shutdown;
use memory_sink::config::Args;

#[tokio::main]
async fn main() -> ExitCode {
    match Args::try_parse() {
        Ok(args) => kit::exit("shoal-memory-sink", start(args).await),
        Err(usage) => {
            // Nothing is left to do if even this cannot be printed.
            let _ = usage.print();
            if usage.use_stderr() { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS }
        }
    }
}

async fn start(args: Args) -> anyhow::Result<ExitCode> {
    kit::telemetry::init("info")?;
    let shutdown = Shutdown::on_signals()?;
    memory_sink::run(args, shutdown).await
}
