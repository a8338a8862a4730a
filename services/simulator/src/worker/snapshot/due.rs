//! When a snapshot is taken: pure.

use std::time::Duration;

/// Ticks between two snapshots, at least: fewer are stepped again as fast as one is loaded.
const TICKS: u32 = 16;

/// Time between two snapshots, at least.
const PAUSE: Duration = Duration::from_secs(2);

/// A snapshot that takes one second of copying, encoding and storing is taken every twenty: so
/// they take at most five hundredths of a run's time.
const SHARE: u32 = 20;

/// What has happened since the last snapshot was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Since {
    /// Ticks that were played.
    pub(super) ticks: u32,
    /// Time that has passed.
    pub(super) elapsed: Duration,
    /// What the last snapshot took, from its copy to its acknowledgement; zero before the first.
    pub(super) cost: Duration,
}

/// Whether one is to be taken now.
pub(super) fn is_due(since: Since) -> bool {
    let pause = since.cost.saturating_mul(SHARE).max(PAUSE);
    since.ticks >= TICKS && since.elapsed >= pause
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_due_when_it_is_worth_its_cost() {
        let table = [
            // ticks, elapsed ms, cost ms
            (0, 0, 0, false),
            (15, 60_000, 0, false),
            (16, 1_999, 0, false),
            (16, 2_000, 0, true),
            // Up to a tenth of a second costs nothing that matters.
            (16, 2_000, 100, true),
            (16, 2_000, 101, false),
            (5_000, 9_999, 500, false),
            (16, 10_000, 500, true),
            // A world of gigabytes, or a bus that does not answer.
            (16, 599_999, 30_000, false),
            (16, 600_000, 30_000, true),
            (15, 600_000, 30_000, false),
            (u32::MAX, u64::MAX, u64::MAX, false),
        ];
        for (ticks, elapsed, cost, expected) in table {
            let (elapsed, cost) = (Duration::from_millis(elapsed), Duration::from_millis(cost));
            let since = Since { ticks, elapsed, cost };
            assert_eq!(is_due(since), expected, "{since:?}");
        }
    }
}
