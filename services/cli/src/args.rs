//! The command line: what can be typed, and the help that teaches it.

use std::path::PathBuf;
use std::time::Duration;

use bus::BusArgs;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum, ValueHint};
use contract::MAX_SAFE_INTEGER;
use contract::command::MAX_PROMPT_BYTES;
use contract::memory::{MAX_LIMIT, MAX_QUERY_BYTES};
use contract::subject::Platform;

use crate::agents::{self, AgentsArgs};
use crate::completions::{self, CompletionsArgs, WordsArgs};
use crate::control::configure::{CONFIGURE_ABOUT, ConfigureArgs};
use crate::control::inject::{INJECT_ABOUT, InjectArgs};
use crate::control::{CLOSE_ABOUT, PAUSE_ABOUT, PauseArgs, RESUME_ABOUT, TurnArgs};
use crate::doctor::{DOCTOR_ABOUT, DoctorArgs};
use crate::events::{self, EventsArgs};
use crate::help::{
    CODES_AND_LOG, COMMON_OPTIONS, EPISODES_ABOUT, INTERVIEW_ABOUT, LONG_ABOUT, LS_ABOUT,
    MEMORY_ABOUT, PROVISION_ABOUT, RM_ABOUT, RUN_ABOUT, SEARCH_ABOUT, STATS_ABOUT, STATUS_ABOUT,
    STOP_ABOUT, SUMMARY_ABOUT, USUAL_PATH, WATCH_ABOUT, grouped_help,
};
use crate::logs::{self, LogsArgs};
use crate::posts::{self, PostsArgs};
use crate::rm::RmArgs;
use crate::settings;
use crate::start::{self, StartArgs};
use crate::timeline::{self, TimelineArgs};

/// Run social simulations, watch them, ask the people in them.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "shoal",
    version,
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

/// The types of actions, in the order of docs/actions.md.
pub(crate) const ACTION_TYPES: [&str; 22] = [
    "CREATE_POST",
    "REPOST",
    "QUOTE_POST",
    "LIKE_POST",
    "UNLIKE_POST",
    "DISLIKE_POST",
    "UNDO_DISLIKE_POST",
    "REPORT_POST",
    "CREATE_COMMENT",
    "LIKE_COMMENT",
    "UNLIKE_COMMENT",
    "DISLIKE_COMMENT",
    "UNDO_DISLIKE_COMMENT",
    "FOLLOW",
    "UNFOLLOW",
    "MUTE",
    "UNMUTE",
    "SEARCH_POSTS",
    "SEARCH_USER",
    "TREND",
    "REFRESH",
    "DO_NOTHING",
];

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
    /// Ask one agent a question
    #[command(long_about = INTERVIEW_ABOUT)]
    Interview(InterviewArgs),
    /// Summarise a run from what it has published
    #[command(long_about = SUMMARY_ABOUT)]
    Summary(Target),
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

/// What can be asked of a memory.
#[derive(Clone, Debug, Subcommand)]
pub enum MemoryCommand {
    /// Find what a memory says about something
    #[command(long_about = SEARCH_ABOUT)]
    Search(SearchArgs),
    /// Count what a run has left in its memory
    #[command(long_about = STATS_ABOUT)]
    Stats(Target),
    /// List the episodes that a run has left in its memory
    #[command(long_about = EPISODES_ABOUT)]
    Episodes(EpisodesArgs),
}

/// Which run.
#[derive(Clone, Debug, Args)]
pub struct Target {
    /// A run (night-market-3), or a simulation (night-market): its newest run
    #[arg(value_name = "RUN")]
    pub run: String,
}

/// Arguments of `run`.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// The simulation's folder: simulation_config.json and the profiles beside it
    #[arg(value_hint = ValueHint::DirPath)]
    pub folder: PathBuf,
    /// How to run it.
    #[command(flatten)]
    pub options: StartOptions,
    /// Return as soon as the run exists, and print its name, as `shoal start` does
    #[arg(long)]
    pub detach: bool,
    /// Show nothing until the summary
    #[arg(long)]
    pub quiet: bool,
}

/// How to run a simulation.
#[derive(Clone, Debug, Args)]
pub struct StartOptions {
    /// Rounds per second of wall clock, e.g. 0.8; as fast as possible unless given
    #[arg(long, value_name = "ROUNDS_PER_SECOND", value_parser = parse_pace)]
    pub pace: Option<u32>,
    /// The seed: equal seeds give equal runs; 1 unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=MAX_SAFE_INTEGER))]
    pub seed: Option<u64>,
    /// Play at most this many rounds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_rounds: Option<u32>,
    /// Which worlds to run; all that the folder has unless given
    #[arg(long, value_enum)]
    pub platform: Option<Worlds>,
    /// A memory that the actions go to, by the operator's name for it, or `none`; may be repeated.
    /// The operator's default unless given
    #[arg(long, value_name = "NAME")]
    pub memory: Vec<String>,
    /// Start a new run even if there is one with the same options
    #[arg(long)]
    pub new_run: bool,
}

/// Which worlds to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Worlds {
    /// The Twitter world.
    Twitter,
    /// The Reddit world.
    Reddit,
    /// Both.
    Both,
}

/// Arguments of `watch`.
#[derive(Clone, Debug, Args)]
pub struct WatchArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// Show what happened before now as well
    #[arg(long)]
    pub from_start: bool,
}

/// Arguments of `stop`.
#[derive(Clone, Debug, Args)]
pub struct StopArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// Why, for whoever reads the run's status later
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// How long to wait for the answer.
    #[command(flatten)]
    pub patience: Patience,
}

/// Arguments of `interview`.
#[derive(Clone, Debug, Args)]
pub struct InterviewArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// Whom to ask: the agent's number, its name, its handle, or a part of them that only it has
    #[arg(long, value_name = "ID|NAME")]
    pub agent: String,
    /// The question, at most 8192 bytes
    #[arg(value_parser = parse_prompt)]
    pub prompt: String,
    /// Ask in one world only: twitter or reddit; in each that the run has unless given
    #[arg(long, value_name = "PLATFORM", value_parser = platform())]
    pub platform: Option<Platform>,
    /// How long to wait for the answer.
    #[command(flatten)]
    pub patience: Patience,
}

/// How long to wait for an answer.
#[derive(Clone, Copy, Debug, Args)]
pub struct Patience {
    /// Seconds to wait for the answer; a question is void after them, a stop is not
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 30,
        value_parser = clap::value_parser!(u32).range(1..=3600)
    )]
    pub timeout: u32,
}

/// Arguments of `provision`.
#[derive(Clone, Copy, Debug, Args)]
pub struct ProvisionArgs {
    /// In a cluster: how many servers keep each stream that is made now
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=5))]
    pub replicas: u8,
}

/// Arguments of `memory search`.
#[derive(Clone, Debug, Args)]
pub struct SearchArgs {
    /// What to look for: words, all of which must occur, at most 1024 bytes
    #[arg(value_parser = parse_query)]
    pub query: String,
    /// Only in what this run left; a simulation's id means its newest run
    #[arg(long, value_name = "RUN", conflicts_with = "graph")]
    pub run: Option<String>,
    /// Only in this graph
    #[arg(long, value_name = "GRAPH")]
    pub graph: Option<String>,
    /// Show at most this many hits
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = limit())]
    pub limit: u32,
}

/// Arguments of `memory episodes`.
#[derive(Clone, Debug, Args)]
pub struct EpisodesArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// Only those of one world: twitter or reddit
    #[arg(long, value_name = "PLATFORM", value_parser = platform())]
    pub platform: Option<Platform>,
    /// Go on behind this place; the command says which where there is more
    #[arg(long, value_name = "PLACE", default_value_t = 0)]
    pub after: u64,
    /// Show at most this many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = limit())]
    pub limit: u32,
}

impl Patience {
    /// As a duration.
    pub fn duration(self) -> Duration {
        Duration::from_secs(u64::from(self.timeout))
    }
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
    shoal.mut_subcommands(hide_common_options).help_template(template)
}

fn hide_common_options(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|arg| if arg.is_global_set() { arg.hide(true) } else { arg });
    command.after_help(COMMON_OPTIONS).mut_subcommands(hide_common_options)
}

/// Rounds per second as a decimal, to thousandths of a round per second.
pub(crate) fn parse_pace(text: &str) -> Result<u32, String> {
    let expected = || "expected rounds per second from 0.001 to 1000000, e.g. 0.8".to_owned();
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let empty = whole.is_empty() && decimals.is_empty();
    if empty || decimals.len() > 3 || !digits(whole) || !digits(decimals) {
        return Err(expected());
    }
    let milli: u64 = format!("{whole}{decimals:0<3}").parse().map_err(|_| expected())?;
    u32::try_from(milli)
        .ok()
        .filter(|milli| (1..=1_000_000_000).contains(milli))
        .ok_or_else(expected)
}

/// The name of a world; a misspelt one is answered with the one that was meant.
pub(crate) fn platform() -> impl TypedValueParser<Value = Platform> {
    let names = PossibleValuesParser::new(Platform::ALL.map(Platform::as_str));
    names.try_map(|name| name.parse::<Platform>())
}

/// The type of an action, in capitals as it is on the wire.
pub(crate) fn action_type() -> impl TypedValueParser<Value = String> {
    PossibleValuesParser::new(ACTION_TYPES).map(|name| name.to_ascii_uppercase())
}

fn parse_prompt(text: &str) -> Result<String, String> {
    bounded(text, MAX_PROMPT_BYTES, "a question")
}

fn parse_query(text: &str) -> Result<String, String> {
    bounded(text, MAX_QUERY_BYTES, "words to look for")
}

/// A text that is not blank and not too long.
fn bounded(text: &str, max: usize, expected: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err(format!("expected {expected}"));
    }
    if text.len() > max {
        return Err(format!("found {} bytes, expected at most {max}", text.len()));
    }
    Ok(text.to_owned())
}

/// How many episodes the memory answers with at most.
fn limit() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=i64::from(MAX_LIMIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verify_cli() {
        command().debug_assert();
    }

    #[test]
    fn a_pace_is_an_exact_decimal() {
        let right = [("2", 2000), ("0.8", 800), (".5", 500), ("1.", 1000), ("0.001", 1)];
        for (text, milli) in right {
            assert_eq!(parse_pace(text), Ok(milli), "{text:?}");
        }
        for wrong in ["", ".", "0", "0.0", "0.0001", "-1", "+1", "1e3", "fast", "NaN", "1000001"] {
            assert!(parse_pace(wrong).is_err(), "{wrong:?} passed");
        }
    }

    #[test]
    fn a_prompt_is_not_empty_and_not_a_book() {
        assert_eq!(parse_prompt(" "), Err("expected a question".to_owned()));
        assert!(parse_prompt(&"a".repeat(MAX_PROMPT_BYTES)).is_ok());
        assert_eq!(
            parse_prompt(&"a".repeat(MAX_PROMPT_BYTES + 1)),
            Err("found 8193 bytes, expected at most 8192".to_owned())
        );
    }
}
