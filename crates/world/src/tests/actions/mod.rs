//! Every action of `docs/actions.md` as tables of cases, seen from outside: inputs, outputs, views.

mod comments;
mod document;
mod links;
mod muting;
mod names;
mod posts;
mod ratings;
mod searches;
mod texts;
mod threads;
mod trends;

use std::collections::BTreeMap;
use std::string::String;
use std::vec::Vec;
use std::{format, vec};

use super::fixture::{PLATFORMS, step, town, world};
use crate::{Act, Decision, Effect, Failure, Inputs, Outputs, Platform, Policy, Setup, World};

/// What a case is about, what is done (each in a tick of its own; all but the last succeed), what
/// comes of the last, and what that changes.
pub(super) type Case =
    (&'static str, Vec<(u32, Act)>, Result<Effect, Failure>, &'static [&'static str]);

/// Five agents that decide outside and never act by themselves, and what they have written:
///
/// | post | | comments |
/// |---|---|---|
/// | 1 | by 0 | 1, by 0 |
/// | 2 | by 1 | 2, by 1 |
/// | 3 | by 2, reposts 1 | |
/// | 4 | by 3, quotes 1 | |
/// | 5 | by 4, reposts 4 | |
pub(crate) fn village(platform: Platform) -> World {
    village_of(platform, |_| ())
}

pub(crate) fn village_of(platform: Platform, change: impl Fn(&mut Setup)) -> World {
    let mut setup = town(platform, 1);
    setup.agents.truncate(5);
    for agent in &mut setup.agents {
        agent.policy = Policy::Outside;
        agent.traits.response_delay_max = 0;
    }
    (setup.activity.agents_per_hour_min, setup.activity.agents_per_hour_max) = (0, 0);
    setup.seed_posts.clear();
    change(&mut setup);
    let mut world = world(setup);
    step(&mut world);
    for (agent, act) in [
        (0, Act::CreatePost { content: "The night ferry stops in March.".into() }),
        (1, Act::CreatePost { content: "Ask us about the night bus.".into() }),
        (2, Act::Repost { post: 1 }),
        (3, Act::QuotePost { post: 1, content: "Nobody asked us.".into() }),
        (4, Act::Repost { post: 4 }),
        (0, comment(1, None, "Ask me anything.")),
        (1, comment(2, None, "It runs all night.")),
    ] {
        try_act(&mut world, agent, act).expect("a village as described");
    }
    world
}

pub(crate) fn comment(post: u32, parent: Option<u32>, content: &str) -> Act {
    Act::CreateComment { post, parent, content: content.into() }
}

/// One tick in which these agents decide from outside.
pub(crate) fn step_acts(world: &mut World, acts: impl IntoIterator<Item = (u32, Act)>) -> Outputs {
    let decisions = acts.into_iter().map(|(agent, act)| Decision { agent, act }).collect();
    let inputs = Inputs { decisions, ..Inputs::quiet(world.tick(), 0) };
    let decided = world.decide(0..world.active());
    world.step(inputs, decided).expect("decisions of agents that exist")
}

/// One tick in which one agent does one thing, and what comes of it.
pub(crate) fn try_act(world: &mut World, agent: u32, act: Act) -> Result<Effect, Failure> {
    let actions = step_acts(world, [(agent, act.clone())]).actions;
    let last = actions.into_iter().next_back().expect("each decision gives an action");
    assert_eq!((last.agent, last.act), (agent, act), "an action names what was wanted");
    last.outcome
}

fn check_on_both(cases: &[Case], change: impl Fn(&mut Setup)) {
    for platform in PLATFORMS {
        let village = village_of(platform, &change);
        cases.iter().for_each(|case| check(&village, case));
    }
}

fn check(village: &World, (name, acts, outcome, changes): &Case) {
    let mut world = village.clone();
    let ((agent, act), before) = acts.split_last().expect("a case tries something");
    for (agent, act) in before {
        let outcome = try_act(&mut world, *agent, act.clone());
        assert!(outcome.is_ok(), "{name}: {agent} cannot {act:?} at first: {outcome:?}");
    }
    let mut without = world.clone();
    step(&mut without);
    assert_eq!(try_act(&mut world, *agent, act.clone()), *outcome, "{name}");
    let mut expected = changes.to_vec();
    expected.sort();
    assert_eq!(difference(&without, &world), expected, "{name}");
    if outcome.is_err() {
        assert_eq!(everything(&world), everything(&without), "{name}: a failure changes nothing");
        assert_eq!(world.hash(), without.hash(), "{name}: a failure changes nothing");
    }
}

/// What differs between two worlds, a line each: counters with their difference, rows whole.
fn difference(before: &World, after: &World) -> Vec<String> {
    let (rows, old_rows) = (rows(after), rows(before));
    let (counters, old) = (counters(after), counters(before));
    let new = rows.iter().filter(|&(row, what)| old_rows.get(row) != Some(what));
    let mut lines: Vec<String> = new.map(|(row, what)| format!("{row}: {what}")).collect();
    for (counter, value) in counters {
        let difference = i64::from(value) - i64::from(old.get(&counter).copied().unwrap_or(0));
        if difference != 0 {
            lines.push(format!("{counter} {difference:+}"));
        }
    }
    lines.sort();
    lines
}

fn counters(world: &World) -> BTreeMap<String, u32> {
    let counts = world.counts();
    let mut counters: Vec<(String, u32)> = vec![
        ("posts".into(), counts.posts),
        ("comments".into(), counts.comments),
        ("likes".into(), counts.likes),
        ("dislikes".into(), counts.dislikes),
        ("reports".into(), counts.reports),
        ("comment likes".into(), counts.comment_likes),
        ("comment dislikes".into(), counts.comment_dislikes),
        ("follows".into(), counts.follows),
        ("mutes".into(), counts.mutes),
    ];
    let mut add = |of: String, pairs: &[(&str, u32)]| {
        counters.extend(pairs.iter().map(|(name, value)| (format!("{of} {name}"), *value)));
    };
    for post in (1..=counts.posts).filter_map(|id| world.post(id)) {
        let [likes, dislikes] = [("likes", post.likes), ("dislikes", post.dislikes)];
        let rest =
            [("shares", post.shares), ("comments", post.comments), ("reports", post.reports)];
        add(format!("post {}", post.id), &[&[likes, dislikes], &rest[..]].concat());
    }
    for comment in (1..=counts.comments).filter_map(|id| world.comment(id)) {
        let pairs = [("likes", comment.likes), ("dislikes", comment.dislikes)];
        add(format!("comment {}", comment.id), &pairs);
    }
    for user in (0..).map_while(|id| world.user(id)) {
        let [followers, following] = [("followers", user.followers), ("following", user.following)];
        let pairs = [followers, following, ("posts", user.posts), ("comments", user.comments)];
        add(format!("user {}", user.id), &pairs);
    }
    counters.into_iter().collect()
}

/// Posts, comments, and what agents found and have seen.
fn rows(world: &World) -> BTreeMap<String, String> {
    let mut rows = BTreeMap::new();
    for post in (1..=world.counts().posts).filter_map(|id| world.post(id)) {
        let what = match (post.reposts, post.quotes) {
            (Some(root), None) => format!("by {}, reposts {root}", post.author),
            (None, Some(source)) => format!("by {}, quotes {source}", post.author),
            _ => format!("by {}", post.author),
        };
        rows.insert(format!("post {}", post.id), what);
    }
    for comment in (1..=world.counts().comments).filter_map(|id| world.comment(id)) {
        let what = match comment.parent {
            Some(parent) => format!("by {} on {}, answers {parent}", comment.author, comment.post),
            None => format!("by {} on {}", comment.author, comment.post),
        };
        rows.insert(format!("comment {}", comment.id), what);
    }
    for agent in (0..).map_while(|id| world.observe(id)) {
        let posts: Vec<u32> = agent.found.iter().map(|post| post.id).collect();
        let users: Vec<u32> = agent.found_users.iter().map(|user| user.id).collect();
        rows.insert(
            format!("found by {}", agent.agent),
            format!("posts {posts:?} users {users:?}"),
        );
        let seen = world.memory(agent.agent).expect("an agent").seen;
        let seen: Vec<u32> = seen.iter().map(|post| post.id).collect();
        rows.insert(format!("seen by {}", agent.agent), format!("{seen:?}"));
    }
    rows
}

/// All that can be asked of a world.
fn everything(world: &World) -> String {
    let mut told = format!("{:?}\n{:?}\n", world.counts(), world.top_posts(100));
    for id in 1..=world.counts().posts {
        told.push_str(&format!("{:?}\n", world.post(id)));
        for reader in 0..5 {
            told.push_str(&format!("{:?}\n", world.thread(id, reader)));
        }
    }
    for id in 1..=world.counts().comments {
        told.push_str(&format!("{:?}\n", world.comment(id)));
    }
    for id in 0..5 {
        told.push_str(&format!("{:?}\n", world.interview_context(id)));
    }
    told
}
