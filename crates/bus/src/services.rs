//! Being asked, in a way that can be discovered: `nats micro ls`.

use std::collections::BTreeMap;

use async_nats::service::error::Error as ServiceError;
use async_nats::service::{self, Service, ServiceExt};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{SelectAll, select_all};

use crate::Bus;

/// How a service presents itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceInfo {
    /// `[A-Za-z0-9_-]+`.
    pub name: String,
    /// A semantic version.
    pub version: String,
    /// For people.
    pub description: String,
    /// What else there is to know of it, such as its build.
    pub metadata: BTreeMap<String, String>,
}

/// What a service is asked, on all of its endpoints.
pub struct Requests {
    endpoints: SelectAll<service::endpoint::Endpoint>,
    /// Answers the questions about the service itself for as long as it lives.
    _service: Service,
}

/// One question.
pub struct Request {
    /// Where it was asked.
    pub subject: String,
    /// What was asked.
    pub body: Bytes,
    request: service::Request,
}

impl Bus {
    /// Serves `endpoints`, each a name and a subject. Instances with the same service share
    /// the work: a question goes to one of them. What is asked after this is heard.
    ///
    /// # Errors
    /// What is wrong with the names, or that the server does not answer, in words.
    pub async fn serve(
        &self,
        service: ServiceInfo,
        endpoints: &[(&str, String)],
    ) -> Result<Requests, String> {
        self.through_outages(|| self.announce(service.clone(), endpoints)).await
    }

    async fn announce(
        &self,
        service: ServiceInfo,
        endpoints: &[(&str, String)],
    ) -> Result<Requests, String> {
        let ServiceInfo { name, version, description, metadata } = service;
        let metadata = metadata.into_iter().collect();
        let builder = self.client.service_builder().description(description).metadata(metadata);
        let running = builder
            .start(&name, &version)
            .await
            .map_err(|error| format!("service {name:?} version {version:?}: {error}"))?;
        let mut listening = Vec::with_capacity(endpoints.len());
        for (endpoint, subject) in endpoints {
            let added = running.endpoint_builder().name(endpoint).add(subject).await;
            listening
                .push(added.map_err(|error| format!("endpoint {endpoint} of {name}: {error}"))?);
        }
        // The server takes things in order: its answer means that the endpoints are there.
        self.is_ready().await?;
        Ok(Requests { endpoints: select_all(listening), _service: running })
    }
}

impl Requests {
    /// The next question; `None` once the connection is closed.
    pub async fn next(&mut self) -> Option<Request> {
        let request = self.endpoints.next().await?;
        let subject = request.message.subject.to_string();
        Some(Request { subject, body: request.message.payload.clone(), request })
    }
}

impl Request {
    /// Answers. Whoever asked may be gone by now; then nobody hears it.
    pub async fn respond(self, body: Vec<u8>) {
        self.send(Ok(body.into())).await;
    }

    /// Answers that it failed, in the way that NATS tools show (`Nats-Service-Error`).
    pub async fn fail(self, code: usize, reason: &str) {
        self.send(Err(ServiceError { status: reason.to_owned(), code })).await;
    }

    async fn send(&self, answer: Result<Bytes, ServiceError>) {
        if let Err(error) = self.request.respond(answer).await {
            tracing::debug!("no answer on {}: {error}", self.subject);
        }
    }
}
