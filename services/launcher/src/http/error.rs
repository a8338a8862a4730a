//! Errors in MiroFish's envelope, under status codes that say whose they are.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contract::problem::Problem;
use serde::Serialize;

use crate::refusal::Refusal;

/// An answer that says why not.
#[derive(Debug)]
pub(super) struct HttpError {
    status: StatusCode,
    text: String,
    problems: Vec<Problem>,
}

#[derive(Serialize)]
struct Body {
    success: bool,
    error: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Problem>,
}

impl HttpError {
    pub(super) fn not_found(text: String) -> HttpError {
        HttpError { status: StatusCode::NOT_FOUND, text, problems: Vec::new() }
    }

    pub(super) fn wrong_method(text: String) -> HttpError {
        HttpError { status: StatusCode::METHOD_NOT_ALLOWED, text, problems: Vec::new() }
    }

    /// For something that MiroFish does and nobody does here.
    pub(super) fn not_here(text: &str) -> HttpError {
        let status = StatusCode::NOT_IMPLEMENTED;
        HttpError { status, text: text.to_owned(), problems: Vec::new() }
    }

    /// One problem under the status that fits it.
    pub(super) fn of_problem(status: StatusCode, problem: Problem) -> HttpError {
        HttpError { status, text: problem.to_string(), problems: vec![problem] }
    }

    /// The same in other words.
    pub(super) fn told(self, text: String) -> HttpError {
        HttpError { text, ..self }
    }

    /// For somebody who may not ask.
    pub(super) fn denied(status: StatusCode, problem: Problem) -> HttpError {
        HttpError::of_problem(status, problem)
    }

    pub(super) fn wrong_content_type(found: &str) -> HttpError {
        let problem = Problem::new("content-type", format!("{found:?}"), "application/json");
        HttpError {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            text: problem.to_string(),
            problems: vec![problem],
        }
    }

    /// A body that is too large, or that broke off.
    pub(super) fn unreadable(status: StatusCode, found: &str) -> HttpError {
        let expected = format!("a body of at most {} bytes", super::MAX_BODY_BYTES);
        let problem = Problem::new("body", found.to_lowercase(), &expected);
        HttpError { status, text: problem.to_string(), problems: vec![problem] }
    }
}

impl From<Refusal> for HttpError {
    fn from(refusal: Refusal) -> HttpError {
        let status = match &refusal {
            Refusal::Invalid(_) => StatusCode::BAD_REQUEST,
            Refusal::Unknown(_) => StatusCode::NOT_FOUND,
            Refusal::Conflict { .. } | Refusal::KeyTaken { .. } | Refusal::WrongState(_) => {
                StatusCode::CONFLICT
            }
            Refusal::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::Late(_) => StatusCode::GATEWAY_TIMEOUT,
            Refusal::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let problems = match &refusal {
            Refusal::Invalid(_) | Refusal::Conflict { .. } | Refusal::KeyTaken { .. } => {
                refusal.problems("")
            }
            _ => Vec::new(),
        };
        HttpError { status, text: refusal.to_string(), problems }
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        if self.status.is_server_error() && self.status != StatusCode::NOT_IMPLEMENTED {
            tracing::warn!(
                status = self.status.as_u16(),
                "answered {}: {}",
                self.status,
                self.text
            );
        }
        let body = Body { success: false, error: self.text, problems: self.problems };
        (self.status, Json(body)).into_response()
    }
}
