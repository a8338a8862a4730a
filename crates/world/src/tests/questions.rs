//! Questions are answered and change nothing.

use std::collections::BTreeSet;
use std::string::String;

use super::fixture::{PLATFORMS, crowd, play, town, world};
use crate::{Deed, Platform, World};

const PROMPTS: [&str; 5] = [
    "What do you think about the brake tests?",
    "What did you do so far?",
    "Who are you?",
    "What do others say?",
    "你怎么看渡轮？",
];

fn answer(world: &World, agent: u32, prompt: &str) -> String {
    world.interview(agent, prompt).expect("the agent exists")
}

#[test]
fn no_question_changes_a_world() {
    for platform in PLATFORMS {
        let mut world = world(town(platform, 6));
        play(&mut world, 12);
        let (hash, snapshot) = (world.hash(), world.snapshot());
        for agent in 0..14 {
            let known = agent < 12;
            assert_eq!(world.user(agent).is_some(), known);
            assert_eq!(world.observe(agent).is_some(), known);
            assert_eq!(world.interview_context(agent).is_some(), known);
            for prompt in PROMPTS {
                assert_eq!(world.interview(agent, prompt).is_some(), known);
            }
        }
        let counts = world.counts();
        for id in 0..=counts.posts + 1 {
            assert_eq!(world.post(id).is_some(), (1..=counts.posts).contains(&id));
        }
        for id in 0..=counts.comments + 1 {
            assert_eq!(world.comment(id).is_some(), (1..=counts.comments).contains(&id));
        }
        world.top_posts(10);
        world.decide(0..world.active());
        assert_eq!((world.hash(), world.snapshot()), (hash, snapshot));
    }
}

#[test]
fn an_answer_comes_from_the_agent_and_fits_the_question() {
    let mut world = world(town(Platform::Twitter, 6));
    play(&mut world, 16);
    let union = answer(&world, 4, PROMPTS[0]);
    assert!(union.contains("brake tests"), "the topic of the question: {union}");
    assert!(union.contains("We ") || union.contains(" us"), "an organisation is many: {union}");
    let maya = answer(&world, 6, PROMPTS[2]);
    assert!(maya.contains("Maya") && maya.contains("has lived here"), "its persona: {maya}");
    let chinese = answer(&world, 10, PROMPTS[0]);
    assert!(chinese.contains('我') && chinese.contains("brake tests"), "its language: {chinese}");
    let courier = answer(&world, 2, PROMPTS[3]);
    let seen = world.observe(2).expect("an agent").posts;
    assert!(seen.iter().any(|seen| courier.contains(seen.post.author_name)), "its feed: {courier}");
}

#[test]
fn an_answer_tells_what_the_agent_did() {
    let mut world = world(town(Platform::Reddit, 6));
    let idle = answer(&world, 6, PROMPTS[1]);
    assert!(idle.contains("nothing") || idle.contains("quiet"), "{idle}");
    play(&mut world, 16);
    let told = answer(&world, 6, PROMPTS[1]);
    let did = world.interview_context(6).expect("an agent").memory.did;
    assert!(!did.is_empty());
    let names = did.iter().filter_map(|memory| match memory.deed {
        Deed::Posted(_) => None,
        Deed::Commented(comment) => world.post(comment.post).map(|post| post.author_name),
        Deed::Liked(post) | Deed::Reposted(post) => Some(post.author_name),
        Deed::Followed(user) => Some(user.agent.name.as_str()),
        _ => None,
    });
    assert!(names.clone().count() > 0 && names.clone().any(|name| told.contains(name)), "{told}");
}

#[test]
fn answers_repeat_for_the_same_question_and_vary_otherwise() {
    let mut world = world(town(Platform::Twitter, 6));
    play(&mut world, 16);
    let answers: BTreeSet<_> = (0..12)
        .flat_map(|agent| PROMPTS.map(|prompt| (agent, prompt)))
        .map(|(agent, prompt)| {
            assert_eq!(answer(&world, agent, prompt), answer(&world, agent, prompt));
            answer(&world, agent, prompt)
        })
        .collect();
    assert!(answers.len() >= 54, "{} different answers of 60", answers.len());
}

#[test]
fn a_feed_holds_no_post_of_its_reader_and_nothing_twice() {
    for platform in PLATFORMS {
        let mut world = world(crowd(platform, 2, 40));
        play(&mut world, 10);
        for agent in 0..40 {
            let posts = world.observe(agent).expect("an agent").posts;
            assert_eq!(posts.len(), 5);
            let originals: BTreeSet<_> = posts.iter().map(|seen| seen.post.id).collect();
            assert_eq!(originals.len(), posts.len());
            for seen in posts {
                assert_ne!(seen.post.author, agent);
                assert_ne!(seen.reposted_by, Some(agent));
                assert_eq!(seen.post.reposts, None);
            }
        }
    }
}

#[test]
fn memories_are_the_last_deeds_newest_first() {
    let mut world = world(crowd(Platform::Twitter, 2, 40));
    play(&mut world, 10);
    for agent in 0..40 {
        let did = world.interview_context(agent).expect("an agent").memory.did;
        assert!(did.windows(2).all(|pair| pair[0].tick >= pair[1].tick));
        assert!(!did.is_empty() && did.len() <= 12);
    }
}
