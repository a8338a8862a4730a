//! `POST /api/simulation/upload`: a simulation's files, in a form or in an archive.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use contract::id::{Digest, SimulationId};
use contract::problem::Problem;
use contract::subject::Platform;
use serde::Serialize;

use crate::http::App;
use crate::http::envelope::Success;
use crate::http::error::HttpError;
use crate::http::query::{Asked, Parameters};
use crate::refusal::Refusal;
use crate::simulations::upload::{Form, MAX_SENT_BYTES, Said};

/// How long a body may take to come.
const RECEIVING: Duration = Duration::from_secs(120);

/// Answers with the simulation that came, under 201 if it is new.
pub(super) async fn upload(
    State(app): State<Arc<App>>,
    query: Parameters,
    request: Request,
) -> Result<Response, HttpError> {
    let said = read_query(query)?;
    let form = read_form(&request)?;
    let place = app.uploads.take()?;
    let body = receive(request).await?;
    let upload = app.uploads.read(form, body, said).await?;
    drop(place);
    let kept = app.simulations.keep(&upload).await?;
    let status = if kept.created { StatusCode::CREATED } else { StatusCode::OK };
    let spec = &upload.spec;
    tracing::info!(simulation = %spec.simulation_id, created = kept.created, "took an upload");
    let data = UploadView {
        simulation_id: &spec.simulation_id,
        spec_digest: kept.record.spec_digest,
        name: &kept.record.name,
        created: kept.created,
        updated: kept.updated,
        agents: spec.agents.len(),
        platforms: spec.platforms(),
        rounds: spec.time.rounds(),
        notes: &upload.notes,
    };
    Ok((status, Json(Success::new(&data))).into_response())
}

fn read_query(query: Parameters) -> Result<Said, Refusal> {
    let mut asked = Asked::new(query);
    let said = Said { simulation_id: asked.text("simulation_id"), name: asked.text("name") };
    Ok(asked.close(Some(said))?)
}

fn read_form(request: &Request) -> Result<Form, HttpError> {
    let found = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let found = found.unwrap_or_default();
    Form::of(found).ok_or_else(|| {
        let problem = Problem::new("content-type", format!("{found:?}"), Form::EXPECTED);
        HttpError::of_problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, problem)
    })
}

/// The whole body. What breaks off is nothing.
async fn receive(request: Request) -> Result<Bytes, HttpError> {
    let receiving = tokio::time::timeout(RECEIVING, Bytes::from_request(request, &()));
    let received = receiving.await.map_err(|_| {
        let found = format!("no end within {} s", RECEIVING.as_secs());
        let problem = Problem::new("body", found, "a body that comes faster");
        HttpError::of_problem(StatusCode::REQUEST_TIMEOUT, problem)
    })?;
    received.map_err(|error| {
        let expected = format!("a body of at most {MAX_SENT_BYTES} bytes (limit max_sent_bytes)");
        let problem = Problem::new("body", error.body_text().to_lowercase(), &expected);
        HttpError::of_problem(error.status(), problem)
    })
}

#[derive(Serialize)]
struct UploadView<'a> {
    simulation_id: &'a SimulationId,
    spec_digest: Digest,
    name: &'a str,
    created: bool,
    updated: bool,
    agents: usize,
    platforms: Vec<Platform>,
    rounds: u32,
    notes: &'a [String],
}
