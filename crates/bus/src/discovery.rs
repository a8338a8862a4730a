//! Which services are on the bus: each of them answers.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use contract::notice::NodeInfo;
use futures_util::StreamExt;
use serde::Deserialize;
use tokio::time::Instant;

use crate::Bus;

/// One running service, as it describes itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Discovered {
    /// Its name, e.g. `shoal-launcher`.
    pub name: String,
    /// Its own name among those of the same name.
    pub id: String,
    /// Its version.
    pub version: String,
    /// What else it says of itself.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// Where it listens.
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
}

/// Where a service listens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Endpoint {
    /// The subject.
    pub subject: String,
}

/// After this long without another answer, all have answered.
const QUIET: Duration = Duration::from_millis(400);

/// Nodes share their questions, so each is asked this often on average.
const QUESTIONS_PER_NODE: usize = 4;

/// Questions to nodes in all.
const MOST_QUESTIONS: usize = 64;

impl Bus {
    /// Each of `number` simulator nodes once, as far as they answer, by name.
    pub async fn nodes(&self, number: usize, patience: Duration) -> Vec<NodeInfo> {
        let mut nodes: BTreeMap<String, NodeInfo> = BTreeMap::new();
        for _ in 0..(number * QUESTIONS_PER_NODE).min(MOST_QUESTIONS) {
            if nodes.len() >= number {
                break;
            }
            let subject = self.prefix.node_info();
            let Ok(answer) = self.request(subject, Vec::new(), patience).await else { break };
            if let Ok(node) = serde_json::from_slice::<NodeInfo>(&answer) {
                nodes.insert(node.node.clone(), node);
            }
        }
        nodes.into_values().collect()
    }

    /// All services of this prefix that answer. Waits for `patience` at most.
    ///
    /// # Errors
    /// If it cannot be asked, in words.
    pub async fn discover(&self, patience: Duration) -> Result<Vec<Discovered>, String> {
        let own = format!("{}.", self.prefix.as_str());
        let answers = self.gather("$SRV.INFO".to_owned(), patience).await?;
        let mut found: Vec<Discovered> = answers
            .iter()
            // Others' services may describe themselves as they like.
            .filter_map(|body| serde_json::from_slice::<Discovered>(body).ok())
            .filter(|service| service.endpoints.iter().any(|end| end.subject.starts_with(&own)))
            .collect();
        found.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(found)
    }

    /// Asks all who listen on `subject`, and returns what they answer.
    async fn gather(&self, subject: String, patience: Duration) -> Result<Vec<Bytes>, String> {
        let inbox = self.client.new_inbox();
        let mut answers =
            self.client.subscribe(inbox.clone()).await.map_err(|error| error.to_string())?;
        let asked = self.client.publish_with_reply(subject, inbox, Bytes::new()).await;
        asked.map_err(|error| error.to_string())?;
        let deadline = Instant::now() + patience;
        let mut bodies = Vec::new();
        while let Ok(Some(message)) =
            tokio::time::timeout_at(deadline.min(Instant::now() + QUIET), answers.next()).await
        {
            // The server itself says so where nobody listens.
            if message.status.is_some() {
                break;
            }
            bodies.push(message.payload);
        }
        Ok(bodies)
    }
}
