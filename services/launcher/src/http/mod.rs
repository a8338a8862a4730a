//! The HTTP edge: MiroFish's routes of the run stage, in its envelope.
//!
//! | route | does |
//! |---|---|
//! | `POST /api/simulation/start` | starts a run, or names the one that is there |
//! | `POST /api/simulation/stop` | ends one; what it produced stays |
//! | `GET /api/simulation/{id}/run-status` | where it is |
//! | `GET /api/simulation/{id}/run-status/detail` | the same, with its actions |
//! | `GET /api/simulation/{id}/actions` | a page of its actions |
//! | `GET /api/simulation/{id}/timeline` | a page of its rounds |
//! | `GET /api/simulation/{id}/agent-stats` | a page of its agents |
//! | `GET /api/simulation/{id}/posts` | a page of a world's posts |
//! | `GET /api/simulation/{id}/comments` | a page of a world's comments |
//! | `GET /api/simulation/{id}/events` | what it does and where it is, as it comes |
//! | `GET /api/simulation/{id}/export` | all of it as files, in one archive |
//! | `POST /api/simulation/{id}/<verb>`, `DELETE /api/simulation/{id}` | what is asked of a run ([`control`]) |
//! | `POST /api/simulation/interview`, `.../batch`, `.../all`, `.../history` | its agents ([`interviews`]) |
//! | `POST /api/simulation/env-status`, `.../close-env` | whether they can be asked |
//! | `GET /api/simulation/{id}/runs`, `.../logs`, `.../dead-letters` | runs, and what went wrong |
//! | `GET /api/simulation/{id}/memory`, `GET /api/memory`, `GET /api/graph/data/{graph}` | memories |
//! | `GET /api/graph/<what>/{graph}`, `GET /api/graph/node/{uuid}` | what a graph has |
//! | `GET /openapi.json` | says all of this, for programs |
//! | `GET /metrics` | how this launcher does |
//! | `GET /health`, `/healthz` | the process lives |
//! | `GET /readyz` | it can do its work; if not, why |
//!
//! What there is to be run is in [`simulations`]. An `{id}` is a simulation's, which means its
//! current run, or a run's.

pub mod access;
mod control;
mod detail;
mod envelope;
mod error;
mod events;
mod export;
mod health;
mod interviews;
mod letters;
mod lists;
mod memory;
mod metrics;
mod openapi;
mod pages;
mod patience;
mod query;
mod routes;
mod runs;
pub mod serve;
mod simulations;
mod start;
mod status;
mod stop;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{Method, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};

use crate::besides::Besides;
use crate::create::Creator;
use crate::events::Hubs;
use crate::exports::Exports;
use crate::http::access::{Access, guard};
use crate::http::error::HttpError;
use crate::http::metrics::{Requests, count};
use crate::http::pages::page;
use crate::http::routes::Routes;
use crate::read_model::ReadModel;
use crate::refusal::Refusal;
use crate::simulations::Simulations;
use crate::simulations::upload::Places;

/// The largest request body, in bytes.
const MAX_BODY_BYTES: usize = 1 << 20;

/// How long a request may take; longer than the reply to a command is waited for.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// The same where whoever asks says how long to wait: longer than the longest that it may say.
const LONG_REQUEST_TIMEOUT: Duration = Duration::from_secs(660);

/// What the handlers share.
#[derive(Debug)]
pub struct App {
    /// Bus, model, specs, and the way to new runs.
    pub creator: Creator,
    /// What is told of a run beside its state.
    pub besides: Besides,
    /// What runs did, page by page.
    pub read_model: ReadModel,
    /// Runs as they go.
    pub events: Hubs,
    /// Runs as archives.
    pub exports: Exports,
    /// Thousandths of a round per second of runs that are started here without a pace.
    pub pace: Option<u32>,
    /// What there is to be run.
    pub simulations: Simulations,
    /// Those of uploads that are under way.
    pub uploads: Places,
    /// Whether readiness needs a node and a sink.
    pub require_services: bool,
}

/// All routes, for those who have `access`.
pub fn router(app: Arc<App>, access: Access) -> Router {
    let quick = quick().router.with_state(Arc::clone(&app));
    let long = long().router.layer(middleware::from_fn(in_long_time));
    let slow = slow().router.merge(long).with_state(app);
    let requests = Requests::default();
    edge(quick, slow)
        .layer(Extension(requests.clone()))
        .layer(middleware::from_fn_with_state(Arc::new(access), guard))
        .layer(middleware::from_fn_with_state(requests, count))
}

/// Those that are answered within [`REQUEST_TIMEOUT`].
fn quick() -> Routes {
    Routes::new()
        .post("/api/simulation/start", start::start)
        .get("/api/simulation/{id}/run-status", status::run_status)
        .get("/api/simulation/{id}/run-status/detail", detail::run_status_detail)
        .get("/api/simulation/{id}/actions", page::<lists::Actions>)
        .get("/api/simulation/{id}/timeline", page::<lists::Timeline>)
        .get("/api/simulation/{id}/agent-stats", page::<lists::Agents>)
        .get("/api/simulation/{id}/posts", page::<lists::Posts>)
        .get("/api/simulation/{id}/comments", page::<lists::Comments>)
        .get("/openapi.json", openapi::openapi)
        .get("/metrics", metrics::metrics)
        .merge(runs::routes())
        .merge(letters::routes())
        .merge(memory::routes())
        .merge(health::routes())
        .merge(simulations::routes())
}

/// Those that know themselves how long they may take.
fn slow() -> Routes {
    Routes::new()
        .get("/api/simulation/{id}/export", export::export)
        .get("/api/simulation/{id}/events", events::events)
        .merge(simulations::slow_routes())
}

/// Those where whoever asks says how long to wait, up to [`LONG_REQUEST_TIMEOUT`].
fn long() -> Routes {
    control::routes().merge(interviews::routes())
}

/// What the document of this edge is held to.
#[cfg(test)]
fn all_routes() -> Routes {
    quick().merge(slow()).merge(long())
}

/// What holds for every route: limits, and answers in the envelope where there is no handler.
fn edge(quick: Router, slow: Router) -> Router {
    quick
        .layer(middleware::from_fn(in_time))
        .merge(slow)
        .fallback(no_such_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
}

async fn no_such_route(uri: Uri) -> HttpError {
    HttpError::not_found(format!("there is nothing at {:?}", uri.path()))
}

async fn wrong_method(method: Method, uri: Uri) -> HttpError {
    HttpError::wrong_method(format!("{method} is not what {:?} is for", uri.path()))
}

async fn in_time(request: Request, next: Next) -> Response {
    within(REQUEST_TIMEOUT, next.run(request)).await
}

async fn in_long_time(request: Request, next: Next) -> Response {
    within(LONG_REQUEST_TIMEOUT, next.run(request)).await
}

async fn within(limit: Duration, answer: impl Future<Output = Response>) -> Response {
    let late = |_| {
        let text = format!("no answer within {} s; ask again", limit.as_secs());
        HttpError::from(Refusal::Late(text)).into_response()
    };
    tokio::time::timeout(limit, answer).await.unwrap_or_else(late)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::routing::post;
    use serde_json::{Value, json};
    use tower::ServiceExt;

    use crate::http::envelope::{Posted, success};
    use crate::http::start::StartFields;
    use crate::http::stop::StopFields;

    /// The edge with the real readers of bodies before handlers that only say what was read.
    fn readers() -> Router {
        let start = |Posted(fields): Posted<StartFields>| async move {
            success(&json!({"simulation": fields.simulation, "new_run": fields.manner.new_run}))
        };
        let stop = |Posted(fields): Posted<StopFields>| async move {
            success(&json!({"reason": fields.reason}))
        };
        let routes = Router::new().route("/start", post(start)).route("/stop", post(stop));
        edge(routes, Router::new())
    }

    async fn ask(method: &str, path: &str, content_type: &str, body: Body) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(path);
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        let response = readers().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn post_json(path: &str, body: &str) -> (StatusCode, Value) {
        ask("POST", path, "application/json", Body::from(body.to_owned())).await
    }

    #[tokio::test]
    async fn what_is_right_is_read() {
        let page = r#"{"simulation_id":"market","platform":"parallel","force":true,
            "enable_graph_memory_update":true,"max_rounds":40}"#;
        let (status, body) = post_json("/start", page).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!(body, json!({"success":true,"data":{"simulation":"market","new_run":false}}));
        let charset = "application/json; charset=utf-8";
        let body = Body::from(r#"{"simulation_id":"market-2","reason":"enough"}"#);
        let (status, body) = ask("POST", "/stop", charset, body).await;
        assert_eq!((status, &body["data"]["reason"]), (StatusCode::OK, &json!("enough")));
    }

    #[tokio::test]
    async fn every_problem_is_in_the_text_and_in_the_list() {
        let (status, body) =
            post_json("/start", r#"{"simulation_id":"../x","platform":"myspace","maxrounds":0}"#)
                .await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(
            body,
            json!({
                "success": false,
                "error": "/maxrounds: found an unknown field, expected \"max_rounds\" (did you \
                          mean that?)\n\
                          /simulation_id: found \"../x\", expected 1 to 48 of a-z, 0-9, _ and -, \
                          beginning with a letter or digit, not ending in -<digits>\n\
                          /platform: found \"myspace\", expected twitter, reddit or parallel",
                "problems": [
                    {"place": "/maxrounds", "found": "an unknown field",
                     "expected": "\"max_rounds\" (did you mean that?)"},
                    {"place": "/simulation_id", "found": "\"../x\"",
                     "expected": "1 to 48 of a-z, 0-9, _ and -, beginning with a letter or digit, \
                                  not ending in -<digits>"},
                    {"place": "/platform", "found": "\"myspace\"",
                     "expected": "twitter, reddit or parallel"}
                ]
            })
        );
    }

    #[tokio::test]
    async fn no_bad_request_is_a_servers_error() {
        for body in ["", "null", "[]", "7", "{", "\"x\"", "{}", r#"{"simulation_id":7}"#] {
            for path in ["/start", "/stop"] {
                let (status, answer) = post_json(path, body).await;
                assert_eq!(status, StatusCode::BAD_REQUEST, "{path} {body:?}: {answer}");
                assert_eq!(answer["success"], json!(false));
                assert!(!answer["problems"].as_array().unwrap().is_empty(), "{answer}");
            }
        }
        let rows = [
            ("POST", "/start", "text/plain", 10, StatusCode::UNSUPPORTED_MEDIA_TYPE),
            ("POST", "/start", "", 10, StatusCode::UNSUPPORTED_MEDIA_TYPE),
            (
                "POST",
                "/start",
                "application/json",
                MAX_BODY_BYTES + 1,
                StatusCode::PAYLOAD_TOO_LARGE,
            ),
            ("GET", "/start", "application/json", 0, StatusCode::METHOD_NOT_ALLOWED),
            ("POST", "/elsewhere", "application/json", 10, StatusCode::NOT_FOUND),
        ];
        for (method, path, content_type, size, expected) in rows {
            let body = Body::from(vec![b' '; size]);
            let (status, answer) = ask(method, path, content_type, body).await;
            assert_eq!(status, expected, "{method} {path} {content_type:?}: {answer}");
            assert_eq!(answer["success"], json!(false));
            assert!(!answer["error"].as_str().unwrap().is_empty());
        }
    }
}
