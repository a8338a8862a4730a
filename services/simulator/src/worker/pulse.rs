//! How a worker shows its node that its loops answer: a line on standard output.
//!
//! Standard output carries nothing else; log lines go to standard error. A loop that hangs, or
//! that waits for a step without end, stops writing, and the node kills the process.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use contract::subject::Platform;

/// Between two lines for the same world, at least.
const BETWEEN_LINES: Duration = Duration::from_millis(200);

/// How often a loop with nothing to do shows that it lives.
pub const BEAT: Duration = Duration::from_secs(1);

/// Writes beats; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Pulse {
    last: Arc<Mutex<BTreeMap<Platform, (Instant, State)>>>,
}

/// One beat, as the node reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beat {
    /// Whose loop answers.
    pub platform: Platform,
    /// Ticks that this worker has played, those that it only stepped again left out.
    pub played: u32,
    /// What is left for it to do.
    pub state: State,
}

/// What is left for a world to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It has ticks to play, or is not open yet.
    Playing,
    /// It is open, and plays its next tick once somebody lets it go on.
    Held,
    /// It plays no more ticks: the worker is there for questions alone.
    Ended,
}

impl Pulse {
    /// Shows that a loop answers and how far it is.
    pub fn beat(&self, beat: Beat) {
        let (platform, now) = (beat.platform, Instant::now());
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_no_news =
            |(at, state)| now.duration_since(at) < BETWEEN_LINES && state == beat.state;
        if last.get(&platform).copied().is_some_and(is_no_news) {
            return;
        }
        last.insert(platform, (now, beat.state));
        let line = beat.to_line();
        // A node that no longer reads is gone; standard input says so, and ends the worker.
        let _ = std::io::stdout().write_all(line.as_bytes());
    }
}

/// Waits for `work` and beats meanwhile: waiting for the bus is no hanging.
pub async fn beating<T>(pulse: &Pulse, beat: Beat, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        pulse.beat(beat);
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(BEAT) => {}
        }
    }
}

impl Beat {
    /// The line, with its end.
    pub fn to_line(self) -> String {
        let state = match self.state {
            State::Playing => "playing",
            State::Held => "held",
            State::Ended => "ended",
        };
        format!("beat {} {} {state}\n", self.platform, self.played)
    }

    /// Reads a line back; `None` for any other line.
    pub fn from_line(line: &str) -> Option<Beat> {
        let mut words = line.split(' ');
        let ("beat", platform, played, state, None) =
            (words.next()?, words.next()?, words.next()?, words.next()?, words.next())
        else {
            return None;
        };
        let state = match state {
            "playing" => State::Playing,
            "held" => State::Held,
            "ended" => State::Ended,
            _ => return None,
        };
        Some(Beat { platform: platform.parse().ok()?, played: played.parse().ok()?, state })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beat_survives_its_line_and_nothing_else_is_one() {
        for state in [State::Playing, State::Held, State::Ended] {
            let beat = Beat { platform: Platform::Reddit, played: 12, state };
            assert_eq!(Beat::from_line(beat.to_line().trim_end()), Some(beat));
        }
        let others = ["", "beat", "beat reddit", "beat reddit x ended", "beat reddit 1 2", "hello"];
        for other in others {
            assert_eq!(Beat::from_line(other), None, "{other:?}");
        }
    }
}
