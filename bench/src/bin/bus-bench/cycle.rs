//! What the journal and the frames cost a round.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use bus::Start;
use contract::id::RunId;
use contract::options::{RequestedOptions, RunOptions};
use contract::spec::Spec;
use contract::status::RunStatus;
use contract::subject::{Platform, StreamName};

use crate::bare::{self, Played};
use crate::figures::{circumstances, load, median, verdict, worst};
use crate::site::Site;
use crate::town;

/// The part of a round that the bus may cost at most, in percent.
const GOAL: f64 = 20.0;

/// The sizes that are measured: agents, and the rounds of each run.
const SIZES: [(u32, u32); 3] = [(1_000, 120), (3_000, 60), (10_000, 24)];

const WORLDS: [&[Platform]; 3] = [&[Platform::Twitter], &[Platform::Reddit], &Platform::ALL];

/// Milliseconds per round, measurement by measurement.
#[derive(Default)]
struct Times {
    bare: Vec<f64>,
    usual: Vec<f64>,
    synced: Vec<f64>,
}

/// Reads one of the sizes that are measured.
pub(crate) fn size(text: &str) -> Result<u32, String> {
    let size = SIZES.into_iter().map(|(agents, _)| agents).find(|it| it.to_string() == text);
    size.ok_or_else(|| format!("expected one of {}", SIZES.map(|it| it.0.to_string()).join(", ")))
}

/// Measures all sizes and prints a line for each set of worlds.
pub(crate) async fn measure(only: &[u32], runs: u32) -> anyhow::Result<()> {
    println!("What the journal and the frames cost a round.");
    println!("{}; each figure the middle (and the worst) of {runs} runs.", circumstances());
    println!();
    println!(
        "{:>6}  {:<14} {:>6} {:>7}  {:>15}  {:>30}  {:>30}  goal",
        "", "", "", "actions", "bare", "bus, the server's usual sync", "bus, every write synced"
    );
    println!(
        "{:>6}  {:<14} {:>6} {:>7}  {:>15}  {:>16} {:>13}  {:>16} {:>13}  <= {GOAL} %",
        "agents",
        "worlds",
        "rounds",
        "a round",
        "ms a round",
        "ms a round",
        "share",
        "ms a round",
        "share"
    );
    for (agents, rounds) in SIZES {
        if only.is_empty() || only.contains(&agents) {
            measure_size(agents, rounds, runs).await?;
        }
    }
    println!("\nload average {} at the end", load());
    Ok(())
}

async fn measure_size(agents: u32, rounds: u32, runs: u32) -> anyhow::Result<()> {
    let spec = town::generated(agents, rounds)?;
    let mut usual = site("").await?;
    let mut synced = site("sync_interval: always").await?;
    for platforms in WORLDS {
        let wish = town::options(&spec, platforms, None)?;
        let (mut times, mut actions) = (Times::default(), 0);
        // In turns, so that a neighbour that comes or goes meets all three.
        for _ in 0..runs {
            let bare = bare::play(&spec, &wish.1).await?;
            times.bare.push(longest(bare.iter().map(|world| world.time), rounds));
            times.usual.push(play(&mut usual, &spec, &wish, &bare).await?);
            times.synced.push(play(&mut synced, &spec, &wish, &bare).await?);
            actions = bare.iter().map(|world| world.actions).sum::<u64>() / u64::from(rounds + 1);
        }
        print_line(&[agents.to_string(), name(platforms), rounds.to_string()], actions, &times);
    }
    Ok(())
}

/// A bus with a node that lets ended runs go at once.
async fn site(jetstream: &str) -> anyhow::Result<Site> {
    let mut site = Site::start(jetstream, &[("SHOAL_IDLE_SECONDS", "1")]).await?;
    site.add_node();
    Ok(site)
}

/// Plays a run through the bus; gives its milliseconds per round. It must have played what was
/// played without a bus.
async fn play(
    site: &mut Site,
    spec: &Spec,
    wish: &(RequestedOptions, RunOptions),
    bare: &[Played],
) -> anyhow::Result<f64> {
    let run = site.run(spec, wish.clone()).await?;
    let ended = site.status(&run, "completed", |it| it.status == RunStatus::Completed).await?;
    site.status(&run, "let go", |it| it.status == RunStatus::Completed && !it.held).await?;
    let mut times = Vec::new();
    for (world, bare) in ended.platforms.iter().zip(bare) {
        let platform = world.platform;
        ensure!(world.digest == bare.digest, "{run} has another {platform} than without a bus");
        times.push(span(site, &run, platform).await?);
    }
    Ok(longest(times.into_iter(), wish.1.rounds))
}

/// From a world's first frame to its last, by the server's clock.
async fn span(site: &Site, run: &RunId, platform: Platform) -> anyhow::Result<Duration> {
    let (bus, subject) = (&site.bus, site.bus.prefix().actions(run, platform));
    let first = bus.follow(StreamName::Actions, &subject, Start::First).await?.next().await;
    let last = bus.last(StreamName::Actions, &subject).await?.context("a run without frames")?;
    let milliseconds = last.at.milliseconds() - first.at.milliseconds();
    Ok(Duration::from_millis(u64::try_from(milliseconds)?))
}

/// Milliseconds per round of the slowest world.
fn longest(times: impl Iterator<Item = Duration>, rounds: u32) -> f64 {
    times.max().unwrap_or_default().as_secs_f64() * 1e3 / f64::from(rounds)
}

fn name(platforms: &[Platform]) -> String {
    platforms.iter().map(Platform::to_string).collect::<Vec<_>>().join("+")
}

fn print_line(case: &[String; 3], actions: u64, times: &Times) {
    let [agents, worlds, rounds] = case;
    let pair = |values: &[f64]| format!("{:.1} ({:.1})", median(values), worst(values));
    let usual = shares(&times.bare, &times.usual);
    let synced = shares(&times.bare, &times.synced);
    let share = |values: &[f64]| format!("{:.0} % ({:.0} %)", median(values), worst(values));
    println!(
        "{agents:>6}  {worlds:<14} {rounds:>6} {actions:>7}  {:>15}  {:>16} {:>13}  {:>16} {:>13}  {}",
        pair(&times.bare),
        pair(&times.usual),
        share(&usual),
        pair(&times.synced),
        share(&synced),
        verdict(median(&usual), GOAL),
    );
}

/// What is not stepping of each round's time, in percent, run by run.
fn shares(bare: &[f64], whole: &[f64]) -> Vec<f64> {
    bare.iter().zip(whole).map(|(bare, whole)| 100.0 * (1.0 - bare / whole)).collect()
}
