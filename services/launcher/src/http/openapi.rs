//! `GET /openapi.json`: what may be asked and what is answered, as an OpenAPI 3.1 document.
//!
//! The document is `schemas/openapi.json`. It is merged from the fragments in `openapi/`, and the
//! tests of this module hold it to them, and to the routes that there are. After a change of a
//! fragment: `SHOAL_REWRITE=1 cargo test -p launcher openapi`, and read the difference.
//!
//! # How a fragment is made
//!
//! One per group of routes, `openapi/<group>.json` (being there is enough): an object with `paths`
//! and, where needed, `components` (and `tags`) as a whole document has them. Paths and components
//! of two fragments must not have the same name. A route is registered with
//! [`Routes`](super::routes::Routes), which keeps the list that the document is compared with: a
//! module's `routes()` returns `Routes`, not a `Router`, and `super::quick` or `super::slow` (for
//! those that know themselves how long they may take) merges it. What a fragment may leave out
//! or shorten:
//!
//! - `"x-answers": ["edge", "question", "run", "body"]` in an operation adds the responses that
//!   `base.json` has under these names (`x-answers` there): `edge` what every route but the probes
//!   may answer (401, 403, 500, 503, 504), `question` 400, `run` 404, `body` 400, 413 and 415.
//!   A response that the operation has itself is left as it is.
//! - `"x-data": <schema>` in a response becomes the envelope `{"success": true, "data": <schema>}`
//!   as JSON, and `"x-example"` beside it an example of it (only `data` is written). For errors
//!   beyond `x-answers`: `{"$ref": "#/components/responses/Conflict"}` and the others of `base.json`.
//! - `{"$ref": "common.json#/$defs/run_id"}`: a schema of the folder `schemas/` (any file there), which
//!   is brought in under `components/schemas` as `common.run_id`, with all that it refers to.
//!
//! Schemas are strict: an object with `properties` says `"additionalProperties": false` (or
//! `"unevaluatedProperties": false` beside a `$ref` or `allOf`), and `required` has all that is always
//! there. What others extend is open, and its name ends in `Fields`: see `RunStatusFields` and
//! `RunStatus` in `base.json`, which also has `Action`, `Error`, the parameter `id`, and more.
//! Every operation has an `operationId`, a `summary` and one of the `tags`, and a body in JSON an
//! `example`, from which tests make bodies that are wrong in one place. Examples are checked.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

#[cfg(test)]
mod merge;

/// The document.
const DOCUMENT: &str = include_str!("../../../../schemas/openapi.json");

/// Answers with the document.
pub(super) async fn openapi() -> Response {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT).into_response()
}

#[cfg(test)]
mod tests;
