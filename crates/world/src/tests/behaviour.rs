//! What `builtin` agents do, as distributions over many seeds.

use std::collections::{BTreeMap, BTreeSet};
use std::string::String;
use std::vec::Vec;

use super::fixture::{PLATFORMS, crowd, play, step, world};
use crate::{Act, Action, Platform, Setup, Stance};
use crate::{feed, policy};

const SEEDS: u64 = 20;

/// All actions of `rounds` rounds over 20 seeds.
fn actions(platform: Platform, rounds: u32, change: impl Fn(&mut Setup)) -> Vec<Action> {
    let run = |seed| {
        let mut setup = crowd(platform, seed, 24);
        change(&mut setup);
        play(&mut world(setup), rounds)
    };
    (0..SEEDS).flat_map(run).collect()
}

fn count(actions: &[Action], is: impl Fn(&Act) -> bool) -> usize {
    actions.iter().filter(|action| is(&action.act)).count()
}

fn is_post(act: &Act) -> bool {
    matches!(act, Act::CreatePost { .. })
}

fn is_comment(act: &Act) -> bool {
    matches!(act, Act::CreateComment { .. })
}

fn is_like(act: &Act) -> bool {
    matches!(act, Act::LikePost { .. })
}

#[test]
fn builtin_agents_do_everything_and_nothing_that_fails() {
    for platform in PLATFORMS {
        let all = actions(platform, 12, |_| ());
        assert!(all.iter().all(|action| action.outcome.is_ok()));
        let shares = count(&all, |act| matches!(act, Act::Repost { .. }));
        assert_eq!(shares > 0, platform == Platform::Twitter, "{shares} shares");
        assert!(
            count(&all, is_post) > 0 && count(&all, is_comment) > 0 && count(&all, is_like) > 0
        );
        assert!(count(&all, |act| matches!(act, Act::Follow { .. })) > 0);
        assert!(count(&all, |act| matches!(act, Act::DoNothing)) > 0);
    }
}

#[test]
fn an_agent_that_sees_nothing_behaves_differently() {
    for platform in PLATFORMS {
        let (mut seeing, mut blind) = (BTreeMap::new(), BTreeMap::new());
        for seed in 0..SEEDS {
            let mut world = world(crowd(platform, seed, 24));
            play(&mut world, 6);
            for agent in 0..24 {
                let shown = feed::feed(&world, agent);
                for (shown, counts) in [(&*shown, &mut seeing), (&[], &mut blind)] {
                    for act in policy::decide(&world, agent, shown) {
                        *counts.entry(name(&act)).or_insert(0_u32) += 1;
                    }
                }
            }
        }
        let of = |counts: &BTreeMap<&str, u32>, act| counts.get(act).copied().unwrap_or(0);
        for act in ["like", "comment", "follow"] {
            assert!(of(&seeing, act) > 40 && of(&blind, act) == 0, "{act}: {seeing:?} {blind:?}");
        }
        assert!(of(&blind, "nothing") > 2 * of(&seeing, "nothing"), "{seeing:?} {blind:?}");
    }
}

fn name(act: &Act) -> &'static str {
    match act {
        Act::CreatePost { .. } => "post",
        Act::CreateComment { .. } => "comment",
        Act::LikePost { .. } => "like",
        Act::Repost { .. } => "repost",
        Act::Follow { .. } => "follow",
        Act::DoNothing => "nothing",
        _ => "other",
    }
}

#[test]
fn nobody_says_the_same_twice() {
    for platform in PLATFORMS {
        let mut setup = crowd(platform, 3, 24);
        setup.agents.iter_mut().for_each(|agent| agent.traits.posts_per_hour_ppm = 900_000);
        let all = play(&mut world(setup), 200);
        let mut said: BTreeSet<(u32, &str)> = BTreeSet::new();
        let (mut texts, mut by_anybody) = (0, BTreeSet::new());
        for action in &all {
            if let Act::CreatePost { content } | Act::CreateComment { content, .. } = &action.act {
                assert!(said.insert((action.agent, content)), "said again: {content}");
                by_anybody.insert(content.as_str());
                texts += 1;
            }
        }
        assert!(texts > 5_000, "{texts} texts");
        let unique = by_anybody.len() * 100 / texts;
        assert!(unique >= 90, "only {unique} % of the texts are unlike all others");
    }
}

#[test]
fn texts_are_whole_and_in_the_language_of_their_author() {
    for action in actions(Platform::Twitter, 12, |_| ()) {
        let (Act::CreatePost { content } | Act::CreateComment { content, .. }) = action.act else {
            continue;
        };
        assert!(!content.contains(['{', '}']) && !content.contains("  "), "{content}");
        assert!(!content.contains("“”"), "an empty quote: {content}");
        if action.agent % 12 >= 10 {
            assert!(content.contains(['。', '，', '？', '：']), "{content}");
        }
    }
}

#[test]
fn comments_name_whom_they_answer() {
    let mut world = world(crowd(Platform::Reddit, 1, 24));
    for _ in 0..12 {
        let outputs = step(&mut world);
        for action in outputs.actions {
            if let Act::CreateComment { post, content, .. } = action.act {
                let author: String = world.post(post).expect("it exists").author_name.into();
                assert!(content.contains(&author), "{content} does not name {author}");
            }
        }
    }
}

#[test]
fn higher_rates_mean_more_posts_and_comments() {
    for platform in PLATFORMS {
        let set = |posts, comments| {
            actions(platform, 8, move |setup| {
                for agent in &mut setup.agents {
                    agent.traits.posts_per_hour_ppm = posts;
                    agent.traits.comments_per_hour_ppm = comments;
                }
            })
        };
        let (few, many) = (set(100_000, 100_000), set(800_000, 1_500_000));
        assert!(count(&many, is_post) > 3 * count(&few, is_post));
        assert!(count(&many, is_comment) > 3 * count(&few, is_comment));
        let silent = set(0, 0);
        let seeds = 4 * usize::try_from(SEEDS).expect("small");
        assert_eq!((count(&silent, is_post), count(&silent, is_comment)), (seeds, 0));
    }
}

#[test]
fn mood_and_stance_show_in_what_is_liked() {
    let with_mood = |sentiment| {
        let all = actions(Platform::Twitter, 8, move |setup| {
            setup.agents.iter_mut().for_each(|agent| agent.traits.sentiment_ppm = sentiment);
        });
        count(&all, is_like)
    };
    assert!(with_mood(900_000) > with_mood(-900_000));

    let (mut own_side, mut other_side) = (0_u32, 0_u32);
    for seed in 0..SEEDS {
        let mut world = world(crowd(Platform::Reddit, seed, 24));
        for action in play(&mut world, 8) {
            if let Act::LikePost { post } = action.act {
                let author = world.post(post).expect("it exists").author;
                let stance = |agent| world.user(agent).expect("an agent").agent.traits.stance;
                match (stance(action.agent), stance(author)) {
                    (Stance::Supportive, Stance::Opposing)
                    | (Stance::Opposing, Stance::Supportive) => other_side += 1,
                    (one, other) if one == other => own_side += 1,
                    _ => {}
                }
            }
        }
    }
    assert!(own_side > 2 * other_side, "{own_side} of the own side, {other_side} of the other");
}

#[test]
fn an_echo_chamber_shows_more_of_the_own_side() {
    let share = |echo| {
        let (mut own, mut all) = (0_u32, 0_u32);
        for seed in 0..SEEDS {
            let mut setup = crowd(Platform::Twitter, seed, 48);
            setup.feed.echo_chamber_ppm = echo;
            let mut world = world(setup);
            play(&mut world, 8);
            for agent in (0..48).filter(|agent| matches!(agent % 12, 0 | 1 | 4 | 6 | 7 | 8)) {
                let stance = |agent| world.user(agent).expect("an agent").agent.traits.stance;
                for seen in world.observe(agent).expect("an agent").posts {
                    own += u32::from(stance(seen.post.author) == stance(agent));
                    all += 1;
                }
            }
        }
        own * 100 / all
    };
    let (open, closed) = (share(0), share(900_000));
    assert!(closed > open + 20, "{open} % without, {closed} % with an echo chamber");
}
