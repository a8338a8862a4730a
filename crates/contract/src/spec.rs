//! What is to be simulated: a simulation's configuration and profiles, made whole.
//!
//! `intake` turns folders into specs; the world is built from one. A spec is stored under
//! the SHA-256 of its compact JSON and never changes. All numbers are integers: rates and
//! weights are millionths (`_ppm`), so no reader rounds differently from another.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::{Digest, SimulationId};
use crate::problem::{Problem, Problems};
use crate::subject::Platform;
use crate::timestamp::Timestamp;
use crate::version::V1;

const MILLION: u32 = 1_000_000;
const MINUTES_PER_DAY: u32 = 24 * 60;
/// An hour has at most 100 times the usual activity.
const MAX_MULTIPLIER_PPM: u32 = 100 * MILLION;
/// At most 1,000 posts an hour; influence has the same bound.
const MAX_RATE_PPM: u32 = 1_000 * MILLION;
/// Nobody takes more than a year to react.
const MAX_DELAY_MINUTES: u32 = 365 * MINUTES_PER_DAY;

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
    /// What happens before round 1.
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
    /// Posts per simulated hour, in millionths; at most 1,000,000,000.
    pub posts_per_hour_ppm: u32,
    /// Comments per simulated hour, in millionths; at most 1,000,000,000.
    pub comments_per_hour_ppm: u32,
    /// Simulated minutes until it reacts, at least.
    pub response_delay_min: u32,
    /// Simulated minutes until it reacts, at most.
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

/// A post that is there from the beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedPost {
    /// Its author.
    pub agent_id: u32,
    /// Its text.
    pub content: String,
}

/// A post that appears in a round that was planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduledPost {
    /// When, 1 or more. Never, if the run is shorter.
    pub round: u32,
    /// Its author.
    pub agent_id: u32,
    /// Its text.
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
    /// Weight of its likes and shares.
    pub popularity_ppm: u32,
    /// Weight of its likeness to the reader.
    pub relevance_ppm: u32,
    /// Interactions from which a post spreads by itself.
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
    /// What it posted before anything happens, oldest first.
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

    /// Whether the numbers are in their bounds and the parts fit each other.
    ///
    /// # Errors
    /// Every claim that does not hold.
    pub fn check(&self) -> Result<(), Problems> {
        let mut claims = Claims(Vec::new());
        let count = self.agents.len();
        claims.claim(count > 0, "/agents", &"none", "at least one agent");
        claims.time(&self.time);
        for (index, agent) in self.agents.iter().enumerate() {
            claims.agent(index, agent);
        }
        for (index, post) in self.events.seed_posts.iter().enumerate() {
            let place = format!("/events/seed_posts/{index}/agent_id");
            claims.claim((post.agent_id as usize) < count, &place, &post.agent_id, "an agent's id");
        }
        for (index, post) in self.events.scheduled.iter().enumerate() {
            let at = |field| format!("/events/scheduled/{index}/{field}");
            let known = (post.agent_id as usize) < count;
            claims.claim(known, &at("agent_id"), &post.agent_id, "an agent's id");
            claims.claim(post.round > 0, &at("round"), &post.round, "1 or more");
        }
        let platforms = self.platforms();
        claims.claim(!platforms.is_empty(), "/", &"no world", "twitter or reddit");
        for platform in platforms {
            let Some(world) = self.platform(platform) else { continue };
            let (place, found) = (format!("/{platform}/profiles"), world.profiles.len());
            claims.claim(found == count, &place, &found, "one profile per agent");
            claims.feed(&format!("/{platform}/feed"), &world.feed);
            for (index, profile) in world.profiles.iter().enumerate() {
                claims.follows(
                    &format!("/{platform}/profiles/{index}/follows"),
                    index,
                    profile,
                    count,
                );
            }
        }
        Problems::none_or(claims.0, Some(()))
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

/// What a spec claims about itself and does not hold.
struct Claims(Vec<Problem>);

impl Claims {
    fn claim(&mut self, holds: bool, place: &str, found: &dyn ToString, expected: &str) {
        if !holds {
            self.0.push(Problem::new(place, found.to_string(), expected));
        }
    }

    fn at_most(&mut self, place: &str, found: u32, most: u32) {
        self.claim(found <= most, place, &found, &format!("at most {most}"));
    }

    fn time(&mut self, time: &TimeSpec) {
        let minutes = time.minutes_per_round;
        let expected = format!("1 to {MINUTES_PER_DAY}");
        let holds = (1..=MINUTES_PER_DAY).contains(&minutes);
        self.claim(holds, "/time/minutes_per_round", &minutes, &expected);
        let (least, most) = (time.agents_per_hour_min, time.agents_per_hour_max);
        let expected = "at most agents_per_hour_max";
        self.claim(least <= most, "/time/agents_per_hour_min", &least, expected);
        self.at_most("/time/peak_ppm", time.peak_ppm, MAX_MULTIPLIER_PPM);
        self.at_most("/time/off_peak_ppm", time.off_peak_ppm, MAX_MULTIPLIER_PPM);
        self.at_most("/time/morning_ppm", time.morning_ppm, MAX_MULTIPLIER_PPM);
        self.at_most("/time/work_ppm", time.work_ppm, MAX_MULTIPLIER_PPM);
    }

    fn agent(&mut self, index: usize, agent: &AgentSpec) {
        let at = |field| format!("/agents/{index}/{field}");
        let is_index = agent.agent_id as usize == index;
        self.claim(is_index, &at("agent_id"), &agent.agent_id, "the agent's index");
        self.claim(!agent.name.trim().is_empty(), &at("name"), &"nothing", "a name");
        self.at_most(&at("activity_ppm"), agent.activity_ppm, MILLION);
        self.at_most(&at("posts_per_hour_ppm"), agent.posts_per_hour_ppm, MAX_RATE_PPM);
        self.at_most(&at("comments_per_hour_ppm"), agent.comments_per_hour_ppm, MAX_RATE_PPM);
        self.at_most(&at("influence_ppm"), agent.influence_ppm, MAX_RATE_PPM);
        let (least, most) = (agent.response_delay_min, agent.response_delay_max);
        let expected = "at most response_delay_max";
        self.claim(least <= most, &at("response_delay_min"), &least, expected);
        self.at_most(&at("response_delay_max"), most, MAX_DELAY_MINUTES);
        let mood = agent.sentiment_ppm;
        let holds = mood.unsigned_abs() <= MILLION;
        self.claim(holds, &at("sentiment_ppm"), &mood, "-1000000 to 1000000");
    }

    fn follows(&mut self, place: &str, agent: usize, profile: &Profile, count: usize) {
        let mut seen = BTreeSet::new();
        for (index, followee) in profile.follows.iter().enumerate() {
            let id = *followee as usize;
            let holds = id < count && id != agent && seen.insert(id);
            let expected = "another agent's id, each once";
            self.claim(holds, &format!("{place}/{index}"), followee, expected);
        }
    }

    fn feed(&mut self, place: &str, feed: &FeedSpec) {
        let FeedSpec { recency_ppm, popularity_ppm, relevance_ppm, echo_chamber_ppm, .. } = *feed;
        self.at_most(&format!("{place}/recency_ppm"), recency_ppm, MILLION);
        self.at_most(&format!("{place}/popularity_ppm"), popularity_ppm, MILLION);
        self.at_most(&format!("{place}/relevance_ppm"), relevance_ppm, MILLION);
        self.at_most(&format!("{place}/echo_chamber_ppm"), echo_chamber_ppm, MILLION);
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
