//! What the bus shows of all runs, looked at all the time.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::wire::Wire;

/// Between two looks.
const BETWEEN: Duration = Duration::from_millis(100);
/// A run whose frames grew within this is in the middle of its work.
const LIVELY: Duration = Duration::from_millis(1500);
/// Rounds that must be left of a run that is to be disturbed.
const ENOUGH: u64 = 6;

/// What is known of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunView {
    /// Its last status.
    pub status: Value,
    /// Messages in its action streams.
    pub frames: u64,
    /// The highest epoch at the end of its journals.
    pub epoch: u64,
    /// When its frames were last seen to grow.
    pub grown_at: Option<Instant>,
    /// When its epoch was last seen to grow.
    pub claimed_at: Option<Instant>,
}

/// What is known of all, by their ids.
pub type Runs = BTreeMap<String, RunView>;

/// Looks until it is dropped.
#[derive(Debug)]
pub struct Watcher {
    runs: Arc<Mutex<Runs>>,
    over: Arc<AtomicBool>,
    looking: Option<JoinHandle<()>>,
}

impl RunView {
    /// The word for its state.
    pub fn word(&self) -> &str {
        self.status["status"].as_str().unwrap_or_default()
    }

    /// True once nothing is to be played any more, whoever asks.
    pub fn is_over(&self) -> bool {
        matches!(self.word(), "completed" | "closed" | "failed" | "deleted")
    }

    /// Rounds that are left in the world that has most.
    pub fn rounds_left(&self) -> u64 {
        let worlds = self.status["platforms"].as_array().into_iter().flatten();
        let left = worlds.map(|world| {
            let number = |name: &str| world[name].as_u64().unwrap_or(0);
            (number("rounds") + 1).saturating_sub(number("ticks"))
        });
        left.max().unwrap_or(0)
    }

    /// The tick that it is at, in the world that is furthest.
    pub fn tick(&self) -> u64 {
        let worlds = self.status["platforms"].as_array().into_iter().flatten();
        worlds.filter_map(|world| world["ticks"].as_u64()).max().unwrap_or(0)
    }

    /// True in the middle: its frames grow, under its present owner, and rounds are left.
    pub fn is_lively(&self) -> bool {
        let grew = self.grown_at.filter(|at| at.elapsed() < LIVELY);
        self.word() == "running" && self.rounds_left() >= ENOUGH && grew > self.claimed_at
    }
}

impl Watcher {
    /// Begins to look at the server on a port.
    pub fn start(port: u16) -> Watcher {
        let (runs, over) = (Arc::new(Mutex::new(Runs::new())), Arc::new(AtomicBool::new(false)));
        let (shared, end) = (runs.clone(), over.clone());
        let looking = std::thread::spawn(move || {
            while !end.load(Ordering::Relaxed) {
                let known = shared.lock().unwrap_or_else(PoisonError::into_inner).clone();
                // A server that does not answer is looked at again.
                if let Ok(seen) = look(port, known) {
                    *shared.lock().unwrap_or_else(PoisonError::into_inner) = seen;
                }
                std::thread::sleep(BETWEEN);
            }
        });
        Watcher { runs, over, looking: Some(looking) }
    }

    /// What was seen last.
    pub fn runs(&self) -> Runs {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// One run, if it was seen.
    pub fn run(&self, run: &str) -> Option<RunView> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner).get(run).cloned()
    }

    /// Frames of all runs together.
    pub fn frames(&self) -> u64 {
        self.runs().values().map(|run| run.frames).sum()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(looking) = self.looking.take() {
            // Had it panicked, whoever waits for what it sees would have said so.
            let _ = looking.join();
        }
    }
}

/// One look.
fn look(port: u16, mut runs: Runs) -> io::Result<Runs> {
    let mut wire = Wire::connect(port)?;
    let now = Instant::now();
    let frames = wire.subjects("SIM_ACTIONS")?;
    for subject in wire.subjects("SIM_ENV_STATUS")?.into_keys() {
        let Some(run) = subject.strip_prefix("sim.env-status.") else { continue };
        // One that has failed may be resumed.
        if runs.get(run).is_some_and(|view| view.is_over() && view.word() != "failed") {
            continue;
        }
        let status = wire.last("SIM_ENV_STATUS", &subject)?.unwrap_or_default();
        let (mut epoch, mut count) = (0, 0);
        for world in status["platforms"].as_array().into_iter().flatten() {
            let world = world["platform"].as_str().unwrap_or_default();
            let last = wire.last("SIM_INPUTS", &format!("sim.inputs.{run}.{world}"))?;
            let record = last.unwrap_or_default();
            epoch = epoch.max(record["record"]["epoch"].as_u64().unwrap_or(0));
            count += frames.get(&format!("sim.actions.{run}.{world}")).copied().unwrap_or(0);
        }
        let before = runs.get(run);
        let since = |grew: bool, at: Option<Instant>| if grew { Some(now) } else { at };
        let grown_at =
            since(before.is_none_or(|it| it.frames < count), before.and_then(|it| it.grown_at));
        let claimed_at =
            since(before.is_none_or(|it| it.epoch < epoch), before.and_then(|it| it.claimed_at));
        let view = RunView { status, frames: count, epoch, grown_at, claimed_at };
        runs.insert(run.to_owned(), view);
    }
    Ok(runs)
}
