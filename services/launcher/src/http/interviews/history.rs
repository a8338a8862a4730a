//! `POST /api/simulation/interview/history`: what agents of a run were asked and said, whoever
//! asked, newest first.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bus::{PartsError, Stored};
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
    #[serde(flatten)]
    told: Told,
    timestamp: Timestamp,
    command_id: CommandId,
    #[serde(skip)]
    place: Place,
}

/// What a row tells.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Told {
    Said {
        agent_id: u32,
        response: String,
        prompt: String,
        platform: Platform,
        as_of: AsOf,
    },
    /// What a reply had is not there any more, or cannot be read.
    Lost {
        error: String,
    },
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
                    let (id, at) = (reply.command_id.clone(), reply.at);
                    match bus.whole_reply(&client, *reply).await {
                        Ok(whole) => history.extend(fields.rows(sequence, whole)),
                        // What is older can be read all the same.
                        Err(PartsError::Damaged(why)) => {
                            tracing::warn!(run = %run.run_id, "of the interviews: {why}");
                            history.extend(fields.lost(sequence, id, at, why));
                        }
                        Err(error) => return Err(Refusal::from(error).into()),
                    }
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
        let is_wanted = |(_, (agent, _, answer)): &(usize, (u32, String, Answer))| {
            self.platform.is_none_or(|platform| platform == answer.platform)
                && self.agent.is_none_or(|wanted| wanted == *agent)
        };
        let row = |(number, (agent_id, prompt, answer)): (usize, (u32, String, Answer))| {
            let Answer { platform, response, as_of, .. } = answer;
            Row {
                told: Told::Said { agent_id, response, prompt, platform, as_of },
                timestamp: at,
                command_id: command_id.clone(),
                place: Place { reply: sequence, answer: number },
            }
        };
        let rows = answers.enumerate().filter(is_wanted).map(row);
        rows.filter(|row| self.is_behind(row.place)).take(self.limit + 1).collect()
    }

    /// The row of a reply whose answers are lost, whoever gave them.
    fn lost(
        &self,
        sequence: u64,
        command_id: CommandId,
        timestamp: Timestamp,
        error: String,
    ) -> Option<Row> {
        let place = Place { reply: sequence, answer: 0 };
        let row = Row { told: Told::Lost { error }, timestamp, command_id, place };
        self.is_behind(place).then_some(row)
    }

    /// Whether a row belongs behind where the page begins.
    fn is_behind(&self, place: Place) -> bool {
        self.cursor.is_none_or(|cursor| {
            place.reply < cursor.reply
                || (place.reply == cursor.reply && place.answer > cursor.answer)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_lost_has_a_row_of_its_own_and_stands_on_one_page() {
        let fields = |cursor: Option<&str>| HistoryFields {
            name: "market-1".parse().unwrap(),
            platform: Some(Platform::Reddit),
            agent: Some(3),
            limit: 5,
            cursor: cursor.and_then(place),
        };
        let row = |cursor| {
            let (id, why) = ("b1".parse().unwrap(), "a part is gone".to_owned());
            fields(cursor).lost(7, id, Timestamp::EPOCH, why)
        };
        let expected = json!({"timestamp": Timestamp::EPOCH, "command_id": "b1",
            "error": "a part is gone"});
        assert_eq!(serde_json::to_value(row(None)).unwrap(), expected);
        assert!(row(Some("8.2")).is_some());
        assert!(row(Some("7.0")).is_none() && row(Some("7.3")).is_none(), "it was told before");
        assert!(row(Some("6.0")).is_none());
    }
}
