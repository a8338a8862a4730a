//! Until when this worker knows that its node has the lease on the run.
//!
//! Who may write to the journal is decided there; whether a request that costs money is sent
//! cannot be. So none is sent unless the lease was renewed in time: the node says how long it
//! holds, counted from when it asked for it, on a clock that all processes of a machine share and
//! that nobody sets, and which goes on while the machine sleeps. A worker that was frozen finds
//! that it is over; and it counts as over a little before it is, since it takes a while until a
//! request that may be sent is on its way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::time::{ClockId, clock_gettime};

use crate::model::client::CONNECT_MILLISECONDS;

/// How long before its end a lease counts as over, in milliseconds: at most a quarter of it.
const MARGIN: u64 = CONNECT_MILLISECONDS;

/// How long the lease lasts; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Lease(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    until: AtomicU64,
    /// The longest that it was ever said to last still: how long it is, or a bit less.
    length: AtomicU64,
}

/// What a line of a node begins with that says so.
const WORD: &str = "lease ";

impl Lease {
    /// Takes what a node says; other lines mean nothing.
    pub fn take(&self, line: &str) {
        self.take_at(milliseconds(), line);
    }

    fn take_at(&self, now: u64, line: &str) {
        let until = line.strip_prefix(WORD).and_then(|rest| rest.trim_end().parse::<u64>().ok());
        if let Some(until) = until {
            self.0.length.fetch_max(until.saturating_sub(now), Ordering::Relaxed);
            self.0.until.fetch_max(until, Ordering::Relaxed);
        }
    }

    /// Whether it lasts long enough for a request to be sent.
    pub fn is_fresh(&self) -> bool {
        self.is_fresh_at(milliseconds())
    }

    fn is_fresh_at(&self, now: u64) -> bool {
        let margin = MARGIN.min(self.0.length.load(Ordering::Relaxed) / 4);
        now.saturating_add(margin) < self.0.until.load(Ordering::Relaxed)
    }

    /// One that never ends.
    #[cfg(test)]
    pub(crate) fn endless() -> Lease {
        Lease(Arc::new(Known { until: AtomicU64::new(u64::MAX), length: AtomicU64::new(0) }))
    }
}

/// What a node says of a lease that lasts until then, as [`milliseconds`] counts.
pub fn line(until: u64) -> String {
    format!("{WORD}{until}\n")
}

/// The clock, which goes on while the machine sleeps.
#[cfg(target_os = "linux")]
const CLOCK: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const CLOCK: ClockId = ClockId::Monotonic;

/// Milliseconds of the clock that all processes of a machine share.
pub fn milliseconds() -> u64 {
    let now = clock_gettime(CLOCK);
    let (seconds, nanoseconds) = (now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs());
    seconds * 1000 + nanoseconds / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_lasts_until_it_was_said_to() {
        let lease = Lease::default();
        assert!(!lease.is_fresh(), "nobody has said anything yet");
        for nothing in ["", "lease", "lease x\n", "lease -1", "released 99999999999999"] {
            lease.take(nothing);
            assert!(!lease.is_fresh(), "{nothing:?}");
        }
        lease.take(&line(milliseconds() + 60_000));
        assert!(lease.is_fresh());
        lease.take(&line(1));
        assert!(lease.is_fresh(), "an older line comes late");
        let past = Lease::default();
        past.take(&line(milliseconds()));
        assert!(!past.is_fresh());
    }

    #[test]
    fn a_lease_counts_as_over_before_it_is() {
        for (length, margin) in [(2_000, 500), (8_000, 2_000), (60_000, 2_000)] {
            let lease = Lease::default();
            lease.take_at(1_000, &line(1_000 + length));
            assert!(lease.is_fresh_at(1_000 + length - margin - 1), "{length}");
            assert!(!lease.is_fresh_at(1_000 + length - margin), "{length}");
            // Said again late, the margin is no less for that.
            lease.take_at(5_000 + length, &line(5_100 + length));
            assert!(!lease.is_fresh_at(5_000 + length), "{length}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_clock_goes_on_while_the_machine_sleeps() {
        let uptime = std::fs::read_to_string("/proc/uptime").unwrap();
        let (seconds, _) = uptime.split_once('.').unwrap();
        let up = seconds.parse::<u64>().unwrap() * 1000;
        assert!((up..up + 60_000).contains(&milliseconds()), "{up}");
    }
}
