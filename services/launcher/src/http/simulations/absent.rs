//! What MiroFish does beside the run stage, and nobody does here: said clearly, under 501.

use axum::http::Method;

use crate::http::error::HttpError;
use crate::http::routes::Routes;

/// The methods that MiroFish's clients use for reports.
const METHODS: [Method; 3] = [Method::GET, Method::POST, Method::DELETE];

/// The routes that only say so.
pub(super) fn routes() -> Routes {
    Routes::new()
        .post("/api/simulation/generate-profiles", generation)
        .get("/api/simulation/entities/{graph}", entities)
        .get("/api/simulation/entities/{graph}/{uuid}", entities)
        .get("/api/simulation/entities/{graph}/by-type/{entity_type}", entities)
        .get("/api/simulation/script/{name}/download", scripts)
        .on(&METHODS, "/api/report/{*rest}", reports)
        .post("/api/graph/{*rest}", graphs)
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
