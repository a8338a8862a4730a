//! `shoal`: the command line of Shoal, a client of the bus like any other.
//!
//! In reading order:
//!
//! - [`args`]: what can be typed; [`completions`]: what a shell offers; [`settings`]: `config`;
//! - [`run`]: `run`, `watch` and `summary`; with [`follow`] (frames from the bus), [`tally`]
//!   and [`summary`] (what they come to, pure), [`report`] (the same as text), [`progress`], [`bars`]
//!   and [`lively`] (what is shown on the way); [`start`]: a run without following it;
//! - [`check`], [`init`] and [`generate`]: folders, without a bus;
//! - [`events`], [`logs`], [`timeline`], [`agents`], [`posts`]: views of a run; with [`reading`]
//!   (all frames so far) and [`page`] (long lists);
//! - [`status`]: `ls` and `status`; finding a run by its name;
//! - [`ask`], [`interview`], [`chat`], [`control`] and [`rm`]: commands and their replies;
//! - [`models`], [`mod@estimate`] and [`mod@cost`]: language models, as they are chosen, what they
//!   will take, and what they took;
//! - [`past`]: `verify`, `replay`, `repair` and `fork`;
//! - [`diff`]: two runs side by side;
//! - [`mod@export`]: a run as files; [`mod@ensemble`]: many runs as distributions;
//! - [`memory`]: questions to the memory-sink; [`provision`]: the streams; [`backup`]: all that is in
//!   them, as files; [`doctor`]: what is wrong with the bus;
//! - [`client`], [`output`], [`wrap`], [`failure`]: the bus, the terminal, its width, the exit
//!   code.

pub mod agents;
pub mod args;
pub mod ask;
pub mod backup;
pub mod bars;
pub mod chat;
pub mod check;
pub mod client;
pub mod completions;
pub mod control;
pub mod cost;
pub mod diff;
pub mod doctor;
pub mod ensemble;
pub mod estimate;
pub mod events;
pub mod export;
pub mod failure;
#[cfg(test)]
mod fixtures;
pub mod follow;
pub mod generate;
mod help;
pub mod init;
pub mod interview;
pub mod keys;
pub mod lively;
pub mod logs;
pub mod memory;
pub mod models;
pub mod output;
pub mod page;
pub mod past;
pub mod posts;
pub mod progress;
pub mod provision;
pub mod reading;
pub mod report;
pub mod rm;
pub mod run;
pub mod settings;
pub mod start;
pub mod status;
pub mod summary;
pub mod tally;
pub mod timeline;
pub mod wrap;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{ArgMatches, FromArgMatches};
use kit::config::Settings;

use crate::args::{Cli, Command};
use crate::client::Client;
use crate::control::{configure, inject};
use crate::failure::Failure;
use crate::memory::MemoryCommand;
use crate::output::Output;
use crate::past::{fork, repair, replay, verify};

/// What a process of ours does: logs to stderr, runs one command, tells how it went.
pub async fn main(
    arguments: impl IntoIterator<Item = OsString>,
    output: &mut Output<'_>,
) -> ExitCode {
    let result = match parse(arguments) {
        Ok(parsed) => match kit::telemetry::init(&parsed.settings, "warn") {
            Ok(()) => dispatch(parsed, output).await,
            Err(error) => Err(Failure::Usage(error)),
        },
        Err(error) => explain(&error, output),
    };
    match result {
        Ok(code) => code,
        Err(failure) => {
            if !matches!(failure, Failure::NobodyReads) {
                let complaint = format!("{} {failure}", output.paint_progress().red("shoal:"));
                // Where stderr is closed, the exit code must do.
                let _ = output.say_wrapped(&complaint);
            }
            ExitCode::from(failure.code())
        }
    }
}

/// Reads the command line and does what it says.
///
/// # Errors
/// If it cannot be read, or the command does not succeed.
pub async fn execute(
    arguments: impl IntoIterator<Item = OsString>,
    output: &mut Output<'_>,
) -> Result<ExitCode, Failure> {
    match parse(arguments) {
        Ok(parsed) => dispatch(parsed, output).await,
        Err(error) => explain(&error, output),
    }
}

/// A command line, and where its values came from.
struct Parsed {
    cli: Cli,
    matches: ArgMatches,
    settings: Settings,
}

fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Parsed, clap::Error> {
    let (matches, settings) = kit::config::parse(args::command(), arguments)?;
    Ok(Parsed { cli: Cli::from_arg_matches(&matches)?, matches, settings })
}

/// Help that was asked for is a result; anything else is a complaint.
fn explain(error: &clap::Error, output: &mut Output<'_>) -> Result<ExitCode, Failure> {
    let text = error.render();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            output.print(&text.to_string())?;
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            output.say(&text.to_string())?;
            Ok(ExitCode::from(kit::EXIT_USAGE))
        }
    }
}

async fn dispatch(parsed: Parsed, output: &mut Output<'_>) -> Result<ExitCode, Failure> {
    let Parsed { cli: Cli { command, bus, json, color, http_url }, matches, settings } = parsed;
    output.set_color(color);
    // A future: `run` reads its folder before it, since what is wrong there needs no bus.
    let client = Client::connect(&bus, json, http_url);
    let done = match command {
        Command::Run(args) => return run::run(&args, client, output).await,
        Command::Check(args) => return check::check(&args, json, output),
        Command::Watch(args) => return run::watch(&client.await?, &args, output).await,
        Command::Summary(target) => run::summary(&client.await?, &target.run, output).await,
        Command::Start(args) if args.estimate.estimate => {
            return estimate::estimate(&args, json, client, output).await;
        }
        Command::Start(args) => return start::start(&args, client, output).await,
        Command::Ensemble(args) => return ensemble::ensemble(&args, client, output).await,
        Command::Events(args) => return events::events(&client.await?, &args, output).await,
        Command::Logs(args) => return logs::logs(&client.await?, &args, output).await,
        Command::Timeline(args) => timeline::timeline(&client.await?, &args, output).await,
        Command::Agents(args) => agents::agents(&client.await?, &args, output).await,
        Command::Posts(args) => posts::posts(&client.await?, &args, output).await,
        Command::Completions(args) => completions::completions(args, output),
        Command::CompleteWords(args) => completions::complete(&args, output).await,
        Command::Config => settings::config(&matches, &settings, json, output),
        Command::Ls => status::ls(&client.await?, output).await,
        Command::Status(target) => status::status(&client.await?, &target.run, output).await,
        Command::Stop(args) => ask::stop(&client.await?, &args, output).await,
        Command::Rm(args) => rm::rm(&client.await?, &args, output).await,
        Command::Pause(args) => control::pause(&client.await?, &args, output).await,
        Command::Resume(args) => control::resume(&client.await?, &args, output).await,
        Command::Close(args) => control::close(&client.await?, &args, output).await,
        Command::Inject(args) => inject::inject(&client.await?, &args, output).await,
        Command::Configure(args) => configure::configure(&client.await?, &args, output).await,
        Command::Cost(args) => cost::cost(&client.await?, &args, output).await,
        Command::Interview(args) => {
            return interview::interview(&client.await?, &args, output).await;
        }
        Command::Chat(args) => return chat::chat(&client.await?, &args, output).await,
        Command::Fork(args) => return fork::fork(&client.await?, &args, output).await,
        Command::Verify(args) => return verify::verify(&client.await?, &args, output).await,
        Command::Replay(args) => return replay::replay(&client.await?, &args, output).await,
        Command::Repair(args) => return repair::repair(&client.await?, &args, output).await,
        Command::Diff(args) => return diff::diff(&client.await?, &args, output).await,
        Command::Export(args) => return export::export(&client.await?, &args, output).await,
        Command::Provision(args) => provision::provision(&bus, args, json, output).await,
        Command::Backup(args) => backup::save::backup(&bus, &args, json, output).await,
        Command::Restore(args) => backup::restore::restore(&bus, &args, json, output).await,
        Command::Keys(args) => keys::keys(&args, &bus.prefix, json, output),
        Command::Init(args) => init::init(&args, json, output),
        Command::Gen(args) => return generate::generate(args, json, output).await,
        // It connects by itself: that there is no connection is a finding.
        Command::Doctor(args) => return doctor::doctor(&args, &bus, json, output).await,
        Command::Memory(command) => remember(command, &client.await?, output).await,
    };
    done.map(|()| ExitCode::SUCCESS)
}

async fn remember(
    command: MemoryCommand,
    client: &Client,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    match command {
        MemoryCommand::Search(args) => memory::search(client, &args, output).await,
        MemoryCommand::Stats(target) => memory::stats(client, &target.run, output).await,
        MemoryCommand::Episodes(args) => memory::episodes(client, &args, output).await,
        MemoryCommand::Status(args) => memory::status::status(client, &args, output).await,
        MemoryCommand::Dead(args) => memory::letters::dead(client, &args, output).await,
        MemoryCommand::Redrive(args) => memory::letters::redrive(client, &args, output).await,
        MemoryCommand::Attach(args) => memory::letters::attach(client, &args, output).await,
    }
}
