//! Who answers for an agent that is asked: its world, or the language model that decides for it.

use std::sync::Arc;
use std::time::Duration;

use contract::journal::Genesis;
use contract::llm::{LlmOptions, LlmRule};
use contract::reply::{ErrorCode, ReplyError};
use contract::spec::Spec;
use contract::subject::Platform;
use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::time::Instant;
use world::World;

use super::Context;
use super::models::ModelFile;
use super::purse::Asking;
use crate::model::{Asked, FailedKind, Said, prompt};

/// How long a question waits for its turn at most. Who asked says how long that is of use, and drops
/// it when it is not any more.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// The minds of a world's agents; cheap to clone.
#[derive(Clone)]
pub struct Minds {
    models: Arc<ModelFile>,
    spec: Arc<Spec>,
    platform: Platform,
    options: Option<Arc<LlmOptions>>,
    gate: Arc<Asking>,
}

impl Minds {
    /// Of the world of `genesis`.
    pub(super) fn new(context: &Context, genesis: &Genesis) -> Minds {
        Minds {
            models: Arc::clone(&context.models),
            spec: Arc::clone(&context.spec),
            platform: genesis.platform,
            options: genesis.options.llm.clone().map(Arc::new),
            gate: Arc::new(Asking(context.lease.clone())),
        }
    }

    /// What a language model says for `agent`, from what it is, saw and did in `world`; `None` if
    /// the world itself speaks for it, or there is no such agent.
    pub(super) fn say(
        &self,
        world: &World,
        agent: u32,
        question: &str,
    ) -> Option<BoxFuture<'static, Result<Said, ReplyError>>> {
        let (options, rule) = self.rule(agent)?;
        let asked = Asked {
            platform: self.platform,
            agent_id: agent,
            endpoint: rule.endpoint.clone(),
            model: rule.model.clone(),
            prompt: prompt::interview(world, agent, question)?,
            deadline: Instant::now() + LONGEST,
            within: Duration::from_secs(u64::from(options.decision_seconds)),
        };
        let (models, gate) = (self.models.known(), Arc::clone(&self.gate));
        let saying = async move {
            let models = (*models).as_ref().map_err(|why| failed(FailedKind::Endpoint, why))?;
            models.say(asked, gate).await.map_err(|it| failed(it.kind, &it.why))
        };
        Some(saying.boxed())
    }

    fn rule(&self, agent: u32) -> Option<(&LlmOptions, &LlmRule)> {
        let options = self.options.as_deref()?;
        let rule = options.of(self.platform, self.spec.agents.get(agent as usize)?)?;
        Some((options, rule))
    }
}

impl std::fmt::Debug for Minds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Minds").field("platform", &self.platform).finish_non_exhaustive()
    }
}

fn failed(kind: FailedKind, why: &str) -> ReplyError {
    let message = format!("its language model gave no answer: {why}");
    let code = match kind {
        FailedKind::Question => ErrorCode::Internal,
        FailedKind::Away | FailedKind::Endpoint | FailedKind::Shut => ErrorCode::NoCapacity,
    };
    ReplyError { code, message }
}
