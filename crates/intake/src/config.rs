//! `simulation_config.json`: the root, and what is read from it section by section.

use contract::door::{Door, Object};
use contract::id::{InvalidId, SimulationId};
use contract::spec::{EventSpec, TimeSpec};
use contract::subject::Platform;

use crate::agents::{self, Agents};
use crate::events::{self, Stage};
use crate::feed::{self, World};
use crate::findings::Findings;
use crate::reading::Reading;
use crate::{CONFIG_FILE, Change, Limits, changes, clock, json};

/// What the configuration says; `None` where it says nothing usable.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) simulation_id: Option<SimulationId>,
    pub(crate) project_id: Option<String>,
    pub(crate) graph_id: Option<String>,
    pub(crate) requirement: String,
    pub(crate) time: TimeSpec,
    pub(crate) agents: Option<Agents>,
    pub(crate) events: EventSpec,
    twitter: World,
    reddit: World,
}

impl Config {
    /// What it says about one platform.
    pub(crate) fn world(&self, platform: Platform) -> &World {
        match platform {
            Platform::Twitter => &self.twitter,
            Platform::Reddit => &self.reddit,
        }
    }
}

/// Reads the configuration of a folder with profiles for the platforms `peopled`. What is wrong
/// goes to `findings`; the value is there whenever the file is a JSON object, so that the
/// profiles can be compared with it.
pub(crate) fn read(
    bytes: &[u8],
    peopled: &[Platform],
    changes: &[Change],
    limits: &Limits,
    findings: &mut Findings,
) -> Option<Config> {
    let door = Door::new(CONFIG_FILE);
    let mut value = json::parse(bytes, &door, limits);
    let changed = value.as_mut().map(|value| changes::apply(changes, value, &door));
    let mut reading = Reading::of_changed(&door, limits, changed.unwrap_or_default());
    let root = value.as_ref().and_then(|value| door.root(value));
    let config = root.map(|root| read_root(&mut reading, &root, peopled));
    let notes = reading.notes(CONFIG_FILE);
    findings.absorb(door, notes);
    config
}

/// The root's fields.
///
/// | field | absent | meaning |
/// |---|---|---|
/// | `simulation_id` | a problem | names the simulation; [`SimulationId`] says how |
/// | `project_id`, `graph_id` | none | the graph is where memories go by default |
/// | `simulation_requirement` | empty | descriptive |
/// | `generated_at` | see `clock` | the day on which the simulated clock starts |
/// | `time_config`, `event_config` | all defaults | see `clock`, `events` |
/// | `agent_configs` | a problem | see `agents` |
/// | `twitter_config`, `reddit_config` | default weights; own posts may be rated | see `feed` |
/// | `llm_model`, `llm_base_url`, `generation_reasoning` | | not read: models are the operator's |
fn read_root<'a>(reading: &mut Reading<'a>, root: &Object<'a>, peopled: &[Platform]) -> Config {
    reading.ignore_unknown(
        root,
        &[
            "simulation_id",
            "project_id",
            "graph_id",
            "simulation_requirement",
            "time_config",
            "agent_configs",
            "event_config",
            "twitter_config",
            "reddit_config",
            "llm_model",
            "llm_base_url",
            "generated_at",
            "generation_reasoning",
        ],
    );
    root.require("simulation_id", "a name for the simulation");
    let simulation_id = root.parsed("simulation_id", |text| {
        text.parse().map_err(|error: InvalidId| error.expected().to_owned())
    });
    let project_id = reading.text(root, "project_id");
    let graph_id = reading.text(root, "graph_id");
    let requirement = reading.text(root, "simulation_requirement").unwrap_or_default();
    let time = clock::read(reading, root);
    let agents = agents::read(reading, root);
    let [twitter, reddit] = Platform::ALL.map(|platform| feed::read(reading, root, platform));
    let mut platforms = peopled.to_vec();
    platforms.retain(|platform| match platform {
        Platform::Twitter => twitter.enabled,
        Platform::Reddit => reddit.enabled,
    });
    let agent_count = agents.as_ref().map(|agents| agents.count);
    let stage = Stage { time: &time, agents: agent_count, platforms: &platforms };
    let events = events::read(reading, root, &stage);
    Config {
        simulation_id,
        project_id,
        graph_id,
        requirement,
        time,
        agents,
        events,
        twitter,
        reddit,
    }
}
