//! The simulator: a node that claims runs, and the workers that hold them.
//!
//! - [`node`]: watches the bus for runs that nobody holds, and for each it takes starts
//!   - [`worker`]: a process of its own, which drives the run's worlds;
//!   - [`job`]: one too, which carries out a command about a run's past;
//! - [`protocol`]: what a worker does about its run's logs, pure;
//! - [`play`]: making a world and stepping it, pure;
//! - [`measures`]: what it counts of itself;
//! - [`past`]: what a run's journal makes again, beside what is stored, pure;
//! - [`translate`]: between the contract's words and the world's.
//!
//! What a run is lies in its journal on the bus. A worker can end at any instant; the next
//! one opens the journal and goes on, through the same code as at the start.

pub mod args;
pub mod job;
pub mod measures;
pub mod model;
pub mod node;
pub mod past;
pub mod play;
pub mod protocol;
pub mod translate;
pub mod worker;

use std::process::ExitCode;

use args::{Cli, Role};
use clap::{CommandFactory, FromArgMatches};
use kit::EXIT_USAGE;

/// Runs what the command line asks for.
///
/// # Errors
/// Whatever keeps the process from its work, ready to be shown.
pub async fn main() -> anyhow::Result<ExitCode> {
    let parsed = kit::config::parse(Cli::command(), std::env::args_os());
    let read = |(matches, settings)| Ok((Cli::from_arg_matches(&matches)?, settings));
    let (mut cli, settings) = match parsed.and_then(read) {
        Ok(read) => read,
        Err(usage) => {
            // Nothing is left to do if even this cannot be printed.
            let _ = usage.print();
            let is_wrong = usage.use_stderr();
            return Ok(if is_wrong { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS });
        }
    };
    kit::telemetry::init(&settings, "info")?;
    match cli.command.take() {
        None => node::run(cli, settings.path).await,
        Some(Role::Ask(question)) => {
            kit::health::ask(cli.health.health_socket.as_deref(), &question)
        }
        Some(Role::Worker(args)) => worker::run(&cli, args).await,
        Some(Role::Job(args)) => job::run(&cli, args).await,
    }
}
