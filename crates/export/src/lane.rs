//! One world on its way into the files.

use std::fs::File;
use std::io::BufWriter;

use contract::frame::{Frame, Marker};
use contract::id::Digest;
use contract::status::PlatformStatus;
use contract::subject::Platform;
use contract::timestamp::Timestamp;

use crate::error::ExportError;
use crate::manifest::World;
use crate::oasis::Tables;
use crate::original::ActionLog;
use crate::run_state::Recent;

/// One world: what was read of it, and where it goes.
pub(crate) struct Lane {
    pub(crate) platform: Platform,
    pub(crate) tables: Option<Tables>,
    pub(crate) log: Option<ActionLog<BufWriter<File>>>,
    pub(crate) recent: Recent,
    pub(crate) rules: Option<u32>,
    ticks: u32,
    next_seq: u64,
    digest: Digest,
    last: Option<(u32, Timestamp, u64)>,
    succeeded: u64,
    listed: u64,
}

impl Lane {
    pub(crate) fn new(
        platform: Platform,
        tables: Option<Tables>,
        log: Option<ActionLog<BufWriter<File>>>,
    ) -> Lane {
        Lane {
            platform,
            tables,
            log,
            recent: Recent::default(),
            rules: None,
            ticks: 0,
            next_seq: 1,
            digest: Digest::ZERO,
            last: None,
            succeeded: 0,
            listed: 0,
        }
    }

    /// Takes the next frame of the world.
    pub(crate) fn frame(&mut self, frame: &Frame) -> Result<(), ExportError> {
        let follows = frame.previous_digest == self.digest && frame.first_seq == self.next_seq;
        if frame.tick != self.ticks || !follows {
            let (platform, expected, found) = (self.platform, self.ticks, frame.tick);
            return Err(ExportError::Chain { platform, expected, found });
        }
        if let Some(tables) = &mut self.tables {
            tables.frame(frame)?;
        }
        if let Some(log) = &mut self.log {
            log.frame(frame)?;
        }
        self.recent.add(frame);
        let mut minutes = self.last.map_or(0, |(_, _, minutes)| minutes);
        for marker in &frame.markers {
            match marker {
                Marker::SimulationStart { rules, .. } => self.rules = Some(*rules),
                Marker::RoundEnd { simulated_minutes, .. } => minutes = *simulated_minutes,
                Marker::RoundStart { .. } | Marker::SimulationEnd { .. } => {}
            }
        }
        let succeeded = frame.actions.iter().filter(|action| action.success());
        self.listed += succeeded.clone().filter(|action| action.body.is_listed()).count() as u64;
        self.succeeded += succeeded.count() as u64;
        self.last = Some((frame.round, frame.simulated_time, minutes));
        (self.ticks, self.next_seq, self.digest) = (self.ticks + 1, frame.next_seq(), frame.digest);
        Ok(())
    }

    /// Whether a run that is over has given all its frames.
    pub(crate) fn check(&self, world: &PlatformStatus) -> Result<(), ExportError> {
        let platform = self.platform;
        if self.ticks < world.ticks {
            let (expected, found) = (world.ticks, self.ticks);
            return Err(ExportError::Missing { platform, expected, found });
        }
        if self.ticks == world.ticks && self.digest != world.digest {
            let (expected, found) = (world.digest.to_string(), self.digest.to_string());
            return Err(ExportError::Digest { platform, expected, found });
        }
        Ok(())
    }

    /// What the world's state is after the frames that were read, so that files which tell of
    /// it agree with the rows beside them.
    pub(crate) fn bring_up_to_date(&self, world: &mut PlatformStatus) {
        let (round, _, minutes) = self.last.unwrap_or((0, Timestamp::EPOCH, 0));
        (world.ticks, world.round, world.simulated_minutes) = (self.ticks, round, minutes);
        (world.actions, world.succeeded) = (self.next_seq - 1, self.succeeded);
        (world.listed, world.digest) = (self.listed, self.digest);
    }

    /// What the manifest says of the world.
    pub(crate) fn described(&self, rounds: u32) -> Result<World, ExportError> {
        Ok(World {
            platform: self.platform,
            ticks: self.ticks,
            through_round: self.last.map(|(round, _, _)| round),
            simulated_time: self.last.map(|(_, time, _)| time),
            is_complete: self.last.is_some_and(|(round, _, _)| round >= rounds),
            digest: self.digest,
            actions: self.next_seq - 1,
            succeeded: self.succeeded,
            listed: self.listed,
            tables: self.tables.as_ref().map(Tables::counts).transpose()?.unwrap_or_default(),
            trace_repeats: self.tables.as_ref().map_or(0, Tables::repeats),
        })
    }
}
