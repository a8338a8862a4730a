//! Who disturbs: one thread for each kind of process, and one for what dies at named places.
//!
//! Each waits until a run is in the middle, does what the next card says, and looks for what
//! shows that the run was in the middle then, and went on.

mod line;
mod node;
mod points;
mod server;
mod services;
mod worker;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use self::points::Points;
use super::dice::{Deck, Dice};
use super::fleet::Fleet;
use super::log::{Deed, Fault, Kind, Log};
use super::play::Game;
use super::view::{RunView, Watcher};
use super::{Plan, until};

/// How long a fault may take to be overcome.
const PATIENCE: Duration = Duration::from_secs(45);
/// How many faults of its kind a process may be ahead of the others.
const LEAD: usize = 2;
/// What a service logs whenever it has reached the bus.
const CONNECTED: &str = "connected to nats-server";

/// Where it all happens.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// What is disturbed.
    pub fleet: &'a Fleet,
    /// What is seen of it.
    pub watcher: &'a Watcher,
    /// What was done.
    pub log: &'a Log,
    /// What is played.
    pub game: &'a Game<'a>,
    /// What is to be done.
    pub plan: &'a Plan,
    /// How many faults of each kind must count.
    pub quota: usize,
}

/// A run in the middle, as it was seen before it was disturbed.
#[derive(Clone, Debug)]
struct Before {
    run: String,
    view: RunView,
    at: Instant,
}

/// What shows that a fault was in the middle, or what is missing for that.
type Evidence = Result<String, String>;

/// Disturbs until enough faults of each kind count, or the time is over.
pub fn all(field: &Field<'_>) {
    let points = Points::new(field);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| points.watch(field, &over));
        std::thread::scope(|scope| {
            scope.spawn(|| worker::torment(field));
            scope.spawn(|| node::torment(field, &points));
            scope.spawn(|| services::torment_launcher(field, &points));
            scope.spawn(|| services::torment_sink(field, &points));
            scope.spawn(|| server::torment(field));
            scope.spawn(|| line::torment(field));
        });
        over.store(true, Ordering::Relaxed);
    });
}

impl Field<'_> {
    /// Deals cards until enough faults of this kind count, or the time is over.
    fn torment(
        &self,
        kind: Kind,
        quota: usize,
        deeds: &[Deed],
        mut act: impl FnMut(&Deed, &mut Dice),
    ) {
        let mut dice = Dice::new(self.plan.seed, kind.name());
        let mut deck = Deck::of(deeds.to_vec());
        while self.log.counted(kind) < quota && !self.is_late() {
            until(PATIENCE, || !self.is_ahead(kind, quota) || self.is_late());
            let Some(deed) = deck.deal(&mut dice) else { return };
            act(&deed, &mut dice);
        }
    }

    /// A bus that is disturbed again before anybody could take a run up holds all others up: each
    /// kind waits for the slowest.
    fn is_ahead(&self, kind: Kind, quota: usize) -> bool {
        let share = |counted: usize, quota: usize| counted * 100 / quota.max(1);
        let processes = [Kind::Worker, Kind::Node, Kind::Launcher, Kind::Sink, Kind::Server];
        let slowest = processes.map(|kind| share(self.log.counted(kind), self.quota));
        let lead = share(LEAD, self.quota);
        share(self.log.counted(kind), quota) > slowest.into_iter().min().unwrap_or(0) + lead
    }

    fn is_late(&self) -> bool {
        self.log.took() > self.plan.deadline
    }

    /// A run in the middle, of those that `fits` is true of.
    fn lively(&self, dice: &mut Dice, fits: impl Fn(&str) -> bool) -> Option<Before> {
        let mut found = Vec::new();
        until(PATIENCE, || {
            let runs = self.watcher.runs().into_iter();
            found = runs.filter(|(run, view)| view.is_lively() && fits(run)).collect();
            !found.is_empty() || self.is_late()
        });
        let (run, view) = dice.pick(&found)?.clone();
        Some(Before { run, view, at: Instant::now() })
    }

    /// Waits until the run has a new owner, and its frames grow under it.
    fn await_successor(&self, before: &Before) -> Evidence {
        let (epoch, frames) = (before.view.epoch, before.view.frames);
        let claimed = self.await_claim(before)?;
        self.await_growth(&before.run, claimed.frames)?;
        let now = self.watcher.run(&before.run).unwrap_or(claimed);
        Ok(format!("epoch {epoch} to {}, frames {frames} to {}", now.epoch, now.frames))
    }

    /// Waits until the run has a new owner.
    fn await_claim(&self, before: &Before) -> Result<RunView, String> {
        let mut last = before.view.clone();
        let is_claimed = |view: &RunView| view.epoch > before.view.epoch;
        until(PATIENCE, || {
            last = self.watcher.run(&before.run).unwrap_or_else(|| last.clone());
            is_claimed(&last) || last.is_over()
        });
        match last {
            claimed if is_claimed(&claimed) => Ok(claimed),
            last if last.is_over() => Err("the run was over before".to_owned()),
            last => Err(self.stuck(&before.run, &last, "no new claim")),
        }
    }

    /// Waits until there are more frames of a run.
    fn await_growth(&self, run: &str, frames: u64) -> Result<(), String> {
        let mut last = None;
        until(PATIENCE, || {
            last = self.watcher.run(run);
            last.as_ref().is_some_and(|view| view.frames > frames || view.is_over())
        });
        match last {
            Some(view) if view.frames > frames => Ok(()),
            Some(view) if view.is_over() => Err("the run was over then".to_owned()),
            Some(view) => Err(self.stuck(run, &view, "no frame")),
            None => Err("the run was never seen".to_owned()),
        }
    }

    /// Waits until there are more frames of any run, and says how many.
    fn await_any_growth(&self, frames: u64) -> Evidence {
        let grew = until(PATIENCE, || self.watcher.frames() > frames);
        let now = self.watcher.frames();
        match grew {
            true => Ok(format!("frames {frames} to {now}")),
            false => Err(self.never("no run goes on")),
        }
    }

    /// A run that does not go on although nobody holds it up is a violation.
    fn stuck(&self, run: &str, view: &RunView, what: &str) -> String {
        match view.word() {
            "paused" | "stopped" => format!("the run was {} by command", view.word()),
            word => self.never(&format!("{run} tick {}: {what}, is {word}", view.tick())),
        }
    }

    /// What must happen within the patience did not.
    fn never(&self, what: &str) -> String {
        let said = format!("{what} for {PATIENCE:?}");
        self.log.violation(said.clone());
        said
    }

    /// Notes what was done to a process in the middle of a run, and what came of it.
    fn note(&self, kind: Kind, deed: &Deed, target: String, before: &Before, evidence: Evidence) {
        self.log.fault(Fault {
            kind,
            deed: deed.clone(),
            point: None,
            target,
            tick: before.view.tick(),
            recovery: before.at.elapsed(),
            evidence,
        });
    }
}

/// How often a service has reached the bus.
fn connections(log: &str) -> usize {
    log.matches(CONNECTED).count()
}
