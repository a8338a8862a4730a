//! Every stream there is, as data. Nothing else in Shoal decides how a stream is kept.

use std::time::Duration;

use async_nats::jetstream::stream::{
    Config, DiscardPolicy, External, RetentionPolicy, Source, StorageType,
};
use contract::subject::{Prefix, StreamName};

use crate::permissions::{DELIVERIES, SHOAL_API};
use crate::roles::MIRRORED;

/// How one stream is to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StreamSpec {
    /// Which one.
    pub(crate) stream: StreamName,
    /// Its name on the server, e.g. `SIM_ACTIONS`, `KV_SIM_LEASES`.
    pub(crate) name: String,
    /// What it takes.
    pub(crate) subjects: Vec<String>,
    /// What happens when it is full.
    pub(crate) when_full: WhenFull,
    /// How many messages a subject keeps.
    pub(crate) per_subject: PerSubject,
    /// After how long a message is dropped; `None`: never.
    pub(crate) max_age: Option<Duration>,
    /// Takes atomic batches.
    pub(crate) atomic: bool,
    /// Messages may expire one by one; an expired one leaves a mark for this long.
    pub(crate) expiry_mark: Option<Duration>,
    /// Percent of the storage that Shoal may have.
    pub(crate) share: u32,
    /// Copies in a cluster.
    pub(crate) replicas: usize,
    /// It is the guests' copy of Shoal's stream of the same name.
    pub(crate) is_mirror: bool,
}

/// What happens when a stream is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenFull {
    /// New messages are refused: what is stored matters.
    Refuse,
    /// The oldest make room: a cache, or of passing interest.
    DropOldest,
}

/// How many messages a subject keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PerSubject {
    /// All of them.
    All,
    /// The last ones.
    Last(i64),
    /// The first one; another is refused. So a name is used once.
    Once,
}

/// Consumers of one stream; the server's own limit would refuse the 1,001st reader.
const MAX_CONSUMERS: i32 = 10_000;

/// We never send message ids: what is written twice is refused by its expected sequence.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(1);

const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// All streams of a Shoal, in the order in which they are made.
pub(crate) fn topology(prefix: &Prefix, replicas: usize) -> Vec<StreamSpec> {
    StreamName::ALL.into_iter().map(|stream| spec(prefix, stream, replicas)).collect()
}

/// The guests' copies of streams. They are fed, so they take no subjects; one that is full drops its
/// oldest, which Shoal itself still has.
pub(crate) fn mirrors(prefix: &Prefix, replicas: usize) -> Vec<StreamSpec> {
    let copy = |stream| StreamSpec {
        subjects: Vec::new(),
        when_full: WhenFull::DropOldest,
        atomic: false,
        is_mirror: true,
        ..spec(prefix, stream, replicas)
    };
    MIRRORED.map(copy).into()
}

/// The name of a stream on the server; buckets are streams with a prefix of their own.
pub fn stream_name(prefix: &Prefix, stream: StreamName) -> String {
    let name = prefix.stream(stream);
    if stream.is_bucket() { format!("KV_{name}") } else { name }
}

/// The pattern of everything that a stream takes.
pub(crate) fn all_subjects(prefix: &Prefix, stream: StreamName) -> String {
    match stream.is_bucket() {
        true => key_subject(prefix, stream, ">"),
        false => prefix.all(stream),
    }
}

/// Where the value of a key is stored.
pub(crate) fn key_subject(prefix: &Prefix, bucket: StreamName, key: &str) -> String {
    format!("$KV.{}.{key}", prefix.stream(bucket))
}

fn spec(prefix: &Prefix, stream: StreamName, replicas: usize) -> StreamSpec {
    let subject = all_subjects(prefix, stream);
    // Shares add up to 95: the rest is the server's own.
    let plain = |share| StreamSpec {
        stream,
        name: stream_name(prefix, stream),
        subjects: vec![subject.clone()],
        when_full: WhenFull::Refuse,
        per_subject: PerSubject::All,
        max_age: None,
        atomic: false,
        expiry_mark: None,
        share,
        replicas,
        is_mirror: false,
    };
    let once = |share| StreamSpec { per_subject: PerSubject::Once, ..plain(share) };
    let latest = |share| StreamSpec { per_subject: PerSubject::Last(1), ..plain(share) };
    match stream {
        StreamName::Commands => StreamSpec { max_age: Some(WEEK), ..once(2) },
        StreamName::Questions => StreamSpec { max_age: Some(WEEK), ..once(3) },
        StreamName::Replies => once(4),
        StreamName::Inputs => plain(15),
        StreamName::Actions => StreamSpec { atomic: true, ..plain(40) },
        // When it is full, a new run is refused rather than an old one forgotten.
        StreamName::EnvStatus => latest(2),
        StreamName::Logs => StreamSpec {
            when_full: WhenFull::DropOldest,
            per_subject: PerSubject::Last(1000),
            ..plain(4)
        },
        StreamName::Snapshots => {
            StreamSpec { when_full: WhenFull::DropOldest, atomic: true, ..plain(15) }
        }
        StreamName::Specs => StreamSpec { atomic: true, ..plain(4) },
        StreamName::DeadLetters => plain(3),
        StreamName::Leases => {
            StreamSpec { expiry_mark: Some(Duration::from_secs(60)), ..latest(1) }
        }
        StreamName::Ledger => latest(2),
    }
}

impl StreamSpec {
    /// The server's form of it, out of `storage` bytes for all streams together.
    pub(crate) fn config(&self, storage: u64) -> Config {
        let bytes = storage / 100 * u64::from(self.share);
        let bucket = self.stream.is_bucket();
        Config {
            name: self.name.clone(),
            subjects: self.subjects.clone(),
            retention: RetentionPolicy::Limits,
            storage: StorageType::File,
            discard: match self.when_full {
                WhenFull::Refuse => DiscardPolicy::New,
                WhenFull::DropOldest => DiscardPolicy::Old,
            },
            max_bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
            max_messages: -1,
            max_messages_per_subject: match self.per_subject {
                PerSubject::All => -1,
                PerSubject::Last(count) => count,
                PerSubject::Once => 1,
            },
            discard_new_per_subject: self.per_subject == PerSubject::Once,
            max_consumers: MAX_CONSUMERS,
            max_message_size: -1,
            max_age: self.max_age.unwrap_or_default(),
            num_replicas: self.replicas,
            duplicate_window: DUPLICATE_WINDOW,
            allow_direct: true,
            deny_delete: true,
            deny_purge: false,
            // What key-value clients expect of a bucket, and what would let any publisher
            // empty another stream.
            allow_rollup: bucket,
            allow_message_ttl: self.expiry_mark.is_some(),
            subject_delete_marker_ttl: self.expiry_mark,
            allow_atomic_publish: self.atomic,
            mirror: self.is_mirror.then(|| Source {
                name: self.name.clone(),
                external: Some(External {
                    api_prefix: SHOAL_API.to_owned(),
                    delivery_prefix: Some(DELIVERIES.to_owned()),
                }),
                ..Source::default()
            }),
            ..Config::default()
        }
    }
}

/// What matters to us of a stream, as name and text. Sizes, copies and descriptions are the
/// operator's.
pub(crate) fn essentials(config: &Config) -> Vec<(&'static str, String)> {
    let subjects = match &config.mirror {
        Some(from) => format!("those of another account's {}", from.name),
        None => {
            let mut subjects = config.subjects.clone();
            subjects.sort();
            subjects.join(" ")
        }
    };
    let per_subject = match config.max_messages_per_subject {
        0 | -1 => "unlimited".to_owned(),
        count => count.to_string(),
    };
    vec![
        ("subjects", subjects),
        ("retention", format!("{:?}", config.retention).to_lowercase()),
        ("storage", format!("{:?}", config.storage).to_lowercase()),
        ("discard", format!("{:?}", config.discard).to_lowercase()),
        ("max_msgs_per_subject", per_subject),
        ("discard_new_per_subject", config.discard_new_per_subject.to_string()),
        ("max_age", format!("{} s", config.max_age.as_secs())),
        ("allow_direct", config.allow_direct.to_string()),
        ("deny_delete", config.deny_delete.to_string()),
        ("deny_purge", config.deny_purge.to_string()),
        ("allow_rollup_hdrs", config.allow_rollup.to_string()),
        ("allow_msg_ttl", config.allow_message_ttl.to_string()),
        (
            "subject_delete_marker_ttl",
            format!("{} s", config.subject_delete_marker_ttl.unwrap_or_default().as_secs()),
        ),
        ("allow_atomic", config.allow_atomic_publish.to_string()),
        ("no_ack", config.no_ack.to_string()),
        ("sealed", config.sealed.to_string()),
        (
            "persist_mode",
            config
                .persist_mode
                .as_ref()
                .map_or("default".to_owned(), |mode| format!("{mode:?}").to_lowercase()),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stream_is_declared_once_and_together_they_fit() {
        let specs = topology(&"lab".parse().unwrap(), 3);
        let names: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "LAB_COMMANDS",
                "LAB_QUESTIONS",
                "LAB_REPLIES",
                "LAB_INPUTS",
                "LAB_ACTIONS",
                "LAB_ENV_STATUS",
                "LAB_LOGS",
                "LAB_SNAPSHOTS",
                "LAB_SPECS",
                "LAB_DEAD_LETTERS",
                "KV_LAB_LEASES",
                "KV_LAB_LEDGER",
            ]
        );
        assert_eq!(specs.iter().map(|spec| spec.share).sum::<u32>(), 95);
        assert!(specs.iter().all(|spec| spec.replicas == 3));
    }

    #[test]
    fn only_a_cache_and_a_log_drop_what_they_hold() {
        let dropping: Vec<StreamName> = topology(&Prefix::default(), 1)
            .into_iter()
            .filter(|spec| spec.when_full == WhenFull::DropOldest)
            .map(|spec| spec.stream)
            .collect();
        assert_eq!(dropping, [StreamName::Logs, StreamName::Snapshots]);
    }
}
