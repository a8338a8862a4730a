//! A snapshot is the world it was taken of, or it is refused.

use super::fixture::{PLATFORMS, play, step, town, world};
use crate::{Platform, SnapshotError, World};

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

/// Whoever writes bytes with the right digest can still not make a world that contradicts itself.
#[test]
fn tables_with_the_right_digest_are_checked_row_by_row() {
    let setup = town(Platform::Reddit, 9);
    let mut sound = world(setup.clone());
    play(&mut sound, 4);
    let refusal = |spoil: fn(&mut World)| {
        let mut world = sound.clone();
        spoil(&mut world);
        World::restore(setup.clone(), &world.snapshot()).err().expect("refused")
    };
    let inconsistent = SnapshotError::Inconsistent;
    assert_eq!(refusal(|world| world.tables.posts.rows[0].author = 99), inconsistent("posts"));
    assert_eq!(refusal(|world| world.tables.posts.rows[0].of = 7), inconsistent("posts"));
    assert_eq!(refusal(|world| world.tables.posts.content.ends[0] += 999), inconsistent("posts"));
    assert_eq!(refusal(|world| world.tables.comments.rows[0].post = 0), inconsistent("comments"));
    assert_eq!(refusal(|world| world.tables.likes.tick[0] = 99), inconsistent("likes"));
    assert_eq!(refusal(|world| world.tables.deeds.truncate(3)), inconsistent("deeds"));
    assert_eq!(refusal(|world| world.ranking.posts.push(9_999)), inconsistent("ranking"));
}
