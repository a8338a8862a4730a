//! `ensemble`: one simulation with many seeds, side by side, and what they have in common.
//!
//! In reading order: [`plan`] (what is executed) with `seeds`; `drive` (playing the runs) and
//! `view` (how far they are); [`measure`] (a run as whole numbers), [`statistics`] (the runs as
//! distributions) and [`report`], all pure; `text`, `files` and [`manifest`] (what is left).

mod drive;
mod files;
pub mod manifest;
pub mod measure;
pub mod plan;
pub mod report;
mod seeds;
pub mod statistics;
mod text;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueHint};
use contract::id::RunId;
use contract::timestamp::Timestamp;
use intake::Change;
use kit::shutdown::Shutdown;
use serde::Serialize;

use self::drive::{Driver, Played, free_slots};
use self::manifest::{Difference, Manifest};
use self::measure::RunMeasures;
use self::plan::Plan;
use self::report::Report;
pub use self::seeds::Seeds;
use self::view::View;
use crate::client::Client;
use crate::failure::{EXIT_DETACHED, Failure};
use crate::output::{Output, counted, one_line};
use crate::run::listen;
use crate::start::Worlds;

/// The help of `ensemble`.
pub const ABOUT: &str = "\
Run a simulation once for each of many seeds, side by side over the nodes, and report how the \
results are distributed: actions by type, the reach of the top posts, who acts from which stance \
round by round, the round in which a post first reaches many. For each measure: the lowest value, \
10 %, median, 90 %, the highest, and an interval that holds the median of all seeds with at least \
95 % confidence (docs/ensembles.md has the formulae).

The same simulation, changes, posts and seeds give the same report, byte for byte. With --out: \
report.json, runs.csv, rounds.csv, and manifest.json, which --repeat executes again and compares; \
the exit code is then 1 if anything differs, or if a seed had failed and has nothing to be compared \
with.

The runs write into no memory and stay, unless --delete is given; a run that fails is left out of \
the report and named, and the exit code is 1. Ctrl-C stops the runs that are under way, since \
nobody could come back to them, and there is no report; with --keep they go on.

With --json: the report as in report.json; with --repeat {\"same\": .., \"compared\": 20, \
\"not_compared\": [..], \"differences\": [..]}.

Example:
  shoal ensemble samples/tea-house --seeds 20
  shoal ensemble samples/lantern-pier --seeds 5,7,100-110 --max-rounds 24 --out out/plain
  shoal ensemble samples/lantern-pier --seeds 20 --set twitter_config.echo_chamber_strength=0.9
  shoal ensemble samples/lantern-pier --seeds 20 --inject rumour.jsonl --at-round 6
  shoal ensemble samples/lantern-pier --repeat out/plain/manifest.json";

/// Arguments of `ensemble`.
#[derive(Clone, Debug, Args)]
pub struct EnsembleArgs {
    /// The simulation's folder: simulation.yaml, or simulation_config.json and profiles beside it
    #[arg(value_hint = ValueHint::DirPath)]
    pub folder: PathBuf,
    /// How many seeds, from 1 on; or which, as 5,7,100-110
    #[arg(long, value_name = "N|LIST", value_parser = seeds::parse, required_unless_present = "repeat")]
    pub seeds: Option<Seeds>,
    /// Which worlds to run; all that the folder has unless given
    #[arg(long, value_enum)]
    pub platform: Option<Worlds>,
    /// Play at most this many rounds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_rounds: Option<u32>,
    /// Change a field of the configuration before it is read, by its name in the folder's file; the
    /// value is JSON, or a text; may be repeated
    #[arg(long, value_name = "FIELD=VALUE")]
    pub set: Vec<Change>,
    /// Posts to put into agents' mouths in every run, a file as `shoal inject --file` takes it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub inject: Option<PathBuf>,
    /// The round in which they appear, before anybody acts in it
    #[arg(long, value_name = "ROUND", default_value_t = 1, requires = "inject",
        value_parser = clap::value_parser!(u32).range(1..))]
    pub at_round: u32,
    /// Tell the first round in which a post has this reach: likes, reposts, quotes and comments
    #[arg(long, value_name = "N", default_value_t = 10,
        value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub reach_threshold: u64,
    /// Runs at once; as many as the nodes have free slots unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub at_once: Option<u16>,
    /// Where the files go: a new folder, or an empty one
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
    /// Write into a folder that is not empty, and replace our own files in it
    #[arg(long, requires = "out")]
    pub force: bool,
    /// Execute the ensemble of a manifest again, and compare what each seed gives
    #[arg(long, value_name = "MANIFEST", value_hint = ValueHint::FilePath,
        conflicts_with_all = ["seeds", "platform", "max_rounds", "set", "inject", "at_round",
            "reach_threshold"])]
    pub repeat: Option<PathBuf>,
    /// Delete the runs once the report is there; those that failed stay
    #[arg(long)]
    pub delete: bool,
    /// On Ctrl-C, let the runs that are under way go on
    #[arg(long, conflicts_with = "delete")]
    pub keep: bool,
    /// Show no progress
    #[arg(long)]
    pub quiet: bool,
}

/// How an execution compares with the one that it repeats. With `--json` printed as it is.
#[derive(Serialize)]
struct Comparison {
    /// True if all seeds were compared, and none differs.
    same: bool,
    /// How many seeds were compared.
    compared: usize,
    /// The seeds whose run had failed when the manifest was written.
    not_compared: Vec<u64>,
    differences: Vec<Difference>,
}

impl Comparison {
    fn of(repeated: &Manifest, manifest: &Manifest) -> Comparison {
        let not_compared = repeated.failed_seeds();
        let differences = repeated.differences(manifest);
        Comparison {
            same: differences.is_empty() && not_compared.is_empty(),
            compared: repeated.runs.len() - not_compared.len(),
            not_compared,
            differences,
        }
    }
}

/// `shoal ensemble`. `client`: not awaited before the folder is read.
///
/// # Errors
/// If the folder, the changes, the posts or the manifest are wrong, a run cannot be started, none
/// is completed, or a file cannot be written.
pub async fn ensemble(
    args: &EnsembleArgs,
    client: impl Future<Output = Result<Client, Failure>>,
    output: &mut Output<'_>,
) -> Result<ExitCode, Failure> {
    let repeated = args.repeat.as_deref().map(Manifest::read).transpose()?;
    let plan = match (&repeated, &args.seeds) {
        (Some(manifest), _) => Plan::of_manifest(&args.folder, manifest, args.quiet, output)?,
        (None, Some(seeds)) => Plan::of_args(args, seeds.clone(), output)?,
        (None, None) => return Err(Failure::bad_input("expected --seeds or --repeat")),
    };
    if let Some(out) = &args.out {
        files::claim(out, args.force)?;
    }
    let client = client.await?;
    let shutdown = listen()?;
    let started_at = now();
    let Some(played) = play(args, &plan, &client, &shutdown, output).await? else {
        return Ok(ExitCode::from(EXIT_DETACHED));
    };
    let runs = measured(&played);
    let report = Report::new(&plan, rules(&runs)?, &runs);
    let manifest = Manifest::new(&plan, &played, &report, (started_at, now()));
    if let Some(out) = &args.out {
        files::write(out, &report, &runs, &manifest)?;
    }
    let comparison = repeated.map(|repeated| Comparison::of(&repeated, &manifest));
    match &comparison {
        None if client.json => output.print_json(&report)?,
        None => output.print(&text::render(&report, output.width(), output.paint()))?,
        Some(comparison) if client.json => output.print_json(comparison)?,
        Some(comparison) => output.print(&compared(comparison))?,
    }
    if let Some(out) = args.out.as_ref().filter(|_| !args.quiet) {
        let out = out.display();
        output.say(&format!("report.json, runs.csv, rounds.csv and manifest.json are in {out}"))?;
    }
    let is_deleted = !args.delete || delete(&client, &played, output).await?;
    let is_same = comparison.is_none_or(|comparison| comparison.same);
    let is_whole = runs.len() == played.len();
    Ok(if is_same && is_whole && is_deleted { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Plays all runs, and names those that failed; `None` if somebody stopped it.
async fn play(
    args: &EnsembleArgs,
    plan: &Plan,
    client: &Client,
    shutdown: &Shutdown,
    output: &mut Output<'_>,
) -> Result<Option<Vec<Played>>, Failure> {
    client.bus.put_spec(&plan.spec).await?;
    let total = plan.seeds.as_slice().len();
    let at_once = match args.at_once {
        Some(at_once) => usize::from(at_once),
        None => free_slots(client).await?,
    };
    if !args.quiet {
        let runs = counted(u64::try_from(total).unwrap_or(u64::MAX), "run");
        let simulation = &plan.spec.simulation_id;
        output.say(&format!("{runs} of {simulation}, at most {at_once} at once"))?;
    }
    let view = View::new(total, args.quiet, output);
    let mut driver = Driver::new(client, plan, at_once, view).await?;
    let is_done = match driver.play(shutdown, output).await {
        Ok(is_done) => is_done,
        Err(failure) => {
            let left = driver.under_way();
            if !left.is_empty() {
                output.say(&format!("left under way: {}", listed(&left)))?;
            }
            return Err(failure);
        }
    };
    if !is_done {
        leave(args, client, &driver, output).await?;
        return Ok(None);
    }
    let played = driver.into_played();
    for failed in played.iter().filter(|run| run.measured.is_err()) {
        output.say(&view::line(failed))?;
    }
    Ok(Some(played))
}

/// Ends what is under way when somebody goes.
async fn leave(
    args: &EnsembleArgs,
    client: &Client,
    driver: &Driver<'_>,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let (done, left) = (driver.played().len(), driver.under_way());
    let done = counted(u64::try_from(done).unwrap_or(u64::MAX), "run");
    if args.keep {
        output.say_wrapped(&format!("no report: {done} done; these go on: {}", listed(&left)))?;
        return Ok(());
    }
    output.say_wrapped(&format!("no report: {done} done; stopping {}", listed(&left)))?;
    let mut failures = drive::stop(client, &left).await;
    if args.delete {
        let over = driver.played().iter().filter(|run| run.measured.is_ok());
        let over: Vec<RunId> = over.map(|run| run.status.run_id.clone()).collect();
        failures.extend(drive::delete(client, &[left, over].concat()).await);
    }
    for failure in &failures {
        output.say(failure)?;
    }
    Ok(())
}

/// Deletes the runs that were measured; false if one could not be.
async fn delete(
    client: &Client,
    played: &[Played],
    output: &mut Output<'_>,
) -> Result<bool, Failure> {
    let over = played.iter().filter(|run| run.measured.is_ok());
    let over: Vec<RunId> = over.map(|run| run.status.run_id.clone()).collect();
    let failures = drive::delete(client, &over).await;
    for failure in &failures {
        output.say(&format!("not deleted: {failure}"))?;
    }
    Ok(failures.is_empty())
}

fn measured(played: &[Played]) -> BTreeMap<u64, RunMeasures> {
    let measured = played.iter().filter_map(|run| Some((run.seed, run.measured.clone().ok()?)));
    measured.collect()
}

/// The one version of the rules that played all runs: others have other distributions.
fn rules(runs: &BTreeMap<u64, RunMeasures>) -> Result<u32, Failure> {
    let rules: BTreeSet<u32> = runs.values().map(|run| run.rules).collect();
    match rules.iter().copied().collect::<Vec<_>>()[..] {
        [rules] => Ok(rules),
        [] => Err(Failure::failed("no run was completed, so there is nothing to report")),
        [first, .., last] => Err(Failure::failed(format!(
            "nodes of different rules ({first} to {last}) have played the runs, which cannot be \
             compared: `shoal doctor` names the nodes"
        ))),
    }
}

/// A comparison for people.
fn compared(comparison: &Comparison) -> String {
    let Comparison { compared, not_compared, differences, .. } = comparison;
    let mut runs = counted(u64::try_from(*compared).unwrap_or(u64::MAX), "run");
    if !not_compared.is_empty() {
        let seeds = text::ranges(not_compared);
        runs = format!("{runs} compared (seeds {seeds} had failed and are not compared)");
    }
    if differences.is_empty() {
        return format!("{runs}: all as the manifest has it");
    }
    let line = |difference: &Difference| {
        let Difference { seed, what, expected, found } = difference;
        let seed = seed.map_or(String::new(), |seed| format!("seed {seed}, "));
        format!("  {seed}{what}: found {found}, expected {expected}")
    };
    let lines: Vec<String> = differences.iter().map(line).collect();
    format!("{runs}, not all as the manifest has it:\n{}", lines.join("\n"))
}

fn listed(runs: &[RunId]) -> String {
    let names = runs.iter().map(RunId::as_str).collect::<Vec<_>>().join(", ");
    one_line(&names, 500)
}

fn now() -> Timestamp {
    Timestamp::from_milliseconds(kit::now_milliseconds())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command, command};
    use clap::FromArgMatches;

    fn args(arguments: &str) -> Result<EnsembleArgs, clap::error::ErrorKind> {
        let words = format!("shoal ensemble folder {arguments}");
        let matches = command().try_get_matches_from(words.split_whitespace());
        match Cli::from_arg_matches(&matches.map_err(|error| error.kind())?).unwrap().command {
            Command::Ensemble(args) => Ok(args),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_ensemble_is_new_or_a_repetition() {
        let new = args("--seeds 20 --set a.b=1 --set c=x --inject f --at-round 3").unwrap();
        assert_eq!((new.seeds.unwrap().as_slice().len(), new.set.len()), (20, 2));
        assert_eq!((new.at_round, new.reach_threshold), (3, 10));
        assert!(args("--repeat m.json --out x --delete").unwrap().repeat.is_some());
        for wrong in
            ["", "--repeat m --seeds 3", "--seeds 3 --keep --delete", "--seeds 3 --at-round 2"]
        {
            assert!(args(wrong).is_err(), "{wrong:?} passed");
        }
        assert!(args("--repeat m --reach-threshold 5").is_err());
    }

    #[test]
    fn seeds_that_had_failed_are_not_said_to_be_the_same() {
        let of = |failed: &[u64]| {
            Comparison::of(&manifest::tests::manifest(failed), &manifest::tests::manifest(&[]))
        };
        let whole = of(&[]);
        assert_eq!((whole.same, whole.compared, whole.not_compared.len()), (true, 3, 0));
        assert_eq!(compared(&whole), "3 runs: all as the manifest has it");
        let part = of(&[2]);
        assert_eq!((part.same, part.compared, &part.not_compared[..]), (false, 2, &[2][..]));
        assert_eq!(
            compared(&part),
            "2 runs compared (seeds 2 had failed and are not compared): all as the manifest has it"
        );
    }

    #[test]
    fn runs_of_different_rules_are_not_compared() {
        let mut runs = report::tests::runs(&[1, 2]);
        assert_eq!(rules(&runs).unwrap(), 7);
        runs.get_mut(&2).unwrap().rules = 8;
        assert!(rules(&runs).unwrap_err().to_string().contains("(7 to 8)"));
        assert_eq!(rules(&BTreeMap::new()).unwrap_err().code(), 1);
    }
}
