//! The run's env-status: what the lanes report, written with the expected sequence.
//!
//! Reports come as fast as ticks do; what is written is the latest, at most a few times a
//! second, and at once when somebody must know (an answer is about to say so).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bus::{Append, AppendError, Bus};
use contract::status::{EnvStatus, PlatformStatus, RunStatus};
use contract::subject::{Platform, StreamName};
use contract::timestamp::Timestamp;
use faults::Safeguard;
use kit::retry::Pauses;
use tokio::sync::watch;

use crate::protocol::Lost;

/// What the reason begins with while a run waits for room on the bus.
pub const BUS_FULL: &str = "bus_full";

/// Pause between two writes of a state that only progresses.
const BETWEEN_WRITES: Duration = Duration::from_millis(200);

/// Where lanes and desk report to; cheap to clone.
#[derive(Clone, Debug)]
pub struct Board {
    status: Arc<Mutex<EnvStatus>>,
    /// The worlds for which the bus has no room, and why.
    lacks: Arc<Mutex<BTreeMap<Platform, String>>>,
    reported: Arc<watch::Sender<u64>>,
    written: watch::Receiver<u64>,
}

/// The other side: writes what is reported. One per run.
#[derive(Debug)]
pub struct Writer {
    bus: Bus,
    subject: String,
    sequence: u64,
    board: Board,
    reported: watch::Receiver<u64>,
    written: watch::Sender<u64>,
}

/// A board that begins with `status`, which is stored as `sequence`.
pub fn open(bus: Bus, status: EnvStatus, sequence: u64) -> (Board, Writer) {
    let subject = bus.prefix().env_status(&status.run_id);
    let (report, reported) = watch::channel(0);
    let (wrote, written) = watch::channel(0);
    let status = Arc::new(Mutex::new(status));
    let board = Board { status, lacks: Arc::default(), reported: Arc::new(report), written };
    (board.clone(), Writer { bus, subject, sequence, board, reported, written: wrote })
}

impl Board {
    /// Changes the status; the run's own state follows from its worlds'.
    pub fn report(&self, change: impl FnOnce(&mut EnvStatus)) {
        {
            let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut status);
            if status.reason.as_ref().is_none_or(|reason| reason.starts_with(BUS_FULL)) {
                status.reason = self.lack();
            }
            let now = Timestamp::from_milliseconds(kit::now_milliseconds());
            settle(&mut status, now);
        }
        self.reported.send_modify(|version| *version += 1);
    }

    /// Changes the status of one world.
    pub fn report_platform(&self, platform: Platform, change: impl FnOnce(&mut PlatformStatus)) {
        self.report(|status| {
            if let Some(world) = world_of(status, platform) {
                change(world);
            }
        });
    }

    /// Reports that the bus has no room for a world, or has again; the reason stays while any
    /// world waits.
    pub fn report_room(&self, platform: Platform, lack: Option<String>) {
        let mut lacks = self.lacks.lock().unwrap_or_else(PoisonError::into_inner);
        match lack {
            Some(why) => drop(lacks.insert(platform, why)),
            None => drop(lacks.remove(&platform)),
        }
        drop(lacks);
        self.report(|_| {});
    }

    /// What the bus lacks for a world, in words.
    fn lack(&self) -> Option<String> {
        let lacks = self.lacks.lock().unwrap_or_else(PoisonError::into_inner);
        lacks.values().next().map(|why| format!("{BUS_FULL}: {why}"))
    }

    /// The state as reported.
    pub fn status(&self) -> EnvStatus {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until all that was reported so far is stored.
    pub async fn stored(&self) {
        let wanted = *self.reported.borrow();
        let mut written = self.written.clone();
        // The writer is gone only when the whole worker ends.
        let _ = written.wait_for(|version| *version >= wanted).await;
    }
}

impl Writer {
    /// Writes for as long as the worker lives.
    ///
    /// # Errors
    /// When the run has another owner, or may not be written to.
    pub async fn run(mut self) -> Result<(), Lost> {
        loop {
            if self.reported.changed().await.is_err() {
                return Ok(());
            }
            let version = *self.reported.borrow_and_update();
            let status = self.board.status();
            let ended = !status.status.is_live();
            self.write(status).await?;
            self.written.send_replace(version);
            if !ended {
                tokio::time::sleep(BETWEEN_WRITES).await;
            }
        }
    }

    async fn write(&mut self, mut status: EnvStatus) -> Result<(), Lost> {
        let mut pauses = Pauses::new(Duration::from_millis(50), Duration::from_secs(2));
        loop {
            faults::point("status.storing");
            status.updated_at = Timestamp::from_milliseconds(kit::now_milliseconds());
            let known = (!faults::is_off(Safeguard::StatusSequence)).then_some(self.sequence);
            let append = Append {
                subject: self.subject.clone(),
                body: status.to_bytes(),
                headers: Vec::new(),
                expected_last: known,
            };
            match self.bus.append(append).await {
                Ok(sequence) => {
                    self.sequence = sequence;
                    faults::point("status.stored");
                    return Ok(());
                }
                Err(AppendError::Denied(why)) => return Err(Lost::Denied(why)),
                Err(AppendError::Full(why)) => tracing::warn!(why, "env-status is full: {why}"),
                Err(AppendError::Refused | AppendError::Unanswered(_)) if known.is_none() => {}
                Err(AppendError::Refused | AppendError::Unanswered(_)) => {
                    self.look(status.epoch).await?;
                }
            }
            pauses.wait().await;
        }
    }

    /// What stands there now: what is not ours ends this worker, anything else is replaced.
    async fn look(&mut self, epoch: u32) -> Result<(), Lost> {
        match self.bus.last(StreamName::EnvStatus, &self.subject).await {
            Ok(Some(stored)) => {
                judge(&stored.body, epoch)?;
                self.sequence = stored.sequence;
                Ok(())
            }
            Ok(None) => Err(Lost::Damaged("the run's env-status is gone".to_owned())),
            // No answer is no news: the caller tries again.
            Err(_) => Ok(()),
        }
    }
}

/// Whether an owner of this epoch may write over a state that it did not expect.
///
/// # Errors
/// If it is a successor's, or cannot be read: then it may be the successor's of another build.
fn judge(body: &[u8], epoch: u32) -> Result<(), Lost> {
    match serde_json::from_slice::<EnvStatus>(body) {
        Ok(status) if status.status == RunStatus::Deleted => Err(Lost::Deleted),
        Ok(status) if status.epoch > epoch => Err(Lost::Fenced(status.epoch)),
        Ok(_) => Ok(()),
        Err(error) => {
            let what = "the run's env-status was written by somebody else and cannot be read";
            Err(Lost::Damaged(format!("{what} by this build: {error}")))
        }
    }
}

/// The status of one world, to be changed.
pub fn world_of(status: &mut EnvStatus, platform: Platform) -> Option<&mut PlatformStatus> {
    status.platforms.iter_mut().find(|world| world.platform == platform)
}

/// The run's own state, from its worlds'.
fn settle(status: &mut EnvStatus, now: Timestamp) {
    let overall = overall(&status.platforms);
    if status.status.is_live() && !overall.is_live() {
        status.ended_at = Some(now);
    }
    if overall.is_live() {
        status.ended_at = None;
    }
    status.status = overall;
    status.alive = overall.is_open();
}

/// A run lives while one of its worlds does; then the worst of their ends is its own.
pub fn overall(platforms: &[PlatformStatus]) -> RunStatus {
    use RunStatus::{Completed, Deleted, Failed, Paused, Queued, Running, Starting, Stopped};
    let all = |status| platforms.iter().all(|world: &PlatformStatus| world.status == status);
    if let Some(status) = [Queued, Starting].into_iter().find(|status| all(*status)) {
        return status;
    }
    let mut live = platforms.iter().filter(|world| world.status.is_live()).peekable();
    if live.peek().is_some() {
        // One that waits to begin while another plays is only slower; one that has ended holds
        // nobody up.
        return if live.all(|world| world.status == Paused) { Paused } else { Running };
    }
    let any = |status: RunStatus| platforms.iter().any(|world| world.status == status);
    let ends = [Deleted, Failed, Stopped, Completed];
    ends.into_iter().find(|status| any(*status)).unwrap_or(RunStatus::Closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_an_owners_own_is_not_written_over() {
        let schemas =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/examples/env-status/valid");
        let text = std::fs::read_to_string(format!("{schemas}/running.json")).unwrap();
        let status: EnvStatus = serde_json::from_str(&text).unwrap();
        let epoch = status.epoch;
        let judged = |status: &EnvStatus| judge(&status.to_bytes(), epoch);
        assert_eq!(judged(&status), Ok(()));
        assert_eq!(judged(&EnvStatus { epoch: epoch - 1, ..status.clone() }), Ok(()));
        let newer = EnvStatus { epoch: epoch + 1, ..status.clone() };
        assert_eq!(judged(&newer), Err(Lost::Fenced(epoch + 1)));
        let deleted = EnvStatus { status: RunStatus::Deleted, ..status };
        assert_eq!(judged(&deleted), Err(Lost::Deleted));
        for strange in
            ["", "{}", &text.replace("running", "dreaming"), &text.replace("\"v\": 1", "\"v\": 2")]
        {
            let judged = judge(strange.as_bytes(), epoch).unwrap_err().to_string();
            assert!(judged.contains("cannot be read by this build: "), "{judged}");
        }
    }

    #[test]
    fn a_run_is_what_its_worlds_are() {
        use RunStatus::{
            Closed, Completed, Deleted, Failed, Paused, Queued, Running, Starting, Stopped,
        };
        let table = [
            ([Queued, Queued], Queued),
            ([Starting, Starting], Starting),
            ([Starting, Running], Running),
            ([Running, Completed], Running),
            ([Running, Failed], Running),
            ([Completed, Completed], Completed),
            ([Completed, Failed], Failed),
            ([Completed, Stopped], Stopped),
            ([Stopped, Failed], Failed),
            ([Queued, Starting], Running),
            ([Paused, Paused], Paused),
            ([Paused, Running], Running),
            ([Paused, Starting], Running),
            ([Paused, Completed], Paused),
            ([Paused, Failed], Paused),
            ([Paused, Stopped], Paused),
            ([Running, Stopped], Running),
            ([Closed, Closed], Closed),
            // While the second of them closes.
            ([Closed, Completed], Completed),
            ([Closed, Failed], Failed),
            ([Closed, Stopped], Stopped),
            ([Deleted, Deleted], Deleted),
        ];
        for (worlds, expected) in table {
            let platforms: Vec<PlatformStatus> = Platform::ALL
                .into_iter()
                .zip(worlds)
                .map(|(platform, status)| PlatformStatus {
                    status,
                    ..PlatformStatus::new(platform, 3)
                })
                .collect();
            assert_eq!(overall(&platforms), expected, "{worlds:?}");
            let turned: Vec<PlatformStatus> = platforms.into_iter().rev().collect();
            assert_eq!(overall(&turned), expected, "{worlds:?}, the other way round");
        }
    }
}
