//! The world does what the naive world does, whatever enters both.

use std::format;
use std::string::String;

use super::cases::{Case, Size, case};
use super::least::{same, shrink, told};
use super::reference::Reference;
use crate::{Act, Decision, World};

const SMALL: Size = Size { agents: 2..=8, ticks: 5..=12, decisions: 12, past_posts: 3 };
const MIDDLE: Size = Size { agents: 10..=24, ticks: 20..=40, decisions: 30, past_posts: 8 };
const LARGE: Size = Size { agents: 30..=40, ticks: 30..=40, decisions: 60, past_posts: 12 };

#[test]
fn small_worlds_agree() {
    agree(20_000..21_000, &SMALL);
}

#[test]
fn middle_worlds_agree() {
    agree(1_000..1_200, &MIDDLE);
}

#[test]
fn large_worlds_agree() {
    agree(2_000..2_050, &LARGE);
}

fn agree(numbers: std::ops::Range<u64>, size: &Size) {
    for number in numbers {
        let case = case(number, size);
        if let Err(difference) = compare(&case) {
            let minimal = shrink(case, |case| compare(case).is_err());
            let least = compare(&minimal).expect_err("it still fails");
            panic!("case {number}, {difference}\n\nleast case: {least}\n{}", told(&minimal));
        }
    }
}

/// Plays both worlds; the first difference, if there is one.
fn compare(case: &Case) -> Result<(), String> {
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

/// Of 300 past posts the last fall out of the ranking; one of them is touched.
#[test]
fn fallen_posts_agree() {
    for number in 0..2 {
        let mut case = case(number, &Size { agents: 4..=4, ticks: 5..=5, ..SMALL });
        case.setup.agents.iter_mut().for_each(|agent| agent.past_posts.clear());
        case.setup.scheduled.clear();
        case.setup.agents[0].past_posts = std::vec!["渡轮".into(); 300];
        let act = |agent, act| Decision { agent, act };
        for inputs in &mut case.inputs {
            (inputs.events, inputs.changes) = Default::default();
            inputs.decisions = match inputs.tick {
                1 => (1..4).map(|agent| act(agent, Act::DislikePost { post: 250 })).collect(),
                2 => std::vec![
                    act(1, Act::LikePost { post: 290 }),
                    act(1, Act::UnlikePost { post: 290 }),
                ],
                _ => std::vec::Vec::new(),
            };
        }
        if let Err(difference) = compare(&case) {
            panic!("{difference}");
        }
    }
}
