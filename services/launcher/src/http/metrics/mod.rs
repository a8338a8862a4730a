//! `GET /metrics`: how this launcher does, as Prometheus reads it.
//!
//! What is counted is told by the routes there are, never by what somebody asks for: a path that is
//! no route's is `none`, so there are only so many lines however hostile the requests are.

mod memory;
mod streams;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Extension, MatchedPath, Request, State};
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use contract::cost::{Spent, money};
use contract::status::{EnvStatus, RunStatus};
use kit::metrics::{self, Family, Page, Registry, TEXT};

use crate::http::App;

static REQUESTS: Family = Family::count(
    "shoal_http_requests_total",
    "Requests that were answered, by the class of the status.",
);

static REQUEST_TOOK: Family = Family::took(
    "shoal_http_request_duration_seconds",
    "How long it took until there was the head of an answer.",
);

/// The states that are counted: all but that of a run that is no more.
const STATES: [RunStatus; 8] = [
    RunStatus::Queued,
    RunStatus::Starting,
    RunStatus::Running,
    RunStatus::Paused,
    RunStatus::Completed,
    RunStatus::Closed,
    RunStatus::Stopped,
    RunStatus::Failed,
];

/// Requests that were answered, counted. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Requests(Arc<Registry>);

/// Counts a request, whoever answers it.
pub(super) async fn count(
    State(requests): State<Requests>,
    request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("none", MatchedPath::as_str).to_owned();
    let (method, began) = (word(request.method()), Instant::now());
    let response = next.run(request).await;
    requests.add((method, &route), response.status().as_u16(), began.elapsed());
    response
}

/// Answers with all that is measured.
pub(super) async fn metrics(
    State(app): State<Arc<App>>,
    Extension(requests): Extension<Requests>,
) -> Response {
    let mut page = metrics::begin("shoal-launcher", &[]);
    let runs = app.creator.model.ask(|runs| runs.all(|run| run.status != RunStatus::Deleted));
    page.family("shoal_runs", "gauge", "Runs that there are, by their status.");
    for state in STATES {
        let count = runs.iter().filter(|run| run.status == state).count();
        page.line("shoal_runs", &[("status", state.as_str())], count);
    }
    let held = runs.iter().filter(|run| run.held).count();
    page.single("shoal_runs_held", "Runs that a worker has now.", held);
    write_spent(&mut page, &runs);
    let is_known = usize::from(app.creator.model.ready().is_ok());
    page.single("shoal_runs_known", "1 once the states of all runs have been read.", is_known);
    metrics::connected(&mut page, app.creator.bus.connected_since().is_some());
    let readers = app.events.readers();
    page.single("shoal_event_readers", "Readers of runs as they go.", readers);
    let behind = app.read_model.behind(&runs).await;
    let can_read = usize::from(behind.is_ok());
    page.single("shoal_read_model_up", "1 while pages about runs can be read.", can_read);
    if let Ok(behind) = behind {
        let about = "Rounds that some world has played and that pages do not have yet, at most.";
        page.single("shoal_read_model_behind_rounds", about, behind);
    }
    streams::write(&mut page, &app.creator.bus.streams().await);
    memory::write(&mut page, memory::ask(&app.creator.bus, &runs).await.as_ref());
    metrics::registry().write(&mut page, &[&metrics::REDELIVERIES]);
    requests.0.write(&mut page, &[&REQUESTS, &REQUEST_TOOK]);
    ([(CONTENT_TYPE, TEXT)], page.into_text()).into_response()
}

/// What language models took in the runs that there are, in sum: by run there would be as many lines
/// as anybody starts runs. It shrinks when a run is deleted, so these are no counters.
fn write_spent(page: &mut Page, runs: &[Arc<EnvStatus>]) {
    let mut sum = Spent::default();
    runs.iter().for_each(|run| sum.add(&run.spent()));
    let Spent { decisions, refused, undecided, usage } = sum;
    for (name, about, value) in [
        ("shoal_llm_decisions", "Decisions that language models made.", decisions),
        ("shoal_llm_refused_calls", "Calls in them that were no action.", refused),
        ("shoal_llm_undecided", "Times that an agent was to decide and did not.", undecided),
        ("shoal_llm_requests", "Requests to language models, failed ones too.", usage.requests),
    ] {
        page.single(name, about, value);
    }
    let name = "shoal_llm_tokens";
    page.family(name, "gauge", "Tokens; cached are those of the prompt that were kept before.");
    for (kind, tokens) in [
        ("prompt", usage.prompt_tokens),
        ("cached", usage.cached_tokens),
        ("completion", usage.completion_tokens),
    ] {
        page.line(name, &[("kind", kind)], tokens);
    }
    page.single("shoal_llm_cost", "In the currency of the prices.", money(usage.cost_micros));
}

/// A method, of those that HTTP has: others are told apart by nobody.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

impl Requests {
    fn add(&self, (method, route): (&str, &str), status: u16, took: Duration) {
        let of = [("method", method), ("route", route)];
        let class = format!("{}xx", (status / 100).clamp(1, 5));
        self.0.add(&REQUESTS, &[of[0], of[1], ("status", &class)], 1);
        self.0.observe(&REQUEST_TOOK, &of, took);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queued::tests::status;
    use axum::body::Body;
    use axum::routing::get;
    use axum::{Router, middleware};
    use contract::decision::Usage;
    use kit::metrics::BUCKETS;
    use tower::ServiceExt as _;

    fn written(requests: &Requests) -> String {
        let mut page = Page::default();
        requests.0.write(&mut page, &[&REQUESTS, &REQUEST_TOOK]);
        page.into_text()
    }

    #[tokio::test]
    async fn requests_are_counted_by_routes_however_many_paths_there_are() {
        let requests = Requests::default();
        let router = Router::new()
            .route("/run/{id}", get(|| async { "here" }))
            .fallback(|| async { axum::http::StatusCode::NOT_FOUND })
            .layer(middleware::from_fn_with_state(requests.clone(), count));
        for id in 0..50 {
            for (method, path) in [("GET", "/run"), ("GET", "/x"), ("MOVE", "/run")] {
                let request = Request::builder().method(method).uri(format!("{path}/{id}"));
                router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            }
        }
        let page = written(&requests);
        for line in [
            "shoal_http_requests_total{method=\"GET\",route=\"/run/{id}\",status=\"2xx\"} 50",
            "shoal_http_requests_total{method=\"GET\",route=\"none\",status=\"4xx\"} 50",
            "shoal_http_requests_total{method=\"other\",route=\"/run/{id}\",status=\"4xx\"} 50",
            "shoal_http_request_duration_seconds_count{method=\"GET\",route=\"none\"} 50",
        ] {
            assert!(page.lines().any(|it| it == line), "no {line} in\n{page}");
        }
        assert_eq!(page.lines().count(), 2 * 2 + 3 * (1 + BUCKETS.len() + 3));
    }

    #[test]
    fn what_models_took_is_summed_over_all_runs() {
        let run = |number| {
            let mut run = status(number);
            let usage =
                Usage { requests: 2, prompt_tokens: 30, cost_micros: 6500, ..Usage::default() };
            run.platforms[0].spent = Spent { decisions: 2, undecided: 1, refused: 0, usage };
            Arc::new(run)
        };
        let mut page = Page::default();
        write_spent(&mut page, &[run(1), run(2), Arc::new(status(3))]);
        let page = page.into_text();
        for line in [
            "shoal_llm_decisions 4",
            "shoal_llm_undecided 2",
            "shoal_llm_requests 4",
            "shoal_llm_tokens{kind=\"prompt\"} 60",
            "shoal_llm_cost 0.013",
        ] {
            assert!(page.lines().any(|it| it == line), "no {line} in\n{page}");
        }
    }
}
