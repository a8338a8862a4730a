//! Two simulators that are fed from one queue agree at every tick: one from the beginning and on
//! one thread, one from a snapshot of the middle and on two.

use std::format;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::vec::Vec;

use super::cases::{Case, Size, case};
use super::fixture::{PLATFORMS, crowd};
use super::order::decide_on_threads;
use crate::bytes::digest;
use crate::{Change, Inputs, Platform, Policy, World};

const AGENTS: u32 = 24;
const TICKS: u32 = 32;
const MIDDLE: u32 = 13;

/// What a simulator tells of a tick: its number, a digest of its outputs, the hash after it.
type Told = (u32, [u8; 16], [u8; 16]);

#[test]
fn two_simulators_on_one_queue_agree_at_every_tick() {
    for platform in PLATFORMS {
        let Case { setup, inputs } = mixed(platform);
        let (queue_of_one, one_reads) = channel();
        let (queue_of_other, other_reads) = channel();
        let (one_tells, told_by_one) = channel();
        let (other_tells, told_by_other) = channel();
        let (third_gives, snapshot) = channel::<Vec<u8>>();
        let [first, third] = [(); 2].map(|()| World::new(setup.clone()).expect("a valid setup"));
        thread::scope(|scope| {
            scope.spawn(move || {
                produce(third, inputs, &queue_of_one, &queue_of_other, &third_gives);
            });
            scope.spawn(move || consume(first, 1, &one_reads, &one_tells));
            for _ in 0..MIDDLE {
                told_by_one.recv().expect("it plays the first half");
            }
            let bytes = snapshot.recv().expect("the third world came to the middle");
            let restored = World::restore(setup, &bytes).expect("a whole snapshot");
            assert_eq!(restored.tick(), MIDDLE);
            scope.spawn(move || consume(restored, 2, &other_reads, &other_tells));
            for tick in MIDDLE..TICKS {
                let told = told_by_one.recv().expect("one plays on");
                assert_eq!(told.0, tick);
                assert_eq!(told_by_other.recv(), Ok(told), "{platform:?}: what both told");
            }
        });
    }
}

/// Everything at once: agents that decide in the world and outside, events, changes.
fn mixed(platform: Platform) -> Case {
    let size = Size { agents: AGENTS..=AGENTS, ticks: TICKS..=TICKS, decisions: 20, past_posts: 3 };
    let mut case = case(if platform == Platform::Twitter { 22 } else { 21 }, &size);
    assert_eq!(case.setup.platform, platform);
    let town = crowd(platform, 5, AGENTS);
    (case.setup.activity, case.setup.clock) = (town.activity, town.clock);
    for (agent, citizen) in case.setup.agents.iter_mut().zip(town.agents).step_by(2) {
        agent.policy = Policy::Builtin;
        agent.traits = citizen.traits;
    }
    let any = |has: fn(&Inputs) -> bool| case.inputs.iter().filter(|inputs| has(inputs)).count();
    assert!(any(|inputs| !inputs.events.is_empty()) > 3);
    assert!(any(|inputs| !inputs.changes.is_empty()) > 3);
    let is_seed = |change: &Change| matches!(change, Change::Seed(_));
    assert!(case.inputs.iter().flat_map(|inputs| &inputs.changes).any(is_seed));
    assert!(any(|inputs| !inputs.decisions.is_empty()) > 20);
    case
}

/// Puts inputs into both queues one by one, and gives the world of the middle away.
fn produce(
    mut third: World,
    inputs: Vec<Inputs>,
    one: &Sender<Inputs>,
    other: &Sender<Inputs>,
    snapshot: &Sender<Vec<u8>>,
) {
    let mut builtin = 0;
    for inputs in inputs {
        let tick = inputs.tick;
        if tick < MIDDLE {
            let decisions = third.decide(0..third.active());
            builtin += decisions.as_slice().len();
            third.step(inputs.clone(), decisions).expect("valid inputs");
        } else {
            other.send(inputs.clone()).expect("the other plays on");
        }
        if tick + 1 == MIDDLE {
            assert!(builtin > 50, "agents decide in the world, too: {builtin}");
            snapshot.send(third.snapshot()).expect("somebody waits for it");
        }
        one.send(inputs).expect("one plays on");
    }
}

/// A simulator: plays what it reads, and tells of each tick.
fn consume(mut world: World, threads: u32, queue: &Receiver<Inputs>, tell: &Sender<Told>) {
    for inputs in queue {
        let tick = inputs.tick;
        let decisions = decide_on_threads(&world, threads);
        let outputs = world.step(inputs, decisions).expect("valid inputs");
        let told = (tick, digest(format!("{outputs:?}").as_bytes()), world.hash());
        tell.send(told).expect("somebody listens");
    }
}
