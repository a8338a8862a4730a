//! The trend, and looking at the feed.

use std::vec;
use std::vec::Vec;

use super::super::fixture::{PLATFORMS, step};
use super::{Case, check_on_both, try_act, village, village_of};
use crate::{Act, Effect, Platform, World};

#[test]
fn a_trend_is_found_and_a_feed_is_seen() {
    check_on_both(&cases(), |_| ());
}

pub(super) fn cases() -> Vec<Case> {
    let like = |post| Act::LikePost { post };
    let mute = |user| (2, Act::Mute { user });
    vec![
        (
            "the trend: by likes, then by id; originals and quotes",
            vec![(1, like(4)), (2, Act::Trend)],
            Ok(Effect::Posts(vec![4, 1, 2])),
            &["found by 2: posts [4, 1, 2] users []"],
        ),
        (
            "an empty feed",
            vec![mute(0), mute(1), mute(3), (2, Act::Refresh)],
            Ok(Effect::Posts(vec![])),
            &[],
        ),
        (
            "a trend of nothing",
            vec![mute(0), mute(1), mute(3), (2, Act::Trend)],
            Ok(Effect::Posts(vec![])),
            &[],
        ),
    ]
}

fn trend(world: &World) -> Vec<u32> {
    match try_act(&mut world.clone(), 2, Act::Trend) {
        Ok(Effect::Posts(posts)) => posts,
        other => panic!("a trend gives a list, not {other:?}"),
    }
}

#[test]
fn a_trend_is_a_week_long() {
    for platform in PLATFORMS {
        let mut world = village_of(platform, |setup| {
            setup.clock.minutes_per_round = 1_440;
            setup.agents[0].past_posts = vec!["Old news.".into()];
        });
        // The past post is of day 0, the village's own two and its quote of the days 1, 2 and 4.
        let written = [1, 2, 3, 5].map(|post| world.post(post).expect("it is there").tick);
        assert_eq!((written, world.tick()), ([0, 1, 2, 4], 8));
        for (day, expected) in
            [(8, &[2, 3, 5][..]), (9, &[3, 5]), (10, &[5]), (11, &[5]), (12, &[])]
        {
            while world.tick() < day {
                step(&mut world);
            }
            assert_eq!(trend(&world), expected, "day {day} on {platform:?}");
        }
    }
}

#[test]
fn a_trend_has_five_posts_at_most_the_most_liked_first() {
    let mut world = village_of(Platform::Reddit, |setup| {
        setup.agents[0].past_posts = (0..8).map(|number| std::format!("post {number}")).collect();
    });
    for (agent, post) in [(1, 7), (2, 7), (3, 7), (1, 8), (2, 8), (1, 3), (2, 3), (1, 5)] {
        try_act(&mut world, agent, Act::LikePost { post }).expect("a first like");
    }
    assert_eq!(trend(&world), [7, 3, 8, 5, 1]);
    try_act(&mut world, 3, Act::DislikePost { post: 7 }).expect("a first dislike");
    try_act(&mut world, 1, Act::UnlikePost { post: 7 }).expect("it was liked");
    try_act(&mut world, 2, Act::UnlikePost { post: 7 }).expect("it was liked");
    assert_eq!(trend(&world), [3, 8, 5, 7, 1]);
}

#[test]
fn refresh_gives_the_feed_and_all_of_it_is_seen() {
    for platform in PLATFORMS {
        let mut world = village(platform);
        for agent in 0..5 {
            let feed = world.observe(agent).expect("an agent").posts;
            assert!(feed.len() >= 2 && feed.iter().all(|seen| !seen.again));
            let mut roots: Vec<u32> = feed.iter().map(|seen| seen.post.id).collect();
            let bearers: Vec<_> = feed.iter().map(|seen| seen.reposted_by).collect();
            let Ok(Effect::Posts(shown)) = try_act(&mut world, agent, Act::Refresh) else {
                panic!("a look at the feed succeeds");
            };
            for ((shown, root), bearer) in shown.iter().zip(&roots).zip(bearers) {
                let post = world.post(*shown).expect("what is shown is there");
                assert_eq!(post.reposts.unwrap_or(post.id), *root);
                assert_eq!(post.reposts.map(|_| post.author), bearer);
            }
            assert_eq!(shown.len(), roots.len());
            roots.reverse();
            let memory = world.memory(agent).expect("an agent");
            assert_eq!(memory.seen.iter().map(|post| post.id).collect::<Vec<u32>>(), roots);
            assert!(world.observe(agent).expect("an agent").posts.iter().all(|seen| seen.again));
        }
    }
}
