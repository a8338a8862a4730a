//! How long to wait before the next try: twice as long each time, up to a limit.

use std::time::Duration;

/// The pauses of one series of tries.
pub(crate) struct Pause {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Pause {
    pub(crate) fn new(first: Duration, longest: Duration) -> Pause {
        Pause { first, longest, next: first }
    }

    /// How long the next wait will be.
    pub(crate) fn next(&self) -> Duration {
        self.next
    }

    /// Waits, and doubles the next wait. Dropped before its end, it changes nothing.
    pub(crate) async fn wait(&mut self) {
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 2).min(self.longest);
    }

    /// Begins again with the first wait.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pauses_double_up_to_the_longest_and_begin_again() {
        let milliseconds = Duration::from_millis;
        let mut pause = Pause::new(milliseconds(1), milliseconds(3));
        let mut waits = Vec::new();
        for _ in 0..4 {
            waits.push(pause.next());
            pause.wait().await;
        }
        assert_eq!(waits, [1, 2, 3, 3].map(milliseconds));
        pause.reset();
        assert_eq!(pause.next(), milliseconds(1));
    }
}
