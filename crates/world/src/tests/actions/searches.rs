//! Searches for posts and users.

use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use super::{Case, check_on_both, try_act, village, village_of};
use crate::{Act, Effect, Failure, Platform, World};

fn posts(query: &str) -> Act {
    Act::SearchPosts { query: query.into() }
}

fn users(query: &str) -> Act {
    Act::SearchUser { query: query.into() }
}

#[test]
fn what_was_found_is_kept_for_the_next_turn() {
    check_on_both(&cases(), |_| ());
}

pub(super) fn cases() -> Vec<Case> {
    let empty = || Err(Failure::EmptyQuery);
    let found_posts = |posts: &[u32]| Ok(Effect::Posts(posts.to_vec()));
    let found_users = |users: &[u32]| Ok(Effect::Users(users.to_vec()));
    vec![
        (
            "posts",
            vec![(2, posts("night"))],
            found_posts(&[2, 1]),
            &["found by 2: posts [2, 1] users []"],
        ),
        (
            "one's own posts",
            vec![(0, posts("ferry"))],
            found_posts(&[1]),
            &["found by 0: posts [1] users []"],
        ),
        (
            "quotes by their own words, and no reposts",
            vec![(2, posts("nobody"))],
            found_posts(&[4]),
            &["found by 2: posts [4] users []"],
        ),
        ("no posts", vec![(2, posts("volcano"))], found_posts(&[]), &[]),
        ("the longest query", vec![(2, posts(&"volcano ".repeat(1_280)))], found_posts(&[]), &[]),
        ("a longer one", vec![(2, posts(&"volcano".repeat(1_463)))], Err(Failure::LongText), &[]),
        ("of users", vec![(2, users(&" ".repeat(10_241)))], Err(Failure::LongText), &[]),
        (
            "nothing takes the place of what was found before",
            vec![(2, posts("night")), (2, posts("volcano"))],
            found_posts(&[]),
            &["found by 2: posts [] users []"],
        ),
        (
            "users beside posts",
            vec![(2, posts("ferry")), (2, users("ferry"))],
            found_users(&[1]),
            &["found by 2: posts [1] users [1]"],
        ),
        ("no users", vec![(2, users("volcano"))], found_users(&[]), &[]),
        ("posts by nothing", vec![(2, posts(""))], empty(), &[]),
        ("posts by no word", vec![(2, posts(" ?! \u{3000}…"))], empty(), &[]),
        ("users by nothing", vec![(2, users(""))], empty(), &[]),
        ("users by no word", vec![(2, users("--"))], empty(), &[]),
        (
            "a failure leaves what was found before",
            vec![(2, posts("ferry")), (2, posts(""))],
            empty(),
            &[],
        ),
    ]
}

/// A village in which agent 0 has written these before, as posts 1, 2 and so on.
fn village_with(past: &[&str]) -> World {
    village_of(Platform::Reddit, |setup| {
        setup.agents[0].past_posts = past.iter().copied().map(String::from).collect();
    })
}

fn found(world: &World, act: Act) -> Vec<u32> {
    match try_act(&mut world.clone(), 2, act) {
        Ok(Effect::Posts(found) | Effect::Users(found)) => found,
        other => panic!("a search gives a list, not {other:?}"),
    }
}

#[test]
fn every_word_of_a_query_occurs_as_a_whole_or_within_a_run_of_han() {
    // The village's own posts are 5 to 9 then.
    let world = village_with(&[
        "Lanterns on the pier, LANTERNS everywhere",
        "The pier is closed",
        "夜间渡轮停运 on 2 piers",
        "Zürich is not a harbour",
    ]);
    for (query, expected) in [
        ("lanterns", &[1][..]),
        ("LanternS", &[1]),
        ("lantern", &[]),
        ("pier", &[2, 1]),
        ("pier closed", &[2]),
        ("closed, the PIER!", &[2]),
        ("pier zebra", &[]),
        ("渡轮", &[3]),
        ("轮", &[3]),
        ("夜间渡轮停运", &[3]),
        ("轮渡", &[]),
        ("渡轮piers", &[3]),
        ("渡轮 pier", &[]),
        ("2", &[3]),
        ("Zürich", &[4]),
        ("ZÜRICH", &[]),
    ] {
        assert_eq!(found(&world, posts(query)), expected, "{query}");
    }
}

#[test]
fn a_search_gives_the_newest_ten_of_the_newest_8192() {
    let many = |count| {
        village_of(Platform::Twitter, |setup| {
            let later = (1..count).map(|number| format!("number {}", number % 700));
            setup.agents[0].past_posts =
                ["the lighthouse".into()].into_iter().chain(later).collect();
        })
    };
    // Five posts are the village's own.
    let (all, one_more) = (many(8_192 - 5), many(8_192 - 4));
    assert_eq!((all.counts().posts, one_more.counts().posts), (8_192, 8_193));
    assert_eq!(found(&all, posts("lighthouse")), [1]);
    assert_eq!(found(&one_more, posts("lighthouse")), []);
    let newest = found(&all, posts("number"));
    assert_eq!(newest, (8_178..=8_187).rev().collect::<Vec<u32>>());
    assert_eq!(found(&all, posts("number 13")).len(), 10);
}

#[test]
fn users_are_found_by_name_handle_and_bio_the_most_followed_first() {
    let mut world = village(Platform::Twitter);
    for (query, expected) in [
        ("ferry", &[1][..]),
        ("COURIER", &[2]),
        ("since harbour", &[2]),
        ("dockers people union", &[4]),
        ("dockers volcano", &[]),
        ("news", &[2, 3]),
        ("the", &[0, 1, 3, 4]),
    ] {
        assert_eq!(found(&world, users(query)), expected, "{query}");
    }
    for (agent, user) in [(0, 4), (1, 4), (2, 3)] {
        try_act(&mut world, agent, Act::Follow { user }).expect("a first follow");
    }
    assert_eq!(found(&world, users("the")), [4, 3, 0, 1]);
}

#[test]
fn a_search_finds_ten_users_at_most() {
    let world = village_of(Platform::Reddit, |setup| {
        let more = setup.agents.iter().cycle().take(12).cloned().collect();
        setup.agents = more;
        setup.agents.iter_mut().for_each(|agent| agent.bio = "Same bio.".into());
    });
    assert_eq!(found(&world, users("same")), (0..10).collect::<Vec<u32>>());
}

#[test]
fn a_search_sees_the_world_as_it_was_before_the_tick() {
    let mut world = village(Platform::Twitter);
    let acts = [(2, Act::CreatePost { content: "A volcano!".into() }), (2, posts("volcano"))];
    let outputs = super::step_acts(&mut world, acts);
    assert_eq!(outputs.actions[1].outcome, Ok(Effect::Posts(vec![])));
    assert_eq!(found(&world, posts("volcano")), [6]);
}
