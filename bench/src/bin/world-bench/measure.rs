//! Speed and size of worlds.

use std::fs;
use std::ops::Range;
use std::thread;
use std::time::Instant;

use world::{Decisions, Inputs, Platform, World};

use crate::clock::{middle, on_cores, spent};
use crate::report::{Figure, Print};
use crate::{mix, town};

pub(crate) const PLATFORMS: [(Platform, &str); 2] =
    [(Platform::Twitter, "twitter"), (Platform::Reddit, "reddit")];

/// Agents, and rounds that are played with so many; the first half is for warming up.
const CROWDS: [(u32, u32); 3] = [(1_000, 400), (10_000, 202), (100_000, 20)];

/// Two windows of rounds that are compared: the earlier, the later.
type Windows = (&'static str, Range<usize>, Range<usize>);

/// In the first, feeds still fill: agents follow nobody at first, and ten others in round 100.
const GROWTH: [Windows; 2] = [
    ("rounds 46 to 55 / rounds 1 to 10", 0..10, 45..55),
    ("rounds 193 to 202 / rounds 93 to 102", 92..102, 192..202),
];

/// Worlds and what they are called. They are kept until all is measured: a world that takes the
/// memory of one that is gone seems to take none.
pub(crate) type Kept = Vec<(String, World)>;

/// Speed, growth and memory when all decisions come from outside. Gives the speed of the slowest
/// world of the largest size, in decisions per second and core.
pub(crate) fn outside(print: Print, kept: &mut Kept) -> f64 {
    let mut reached = f64::INFINITY;
    for (agents, rounds) in CROWDS {
        for (platform, name) in PLATFORMS {
            let before = resident_bytes();
            let mut world = town::outside(platform, agents);
            town::step(&mut world);
            let mut times = Vec::new();
            for _ in 0..rounds {
                let decisions = mix::round(&world);
                times.push(spent(|| town::told(&mut world, decisions)));
            }
            let case = format!("outside, {name}, {agents} agents");
            let figure =
                |name, value, unit| print(&Figure { name, case: case.clone(), value, unit });
            let later = &times[times.len() / 2..];
            let speed = f64::from(agents) * count(later.len()) / on_cores(later);
            figure("decisions per second and core", speed, "1/s");
            figure("time of a round, of the first five", middle(&times[..5]) * 1e3, "ms");
            figure(
                "time of a round, of the last five",
                middle(&times[times.len() - 5..]) * 1e3,
                "ms",
            );
            if agents == 10_000 {
                for (name, early, late) in GROWTH {
                    figure(name, on_cores(&times[late]) / on_cores(&times[early]), "times");
                }
            }
            if agents == 100_000 {
                reached = reached.min(speed);
            }
            memory(agents, before, &figure);
            kept.push((case, world));
        }
    }
    reached
}

/// Speed when all agents decide by themselves, everybody in every round, on one thread.
pub(crate) fn builtin(print: Print, kept: &mut Kept) {
    for (agents, warm_up, rounds) in [(1_000, 20, 60), (10_000, 6, 6), (100_000, 3, 2)] {
        for (platform, name) in PLATFORMS {
            let before = resident_bytes();
            let mut world = town::builtin(platform, agents);
            town::play_to(&mut world, warm_up);
            let (mut decided, mut actions) = (0_u32, 0_usize);
            let seconds = on_cores(&[spent(|| {
                for _ in 0..rounds {
                    decided += world.active();
                    actions += town::step(&mut world).actions.len();
                }
            })]);
            let case = format!("builtin, {name}, {agents} agents");
            let figure =
                |name, value, unit| print(&Figure { name, case: case.clone(), value, unit });
            figure("decisions per second and core", f64::from(decided) / seconds, "1/s");
            figure("actions per second and core", count(actions) / seconds, "1/s");
            memory(agents, before, &figure);
            kept.push((case, world));
        }
    }
}

/// What a world takes; `before` is what was in use before it was made.
fn memory(agents: u32, before: Option<usize>, figure: &impl Fn(&'static str, f64, &'static str)) {
    if let (Some(before), Some(after)) = (before, resident_bytes()) {
        let growth = count(after.saturating_sub(before)) / f64::from(agents);
        figure("growth of resident memory per agent", growth, "bytes");
    }
}

/// Time and size of a snapshot of each world.
pub(crate) fn snapshots(print: Print, kept: &Kept) {
    for (case, world) in kept {
        let figure = |name, value, unit| print(&Figure { name, case: case.clone(), value, unit });
        let start = Instant::now();
        let bytes = world.snapshot().len();
        figure("time for a snapshot", start.elapsed().as_secs_f64() * 1e3, "ms");
        let per_agent = count(bytes) / count(world.setup().agents.len());
        figure("snapshot bytes per agent", per_agent, "bytes");
    }
}

/// A decision of the `builtin` policy late in a run against one early in it, of 1,000 agents.
pub(crate) fn history(print: Print) {
    for (platform, name) in PLATFORMS {
        let mut world = town::builtin(platform, 1_000);
        let mut times = [0.0; 2];
        for (time, round) in times.iter_mut().zip([20, 200]) {
            town::play_to(&mut world, round - 5);
            let ten_rounds = on_cores(&[spent(|| town::play_to(&mut world, round + 5))]);
            *time = ten_rounds * 1e6 / 10.0 / 1_000.0;
            let case = format!("builtin, {name}, round {round}");
            print(&Figure { name: "time per decision", case, value: *time, unit: "us" });
        }
        let case = format!("builtin, {name}, round 200 / round 20");
        let value = times[1] / times[0];
        print(&Figure { name: "growth of the time per decision", case, value, unit: "times" });
    }
}

/// The same rounds decided on one thread and on two. Applying them takes one thread always.
pub(crate) fn threads(print: Print) {
    for (platform, name) in PLATFORMS {
        let mut decide = [0.0; 2];
        let mut whole = [0.0; 2];
        for (place, threads) in [1, 2].into_iter().enumerate() {
            let mut world = town::builtin(platform, 10_000);
            town::play_to(&mut world, 4);
            for _ in 0..6 {
                let start = Instant::now();
                let decisions = decide_on(&world, threads);
                decide[place] += start.elapsed().as_secs_f64();
                let inputs = Inputs::quiet(world.tick(), 0);
                world.step(inputs, decisions).expect("inputs and decisions of this tick");
                whole[place] += start.elapsed().as_secs_f64();
            }
        }
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let case = format!("builtin, {name}, 10000 agents, {cores} cores");
        let figure = |name, value| {
            print(&Figure { name, case: case.clone(), value, unit: "times" });
        };
        figure("deciding on two threads, speed of one", decide[0] / decide[1]);
        figure("rounds on two threads, speed of one", whole[0] / whole[1]);
    }
}

fn decide_on(world: &World, threads: u32) -> Decisions {
    let active = world.active();
    thread::scope(|scope| {
        let parts: Vec<_> = (0..threads)
            .map(|part| active * part / threads..active * (part + 1) / threads)
            .map(|range| scope.spawn(move || world.decide(range)))
            .collect();
        let parts = parts.into_iter().map(|thread| thread.join().expect("deciding cannot panic"));
        Decisions::join(parts).expect("at least one thread")
    })
}

/// Memory of this process that is in use, as Linux counts it; `None` elsewhere.
fn resident_bytes() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: usize = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[expect(clippy::cast_precision_loss, reason = "figures are printed with a few digits")]
pub(crate) fn count(value: usize) -> f64 {
    value as f64
}
