//! Holding one run: its lease, and a worker process that is started again when it dies.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bus::{Append, AppendError, Lease};
use contract::id::RunId;
use contract::notice::LogLine;
use contract::status::{EnvStatus, RunStatus};
use contract::subject::StreamName;
use contract::version::V1;
use kit::EXIT_USAGE;
use kit::retry::Pauses;
use kit::shutdown::{Shutdown, Trigger};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};

use super::process::{Output, Process};
use super::vitals::Vitals;
use super::{GRACE, Node, now};
use crate::worker::{EXIT_FENCED, EXIT_OTHER_RULES};

/// Workers that die one after the other without playing a tick that is due, until the run has
/// failed. Those of a run that is held have none to play: it is enough that they could open it.
const MAX_FAILURES: u32 = 3;
/// Log lines kept for the reason of a failure.
const LAST_LINES: usize = 20;
/// How long the last log lines may hold up that the run is let go.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Log lines that wait to be published; what exceeds them is left out.
const LOG_QUEUE: usize = 1000;

/// How a worker ended.
#[derive(Debug)]
enum End {
    /// By itself, cleanly: the run has ended, or the node is ending.
    Clean,
    /// It found the run in other hands.
    Fenced,
    /// It is another build that must hold the run.
    OtherRules,
    /// The lease is lost; the worker was killed.
    LeaseLost,
    /// Any other way. `blameless`: it had shown that it can hold the run, or the bus was away.
    Crashed { how: String, blameless: bool },
}

/// What others may know of a hold, and may ask of it; cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    ended: Arc<AtomicBool>,
    want: Trigger,
    wanted: Shutdown,
}

impl Handle {
    /// Of a hold that begins.
    pub fn open() -> Handle {
        let (want, wanted) = Shutdown::manual();
        Handle { ended: Arc::default(), want, wanted }
    }

    /// True while the run has no more ticks to play: it is kept open for questions alone.
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Asks for the slot: the run is let go.
    pub fn let_go(&self) {
        self.want.pull();
    }
}

/// Holds `run` until its worker lets it go, or it is lost.
pub async fn hold(node: Node, run: RunId, mut lease: Lease, mut why: String, handle: Handle) {
    let (log, lines) = mpsc::channel(LOG_QUEUE);
    let publishing = tokio::spawn(publish_lines(node.clone(), run.clone(), lines));
    let mut last_lines = VecDeque::new();
    let mut pauses = Pauses::new(Duration::from_millis(200), Duration::from_secs(2));
    let (mut failures, mut number) = (0, 0);
    loop {
        number += 1;
        let worker = format!("{}-w{number}", node.name);
        let watch = Watch { node: &node, run: &run, worker: &worker, log: &log, handle: &handle };
        let end = watch.supervise(&why, &mut lease, &mut last_lines).await;
        tracing::info!(%run, worker, "the worker has ended: {end:?}");
        match end {
            End::Clean | End::Fenced | End::LeaseLost => break,
            End::OtherRules => {
                node.refuse_run(&run);
                break;
            }
            // Whoever ended the node may have ended its workers too; the next node takes them up.
            End::Crashed { .. } if node.shutdown.is_wished() || handle.wanted.is_wished() => break,
            End::Crashed { how, blameless } => {
                failures = if blameless { 0 } else { failures + 1 };
                if failures >= MAX_FAILURES {
                    fail(&node, &run, &mut lease, &how, &last_lines).await;
                    break;
                }
                "recover".clone_into(&mut why);
                pauses.wait().await;
            }
        }
    }
    drop(log);
    // First: whoever deletes the run once it is let go must not find lines coming after.
    let _ = tokio::time::timeout(LAST_WORDS, publishing).await;
    faults::point("run.ended");
    // Only a lease that is still ours is given back.
    if let Err(error) = node.bus.release_lease(lease).await {
        tracing::warn!(%run, "failed to release the lease, it expires by itself: {error}");
    }
}

/// One worker and who watches it.
struct Watch<'a> {
    node: &'a Node,
    run: &'a RunId,
    worker: &'a str,
    log: &'a mpsc::Sender<(String, String)>,
    handle: &'a Handle,
}

impl Watch<'_> {
    /// From its start to its end.
    async fn supervise(
        &self,
        why: &str,
        lease: &mut Lease,
        last_lines: &mut VecDeque<String>,
    ) -> End {
        let Watch { node, run, worker, log, handle } = *self;
        let mut process = match Process::start(node, run, worker, why) {
            Ok(process) => process,
            Err(error) => {
                // The machine's fault, not the run's.
                return End::Crashed { how: format!("failed to start: {error}"), blameless: true };
            }
        };
        let hung_after = Duration::from_secs(node.args.hung_seconds);
        let mut vitals = Vitals::new(Instant::now(), hung_after);
        let mut renewal = tokio::time::interval(lease.ttl / 3);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut bus_away, mut ending) = (false, false);
        loop {
            tokio::select! {
                output = process.next() => match output {
                    Output::Beat(beat) => {
                        vitals.beat(beat, Instant::now());
                        handle.ended.store(vitals.has_ended(), Ordering::Relaxed);
                    }
                    Output::Line(line) => {
                        last_lines.push_back(line.clone());
                        if last_lines.len() > LAST_LINES {
                            last_lines.pop_front();
                        }
                        // A reader of logs that is slow costs lines, not the run.
                        let _ = log.try_send((worker.to_owned(), line));
                    }
                    Output::Exit(status) => {
                        return end_of(status, vitals.has_proved_itself() || bus_away);
                    }
                },
                _ = renewal.tick() => {
                    let renewal = renew(node, lease).await;
                    let was_away = std::mem::replace(&mut bus_away, renewal == Renewal::NoAnswer);
                    if was_away && !bus_away {
                        vitals.excuse(Instant::now());
                    }
                    if renewal == Renewal::Lost {
                        process.kill();
                        process.wait().await;
                        return End::LeaseLost;
                    }
                }
                // A worker that waits for a bus that is away does what it should.
                () = tokio::time::sleep_until(vitals.deadline()) => {
                    vitals.excuse(Instant::now());
                    if !bus_away {
                        let seconds = hung_after.as_secs();
                        last_lines.push_back(format!("no sign of life for {seconds} s, killed"));
                        process.kill();
                    }
                }
                () = node.shutdown.wished(), if !ending => {
                    ending = true;
                    process.end(GRACE);
                }
                () = handle.wanted.wished(), if !ending => {
                    ending = true;
                    process.end(GRACE);
                }
            }
        }
    }
}

fn end_of(status: std::process::ExitStatus, blameless: bool) -> End {
    match status.code() {
        Some(0) => End::Clean,
        Some(code) if code == i32::from(EXIT_FENCED) => End::Fenced,
        Some(code) if code == i32::from(EXIT_OTHER_RULES) => End::OtherRules,
        // A configuration file that was broken since the node began is not the run's fault.
        Some(code) if code == i32::from(EXIT_USAGE) => {
            End::Crashed { how: status.to_string(), blameless: true }
        }
        _ => End::Crashed { how: status.to_string(), blameless },
    }
}

/// What became of a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Renewal {
    /// The lease lives.
    Renewed,
    /// Somebody else has it.
    Lost,
    /// Unknown. The claim in the journal fences; while the bus is away nobody can take the run.
    NoAnswer,
}

/// Renews the lease; one that has expired without a successor is taken again.
async fn renew(node: &Node, lease: &mut Lease) -> Renewal {
    let renewed = match node.bus.renew_lease(lease).await {
        Ok(true) => return Renewal::Renewed,
        Ok(false) => node.bus.acquire_lease(&lease.key, &lease.holder, lease.ttl).await,
        Err(error) => Err(error),
    };
    match renewed {
        Ok(Some(again)) => {
            *lease = again;
            Renewal::Renewed
        }
        Ok(None) => Renewal::Lost,
        Err(error) => {
            tracing::warn!("failed to renew the lease on {}: {error}", lease.key);
            Renewal::NoAnswer
        }
    }
}

/// Writes down that the run has failed, with the reason. Whose lease is lost has nothing to say:
/// somebody else may have the run, and play it.
async fn fail(
    node: &Node,
    run: &RunId,
    lease: &mut Lease,
    how: &str,
    last_lines: &VecDeque<String>,
) {
    let error = last_lines.iter().rev().find(|line| !line.contains(" INFO "));
    let error = error.or(last_lines.back()).cloned();
    let reason = format!("{MAX_FAILURES} workers in a row ended without a tick ({how})");
    let subject = node.bus.prefix().env_status(run);
    let mut pauses = Pauses::new(Duration::from_millis(100), Duration::from_secs(2));
    loop {
        let renewal = renew(node, lease).await;
        if renewal == Renewal::Lost {
            return tracing::warn!(%run, "the lease is lost, somebody else has the run");
        }
        if let (Renewal::Renewed, Ok(Some(stored))) =
            (renewal, node.bus.last(StreamName::EnvStatus, &subject).await)
        {
            let Ok(mut status) = serde_json::from_slice::<EnvStatus>(&stored.body) else { return };
            if status.status == RunStatus::Deleted {
                return;
            }
            // How a run ended is a fact: workers that die while it is only asked change nothing.
            (status.held, status.updated_at) = (false, now());
            status.last_error.clone_from(&error);
            if status.status.is_live() {
                status.status = RunStatus::Failed;
                (status.alive, status.ended_at) = (false, Some(now()));
                status.reason = Some(reason.clone());
            }
            for world in status.platforms.iter_mut().filter(|world| world.status.is_live()) {
                world.status = RunStatus::Failed;
            }
            let append = Append {
                subject: subject.clone(),
                body: status.to_bytes(),
                headers: Vec::new(),
                expected_last: Some(stored.sequence),
            };
            match node.bus.append(append).await {
                Ok(_) => return,
                Err(AppendError::Denied(why)) => {
                    return tracing::error!(%run, "failed to write that the run failed: {why}");
                }
                Err(_) => {}
            }
        }
        pauses.wait().await;
    }
}

/// Publishes what workers write, in order, for as long as the run is held.
async fn publish_lines(node: Node, run: RunId, mut lines: mpsc::Receiver<(String, String)>) {
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
