//! What may be changed while a run goes on: parts of its spec, in the spec's own words.

mod read;

use serde::Serialize;

use crate::llm::Budget;
use crate::spec::{Hours, Stance};
use crate::subject::Platform;

/// Arguments of `configure`: what is absent stays as it is. At least one thing changes, also
/// within each part that is given.
///
/// The fields have the names, units and bounds that they have in a [`Spec`](crate::spec::Spec).
/// What a change must fit that stands in the run alone (agents that there are, a minimum that is
/// not above its maximum) is checked by the run's owner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Configure {
    /// Thousandths of a round per second of wall clock, 0 = as fast as possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pace_milli: Option<u32>,
    /// What the run may cost; caps that are absent stay. Raised, it lets a run go on that waits for
    /// that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// What all chance follows from, in each world: 0 to
    /// [`MAX_SAFE_INTEGER`](crate::MAX_SAFE_INTEGER).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// How many act, and when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeChange>,
    /// What people talk about: replaces the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hot_topics: Option<Vec<String>>,
    /// Where the story may go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub narrative_direction: Option<String>,
    /// How the Twitter world ranks posts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub twitter: Option<FeedChange>,
    /// How the Reddit world ranks posts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reddit: Option<FeedChange>,
    /// How agents behave, each agent at most once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<AgentChange>,
}

/// See [`TimeSpec`](crate::spec::TimeSpec).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TimeChange {
    /// Agents that act in a simulated hour, at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agents_per_hour_min: Option<u32>,
    /// Agents that act in a simulated hour, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agents_per_hour_max: Option<u32>,
    /// Hours of the day with more activity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_hours: Option<Hours>,
    /// By how much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_ppm: Option<u32>,
    /// Hours of the day with less activity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off_peak_hours: Option<Hours>,
    /// By how much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off_peak_ppm: Option<u32>,
    /// Hours of the morning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub morning_hours: Option<Hours>,
    /// By how much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub morning_ppm: Option<u32>,
    /// Hours of work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work_hours: Option<Hours>,
    /// By how much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work_ppm: Option<u32>,
}

/// See [`FeedSpec`](crate::spec::FeedSpec).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FeedChange {
    /// Weight of a post's newness.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recency_ppm: Option<u32>,
    /// Weight of its likes, comments and shares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub popularity_ppm: Option<u32>,
    /// Weight of its likeness to the reader.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relevance_ppm: Option<u32>,
    /// Likes, comments and shares from which a post spreads by itself; 0: none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub viral_threshold: Option<u32>,
    /// How much readers are shown of their own stance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub echo_chamber_ppm: Option<u32>,
}

/// See [`AgentSpec`](crate::spec::AgentSpec).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AgentChange {
    /// Who.
    pub agent_id: u32,
    /// The chance to be a candidate in a round in which it may act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity_ppm: Option<u32>,
    /// The hours in which it may act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_hours: Option<Hours>,
    /// Posts of a turn, in millionths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posts_per_hour_ppm: Option<u32>,
    /// Comments of a turn, in millionths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comments_per_hour_ppm: Option<u32>,
    /// Simulated minutes until it reacts, at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_delay_min: Option<u32>,
    /// Simulated minutes until it reacts, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_delay_max: Option<u32>,
    /// From -1,000,000 (hostile) to 1,000,000 (delighted).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentiment_ppm: Option<i32>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stance: Option<Stance>,
    /// How much weight its words have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub influence_ppm: Option<u32>,
}

impl Configure {
    /// The change of one world's feed.
    pub fn feed(&self, platform: Platform) -> Option<&FeedChange> {
        match platform {
            Platform::Twitter => self.twitter.as_ref(),
            Platform::Reddit => self.reddit.as_ref(),
        }
    }
}
