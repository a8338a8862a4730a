//! What `builtin` agents do, as distributions over many seeds.

use std::collections::{BTreeMap, BTreeSet};
use std::string::String;
use std::vec;
use std::vec::Vec;

use super::fixture::{PLATFORMS, crowd, play, world};
use crate::tables::Found;
use crate::{Act, Action, Failure, Platform, Setup, Stance, World};
use crate::{feed, policy};

const SEEDS: u64 = 20;

/// A crowd in which more happens than in the town: a story, and gloomier and louder people.
fn lively(platform: Platform, seed: u64) -> Setup {
    let mut setup = crowd(platform, seed, 36);
    setup.narrative = "The dockers and the students ask for the memo; the company publishes its \
                       brake tests; the council offers a review of the night ferry."
        .into();
    setup.clock.planned_rounds = 72;
    for agent in 0..36_u32 {
        // Whom profiles follow is not whom they agree with.
        setup.agents[agent as usize].follows = vec![(agent + 4) % 36, (agent + 7) % 36];
    }
    setup
}

fn name(act: &Act) -> &'static str {
    match act {
        Act::CreatePost { .. } => "post",
        Act::Repost { .. } => "repost",
        Act::QuotePost { .. } => "quote",
        Act::LikePost { .. } => "like",
        Act::UnlikePost { .. } => "unlike",
        Act::DislikePost { .. } => "dislike",
        Act::UndoDislikePost { .. } => "undo dislike",
        Act::ReportPost { .. } => "report",
        Act::CreateComment { parent: None, .. } => "comment",
        Act::CreateComment { parent: Some(_), .. } => "reply",
        Act::LikeComment { .. } => "like comment",
        Act::UnlikeComment { .. } => "unlike comment",
        Act::DislikeComment { .. } => "dislike comment",
        Act::UndoDislikeComment { .. } => "undo comment dislike",
        Act::Follow { .. } => "follow",
        Act::Unfollow { .. } => "unfollow",
        Act::Mute { .. } => "mute",
        Act::Unmute { .. } => "unmute",
        Act::SearchPosts { .. } => "search posts",
        Act::SearchUser { .. } => "search user",
        Act::Trend => "trend",
        Act::Refresh => "refresh",
        Act::DoNothing => "nothing",
    }
}

fn counted<'action>(
    actions: impl IntoIterator<Item = &'action Action>,
) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for action in actions {
        *counts.entry(name(&action.act)).or_insert(0) += 1;
    }
    counts
}

/// What an agent writes for others to read.
pub(crate) fn text(act: &Act) -> Option<&str> {
    match act {
        Act::CreatePost { content }
        | Act::QuotePost { content, .. }
        | Act::CreateComment { content, .. } => Some(content),
        _ => None,
    }
}

#[test]
fn the_repertoire_of_each_platform_occurs_and_nothing_fails() {
    let common = [
        "post",
        "like",
        "unlike",
        "comment",
        "reply",
        "follow",
        "unfollow",
        "mute",
        "unmute",
        "search posts",
        "nothing",
    ];
    for platform in PLATFORMS {
        let own = match platform {
            Platform::Twitter => ["repost", "quote"].as_slice(),
            Platform::Reddit => &[
                "dislike",
                "undo dislike",
                "report",
                "like comment",
                "unlike comment",
                "dislike comment",
                "undo comment dislike",
                "search user",
                "trend",
                "refresh",
            ],
        };
        let all = (0..4).flat_map(|seed| play(&mut world(lively(platform, seed)), 72));
        let all: Vec<Action> = all.collect();
        for action in &all {
            assert!(action.outcome.is_ok(), "{:?}: {:?}", action.outcome, action.act);
        }
        let counts = counted(&all);
        let found: BTreeSet<&str> = counts.keys().copied().collect();
        let wanted: BTreeSet<&str> = common.into_iter().chain(own.iter().copied()).collect();
        assert_eq!(found, wanted, "{platform:?}: {counts:?}");

        let of = |act: &str| counts.get(act).copied().unwrap_or(0);
        let votes = of("like") + of("dislike") + of("like comment") + of("dislike comment");
        let written = of("comment") + of("reply");
        assert!(votes > written && written > of("post"), "{platform:?}: {counts:?}");
        for (rare, share) in [("follow", 10), ("mute", 100), ("report", 100), ("unlike", 50)] {
            assert!(of(rare) * share < all.len(), "{platform:?}: {rare} in {counts:?}");
        }
    }
}

#[test]
fn an_agent_that_sees_nothing_behaves_differently() {
    for platform in PLATFORMS {
        let (mut seeing, mut blind) = (BTreeMap::new(), BTreeMap::new());
        for seed in 0..SEEDS {
            let mut world = world(crowd(platform, seed, 24));
            play(&mut world, 6);
            world.tables.found.fill(Found::default());
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
            assert!(of(&seeing, act) > 10 && of(&blind, act) == 0, "{act}: {seeing:?} {blind:?}");
        }
        assert!(of(&blind, "nothing") > 2 * of(&seeing, "nothing"), "{seeing:?} {blind:?}");
        let looks = |counts| ["search posts", "trend", "refresh"].map(|act| of(counts, act));
        let looks = |counts| looks(counts).iter().sum::<u32>();
        assert!(looks(&blind) > looks(&seeing), "who sees nothing looks: {seeing:?} {blind:?}");
    }
}

#[test]
fn what_a_search_found_is_reacted_to() {
    for platform in PLATFORMS {
        let mut liked = 0;
        for seed in 0..SEEDS {
            let mut world = world(crowd(platform, seed, 24));
            play(&mut world, 6);
            for agent in 0..24 {
                world.tables.found[agent as usize] =
                    Found { posts: vec![1, 2, 3, 4], users: vec![0, 1, 4] };
                for act in policy::decide(&world, agent, &[]) {
                    liked += u32::from(name(&act) == "like");
                    let own = match act {
                        Act::LikePost { post } | Act::CreateComment { post, parent: None, .. } => {
                            world.post(post).expect("it was found").author == agent
                        }
                        Act::Follow { user } => user == agent,
                        _ => false,
                    };
                    assert!(!own, "nobody reacts to itself: {act:?}");
                }
            }
        }
        assert!(liked > 40, "{liked} likes");
    }
}

#[test]
fn nobody_says_the_same_twice() {
    for platform in PLATFORMS {
        let mut setup = lively(platform, 3);
        setup.agents.iter_mut().for_each(|agent| agent.traits.posts_per_hour_ppm = 900_000);
        let mut said: BTreeSet<(u32, &str)> = BTreeSet::new();
        let all = play(&mut world(setup), 150);
        let (mut texts, mut by_anybody) = (0, BTreeSet::new());
        for action in &all {
            let Some(text) = text(&action.act) else { continue };
            assert!(said.insert((action.agent, text)), "said again: {text}");
            by_anybody.insert(text);
            texts += 1;
        }
        assert!(texts > 5_000, "{texts} texts");
        let unique = by_anybody.len() * 100 / texts;
        assert!(unique >= 80, "only {unique} % of the texts are unlike all others");
    }
}

#[test]
fn texts_are_whole_and_in_the_language_of_their_author() {
    for platform in PLATFORMS {
        for action in play(&mut world(lively(platform, 5)), 48) {
            let Some(text) = text(&action.act).filter(|_| action.agent != 2) else { continue };
            assert!(!text.contains(['{', '}']) && !text.contains("  "), "{text}");
            assert!(!text.contains("“”") && !text.contains("“ "), "an empty quote: {text}");
            assert_eq!(text.matches('“').count(), text.matches('”').count(), "{text}");
            assert!(text.matches('“').count() <= 1, "a quote of a quote: {text}");
            let chinese = action.agent % 12 >= 10;
            let own_words = text.chars().any(|one| "的了是不有这一我谢在？。".contains(one));
            assert_eq!(own_words, chinese, "{text}");
        }
    }
}

#[test]
fn replies_name_whom_they_answer() {
    let mut replies = 0;
    for platform in PLATFORMS {
        let mut world = world(lively(platform, 1));
        for action in play(&mut world, 36) {
            if let Act::CreateComment { post, parent: Some(parent), content } = &action.act {
                let answered = world.comment(*parent).expect("it exists");
                assert!(content.contains(answered.author_name), "{content}");
                assert_eq!(answered.post, *post);
                assert_ne!(answered.author, action.agent, "nobody answers itself");
                replies += 1;
            }
        }
    }
    assert!(replies > 100, "{replies} replies");
}

#[test]
fn comments_seldom_repeat_the_post_above_them() {
    let (mut comments, mut repeating) = (0, 0);
    for platform in PLATFORMS {
        for action in play(&mut world(lively(platform, 2)), 36) {
            if let Act::CreateComment { content, .. } = &action.act {
                comments += 1;
                repeating += usize::from(content.contains('“'));
            }
        }
    }
    assert!(repeating > 0 && repeating * 10 < comments, "{repeating} of {comments}");
}

#[test]
fn a_post_is_commented_on_once_and_answers_are_answered_once() {
    for platform in PLATFORMS {
        let mut told: BTreeSet<(u32, u32, Option<u32>)> = BTreeSet::new();
        for action in play(&mut world(lively(platform, 4)), 48) {
            if let Act::CreateComment { post, parent, content } = action.act {
                assert!(told.insert((action.agent, post, parent)), "again: {content}");
            }
        }
    }
}

/// The side of whoever wrote what an act is about, and that of the agent.
fn sides(world: &World, action: &Action) -> Option<(Stance, Stance)> {
    let stance = |agent| world.user(agent).map(|user| user.agent.traits.stance);
    let author = match action.act {
        Act::LikePost { post } | Act::DislikePost { post } | Act::ReportPost { post, .. } => {
            world.post(post)?.author
        }
        Act::LikeComment { comment } | Act::DislikeComment { comment } => {
            world.comment(comment)?.author
        }
        Act::Follow { user } | Act::Mute { user } | Act::Unfollow { user } => user,
        _ => return None,
    };
    Some((stance(action.agent)?, stance(author)?))
}

#[test]
fn odd_names_and_topics_are_no_reason_to_fail() {
    for platform in PLATFORMS {
        let mut setup = lively(platform, 2);
        setup.topics = vec![" ".into(), String::new(), "rotten piles ".repeat(800)];
        for (agent, name) in setup.agents.iter_mut().zip(["…", "{topic}", "?!"].iter().cycle()) {
            agent.name = (*name).into();
            agent.interests = vec![String::new(), "\u{3000}".into()];
        }
        for action in play(&mut world(setup), 24) {
            let never = [Err(Failure::EmptyText), Err(Failure::LongText), Err(Failure::EmptyQuery)];
            assert!(!never.contains(&action.outcome), "{action:?}");
            let said = text(&action.act).unwrap_or("");
            assert!(!said.contains("the .") && !said.contains(": ."), "{said}");
        }
    }
}

#[test]
fn nobody_turns_against_its_own_side() {
    for platform in PLATFORMS {
        for seed in 0..3 {
            let mut world = world(lively(platform, seed));
            for action in play(&mut world, 60) {
                let hostile = ["dislike", "report", "mute", "unfollow", "dislike comment"];
                let Some((own, author)) = sides(&world, &action) else { continue };
                if hostile.contains(&name(&action.act)) {
                    let sided = matches!(own, Stance::Supportive | Stance::Opposing);
                    assert!(!sided || own != author, "{:?} within {own:?}", action.act);
                }
            }
        }
    }
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
