//! What is written into a graph for a batch, and how it is known again.

use std::collections::BTreeSet;

use contract::id::RunId;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::Dialect;
use crate::batch::{EpisodeBatch, World};

/// The most characters of an episode that Zep takes.
const MOST_CHARACTERS: usize = 10_000;
/// The most agents that metadata names.
const MOST_AGENTS: usize = 50;
/// The beginning of the source of what is ours; a batch's name follows, and a comma.
const SOURCE: &str = "Shoal batch ";

/// The text of an episode.
pub(super) struct Text {
    pub(super) data: String,
    /// Whether something of it was left out.
    pub(super) shortened: bool,
}

/// The text for a batch.
///
/// # Errors
/// Several actions are too much together.
pub(super) fn text(batch: &EpisodeBatch) -> Result<Text, String> {
    let data = batch.text();
    let length = data.chars().count();
    if length <= MOST_CHARACTERS {
        return Ok(Text { data, shortened: false });
    }
    if batch.episodes.len() > 1 {
        return Err(format!("{length} characters, and Zep takes up to {MOST_CHARACTERS}"));
    }
    let data = data.chars().take(MOST_CHARACTERS - 1).chain(['…']).collect();
    Ok(Text { data, shortened: true })
}

/// Where a batch comes from: at most ten fields, as Zep wants it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Metadata<'a> {
    agents: Vec<u32>,
    batch: String,
    first_round: u32,
    first_seq: u64,
    last_round: u32,
    last_seq: u64,
    platform: Platform,
    run_id: &'a RunId,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    shortened: bool,
    simulated_time: Timestamp,
}

impl<'a> Metadata<'a> {
    pub(super) fn of(batch: &'a EpisodeBatch, shortened: bool) -> Metadata<'a> {
        let agents: BTreeSet<u32> = batch.episodes.iter().map(|it| it.agent_id).collect();
        let (first_round, last_round) = rounds(batch);
        Metadata {
            agents: agents.into_iter().take(MOST_AGENTS).collect(),
            batch: batch.id(),
            first_round,
            first_seq: batch.first_seq,
            last_round,
            last_seq: batch.last_seq,
            platform: batch.world.platform,
            run_id: &batch.world.run_id,
            shortened,
            simulated_time: time(batch),
        }
    }
}

/// What a batch is from, for people and for servers that know no metadata.
pub(super) fn source(batch: &EpisodeBatch) -> String {
    let (first, last) = rounds(batch);
    format!("{SOURCE}{}, rounds {first} to {last}", batch.id())
}

/// When it was, in simulated time: that of its last action.
pub(super) fn time(batch: &EpisodeBatch) -> Timestamp {
    batch.episodes.last().map_or(batch.reached.simulated_time, |last| last.simulated_time)
}

fn rounds(batch: &EpisodeBatch) -> (u32, u32) {
    let round = |episode: Option<&contract::memory::Episode>| {
        episode.map_or(batch.reached.round, |episode| episode.round)
    };
    (round(batch.episodes.first()), round(batch.episodes.last()))
}

/// An episode that is in a graph.
pub(super) struct Entry {
    /// The batch that it is, if it says so.
    batch: Option<String>,
    content: Option<String>,
    /// When it was, in simulated time.
    pub(super) time: Option<Timestamp>,
}

impl Entry {
    pub(super) fn read(dialect: Dialect, value: &Value) -> Entry {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let named = || {
            let source = value["source_description"].as_str()?.strip_prefix(SOURCE)?;
            Some(source.split(',').next()?.trim().to_owned())
        };
        let time = match dialect {
            Dialect::V2 => &value["created_at"],
            Dialect::V4 => &value["reference_time"],
        };
        // A document of somebody else's may have a field of that name, of any type.
        let is_ours = |id: &String| id.rsplit_once('.').and_then(|it| seqs(it.1)).is_some();
        Entry {
            batch: text(&value["metadata"]["batch"]).filter(is_ours).or_else(named),
            content: text(&value["content"]),
            time: time.as_str().and_then(|time| time.parse().ok()),
        }
    }

    /// Whether it is this batch. One that does not say what it is may be told by what it says,
    /// and when.
    pub(super) fn is(&self, batch: &EpisodeBatch, text: &Text) -> bool {
        match &self.batch {
            Some(id) => *id == batch.id(),
            None => {
                let is_then = self.time.is_none_or(|it| it == time(batch));
                is_then && self.content.as_ref() == Some(&text.data)
            }
        }
    }

    /// The last action of this world that it holds.
    pub(super) fn last_seq(&self, world: &World) -> Option<u64> {
        let seqs = self.batch.as_ref()?.strip_prefix(&world.to_string())?.strip_prefix('.')?;
        Some(self::seqs(seqs)?.1)
    }
}

/// `1-5`.
fn seqs(text: &str) -> Option<(u64, u64)> {
    let (first, last) = text.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}
