//! Asks models: takes turns, sends, tries again, and finds out who can have tools.
//!
//! A question is a future that can be dropped at any instant: what it holds (its place in the
//! queue, its room at the endpoint, its request at the gate) goes back by itself.

mod body;
mod line;
mod question;
mod send;
mod tools;

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::decision::Decision;

use self::line::Line;
use self::question::Question;
use super::endpoint::Endpoints;
use super::{Asked, Decided, Failed, Said, SharedGate};

/// How long it may take until a connection is there, in milliseconds: how late after its gate was
/// open a request may be sent, about.
pub const CONNECT_MILLISECONDS: u64 = 2_000;

/// The endpoints, each with its own limits and connections. Clones share them.
#[derive(Clone)]
pub struct Models {
    endpoints: Endpoints,
    lines: Arc<BTreeMap<String, Arc<Line>>>,
}

impl Models {
    /// Clients for `endpoints`. Nothing is sent yet.
    ///
    /// # Errors
    /// If there is no TLS to be had, e.g. where the system has no certificates.
    pub fn new(endpoints: Endpoints) -> anyhow::Result<Models> {
        let line = |(name, endpoint)| {
            let line = Line::new(name, endpoint)?;
            Ok((String::from(name), Arc::new(line)))
        };
        let lines = endpoints.iter().map(line).collect::<anyhow::Result<_>>()?;
        Ok(Models { endpoints, lines: Arc::new(lines) })
    }

    /// Whether there is such an endpoint, with such a model.
    ///
    /// # Errors
    /// What there is.
    pub fn knows(&self, endpoint: &str, model: Option<&str>) -> Result<(), String> {
        self.endpoints.find(endpoint, model).map(|_| ())
    }

    /// How many requests an endpoint takes at once; 0 if there is no such endpoint.
    pub fn most_at_once(&self, endpoint: &str) -> usize {
        self.endpoints.get(endpoint).map_or(0, |endpoint| endpoint.concurrency)
    }

    /// Asks for an action, until there is an answer or the deadline has passed.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn decide(&self, asked: Asked, gate: SharedGate) -> Decided {
        let (line, model) = self.line(&asked)?;
        let mut question = Question::new(&line, &model, &asked, &gate);
        let acts = tools::acts(&mut question).await.map_err(|lost| question.failed(&lost))?;
        let usage = question.usage();
        Ok(Decision {
            agent_id: asked.agent_id,
            calls: acts.calls,
            refused: acts.refused,
            endpoint: asked.endpoint,
            model,
            usage,
        })
    }

    /// Asks for words, until there is an answer or the deadline has passed.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn say(&self, asked: Asked, gate: SharedGate) -> Result<Said, Failed> {
        let (line, model) = self.line(&asked)?;
        let mut question = Question::new(&line, &model, &asked, &gate);
        let text = question.words().await.map_err(|lost| question.failed(&lost))?;
        let usage = question.usage();
        Ok(Said { text, endpoint: asked.endpoint, model, usage })
    }

    fn line(&self, asked: &Asked) -> Result<(Arc<Line>, String), Failed> {
        let (_, model) = self
            .endpoints
            .find(&asked.endpoint, asked.model.as_deref())
            .map_err(|why| question::unknown(&why))?;
        let line = self.lines.get(&asked.endpoint).map(Arc::clone);
        let line = line.ok_or_else(|| question::unknown("there is no such endpoint"))?;
        Ok((line, model.to_owned()))
    }
}

impl std::fmt::Debug for Models {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Models").field(&self.endpoints).finish()
    }
}
