//! What MiroFish does beside the run stage, and nobody does here: said clearly, under 501.

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get, post};

use crate::http::App;
use crate::http::error::HttpError;

/// The routes that only say so.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/simulation/generate-profiles", post(generation))
        .route("/api/simulation/entities/{graph}", get(entities))
        .route("/api/simulation/entities/{graph}/{uuid}", get(entities))
        .route("/api/simulation/entities/{graph}/by-type/{entity_type}", get(entities))
        .route("/api/simulation/script/{name}/download", get(scripts))
        .route("/api/report/{*rest}", any(reports))
        .route("/api/graph/{*rest}", any(graphs))
}

async fn generation() -> HttpError {
    HttpError::not_here(
        "no profiles are generated here: prepare the simulation elsewhere, and send its files to \
         POST /api/simulation/upload",
    )
}

async fn entities() -> HttpError {
    HttpError::not_here(
        "the entities of source graphs are not kept here; the agents of a simulation are in \
         GET /api/simulation/{id}/config",
    )
}

async fn scripts() -> HttpError {
    HttpError::not_here(
        "simulations are run by Shoal's own programs, so there is no script to download; the \
         programs check what runs again with `shoal verify`",
    )
}

async fn reports() -> HttpError {
    HttpError::not_here(
        "no reports are written here: a report writer reads a run's pages, its memory and its \
         agents' answers over this edge",
    )
}

async fn graphs() -> HttpError {
    HttpError::not_here(
        "no graphs are built here from documents: prepare the simulation elsewhere, and send its \
         files to POST /api/simulation/upload; GET /api/graph/project/{id} knows its project",
    )
}
