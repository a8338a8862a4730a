//! What agents say. An answer is given from a world as it is, and changes nothing of it.
//!
//! What an agent answers from is read here, at once; the answer itself is a future, since whoever
//! is asked for it may take its time while the world goes on.

use std::sync::Arc;

use contract::journal::Genesis;
use contract::reply::{Answer, AsOf, ErrorCode, ReplyError, Speaker};
use contract::subject::Platform;
use futures_util::future::{BoxFuture, FutureExt as _, ready};
use kit::metrics::add;
use world::World;

use super::minds::Minds;
use crate::measures::INTERVIEWS;
use crate::model;
use crate::protocol::carry::wrong_state;
use crate::protocol::life::NOT_BEGUN;
use crate::translate;

/// One question to one agent of one world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Whom.
    pub agent_id: u32,
    /// What; shared by all who are asked the same.
    pub prompt: Arc<str>,
}

/// An agent's name and its answer, or why there is none.
pub type Said = Result<(String, Answer), ReplyError>;

/// What an agent is about to say.
pub type Saying = BoxFuture<'static, Said>;

/// What comes of questions to the agents of one world.
pub enum Heard {
    /// What each of them is about to say, in the order of the questions.
    Sayings(Vec<Saying>),
    /// They are asked of a round before the last one, and the world is not there any more. It can
    /// be made again: its journal begins so.
    Past(Arc<Genesis>, Minds),
}

/// What the agents of `world` say; it has taken a tick.
pub fn sayings(
    world: &World,
    platform: Platform,
    minds: &Minds,
    questions: &[Question],
) -> Vec<Saying> {
    let saying = |question| saying(world, platform, minds, question).inspect(count).boxed();
    questions.iter().map(saying).collect()
}

fn count(said: &Said) {
    let outcome = if said.is_ok() { "ok" } else { "failed" };
    add(&INTERVIEWS, &[("outcome", outcome)], 1);
}

fn saying(world: &World, platform: Platform, minds: &Minds, question: &Question) -> Saying {
    let Question { agent_id, prompt } = question;
    let tick = world.tick() - 1;
    let as_of = AsOf { tick, round: tick };
    let Some(name) = translate::name(world, *agent_id) else {
        return ready(Err(unknown_agent(world, *agent_id))).boxed();
    };
    if let Some(saying) = minds.say(world, *agent_id, prompt) {
        let answer = move |said: model::Said| {
            let model::Said { text: response, endpoint, model, usage } = said;
            let model = Some(Box::new(Speaker { endpoint, model, usage }));
            (name, Answer { platform, response, as_of, model })
        };
        return saying.map(|said| said.map(answer)).boxed();
    }
    let said = world.interview(*agent_id, prompt).ok_or_else(|| unknown_agent(world, *agent_id));
    ready(said.map(|response| (name, Answer { platform, response, as_of, model: None }))).boxed()
}

/// Whether the last round of `world` is the one that is asked of: `None` is the last one.
///
/// # Errors
/// If no round is played, or not that one, with those that are.
pub fn is_now(world: Option<&World>, at_round: Option<u32>) -> Result<bool, ReplyError> {
    // A run that was stopped before its first round has nobody to ask either.
    let begun = world.and_then(|world| world.tick().checked_sub(1));
    let last = begun.ok_or_else(|| wrong_state(NOT_BEGUN))?;
    match at_round {
        Some(round) if round > last => {
            let message = format!("round {round} is not played: there are rounds 0 to {last}");
            Err(ReplyError { code: ErrorCode::Invalid, message })
        }
        round => Ok(round.is_none_or(|round| round == last)),
    }
}

fn unknown_agent(world: &World, agent: u32) -> ReplyError {
    let last = world.setup().agents.len() - 1;
    let message = format!("agent {agent} is unknown: there are 0 to {last}");
    ReplyError { code: ErrorCode::UnknownAgent, message }
}

impl std::fmt::Debug for Heard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Heard::Sayings(sayings) => write!(f, "Sayings({})", sayings.len()),
            Heard::Past(..) => f.write_str("Past"),
        }
    }
}
