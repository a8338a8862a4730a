//! `completions`: words that a shell offers while somebody types.
//!
//! The scripts know nothing of our commands: they hand the words so far to the hidden
//! `complete-words`, so that what is offered is what this very program takes, with names as the
//! bus has them now. Whatever goes wrong, nothing is said: there is somebody's prompt.

mod words;

use std::ffi::OsString;
use std::time::Duration;

use bus::{Bus, BusArgs, Role};
use clap::{Args, FromArgMatches, ValueEnum};
use contract::memory::{TARGETS, TargetsAnswer, read_answer};
use contract::status::EnvStatus;
use contract::subject::StreamName;

use self::words::{Kind, Wish};
use crate::args::{Cli, Command, command};
use crate::client::Client;
use crate::failure::Failure;
use crate::interview::read_spec;
use crate::output::{Output, one_line};
use crate::status::find_run;

/// The help of `completions`.
pub const ABOUT: &str = "\
Print a script that makes a shell complete commands, options, and the names of runs, simulations \
and agents. Names are asked of the bus; if it does not answer within a second, none are offered.

For good, in ~/.bashrc or ~/.zshrc: eval \"$(shoal completions bash)\" (or zsh); in fish: \
shoal completions fish > ~/.config/fish/completions/shoal.fish

Example:
  shoal completions bash";

/// How long somebody who pressed a key waits gladly.
const PATIENCE: Duration = Duration::from_secs(1);

/// The most names that are offered.
const MOST: usize = 200;

/// Arguments of `completions`.
#[derive(Clone, Copy, Debug, Args)]
pub struct CompletionsArgs {
    /// Which shell
    pub shell: Shell,
}

/// The shells that there is a script for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// Bash 4 or later.
    Bash,
    /// Zsh with its completion system.
    Zsh,
    /// Fish.
    Fish,
}

/// Arguments of `complete-words`.
#[derive(Clone, Debug, Args)]
pub struct WordsArgs {
    /// The words so far, the program's name first; the last one is being typed
    #[arg(last = true, allow_hyphen_values = true)]
    pub words: Vec<OsString>,
}

/// `shoal completions`.
///
/// # Errors
/// If it cannot be printed.
pub fn completions(args: CompletionsArgs, output: &mut Output<'_>) -> Result<(), Failure> {
    let script = match args.shell {
        Shell::Bash => include_str!("shoal.bash"),
        Shell::Zsh => include_str!("shoal.zsh"),
        Shell::Fish => include_str!("shoal.fish"),
    };
    Ok(output.print(script)?)
}

/// `shoal complete-words`: a candidate a line, or `:files` where the shell completes better.
///
/// # Errors
/// If it cannot be printed.
pub async fn complete(args: &WordsArgs, output: &mut Output<'_>) -> Result<(), Failure> {
    let words: Vec<String> =
        args.words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let wish = words::wish(&command(), &words);
    let mut candidates = wish.candidates.clone();
    if let Some(kind) = wish.names {
        let names = tokio::time::timeout(PATIENCE, names(kind, &wish, &words)).await;
        candidates.extend(names.ok().flatten().unwrap_or_default());
    }
    candidates.retain(|candidate| words::begins_with(candidate, &wish.typed));
    candidates.truncate(MOST);
    if wish.files {
        candidates.push(":files".to_owned());
    }
    match candidates.is_empty() {
        true => Ok(()),
        false => Ok(output.print(&candidates.join("\n"))?),
    }
}

/// Names from the bus; `None` if anything is in the way.
async fn names(kind: Kind, wish: &Wish, words: &[String]) -> Option<Vec<String>> {
    let args = bus_args(words)?;
    let bus = Bus::connect(&args, Role::Cli, "shoal", PATIENCE).await.ok()?;
    let client = Client { bus, url: String::new(), json: false, http_url: None };
    match kind {
        Kind::Agents => {
            let run = find_run(&client, wish.run.as_deref()?).await.ok()?;
            let spec = read_spec(&client, &run.spec_digest).await.ok()?;
            // One a line, whatever a name holds.
            Some(spec.agents.iter().map(|agent| one_line(&agent.name, 200)).collect())
        }
        Kind::Memories => {
            let body =
                client.bus.request(client.bus.prefix().memory(TARGETS), Vec::new(), PATIENCE);
            let answer: TargetsAnswer = read_answer(&body.await.ok()?).ok()?;
            Some(answer.targets.iter().map(|target| one_line(&target.name, 40)).collect())
        }
        Kind::Runs | Kind::Simulations => {
            let all = client.bus.prefix().all(StreamName::EnvStatus);
            let stored =
                client.bus.read_last_per_subject(StreamName::EnvStatus, &all).await.ok()?;
            let runs = stored.iter().filter_map(|stored| serde_json::from_slice(&stored.body).ok());
            let runs: Vec<EnvStatus> = runs.collect();
            let simulations = runs.iter().map(|run| run.simulation_id.to_string());
            let mut names: Vec<String> = simulations.collect();
            if kind == Kind::Runs {
                names.extend(runs.iter().map(|run| run.run_id.to_string()));
            }
            names.sort_unstable();
            names.dedup();
            Some(names)
        }
    }
}

/// Where the bus is, as the words so far, the environment and the configuration file have it.
fn bus_args(words: &[String]) -> Option<BusArgs> {
    let own =
        words::values_of_options(words, &["--nats-url", "--nats-creds", "--prefix", "--config"]);
    // A command that needs nothing else.
    let arguments = ["shoal", "ls"].map(str::to_owned).into_iter().chain(own);
    let (matches, _) = kit::config::parse(command(), arguments.map(OsString::from)).ok()?;
    let Cli { bus, command, .. } = Cli::from_arg_matches(&matches).ok()?;
    matches!(command, Command::Ls).then_some(bus)
}
