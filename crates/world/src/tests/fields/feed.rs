//! What weighs posts against each other in a feed.

use std::vec::Vec;

use super::{Field, Mean, PPM, SEEDS, base, shown, still, worlds};
use crate::tests::fixture::PLATFORMS;
use crate::{Platform, Setup, Stance};

#[test]
fn recency_weight() {
    Field {
        name: "recency_weight",
        platforms: &PLATFORMS,
        low: |setup| setup.feed.recency_ppm = 0,
        high: |setup| setup.feed.recency_ppm = PPM,
        measure: shown::age,
        percent: 80,
    }
    .check();
}

#[test]
fn popularity_weight() {
    Field {
        name: "popularity_weight",
        platforms: &PLATFORMS,
        low: |setup| setup.feed.popularity_ppm = 0,
        high: |setup| setup.feed.popularity_ppm = PPM,
        measure: shown::interactions,
        percent: 115,
    }
    .check();
}

#[test]
fn viral_threshold() {
    const THRESHOLD: u32 = 10;
    const OFF: u32 = 0;
    let pushed =
        |setup| shown::share(setup, |_| true, |_, post| shown::interactions_of(post) >= THRESHOLD);
    let off: fn(&mut Setup) = |setup| setup.feed.viral_threshold = OFF;
    let high: fn(&mut Setup) = |setup| setup.feed.viral_threshold = 4 * THRESHOLD;
    for low in [off, high] {
        Field {
            name: "viral_threshold",
            platforms: &PLATFORMS,
            low,
            high: |setup| setup.feed.viral_threshold = THRESHOLD,
            measure: pushed,
            percent: 120,
        }
        .check();
    }
    for (platform, seed) in worlds() {
        let feeds = |threshold| {
            let mut setup = base(platform, seed);
            setup.feed.viral_threshold = threshold;
            shown::all(setup)
        };
        assert_eq!(feeds(OFF), feeds(1_000_000_000), "off is as good as out of reach");
    }
}

/// Of what is shown to readers who take a side, the share that is by authors on the same side.
fn by_own_side(setup: Setup) -> Mean {
    let stances: Vec<Stance> = setup.agents.iter().map(|agent| agent.traits.stance).collect();
    let stance = |agent: u32| stances[agent as usize];
    let takes_a_side = |agent| matches!(stance(agent), Stance::Supportive | Stance::Opposing);
    shown::share(setup, takes_a_side, |reader, post| stance(reader) == stance(post.author))
}

#[test]
fn echo_chamber_strength() {
    Field {
        name: "echo_chamber_strength",
        platforms: &PLATFORMS,
        low: |setup| setup.feed.echo_chamber_ppm = 0,
        high: |setup| setup.feed.echo_chamber_ppm = PPM,
        measure: by_own_side,
        percent: 150,
    }
    .check();
}

/// Gives every sixth agent this stance, a reader; odd agents support, all others oppose.
fn take_sides(setup: &mut Setup, stance: Stance) {
    setup.feed.echo_chamber_ppm = 900_000;
    let (yes, no) = (Stance::Supportive, Stance::Opposing);
    let stances = [stance, yes, no, yes, no, yes].into_iter().cycle();
    for (agent, stance) in setup.agents.iter_mut().zip(stances) {
        agent.traits.stance = stance;
    }
}

/// Of what such readers are shown, the share that is by supporters.
fn by_supporters(setup: Setup) -> Mean {
    shown::share(setup, |reader| reader % 6 == 0, |_, post| post.author % 2 == 1)
}

#[test]
fn stance() {
    let neutral: fn(&mut Setup) = |setup| take_sides(setup, Stance::Neutral);
    let opposing: fn(&mut Setup) = |setup| take_sides(setup, Stance::Opposing);
    for low in [neutral, opposing] {
        Field {
            name: "stance",
            platforms: &PLATFORMS,
            low,
            high: |setup| take_sides(setup, Stance::Supportive),
            measure: by_supporters,
            percent: 110,
        }
        .check();
    }
    for (platform, seed) in worlds() {
        let feeds = |stance| {
            let mut setup = still(platform, seed);
            take_sides(&mut setup, stance);
            setup.feed.echo_chamber_ppm = 0;
            shown::all(setup)
        };
        assert_eq!(feeds(Stance::Supportive), feeds(Stance::Opposing), "without an echo chamber");
    }
}

/// Makes every fourth agent four times as influential.
fn make_influential(setup: &mut Setup) {
    setup.agents.iter_mut().step_by(4).for_each(|agent| agent.traits.influence_ppm = 4 * PPM);
}

#[test]
fn influence_weight() {
    Field {
        name: "influence_weight",
        platforms: &[Platform::Twitter],
        low: |_| (),
        high: make_influential,
        measure: |setup| shown::share(setup, |_| true, |_, post| post.author % 4 == 0),
        percent: 130,
    }
    .check();
    for seed in 0..SEEDS {
        let mut setup = still(Platform::Reddit, seed);
        let before = shown::all(setup.clone());
        make_influential(&mut setup);
        assert_eq!(shown::all(setup), before, "Reddit shows posts, not people");
    }
}
