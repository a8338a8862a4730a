//! What enters a tick, in which order it is tried, and when it takes effect.

use std::collections::BTreeSet;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use super::actions::{step_acts, try_act, village, village_of};
use super::fixture::{PLATFORMS, crowd, play, step, town, world};
use crate::{
    Act, Change, Decision, Effect, Event, HourSet, Inputs, Outputs, Platform, Policy,
    ScheduledPost, SeedPost, StepError, Traits, World,
};

fn post(content: &str) -> Act {
    Act::CreatePost { content: content.into() }
}

fn step_inputs(world: &mut World, inputs: Inputs) -> Outputs {
    let decided = world.decide(0..world.active());
    world.step(inputs, decided).expect("valid inputs")
}

/// The posts that were written in a tick: author and text, in order.
fn written(outputs: &Outputs) -> Vec<(u32, &str)> {
    let texts = outputs.actions.iter().filter_map(|action| match &action.act {
        Act::CreatePost { content } => Some((action.agent, content.as_str())),
        _ => None,
    });
    texts.collect()
}

#[test]
fn seeds_come_first_then_scheduled_posts_then_events_then_decisions() {
    let mut world = village_of(Platform::Reddit, |setup| {
        let planned =
            |round, agent, content: &str| ScheduledPost { round, agent, content: content.into() };
        setup.scheduled = vec![
            planned(9, 4, "later, first of two"),
            planned(8, 3, "in its round"),
            planned(9, 1, "later, second of two"),
        ];
    });
    assert_eq!(world.tick(), 8);
    let event = |agent, content: &str| Event { agent, content: content.into() };
    let inputs = Inputs {
        events: vec![event(4, "an event"), event(0, "another")],
        decisions: vec![Decision { agent: 2, act: post("a decision") }],
        ..Inputs::quiet(8, 77)
    };
    let outputs = step_inputs(&mut world, inputs);
    let expected = [(3, "in its round"), (4, "an event"), (0, "another"), (2, "a decision")];
    assert_eq!(written(&outputs), expected);
    assert_eq!((outputs.tick, outputs.round, outputs.wall_clock_ms), (8, 8, 77));
    assert!(outputs.actions.iter().all(|action| action.outcome.is_ok()));
    assert_eq!(outputs.actions.len(), 4);
    let expected = [(4, "later, first of two"), (1, "later, second of two")];
    assert_eq!(written(&step(&mut world)), expected);
    for _ in 0..4 {
        assert_eq!(step(&mut world).actions, [], "each once");
    }
}

#[test]
fn tick_0_plays_the_seeds_before_events_and_decisions() {
    let mut setup = town(Platform::Twitter, 1);
    let seeds = setup.seed_posts.len();
    setup.seed_posts.push(SeedPost { agent: 0, content: "a second one".into() });
    let mut world = world(setup);
    let inputs = Inputs {
        events: vec![Event { agent: 5, content: "an event".into() }],
        decisions: vec![Decision { agent: 5, act: Act::Repost { post: 1 } }],
        ..Inputs::quiet(0, 0)
    };
    let outputs = step_inputs(&mut world, inputs);
    assert_eq!(outputs.active_agents, 0);
    assert_eq!(written(&outputs)[seeds..], [(0, "a second one"), (5, "an event")]);
    // What was decided comes last, and finds what the seeds have written.
    let last = outputs.actions.last().expect("the decision");
    assert_eq!((last.agent, last.outcome.is_ok()), (5, true));
}

#[test]
fn decisions_from_outside_are_those_of_anybody_in_their_order() {
    let mut world = village(Platform::Twitter);
    assert_eq!(world.active(), 0, "nobody is active");
    let outputs = step_acts(
        &mut world,
        [(2, post("first")), (2, post("second")), (2, Act::Repost { post: 7 })],
    );
    assert_eq!(written(&outputs), [(2, "first"), (2, "second")]);
    assert!(outputs.actions[2].outcome.is_ok(), "it can share what it has just written");
    assert_eq!(world.post(8).expect("the repost").reposts, Some(7));
}

#[test]
fn decisions_from_outside_for_a_builtin_agent_come_after_its_own() {
    let mut world = world(crowd(Platform::Twitter, 5, 12));
    step(&mut world);
    let own = world.decide(0..12);
    let outside: Vec<Decision> =
        (0..12).map(|agent| Decision { agent, act: post("from outside") }).collect();
    let inputs = Inputs { decisions: outside, ..Inputs::quiet(1, 0) };
    let outputs = world.step(inputs, own.clone()).expect("in order");
    for agent in 0..12 {
        let did: Vec<&Act> =
            outputs.actions.iter().filter(|a| a.agent == agent).map(|a| &a.act).collect();
        let wanted = own.as_slice().iter().filter(|decision| decision.agent == agent);
        let expected: Vec<&Act> = wanted.map(|decision| &decision.act).collect();
        let (last, before) = did.split_last().expect("it did what came from outside");
        assert_eq!((before, *last), (&*expected, &post("from outside")));
    }
    let agents: Vec<u32> = outputs.actions.iter().map(|action| action.agent).collect();
    let turns = agents.windows(2).filter(|pair| pair[0] != pair[1]).count() + 1;
    assert_eq!(turns, 12, "each agent's decisions stand together");
}

#[test]
fn the_order_of_agents_is_another_permutation_in_each_round() {
    let mut setup = town(Platform::Reddit, 1);
    setup.agents.truncate(8);
    setup.seed_posts.clear();
    setup.agents.iter_mut().for_each(|agent| agent.policy = Policy::Outside);
    let mut world = world(setup);
    let (mut firsts, mut orders) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..200 {
        let outputs = step_acts(&mut world, (0..8).map(|agent| (agent, Act::DoNothing)));
        let order: Vec<u32> = outputs.actions.iter().map(|action| action.agent).collect();
        assert_eq!(order.iter().copied().collect::<BTreeSet<u32>>(), (0..8).collect());
        firsts.insert(order[0]);
        orders.insert(order);
    }
    assert_eq!(firsts, (0..8).collect(), "in 200 rounds each of 8 agents comes first once");
    assert!(orders.len() > 190, "{} orders in 200 rounds", orders.len());
}

#[test]
fn of_two_who_want_what_only_one_can_have_the_later_fails() {
    let mut world = village(Platform::Reddit);
    let outputs =
        step_acts(&mut world, [(2, Act::LikePost { post: 2 }), (2, Act::LikePost { post: 2 })]);
    let outcomes: Vec<bool> = outputs.actions.iter().map(|action| action.outcome.is_ok()).collect();
    assert_eq!(outcomes, [true, false]);
}

#[test]
fn changes_take_effect_from_the_next_tick_on() {
    let mut world = village(Platform::Twitter);
    let mut activity = world.setup().activity;
    (activity.agents_per_hour_min, activity.agents_per_hour_max) = (5, 5);
    let mut changes = vec![Change::Activity(activity)];
    for agent in 0..5 {
        let mut traits = *world.traits(agent).expect("an agent");
        (traits.activity_ppm, traits.active_hours) = (1_000_000, HourSet::ALL);
        changes.push(Change::Traits { agent, traits });
    }
    let outputs = step_inputs(&mut world, Inputs { changes, ..Inputs::quiet(8, 0) });
    assert_eq!(outputs.active_agents, 0);
    assert_eq!(outputs.wanted, world.wanted());
    assert_eq!(world.wanted().into_iter().collect::<BTreeSet<u32>>(), (0..5).collect());
    assert_eq!(world.active_agents(), world.wanted());

    let traits = *world.traits(3).expect("an agent");
    let asleep = Traits { activity_ppm: 0, ..traits };
    let changes = [traits, asleep].map(|traits| Change::Traits { agent: 3, traits }).into();
    assert_eq!(step_inputs(&mut world, Inputs { changes, ..Inputs::quiet(9, 0) }).active_agents, 5);
    assert_eq!(world.traits(3).expect("an agent").activity_ppm, 0, "the last one counts");
    assert!(!world.wanted().contains(&3));
    assert_eq!(world.setup().agents[3].traits.activity_ppm, 700_000, "a setup never changes");
}

#[test]
fn a_change_of_the_feed_shows_in_the_next_round() {
    let mut world = village(Platform::Reddit);
    try_act(&mut world, 0, post("The newest post.")).expect("nothing forbids it");
    let mut feed = world.setup().feed;
    feed.echo_chamber_ppm = 0;
    (feed.popularity_ppm, feed.relevance_ppm) = (0, 0);
    (feed.recency_ppm, feed.viral_threshold) = (1_000_000, 0);
    let newest_first = Change::Feed(feed);
    // Of post 1 there are two shares and a comment.
    (feed.recency_ppm, feed.viral_threshold) = (0, 5);
    let viral_first = Change::Feed(feed);
    for (change, first) in [(newest_first.clone(), 6), (viral_first, 1), (newest_first, 6)] {
        let inputs = Inputs { changes: vec![change], ..Inputs::quiet(world.tick(), 0) };
        step_inputs(&mut world, inputs);
        for agent in 1..5 {
            let posts = world.observe(agent).expect("an agent").posts;
            assert_eq!(posts[0].post.id, first, "the first that {agent} sees");
        }
    }
}

/// A fork with another seed: all that came before stays, and chance is another from then on.
#[test]
fn a_changed_seed_has_its_effect_from_the_next_tick_on_and_for_good() {
    for platform in PLATFORMS {
        let mut same = world(town(platform, 1));
        let mut other = same.clone();
        for _ in 0..10 {
            assert_eq!(step(&mut same), step(&mut other));
        }
        let seed =
            |seed, tick| Inputs { changes: vec![Change::Seed(seed)], ..Inputs::quiet(tick, 0) };
        let changed = step_inputs(&mut other, seed(2, 10));
        let unchanged = step_inputs(&mut same, seed(1, 10));
        assert_eq!(changed.actions, unchanged.actions, "the tick that takes it on is the same");
        assert_ne!(other.hash(), same.hash(), "what is to come is another");
        assert_ne!(other.active_agents(), same.active_agents());
        let mut restored = World::restore(town(platform, 1), &other.snapshot()).expect("whole");
        let [unchanged, changed, restored] =
            [&mut same, &mut other, &mut restored].map(|world| play(world, 24));
        assert_ne!(changed, unchanged);
        assert_eq!(changed, restored, "a snapshot keeps it");
        assert_eq!(other.setup().seed, 1, "a setup never changes");
    }
}

#[test]
fn of_several_seeds_the_last_counts_and_the_one_that_was_there_is_no_change() {
    let mut same = world(town(Platform::Twitter, 1));
    let mut told_again = same.clone();
    for seed in [7, 1] {
        let tick = same.tick();
        step_inputs(&mut same, Inputs::quiet(tick, 0));
        let changes = vec![Change::Seed(seed), Change::Seed(1)];
        step_inputs(&mut told_again, Inputs { changes, ..Inputs::quiet(tick, 0) });
        assert_eq!(told_again.hash(), same.hash());
    }
    assert_eq!(play(&mut told_again, 12), play(&mut same, 12));
}

#[test]
fn invalid_inputs_are_refused_with_all_problems_and_change_nothing() {
    let mut world = village(Platform::Twitter);
    let (hash, tick) = (world.hash(), world.tick());
    let mut activity = world.setup().activity;
    (activity.agents_per_hour_min, activity.peak_ppm) = (9, 100_000_001);
    let mut feed = world.setup().feed;
    feed.recency_ppm = 1_000_001;
    let mut traits = *world.traits(0).expect("an agent");
    (traits.response_delay_min, traits.response_delay_max) = (2, 1);
    let event = |agent, content: &str| Event { agent, content: content.into() };
    let inputs = Inputs {
        events: vec![event(0, "fine"), event(5, " "), event(1, &"x".repeat(10_241))],
        decisions: vec![
            Decision { agent: 1, act: post("") },
            Decision { agent: u32::MAX, act: Act::DoNothing },
        ],
        changes: vec![
            Change::Topics(vec![]),
            Change::Activity(activity),
            Change::Feed(feed),
            Change::Traits { agent: 7, traits },
        ],
        ..Inputs::quiet(tick, 0)
    };
    let expected = [
        "events[1].agent is 5, expected an agent, 0 to 4",
        "events[1].content is empty, expected a text",
        "events[2].content is a text of 10241 bytes, expected at most 10240 bytes",
        "decisions[1].agent is 4294967295, expected an agent, 0 to 4",
        "changes[1].agents_per_hour_min is 9, expected at most agents_per_hour_max, 0",
        "changes[1].peak_ppm is 100000001, expected 0 to 100000000",
        "changes[2].recency_ppm is 1000001, expected 0 to 1000000",
        "changes[3].agent is 7, expected an agent, 0 to 4",
        "changes[3].response_delay_min is 2, expected at most response_delay_max, 1",
    ];
    let problems = world.problems(&inputs);
    assert_eq!(problems.iter().map(ToString::to_string).collect::<Vec<String>>(), expected);
    let decided = world.decide(0..0);
    let refusal = world.step(inputs, decided).expect_err("invalid");
    assert_eq!(refusal, StepError::Invalid(problems));
    assert_eq!(refusal.to_string(), "inputs are not valid: ".to_string() + &expected.join("; "));
    assert_eq!((world.hash(), world.tick()), (hash, tick));
    assert_eq!(world.problems(&Inputs::quiet(0, 0)), [], "whatever the tick");
}

#[test]
fn decisions_of_another_world_are_refused() {
    let mut small = world(crowd(Platform::Twitter, 1, 12));
    let mut large = world(crowd(Platform::Twitter, 1, 40));
    let mut setup = crowd(Platform::Twitter, 2, 12);
    setup.seed_posts.clear();
    let mut other = world(setup);
    step(&mut small);
    step(&mut large);
    step(&mut other);
    let hash = small.hash();
    for decisions in [large.decide(0..12), other.decide(0..12)] {
        let refusal = small.step(Inputs::quiet(1, 0), decisions).expect_err("of others");
        assert_eq!(refusal, StepError::OtherAgents);
        assert_eq!(small.hash(), hash);
    }
}

/// A village in which everybody is active in every round.
fn busy_village(platform: Platform) -> World {
    village_of(platform, |setup| {
        (setup.activity.agents_per_hour_min, setup.activity.agents_per_hour_max) = (5, 5);
        for agent in &mut setup.agents {
            (agent.traits.activity_ppm, agent.traits.active_hours) = (1_000_000, HourSet::ALL);
        }
    })
}

#[test]
fn what_was_found_is_shown_in_the_next_turn_and_no_more() {
    let search = || Act::SearchPosts { query: "ferry".into() };
    let found = |world: &World| {
        let sees = world.observe(2).expect("an agent");
        (sees.found.len(), sees.found_users.len())
    };
    for platform in PLATFORMS {
        let mut busy = busy_village(platform);
        try_act(&mut busy, 2, search()).expect("a search");
        assert_eq!(found(&busy), (1, 0));
        try_act(&mut busy, 2, Act::SearchUser { query: "ferry".into() }).expect("a search");
        assert_eq!(found(&busy), (0, 1), "its turn has passed, and the next search");
        step(&mut busy);
        assert_eq!(found(&busy), (0, 0));

        let mut idle = village(platform);
        try_act(&mut idle, 2, search()).expect("a search");
        step(&mut idle);
        assert_eq!(found(&idle), (1, 0), "it has had no turn");
    }
}

#[test]
fn what_was_shown_in_a_turn_is_seen_again() {
    for platform in PLATFORMS {
        let mut world = village_of(platform, |setup| {
            (setup.activity.agents_per_hour_min, setup.activity.agents_per_hour_max) = (5, 5);
            for agent in &mut setup.agents {
                agent.traits.activity_ppm = 0;
            }
            setup.agents[2].traits.activity_ppm = 1_000_000;
            setup.agents[2].traits.active_hours = HourSet::from_hours([16]).expect("an hour");
        });
        // The village reaches tick 8 at 16 o'clock.
        assert_eq!(world.active_agents(), [2]);
        let before = world.observe(2).expect("an agent").posts;
        assert!(before.len() >= 2 && before.iter().all(|seen| !seen.again));
        step(&mut world);
        assert_eq!(world.active(), 0);
        let after = world.observe(2).expect("an agent").posts;
        assert!(after.iter().all(|seen| seen.again));
        let other = world.observe(4).expect("an agent").posts;
        assert!(other.iter().all(|seen| !seen.again), "it had no turn");
    }
}

#[test]
fn what_profiles_bring_is_there_before_the_first_tick() {
    let mut setup = town(Platform::Twitter, 1);
    setup.seed_posts.truncate(1);
    setup.agents[3].follows = vec![7, 1];
    setup.agents[1].follows = vec![3];
    setup.agents[2].past_posts = vec!["Of last year.".into(), "Of yesterday.".into()];
    setup.agents[1].past_posts = vec!["The boats are old.".into()];
    setup.agents.iter_mut().for_each(|agent| agent.policy = Policy::Outside);
    let mut world = world(setup);
    let posts: Vec<_> =
        (1..4).filter_map(|id| world.post(id)).map(|post| (post.author, post.content)).collect();
    let expected = [(1, "The boats are old."), (2, "Of last year."), (2, "Of yesterday.")];
    assert_eq!(posts, expected, "by agent, oldest first");
    assert_eq!((world.counts().posts, world.counts().follows), (3, 3));
    let user = world.user(3).expect("an agent");
    assert_eq!((user.following, user.followers), (2, 1));
    let memory = world.memory(3).expect("an agent");
    let follows: Vec<u32> = memory.follows.iter().map(|user| user.id).collect();
    assert_eq!((follows, memory.did.len()), (vec![1, 7], 0), "no deed");
    let outputs = step(&mut world);
    assert_eq!(outputs.actions.len(), 1, "no action");
    assert_eq!(world.post(4).expect("the seed").tick, 0);
    assert_eq!(try_act(&mut world, 3, Act::Unfollow { user: 7 }), Ok(Effect::Linked { row: 2 }));
}

#[test]
fn profiles_with_follows_are_shown_their_followees() {
    let shown = |follows: bool| {
        let mut setup = crowd(Platform::Twitter, 3, 60);
        for (id, agent) in (0..60).zip(&mut setup.agents) {
            agent.past_posts = vec!["Here I am.".into()];
            agent.traits.response_delay_max = 0;
            agent.follows = if follows { vec![(id + 31) % 60] } else { vec![] };
        }
        let world = world(setup);
        let of_followee = |&agent: &u32| {
            let posts = world.observe(agent).expect("an agent").posts;
            posts.iter().any(|seen| seen.post.author == (agent + 31) % 60)
        };
        (0..60).filter(of_followee).count()
    };
    let (with, without) = (shown(true), shown(false));
    assert!(with > 40 && without < 15, "{with} with follows, {without} without");
}
