//! Playing a world: making it and stepping it, pure. A live run, its recovery and a replay of its
//! past all come through here.

use std::any::Any;

use contract::frame::Frame;
use contract::journal::Genesis;
use contract::spec::Spec;
use world::{Decisions, Setup, World};

use crate::protocol::journal::Closed;
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

/// The version of the rules by which this program plays.
pub fn rules() -> u32 {
    faults::other_rules().unwrap_or(world::RULES)
}

/// What the world of `genesis` is made from.
///
/// # Errors
/// If it needs other rules than this build has, or `spec` has no such world.
pub fn setup(spec: &Spec, genesis: &Genesis) -> Result<Setup, Ended> {
    if genesis.rules != rules() {
        return Err(Lost::OtherRules { found: genesis.rules }.into());
    }
    let setup = translate::setup(spec, genesis)
        .ok_or_else(|| Ended::Unfit(format!("the spec has no {} world", genesis.platform)))?;
    Ok(match faults::other_rules() {
        None => setup,
        // A test's other rules: everything by chance comes out differently.
        Some(rules) => Setup { seed: setup.seed ^ u64::from(rules), ..setup },
    })
}

/// A world before its first tick.
///
/// # Errors
/// All that is wrong with its setup.
pub fn fresh(setup: Setup) -> Result<World, Ended> {
    World::new(setup).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Ended::Unfit(format!("the spec makes no world: {}", problems.join("; ")))
    })
}

/// Steps `world` once with the inputs of a tick that is closed. Where the agents have not
/// decided yet, they do.
///
/// # Errors
/// If they do not fit the world.
///
/// # Panics
/// If the world does: its rules are wrong. See [`panicked`].
pub fn step(
    mut world: Box<World>,
    decisions: Option<Decisions>,
    genesis: &Genesis,
    chain: &Chain,
    closed: &Closed,
) -> Result<Stepped, Ended> {
    let decisions = decisions.unwrap_or_else(|| decide(&world));
    let inputs = translate::inputs(&world, closed);
    let outputs = world.step(inputs, decisions).map_err(|error| {
        Lost::Damaged(format!(
            "tick {} of the journal cannot be played: {error}",
            closed.record.tick
        ))
    })?;
    let frame = translate::frame(&world, genesis, chain, outputs);
    faults::point("tick.stepped");
    Ok(Stepped { world, chain: chain.after(&frame), frame })
}

/// Decides for all active agents, split over the cores; joined in order, so the number of
/// threads changes nothing.
pub fn decide(world: &World) -> Decisions {
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

/// How a world ends that has panicked.
pub fn panicked(panic: &(dyn Any + Send)) -> Ended {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    Ended::Panicked(text.unwrap_or_else(|| "a panic without a text".to_owned()))
}
