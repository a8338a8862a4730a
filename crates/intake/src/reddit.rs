//! `reddit_profiles.json`: a list of objects, one per agent.

use contract::door::{Door, Object, describe, integer};
use contract::spec::Profile;
use serde_json::Value;

use crate::findings::Findings;
use crate::profiles::{Row, by_agent, check_count};
use crate::reading::{Reading, is_blank};
use crate::{Limits, REDDIT_FILE, json};

/// Reads the profiles. OASIS fails without the first seven fields, so each is required.
///
/// | field | |
/// |---|---|
/// | `username` | required, more than blanks |
/// | `bio`, `persona` | required; blank ones fall back to the name |
/// | `age` | required, 0 to 1000 years |
/// | `gender`, `mbti`, `country` | required; blank ones count as unknown |
/// | `name` | falls back to `username` |
/// | `profession`, `interested_topics` | as they are |
/// | `user_id` | see `profiles` |
/// | `karma`, `created_at`, `entity_type` | not read |
pub(crate) fn read(
    bytes: &[u8],
    agents: Option<usize>,
    limits: &Limits,
    findings: &mut Findings,
) -> Vec<Profile> {
    let door = Door::new(REDDIT_FILE);
    let value = json::parse(bytes, &door);
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
            "entity_type",
        ],
    );
    let known = |text: String| Some(text).filter(|text| !is_blank(text));
    let user_name = reading.filled_text(profile, "username", "a handle");
    let bio = reading.required_text(profile, "bio", "a short description");
    let persona = reading.required_text(profile, "persona", "who the agent is");
    profile.require("age", "an age in years");
    let age = profile.integer("age", 0..=1000).and_then(|age| u32::try_from(age).ok());
    Row {
        user_id: profile.get("user_id").and_then(integer),
        profile: Profile {
            user_name,
            name: reading.text(profile, "name").unwrap_or_default(),
            bio,
            persona,
            age,
            gender: known(reading.required_text(profile, "gender", "male, female or other")),
            mbti: known(reading.required_text(profile, "mbti", "a type such as INFJ")),
            country: known(reading.required_text(profile, "country", "a country")),
            profession: reading.text(profile, "profession").and_then(known),
            interested_topics: reading.texts(profile, "interested_topics"),
            ..Profile::default()
        },
    }
}
