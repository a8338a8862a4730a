//! Follows and mutes.

use std::vec;
use std::vec::Vec;

use super::{Case, check_on_both};
use crate::Act::{DoNothing, Follow, Mute, Unfollow, Unmute};
use crate::Effect::{Linked, Nothing};
use crate::Failure;

#[test]
fn agents_follow_each_other() {
    check_on_both(&follows(), |_| ());
}

#[test]
fn agents_mute_each_other() {
    check_on_both(&mutes(), |_| ());
}

#[test]
fn to_do_nothing_changes_nothing() {
    check_on_both(&[nothing()], |_| ());
}

pub(super) fn cases() -> Vec<Case> {
    [follows(), mutes(), vec![nothing()]].concat()
}

fn follows() -> Vec<Case> {
    let (follow, unfollow) = (|user| Follow { user }, |user| Unfollow { user });
    let of_3 = &["follows +1", "user 2 following +1", "user 3 followers +1"];
    let of_0 = &["follows +1", "user 2 following +1", "user 0 followers +1"];
    let linked = |row| Ok(Linked { row });
    vec![
        ("another", vec![(2, follow(3))], linked(1), of_3),
        ("user 0", vec![(2, follow(0))], linked(1), of_0),
        (
            "back",
            vec![(2, follow(3)), (3, follow(2))],
            linked(2),
            &["follows +1", "user 3 following +1", "user 2 followers +1"],
        ),
        ("somebody muted", vec![(2, Mute { user: 3 }), (2, follow(3))], linked(1), of_3),
        ("oneself", vec![(2, follow(2))], Err(Failure::FollowsItself), &[]),
        ("twice", vec![(2, follow(3)), (2, follow(3))], Err(Failure::FollowExists), &[]),
        (
            "again after an end: a row of its own",
            vec![(2, follow(3)), (2, unfollow(3)), (2, follow(3))],
            linked(2),
            of_3,
        ),
        (
            "an end",
            vec![(2, follow(3)), (2, unfollow(3))],
            linked(1),
            &["user 2 following -1", "user 3 followers -1"],
        ),
        ("an end of nothing", vec![(2, unfollow(3))], Err(Failure::NoFollow), &[]),
        (
            "an end by the other side",
            vec![(2, follow(3)), (3, unfollow(2))],
            Err(Failure::NoFollow),
            &[],
        ),
        ("an end with oneself", vec![(2, unfollow(2))], Err(Failure::NoFollow), &[]),
    ]
}

fn mutes() -> Vec<Case> {
    let (mute, unmute) = (|user| Mute { user }, |user| Unmute { user });
    let linked = |row| Ok(Linked { row });
    vec![
        ("another", vec![(2, mute(3))], linked(1), &["mutes +1"]),
        ("user 0", vec![(2, mute(0))], linked(1), &["mutes +1"]),
        (
            "somebody followed",
            vec![(2, Follow { user: 3 }), (2, mute(3))],
            linked(1),
            &["mutes +1"],
        ),
        ("oneself", vec![(2, mute(2))], Err(Failure::MutesItself), &[]),
        ("twice", vec![(2, mute(3)), (2, mute(3))], Err(Failure::MuteExists), &[]),
        (
            "again after an end: a row of its own",
            vec![(2, mute(3)), (2, unmute(3)), (2, mute(3))],
            linked(2),
            &["mutes +1"],
        ),
        ("an end", vec![(2, mute(3)), (2, unmute(3))], linked(1), &[]),
        ("an end of nothing", vec![(2, unmute(3))], Err(Failure::NoMute), &[]),
        ("an end by the other side", vec![(2, mute(3)), (3, unmute(2))], Err(Failure::NoMute), &[]),
        ("an end with oneself", vec![(2, unmute(2))], Err(Failure::NoMute), &[]),
    ]
}

fn nothing() -> Case {
    ("nothing", vec![(2, DoNothing)], Ok(Nothing), &[])
}
