//! What a user may do: as patterns of subjects, and found out by trying.
//!
//! Nothing is stored, taken, made or asked by a try: an append expects what cannot be, a request
//! has a body that is refused, and what goes to nobody in particular is empty.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE;
use bytes::Bytes;
use contract::subject::{Prefix, StreamName};

use crate::Bus;
use crate::permissions::GUESTS_API;
use crate::roles::Role;
use crate::shared::{Shared, SharedSpec};
use crate::topology::{all_subjects, stream_name};
use crate::wire::ANSWER_TIMEOUT;

/// Something that a part of Shoal does on the bus. Texts are subjects, with wildcards where any
/// token may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Right {
    /// Looks at the account.
    Inspect,
    /// Looks at how a stream is.
    Describe(StreamName),
    /// Looks at how a shared consumer is.
    DescribeShared(Shared),
    /// Looks up any message of a stream ([`Bus::last`]).
    Look(StreamName),
    /// Looks up the last message of some of its subjects.
    LookAt(StreamName, String),
    /// Reads a stream by pieces ([`Bus::window`]).
    Window(StreamName),
    /// Reads a stream by a consumer of its own.
    Read(StreamName),
    /// Takes messages from a consumer that others take from, too.
    Share(Shared),
    /// Makes a stream.
    Make(StreamName),
    /// Makes a shared consumer.
    MakeShared(Shared),
    /// Has a stream sent as it is ([`Bus::cut`]).
    Save(StreamName),
    /// Makes a stream of what was saved ([`Bus::restore`]).
    Restore(StreamName),
    /// Takes runs out of a stream.
    Purge(StreamName),
    /// Takes runs out of the guests' copy of a stream.
    PurgeCopy(StreamName),
    /// Stores on this subject.
    Store(String),
    /// Publishes what is not stored.
    Publish(String),
    /// Listens.
    Subscribe(String),
    /// Answers what it is asked.
    Respond,
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
    /// The subjects that it needs, for a server's configuration.
    pub pattern: String,
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
    /// Tries what `rights` need, and to hear answers, and returns what of it is denied.
    ///
    /// # Errors
    /// If the server does not answer, so that nothing is known; in words.
    pub async fn denied(
        &self,
        rights: &[Right],
        patience: Duration,
    ) -> Result<Vec<Denied>, String> {
        let prefix = self.inbox();
        let mut probes =
            vec![Probe { subject: self.client.new_inbox(), ..hear(format!("{prefix}.>")) }];
        let own = (prefix == DEFAULT_INBOX).then_some(DEFAULT_INBOX);
        for right in rights {
            for probe in right.probes(&self.prefix, own) {
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

    /// Says in the log what this user may not do that its role does, as soon as it is known; nobody
    /// waits for that. Whoever may not do one thing may do the others.
    pub fn tell_missing_rights(&self, role: Role) {
        let bus = self.clone();
        tokio::spawn(async move { bus.look_for_missing_rights(role).await });
    }

    async fn look_for_missing_rights(&self, role: Role) {
        match self.denied(&role.rights(&self.prefix), ANSWER_TIMEOUT).await {
            Ok(denied) => {
                for Denied { action, pattern, .. } in denied {
                    let role = role.as_str();
                    let what = match action {
                        Action::Publish => "publish",
                        Action::Subscribe => "subscribe",
                    };
                    tracing::error!(
                        "this user lacks a right of a {role}: {what}: {{ allow: [{pattern:?}] }}; \
                         `shoal keys` writes all of them"
                    );
                }
            }
            Err(reason) => tracing::warn!("what this user may do is unknown: {reason}"),
        }
    }

    /// What the subjects of our answers begin with.
    pub(crate) fn inbox(&self) -> String {
        let inbox = self.client.new_inbox();
        inbox.rsplit_once('.').map_or(inbox.clone(), |(prefix, _)| prefix.to_owned())
    }

    async fn try_all(&self, probes: &[Probe], patience: Duration) -> Result<Vec<Denied>, String> {
        let mut violations = self.events.listen();
        let mut subscribers = Vec::new();
        for Probe { action, subject, headers, body, .. } in probes {
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
            let Probe { action, subject, pattern, .. } = probe.clone();
            Some(Denied { action, subject, pattern, reason: reason(probe)? })
        });
        Ok(denied.collect())
    }
}

/// What answers come under unless one says otherwise.
pub(crate) const DEFAULT_INBOX: &str = "_INBOX";

impl Right {
    /// The patterns of subjects that it takes, each once. `inbox`: what the subjects of all answers
    /// begin with; `None`: each role has its own.
    pub fn patterns(&self, prefix: &Prefix, inbox: Option<&str>) -> Vec<(Action, String)> {
        let probes = self.probes(prefix, inbox).into_iter();
        probes.map(|probe| (probe.action, probe.pattern)).collect()
    }

    fn probes(&self, prefix: &Prefix, inbox: Option<&str>) -> Vec<Probe> {
        let name = |stream: &StreamName| stream_name(prefix, *stream);
        match self {
            Right::Inspect => vec![publish("$JS.API.INFO".to_owned())],
            Right::Describe(stream) => vec![api("STREAM.INFO", &name(stream))],
            Right::DescribeShared(shared) => {
                let SharedSpec { stream, name: consumer, .. } = shared.spec(prefix);
                vec![api("CONSUMER.INFO", &format!("{}.{consumer}", name(&stream)))]
            }
            Right::Look(stream) => vec![api("STREAM.MSG.GET", &name(stream))],
            Right::LookAt(stream, subject) => {
                vec![api("DIRECT.GET", &format!("{}.{}.{subject}", name(stream), prefix.as_str()))]
            }
            Right::Window(stream) => vec![api("DIRECT.GET", &name(stream))],
            Right::Read(stream) => {
                let consumer = format!("{}.*", name(stream));
                let filter = all_subjects(prefix, *stream);
                vec![
                    api("STREAM.INFO", &name(stream)),
                    api("CONSUMER.CREATE", &format!("{consumer}.{filter}")),
                    api("CONSUMER.INFO", &consumer),
                    api("CONSUMER.MSG.NEXT", &consumer),
                    api("CONSUMER.DELETE", &consumer),
                ]
            }
            Right::Share(shared) => take_from(&shared.spec(prefix), prefix),
            Right::Make(stream) => {
                vec![api("STREAM.CREATE", &name(stream)), api("STREAM.UPDATE", &name(stream))]
            }
            Right::MakeShared(shared) => {
                let SharedSpec { stream, name: consumer, filters, .. } = shared.spec(prefix);
                let consumer = format!("{}.{consumer}", name(&stream));
                let filter = match &filters[..] {
                    [one] => format!(".{one}"),
                    // Of several the request's subject says none.
                    _ => String::new(),
                };
                vec![
                    api("CONSUMER.INFO", &consumer),
                    api("CONSUMER.CREATE", &format!("{consumer}{filter}")),
                ]
            }
            Right::Save(stream) => vec![
                api("STREAM.SNAPSHOT", &name(stream)),
                // Of a transfer that nobody asked for.
                publish(format!("$JS.SNAPSHOT.ACK.{}.>", name(stream))),
            ],
            Right::Restore(stream) => vec![
                api("STREAM.RESTORE", &name(stream)),
                publish(format!("$JS.SNAPSHOT.RESTORE.{}.*", name(stream))),
            ],
            Right::Purge(stream) => vec![api("STREAM.PURGE", &name(stream))],
            Right::PurgeCopy(stream) => {
                vec![publish(format!("{GUESTS_API}.STREAM.PURGE.{}", name(stream)))]
            }
            Right::Store(pattern) => vec![store(pattern.clone())],
            Right::Publish(pattern) => vec![say_nothing(pattern.clone())],
            Right::Subscribe(pattern) => vec![hear(pattern.clone())],
            Right::Respond => match inbox {
                Some(inbox) => vec![say_nothing(format!("{inbox}.>"))],
                None => {
                    let own = Role::ALL.into_iter().filter(|role| role.asks());
                    let own = own.map(|role| say_nothing(format!("{}.>", role.inbox())));
                    // What guests ask comes with a subject of the server's own.
                    own.chain([say_nothing("_R_.>".to_owned())]).collect()
                }
            },
        }
    }
}

fn take_from(shared: &SharedSpec, prefix: &Prefix) -> Vec<Probe> {
    let consumer = format!("{}.{}", stream_name(prefix, shared.stream), shared.name);
    // Of a delivery that never was; the server passes over it. Servers will come to write the
    // domain and a hash of the account before it.
    let ack = |consumer: &str| Probe {
        body: Bytes::from_static(b"+WPI"),
        ..publish(format!("$JS.ACK.{consumer}.>"))
    };
    vec![
        api("CONSUMER.INFO", &consumer),
        api("CONSUMER.MSG.NEXT", &consumer),
        ack(&consumer),
        ack(&format!("*.*.{consumer}")),
    ]
}

/// One thing to try.
#[derive(Clone, Debug, PartialEq)]
struct Probe {
    action: Action,
    /// A subject that nobody uses.
    subject: String,
    /// All subjects that it stands for.
    pattern: String,
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
fn publish(pattern: String) -> Probe {
    let body = Bytes::from_static(b"{");
    let subject = tried(&pattern);
    Probe { action: Action::Publish, subject, pattern, headers: None, body }
}

fn api(verb: &str, rest: &str) -> Probe {
    publish(format!("$JS.API.{verb}.{rest}"))
}

/// A wildcard is subscribed to as it is.
fn hear(pattern: String) -> Probe {
    Probe { action: Action::Subscribe, subject: pattern.clone(), ..publish(pattern) }
}

/// What goes to somebody, and is empty.
fn say_nothing(pattern: String) -> Probe {
    Probe { body: Bytes::new(), ..publish(pattern) }
}

/// An append that expects a message that no stream has.
fn store(pattern: String) -> Probe {
    let mut headers = HeaderMap::new();
    headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NEVER.to_string());
    Probe { headers: Some(headers), body: Bytes::new(), ..publish(pattern) }
}

/// A subject of the pattern that nobody has: no run is called so.
fn tried(pattern: &str) -> String {
    let tokens = pattern.split('.').map(|token| match token {
        "*" | ">" => "doctor",
        token => token,
    });
    tokens.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_is_about_one_action_on_one_subject() {
        let said = "Permissions Violation for Subscription to \"sim.live.>\" using queue \"q\"";
        assert!(hear("sim.live.>".to_owned()).is_meant(said));
        assert!(!publish("sim.live.>".to_owned()).is_meant(said));
        assert!(!hear("sim.live".to_owned()).is_meant(said));
        let said = "Permissions Violation for Publish to \"$JS.API.STREAM.INFO.SIM_LOGS\"";
        assert!(api("STREAM.INFO", "SIM_LOGS").is_meant(said));
    }

    #[test]
    fn a_pattern_is_tried_by_a_subject_that_nobody_has() {
        for (pattern, subject) in [
            ("sim.commands.*.*.cli.*", "sim.commands.doctor.doctor.cli.doctor"),
            (
                "$JS.ACK.*.*.SIM_COMMANDS.guardian.>",
                "$JS.ACK.doctor.doctor.SIM_COMMANDS.guardian.doctor",
            ),
            ("sim.node.info", "sim.node.info"),
        ] {
            assert_eq!(publish(pattern.to_owned()).subject, subject);
        }
    }
}
