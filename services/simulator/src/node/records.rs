//! What a node writes about the runs that it holds: that one has failed, that nobody holds it
//! any more, and what its workers have said.

use std::time::Duration;

use bus::{Append, AppendError, Stored};
use contract::id::RunId;
use contract::notice::LogLine;
use contract::status::{EnvStatus, RunStatus};
use contract::subject::StreamName;
use contract::version::V1;
use kit::retry::Pauses;
use tokio::sync::mpsc;

use super::{Node, now};

/// Writes down that the run has failed, if it lives, and why; tries until it is stored. Only for
/// whoever has the lease: somebody else may play the run.
pub(super) async fn fail(node: &Node, run: &RunId, reason: &str, last_error: Option<&str>) {
    let change = |status: &mut EnvStatus| {
        // How a run ended is a fact: workers that die while it is only asked change nothing.
        status.held = false;
        status.last_error = last_error.map(str::to_owned);
        if status.status.is_live() {
            status.status = RunStatus::Failed;
            (status.alive, status.ended_at) = (false, Some(now()));
            status.reason = Some(reason.to_owned());
        }
        for world in status.platforms.iter_mut().filter(|world| world.status.is_live()) {
            world.status = RunStatus::Failed;
        }
        true
    };
    let mut pauses = Pauses::new(Duration::from_millis(100), Duration::from_secs(2));
    while let Outcome::Unknown = amend(node, run, change).await {
        pauses.wait().await;
    }
}

/// Writes down that nobody holds the run any more, if `worker` is said to hold it: one that was
/// killed could not.
pub(super) async fn let_go(node: &Node, run: &RunId, worker: &str) {
    let change = |status: &mut EnvStatus| {
        let is_ours = status.held && status.worker.as_deref() == Some(worker);
        status.held = false;
        is_ours
    };
    // Once more, if a last word of the worker came between; whoever sweeps does the rest.
    if let Outcome::Unknown = amend(node, run, change).await {
        amend(node, run, change).await;
    }
}

enum Outcome {
    /// It is stored, or there is nothing to store.
    Settled,
    /// The bus did not answer, or somebody else has written.
    Unknown,
}

/// Changes the state of a run, unless somebody else does or `change` says that it need not be.
async fn amend(node: &Node, run: &RunId, change: impl Fn(&mut EnvStatus) -> bool) -> Outcome {
    let subject = node.bus.prefix().env_status(run);
    let Ok(stored) = node.bus.last(StreamName::EnvStatus, &subject).await else {
        return Outcome::Unknown;
    };
    let Some(stored) = stored else { return Outcome::Settled };
    let Ok(mut status) = serde_json::from_slice::<EnvStatus>(&stored.body) else {
        return Outcome::Settled;
    };
    if status.status == RunStatus::Deleted || !change(&mut status) {
        return Outcome::Settled;
    }
    match replace(node, status, &stored).await {
        Ok(_) => Outcome::Settled,
        Err(AppendError::Denied(why)) => {
            tracing::error!(%run, "failed to write down how the run is: {why}");
            Outcome::Settled
        }
        Err(_) => Outcome::Unknown,
    }
}

/// Stores a state over the one that was found.
pub(super) async fn replace(
    node: &Node,
    mut status: EnvStatus,
    found: &Stored,
) -> Result<u64, AppendError> {
    status.updated_at = now();
    let append = Append {
        subject: found.subject.clone(),
        body: status.to_bytes(),
        headers: Vec::new(),
        expected_last: Some(found.sequence),
    };
    node.bus.append(append).await
}

/// Publishes what workers write, in order, for as long as the run is held.
pub(super) async fn publish_lines(
    node: Node,
    run: RunId,
    mut lines: mpsc::Receiver<(String, String)>,
) {
    let subject = node.bus.prefix().logs(&run);
    while let Some((worker, line)) = lines.recv().await {
        let (run_id, node_name) = (run.clone(), node.name.to_string());
        let line = LogLine { v: V1, run_id, at: now(), node: node_name, worker, line };
        let append = Append {
            subject: subject.clone(),
            body: serde_json::to_vec(&line).expect("no map keys that JSON refuses"),
            headers: Vec::new(),
            expected_last: None,
        };
        // Log lines are worth one try: they must never hold up what they tell about.
        let _ = node.bus.append(append).await;
    }
}
