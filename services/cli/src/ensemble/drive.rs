//! Plays the runs of an ensemble side by side, and measures each one that is over.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bus::{Cursor, Start};
use contract::command::{Delete, Request, Stop};
use contract::id::RunId;
use contract::manner::Manner;
use contract::notice::StartRequest;
use contract::status::{EnvStatus, RunStatus};
use contract::subject::StreamName;
use contract::version::V1;
use kit::shutdown::Shutdown;
use tokio::time::Instant;

use super::measure::{Measuring, RunMeasures};
use super::plan::Plan;
use super::view::View;
use crate::ask::{ask, result};
use crate::client::Client;
use crate::failure::Failure;
use crate::follow::{check_digests, has_all, parse_status};
use crate::output::{Output, one_line};
use crate::reading::{Bar, each_stored_frame};
use crate::run::request_run;
use crate::status::all_runs;

/// Runs at once where no node says how many it can hold.
const USUAL_AT_ONCE: usize = 4;

/// How long nodes may take to answer.
const NODES: Duration = Duration::from_secs(2);

/// How often the view is told the time.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// How long the last frames of a run that is over may be on their way.
const LAST_FRAMES: Duration = Duration::from_secs(10);

/// How long to wait before looking for them again.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// How long the launcher may be away once the first run is started.
const LAUNCHER_AWAY: Duration = Duration::from_secs(60);

/// How long a run may take to stop, as `shoal stop` has it.
const STOPPING: Duration = Duration::from_secs(60);

/// How long a run may take to be deleted.
const DELETING: Duration = Duration::from_secs(30);

/// A run that is over.
#[derive(Clone, Debug)]
pub(super) struct Played {
    /// Its seed.
    pub(super) seed: u64,
    /// Its last state.
    pub(super) status: EnvStatus,
    /// What it came to, or why it is not counted.
    pub(super) measured: Result<RunMeasures, String>,
}

/// An ensemble that is being played.
pub(super) struct Driver<'a> {
    client: &'a Client,
    plan: &'a Plan,
    at_once: usize,
    statuses: Cursor,
    waiting: VecDeque<u64>,
    under_way: BTreeMap<RunId, u64>,
    played: Vec<Played>,
    /// Since when no launcher has answered.
    unheard_since: Option<Instant>,
    view: View,
}

/// How many runs may be under way at once: as many as the nodes of this bus have room for. A run
/// that is over makes room where it is needed.
pub(super) async fn free_slots(client: &Client) -> Result<usize, Failure> {
    let found = client.bus.discover(NODES).await.unwrap_or_default();
    let count = found.iter().filter(|service| service.name == "shoal-simulator").count();
    let nodes = client.bus.nodes(count, NODES).await;
    if nodes.is_empty() {
        return Ok(USUAL_AT_ONCE);
    }
    let runs = all_runs(client).await?;
    let is_live = |run: &&RunId| runs.iter().any(|it| it.run_id == **run && it.status.is_live());
    let free = |node: &contract::notice::NodeInfo| {
        usize::from(node.slots).saturating_sub(node.runs.iter().filter(is_live).count())
    };
    Ok(nodes.iter().map(free).sum::<usize>().max(1))
}

impl<'a> Driver<'a> {
    /// Begins with nothing started.
    ///
    /// # Errors
    /// If the states of runs cannot be read.
    pub(super) async fn new(
        client: &'a Client,
        plan: &'a Plan,
        at_once: usize,
        view: View,
    ) -> Result<Driver<'a>, Failure> {
        let all = client.bus.prefix().all(StreamName::EnvStatus);
        // Opened before any run is started, so that no state of ours is missed.
        let statuses = client.bus.follow(StreamName::EnvStatus, &all, Start::New).await?;
        let waiting = plan.seeds.as_slice().iter().copied().collect();
        Ok(Driver {
            client,
            plan,
            at_once,
            statuses,
            waiting,
            under_way: BTreeMap::new(),
            played: Vec::new(),
            unheard_since: None,
            view,
        })
    }

    /// Plays all runs; false if `shutdown` was wished before the last one was over.
    ///
    /// # Errors
    /// If a run cannot be started, or the view not be written.
    pub(super) async fn play(
        &mut self,
        shutdown: &Shutdown,
        output: &mut Output<'_>,
    ) -> Result<bool, Failure> {
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        loop {
            self.fill().await?;
            if self.under_way.is_empty() && self.waiting.is_empty() {
                self.view.finish();
                return Ok(true);
            }
            tokio::select! {
                stored = self.statuses.next() => {
                    let run = stored.subject.rsplit('.').next().and_then(|run| run.parse().ok());
                    let Some(run) = run.filter(|run: &RunId| self.under_way.contains_key(run)) else {
                        continue;
                    };
                    let status = parse_status(&stored.body)?;
                    if !status.status.is_live() {
                        self.end(&run, status, output).await?;
                    }
                }
                _ = heartbeat.tick() => self.view.tick(self.under_way.len(), output)?,
                () = shutdown.wished() => {
                    self.view.finish();
                    return Ok(false);
                }
            }
        }
    }

    /// Starts as many runs as may be under way. A launcher that goes away meanwhile is asked again
    /// at the next heartbeat: hours of runs are not lost for its restart.
    async fn fill(&mut self) -> Result<(), Failure> {
        while self.under_way.len() < self.at_once {
            let Some(seed) = self.waiting.pop_front() else { return Ok(()) };
            let request = StartRequest {
                v: V1,
                spec_digest: self.plan.spec_digest,
                options: self.plan.requested(seed),
                // Beside whatever there is: a run of another seed is no obstacle.
                manner: Manner { new_run: true, ..Manner::default() },
            };
            let simulation = &self.plan.spec.simulation_id;
            match request_run(self.client, simulation, &request).await {
                Ok((run, _)) => {
                    self.unheard_since = None;
                    self.under_way.insert(run, seed);
                }
                Err(Failure::Unreachable(_)) if self.may_ask_again() => {
                    self.waiting.push_front(seed);
                    return Ok(());
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }

    /// Whether a launcher that did not answer was there before, and not too long ago.
    fn may_ask_again(&mut self) -> bool {
        let since = *self.unheard_since.get_or_insert_with(Instant::now);
        // All seeds but the one that is in hand are waiting before the first run is started.
        let is_begun = self.waiting.len() + 1 < self.plan.seeds.as_slice().len();
        is_begun && since.elapsed() < LAUNCHER_AWAY
    }

    /// Measures a run that is over. The next one is started first: it need not wait for that.
    async fn end(
        &mut self,
        run: &RunId,
        status: EnvStatus,
        output: &mut Output<'_>,
    ) -> Result<(), Failure> {
        let Some(seed) = self.under_way.remove(run) else { return Ok(()) };
        self.fill().await?;
        let measured = match status.status {
            RunStatus::Completed | RunStatus::Closed => {
                let measured = measure(self.client, self.plan, &status).await;
                measured.map_err(|failure| failure.to_string())
            }
            other => {
                let reason = status.reason.as_deref().or(status.last_error.as_deref());
                let reason =
                    reason.map_or(String::new(), |why| format!(": {}", one_line(why, 500)));
                Err(format!("it is {other}{reason}"))
            }
        };
        let played = Played { seed, status, measured };
        self.view.ended(&played, self.under_way.len(), output)?;
        self.played.push(played);
        Ok(())
    }

    /// The runs that are under way.
    pub(super) fn under_way(&self) -> Vec<RunId> {
        self.under_way.keys().cloned().collect()
    }

    /// The runs that are over, by seed.
    pub(super) fn into_played(self) -> Vec<Played> {
        let mut played = self.played;
        played.sort_by_key(|run| run.seed);
        played
    }

    /// The runs that are over, as they came.
    pub(super) fn played(&self) -> &[Played] {
        &self.played
    }
}

/// Reads the frames of a run that is over, and checks that they are all there.
async fn measure(client: &Client, plan: &Plan, run: &EnvStatus) -> Result<RunMeasures, Failure> {
    let deadline = Instant::now() + LAST_FRAMES;
    loop {
        let mut measuring = Measuring::new(&plan.spec, plan.reach_threshold);
        each_stored_frame(&client.bus, run, Bar::none(), |frame| {
            measuring.add(frame);
            Ok(())
        })
        .await?;
        if has_all(run, measuring.tally()) {
            check_digests(run, measuring.tally())?;
            return Ok(measuring.finish());
        }
        if Instant::now() >= deadline {
            let text = format!("frames of {} are missing from the bus", run.run_id);
            return Err(Failure::failed(text));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Stops runs, one after another; why one could not be.
pub(super) async fn stop(client: &Client, runs: &[RunId]) -> Vec<String> {
    let request = || Request::Stop(Stop { reason: Some("its ensemble was stopped".to_owned()) });
    each(client, runs, request, STOPPING).await
}

/// Deletes runs, one after another; why one could not be.
pub(super) async fn delete(client: &Client, runs: &[RunId]) -> Vec<String> {
    each(client, runs, || Request::Delete(Delete { force: false }), DELETING).await
}

async fn each(
    client: &Client,
    runs: &[RunId],
    request: impl Fn() -> Request,
    patience: Duration,
) -> Vec<String> {
    let mut failures = Vec::new();
    for run in runs {
        let answered = ask(client, run, request(), patience).await.and_then(result);
        failures.extend(answered.err().map(|failure| format!("{run}: {failure}")));
    }
    failures
}
