//! `POST /api/simulation/start`: starts a run, or names the one that is there.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use contract::MAX_SAFE_INTEGER;
use contract::door::{Object, describe};
use contract::id::{CommandId, InvalidId, SimulationId};
use contract::manner::Manner;
use contract::options::RequestedOptions;
use contract::problem::{Problem, Problems};
use contract::subject::Platform;
use serde::Serialize;

use crate::create::{Order, Started};
use crate::http::App;
use crate::http::control::read_key;
use crate::http::envelope::{Fields, Posted, success};
use crate::http::error::HttpError;
use crate::http::status::View;
use crate::queued::check_memory_names;
use crate::refusal::Refusal;

/// The fields of the request: the original's, then ours.
const FIELDS: [&str; 16] = [
    "simulation_id",
    "platform",
    "max_rounds",
    "enable_graph_memory_update",
    "force",
    "seed",
    "pace",
    "memory",
    "sources",
    "time_limit_seconds",
    "llm",
    "budget",
    "new_run",
    "beside",
    "idempotency_key",
    "labels",
];

/// The fastest pace that can be asked for, in millionths of a round per second.
const MAX_PACE: i64 = 1_000_000 * 1_000_000;

/// Answers with the run's status, and how it came about.
pub(super) async fn start(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Posted(mut fields): Posted<StartFields>,
) -> Result<Response, HttpError> {
    take_key(&headers, &mut fields.manner.idempotency_key).map_err(Refusal::Invalid)?;
    let (spec, notes) = app.simulations.spec_of(&fields.simulation).await?;
    let max_rounds_applied = fields.requested.max_rounds.is_some();
    let order = Order { spec, requested: fields.requested, manner: fields.manner, pace: app.pace };
    let Started { run, created } = app.creator.start(&order).await?;
    if fields.is_page {
        app.besides.opened(&run.run_id);
    }
    Ok(success(&StartView {
        status: View::new(&run, app.besides.of(&run).await?),
        created,
        force_restarted: false,
        graph_memory_update_enabled: !run.memory.is_empty(),
        graph_id: run.memory.first().map(|memory| memory.graph_id.as_str()),
        max_rounds_applied: max_rounds_applied.then_some(run.options.rounds),
        notes,
    }))
}

/// The request, read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StartFields {
    pub(super) simulation: SimulationId,
    pub(super) requested: RequestedOptions,
    pub(super) manner: Manner,
    /// The original's page asks with `force`, each time that it is opened.
    is_page: bool,
}

impl Fields for StartFields {
    fn read(object: &Object<'_>) -> Option<StartFields> {
        object.refuse_unknown(&FIELDS);
        object.require("simulation_id", "the id of a simulation");
        let simulation = object.parsed("simulation_id", |text| {
            text.parse().map_err(|error: InvalidId| error.expected().to_owned())
        });
        let platforms = object.parsed("platform", read_platform).flatten();
        let to_u32 = |number: u64| u32::try_from(number).ok();
        let max_rounds = object.integer("max_rounds", 1..=u64::from(u32::MAX)).and_then(to_u32);
        let seed = object.integer("seed", 0..=MAX_SAFE_INTEGER);
        // Accepted and without effect: a page that is opened again restarts nothing.
        let is_page = object.boolean("force").unwrap_or(false);
        let requested = RequestedOptions {
            platforms,
            max_rounds,
            seed,
            pace_milli: read_pace(object),
            memory: read_memory(object),
            sources: RequestedOptions::read_sources(object),
            time_limit_seconds: RequestedOptions::read_time_limit(object),
            llm: RequestedOptions::read_llm(object),
            budget: RequestedOptions::read_budget(object),
        };
        let manner = Manner::read(object);
        Some(StartFields { simulation: simulation?, requested, manner, is_page })
    }
}

/// A key in the header `Idempotency-Key` is as good as one in the body.
fn take_key(headers: &HeaderMap, key: &mut Option<CommandId>) -> Result<(), Problems> {
    let Some(given) = read_key(headers)? else { return Ok(()) };
    match key.replace(given.clone()) {
        Some(other) if other != given => {
            let expected = format!("{:?}, as in the body, or one of them alone", other.as_str());
            let found = format!("{:?}", given.as_str());
            Err(Problem::new("idempotency-key", found, &expected).into())
        }
        _ => Ok(()),
    }
}

/// `parallel` is every world that the spec has, which is also what one gets without asking.
fn read_platform(text: &str) -> Result<Option<Vec<Platform>>, String> {
    match text {
        "parallel" => Ok(None),
        _ => match text.parse() {
            Ok(platform) => Ok(Some(vec![platform])),
            Err(_) => Err("twitter, reddit or parallel".to_owned()),
        },
    }
}

/// Rounds per second, as thousandths.
fn read_pace(object: &Object<'_>) -> Option<u32> {
    let millionths = object.millionths("pace", 0..=MAX_PACE)?;
    if (1..1000).contains(&millionths) {
        // Cut to thousandths it would be 0, which is as fast as possible.
        object.report("pace", "less than 0.001", "0 (as fast as possible), or at least 0.001");
    }
    u32::try_from(millionths / 1000).ok()
}

/// The names of memories; `enable_graph_memory_update: false` is the empty list, true is the
/// operator's default unless there are names.
fn read_memory(object: &Object<'_>) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for (_, value) in object.list("memory") {
        match value.as_str() {
            Some(name) => names.push(name.to_owned()),
            None => object.report("memory", describe(value), "a list of names"),
        }
    }
    for problem in check_memory_names("memory", &names) {
        object.report("memory", problem.found, &problem.expected);
    }
    let named = object.get("memory").map(|_| names);
    match (object.boolean("enable_graph_memory_update"), named) {
        (Some(false), None) => Some(Vec::new()),
        (Some(enabled), Some(names)) if enabled == names.is_empty() => {
            let found = format!("{enabled} with {} in memory", names.len());
            let expected = "the two to agree, or one of them alone";
            object.report("enable_graph_memory_update", found, expected);
            Some(names)
        }
        (_, named) => named,
    }
}

/// The original's answer to a start, with `created`, `run_id` and the notes of the intake.
#[derive(Serialize)]
struct StartView<'a> {
    #[serde(flatten)]
    status: View<'a>,
    created: bool,
    force_restarted: bool,
    graph_memory_update_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    graph_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_rounds_applied: Option<u32>,
    notes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::door::Door;
    use contract::llm::{Budget, LlmOptions, ROUND_SECONDS};
    use serde_json::{Value, json};

    fn read(mut body: Value) -> Result<RequestedOptions, String> {
        body["simulation_id"] = json!("market");
        let door = Door::new("");
        let fields = door.root(&body).and_then(|root| StartFields::read(&root));
        door.close(fields).map(|fields| fields.requested).map_err(|problems| problems.to_string())
    }

    #[test]
    fn the_originals_words_become_options() {
        let usual = RequestedOptions::default();
        let page =
            json!({"platform": "parallel", "force": true, "enable_graph_memory_update": true});
        assert_eq!(read(page), Ok(usual.clone()));
        assert_eq!(read(json!({"platform": null, "max_rounds": null})), Ok(usual.clone()));
        let rules = vec!["reddit:1,2=main/m".parse().unwrap()];
        let reddit = RequestedOptions {
            platforms: Some(vec![Platform::Reddit]),
            max_rounds: Some(40),
            seed: Some(9),
            pace_milli: Some(2500),
            memory: Some(vec!["zep".to_owned()]),
            sources: None,
            time_limit_seconds: Some(90),
            budget: Some(Budget { tokens: Some(9), ..Budget::default() }),
            llm: Some(LlmOptions { rules, decision_seconds: 20, round_seconds: ROUND_SECONDS }),
        };
        let body = json!({"platform": "reddit", "max_rounds": 40, "seed": 9, "pace": 2.5, "memory": ["zep"],
            "time_limit_seconds": 90, "budget": {"tokens": 9}, "llm": {"decision_seconds": 20,
            "rules": [{"endpoint": "main", "model": "m", "platform": "reddit", "agents": [1, 2]}]}});
        assert_eq!(read(body), Ok(reddit));
        let without = RequestedOptions { memory: Some(Vec::new()), ..usual };
        assert_eq!(read(json!({"enable_graph_memory_update": false})), Ok(without.clone()));
        assert_eq!(read(json!({"memory": []})), Ok(without));
    }

    #[test]
    fn every_wrong_field_is_named() {
        assert_eq!(
            read(json!({"platform": 1, "max_rounds": "10", "enable_graph_memory_update": false,
                "force": 1, "seed": -1, "pace": 0.0001, "memory": ["zep", 4], "new_run": 0,
                "llm": {"rules": [{"endpoint": "https://models.example"}]}, "budget": {"money": 1}}))
            .unwrap_err(),
            "/platform: found 1, expected a text\n\
             /max_rounds: found the text \"10\", expected a whole number from 1 to 4294967295\n\
             /seed: found -1, expected a whole number from 0 to 9007199254740991\n\
             /force: found 1, expected true or false\n\
             /pace: found less than 0.001, expected 0 (as fast as possible), or at least 0.001\n\
             /memory: found 4, expected a list of names\n\
             /enable_graph_memory_update: found false with 1 in memory, expected the two to \
             agree, or one of them alone\n\
             /llm/rules/0/endpoint: found \"https://models.example\", expected 1 to 32 of a-z, \
             0-9, _ and -, beginning with a letter or digit\n\
             /budget/money: found an unknown field, expected one of requests, tokens, cost_micros, \
             wall_seconds\n\
             /budget: found no cap, expected one of requests, tokens, cost_micros, wall_seconds\n\
             /new_run: found 0, expected true or false"
        );
    }
}
