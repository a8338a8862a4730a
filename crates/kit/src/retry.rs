//! Trying again, with growing pauses. The only user of `backoff` in the workspace.
//!
//! `backoff` is unmaintained (RUSTSEC-2025-0012, and its `instant` RUSTSEC-2024-0384). We use
//! its arithmetic of pauses alone, no clock of `instant`'s targets and no executor, so what
//! remains to go wrong is one multiplication and one draw.

use std::time::Duration;

use backoff::ExponentialBackoff;
use backoff::backoff::Backoff;

/// A series of pauses: each about one and a half times the one before, with jitter, without end.
#[derive(Debug)]
pub struct Pauses {
    backoff: ExponentialBackoff,
    max: Duration,
}

impl Pauses {
    /// Pauses that begin at about `first` and never exceed `max` (plus jitter).
    pub fn new(first: Duration, max: Duration) -> Pauses {
        let mut backoff = ExponentialBackoff {
            initial_interval: first,
            current_interval: first,
            max_interval: max,
            max_elapsed_time: None,
            ..ExponentialBackoff::default()
        };
        backoff.reset();
        Pauses { backoff, max }
    }

    /// Starts the series again, after a success.
    pub fn reset(&mut self) {
        self.backoff.reset();
    }

    /// How long to wait before the next try.
    pub fn next_pause(&mut self) -> Duration {
        self.backoff.next_backoff().unwrap_or(self.max)
    }

    /// Waits for the next pause.
    pub async fn wait(&mut self) {
        tokio::time::sleep(self.next_pause()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_limit_and_start_again() {
        let mut pauses = Pauses::new(Duration::from_millis(100), Duration::from_secs(1));
        let series: Vec<Duration> = (0..20).map(|_| pauses.next_pause()).collect();
        assert!(series[0] <= Duration::from_millis(150), "{series:?}");
        assert!(series[19] >= Duration::from_millis(500), "{series:?}");
        assert!(series.iter().all(|pause| *pause <= Duration::from_millis(1500)), "{series:?}");
        pauses.reset();
        assert!(pauses.next_pause() <= Duration::from_millis(150));
    }
}
