//! Time: how long something takes, and how much of a core it takes.

use std::fs;
use std::time::{Duration, Instant};

/// What something took.
#[derive(Clone, Copy)]
pub(crate) struct Spent {
    /// Time on the wall.
    pub(crate) wall: Duration,
    /// Time in which this thread had a core, as Linux counts it; elsewhere time on the wall. The
    /// two are alike on a machine that has nothing else to do.
    pub(crate) core: Duration,
}

/// Does something on this thread; gives what it took, the dropping of its result included.
pub(crate) fn spent<T>(work: impl FnOnce() -> T) -> Spent {
    let (before, start) = (on_core(), Instant::now());
    drop(work());
    let wall = start.elapsed();
    let core = before.zip(on_core()).map_or(wall, |(before, after)| after.saturating_sub(before));
    Spent { wall, core }
}

/// The time for which this thread has had a core so far.
fn on_core() -> Option<Duration> {
    let line = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    line.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// The middle one of some times on the wall, in seconds: what other programs take from a few of
/// them does not count.
pub(crate) fn middle(times: &[Spent]) -> f64 {
    let mut times: Vec<Duration> = times.iter().map(|spent| spent.wall).collect();
    times.sort();
    times[times.len() / 2].as_secs_f64()
}

/// The sum of some times on a core, in seconds.
pub(crate) fn on_cores(times: &[Spent]) -> f64 {
    times.iter().map(|spent| spent.core).sum::<Duration>().as_secs_f64()
}
