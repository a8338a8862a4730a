//! Which agents decide by asking a language model, which one, and what that may cost.
//!
//! Endpoints are the operator's: a request names them, and says nothing of where they are or what
//! they are paid with.

mod known;
mod word;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::MAX_SAFE_INTEGER;
use crate::door::{Object, describe};
use crate::id::{NAME_RULE, is_name};
use crate::problem::Problem;
use crate::spec::{AgentSpec, Spec};
use crate::subject::Platform;

/// The name that stands for no endpoint: the world decides itself.
pub const BUILTIN: &str = "builtin";

/// The most rules of one run.
pub const MAX_RULES: usize = 64;

/// The most agents of a world that may decide by a language model: the record of a tick, which is one
/// message, names those that did not.
pub const MAX_LLM_AGENTS: usize = 5_000;

/// The longest name of a model, in bytes.
pub const MAX_MODEL_BYTES: usize = 200;

/// Seconds for one decision, where nothing is said.
pub const DECISION_SECONDS: u32 = 60;

/// Seconds for all decisions of a round, where nothing is said.
pub const ROUND_SECONDS: u32 = 300;

/// Who decides by asking a language model, and how long that may take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LlmOptions {
    /// Of those that fit an agent the last one counts; an agent that none fits is `builtin`.
    pub rules: Vec<LlmRule>,
    /// Seconds from when an agent's first request is sent, after which it is undecided.
    pub decision_seconds: u32,
    /// Seconds from the first request of a round, after which all who have not decided are
    /// undecided.
    pub round_seconds: u32,
}

/// Agents, and the endpoint that decides for them. What is absent or empty narrows nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LlmRule {
    /// The operator's name of an endpoint, or [`BUILTIN`].
    pub endpoint: String,
    /// One of the endpoint's models; absent: its first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Only in this world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// Only agents of these types.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entity_types: Vec<String>,
    /// Only these agents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<u32>,
}

/// What a run may cost, over all its worlds; what is absent is not limited. At a cap it pauses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// Tokens, both ways.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Millionths of the currency that the operator's prices are in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_micros: Option<u64>,
    /// Seconds of wall clock from its round 0 on, pauses excluded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall_seconds: Option<u64>,
}

impl LlmRule {
    /// Whether it speaks of an agent of the world.
    pub fn fits(&self, platform: Platform, agent: &AgentSpec) -> bool {
        self.platform.is_none_or(|only| only == platform)
            && (self.entity_types.is_empty() || self.entity_types.contains(&agent.entity_type))
            && (self.agents.is_empty() || self.agents.contains(&agent.agent_id))
    }

    fn read(rule: &Object<'_>) -> Option<LlmRule> {
        rule.refuse_unknown(&["endpoint", "model", "platform", "entity_types", "agents"]);
        rule.require("endpoint", "the name of an endpoint, or builtin");
        let endpoint = rule.parsed("endpoint", |name| match is_name(name) {
            true => Ok(name.to_owned()),
            false => Err(NAME_RULE.to_owned()),
        });
        let platform = crate::command::read_platform(rule);
        let entity_types = texts(rule, "entity_types");
        let model = rule.parsed("model", |text| match is_model(text) {
            true => Ok(text.to_owned()),
            false => Err(format!("1 to {MAX_MODEL_BYTES} bytes, the name of a model")),
        });
        let agents = ids(rule, "agents");
        Some(LlmRule { endpoint: endpoint?, model, platform, entity_types, agents })
    }
}

impl LlmOptions {
    /// Reads them at a door, reporting all that is wrong.
    pub(crate) fn read(object: &Object<'_>) -> Option<LlmOptions> {
        object.refuse_unknown(&["rules", "decision_seconds", "round_seconds"]);
        object.require("rules", "a list of rules, which agents have which endpoint");
        let elements = object.list("rules");
        let is_list = object.get("rules").is_some_and(Value::is_array);
        if is_list && !(1..=MAX_RULES).contains(&elements.len()) {
            let found = format!("{} rules", elements.len());
            object.report("rules", found, &format!("1 to {MAX_RULES}"));
        }
        let read = |(pointer, value)| LlmRule::read(&object.door().object(value, pointer)?);
        let rules: Vec<Option<LlmRule>> = elements.into_iter().map(read).collect();
        let seconds = |key, usual| object.u32(key, 1..=86_400).unwrap_or(usual);
        Some(LlmOptions {
            decision_seconds: seconds("decision_seconds", DECISION_SECONDS),
            round_seconds: seconds("round_seconds", ROUND_SECONDS),
            rules: rules.into_iter().collect::<Option<_>>()?,
        })
    }

    /// The rule that counts for an agent of the world; `None`: the world decides itself.
    pub fn of(&self, platform: Platform, agent: &AgentSpec) -> Option<&LlmRule> {
        let rule = self.rules.iter().rev().find(|rule| rule.fits(platform, agent));
        rule.filter(|rule| rule.endpoint != BUILTIN)
    }

    /// The names of the endpoints, each once.
    pub fn endpoints(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.rules.iter().map(|rule| &*rule.endpoint).collect();
        names.retain(|name| *name != BUILTIN);
        names.sort_unstable();
        names.dedup();
        names
    }

    /// What of them does not fit `spec`; `at` is where they stand.
    pub(crate) fn problems(&self, spec: &Spec, at: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        let last = spec.agents.len().saturating_sub(1);
        for (index, rule) in self.rules.iter().enumerate() {
            let at = |field: &str| format!("{at}/rules/{index}/{field}");
            if let Some(id) = rule.agents.iter().find(|id| **id as usize > last) {
                let expected = format!("agents that there are, 0 to {last}");
                problems.push(Problem::new(at("agents"), format!("agent {id}"), &expected));
            }
            let is_unknown = |kind: &&String| spec.agents.iter().all(|it| it.entity_type != **kind);
            if let Some(kind) = rule.entity_types.iter().find(is_unknown) {
                let found = format!("{kind:?}, which no agent is");
                problems.push(Problem::new(at("entity_types"), found, "types that agents have"));
            }
        }
        let decides =
            |platform| spec.agents.iter().filter(move |it| self.of(platform, it).is_some());
        let most = spec.platforms().into_iter().map(|it| decides(it).count()).max().unwrap_or(0);
        if most > MAX_LLM_AGENTS {
            let expected = format!("at most {MAX_LLM_AGENTS} in a world");
            let found = format!("{most} agents that ask a language model");
            problems.push(Problem::new(format!("{at}/rules"), found, &expected));
        }
        problems
    }
}

impl Budget {
    const FIELDS: [&'static str; 4] = ["requests", "tokens", "cost_micros", "wall_seconds"];

    /// Reads it at a door, reporting all that is wrong.
    pub(crate) fn read(object: &Object<'_>) -> Budget {
        object.refuse_unknown(&Budget::FIELDS);
        if Budget::FIELDS.iter().all(|field| object.get(field).is_none()) {
            object.report_whole("no cap", &format!("one of {}", Budget::FIELDS.join(", ")));
        }
        let cap = |key| object.integer(key, 0..=MAX_SAFE_INTEGER);
        Budget {
            requests: cap("requests"),
            tokens: cap("tokens"),
            cost_micros: cap("cost_micros"),
            wall_seconds: cap("wall_seconds"),
        }
    }

    /// With the caps of `change` in the place of its own, where that has any.
    #[must_use]
    pub fn with(&self, change: &Budget) -> Budget {
        Budget {
            requests: change.requests.or(self.requests),
            tokens: change.tokens.or(self.tokens),
            cost_micros: change.cost_micros.or(self.cost_micros),
            wall_seconds: change.wall_seconds.or(self.wall_seconds),
        }
    }

    /// True if it limits nothing.
    pub fn is_unlimited(&self) -> bool {
        *self == Budget::default()
    }
}

fn is_model(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= MAX_MODEL_BYTES
}

fn texts(object: &Object<'_>, key: &str) -> Vec<String> {
    let text = |value: &Value| match value.as_str() {
        Some(text) => Some(text.to_owned()),
        None => {
            object.report(key, describe(value), "a list of texts");
            None
        }
    };
    object.list(key).into_iter().filter_map(|(_, value)| text(value)).collect()
}

fn ids(object: &Object<'_>, key: &str) -> Vec<u32> {
    let id = |value: &Value| {
        let id = crate::door::integer(value).and_then(|id| u32::try_from(id).ok());
        if id.is_none() {
            object.report(key, describe(value), "a list of ids of agents");
        }
        id
    };
    object.list(key).into_iter().filter_map(|(_, value)| id(value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::Door;
    use crate::options::RequestedOptions;
    use crate::spec::check::tests::sound;
    use serde_json::json;

    fn read(options: &Value) -> Result<RequestedOptions, String> {
        let door = Door::new("");
        let options = door.root(options).map(|root| RequestedOptions::read(&root));
        door.close(options).map_err(|problems| problems.to_string())
    }

    fn llm(rules: &[&str]) -> LlmOptions {
        let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
        LlmOptions { rules, decision_seconds: DECISION_SECONDS, round_seconds: ROUND_SECONDS }
    }

    #[test]
    fn what_is_not_said_is_as_usual() {
        let options = read(&json!({"llm": {"rules": [{"endpoint": "main"}]}})).unwrap();
        assert_eq!(options.llm, Some(llm(&["main"])));
        assert_eq!(options.budget, None);
        let written = serde_json::to_value(&options).unwrap();
        assert_eq!(read(&written).unwrap(), options, "what is written is read");
    }

    #[test]
    fn every_problem_of_every_rule_and_cap_is_named() {
        let options = json!({
            "llm": {
                "rules": [
                    {"endpoint": "Main", "model": " ", "platform": "myspace", "url": "x"},
                    {"entity_types": "Student", "agents": [1, -1, "ada"]},
                    7
                ],
                "decision_seconds": 0,
                "round_seconds": 86_401,
                "timeout": 3
            },
            "budget": {"requests": -1, "tokens": 1.5, "cost": 2, "wall_seconds": "1h"}
        });
        assert_eq!(
            read(&options).unwrap_err(),
            "/llm/timeout: found an unknown field, expected one of rules, decision_seconds, \
             round_seconds\n\
             /llm/rules/0/url: found an unknown field, expected one of endpoint, model, platform, \
             entity_types, agents\n\
             /llm/rules/0/endpoint: found \"Main\", expected 1 to 32 of a-z, 0-9, _ and -, \
             beginning with a letter or digit\n\
             /llm/rules/0/platform: found \"myspace\", expected twitter or reddit\n\
             /llm/rules/0/model: found \" \", expected 1 to 200 bytes, the name of a model\n\
             /llm/rules/1/endpoint: found nothing, expected the name of an endpoint, or builtin\n\
             /llm/rules/1/entity_types: found the text \"Student\", expected a list\n\
             /llm/rules/1/agents: found -1, expected a list of ids of agents\n\
             /llm/rules/1/agents: found the text \"ada\", expected a list of ids of agents\n\
             /llm/rules/2: found 7, expected an object\n\
             /llm/decision_seconds: found 0, expected a whole number from 1 to 86400\n\
             /llm/round_seconds: found 86401, expected a whole number from 1 to 86400\n\
             /budget/cost: found an unknown field, expected one of requests, tokens, cost_micros, \
             wall_seconds\n\
             /budget/requests: found -1, expected a whole number from 0 to 9007199254740991\n\
             /budget/tokens: found 1.5, expected a whole number from 0 to 9007199254740991\n\
             /budget/wall_seconds: found the text \"1h\", expected a whole number from 0 to \
             9007199254740991"
        );
    }

    #[test]
    fn there_are_rules_and_caps_or_none_of_either_are_spoken_of() {
        let error = read(&json!({"llm": {"rules": []}, "budget": {}})).unwrap_err();
        assert_eq!(
            error,
            "/llm/rules: found 0 rules, expected 1 to 64\n\
             /budget: found no cap, expected one of requests, tokens, cost_micros, wall_seconds"
        );
        let many = vec![json!({"endpoint": "main"}); MAX_RULES + 1];
        let error = read(&json!({"llm": {"rules": many}})).unwrap_err();
        assert_eq!(error, "/llm/rules: found 65 rules, expected 1 to 64");
        assert_eq!(
            read(&json!({"llm": {}})).unwrap_err(),
            "/llm/rules: found nothing, expected a list of rules, which agents have which endpoint"
        );
    }

    #[test]
    fn of_the_rules_that_fit_an_agent_the_last_one_counts() {
        let mut spec = sound();
        spec.agents[1].entity_type = "Student".to_owned();
        let llm = llm(&["main", "reddit=boost", ":Student=small", "twitter:0=builtin"]);
        let of = |platform, agent: usize| {
            llm.of(platform, &spec.agents[agent]).map(|rule| rule.endpoint.as_str())
        };
        let table = [
            (Platform::Twitter, 0, None),
            (Platform::Reddit, 0, Some("boost")),
            (Platform::Twitter, 1, Some("small")),
            (Platform::Reddit, 1, Some("small")),
        ];
        for (platform, agent, endpoint) in table {
            assert_eq!(of(platform, agent), endpoint, "{platform} {agent}");
        }
        assert_eq!(llm.endpoints(), ["boost", "main", "small"]);
    }

    #[test]
    fn rules_speak_of_agents_that_there_are() {
        let spec = sound();
        let last = spec.agents.len() - 1;
        let words = |rules: &[&str]| -> Vec<String> {
            let problems = llm(rules).problems(&spec, "/options/llm");
            problems.iter().map(ToString::to_string).collect()
        };
        let kind = &spec.agents[0].entity_type;
        assert_eq!(words(&["main", ":0=boost", &format!(":{kind}=main")]), [""; 0]);
        assert_eq!(
            words(&["main", ":0,77=main", ":Ghost=main"]),
            [
                format!(
                    "/options/llm/rules/1/agents: found agent 77, expected agents that there \
                     are, 0 to {last}"
                ),
                "/options/llm/rules/2/entity_types: found \"Ghost\", which no agent is, expected \
                 types that agents have"
                    .to_owned(),
            ]
        );
    }

    #[test]
    fn only_so_many_agents_of_a_world_ask() {
        let mut spec = sound();
        let agent = spec.agents[0].clone();
        spec.agents = vec![agent; MAX_LLM_AGENTS + 1];
        let problems = |rules: &[&str]| llm(rules).problems(&spec, "/options/llm");
        let found = problems(&["main"]);
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].to_string(),
            "/options/llm/rules: found 5001 agents that ask a language model, expected at most \
             5000 in a world"
        );
        // A world's agents are counted once for each world that has them, not summed up.
        assert_eq!(problems(&["builtin", "twitter:1=main", "reddit:2=main"]), []);
    }

    #[test]
    fn caps_that_are_absent_stay() {
        let has = Budget { requests: Some(5), tokens: Some(7), ..Budget::default() };
        let change = Budget { requests: Some(9), cost_micros: Some(1), ..Budget::default() };
        let both =
            Budget { requests: Some(9), tokens: Some(7), cost_micros: Some(1), wall_seconds: None };
        assert_eq!(has.with(&change), both);
        assert!(Budget::default().is_unlimited() && !both.is_unlimited());
    }
}
