//! All that is wrong with a backup, and with the server that is to have it, before anything is made.

use std::collections::BTreeMap;
use std::path::Path;

use bus::backup::{ORDER, There};
use bus::topology::stream_name;
use contract::subject::Prefix;

use super::manifest::{Entry, Manifest, digest};
use super::view::{Done, megabytes};
use crate::output::count;

/// The note on a stream that says which backup it was made of.
pub(crate) const MADE_OF: &str = "shoal-backup";

/// What is on the server of a stream that is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    /// Nothing.
    Nothing,
    /// All of it: an earlier restore of this backup has made it.
    Restored,
    /// A part, since an earlier restore of this backup broke off.
    Leftover,
    /// Something else, in words.
    Foreign(Foreign),
}

/// What else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// An empty stream, as `provision` and services make it.
    Empty,
    /// Messages that are not of this backup, or came after it was restored.
    Messages(u64),
}

/// What there is, held against what is to be.
pub(crate) fn before(manifest: &Manifest, entry: &Entry, there: Option<&There>) -> Before {
    let Some(there) = there else { return Before::Nothing };
    let ours = there.config["metadata"][MADE_OF] == manifest.id();
    match there.held.last_seq.cmp(&entry.held.last_seq) {
        std::cmp::Ordering::Equal if ours && is_whole(entry, there) => Before::Restored,
        std::cmp::Ordering::Less if ours => Before::Leftover,
        _ if there.held.last_seq == 0 => Before::Foreign(Foreign::Empty),
        _ => Before::Foreign(Foreign::Messages(there.held.messages)),
    }
}

/// True if no message is missing that was saved: those that went away meanwhile may be, and those
/// that have expired.
pub(crate) fn is_whole(entry: &Entry, there: &There) -> bool {
    let missing = entry.held.messages.saturating_sub(there.held.messages);
    let expire = entry.config["max_age"].as_u64().unwrap_or(0) > 0;
    there.held.last_seq == entry.held.last_seq && (expire || missing <= entry.removed)
}

/// What is wrong with what the manifest says.
pub(crate) fn manifest_problems(manifest: &Manifest, prefix: &Prefix) -> Vec<String> {
    if manifest.prefix != prefix.as_str() {
        return vec![format!(
            "prefix: found {}, expected {prefix}: set SHOAL_PREFIX or --prefix to {0}",
            manifest.prefix,
            prefix = prefix.as_str()
        )];
    }
    let mut problems = Vec::new();
    let mut times: BTreeMap<&str, u32> = BTreeMap::new();
    for entry in &manifest.streams {
        *times.entry(entry.stream.as_str()).or_default() += 1;
        if entry.config["name"] != entry.stream.as_str() {
            let (stream, found) = (&entry.stream, &entry.config["name"]);
            problems.push(format!("{stream}: config.name: found {found}, expected \"{stream}\""));
        }
    }
    for stream in ORDER {
        let name = stream_name(prefix, stream);
        match times.remove(name.as_str()) {
            Some(1) => {}
            Some(times) => problems.push(format!("{name}: found {times} times, expected once")),
            None => problems.push(format!("{name}: expected it, and it is not there")),
        }
    }
    let unknown = times.into_keys();
    problems.extend(unknown.map(|name| format!("{name:?}: found it, and it is no stream of ours")));
    problems
}

/// What is wrong with the files; reads all of them.
pub(crate) fn file_problems(manifest: &Manifest, folder: &Path, done: &Done) -> Vec<String> {
    let mut problems = Vec::new();
    for entry in &manifest.streams {
        let path = Entry::file(folder, &entry.stream);
        let shown = path.display();
        match digest(&path) {
            Err(error) => problems.push(format!("{shown}: {error}")),
            Ok((size, _)) if size != entry.size => problems.push(format!(
                "{shown}: found {} bytes, expected {}",
                count(size),
                count(entry.size)
            )),
            Ok((_, sha256)) if sha256 != entry.sha256 => problems.push(format!(
                "{shown}: it was changed: found SHA-256 {sha256}, expected {}",
                entry.sha256
            )),
            Ok(_) => {}
        }
        done.add(usize::try_from(entry.size).unwrap_or(usize::MAX));
        done.add_stream();
    }
    problems
}

/// What of the server does not fit.
pub(crate) fn server_problems(
    manifest: &Manifest,
    version: &str,
    clustered: bool,
    replicas: Option<u64>,
) -> Vec<String> {
    let mut problems = Vec::new();
    let numbers = |version: &str| {
        let mut parts = version.split(['.', '-']).map_while(|part| part.parse::<u64>().ok());
        (parts.next(), parts.next())
    };
    if numbers(version) < numbers(&manifest.server) {
        problems.push(format!(
            "nats-server: found {version}, expected {} or newer: an older one may not read what that \
             one has written",
            manifest.server
        ));
    }
    let wanted = manifest.streams.iter().map(Entry::replicas).max().unwrap_or(1);
    let wanted = replicas.unwrap_or(wanted);
    if wanted > 1 && !clustered {
        problems.push(format!(
            "nats-server: found a single one, expected a cluster that keeps {wanted} copies: say \
             --replicas 1"
        ));
    }
    problems
}

/// What is wrong with a stream that is there.
pub(crate) fn stream_problem(name: &str, before: Before) -> Option<String> {
    match before {
        Before::Nothing | Before::Restored | Before::Leftover => None,
        Before::Foreign(Foreign::Empty) => Some(format!(
            "{name}: it is there, and empty: restore before `shoal provision` and before any service \
             starts"
        )),
        Before::Foreign(Foreign::Messages(messages)) => Some(format!(
            "{name}: it is there and has {} messages: nothing that is there is overwritten",
            count(messages)
        )),
    }
}

/// What a stream is to be kept by: as it was, but for the copies, and with a note of where it is
/// from.
pub(crate) fn config(
    manifest: &Manifest,
    entry: &Entry,
    replicas: Option<u64>,
) -> serde_json::Value {
    let mut config = entry.config.clone();
    if let Some(replicas) = replicas {
        config["num_replicas"] = replicas.into();
    }
    if !config["metadata"].is_object() {
        config["metadata"] = serde_json::json!({});
    }
    config["metadata"][MADE_OF] = manifest.id().into();
    config
}

/// Bytes that all streams reserve on each server.
pub(crate) fn reserved(manifest: &Manifest) -> String {
    megabytes(manifest.streams.iter().map(Entry::reserves).sum())
}
