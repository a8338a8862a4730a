//! Likes, dislikes and reports of posts.

use std::vec;
use std::vec::Vec;

use super::{Case, check_on_both, try_act, village};
use crate::Act::{DislikePost, LikePost, ReportPost, UndoDislikePost, UnlikePost};
use crate::Effect::Rated;
use crate::{Act, Failure, Platform};

#[test]
fn likes_are_of_the_root() {
    check_on_both(&likes(), |_| ());
}

#[test]
fn dislikes_are_of_the_root_and_stand_beside_likes() {
    check_on_both(&dislikes(), |_| ());
}

#[test]
fn reports_are_of_the_root() {
    check_on_both(&reports(), |_| ());
}

#[test]
fn nobody_rates_its_own_posts_where_that_is_off() {
    check_on_both(&own_posts(), |setup| setup.self_rating = false);
}

/// Of worlds with self rating.
pub(super) fn cases() -> Vec<Case> {
    [likes(), dislikes(), reports()].concat()
}

fn likes() -> Vec<Case> {
    let (like, unlike) = (|post| LikePost { post }, |post| UnlikePost { post });
    let dislike = |post| DislikePost { post };
    let of_1 = &["likes +1", "post 1 likes +1"];
    let of_4 = &["likes +1", "post 4 likes +1"];
    let rated = |post, row| Ok(Rated { post, row });
    vec![
        ("an original", vec![(2, like(1))], rated(1, 1), of_1),
        ("a repost: its root", vec![(1, like(3))], rated(1, 1), of_1),
        ("a quote: itself", vec![(2, like(4))], rated(4, 1), of_4),
        ("a repost of a quote: the quote", vec![(2, like(5))], rated(4, 1), of_4),
        ("one's own post", vec![(0, like(1))], rated(1, 1), of_1),
        ("a repost of one's own post", vec![(0, like(3))], rated(1, 1), of_1),
        ("what somebody else likes", vec![(1, like(1)), (2, like(1))], rated(1, 2), of_1),
        ("the quote of what one likes", vec![(2, like(1)), (2, like(4))], rated(4, 2), of_4),
        ("what one dislikes", vec![(2, dislike(1)), (2, like(1))], rated(1, 1), of_1),
        ("twice", vec![(2, like(1)), (2, like(1))], Err(Failure::LikeExists), &[]),
        ("again by a repost", vec![(2, like(1)), (2, like(3))], Err(Failure::LikeExists), &[]),
        (
            "again after an end: a row of its own",
            vec![(2, like(1)), (2, unlike(1)), (2, like(1))],
            rated(1, 2),
            of_1,
        ),
        ("an end", vec![(2, like(1)), (2, unlike(1))], rated(1, 1), &["post 1 likes -1"]),
        (
            "an end by a repost",
            vec![(2, like(1)), (2, unlike(3))],
            rated(1, 1),
            &["post 1 likes -1"],
        ),
        ("an end of nothing", vec![(2, unlike(1))], Err(Failure::NoLike), &[]),
        (
            "an end after the end",
            vec![(2, like(1)), (2, unlike(1)), (2, unlike(1))],
            Err(Failure::NoLike),
            &[],
        ),
        ("an end of another's", vec![(1, like(1)), (2, unlike(1))], Err(Failure::NoLike), &[]),
        ("an end of a dislike", vec![(2, dislike(1)), (2, unlike(1))], Err(Failure::NoLike), &[]),
        (
            "the end of the quote's, not of the original's",
            vec![(2, like(1)), (2, unlike(4))],
            Err(Failure::NoLike),
            &[],
        ),
    ]
}

fn dislikes() -> Vec<Case> {
    let (dislike, undo) = (|post| DislikePost { post }, |post| UndoDislikePost { post });
    let like = |post| LikePost { post };
    let of_1 = &["dislikes +1", "post 1 dislikes +1"];
    let rated = |post, row| Ok(Rated { post, row });
    vec![
        ("an original", vec![(2, dislike(1))], rated(1, 1), of_1),
        ("a repost: its root", vec![(1, dislike(3))], rated(1, 1), of_1),
        (
            "a repost of a quote: the quote",
            vec![(2, dislike(5))],
            rated(4, 1),
            &["dislikes +1", "post 4 dislikes +1"],
        ),
        ("one's own post", vec![(0, dislike(1))], rated(1, 1), of_1),
        ("what one likes", vec![(2, like(1)), (2, dislike(1))], rated(1, 1), of_1),
        ("twice", vec![(2, dislike(1)), (2, dislike(3))], Err(Failure::DislikeExists), &[]),
        (
            "again after an end: a row of its own",
            vec![(2, dislike(1)), (2, undo(1)), (2, dislike(1))],
            rated(1, 2),
            of_1,
        ),
        ("an end", vec![(2, dislike(1)), (2, undo(3))], rated(1, 1), &["post 1 dislikes -1"]),
        ("an end of nothing", vec![(2, undo(1))], Err(Failure::NoDislike), &[]),
        (
            "an end after the end",
            vec![(2, dislike(1)), (2, undo(1)), (2, undo(1))],
            Err(Failure::NoDislike),
            &[],
        ),
        ("an end of a like", vec![(2, like(1)), (2, undo(1))], Err(Failure::NoDislike), &[]),
    ]
}

fn reports() -> Vec<Case> {
    let report = |post| ReportPost { post, reason: "It is not true.".into() };
    let of_1 = &["reports +1", "post 1 reports +1"];
    let rated = |post, row| Ok(Rated { post, row });
    vec![
        ("an original", vec![(2, report(1))], rated(1, 1), of_1),
        ("a repost: its root", vec![(2, report(3))], rated(1, 1), of_1),
        (
            "a quote: itself",
            vec![(2, report(4))],
            rated(4, 1),
            &["reports +1", "post 4 reports +1"],
        ),
        ("one's own post", vec![(0, report(1))], rated(1, 1), of_1),
        ("what somebody else reported", vec![(1, report(1)), (2, report(1))], rated(1, 2), of_1),
        ("twice", vec![(2, report(1)), (2, report(1))], Err(Failure::ReportExists), &[]),
        (
            "again by a repost",
            vec![(2, report(1)), (2, report(3))],
            Err(Failure::ReportExists),
            &[],
        ),
    ]
}

pub(super) fn own_posts() -> Vec<Case> {
    let (like, dislike) = (|post| LikePost { post }, |post| DislikePost { post });
    let own = || Err(Failure::OwnPost);
    let rated = |post| Ok(Rated { post, row: 1 });
    vec![
        ("like one's own post", vec![(0, like(1))], own(), &[]),
        ("dislike one's own post", vec![(0, dislike(1))], own(), &[]),
        ("like a repost of one's own post", vec![(0, like(3))], own(), &[]),
        ("dislike a repost of one's own quote", vec![(3, dislike(5))], own(), &[]),
        (
            "like a quote of one's own post",
            vec![(0, like(4))],
            rated(4),
            &["likes +1", "post 4 likes +1"],
        ),
        ("like one's own repost", vec![(2, like(3))], rated(1), &["likes +1", "post 1 likes +1"]),
        (
            "undo a like of one's own post",
            vec![(0, UnlikePost { post: 1 })],
            Err(Failure::NoLike),
            &[],
        ),
        (
            "undo a dislike of one's own post",
            vec![(0, UndoDislikePost { post: 1 })],
            Err(Failure::NoDislike),
            &[],
        ),
        (
            "report one's own post",
            vec![(0, ReportPost { post: 1, reason: "I was wrong.".into() })],
            rated(1),
            &["reports +1", "post 1 reports +1"],
        ),
    ]
}

#[test]
fn likes_and_dislikes_of_many_are_counted() {
    let mut world = village(Platform::Reddit);
    for agent in 0..5 {
        let act: Act = if agent < 3 { LikePost { post: 1 } } else { DislikePost { post: 3 } };
        try_act(&mut world, agent, act).expect("a first rating");
    }
    let post = world.post(1).expect("the first post");
    assert_eq!((post.likes, post.dislikes), (3, 2));
    let repost = world.post(3).expect("its repost");
    assert_eq!((repost.likes, repost.dislikes, repost.shares), (0, 0, 0));
}
