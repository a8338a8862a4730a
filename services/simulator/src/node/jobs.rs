//! What a node carries out beside runs: each command in a process of its own, under a lease on the
//! command, so that one node does it. Should two do it, no harm is done: it costs time.

use std::collections::BTreeMap;
use std::process::ExitStatus;
use std::time::Duration;

use bus::Lease;
use contract::subject::{CommandAddress, Prefix};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior};

use super::process::{Output, Process};
use super::{GRACE, Node, lock, records};
use crate::worker::EXIT_OTHER_RULES;

/// What is under way, by the sequence of its command.
pub(super) type Jobs = BTreeMap<u64, JoinHandle<()>>;

/// Log lines that wait to be published; what exceeds them is left out.
const LOG_QUEUE: usize = 1000;

/// How a process ended.
enum Ended {
    /// By itself.
    Exit(ExitStatus),
    /// It never began, or was ended with its node or its lease.
    Cut,
}

impl Node {
    /// True while this node carries the command out.
    pub(super) fn is_at_job(&self, sequence: u64) -> bool {
        self.live_jobs(|jobs| jobs.contains_key(&sequence))
    }

    /// As many at once as there are slots for runs.
    pub(super) fn has_room_for_jobs(&self) -> bool {
        self.live_jobs(|jobs| jobs.len() < usize::from(self.args.slots))
    }

    /// Carries a command out, unless this node does already, or another one is quicker.
    pub(super) fn start_job(&self, address: &CommandAddress, sequence: u64) {
        if self.is_at_job(sequence) || self.shutdown.is_wished() {
            return;
        }
        let job = tokio::spawn(self.clone().lease_and_work(address.clone(), sequence));
        lock(&self.jobs).insert(sequence, job);
    }

    fn live_jobs<T>(&self, look: impl FnOnce(&Jobs) -> T) -> T {
        let mut jobs = lock(&self.jobs);
        jobs.retain(|_, job| !job.is_finished());
        look(&jobs)
    }

    /// Waits for what ends with the node.
    pub(super) async fn end_jobs(&self) {
        let jobs = std::mem::take(&mut *lock(&self.jobs));
        let ending = async {
            for (_, job) in jobs {
                // One that panicked has said so.
                let _ = job.await;
            }
        };
        let _ = tokio::time::timeout(GRACE, ending).await;
    }

    async fn lease_and_work(self, address: CommandAddress, sequence: u64) {
        let (run, verb) = (&address.run, address.verb);
        let key = Prefix::job_key(sequence);
        let mut lease = match self.bus.acquire_lease(&key, &self.holder, self.args.lease()).await {
            Ok(Some(lease)) => lease,
            Ok(None) => return,
            Err(error) => {
                return tracing::warn!(%run, %verb, "failed to take the command: {error}");
            }
        };
        tracing::info!(%run, %verb, "begins");
        let ended = self.work(&address, sequence, &mut lease).await;
        self.note(&address, &ended);
        if let Err(error) = self.bus.release_lease(lease).await {
            tracing::warn!(%run, "failed to release a command, its lease expires: {error}");
        }
    }

    /// Remembers what was in vain.
    fn note(&self, address: &CommandAddress, ended: &Ended) {
        let (run, verb) = (&address.run, address.verb);
        let mut in_vain = lock(&self.jobs_in_vain);
        match ended {
            Ended::Exit(status) if status.success() => {
                in_vain.forget(run);
                tracing::info!(%run, %verb, "done");
            }
            Ended::Exit(status) if status.code() == Some(i32::from(EXIT_OTHER_RULES)) => {
                in_vain.leave(run, Instant::now());
                self.refuse_run(run);
            }
            Ended::Exit(status) => {
                in_vain.add(run);
                tracing::warn!(%run, %verb, "its process has ended without an answer: {status}");
            }
            Ended::Cut => tracing::info!(%run, %verb, "left to others"),
        }
    }

    /// Runs the process to its end, which this node's and that of the lease bring on.
    async fn work(&self, address: &CommandAddress, sequence: u64, lease: &mut Lease) -> Ended {
        let CommandAddress { run, verb, client, command_id } = address;
        let role = ["job", "--run", run.as_str(), "--verb", verb.as_str()];
        let command = ["--client", client.as_str(), "--id", command_id.as_str()];
        let mut process = match Process::start(self, &[&role[..], &command[..]].concat()) {
            Ok(process) => process,
            Err(error) => {
                tracing::warn!(%run, %verb, "failed to start a process: {error}");
                return Ended::Cut;
            }
        };
        let (log, lines) = mpsc::channel(LOG_QUEUE);
        tokio::spawn(records::publish_lines(self.clone(), run.clone(), lines));
        let name = format!("{}-j{sequence}", self.name);
        let mut renewals = tokio::time::interval(lease.ttl / 3);
        renewals.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut unheard = Duration::ZERO;
        loop {
            tokio::select! {
                output = process.next() => match output {
                    Output::Exit(status) => return Ended::Exit(status),
                    Output::Beat(_) => {}
                    // A reader of logs that is slow costs lines.
                    Output::Line(line) => drop(log.try_send((name.clone(), line))),
                },
                _ = renewals.tick() => match self.bus.renew_lease(lease).await {
                    Ok(true) => unheard = Duration::ZERO,
                    Ok(false) => return Ended::Cut,
                    // Without a bus nothing is done either; once it is back somebody may be.
                    Err(_) if unheard > lease.ttl => return Ended::Cut,
                    Err(_) => unheard += lease.ttl / 3,
                },
                // What it was doing is done again, by somebody else.
                () = self.shutdown.wished() => return Ended::Cut,
            }
        }
    }
}
