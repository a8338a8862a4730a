//! What holds of every world, tried on thousands of random ones. A case that fails is shrunk.

mod count;
mod names;

use std::ops::Range;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, println};

use super::cases::{Case, Size, case, opposite};
use super::least::{same, shrink, told};
use crate::{
    Act, Action, CommentView, Counts, Decision, Decisions, Inputs, Observation, Outputs, PostView,
    UserView, World,
};

const SIZE: Size = Size { agents: 3..=8, ticks: 3..=10, decisions: 8, past_posts: 2 };

/// How many cases each property is tried on; no two share one.
const CASES: u64 = 2_500;

#[test]
fn counters_are_rows_counted() {
    check(0, |case| {
        let (world, outputs) = play(case, |_, _| ());
        count::counters(&world, outputs.iter().flat_map(|tick| &tick.actions))
    });
}

#[test]
fn ids_follow_each_other() {
    check(1, |case| {
        let (world, outputs) = play(case, |_, _| ());
        let mut counts = count::past(&case.setup);
        for action in outputs.iter().flat_map(|tick| &tick.actions) {
            if let Some((last, id)) = count::made(&mut counts, action) {
                *last += 1;
                same(&format!("the id that {action:?} gives"), &id, last)?;
            }
        }
        same("rows", &world.counts(), &counts)
    });
}

#[test]
fn whatever_is_named_exists() {
    check(2, |case| {
        let (world, outputs) = play(case, |_, _| ());
        for action in outputs.iter().flat_map(|tick| &tick.actions) {
            names::in_outcome(&world, action)?;
        }
        names::in_views(&world)
    });
}

#[test]
fn what_is_undone_leaves_no_trace_in_views() {
    check(3, |case| {
        let (world, _) = play(case, |_, _| ());
        let counts = world.counts();
        let agent = counts.posts % agents(&world).end;
        let id = |of: u32| 1 + (agent + counts.likes) % of.max(1);
        let (post, comment, user) = (id(counts.posts), id(counts.comments), agent / 2);
        let acts = [
            Act::LikePost { post },
            Act::DislikePost { post },
            Act::LikeComment { comment },
            Act::DislikeComment { comment },
            Act::Follow { user },
            Act::Mute { user },
        ];
        let (_, tried) = stepped(&world, acts.map(|act| Decision { agent, act }).to_vec());
        let mut decisions = Vec::new();
        for Action { agent, act, .. } in tried.into_iter().filter(|one| one.outcome.is_ok()) {
            let undo = opposite(&act).expect("each has one");
            decisions.extend([act, undo].map(|act| Decision { agent, act }));
        }
        let (quiet, _) = stepped(&world, Vec::new());
        let (undone, actions) = stepped(&world, decisions);
        let failed = actions.iter().find(|action| action.outcome.is_err());
        same("an act or its undoing that failed", &failed, &None)?;
        same("views", &views(&undone), &views(&quiet))
    });
}

#[test]
fn a_restored_world_has_the_same_future() {
    check(4, |case| {
        let middle = case.inputs.len() / 2;
        let mut restored = None;
        let (whole, outputs) = play(case, |tick, world| {
            if tick == middle {
                restored = Some((world.snapshot(), world.hash()));
            }
        });
        let Some((bytes, hash)) = restored else { return Ok(()) };
        let mut world = World::restore(case.setup.clone(), &bytes).map_err(|e| e.to_string())?;
        same("hash", &world.hash(), &hash)?;
        for (inputs, expected) in case.inputs.iter().zip(&outputs).skip(middle) {
            same(&format!("tick {}", inputs.tick), &step(&mut world, inputs), expected)?;
        }
        same("hash at the end", &world.hash(), &whole.hash())?;
        same("bytes at the end", &world.snapshot(), &whole.snapshot())
    });
}

#[test]
fn parts_of_deciding_are_the_whole() {
    check(5, |case| {
        let mut parts = 0;
        let mut world = World::new(case.setup.clone()).expect("a valid setup");
        for inputs in &case.inputs {
            parts = parts % 3 + 1;
            let count = world.active();
            let bounds = |part: u32| part * count / parts;
            let split = (0..parts).map(|part| world.decide(bounds(part)..bounds(part + 1)));
            let joined = Decisions::join(split).expect("at least one part");
            same(
                &format!("tick {}, {parts} parts", inputs.tick),
                &joined,
                &world.decide(0..count),
            )?;
            world.step(inputs.clone(), joined).expect("valid inputs");
        }
        Ok(())
    });
}

#[test]
fn what_fails_changes_nothing() {
    check(6, |case| {
        let (world, outputs) = play(case, |_, _| ());
        let mut spared = World::new(case.setup.clone()).expect("a valid setup");
        for (inputs, outputs) in case.inputs.iter().zip(&outputs) {
            let inputs = without_failures(inputs, &outputs.actions);
            let succeeded: Vec<&Action> =
                outputs.actions.iter().filter(|action| action.outcome.is_ok()).collect();
            let actions = step(&mut spared, &inputs).actions;
            same(&format!("tick {}", inputs.tick), &actions.iter().collect(), &succeeded)?;
        }
        same("views", &views(&spared), &views(&world))?;
        same("hash", &spared.hash(), &world.hash())
    });
}

#[test]
fn questions_change_no_hash() {
    check(7, |case| {
        let mut world = World::new(case.setup.clone()).expect("a valid setup");
        for inputs in &case.inputs {
            let hash = world.hash();
            let seen = views(&world);
            world.decide(0..world.active());
            world.interview_context(0);
            world.interview(0, "What about the ferry? 渡轮呢？");
            same("hash", &world.hash(), &hash)?;
            same("views", &views(&world), &seen)?;
            step(&mut world, inputs);
        }
        Ok(())
    });
}

/// Tries a property on its cases; panics with the least case that it does not hold of.
fn check(property: u64, holds: impl Fn(&Case) -> Result<(), String>) {
    for number in property * CASES..(property + 1) * CASES {
        let case = case(number, &SIZE);
        if holds(&case).is_err() {
            let least = shrink(case, |case| holds(case).is_err());
            let error = holds(&least).expect_err("it still fails");
            panic!("case {number}: {error}\n{}", told(&least));
        }
    }
    println!("{CASES} cases");
}

/// Plays a case; `look` sees the world before each tick.
fn play(case: &Case, mut look: impl FnMut(usize, &World)) -> (World, Vec<Outputs>) {
    let mut world = World::new(case.setup.clone()).expect("a valid setup");
    let mut outputs = Vec::new();
    for (tick, inputs) in case.inputs.iter().enumerate() {
        look(tick, &world);
        outputs.push(step(&mut world, inputs));
    }
    (world, outputs)
}

fn step(world: &mut World, inputs: &Inputs) -> Outputs {
    let decisions = world.decide(0..world.active());
    world.step(inputs.clone(), decisions).expect("valid inputs")
}

/// The world one tick later, if only `decisions` enter it, and what became of them.
fn stepped(world: &World, decisions: Vec<Decision>) -> (World, Vec<Action>) {
    let mut world = world.clone();
    let count = decisions.len();
    let inputs = Inputs { decisions, ..Inputs::quiet(world.tick(), 0) };
    let mut actions = step(&mut world, &inputs).actions;
    // Scheduled posts come first.
    let actions = actions.split_off(actions.len() - count);
    (world, actions)
}

/// The inputs without the decisions that failed.
fn without_failures(inputs: &Inputs, actions: &[Action]) -> Inputs {
    // Seed, scheduled and injected posts come first.
    let mut rest: Vec<&Action> =
        actions.iter().skip(actions.len() - inputs.decisions.len()).collect();
    let mut inputs = inputs.clone();
    inputs.decisions.retain(|decision| {
        let own = rest.iter().position(|action| action.agent == decision.agent);
        rest.remove(own.expect("each decision gives an action")).outcome.is_ok()
    });
    inputs
}

/// All that can be asked of a world, but for what agents did and how many rows there are.
type Views<'world> = (
    (Vec<PostView<'world>>, Vec<CommentView<'world>>, Vec<UserView<'world>>),
    Vec<PostView<'world>>,
    Vec<(Option<Observation<'world>>, Vec<UserView<'world>>, Vec<PostView<'world>>)>,
    Vec<Vec<CommentView<'world>>>,
);

fn views(world: &World) -> Views<'_> {
    let agents = agents(world);
    let Counts { posts, comments, .. } = world.counts();
    let rows = (
        (1..=posts).filter_map(|post| world.post(post)).collect(),
        (1..=comments).filter_map(|comment| world.comment(comment)).collect(),
        agents.clone().filter_map(|agent| world.user(agent)).collect(),
    );
    let of_agents = agents.clone().map(|agent| {
        let memory = world.memory(agent).expect("an agent");
        (world.observe(agent), memory.follows, memory.seen)
    });
    let threads = (1..=posts).map(|post| world.thread(post, post % agents.end)).collect();
    (rows, world.top_posts(100), of_agents.collect(), threads)
}

fn agents(world: &World) -> Range<u32> {
    0..u32::try_from(world.setup().agents.len()).expect("few agents")
}
