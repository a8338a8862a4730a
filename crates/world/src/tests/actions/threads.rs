//! What is shown with a post: comments and warnings.

use std::vec::Vec;

use super::super::fixture::PLATFORMS;
use super::{comment, try_act, village};
use crate::{Act, Platform, World};

fn thread(world: &World, post: u32, reader: u32) -> Vec<u32> {
    world.thread(post, reader).iter().map(|comment| comment.id).collect()
}

fn rate(world: &mut World, agents: &[u32], act: &Act) {
    for &agent in agents {
        try_act(world, agent, act.clone()).expect("a first rating");
    }
}

#[test]
fn a_thread_has_the_best_three_then_the_newest_in_the_order_of_writing() {
    let mut world = village(Platform::Reddit);
    // Comment 1 stands under post 1 already, comment 2 elsewhere.
    assert_eq!(thread(&world, 1, 4), [1]);
    for number in 3..8 {
        let said = comment(1, None, &std::format!("comment {number}"));
        try_act(&mut world, number % 5, said).expect("the post is there");
    }
    assert_eq!(thread(&world, 1, 4), [5, 6, 7], "the newest of equals");
    rate(&mut world, &[2, 3], &Act::LikeComment { comment: 3 });
    rate(&mut world, &[2], &Act::LikeComment { comment: 1 });
    assert_eq!(thread(&world, 1, 4), [1, 3, 7]);
    rate(&mut world, &[0, 1], &Act::DislikeComment { comment: 3 });
    assert_eq!(thread(&world, 1, 4), [1, 6, 7], "likes less dislikes");
    rate(&mut world, &[0], &Act::DislikeComment { comment: 7 });
    assert_eq!(thread(&world, 1, 4), [1, 5, 6]);
    assert_eq!(thread(&world, 3, 4), [1, 5, 6], "of a repost that of its root");
    assert_eq!(thread(&world, 4, 4), [], "of a quote its own");
    assert_eq!([thread(&world, 0, 4), thread(&world, 9, 4)], [[], []]);
    assert_eq!(thread(&world, 1, 99), [1, 5, 6], "for somebody who is no agent");
}

#[test]
fn a_thread_is_chosen_from_the_newest_sixteen() {
    let mut world = village(Platform::Twitter);
    rate(&mut world, &[1, 2], &Act::LikeComment { comment: 1 });
    for number in 0..15 {
        try_act(&mut world, number % 5, comment(1, None, "Once more.")).expect("it is there");
    }
    assert_eq!(thread(&world, 1, 4), [1, 16, 17], "the sixteenth from the end");
    try_act(&mut world, 0, comment(1, None, "And again.")).expect("it is there");
    assert_eq!(thread(&world, 1, 4), [16, 17, 18], "the seventeenth is out of reach");
}

#[test]
fn a_feed_shows_threads_with_whom_they_answer() {
    for platform in PLATFORMS {
        let mut world = village(platform);
        try_act(&mut world, 3, comment(3, Some(1), "Since when?")).expect("the comment is there");
        try_act(&mut world, 0, comment(1, Some(3), "Since today.")).expect("the comment is there");
        let feed = world.observe(1).expect("an agent").posts;
        let seen = feed.iter().find(|seen| seen.post.id == 1).expect("all posts are shown");
        let told: Vec<_> = seen
            .thread
            .iter()
            .map(|comment| (comment.id, comment.author, comment.parent))
            .collect();
        assert_eq!(told, [(1, 0, None), (3, 3, Some(1)), (4, 0, Some(3))]);
        assert_eq!(seen.thread, world.thread(1, 1));
    }
}

#[test]
fn a_quote_is_shown_with_what_it_quotes() {
    for platform in PLATFORMS {
        let world = village(platform);
        let feed = world.observe(1).expect("an agent").posts;
        let quote = feed.iter().find(|seen| seen.post.id == 4).expect("all posts are shown");
        assert_eq!(quote.quotes, world.post(1));
        let original = feed.iter().find(|seen| seen.post.id == 1).expect("all posts are shown");
        assert_eq!(original.quotes, None);
    }
}

#[test]
fn two_reports_make_a_warning_and_drag_a_post_down() {
    for platform in PLATFORMS {
        let mut world = village(platform);
        let report = || Act::ReportPost { post: 1, reason: "It is not true.".into() };
        let flagged = |world: &World| {
            let row = world.tables.posts.counters[0];
            assert_eq!(world.post(1).expect("the first post").reports, row.reports);
            row.flagged()
        };
        assert!(!flagged(&world));
        try_act(&mut world, 2, report()).expect("a first report");
        assert!(!flagged(&world));
        try_act(&mut world, 3, report()).expect("another's report");
        assert!(flagged(&world));
        try_act(&mut world, 3, report()).expect_err("the same once more");
        assert!(flagged(&world));
    }
}
