//! What a simulator counts of itself: docs/metrics.md. Workers count, and tell their node.

use std::io::Write as _;
use std::time::Duration;

use contract::subject::Platform;
use kit::metrics::{Family, Kind, add, observe, registry};
use tokio::time::Instant;

/// How often a worker tells its node what it did.
const TOLD: Duration = Duration::from_secs(1);

/// Runs that a node claimed.
pub static CLAIMS: Family = Family {
    name: "shoal_node_claims_total",
    about: "Runs that the node claimed, by why.",
    kind: Kind::Count,
};

/// Workers that ended.
pub static EXITS: Family = Family {
    name: "shoal_node_worker_exits_total",
    about: "Workers that ended, by how.",
    kind: Kind::Count,
};

/// Rounds.
pub static ROUNDS: Family = Family {
    name: "shoal_world_rounds_total",
    about: "Rounds whose frame was stored.",
    kind: Kind::Count,
};

/// Actions.
pub static ACTIONS: Family = Family {
    name: "shoal_world_actions_total",
    about: "Actions in these rounds, also those that failed.",
    kind: Kind::Count,
};

/// Phases of a round.
pub static PHASES: Family = Family {
    name: "shoal_tick_phase_seconds",
    about: "How long a part of a round took.",
    kind: Kind::Took,
};

/// Appends to the logs of worlds.
pub static APPENDS: Family = Family {
    name: "shoal_appends_total",
    about: "Appends to the logs of worlds, by what came of them.",
    kind: Kind::Count,
};

/// Their size.
pub static APPENDED: Family = Family {
    name: "shoal_append_bytes_total",
    about: "Bytes of those that were stored.",
    kind: Kind::Count,
};

/// Requests to language models.
pub static REQUESTS: Family = Family {
    name: "shoal_model_requests_total",
    about: "Requests to language models, by what came of them.",
    kind: Kind::Count,
};

/// What they took.
pub static TOKENS: Family = Family {
    name: "shoal_model_tokens_total",
    about: "Tokens of language models; cached ones are among those of the prompt.",
    kind: Kind::Count,
};

/// What they cost.
pub static COST: Family = Family {
    name: "shoal_model_cost_total",
    about: "What language models cost, in the currency of the prices.",
    kind: Kind::Millionths,
};

/// How long they took.
pub static REQUEST_TOOK: Family = Family {
    name: "shoal_model_request_seconds",
    about: "How long a request to a language model took.",
    kind: Kind::Took,
};

/// Questions to agents.
pub static INTERVIEWS: Family = Family {
    name: "shoal_interviews_total",
    about: "Questions to agents that were answered, by what came of them.",
    kind: Kind::Count,
};

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
