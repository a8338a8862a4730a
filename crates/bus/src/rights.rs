//! What this user is allowed, found out by trying.
//!
//! Nothing is stored, taken or asked by it: an append expects what cannot be, a request has a
//! body that is refused, and what goes to nobody in particular is empty.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE;
use bytes::Bytes;
use contract::subject::StreamName;

use crate::Bus;
use crate::topology::stream_name;

/// Something that a part of Shoal does on the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Right {
    /// Looks at the account and at how the streams are.
    Inspect,
    /// Hears the answers to its own requests.
    Answers,
    /// Looks up the last message of a subject ([`Bus::last`]).
    Look(StreamName),
    /// Reads a stream by a consumer of its own.
    Read(StreamName),
    /// Takes messages from a durable consumer that others take from, too.
    Share(StreamName, &'static str),
    /// Stores on this subject.
    Store(String),
    /// Publishes what is not stored.
    Publish(String),
    /// Listens.
    Subscribe(String),
}

/// What was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// To publish, requests to the server included.
    Publish,
    /// To subscribe.
    Subscribe,
}

/// Something that this user may not do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denied {
    /// What.
    pub action: Action,
    /// On which subject.
    pub subject: String,
    /// In the server's words.
    pub reason: String,
}

/// How long the trace of a denial may take from the connection's task to here, once the server
/// has answered something that was sent after it.
const SETTLING: Duration = Duration::from_millis(250);

/// Probes at once: the client keeps at most 128 events that nobody has taken yet.
const AT_ONCE: usize = 48;

/// No stream ever has a message with this number.
const NEVER: u64 = contract::MAX_SAFE_INTEGER;

impl Bus {
    /// Tries what `rights` need and returns what of it is denied.
    ///
    /// # Errors
    /// If the server does not answer, so that nothing is known; in words.
    pub async fn denied(
        &self,
        rights: &[Right],
        patience: Duration,
    ) -> Result<Vec<Denied>, String> {
        let mut probes = Vec::new();
        for right in rights {
            for probe in self.probes(right) {
                if !probes.contains(&probe) {
                    probes.push(probe);
                }
            }
        }
        let mut denied = Vec::new();
        for some in probes.chunks(AT_ONCE) {
            denied.extend(self.try_all(some, patience).await?);
        }
        denied.sort();
        Ok(denied)
    }

    async fn try_all(&self, probes: &[Probe], patience: Duration) -> Result<Vec<Denied>, String> {
        let mut violations = self.events.listen();
        let mut subscribers = Vec::new();
        for Probe { action, subject, headers, body } in probes {
            let (subject, headers, body) = (subject.clone(), headers.clone(), body.clone());
            let done = match (action, headers) {
                (Action::Subscribe, _) => self
                    .client
                    .subscribe(subject)
                    .await
                    .map(|subscriber| subscribers.push(subscriber))
                    .map_err(|error| error.to_string()),
                (Action::Publish, Some(headers)) => self
                    .client
                    .publish_with_headers(subject, headers, body)
                    .await
                    .map_err(|error| error.to_string()),
                (Action::Publish, None) => {
                    self.client.publish(subject, body).await.map_err(|error| error.to_string())
                }
            };
            done?;
        }
        // The server takes things in order: what it denies it has said before this answer.
        self.round_trip(patience).await?;
        tokio::time::sleep(SETTLING).await;
        let said = violations.heard();
        let reason = |probe: &Probe| said.iter().find(|text| probe.is_meant(text)).cloned();
        let denied = probes.iter().filter_map(|probe| {
            let Probe { action, subject, .. } = probe;
            Some(Denied { action: *action, subject: subject.clone(), reason: reason(probe)? })
        });
        Ok(denied.collect())
    }

    fn probes(&self, right: &Right) -> Vec<Probe> {
        let name = |stream: StreamName| stream_name(&self.prefix, stream);
        let filter = |stream: StreamName| match stream.is_bucket() {
            true => format!("$KV.{}.>", self.prefix.stream(stream)),
            false => self.prefix.all(stream),
        };
        match right {
            Right::Inspect => {
                let streams =
                    StreamName::ALL.into_iter().map(|stream| api("STREAM.INFO", &name(stream)));
                std::iter::once(publish("$JS.API.INFO".to_owned())).chain(streams).collect()
            }
            Right::Answers => vec![subscribe(self.client.new_inbox())],
            Right::Look(stream) => vec![api("STREAM.MSG.GET", &name(*stream))],
            Right::Read(stream) => {
                let consumer = format!("{}.{PASSING}", name(*stream));
                vec![
                    api("STREAM.INFO", &name(*stream)),
                    api("CONSUMER.CREATE", &format!("{consumer}.{}", filter(*stream))),
                    api("CONSUMER.MSG.NEXT", &consumer),
                    api("CONSUMER.DELETE", &consumer),
                ]
            }
            Right::Share(stream, durable) => {
                let consumer = format!("{}.{durable}", name(*stream));
                vec![
                    api("CONSUMER.INFO", &consumer),
                    api("CONSUMER.MSG.NEXT", &consumer),
                    // Of a delivery that never was; the server passes over it.
                    Probe {
                        body: Bytes::from_static(b"+WPI"),
                        ..publish(format!("$JS.ACK.{consumer}.1.0.0.0.0"))
                    },
                ]
            }
            Right::Store(subject) => vec![store(subject.clone())],
            Right::Publish(subject) => {
                vec![Probe { body: Bytes::new(), ..publish(subject.clone()) }]
            }
            Right::Subscribe(subject) => vec![subscribe(subject.clone())],
        }
    }
}

/// A consumer that nobody has.
const PASSING: &str = "passing_doctor";

/// One thing to try.
#[derive(Clone, Debug, PartialEq)]
struct Probe {
    action: Action,
    subject: String,
    headers: Option<HeaderMap>,
    body: Bytes,
}

impl Probe {
    /// True if this violation is about this probe.
    fn is_meant(&self, violation: &str) -> bool {
        let word = match self.action {
            Action::Publish => "Publish",
            Action::Subscribe => "Subscription",
        };
        violation.contains(&format!("{word} to \"{}\"", self.subject))
    }
}

/// A request whose body is no JSON, so that the server does nothing.
fn publish(subject: String) -> Probe {
    let body = Bytes::from_static(b"{");
    Probe { action: Action::Publish, subject, headers: None, body }
}

fn api(verb: &str, rest: &str) -> Probe {
    publish(format!("$JS.API.{verb}.{rest}"))
}

fn subscribe(subject: String) -> Probe {
    Probe { action: Action::Subscribe, ..publish(subject) }
}

/// An append that expects a message that no stream has.
fn store(subject: String) -> Probe {
    let mut headers = HeaderMap::new();
    headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NEVER.to_string());
    Probe { headers: Some(headers), body: Bytes::new(), ..publish(subject) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_is_about_one_action_on_one_subject() {
        let said = "Permissions Violation for Subscription to \"sim.live.>\" using queue \"q\"";
        assert!(subscribe("sim.live.>".to_owned()).is_meant(said));
        assert!(!publish("sim.live.>".to_owned()).is_meant(said));
        assert!(!subscribe("sim.live".to_owned()).is_meant(said));
        let said = "Permissions Violation for Publish to \"$JS.API.STREAM.INFO.SIM_LOGS\"";
        assert!(api("STREAM.INFO", "SIM_LOGS").is_meant(said));
    }
}
