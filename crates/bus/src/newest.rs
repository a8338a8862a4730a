//! Reading backwards, which the server does not do by itself.

use std::collections::VecDeque;
use std::ops::Range;

use contract::subject::StreamName;

use crate::Bus;
use crate::reading::ReadError;
use crate::stored::Stored;

/// Sequences of the first look back; each further one has four times as many.
const FIRST_SPAN: u64 = 256;

/// Messages that are held at a time.
const AT_ONCE: u64 = 64;

impl Bus {
    /// The newest messages on `filter` (a subject, or a pattern) of which `keep` makes something,
    /// newest first, each with its sequence: at most `most`, all of them before the sequence
    /// `before`. Of those that are read, only what `keep` makes of them is held.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn newest<T>(
        &self,
        stream: StreamName,
        filter: &str,
        before: Option<u64>,
        most: usize,
        mut keep: impl FnMut(&Stored) -> Option<T>,
    ) -> Result<Vec<(u64, T)>, ReadError> {
        let Some(last) = self.last(stream, filter).await? else { return Ok(Vec::new()) };
        let mut end = before.unwrap_or(u64::MAX).min(last.sequence + 1);
        let (mut span, mut found) = (FIRST_SPAN, Vec::new());
        while end > 1 && found.len() < most {
            let begin = end.saturating_sub(span).max(1);
            let left = most - found.len();
            let kept = self.kept(stream, filter, begin..end, left, &mut keep).await?;
            found.extend(kept.into_iter().rev());
            (end, span) = (begin, span.saturating_mul(4));
        }
        Ok(found)
    }

    /// The last `most` of what `keep` makes of the messages in a range of sequences, in order.
    async fn kept<T>(
        &self,
        stream: StreamName,
        filter: &str,
        range: Range<u64>,
        most: usize,
        keep: &mut impl FnMut(&Stored) -> Option<T>,
    ) -> Result<VecDeque<(u64, T)>, ReadError> {
        let (mut from, mut kept) = (range.start, VecDeque::new());
        loop {
            let read = self.read_some(stream, filter, from, AT_ONCE).await?;
            let Some(last) = read.last() else { return Ok(kept) };
            from = last.sequence + 1;
            for stored in read.iter().take_while(|stored| stored.sequence < range.end) {
                if let Some(value) = keep(stored) {
                    kept.push_back((stored.sequence, value));
                }
                if kept.len() > most {
                    kept.pop_front();
                }
            }
            if from >= range.end {
                return Ok(kept);
            }
        }
    }
}
