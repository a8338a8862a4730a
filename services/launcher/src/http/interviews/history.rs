//! `POST /api/simulation/interview/history`: what agents of a run were asked and said, whoever
//! asked, newest first.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bus::Stored;
use contract::MAX_SAFE_INTEGER;
use contract::door::Object;
use contract::id::{CommandId, RunId};
use contract::reply::{Answer, AsOf, Reply, ReplyOutcome, ReplyResult};
use contract::subject::{Platform, StreamName};
use contract::timestamp::Timestamp;
use serde::Serialize;

use super::fields::read_platform;
use crate::http::App;
use crate::http::control::read_run;
use crate::http::envelope::{Fields, Posted, success};
use crate::http::error::HttpError;
use crate::http::pages::run_of;
use crate::http::query::cut;
use crate::model::RunName;
use crate::refusal::Refusal;

/// Rows of an answer unless the request says otherwise.
const DEFAULT_LIMIT: usize = 100;

/// The most rows of an answer.
const MAX_LIMIT: u64 = 1000;

#[derive(Serialize)]
struct Data<'a> {
    count: usize,
    history: Vec<Row>,
    run_id: &'a RunId,
    /// For what is older; null where nothing is.
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize)]
struct Row {
    agent_id: u32,
    response: String,
    prompt: String,
    timestamp: Timestamp,
    platform: Platform,
    as_of: AsOf,
    command_id: CommandId,
    /// Rows are in descending order of it.
    #[serde(skip)]
    rank: u64,
}

pub(super) async fn history(
    State(app): State<Arc<App>>,
    Posted(fields): Posted<HistoryFields>,
) -> Result<Response, HttpError> {
    let run = run_of(&app, &fields.name).await?;
    let bus = &app.creator.bus;
    let filter = bus.prefix().replies_of(&run.run_id);
    let rows = |stored: &Stored| Some(fields.rows(stored)).filter(|rows| !rows.is_empty());
    // A reply has a row or two; one more than is wanted tells whether something is older.
    let before = fields.cursor.map(|rank| reply_of(rank) + 1);
    let newest = bus.newest(StreamName::Replies, &filter, before, fields.limit + 1, rows).await;
    let mut history: Vec<Row> =
        newest.map_err(Refusal::from)?.into_iter().flat_map(|(_, rows)| rows).collect();
    let next_cursor = cut(&mut history, fields.limit, |last| last.rank);
    let count = history.len();
    Ok(success(&Data { count, history, run_id: &run.run_id, next_cursor }))
}

/// The request, read.
pub(super) struct HistoryFields {
    name: RunName,
    platform: Option<Platform>,
    agent: Option<u32>,
    limit: usize,
    /// The rank of the row behind which it begins.
    cursor: Option<u64>,
}

impl Fields for HistoryFields {
    fn read(object: &Object<'_>) -> Option<HistoryFields> {
        object.refuse_unknown(&["simulation_id", "platform", "agent_id", "limit", "cursor"]);
        let (name, platform) = (read_run(object), read_platform(object));
        let agent = object.u32("agent_id", 0..=u32::MAX);
        let limit = object.integer("limit", 1..=MAX_LIMIT);
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(DEFAULT_LIMIT);
        let cursor = object.parsed("cursor", |text| {
            let rank = text.parse().ok().filter(|rank| (1..MAX_SAFE_INTEGER).contains(rank));
            rank.ok_or_else(|| "the next_cursor of a page of the same list".to_owned())
        });
        Some(HistoryFields { name: name?, platform, agent, limit, cursor })
    }
}

/// Rows of one reply are beside each other, and Twitter's comes first.
fn rank(sequence: u64, platform: Platform) -> u64 {
    2 * sequence + u64::from(platform == Platform::Twitter)
}

/// The sequence of the reply that a row comes from.
fn reply_of(rank: u64) -> u64 {
    rank / 2
}

impl HistoryFields {
    /// The rows of a reply that are asked for.
    fn rows(&self, stored: &Stored) -> Vec<Row> {
        let Ok(reply) = serde_json::from_slice::<Reply>(&stored.body) else { return Vec::new() };
        let Reply { command_id, at, outcome, .. } = reply;
        let ReplyOutcome::Completed { result: ReplyResult::Interview(said) } = outcome else {
            return Vec::new();
        };
        if self.agent.is_some_and(|agent| agent != said.agent_id) {
            return Vec::new();
        }
        let row = |Answer { platform, response, as_of }: Answer| Row {
            agent_id: said.agent_id,
            response,
            prompt: said.prompt.clone(),
            timestamp: at,
            platform,
            as_of,
            command_id: command_id.clone(),
            rank: rank(stored.sequence, platform),
        };
        let is_wanted = |row: &Row| {
            self.platform.is_none_or(|platform| platform == row.platform)
                && self.cursor.is_none_or(|cursor| row.rank < cursor)
        };
        said.twitter.into_iter().chain(said.reddit).map(row).filter(is_wanted).collect()
    }
}
