//! A simulation in the words of MiroFish's `state.json`, and `GET /api/simulation/{id}`.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use contract::id::{Digest, RunId, SimulationId};
use contract::status::{EnvStatus, RunStatus};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use export::run_state::{RunState, original_word};
use serde::Serialize;
use serde_json::json;

use crate::http::App;
use crate::http::envelope::success;
use crate::http::error::HttpError;
use crate::http::status::read_id;
use crate::simulations::{Simulation, Source};

/// Answers with what is known of a simulation; one that is ready says how it is started.
pub(super) async fn simulation(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    let name = read_id(path)?;
    let simulation = app.simulations.find(&name).await?;
    let state = View::new(&simulation);
    let run_instructions = (state.status == READY).then(|| Instructions::new(&simulation));
    Ok(success(&Ready { state, run_instructions }))
}

/// The word for a simulation that has its files and no run.
pub(super) const READY: &str = "ready";

/// The original's 17 fields, then ours.
#[derive(Debug, Serialize)]
pub(super) struct View<'a> {
    simulation_id: &'a SimulationId,
    project_id: &'a str,
    graph_id: &'a str,
    enable_twitter: bool,
    enable_reddit: bool,
    pub(super) status: &'static str,
    entities_count: usize,
    profiles_count: usize,
    entity_types: &'a [String],
    config_generated: bool,
    config_reasoning: &'static str,
    current_round: u32,
    twitter_status: &'static str,
    reddit_status: &'static str,
    created_at: Timestamp,
    updated_at: Timestamp,
    error: Option<&'a str>,
    name: &'a str,
    source: Option<Source>,
    spec_digest: Option<Digest>,
    run_id: Option<&'a RunId>,
}

impl<'a> View<'a> {
    pub(super) fn new(simulation: &'a Simulation) -> View<'a> {
        let Simulation { known, facts } = simulation;
        let run = known.run.as_deref();
        let facts = facts.as_deref();
        let agents = facts.map_or(0, |facts| facts.agents);
        let has = |platform| facts.is_ok_and(|facts| facts.platforms.contains(&platform));
        let state = run.map(|run| RunState::new(run, 0, |at| at));
        let run_error = state.as_ref().and_then(|state| state.error);
        View {
            simulation_id: &known.id,
            project_id: project_id(simulation),
            graph_id: graph_id(simulation),
            enable_twitter: has(Platform::Twitter),
            enable_reddit: has(Platform::Reddit),
            status: word(simulation),
            entities_count: agents,
            profiles_count: agents,
            entity_types: facts.map_or(&[], |facts| &facts.entity_types),
            config_generated: facts.is_ok(),
            config_reasoning: "",
            current_round: state.map_or(0, |state| state.current_round),
            twitter_status: world_word(run, Platform::Twitter),
            reddit_status: world_word(run, Platform::Reddit),
            created_at: known.created_at(),
            updated_at: known.updated_at(),
            error: run_error.or(facts.err().map(String::as_str)),
            name: known.name(),
            source: known.source(),
            spec_digest: facts.ok().map(|facts| facts.digest),
            run_id: run.map(|run| &run.run_id),
        }
    }
}

/// The project of a simulation; one that names none is a project of its own.
pub(super) fn project_id(simulation: &Simulation) -> &str {
    let named = simulation.facts.as_ref().ok().and_then(|facts| facts.project_id.as_deref());
    named.unwrap_or(simulation.known.id.as_str())
}

/// The graph in which its current run is remembered; before a first run, that in which it will be.
pub(super) fn graph_id(simulation: &Simulation) -> &str {
    let run = simulation.known.run.as_ref();
    let remembered = run.and_then(|run| run.memory.first()).map(|memory| memory.graph_id.as_str());
    let named = simulation.facts.as_ref().ok().and_then(|facts| facts.graph_id.as_deref());
    remembered.or(named).unwrap_or(simulation.known.id.as_str())
}

/// The original's word; never `created` or `preparing`, since what is here has been prepared.
fn word(simulation: &Simulation) -> &'static str {
    let status = simulation.known.run.as_ref().map(|run| run.status);
    match (status, &simulation.facts) {
        (None | Some(RunStatus::Deleted), Ok(_)) => READY,
        (None | Some(RunStatus::Deleted), Err(_)) => "failed",
        (Some(RunStatus::Queued | RunStatus::Starting | RunStatus::Running), _) => "running",
        (Some(RunStatus::Paused), _) => "paused",
        (Some(RunStatus::Stopped), _) => "stopped",
        (Some(RunStatus::Completed | RunStatus::Closed), _) => "completed",
        (Some(RunStatus::Failed), _) => "failed",
    }
}

/// Where one world is.
fn world_word(run: Option<&EnvStatus>, platform: Platform) -> &'static str {
    let world = run.and_then(|run| run.platform(platform));
    world.map_or("not_started", |world| original_word(world.status))
}

#[derive(Serialize)]
struct Ready<'a> {
    #[serde(flatten)]
    state: View<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_instructions: Option<Instructions>,
}

/// How a simulation is started. No path of this machine has a part in it.
#[derive(Debug, Serialize)]
struct Instructions {
    simulation_dir: Option<String>,
    scripts_dir: Option<String>,
    config_file: String,
    commands: Commands,
    instructions: String,
}

#[derive(Debug, Serialize)]
struct Commands {
    #[serde(skip_serializing_if = "Option::is_none")]
    twitter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reddit: Option<String>,
    parallel: String,
}

impl Instructions {
    fn new(simulation: &Simulation) -> Instructions {
        let id = &simulation.known.id;
        let platforms = simulation.facts.as_ref().map_or(&[][..], |facts| &facts.platforms);
        let command = |platform: Platform| {
            let is_there = platforms.contains(&platform);
            is_there.then(|| format!("shoal start {id} --platform {platform}"))
        };
        let body = json!({"simulation_id": id, "platform": "parallel"});
        Instructions {
            simulation_dir: None,
            scripts_dir: None,
            config_file: format!("/api/simulation/{id}/config/download"),
            commands: Commands {
                twitter: command(Platform::Twitter),
                reddit: command(Platform::Reddit),
                parallel: format!("shoal start {id}"),
            },
            instructions: format!(
                "POST {body} to /api/simulation/start; or, where Shoal's programs are, run one \
                 of the commands"
            ),
        }
    }
}

#[cfg(test)]
mod tests;
