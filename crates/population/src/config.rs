//! `simulation_config.json`, written part by part: an agent is a line, so that a person can edit
//! a few of them, and a million need no memory.

use std::io::{self, Write};

use contract::door::decimal;
use contract::problem::Problem;
use contract::spec::AgentSpec;
use contract::subject::Platform;
use intake::Limits;
use serde::Serialize;

/// The simulated hour at which it begins: most are awake.
pub(crate) const START_HOUR: u32 = 8;

/// What comes before the agents.
#[derive(Clone, Debug)]
pub(crate) struct Head<'a> {
    pub(crate) simulation_id: &'a str,
    pub(crate) requirement: &'a str,
    pub(crate) hours: u32,
    pub(crate) minutes_per_round: u32,
    pub(crate) agents_per_hour: [u32; 2],
}

/// What comes behind the agents.
#[derive(Clone, Debug)]
pub(crate) struct Tail<'a> {
    /// Author and text.
    pub(crate) opening_posts: Vec<(u32, String)>,
    pub(crate) hot_topics: &'a [String],
    pub(crate) narrative_direction: &'a str,
    pub(crate) platforms: &'a [Platform],
    pub(crate) reasoning: &'a str,
}

/// Whether so many hours in such rounds make a simulation.
///
/// # Errors
/// If there is no round, or more than intake takes.
pub(crate) fn check_rounds(hours: u32, minutes_per_round: u32) -> Result<u32, Problem> {
    let most = Limits::default().max_rounds;
    let rounds = u64::from(hours) * 60 / u64::from(minutes_per_round.max(1));
    let fitting = u32::try_from(rounds).ok().filter(|rounds| (1..=most).contains(rounds));
    fitting.ok_or_else(|| {
        let found =
            format!("{hours} hours in rounds of {minutes_per_round} minutes: {rounds} rounds");
        Problem::new(
            "rounds",
            found,
            &format!("1 to {most} (change --hours or --minutes-per-round)"),
        )
    })
}

/// Writes what comes before the agents.
pub(crate) fn write_head(out: &mut impl Write, head: &Head<'_>) -> io::Result<()> {
    let [least, most] = head.agents_per_hour;
    writeln!(out, "{{")?;
    writeln!(out, "  \"simulation_id\": {},", quoted(head.simulation_id))?;
    writeln!(out, "  \"simulation_requirement\": {},", quoted(head.requirement))?;
    writeln!(out, "  \"time_config\": {{")?;
    writeln!(out, "    \"total_simulation_hours\": {},", head.hours)?;
    writeln!(out, "    \"minutes_per_round\": {},", head.minutes_per_round)?;
    writeln!(out, "    \"start_hour\": {START_HOUR},")?;
    writeln!(out, "    \"agents_per_hour_min\": {least},")?;
    writeln!(out, "    \"agents_per_hour_max\": {most},")?;
    writeln!(out, "    \"peak_hours\": [19, 20, 21, 22],")?;
    writeln!(out, "    \"peak_activity_multiplier\": 1.5,")?;
    writeln!(out, "    \"off_peak_hours\": [0, 1, 2, 3, 4, 5],")?;
    writeln!(out, "    \"off_peak_activity_multiplier\": 0.05,")?;
    writeln!(out, "    \"morning_hours\": [6, 7, 8],")?;
    writeln!(out, "    \"morning_activity_multiplier\": 0.4,")?;
    writeln!(out, "    \"work_hours\": [9, 10, 11, 12, 13, 14, 15, 16, 17, 18],")?;
    writeln!(out, "    \"work_activity_multiplier\": 0.7")?;
    writeln!(out, "  }},")?;
    write!(out, "  \"agent_configs\": [")
}

/// Writes an agent; the first of them is agent 0. Nothing is left to defaults: each of them would
/// be worth a note when it is read.
pub(crate) fn write_agent(out: &mut impl Write, agent: &AgentSpec) -> io::Result<()> {
    let comma = if agent.agent_id == 0 { "" } else { "," };
    write!(out, "{comma}\n    {{\"agent_id\": {}, \"entity_name\": ", agent.agent_id)?;
    write_json(out, &agent.name)?;
    write!(out, ", \"entity_type\": ")?;
    write_json(out, &agent.entity_type)?;
    for (key, millionths) in [
        ("activity_level", agent.activity_ppm.into()),
        ("posts_per_hour", agent.posts_per_hour_ppm.into()),
        ("comments_per_hour", agent.comments_per_hour_ppm.into()),
        ("sentiment_bias", agent.sentiment_ppm.into()),
        ("influence_weight", agent.influence_ppm.into()),
    ] {
        write!(out, ", \"{key}\": {}", decimal(millionths))?;
    }
    let (least, most) = (agent.response_delay_min, agent.response_delay_max);
    write!(out, ", \"response_delay_min\": {least}, \"response_delay_max\": {most}")?;
    write!(out, ", \"stance\": \"{}\", \"active_hours\": ", agent.stance.as_str())?;
    write_json(out, agent.active_hours.as_slice())?;
    write!(out, "}}")
}

/// Writes what comes behind the agents.
pub(crate) fn write_tail(out: &mut impl Write, tail: &Tail<'_>) -> io::Result<()> {
    writeln!(out, "\n  ],")?;
    writeln!(out, "  \"event_config\": {{")?;
    write!(out, "    \"initial_posts\": [")?;
    for (index, (author, text)) in tail.opening_posts.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(out, "{comma}\n      {{\"poster_agent_id\": {author}, ")?;
        write!(out, "\"content\": {}}}", quoted(text))?;
    }
    writeln!(out, "\n    ],")?;
    writeln!(out, "    \"scheduled_events\": [],")?;
    let topics: Vec<String> = tail.hot_topics.iter().map(|topic| quoted(topic)).collect();
    writeln!(out, "    \"hot_topics\": [{}],", topics.join(", "))?;
    writeln!(out, "    \"narrative_direction\": {}", quoted(tail.narrative_direction))?;
    writeln!(out, "  }},")?;
    for platform in Platform::ALL {
        let weights = if tail.platforms.contains(&platform) { weights(platform) } else { "null" };
        writeln!(out, "  \"{platform}_config\": {weights},")?;
    }
    writeln!(out, "  \"generation_reasoning\": {}", quoted(tail.reasoning))?;
    writeln!(out, "}}")
}

/// The weights of a platform's feed, as intake takes them where nothing is said.
fn weights(platform: Platform) -> &'static str {
    match platform {
        Platform::Twitter => {
            "{\"platform\": \"twitter\", \"recency_weight\": 0.4, \"popularity_weight\": 0.3, \
             \"relevance_weight\": 0.3, \"viral_threshold\": 10, \"echo_chamber_strength\": 0.5}"
        }
        Platform::Reddit => {
            "{\"platform\": \"reddit\", \"recency_weight\": 0.3, \"popularity_weight\": 0.4, \
             \"relevance_weight\": 0.3, \"viral_threshold\": 15, \"echo_chamber_strength\": 0.6}"
        }
    }
}

/// Writes a text or a list as JSON has it, without blanks.
pub(crate) fn write_json(
    out: &mut impl Write,
    value: &(impl Serialize + ?Sized),
) -> io::Result<()> {
    serde_json::to_writer(out, value).map_err(io::Error::from)
}

/// A text as JSON has it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
