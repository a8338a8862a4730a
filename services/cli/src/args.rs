//! The command line: what can be typed, and the help that teaches it.

use bus::BusArgs;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use contract::subject::Platform;

use crate::agents::{self, AgentsArgs};
use crate::ask::StopArgs;
use crate::backup::restore::{self, RestoreArgs};
use crate::backup::save::{self, BackupArgs};
use crate::chat::ChatArgs;
use crate::completions::{self, CompletionsArgs, WordsArgs};
use crate::control::configure::{CONFIGURE_ABOUT, ConfigureArgs};
use crate::control::inject::{INJECT_ABOUT, InjectArgs};
use crate::control::{CLOSE_ABOUT, PAUSE_ABOUT, PauseArgs, RESUME_ABOUT, TurnArgs};
use crate::cost::{self, CostArgs};
use crate::doctor::{DOCTOR_ABOUT, DoctorArgs};
use crate::ensemble::{self, EnsembleArgs};
use crate::events::{self, EventsArgs};
use crate::help::{
    CHAT_ABOUT, CODES_AND_LOG, COMMON_OPTIONS, INTERVIEW_ABOUT, LONG_ABOUT, LS_ABOUT, MEMORY_ABOUT,
    PROVISION_ABOUT, RM_ABOUT, RUN_ABOUT, STATUS_ABOUT, STOP_ABOUT, SUMMARY_ABOUT, USUAL_PATH,
    WATCH_ABOUT, grouped_help,
};
use crate::interview::InterviewArgs;
use crate::keys::{self, KeysArgs};
use crate::logs::{self, LogsArgs};
use crate::memory::MemoryCommand;
use crate::past::fork::{self, ForkArgs};
use crate::past::repair::{self, RepairArgs};
use crate::past::replay::{self, ReplayArgs};
use crate::past::verify::{self, VerifyArgs};
use crate::posts::{self, PostsArgs};
use crate::provision::ProvisionArgs;
use crate::rm::RmArgs;
use crate::run::{RunArgs, WatchArgs};
use crate::settings;
use crate::start::{self, StartArgs};
use crate::timeline::{self, TimelineArgs};

/// Run social simulations, watch them, ask the people in them.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "shoal",
    version = kit::build::version(None),
    about,
    long_about = LONG_ABOUT,
    after_help = USUAL_PATH,
    after_long_help = format!("{USUAL_PATH}\n\n{CODES_AND_LOG}"),
    max_term_width = 100,
    arg_required_else_help = true
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Where the bus is.
    #[command(flatten)]
    pub bus: BusArgs,
    /// Print JSON on stdout instead of text: one document, or a line per action (`watch`)
    #[arg(long)]
    pub json: bool,
    /// Colours in what is printed: `auto` means on a terminal only, and not if NO_COLOR is set
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub color: Color,
    /// Where the launcher's HTTP edge is, for the links that are shown at the end of a run
    #[arg(long, value_name = "URL", env = "SHOAL_HTTP_URL")]
    pub http_url: Option<String>,
}

/// When to print colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Start a run of a simulation folder and follow it to its end
    #[command(long_about = RUN_ABOUT)]
    Run(RunArgs),
    /// Check simulation folders, and say what is in them
    #[command(long_about = crate::check::ABOUT)]
    Check(crate::check::CheckArgs),
    /// Start a run and return with its name
    #[command(long_about = start::ABOUT)]
    Start(StartArgs),
    /// Run a simulation with many seeds, and report distributions
    #[command(long_about = ensemble::ABOUT)]
    Ensemble(EnsembleArgs),
    /// Show everything that happens in a run, one line each
    #[command(long_about = events::ABOUT)]
    Events(EventsArgs),
    /// Show what a run's workers have written
    #[command(long_about = logs::ABOUT)]
    Logs(LogsArgs),
    /// Show a run round by round
    #[command(long_about = timeline::ABOUT)]
    Timeline(TimelineArgs),
    /// List the agents of a run, or show one
    #[command(long_about = agents::ABOUT)]
    Agents(AgentsArgs),
    /// List the posts of a run, or show one with its thread
    #[command(long_about = posts::ABOUT)]
    Posts(PostsArgs),
    /// List the runs that the bus knows
    #[command(long_about = LS_ABOUT)]
    Ls,
    /// Show the state of one run
    #[command(long_about = STATUS_ABOUT)]
    Status(Target),
    /// Show what the language models of a run took
    #[command(long_about = cost::ABOUT)]
    Cost(CostArgs),
    /// Follow a run to its end
    #[command(long_about = WATCH_ABOUT)]
    Watch(WatchArgs),
    /// Stop a run; what it has produced stays
    #[command(long_about = STOP_ABOUT)]
    Stop(StopArgs),
    /// Delete runs: everything but their names
    #[command(long_about = RM_ABOUT)]
    Rm(RmArgs),
    /// Pause a run until it is resumed
    #[command(long_about = PAUSE_ABOUT)]
    Pause(PauseArgs),
    /// Let a paused or stopped run go on
    #[command(long_about = RESUME_ABOUT)]
    Resume(TurnArgs),
    /// Close the environment of a run whose rounds are over
    #[command(long_about = CLOSE_ABOUT)]
    Close(TurnArgs),
    /// Put posts into agents' mouths
    #[command(long_about = INJECT_ABOUT)]
    Inject(InjectArgs),
    /// Change the pace or the configuration of a run while it goes on
    #[command(long_about = CONFIGURE_ABOUT)]
    Configure(ConfigureArgs),
    /// Ask an agent a question, or several, or all
    #[command(long_about = INTERVIEW_ABOUT)]
    Interview(InterviewArgs),
    /// Talk with one agent
    #[command(long_about = CHAT_ABOUT)]
    Chat(ChatArgs),
    /// Summarise a run from what it has published
    #[command(long_about = SUMMARY_ABOUT)]
    Summary(Target),
    /// Start a new run from the past of another one
    #[command(long_about = fork::ABOUT)]
    Fork(ForkArgs),
    /// Check that what is stored of a run is what its journal makes
    #[command(long_about = verify::ABOUT)]
    Verify(VerifyArgs),
    /// Execute a run's journal again and print its digests
    #[command(long_about = replay::ABOUT)]
    Replay(ReplayArgs),
    /// Store a run's frames anew, as its journal makes them
    #[command(long_about = repair::ABOUT)]
    Repair(RepairArgs),
    /// Compare two runs: where they part, and what became of each
    #[command(long_about = crate::diff::ABOUT)]
    Diff(crate::diff::DiffArgs),
    /// Write a run as the files that other tools read
    #[command(long_about = crate::export::ABOUT)]
    Export(crate::export::ExportArgs),
    /// Print a script that makes a shell complete names
    #[command(long_about = completions::ABOUT)]
    Completions(CompletionsArgs),
    /// What may come next on a command line
    #[command(hide = true)]
    CompleteWords(WordsArgs),
    /// Show the settings in effect, and where each came from
    #[command(long_about = settings::ABOUT)]
    Config,
    /// Make the streams on a server, for services that may not
    #[command(long_about = PROVISION_ABOUT)]
    Provision(ProvisionArgs),
    /// Save all that is on the bus in a folder, while runs go on
    #[command(long_about = save::ABOUT)]
    Backup(BackupArgs),
    /// Make the streams of a backup again, on an empty server
    #[command(long_about = restore::ABOUT)]
    Restore(RestoreArgs),
    /// Make a key for each user of the bus, and the rights that the server gives them
    #[command(long_about = keys::ABOUT)]
    Keys(KeysArgs),
    /// Write a configuration for a folder that has only profiles
    #[command(long_about = crate::init::ABOUT)]
    Init(crate::init::InitArgs),
    /// Make a synthetic population: a folder of up to a million agents
    #[command(long_about = crate::generate::ABOUT)]
    Gen(crate::generate::GenArgs),
    /// Find out what is wrong with the bus, and what to do about it
    #[command(long_about = DOCTOR_ABOUT)]
    Doctor(DoctorArgs),
    /// Look into the memory that runs leave
    #[command(subcommand, long_about = MEMORY_ABOUT)]
    Memory(MemoryCommand),
}

/// Which run.
#[derive(Clone, Debug, Args)]
pub struct Target {
    /// A run (night-market-3), or a simulation (night-market): its newest run
    #[arg(value_name = "RUN")]
    pub run: String,
}

/// The parser. The options of [`Cli`] itself are accepted before and after the command, and
/// described once, in the help of `shoal`.
pub fn command() -> clap::Command {
    // Values of the environment are not shown: NATS_URL may hold a password.
    let shoal = Cli::command().arg(kit::config::argument());
    let mut shoal = shoal.mut_args(|arg| {
        arg.global(true).hide_env_values(true).help_heading("Options of every command")
    });
    // Only now do the commands have the options, and only there are they to be hidden.
    shoal.build();
    let template = grouped_help(&shoal);
    shoal
        .mut_subcommands(hide_common_options)
        .mut_subcommands(take_negative_numbers)
        .help_template(template)
}

/// `--seed -3` is a value that is wrong, not an option `-3` that nobody knows.
fn take_negative_numbers(command: clap::Command) -> clap::Command {
    let take = |arg: clap::Arg| match arg.get_action().takes_values() && !arg.is_positional() {
        true => arg.allow_negative_numbers(true),
        false => arg,
    };
    command.mut_args(take).mut_subcommands(take_negative_numbers)
}

fn hide_common_options(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|arg| if arg.is_global_set() { arg.hide(true) } else { arg });
    command.after_help(COMMON_OPTIONS).mut_subcommands(hide_common_options)
}

/// The name of a world; a misspelt one is answered with the one that was meant.
pub(crate) fn platform() -> impl TypedValueParser<Value = Platform> {
    let names = PossibleValuesParser::new(Platform::ALL.map(Platform::as_str));
    names.try_map(|name| name.parse::<Platform>())
}

/// A text that is not blank and not too long.
pub(crate) fn bounded(text: &str, max: usize, expected: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err(format!("expected {expected}"));
    }
    if text.len() > max {
        return Err(format!("found {} bytes, expected at most {max}", text.len()));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verify_cli() {
        command().debug_assert();
    }

    #[test]
    fn a_negative_number_is_refused_as_a_value() {
        for (words, expected) in [
            (&["shoal", "run", "folder", "--seed", "-3"][..], "invalid value '-3' for '--seed"),
            (&["shoal", "fork", "a-1", "--at-round", "-1"], "invalid value '-1' for '--at-round"),
            (&["shoal", "configure", "a-1", "--pace", "-1"], "invalid value '-1' for '--pace"),
        ] {
            let error = command().try_get_matches_from(words).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
