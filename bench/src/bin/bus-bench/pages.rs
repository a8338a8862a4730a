//! How fast pages about a run are, and how fast what they are read from is filled.

use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail, ensure};
use bench::stage::Stage;
use bus::{Append, Bus, Start};
use contract::frame::{Assembler, Frame};
use contract::id::{Digest, RunId};
use contract::spec::Spec;
use contract::status::{EnvStatus, RunStatus};
use contract::subject::{Platform, StreamName};
use contract::timestamp::Timestamp;
use launcher::queued::first_status;
use serde_json::Value;
use simulator::translate::{self, Chain};
use system_tests::http::{Response, exchange};
use system_tests::stack::free_port;
use tokio::task::block_in_place;
use world::Inputs;

use crate::figures::{circumstances, load, percentile, verdict};
use crate::site::Site;
use crate::town;

/// Milliseconds, for every page.
const GOAL: f64 = 20.0;

const AGENTS: u32 = 1_000;

/// More than are played.
const ROUNDS: u32 = 2_000;

/// How long the launcher may take to read all there is.
const PATIENCE: Duration = Duration::from_secs(600);

/// A run that is on the bus as if it had been played there.
struct Run {
    id: RunId,
    actions: u64,
    ticks: u32,
}

/// Puts a run of at least so many actions on a bus, has a launcher read it, and asks for pages.
pub(crate) async fn measure(actions: u64, requests: usize) -> anyhow::Result<()> {
    println!("How fast pages about a run are, and how fast what they are read from is filled.");
    println!("{}", circumstances());
    let site = Site::start("", &[]).await?;
    let spec = town::generated(AGENTS, ROUNDS)?;
    let run = publish(&site.bus, &spec, actions).await?;
    println!("{AGENTS} agents, {} rounds on both platforms, {} actions", run.ticks, run.actions);
    let bytes = rate(run.actions, time_reading(&site.bus, false).await?);
    let checked = rate(run.actions, time_reading(&site.bus, true).await?);
    println!("\n{:<52} {:>12}", "filling the read model", "actions/s");
    println!("  {:<50} {bytes:>12.0}", "read the stream, bytes only");
    println!("  {:<50} {checked:>12.0}", "read it, parse it and check its chain");
    let folder = tempfile::TempDir::with_prefix("bus-bench-")?;
    let (file, port) = (folder.path().join("model.sqlite"), free_port());
    let begin = Instant::now();
    let _launcher = site.launcher(port, &file);
    block_in_place(|| await_rows(port, &run))?;
    let filled = rate(run.actions, begin.elapsed());
    println!("  {:<50} {filled:>12.0}", "a launcher, from its start to its last row");
    let size = std::fs::metadata(&file)?.len() as f64 / run.actions as f64;
    println!("  {:<50} {size:>12.0}", "bytes of its file per action");
    println!(
        "\n{:<34} {:>8} {:>8}  of {requests}  goal: <= {GOAL} ms",
        "pages over HTTP", "p50", "p99"
    );
    block_in_place(|| measure_pages(port, &run, requests))?;
    println!("\nload average {} at the end", load());
    Ok(())
}

fn measure_pages(port: u16, run: &Run, requests: usize) -> anyhow::Result<()> {
    let total = |page: &str| -> anyhow::Result<u64> {
        let answer = ask(port, run, page)?.json();
        answer["data"]["total"].as_u64().context("a page without a total")
    };
    let listed = total("actions?limit=1")?;
    let (middle, last) = (listed / 2, listed - 100);
    let begin = ask(port, run, &format!("actions?limit=100&offset={}", middle - 100))?.json();
    let cursor = begin["data"]["next_cursor"].as_str().context("no page in the middle")?.to_owned();
    let posts = total("posts?limit=1")?;
    let half = run.ticks / 2;
    let pages = [
        ("actions, first", "actions?limit=100".to_owned()),
        ("actions, middle by cursor", format!("actions?limit=100&cursor={cursor}")),
        ("actions, middle by offset", format!("actions?limit=100&offset={middle}")),
        ("actions, last", format!("actions?limit=100&offset={last}")),
        ("actions, all kinds, middle", {
            format!("actions?limit=100&include=failed,refresh&offset={}", run.actions / 2)
        }),
        ("actions of an agent", "actions?limit=100&agent_id=7".to_owned()),
        ("actions of a round", format!("actions?limit=100&round_num={half}")),
        ("posts, first", "posts?limit=100".to_owned()),
        ("posts, middle by offset", format!("posts?limit=100&offset={}", posts / 2)),
        ("comments, first", "comments?limit=100".to_owned()),
        ("timeline, first 100 rounds", "timeline?limit=100".to_owned()),
        ("timeline, one round", format!("timeline?start_round={half}&end_round={half}")),
        ("agent-stats, first 100", "agent-stats?limit=100".to_owned()),
        ("agent-stats, last 100", format!("agent-stats?limit=100&offset={}", AGENTS - 100)),
    ];
    for (name, page) in pages {
        let mut times = Vec::with_capacity(requests);
        for _ in 0..requests {
            let begin = Instant::now();
            ask(port, run, &page)?;
            times.push(begin.elapsed().as_secs_f64() * 1e3);
        }
        let (p50, p99) = (percentile(&times, 50), percentile(&times, 99));
        println!("  {name:<32} {p50:>8.2} {p99:>8.2}  {}", verdict(p99, GOAL));
    }
    Ok(())
}

fn ask(port: u16, run: &Run, page: &str) -> anyhow::Result<Response> {
    let path = format!("/api/simulation/{}/{page}", run.id);
    let answer =
        exchange(port, "GET", &path, &[], b"").with_context(|| format!("{path}: no answer"))?;
    ensure!(answer.status == 200, "{path}: {} {}", answer.status, answer.body);
    Ok(answer)
}

/// Waits until all rows are there.
fn await_rows(port: u16, run: &Run) -> anyhow::Result<()> {
    let (begin, path) = (Instant::now(), format!("/api/simulation/{}/actions?limit=1", run.id));
    while begin.elapsed() < PATIENCE {
        // A page waits itself, for a while.
        let answer = exchange(port, "GET", &path, &[], b"").filter(|answer| answer.status == 200);
        let data: Value = answer.map(|answer| answer.json()["data"].clone()).unwrap_or_default();
        ensure!(data["problem"].is_null(), "the read model has a problem: {}", data["problem"]);
        if data["behind_rounds"] == 0 {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    bail!("the launcher has not read all there is within {PATIENCE:?}")
}

/// Plays both worlds until there are so many actions, and stores all that a run leaves but for
/// its journal.
async fn publish(bus: &Bus, spec: &Spec, actions: u64) -> anyhow::Result<Run> {
    let (requested, options) = town::options(spec, &Platform::ALL, None)?;
    let mut worlds = Vec::new();
    for platform in Platform::ALL {
        let stage = Stage::new(spec, platform, options.clone());
        worlds.push((stage.map_err(|problems| anyhow!("{problems}"))?, Chain::START));
    }
    let id = spec.simulation_id.run(1);
    bus.put_spec(spec).await?;
    let mut status = first_status(id.clone(), spec, &requested, options, &[], Timestamp::EPOCH);
    status.status = RunStatus::Completed;
    let mut tick = 0;
    while status.platforms.iter().map(|world| world.actions).sum::<u64>() < actions {
        for ((stage, chain), known) in worlds.iter_mut().zip(&mut status.platforms) {
            let decisions = stage.world.decide(0..stage.world.active());
            let outputs = stage.world.step(Inputs::quiet(tick, 0), decisions);
            let outputs = outputs.map_err(|problem| anyhow!("tick {tick}: {problem}"))?;
            let frame = translate::frame(&stage.world, &stage.genesis, chain, outputs);
            *chain = chain.after(&frame);
            (known.ticks, known.round) = (tick + 1, tick);
            known.actions = frame.next_seq() - 1;
            let subject = bus.prefix().actions(&id, frame.platform);
            // As one message: what a server takes here.
            let body = serde_json::to_vec(&frame)?;
            let append = Append { subject, body, headers: Vec::new(), expected_last: None };
            bus.append(append).await?;
        }
        tick += 1;
    }
    store_status(bus, &status).await?;
    let actions = status.platforms.iter().map(|world| world.actions).sum();
    Ok(Run { id, actions, ticks: tick })
}

async fn store_status(bus: &Bus, status: &EnvStatus) -> anyhow::Result<()> {
    let subject = bus.prefix().env_status(&status.run_id);
    bus.append_first(StreamName::EnvStatus, &subject, status.to_bytes()).await?;
    Ok(())
}

async fn time_reading(bus: &Bus, checked: bool) -> anyhow::Result<Duration> {
    let filter = bus.prefix().all(StreamName::Actions);
    let last = bus.last(StreamName::Actions, &filter).await?.context("no frames")?;
    let begin = Instant::now();
    let mut cursor = bus.follow(StreamName::Actions, &filter, Start::First).await?;
    let mut digests = [Digest::ZERO; 2];
    loop {
        let stored = cursor.next().await;
        if checked {
            let part: Frame = serde_json::from_slice(&stored.body)?;
            let whole = block_in_place(|| Assembler::default().push(part))?;
            let frame = whole.context("a part of a frame")?;
            let digest = &mut digests[usize::from(frame.platform == Platform::Reddit)];
            ensure!(frame.previous_digest == *digest, "tick {} breaks the chain", frame.tick);
            *digest = frame.digest;
        }
        if stored.sequence >= last.sequence {
            return Ok(begin.elapsed());
        }
    }
}

fn rate(actions: u64, time: Duration) -> f64 {
    actions as f64 / time.as_secs_f64()
}
