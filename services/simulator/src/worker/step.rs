//! Deciding and stepping off the async threads: all cores decide, one applies.

use std::any::Any;
use std::sync::Arc;

use contract::frame::Frame;
use contract::journal::{Genesis, Tick};
use world::{Decisions, World};

use crate::protocol::{Ended, Lost};
use crate::translate::{self, Chain};

/// Fewer active agents than this are decided for by one thread: starting another costs more.
const AGENTS_PER_THREAD: u32 = 256;

/// A world that has taken one more tick, and what came out.
pub struct Stepped {
    /// The world, after the tick.
    pub world: Box<World>,
    /// Where its chain stands now.
    pub chain: Chain,
    /// Its outputs, continuing the chain.
    pub frame: Frame,
}

/// Lets the agents of the next tick decide, and gives the world back with what they decided.
///
/// # Errors
/// If the world panics: its rules are wrong.
pub async fn decide(world: Box<World>) -> Result<(Box<World>, Decisions), Ended> {
    blocking(move || {
        let decisions = decide_now(&world);
        Ok((world, decisions))
    })
    .await
}

/// Steps `world` once with the inputs of the tick that `record` closed. Where the agents have not
/// decided yet, they do.
///
/// # Errors
/// If the record does not fit the world, or the world panics: its rules are wrong. Either way
/// this platform cannot go on.
pub async fn step(
    world: Box<World>,
    decisions: Option<Decisions>,
    genesis: Arc<Genesis>,
    chain: Chain,
    record: Tick,
) -> Result<Stepped, Ended> {
    blocking(move || step_now(world, decisions, &genesis, &chain, &record)).await
}

/// A frame as the messages that are stored.
///
/// # Errors
/// Never, but for a bug of ours.
pub async fn messages(frame: Arc<Frame>, part_size: u32) -> Result<Vec<Vec<u8>>, Ended> {
    blocking(move || Ok(frame.to_messages(part_size))).await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Ended> + Send + 'static,
) -> Result<T, Ended> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(match error.try_into_panic() {
            Ok(panic) => Ended::Panicked(message(panic.as_ref())),
            Err(error) => Ended::Panicked(error.to_string()),
        })
    })
}

fn step_now(
    mut world: Box<World>,
    decisions: Option<Decisions>,
    genesis: &Genesis,
    chain: &Chain,
    record: &Tick,
) -> Result<Stepped, Ended> {
    let decisions = decisions.unwrap_or_else(|| decide_now(&world));
    let inputs = translate::inputs(&world, record);
    let outputs = world.step(inputs, decisions).map_err(|error| {
        Lost::Damaged(format!("tick {} of the journal cannot be played: {error}", record.tick))
    })?;
    let frame = translate::frame(&world, genesis, chain, outputs);
    faults::point("tick.stepped");
    Ok(Stepped { world, chain: chain.after(&frame), frame })
}

/// Decides for all active agents, split over the cores; joined in order, so the number of
/// threads changes nothing.
fn decide_now(world: &World) -> Decisions {
    let active = world.active();
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let threads = (active / AGENTS_PER_THREAD).clamp(1, u32::try_from(cores).unwrap_or(1));
    let size = active.div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let ranges = (1..threads).map(|i| (i * size).min(active)..((i + 1) * size).min(active));
        let others: Vec<_> = ranges.map(|range| scope.spawn(|| world.decide(range))).collect();
        let mut decisions = world.decide(0..size.min(active));
        for other in others {
            match other.join() {
                Ok(next) => decisions.append(next),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        decisions
    })
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".to_owned())
}
