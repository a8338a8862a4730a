//! The fields of a configuration that a run may be told anew, in the words of
//! `simulation_config.json`, and what they are in the contract's.

use contract::door::{decimal, describe, millionths};
use contract::problem::suggest;
use serde_json::Value;

/// What stands in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A decimal from one number of millionths to another.
    Decimal(i64, i64),
    /// A whole number up to this.
    Whole(u32),
    /// Hours of the day.
    Hours,
    /// Where an agent stands.
    Stance,
    /// A text.
    Text,
    /// A list of texts.
    Texts,
}

/// A field: its name in a configuration, its name in the contract, what stands in it.
type Field = (&'static str, &'static str, Kind);

const ONE: i64 = 1_000_000;

const TIME: [Field; 10] = [
    ("agents_per_hour_min", "agents_per_hour_min", Kind::Whole(u32::MAX)),
    ("agents_per_hour_max", "agents_per_hour_max", Kind::Whole(u32::MAX)),
    ("peak_hours", "peak_hours", Kind::Hours),
    ("peak_activity_multiplier", "peak_ppm", Kind::Decimal(0, 100 * ONE)),
    ("off_peak_hours", "off_peak_hours", Kind::Hours),
    ("off_peak_activity_multiplier", "off_peak_ppm", Kind::Decimal(0, 100 * ONE)),
    ("morning_hours", "morning_hours", Kind::Hours),
    ("morning_activity_multiplier", "morning_ppm", Kind::Decimal(0, 100 * ONE)),
    ("work_hours", "work_hours", Kind::Hours),
    ("work_activity_multiplier", "work_ppm", Kind::Decimal(0, 100 * ONE)),
];

const FEED: [Field; 5] = [
    ("recency_weight", "recency_ppm", Kind::Decimal(0, ONE)),
    ("popularity_weight", "popularity_ppm", Kind::Decimal(0, ONE)),
    ("relevance_weight", "relevance_ppm", Kind::Decimal(0, ONE)),
    ("viral_threshold", "viral_threshold", Kind::Whole(u32::MAX)),
    ("echo_chamber_strength", "echo_chamber_ppm", Kind::Decimal(0, ONE)),
];

const EVENTS: [Field; 2] = [
    ("hot_topics", "hot_topics", Kind::Texts),
    ("narrative_direction", "narrative_direction", Kind::Text),
];

const AGENT: [Field; 9] = [
    ("activity_level", "activity_ppm", Kind::Decimal(0, ONE)),
    ("active_hours", "active_hours", Kind::Hours),
    ("posts_per_hour", "posts_per_hour_ppm", Kind::Decimal(0, 1000 * ONE)),
    ("comments_per_hour", "comments_per_hour_ppm", Kind::Decimal(0, 1000 * ONE)),
    ("response_delay_min", "response_delay_min", Kind::Whole(525_600)),
    ("response_delay_max", "response_delay_max", Kind::Whole(525_600)),
    ("sentiment_bias", "sentiment_ppm", Kind::Decimal(-ONE, ONE)),
    ("stance", "stance", Kind::Stance),
    ("influence_weight", "influence_ppm", Kind::Decimal(0, 1000 * ONE)),
];

/// Fields that a configuration may have and a run that goes on has no use for, and why.
const FIXED: [(&str, &str, &str); 15] = [
    ("time_config", "total_simulation_hours", LENGTH),
    ("time_config", "minutes_per_round", LENGTH),
    ("time_config", "start_hour", LENGTH),
    ("time_config", "start_time", LENGTH),
    ("event_config", "initial_posts", PLANNED),
    ("event_config", "scheduled_events", PLANNED),
    ("agent_configs", "entity_name", IDENTITY),
    ("agent_configs", "entity_type", IDENTITY),
    ("agent_configs", "entity_uuid", IDENTITY),
    ("twitter_config", "enabled", WORLD),
    ("twitter_config", "allow_self_rating", WORLD),
    ("twitter_config", "platform", WORLD),
    ("reddit_config", "enabled", WORLD),
    ("reddit_config", "allow_self_rating", WORLD),
    ("reddit_config", "platform", WORLD),
];

const LENGTH: &str = "has no effect on a run that has begun: its clock and its rounds are fixed";
const PLANNED: &str =
    "has no effect on a run that has begun: `shoal inject` puts posts into the next round";
const IDENTITY: &str = "has no effect on a run that has begun: it is who the agent is";
const WORLD: &str = "has no effect on a run that has begun: it is part of what its world is";

/// The sections of a configuration in which something may change.
pub const SECTIONS: [&str; 5] =
    ["time_config", "event_config", "twitter_config", "reddit_config", "agent_configs"];

fn fields(section: &str) -> &'static [Field] {
    match section {
        "time_config" => &TIME,
        "event_config" => &EVENTS,
        "twitter_config" | "reddit_config" => &FEED,
        "agent_configs" => &AGENT,
        _ => &[],
    }
}

/// A field's name in the contract and what stands in it.
///
/// # Errors
/// What was found, and what was expected: that the field has no effect while a run goes on, or
/// which one was probably meant.
pub fn find(section: &str, name: &str) -> Result<(&'static str, Kind), (String, String)> {
    let known = fields(section);
    if let Some((_, to, kind)) = known.iter().find(|(field, ..)| *field == name) {
        return Ok((to, *kind));
    }
    let fixed = FIXED.iter().find(|(of, field, _)| *of == section && *field == name);
    if let Some((_, _, why)) = fixed {
        return Err((format!("a field that {why}"), "a field that may change".to_owned()));
    }
    let names: Vec<&str> = known.iter().map(|(field, ..)| *field).collect();
    Err(("an unknown field".to_owned(), meant(name, &names)))
}

/// The section of this name, or of its short one: `time`, `agents`.
///
/// # Errors
/// What was expected instead.
pub fn find_section(name: &str) -> Result<&'static str, String> {
    let short = |section: &'static str| match section {
        "agent_configs" => "agents",
        section => section.trim_end_matches("_config"),
    };
    let found = SECTIONS.into_iter().find(|section| *section == name || short(section) == name);
    found.ok_or_else(|| meant(name, &SECTIONS))
}

fn meant(word: &str, known: &[&str]) -> String {
    match suggest(word, known) {
        Some(meant) => format!("{meant:?} (did you mean that?)"),
        None => format!("one of {}", known.join(", ")),
    }
}

impl Kind {
    /// A value as typed on a command line, as JSON; a text where it is nothing better.
    pub fn from_text(self, text: &str) -> Value {
        let parts = || text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let plain = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
        match self {
            Kind::Decimal(..) | Kind::Whole(_) => plain(text.trim()),
            Kind::Hours => parts().map(plain).collect(),
            Kind::Stance | Kind::Text => Value::from(text),
            Kind::Texts => parts().map(Value::from).collect(),
        }
    }

    /// A value as it stands in a configuration, as the contract has it.
    ///
    /// # Errors
    /// What was found, and what was expected.
    pub fn convert(self, value: &Value) -> Result<Value, (String, String)> {
        let converted = match self {
            Kind::Decimal(low, high) => {
                millionths(value).filter(|number| (low..=high).contains(number)).map(Value::from)
            }
            Kind::Whole(most) => contract::door::integer(value)
                .filter(|number| *number <= u64::from(most))
                .map(Value::from),
            Kind::Hours => is_list(value, |hour| hour.as_u64().is_some_and(|hour| hour < 24)),
            Kind::Texts => {
                is_list(value, |text| text.as_str().is_some_and(|text| !text.trim().is_empty()))
            }
            Kind::Stance => {
                let stance = value.as_str().and_then(contract::spec::Stance::from_word);
                stance.map(|_| value.clone())
            }
            Kind::Text => value.as_str().map(Value::from),
        };
        converted.ok_or_else(|| {
            let found = if value.is_array() { value.to_string() } else { describe(value) };
            (found, self.expected())
        })
    }

    fn expected(self) -> String {
        match self {
            Kind::Decimal(low, high) => {
                format!("a number from {} to {}", decimal(low), decimal(high))
            }
            Kind::Whole(most) => format!("a whole number from 0 to {most}"),
            Kind::Hours => "hours of the day, 0 to 23".to_owned(),
            Kind::Stance => "supportive, opposing, neutral or observer".to_owned(),
            Kind::Text => "a text".to_owned(),
            Kind::Texts => "a list of texts".to_owned(),
        }
    }
}

fn is_list(value: &Value, fits: impl Fn(&Value) -> bool) -> Option<Value> {
    value.as_array().filter(|list| list.iter().all(fits)).map(|_| value.clone())
}
