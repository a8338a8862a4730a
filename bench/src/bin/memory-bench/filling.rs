//! From a stream into the graph, beside the same rows without a graph, and the stream alone.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};
use bus::{Append, Bus, Stored};
use contract::frame::Frame;
use contract::subject::{Platform, StreamName};
use memory_sink::adapters::sqlite::SqliteMemory;
use memory_sink::batch::{Cursor, EpisodeBatch, Step, judge};
use rusqlite::{Connection, params};
use tokio::sync::mpsc;

use crate::report::figure;

/// Actions of one transaction, at least, as the sink packs them while it catches up.
const PACKED: usize = 2000;
/// Frames that are read at a time.
const WINDOW: u64 = 16;
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

/// From the stream to the graph: read, checked, put into words, stored.
pub(crate) async fn graph(bus: &Bus, memory: &SqliteMemory, actions: u64) -> anyhow::Result<()> {
    let (sender, mut batches) = mpsc::channel::<EpisodeBatch>(4);
    let (start, from) = (Instant::now(), cpu());
    let writing = {
        let memory = memory.clone();
        tokio::spawn(async move {
            let mut busy = Duration::ZERO;
            while let Some(batch) = batches.recv().await {
                let at = Instant::now();
                memory.remember(&batch).await.map_err(|error| anyhow!("{error}"))?;
                busy += at.elapsed();
            }
            anyhow::Ok(busy)
        })
    };
    let mut lanes: BTreeMap<Platform, (Option<Cursor>, Option<EpisodeBatch>)> = BTreeMap::new();
    windows(bus, async |window| {
        for stored in window {
            let frame: Frame = serde_json::from_slice(&stored.body)?;
            let (cursor, packed) = lanes.entry(frame.platform).or_default();
            let batch = match judge(cursor.as_ref(), &frame, GRAPH, stored.sequence) {
                Step::Deliver(batch) => batch,
                other => bail!("a frame means {other:?}"),
            };
            *cursor = Some(batch.reached.clone());
            let batch = match packed.take() {
                Some(packed) => join(packed, batch),
                None => batch,
            };
            match batch.episodes.len() < PACKED {
                true => *packed = Some(batch),
                false => sender.send(batch).await?,
            }
        }
        Ok(())
    })
    .await?;
    for batch in lanes.into_values().filter_map(|(_, packed)| packed) {
        sender.send(batch).await?;
    }
    drop(sender);
    let busy = writing.await??;
    rate("from the stream into the graph", actions, start.elapsed());
    rate("the same, per second of a core", actions, cpu().saturating_sub(from));
    rate("the same, storing alone", actions, busy);
    Ok(())
}

fn join(mut first: EpisodeBatch, second: EpisodeBatch) -> EpisodeBatch {
    first.episodes.extend(second.episodes);
    EpisodeBatch { first_seq: first.first_seq, episodes: first.episodes, ..second }
}

/// Everything once more: nothing of it is new.
pub(crate) async fn again(bus: &Bus, memory: &SqliteMemory, actions: u64) -> anyhow::Result<()> {
    let start = Instant::now();
    let mut cursors: BTreeMap<Platform, Cursor> = BTreeMap::new();
    windows(bus, async |window| {
        for stored in window {
            let frame: Frame = serde_json::from_slice(&stored.body)?;
            let cursor = cursors.get(&frame.platform);
            if let Step::Deliver(batch) = judge(cursor, &frame, GRAPH, stored.sequence) {
                memory.remember(&batch).await.map_err(|error| anyhow!("{error}"))?;
                cursors.insert(frame.platform, batch.reached);
            }
        }
        Ok(())
    })
    .await?;
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
    let mut cursors: BTreeMap<Platform, Cursor> = BTreeMap::new();
    let (mut waiting, mut batches) = (BTreeMap::<Platform, EpisodeBatch>::new(), Vec::new());
    for frame in frames {
        let Step::Deliver(batch) = judge(cursors.get(&frame.platform), frame, GRAPH, 1) else {
            bail!("frame {} has nothing to remember", frame.tick);
        };
        cursors.insert(frame.platform, batch.reached.clone());
        let batch = match waiting.remove(&frame.platform) {
            Some(first) => join(first, batch),
            None => batch,
        };
        match batch.episodes.len() < PACKED {
            true => drop(waiting.insert(frame.platform, batch)),
            false => batches.push(batch),
        }
    }
    batches.extend(waiting.into_values());
    Ok(batches)
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
