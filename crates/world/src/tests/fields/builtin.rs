//! Fields that act on decisions of the `builtin` policy. Each comparison is over 20 seeds: the sum
//! must differ by a margin, and 15 of the 20 single runs must agree with it.

use std::string::String;
use std::vec::Vec;

use crate::policy::english::ENGLISH;
use crate::tests::behaviour::text;
use crate::tests::fixture::{PLATFORMS, crowd, play, world};
use crate::{Act, Action, Platform, Setup, Stance, World, words};

const SEEDS: u64 = 20;
/// How many of the single runs must agree: by chance alone, 21 in a thousand tests would pass.
const AGREE: usize = 15;
const AGENTS: u32 = 24;
const ROUNDS: u32 = 10;

/// What `measure` finds in one run for each seed.
fn runs(
    platform: Platform,
    rounds: u32,
    change: impl Fn(&mut Setup),
    measure: impl Fn(&World, &[Action]) -> u64,
) -> Vec<u64> {
    let run = |seed| {
        let mut setup = crowd(platform, seed, AGENTS);
        change(&mut setup);
        let mut world = world(setup);
        let actions = play(&mut world, rounds);
        measure(&world, &actions)
    };
    (0..SEEDS).map(run).collect()
}

/// `more` exceeds `less` by `margin_percent` in sum, and in most single runs.
fn assert_more(what: &str, more: &[u64], less: &[u64], margin_percent: u64) {
    let (sum_more, sum_less) = (more.iter().sum::<u64>(), less.iter().sum::<u64>());
    assert!(
        sum_more * 100 >= sum_less * (100 + margin_percent),
        "{what}: {sum_more} against {sum_less}"
    );
    let agree = more.iter().zip(less).filter(|(more, less)| more > less).count();
    assert!(agree >= AGREE, "{what}: only {agree} of {SEEDS} runs agree: {more:?} {less:?}");
}

fn count(actions: &[Action], is: impl Fn(&Action) -> bool) -> u64 {
    actions.iter().filter(|action| is(action)).count() as u64
}

/// Parts of a thousand.
fn share(part: u64, all: u64) -> u64 {
    part * 1_000 / all.max(1)
}

fn is_post(action: &Action) -> bool {
    matches!(action.act, Act::CreatePost { .. } | Act::QuotePost { .. })
}

/// The texts of posts that agents wrote, with their ticks.
fn posts(actions: &[Action]) -> impl Iterator<Item = &str> {
    // The town has four seed posts, which come first.
    actions.iter().skip(4).filter(|action| is_post(action)).filter_map(|action| text(&action.act))
}

/// The agent whose field is changed where only one is.
const ONE: u32 = 8;

#[test]
fn posts_per_hour_means_more_posts_of_that_agent() {
    for platform in PLATFORMS {
        let with = |rate| {
            let change = move |setup: &mut Setup| {
                setup.agents[ONE as usize].traits.posts_per_hour_ppm = rate;
            };
            let own = |action: &Action| action.agent == ONE && is_post(action);
            runs(platform, ROUNDS, change, |_, actions| count(actions, own))
        };
        assert_more("posts", &with(1_200_000), &with(200_000), 200);
        // However little it writes by nature.
        let most = with(30_000_000);
        assert!(most.iter().all(|&posts| posts == 2 * u64::from(ROUNDS)), "at most two a round");
        assert_eq!(with(0).iter().sum::<u64>(), 0);
    }
}

#[test]
fn comments_per_hour_means_more_comments_of_that_agent() {
    for platform in PLATFORMS {
        let with = |rate| {
            let change = move |setup: &mut Setup| {
                setup.agents[ONE as usize].traits.comments_per_hour_ppm = rate;
            };
            let own = |action: &Action| {
                action.agent == ONE && matches!(action.act, Act::CreateComment { .. })
            };
            runs(platform, ROUNDS, change, |_, actions| count(actions, own))
        };
        assert_more("comments", &with(1_500_000), &with(200_000), 150);
        assert!(with(9_000_000).iter().all(|&comments| comments <= 3 * u64::from(ROUNDS)));
        assert_eq!(with(0).iter().sum::<u64>(), 0);
    }
}

/// How many posts begin in a mood.
fn openings(mood: usize, actions: &[Action]) -> u64 {
    let moods = ENGLISH.posts.moods[mood];
    posts(actions).filter(|post| moods.iter().any(|opener| post.starts_with(opener))).count() as u64
}

#[test]
fn sentiment_bias_means_more_likes_and_more_cheerful_openings() {
    for platform in PLATFORMS {
        let with = |sentiment, measure: fn(&World, &[Action]) -> u64| {
            let change = move |setup: &mut Setup| {
                setup.agents.iter_mut().for_each(|one| one.traits.sentiment_ppm = sentiment);
            };
            runs(platform, ROUNDS, change, measure)
        };
        let likes = |_: &World, actions: &[Action]| {
            count(actions, |action| matches!(action.act, Act::LikePost { .. }))
        };
        assert_more("likes", &with(800_000, likes), &with(-800_000, likes), 40);
        let cheerful = |_: &World, actions: &[Action]| openings(0, actions);
        let gloomy = |_: &World, actions: &[Action]| openings(2, actions);
        let (glad, sad) = (800_000, -800_000);
        let sum = |runs: Vec<u64>| runs.iter().sum::<u64>();
        assert!(sum(with(glad, cheerful)) > 2 * sum(with(sad, cheerful)));
        assert!(sum(with(sad, gloomy)) > sum(with(glad, gloomy)));
    }
}

/// Of the likes among agents that take a side, how many stay within it.
fn within_sides(world: &World, actions: &[Action]) -> u64 {
    let stance = |agent| world.user(agent).expect("an agent").agent.traits.stance;
    let (mut own, mut all) = (0, 0);
    for action in actions {
        let Act::LikePost { post } = action.act else { continue };
        let pair = (stance(action.agent), stance(world.post(post).expect("it exists").author));
        let sided = |stance| matches!(stance, Stance::Supportive | Stance::Opposing);
        if sided(pair.0) && sided(pair.1) {
            own += u64::from(pair.0 == pair.1);
            all += 1;
        }
    }
    share(own, all)
}

#[test]
fn stance_means_likes_within_a_side_and_disagreement_across() {
    for platform in PLATFORMS {
        let within = runs(platform, ROUNDS, |_| (), within_sides);
        let half = std::vec![500; within.len()];
        assert_more("likes within a side, in thousandths", &within, &half, 40);
    }
    // A side of its own is disliked by the other.
    let with = |stance| {
        let change = move |setup: &mut Setup| {
            for agent in &mut setup.agents {
                agent.traits.stance = Stance::Opposing;
            }
            for agent in setup.agents.iter_mut().step_by(2) {
                agent.traits.stance = stance;
            }
        };
        runs(Platform::Reddit, ROUNDS, change, |_, actions| {
            count(actions, |action| matches!(action.act, Act::DislikePost { .. }))
        })
    };
    assert_more("dislikes", &with(Stance::Supportive), &with(Stance::Neutral), 100);
}

#[test]
fn influence_weight_means_more_likes_and_followers() {
    for platform in PLATFORMS {
        let with = |influence, measure: fn(&World, &[Action]) -> u64| {
            let change = move |setup: &mut Setup| {
                // Nobody differs in anything else.
                for agent in &mut setup.agents {
                    agent.traits.stance = Stance::Neutral;
                    agent.kind = String::new();
                }
                setup.agents[ONE as usize].traits.influence_ppm = influence;
            };
            runs(platform, 2 * ROUNDS, change, measure)
        };
        let likes = |world: &World, _: &[Action]| {
            let posts = (1..=world.counts().posts).filter_map(|post| world.post(post));
            posts.filter(|post| post.author == ONE).map(|post| u64::from(post.likes)).sum()
        };
        let followers =
            |world: &World, _: &[Action]| u64::from(world.user(ONE).expect("it exists").followers);
        let (much, little) = (6_000_000, 200_000);
        assert_more("likes", &with(much, likes), &with(little, likes), 30);
        assert_more("followers", &with(much, followers), &with(little, followers), 100);
    }
}

#[test]
fn hot_topics_are_what_posts_are_about_and_draw_reactions() {
    const TOPIC: &str = "lighthouse";
    for platform in PLATFORMS {
        let with = |topic: Option<&'static str>| {
            let change = move |setup: &mut Setup| setup.topics.extend(topic.map(String::from));
            runs(platform, ROUNDS, change, |_, actions| {
                let all = posts(actions).count() as u64;
                let naming = posts(actions).filter(|post| post.contains(TOPIC)).count() as u64;
                share(naming, all)
            })
        };
        let named = with(Some(TOPIC));
        assert_more("share of posts that name it", &named, &with(None), 0);
        assert!(named.iter().sum::<u64>() > 50 * SEEDS, "more than 5 %: {named:?}");

        // The same post, once it is about what everybody talks about and once it is not.
        let likes = |topic: Option<&'static str>| {
            let change = move |setup: &mut Setup| {
                setup.topics.extend(topic.map(String::from));
                setup.seed_posts[1].content = "The lighthouse will be closed.".into();
                setup.agents.iter_mut().for_each(|one| one.traits.posts_per_hour_ppm = 0);
            };
            runs(platform, 4, change, |world, _| {
                let post = world.post(2).expect("a seed post");
                u64::from(post.likes + post.comments)
            })
        };
        assert_more("reactions", &likes(Some(TOPIC)), &likes(None), 10);
    }
}

const STORY: &str = "The anchor is missing from the pier; divers search the pier for the anchor; \
                     the anchor turns up in a garden.";

fn about_the_story(actions: &[Action]) -> u64 {
    let naming = posts(actions).filter(|post| words::mentions(post, "anchor")).count();
    share(naming as u64, posts(actions).count() as u64)
}

#[test]
fn narrative_direction_grows_over_the_run() {
    for platform in PLATFORMS {
        let with = |story: &'static str, measure: fn(&World, &[Action]) -> u64| {
            let change = move |setup: &mut Setup| {
                setup.narrative = story.into();
                setup.clock.planned_rounds = 30;
            };
            runs(platform, 30, change, measure)
        };
        let all = |_: &World, actions: &[Action]| about_the_story(actions);
        let told = with(STORY, all);
        assert_more("share of posts about the story", &told, &with("", all), 0);
        assert!(told.iter().sum::<u64>() > 40 * SEEDS, "more than 4 %: {told:?}");
        let last =
            |_: &World, actions: &[Action]| about_the_story(&actions[actions.len() * 2 / 3..]);
        let first = |_: &World, actions: &[Action]| about_the_story(&actions[..actions.len() / 3]);
        assert_more("last third against first", &with(STORY, last), &with(STORY, first), 50);
    }
}

#[test]
fn a_narrative_is_told_in_its_order() {
    let mut places = [(0, 0); 3];
    for seed in 0..SEEDS {
        let mut setup = crowd(Platform::Twitter, seed, AGENTS);
        setup.narrative = STORY.into();
        setup.clock.planned_rounds = 30;
        let all = play(&mut world(setup), 30);
        for (number, action) in all.iter().enumerate() {
            let Some(text) = text(&action.act) else { continue };
            let clauses = ["is missing", "divers search", "turns up"];
            for (place, _) in clauses.iter().enumerate().filter(|(_, one)| text.contains(**one)) {
                places[place].0 += number;
                places[place].1 += 1;
            }
        }
    }
    let mean = places.map(|(sum, count)| sum / count.max(1));
    assert!(mean[0] < mean[1] && mean[1] < mean[2] && mean[0] > 0, "{places:?}");
}

#[test]
fn entity_type_decides_between_i_and_we() {
    for platform in PLATFORMS {
        let with = |kind: &'static str, word: &'static str| {
            let change =
                move |setup: &mut Setup| setup.agents[ONE as usize].kind = String::from(kind);
            runs(platform, 2 * ROUNDS, change, move |_, actions| {
                let own = actions.iter().filter(|action| action.agent == ONE);
                let texts = own.filter_map(|action| text(&action.act));
                let words = texts.flat_map(|text| text.split(|one: char| !one.is_alphanumeric()));
                words.filter(|one| one.eq_ignore_ascii_case(word)).count() as u64
            })
        };
        assert_more("we", &with("Organization", "we"), &with("Person", "we"), 200);
        assert_more("I", &with("Person", "i"), &with("Organization", "i"), 200);
    }
}

#[test]
fn interested_topics_are_written_about_and_searched_for() {
    const INTEREST: &str = "beekeeping";
    for platform in PLATFORMS {
        let with = |interest: &'static str, measure: fn(&Action) -> bool| {
            let change = move |setup: &mut Setup| {
                for agent in &mut setup.agents {
                    agent.interests = std::vec![interest.into()];
                }
            };
            runs(platform, ROUNDS, change, move |_, actions| count(actions, measure))
        };
        let posts = |action: &Action| {
            is_post(action) && text(&action.act).is_some_and(|text| text.contains(INTEREST))
        };
        let searches = |action: &Action| match &action.act {
            Act::SearchPosts { query } | Act::SearchUser { query } => query.contains(INTEREST),
            _ => false,
        };
        assert_more("posts", &with(INTEREST, posts), &with("safety", posts), 0);
        let found: u64 = with(INTEREST, searches).iter().sum();
        assert!(found > 10 && with("safety", searches).iter().sum::<u64>() == 0, "{found}");
    }
}

#[test]
fn persona_is_what_an_interview_speaks_of() {
    for seed in 0..SEEDS {
        let mut setup = crowd(Platform::Twitter, seed, AGENTS);
        setup.agents[ONE as usize].persona = "She keeps bees behind the old mill.".into();
        let mut world = world(setup);
        play(&mut world, 4);
        let answer = world.interview(ONE, "Who are you?").expect("it exists");
        assert!(answer.contains("bees behind the old mill"), "{answer}");
        let other = world.interview(ONE + 1, "Who are you?").expect("it exists");
        assert!(!other.contains("bees"), "{other}");
    }
}
