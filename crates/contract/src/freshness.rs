//! What a reader makes of a state that may be old: silence where a worker is promised. Pure.

use crate::status::{EnvStatus, RunStatus};
use crate::timestamp::Timestamp;

/// Milliseconds without news after which a promised worker is in doubt. While it is there it says
/// something at least every 2 s.
const STALE: i64 = 10_000;

/// Milliseconds after which somebody should have taken a queued run.
const NOBODY_TOOK_IT: i64 = 5_000;

/// What the reason begins with while a run waits for a node of another build.
pub const OTHER_RULES: &str = "other_rules";

impl EnvStatus {
    /// The status as a reader should see it: a run whose promised worker is silent is `recovering`.
    pub fn word(&self, now: Timestamp) -> &'static str {
        if self.is_stale(now) { "recovering" } else { self.status.as_str() }
    }

    /// What keeps the run from going on, if something does, for people.
    pub fn trouble(&self, now: Timestamp) -> Option<String> {
        self.stuck(now).map(str::to_owned).or_else(|| {
            let mut waiting = self.platforms.iter().filter(|_| self.status.is_live());
            waiting.find_map(|world| {
                let what = world.waits_for.as_ref()?;
                Some(format!("the {} world waits for {what}", world.platform))
            })
        })
    }

    /// Why nobody plays the run, if nobody does.
    pub fn stuck(&self, now: Timestamp) -> Option<&'static str> {
        if self.status == RunStatus::Queued {
            let waited = now.milliseconds() - self.created_at.milliseconds();
            return (waited > NOBODY_TOOK_IT).then_some(
                "no node has taken it yet: none runs here, or all slots are taken (`shoal doctor`)",
            );
        }
        if self.waits_for_other_rules() {
            return Some(
                "no node here plays by its rules: start a simulator of the build that began it",
            );
        }
        self.is_stale(now)
            .then_some("no news from its worker: a simulator takes it over if one is there")
    }

    /// True while nobody can play it but a node of another build, and none is there.
    pub fn waits_for_other_rules(&self) -> bool {
        let says_so = self.reason.as_ref().is_some_and(|reason| reason.starts_with(OTHER_RULES));
        says_so && !self.held && self.status.is_live()
    }

    fn is_stale(&self, now: Timestamp) -> bool {
        matches!(self.status, RunStatus::Starting | RunStatus::Running)
            && now.milliseconds() - self.updated_at.milliseconds() > STALE
    }
}
