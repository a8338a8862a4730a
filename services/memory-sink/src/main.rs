//! `shoal-memory-sink`: see the library.

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};
use kit::EXIT_USAGE;
use kit::config::Settings;
use kit::shutdown::Shutdown;
use memory_sink::config::Args;

#[tokio::main]
async fn main() -> ExitCode {
    let parsed = kit::config::parse(Args::command(), std::env::args_os());
    let read = |(matches, settings)| Ok((Args::from_arg_matches(&matches)?, settings));
    match parsed.and_then(read) {
        Ok((args, settings)) => kit::exit("shoal-memory-sink", start(args, &settings).await),
        Err(usage) => {
            // Nothing is left to do if even this cannot be printed.
            let _ = usage.print();
            if usage.use_stderr() { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS }
        }
    }
}

async fn start(args: Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    if let Some(question) = &args.question {
        return kit::health::ask(args.health.health_socket.as_deref(), question);
    }
    kit::telemetry::init(settings, "info")?;
    if let Some(warning) = faults::warning() {
        tracing::warn!("{warning}");
    }
    let shutdown = Shutdown::on_signals()?;
    memory_sink::run(args, shutdown).await
}
