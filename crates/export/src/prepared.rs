//! A spec as the files that it could have been read from: MiroFish's configuration and profiles.
//!
//! Reading what is written here gives the very same spec. Only a name or a text that pandas takes
//! for an empty cell (`nan`, `None`, `null` and their like) is lost in the Twitter profiles.

use contract::door::decimal;
use contract::id::SimulationId;
use contract::spec::{AgentSpec, FeedSpec, Hours, PlatformSpec, Profile, Spec, Stance, TimeSpec};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use serde::Serialize;

/// `simulation_config.json`. What a spec does not keep, since it changes nothing, is null.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(
    missing_docs,
    reason = "the names and meanings are the original's, see docs/http-simulations.md"
)]
pub struct Config<'a> {
    pub simulation_id: &'a SimulationId,
    pub project_id: Option<&'a str>,
    pub graph_id: Option<&'a str>,
    pub simulation_requirement: &'a str,
    pub time_config: TimeConfig<'a>,
    pub agent_configs: Vec<AgentConfig<'a>>,
    pub event_config: EventConfig<'a>,
    pub twitter_config: Option<PlatformConfig>,
    pub reddit_config: Option<PlatformConfig>,
    pub llm_model: Option<&'a str>,
    pub llm_base_url: Option<&'a str>,
    pub generated_at: Option<&'a str>,
    pub generation_reasoning: Option<&'a str>,
}

/// The clock, and how many act.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "as above; start_time is ours")]
pub struct TimeConfig<'a> {
    pub total_simulation_hours: u32,
    pub minutes_per_round: u32,
    pub agents_per_hour_min: u32,
    pub agents_per_hour_max: u32,
    pub peak_hours: &'a Hours,
    pub peak_activity_multiplier: f64,
    pub off_peak_hours: &'a Hours,
    pub off_peak_activity_multiplier: f64,
    pub morning_hours: &'a Hours,
    pub morning_activity_multiplier: f64,
    pub work_hours: &'a Hours,
    pub work_activity_multiplier: f64,
    pub start_time: Timestamp,
}

/// How an agent behaves.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "as above")]
pub struct AgentConfig<'a> {
    pub agent_id: u32,
    pub entity_uuid: Option<&'a str>,
    pub entity_name: &'a str,
    pub entity_type: &'a str,
    pub activity_level: f64,
    pub posts_per_hour: f64,
    pub comments_per_hour: f64,
    pub active_hours: &'a Hours,
    pub response_delay_min: u32,
    pub response_delay_max: u32,
    pub sentiment_bias: f64,
    pub stance: Stance,
    pub influence_weight: f64,
}

/// What happens by plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "as above")]
pub struct EventConfig<'a> {
    pub initial_posts: Vec<PlannedPost<'a>>,
    pub scheduled_events: Vec<PlannedPost<'a>>,
    pub hot_topics: &'a [String],
    pub narrative_direction: &'a str,
}

/// A post of round 0, or of a later one (`at_round`, `platform`: ours).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "as above")]
pub struct PlannedPost<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_round: Option<u32>,
    pub content: &'a str,
    /// What the author is.
    pub poster_type: &'a str,
    pub poster_agent_id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
}

/// How posts are ranked, and what is allowed (ours).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "as above")]
pub struct PlatformConfig {
    pub platform: Platform,
    pub recency_weight: f64,
    pub popularity_weight: f64,
    pub relevance_weight: f64,
    pub viral_threshold: u32,
    pub echo_chamber_strength: f64,
    pub allow_self_rating: bool,
}

/// A profile, an object of `reddit_profiles.json`. The Twitter world's have the two columns of its
/// file beside.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "as above; entity_type is what the original's page would show")]
pub struct ProfileRow<'a> {
    pub user_id: u32,
    pub username: &'a str,
    pub name: &'a str,
    pub bio: &'a str,
    pub persona: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_char: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<&'a str>,
    pub age: Age,
    /// Empty where it is unknown, as the two below.
    pub gender: &'a str,
    pub mbti: &'a str,
    pub country: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profession: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub interested_topics: &'a [String],
    #[serde(skip_serializing_if = "<[u32]>::is_empty")]
    pub following_agentid_list: &'a [u32],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub previous_tweets: &'a [String],
    pub entity_type: &'a str,
}

/// Years, or an empty text: OASIS wants the field in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Age {
    /// So many.
    Years(u32),
    /// Nobody knows.
    Unknown(&'static str),
}

/// The configuration of `spec`.
pub fn config(spec: &Spec) -> Config<'_> {
    let poster = |agent: u32| {
        let agent = spec.agents.get(agent as usize);
        agent.map_or("", |agent| agent.entity_type.as_str())
    };
    let seeds = spec.events.seed_posts.iter().map(|post| PlannedPost {
        at_round: None,
        content: &post.content,
        poster_type: poster(post.agent_id),
        poster_agent_id: post.agent_id,
        platform: None,
    });
    let scheduled = spec.events.scheduled.iter().map(|post| PlannedPost {
        at_round: Some(post.round),
        content: &post.content,
        poster_type: poster(post.agent_id),
        poster_agent_id: post.agent_id,
        platform: post.platform,
    });
    let world = |platform| Some(platform_config(platform, spec.platform(platform)?));
    Config {
        simulation_id: &spec.simulation_id,
        project_id: spec.project_id.as_deref(),
        graph_id: spec.graph_id.as_deref(),
        simulation_requirement: &spec.requirement,
        time_config: time_config(&spec.time),
        agent_configs: spec.agents.iter().map(agent_config).collect(),
        event_config: EventConfig {
            initial_posts: seeds.collect(),
            scheduled_events: scheduled.collect(),
            hot_topics: &spec.events.hot_topics,
            narrative_direction: &spec.events.narrative_direction,
        },
        twitter_config: world(Platform::Twitter),
        reddit_config: world(Platform::Reddit),
        llm_model: None,
        llm_base_url: None,
        generated_at: None,
        generation_reasoning: None,
    }
}

/// The bytes of `simulation_config.json`, indented as the original's are.
pub fn config_json(spec: &Spec) -> Vec<u8> {
    serde_json::to_vec_pretty(&config(spec)).expect("no map keys that JSON refuses")
}

/// The profiles of one world, in the order of the agents' ids; none where there is no such world.
pub fn profiles(spec: &Spec, platform: Platform) -> Vec<ProfileRow<'_>> {
    let profiles = spec.platform(platform).map_or(&[][..], |world| &world.profiles);
    spec.agents.iter().zip(profiles).map(|(agent, it)| profile_row(platform, agent, it)).collect()
}

/// The bytes of `reddit_profiles.json`; `None` where there is no such world.
pub fn reddit_json(spec: &Spec) -> Option<Vec<u8>> {
    spec.reddit.as_ref()?;
    let profiles = profiles(spec, Platform::Reddit);
    Some(serde_json::to_vec_pretty(&profiles).expect("no map keys that JSON refuses"))
}

/// The bytes of `twitter_profiles.csv`; `None` where there is no such world. The original's five
/// columns, and those of ours in which there is anything.
pub fn twitter_csv(spec: &Spec) -> Option<Vec<u8>> {
    let world = spec.twitter.as_ref()?;
    let is_used = |(_, cell): &(&str, Cell)| world.profiles.iter().any(|it| !cell(it).is_empty());
    let more: Vec<(&str, Cell)> = MORE_COLUMNS.into_iter().filter(is_used).collect();
    let header = COLUMNS.into_iter().chain(more.iter().map(|(name, _)| *name));
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let into_memory = "writing into memory cannot fail, and all rows are of one length";
    writer.write_record(header).expect(into_memory);
    for (id, it) in world.profiles.iter().enumerate() {
        let five = [id.to_string(), it.name.clone(), it.user_name.clone(), it.persona.clone()];
        let five = five.into_iter().chain([it.bio.clone()]);
        writer.write_record(five.chain(more.iter().map(|(_, cell)| cell(it)))).expect(into_memory);
    }
    Some(writer.into_inner().expect(into_memory))
}

/// The original's columns.
const COLUMNS: [&str; 5] = ["user_id", "name", "username", "user_char", "description"];

/// What a column says of a profile; empty where that says nothing of it.
type Cell = fn(&Profile) -> String;

/// Ours and OASIS's own.
const MORE_COLUMNS: [(&str, Cell); 8] = [
    ("age", |it| it.age.map(|age| age.to_string()).unwrap_or_default()),
    ("gender", |it| it.gender.clone().unwrap_or_default()),
    ("mbti", |it| it.mbti.clone().unwrap_or_default()),
    ("country", |it| it.country.clone().unwrap_or_default()),
    ("profession", |it| it.profession.clone().unwrap_or_default()),
    ("interested_topics", |it| python_list(&it.interested_topics, |text| python_text(text))),
    ("following_agentid_list", |it| python_list(&it.follows, u32::to_string)),
    ("previous_tweets", |it| python_list(&it.past_posts, |text| python_text(text))),
];

/// A list as Python writes it.
fn python_list<T>(elements: &[T], write: impl Fn(&T) -> String) -> String {
    match elements {
        [] => String::new(),
        elements => format!("[{}]", elements.iter().map(write).collect::<Vec<_>>().join(", ")),
    }
}

/// A text as Python writes it within a list.
fn python_text(text: &str) -> String {
    let escaped: String = text
        .chars()
        .flat_map(|c| match c {
            '\\' => vec!['\\', '\\'],
            '\'' => vec!['\\', '\''],
            '\n' => vec!['\\', 'n'],
            '\t' => vec!['\\', 't'],
            plain => vec![plain],
        })
        .collect();
    format!("'{escaped}'")
}

fn time_config(time: &TimeSpec) -> TimeConfig<'_> {
    TimeConfig {
        total_simulation_hours: time.total_hours,
        minutes_per_round: time.minutes_per_round,
        agents_per_hour_min: time.agents_per_hour_min,
        agents_per_hour_max: time.agents_per_hour_max,
        peak_hours: &time.peak_hours,
        peak_activity_multiplier: of_millionths(time.peak_ppm),
        off_peak_hours: &time.off_peak_hours,
        off_peak_activity_multiplier: of_millionths(time.off_peak_ppm),
        morning_hours: &time.morning_hours,
        morning_activity_multiplier: of_millionths(time.morning_ppm),
        work_hours: &time.work_hours,
        work_activity_multiplier: of_millionths(time.work_ppm),
        start_time: time.start_time,
    }
}

fn agent_config(agent: &AgentSpec) -> AgentConfig<'_> {
    AgentConfig {
        agent_id: agent.agent_id,
        entity_uuid: None,
        entity_name: &agent.name,
        entity_type: &agent.entity_type,
        activity_level: of_millionths(agent.activity_ppm),
        posts_per_hour: of_millionths(agent.posts_per_hour_ppm),
        comments_per_hour: of_millionths(agent.comments_per_hour_ppm),
        active_hours: &agent.active_hours,
        response_delay_min: agent.response_delay_min,
        response_delay_max: agent.response_delay_max,
        sentiment_bias: of_millionths(agent.sentiment_ppm),
        stance: agent.stance,
        influence_weight: of_millionths(agent.influence_ppm),
    }
}

fn platform_config(platform: Platform, world: &PlatformSpec) -> PlatformConfig {
    let FeedSpec { recency_ppm, popularity_ppm, relevance_ppm, viral_threshold, echo_chamber_ppm } =
        world.feed;
    PlatformConfig {
        platform,
        recency_weight: of_millionths(recency_ppm),
        popularity_weight: of_millionths(popularity_ppm),
        relevance_weight: of_millionths(relevance_ppm),
        viral_threshold,
        echo_chamber_strength: of_millionths(echo_chamber_ppm),
        allow_self_rating: world.self_rating,
    }
}

fn profile_row<'a>(
    platform: Platform,
    agent: &'a AgentSpec,
    profile: &'a Profile,
) -> ProfileRow<'a> {
    let known = |text: &'a Option<String>| text.as_deref().unwrap_or_default();
    let column = |text: &'a str| (platform == Platform::Twitter).then_some(text);
    ProfileRow {
        user_id: agent.agent_id,
        username: &profile.user_name,
        name: &profile.name,
        bio: &profile.bio,
        persona: &profile.persona,
        user_char: column(&profile.persona),
        description: column(&profile.bio),
        age: profile.age.map_or(Age::Unknown(""), Age::Years),
        gender: known(&profile.gender),
        mbti: known(&profile.mbti),
        country: known(&profile.country),
        profession: profile.profession.as_deref(),
        interested_topics: &profile.interested_topics,
        following_agentid_list: &profile.follows,
        previous_tweets: &profile.past_posts,
        entity_type: &agent.entity_type,
    }
}

/// Millionths as the decimal that is read as just as many.
fn of_millionths(millionths: impl Into<i64>) -> f64 {
    decimal(millionths.into()).parse().expect("it is a decimal")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn millionths_become_the_decimals_that_people_write() {
        for (millionths, expected) in [
            (0, "0.0"),
            (1, "1e-6"),
            (350_000, "0.35"),
            (1_500_000, "1.5"),
            (-250_000, "-0.25"),
            (999_999_999, "999.999999"),
        ] {
            let number = of_millionths(millionths);
            assert_eq!(serde_json::to_string(&number).unwrap(), expected);
        }
    }

    #[test]
    fn lists_are_written_as_python_does() {
        let texts = ["it's", "a \\ and\na line", "\"汤\""].map(str::to_owned);
        assert_eq!(
            python_list(&texts, |text| python_text(text)),
            r#"['it\'s', 'a \\ and\na line', '"汤"']"#
        );
        assert_eq!(python_list(&[3_u32, 0], u32::to_string), "[3, 0]");
        assert_eq!(python_list(&[], u32::to_string), "");
    }
}
