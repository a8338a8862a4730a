//! `run`, `watch` and `summary`: a run from its folder to what became of it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use bus::RequestError;
use clap::{Args, ValueHint};
use contract::id::{RunId, SimulationId};
use contract::notice::{StartAnswer, StartRequest};
use contract::options::RequestedOptions;
use contract::problem::{Problem, Problems};
use contract::spec::Spec;
use contract::status::{EnvStatus, RunStatus};
use contract::subject::{Platform, StreamName};
use contract::version::V1;
use intake::{Change, Intake, Limits};
use kit::shutdown::Shutdown;

use crate::args::Target;
use crate::client::{Client, client_id};
use crate::failure::{EXIT_DETACHED, Failure};
use crate::follow::{Followed, follow, parse_status};
use crate::output::{Output, counted, one_line};
use crate::progress::View;
use crate::reading::tally;
use crate::report::{Places, come_back, report};
use crate::start::{StartOptions, Worlds, print_started};
use crate::status::find_run;
use crate::summary::Summary;
use crate::tally::Tally;

/// Arguments of `run`.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// The simulation's folder: simulation.yaml, or simulation_config.json and profiles beside it
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

/// How long the launcher may take to make a run.
const PATIENCE: Duration = Duration::from_secs(15);

/// `shoal run`. `client`: not awaited before the folder is read.
///
/// # Errors
/// If the folder is not a simulation, or the run cannot be started or followed.
pub async fn run(
    args: &RunArgs,
    client: impl Future<Output = Result<Client, Failure>>,
    output: &mut Output<'_>,
) -> Result<ExitCode, Failure> {
    let options = requested(&args.options)?;
    let spec = read_folder(&args.folder, args.quiet, output)?;
    let client = client.await?;
    let shutdown = listen()?;
    let simulation = &spec.simulation_id;
    let starting = async {
        let spec_digest = client.bus.put_spec(&spec).await?;
        let request = StartRequest { v: V1, spec_digest, options, manner: args.options.manner()? };
        request_run(&client, simulation, &request).await
    };
    let (run_id, created) = tokio::select! {
        started = starting => started?,
        () = shutdown.wished() => {
            // The request may have gone out already.
            output.say(&format!("not waited for: `shoal ls` says whether {simulation} runs"))?;
            return Ok(ExitCode::from(EXIT_DETACHED));
        }
    };
    if args.detach {
        return print_started(&client, run_id, created, output);
    }
    let is_silent = client.json || args.quiet;
    if !created && !is_silent {
        output.say(&format!(
            "{run_id} is there already with the same options (--new-run starts another)"
        ))?;
    }
    let status = read_status(&client, &run_id).await?;
    let view = if is_silent { View::Silent } else { View::for_people(&status, output) };
    follow_to_the_end(&client, status, created, view, &shutdown, output).await
}

/// `shoal watch`.
///
/// # Errors
/// If there is no such run, or it cannot be followed.
pub async fn watch(
    client: &Client,
    args: &WatchArgs,
    output: &mut Output<'_>,
) -> Result<ExitCode, Failure> {
    let status = find_run(client, &args.target.run).await?;
    let view = if client.json { View::JsonLines } else { View::for_people(&status, output) };
    follow_to_the_end(client, status, args.from_start, view, &listen()?, output).await
}

/// `shoal summary`.
///
/// # Errors
/// If there is no such run, or its frames are broken.
pub async fn summary(client: &Client, name: &str, output: &mut Output<'_>) -> Result<(), Failure> {
    let status = find_run(client, name).await?;
    let tally = tally(client, &status, Tally::default(), output).await?;
    print(client, &tally.summary(&status), output)
}

/// What the command line asks of a run.
///
/// # Errors
/// If its options contradict each other.
pub(crate) fn requested(args: &StartOptions) -> Result<RequestedOptions, Failure> {
    let none = args.memory.iter().any(|name| name == "none");
    if none && args.memory.len() > 1 {
        let message = "--memory none stands alone: it means that no memory is written";
        return Err(Failure::Usage(anyhow::Error::msg(message)));
    }
    let memory = match &args.memory[..] {
        [] => None,
        _ if none => Some(Vec::new()),
        names => Some(names.to_vec()),
    };
    let platforms = args.platform.map(|worlds| match worlds {
        Worlds::Twitter => vec![Platform::Twitter],
        Worlds::Reddit => vec![Platform::Reddit],
        Worlds::Both => Platform::ALL.to_vec(),
    });
    Ok(RequestedOptions {
        platforms,
        max_rounds: args.max_rounds,
        seed: args.seed,
        pace_milli: args.pace,
        memory,
        sources: Some(args.source.clone()).filter(|sources| !sources.is_empty()),
        time_limit_seconds: args.time_limit,
        llm: args.llm.options(),
        budget: args.budget.budget(),
    })
}

/// Reads a simulation's folder and says what there is to know of it, unless `quiet`.
///
/// # Errors
/// All that is wrong with it.
pub(crate) fn read_folder(
    folder: &Path,
    quiet: bool,
    output: &mut Output<'_>,
) -> Result<Spec, Failure> {
    read_changed(folder, &[], quiet, output)
}

/// The same, as if fields of its configuration had been changed.
///
/// # Errors
/// All that is wrong with it, the changes among it.
pub(crate) fn read_changed(
    folder: &Path,
    changes: &[Change],
    quiet: bool,
    output: &mut Output<'_>,
) -> Result<Spec, Failure> {
    let read = intake::read_changed_folder(folder, changes, &Limits::default());
    let Intake { spec, notes } = read.map_err(|problems| bad_folder(folder, &problems))?;
    if !quiet {
        for note in notes {
            output.say(&format!("note: {}", one_line(&note, 500)))?;
        }
    }
    Ok(spec)
}

/// Asks the launcher for a run; the run, and whether it is a new one.
///
/// # Errors
/// If the launcher refuses, or does not answer.
pub(crate) async fn request_run(
    client: &Client,
    simulation: &SimulationId,
    request: &StartRequest,
) -> Result<(RunId, bool), Failure> {
    let subject = client.bus.prefix().ask_start(simulation, &client_id());
    let body = serde_json::to_vec(request).expect("no map keys that JSON refuses");
    let answer = match client.bus.request(subject.clone(), body, PATIENCE).await {
        Ok(answer) => answer,
        Err(RequestError::NoResponders(_)) => {
            return Err(client.nobody_answers("launcher", &subject));
        }
        Err(error) => {
            let context = format!("the launcher gave no answer on {subject}");
            return Err(Failure::Unreachable(anyhow::Error::new(error).context(context)));
        }
    };
    let answer = serde_json::from_slice(&answer).context("the launcher's answer cannot be read");
    match answer.map_err(Failure::Failed)? {
        StartAnswer::Accepted { run_id, created } => Ok((run_id, created)),
        StartAnswer::Refused { problems } => Err(Failure::bad_input(refused(simulation, problems))),
    }
}

/// Why a run is not started, and what to do, in the words of this command line.
fn refused(simulation: &SimulationId, problems: Vec<Problem>) -> String {
    // Where a live run is in the way, the launcher says which field would start another one.
    let (ways_out, mut problems): (Vec<_>, Vec<_>) =
        problems.into_iter().partition(|problem| problem.place == "/beside");
    for problem in &mut problems {
        if problem.place == "/options/pace_milli" {
            in_rounds(problem);
        }
        problem.place = typed(&problem.place).to_owned();
    }
    let problems = listed(&problems);
    if ways_out.is_empty() {
        return format!("the launcher refused to start {simulation}:\n{problems}");
    }
    format!(
        "{simulation} has a live run with other options:\n{problems}\n\
         start another one at the same time with --beside, or end it: shoal stop {simulation}"
    )
}

/// A pace as it is typed, where it was told in thousandths.
fn in_rounds(problem: &mut Problem) {
    for told in [&mut problem.found, &mut problem.expected] {
        if let Ok(milli) = told.parse::<i64>() {
            *told = contract::door::decimal(milli.saturating_mul(1000));
        }
    }
}

/// What is typed for a field of a start request.
pub(crate) fn typed(place: &str) -> &str {
    match place {
        "/options/spec" => "the folder's digest",
        "/options/platforms" => "--platform",
        "/options/max_rounds" => "--max-rounds",
        "/options/seed" => "--seed",
        "/options/pace_milli" => "--pace",
        "/options/memory" => "--memory",
        "/options/time_limit_seconds" => "--time-limit",
        "/idempotency_key" => "--idempotency-key",
        "/options/llm/decision_seconds" => "--decision-seconds",
        "/options/llm/round_seconds" => "--round-seconds",
        "/options/budget" => "the budget",
        place if place.starts_with("/options/sources") => "--source",
        place if place.starts_with("/options/llm") => "--llm",
        other => other,
    }
}

async fn read_status(client: &Client, run: &RunId) -> Result<EnvStatus, Failure> {
    let subject = client.bus.prefix().env_status(run);
    match client.bus.last(StreamName::EnvStatus, &subject).await? {
        Some(stored) => parse_status(&stored.body),
        None => {
            Err(Failure::failed(format!("{run} was started, but there is nothing on {subject}")))
        }
    }
}

/// From here on Ctrl-C is ours to answer.
pub(crate) fn listen() -> Result<Shutdown, Failure> {
    Shutdown::on_signals().context("cannot listen to signals").map_err(Failure::Failed)
}

async fn follow_to_the_end(
    client: &Client,
    status: EnvStatus,
    from_start: bool,
    mut view: View,
    shutdown: &Shutdown,
    output: &mut Output<'_>,
) -> Result<ExitCode, Failure> {
    let followed = follow(&client.bus, status, from_start, &mut view, output, shutdown).await;
    if let Ok(Followed { status, is_over: false, .. }) = &followed {
        view.leave(output)?;
        output.say(&come_back(&status.run_id))?;
        return Ok(ExitCode::from(EXIT_DETACHED));
    }
    view.finish();
    let Followed { status, tally, .. } = followed?;
    if !matches!(view, View::JsonLines) {
        print(client, &tally.summary(&status), output)?;
    }
    Ok(match status.status {
        RunStatus::Completed | RunStatus::Closed => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

fn print(client: &Client, summary: &Summary, output: &mut Output<'_>) -> Result<(), Failure> {
    if client.json {
        return Ok(output.print_json(summary)?);
    }
    let prefix = client.bus.prefix().as_str();
    let places = Places { prefix, http_url: client.http_url.as_deref() };
    let text = report(summary, &places, output.width(), output.paint());
    Ok(output.print(&text)?)
}

pub(crate) fn bad_folder(folder: &Path, problems: &Problems) -> Failure {
    let count = u64::try_from(problems.as_slice().len()).unwrap_or(u64::MAX);
    let (folder, problems) = (folder.display(), listed(problems.as_slice()));
    Failure::bad_input(format!("{folder} has {}:\n{problems}", counted(count, "problem")))
}

/// One problem a line, indented.
pub(crate) fn listed(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("  {problem}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command, command};
    use clap::FromArgMatches;

    fn options(arguments: &str) -> Result<RequestedOptions, Failure> {
        let words = format!("shoal run folder {arguments}");
        let matches = command().try_get_matches_from(words.split_whitespace()).unwrap();
        match Cli::from_arg_matches(&matches).unwrap().command {
            Command::Run(args) => requested(&args.options),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_what_is_typed_is_asked_for() {
        assert_eq!(options("").unwrap(), RequestedOptions::default());
        assert_eq!(
            options("--pace 0.8 --seed 7 --max-rounds 12 --platform reddit --memory a --memory b")
                .unwrap(),
            RequestedOptions {
                platforms: Some(vec![Platform::Reddit]),
                max_rounds: Some(12),
                seed: Some(7),
                pace_milli: Some(800),
                memory: Some(vec!["a".to_owned(), "b".to_owned()]),
                sources: None,
                time_limit_seconds: None,
                budget: None,
                llm: None
            }
        );
        let both = options("--platform both --memory none").unwrap();
        assert_eq!(both.platforms, Some(Platform::ALL.to_vec()));
        assert_eq!(both.memory, Some(Vec::new()));
        assert_eq!(options("--memory none --memory a").unwrap_err().code(), kit::EXIT_USAGE);
    }

    #[test]
    fn a_run_in_the_way_is_told_in_words_that_can_be_typed() {
        let simulation: SimulationId = "market".parse().unwrap();
        let seed = || Problem::new("/options/seed", "9", "8, as the live run market-1 has");
        let beside = Problem::new("/beside", "false", "true for a run beside market-1");
        assert_eq!(
            refused(&simulation, vec![seed(), beside]),
            "market has a live run with other options:\n  \
             --seed: found 9, expected 8, as the live run market-1 has\n\
             start another one at the same time with --beside, or end it: shoal stop market"
        );
        let memory = Problem::new("/options/memory", "\"A\"", "a name");
        assert_eq!(
            refused(&simulation, vec![memory]),
            "the launcher refused to start market:\n  --memory: found \"A\", expected a name"
        );
        let ghost = Problem::new("/options/llm/rules/1/endpoint", "\"ghost\"", "one of main");
        assert_eq!(
            refused(&simulation, vec![ghost]),
            "the launcher refused to start market:\n  --llm: found \"ghost\", expected one of main"
        );
    }

    #[test]
    fn all_problems_of_a_folder_are_listed() {
        let problems = vec![
            Problem::new("simulation_config.json /a", "1", "a text"),
            Problem::new("twitter_profiles.csv line 3", "nothing", "a handle"),
        ];
        let problems = Problems::none_or::<()>(problems, None).unwrap_err();
        let failure = bad_folder(Path::new("samples/x"), &problems);
        assert_eq!(failure.code(), 2);
        assert_eq!(
            failure.to_string(),
            "samples/x has 2 problems:\n  \
             simulation_config.json /a: found 1, expected a text\n  \
             twitter_profiles.csv line 3: found nothing, expected a handle"
        );
    }
}
