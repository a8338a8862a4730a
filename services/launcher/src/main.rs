//! `shoal-launcher`: creates runs and serves what is known of them.

use std::process::ExitCode;

use kit::EXIT_USAGE;
use kit::config::Settings;
use kit::shutdown::Shutdown;
use launcher::config::{Config, Wish};

fn main() -> ExitCode {
    match launcher::config::from_command_line() {
        Ok(Wish::Launcher(config, settings)) => {
            kit::exit("shoal-launcher", start(*config, &settings))
        }
        Ok(Wish::Ask(socket, question)) => {
            kit::exit("shoal-launcher", kit::health::ask(socket.as_deref(), &question))
        }
        Err(usage) => {
            // Nothing is left to do if even this cannot be printed.
            let _ = usage.print();
            if usage.use_stderr() { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS }
        }
    }
}

#[tokio::main]
async fn start(config: Config, settings: &Settings) -> anyhow::Result<ExitCode> {
    kit::telemetry::init(settings, "info")?;
    if let Some(warning) = faults::warning() {
        tracing::warn!("{warning}");
    }
    launcher::run(config, Shutdown::on_signals()?).await?;
    Ok(ExitCode::SUCCESS)
}
