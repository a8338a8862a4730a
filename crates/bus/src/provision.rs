//! Makes the server's streams match the topology, or says exactly what differs.

use std::fmt;
use std::time::Duration;

use async_nats::jetstream::account::Account;
use async_nats::jetstream::stream::{Config, Info};
use contract::subject::StreamName;
use tokio::time::Instant;

use crate::Bus;
use crate::leases::Lease;
use crate::reading::ReadError;
use crate::shared::{Shared, SharedSpec};
use crate::topology::{StreamSpec, essentials, mirrors, topology};
use crate::wire::{ApiError, NoAnswer, Refusal};

/// One thing in which the server is not as Shoal needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The stream.
    pub stream: String,
    /// The field of its configuration, or `stream` if there is none at all.
    pub field: &'static str,
    /// What stands there.
    pub found: String,
    /// What is needed.
    pub expected: String,
}

/// The server is not as Shoal needs it, and this user cannot change it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct TopologyError {
    /// All that differs.
    pub differences: Vec<Difference>,
    /// Why it could not be changed, in the server's words.
    pub reasons: Vec<String>,
    /// What it may only have been too early for, if so: trying again may help.
    pub early: Option<Early>,
}

/// What a cluster does not have yet that has just begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Early {
    /// Somebody who decides where streams are.
    Leader,
    /// As many servers as a stream has copies.
    Servers,
}

/// How long making all streams may take before another service tries.
const PROVISIONING: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What is taken as storage where the server sets no limit for the account.
const USUAL_STORAGE: u64 = 8 * GIB;
const LEAST_STORAGE: u64 = GIB / 64;
const MOST_STORAGE: u64 = 1024 * GIB;
const GIB: u64 = 1 << 30;

impl Bus {
    /// Makes the server's streams match the topology; changes nothing that matches.
    ///
    /// # Errors
    /// All differences that remain, and why.
    pub async fn ensure_topology(&self) -> Result<(), TopologyError> {
        self.through_outages(|| self.provision_streams(1)).await
    }

    /// As [`Bus::ensure_topology`], with `replicas` copies (in a cluster) of each stream that
    /// is made now; those that are there keep theirs. The consumers that services share are made
    /// as well, for services that may not.
    ///
    /// # Errors
    /// All differences that remain, and why.
    pub async fn provision(&self, replicas: usize) -> Result<(), TopologyError> {
        self.provision_streams(replicas).await?;
        let mut error = TopologyError { differences: Vec::new(), reasons: Vec::new(), early: None };
        for shared in Shared::ALL {
            let Err(reason) = self.make_shared(shared).await else { continue };
            if let ReadError::Unanswered(_) = reason {
                error.early = error.early.max(Some(Early::Leader));
            }
            let SharedSpec { stream, name, filters, .. } = shared.spec(&self.prefix);
            error.reasons.push(reason.to_string());
            error.differences.push(Difference {
                stream: self.stream_of(stream),
                field: "consumer",
                found: format!("no {name} as it should be"),
                expected: format!("{name}, durable, of {}", filters.join(" ")),
            });
        }
        if error.differences.is_empty() { Ok(()) } else { Err(error) }
    }

    /// Makes the guests' copies of streams, as a user of their account; changes nothing that
    /// matches.
    ///
    /// # Errors
    /// All differences that remain, and why.
    pub async fn provision_mirrors(&self, replicas: usize) -> Result<(), TopologyError> {
        self.change(&mirrors(&self.prefix, replicas), replicas).await
    }

    async fn provision_streams(&self, replicas: usize) -> Result<(), TopologyError> {
        let specs = topology(&self.prefix, replicas);
        let steps = self.inspect_all(&specs).await;
        if !steps.iter().any(Step::is_open) {
            return Ok(());
        }
        // Services start together. One of them makes the streams, so that the room is shared
        // out once; the lease that decides it needs its own stream first.
        if let Some(leases) = steps.iter().find(|step| step.spec.stream == StreamName::Leases)
            && matches!(leases.found, Found::Nothing)
        {
            let mut room = Room { bytes: GIB, is_known: true };
            if let Err(error) = self.make(&leases.spec, &mut room).await {
                tracing::debug!("{} cannot be made: {error}", leases.spec.name);
            }
        }
        let lease = self.provisioner().await;
        let result = self.change(&specs, replicas).await;
        if let Some(lease) = lease
            && let Err(error) = self.release_lease(lease).await
        {
            tracing::debug!("the lease to make streams was not given back: {error}");
        }
        result
    }

    /// Waits to be the only one who makes streams. None if leases do not work for us; then
    /// most likely making streams does not either, and we find out.
    async fn provisioner(&self) -> Option<Lease> {
        let holder = self.new_id();
        let deadline = Instant::now() + 2 * PROVISIONING;
        while Instant::now() < deadline {
            match self.acquire_lease("provision", &holder, PROVISIONING).await {
                Ok(Some(lease)) => return Some(lease),
                Ok(None) => tokio::time::sleep(LOOK_AGAIN).await,
                Err(error) => {
                    tracing::debug!("no lease to make streams: {error}");
                    return None;
                }
            }
        }
        None
    }

    async fn inspect_all(&self, specs: &[StreamSpec]) -> Vec<Step> {
        let mut steps = Vec::new();
        for spec in specs {
            steps.push(self.inspect(spec.clone()).await);
        }
        steps
    }

    async fn change(&self, specs: &[StreamSpec], replicas: usize) -> Result<(), TopologyError> {
        let mut steps = self.inspect_all(specs).await;
        let mut open: Vec<Step> = steps.extract_if(.., |step| step.is_open()).collect();
        if open.is_empty() {
            return Ok(());
        }
        // The largest first: it finds out what there is to share.
        open.sort_by_key(|step| std::cmp::Reverse(step.spec.share));
        let mut room = self.room(&steps, replicas).await;
        let mut reasons = Vec::new();
        let (mut remaining, mut too_early) = (Vec::new(), None);
        while !open.is_empty() {
            let step = open.remove(0);
            let Err(error) = self.take(&step, &mut room).await else { continue };
            let forbidden = matches!(error, ApiError::NoAnswer(_));
            too_early = too_early.max(early(&error));
            reasons.push(format!("{}: {error}", step.spec.name));
            remaining.push(step);
            if forbidden {
                // Who may not change one stream may not change the next.
                remaining.append(&mut open);
            }
        }
        remaining.sort_by_key(|step| step.spec.stream);
        let differences: Vec<Difference> =
            remaining.into_iter().flat_map(|step| step.differences()).collect();
        if differences.is_empty() {
            return Ok(());
        }
        Err(TopologyError { differences, reasons, early: too_early })
    }

    async fn inspect(&self, spec: StreamSpec) -> Step {
        let operation = format!("STREAM.INFO.{}", spec.name);
        let found = match self.api::<_, Info>(&operation, &serde_json::json!({})).await {
            Ok(info) => Found::Stream(Box::new(info.config)),
            Err(ApiError::Refused(refusal)) if refusal.err_code == STREAM_NOT_FOUND => {
                Found::Nothing
            }
            Err(error) => Found::Unreadable(error.to_string()),
        };
        Step { spec, found }
    }

    /// What all streams together may have: the account's limit less what others reserve.
    async fn room(&self, present: &[Step], replicas: usize) -> Room {
        let account = self.api::<_, Account>("INFO", &serde_json::json!({})).await;
        let limit = account.as_ref().ok().and_then(|account| account.limits.max_storage);
        let (Ok(account), Some(limit)) = (&account, limit) else {
            return Room { bytes: USUAL_STORAGE, is_known: false };
        };
        let limit = u64::try_from(limit).unwrap_or(0);
        let ours: u64 = present.iter().map(Step::reserved).sum();
        let others = account.reserved_storage.saturating_sub(ours);
        let copies = u64::try_from(replicas.max(1)).unwrap_or(1);
        let bytes = (limit.saturating_sub(others) / copies).clamp(LEAST_STORAGE, MOST_STORAGE);
        Room { bytes, is_known: true }
    }

    async fn take(&self, step: &Step, room: &mut Room) -> Result<(), ApiError> {
        let Found::Stream(found) = &step.found else { return self.make(&step.spec, room).await };
        let name = &step.spec.name;
        tracing::info!("stream {name} differs from what is needed, changing it");
        self.update(&merged(found, step.spec.config(room.bytes))).await
    }

    async fn make(&self, spec: &StreamSpec, room: &mut Room) -> Result<(), ApiError> {
        let name = &spec.name;
        loop {
            let config = spec.config(room.bytes);
            // The server does not tell what it has left, so the first stream asks for all.
            let probe = match room.is_known {
                true => config.clone(),
                false => Config {
                    max_bytes: i64::try_from(room.bytes).unwrap_or(i64::MAX),
                    ..config.clone()
                },
            };
            match self.api::<_, Info>(&format!("STREAM.CREATE.{name}"), &probe).await {
                Ok(_) => {
                    tracing::info!("made stream {name} of at most {} bytes", config.max_bytes);
                    room.is_known = true;
                    return if probe == config { Ok(()) } else { self.update(&config).await };
                }
                Err(ApiError::Refused(refusal))
                    if NO_ROOM.contains(&refusal.err_code)
                        && !lacks_servers(&refusal)
                        && room.bytes > LEAST_STORAGE =>
                {
                    room.bytes /= 2;
                }
                // Another service makes it at the same time, with another size.
                Err(ApiError::Refused(refusal)) if refusal.err_code == NAME_IN_USE => {
                    let other = self.inspect(spec.clone()).await;
                    return if other.is_open() { Err(refusal.into()) } else { Ok(()) };
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn update(&self, config: &Config) -> Result<(), ApiError> {
        let operation = format!("STREAM.UPDATE.{}", config.name);
        self.api::<_, Info>(&operation, config).await.map(|_| ())
    }
}

/// What all streams together may have.
struct Room {
    bytes: u64,
    /// False where the server sets no limit that it would tell.
    is_known: bool,
}

pub(crate) const STREAM_NOT_FOUND: u64 = 10059;
const NAME_IN_USE: u64 = 10058;
/// Resources of the account, the server, or the cluster are exceeded.
pub(crate) const NO_ROOM: [u64; 5] = [10002, NO_PEERS, 10023, 10028, 10047];
/// There are too few servers that could keep it, for whichever reason.
const NO_PEERS: u64 = 10005;
/// JetStream has no leader, or this server does not know of it yet.
const NO_LEADER: [u64; 2] = [10008, 10009];

/// True if servers are missing, and not room on those that there are: less would not help.
fn lacks_servers(refusal: &Refusal) -> bool {
    let says = |words| refusal.description.contains(words);
    refusal.err_code == NO_PEERS && (says("offline") || !says("insufficient storage"))
}

/// What the cluster does not have yet, if that is why.
fn early(error: &ApiError) -> Option<Early> {
    match error {
        ApiError::Refused(refusal) if lacks_servers(refusal) => Some(Early::Servers),
        ApiError::Refused(refusal) if NO_LEADER.contains(&refusal.err_code) => Some(Early::Leader),
        ApiError::NoAnswer(NoAnswer::Unknown(_) | NoAnswer::NobodyListens(_)) => {
            Some(Early::Leader)
        }
        ApiError::Refused(_) | ApiError::NoAnswer(NoAnswer::Denied(_)) => None,
    }
}

/// A stream that is to be, and what is there of it.
struct Step {
    spec: StreamSpec,
    found: Found,
}

enum Found {
    Nothing,
    Stream(Box<Config>),
    Unreadable(String),
}

impl Step {
    fn is_open(&self) -> bool {
        !self.differences().is_empty()
    }

    fn reserved(&self) -> u64 {
        match &self.found {
            Found::Stream(config) => u64::try_from(config.max_bytes).unwrap_or(0),
            Found::Nothing | Found::Unreadable(_) => 0,
        }
    }

    fn differences(&self) -> Vec<Difference> {
        let expected = essentials(&self.spec.config(USUAL_STORAGE));
        let stream = self.spec.name.clone();
        let whole = |found: &str| {
            let fields = expected.iter().map(|(field, value)| format!("{field} {value}"));
            let expected = fields.collect::<Vec<_>>().join(", ");
            vec![Difference {
                stream: stream.clone(),
                field: "stream",
                found: found.to_owned(),
                expected,
            }]
        };
        let config = match &self.found {
            Found::Nothing => return whole("nothing"),
            Found::Unreadable(reason) => return whole(reason),
            Found::Stream(config) => config,
        };
        config_differences(&self.spec, config)
    }
}

/// What of a stream is not as it should be, field by field.
pub(crate) fn config_differences(spec: &StreamSpec, config: &Config) -> Vec<Difference> {
    let expected = essentials(&spec.config(USUAL_STORAGE));
    let pairs = essentials(config).into_iter().zip(expected);
    pairs
        .filter(|((_, found), (_, expected))| found != expected)
        .map(|((field, found), (_, expected))| Difference {
            stream: spec.name.clone(),
            field,
            found,
            expected,
        })
        .collect()
}

/// What is there, with what matters to us as it should be; sizes and copies stay.
fn merged(found: &Config, wanted: Config) -> Config {
    Config {
        max_bytes: found.max_bytes,
        max_messages: found.max_messages,
        max_message_size: found.max_message_size,
        max_consumers: found.max_consumers,
        num_replicas: found.num_replicas,
        duplicate_window: found.duplicate_window,
        description: found.description.clone(),
        metadata: found.metadata.clone(),
        compression: found.compression.clone(),
        placement: found.placement.clone(),
        republish: found.republish.clone(),
        consumer_limits: found.consumer_limits.clone(),
        first_sequence: found.first_sequence,
        ..wanted
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { stream, field, found, expected } = self;
        write!(f, "{stream}: {field}: found {found}, expected {expected}")
    }
}

impl fmt::Display for TopologyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the streams on nats-server are not as Shoal needs them:")?;
        for difference in &self.differences {
            write!(f, "\n  {difference}")?;
        }
        f.write_str("\nand this user cannot change them:")?;
        for reason in &self.reasons {
            write!(f, "\n  {reason}")?;
        }
        f.write_str(
            "\nprovision them once with a user who may create and update streams \
             ($JS.API.STREAM.CREATE.*, $JS.API.STREAM.UPDATE.*): run `shoal provision` as that \
             user, or make them by hand as listed",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_are_missing_are_no_lack_of_room() {
        let refused = |err_code, description: &str| {
            early(&Refusal { err_code, description: description.to_owned() }.into())
        };
        let none = "no suitable peers for placement";
        assert_eq!(refused(NO_PEERS, none), Some(Early::Servers));
        assert_eq!(refused(NO_PEERS, &format!("{none}, peer offline")), Some(Early::Servers));
        assert_eq!(refused(NO_PEERS, &format!("{none}, insufficient storage")), None);
        assert_eq!(refused(10008, "JetStream system temporarily unavailable"), Some(Early::Leader));
        assert_eq!(refused(10047, "insufficient storage resources available"), None);
        let unanswered = |no: NoAnswer| early(&no.into());
        assert_eq!(unanswered(NoAnswer::Unknown("late".to_owned())), Some(Early::Leader));
        assert_eq!(unanswered(NoAnswer::Denied("not you".to_owned())), None);
    }
}
