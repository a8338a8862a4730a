//! MiroFish's envelope, `{"success":true,"data":...}`, and how request bodies are read.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use contract::door::{Door, Object, parse_body};
use contract::problem::Problems;
use serde::Serialize;
use serde_json::Value;

use crate::http::MAX_BODY_BYTES;
use crate::http::error::HttpError;
use crate::refusal::Refusal;

/// A success, as it is sent.
#[derive(Serialize)]
pub(super) struct Success<'a, T> {
    success: bool,
    data: &'a T,
}

impl<'a, T> Success<'a, T> {
    pub(super) fn new(data: &'a T) -> Self {
        Success { success: true, data }
    }
}

/// The answer to a request that was carried out.
pub(super) fn success<T: Serialize>(data: &T) -> Response {
    Json(Success::new(data)).into_response()
}

/// Something that is read from a JSON object, reporting all that is wrong to its door.
pub(super) trait Fields: Sized {
    /// `None` only where something was reported.
    fn read(object: &Object<'_>) -> Option<Self>;
}

/// A request body, read in full.
pub(super) struct Posted<T>(pub(super) T);

impl<S: Send + Sync, T: Fields> FromRequest<S> for Posted<T> {
    type Rejection = HttpError;

    async fn from_request(request: Request, state: &S) -> Result<Self, HttpError> {
        check_content_type(&request)?;
        let body = body_of(request, state).await?;
        Ok(Posted(read(&body).map_err(Refusal::Invalid)?))
    }
}

/// A request body that may be left out, as JSON.
pub(super) struct MaybePosted(pub(super) Option<Value>);

impl<S: Send + Sync> FromRequest<S> for MaybePosted {
    type Rejection = HttpError;

    async fn from_request(request: Request, state: &S) -> Result<Self, HttpError> {
        let is_json = check_content_type(&request);
        let body = body_of(request, state).await?;
        if body.is_empty() {
            return Ok(MaybePosted(None));
        }
        is_json?;
        let value = parse_body(&body, MAX_BODY_BYTES).map_err(Refusal::Invalid)?;
        Ok(MaybePosted(Some(value)))
    }
}

fn check_content_type(request: &Request) -> Result<(), HttpError> {
    let content_type = request.headers().get(CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    match kind.eq_ignore_ascii_case("application/json") {
        true => Ok(()),
        false => Err(HttpError::wrong_content_type(kind)),
    }
}

async fn body_of<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, HttpError> {
    let body = Bytes::from_request(request, state).await;
    body.map_err(|error| HttpError::unreadable(error.status(), &error.body_text()))
}

fn read<T: Fields>(body: &[u8]) -> Result<T, Problems> {
    let value = parse_body(body, MAX_BODY_BYTES)?;
    let door = Door::new("");
    let fields = door.root(&value).and_then(|root| T::read(&root));
    door.close(fields)
}
