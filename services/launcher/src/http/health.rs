//! `GET /healthz` and `GET /readyz`.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bus::Bus;
use contract::memory;
use serde::Serialize;

use crate::http::App;
use crate::http::envelope::success;
use crate::http::routes::Routes;

/// How long a service has to say that it is there.
const PING_TIMEOUT: Duration = Duration::from_secs(1);

/// The probes.
pub(super) fn routes() -> Routes {
    Routes::new().get("/health", health).get("/healthz", healthz).get("/readyz", readyz)
}

#[derive(Serialize)]
struct Alive {
    status: &'static str,
}

/// The process lives and answers; nothing else is asked.
async fn healthz() -> Response {
    success(&Alive { status: "ok" })
}

/// The same as MiroFish's clients ask for it, in its words and without the envelope.
async fn health() -> Response {
    Json(Health { status: "ok", service: "shoal-launcher" }).into_response()
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    service: &'static str,
}

/// One thing that the launcher needs.
#[derive(Debug, Serialize)]
struct Part {
    name: &'static str,
    ready: bool,
    /// False where it is only told, not needed.
    required: bool,
    reason: Option<String>,
}

#[derive(Serialize)]
struct Parts {
    ready: bool,
    parts: Vec<Part>,
}

#[derive(Serialize)]
struct Readiness {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    data: Parts,
}

/// 200 if the launcher can do its work, else 503; either way with each part and its reason.
async fn readyz(State(app): State<Arc<App>>) -> Response {
    let bus = &app.creator.bus;
    let prefix = bus.prefix();
    let (connection, node, sink) = tokio::join!(
        bus.is_ready(),
        ping(bus, prefix.node_info()),
        ping(bus, prefix.memory(memory::TARGETS)),
    );
    let model = app.creator.model.ready().map_err(|refusal| refusal.to_string());
    let part = |name, found: Result<(), String>, required| {
        let reason = found.err();
        Part { name, ready: reason.is_none(), required, reason }
    };
    let readiness = judge(vec![
        part("bus", connection, true),
        part("read model", model, true),
        part("simulator", node, app.require_services),
        part("memory-sink", sink, app.require_services),
    ]);
    let status = match readiness.success {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(readiness)).into_response()
}

fn judge(parts: Vec<Part>) -> Readiness {
    let missing: Vec<String> = parts
        .iter()
        .filter(|part| part.required)
        .filter_map(|part| part.reason.as_ref().map(|reason| format!("{}: {reason}", part.name)))
        .collect();
    let ready = missing.is_empty();
    let error = (!ready).then(|| format!("not ready: {}", missing.join("; ")));
    Readiness { success: ready, error, data: Parts { ready, parts } }
}

async fn ping(bus: &Bus, subject: String) -> Result<(), String> {
    let answer = bus.request(subject, Vec::new(), PING_TIMEOUT).await;
    answer.map(drop).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &'static str, required: bool, reason: Option<&str>) -> Part {
        Part { name, ready: reason.is_none(), required, reason: reason.map(str::to_owned) }
    }

    #[test]
    fn only_what_is_required_keeps_it_from_being_ready() {
        let readiness = judge(vec![part("bus", true, None), part("sink", false, Some("gone"))]);
        assert!(readiness.success && readiness.error.is_none());
        let readiness = judge(vec![
            part("bus", true, Some("no answer")),
            part("model", true, None),
            part("sink", true, Some("gone")),
        ]);
        assert!(!readiness.data.ready);
        assert_eq!(readiness.error.unwrap(), "not ready: bus: no answer; sink: gone");
    }
}
