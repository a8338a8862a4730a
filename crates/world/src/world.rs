//! The world itself: made, asked, stepped.

use alloc::vec::Vec;
use core::ops::Range;

use crate::act::{Act, Action, Decision, Decisions};
use crate::activation;
use crate::check::{self, SetupError};
use crate::cleanup::Cleanup;
use crate::policy::{self, voice::Voice};
use crate::queue::{Inputs, Outputs, StepError};
use crate::random::Source;
use crate::ranking::Ranking;
use crate::setup::{Agent, Setup};
use crate::snapshot;
use crate::tables::Tables;
use crate::words::{self, Signature};

/// One platform and everybody on it, between two ticks.
#[derive(Clone)]
pub struct World {
    pub(crate) setup: Setup,
    pub(crate) setup_digest: [u8; 16],
    pub(crate) source: Source,
    pub(crate) profiles: Vec<Profile>,
    pub(crate) tables: Tables,
    pub(crate) ranking: Ranking,
    /// The tick that is stepped next.
    pub(crate) tick: u32,
    /// Who acts in it, in order.
    pub(crate) active: Vec<u32>,
}

/// What follows from an agent's description.
#[derive(Clone)]
pub(crate) struct Profile {
    /// What it cares about.
    pub(crate) interests: Signature,
    /// How it speaks.
    pub(crate) voice: Voice,
}

impl Profile {
    fn new(agent: &Agent) -> Profile {
        let interests = agent.interests.iter().map(|interest| words::signature(interest));
        let interests = interests.fold(words::signature(&agent.bio), |all, one| all | one);
        Profile { interests, voice: Voice::of(agent) }
    }
}

impl World {
    /// A world before its first tick, which will play the seed posts.
    ///
    /// # Errors
    /// Everything that is wrong with the setup.
    pub fn new(setup: Setup) -> Result<World, Vec<SetupError>> {
        let problems = check::problems(&setup);
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(World {
            setup_digest: snapshot::setup_digest(&setup),
            source: Source::new(setup.seed, setup.platform),
            profiles: setup.agents.iter().map(Profile::new).collect(),
            tables: Tables::new(setup.agents.len()),
            ranking: Ranking::default(),
            tick: 0,
            active: Vec::new(),
            setup,
        })
    }

    /// What the world was made from.
    pub fn setup(&self) -> &Setup {
        &self.setup
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

    /// What the agents at these positions of the active list decide. Any number of threads may
    /// ask at the same time; positions beyond the list are left out.
    pub fn decide(&self, positions: Range<u32>) -> Decisions {
        let end = positions.end.min(self.active());
        let start = positions.start.min(end);
        let mut list = Vec::new();
        for &agent in &self.active[start as usize..end as usize] {
            if let Some(observation) = self.observe(agent) {
                let acts = policy::decide(self, &observation);
                list.extend(acts.into_iter().map(|act| Decision { agent, act }));
            }
        }
        Decisions::new(self.tick, start..end, list)
    }

    /// Plays one tick: applies the decisions of all active agents in order, then chooses who
    /// acts next. Everybody decided on the world as it was, so a reaction takes a round.
    ///
    /// # Errors
    /// If inputs or decisions are for another tick or incomplete; the world is then unchanged.
    pub fn step(&mut self, inputs: &Inputs, decisions: Decisions) -> Result<Outputs, StepError> {
        self.check(inputs, &decisions)?;
        let tick = self.tick;
        let list = if tick == 0 { self.seed_posts() } else { decisions.into_list() };
        let mut cleanup = Cleanup::new(&mut self.tables, tick);
        let actions = list.into_iter().map(|Decision { agent, act }| {
            let outcome = cleanup.apply(agent, &act);
            Action { agent, act, outcome }
        });
        let outputs = Outputs {
            tick,
            round: tick,
            minute: self.setup.clock.minute(tick),
            wall_clock_ms: inputs.wall_clock_ms,
            actions: actions.collect(),
            active_agents: u32::try_from(self.active.len()).expect("at most all agents"),
        };
        let changed = cleanup.into_changed();
        self.ranking.update(self.setup.platform, self.setup.clock, &self.tables, &changed);
        self.tick += 1;
        self.active = activation::choose(&self.setup, self.source, self.tick);
        Ok(outputs)
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
        Ok(())
    }

    fn seed_posts(&self) -> Vec<Decision> {
        let decision = |post: &crate::setup::SeedPost| Decision {
            agent: post.agent,
            act: Act::CreatePost { content: post.content.clone() },
        };
        self.setup.seed_posts.iter().map(decision).collect()
    }
}
