//! What runs in the background: the model follows the bus, and queued runs are started.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Start, Stored};
use contract::id::RunId;
use contract::status::{EnvStatus, RunStatus};
use contract::subject::StreamName;
use kit::retry::Pauses;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use crate::create::publish_start;
use crate::model::{Model, RunName, parse_status};
use crate::refusal::Refusal;

/// What is passed on of the runs that are seen.
pub struct News {
    /// Those that are queued.
    pub queued: UnboundedSender<RunId>,
    /// Those that are deleted.
    pub deleted: UnboundedSender<RunId>,
}

/// Keeps `model` true to the bus, for ever, and passes on the `news`.
pub async fn follow(bus: Bus, model: Model, news: News) -> Infallible {
    let filter = bus.prefix().all(StreamName::EnvStatus);
    let mut pauses = Pauses::new(Duration::from_millis(100), Duration::from_secs(5));
    let known = loop {
        match bus.read_last_per_subject(StreamName::EnvStatus, &filter).await {
            Ok(known) => break known,
            Err(error) => tracing::warn!(%error, "cannot read the states of runs, trying again"),
        }
        pauses.wait().await;
    };
    for stored in &known {
        take(&bus, &model, &news, stored);
    }
    model.set_caught_up();
    tracing::info!(runs = known.len(), "read the states of {} runs", known.len());
    drop(known);
    let mut cursor = loop {
        match bus.follow(StreamName::EnvStatus, &filter, Start::LastPerSubject).await {
            Ok(cursor) => break cursor,
            Err(error) => tracing::warn!(%error, "cannot follow the states of runs, trying again"),
        }
        pauses.wait().await;
    };
    loop {
        // What was read above comes again; the model knows it by its sequence.
        take(&bus, &model, &news, &cursor.next().await);
    }
}

fn take(bus: &Bus, model: &Model, news: &News, stored: &Stored) {
    match parse_status(bus.prefix(), stored) {
        Ok(status) => {
            let (run, is_queued) = (status.run_id.clone(), has_not_begun(&status));
            let is_deleted = status.status == RunStatus::Deleted;
            model.fold(stored.sequence, status);
            // Nobody receives any more only when the launcher ends.
            if is_queued {
                faults::point("launch.seen");
                let _ = news.queued.send(run);
            } else if is_deleted {
                let _ = news.deleted.send(run);
            }
        }
        Err(problems) => {
            tracing::warn!(%problems, "passed over a state of a run that cannot be read");
        }
    }
}

/// Reads what is true now of one run from the bus into the model, which may lag. False if its
/// number was never used.
///
/// # Errors
/// If the bus, or what it holds, cannot be read.
pub async fn refresh(bus: &Bus, model: &Model, run: &RunId) -> Result<bool, Refusal> {
    let subject = bus.prefix().env_status(run);
    let Some(stored) = bus.last(StreamName::EnvStatus, &subject).await? else { return Ok(false) };
    let status = parse_status(bus.prefix(), &stored).map_err(|problems| {
        Refusal::Failed(format!("the state of run {run} cannot be read: {problems}"))
    })?;
    model.fold(stored.sequence, status);
    Ok(true)
}

/// The run that `name` names, if there is one. One that the model does not know is looked for
/// on the bus: another launcher may have created it just now.
///
/// # Errors
/// If the model is not complete yet, or the bus cannot be read.
pub async fn find(
    bus: &Bus,
    model: &Model,
    name: &RunName,
) -> Result<Option<Arc<EnvStatus>>, Refusal> {
    model.ready()?;
    if let Some(run) = model.ask(|runs| runs.named(name)) {
        return Ok(Some(run));
    }
    match name {
        RunName::Run(run) => refresh(bus, model, run).await?,
        RunName::CurrentOf(simulation) => refresh(bus, model, &simulation.run(1)).await?,
    };
    Ok(model.ask(|runs| runs.named(name)))
}

/// A node may have claimed a queued run before its start command was stored.
fn has_not_begun(status: &EnvStatus) -> bool {
    matches!(status.status, RunStatus::Queued | RunStatus::Starting)
        && status.platforms.iter().all(|world| world.ticks == 0)
}

/// Publishes the start command of each queued run: of those whose creator ended between the
/// two steps. Mostly the command is there already, and nothing happens.
pub async fn start_queued(bus: Bus, model: Model, mut queued: UnboundedReceiver<RunId>) {
    while let Some(run) = queued.recv().await {
        let mut pauses = Pauses::new(Duration::from_millis(100), Duration::from_secs(30));
        while let Some(status) = model.ask(|runs| runs.run(&run)) {
            if !has_not_begun(&status) {
                break;
            }
            match publish_start(&bus, &status).await {
                Ok(()) => break,
                Err(error) => {
                    tracing::warn!(%run, %error, "cannot publish the start command, trying again");
                }
            }
            pauses.wait().await;
        }
    }
}
