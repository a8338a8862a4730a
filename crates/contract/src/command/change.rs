//! What may be changed while a run goes on: parts of its spec, in the spec's own words.

use serde::Serialize;
use serde_json::Value;

use super::request::read_agent;
use crate::door::{Object, describe};
use crate::spec::{Hours, MAX_DELAY_MINUTES, MAX_MULTIPLIER_PPM, MAX_RATE_PPM, MILLION, Stance};
use crate::subject::Platform;

/// The most topics, or agents, that one command may change.
const MAX_CHANGES: usize = 1000;

/// Arguments of `configure`: what is absent stays as it is. At least one thing changes.
///
/// The fields have the names, units and bounds that they have in a [`Spec`](crate::spec::Spec).
/// What a change must fit that stands in the run alone (agents that there are, a minimum that is
/// not above its maximum) is checked by the run's owner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Configure {
    /// Thousandths of a round per second of wall clock, 0 = as fast as possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pace_milli: Option<u32>,
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
    const FIELDS: [&'static str; 7] =
        ["pace_milli", "time", "hot_topics", "narrative_direction", "twitter", "reddit", "agents"];

    /// The change of one world's feed.
    pub fn feed(&self, platform: Platform) -> Option<&FeedChange> {
        match platform {
            Platform::Twitter => self.twitter.as_ref(),
            Platform::Reddit => self.reddit.as_ref(),
        }
    }

    /// Reads the arguments at a door, reporting all that is wrong.
    pub(super) fn read(args: &Object<'_>) -> Option<Configure> {
        args.refuse_unknown(&Self::FIELDS);
        if Self::FIELDS.iter().all(|field| args.get(field).is_none()) {
            args.report_whole("nothing to change", &format!("one of {}", Self::FIELDS.join(", ")));
        }
        Some(Configure {
            pace_milli: args.u32("pace_milli", 0..=1_000_000_000),
            time: args.object("time").map(|time| TimeChange::read(&time)),
            hot_topics: args.get("hot_topics").map(|_| read_topics(args)),
            narrative_direction: args.text("narrative_direction").map(str::to_owned),
            twitter: args.object("twitter").map(|feed| FeedChange::read(&feed)),
            reddit: args.object("reddit").map(|feed| FeedChange::read(&feed)),
            agents: read_agents(args),
        })
    }
}

impl TimeChange {
    fn read(time: &Object<'_>) -> TimeChange {
        time.refuse_unknown(&[
            "agents_per_hour_min",
            "agents_per_hour_max",
            "peak_hours",
            "peak_ppm",
            "off_peak_hours",
            "off_peak_ppm",
            "morning_hours",
            "morning_ppm",
            "work_hours",
            "work_ppm",
        ]);
        TimeChange {
            agents_per_hour_min: time.u32("agents_per_hour_min", 0..=u32::MAX),
            agents_per_hour_max: time.u32("agents_per_hour_max", 0..=u32::MAX),
            peak_hours: read_hours(time, "peak_hours"),
            peak_ppm: time.u32("peak_ppm", 0..=MAX_MULTIPLIER_PPM),
            off_peak_hours: read_hours(time, "off_peak_hours"),
            off_peak_ppm: time.u32("off_peak_ppm", 0..=MAX_MULTIPLIER_PPM),
            morning_hours: read_hours(time, "morning_hours"),
            morning_ppm: time.u32("morning_ppm", 0..=MAX_MULTIPLIER_PPM),
            work_hours: read_hours(time, "work_hours"),
            work_ppm: time.u32("work_ppm", 0..=MAX_MULTIPLIER_PPM),
        }
    }
}

impl FeedChange {
    fn read(feed: &Object<'_>) -> FeedChange {
        feed.refuse_unknown(&[
            "recency_ppm",
            "popularity_ppm",
            "relevance_ppm",
            "viral_threshold",
            "echo_chamber_ppm",
        ]);
        FeedChange {
            recency_ppm: feed.u32("recency_ppm", 0..=MILLION),
            popularity_ppm: feed.u32("popularity_ppm", 0..=MILLION),
            relevance_ppm: feed.u32("relevance_ppm", 0..=MILLION),
            viral_threshold: feed.u32("viral_threshold", 0..=u32::MAX),
            echo_chamber_ppm: feed.u32("echo_chamber_ppm", 0..=MILLION),
        }
    }
}

impl AgentChange {
    fn read(agent: &Object<'_>) -> Option<AgentChange> {
        agent.refuse_unknown(&[
            "agent_id",
            "activity_ppm",
            "active_hours",
            "posts_per_hour_ppm",
            "comments_per_hour_ppm",
            "response_delay_min",
            "response_delay_max",
            "sentiment_ppm",
            "stance",
            "influence_ppm",
        ]);
        let agent_id = read_agent(agent);
        let change = |agent_id| AgentChange {
            agent_id,
            activity_ppm: agent.u32("activity_ppm", 0..=MILLION),
            active_hours: read_hours(agent, "active_hours"),
            posts_per_hour_ppm: agent.u32("posts_per_hour_ppm", 0..=MAX_RATE_PPM),
            comments_per_hour_ppm: agent.u32("comments_per_hour_ppm", 0..=MAX_RATE_PPM),
            response_delay_min: agent.u32("response_delay_min", 0..=MAX_DELAY_MINUTES),
            response_delay_max: agent.u32("response_delay_max", 0..=MAX_DELAY_MINUTES),
            sentiment_ppm: read_sentiment(agent),
            stance: read_stance(agent),
            influence_ppm: agent.u32("influence_ppm", 0..=MAX_RATE_PPM),
        };
        // Read also where the id is missing, so that all problems are seen.
        let change = change(agent_id.unwrap_or_default());
        agent_id.map(|_| change)
    }
}

fn read_agents(args: &Object<'_>) -> Vec<AgentChange> {
    let mut agents: Vec<AgentChange> = Vec::new();
    let elements = args.list("agents");
    if elements.len() > MAX_CHANGES {
        let found = format!("{} agents", elements.len());
        args.report("agents", found, &format!("at most {MAX_CHANGES}"));
        return agents;
    }
    for (pointer, value) in elements {
        let object = args.door().object(value, pointer);
        let Some((object, change)) = object.and_then(|o| AgentChange::read(&o).map(|c| (o, c)))
        else {
            continue;
        };
        if agents.iter().any(|other| other.agent_id == change.agent_id) {
            object.report("agent_id", change.agent_id.to_string(), "each agent once");
        }
        agents.push(change);
    }
    agents
}

fn read_topics(args: &Object<'_>) -> Vec<String> {
    let elements = args.list("hot_topics");
    if elements.len() > MAX_CHANGES {
        let found = format!("{} topics", elements.len());
        args.report("hot_topics", found, &format!("at most {MAX_CHANGES}"));
        return Vec::new();
    }
    let mut topics = Vec::new();
    for (pointer, value) in elements {
        match value.as_str().filter(|text| !text.trim().is_empty()) {
            Some(topic) => topics.push(topic.to_owned()),
            None => args.door().report(&pointer, describe(value), "a topic"),
        }
    }
    topics
}

fn read_hours(object: &Object<'_>, key: &str) -> Option<Hours> {
    const EXPECTED: &str = "hours of the day, 0 to 23";
    let value = object.get(key)?;
    let hours: Option<Vec<u8>> = value.as_array().and_then(|hours| {
        hours.iter().map(|hour| hour.as_u64().and_then(|h| u8::try_from(h).ok())).collect()
    });
    let hours = hours.and_then(|hours| Hours::try_from(hours).ok());
    if hours.is_none() {
        let found = if value.is_array() { value.to_string() } else { describe(value) };
        object.report(key, crate::problem::shorten(&found, 60), EXPECTED);
    }
    hours
}

fn read_sentiment(agent: &Object<'_>) -> Option<i32> {
    let value = agent.get("sentiment_ppm")?;
    let number = value.as_i64().and_then(|number| i32::try_from(number).ok());
    let number = number.filter(|number| number.unsigned_abs() <= MILLION);
    if number.is_none() {
        let expected = "a whole number from -1000000 to 1000000";
        agent.report("sentiment_ppm", describe(value), expected);
    }
    number
}

fn read_stance(agent: &Object<'_>) -> Option<Stance> {
    let value = agent.get("stance")?;
    let stance = Value::as_str(value).and_then(Stance::from_word);
    if stance.is_none() {
        let expected = "supportive, opposing, neutral or observer";
        agent.report("stance", describe(value), expected);
    }
    stance
}
