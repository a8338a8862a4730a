//! What a run notices of those who read its events and ask for its state: nothing, it is hoped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use contract::id::RunId;
use contract::status::RunStatus;
use contract::subject::Platform;
use system_tests::http::exchange;
use system_tests::process::children;
use system_tests::stack::free_port;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::figures::{circumstances, load, median, percentile, verdict, worst};
use crate::site::Site;
use crate::town;
use crate::witness::{Event, What, Witness};

const AGENTS: u32 = 1_000;
/// Rounds per second, in thousandths.
const PACE_MILLI: u32 = 2_000;
/// Milliseconds from one round to the next.
const PERIOD: f64 = 500.0;
/// More than are played.
const ROUNDS: u32 = 20_000;
/// Rounds that are played before anything is measured: the world is younger then than ever after.
const WARM_UP: usize = 20;
/// Percent.
const GOAL: f64 = 10.0;
/// Ticks of the kernel's clock in a second, in which it accounts for processes.
const TICKS: f64 = 100.0;

/// How much is asked of the launcher.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Readers of the run's events at the same time.
    pub(crate) readers: usize,
    /// Questions for its state per second.
    pub(crate) questions: u32,
    /// Rounds of each measurement.
    pub(crate) rounds: usize,
    /// Measurements of each kind.
    pub(crate) times: usize,
}

/// What was seen of the run in some rounds.
struct Seen {
    /// Milliseconds of the worker's processor time for each round of both worlds.
    cpu: f64,
    /// Milliseconds by which frames were later than their pace, each.
    late: Vec<f64>,
}

/// What was seen by those who read and asked.
#[derive(Debug, Default)]
struct Told {
    bytes: AtomicU64,
    cut: AtomicU64,
    /// Milliseconds that answers took.
    answers: std::sync::Mutex<Vec<f64>>,
}

/// Plays a run, alternately alone and with all who read and ask, and prints what differs.
pub(crate) async fn measure(asked: Load) -> anyhow::Result<()> {
    let Load { readers, questions, rounds, times } = asked;
    println!("What a run of {AGENTS} agents at 2 rounds a second notices of {readers} readers of");
    println!("its events and {questions} questions a second for its state, over HTTP.");
    println!("{}.\n", circumstances());
    let mut site = Site::start("", &[]).await?;
    site.add_node();
    let folder = tempfile::TempDir::with_prefix("bus-bench-")?;
    let port = free_port();
    let _launcher = site.launcher(port, &folder.path().join("model.sqlite"));
    let spec = town::generated(AGENTS, ROUNDS)?;
    let wish = town::options(&spec, &Platform::ALL, Some(PACE_MILLI))?;
    let run = site.run(&spec, wish).await?;
    site.status(&run, "running", |status| status.status == RunStatus::Running).await?;
    let node = site.nodes.values().next().context("no node")?.id();
    let worker = *children(node).first().context("no worker")?;
    let mut witness = Witness::new(&site.bus, &run).await?;
    witness.frames(WARM_UP, |_, _| true).await?;
    println!("{:<12} {:>14} {:>12} {:>12}", "", "worker ms/round", "late p50 ms", "worst ms");
    let (mut alone, mut read) = (Vec::new(), Vec::new());
    let told = Arc::new(Told::default());
    for _ in 0..times {
        alone.push(watch(&mut witness, worker, rounds).await?);
        print_line("alone", alone.last());
        let crowd = gather(port, &run, asked, &told).await?;
        // What comes with their connections is not what reading costs.
        witness.frames(2, |_, _| true).await?;
        read.push(watch(&mut witness, worker, rounds).await?);
        print_line("read", read.last());
        drop(crowd);
    }
    let cpu = |seen: &[Seen]| median(&seen.iter().map(|seen| seen.cpu).collect::<Vec<_>>());
    let more = (cpu(&read) / cpu(&alone) - 1.0) * 100.0;
    let verdict_of_cpu = verdict(more, GOAL);
    println!("\nworker's time per round: {more:+.1} %  goal: <= {GOAL} %  {verdict_of_cpu}");
    for (name, seen) in [("alone", &alone), ("read", &read)] {
        let late: Vec<f64> = seen.iter().flat_map(|seen| seen.late.iter().copied()).collect();
        let count = late.iter().filter(|late| **late >= PERIOD).count();
        let verdict = verdict(worst(&late), PERIOD);
        println!(
            "rounds that came after the next was due, {name}: {count} of {}  goal: 0  {verdict}",
            late.len()
        );
    }
    print_told(&told);
    println!("load average {} at the end", load());
    ensure!(told.cut.load(Ordering::Relaxed) == 0, "readers were cut off");
    Ok(())
}

fn print_line(name: &str, seen: Option<&Seen>) {
    if let Some(Seen { cpu, late }) = seen {
        let (usual, worst) = (median(late), worst(late));
        println!("  {name:<10} {cpu:>14.2} {usual:>12.0} {worst:>12.0}");
    }
}

fn print_told(told: &Told) {
    let answers = told.answers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (p50, p99) = (percentile(&answers, 50), percentile(&answers, 99));
    println!("answers about its state: {} in all, p50 {p50:.1} ms, p99 {p99:.1} ms", answers.len());
    let megabytes = told.bytes.load(Ordering::Relaxed) as f64 / 1e6;
    let cut = told.cut.load(Ordering::Relaxed);
    println!("events: {megabytes:.0} MB to all readers, {cut} of them cut off");
}

async fn watch(witness: &mut Witness, worker: u32, rounds: usize) -> anyhow::Result<Seen> {
    let before = processor_time(worker)?;
    let frames = witness.frames(rounds, |_, _| true).await?;
    let spent = processor_time(worker)? - before;
    let mut late = Vec::new();
    for platform in Platform::ALL {
        late.extend(lateness(&frames, platform));
    }
    Ok(Seen { cpu: spent / rounds as f64, late })
}

/// By how much each frame of a world is later than the earliest one's pace has it.
fn lateness(events: &[Event], platform: Platform) -> Vec<f64> {
    let of = |event: &&Event| matches!(event.what, What::Frame(world, _) if world == platform);
    let at: Vec<f64> = events.iter().filter(of).map(|event| event.at as f64).collect();
    let due = |index: usize| index as f64 * PERIOD;
    let first = at.iter().enumerate().map(|(index, at)| at - due(index)).fold(f64::MAX, f64::min);
    at.iter().enumerate().map(|(index, at)| at - due(index) - first).collect()
}

/// Milliseconds that a process has had of processors, with those of its threads that are over.
pub(crate) fn processor_time(process: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let behind_name = stat.rsplit(')').next().context("no name in stat")?;
    let mut fields = behind_name.split_whitespace().skip(11);
    let mut next = || fields.next().and_then(|field| field.parse::<f64>().ok());
    let (user, system) = (next().context("no utime")?, next().context("no stime")?);
    Ok((user + system) * 1e3 / TICKS)
}

/// All who read and ask, for as long as this lives.
async fn gather(
    port: u16,
    run: &RunId,
    asked: Load,
    told: &Arc<Told>,
) -> anyhow::Result<JoinSet<()>> {
    let mut crowd = JoinSet::new();
    for _ in 0..asked.readers {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let request = format!(
            "GET /api/simulation/{run}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\
             Accept: text/event-stream\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let told = Arc::clone(told);
        crowd.spawn(async move {
            let mut buffer = vec![0; 256 << 10];
            loop {
                match stream.read(&mut buffer).await {
                    Ok(0) | Err(_) => break,
                    Ok(bytes) => told.bytes.fetch_add(bytes as u64, Ordering::Relaxed),
                };
            }
            told.cut.fetch_add(1, Ordering::Relaxed);
        });
    }
    let (told, path) = (Arc::clone(told), format!("/api/simulation/{run}/run-status"));
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / asked.questions.max(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    crowd.spawn(async move {
        loop {
            ticks.tick().await;
            let (told, path) = (Arc::clone(&told), path.clone());
            tokio::task::spawn_blocking(move || {
                let begin = Instant::now();
                if exchange(port, "GET", &path, &[], b"").is_some_and(|answer| answer.status == 200)
                {
                    let took = begin.elapsed().as_secs_f64() * 1e3;
                    let mut answers =
                        told.answers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    answers.push(took);
                }
            });
        }
    });
    Ok(crowd)
}
