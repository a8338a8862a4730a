//! A population of any size, and how it is to be run.

use std::ops::ControlFlow;

use anyhow::anyhow;
use contract::options::{RequestedOptions, RunOptions};
use contract::spec::Spec;
use contract::subject::Platform;
use intake::Limits;
use population::synthetic::{Plan, generate};
use tempfile::TempDir;

/// Simulated minutes of a round.
const MINUTES: u32 = 60;

/// A generated population of `agents` that has `rounds` rounds to play, as `shoal gen` makes it.
pub(crate) fn generated(agents: u32, rounds: u32) -> anyhow::Result<Spec> {
    let folder = TempDir::with_prefix("bus-bench-")?;
    let plan = Plan {
        agents,
        seed: 1,
        hours: rounds * MINUTES / 60,
        minutes_per_round: MINUTES,
        topics: 6,
        platforms: Platform::ALL.to_vec(),
        overwrite: true,
    };
    generate(folder.path(), &plan, &mut |_| ControlFlow::Continue(()))?;
    let read = intake::read_folder(folder.path(), &Limits::default());
    Ok(read.map_err(|problems| anyhow!("{problems}"))?.spec)
}

/// How a run on these worlds is asked for, and what that means for `spec`.
pub(crate) fn options(
    spec: &Spec,
    platforms: &[Platform],
    pace_milli: Option<u32>,
) -> anyhow::Result<(RequestedOptions, RunOptions)> {
    let requested = RequestedOptions {
        platforms: Some(platforms.to_vec()),
        pace_milli,
        memory: Some(Vec::new()),
        ..RequestedOptions::default()
    };
    let options = requested.resolve(spec).map_err(|reason| anyhow!("{reason}"))?;
    Ok((requested, options))
}
