//! Where to read the stream of frames.

use bus::{Bus, Cursor, Position, ReadError, Start};
use contract::subject::StreamName;

/// Opens the stream of frames behind `position` if the message there is still the one that
/// was read, else from the beginning: the stream may be another one.
pub(crate) async fn open(bus: &Bus, position: Option<Position>) -> Result<Cursor, ReadError> {
    let filter = bus.prefix().all(StreamName::Actions);
    if let Some(position) = position {
        if let Some(cursor) = bus.resume(StreamName::Actions, &filter, position).await? {
            return Ok(cursor);
        }
        tracing::warn!("the stream of frames is not as it was left, reading it from its beginning");
    }
    bus.follow(StreamName::Actions, &filter, Start::First).await
}
