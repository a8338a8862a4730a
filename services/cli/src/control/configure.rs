//! `configure`: another pace or another configuration, while the run goes on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use contract::MAX_SAFE_INTEGER;
use contract::command::{Configure, Request, Verb};
use contract::door::{Door, Object, integer};
use contract::llm::Budget;
use contract::problem::{Problem, Problems};
use contract::spec::Spec;
use serde_json::{Map, Value, json};

use super::fields::{SECTIONS, find, find_section};
use super::{apply, check_number, read_text, told};
use crate::args::Target;
use crate::ask::Patience;
use crate::client::Client;
use crate::failure::Failure;
use crate::interview::{find_agent, read_spec};
use crate::models::BudgetArgs;
use crate::output::Output;
use crate::status::find_run;
use contract::options::parse_pace;

pub(crate) const CONFIGURE_ABOUT: &str = "\
Change the pace, the seed, the budget or the configuration of a run while it goes on. What is not named stays as it is. \
The change enters the next round and has its effect from the one after it; the answer names that \
round. In a paused run it waits until the run goes on.

A run that has come to a cap of its budget waits, and goes on by itself once that is raised; caps \
that are not named stay.

Fields have the names that they have in simulation_config.json (docs/fields.md says what they \
do); lists are separated by commas; an agent is given by its number or name; the sections may be \
shortened to time, event, twitter, reddit and agents:
  time_config.peak_activity_multiplier=2.5      twitter_config.echo_chamber_strength=0.9
  time_config.peak_hours=19,20,21               event_config.hot_topics=ferry,bridge
  agent_configs.3.stance=opposing               agent_configs.Mara.posts_per_hour=2

A file is a part of a simulation_config.json: what stands in it is changed. It may have a \
\"seed\" beside its sections, if --seed does not name another one.

Example:
  shoal configure lantern-pier --pace 0.5 --set event_config.hot_topics=\"the storm,pier 9\"
  shoal configure lantern-pier --seed 8 --set agents.3.stance=opposing
  shoal configure lantern-pier --budget-cost 5";

/// Arguments of `configure`.
#[derive(Clone, Debug, Args)]
#[command(group = ArgGroup::new("what").args(["pace", "seed", "set", "file"]).args(BudgetArgs::NAMES).required(true).multiple(true))]
pub struct ConfigureArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// Rounds per second of wall clock, e.g. 0.8; 0: as fast as possible
    #[arg(long, value_name = "ROUNDS_PER_SECOND", value_parser = parse_any_pace)]
    pub pace: Option<u32>,
    /// Another seed: what was drawn before stays, what comes is another
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=MAX_SAFE_INTEGER))]
    pub seed: Option<u64>,
    /// What the run may cost; raised, it lets a run go on that waits for that.
    #[command(flatten)]
    pub budget: BudgetArgs,
    /// A field and its new value; may be repeated
    #[arg(long, value_name = "FIELD=VALUE")]
    pub set: Vec<String>,
    /// A part of a simulation_config.json; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// How long to wait for the answer.
    #[command(flatten)]
    pub patience: Patience,
}

fn parse_any_pace(text: &str) -> Result<u32, String> {
    if text == "0" {
        return Ok(0);
    }
    parse_pace(text).map_err(|error| format!("{error}, or 0 for as fast as possible"))
}

/// `shoal configure`.
///
/// # Errors
/// If there is no such run, a field is not one that may change or its value does not fit, nobody
/// answers, or the run has no rounds left.
pub async fn configure(
    client: &Client,
    args: &ConfigureArgs,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let text = args.file.as_ref().map(|path| read_text(path)).transpose()?;
    let run = find_run(client, &args.target.run).await?;
    let spec = read_spec(client, &run.spec_digest).await?;
    let file = args.file.as_deref().zip(text.as_deref());
    let wanted = Wanted {
        pace: args.pace,
        budget: args.budget.budget(),
        seed: args.seed,
        file,
        set: &args.set,
    };
    let change = wanted.read(&spec).map_err(|problems| Failure::BadInput(problems.into()))?;
    if !client.json {
        output.say(&format!("changing {}", told::changes(&change).join(", ")))?;
    }
    let request = Request::Configure(change);
    apply(client, &run, request, args.patience, ("the change has its effect", 1), output).await
}

/// What is typed of a change.
pub(crate) struct Wanted<'typed> {
    /// Thousandths of a round per second.
    pub(crate) pace: Option<u32>,
    pub(crate) budget: Option<Budget>,
    pub(crate) seed: Option<u64>,
    /// A part of a configuration: where it stands, and its text.
    pub(crate) file: Option<(&'typed Path, &'typed str)>,
    /// Assignments, which win over the file.
    pub(crate) set: &'typed [String],
}

impl Wanted<'_> {
    /// The change in the contract's words.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(crate) fn read(&self, spec: &Spec) -> Result<Box<Configure>, Problems> {
        let (problems, args, agents) = (Vec::new(), Map::new(), BTreeMap::new());
        let mut changes = Changes { spec, problems, args, agents };
        if let Some(pace) = self.pace {
            changes.args.insert("pace_milli".to_owned(), pace.into());
        }
        if let Some(budget) = self.budget {
            changes.args.insert("budget".to_owned(), json!(budget));
        }
        if let Some((path, text)) = self.file {
            changes.read_file(&path.display().to_string(), text);
        }
        if let Some(seed) = self.seed {
            let of_file = changes.args.insert("seed".to_owned(), seed.into());
            if let Some((of_file, (path, _))) = of_file.filter(|it| *it != seed).zip(self.file) {
                let found = format!("{seed}, and /seed of {} is {of_file}", path.display());
                changes.report("--seed", found, "one seed, in one of the two");
            }
        }
        self.set.iter().for_each(|assignment| changes.read_assignment(assignment));
        changes.close()
    }
}

/// Changes in the making, in the contract's words, and what is wrong with them.
struct Changes<'spec> {
    spec: &'spec Spec,
    problems: Vec<Problem>,
    args: Map<String, Value>,
    agents: BTreeMap<u32, Map<String, Value>>,
}

impl Changes<'_> {
    fn report(&mut self, place: &str, found: impl AsRef<str>, expected: &str) {
        self.problems.push(Problem::new(place, found, expected));
    }

    /// `SECTION.FIELD=VALUE`, or `agent_configs.AGENT.FIELD=VALUE`.
    fn read_assignment(&mut self, assignment: &str) {
        let place = "--set";
        let Some((path, value)) = assignment.split_once('=') else {
            return self.report(place, format!("{assignment:?}"), "FIELD=VALUE");
        };
        let place = format!("--set {path}");
        let Some((section, rest)) = path.split_once('.') else {
            let expected = "a section and a field, e.g. time_config.peak_activity_multiplier";
            return self.report(&place, format!("{path:?}"), expected);
        };
        let section = match find_section(section) {
            Ok(section) => section,
            Err(expected) => return self.report(&place, "an unknown section", &expected),
        };
        let (agent, field) = match section {
            "agent_configs" => match rest.rsplit_once('.') {
                Some((agent, field)) => (self.find_agent(&place, agent), field),
                None => {
                    let expected = "an agent and a field, e.g. agent_configs.3.stance";
                    return self.report(&place, format!("{rest:?}"), expected);
                }
            },
            _ => (None, rest),
        };
        match find(section, field) {
            Ok((_, kind)) => self.set(&place, section, agent, field, &kind.from_text(value)),
            Err((found, expected)) => self.report(&place, found, &expected),
        }
    }

    /// A part of a configuration.
    fn read_file(&mut self, document: &str, text: &str) {
        let value: Value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(error) => return self.report(document, error.to_string(), "a JSON object"),
        };
        let door = Door::new(document);
        if let Some(root) = door.root(&value) {
            root.refuse_unknown(&[&["seed"][..], &SECTIONS].concat());
            if let Some(seed) = root.integer("seed", 0..=MAX_SAFE_INTEGER) {
                self.args.insert("seed".to_owned(), seed.into());
            }
            for section in SECTIONS.into_iter().filter(|section| *section != "agent_configs") {
                if let Some(object) = root.object(section) {
                    self.read_section(document, section, None, &object, &value);
                }
            }
            for (pointer, agent) in root.list("agent_configs") {
                let Some(object) = door.object(agent, pointer.clone()) else { continue };
                let id = self.read_agent(&format!("{document} {pointer}"), &object);
                self.read_section(document, "agent_configs", id, &object, &value);
            }
        }
        if let Err(problems) = door.close(Some(())) {
            self.problems.extend_from_slice(problems.as_slice());
        }
    }

    fn read_section(
        &mut self,
        document: &str,
        section: &'static str,
        agent: Option<u32>,
        object: &Object<'_>,
        whole: &Value,
    ) {
        for key in object.unknown(&[]) {
            // Who it is about, not what changes.
            if section == "agent_configs" && ["agent_id", "entity_name"].contains(&key) {
                continue;
            }
            let pointer = object.pointer(key);
            if let Some(value) = whole.pointer(&pointer) {
                self.set(&format!("{document} {pointer}"), section, agent, key, value);
            }
        }
    }

    /// The agent of an entry: by its number, or else its name.
    fn read_agent(&mut self, place: &str, agent: &Object<'_>) -> Option<u32> {
        let id = agent.get("agent_id").and_then(integer).and_then(|id| u32::try_from(id).ok());
        if let Some(id) = id {
            return match check_number(self.spec, id) {
                Ok(()) => Some(id),
                Err(expected) => {
                    self.report(place, format!("agent_id {id}"), &expected);
                    None
                }
            };
        }
        match agent.get("entity_name").and_then(Value::as_str) {
            Some(name) => self.find_agent(place, name),
            None => {
                self.report(place, "no agent", "an agent_id, or an entity_name");
                None
            }
        }
    }

    fn find_agent(&mut self, place: &str, agent: &str) -> Option<u32> {
        match find_agent(self.spec, agent) {
            Ok(id) => Some(id),
            Err(why) => {
                self.report(place, format!("{agent:?}"), &format!("one of its agents: {why}"));
                None
            }
        }
    }

    fn set(
        &mut self,
        place: &str,
        section: &'static str,
        agent: Option<u32>,
        field: &str,
        value: &Value,
    ) {
        let found = find(section, field).and_then(|(to, kind)| Ok((to, kind.convert(value)?)));
        let (to, value) = match found {
            Ok(found) => found,
            Err((found, expected)) => return self.report(place, found, &expected),
        };
        let object = match (section, agent) {
            ("event_config", _) => &mut self.args,
            ("agent_configs", Some(agent)) => self.agents.entry(agent).or_default(),
            // Who it is about has been reported.
            ("agent_configs", None) => return,
            (section, _) => {
                let name = section.trim_end_matches("_config").to_owned();
                let inner = self.args.entry(name).or_insert_with(|| Value::Object(Map::new()));
                inner.as_object_mut().expect("made one line above, or by another field")
            }
        };
        object.insert(to.to_owned(), value);
    }

    /// The change, if nothing is wrong.
    fn close(mut self) -> Result<Box<Configure>, Problems> {
        let agents = std::mem::take(&mut self.agents).into_iter().map(|(agent_id, mut agent)| {
            agent.insert("agent_id".to_owned(), agent_id.into());
            agent
        });
        let agents: Vec<_> = agents.collect();
        if !agents.is_empty() {
            self.args.insert("agents".to_owned(), json!(agents));
        }
        if !self.problems.is_empty() {
            return Problems::none_or(self.problems, None);
        }
        let (door, args) = (Door::new(""), Value::Object(self.args));
        let request = door.root(&args).and_then(|args| Request::read(Verb::Configure, &args));
        door.close(request.and_then(|request| match request {
            Request::Configure(change) => Some(change),
            _ => None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::spec::Stance;

    fn spec() -> Spec {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/lantern-pier");
        intake::read_folder(&folder, &intake::Limits::default()).unwrap().spec
    }

    fn read(file: Option<&str>, set: &[&str]) -> Result<Configure, String> {
        let mut spec = spec();
        spec.agents[5].name = "Quentin X. Lander".to_owned();
        let set: Vec<String> = set.iter().map(|assignment| (*assignment).to_owned()).collect();
        let file = file.map(|text| (Path::new("part.json"), text));
        let wanted = Wanted { pace: None, budget: None, seed: None, file, set: &set };
        wanted.read(&spec).map(|change| *change).map_err(|problems| problems.to_string())
    }

    #[test]
    fn fields_are_set_in_the_words_of_a_configuration() {
        let assignments = [
            "time_config.peak_activity_multiplier=2.5",
            "time_config.peak_hours=21, 19,20",
            "twitter_config.echo_chamber_strength=0.05",
            "event_config.hot_topics=the storm, pier 9",
            "event_config.narrative_direction=It ends = well",
            "agents.3.stance=opposing",
            "agent_configs.Quentin X. Lander.sentiment_bias=-0.5",
        ];
        let change = read(None, &assignments).unwrap();
        let time = change.time.unwrap();
        assert_eq!(time.peak_ppm, Some(2_500_000));
        assert_eq!(time.peak_hours.unwrap().as_slice(), [19, 20, 21]);
        assert_eq!(change.twitter.unwrap().echo_chamber_ppm, Some(50_000));
        assert_eq!(change.hot_topics.unwrap(), ["the storm", "pier 9"]);
        assert_eq!(change.narrative_direction.as_deref(), Some("It ends = well"));
        assert_eq!(
            (change.agents[0].agent_id, change.agents[0].stance),
            (3, Some(Stance::Opposing))
        );
        assert_eq!(change.agents[1].agent_id, 5);
        assert_eq!(change.agents[1].sentiment_ppm, Some(-500_000));
    }

    #[test]
    fn a_file_is_a_part_of_a_configuration_and_what_is_set_wins() {
        let file = r#"{"seed": 9, "time_config": {"agents_per_hour_max": 9, "work_hours": [9, 10]},
            "agent_configs": [{"agent_id": 2, "posts_per_hour": 1.5},
                {"entity_name": "Quentin X. Lander", "stance": "neutral"}]}"#;
        let change = read(Some(file), &["time.agents_per_hour_max=12"]).unwrap();
        assert_eq!(change.seed, Some(9));
        let time = change.time.unwrap();
        assert_eq!(time.agents_per_hour_max, Some(12));
        assert_eq!(time.work_hours.unwrap().as_slice(), [9, 10]);
        assert_eq!(change.agents[0].posts_per_hour_ppm, Some(1_500_000));
        assert_eq!(
            (change.agents[1].agent_id, change.agents[1].stance),
            (5, Some(Stance::Neutral))
        );
    }

    #[test]
    fn caps_are_changed_beside_fields() {
        let budget = Budget { cost_micros: Some(5_000_000), ..Budget::default() };
        let spec = spec();
        let wanted =
            Wanted { pace: Some(0), budget: Some(budget), seed: None, file: None, set: &[] };
        let change = wanted.read(&spec).unwrap();
        assert_eq!((change.budget, change.pace_milli), (Some(budget), Some(0)));
        assert_eq!(told::changes(&change), ["budget.cost_micros = 5000000", "pace_milli = 0"]);
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let file = r#"{"seed": -1, "time_confg": {}, "reddit_config": {"viral_threshold": -1},
            "agent_configs": [{"stance": "neutral"}]}"#;
        let assignments = [
            "pace",
            "time_config.total_simulation_hours=9",
            "time_config.peak_activity_multiplyer=1",
            "twiter_config.recency_weight=1",
            "agent_configs.3.stance=cross",
            "agent_configs.Nobody Ever.stance=neutral",
            "time_config.peak_hours=19,24",
        ];
        assert_eq!(
            read(Some(file), &assignments).unwrap_err(),
            "part.json /reddit_config/viral_threshold: found -1, expected a whole number from 0 to \
             4294967295\n\
             part.json /agent_configs/0: found no agent, expected an agent_id, or an entity_name\n\
             part.json /time_confg: found an unknown field, expected \"time_config\" (did you mean \
             that?)\n\
             part.json /seed: found -1, expected a whole number from 0 to 9007199254740991\n\
             --set: found \"pace\", expected FIELD=VALUE\n\
             --set time_config.total_simulation_hours: found a field that has no effect on a run \
             that has begun: its clock and its rounds are fixed, expected a field that may change\n\
             --set time_config.peak_activity_multiplyer: found an unknown field, expected \
             \"peak_activity_multiplier\" (did you mean that?)\n\
             --set twiter_config.recency_weight: found an unknown section, expected \
             \"twitter_config\" (did you mean that?)\n\
             --set agent_configs.3.stance: found the text \"cross\", expected supportive, opposing, \
             neutral or observer\n\
             --set agent_configs.Nobody Ever.stance: found \"Nobody Ever\", expected one of its \
             agents: there is no agent \"Nobody Ever\": there are 32 agents, with numbers from 0 \
             (`shoal agents RUN` lists them)\n\
             --set time_config.peak_hours: found [19,24], expected hours of the day, 0 to 23"
        );
        assert!(read(None, &[]).unwrap_err().contains("nothing to change"));
        let file = r#"{"agent_configs": [{"agent_id": 999, "stance": "neutral"}]}"#;
        let error = read(Some(file), &["agents.998.stance=neutral", "bogus.x=1"]).unwrap_err();
        let places: Vec<&str> = error.lines().map(|line| line.split(':').next().unwrap()).collect();
        let expected = ["part.json /agent_configs/0", "--set agents.998.stance", "--set bogus.x"];
        assert_eq!(places, expected, "{error}");
    }
}
