//! What is measured of the feeds of those who act.

use std::vec::Vec;

use super::Mean;
use crate::tests::fixture::{step, world};
use crate::{Act, PostView, SeenPost, Setup, World};

/// Rounds that are looked at.
pub(super) const ROUNDS: u32 = 16;

/// The mean age of the posts that are shown, in simulated minutes.
pub(super) fn age(setup: Setup) -> Mean {
    let mut mean = Mean::NONE;
    each(setup, |world, _, seen| mean.add(minutes_since(world, seen.post.tick)));
    mean
}

/// The mean number of interactions of the posts that are shown.
pub(super) fn interactions(setup: Setup) -> Mean {
    let mut mean = Mean::NONE;
    each(setup, |_, _, seen| mean.add(interactions_of(&seen.post)));
    mean
}

/// Of what is shown to readers that `reads` names, the share that `is` holds for. It gets the
/// reader and the post.
pub(super) fn share(
    setup: Setup,
    reads: impl Fn(u32) -> bool,
    is: impl Fn(u32, &PostView<'_>) -> bool,
) -> Mean {
    let mut share = Mean::NONE;
    each(setup, |_, reader, seen| {
        if reads(reader) {
            share.add(is(reader, &seen.post));
        }
    });
    share
}

/// All that is shown, as reader and post, in order.
pub(super) fn all(setup: Setup) -> Vec<(u32, u32)> {
    let mut all = Vec::new();
    each(setup, |_, reader, seen| all.push((reader, seen.post.id)));
    all
}

/// Calls `visit` with the world before a round, a reader who acts in it, and what it is shown.
pub(super) fn each(setup: Setup, mut visit: impl FnMut(&World, u32, &SeenPost<'_>)) {
    let mut world = world(setup);
    step(&mut world);
    while world.tick() <= ROUNDS {
        for &reader in world.active_agents() {
            for seen in world.observe(reader).expect("an agent").posts {
                visit(&world, reader, &seen);
            }
        }
        step(&mut world);
    }
}

/// The ages of all posts that get a like or a comment, in simulated minutes, as they get it.
pub(super) fn ages_of_reacted(setup: Setup) -> Vec<u64> {
    let mut ages = Vec::new();
    let mut world = world(setup);
    while world.tick() <= ROUNDS {
        let coming = world.tick();
        for action in step(&mut world).actions {
            if let Act::LikePost { post } | Act::CreateComment { post, .. } = action.act {
                let clock = world.setup().clock;
                let written = world.post(post).expect("it was shown").tick;
                ages.push(clock.minute(coming) - clock.minute(written));
            }
        }
    }
    ages
}

/// Simulated minutes from `tick` to the coming round.
pub(super) fn minutes_since(world: &World, tick: u32) -> u64 {
    let clock = world.setup().clock;
    clock.minute(world.tick()) - clock.minute(tick)
}

pub(super) fn interactions_of(post: &PostView<'_>) -> u32 {
    post.likes + post.comments + 2 * post.shares
}
