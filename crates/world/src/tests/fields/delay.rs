//! How long an agent takes to come to a post.

use std::collections::BTreeSet;
use std::vec::Vec;

use super::{Field, Mean, base, idle, shown, worlds};
use crate::tests::fixture::{PLATFORMS, step, world};
use crate::{Platform, SeedPost, Setup};

fn delays(setup: &mut Setup, least: u32, most: u32) {
    for agent in &mut setup.agents {
        agent.traits.response_delay_min = least;
        agent.traits.response_delay_max = most;
    }
}

/// In which round each of 35 readers first sees the one post of round 0.
fn first_rounds(platform: Platform, seed: u64, least: u32, most: u32) -> Vec<u32> {
    let mut setup = idle(platform, seed);
    setup.clock.minutes_per_round = 20;
    setup.seed_posts = std::vec![SeedPost { agent: 0, content: "The ferry is late.".into() }];
    delays(&mut setup, least, most);
    let mut world = world(setup);
    let mut first = std::vec![0; 36];
    step(&mut world);
    while world.tick() <= 10 {
        for (reader, first) in (0..).zip(&mut first) {
            let sees = !world.observe(reader).expect("an agent").posts.is_empty();
            assert!(sees || *first == 0, "what has come does not go");
            if sees && *first == 0 {
                *first = world.tick();
            }
        }
        step(&mut world);
    }
    assert_eq!(first.remove(0), 0, "its author is not shown it");
    first
}

#[test]
fn a_post_comes_once_it_is_old_enough() {
    for (platform, seed) in worlds() {
        for (delay, round) in [(0, 1), (20, 1), (21, 2), (60, 3), (119, 6), (200, 10), (201, 0)] {
            let first = first_rounds(platform, seed, delay, delay);
            assert!(first.iter().all(|&first| first == round), "{delay} minutes: {first:?}");
        }
        let first: BTreeSet<u32> = first_rounds(platform, seed, 21, 100).into_iter().collect();
        assert_eq!(first, (2..=5).collect(), "a draw per reader, over the whole range");
    }
}

fn age_of_reacted(setup: Setup) -> Mean {
    shown::ages_of_reacted(setup).into_iter().fold(Mean::NONE, |mean, age| mean.and(Mean::of(age)))
}

#[test]
fn response_delay_min() {
    for measure in [shown::age, age_of_reacted] {
        Field {
            name: "response_delay_min",
            platforms: &PLATFORMS,
            low: |setup| delays(setup, 0, 240),
            high: |setup| delays(setup, 240, 240),
            measure,
            percent: 110,
        }
        .check();
    }
    for (platform, seed) in worlds() {
        let mut setup = base(platform, seed);
        delays(&mut setup, 130, 240);
        shown::each(setup, |world, _, seen| {
            assert!(shown::minutes_since(world, seen.post.tick) >= 180, "a round is an hour");
        });
    }
}

#[test]
fn response_delay_max() {
    for measure in [shown::age, age_of_reacted] {
        Field {
            name: "response_delay_max",
            platforms: &PLATFORMS,
            low: |setup| delays(setup, 0, 0),
            high: |setup| delays(setup, 0, 480),
            measure,
            percent: 110,
        }
        .check();
    }
}
