//! Neither threads nor the order of evaluation can change a world.

use std::ops::Range;
use std::thread;
use std::vec::Vec;

use super::fixture::{PLATFORMS, crowd, play, step, step_with, town, world};
use crate::{Decisions, Inputs, Platform, StepError, World};

/// Splits `0..count` into `parts` ranges of about equal size.
fn ranges(count: u32, parts: u32) -> Vec<Range<u32>> {
    (0..parts).map(|part| count * part / parts..count * (part + 1) / parts).collect()
}

/// What all active agents decide, on so many threads.
pub(crate) fn decide_on_threads(world: &World, threads: u32) -> Decisions {
    let parts: Vec<Decisions> = thread::scope(|scope| {
        let asked: Vec<_> = ranges(world.active(), threads)
            .into_iter()
            .map(|range| scope.spawn(move || world.decide(range)))
            .collect();
        asked.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    Decisions::join(parts).expect("at least one thread")
}

#[test]
fn any_number_of_threads_gives_the_same_world() {
    for platform in PLATFORMS {
        let mut alone = world(crowd(platform, 11, 60));
        let mut others = [alone.clone(), alone.clone(), alone.clone()];
        for _ in 0..12 {
            let outputs = step(&mut alone);
            for (world, threads) in others.iter_mut().zip([1, 2, 8]) {
                let decisions = decide_on_threads(world, threads);
                assert_eq!(step_with(world, decisions), outputs, "{threads} threads");
                assert_eq!(world.hash(), alone.hash(), "{threads} threads");
            }
        }
    }
}

#[test]
fn the_seed_and_the_platform_change_everything() {
    let told = |platform, seed| play(&mut world(town(platform, seed)), 24);
    assert_eq!(told(Platform::Twitter, 1), told(Platform::Twitter, 1));
    assert_ne!(told(Platform::Twitter, 1), told(Platform::Twitter, 2));
    assert_ne!(told(Platform::Twitter, 1), told(Platform::Reddit, 1));
}

#[test]
fn wall_clock_time_is_copied_and_used_in_no_rule() {
    let (mut one, mut other) = (world(town(Platform::Reddit, 5)), world(town(Platform::Reddit, 5)));
    for tick in 0..12 {
        let (first, second) = (one.decide(0..one.active()), other.decide(0..other.active()));
        let late = one.step(Inputs::quiet(tick, i64::MAX), first).expect("in order");
        let early = other.step(Inputs::quiet(tick, -1), second).expect("in order");
        assert_eq!((late.wall_clock_ms, early.wall_clock_ms), (i64::MAX, -1));
        assert_eq!(late.actions, early.actions);
    }
    assert_eq!(one.hash(), other.hash());
}

#[test]
fn a_step_out_of_order_is_refused_and_changes_nothing() {
    let mut world = world(crowd(Platform::Twitter, 3, 12));
    let old = world.decide(0..0);
    step(&mut world);
    let (hash, active) = (world.hash(), world.active());
    assert_eq!(active, 12);
    let mut try_step = |tick, decisions| {
        let error = world.step(Inputs::quiet(tick, 0), decisions).expect_err("refused");
        assert_eq!(world.hash(), hash);
        (error, world.decide(0..active), world.decide(3..active))
    };
    let (error, all, _) = try_step(1, old);
    assert_eq!(error, StepError::WrongDecisions { found: 0, expected: 1 });
    let (error, _, some) = try_step(2, all);
    assert_eq!(error, StepError::WrongTick { found: 2, expected: 1 });
    let (error, ..) = try_step(1, some);
    assert_eq!(error, StepError::Incomplete { found: 3..12, expected: 12 });
}

#[test]
fn after_the_last_tick_that_has_a_number_there_is_none() {
    let mut world = world(crowd(Platform::Reddit, 3, 12));
    step(&mut world);
    world.tick = u32::MAX - 1;
    step(&mut world);
    let restored = World::restore(world.setup().clone(), &world.snapshot()).expect("whole");
    assert_eq!(restored.hash(), world.hash());
    let decisions = world.decide(0..world.active());
    let error = world.step(Inputs::quiet(u32::MAX, 0), decisions).expect_err("no tick after it");
    assert_eq!(error, StepError::NoMoreTicks);
}

#[test]
#[should_panic(expected = "in the order of their positions")]
fn decisions_joined_out_of_order_are_a_bug_of_the_caller() {
    let mut world = world(crowd(Platform::Twitter, 3, 12));
    step(&mut world);
    let _ = Decisions::join([world.decide(6..12), world.decide(0..6)]);
}

#[test]
fn positions_beyond_the_active_agents_are_left_out() {
    let mut world = world(crowd(Platform::Twitter, 3, 12));
    step(&mut world);
    assert_eq!(world.decide(0..u32::MAX), world.decide(0..12));
    assert_eq!(world.decide(40..50).as_slice(), []);
}

#[test]
fn a_reaction_takes_at_least_one_round() {
    for platform in PLATFORMS {
        let mut world = world(crowd(platform, 4, 40));
        for _ in 0..10 {
            let before = world.counts().posts;
            for action in step(&mut world).actions {
                let on = match action.act {
                    crate::Act::LikePost { post }
                    | crate::Act::Repost { post }
                    | crate::Act::CreateComment { post, .. } => post,
                    _ => continue,
                };
                assert!(on <= before, "post {on} was written in this very round");
            }
        }
    }
}
