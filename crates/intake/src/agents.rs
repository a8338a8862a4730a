//! The configuration's `agent_configs`: how each agent behaves.

use contract::door::{Object, describe};
use contract::spec::{AgentSpec, Stance};

use crate::reading::{ONE, Reading, choice, number};

const KEY: &str = "agent_configs";

/// A year, in minutes.
pub(crate) const MAX_DELAY: u32 = 365 * 24 * 60;

/// Missing ids that a problem names; more are counted.
const MAX_NAMED: usize = 10;

/// The agents of a configuration.
#[derive(Debug)]
pub(crate) struct Agents {
    /// How many are listed, also where some cannot be read.
    pub(crate) count: usize,
    /// Those that can be read, by id.
    pub(crate) specs: Vec<AgentSpec>,
}

/// Reads `agent_configs`: at least one agent, at most the limit `max_agents`, in any order of
/// their ids. `None` where it is no such list.
pub(crate) fn read<'a>(reading: &mut Reading<'a>, root: &Object<'a>) -> Option<Agents> {
    let count = count(reading, root, KEY)?;
    let mut ids = Ids { first_seen: vec![None; count], complete: true };
    let mut specs = Vec::with_capacity(count);
    for (index, (pointer, value)) in root.list(KEY).into_iter().enumerate() {
        match reading.door.object(value, pointer) {
            Some(agent) => specs.push(read_agent(reading, &agent, ids.read(&agent, index))),
            None => ids.complete = false,
        }
    }
    ids.report_gaps(root);
    specs.sort_by_key(|agent| agent.agent_id);
    Some(Agents { count, specs })
}

/// How many agents the field `key` lists: at least one, at most the limit `max_agents`.
pub(crate) fn count(reading: &Reading<'_>, root: &Object<'_>, key: &str) -> Option<usize> {
    let value = root.require(key, "a list of agents")?;
    let Some(count) = value.as_array().map(Vec::len) else {
        root.report(key, describe(value), "a list of agents");
        return None;
    };
    let most = reading.limits.max_agents;
    if !(1..=most).contains(&count) {
        root.report(key, describe(value), &format!("1 to {most} agents (limit max_agents)"));
        return None;
    }
    Some(count)
}

/// One agent's fields.
///
/// | field | range | absent |
/// |---|---|---|
/// | `agent_id` | 0 to number of agents - 1, each once | a problem |
/// | `entity_name` | a text with more than blanks | a problem |
/// | `entity_type` | | `Unknown` |
/// | `activity_level` | 0 to 1 | 0.5 |
/// | `active_hours` | hours 0 to 23 | 8 to 22 |
/// | `posts_per_hour`, `comments_per_hour` | 0 to 1000 | 1, 2 |
/// | `response_delay_min`, `response_delay_max` | 0 to 525600 minutes, min <= max | 5, 60 |
/// | `sentiment_bias` | -1 to 1 | 0 |
/// | `stance` | `supportive`, `opposing`, `neutral`, `observer` | `neutral` |
/// | `influence_weight` | 0 to 1000 | 1 |
/// | `entity_uuid` | | not read |
fn read_agent(reading: &mut Reading<'_>, agent: &Object<'_>, agent_id: u32) -> AgentSpec {
    reading.ignore_unknown(
        agent,
        &[
            "agent_id",
            "entity_uuid",
            "entity_name",
            "entity_type",
            "activity_level",
            "active_hours",
            "posts_per_hour",
            "comments_per_hour",
            "response_delay_min",
            "response_delay_max",
            "sentiment_bias",
            "stance",
            "influence_weight",
        ],
    );
    let name = reading.filled_text(agent, "entity_name", "the agent's name");
    reading.default_if_absent(agent, "entity_type", || "Unknown".to_owned());
    let entity_type = reading.text(agent, "entity_type").unwrap_or_else(|| "Unknown".to_owned());
    let activity_ppm = reading.ppm(agent, "activity_level", ONE, 500_000);
    let active_hours = reading.hours(agent, "active_hours", 8..=22);
    let posts_per_hour_ppm = reading.ppm(agent, "posts_per_hour", 1000 * ONE, ONE);
    let comments_per_hour_ppm = reading.ppm(agent, "comments_per_hour", 1000 * ONE, 2 * ONE);
    let delays = ["response_delay_min", "response_delay_max"];
    let (response_delay_min, response_delay_max) =
        reading.ordered(agent, delays, MAX_DELAY, [5, 60]);
    let sentiment_ppm = reading.signed_ppm(agent, "sentiment_bias", 0);
    reading.default_if_absent(agent, "stance", || "neutral".to_owned());
    let stance = agent.parsed("stance", stance).unwrap_or_default();
    let influence_ppm = reading.ppm(agent, "influence_weight", 1000 * ONE, ONE);
    AgentSpec {
        agent_id,
        name,
        entity_type,
        activity_ppm,
        active_hours,
        posts_per_hour_ppm,
        comments_per_hour_ppm,
        response_delay_min,
        response_delay_max,
        sentiment_ppm,
        stance,
        influence_ppm,
    }
}

/// The stance that `text` names, or what was expected.
pub(crate) fn stance(text: &str) -> Result<Stance, String> {
    choice(text, &Stance::WORDS)
}

/// Which ids were met, and where first.
struct Ids {
    /// By id: the index in the list.
    first_seen: Vec<Option<usize>>,
    /// Whether every id so far was a number at all; if not, nobody can say which is missing.
    complete: bool,
}

impl Ids {
    /// The id of the agent at `index`; 0 where something was reported.
    fn read(&mut self, agent: &Object<'_>, index: usize) -> u32 {
        let key = "agent_id";
        let last = self.first_seen.len() - 1;
        let expected = format!("one of the ids 0 to {last}, each once");
        let Some(value) = agent.require(key, &expected) else {
            self.complete = false;
            return 0;
        };
        let Some(id) = number(value) else {
            self.complete = false;
            agent.report(key, describe(value), &expected);
            return 0;
        };
        match usize::try_from(id).ok().and_then(|id| self.first_seen.get_mut(id)) {
            None => agent.report(key, id.to_string(), &expected),
            Some(Some(first)) => {
                agent.report(key, format!("{id} again, as at /{KEY}/{first}/{key}"), &expected);
            }
            Some(place) => {
                *place = Some(index);
                return u32::try_from(id).unwrap_or(0);
            }
        }
        0
    }

    fn report_gaps(&self, root: &Object<'_>) {
        let gaps = || (0..).zip(&self.first_seen).filter(|(_, seen)| seen.is_none());
        let count = gaps().count();
        if count == 0 || !self.complete {
            return;
        }
        let named: Vec<String> = gaps().take(MAX_NAMED).map(|(id, _)| id.to_string()).collect();
        let mut found = format!("no agent {}", named.join(", "));
        if count > MAX_NAMED {
            found += &format!(" and {} more", count - MAX_NAMED);
        }
        let last = self.first_seen.len() - 1;
        root.report(KEY, found, &format!("the ids 0 to {last}, each once"));
    }
}
