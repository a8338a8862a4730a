//! `repair`: what is stored of a world's frames gives way to what its journal makes.
//!
//! The job holds the run's lease meanwhile and claims its worlds, so that nobody else writes.

use std::time::Duration;

use bus::{Bytes, Lease};
use contract::command::Repair;
use contract::journal::{Claim, Entry, Record};
use contract::past::{Finding, Stage, WorldRepair};
use contract::reply::{ErrorCode, ReplyResult};
use contract::subject::{Platform, Prefix, StreamName};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::write::Writer;
use super::{Failure, Job, Past, is_at_rest, now, patiently, read_status, refused};
use crate::past::Replay;
use crate::protocol::journal::Closed;
use crate::protocol::owner::Which;
use crate::protocol::{Ended, Lost};
use crate::worker::append::Logs;
use crate::worker::step::blocking;

/// How long whoever holds the run may take to let it go.
const LET_GO: Duration = Duration::from_secs(60);
/// Between two tries to get the run.
const AGAIN: Duration = Duration::from_millis(100);
/// How long the run stays taken after this process was last heard of.
const LEASE: Duration = Duration::from_secs(10);
/// Frames that wait to be stored.
const AHEAD: usize = 4;

impl Job {
    pub(super) async fn repair(&self, asked: &Repair) -> Result<ReplyResult, Failure> {
        let worlds = self.worlds(asked.platform)?;
        let lease = self.take_run().await?;
        let repaired = tokio::select! {
            repaired = self.repair_worlds(worlds) => repaired,
            () = self.keep(lease.clone()) => Err(Failure::Ended(Ended::Reopen)),
        };
        if let Err(error) = self.bus.release_lease(lease).await {
            tracing::warn!("failed to release the lease, it expires by itself: {error}");
        }
        Ok(ReplyResult::Repaired { worlds: repaired? })
    }

    /// Takes the run's lease once whoever has it lets it go: an owner that hears of a repair does,
    /// if its run plays no rounds.
    async fn take_run(&self) -> Result<Lease, Failure> {
        let (run, begun) = (&self.address.run, Instant::now());
        let holder = format!("{} repair {}", self.node, std::process::id());
        let report = self.reporter.begin(Stage::Waiting, None, 0);
        loop {
            let (status, _) = read_status(&self.bus, run).await.map_err(|error| {
                refused(ErrorCode::Internal, format!("its env-status cannot be read: {error}"))
            })?;
            if !is_at_rest(status.status) {
                let message = format!("the run is {}: pause or stop it first", status.status);
                return Err(refused(ErrorCode::WrongState, message));
            }
            match self.bus.acquire_lease(&Prefix::lease_key(run), &holder, LEASE).await {
                Ok(Some(lease)) => return Ok(lease),
                Ok(None) if begun.elapsed() > LET_GO => {
                    let message = format!("{run} is not let go by whoever holds it: try again");
                    return Err(refused(ErrorCode::NoCapacity, message));
                }
                Ok(None) => report.says(0, 0, 0),
                Err(error) => tracing::warn!("failed to take the run, trying again: {error}"),
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Renews the lease until it is lost.
    async fn keep(&self, mut lease: Lease) {
        loop {
            tokio::time::sleep(LEASE / 3).await;
            match self.bus.renew_lease(&mut lease).await {
                Ok(true) => {}
                Ok(false) => return,
                // Who cannot write cannot do harm either.
                Err(error) => tracing::warn!("failed to renew the lease on the run: {error}"),
            }
        }
    }

    async fn repair_worlds(&self, worlds: Vec<Platform>) -> Result<Vec<WorldRepair>, Failure> {
        let mut repaired = Vec::new();
        for platform in worlds {
            repaired.push(self.repair_world(platform).await?);
        }
        Ok(repaired)
    }

    async fn repair_world(&self, platform: Platform) -> Result<WorldRepair, Failure> {
        let Past { genesis, journal, .. } = self.begun(platform).await?;
        // Nothing is removed before it is known that it can be made again.
        let check = self.verify_world(platform, false).await?;
        if check.is_sound() {
            let (ticks, actions, digest) = (check.ticks, check.actions, check.digest);
            return Ok(WorldRepair { platform, removed: 0, stored: 0, ticks, actions, digest });
        }
        if let Some(lost) = check.findings.iter().find(|finding| finding.is_of_journal()) {
            return Err(refused(ErrorCode::WrongState, beyond_repair(platform, lost)));
        }
        let (run, epoch) = (&self.address.run, journal.epoch + 1);
        let logs = || Logs::new(&self.bus, run, platform, epoch);
        let mut writer = Writer::new(Which::Journal, logs(), epoch, journal.last_sequence);
        writer.write(vec![self.claim(epoch)]).await?;
        let tail = self.tail(platform).await;
        faults::point("repair.claimed");
        let removed = self.remove_frames(platform, tail.sequence).await?;
        faults::point("repair.removed");
        let ticks = check.ticks as usize;
        let ticks = journal.ticks.into_iter().take(ticks).collect();
        let replay = Replay::new(&self.spec, genesis)?;
        let writer = Writer::new(Which::Frames, logs(), epoch, 0);
        self.store_again(platform, replay, ticks, writer).await?;
        let (ticks, actions, digest) = (check.ticks, check.actions, check.digest);
        Ok(WorldRepair { platform, removed, stored: ticks, ticks, actions, digest })
    }

    /// The record that fences whoever wrote before.
    fn claim(&self, epoch: u32) -> Bytes {
        let (node, worker) = (self.node.to_string(), format!("{}-j{}", self.node, self.sequence));
        let claim = Claim { epoch, node, worker, why: "repair".to_owned(), at: now() };
        Entry::new(Record::Claim(claim)).to_bytes().into()
    }

    /// Removes the messages up to a sequence.
    async fn remove_frames(&self, platform: Platform, through: u64) -> Result<u64, Failure> {
        let subject = self.bus.prefix().actions(&self.address.run, platform);
        let purged = self.bus.purge(StreamName::Actions, &subject, Some(through + 1)).await;
        // Unless it is known whether they are gone, it is looked.
        let purged = purged.or_else(|error| match error {
            bus::PurgeError::TooBroad(..) => Err(Lost::Denied(error.to_string())),
            bus::PurgeError::NotDone(error) => {
                tracing::warn!("the removal of frames was not acknowledged: {error}");
                Ok(0)
            }
        })?;
        match patiently(|| self.bus.last(StreamName::Actions, &subject)).await {
            None => Ok(purged),
            Some(_) => Err(refused(
                ErrorCode::Internal,
                format!("the frames on {subject} could not be removed: may a simulator purge?"),
            )),
        }
    }

    /// Executes the ticks once more and stores what they make.
    async fn store_again(
        &self,
        platform: Platform,
        mut replay: Replay,
        ticks: Vec<Closed>,
        mut writer: Writer,
    ) -> Result<(), Failure> {
        let count = u32::try_from(ticks.len()).unwrap_or(u32::MAX);
        let report = self.reporter.begin(Stage::Storing, Some(platform), count);
        let part_size = replay.genesis().part_size;
        let (sender, mut made) = mpsc::channel(AHEAD);
        let making = blocking(move || {
            for record in &ticks {
                let frame = replay.play(record)?;
                let next = (frame.tick + 1, frame.next_seq() - 1, frame.to_messages(part_size));
                if sender.blocking_send(next).is_err() {
                    break;
                }
            }
            Ok(())
        });
        let storing = async {
            while let Some((ticks, actions, messages)) = made.recv().await {
                writer.write(messages.into_iter().map(Bytes::from).collect()).await?;
                report.says(ticks, actions, 0);
            }
            drop(made);
            Ok::<(), Ended>(())
        };
        let (made, stored) = tokio::join!(making, storing);
        stored?;
        Ok(made?)
    }
}

/// Why a world is left as it is whose journal is damaged, and what can be done instead.
fn beyond_repair(platform: Platform, lost: &Finding) -> String {
    let tick = lost.tick.unwrap_or(0);
    let instead = match tick.checked_sub(1) {
        Some(round) => format!("the last round that can be forked is {round}"),
        None => "there is no round before that to be forked".to_owned(),
    };
    format!(
        "the journal of the {platform} world is damaged from tick {tick} on and cannot make its \
         frames again, so they stay as they are; {instead} ({})",
        lost.what
    )
}
