//! `simulation.yaml`: a whole simulation in one small file, for people who write by hand.
//!
//! docs/simulation-yaml.md says what can be in it. Here nothing is ignored: whoever writes by
//! hand wants to hear of a field that nobody knows.

mod people;
mod plan;
mod ranges;
mod tree;
mod worlds;

use contract::door::{Door, Object};
use contract::id::SimulationId;
use contract::problem::{Problem, Problems};
use contract::spec::{PlatformSpec, Spec, TimeSpec};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use contract::version::V1;

use crate::clock::{self, MAX_HOURS};
use crate::findings::Findings;
use crate::reading::Reading;
use crate::yaml::people::People;
use crate::yaml::tree::Node;
use crate::{Change, Limits, YAML_FILE, changes, encoding};

/// Reads the file.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn read(
    bytes: &[u8],
    changes: &[Change],
    limits: &Limits,
) -> Result<(Spec, Vec<String>), Problems> {
    let mut findings = Findings::default();
    let door = Door::new(YAML_FILE);
    let Some(text) = encoding::text(bytes, &door) else {
        findings.absorb(door, Vec::new());
        return findings.close(None);
    };
    let Some(tree) = tree::parse(text, limits, &mut findings.problems) else {
        return findings.close(None);
    };
    let mut value = tree.value("");
    changes::apply(changes, &mut value, &door);
    let mut reading = Reading::new(&door, limits);
    let spec = door.root(&value).and_then(|root| read_root(&mut reading, &root));
    let notes = reading.remarks(YAML_FILE);
    findings.absorb_arranged(door, notes, |problems| placed(problems, &tree));
    findings.close(spec)
}

/// Problems at places such as `simulation.yaml /agents/2` with their lines and columns, in the
/// order of the file.
fn placed(problems: Vec<Problem>, tree: &Node) -> Vec<Problem> {
    let place = |problem: Problem| {
        let pointer = problem.place.strip_prefix(YAML_FILE).unwrap_or_default().trim_start();
        let (line, column) = tree.locate(pointer);
        let place = format!("{YAML_FILE}:{line}:{column} {pointer}").trim_end().to_owned();
        let expected = match problem.expected.as_str() {
            "an object" => "fields, each as `name: value`".to_owned(),
            "a list" => "a list, as [a, b] or as lines that begin with a dash".to_owned(),
            _ => problem.expected,
        };
        ((line, column), Problem { place, found: problem.found, expected })
    };
    let mut placed: Vec<_> = problems.into_iter().map(place).collect();
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, problem)| problem).collect()
}

/// The root's fields.
///
/// | field | absent |
/// |---|---|
/// | `name` | a problem |
/// | `topic` | none; it is the first of `topics` |
/// | `requirement` | the topic |
/// | `hours`, `minutes_per_round` | 24, 60 |
/// | `start` | 2026-01-01 08:00 |
/// | `agents_per_hour` | a quarter to three quarters of the agents |
/// | `platforms` | both |
/// | `agents` | a problem |
/// | `topics`, `story`, `posts`, `events` | none |
fn read_root<'a>(reading: &mut Reading<'a>, root: &Object<'a>) -> Option<Spec> {
    root.refuse_unknown(&[
        "name",
        "topic",
        "requirement",
        "hours",
        "minutes_per_round",
        "start",
        "agents_per_hour",
        "platforms",
        "agents",
        "posts",
        "events",
        "topics",
        "story",
    ]);
    let simulation_id = simulation_id(root);
    let topic = reading.text(root, "topic");
    let requirement = reading.text(root, "requirement");
    let people = people::read(reading, root);
    let time = time(reading, root, people.as_ref().map_or(1, |people| people.agents.len()));
    let worlds = worlds::read(reading, root);
    let platforms: Vec<Platform> = worlds.iter().map(|(platform, _)| *platform).collect();
    let mut events = plan::read(reading, root, &time, people.as_ref(), &platforms);
    if let Some(topic) = topic.as_ref().filter(|topic| !topic.trim().is_empty()) {
        events.hot_topics.insert(0, topic.trim().to_owned());
    }
    let People { agents, profiles, .. } = people?;
    let world = |platform: Platform| {
        let (_, world) = worlds.iter().find(|(wanted, _)| *wanted == platform)?;
        let (feed, self_rating) = (world.feed.clone(), world.self_rating);
        Some(PlatformSpec { feed, self_rating, profiles: profiles.clone() })
    };
    Some(Spec {
        v: V1,
        simulation_id: simulation_id?,
        project_id: None,
        graph_id: None,
        requirement: requirement.or(topic).unwrap_or_default(),
        time,
        events,
        twitter: world(Platform::Twitter),
        reddit: world(Platform::Reddit),
        agents,
    })
}

/// The name; of one that is none, what could be made of it.
fn simulation_id(root: &Object<'_>) -> Option<SimulationId> {
    root.require("name", "a name for the simulation, e.g. tea-house");
    root.parsed("name", |text| {
        text.parse().map_err(|error: contract::id::InvalidId| {
            let word =
                |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' };
            let words: String = text.chars().take(48).map(word).collect();
            let proposal = words.split_whitespace().collect::<Vec<_>>().join("-");
            match proposal.parse::<SimulationId>() {
                Ok(proposal) => format!("{}, e.g. {proposal}", error.expected()),
                Err(_) => error.expected().to_owned(),
            }
        })
    })
}

/// The clock. The hours of the day have the multipliers that configurations have by default.
fn time(reading: &mut Reading<'_>, root: &Object<'_>, agents: usize) -> TimeSpec {
    let before = reading.door.count();
    let total_hours = reading.whole(root, "hours", 1..=MAX_HOURS, 24);
    let minutes_per_round = reading.whole(root, "minutes_per_round", 1..=1_440, 60);
    let sound = reading.door.count() == before;
    let agents = u32::try_from(agents).unwrap_or(u32::MAX);
    let usual = (agents.div_ceil(4), agents.saturating_mul(3).div_ceil(4));
    let crowd = ranges::range(root, "agents_per_hour", clock::MAX_PER_HOUR, usual);
    let nothing = reading.nothing(String::new());
    let spec = TimeSpec {
        start_time: root.parsed("start", start).unwrap_or_else(usual_start),
        total_hours,
        minutes_per_round,
        agents_per_hour_min: crowd.0,
        agents_per_hour_max: crowd.1,
        ..clock::activity(reading, &nothing)
    };
    if sound {
        clock::check_rounds(&spec, root, reading.limits.max_rounds);
    }
    spec
}

fn usual_start() -> Timestamp {
    "2026-01-01T08:00:00Z".parse().expect("RFC 3339")
}

/// A day, a time, or both: `2026-03-01`, `08:00`, `2026-03-01 08:00`, or RFC 3339.
fn start(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    let whole = match text.len() {
        5 => format!("2026-01-01T{text}:00"),
        10 => format!("{text}T08:00:00"),
        16 => format!("{}:00", text.replacen(' ', "T", 1)),
        _ => text.replacen(' ', "T", 1),
    };
    let expected = "a day and a time, e.g. 2026-03-01 08:00, or one of the two";
    Timestamp::parse_zoneless(&whole).map_err(|_| expected.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_a_day_a_time_or_both() {
        let right = [
            ("2026-03-01", "2026-03-01T08:00:00.000Z"),
            ("08:30", "2026-01-01T08:30:00.000Z"),
            ("2026-03-01 08:30", "2026-03-01T08:30:00.000Z"),
            ("2026-03-01T08:30", "2026-03-01T08:30:00.000Z"),
            ("2026-03-01 08:30:15", "2026-03-01T08:30:15.000Z"),
            ("2026-03-01T08:30:15+02:00", "2026-03-01T06:30:15.000Z"),
        ];
        for (text, expected) in right {
            assert_eq!(start(text).map(|time| time.to_string()), Ok(expected.to_owned()));
        }
        for wrong in ["", "noon", "2026-13-01", "2026-02-30 08:00", "25:00", "1.3.2026", "8"] {
            assert!(start(wrong).is_err(), "{wrong}");
        }
    }
}
