//! Deciding and stepping off the async threads: all cores decide, one applies.

use std::sync::Arc;

use contract::frame::Frame;
use contract::journal::Genesis;
use world::{Decisions, World};

use crate::play::{self, Stepped};
use crate::protocol::Ended;
use crate::protocol::journal::Closed;
use crate::translate::Chain;

/// Lets the agents of the next tick decide, and gives the world back with what they decided.
///
/// # Errors
/// If the world panics: its rules are wrong.
pub async fn decide(world: Box<World>) -> Result<(Box<World>, Decisions), Ended> {
    blocking(move || {
        let decisions = play::decide(&world);
        Ok((world, decisions))
    })
    .await
}

/// Steps `world` once with the inputs of a tick that is closed. Where the agents have not
/// decided yet, they do.
///
/// # Errors
/// If they do not fit the world, or the world panics: its rules are wrong. Either way
/// this platform cannot go on.
pub async fn step(
    world: Box<World>,
    decisions: Option<Decisions>,
    genesis: Arc<Genesis>,
    chain: Chain,
    closed: Closed,
) -> Result<Stepped, Ended> {
    blocking(move || play::step(world, decisions, &genesis, &chain, &closed)).await
}

/// A frame as the messages that are stored.
///
/// # Errors
/// Never, but for a bug of ours.
pub async fn messages(frame: Arc<Frame>, part_size: u32) -> Result<Vec<Vec<u8>>, Ended> {
    blocking(move || Ok(frame.to_messages(part_size))).await
}

/// Computes off the async threads; a panic there ends the world.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Ended> + Send + 'static,
) -> Result<T, Ended> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(match error.try_into_panic() {
            Ok(panic) => play::panicked(panic.as_ref()),
            Err(error) => Ended::Panicked(error.to_string()),
        })
    })
}
