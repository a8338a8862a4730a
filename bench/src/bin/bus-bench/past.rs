//! How fast the past is read, played again, and compared.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bus::{Bus, Cursor, Start};
use contract::frame::{Assembler, Frame};
use contract::id::{Digest, RunId};
use contract::journal::Genesis;
use contract::spec::Spec;
use contract::status::RunStatus;
use contract::subject::{Platform, StreamName};
use simulator::past::{Replay, Verdict, verify};
use simulator::protocol::journal::Closed;
use simulator::protocol::journal::Journal;
use tokio::sync::mpsc;
use tokio::task::block_in_place;

use crate::figures::{circumstances, least, load, median};
use crate::site::Site;
use crate::town;

/// Actions per second.
const GOAL: f64 = 1_000_000.0;

const AGENTS: u32 = 1_000;
const ROUNDS: u32 = 60;

/// Messages that are read ahead of the comparison.
const AHEAD: usize = 64;

/// What is measured, as it is printed.
const KINDS: [&str; 4] = [
    "read the stream, bytes only",
    "read it, parse it and check its chain",
    "replay the journal, the world alone",
    "verify: replay it and compare the stream",
];

/// One world of a run that is over.
struct Past {
    bus: Bus,
    spec: Spec,
    genesis: Genesis,
    ticks: Vec<Closed>,
    /// The subject of its frames.
    frames: String,
    /// The stream sequence of the last one.
    last: u64,
    actions: u64,
    digest: Digest,
}

/// Plays a run through a bus, and measures what can be done with what it leaves.
pub(crate) async fn measure(runs: u32) -> anyhow::Result<()> {
    println!("How fast the past is read, played again, and compared.");
    println!("{}; each figure the middle (and the least) of {runs} runs.", circumstances());
    let spec = town::generated(AGENTS, ROUNDS)?;
    let mut site = Site::start("", &[]).await?;
    site.add_node();
    let run = site.run(&spec, town::options(&spec, &Platform::ALL, None)?).await?;
    site.status(&run, "completed", |it| it.status == RunStatus::Completed).await?;
    // It has nothing left to do, and must not do it meanwhile.
    site.nodes.clear();
    for platform in Platform::ALL {
        let past = Past::read(&site.bus, &spec, &run, platform).await?;
        println!(
            "\n{platform}: {AGENTS} agents, {ROUNDS} rounds, {} actions{:>12}  goal: >= {GOAL}",
            past.actions, "actions/s"
        );
        let mut figures: [Vec<f64>; 4] = Default::default();
        // In turns, so that a neighbour that comes or goes meets all of them.
        for _ in 0..runs {
            figures[0].push(past.rate(past.time_reading().await?));
            figures[1].push(past.rate(past.time_checking().await?));
            figures[2].push(past.rate(past.time_replaying()?));
            figures[3].push(past.rate(past.time_verifying().await?));
        }
        for (kind, figures) in KINDS.iter().zip(&figures) {
            let (middle, least) = (median(figures), least(figures));
            let verdict = if middle >= GOAL { "reached" } else { "MISSED" };
            println!("  {kind:<42} {middle:>12.0} ({least:.0})  {verdict}");
        }
    }
    println!("\nload average {} at the end", load());
    Ok(())
}

impl Past {
    async fn read(bus: &Bus, spec: &Spec, run: &RunId, platform: Platform) -> anyhow::Result<Past> {
        let inputs = bus.prefix().inputs(run, platform);
        let messages = bus.read_all(StreamName::Inputs, &inputs, 0).await?;
        let bodies = messages.iter().map(|stored| (stored.sequence, &stored.body[..]));
        let Journal { genesis, ticks, .. } = Journal::read(bodies)?;
        let frames = bus.prefix().actions(run, platform);
        let last = bus.last(StreamName::Actions, &frames).await?.context("a run without frames")?;
        let end: Frame = serde_json::from_slice(&last.body)?;
        Ok(Past {
            bus: bus.clone(),
            spec: spec.clone(),
            genesis: genesis.context("a journal without genesis")?,
            ticks,
            frames,
            last: last.sequence,
            actions: end.next_seq() - 1,
            digest: end.digest,
        })
    }

    fn rate(&self, time: Duration) -> f64 {
        self.actions as f64 / time.as_secs_f64()
    }

    async fn follow(&self) -> anyhow::Result<Cursor> {
        Ok(self.bus.follow(StreamName::Actions, &self.frames, Start::First).await?)
    }

    async fn time_reading(&self) -> anyhow::Result<Duration> {
        let begin = Instant::now();
        let mut cursor = self.follow().await?;
        while cursor.next().await.sequence < self.last {}
        Ok(begin.elapsed())
    }

    async fn time_checking(&self) -> anyhow::Result<Duration> {
        let begin = Instant::now();
        let mut cursor = self.follow().await?;
        let (mut assembler, mut digest) = (Assembler::default(), Digest::ZERO);
        loop {
            let stored = cursor.next().await;
            let part = serde_json::from_slice(&stored.body)?;
            if let Some(frame) = block_in_place(|| assembler.push(part))? {
                ensure!(frame.previous_digest == digest, "tick {} breaks the chain", frame.tick);
                digest = frame.digest;
            }
            if stored.sequence >= self.last {
                ensure!(digest == self.digest, "the chain ends elsewhere");
                return Ok(begin.elapsed());
            }
        }
    }

    fn time_replaying(&self) -> anyhow::Result<Duration> {
        let begin = Instant::now();
        let replay = block_in_place(|| -> anyhow::Result<Replay> {
            let mut replay = Replay::new(&self.spec, self.genesis.clone())?;
            for tick in &self.ticks {
                replay.play(tick)?;
            }
            Ok(replay)
        })?;
        ensure!(replay.chain().digest == self.digest, "it was played differently");
        Ok(begin.elapsed())
    }

    async fn time_verifying(&self) -> anyhow::Result<Duration> {
        let begin = Instant::now();
        let (send, mut stored) = mpsc::channel(AHEAD);
        let mut cursor = self.follow().await?;
        let last = self.last;
        tokio::spawn(async move {
            loop {
                let message = cursor.next().await;
                let is_last = message.sequence >= last;
                if send.send((message.sequence, message.body)).await.is_err() || is_last {
                    return;
                }
            }
        });
        let mut replay = Replay::new(&self.spec, self.genesis.clone())?;
        let (ticks, expected) = (self.ticks.clone(), u32::try_from(self.ticks.len())?);
        let verdict = block_in_place(|| -> Verdict {
            let stored = std::iter::from_fn(|| stored.blocking_recv());
            verify(&mut replay, ticks, stored, expected, |_| {})
        });
        ensure!(verdict.is_sound(), "what is stored is not sound: {verdict:?}");
        ensure!(verdict.actions == self.actions, "{} actions were compared", verdict.actions);
        Ok(begin.elapsed())
    }
}
