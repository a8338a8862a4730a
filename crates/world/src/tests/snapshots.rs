//! A snapshot is the world it was taken of, or it is refused.

use std::vec;
use std::vec::Vec;

use super::actions::{comment, step_acts, try_act, village};
use super::fixture::{PLATFORMS, crowd, play, step, town, world};
use crate::bytes::digest;
use crate::{Act, Change, Inputs, Platform, SnapshotError, Stance, Traits, World};

#[test]
fn a_restored_world_goes_on_like_the_one_it_was_taken_of() {
    for platform in PLATFORMS {
        let setup = town(platform, 9);
        let mut world = world(setup.clone());
        for tick in 0..24 {
            let mut restored = World::restore(setup.clone(), &world.snapshot()).expect("whole");
            assert_eq!((restored.tick(), restored.hash()), (tick, world.hash()));
            assert_eq!(restored.tables, world.tables);
            assert_eq!(play(&mut restored, tick + 3), play(&mut world.clone(), tick + 3));
            step(&mut world);
        }
    }
}

#[test]
fn every_truncation_and_every_changed_byte_is_refused() {
    let setup = town(Platform::Twitter, 9);
    let mut world = world(setup.clone());
    play(&mut world, 3);
    let whole = world.snapshot();
    for length in (0..whole.len()).step_by(7).chain(whole.len() - 40..whole.len()) {
        assert!(World::restore(setup.clone(), &whole[..length]).is_err(), "cut at {length}");
    }
    let mut changed = whole.clone();
    for place in (0..whole.len()).step_by(11) {
        for bits in [1, 0x80, 0xff] {
            changed[place] ^= bits;
            assert!(World::restore(setup.clone(), &changed).is_err(), "byte {place} ^ {bits}");
            changed[place] = whole[place];
        }
    }
    changed.push(0);
    assert!(World::restore(setup, &changed).is_err(), "one byte more");
}

#[test]
fn a_refusal_says_what_is_wrong() {
    let setup = town(Platform::Reddit, 9);
    let mut world = world(setup.clone());
    play(&mut world, 2);
    let whole = world.snapshot();
    let refusal = |bytes: &[u8]| World::restore(setup.clone(), bytes).err().expect("refused");

    assert_eq!(refusal(b""), SnapshotError::NotASnapshot);
    assert_eq!(refusal(b"something else"), SnapshotError::NotASnapshot);
    assert_eq!(refusal(&whole[..whole.len() - 1]), SnapshotError::Damaged);
    let mut other_format = whole.clone();
    other_format[8] = 77;
    assert_eq!(refusal(&other_format), SnapshotError::OtherFormat(77));
    let other_seed = World::restore(town(Platform::Reddit, 10), &whole).err();
    assert_eq!(other_seed, Some(SnapshotError::OtherSetup));
    let mut no_agents = setup.clone();
    no_agents.agents.clear();
    let no_setup = World::restore(no_agents, &whole).err().expect("refused");
    assert!(matches!(no_setup, SnapshotError::Setup(problems) if !problems.is_empty()));
}

/// A snapshot of the same setup with other content, and the digest of that.
fn sealed(whole: &[u8], content: &[u8]) -> Vec<u8> {
    [&whole[..12], &digest(content), content].concat()
}

#[test]
fn what_is_not_of_this_version_is_refused() {
    let world = full();
    let (setup, whole) = (world.setup().clone(), world.snapshot());
    let refusal = |content: &[u8]| World::restore(setup.clone(), &sealed(&whole, content)).err();
    let content = &whole[28..];
    assert_eq!(refusal(content), None);
    let mut other_rules = content.to_vec();
    other_rules[..4].copy_from_slice(&77_u32.to_le_bytes());
    assert_eq!(refusal(&other_rules), Some(SnapshotError::OtherRules(77)));
    let longer = [content, &[0]].concat();
    assert_eq!(refusal(&longer), Some(SnapshotError::Inconsistent("length")));
    assert_eq!(refusal(&content[..3]), Some(SnapshotError::Inconsistent("header")));
}

/// Bytes with the right digest are refused, or make a world that answers and goes on.
#[test]
fn no_bytes_with_the_right_digest_make_a_world_that_panics() {
    let world = full();
    let (setup, whole) = (world.setup().clone(), world.snapshot());
    let mut content = whole[28..].to_vec();
    let (mut refused, mut taken) = (0, 0);
    for place in 0..content.len() {
        for bits in [1, 0x80] {
            content[place] ^= bits;
            match World::restore(setup.clone(), &sealed(&whole, &content)) {
                Err(_) => refused += 1,
                Ok(mut world) => {
                    taken += 1;
                    for agent in 0..5 {
                        assert!(world.interview_context(agent).is_some());
                    }
                    step(&mut world);
                }
            }
            content[place] ^= bits;
        }
    }
    assert!(refused > 1_000 && taken > 100, "{refused} refused, {taken} other worlds");
}

/// A village with rows of every kind: links that stand and that have ended, reasons, quotes of
/// several, searches found, feeds seen, changed settings.
pub(super) fn full() -> World {
    let mut world = village(Platform::Twitter);
    let report = |post| Act::ReportPost { post, reason: "It is not true.".into() };
    for (agent, act) in [
        (2, Act::LikePost { post: 1 }),
        (2, Act::UnlikePost { post: 1 }),
        (2, Act::LikePost { post: 1 }),
        (2, Act::DislikePost { post: 1 }),
        (2, Act::UndoDislikePost { post: 1 }),
        (2, Act::DislikePost { post: 1 }),
        (2, report(1)),
        (3, report(1)),
        (2, Act::LikeComment { comment: 1 }),
        (2, Act::UnlikeComment { comment: 1 }),
        (2, Act::LikeComment { comment: 1 }),
        (2, Act::DislikeComment { comment: 1 }),
        (2, Act::UndoDislikeComment { comment: 1 }),
        (2, Act::DislikeComment { comment: 1 }),
        (2, Act::Follow { user: 1 }),
        (2, Act::Unfollow { user: 1 }),
        (2, Act::Follow { user: 1 }),
        (2, Act::Mute { user: 0 }),
        (2, Act::Unmute { user: 0 }),
        (2, Act::Mute { user: 0 }),
        (0, Act::QuotePost { post: 2, content: "Let us ask.".into() }),
        (0, comment(2, Some(2), "So we ask.")),
        (4, Act::SearchPosts { query: "night".into() }),
        (4, Act::SearchUser { query: "ferry".into() }),
        (3, Act::Trend),
        (1, Act::Refresh),
        (4, Act::Refresh),
    ] {
        try_act(&mut world, agent, act).expect("a first of its kind");
    }
    let mut feed = world.setup().feed;
    feed.viral_threshold = 3;
    let mut activity = world.setup().activity;
    activity.agents_per_hour_max = 3;
    let traits = Traits { stance: Stance::Observer, ..*world.traits(1).expect("an agent") };
    let changes = vec![
        Change::Feed(feed),
        Change::Activity(activity),
        Change::Topics(vec!["the bus".into(), "the ferry".into()]),
        Change::Narrative("The ferry comes back.".into()),
        Change::Traits { agent: 1, traits },
        Change::Traits { agent: 4, traits },
        Change::Seed(u64::MAX),
    ];
    let inputs = Inputs { changes, ..Inputs::quiet(world.tick(), 0) };
    world.step(inputs, world.decide(0..world.active())).expect("valid changes");
    world
}

#[test]
fn rows_of_every_kind_come_back() {
    let mut world = full();
    let mut restored = World::restore(world.setup().clone(), &world.snapshot()).expect("whole");
    assert_eq!(restored.tables, world.tables);
    assert_eq!(restored.ranking, world.ranking);
    assert_eq!(restored.active_agents(), world.active_agents());
    assert_eq!(restored.traits(4), world.traits(4));
    assert_eq!((restored.hash(), restored.snapshot()), (world.hash(), world.snapshot()));
    for _ in 0..12 {
        let acts = [(1, Act::Trend), (2, Act::Refresh), (3, Act::Unfollow { user: 2 })];
        assert_eq!(step_acts(&mut restored, acts.clone()), step_acts(&mut world, acts));
        for agent in 0..5 {
            assert_eq!(restored.interview_context(agent), world.interview_context(agent));
        }
    }
    assert_eq!(restored.hash(), world.hash());
}

/// What is remembered of users costs little where there is little to remember.
#[test]
fn a_quiet_crowd_makes_a_small_snapshot() {
    let size = |agents: u32| {
        let mut setup = crowd(Platform::Twitter, 1, agents);
        setup.seed_posts.clear();
        world(setup).snapshot().len()
    };
    assert_eq!(size(3_000) - size(1_000), 2 * 2_000, "two bytes for an agent");
}
