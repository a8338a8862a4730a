//! `GET /api/simulation/{id}/events`: a run as it goes, as server-sent events.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use contract::place::Place;
use contract::problem::{Problem, Problems};
use futures_util::stream;

use crate::events::From;
use crate::http::App;
use crate::http::error::HttpError;
use crate::http::pages::run_of;
use crate::http::query::{Asked, Parameters};
use crate::http::status::read_name;
use crate::model::RunName;
use crate::read_model::Include;
use crate::refusal::Refusal;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Asks proxies to pass on what comes as it comes.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Answers with events for as long as somebody reads.
pub(super) async fn events(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    query: Parameters,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let (name, include, from) = read(path, query, &headers).map_err(Refusal::Invalid)?;
    let run = run_of(&app, &name).await?;
    // A browser that is refused does not ask again: a file that is being opened is waited for.
    app.read_model.await_rounds(&run, None).await?;
    let reader = app.events.read(&run.run_id, include, from).await?;
    let pieces = stream::unfold(reader, |mut reader| async {
        let piece = reader.next().await?;
        Some((Ok::<_, std::io::Error>(piece), reader))
    });
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (BUFFERING, HeaderValue::from_static("no")),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

fn read(
    path: Result<Path<String>, PathRejection>,
    query: Parameters,
    headers: &HeaderMap,
) -> Result<(RunName, Include, From), Problems> {
    const EXPECTED: &str = "the id of an event: <twitter seq>.<reddit seq>.<status seq>";
    let mut asked = Asked::new(query);
    let name = read_name(path).map_err(|problem: Problem| asked.report(problem)).ok();
    let include = asked.include();
    let from = asked.text("from");
    let start = match from.as_deref() {
        None | Some("now") => From::Now,
        Some("start") => From::Start,
        Some(other) => {
            asked.refuse("from", other, "start or now");
            From::Now
        }
    };
    let after = asked.text("after");
    // What the browser says when it connects again is newer than the address.
    let header = headers.get(LAST_EVENT_ID).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let place: Option<Result<Place, String>> = match (&header, &after) {
        (Some(text), _) => Some(text.parse()),
        (None, Some(text)) => Some(text.parse()),
        (None, None) => None,
    };
    let from = match place {
        None => start,
        Some(Ok(place)) => From::Behind(place),
        Some(Err(_)) => {
            match (&header, &after) {
                (Some(text), _) => {
                    asked.report(Problem::new("last-event-id", format!("{text:?}"), EXPECTED));
                }
                (None, after) => {
                    asked.refuse("after", after.as_deref().unwrap_or_default(), EXPECTED);
                }
            }
            start
        }
    };
    asked.close(name.map(|name| (name, include, from)))
}
