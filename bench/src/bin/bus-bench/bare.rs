//! The baseline: the same ticks decided, stepped and turned into frames in this process, and
//! then dropped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use bench::stage::Stage;
use contract::id::Digest;
use contract::journal::Tick;
use contract::options::RunOptions;
use contract::spec::Spec;
use contract::timestamp::Timestamp;
use simulator::protocol::journal::Closed;
use simulator::translate::Chain;
use simulator::worker::step;

/// One world that has played all its ticks.
pub(crate) struct Played {
    /// From its first frame to its last.
    pub(crate) time: Duration,
    /// Actions in all.
    pub(crate) actions: u64,
    /// The digest of its last frame.
    pub(crate) digest: Digest,
}

/// Plays all worlds of a run, side by side as a worker does.
pub(crate) async fn play(spec: &Spec, options: &RunOptions) -> anyhow::Result<Vec<Played>> {
    let mut stages = Vec::new();
    for platform in &options.platforms {
        let stage = Stage::new(spec, *platform, options.clone());
        stages.push(stage.map_err(|problems| anyhow!("{problems}"))?);
    }
    let playing: Vec<_> = stages.into_iter().map(|stage| tokio::spawn(play_world(stage))).collect();
    let mut played = Vec::new();
    for world in playing {
        played.push(world.await??);
    }
    Ok(played)
}

async fn play_world(stage: Stage) -> anyhow::Result<Played> {
    let (genesis, mut world) = (Arc::new(stage.genesis), Box::new(stage.world));
    let (mut chain, mut first_frame) = (Chain::START, None);
    for tick in 0..=genesis.options.rounds {
        let at = Timestamp::EPOCH;
        let (commands, heard) = (Vec::new(), Vec::new());
        let record =
            Tick { tick, epoch: 1, at, commands, commands_through: 0, heard, undecided: vec![] };
        let stepped =
            step::step(world, None, genesis.clone(), chain, Closed::alone(record)).await?;
        (world, chain) = (stepped.world, stepped.chain);
        first_frame.get_or_insert_with(Instant::now);
    }
    let time = first_frame.map_or(Duration::ZERO, |at| at.elapsed());
    Ok(Played { time, actions: chain.next_seq - 1, digest: chain.digest })
}
