//! What a simulator counts of itself: docs/metrics.md. Workers count, and tell their node.

use std::io::Write as _;
use std::time::Duration;

use contract::subject::Platform;
use kit::metrics::{Family, add, observe, registry};
use tokio::time::Instant;

/// How often a worker tells its node what it did.
const TOLD: Duration = Duration::from_secs(1);

/// Runs that a node claimed.
pub static CLAIMS: Family =
    Family::count("shoal_node_claims_total", "Runs that the node claimed, by why.");

/// Workers that ended.
pub static EXITS: Family =
    Family::count("shoal_node_worker_exits_total", "Workers that ended, by how.");

/// Rounds.
pub static ROUNDS: Family =
    Family::count("shoal_world_rounds_total", "Rounds whose frame was stored.");

/// Actions.
pub static ACTIONS: Family =
    Family::count("shoal_world_actions_total", "Actions in these rounds, also those that failed.");

/// Phases of a round.
pub static PHASES: Family =
    Family::took("shoal_tick_phase_seconds", "How long a part of a round took.");

/// Appends to the logs of worlds.
pub static APPENDS: Family =
    Family::count("shoal_appends_total", "Appends to the logs of worlds, by what came of them.");

/// Their size.
pub static APPENDED: Family =
    Family::count("shoal_append_bytes_total", "Bytes of those that were stored.");

/// Requests to language models.
pub static REQUESTS: Family = Family::count(
    "shoal_model_requests_total",
    "Requests to language models, by what came of them.",
);

/// What they took.
pub static TOKENS: Family = Family::count(
    "shoal_model_tokens_total",
    "Tokens of language models; cached ones are among those of the prompt.",
);

/// What they cost.
pub static COST: Family = Family::millionths(
    "shoal_model_cost_total",
    "What language models cost, in the currency of the prices.",
);

/// How long they took.
pub static REQUEST_TOOK: Family =
    Family::took("shoal_model_request_seconds", "How long a request to a language model took.");

/// Questions to agents.
pub static INTERVIEWS: Family = Family::count(
    "shoal_interviews_total",
    "Questions to agents that were answered, by what came of them.",
);

/// All of them, in the order of the page.
pub static ALL: [&Family; 13] = [
    &CLAIMS,
    &EXITS,
    &kit::metrics::REDELIVERIES,
    &ROUNDS,
    &ACTIONS,
    &PHASES,
    &APPENDS,
    &APPENDED,
    &REQUESTS,
    &TOKENS,
    &COST,
    &REQUEST_TOOK,
    &INTERVIEWS,
];

/// A part of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Agents ask outside of the world.
    Think,
    /// The journal takes a record.
    Journal,
    /// Agents decide.
    Decide,
    /// The world takes a tick.
    Step,
    /// A frame becomes messages.
    Encode,
    /// The stream takes them.
    Frame,
}

impl Phase {
    fn as_str(self) -> &'static str {
        match self {
            Phase::Think => "think",
            Phase::Journal => "journal",
            Phase::Decide => "decide",
            Phase::Step => "step",
            Phase::Encode => "encode",
            Phase::Frame => "frame",
        }
    }

    /// Notes that it began then and is over.
    pub fn ends(self, platform: Platform, began: Instant) {
        let labels = [("platform", platform.as_str()), ("phase", self.as_str())];
        observe(&PHASES, &labels, began.elapsed());
    }

    /// The same work, measured.
    pub async fn of<T>(self, platform: Platform, work: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let done = work.await;
        self.ends(platform, began);
        done
    }
}

/// Makes known what a node may be asked for before it has happened.
pub fn begin() {
    for log in ["journal", "frames"] {
        for outcome in ["stored", "refused", "full", "unanswered"] {
            add(&APPENDS, &[("log", log), ("outcome", outcome)], 0);
        }
    }
    for how in ["clean", "fenced", "other_rules", "killed", "died"] {
        add(&EXITS, &[("how", how)], 0);
    }
    for platform in Platform::ALL {
        add(&ROUNDS, &[("platform", platform.as_str())], 0);
        add(&ACTIONS, &[("platform", platform.as_str())], 0);
    }
}

/// Tells the node of this worker what it did since it was told last.
pub fn tell() {
    let lines = registry().take_lines();
    // A node that no longer reads is gone; standard input says so, and ends the worker.
    let _ = std::io::stdout().write_all(lines.as_bytes());
}

/// Tells it for as long as the worker lives.
pub async fn keep_telling() {
    loop {
        tokio::time::sleep(TOLD).await;
        tell();
    }
}
