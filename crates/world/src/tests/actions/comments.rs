//! Comments and what is thought of them.

use std::vec;
use std::vec::Vec;

use super::{Case, check_on_both, comment, village};
use crate::Act::{DislikeComment, LikeComment, UndoDislikeComment, UnlikeComment};
use crate::Effect::{Commented, RatedComment};
use crate::{Failure, Platform};

#[test]
fn comments_stand_under_the_root() {
    check_on_both(&comments(), |_| ());
}

#[test]
fn comments_are_liked_and_disliked() {
    check_on_both(&likes(), |_| ());
    check_on_both(&dislikes(), |_| ());
}

#[test]
fn nobody_rates_its_own_comments_where_that_is_off() {
    check_on_both(&own_comments(), |setup| setup.self_rating = false);
}

pub(super) fn cases() -> Vec<Case> {
    [comments(), likes(), dislikes()].concat()
}

fn comments() -> Vec<Case> {
    let says = |post, parent| comment(post, parent, "Why is that?");
    let commented = |post| Ok(Commented { post, comment: 3 });
    let on_1 = &["comments +1", "post 1 comments +1", "user 2 comments +1", "comment 3: by 2 on 1"];
    let on_4 = &["comments +1", "post 4 comments +1", "user 2 comments +1", "comment 3: by 2 on 4"];
    let answer = &[
        "comments +1",
        "post 1 comments +1",
        "user 2 comments +1",
        "comment 3: by 2 on 1, answers 1",
    ];
    let missing = || Err(Failure::NoComment);
    vec![
        ("on an original", vec![(2, says(1, None))], commented(1), on_1),
        ("on a repost: on its root", vec![(2, says(3, None))], commented(1), on_1),
        ("on a quote", vec![(2, says(4, None))], commented(4), on_4),
        ("on a repost of a quote: on the quote", vec![(2, says(5, None))], commented(4), on_4),
        (
            "on one's own post, again",
            vec![(0, says(1, None))],
            commented(1),
            &["comments +1", "post 1 comments +1", "user 0 comments +1", "comment 3: by 0 on 1"],
        ),
        ("an answer", vec![(2, says(1, Some(1)))], commented(1), answer),
        ("an answer by a repost", vec![(2, says(3, Some(1)))], commented(1), answer),
        ("an answer under another post", vec![(2, says(2, Some(1)))], missing(), &[]),
        ("an answer under a quote of the post", vec![(2, says(4, Some(1)))], missing(), &[]),
        ("an answer to comment 0", vec![(2, says(1, Some(0)))], missing(), &[]),
        ("an answer to no comment", vec![(2, says(1, Some(3)))], missing(), &[]),
        ("an answer to the last number", vec![(2, says(1, Some(u32::MAX)))], missing(), &[]),
        ("no post comes before no comment", vec![(2, says(9, Some(9)))], Err(Failure::NoPost), &[]),
    ]
}

fn likes() -> Vec<Case> {
    let (like, unlike) = (|comment| LikeComment { comment }, |comment| UnlikeComment { comment });
    let dislike = |comment| DislikeComment { comment };
    let of_1 = &["comment likes +1", "comment 1 likes +1"];
    let rated = |row| Ok(RatedComment { row });
    vec![
        ("a comment", vec![(2, like(1))], rated(1), of_1),
        ("one's own", vec![(0, like(1))], rated(1), of_1),
        ("what somebody else likes", vec![(1, like(1)), (2, like(1))], rated(2), of_1),
        ("what one dislikes", vec![(2, dislike(1)), (2, like(1))], rated(1), of_1),
        ("twice", vec![(2, like(1)), (2, like(1))], Err(Failure::CommentLikeExists), &[]),
        (
            "again after an end: a row of its own",
            vec![(2, like(1)), (2, unlike(1)), (2, like(1))],
            rated(2),
            of_1,
        ),
        ("an end", vec![(2, like(1)), (2, unlike(1))], rated(1), &["comment 1 likes -1"]),
        ("an end of nothing", vec![(2, unlike(1))], Err(Failure::NoCommentLike), &[]),
        (
            "an end of a dislike",
            vec![(2, dislike(1)), (2, unlike(1))],
            Err(Failure::NoCommentLike),
            &[],
        ),
    ]
}

fn dislikes() -> Vec<Case> {
    let (dislike, undo) =
        (|comment| DislikeComment { comment }, |comment| UndoDislikeComment { comment });
    let like = |comment| LikeComment { comment };
    let of_2 = &["comment dislikes +1", "comment 2 dislikes +1"];
    let rated = |row| Ok(RatedComment { row });
    vec![
        ("a comment", vec![(2, dislike(2))], rated(1), of_2),
        ("one's own", vec![(1, dislike(2))], rated(1), of_2),
        ("what one likes", vec![(2, like(2)), (2, dislike(2))], rated(1), of_2),
        ("twice", vec![(2, dislike(2)), (2, dislike(2))], Err(Failure::CommentDislikeExists), &[]),
        (
            "again after an end: a row of its own",
            vec![(2, dislike(2)), (2, undo(2)), (2, dislike(2))],
            rated(2),
            of_2,
        ),
        ("an end", vec![(2, dislike(2)), (2, undo(2))], rated(1), &["comment 2 dislikes -1"]),
        ("an end of nothing", vec![(2, undo(2))], Err(Failure::NoCommentDislike), &[]),
        ("an end of a like", vec![(2, like(2)), (2, undo(2))], Err(Failure::NoCommentDislike), &[]),
    ]
}

pub(super) fn own_comments() -> Vec<Case> {
    let like = |comment| LikeComment { comment };
    vec![
        ("like one's own", vec![(0, like(1))], Err(Failure::OwnComment), &[]),
        (
            "dislike one's own",
            vec![(0, DislikeComment { comment: 1 })],
            Err(Failure::OwnComment),
            &[],
        ),
        (
            "like another's under one's own post",
            vec![(1, comment(1, None, "Thank you.")), (0, like(3))],
            Ok(RatedComment { row: 1 }),
            &["comment likes +1", "comment 3 likes +1"],
        ),
        (
            "undo a like of one's own",
            vec![(0, UnlikeComment { comment: 1 })],
            Err(Failure::NoCommentLike),
            &[],
        ),
    ]
}

#[test]
fn a_comment_keeps_its_words() {
    let world = village(Platform::Reddit);
    let comment = world.comment(2).expect("the second comment");
    assert_eq!((comment.content, comment.author_name), ("It runs all night.", "Ferry Company"));
    assert_eq!(comment.tick, world.tick() - 1);
}
