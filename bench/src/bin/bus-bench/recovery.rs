//! How long a run stands still when its worker, its node or the server is killed.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::ValueEnum;
use contract::id::RunId;
use contract::status::RunStatus;
use contract::subject::Platform;
use rustix::process::Signal;
use system_tests::process::{children, signal_process};
use tokio::time::sleep;

use crate::figures::{circumstances, load, median, percentile, verdict};
use crate::site::Site;
use crate::town;
use crate::witness::{Event, What, Witness};

const AGENTS: u32 = 1_000;
/// Rounds per second, in thousandths.
const PACE_MILLI: u32 = 5_000;
/// More than are played, whatever dies how often.
const ROUNDS: u32 = 20_000;
/// Seconds for which a run stays claimed after its node was last heard of.
const LEASE_SECONDS: &str = "3";

/// What is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Victim {
    /// The worker that holds the run.
    Worker,
    /// The node whose worker holds the run, beside another one that lives.
    Node,
    /// The nats-server, started again at once.
    Server,
}

/// What was seen of one death: what happened, and how many seconds after the signal.
type Course = Vec<(&'static str, f64)>;

const NEXT_ROUND: &str = "next round";

/// Kills `deaths` times each of `only`, or of all, and prints how long the run stood still.
pub(crate) async fn measure(only: &[Victim], deaths: u32) -> anyhow::Result<()> {
    println!("How long a run of {AGENTS} agents stands still: seconds from kill -9 to the next");
    println!("stored round of its slower world, at 5 rounds a second; lease {LEASE_SECONDS} s.");
    println!("{}.\n", circumstances());
    println!(
        "{:<8} {:>6}  {:>6}  {:>6}  {:<16} medians since the signal",
        "killed", "deaths", "p50", "p99", "goal (p99)"
    );
    for victim in [Victim::Worker, Victim::Node, Victim::Server] {
        if only.is_empty() || only.contains(&victim) {
            print_line(victim, &watch(victim, deaths).await?);
        }
    }
    println!("\nload average {} at the end", load());
    Ok(())
}

/// Kills `deaths` times, at various places of a round and distances from a snapshot.
async fn watch(victim: Victim, deaths: u32) -> anyhow::Result<Vec<Course>> {
    let mut site = Site::start("", &[("SHOAL_LEASE_SECONDS", LEASE_SECONDS)]).await?;
    site.add_node();
    let spec = town::generated(AGENTS, ROUNDS)?;
    let wish = town::options(&spec, &Platform::ALL, Some(PACE_MILLI))?;
    let run = site.run(&spec, wish).await?;
    site.status(&run, "running", |status| status.status == RunStatus::Running).await?;
    if victim == Victim::Node {
        site.add_node();
    }
    let mut witness = Witness::new(&site.bus, &run).await?;
    let mut courses = Vec::new();
    for number in 0..deaths {
        let rounds = 8 + number as usize * 7 % 16;
        let seen = witness.frames(rounds, |_, _| true).await?;
        let epoch = seen.iter().filter_map(epoch_of).max().unwrap_or(0);
        // Not always just after a frame.
        sleep(Duration::from_millis(u64::from(number) * 37 % 200)).await;
        courses.push(kill(victim, &mut site, &run, &mut witness, epoch).await?);
    }
    Ok(courses)
}

async fn kill(
    victim: Victim,
    site: &mut Site,
    run: &RunId,
    witness: &mut Witness,
    epoch: u32,
) -> anyhow::Result<Course> {
    if victim == Victim::Server {
        let killed = kit::now_milliseconds();
        site.nats.kill();
        let dead = kit::now_milliseconds();
        site.nats.restart();
        let answers = kit::now_milliseconds();
        let seen = witness.frames(1, |at, _| at > dead).await?;
        let mut course = course(&seen, killed, epoch);
        course.insert(0, ("server answers", seconds(killed, answers)));
        return Ok(course);
    }
    let status = site.status(run, "held", |status| status.held).await?;
    let name = status.node.context("a run that is held has a node")?;
    let node = site.nodes.get_mut(&name).with_context(|| format!("there is no {name}"))?;
    let workers = children(node.id());
    ensure!(workers.len() == 1, "{name} has {} workers, expected 1", workers.len());
    let killed = kit::now_milliseconds();
    if victim == Victim::Worker {
        signal_process(workers[0], Signal::KILL);
    } else {
        node.signal(Signal::KILL);
        node.wait();
    }
    // What the dead one had sent may be stored yet; a new owner writes under a higher epoch.
    let seen = witness.frames(1, |_, found| found > epoch).await?;
    if victim == Victim::Node {
        site.nodes.remove(&name);
        site.add_node();
    }
    Ok(course(&seen, killed, epoch))
}

/// What happened when; of what happens in both worlds the later.
fn course(seen: &[Event], killed: i64, epoch: u32) -> Course {
    let after = |is: &dyn Fn(What) -> bool| {
        let at = seen.iter().filter(|event| event.at > killed && is(event.what)).map(|it| it.at);
        at.min().map(|at| seconds(killed, at))
    };
    let later = |is: &dyn Fn(What, Platform) -> bool| {
        let times = Platform::ALL.map(|platform| after(&|what| is(what, platform)));
        times.into_iter().flatten().reduce(f64::max)
    };
    let gone = after(&|what| what == What::LeaseGone);
    let claimed = later(&|what, platform| what == What::Claim(platform, epoch + 1));
    let taken = gone.and_then(|gone| {
        let at =
            seen.iter().filter(|it| it.what == What::LeaseTaken).map(|it| seconds(killed, it.at));
        at.filter(|at| *at > gone).reduce(f64::min)
    });
    let is_new = |found: u32| claimed.is_none() || found > epoch;
    let next = later(
        &|what, platform| matches!(what, What::Frame(world, found) if world == platform && is_new(found)),
    );
    let steps = [("lease gone", gone), ("taken", taken), ("claimed", claimed), (NEXT_ROUND, next)];
    steps.into_iter().filter_map(|(name, at)| Some((name, at?))).collect()
}

fn epoch_of(event: &Event) -> Option<u32> {
    match event.what {
        What::Frame(_, epoch) | What::Claim(_, epoch) => Some(epoch),
        What::LeaseTaken | What::LeaseGone => None,
    }
}

fn seconds(from: i64, to: i64) -> f64 {
    Duration::from_millis(u64::try_from(to - from).unwrap_or(0)).as_secs_f64()
}

fn print_line(victim: Victim, courses: &[Course]) {
    let (name, goal) = match victim {
        Victim::Worker => ("worker", 2.0),
        Victim::Node => ("node", 5.0),
        Victim::Server => ("server", 5.0),
    };
    let mut names: Vec<&str> = Vec::new();
    for (step, _) in courses.iter().flatten() {
        if !names.contains(step) {
            names.push(step);
        }
    }
    let times = |name: &str| -> Vec<f64> {
        courses.iter().flatten().filter(|(step, _)| *step == name).map(|(_, at)| *at).collect()
    };
    let steps: Vec<String> =
        names.iter().map(|name| format!("{name} {:.2}", median(&times(name)))).collect();
    let all = times(NEXT_ROUND);
    let p99 = percentile(&all, 99);
    println!(
        "{name:<8} {:>6}  {:>6.2}  {p99:>6.2}  {:<16} {}",
        all.len(),
        median(&all),
        format!("<= {goal} s {}", verdict(p99, goal)),
        steps.join(", ")
    );
    let in_order: Vec<String> = all.iter().map(|time| format!("{time:.1}")).collect();
    println!("         one after the other: {}", in_order.join(" "));
}
