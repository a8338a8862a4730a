//! Where language models are, what they may be asked, and what they cost: the operator's.
//!
//! The file, with every field that there is:
//!
//! ```json
//! {"endpoints": {
//!   "main": {
//!     "url": "https://models.example/v1",
//!     "key_file": "main.key",
//!     "models": ["small-1", "large-1"],
//!     "concurrency": 30,
//!     "requests_per_minute": 500,
//!     "tokens_per_minute": 200000,
//!     "max_tokens": 512,
//!     "temperature": 0.7,
//!     "tools": true,
//!     "price": {"prompt": "0.15", "cached": "0.075", "completion": "0.60"},
//!     "extra": {"reasoning_effort": "low"}
//!   }
//! }}
//! ```
//!
//! Only `url` and `models` are needed. `/chat/completions` is appended to the address; `url_file`
//! may stand for it, and like `key_file` it is looked for beside this file. The first model is the
//! one that is asked where none is named. Prices are for a million tokens. `extra` are further
//! fields of each request; what needs tools (`tool_choice`, `parallel_tool_calls`) is sent with
//! them alone. Without `tools` the first question finds out whether the endpoint can have any.

mod price;
mod read;
mod secrets;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use contract::notice::EndpointInfo;
use contract::problem::suggest;
use reqwest::Url;
use reqwest::header::HeaderValue;

pub use price::Price;
pub use read::read;
pub use secrets::{Secrets, Source};

/// How many requests are under way at once where nothing is said.
pub const CONCURRENCY: usize = 16;

/// All endpoints that there are, by name. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints(Arc<BTreeMap<String, Endpoint>>);

/// One place where models are asked. What may hold a secret is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Where requests go; its path ends with `/chat/completions`. May hold a secret.
    pub url: Url,
    /// What stands in `Authorization`, if anything. A secret.
    pub authorization: Option<HeaderValue>,
    /// Its models, at least one; the first is asked where none is named.
    pub models: Vec<String>,
    /// The most requests at once.
    pub concurrency: usize,
    /// The most requests in a minute.
    pub requests_per_minute: Option<u64>,
    /// The most tokens in a minute, both ways.
    pub tokens_per_minute: Option<u64>,
    /// The most tokens of an answer.
    pub max_tokens: Option<u32>,
    /// How free the answers are: a decimal, as it is sent.
    pub temperature: Option<String>,
    /// Whether it can have tools; `None`: the first question finds out.
    pub tools: Option<bool>,
    /// What it costs.
    pub price: Price,
    /// Further fields of each request, as JSON: name and value.
    pub extra: Vec<(String, String)>,
    /// Those that are sent with tools alone.
    pub extra_of_tools: Vec<(String, String)>,
    /// The texts that must not be shown, wherever they turn up.
    pub secrets: Secrets,
}

impl Endpoints {
    /// These.
    pub fn new(endpoints: BTreeMap<String, Endpoint>) -> Endpoints {
        Endpoints(Arc::new(endpoints))
    }

    /// Their names, each with its models.
    pub fn names(&self) -> Vec<(&str, &[String])> {
        self.iter().map(|(name, endpoint)| (name, &*endpoint.models)).collect()
    }

    /// The one with this name.
    pub fn get(&self, name: &str) -> Option<&Endpoint> {
        self.0.get(name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Endpoint)> {
        self.0.iter().map(|(name, endpoint)| (name.as_str(), endpoint))
    }

    /// What others may know of them.
    pub fn infos(&self) -> Vec<EndpointInfo> {
        let info = |(name, endpoint): (&str, &Endpoint)| EndpointInfo {
            name: name.to_owned(),
            models: endpoint.models.clone(),
            price: endpoint.price.info(),
        };
        self.iter().map(info).collect()
    }

    /// The endpoint and its model of these names; no model stands for the first.
    ///
    /// # Errors
    /// That there is none, and what there is.
    pub fn find(&self, name: &str, model: Option<&str>) -> Result<(&Endpoint, &str), String> {
        let Some(endpoint) = self.get(name) else {
            let names: Vec<&str> = self.0.keys().map(String::as_str).collect();
            return Err(match suggest(name, &names) {
                Some(meant) => format!("there is no endpoint {name:?}; is {meant:?} meant?"),
                None if names.is_empty() => format!(
                    "there is no endpoint {name:?}: the simulator was given none \
                     (SHOAL_LLM_ENDPOINTS)"
                ),
                None => format!("there is no endpoint {name:?}; there are {}", names.join(", ")),
            });
        };
        let models = &endpoint.models;
        let found = match model {
            None => models.first(),
            Some(model) => models.iter().find(|it| *it == model),
        };
        match found {
            Some(model) => Ok((endpoint, model)),
            None => Err(format!(
                "endpoint {name:?} has no model {:?}; it has {}",
                model.unwrap_or_default(),
                models.join(", ")
            )),
        }
    }
}

impl Endpoint {
    /// Scheme, host and port: what may be shown of where it is.
    pub fn place(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Whether it is on this machine, where no proxy leads.
    pub fn is_loopback(&self) -> bool {
        let host = self.url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let address = host.parse::<std::net::IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Endpoint");
        shown.field("place", &self.place()).field("models", &self.models);
        shown.field("concurrency", &self.concurrency).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
