//! `verify`: the journal executed again, and every stored frame compared with what comes out.

use std::time::{Duration, Instant};

use bus::Bytes;
use contract::command::Verify;
use contract::past::{Finding, FindingKind, MAX_FINDINGS, Stage, WorldCheck};
use contract::reply::{ErrorCode, ReplyResult};
use contract::subject::Platform;
use futures_util::future::try_join_all;
use tokio::sync::{mpsc, watch};

use super::{Failure, Job, Past, read_status, since};
use crate::past::{self, Replay, Verdict};
use crate::protocol::journal::Closed;
use crate::protocol::{Ended, Lost};
use crate::worker::step::blocking;

/// Ticks of a run that is followed which wait to be executed.
const AHEAD: usize = 256;
/// Between two looks whether a world has begun.
const AGAIN: Duration = Duration::from_millis(200);

/// What of a world is verified.
struct Work {
    past: Past,
    /// The ticks, as they come.
    ticks: mpsc::Receiver<Closed>,
    /// The messages of their frames, as they come.
    frames: mpsc::Receiver<(u64, Bytes)>,
    /// The first of them that must have a frame.
    expected: u32,
    /// As far as that is known.
    of: u32,
}

impl Job {
    pub(super) async fn verify(&self, asked: &Verify) -> Result<ReplyResult, Failure> {
        let worlds = self.worlds(asked.platform)?;
        let checks = worlds.into_iter().map(|platform| self.verify_world(platform, asked.follow));
        Ok(ReplyResult::Verified { worlds: try_join_all(checks).await? })
    }

    /// Without `follow` up to where the run is now.
    pub(super) async fn verify_world(
        &self,
        platform: Platform,
        follow: bool,
    ) -> Result<WorldCheck, Failure> {
        let begun = Instant::now();
        let (end, ends_at) = watch::channel(None);
        let (sender, ticks) = mpsc::channel(AHEAD);
        // In this order: of what is stored afterwards nothing is expected.
        let tail = self.tail(platform).await;
        let mut past = match follow {
            true => self.await_begun(platform).await?,
            false => self.begun(platform).await?,
        };
        let frames = self.frames(platform, ends_at);
        let known = std::mem::take(&mut past.journal.ticks);
        let expected = if follow { u32::MAX } else { tail.ticks.max(self.played(platform)) };
        let journalled = u32::try_from(known.len()).unwrap_or(u32::MAX);
        let of = journalled.min(expected);
        // Behind those that must have a frame: some node is yet to make theirs.
        let pending = journalled - of;
        let feeding = if follow {
            tokio::spawn(self.clone().follow(platform, sender, end))
        } else {
            end.send_replace(Some(tail.sequence));
            let damage = past.damage.take().or_else(|| lost(known.len(), expected));
            let known = known.into_iter().take(expected as usize);
            tokio::spawn(async move {
                for tick in known {
                    if sender.send(tick).await.is_err() {
                        break;
                    }
                }
                damage
            })
        };
        let verdict = self.compare(platform, Work { past, ticks, frames, expected, of }).await?;
        let damage = feeding.await.map_err(|error| Ended::Panicked(error.to_string()))?;
        Ok(WorldCheck { pending, ..check(platform, verdict, damage, begun) })
    }

    /// What can be verified of a world once it has begun; one that may yet begin is waited for.
    async fn await_begun(&self, platform: Platform) -> Result<Past, Failure> {
        let report = self.reporter.begin(Stage::Comparing, Some(platform), 0);
        loop {
            let refusal = match self.begun(platform).await {
                Err(Failure::Refused(refusal)) if refusal.code == ErrorCode::WrongState => refusal,
                begun => return begun,
            };
            let status = read_status(&self.bus, &self.address.run).await;
            if !status.is_ok_and(|(status, _)| status.status.is_live()) {
                return Err(Failure::Refused(refusal));
            }
            // By that whoever asked knows that somebody is at it.
            report.says(0, 0, 0);
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Executes and compares all that comes.
    async fn compare(&self, platform: Platform, work: Work) -> Result<Verdict, Failure> {
        let Work { past, mut ticks, mut frames, expected, of } = work;
        let mut replay = Replay::new(&self.spec, past.genesis)?;
        let report = self.reporter.begin(Stage::Comparing, Some(platform), of);
        let verdict = blocking(move || {
            let ticks = std::iter::from_fn(|| ticks.blocking_recv());
            let frames = std::iter::from_fn(|| frames.blocking_recv());
            Ok(past::verify(&mut replay, ticks, frames, expected, |judged| {
                let past::Verdict { ticks, actions, findings, more, .. } = judged.verdict;
                report.says(*ticks, *actions, findings.len() as u64 + more);
            }))
        })
        .await?;
        match verdict.ended {
            Some(Ended::Lost(lost @ Lost::OtherRules { .. })) => Err(lost.into()),
            _ => Ok(verdict),
        }
    }
}

/// A journal that has fewer ticks than were played has lost its end: what is stored of them, nothing
/// could make again.
pub(super) fn lost(journalled: usize, played: u32) -> Option<Finding> {
    let tick = u32::try_from(journalled).ok().filter(|ticks| *ticks < played)?;
    let what = format!("the journal ends before tick {tick}, but {played} ticks were played");
    Some(Finding { tick: Some(tick), sequence: None, kind: FindingKind::Journal, what })
}

/// What the reply says of a world.
fn check(
    platform: Platform,
    verdict: Verdict,
    damage: Option<Finding>,
    begun: Instant,
) -> WorldCheck {
    let Verdict { ticks, actions, digest, mut findings, more, ended, .. } = verdict;
    let cannot = ended.map(|ended| Finding {
        tick: Some(ticks),
        sequence: None,
        kind: FindingKind::Journal,
        what: format!("the journal cannot be executed: {ended}"),
    });
    // What is lost for good first: there may be more findings than fit.
    let journal = cannot.or(damage);
    findings.splice(0..0, journal);
    let beyond = findings.len().saturating_sub(MAX_FINDINGS);
    findings.truncate(MAX_FINDINGS);
    let (milliseconds, more_findings) = (since(begun), more + beyond as u64);
    let pending = 0;
    WorldCheck { platform, ticks, pending, actions, digest, findings, more_findings, milliseconds }
}
