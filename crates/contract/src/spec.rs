//! What is to be simulated: a simulation's configuration and profiles, made whole.
//!
//! `intake` turns folders into specs; the world is built from one. A spec is stored under
//! the SHA-256 of its compact JSON and never changes. All numbers are integers: rates and
//! weights are millionths (`_ppm`), so no reader rounds differently from another.

pub(crate) mod check;

use serde::{Deserialize, Serialize};

use crate::id::{Digest, SimulationId};
use crate::problem::{Problem, Problems};
use crate::subject::Platform;
use crate::timestamp::Timestamp;
use crate::version::V1;

/// The whole, in millionths.
pub(crate) const MILLION: u32 = 1_000_000;
const MINUTES_PER_DAY: u32 = 24 * 60;
/// An hour has at most 100 times the usual activity.
pub(crate) const MAX_MULTIPLIER_PPM: u32 = 100 * MILLION;
/// At most 1,000 posts an hour; influence has the same bound.
pub(crate) const MAX_RATE_PPM: u32 = 1_000 * MILLION;
/// Nobody takes more than a year to react.
pub(crate) const MAX_DELAY_MINUTES: u32 = 365 * MINUTES_PER_DAY;
/// The longest text of a post, in bytes: the world's own bound. What comes by plan or from
/// outside has to keep it as well: there is nobody who could be told that it fails.
pub const MAX_POST_BYTES: usize = 10 * 1024;

/// A whole simulation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Contract version.
    pub v: V1,
    /// The simulation's name.
    pub simulation_id: SimulationId,
    /// MiroFish's project, descriptive.
    pub project_id: Option<String>,
    /// The graph that memories of this simulation's runs go to by default.
    pub graph_id: Option<String>,
    /// What the simulation is to find out, descriptive.
    pub requirement: String,
    /// The clock and how many act.
    pub time: TimeSpec,
    /// The agents; `agent_id` is the index.
    pub agents: Vec<AgentSpec>,
    /// What happens by plan.
    pub events: EventSpec,
    /// The Twitter world, if there is one.
    pub twitter: Option<PlatformSpec>,
    /// The Reddit world, if there is one.
    pub reddit: Option<PlatformSpec>,
}

/// The clock, and how many agents act in an hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeSpec {
    /// When round 0 is, in simulated time.
    pub start_time: Timestamp,
    /// Simulated hours in all.
    pub total_hours: u32,
    /// Simulated minutes from one round to the next, 1 to 1,440.
    pub minutes_per_round: u32,
    /// Agents that act in a simulated hour, at least.
    pub agents_per_hour_min: u32,
    /// Agents that act in a simulated hour, at most.
    pub agents_per_hour_max: u32,
    /// Hours of the day with more activity.
    pub peak_hours: Hours,
    /// By how much, 1,000,000 = as usual; at most 100,000,000.
    pub peak_ppm: u32,
    /// Hours of the day with less activity; an hour that is both counts as peak.
    pub off_peak_hours: Hours,
    /// By how much; at most 100,000,000.
    pub off_peak_ppm: u32,
    /// Hours of the morning; peak and off-peak hours win over them.
    pub morning_hours: Hours,
    /// By how much; at most 100,000,000.
    pub morning_ppm: u32,
    /// Hours of work; all others win over them.
    pub work_hours: Hours,
    /// By how much; at most 100,000,000.
    pub work_ppm: u32,
}

/// Hours of the day, 0 to 23, ascending, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u8>", into = "Vec<u8>")]
pub struct Hours(Vec<u8>);

/// How an agent behaves, on whichever platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentSpec {
    /// The agent's number: its index in the list.
    pub agent_id: u32,
    /// The name shown in actions and memories.
    pub name: String,
    /// What it is, e.g. `Student`.
    pub entity_type: String,
    /// The chance to be a candidate in a round in which it may act, at most 1,000,000.
    pub activity_ppm: u32,
    /// The hours in which it may act.
    pub active_hours: Hours,
    /// Posts of a turn, which stands for an hour of activity, in millionths; at most 1,000,000,000.
    pub posts_per_hour_ppm: u32,
    /// Comments of a turn, in millionths; at most 1,000,000,000.
    pub comments_per_hour_ppm: u32,
    /// Simulated minutes until it reacts, at least.
    pub response_delay_min: u32,
    /// Simulated minutes until it reacts, at most; itself at most 525,600 (a year).
    pub response_delay_max: u32,
    /// From -1,000,000 (hostile) to 1,000,000 (delighted).
    pub sentiment_ppm: i32,
    /// Where it stands on what the simulation is about.
    pub stance: Stance,
    /// How much weight its words have, 1,000,000 = usual; at most 1,000,000,000.
    pub influence_ppm: u32,
}

/// Where an agent stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stance {
    /// For it.
    Supportive,
    /// Against it.
    Opposing,
    /// On neither side.
    #[default]
    Neutral,
    /// Reports, does not judge.
    Observer,
}

/// What happens by plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventSpec {
    /// The posts of round 0, in order.
    pub seed_posts: Vec<SeedPost>,
    /// Posts of later rounds, in order within a round.
    pub scheduled: Vec<ScheduledPost>,
    /// What people talk about.
    pub hot_topics: Vec<String>,
    /// Where the story may go.
    pub narrative_direction: String,
}

/// A post of round 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedPost {
    /// Its author.
    pub agent_id: u32,
    /// Its text: not blank, at most 10,240 bytes.
    pub content: String,
}

/// A post of a later round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduledPost {
    /// When, 1 or more; never, if the run is shorter.
    pub round: u32,
    /// Its author.
    pub agent_id: u32,
    /// Its text: not blank, at most 10,240 bytes.
    pub content: String,
    /// Where; absent: on every platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
}

/// One world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformSpec {
    /// How posts are ranked.
    pub feed: FeedSpec,
    /// Whether users may like and dislike what they wrote themselves.
    pub self_rating: bool,
    /// One profile per agent, in the agents' order.
    pub profiles: Vec<Profile>,
}

/// Weights of the ranking, in millionths, each at most 1,000,000.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedSpec {
    /// Weight of a post's newness.
    pub recency_ppm: u32,
    /// Weight of its likes, comments and shares.
    pub popularity_ppm: u32,
    /// Weight of its likeness to the reader.
    pub relevance_ppm: u32,
    /// Likes, comments and shares from which a post spreads by itself; 0: none does.
    pub viral_threshold: u32,
    /// How much readers are shown of their own stance, at most 1,000,000.
    pub echo_chamber_ppm: u32,
}

/// How an agent presents itself on a platform.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The handle.
    pub user_name: String,
    /// The name on the profile.
    pub name: String,
    /// The short public description.
    pub bio: String,
    /// Who the agent is, at length.
    pub persona: String,
    /// Years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age: Option<u32>,
    /// As the profile says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// Four letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mbti: Option<String>,
    /// As the profile says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// As the profile says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profession: Option<String>,
    /// What the agent cares about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interested_topics: Vec<String>,
    /// Ids of the agents that it follows before anything happens, each once, never its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub follows: Vec<u32>,
    /// What it posted before anything happens, oldest first; none is blank, each has at most
    /// 10,240 bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub past_posts: Vec<String>,
}

impl Spec {
    /// The bytes under whose digest the spec is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a spec has no map keys that JSON refuses")
    }

    /// The name under which the spec is stored.
    pub fn digest(&self) -> Digest {
        Digest::of(&[&self.to_bytes()])
    }

    /// Reads and checks a stored spec.
    ///
    /// # Errors
    /// What is wrong with it. A spec comes from a program, so a wrong type ends the reading;
    /// what it claims about itself is reported all at once.
    pub fn from_bytes(bytes: &[u8]) -> Result<Spec, Problems> {
        let spec: Spec = serde_json::from_slice(bytes)
            .map_err(|error| Problem::new("spec", error.to_string(), "a spec (see schemas/)"))?;
        spec.check()?;
        Ok(spec)
    }

    /// The worlds that this spec has.
    pub fn platforms(&self) -> Vec<Platform> {
        Platform::ALL.into_iter().filter(|platform| self.platform(*platform).is_some()).collect()
    }

    /// One of its worlds.
    pub fn platform(&self, platform: Platform) -> Option<&PlatformSpec> {
        match platform {
            Platform::Twitter => self.twitter.as_ref(),
            Platform::Reddit => self.reddit.as_ref(),
        }
    }
}

impl TimeSpec {
    /// Rounds in all: hours x 60 / minutes per round, whole ones.
    pub fn rounds(&self) -> u32 {
        let minutes = u64::from(self.total_hours) * 60;
        let rounds = minutes / u64::from(self.minutes_per_round.max(1));
        u32::try_from(rounds).unwrap_or(u32::MAX)
    }
}

impl Stance {
    /// All of them, as they are spelt.
    pub const WORDS: [(&'static str, Stance); 4] = [
        ("supportive", Stance::Supportive),
        ("opposing", Stance::Opposing),
        ("neutral", Stance::Neutral),
        ("observer", Stance::Observer),
    ];

    /// The stance of this name.
    pub fn from_word(word: &str) -> Option<Stance> {
        Stance::WORDS.into_iter().find(|(name, _)| *name == word).map(|(_, stance)| stance)
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Stance::Supportive => "supportive",
            Stance::Opposing => "opposing",
            Stance::Neutral => "neutral",
            Stance::Observer => "observer",
        }
    }
}

impl Hours {
    /// The hours, ascending.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<Vec<u8>> for Hours {
    type Error = String;
    fn try_from(mut hours: Vec<u8>) -> Result<Self, String> {
        if let Some(hour) = hours.iter().find(|hour| **hour > 23) {
            return Err(format!("hour {hour} is not one of 0 to 23"));
        }
        hours.sort();
        hours.dedup();
        Ok(Hours(hours))
    }
}

impl From<Hours> for Vec<u8> {
    fn from(hours: Hours) -> Vec<u8> {
        hours.0
    }
}
