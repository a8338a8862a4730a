//! What became of a run, in the shape in which `--json` prints it.

use std::collections::BTreeMap;

use contract::cost::Spent;
use contract::id::{Digest, RunId, SimulationId};
use contract::llm::Budget;
use contract::options::MemoryTarget;
use contract::status::RunStatus;
use contract::subject::Platform;
use serde::Serialize;

/// What became of a run, or of it so far. With `--json` printed as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The run.
    pub run_id: RunId,
    /// The simulation that it executes.
    pub simulation_id: SimulationId,
    /// How it ended, or where it is.
    pub status: RunStatus,
    /// Why it is in this state, if there is more to say.
    pub reason: Option<String>,
    /// The last thing that went wrong.
    pub last_error: Option<String>,
    /// Where the spec is.
    pub spec_digest: Digest,
    /// The seed.
    pub seed: u64,
    /// Rounds to play after round 0, in each world.
    pub rounds_planned: u32,
    /// Wall-clock time from its first worker to its end, or to its last news.
    pub duration_milliseconds: Option<u64>,
    /// Its worlds.
    pub platforms: Worlds,
    /// The posts with the most reactions, best first.
    pub top_posts: Vec<TopPost>,
    /// The agents with the most actions that a memory takes, best first.
    pub most_active: Vec<ActiveAgent>,
    /// The memories that its actions go to.
    pub memory: Vec<MemoryTarget>,
    /// What language models took, where they decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spent: Option<Spent>,
    /// The caps that are in effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
}

/// The worlds of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Worlds {
    /// The Twitter world, if the run has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub twitter: Option<WorldSummary>,
    /// The Reddit world, if the run has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reddit: Option<WorldSummary>,
}

/// What became of one world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorldSummary {
    /// Rounds played after round 0.
    pub rounds: u32,
    /// Simulated minutes since the start.
    pub simulated_minutes: u64,
    /// Actions, failed ones included.
    pub actions: u64,
    /// Actions that had their effect.
    pub succeeded: u64,
    /// Actions that had none.
    pub failed: u64,
    /// Those that a memory takes.
    pub memorable: u64,
    /// By the name of the action, e.g. `CREATE_POST`.
    pub by_type: BTreeMap<&'static str, Count>,
    /// The digest up to the last frame.
    pub digest: Digest,
}

/// How many actions of one type there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// That had their effect.
    pub succeeded: u64,
    /// That had none.
    pub failed: u64,
}

/// A post that others reacted to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TopPost {
    /// Its world.
    pub platform: Platform,
    /// Its number there.
    pub post_id: u64,
    /// Who wrote it, as far as any action says.
    pub author: String,
    /// Its text, at most 200 characters.
    pub content: String,
    /// What others thought of it; in JSON its fields stand beside these.
    #[serde(flatten)]
    pub reactions: Reactions,
}

/// How many reactions a post has. What was taken back is not among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reactions {
    /// Likes.
    pub likes: u64,
    /// Dislikes.
    pub dislikes: u64,
    /// Reposts.
    pub reposts: u64,
    /// Quotes.
    pub quotes: u64,
    /// Comments.
    pub comments: u64,
}

/// An agent that did much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActiveAgent {
    /// Its number.
    pub agent_id: u32,
    /// Its name.
    pub name: String,
    /// Successful actions in all worlds that a memory takes.
    pub actions: u64,
}

impl Reactions {
    /// All of them.
    pub fn all(&self) -> u64 {
        let Reactions { likes, dislikes, reposts, quotes, comments } = self;
        likes + dislikes + reposts + quotes + comments
    }

    /// Those that speak for a post or pass it on: all but dislikes.
    pub fn reach(&self) -> u64 {
        self.all() - self.dislikes
    }
}

impl Worlds {
    /// The worlds that there are.
    pub fn iter(&self) -> impl Iterator<Item = (Platform, &WorldSummary)> {
        let both = [(Platform::Twitter, &self.twitter), (Platform::Reddit, &self.reddit)];
        both.into_iter().filter_map(|(platform, world)| Some((platform, world.as_ref()?)))
    }
}
