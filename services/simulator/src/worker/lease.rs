//! Until when this worker knows that its node has the lease on the run.
//!
//! Who may write to the journal is decided there; whether a request that costs money is sent
//! cannot be. So none is sent unless the lease was renewed in time: the node says how long it
//! holds, counted from when it asked for it, on a clock that all processes of a machine share and
//! that nobody sets. A worker that was frozen finds that it is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::time::{ClockId, clock_gettime};

/// How long the lease lasts; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Lease(Arc<AtomicU64>);

/// What a line of a node begins with that says so.
const WORD: &str = "lease ";

impl Lease {
    /// Takes what a node says; other lines mean nothing.
    pub fn take(&self, line: &str) {
        if let Some(until) = line.strip_prefix(WORD).and_then(|rest| rest.trim_end().parse().ok()) {
            self.0.fetch_max(until, Ordering::Relaxed);
        }
    }

    /// Whether it lasts.
    pub fn is_fresh(&self) -> bool {
        milliseconds() < self.0.load(Ordering::Relaxed)
    }

    /// One that never ends.
    #[cfg(test)]
    pub(crate) fn endless() -> Lease {
        Lease(Arc::new(AtomicU64::new(u64::MAX)))
    }
}

/// What a node says of a lease that lasts until then, as [`milliseconds`] counts.
pub fn line(until: u64) -> String {
    format!("{WORD}{until}\n")
}

/// Milliseconds of the clock that all processes of a machine share.
pub fn milliseconds() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
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
}
