//! What is true of a run whoever held it: read from the bus by nats-py, with nothing of ours.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;
use system_tests::process::python;
use system_tests::stack::{Stack, text};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/ownership.py");

/// Checks the journals and frames of a run that is over against one of the same spec that nothing
/// happened to. Returns, by platform, its epochs, and how many frames came after their epoch.
pub(crate) fn check(stack: &Stack, run: &str, undisturbed: &str) -> Value {
    let arguments = [SCRIPT, &stack.nats.url(), run, undisturbed];
    let output = python().args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The number of claims in each journal of a run, if it is the same.
pub(crate) fn epochs(found: &Value) -> u64 {
    let found = found.as_object().unwrap();
    let all: BTreeSet<u64> = found.values().map(|of| of["epochs"].as_u64().unwrap()).collect();
    assert_eq!(all.len(), 1, "{found:?}");
    all.into_iter().sum()
}

/// Somebody who follows the env-status of a run, in which no epoch may go back.
pub(crate) struct Watch(Child);

impl Watch {
    /// Begins, and follows until the run is completed.
    pub(crate) fn start(stack: &Stack, run: &str) -> Watch {
        let mut watching = python();
        watching.args([SCRIPT, &stack.nats.url(), run, "watch"]);
        watching.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut watching = watching.spawn().unwrap();
        let mut said = String::new();
        BufReader::new(watching.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "watching\n");
        Watch(watching)
    }

    /// What it saw, once the run is completed.
    pub(crate) fn check(self) {
        let output = self.0.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
}
