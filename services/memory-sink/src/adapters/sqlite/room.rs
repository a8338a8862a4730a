//! The room of an answer: one message of the bus.

use serde::Serialize;

/// Bytes that an answer may still have.
#[derive(Clone, Copy)]
pub(super) struct Room {
    left: usize,
    is_untouched: bool,
}

impl Room {
    pub(super) fn new(bytes: usize) -> Room {
        Room { left: bytes, is_untouched: true }
    }

    /// Whether there is room for `parts` as JSON, which is then taken. The first always has it,
    /// so that a page goes on; an action fits a message by far.
    pub(super) fn takes(&mut self, parts: &[usize]) -> bool {
        let size: usize = parts.iter().map(|part| part + 1).sum();
        if self.is_untouched {
            (self.left, self.is_untouched) = (self.left.saturating_sub(size), false);
            return true;
        }
        let left = self.left.checked_sub(size);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }
}

/// The bytes of something as JSON.
pub(super) fn size(part: &impl Serialize) -> usize {
    /// Counts, and keeps nothing.
    struct Counter(usize);
    impl std::io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    serde_json::to_writer(&mut counter, part).map_or(usize::MAX / 4, |()| counter.0)
}
