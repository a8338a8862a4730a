//! The world does what the naive world does, whatever enters both.

use std::format;
use std::string::String;

use super::cases::{Case, Size, case, shrink};
use super::reference::Reference;
use crate::World;

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

/// A case without what does not enter it.
fn told(case: &Case) -> String {
    let mut told = format!("{:?} {:?}", case.setup.platform, case.setup.clock);
    for inputs in &case.inputs {
        told += &format!("\ntick {}:", inputs.tick);
        for event in &inputs.events {
            told += &format!("\n  {event:?}");
        }
        for decision in &inputs.decisions {
            told += &format!("\n  {}: {:?}", decision.agent, decision.act);
        }
        for change in &inputs.changes {
            told += &format!("\n  {change:?}");
        }
    }
    told
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

fn same<T: PartialEq + std::fmt::Debug>(at: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    let (found, expected) = (format!("{found:?}"), format!("{expected:?}"));
    let alike = found.chars().zip(expected.chars()).take_while(|(one, other)| one == other).count();
    let part = |text: &str| text.chars().skip(alike.saturating_sub(200)).take(600).collect();
    let (found, expected): (String, String) = (part(&found), part(&expected));
    Err(format!("{at}: the world says\n  ..{found}\nthe naive world\n  ..{expected}"))
}
