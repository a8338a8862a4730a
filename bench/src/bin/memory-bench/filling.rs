//! From a stream into the graph, beside the same rows without a graph, and the stream alone.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};
use bus::{Append, Bus, Position, Stored};
use contract::chain::World;
use contract::frame::Frame;
use contract::memory::{STATS, Scope, Stats, StatsAnswer, read_answer};
use contract::subject::{Platform, StreamName};
use contract::timestamp::Timestamp;
use kit::shutdown::Shutdown;
use memory_sink::adapters::sqlite::SqliteMemory;
use memory_sink::batch::EpisodeBatch;
use memory_sink::config::Args;
use memory_sink::policy::Batching;
use memory_sink::queue::{Cut, Queue, Supply};
use memory_sink::render::Language;
use rusqlite::{Connection, params};

use crate::report::figure;

/// Frames that are read at a time.
const WINDOW: u64 = 16;
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// Between two questions whether all is there.
const POLL: Duration = Duration::from_millis(20);
/// The graph.
pub(crate) const GRAPH: &str = "town";

/// Publishes frames as a worker does.
pub(crate) async fn publish(bus: &Bus, frames: &[Frame]) -> anyhow::Result<()> {
    for frame in frames {
        let subject = bus.prefix().actions(&frame.run_id, frame.platform);
        let body = serde_json::to_vec(frame)?;
        let message = Append { subject, body, headers: Vec::new(), expected_last: None };
        bus.append(message).await?;
    }
    Ok(())
}

/// Reads the stream window by window.
async fn windows(
    bus: &Bus,
    mut take: impl AsyncFnMut(Vec<Stored>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let all = bus.prefix().all(StreamName::Actions);
    let mut from = 1;
    loop {
        let window = bus.read_some(StreamName::Actions, &all, from, WINDOW).await?;
        let Some(last) = window.last() else { return Ok(()) };
        from = last.sequence + 1;
        take(window).await?;
    }
}

/// The stream alone: every body, and nothing done with it.
pub(crate) async fn bare_stream(bus: &Bus, actions: u64) -> anyhow::Result<()> {
    let start = Instant::now();
    windows(bus, async |_| Ok(())).await?;
    rate("bare read of the stream", actions, start.elapsed());
    Ok(())
}

/// From the stream to the graph, by the service itself: announced, read, checked, put into words,
/// stored.
pub(crate) async fn graph(args: &Args, bus: &Bus, actions: u64) -> anyhow::Result<()> {
    let (start, from) = (Instant::now(), cpu());
    let (trigger, shutdown) = Shutdown::manual();
    let sink = tokio::spawn(memory_sink::run(args.clone(), shutdown));
    let question = Stats { scope: Scope::Graph(GRAPH.to_owned()) }.to_bytes();
    loop {
        let answer = bus.request(bus.prefix().memory(STATS), question.clone(), ANSWER).await;
        let answer = answer.ok().and_then(|body| read_answer::<StatsAnswer>(&body).ok());
        if answer.is_some_and(|answer| answer.cursors.len() == 2 && answer.lag == 0) {
            break;
        }
        if sink.is_finished() {
            bail!("the sink has ended");
        }
        tokio::time::sleep(POLL).await;
    }
    rate("from the stream into the graph", actions, start.elapsed());
    rate("the same, per second of a core", actions, cpu().saturating_sub(from));
    trigger.pull();
    sink.await??;
    Ok(())
}

/// The batches once more: nothing of them is new.
pub(crate) async fn again(memory: &SqliteMemory, batches: &[EpisodeBatch]) -> anyhow::Result<()> {
    let (start, mut actions) = (Instant::now(), 0);
    for batch in batches {
        memory.remember(batch).await.map_err(|error| anyhow!("{error}"))?;
        actions += batch.episodes.len() as u64;
    }
    rate("the same again, all of it known", actions, start.elapsed());
    Ok(())
}

/// The same episodes as rows of one table, without an index, a graph or full text.
pub(crate) fn bare_rows(folder: &Path, batches: &[EpisodeBatch]) -> anyhow::Result<()> {
    let mut connection = Connection::open(folder.join("rows.sqlite"))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(
        "CREATE TABLE row (id INTEGER PRIMARY KEY, world INTEGER, seq INTEGER, round INTEGER,
            ref_time INTEGER, action TEXT, text TEXT, body_json TEXT) STRICT",
    )?;
    let (start, mut rows) = (Instant::now(), 0);
    for batch in batches {
        let transaction = connection.transaction()?;
        for episode in &batch.episodes {
            transaction
                .prepare_cached("INSERT INTO row VALUES (NULL, 1, ?1, ?2, ?3, ?4, ?5, ?6)")?
                .execute(params![
                    i64::try_from(episode.body.seq)?,
                    episode.round,
                    episode.simulated_time.milliseconds(),
                    episode.action_type,
                    episode.text,
                    serde_json::to_string(&episode.body)?,
                ])?;
            rows += 1;
        }
        transaction.commit()?;
    }
    rate("bare rows in SQLite", rows, start.elapsed());
    Ok(())
}

/// The episodes of frames, packed as they are delivered.
pub(crate) fn packed(frames: &[Frame]) -> anyhow::Result<Vec<EpisodeBatch>> {
    let mut queues: BTreeMap<Platform, Queue> = BTreeMap::new();
    let mut batches = Vec::new();
    let at = Position { sequence: 1, at: Timestamp::from_milliseconds(0) };
    for frame in frames {
        let queue = queues.entry(frame.platform).or_insert_with(|| {
            let world = World { run_id: frame.run_id.clone(), platform: frame.platform };
            Queue::new(world, GRAPH.to_owned(), Language::English, None, None)
        });
        queue.push(frame, at, Duration::ZERO).map_err(|error| anyhow!("{error}"))?;
        cut(queue, Supply::More, &mut batches);
    }
    for mut queue in queues.into_values() {
        cut(&mut queue, Supply::Drained, &mut batches);
    }
    Ok(batches)
}

fn cut(queue: &mut Queue, supply: Supply, batches: &mut Vec<EpisodeBatch>) {
    loop {
        queue.pass();
        let Cut::Now(flight) = queue.cut(&Batching::STREAM, Duration::ZERO, supply) else { return };
        batches.push(flight.batch.clone());
        queue.settle(*flight);
    }
}

fn rate(name: &str, actions: u64, time: Duration) {
    let actions = u32::try_from(actions).map_or(f64::MAX, f64::from);
    figure(name, "1,000 agents, two worlds", actions / time.as_secs_f64(), "actions/s");
}

/// The time for which this process has had cores so far; Linux counts it.
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let (seconds, nanoseconds) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.unwrap_or(0), nanoseconds.unwrap_or(0))
}
