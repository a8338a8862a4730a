//! `reddit_profiles.json`: a list of objects, one per agent.

use contract::door::{Door, Object, describe};
use contract::spec::Profile;
use serde_json::Value;

use crate::findings::Findings;
use crate::profiles::{NOBODY, Row, by_agent, check_count};
use crate::reading::{Reading, is_blank, number};
use crate::{Limits, REDDIT_FILE, json};

/// Reads the profiles. OASIS fails without the first seven fields, so each is required.
///
/// | field | |
/// |---|---|
/// | `username` | required, more than blanks |
/// | `bio`, `persona` | required; blank ones fall back to the name |
/// | `age` | required, 0 to 1000 years; a blank text counts as unknown |
/// | `gender`, `mbti`, `country` | required; blank ones count as unknown |
/// | `name` | falls back to `realname`, as OASIS has it, and that to `username` |
/// | `profession`, `interested_topics` | as they are, but for blank ones; what the agent cares about |
/// | `following_agentid_list` | agents' ids; see `profiles` |
/// | `previous_tweets` | texts, oldest first; see `profiles` |
/// | `user_id` | see `profiles` |
/// | `karma`, `created_at`, `entity_type` | not read |
pub(crate) fn read(
    bytes: &[u8],
    agents: Option<usize>,
    limits: &Limits,
    findings: &mut Findings,
) -> Vec<Profile> {
    let door = Door::new(REDDIT_FILE);
    let value = json::parse(bytes, &door, limits);
    let mut reading = Reading::new(&door, limits);
    let mut rows = Vec::new();
    match &value {
        Some(Value::Array(elements)) if elements.len() > limits.max_agents => {
            let expected = format!("at most {} profiles (limit max_agents)", limits.max_agents);
            door.report("", format!("{} profiles", elements.len()), &expected);
        }
        Some(Value::Array(elements)) => {
            for (index, element) in elements.iter().enumerate() {
                if let Some(profile) = door.object(element, format!("/{index}")) {
                    rows.push(read_profile(&mut reading, &profile));
                }
            }
            check_count(elements.len(), agents, &door);
        }
        Some(other) => door.report("", describe(other), "a list of profiles"),
        None => {}
    }
    let (profiles, order) = by_agent(rows, REDDIT_FILE);
    let mut notes = reading.notes(REDDIT_FILE);
    notes.extend(order);
    findings.absorb(door, notes);
    profiles
}

fn read_profile(reading: &mut Reading<'_>, profile: &Object<'_>) -> Row {
    reading.ignore_unknown(
        profile,
        &[
            "user_id",
            "username",
            "name",
            "realname",
            "bio",
            "persona",
            "karma",
            "created_at",
            "age",
            "gender",
            "mbti",
            "country",
            "profession",
            "interested_topics",
            "following_agentid_list",
            "previous_tweets",
            "entity_type",
        ],
    );
    let known = |text: String| Some(text).filter(|text| !is_blank(text));
    let user_name = reading.filled_text(profile, "username", "a handle");
    let bio = reading.required_text(profile, "bio", "a short description");
    let persona = reading.required_text(profile, "persona", "who the agent is");
    let [name, real_name] = ["name", "realname"].map(|key| reading.text(profile, key));
    Row {
        user_id: profile.get("user_id").map(|id| number(id).unwrap_or(NOBODY)),
        followees: followees(reading, profile),
        profile: Profile {
            user_name,
            name: name.and_then(known).or(real_name).unwrap_or_default(),
            bio,
            persona,
            age: age(profile),
            gender: known(reading.required_text(profile, "gender", "male, female or other")),
            mbti: known(reading.required_text(profile, "mbti", "a type such as INFJ")),
            country: known(reading.required_text(profile, "country", "a country")),
            profession: reading.text(profile, "profession").and_then(known),
            interested_topics: reading.topics(profile, "interested_topics"),
            past_posts: reading.texts(profile, "previous_tweets"),
            ..Profile::default()
        },
    }
}

/// Years, where they are known.
fn age(profile: &Object<'_>) -> Option<u32> {
    match profile.require("age", "an age in years")? {
        Value::String(text) if is_blank(text) => None,
        _ => profile.u32("age", 0..=1000),
    }
}

/// The ids of whom an agent follows, whether or not there is anybody.
fn followees(reading: &Reading<'_>, profile: &Object<'_>) -> Vec<i64> {
    let mut ids = Vec::new();
    for (pointer, value) in profile.list("following_agentid_list") {
        let whole = number(value).map(|id| i64::try_from(id).unwrap_or(i64::MAX));
        match whole.or_else(|| value.as_i64()) {
            Some(id) => ids.push(id),
            None => reading.door.report(&pointer, describe(value), "an agent's id"),
        }
    }
    ids
}
