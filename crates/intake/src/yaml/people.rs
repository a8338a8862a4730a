//! The field `agents`: who they are, how they behave, whom they follow.

use std::cell::Cell;
use std::collections::BTreeMap;

use contract::door::{Object, describe};
use contract::problem::suggest;
use contract::spec::{AgentSpec, Profile};
use serde_json::Value;

use crate::agents::{self, MAX_DELAY};
use crate::reading::{ONE, Reading, is_blank};
use crate::yaml::ranges;

const KEY: &str = "agents";

/// The agents of a file.
#[derive(Debug)]
pub(super) struct People {
    pub(super) agents: Vec<AgentSpec>,
    pub(super) profiles: Vec<Profile>,
    /// By name, and by handle: ids. In lower case, as nobody remembers how they are written.
    names: BTreeMap<String, u32>,
    handles: BTreeMap<String, u32>,
    /// How many more misspelt names are compared with all others: that takes time.
    guesses: Cell<u32>,
}

/// More misspelt names than anybody writes.
const MAX_GUESSES: u32 = 100;

/// Names that a problem tells; more are counted.
const MAX_NAMED: usize = 20;

/// Reads `agents`; an agent's place in the list is its id. `None` where it is no such list.
pub(super) fn read<'a>(reading: &mut Reading<'a>, root: &Object<'a>) -> Option<People> {
    let count = agents::count(reading, root, KEY)?;
    let (names, handles) = (BTreeMap::new(), BTreeMap::new());
    let mut people = People {
        agents: Vec::with_capacity(count),
        profiles: Vec::new(),
        names,
        handles,
        guesses: Cell::new(MAX_GUESSES),
    };
    let mut read = Vec::with_capacity(count);
    for (pointer, value) in root.list(KEY) {
        let Some(agent) = reading.door.object(value, pointer) else { continue };
        let id = u32::try_from(people.agents.len()).unwrap_or(u32::MAX);
        agent.refuse_unknown(&FIELDS);
        let profile = profile(reading, &agent, id);
        let named = ["name", "handle"].into_iter().zip([&profile.name, &profile.user_name]);
        for ((key, text), seen) in named.zip([&mut people.names, &mut people.handles]) {
            register(&agent, key, text, id, seen);
        }
        people.agents.push(behaviour(reading, &agent, id, &profile.name));
        people.profiles.push(profile);
        read.push(agent);
    }
    // Whom somebody follows may come further down.
    for (id, agent) in (0..).zip(&read) {
        let follows = follows(reading, agent, id, &people);
        people.profiles[id as usize].follows = follows;
    }
    Some(people)
}

const FIELDS: [&str; 21] = [
    "name",
    "handle",
    "bio",
    "persona",
    "type",
    "stance",
    "mood",
    "activity",
    "active_hours",
    "posts_per_hour",
    "comments_per_hour",
    "reply_minutes",
    "influence",
    "follows",
    "interests",
    "past_posts",
    "age",
    "gender",
    "mbti",
    "country",
    "profession",
];

/// Who an agent is.
///
/// | field | absent |
/// |---|---|
/// | `name` | a problem |
/// | `handle` | made of the name |
/// | `bio` | the name |
/// | `persona` | the bio |
/// | `age`, `gender`, `mbti`, `country`, `profession` | unknown |
/// | `interests`, `past_posts`, `follows` | none |
fn profile(reading: &Reading<'_>, agent: &Object<'_>, id: u32) -> Profile {
    let known = |key| reading.text(agent, key).filter(|text| !is_blank(text));
    let name = reading.filled_text(agent, "name", "the agent's name");
    let handle = known("handle").map(|handle| handle.trim().trim_start_matches('@').to_owned());
    let bio = known("bio").unwrap_or_else(|| name.clone());
    let past_posts = reading.texts(agent, "past_posts");
    Profile {
        user_name: handle.filter(|h| !h.is_empty()).unwrap_or_else(|| handle_of(&name, id)),
        persona: known("persona").unwrap_or_else(|| bio.clone()),
        bio,
        age: agent.integer("age", 0..=1000).and_then(|age| u32::try_from(age).ok()),
        gender: known("gender"),
        mbti: known("mbti"),
        country: known("country"),
        profession: known("profession"),
        interested_topics: reading.topics(agent, "interests"),
        follows: Vec::new(),
        past_posts: past_posts.into_iter().filter(|post| !is_blank(post)).collect(),
        name,
    }
}

/// `Mei Lin` has the handle `mei_lin`; a name without a letter, its number.
fn handle_of(name: &str, id: u32) -> String {
    let word = |c: char| if c.is_alphanumeric() { c } else { ' ' };
    let words: String = name.to_lowercase().chars().map(word).collect();
    match words.split_whitespace().collect::<Vec<_>>().join("_") {
        handle if handle.is_empty() => format!("agent_{id}"),
        handle => handle,
    }
}

/// Remembers whose a name is; that it is somebody else's already is a problem.
fn register(agent: &Object<'_>, key: &str, text: &str, id: u32, seen: &mut BTreeMap<String, u32>) {
    if is_blank(text) {
        return;
    }
    match seen.get(&text.trim().to_lowercase()) {
        None => drop(seen.insert(text.trim().to_lowercase(), id)),
        Some(first) => {
            let found = match agent.get(key) {
                Some(_) => format!("{text:?} again, as at /{KEY}/{first}"),
                None => format!("{text:?}, made of the name, again, as at /{KEY}/{first}"),
            };
            agent.report(key, found, &format!("a {key} that no other agent has"));
        }
    }
}

/// How an agent behaves.
///
/// | field | range | absent |
/// |---|---|---|
/// | `type` | | `Person` |
/// | `stance` | `supportive`, `opposing`, `neutral`, `observer` | `neutral` |
/// | `mood` | -1 to 1 | 0 |
/// | `activity` | 0 to 1 | 0.5 |
/// | `active_hours` | see `ranges` | 8-22 |
/// | `posts_per_hour`, `comments_per_hour` | 0 to 1000 | 1, 2 |
/// | `reply_minutes` | a range from 0 to 525600 | 5-60 |
/// | `influence` | 0 to 1000 | 1 |
fn behaviour(reading: &mut Reading<'_>, agent: &Object<'_>, id: u32, name: &str) -> AgentSpec {
    let kind = reading.text(agent, "type").filter(|kind| !is_blank(kind));
    let delay = ranges::range(agent, "reply_minutes", MAX_DELAY, (5, 60));
    AgentSpec {
        agent_id: id,
        name: name.to_owned(),
        entity_type: kind.unwrap_or_else(|| "Person".to_owned()),
        activity_ppm: reading.ppm(agent, "activity", ONE, 500_000),
        active_hours: ranges::hours(reading.door, agent, "active_hours"),
        posts_per_hour_ppm: reading.ppm(agent, "posts_per_hour", 1000 * ONE, ONE),
        comments_per_hour_ppm: reading.ppm(agent, "comments_per_hour", 1000 * ONE, 2 * ONE),
        response_delay_min: delay.0,
        response_delay_max: delay.1,
        sentiment_ppm: reading.signed_ppm(agent, "mood", 0),
        stance: agent.parsed("stance", agents::stance).unwrap_or_default(),
        influence_ppm: reading.ppm(agent, "influence", 1000 * ONE, ONE),
    }
}

/// The ids of whom an agent follows, each once, never itself.
fn follows(reading: &Reading<'_>, agent: &Object<'_>, own: u32, people: &People) -> Vec<u32> {
    let mut follows = Vec::new();
    for (pointer, value) in agent.list("follows") {
        let report = |found: String, expected: &str| reading.door.report(&pointer, found, expected);
        let Value::String(name) = value else {
            report(describe(value), "an agent's name or handle");
            continue;
        };
        match people.find(name) {
            Err(expected) => report(format!("{name:?}"), &expected),
            Ok(id) if id == own => report(format!("{name:?}, itself"), "another agent"),
            Ok(id) if follows.contains(&id) => report(format!("{name:?} again"), "each agent once"),
            Ok(id) => follows.push(id),
        }
    }
    follows
}

impl People {
    /// The id of the agent with this name or handle, or what was expected.
    pub(super) fn find(&self, text: &str) -> Result<u32, String> {
        let key = text.trim().trim_start_matches('@').to_lowercase();
        if let Some(id) = self.names.get(&key).or_else(|| self.handles.get(&key)) {
            return Ok(*id);
        }
        if let Some(id) = self.guess(&key) {
            let name = &self.agents[id as usize].name;
            return Err(format!("{name:?} (did you mean that?)"));
        }
        let names: Vec<&str> =
            self.agents.iter().take(MAX_NAMED).map(|agent| agent.name.as_str()).collect();
        let more = match self.agents.len() - names.len() {
            0 => String::new(),
            more => format!(", {more} more"),
        };
        Err(format!("an agent's name or handle: {}{more}", names.join(", ")))
    }

    /// Who was probably meant.
    fn guess(&self, key: &str) -> Option<u32> {
        self.guesses.set(self.guesses.get().checked_sub(1)?);
        let all = || self.names.iter().chain(&self.handles);
        let keys: Vec<&str> = all().map(|(key, _)| key.as_str()).collect();
        let meant = suggest(key, &keys)?;
        all().find(|(key, _)| *key == meant).map(|(_, id)| *id)
    }
}
