//! Going on where a reader of an earlier process ended.

use std::time::Duration;

use contract::subject::StreamName;
use contract::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Bus, Cursor, ReadError, Start, Stored};

/// How long a message that must be there may take.
const LOOK_TIMEOUT: Duration = Duration::from_secs(10);

/// A message of a stream. A hint where to read; the time tells whether the message there is
/// still the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Its stream sequence.
    pub sequence: u64,
    /// When the server stored it.
    pub at: Timestamp,
}

impl Position {
    /// Where `stored` is.
    pub fn of(stored: &Stored) -> Position {
        Position { sequence: stored.sequence, at: stored.at }
    }
}

impl Bus {
    /// Follows `filter` from behind `position`, if the message there is still the one that was
    /// read; `None` if it is not: the stream may be another one.
    ///
    /// # Errors
    /// Only what is wrong now, see [`ReadError`]; the cursor survives all that comes later.
    pub async fn resume(
        &self,
        stream: StreamName,
        filter: &str,
        position: Position,
    ) -> Result<Option<Cursor>, ReadError> {
        let last = self.last(stream, filter).await?;
        if last.is_none_or(|last| last.sequence < position.sequence) {
            return Ok(None);
        }
        let mut cursor = self.follow(stream, filter, Start::From(position.sequence)).await?;
        let first = tokio::time::timeout(LOOK_TIMEOUT, cursor.next()).await;
        Ok(first.is_ok_and(|first| Position::of(&first) == position).then_some(cursor))
    }
}
