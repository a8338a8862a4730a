//! Who mutes somebody does not meet it any more.

use std::vec::Vec;

use super::super::fixture::{PLATFORMS, step};
use super::{comment, step_acts, try_act, village};
use crate::{Act, Effect, Platform, World};

/// The roots that agent 1 is shown, by their number.
fn feed(world: &World) -> Vec<u32> {
    let posts = world.observe(1).expect("an agent").posts;
    let mut roots: Vec<u32> = posts.iter().map(|seen| seen.post.id).collect();
    roots.sort();
    roots
}

fn mute(world: &mut World, user: u32) {
    try_act(world, 1, Act::Mute { user }).expect("a first mute");
}

fn unmute(world: &mut World, user: u32) {
    try_act(world, 1, Act::Unmute { user }).expect("it is muted");
}

fn found(world: &World, act: Act) -> Vec<u32> {
    match try_act(&mut world.clone(), 1, act) {
        Ok(Effect::Posts(found) | Effect::Users(found)) => found,
        other => panic!("a search gives a list, not {other:?}"),
    }
}

#[test]
fn feeds_leave_out_posts_of_muted_authors_and_reposts_of_them() {
    for platform in PLATFORMS {
        let mut world = village(platform);
        assert_eq!(feed(&world), [1, 4]);
        mute(&mut world, 0);
        assert_eq!(feed(&world), [4], "neither post 1 nor its repost by 2");
        let quote = &world.observe(1).expect("an agent").posts[0];
        assert_eq!((quote.post.quotes, quote.quotes), (Some(1), None), "nor within a quote");
        mute(&mut world, 3);
        assert_eq!(feed(&world), []);
        unmute(&mut world, 0);
        assert_eq!(feed(&world), [1]);
        unmute(&mut world, 3);
        assert_eq!(feed(&world), [1, 4]);
        let quote = world.observe(1).expect("an agent").posts;
        assert!(quote.iter().any(|seen| seen.quotes == world.post(1)));
    }
}

#[test]
fn a_muted_agent_brings_no_reposts() {
    let mut world = village(Platform::Twitter);
    let brought_by = |world: &World| {
        let posts = world.observe(1).expect("an agent").posts;
        posts.iter().find(|seen| seen.post.id == 1).map(|seen| seen.reposted_by)
    };
    try_act(&mut world, 1, Act::Follow { user: 2 }).expect("a first follow");
    assert_eq!(brought_by(&world), Some(Some(2)));
    mute(&mut world, 2);
    assert_eq!(brought_by(&world), Some(None), "the post itself is still shown");
    unmute(&mut world, 2);
    assert_eq!(brought_by(&world), Some(Some(2)));
}

#[test]
fn searches_and_trends_leave_out_muted_authors_but_users_are_found() {
    for platform in PLATFORMS {
        let mut world = village(platform);
        let posts = || Act::SearchPosts { query: "night".into() };
        let users = || Act::SearchUser { query: "council".into() };
        assert_eq!(found(&world, posts()), [2, 1]);
        assert_eq!(found(&world, Act::Trend), [1, 2, 4]);
        mute(&mut world, 0);
        assert_eq!(found(&world, posts()), [2]);
        assert_eq!(found(&world, Act::Trend), [2, 4]);
        assert_eq!(found(&world, users()), [0]);
        unmute(&mut world, 0);
        assert_eq!(found(&world, posts()), [2, 1]);
        assert_eq!(found(&world, Act::Trend), [1, 2, 4]);
    }
}

#[test]
fn what_was_found_is_not_shown_if_its_author_was_muted_since() {
    let mut world = village(Platform::Reddit);
    let search = Act::SearchPosts { query: "night".into() };
    step_acts(&mut world, [(1, search), (1, Act::Mute { user: 0 })]);
    let shown = |world: &World| {
        let found = world.observe(1).expect("an agent").found;
        found.iter().map(|post| post.id).collect::<Vec<u32>>()
    };
    assert_eq!(shown(&world), [2]);
    unmute(&mut world, 0);
    assert_eq!(shown(&world), [2, 1]);
}

#[test]
fn threads_and_answers_leave_out_muted_authors() {
    let mut world = village(Platform::Reddit);
    for (agent, said) in [(2, "What of the night bus?"), (3, "Who pays for it?")] {
        try_act(&mut world, agent, comment(2, None, said)).expect("the post is there");
    }
    let thread =
        |world: &World| world.thread(2, 1).iter().map(|comment| comment.id).collect::<Vec<u32>>();
    let answer = |world: &World| {
        let did = world.memory(1).expect("an agent").did;
        let post = did.iter().find(|done| matches!(done.deed, crate::Deed::Posted(_)));
        post.expect("it wrote post 2").answer.map(|comment| comment.id)
    };
    assert_eq!((thread(&world), answer(&world)), ([2, 3, 4].into(), Some(4)));
    mute(&mut world, 3);
    assert_eq!((thread(&world), answer(&world)), ([2, 3].into(), Some(3)));
    mute(&mut world, 2);
    assert_eq!((thread(&world), answer(&world)), ([2].into(), None));
    unmute(&mut world, 3);
    assert_eq!((thread(&world), answer(&world)), ([2, 4].into(), Some(4)));
}

#[test]
fn a_mute_binds_nobody_else() {
    for platform in PLATFORMS {
        let mut world = village(platform);
        let mut without = world.clone();
        mute(&mut world, 0);
        step(&mut without);
        for agent in [0, 2, 3, 4] {
            assert_eq!(world.observe(agent), without.observe(agent));
        }
    }
}
