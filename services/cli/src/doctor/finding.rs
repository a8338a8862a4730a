//! What a diagnosis consists of.

use serde::Serialize;

/// The outcome of a check, the worst of its findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Nothing to do.
    Ok,
    /// It could not be looked at, for a reason that another check has.
    Skipped,
    /// It works, but should be looked at.
    Warning,
    /// Something does not work.
    Problem,
}

/// What was looked at. The ids are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckId {
    /// The server answers this user.
    Connection,
    /// The server is new enough.
    ServerVersion,
    /// JetStream is there, and what the account may have of it.
    Jetstream,
    /// What Shoal uses of it.
    Features,
    /// The streams are as they should be.
    Streams,
    /// There is room.
    Storage,
    /// The user may do what its role needs.
    Permissions,
    /// The clocks agree.
    Clock,
    /// Somebody is there to do the work.
    Services,
    /// Somebody takes commands.
    Commands,
    /// Runs go on.
    Runs,
    /// All messages could be processed.
    DeadLetters,
    /// This machine has room.
    Disk,
    /// What is set on this machine.
    Configuration,
}

/// One check and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Which.
    pub id: CheckId,
    /// The worst of its findings.
    pub outcome: Outcome,
    /// What was found, in a line.
    pub summary: String,
    /// What is to be looked at.
    pub findings: Vec<Finding>,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub outcome: Outcome,
    /// What was found.
    pub found: String,
    /// What was expected.
    pub expected: String,
    /// What to do: a command or a setting.
    pub advice: String,
}

impl CheckId {
    /// The id as it is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            CheckId::Connection => "connection",
            CheckId::ServerVersion => "server_version",
            CheckId::Jetstream => "jetstream",
            CheckId::Features => "features",
            CheckId::Streams => "streams",
            CheckId::Storage => "storage",
            CheckId::Permissions => "permissions",
            CheckId::Clock => "clock",
            CheckId::Services => "services",
            CheckId::Commands => "commands",
            CheckId::Runs => "runs",
            CheckId::DeadLetters => "dead_letters",
            CheckId::Disk => "disk",
            CheckId::Configuration => "configuration",
        }
    }
}

impl Check {
    /// A check with its outcome, which follows from the findings.
    pub fn new(id: CheckId, summary: impl Into<String>, findings: Vec<Finding>) -> Check {
        let worst = findings.iter().map(|finding| finding.outcome).max();
        Check { id, outcome: worst.unwrap_or(Outcome::Ok), summary: summary.into(), findings }
    }

    /// One thing is wrong, and it is what there is to say.
    pub fn of(id: CheckId, finding: Finding) -> Check {
        Check::new(id, finding.found.clone(), vec![finding])
    }

    /// It could not be looked at.
    pub fn skipped(id: CheckId, why: &str) -> Check {
        Check { id, outcome: Outcome::Skipped, summary: why.to_owned(), findings: Vec::new() }
    }
}

/// Something does not work.
pub fn problem(
    found: impl Into<String>,
    expected: impl Into<String>,
    advice: impl Into<String>,
) -> Finding {
    let outcome = Outcome::Problem;
    Finding { outcome, found: found.into(), expected: expected.into(), advice: advice.into() }
}

/// Something should be looked at.
pub fn warning(
    found: impl Into<String>,
    expected: impl Into<String>,
    advice: impl Into<String>,
) -> Finding {
    Finding { outcome: Outcome::Warning, ..problem(found, expected, advice) }
}
