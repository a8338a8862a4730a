//! Reading one world of two runs, a tick of each at a time.

use bus::Bus;
use contract::spec::Spec;
use contract::status::{EnvStatus, RunStatus};
use contract::subject::Platform;

use super::compare::{Comparison, Known, WorldDifference};
use super::inputs::{self, Inputs, SeedChange};
use super::{Pair, Which};
use crate::failure::Failure;
use crate::reading::{Bar, Frames, check_ends};

/// What reading one world came to.
pub struct Walked {
    /// The comparison.
    pub world: WorldDifference,
    /// Where a journal is damaged.
    pub damaged_journal: Pair<bool>,
    /// What the seed became on the way.
    pub seeds: Pair<Vec<SeedChange>>,
}

/// How many frames there are to read, as far as the runs say it.
pub fn frames(runs: Pair<&EnvStatus>, platforms: &[Platform]) -> u64 {
    let ticks = |run: &EnvStatus, platform| run.platform(platform).map_or(0, |world| world.ticks);
    let both = |platform: &Platform| 2 * ticks(runs.a, *platform).min(ticks(runs.b, *platform));
    platforms.iter().map(|platform| u64::from(both(platform))).sum()
}

/// Compares one world, up to where both runs are when the reading begins. Of each run one frame
/// is held at a time.
///
/// # Errors
/// If the bus cannot be read, or what is read is not the chain of frames of a run.
pub async fn walk(
    bus: &Bus,
    runs: Pair<&EnvStatus>,
    specs: Pair<&Spec>,
    platform: Platform,
    bar: &mut Bar,
) -> Result<Walked, Failure> {
    let status = Pair { a: status(runs.a, platform), b: status(runs.b, platform) };
    if status.a.is_none() || status.b.is_none() {
        let inputs = Pair { a: &Inputs::default(), b: &Inputs::default() };
        let known = Known { specs, inputs, status };
        let world = Comparison::new(platform, &known).finish(&known, None);
        let (damaged_journal, seeds) = (Pair::default(), Pair::default());
        return Ok(Walked { world, damaged_journal, seeds });
    }
    let taken_a = inputs::read(bus, runs.a, platform).await?;
    let taken_b = inputs::read(bus, runs.b, platform).await?;
    let known = Known { specs, inputs: Pair { a: &taken_a, b: &taken_b }, status };
    let mut comparison = Comparison::new(platform, &known);
    let mut frames_a = Frames::of_world(bus, &runs.a.run_id, platform).await?;
    let mut frames_b = Frames::of_world(bus, &runs.b.run_id, platform).await?;
    let mut ticks = 0;
    let longer = loop {
        match tokio::try_join!(frames_a.next(), frames_b.next())? {
            (Some(a), Some(b)) => {
                ticks += 1;
                comparison.add(&a, &b);
            }
            (Some(_), None) => break Some(Which::A),
            (None, Some(_)) => break Some(Which::B),
            (None, None) => break None,
        }
        bar.advance();
        bar.advance();
    };
    // The other one was not read to its end.
    for (run, which) in [(runs.a, Which::A), (runs.b, Which::B)] {
        let of_world = |other| if other == platform { ticks } else { u32::MAX };
        if longer != Some(which) {
            check_ends(run, of_world)?;
        }
    }
    let damaged_journal = Pair { a: taken_a.is_damaged, b: taken_b.is_damaged };
    let seeds = Pair { a: taken_a.seeds(), b: taken_b.seeds() };
    Ok(Walked { world: comparison.finish(&known, longer), damaged_journal, seeds })
}

/// Where a world is in its life; `None` if the run has no such world.
fn status(run: &EnvStatus, platform: Platform) -> Option<RunStatus> {
    run.platform(platform).map(|world| world.status)
}
