//! `gen`: a synthetic population, and how far it is.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use clap::Args;
use contract::MAX_SAFE_INTEGER;
use contract::subject::Platform;
use indicatif::{ProgressBar, ProgressStyle};
use intake::Limits;
use kit::shutdown::Shutdown;
use population::synthetic::{GenerateError, Generated, MAX_AGENTS, MAX_TOPICS, Plan};
use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::failure::{EXIT_DETACHED, Failure};
use crate::init::{as_typed, hours, minutes, wrapped};
use crate::output::{Output, count, counted};
use crate::run::bad_folder;
use crate::start::Worlds;

pub(crate) const ABOUT: &str = "\
Make a synthetic population: a folder of up to a million agents, for demos and benchmarks.

Agents live in communities, one per topic. Who is followed is a power law (exponent 7/3), four of \
five follows stay within the community, and each community has its own share of those for and \
against. Equal numbers, topics and seeds give equal bytes on every machine. Agents are written \
one by one, about 1 kB each in all files, whatever their number.

Example:
  shoal gen --agents 1000 --seed 7 my-town";

/// Work that is shorter is not reported on.
const QUIET: Duration = Duration::from_secs(1);
/// Between two moves of the bar.
const TICK: Duration = Duration::from_millis(250);
/// Ticks between two lines where there is no terminal.
const TICKS_PER_LINE: u32 = 20;

/// Arguments of `gen`.
#[derive(Clone, Debug, Args)]
pub struct GenArgs {
    /// The folder to write; made if it is not there
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// How many agents, at most a million
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_AGENTS)))]
    pub agents: u32,
    /// Equal seeds give equal populations
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(0..=MAX_SAFE_INTEGER))]
    pub seed: u64,
    /// Simulated hours
    #[arg(long, value_name = "H", default_value_t = 24, value_parser = hours())]
    pub hours: u32,
    /// Simulated minutes from one round to the next
    #[arg(long, value_name = "M", default_value_t = 60, value_parser = minutes())]
    pub minutes_per_round: u32,
    /// Topics, and as many communities
    #[arg(long, value_name = "K", default_value_t = 6, value_parser = clap::value_parser!(u8).range(1..=topics()))]
    pub topics: u8,
    /// Which worlds get profiles
    #[arg(long, value_enum, default_value_t = Worlds::Both)]
    pub platform: Worlds,
    /// Replace the simulation that is in DIR
    #[arg(long)]
    pub force: bool,
}

fn topics() -> i64 {
    i64::try_from(MAX_TOPICS).unwrap_or(1)
}

impl GenArgs {
    fn plan(&self) -> Plan {
        Plan {
            agents: self.agents,
            seed: self.seed,
            hours: self.hours,
            minutes_per_round: self.minutes_per_round,
            topics: self.topics.into(),
            platforms: match self.platform {
                Worlds::Twitter => vec![Platform::Twitter],
                Worlds::Reddit => vec![Platform::Reddit],
                Worlds::Both => Platform::ALL.to_vec(),
            },
            overwrite: self.force,
        }
    }
}

/// `shoal gen`.
///
/// # Errors
/// If the folder is not empty, the disk is too full, or something cannot be written.
pub async fn generate(
    args: GenArgs,
    json: bool,
    output: &mut Output<'_>,
) -> Result<ExitCode, Failure> {
    let plan = args.plan();
    check_room(&args.folder, plan.estimated_bytes())?;
    let made = match work(&args.folder, plan, output).await? {
        Ok(made) => made,
        Err(GenerateError::Stopped) => {
            output.say("stopped before it was done; nothing was changed")?;
            return Ok(ExitCode::from(EXIT_DETACHED));
        }
        Err(GenerateError::Wrong(problems)) => return Err(bad_folder(&args.folder, &problems)),
        Err(error @ GenerateError::NotEmpty { .. }) => {
            let advice = "take another folder, or replace its simulation with --force";
            return Err(Failure::bad_input(format!("{error}: {advice}")));
        }
        Err(error @ GenerateError::Unwritable(..)) => {
            return Err(Failure::Failed(anyhow::Error::new(error)));
        }
    };
    if json {
        output.print_json(&Document::of(&args, &made))?;
    } else {
        output.print(&text(&args, &made, output))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether a disk has room, as far as that can be known.
fn check_room(folder: &Path, needed: u64) -> Result<(), Failure> {
    let is_there = |path: &&Path| path.exists();
    let here = Path::new(".");
    let place = folder.ancestors().find(is_there).unwrap_or(here);
    let Ok(disk) = rustix::fs::statvfs(place) else { return Ok(()) };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free >= needed {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "{} has {} free, and this takes about {}: make room there, or take fewer agents, one \
         --platform, or another disk",
        place.display(),
        megabytes(free),
        megabytes(needed)
    )))
}

/// Does the work on a thread of its own and shows how far it is. Ctrl-C stops it.
async fn work(
    folder: &Path,
    plan: Plan,
    output: &mut Output<'_>,
) -> Result<Result<Generated, GenerateError>, Failure> {
    let shutdown = Shutdown::on_signals().map_err(|error| Failure::Failed(error.into()))?;
    let (done, stop) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let mut view = View::new(plan.agents, output);
    let mut job = {
        let (folder, done, stop) = (folder.to_owned(), done.clone(), stop.clone());
        tokio::task::spawn_blocking(move || {
            population::synthetic::generate(&folder, &plan, &mut |agents| {
                done.store(agents, Ordering::Relaxed);
                if stop.load(Ordering::Relaxed) {
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            })
        })
    };
    let mut ticks = interval_at(Instant::now() + QUIET, TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            made = &mut job => {
                view.finish();
                return made.map_err(|error| Failure::Failed(error.into()));
            }
            () = shutdown.wished(), if !stop.load(Ordering::Relaxed) => {
                stop.store(true, Ordering::Relaxed);
            }
            _ = ticks.tick() => view.show(done.load(Ordering::Relaxed), output)?,
        }
    }
}

/// How far the work is: a bar on a terminal, elsewhere a line now and then.
struct View {
    agents: u32,
    bar: Option<ProgressBar>,
    ticks: u32,
}

impl View {
    fn new(agents: u32, output: &Output<'_>) -> View {
        // Hidden until there is something to wait for.
        let bar = output.is_watched().then(ProgressBar::hidden);
        View { agents, bar, ticks: 0 }
    }

    fn show(&mut self, done: u32, output: &mut Output<'_>) -> Result<(), Failure> {
        let is_first = self.ticks == 0;
        let is_due = self.ticks.is_multiple_of(TICKS_PER_LINE);
        self.ticks += 1;
        if let Some(bar) = &mut self.bar {
            if is_first {
                *bar = ProgressBar::new(self.agents.into()).with_style(style());
            }
            bar.set_position(done.into());
        } else if is_due {
            let (done, all) = (count(done.into()), count(self.agents.into()));
            output.say(&format!("{done} of {all} agents written"))?;
        }
        Ok(())
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn style() -> ProgressStyle {
    let template = "{bar:32} {human_pos} of {human_len} agents, {eta} to go";
    ProgressStyle::with_template(template).expect("it is a template").progress_chars("━╸ ")
}

/// What `--json` prints.
#[derive(Serialize)]
struct Document<'a> {
    folder: String,
    simulation_id: &'a str,
    agents: u32,
    seed: u64,
    rounds: u32,
    follows: u64,
    most_followers: u32,
    communities: Vec<Community<'a>>,
    files: Vec<File<'a>>,
    removed: Option<&'a str>,
}

#[derive(Serialize)]
struct Community<'a> {
    topic: &'a str,
    agents: u32,
}

#[derive(Serialize)]
struct File<'a> {
    name: &'a str,
    bytes: u64,
}

impl Document<'_> {
    fn of<'a>(args: &GenArgs, made: &'a Generated) -> Document<'a> {
        let community = |(topic, agents): &(&'a str, u32)| Community { topic, agents: *agents };
        Document {
            folder: args.folder.display().to_string(),
            simulation_id: &made.simulation_id,
            agents: args.agents,
            seed: args.seed,
            rounds: made.rounds,
            follows: made.follows,
            most_followers: made.most_followers,
            communities: made.communities.iter().map(community).collect(),
            files: made.files.iter().map(|(name, bytes)| File { name, bytes: *bytes }).collect(),
            removed: made.removed,
        }
    }
}

fn text(args: &GenArgs, made: &Generated, output: &Output<'_>) -> String {
    let community = |(topic, agents): &(&str, u32)| format!("{topic} {}", count((*agents).into()));
    let communities: Vec<String> = made.communities.iter().map(community).collect();
    let most = count(made.most_followers.into());
    let rounds = format!("{}, of {} minutes", count(made.rounds.into()), args.minutes_per_round);
    let row = |name: &str, value: String| vec![format!("  {name}"), value];
    let mut rows = vec![
        row("rounds", rounds),
        row("communities", communities.join(", ")),
        row("follows", format!("{}, {most} of them of one agent", count(made.follows))),
    ];
    for (at, (name, bytes)) in made.files.iter().enumerate() {
        let title = if at == 0 { "files" } else { "" };
        rows.push(row(title, format!("{name} {}", megabytes(*bytes))));
    }
    if let Some(removed) = made.removed {
        rows.push(row("removed", format!("{removed}, of the simulation that was there")));
    }
    let (folder, agents) = (args.folder.display(), counted(args.agents.into(), "agent"));
    let typed = as_typed(&args.folder);
    let most = Limits::default().max_agents;
    let next = if args.agents as usize <= most {
        format!("Next:\n  shoal run {typed}")
    } else {
        let most = count(u64::try_from(most).unwrap_or(u64::MAX));
        format!("`shoal run` takes at most {most} agents: this is for programs that take more.")
    };
    let id = output.paint().bold(&made.simulation_id);
    let rows = wrapped(&rows, output.width());
    format!("{folder}: {id}, {agents}\n{rows}\n\n{next}")
}

/// `12.3 MB`.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", count(tenths / 10), tenths % 10)
}
