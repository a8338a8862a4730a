//! The world itself: made, asked, stepped.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use crate::act::{Act, Action, Attempt, Decision, Decisions, Effect, Look};
use crate::activation;
use crate::check::{self, SetupError};
use crate::cleanup::Cleanup;
use crate::feed::{self, Shown};
use crate::policy::{self, voice::Voice};
use crate::pool::Pool;
use crate::queue::{Change, Event, Inputs, Outputs, StepError};
use crate::random::{Purpose, Source};
use crate::ranking::Ranking;
use crate::reading;
use crate::setup::{Activity, Agent, Feed, Policy, Setup, Traits};
use crate::snapshot;
use crate::tables::{Kind, Link, Post, Tables};
use crate::words::{self, Signature};

/// One platform and everybody on it, between two ticks.
#[derive(Clone)]
pub struct World {
    /// Shared by all copies of the world.
    pub(crate) setup: Arc<Setup>,
    pub(crate) setup_digest: [u8; 16],
    /// Follows from the settings.
    pub(crate) source: Source,
    pub(crate) profiles: Vec<Profile>,
    pub(crate) settings: Settings,
    pub(crate) tables: Tables,
    pub(crate) ranking: Ranking,
    /// The tick that is stepped next.
    pub(crate) tick: u32,
    /// Who acts in it, in order.
    pub(crate) active: Vec<u32>,
    /// What feeds of the coming tick look at. Follows from all above.
    pub(crate) pool: Pool,
}

/// The part of the configuration that may change.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) seed: u64,
    pub(crate) activity: Activity,
    pub(crate) feed: Feed,
    pub(crate) topics: Vec<String>,
    pub(crate) narrative: String,
    /// By agent.
    pub(crate) traits: Vec<Traits>,
}

/// What follows from an agent's description.
#[derive(Clone)]
pub(crate) struct Profile {
    /// What it cares about.
    pub(crate) interests: Signature,
    /// What it is found by.
    pub(crate) known_by: Signature,
    /// How it speaks.
    pub(crate) voice: Voice,
}

impl Profile {
    fn new(agent: &Agent) -> Profile {
        let all = |texts: &[&str]| {
            texts.iter().fold(Signature::default(), |all, text| all | words::signature(text))
        };
        let interests = agent.interests.iter().map(|interest| words::signature(interest));
        Profile {
            interests: interests.fold(words::signature(&agent.bio), |all, one| all | one),
            known_by: all(&[&agent.name, &agent.user_name, &agent.bio]),
            voice: Voice::of(agent),
        }
    }
}

impl World {
    /// A world before its first tick, which will play the seed posts. What profiles bring, whom
    /// they follow and what they posted, is there already.
    ///
    /// # Errors
    /// Everything that is wrong with the setup.
    pub fn new(setup: Setup) -> Result<World, Vec<SetupError>> {
        let problems = check::problems(&setup);
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut world = World {
            setup_digest: snapshot::setup_digest(&setup),
            source: Source::new(setup.seed, setup.platform),
            profiles: setup.agents.iter().map(Profile::new).collect(),
            settings: Settings::new(&setup),
            tables: Tables::new(setup.agents.len()),
            ranking: Ranking::default(),
            tick: 0,
            active: Vec::new(),
            pool: Pool::default(),
            setup: Arc::new(setup),
        };
        world.add_past();
        world.pool = Pool::new(&world);
        Ok(world)
    }

    /// What profiles bring.
    fn add_past(&mut self) {
        for (id, agent) in (0..).zip(&self.setup.agents) {
            for &user in &agent.follows {
                self.tables.link(Link::Follow, id, user, 0);
            }
        }
        let mut past = Vec::new();
        for (author, agent) in (0..).zip(&self.setup.agents) {
            for text in &agent.past_posts {
                let post = Post { author, of: 0, tick: 0, kind: Kind::Original };
                past.push(self.tables.add_post(post, text));
            }
        }
        self.ranking.update(self.setup.platform, self.setup.clock, &self.tables, &past);
    }

    /// What the world was made from.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// How many agents act now, and when.
    pub fn activity(&self) -> &Activity {
        &self.settings.activity
    }

    /// How feeds weigh now what they may show.
    pub fn feed(&self) -> &Feed {
        &self.settings.feed
    }

    /// How an agent behaves now; `None` if there is no such agent.
    pub fn traits(&self, agent: u32) -> Option<&Traits> {
        self.settings.traits.get(agent as usize)
    }

    /// What people talk about now.
    pub fn topics(&self) -> &[String] {
        &self.settings.topics
    }

    /// Where the story goes now; may be empty.
    pub fn narrative(&self) -> &str {
        &self.settings.narrative
    }

    /// The tick that is stepped next: 0 plays the seed posts, tick `n` is round `n`.
    pub fn tick(&self) -> u32 {
        self.tick
    }

    /// How many agents act in the coming tick.
    pub fn active(&self) -> u32 {
        u32::try_from(self.active.len()).expect("no more than there are agents")
    }

    /// The agents that act in the coming tick, in the order in which they will be applied.
    pub fn active_agents(&self) -> &[u32] {
        &self.active
    }

    /// The active agents of the coming tick whose decisions come from outside, in order.
    pub fn wanted(&self) -> Vec<u32> {
        self.active.iter().copied().filter(|&agent| self.is_outside(agent)).collect()
    }

    /// What the agents at these positions of the active list decide. Any number of threads may
    /// ask at the same time; positions beyond the list are left out.
    pub fn decide(&self, positions: Range<u32>) -> Decisions {
        let end = positions.end.min(self.active());
        let start = positions.start.min(end);
        let mut decisions = Decisions::none(self.tick, start);
        for &agent in &self.active[start as usize..end as usize] {
            let shown = feed::feed(self, agent);
            decisions.add_agent(look(agent, &shown));
            if !self.is_outside(agent) {
                let acts = policy::decide(self, agent, &shown);
                acts.into_iter().for_each(|act| decisions.add(self.attempt(agent, act)));
            }
        }
        decisions
    }

    /// Plays one tick: events first, then the decisions of all agents in order; then chooses
    /// who acts next. Everybody decided on the world as it was, so a reaction takes a round.
    ///
    /// # Errors
    /// If inputs or decisions are for another tick or other agents, incomplete, or speak of what
    /// is not there; the world is then unchanged.
    pub fn step(&mut self, inputs: Inputs, decisions: Decisions) -> Result<Outputs, StepError> {
        self.check(&inputs, &decisions)?;
        let tick = self.tick;
        let active_agents = self.active();
        let (decided, looks) = decisions.into_parts();
        let mut actions = self.in_order(inputs.events, decided, inputs.decisions);
        self.apply(&looks, &mut actions);
        self.change(inputs.changes);
        self.tick += 1;
        self.active = activation::choose(self, self.tick);
        self.pool = Pool::new(self);
        Ok(Outputs {
            tick,
            round: tick,
            minute: self.setup.clock.minute(tick),
            wall_clock_ms: inputs.wall_clock_ms,
            actions,
            active_agents,
            wanted: self.wanted(),
        })
    }

    /// What would be wrong with stepping these inputs, whatever their tick: a driver asks
    /// before it records them.
    pub fn problems(&self, inputs: &Inputs) -> Vec<SetupError> {
        check::input_problems(self.setup.agents.len(), inputs)
    }

    fn check(&self, inputs: &Inputs, decisions: &Decisions) -> Result<(), StepError> {
        let expected = self.tick;
        if inputs.tick != expected {
            return Err(StepError::WrongTick { found: inputs.tick, expected });
        }
        if decisions.tick() != expected {
            return Err(StepError::WrongDecisions { found: decisions.tick(), expected });
        }
        if decisions.positions() != (0..self.active()) {
            let found = decisions.positions();
            return Err(StepError::Incomplete { found, expected: self.active() });
        }
        if !decisions.looks().iter().map(|look| look.agent).eq(self.active.iter().copied()) {
            return Err(StepError::OtherAgents);
        }
        if expected == u32::MAX {
            return Err(StepError::NoMoreTicks);
        }
        let problems = self.problems(inputs);
        if problems.is_empty() { Ok(()) } else { Err(StepError::Invalid(problems)) }
    }

    /// All that is tried in this tick: planned posts, events, then agent by agent. What only reads
    /// has its outcome already, from the world as it is before the tick; all else has none yet.
    fn in_order(
        &self,
        events: Vec<Event>,
        decided: impl Iterator<Item = Attempt>,
        outside: Vec<Decision>,
    ) -> Vec<Action> {
        let mut actions = self.planned();
        actions.extend(events.into_iter().map(|Event { agent, content }| post(agent, content)));
        let first = actions.len();
        let outside = outside.into_iter().map(|Decision { agent, act }| self.attempt(agent, act));
        actions.extend(decided.chain(outside).map(Attempt::into_action));
        actions[first..].sort_by_cached_key(|action| {
            let dice = self.source.agent(self.tick, action.agent);
            (dice.value(Purpose::Order, 0), action.agent)
        });
        actions
    }

    /// An act with its answer, if it only reads: nobody sees what others do in the same tick.
    fn attempt(&self, agent: u32, act: Act) -> Attempt {
        let answer = reading::answer(self, agent, &act);
        Attempt { agent, act, answer }
    }

    /// The posts that the setup plans for this tick.
    fn planned(&self) -> Vec<Action> {
        let scheduled = self.setup.scheduled.iter().filter(|post| post.round == self.tick);
        let scheduled = scheduled.map(|planned| post(planned.agent, planned.content.clone()));
        let seeds = if self.tick == 0 { self.setup.seed_posts.as_slice() } else { &[] };
        let seeds = seeds.iter().map(|seed| post(seed.agent, seed.content.clone()));
        seeds.chain(scheduled).collect()
    }

    /// Gives all actions their outcomes.
    fn apply(&mut self, looks: &[Look], actions: &mut [Action]) {
        let mut cleanup = Cleanup::new(&mut self.tables, self.tick, self.setup.self_rating);
        looks.iter().for_each(|look| cleanup.take_turn(look));
        actions.iter_mut().for_each(|action| cleanup.apply(action));
        let changed = cleanup.into_changed();
        self.ranking.update(self.setup.platform, self.setup.clock, &self.tables, &changed);
    }

    /// Takes valid changes on.
    pub(crate) fn change(&mut self, changes: Vec<Change>) {
        changes.into_iter().for_each(|change| self.settings.apply(change));
        self.source = Source::new(self.settings.seed, self.setup.platform);
    }

    pub(crate) fn is_outside(&self, agent: u32) -> bool {
        self.setup.agents[agent as usize].policy == Policy::Outside
    }
}

impl Settings {
    fn new(setup: &Setup) -> Settings {
        Settings {
            seed: setup.seed,
            activity: setup.activity,
            feed: setup.feed,
            topics: setup.topics.clone(),
            narrative: setup.narrative.clone(),
            traits: setup.agents.iter().map(|agent| agent.traits).collect(),
        }
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Activity(activity) => self.activity = activity,
            Change::Feed(feed) => self.feed = feed,
            Change::Topics(topics) => self.topics = topics,
            Change::Narrative(narrative) => self.narrative = narrative,
            Change::Seed(seed) => self.seed = seed,
            Change::Traits { agent, traits } => self.traits[agent as usize] = traits,
        }
    }

    /// The changes that make these settings of those of a setup.
    pub(crate) fn changes(&self, setup: &Setup) -> Vec<Change> {
        let Settings { seed, activity, feed, topics, narrative, traits } = self;
        let mut changes = Vec::new();
        if *activity != setup.activity {
            changes.push(Change::Activity(*activity));
        }
        if *feed != setup.feed {
            changes.push(Change::Feed(*feed));
        }
        if *topics != setup.topics {
            changes.push(Change::Topics(topics.clone()));
        }
        if *narrative != setup.narrative {
            changes.push(Change::Narrative(narrative.clone()));
        }
        if *seed != setup.seed {
            changes.push(Change::Seed(*seed));
        }
        for ((agent, &traits), was) in (0..).zip(traits).zip(&setup.agents) {
            if traits != was.traits {
                changes.push(Change::Traits { agent, traits });
            }
        }
        changes
    }
}

fn post(agent: u32, content: String) -> Action {
    Action { agent, act: Act::CreatePost { content }, outcome: Ok(Effect::Nothing) }
}

fn look(agent: u32, shown: &[Shown]) -> Look {
    let mut roots = [0; 5];
    for (root, shown) in roots.iter_mut().zip(shown) {
        *root = shown.root;
    }
    Look { agent, roots }
}
