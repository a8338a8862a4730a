//! How far a backup or a restore is: a line that changes on a terminal, a line now and then
//! elsewhere.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::{Output, count};

/// Between two lines, where nobody watches.
const BETWEEN_LINES: Duration = Duration::from_secs(5);
/// Between two looks at how far it is.
pub(crate) const TICK: Duration = Duration::from_millis(200);

/// How far it is, for whoever does the work.
#[derive(Clone, Debug, Default)]
pub(crate) struct Done {
    bytes: Arc<AtomicU64>,
    streams: Arc<AtomicU64>,
}

/// Shows it.
pub(crate) struct View {
    done: Done,
    /// `saved`, `checked` and so on.
    what: &'static str,
    /// All bytes, where they are known.
    of: Option<u64>,
    streams: usize,
    line: Option<ProgressBar>,
    said: Instant,
}

impl Done {
    /// So many bytes more.
    pub(crate) fn add(&self, bytes: usize) {
        self.bytes.fetch_add(u64::try_from(bytes).unwrap_or(0), Ordering::Relaxed);
    }

    /// One stream more.
    pub(crate) fn add_stream(&self) {
        self.streams.fetch_add(1, Ordering::Relaxed);
    }
}

impl View {
    pub(crate) fn new(
        what: &'static str,
        of: Option<u64>,
        streams: usize,
        output: &Output<'_>,
    ) -> View {
        let line = output.is_watched().then(|| {
            let style = ProgressStyle::with_template("{spinner} {wide_msg}");
            let style = style.expect("our templates are well-formed");
            ProgressBar::no_length().with_style(style)
        });
        View { done: Done::default(), what, of, streams, line, said: Instant::now() }
    }

    /// What counts.
    pub(crate) fn done(&self) -> Done {
        self.done.clone()
    }

    /// Shows how far it is.
    pub(crate) fn show(&mut self, output: &mut Output<'_>) -> io::Result<()> {
        match &self.line {
            Some(line) => {
                line.set_message(self.words());
                line.tick();
            }
            None if self.said.elapsed() >= BETWEEN_LINES => {
                self.said = Instant::now();
                output.say(&self.words())?;
            }
            None => {}
        }
        Ok(())
    }

    fn words(&self) -> String {
        let bytes = megabytes(self.done.bytes.load(Ordering::Relaxed));
        let of = self.of.map(|of| format!(" of {}", megabytes(of))).unwrap_or_default();
        let (what, streams) = (self.what, self.done.streams.load(Ordering::Relaxed));
        format!("{what} {bytes}{of}; {streams} of {} streams whole", self.streams)
    }
}

impl Drop for View {
    fn drop(&mut self) {
        if let Some(line) = &self.line {
            line.finish_and_clear();
        }
    }
}

/// Bytes, to a tenth of a megabyte, upwards.
pub(crate) fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", count(tenths / 10), tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_streams_are_counted() {
        let done = Done::default();
        done.add(1_200_001);
        done.add_stream();
        let what = "restored";
        let (of, said) = (Some(5_000_000), Instant::now());
        let view = View { done, what, of, streams: 11, line: None, said };
        assert_eq!(view.words(), "restored 1.3 MB of 5.0 MB; 1 of 11 streams whole");
    }
}
