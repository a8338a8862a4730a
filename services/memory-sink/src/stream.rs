//! Where to read the stream of frames.

use std::time::Duration;

use bus::{Bus, Cursor, ReadError, Start};
use contract::subject::StreamName;

use crate::ledger::Position;

/// How long a message that must be there may take.
const LOOK_TIMEOUT: Duration = Duration::from_secs(10);

/// Opens the stream of frames behind `position` if the message there is still the one that
/// was read, else from the beginning: the stream may be another one.
pub(crate) async fn open(bus: &Bus, position: Option<Position>) -> Result<Cursor, ReadError> {
    let filter = bus.prefix().all(StreamName::Actions);
    if let Some(Position { sequence, at }) = position {
        let last = bus.last(StreamName::Actions, &filter).await?;
        if last.is_some_and(|last| last.sequence >= sequence) {
            let mut cursor =
                bus.follow(StreamName::Actions, &filter, Start::From(sequence)).await?;
            let first = tokio::time::timeout(LOOK_TIMEOUT, cursor.next()).await;
            if first.is_ok_and(|first| first.sequence == sequence && first.at == at) {
                return Ok(cursor);
            }
        }
        tracing::warn!("the stream of frames is not as it was left, reading it from its beginning");
    }
    bus.follow(StreamName::Actions, &filter, Start::First).await
}
