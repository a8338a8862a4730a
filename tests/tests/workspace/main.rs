//! What holds for the workspace as a whole: who may import whom, what comes in from outside,
//! and that every file is tidy. Nothing of ours is started here; cargo, git and AsyncAPI's own
//! parser are asked.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod asyncapi;
mod compose;
mod faults;
mod imports;
mod manifests;
mod metadata;
mod metrics;
mod rights;
mod supply;
mod tidy;

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the workspace, wherever it was checked out.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// A text file of the workspace.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Fails with all problems, one per line.
pub(crate) fn assert_none(problems: &[String], what_to_do: &str) {
    assert!(problems.is_empty(), "{}\n{what_to_do}", problems.join("\n"));
}
