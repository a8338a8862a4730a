//! Where the time of a round goes, phase by phase, one after the other.

use std::sync::Arc;
use std::time::Instant;

use anyhow::anyhow;
use bench::stage::Stage;
use contract::journal::{Entry, Record, Tick};
use contract::notice::LiveAction;
use contract::spec::Spec;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use simulator::translate::Chain;
use simulator::worker::step;

use crate::figures::{median, percentile};
use crate::site::Site;
use crate::town;

const NAMES: [&str; 9] = [
    "journal: append, acknowledged",
    "decide, step, frame with digest",
    "  of which the digest",
    "frame copied",
    "frame to messages",
    "frame: append, acknowledged",
    "live: to JSON",
    "live: handed to the connection",
    "world copied (snapshot)",
];

pub(crate) async fn measure(agents: u32, rounds: u32, jetstream: &str) -> anyhow::Result<()> {
    let site = Site::start(jetstream, &[]).await?;
    let spec = town::generated(agents, rounds)?;
    for platform in Platform::ALL {
        one(&site, &spec, platform).await?;
    }
    Ok(())
}

async fn one(site: &Site, spec: &Spec, platform: Platform) -> anyhow::Result<()> {
    let (_, options) = town::options(spec, &[platform], None)?;
    let stage = Stage::new(spec, platform, options).map_err(|p| anyhow!("{p}"))?;
    let (genesis, mut world) = (Arc::new(stage.genesis), Box::new(stage.world));
    let mut chain = Chain::START;
    let run = genesis.run_id.clone();
    let prefix = site.bus.prefix().clone();
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); NAMES.len()];
    let (mut parts, mut bytes, mut actions) = (0, 0, 0);
    for tick in 0..=genesis.options.rounds {
        let at = Timestamp::EPOCH;
        let record = Tick { tick, epoch: 1, at, commands: Vec::new(), commands_through: 0 };
        let mut phase = |number: usize, start: Instant| {
            times[number].push(start.elapsed().as_secs_f64() * 1e3);
        };
        let start = Instant::now();
        let entry = Entry::new(Record::Tick(record.clone()));
        site.bus
            .append_batch(&prefix.inputs(&run, platform), vec![entry.to_bytes()], &[], None)
            .await?;
        phase(0, start);
        let start = Instant::now();
        let stepped = step::step(world, genesis.clone(), chain.clone(), record).await?;
        phase(1, start);
        world = stepped.world;
        let frame = stepped.frame;
        let start = Instant::now();
        let digest = frame.compute_digest();
        phase(2, start);
        assert_eq!(digest, frame.digest);
        let start = Instant::now();
        let copy = frame.clone();
        phase(3, start);
        let start = Instant::now();
        let messages = copy.into_messages(genesis.part_size);
        phase(4, start);
        parts += messages.len();
        bytes += messages.iter().map(Vec::len).sum::<usize>();
        actions += frame.actions.len();
        let start = Instant::now();
        site.bus.append_batch(&prefix.actions(&run, platform), messages, &[], None).await?;
        phase(5, start);
        chain = chain.after(&frame);
        let start = Instant::now();
        let live: Vec<Vec<u8>> = LiveAction::of(&frame)
            .take(1000)
            .map(|live| serde_json::to_vec(&live).expect("JSON"))
            .collect();
        phase(6, start);
        let start = Instant::now();
        for body in live {
            let subject = prefix.live(&run, platform, "x");
            site.bus.publish_core(subject, body).await.map_err(|e| anyhow!("{e}"))?;
        }
        phase(7, start);
        let start = Instant::now();
        let copy = world.clone();
        phase(8, start);
        drop(copy);
    }
    let ticks = genesis.options.rounds as usize + 1;
    println!(
        "{} agents, {platform}, {} actions, {:.1} parts, {} kB a round; ms: median, p90, mean",
        world.setup().agents.len(),
        actions / ticks,
        parts as f64 / ticks as f64,
        bytes / ticks / 1000
    );
    for (name, times) in NAMES.iter().zip(&times) {
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        println!("  {name:<36} {:8.2} {:8.2} {:8.2}", median(times), percentile(times, 90), mean);
    }
    Ok(())
}

pub(crate) async fn batches(jetstream: &str) -> anyhow::Result<()> {
    let site = Site::start(jetstream, &[]).await?;
    let run: contract::id::RunId = "sim_x-1".parse().map_err(|e| anyhow!("{e:?}"))?;
    let subject = site.bus.prefix().actions(&run, Platform::Reddit);
    for (parts, size) in [(1, 1000), (2, 1000), (8, 1000), (1, 200_000), (2, 100_000), (2, 200_000), (1, 400_000), (4, 200_000), (1, 800_000), (8, 200_000), (2, 800_000)] {
        let mut times = Vec::new();
        for _ in 0..40 {
            let bodies = vec![vec![b'x'; size]; parts];
            let start = Instant::now();
            site.bus.append_batch(&subject, bodies, &[], None).await?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        println!("{parts} parts of {size:>7}: median {:7.2} p10 {:7.2} p90 {:7.2}", median(&times), percentile(&times, 10), percentile(&times, 90));
    }
    Ok(())
}
