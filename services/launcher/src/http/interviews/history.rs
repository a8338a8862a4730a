//! `POST /api/simulation/interview/history`: what agents of a run were asked and said, whoever
//! asked, newest first.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bus::Stored;
use contract::MAX_SAFE_INTEGER;
use contract::door::Object;
use contract::id::{ClientId, CommandId, RunId};
use contract::reply::{Answer, AsOf, InterviewResult, Reply, ReplyOutcome, ReplyResult};
use contract::subject::{Platform, Prefix, StreamName};
use contract::timestamp::Timestamp;
use serde::Serialize;

use super::fields::read_platform;
use crate::http::App;
use crate::http::control::read_run;
use crate::http::envelope::{Fields, Posted, success};
use crate::http::error::HttpError;
use crate::http::pages::run_of;
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
    #[serde(skip)]
    place: Place,
}

/// Where a row is: newer replies first, and those of one reply in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    /// The sequence of the reply.
    reply: u64,
    /// Its number among the answers in it.
    answer: usize,
}

/// What a reply has of a page.
enum Found {
    Rows(Vec<Row>),
    /// Its answers are stored beside it.
    Parts(ClientId, Box<Reply>),
}

pub(super) async fn history(
    State(app): State<Arc<App>>,
    Posted(fields): Posted<HistoryFields>,
) -> Result<Response, HttpError> {
    let run = run_of(&app, &fields.name).await?;
    let bus = &app.creator.bus;
    let filter = bus.prefix().replies_of(&run.run_id);
    let mut before = fields.cursor.map(|place| place.reply + 1);
    let mut history: Vec<Row> = Vec::new();
    // One more than is wanted tells whether something is older.
    while history.len() <= fields.limit {
        let most = fields.limit + 1 - history.len();
        let keep = |stored: &Stored| fields.found(bus.prefix(), stored);
        let newest = bus.newest(StreamName::Replies, &filter, before, most, keep).await;
        let newest = newest.map_err(Refusal::from)?;
        if newest.is_empty() {
            break;
        }
        for (sequence, found) in newest {
            before = Some(sequence);
            match found {
                Found::Rows(rows) => history.extend(rows),
                Found::Parts(client, reply) => {
                    let whole = bus.whole_reply(&client, *reply).await.map_err(Refusal::from)?;
                    history.extend(fields.rows(sequence, whole));
                }
            }
            if history.len() > fields.limit {
                break;
            }
        }
    }
    let has_more = history.len() > fields.limit;
    history.truncate(fields.limit);
    let next_cursor = history.last().filter(|_| has_more).map(|last| cursor(last.place));
    let count = history.len();
    Ok(success(&Data { count, history, run_id: &run.run_id, next_cursor }))
}

/// The request, read.
pub(super) struct HistoryFields {
    name: RunName,
    platform: Option<Platform>,
    agent: Option<u32>,
    limit: usize,
    /// The row behind which it begins.
    cursor: Option<Place>,
}

impl Fields for HistoryFields {
    fn read(object: &Object<'_>) -> Option<HistoryFields> {
        object.refuse_unknown(&["simulation_id", "platform", "agent_id", "limit", "cursor"]);
        let (name, platform) = (read_run(object), read_platform(object));
        let agent = object.u32("agent_id", 0..=u32::MAX);
        let limit = object.integer("limit", 1..=MAX_LIMIT);
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(DEFAULT_LIMIT);
        let cursor = object.parsed("cursor", |text| {
            place(text).ok_or_else(|| "the next_cursor of a page of the same list".to_owned())
        });
        Some(HistoryFields { name: name?, platform, agent, limit, cursor })
    }
}

/// A place as a cursor.
fn cursor(place: Place) -> String {
    format!("{}.{}", place.reply, place.answer)
}

/// The place that a cursor is.
fn place(cursor: &str) -> Option<Place> {
    let (reply, answer) = cursor.split_once('.')?;
    let reply = reply.parse().ok().filter(|reply| (1..MAX_SAFE_INTEGER).contains(reply))?;
    let place = Place { reply, answer: answer.parse().ok()? };
    (self::cursor(place) == cursor).then_some(place)
}

impl HistoryFields {
    /// What a stored reply has of the page; `None`: nothing.
    fn found(&self, prefix: &Prefix, stored: &Stored) -> Option<Found> {
        let reply: Reply = serde_json::from_slice(&stored.body).ok()?;
        if let ReplyOutcome::Completed { result: ReplyResult::Interviews(all) } = &reply.outcome
            && all.parts.is_some()
        {
            let (client, _) = prefix.parse_reply(&stored.subject)?;
            return Some(Found::Parts(client, Box::new(reply)));
        }
        let rows = self.rows(stored.sequence, reply);
        (!rows.is_empty()).then_some(Found::Rows(rows))
    }

    /// The rows of a whole reply that are asked for, no more than a page has.
    fn rows(&self, sequence: u64, reply: Reply) -> Vec<Row> {
        let Reply { command_id, at, outcome, .. } = reply;
        let said: Vec<InterviewResult> = match outcome {
            ReplyOutcome::Completed { result: ReplyResult::Interview(said) } => vec![said],
            ReplyOutcome::Completed { result: ReplyResult::Interviews(all) } => {
                all.said.answers().collect()
            }
            _ => return Vec::new(),
        };
        let answers = said.into_iter().flat_map(|said| {
            let InterviewResult { agent_id, prompt, twitter, reddit, .. } = said;
            let answers = twitter.into_iter().chain(reddit);
            answers.map(move |answer| (agent_id, prompt.clone(), answer))
        });
        let row = |(number, (agent_id, prompt, answer)): (usize, (u32, String, Answer))| Row {
            agent_id,
            response: answer.response,
            prompt,
            timestamp: at,
            platform: answer.platform,
            as_of: answer.as_of,
            command_id: command_id.clone(),
            place: Place { reply: sequence, answer: number },
        };
        let is_wanted = |row: &Row| {
            self.platform.is_none_or(|platform| platform == row.platform)
                && self.agent.is_none_or(|agent| agent == row.agent_id)
                && self.cursor.is_none_or(|cursor| {
                    row.place.reply < cursor.reply
                        || (row.place.reply == cursor.reply && row.place.answer > cursor.answer)
                })
        };
        answers.enumerate().map(row).filter(is_wanted).take(self.limit + 1).collect()
    }
}
