//! The world does what the naive world does, whatever enters both.

use std::collections::BTreeSet;
use std::ops::Range;
use std::string::String;
use std::vec::Vec;
use std::{format, vec};

use super::cases::{Case, Size, case};
use super::fixture::{PLATFORMS, crowd, town};
use super::least::{same, shrink, told};
use super::reference::Reference;
use crate::{Act, Decision, Effect, Failure, Inputs, Platform, Policy, World};

const SMALL: Size = Size { agents: 2..=8, ticks: 5..=12, decisions: 12, past_posts: 3 };
const MIDDLE: Size = Size { agents: 10..=24, ticks: 20..=40, decisions: 30, past_posts: 8 };
const LARGE: Size = Size { agents: 30..=40, ticks: 30..=40, decisions: 200, past_posts: 12 };

#[test]
fn small_worlds_agree() {
    let tally = agree(0..1_000, &SMALL);
    let failures: Vec<Failure> = tally.failures.iter().copied().collect();
    assert_eq!(failures, FAILURES, "each failure occurs");
    assert_eq!(tally.successes, (0..22).collect(), "each act succeeds");
}

#[test]
fn middle_worlds_agree() {
    let tally = agree(10_000..10_060, &MIDDLE);
    assert!(tally.most_ranked > 100, "{} posts ranked", tally.most_ranked);
}

#[test]
fn large_worlds_agree() {
    let tally = agree(20_000..20_006, &LARGE);
    assert!(tally.most_ranked == 256, "{} posts ranked", tally.most_ranked);
    assert!(tally.most_posts > 512, "{} posts", tally.most_posts);
}

/// What agents of the `builtin` policy decided has the same effects in both.
#[test]
fn worlds_of_builtin_agents_agree() {
    let quiet = |ticks| (0..ticks).map(|tick| Inputs::quiet(tick, 0)).collect();
    for platform in PLATFORMS {
        let lively = crowd(platform, 4, 40);
        // Somebody outside decides for agents that decide themselves, too.
        let mixed = match platform {
            Platform::Twitter => case(30_000, &MIDDLE),
            Platform::Reddit => case(30_001, &MIDDLE),
        };
        let mut setup = mixed.setup;
        setup.activity = lively.activity;
        setup.agents.iter_mut().for_each(|agent| agent.policy = Policy::Builtin);
        for case in [
            Case { setup: town(platform, 3), inputs: quiet(48) },
            Case { setup: lively, inputs: quiet(16) },
            Case { setup, inputs: mixed.inputs },
        ] {
            let mut tally = Tally::default();
            if let Err(difference) = compare(&case, &mut tally) {
                panic!("{platform:?}, {difference}");
            }
            assert!(tally.successes.len() > 4, "they do many things: {:?}", tally.successes);
        }
    }
}

/// All failures, as they are ordered.
const FAILURES: [Failure; 24] = [
    Failure::EmptyText,
    Failure::LongText,
    Failure::EmptyQuery,
    Failure::NoPost,
    Failure::NoComment,
    Failure::NoUser,
    Failure::OwnPost,
    Failure::OwnComment,
    Failure::LikeExists,
    Failure::NoLike,
    Failure::DislikeExists,
    Failure::NoDislike,
    Failure::RepostExists,
    Failure::ReportExists,
    Failure::CommentLikeExists,
    Failure::NoCommentLike,
    Failure::CommentDislikeExists,
    Failure::NoCommentDislike,
    Failure::FollowsItself,
    Failure::FollowExists,
    Failure::NoFollow,
    Failure::MutesItself,
    Failure::MuteExists,
    Failure::NoMute,
];

/// What occurred in the cases of a test, so that agreement is about something.
#[derive(Default)]
struct Tally {
    failures: BTreeSet<Failure>,
    /// Numbers of acts, in the order in which they are declared.
    successes: BTreeSet<u32>,
    most_ranked: usize,
    most_posts: u32,
}

fn agree(numbers: Range<u64>, size: &Size) -> Tally {
    let mut tally = Tally::default();
    for number in numbers {
        let case = case(number, size);
        if let Err(difference) = compare(&case, &mut tally) {
            let differs = |case: &Case| compare(case, &mut Tally::default()).err();
            let least = shrink(case, |case| differs(case).is_some());
            let in_short = differs(&least).expect("it still fails");
            panic!("case {number}, {difference}\n\nleast case, {in_short}\n{}", told(&least));
        }
    }
    tally
}

/// Plays both worlds; the first difference, if there is one.
fn compare(case: &Case, tally: &mut Tally) -> Result<(), String> {
    let mut world = World::new(case.setup.clone()).expect("a valid setup");
    let mut naive = Reference::new(case.setup.clone());
    same_views(&world, &naive)?;
    for inputs in &case.inputs {
        let tick = inputs.tick;
        let decisions = world.decide(0..world.active());
        let expected = naive.step(inputs, decisions.as_slice());
        let outputs = world.step(inputs.clone(), decisions).expect("valid inputs");
        for (place, (found, expected)) in outputs.actions.iter().zip(&expected).enumerate() {
            same(&format!("tick {tick}, action {place}"), found, expected)?;
        }
        same(&format!("tick {tick}, actions"), &outputs.actions.len(), &expected.len())?;
        for action in &outputs.actions {
            tally.failures.extend(action.outcome.as_ref().err());
            tally.successes.extend(action.outcome.as_ref().map(|_| number(&action.act)));
        }
        tally.most_ranked = tally.most_ranked.max(world.ranking.posts.len());
        tally.most_posts = tally.most_posts.max(world.counts().posts);
        let at = format!("tick {tick}, agents of the next");
        same(&at, &world.active_agents(), &naive.active_agents())?;
        same(&format!("tick {tick}, wanted"), &outputs.wanted, &naive.wanted())?;
        same(&format!("tick {tick}, ranking"), &world.ranking.posts.as_slice(), &naive.ranking())?;
        let in_full = tick % 8 == 0 || case.setup.agents.len() < 10;
        if in_full {
            same_views(&world, &naive).map_err(|error| format!("tick {tick}, {error}"))?;
        }
    }
    same_views(&world, &naive).map_err(|error| format!("at the end, {error}"))
}

fn same_views(world: &World, naive: &Reference) -> Result<(), String> {
    let counts = naive.counts();
    same("counts", &world.counts(), &counts)?;
    for post in 1..=counts.posts {
        same(&format!("post {post}"), &world.post(post), &Some(naive.post_view(post)))?;
    }
    for comment in 1..=counts.comments {
        let expected = Some(naive.comment_view(comment));
        same(&format!("comment {comment}"), &world.comment(comment), &expected)?;
    }
    same("top posts", &world.top_posts(u32::MAX), &naive.top_posts())?;
    for agent in (0..).take(world.setup().agents.len()) {
        same(&format!("user {agent}"), &world.user(agent), &Some(naive.user_view(agent)))?;
        let memory = world.memory(agent).expect("an agent");
        let expected = naive.memory(agent);
        same(&format!("memory of {agent}: did"), &memory.did, &expected.did)?;
        same(&format!("memory of {agent}: follows"), &memory.follows, &expected.follows)?;
        same(&format!("memory of {agent}: seen"), &memory.seen, &expected.seen)?;
        same(&format!("view of {agent}"), &world.observe(agent), &Some(naive.observe(agent)))?;
        for post in 1..=counts.posts.min(12) {
            let at = format!("thread of {post} for {agent}");
            same(&at, &world.thread(post, agent), &naive.thread(post, agent))?;
        }
    }
    Ok(())
}

/// Of 300 past posts the last fall out of the ranking. One that is touched is ranked again, also
/// when its counters end as they were, and stands before one that fell meanwhile.
#[test]
fn posts_that_fell_out_agree() {
    for number in 0..2 {
        let mut case = case(number, &Size { agents: 4..=4, ticks: 4..=4, ..SMALL });
        case.setup.scheduled.clear();
        case.setup.agents.iter_mut().for_each(|agent| agent.past_posts.clear());
        case.setup.agents[0].past_posts = vec!["渡轮".into(); 300];
        case.setup.self_rating = true;
        let decision = |agent, act| Decision { agent, act };
        for inputs in &mut case.inputs {
            let decisions = match inputs.tick {
                1 => (0..4).map(|agent| decision(agent, Act::DislikePost { post: 250 })).collect(),
                2 => [Act::LikePost { post: 290 }, Act::UnlikePost { post: 290 }]
                    .map(|act| decision(1, act))
                    .to_vec(),
                _ => Vec::new(),
            };
            *inputs = Inputs { decisions, ..Inputs::quiet(inputs.tick, 0) };
        }
        compare(&case, &mut Tally::default()).expect("agreement");
        let mut world = World::new(case.setup).expect("a valid setup");
        for inputs in case.inputs {
            let decisions = world.decide(0..world.active());
            world.step(inputs, decisions).expect("valid inputs");
        }
        let ranked = |post| world.ranking.posts.contains(&post);
        assert_eq!(
            [249, 250, 251, 289, 290, 291].map(ranked),
            [true, false, true, false, true, false]
        );
    }
}

#[test]
fn searches_look_equally_far_back() {
    let Case { mut setup, .. } = case(1, &SMALL);
    setup.seed_posts.clear();
    setup.agents.iter_mut().for_each(|agent| agent.past_posts.clear());
    let newest = (3..=8_194).map(|_| "night".into());
    setup.agents[0].past_posts = ["the last ferry", "the first bus"].map(String::from).into();
    setup.agents[0].past_posts.extend(newest.skip(1));
    let search = |query: &str| Decision { agent: 1, act: Act::SearchPosts { query: query.into() } };
    let decisions = ["ferry", "BUS", "night"].map(search).to_vec();
    let inputs = Inputs { decisions, ..Inputs::quiet(0, 0) };

    let mut world = World::new(setup.clone()).expect("a valid setup");
    let expected = Reference::new(setup).step(&inputs, &[]);
    let decisions = world.decide(0..0);
    let actions = world.step(inputs, decisions).expect("valid inputs").actions;
    assert_eq!(actions, expected);
    let found = [vec![], vec![2], (8_184..=8_193).rev().collect()];
    let outcomes: Vec<_> = actions.into_iter().map(|action| action.outcome).collect();
    assert_eq!(outcomes, found.map(|ids| Ok(Effect::Posts(ids))));
}

/// The place of an act among its kinds.
fn number(act: &Act) -> u32 {
    match act {
        Act::CreatePost { .. } => 0,
        Act::Repost { .. } => 1,
        Act::QuotePost { .. } => 2,
        Act::LikePost { .. } => 3,
        Act::UnlikePost { .. } => 4,
        Act::DislikePost { .. } => 5,
        Act::UndoDislikePost { .. } => 6,
        Act::ReportPost { .. } => 7,
        Act::CreateComment { .. } => 8,
        Act::LikeComment { .. } => 9,
        Act::UnlikeComment { .. } => 10,
        Act::DislikeComment { .. } => 11,
        Act::UndoDislikeComment { .. } => 12,
        Act::Follow { .. } => 13,
        Act::Unfollow { .. } => 14,
        Act::Mute { .. } => 15,
        Act::Unmute { .. } => 16,
        Act::SearchPosts { .. } => 17,
        Act::SearchUser { .. } => 18,
        Act::Trend => 19,
        Act::Refresh => 20,
        Act::DoNothing => 21,
    }
}
