//! Between the contract and the world: the only module that knows both.
//!
//! The world speaks in tables and ids, the bus in messages with names and texts. Nothing is
//! decided here.

mod body;
mod decisions;
mod heard;
mod inputs;
mod setup;
#[cfg(test)]
pub(crate) mod tests;

use contract::action::Action;
use contract::frame::{Frame, Marker, Outcome};
use contract::id::Digest;
use contract::journal::Genesis;
use contract::timestamp::Timestamp;
use contract::version::V1;
use serde::{Deserialize, Serialize};
use world::{Outputs, World};

pub use heard::enter;
pub use inputs::{check, inputs};
pub use setup::setup;

/// Where a world's chain of frames stands: what the next frame continues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// The seq of the next action.
    pub next_seq: u64,
    /// The digest of the last frame.
    pub digest: Digest,
    /// Actions so far that had their effect.
    pub succeeded: u64,
    /// Those of them that lists show.
    pub listed: u64,
    /// Those of them that a memory takes.
    pub memorable: u64,
}

impl Chain {
    /// Before tick 0.
    pub const START: Chain =
        Chain { next_seq: 1, digest: Digest::ZERO, succeeded: 0, listed: 0, memorable: 0 };

    /// After `frame`, whose successes are counted on top.
    #[must_use]
    pub fn after(&self, frame: &Frame) -> Chain {
        let succeeded = frame.actions.iter().filter(|action| action.success());
        let listed = succeeded.clone().filter(|action| action.body.is_listed());
        let memorable = succeeded.clone().filter(|action| action.body.is_memorable());
        Chain {
            next_seq: frame.next_seq(),
            digest: frame.digest,
            succeeded: self.succeeded + succeeded.count() as u64,
            listed: self.listed + listed.count() as u64,
            memorable: self.memorable + memorable.count() as u64,
        }
    }
}

/// The frame of a tick: `world` has just been stepped and gave `outputs`.
pub fn frame(world: &World, genesis: &Genesis, chain: &Chain, outputs: Outputs) -> Frame {
    let (tick, round) = (outputs.tick, outputs.round);
    let minutes = u64::from(round) * u64::from(world.setup().clock.minutes_per_round);
    let simulated_hour = u32::try_from(outputs.minute / 60 % 24).expect("a day has 24 hours");
    let active_agents = outputs.active_agents;
    let timestamp = Timestamp::from_milliseconds(outputs.wall_clock_ms);
    let actions: Vec<Action> = (chain.next_seq..)
        .zip(outputs.actions)
        .map(|(seq, action)| self::action(world, seq, action))
        .collect();
    let (first_seq, next_seq) = (chain.next_seq, chain.next_seq + actions.len() as u64);

    let mut markers = Vec::new();
    if tick == 0 {
        markers.push(Marker::SimulationStart {
            before_seq: first_seq,
            spec_digest: genesis.spec_digest,
            seed: genesis.options.seed,
            rules: genesis.rules,
            agents: world.setup().agents.len().try_into().unwrap_or(u32::MAX),
            rounds: genesis.options.rounds,
        });
    }
    markers.push(Marker::RoundStart { before_seq: first_seq, round, simulated_hour });
    markers.push(Marker::RoundEnd {
        before_seq: next_seq,
        round,
        actions: actions.len().try_into().unwrap_or(u32::MAX),
        active_agents,
        simulated_minutes: minutes,
    });
    if round == genesis.options.rounds {
        markers.push(Marker::SimulationEnd {
            before_seq: next_seq,
            outcome: Outcome::Completed,
            rounds: round,
            actions: next_seq - 1,
        });
    }
    let first = tick == 0;
    let mut frame = Frame {
        v: V1,
        run_id: genesis.run_id.clone(),
        platform: genesis.platform,
        tick,
        round,
        simulated_time: genesis.start_time.plus_minutes(minutes),
        timestamp,
        first_seq,
        part: 1,
        parts: 1,
        previous_digest: chain.digest,
        digest: Digest::ZERO,
        options: first.then(|| genesis.options.clone()),
        memory: first.then(|| genesis.memory.clone()),
        markers,
        actions,
    };
    frame.digest = frame.compute_digest();
    frame
}

fn action(world: &World, seq: u64, action: world::Action) -> Action {
    let failure = action.outcome.as_ref().err().map(ToString::to_string);
    Action {
        seq,
        agent_id: action.agent,
        agent_name: name(world, action.agent).unwrap_or_default(),
        body: body::body(world, action.act, action.outcome),
        failure,
    }
}

/// The name of an agent, if there is such an agent.
pub fn name(world: &World, agent: u32) -> Option<String> {
    world.user(agent).map(|user| user.agent.name.clone())
}
