//! The past of a world: its journal played again, beside what is stored. Pure: no bus, no clock.
//!
//! - [`Replay`]: a journal and a spec make the same frames again, byte for byte;
//! - [`verify`]: whether what is stored is what they make; a
//!   [`Finding`](contract::past::Finding): where it is not.

mod compare;
mod finding;
mod stored;
#[cfg(test)]
mod tests;
mod verify;

use std::panic::{AssertUnwindSafe, catch_unwind};

use contract::frame::Frame;
use contract::journal::Genesis;
use contract::spec::Spec;
use world::World;

pub use finding::Verdict;
pub use verify::{Judged, verify};

use crate::play::{self, Stepped};
use crate::protocol::Ended;
use crate::protocol::journal::Closed;
use crate::translate::Chain;

/// A world that is played again from its journal.
pub struct Replay {
    genesis: Genesis,
    world: Result<Box<World>, Ended>,
    chain: Chain,
    ticks: u32,
}

impl Replay {
    /// The world of `genesis`, before its first tick.
    ///
    /// # Errors
    /// If it needs other rules than this build has, or `spec` makes no such world.
    pub fn new(spec: &Spec, genesis: Genesis) -> Result<Replay, Ended> {
        let world = play::fresh(play::setup(spec, &genesis)?)?;
        Ok(Replay { genesis, world: Ok(Box::new(world)), chain: Chain::START, ticks: 0 })
    }

    /// The world of `genesis` as it was found: its frames so far end in `chain`.
    pub fn from(genesis: Genesis, world: World, chain: Chain) -> Replay {
        let ticks = world.tick();
        Replay { genesis, world: Ok(Box::new(world)), chain, ticks }
    }

    /// Plays the next tick; gives its frame, the same as when it was played first. Blocks for as
    /// long as that takes.
    ///
    /// # Errors
    /// If the record does not fit the world, or the world panics. It can then not be played any
    /// further, and says the same again.
    pub fn play(&mut self, record: &Closed) -> Result<Frame, Ended> {
        let gone = Err(Ended::Panicked("an earlier tick could not be played".to_owned()));
        let world = std::mem::replace(&mut self.world, gone)?;
        // What a panic leaves behind is dropped with the world.
        let step = || play::step(world, None, &self.genesis, &self.chain, record);
        let stepped = catch_unwind(AssertUnwindSafe(step));
        match stepped.unwrap_or_else(|panic| Err(play::panicked(panic.as_ref()))) {
            Ok(Stepped { world, chain, frame }) => {
                (self.world, self.chain, self.ticks) = (Ok(world), chain, self.ticks + 1);
                Ok(frame)
            }
            Err(ended) => {
                self.world = Err(ended.clone());
                Err(ended)
            }
        }
    }

    /// The world as it is now; `None` once it could not be played.
    pub fn world(&self) -> Option<&World> {
        self.world.as_deref().ok()
    }

    /// The same, for good.
    pub fn into_world(self) -> Option<World> {
        self.world.ok().map(|world| *world)
    }

    /// Where the chain of its frames stands.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The ticks that have been played.
    pub fn ticks(&self) -> u32 {
        self.ticks
    }

    /// What the world was made from.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }
}
