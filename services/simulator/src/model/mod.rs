//! Language models: what is asked of them, what is made of their answers, and how they are asked.
//!
//! In reading order: [`endpoint`] (where they are, the operator's), [`prompt`] (what an agent is
//! told), [`answer`] (what it said), [`limits`] (who may ask when): all pure; and [`client`], which
//! asks. Nothing here knows of journals, ticks or leases: whether a request may be sent is for a
//! [`Gate`] to say.

mod actions;
pub mod answer;
pub mod client;
pub mod endpoint;
pub mod limits;
pub mod prompt;
mod text;

use std::sync::Arc;
use std::time::Duration;

use contract::decision::{Decision, Usage};
use contract::subject::Platform;
use tokio::time::Instant;

/// What is asked, in the order in which it is sent: what is the same for most comes first, so that
/// an endpoint can keep what it made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Our own words alone, the same for all agents of a world.
    pub system: String,
    /// What stays the same for an agent, then what changes: data, delimited as such.
    pub user: Vec<String>,
    /// Whether an action is wanted, of the set that the world has; else a text.
    pub wants_action: bool,
}

/// One question to a model.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The world that asks: worlds take turns where an endpoint is slow.
    pub platform: Platform,
    /// The agent that it is for.
    pub agent_id: u32,
    /// The operator's name of the endpoint.
    pub endpoint: String,
    /// One of its models; `None`: its first.
    pub model: Option<String>,
    /// What is asked.
    pub prompt: Prompt,
    /// Until when an answer is of use at all.
    pub deadline: Instant,
    /// How long it may take from its first request on; to wait for that is none of it.
    pub within: Duration,
}

/// A text that a model gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// It.
    pub text: String,
    /// The endpoint.
    pub endpoint: String,
    /// The model.
    pub model: String,
    /// What it took.
    pub usage: Usage,
}

/// Why there is no answer, and what it took to learn that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Failed {
    /// What it says of other questions.
    pub kind: FailedKind,
    /// Why, for people; no secrets, at most [`contract::decision::MAX_REASON_BYTES`].
    pub why: String,
    /// What it took.
    pub usage: Usage,
}

/// What a failure says of other questions to the same endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailedKind {
    /// Nothing: it was this question's.
    Question,
    /// The endpoint did not answer in time, or said that it cannot now, or what it sends is no
    /// answer of a model: nobody has been answered.
    Away,
    /// None will be answered before somebody does something: a key, a model's name, a quota.
    Endpoint,
    /// The gate is shut for good.
    Shut,
}

/// Whether a request may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may, now.
    Yes,
    /// Not yet: ask again soon.
    Wait,
    /// No more requests; why.
    No(String),
}

/// Who says whether a request may be sent, and is told what it took. Every request has both, also
/// one that is given up half-way, and one that is sent again.
pub trait Gate: Send + Sync + 'static {
    /// Whether a request that may take so much can be sent.
    fn admit(&self, estimate: &Usage) -> Admission;
    /// It is over, and took this; what was sent and of which nobody says what it took, as much as
    /// was admitted.
    fn settle(&self, estimate: &Usage, took: &Usage);
}

/// A gate, shared by all questions of a world.
pub type SharedGate = Arc<dyn Gate>;

/// What a question for an action comes to.
pub type Decided = Result<Decision, Failed>;
