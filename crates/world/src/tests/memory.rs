//! What an agent remembers: bounded, newest first.

use std::vec::Vec;

use super::actions::{comment, try_act, village, village_of};
use super::fixture::{PLATFORMS, crowd, play, world};
use crate::{Act, Deed, Memory, Platform, World};

fn memory(world: &World, agent: u32) -> Memory<'_> {
    world.memory(agent).expect("an agent")
}

/// A name and the id of what it was done to.
fn told(deed: Deed<'_>) -> (&'static str, u32) {
    match deed {
        Deed::Posted(post) => ("posted", post.id),
        Deed::Reposted(post) => ("reposted", post.id),
        Deed::Quoted(post) => ("quoted", post.id),
        Deed::Liked(post) => ("liked", post.id),
        Deed::Unliked(post) => ("unliked", post.id),
        Deed::Disliked(post) => ("disliked", post.id),
        Deed::UndidDislike(post) => ("undid dislike", post.id),
        Deed::Reported(post) => ("reported", post.id),
        Deed::Commented(comment) => ("commented", comment.id),
        Deed::LikedComment(comment) => ("liked comment", comment.id),
        Deed::UnlikedComment(comment) => ("unliked comment", comment.id),
        Deed::DislikedComment(comment) => ("disliked comment", comment.id),
        Deed::UndidCommentDislike(comment) => ("undid comment dislike", comment.id),
        Deed::Followed(user) => ("followed", user.id),
        Deed::Unfollowed(user) => ("unfollowed", user.id),
        Deed::Muted(user) => ("muted", user.id),
        Deed::Unmuted(user) => ("unmuted", user.id),
    }
}

#[test]
fn each_kind_of_deed_is_remembered() {
    let mut world = village(Platform::Reddit);
    let say = |content: &str| content.into();
    for (act, expected) in [
        (Act::CreatePost { content: say("A post.") }, ("posted", 6)),
        (Act::Repost { post: 5 }, ("reposted", 4)),
        (Act::QuotePost { post: 5, content: say("Well.") }, ("quoted", 8)),
        (Act::LikePost { post: 3 }, ("liked", 1)),
        (Act::UnlikePost { post: 3 }, ("unliked", 1)),
        (Act::DislikePost { post: 5 }, ("disliked", 4)),
        (Act::UndoDislikePost { post: 5 }, ("undid dislike", 4)),
        (Act::ReportPost { post: 2, reason: say("It is not true.") }, ("reported", 2)),
        (comment(3, Some(1), "Why?"), ("commented", 3)),
        (Act::LikeComment { comment: 1 }, ("liked comment", 1)),
        (Act::UnlikeComment { comment: 1 }, ("unliked comment", 1)),
        (Act::DislikeComment { comment: 2 }, ("disliked comment", 2)),
        (Act::UndoDislikeComment { comment: 2 }, ("undid comment dislike", 2)),
        (Act::Follow { user: 4 }, ("followed", 4)),
        (Act::Unfollow { user: 4 }, ("unfollowed", 4)),
        (Act::Mute { user: 0 }, ("muted", 0)),
        (Act::Unmute { user: 0 }, ("unmuted", 0)),
    ] {
        let tick = world.tick();
        try_act(&mut world, 1, act).expect("nothing forbids it");
        let done = memory(&world, 1).did[0];
        assert_eq!((told(done.deed), done.tick), (expected, tick));
    }
    let before = memory(&world, 1).did.len();
    for act in [Act::Trend, Act::Refresh, Act::DoNothing, Act::SearchUser { query: say("ferry") }] {
        try_act(&mut world, 1, act).expect("nothing forbids it");
    }
    try_act(&mut world, 1, Act::Follow { user: 1 }).expect_err("itself");
    let did = memory(&world, 1).did;
    assert_eq!((told(did[0].deed), did.len()), (("unmuted", 0), before), "no deeds");
}

#[test]
fn the_last_twelve_deeds_are_remembered_newest_first() {
    let mut world = village(Platform::Twitter);
    for number in 0..30 {
        try_act(&mut world, 2, Act::CreatePost { content: std::format!("post {number}") })
            .expect("nothing forbids it");
        let did: Vec<u32> = memory(&world, 2).did.iter().map(|done| told(done.deed).1).collect();
        let own = (6..=6 + number).rev().chain([1]);
        assert_eq!(did, own.take(12).collect::<Vec<u32>>());
    }
}

#[test]
fn the_last_eight_follows_are_remembered_the_latest_first() {
    let mut world = village_of(Platform::Twitter, |setup| {
        let more = setup.agents.iter().cycle().take(24).cloned().collect();
        setup.agents = more;
    });
    for user in [5, 3, 9, 20, 1, 2, 7, 8, 6, 4] {
        try_act(&mut world, 0, Act::Follow { user }).expect("a first follow");
    }
    let follows = |world: &World| {
        let memory = memory(world, 0);
        memory.follows.iter().map(|user| user.id).collect::<Vec<u32>>()
    };
    assert_eq!(follows(&world), [4, 6, 8, 7, 2, 1, 20, 9]);
    try_act(&mut world, 0, Act::Unfollow { user: 6 }).expect("it is followed");
    try_act(&mut world, 0, Act::Unfollow { user: 5 }).expect("it is followed");
    try_act(&mut world, 0, Act::Follow { user: 5 }).expect("followed no more");
    assert_eq!(follows(&world), [5, 4, 8, 7, 2, 1, 20, 9]);
}

#[test]
fn the_last_sixteen_roots_shown_are_remembered_the_latest_first() {
    for platform in PLATFORMS {
        let mut world = world(crowd(platform, 8, 12));
        let mut shown: Vec<u32> = Vec::new();
        for _ in 0..60 {
            let feed = world.observe(3).expect("an agent").posts;
            for seen in feed.iter().filter(|_| world.active() > 0) {
                assert_eq!(seen.again, shown.contains(&seen.post.id));
            }
            let roots: Vec<u32> = feed.iter().map(|seen| seen.post.id).collect();
            let active = world.active() > 0;
            super::fixture::step(&mut world);
            for root in roots.into_iter().filter(|_| active) {
                shown.retain(|&other| other != root);
                shown.insert(0, root);
                shown.truncate(16);
            }
            let seen: Vec<u32> = memory(&world, 3).seen.iter().map(|post| post.id).collect();
            assert_eq!(seen, shown);
        }
        assert_eq!(shown.len(), 16);
    }
}

#[test]
fn an_answer_is_the_newest_comment_by_somebody_else() {
    let mut world = village(Platform::Reddit);
    let answer = |world: &World, agent, name, id| {
        let did = memory(world, agent).did;
        let done = did.iter().find(|done| told(done.deed) == (name, id)).expect("it did that");
        done.answer.map(|comment| comment.id)
    };
    let say = |agent, post, parent, world: &mut World| {
        try_act(world, agent, comment(post, parent, "Indeed.")).expect("the post is there");
    };
    assert_eq!(answer(&world, 0, "posted", 1), None, "an own comment is no answer");
    assert_eq!(answer(&world, 0, "commented", 1), None);
    say(2, 1, None, &mut world);
    assert_eq!(answer(&world, 0, "posted", 1), Some(3));
    assert_eq!(answer(&world, 0, "commented", 1), None, "it answers the post alone");
    say(3, 3, Some(1), &mut world);
    assert_eq!(answer(&world, 0, "posted", 1), Some(4));
    assert_eq!(answer(&world, 0, "commented", 1), Some(4));
    say(0, 1, Some(4), &mut world);
    say(0, 1, Some(1), &mut world);
    assert_eq!(answer(&world, 0, "posted", 1), Some(4), "own comments are passed over");
    assert_eq!(answer(&world, 0, "commented", 1), Some(4));
    assert_eq!(answer(&world, 3, "commented", 4), Some(5));
    assert_eq!(answer(&world, 3, "quoted", 4), None);
    say(1, 5, None, &mut world);
    assert_eq!(answer(&world, 3, "quoted", 4), Some(7), "on a repost of the quote");
    assert_eq!(answer(&world, 2, "reposted", 1), None, "a repost is not one's own words");
    for _ in 0..15 {
        say(2, 1, None, &mut world);
    }
    assert_eq!(answer(&world, 0, "commented", 1), None, "out of the newest sixteen");
}

#[test]
fn memories_are_bounded_however_long_the_run() {
    for platform in PLATFORMS {
        let mut world = world(crowd(platform, 4, 20));
        for rounds in [20, 120] {
            play(&mut world, rounds);
            for agent in 0..20 {
                let Memory { did, follows, seen } = memory(&world, agent);
                assert!(did.len() <= 12 && follows.len() <= 8 && seen.len() == 16);
                assert!(did.windows(2).all(|pair| pair[0].tick >= pair[1].tick));
            }
        }
    }
    assert_eq!(village(Platform::Twitter).memory(5), None);
}
