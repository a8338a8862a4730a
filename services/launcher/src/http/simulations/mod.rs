//! What there is to be run: simulations, their files, and the way in for more.
//!
//! | route | does |
//! |---|---|
//! | `POST /api/simulation/upload` | takes a simulation's files |
//! | `GET /api/simulation/{id}` | what is known of one |
//! | `GET /api/simulation/list`, `/history` | of all, the newest first |
//! | `GET /api/simulation/{id}/config`, `/profiles` | its files, as MiroFish has them |
//! | `POST /api/simulation/create`, `/prepare`, `/prepare/status` | find what is there |
//! | `GET /api/graph/project/{id}` | the project that simulations belong to |
//!
//! What MiroFish has beside and nobody does here is answered so, see [`absent`].

mod absent;
mod files;
mod lists;
mod prepare;
mod project;
mod state;
mod upload;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::http::App;
use crate::simulations::upload::MAX_SENT_BYTES;

/// All routes but those that take long.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/simulation/list", get(lists::list))
        .route("/api/simulation/history", get(lists::history))
        .route("/api/simulation/create", post(prepare::create))
        .route("/api/simulation/prepare", post(prepare::prepare))
        .route("/api/simulation/prepare/status", post(prepare::status))
        .route("/api/simulation/{id}", get(state::simulation))
        .route("/api/simulation/{id}/config", get(files::config))
        .route("/api/simulation/{id}/config/realtime", get(files::config_realtime))
        .route("/api/simulation/{id}/config/download", get(files::config_download))
        .route("/api/simulation/{id}/profiles", get(files::profiles))
        .route("/api/simulation/{id}/profiles/realtime", get(files::profiles_realtime))
        .route("/api/graph/project/{id}", get(project::project))
        .merge(absent::routes())
}

/// The route that takes files: a larger body, and its own time.
pub(super) fn slow_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/simulation/upload", post(upload::upload))
        .layer(DefaultBodyLimit::max(MAX_SENT_BYTES))
}
