//! `GET /api/graph/project/{id}`: a project, as far as its simulations tell of it.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use contract::problem::{Problem, shorten};
use contract::timestamp::Timestamp;
use serde::Serialize;

use super::state::{graph_id, project_id};
use crate::http::App;
use crate::http::envelope::success;
use crate::http::error::HttpError;
use crate::refusal::Refusal;
use crate::simulations::Simulation;

/// Answers with a project whose simulations are here; a simulation that names no project is one of
/// its own.
pub(super) async fn project(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    let Path(id) = path.map_err(|error| {
        let problem = Problem::new("the id in the path", error.body_text(), "an id in UTF-8");
        Refusal::Invalid(problem.into())
    })?;
    let simulations = all_of(&app, &id).await?;
    let Some(newest) = simulations.first() else {
        let text = format!("unknown project {:?}: no simulation here names it", shorten(&id, 80));
        return Err(Refusal::Unknown(text).into());
    };
    let facts = newest.facts.as_ref().ok();
    Ok(success(&Project {
        project_id: &id,
        name: newest.known.name(),
        status: "graph_completed",
        graph_id: graph_id(newest),
        simulation_requirement: facts.map_or("", |facts| &facts.requirement),
        created_at: simulations.iter().map(|it| it.known.created_at()).min(),
        updated_at: simulations.iter().map(|it| it.known.updated_at()).max(),
        simulations: simulations.iter().map(|it| it.known.id.as_str()).collect(),
        files: Vec::new(),
        error: None,
    }))
}

/// The newest simulation of a project whose spec can be read.
///
/// # Errors
/// If simulations cannot be listed.
pub(super) async fn newest_of(app: &App, project: &str) -> Result<Option<Simulation>, Refusal> {
    let all = all_of(app, project).await?;
    Ok(all.into_iter().find(|simulation| simulation.facts.is_ok()))
}

/// The simulations of a project, the newest first.
///
/// # Errors
/// If simulations cannot be listed.
pub(super) async fn all_of(app: &App, project: &str) -> Result<Vec<Simulation>, Refusal> {
    let mut found = Vec::new();
    for known in app.simulations.all().await? {
        let simulation = app.simulations.tell(known).await?;
        if project_id(&simulation) == project {
            found.push(simulation);
        }
    }
    Ok(found)
}

#[derive(Serialize)]
struct Project<'a> {
    project_id: &'a str,
    name: &'a str,
    status: &'static str,
    graph_id: &'a str,
    simulation_requirement: &'a str,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    simulations: Vec<&'a str>,
    /// The documents from which it was made are not kept here.
    files: Vec<&'a str>,
    error: Option<&'a str>,
}
