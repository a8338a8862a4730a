//! Looking for runs that nobody holds: live ones are claimed, and of ended ones it is written down.
//!
//! The states of all runs are followed, so that a look costs nothing for those that have ended,
//! nor for those whose state their holder has just refreshed.

use std::collections::BTreeMap;
use std::time::Duration;

use bus::{Cursor, LeaseEnds, Start};
use contract::freshness::OTHER_RULES;
use contract::id::RunId;
use contract::status::EnvStatus;
use contract::subject::{Prefix, StreamName};
use kit::retry::Pauses;
use tokio::time::{Instant, MissedTickBehavior};

use super::keeper::RECOVER;
use super::{Node, Taking, records};
use crate::play;
use crate::worker::rules_of;

/// Between two looks.
const SWEEP: Duration = Duration::from_secs(3);

/// What is known of a run that somebody should hold, or is said to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    /// It has rounds to play.
    live: bool,
    /// Its state says that a worker has it.
    marked_held: bool,
    /// Its state says that it waits for a node of another build.
    explained: bool,
    /// When its state was written again, as far as this node has seen that.
    refreshed: Option<Instant>,
}

/// All runs that matter.
#[derive(Debug, Default)]
struct View {
    runs: BTreeMap<RunId, Seen>,
}

/// What to do about a run without a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    /// Leave it.
    Nothing,
    /// Claim it.
    Claim,
    /// Write down that nobody holds it.
    Correct,
    /// Write down that only a node of another build can hold it.
    Explain,
}

impl View {
    fn take(&mut self, status: &EnvStatus, now: Instant) {
        let (run, live, marked_held) = (&status.run_id, status.status.is_live(), status.held);
        if !live && !marked_held {
            self.runs.remove(run);
            return;
        }
        let explained = status.waits_for_other_rules();
        let refreshed = self.runs.contains_key(run).then_some(now);
        self.runs.insert(run.clone(), Seen { live, marked_held, explained, refreshed });
    }

    /// The lease of this key has ended: its run is doubtful, whatever was seen of it.
    fn doubt(&mut self, key: &str) -> bool {
        let ended = self.runs.iter_mut().filter(|(run, _)| Prefix::lease_key(run) == key);
        ended.map(|(_, seen)| seen.refreshed = None).count() > 0
    }

    /// The runs at whose leases one has to look: others show that they are held.
    fn doubtful(&self, now: Instant, lease: Duration) -> Vec<(RunId, Seen)> {
        let is_fresh = |seen: &Seen| {
            seen.marked_held && seen.refreshed.is_some_and(|at| now.duration_since(at) < lease)
        };
        let doubtful = self.runs.iter().filter(|(_, seen)| !is_fresh(seen));
        doubtful.map(|(run, seen)| (run.clone(), *seen)).collect()
    }
}

/// Decides about a run of which nobody has a lease; `unfit`: this node cannot play it.
fn decide(seen: Seen, unfit: bool, quiet: bool) -> Wish {
    match seen {
        // Its holder may be about to take its lease again.
        Seen { marked_held: true, .. } if quiet => Wish::Nothing,
        Seen { live: true, explained: true, .. } if unfit => Wish::Nothing,
        Seen { live: true, .. } if unfit => Wish::Explain,
        Seen { live: true, .. } => Wish::Claim,
        Seen { marked_held: true, .. } => Wish::Correct,
        Seen { .. } => Wish::Nothing,
    }
}

/// The key of the next lease that ends; never where that cannot be heard of.
async fn next_end(ends: &mut Option<LeaseEnds>) -> String {
    match ends {
        Some(ends) => ends.next().await,
        None => std::future::pending().await,
    }
}

impl Node {
    /// Looks every now and then, and when a lease ends, for runs that should go on and that nobody
    /// holds.
    pub(super) async fn sweep(self) {
        let mut states = self.follow_states().await;
        // Who may not follow leases still looks.
        let mut ends = self.bus.lease_ends().await.ok();
        let mut view = View::default();
        let mut looks = tokio::time::interval_at(Instant::now() + SWEEP, SWEEP);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                stored = states.next() => {
                    match serde_json::from_slice::<EnvStatus>(&stored.body) {
                        Ok(status) => view.take(&status, Instant::now()),
                        Err(error) => {
                            tracing::warn!("{} is unreadable: {error}", stored.subject);
                            let subject_of = |run: &RunId| self.bus.prefix().env_status(run);
                            view.runs.retain(|run, _| subject_of(run) != stored.subject);
                        }
                    }
                }
                key = next_end(&mut ends) => {
                    if view.doubt(&key) {
                        self.look_around(&view).await;
                    }
                }
                _ = looks.tick() => self.look_around(&view).await,
            }
        }
    }

    async fn follow_states(&self) -> Cursor {
        let filter = self.bus.prefix().all(StreamName::EnvStatus);
        let mut pauses = Pauses::new(Duration::from_millis(100), Duration::from_secs(2));
        loop {
            match self.bus.follow(StreamName::EnvStatus, &filter, Start::LastPerSubject).await {
                Ok(states) => return states,
                Err(error) => tracing::warn!("failed to follow states, trying again: {error}"),
            }
            pauses.wait().await;
        }
    }

    /// Looks at all runs of which one cannot know whether somebody holds them.
    async fn look_around(&self, view: &View) {
        let mut room = true;
        for (run, seen) in view.doubtful(Instant::now(), self.args.lease()) {
            match decide(seen, self.is_unfit_for(&run), self.is_quiet()) {
                Wish::Claim if room && self.may_claim(&run) && self.is_free(&run).await => {
                    room = self.claim(&run, RECOVER, Taking::Free);
                }
                Wish::Correct if self.handle(&run).is_none() => self.correct(&run).await,
                Wish::Explain => self.explain(&run).await,
                Wish::Nothing | Wish::Claim | Wish::Correct => {}
            }
        }
    }

    async fn is_free(&self, run: &RunId) -> bool {
        matches!(self.bus.lease_holder(&Prefix::lease_key(run)).await, Ok(None))
    }

    /// Writes down that nobody holds an ended run any more, whose holder could not.
    async fn correct(&self, run: &RunId) {
        let subject = self.bus.prefix().env_status(run);
        let Ok(Some(stored)) = self.bus.last(StreamName::EnvStatus, &subject).await else { return };
        let Ok(mut status) = serde_json::from_slice::<EnvStatus>(&stored.body) else { return };
        // After the look at the state: whoever takes the lease from now on writes another one.
        if !status.held || status.status.is_live() || !self.is_free(run).await {
            return;
        }
        status.held = false;
        if let Err(error) = records::replace(self, status, &stored).await {
            tracing::debug!("failed to correct {subject}: {error}");
        }
    }

    /// Writes down why a live run does not go on that this node cannot play, and nobody else takes.
    async fn explain(&self, run: &RunId) {
        let subject = self.bus.prefix().env_status(run);
        let Ok(Some(found)) = rules_of(&self.bus, run).await else { return };
        let Ok(Some(stored)) = self.bus.last(StreamName::EnvStatus, &subject).await else { return };
        let Ok(mut status) = serde_json::from_slice::<EnvStatus>(&stored.body) else { return };
        // After the look at the state: whoever takes the lease from now on writes another one.
        if !status.status.is_live() || !self.is_free(run).await {
            return;
        }
        let (ours, build) = (play::rules(), kit::build::BUILD);
        let what = format!("it waits for a simulator with rules {found}, under which it began");
        let why =
            format!("those that are here have others ({}: build {build}, rules {ours})", self.name);
        let advice = "start one of the build that began it, and it goes on";
        status.reason = Some(format!("{OTHER_RULES}: {what}; {why}: {advice}"));
        status.held = false;
        if let Err(error) = records::replace(self, status, &stored).await {
            tracing::debug!("failed to explain {subject}: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::status::RunStatus;

    const QUEUED: Seen = Seen { live: true, marked_held: false, explained: false, refreshed: None };

    fn state(run: &str, status: RunStatus, held: bool) -> EnvStatus {
        let text = include_str!(
            "../../../../schemas/examples/env-status/valid/accepted-unknown-field.json"
        );
        let status_now = serde_json::from_str::<EnvStatus>(text).unwrap();
        EnvStatus { run_id: run.parse().unwrap(), status, held, reason: None, ..status_now }
    }

    #[test]
    fn every_case_has_its_wish() {
        let held = Seen { marked_held: true, ..QUEUED };
        let ended = Seen { live: false, ..held };
        for (seen, quiet, wish) in [
            (QUEUED, false, Wish::Claim),
            (QUEUED, true, Wish::Claim),
            (held, false, Wish::Claim),
            (held, true, Wish::Nothing),
            (ended, false, Wish::Correct),
            (ended, true, Wish::Nothing),
            (Seen { marked_held: false, ..ended }, false, Wish::Nothing),
        ] {
            assert_eq!(decide(seen, false, quiet), wish, "{seen:?}, {quiet}");
        }
        let explained = Seen { explained: true, ..QUEUED };
        for (seen, quiet, wish) in [
            (QUEUED, false, Wish::Explain),
            (held, false, Wish::Explain),
            (held, true, Wish::Nothing),
            (ended, false, Wish::Correct),
            (explained, false, Wish::Nothing),
        ] {
            assert_eq!(decide(seen, true, quiet), wish, "unfit, {seen:?}, {quiet}");
        }
        assert_eq!(decide(explained, false, false), Wish::Claim, "who can play it does");
    }

    #[test]
    fn a_run_is_looked_at_unless_it_has_ended_or_its_holder_shows_itself() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let doubtful = |view: &View, seconds| {
            let runs = view.doubtful(at(seconds), Duration::from_secs(10));
            runs.into_iter().map(|(run, _)| run.to_string()).collect::<Vec<_>>()
        };
        let mut view = View::default();
        let [a, b, c] = ["a-1", "b-1", "c-1"];
        let take = |view: &mut View, run: &str, live, held, at| {
            let status = if live { RunStatus::Running } else { RunStatus::Completed };
            view.take(&state(run, status, held), at);
        };
        take(&mut view, a, true, false, at(0));
        take(&mut view, b, true, true, at(0));
        take(&mut view, c, false, false, at(0));
        assert_eq!(doubtful(&view, 0), ["a-1", "b-1"], "nobody knows how old the first state is");
        take(&mut view, a, true, false, at(5));
        take(&mut view, b, true, true, at(5));
        assert_eq!(doubtful(&view, 14), ["a-1"]);
        assert_eq!(doubtful(&view, 15), ["a-1", "b-1"]);
        take(&mut view, b, false, true, at(15));
        take(&mut view, a, false, false, at(15));
        assert_eq!(doubtful(&view, 30), ["b-1"]);
        take(&mut view, b, false, false, at(30));
        assert!(view.runs.is_empty());
    }
}
