//! The world once more, from `docs/actions.md` alone: plain rows, and every question a scan over
//! all of them. Nothing is kept that could be counted. Slow, and plain enough to check by eye.

mod activation;
mod feed;
mod platform;
mod rows;
mod search;
mod views;

use std::string::String;
use std::vec::Vec;

use crate::random::{Dice, Source};
use crate::{Act, Action, Activity, Change, Decision, Feed, Inputs, Setup, Traits};
use feed::Shown;
use rows::{Comment, Kind, Link, Post};

/// One platform and everybody on it. Ids of rows are their places, counted from 1.
#[derive(Clone)]
pub(crate) struct Reference {
    setup: Setup,
    /// The configuration as of now.
    seed: u64,
    activity: Activity,
    weights: Feed,
    traits: Vec<Traits>,
    /// The tick that is stepped next.
    tick: u32,
    posts: Vec<Post>,
    comments: Vec<Comment>,
    likes: Vec<Link>,
    dislikes: Vec<Link>,
    reports: Vec<Link>,
    comment_likes: Vec<Link>,
    comment_dislikes: Vec<Link>,
    follows: Vec<Link>,
    mutes: Vec<Link>,
    /// The best posts, as many as are kept.
    ranking: Vec<u32>,
    /// Per agent, what it was shown, newest first.
    seen: Vec<Vec<u32>>,
    /// Per agent, what its last searches found.
    found: Vec<Found>,
    /// Who acts in the coming tick.
    active: Vec<u32>,
    /// All that was tried, and in which tick.
    done: Vec<(u32, Action)>,
}

#[derive(Clone, Default)]
struct Found {
    posts: Vec<u32>,
    users: Vec<u32>,
}

impl Reference {
    /// A world before tick 0: with the follows and the past posts that profiles bring.
    pub(crate) fn new(setup: Setup) -> Reference {
        let agents = setup.agents.len();
        let mut world = Reference {
            seed: setup.seed,
            activity: setup.activity,
            weights: setup.feed,
            traits: setup.agents.iter().map(|agent| agent.traits).collect(),
            setup,
            tick: 0,
            posts: Vec::new(),
            comments: Vec::new(),
            likes: Vec::new(),
            dislikes: Vec::new(),
            reports: Vec::new(),
            comment_likes: Vec::new(),
            comment_dislikes: Vec::new(),
            follows: Vec::new(),
            mutes: Vec::new(),
            ranking: Vec::new(),
            seen: std::vec![Vec::new(); agents],
            found: std::vec![Found::default(); agents],
            active: Vec::new(),
            done: Vec::new(),
        };
        let nothing = world.clone();
        for (agent, profile) in (0..).zip(nothing.setup.agents.clone()) {
            for user in profile.follows {
                world.follows.push(Link { agent, target: user, stands: true });
            }
            for content in profile.past_posts {
                world.write(agent, Kind::Original, content);
            }
        }
        world.rank(&nothing, &[]);
        world
    }

    /// Plays a tick; `builtin` is what agents decided that decide in the world.
    pub(crate) fn step(&mut self, inputs: &Inputs, builtin: &[Decision]) -> Vec<Action> {
        let before = self.clone();
        let mut actions = Vec::new();
        for (agent, content) in before.posts_of_the_tick(inputs) {
            actions.push(self.act(&before, agent, Act::CreatePost { content }));
        }
        for &agent in &before.active {
            self.found[agent as usize] = Found::default();
        }
        for agent in before.in_order(before.agents()) {
            let all = builtin.iter().chain(&inputs.decisions);
            for decision in all.filter(|decision| decision.agent == agent) {
                actions.push(self.act(&before, agent, decision.act.clone()));
            }
        }
        for &agent in &before.active {
            self.look(agent, &before.feed(agent));
        }
        for change in &inputs.changes {
            self.change(change);
        }
        self.rank(&before, &actions);
        self.done.extend(actions.iter().map(|action| (self.tick, action.clone())));
        self.tick += 1;
        self.active = self.who_acts();
        actions
    }

    /// Who acts in the coming tick, in order.
    pub(crate) fn active_agents(&self) -> &[u32] {
        &self.active
    }

    /// The posts that are kept, best first.
    pub(crate) fn ranking(&self) -> &[u32] {
        &self.ranking
    }

    fn posts_of_the_tick(&self, inputs: &Inputs) -> Vec<(u32, String)> {
        let mut posts = Vec::new();
        if self.tick == 0 {
            posts.extend(self.setup.seed_posts.iter().map(|post| (post.agent, &post.content)));
        }
        let due = self.setup.scheduled.iter().filter(|post| post.round == self.tick);
        posts.extend(due.map(|post| (post.agent, &post.content)));
        posts.extend(inputs.events.iter().map(|event| (event.agent, &event.content)));
        posts.into_iter().map(|(agent, content)| (agent, content.clone())).collect()
    }

    fn change(&mut self, change: &Change) {
        match *change {
            Change::Activity(activity) => self.activity = activity,
            Change::Feed(weights) => self.weights = weights,
            Change::Traits { agent, traits } => self.traits[agent as usize] = traits,
            Change::Seed(seed) => self.seed = seed,
            // Only agents that decide in the world care.
            Change::Topics(_) | Change::Narrative(_) => {}
        }
    }

    fn agents(&self) -> Vec<u32> {
        (0..).take(self.setup.agents.len()).collect()
    }

    fn source(&self) -> Source {
        Source::new(self.seed, self.setup.platform)
    }

    /// The dice of `agent` in the coming tick.
    fn dice(&self, agent: u32) -> Dice {
        self.source().agent(self.tick, agent)
    }

    /// The age of a post in the coming tick, in simulated minutes.
    fn age(&self, post: u32) -> i64 {
        let clock = self.setup.clock;
        let age = clock.minute(self.tick) - clock.minute(self.post(post).tick);
        i64::try_from(age).expect("a run is shorter than that")
    }
}
