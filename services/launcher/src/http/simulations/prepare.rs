//! `POST /api/simulation/create`, `/prepare` and `/prepare/status`: what MiroFish's page asks
//! before a simulation can be started. Whatever is here is prepared; nothing is generated.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use contract::door::Object;
use contract::id::{InvalidId, SimulationId};
use contract::problem::{Problem, shorten};
use contract::timestamp::Timestamp;
use serde::Serialize;

use super::project::newest_of;
use super::state::{READY, View};
use crate::http::App;
use crate::http::envelope::{Fields, Posted, success};
use crate::http::error::HttpError;
use crate::model::RunName;
use crate::refusal::Refusal;
use crate::simulations::Simulation;

/// How simulations come in, for who looks for one that is not here.
const WAY_IN: &str = "a project whose simulation is here; simulations come in prepared, by \
                      POST /api/simulation/upload, by a folder in the launcher's data directory, \
                      or by `shoal run FOLDER`";

/// Answers with the newest simulation of a project.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    Posted(CreateFields { project }): Posted<CreateFields>,
) -> Result<Response, HttpError> {
    match newest_of(&app, &project).await? {
        Some(simulation) => Ok(success(&View::new(&simulation))),
        None => {
            let found = format!("{:?}, of which nothing is here", shorten(&project, 80));
            let problem = Problem::new("/project_id", found, WAY_IN);
            Err(Refusal::Invalid(problem.into()).into())
        }
    }
}

pub(super) struct CreateFields {
    project: String,
}

impl Fields for CreateFields {
    fn read(object: &Object<'_>) -> Option<CreateFields> {
        object.refuse_unknown(&["project_id", "graph_id", "enable_twitter", "enable_reddit"]);
        object.require("project_id", "the id of a project");
        // What is there was made with its own.
        object.text("graph_id");
        object.boolean("enable_twitter");
        object.boolean("enable_reddit");
        Some(CreateFields { project: object.text("project_id")?.to_owned() })
    }
}

/// Answers that a simulation is prepared, if it is here.
pub(super) async fn prepare(
    State(app): State<Arc<App>>,
    Posted(PrepareFields { simulation }): Posted<PrepareFields>,
) -> Result<Response, HttpError> {
    let simulation = prepared(&app, simulation).await?;
    Ok(success(&Prepared {
        simulation_id: &simulation.known.id,
        status: READY,
        message: MESSAGE,
        already_prepared: true,
        prepare_info: Info::new(&simulation),
    }))
}

const MESSAGE: &str = "it is prepared, and nothing is generated anew";

pub(super) struct PrepareFields {
    simulation: SimulationId,
}

impl Fields for PrepareFields {
    fn read(object: &Object<'_>) -> Option<PrepareFields> {
        object.refuse_unknown(&[
            "simulation_id",
            "entity_types",
            "use_llm_for_profiles",
            "parallel_profile_count",
            "force_regenerate",
        ]);
        object.require("simulation_id", "the id of a simulation");
        let simulation = simulation_id(object);
        // How profiles would be generated is without effect where none are.
        object.list("entity_types");
        object.boolean("use_llm_for_profiles");
        object.integer("parallel_profile_count", 1..=1000);
        if object.boolean("force_regenerate") == Some(true) {
            let expected = "false: nothing is generated here; upload other files instead";
            object.report("force_regenerate", "true", expected);
        }
        Some(PrepareFields { simulation: simulation? })
    }
}

/// Answers that a simulation is prepared, to who asks how far that is.
pub(super) async fn status(
    State(app): State<Arc<App>>,
    Posted(asked): Posted<StatusFields>,
) -> Result<Response, HttpError> {
    let simulation = match asked {
        StatusFields::Simulation(simulation) => prepared(&app, simulation).await?,
        StatusFields::Task(task) => {
            let text = format!(
                "unknown task {:?}: nothing is generated here, so there are no tasks; ask with \
                 a simulation_id",
                shorten(&task, 80)
            );
            return Err(Refusal::Unknown(text).into());
        }
    };
    Ok(success(&Status {
        simulation_id: &simulation.known.id,
        status: READY,
        progress: 100,
        message: MESSAGE,
        already_prepared: true,
        prepare_info: Info::new(&simulation),
    }))
}

pub(super) enum StatusFields {
    Simulation(SimulationId),
    Task(String),
}

impl Fields for StatusFields {
    fn read(object: &Object<'_>) -> Option<StatusFields> {
        object.refuse_unknown(&["simulation_id", "task_id"]);
        let task = object.text("task_id").map(str::to_owned);
        if object.get("simulation_id").is_some() {
            return simulation_id(object).map(StatusFields::Simulation);
        }
        if task.is_none() && object.get("task_id").is_none() {
            object.require("simulation_id", "the id of a simulation");
        }
        task.map(StatusFields::Task)
    }
}

fn simulation_id(object: &Object<'_>) -> Option<SimulationId> {
    object.parsed("simulation_id", |text| {
        text.parse().map_err(|error: InvalidId| error.expected().to_owned())
    })
}

/// A simulation whose files are right.
async fn prepared(app: &App, id: SimulationId) -> Result<Simulation, Refusal> {
    let simulation = app.simulations.find(&RunName::CurrentOf(id.clone())).await?;
    match &simulation.facts {
        Ok(_) => Ok(simulation),
        // The same as a start would be told.
        Err(why) => match app.simulations.spec_of(&id).await {
            Ok(_) => Err(Refusal::Unavailable(format!("it changes at this moment: {why}"))),
            Err(refusal) => Err(refusal),
        },
    }
}

#[derive(Serialize)]
struct Prepared<'a> {
    simulation_id: &'a SimulationId,
    status: &'static str,
    message: &'static str,
    already_prepared: bool,
    prepare_info: Info<'a>,
}

#[derive(Serialize)]
struct Status<'a> {
    simulation_id: &'a SimulationId,
    status: &'static str,
    progress: u32,
    message: &'static str,
    already_prepared: bool,
    prepare_info: Info<'a>,
}

/// What the original says of a simulation that is prepared.
#[derive(Serialize)]
struct Info<'a> {
    status: &'static str,
    entities_count: usize,
    profiles_count: usize,
    entity_types: &'a [String],
    config_generated: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    existing_files: Vec<&'a str>,
}

impl<'a> Info<'a> {
    fn new(simulation: &'a Simulation) -> Info<'a> {
        let Simulation { known, facts } = simulation;
        let agents = facts.as_ref().map_or(0, |facts| facts.agents);
        Info {
            status: READY,
            entities_count: agents,
            profiles_count: agents,
            entity_types: facts.as_ref().map_or(&[], |facts| &facts.entity_types),
            config_generated: facts.is_ok(),
            created_at: known.created_at(),
            updated_at: known.updated_at(),
            existing_files: known.files(),
        }
    }
}
