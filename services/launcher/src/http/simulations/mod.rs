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

use axum::extract::DefaultBodyLimit;

use crate::http::routes::Routes;
use crate::simulations::upload::MAX_SENT_BYTES;

/// All routes but those that take long.
pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/api/simulation/list", lists::list)
        .get("/api/simulation/history", lists::history)
        .post("/api/simulation/create", prepare::create)
        .post("/api/simulation/prepare", prepare::prepare)
        .post("/api/simulation/prepare/status", prepare::status)
        .get("/api/simulation/{id}", state::simulation)
        .get("/api/simulation/{id}/config", files::config)
        .get("/api/simulation/{id}/config/realtime", files::config_realtime)
        .get("/api/simulation/{id}/config/download", files::config_download)
        .get("/api/simulation/{id}/profiles", files::profiles)
        .get("/api/simulation/{id}/profiles/realtime", files::profiles_realtime)
        .get("/api/graph/project/{id}", project::project)
        .merge(absent::routes())
}

/// The route that takes files: a larger body, and its own time.
pub(super) fn slow_routes() -> Routes {
    let Routes { list, router } = Routes::new().post("/api/simulation/upload", upload::upload);
    Routes { list, router: router.layer(DefaultBodyLimit::max(MAX_SENT_BYTES)) }
}
