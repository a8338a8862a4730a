//! Taking a world up where its journal ends. There is no other way to begin: a first start is
//! the case of a journal without ticks.

use std::time::Duration;

use contract::frame::{Frame, Outcome};
use contract::journal::{Claim, Entry, Record};
use contract::status::{EnvStatus, RunStatus};
use contract::subject::{Platform, StreamName};
use contract::timestamp::Timestamp;
use tokio::time::Instant;
use world::World;

use super::append::Log;
use super::board::world_of;
use super::lane::Lane;
use super::life::Life;
use super::opening::Journal;
use super::pulse::beating;
use super::{Ended, Lost, now, patiently, step};
use crate::translate::Chain;

impl Lane {
    /// Takes the world up where `journal` ends: claims it, steps what is journalled, appends
    /// the frames that are not there yet.
    ///
    /// # Errors
    /// When the run has another owner, or its logs contradict each other.
    pub async fn recover(
        &mut self,
        journal: &Journal,
        claim: Claim,
        found: &EnvStatus,
    ) -> Result<(), Ended> {
        self.journal(Entry::new(Record::Claim(claim))).await?;
        self.report_claim();
        match self.life.is_live() && is_given_up(found, self.platform()) {
            true => self.finish(Outcome::Failed, found.reason.clone(), None).await?,
            false => self.report_reason(journal),
        }
        let stored = self.stored_frame().await?;
        let frames = stored.as_ref().map_or(0, |frame| frame.tick as usize + 1);
        if frames > journal.ticks.len() {
            let ticks = journal.ticks.len();
            let what = format!("there are {frames} frames, but the journal has {ticks} ticks");
            return Err(Ended::Lost(Lost::Damaged(what)));
        }
        self.distrust_snapshot(stored.as_ref());
        // The tick that a failed world could not play has no frame, and is not tried again.
        let playable = if self.life == Life::Failed { frames } else { journal.ticks.len() };
        let from = (self.ticks() as usize).min(playable);
        for record in &journal.ticks[from..playable] {
            self.pulse.beat(self.beat());
            let world = self.world.take().expect("the world is here between ticks");
            let (genesis, chain) = (self.genesis.clone(), self.chain.clone());
            let stepped = step::step(world, genesis, chain, record.clone()).await?;
            self.world = Some(stepped.world);
            self.settle(stepped.frame, stored.as_ref()).await?;
        }
        self.report();
        self.last_tick_at = journal.ticks.last().and_then(|last| ago(last.at));
        if self.life.is_live() && self.ticks() > self.genesis.options.rounds {
            self.finish(Outcome::Completed, None, None).await?;
        }
        Ok(())
    }

    /// A snapshot may be ahead of the frames, or of another chain, where the bus has lost some
    /// of them: then all frames are made again.
    fn distrust_snapshot(&mut self, stored: Option<&Frame>) {
        let frames = stored.map_or(0, |frame| frame.tick + 1);
        let digest = stored.map_or(Chain::START.digest, |frame| frame.digest);
        let ahead = self.ticks() > frames;
        if ahead || (self.ticks() == frames && self.chain.digest != digest) {
            tracing::warn!(platform = %self.platform(), "the snapshot does not fit the frames");
            let setup = self.world.as_ref().map(|world| world.setup().clone());
            let world = setup.map(|setup| World::new(setup).expect("it made a world before"));
            (self.world, self.chain) = (world.map(Box::new), Chain::START);
        }
    }

    fn report_reason(&self, journal: &Journal) {
        if let Some(reason) = &journal.reason {
            self.board.report(|status| status.reason = Some(reason.clone()));
        }
    }

    fn report_claim(&self) {
        let (epoch, platform) = (self.epoch, self.platform());
        let waits = self.life == Life::Waiting;
        self.board.report(|status| {
            status.epoch = status.epoch.max(epoch);
            if let Some(world) = world_of(status, platform).filter(|_| waits) {
                world.status = Life::Waiting.status();
            }
        });
    }

    /// A frame made again: it must equal the one that is stored, or is stored now.
    async fn settle(&mut self, frame: Frame, stored: Option<&Frame>) -> Result<(), Ended> {
        match stored {
            Some(stored) if frame.tick <= stored.tick => {
                if frame.tick == stored.tick && frame.digest != stored.digest {
                    let (tick, theirs, ours) = (frame.tick, stored.digest, frame.digest);
                    let what = format!("tick {tick} makes {ours}, but {theirs} is stored");
                    return Err(Ended::Diverged(what));
                }
                self.chain = self.chain.after(&frame);
                Ok(())
            }
            _ => self.publish(frame).await,
        }
    }

    async fn stored_frame(&mut self) -> Result<Option<Frame>, Ended> {
        let subject = self.bus.prefix().actions(&self.genesis.run_id, self.platform());
        let stream = StreamName::Actions;
        let looking = patiently(|| self.bus.last(stream, &subject));
        let stored = beating(&self.pulse, self.beat(), looking).await;
        let Some(stored) = stored else { return Ok(None) };
        let (run, epoch) = (&self.genesis.run_id, self.epoch);
        self.frames = Log::frames(&self.bus, run, self.platform(), stored.sequence, epoch);
        let frame = serde_json::from_slice(&stored.body)
            .map_err(|error| Lost::Damaged(format!("the last frame cannot be read: {error}")))?;
        Ok(Some(frame))
    }
}

/// Whether a node has given a world up, as the run was found: its journal may not say so yet, and
/// from now on does. What is reported of it has changed since.
fn is_given_up(found: &EnvStatus, platform: Platform) -> bool {
    let world = found.platform(platform).map(|world| world.status);
    (found.status, world) == (RunStatus::Failed, Some(RunStatus::Failed))
}

/// When that was on this process's clock; `None` if it is longer ago than that clock can say.
fn ago(at: Timestamp) -> Option<Instant> {
    let passed = now().milliseconds().saturating_sub(at.milliseconds());
    let passed = Duration::from_millis(u64::try_from(passed).unwrap_or(0));
    Instant::now().checked_sub(passed)
}
