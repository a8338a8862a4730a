//! `POST /api/simulation/interview/batch` and `.../all`: several agents.
//!
//! All of them are one command, or as few as have room for the questions; their results are put
//! together in the order of the questions.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bus::{AskError, Bus};
use contract::command::{BatchInterview, MAX_COMMAND_BYTES, Request, Verb, Whom};
use contract::id::{CommandId, RunId};
use contract::interviews::{AgentOutcome, AgentResult, Interviews};
use contract::past::Progress;
use contract::reply::{ReplyError, ReplyResult};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use futures_util::future::join_all;
use serde::Serialize;

use super::fields::{All, Several, Terms};
use super::{Entry, Said, Unsaid};
use crate::create::now;
use crate::http::App;
use crate::http::control::client;
use crate::http::envelope::{Posted, Success, success};
use crate::http::error::HttpError;
use crate::http::pages::run_of;
use crate::refusal::Refusal;

/// Failures that are told where nobody answered.
const TOLD: usize = 5;

#[derive(Serialize)]
struct Data {
    success: bool,
    /// Interviews that were asked for.
    interviews_count: usize,
    result: Results,
    timestamp: Timestamp,
}

#[derive(Serialize)]
struct Results {
    /// Entries of `results`.
    interviews_count: usize,
    /// Those that are answers.
    answered: usize,
    results: BTreeMap<String, Entry>,
}

/// What is not answered yet and still may be.
#[derive(Serialize)]
struct Pending<'a> {
    command_id: &'a CommandId,
    /// All of them, where the questions did not fit one command, in the order of the questions.
    command_ids: Vec<&'a CommandId>,
    run_id: &'a RunId,
    verb: &'static str,
    status: &'static str,
    /// Results that there are, of those that there are to be, as far as is known.
    done: u32,
    of: u32,
    /// Those of which nobody answered, and will not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<FailedCommand<'a>>,
}

/// Why nobody answers to a command.
#[derive(Serialize)]
struct FailedCommand<'a> {
    command_id: &'a CommandId,
    error: String,
}

/// A command, and what came of it.
struct Asked {
    batch: BatchInterview,
    id: CommandId,
    told: Told,
}

/// What came of one command.
enum Told {
    /// Results, and when they were told.
    Results(Box<Interviews>, Timestamp),
    /// Nobody of it could be asked.
    Refused(ReplyError),
    /// There is no reply, and there will not be any.
    Lost(Refusal),
    /// There is no reply yet.
    Pending(Option<Progress>),
}

/// What came of a question in one world.
type Outcome = (u32, Platform, Result<Said, Refusal>);

pub(super) async fn some(
    State(app): State<Arc<App>>,
    Posted(several): Posted<Several>,
) -> Result<Response, HttpError> {
    ask_all(&app, several).await
}

pub(super) async fn all(
    State(app): State<Arc<App>>,
    Posted(All(several)): Posted<All>,
) -> Result<Response, HttpError> {
    ask_all(&app, several).await
}

async fn ask_all(app: &App, several: Several) -> Result<Response, HttpError> {
    let Several { name, batch, terms } = several;
    let run = run_of(app, &name).await?;
    let bus = &app.creator.bus;
    let batches = batch.split(MAX_COMMAND_BYTES.min(bus.max_payload()));
    let ask = |batch: BatchInterview| async {
        let id = bus.new_command_id();
        let told = ask(bus, &run.run_id, batch.clone(), id.clone(), terms).await;
        Asked { batch, id, told }
    };
    // All at once: they have one end, and what is asked later has no less time.
    let told: Vec<Asked> = join_all(batches.into_iter().map(ask)).await;
    if let Some(pending) = pending(&run.run_id, &told) {
        return Ok(pending);
    }
    let told = some_told(told)?;
    let worlds: Vec<Platform> = run.platforms.iter().map(|world| world.platform).collect();
    let (count, outcomes) = outcomes(told, &worlds);
    let results = results(some_answered(outcomes)?);
    Ok(success(&Data { success: true, interviews_count: count, result: results, timestamp: now() }))
}

/// Asks some agents, and listens to how far that is.
async fn ask(bus: &Bus, run: &RunId, batch: BatchInterview, id: CommandId, terms: Terms) -> Told {
    let client = client();
    let heard = Arc::new(Mutex::new(None));
    let subject = bus.prefix().progress(&client, run, &id);
    let listening = async {
        // Best effort: where nothing can be heard, only less is told.
        if let Ok(mut messages) = bus.subscribe(subject).await {
            while let Some(message) = messages.next().await {
                let progress: Option<Progress> = serde_json::from_slice(&message.body).ok();
                *heard.lock().unwrap_or_else(PoisonError::into_inner) = progress;
            }
        }
        std::future::pending::<()>().await;
    };
    let request = Request::BatchInterview(batch);
    let Terms { patience, life } = terms;
    let asking = bus.ask_run_until(run, &client, id, request, now(), patience, life);
    let asked = tokio::select! {
        asked = asking => asked,
        () = listening => unreachable!("it never ends"),
    };
    let reply = match asked {
        Ok(reply) => bus.whole_reply(&client, reply).await.map_err(Refusal::from),
        Err(AskError::Late { void: false, .. }) => {
            return Told::Pending(heard.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
        Err(error) => Err(error.into()),
    };
    match reply.map(|reply| (reply.at, reply.into_result())) {
        Ok((at, Ok(ReplyResult::Interviews(all)))) => Told::Results(Box::new(all), at),
        Ok((_, Ok(other))) => {
            Told::Lost(Refusal::Failed(format!("the reply to a batch is an odd one: {other:?}")))
        }
        Ok((_, Err(error))) => Told::Refused(error),
        Err(refusal) => Told::Lost(refusal),
    }
}

/// 202, if something is not answered yet and still may be.
fn pending(run: &RunId, all: &[Asked]) -> Option<Response> {
    let view = pending_view(run, all)?;
    Some((StatusCode::ACCEPTED, Json(Success::new(&view))).into_response())
}

fn pending_view<'a>(run: &'a RunId, all: &'a [Asked]) -> Option<Pending<'a>> {
    let waits = all.iter().find(|asked| matches!(asked.told, Told::Pending(_)))?;
    let (mut failed, mut done, mut of) = (Vec::new(), 0_u32, 0_u32);
    for Asked { id, told, .. } in all {
        let (is_done, is_all) = match told {
            Told::Pending(Some(progress)) => (progress.done, progress.of),
            Told::Pending(None) => (0, 0),
            Told::Results(all, _) => (all.asked, all.asked),
            Told::Refused(error) => {
                failed.push(FailedCommand { command_id: id, error: error.to_string() });
                (0, 0)
            }
            Told::Lost(refusal) => {
                failed.push(FailedCommand { command_id: id, error: refusal.to_string() });
                (0, 0)
            }
        };
        (done, of) = (done.saturating_add(is_done), of.saturating_add(is_all));
    }
    let (verb, status) = (Verb::BatchInterview.as_str(), "pending");
    let command_ids = all.iter().map(|asked| &asked.id).collect();
    let command_id = &waits.id;
    Some(Pending { command_id, command_ids, run_id: run, verb, status, done, of, failed })
}

/// How many were asked, and what came of each in each world, in their order.
fn outcomes(told: Vec<Asked>, worlds: &[Platform]) -> (usize, Vec<Outcome>) {
    let (mut count, mut outcomes) = (0, Vec::new());
    for Asked { batch: BatchInterview { whom, platform, .. }, told, .. } in told {
        let of_none = |refusal: &dyn Fn() -> Refusal| -> Vec<Outcome> {
            let questions = match &whom {
                Whom::Interviews(questions) => questions.as_slice(),
                // One command, of which there are results, or nothing is told of it here.
                Whom::All { .. } => &[],
            };
            let failed = questions.iter().flat_map(|question| {
                let asked = question.platform.or(platform);
                let asked = asked.map_or_else(|| worlds.to_vec(), |platform| vec![platform]);
                asked.into_iter().map(|world| (question.agent_id, world, Err(refusal())))
            });
            failed.collect()
        };
        match told {
            Told::Results(all, at) => {
                count += asked(&whom, &all);
                outcomes.extend(all.said.results.into_iter().map(|result| outcome(result, at)));
                continue;
            }
            Told::Refused(error) => outcomes.extend(of_none(&|| error.clone().into())),
            Told::Lost(refusal) => {
                let text = refusal.to_string();
                let mut failed = of_none(&|| Refusal::Late(text.clone()));
                // Its kind is told where nobody answered.
                if let Some((_, _, first)) = failed.first_mut() {
                    *first = Err(refusal);
                }
                outcomes.extend(failed);
            }
            Told::Pending(..) => {}
        }
        if let Whom::Interviews(questions) = &whom {
            count += questions.len();
        }
    }
    (count, outcomes)
}

/// How many interviews a batch was.
fn asked(whom: &Whom, all: &Interviews) -> usize {
    match whom {
        Whom::Interviews(questions) => questions.len(),
        Whom::All { .. } => {
            let mut agents: Vec<u32> = all.said.results.iter().map(|it| it.agent_id).collect();
            agents.dedup();
            agents.len()
        }
    }
}

fn outcome(result: AgentResult, timestamp: Timestamp) -> Outcome {
    let AgentResult { agent_id, platform, outcome, .. } = result;
    let said = match outcome {
        AgentOutcome::Said { response, as_of, model, agent_name: _ } => {
            Ok(Said { agent_id, response, timestamp, platform, as_of, model })
        }
        AgentOutcome::Failed { error } => Err(error.into()),
    };
    (agent_id, platform, said)
}

/// The same, unless there are no results at all.
///
/// # Errors
/// Why there are none of the first command.
fn some_told(told: Vec<Asked>) -> Result<Vec<Asked>, HttpError> {
    if told.iter().any(|asked| matches!(asked.told, Told::Results(..))) {
        return Ok(told);
    }
    let refusal = told.into_iter().find_map(|asked| match asked.told {
        Told::Refused(error) => Some(Refusal::from(error)),
        Told::Lost(refusal) => Some(refusal),
        Told::Results(..) | Told::Pending(..) => None,
    });
    let refusal = refusal.unwrap_or_else(|| Refusal::Failed("nobody was asked".to_owned()));
    let text = format!("no agent answered: {refusal}");
    Err(HttpError::from(refusal).told(text))
}

/// The same, unless nobody answered.
///
/// # Errors
/// Of the first failure's kind, with some of them.
fn some_answered(outcomes: Vec<Outcome>) -> Result<Vec<Outcome>, HttpError> {
    if outcomes.iter().any(|(.., said)| said.is_ok()) {
        return Ok(outcomes);
    }
    let (mut told, mut first) = (Vec::new(), None);
    for (agent, _, said) in outcomes {
        let Err(refusal) = said else { continue };
        told.push(format!("agent {agent}: {refusal}"));
        first = first.or(Some(refusal));
    }
    // In both worlds the reason is mostly the same.
    told.dedup();
    let count = told.len();
    told.truncate(TOLD);
    let more = match count - told.len() {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let text = format!("no agent answered: {}{more}", told.join("; "));
    let first = first.unwrap_or_else(|| Refusal::Failed(String::new()));
    Err(HttpError::from(first).told(text))
}

/// What each agent said, by world and number. What comes again gets `#2`, `#3`, ...
fn results(outcomes: Vec<Outcome>) -> Results {
    let (mut entries, mut seen) = (BTreeMap::new(), BTreeMap::<(Platform, u32), u32>::new());
    let mut answered = 0;
    for (agent_id, platform, said) in outcomes {
        let times = seen.entry((platform, agent_id)).or_default();
        *times += 1;
        let again = if *times > 1 { format!("#{times}") } else { String::new() };
        answered += usize::from(said.is_ok());
        let entry = match said {
            Ok(said) => Entry::Said(said),
            Err(refusal) => {
                Entry::Failed(Unsaid { agent_id, platform, error: refusal.to_string() })
            }
        };
        entries.insert(format!("{platform}_{agent_id}{again}"), entry);
    }
    Results { interviews_count: entries.len(), answered, results: entries }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::command::Question;
    use contract::interviews::Results as Raw;
    use contract::reply::{AsOf, ErrorCode};
    use serde_json::{Value, json};

    fn question(agent_id: u32, platform: Option<Platform>) -> Question {
        Question { agent_id, prompt: "Why?".to_owned(), platform }
    }

    fn batch(questions: Vec<Question>) -> BatchInterview {
        BatchInterview { whom: Whom::Interviews(questions), platform: None, at_round: None }
    }

    fn result(agent_id: u32, platform: Platform, response: Option<&str>) -> AgentResult {
        let outcome = match response {
            Some(response) => AgentOutcome::Said {
                agent_name: "Ada".to_owned(),
                response: response.to_owned(),
                as_of: AsOf { tick: 3, round: 3 },
                model: None,
            },
            None => AgentOutcome::Failed {
                error: ReplyError {
                    code: ErrorCode::UnknownAgent,
                    message: "there is no agent 9".to_owned(),
                },
            },
        };
        AgentResult { prompt: 0, agent_id, platform, outcome }
    }

    fn told(results: Vec<AgentResult>) -> Told {
        let asked = u32::try_from(results.len()).unwrap();
        let said = Raw { prompts: vec!["Why?".to_owned()], results };
        let all = Interviews { asked, answered: asked, parts: None, said };
        Told::Results(Box::new(all), Timestamp::EPOCH)
    }

    fn asked(id: &str, batch: BatchInterview, told: Told) -> Asked {
        Asked { batch, id: id.parse().unwrap(), told }
    }

    #[test]
    fn each_entry_has_a_key_of_its_own() {
        let (twitter, reddit) = (Platform::Twitter, Platform::Reddit);
        let first = batch(vec![question(1, None), question(1, None), question(9, None)]);
        let said = told(vec![
            result(1, twitter, Some("first")),
            result(1, reddit, Some("first")),
            result(1, twitter, Some("second")),
            result(1, reddit, Some("second")),
            result(9, twitter, None),
            result(9, reddit, None),
        ]);
        // Another command, of which nobody could be asked.
        let second = batch(vec![question(1, Some(reddit))]);
        let code = ErrorCode::WrongState;
        let refused = Told::Refused(ReplyError { code, message: "not now".to_owned() });
        let told = vec![asked("q1", first, said), asked("q2", second, refused)];
        let (count, outcomes) = outcomes(told, &Platform::ALL);
        assert_eq!(count, 4);
        let results = results(some_answered(outcomes).unwrap());
        let value = serde_json::to_value(&results).unwrap();
        let keys: Vec<&String> = value["results"].as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            [
                "reddit_1",
                "reddit_1#2",
                "reddit_1#3",
                "reddit_9",
                "twitter_1",
                "twitter_1#2",
                "twitter_9"
            ]
        );
        assert_eq!((&value["interviews_count"], &value["answered"]), (&json!(7), &json!(4)));
        assert_eq!(value["results"]["twitter_1"]["response"], "first");
        assert_eq!(value["results"]["twitter_1#2"]["response"], "second");
        let failed = json!({"agent_id": 9, "platform": "reddit", "error": "there is no agent 9"});
        assert_eq!(value["results"]["reddit_9"], failed);
        assert_eq!(value["results"]["twitter_9"].get("response"), None::<&Value>);
    }

    #[test]
    fn where_nobody_answers_the_reason_is_told() {
        let late = || Told::Lost(Refusal::Late("nobody answered".to_owned()));
        let seven = || batch((0..7).map(|id| question(id, None)).collect());
        let error = some_told(vec![asked("q1", seven(), late())]).err().unwrap();
        let text = format!("{error:?}");
        assert!(text.contains("status: 504"), "{text}");
        assert!(text.contains("no agent answered: nobody answered"), "{text}");
        let unknown = told((0..7).map(|id| result(id, Platform::Reddit, None)).collect());
        let told = vec![asked("q1", seven(), unknown), asked("q2", seven(), late())];
        let told = some_told(told).ok().unwrap();
        let (_, outcomes) = outcomes(told, &Platform::ALL);
        let text = format!("{:?}", some_answered(outcomes).err().unwrap());
        assert!(text.contains("status: 404"), "{text}");
        let expected = "no agent answered: agent 0: there is no agent 9; agent 1: there is";
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("; and 9 more"), "{text}");
    }

    #[test]
    fn what_is_under_way_is_pending_with_what_there_is() {
        let run: RunId = "market-1".parse().unwrap();
        let done = || told(vec![result(1, Platform::Twitter, Some("Because."))]);
        let one = || batch(vec![question(1, None)]);
        assert!(pending(&run, &[asked("q1", one(), done())]).is_none());
        let (code, message) = (ErrorCode::WrongState, "not now".to_owned());
        let all = [
            asked("q1", one(), done()),
            asked("q2", one(), Told::Refused(ReplyError { code, message })),
            asked("q3", one(), Told::Pending(None)),
            asked("q4", one(), Told::Lost(Refusal::Failed("no room".to_owned()))),
        ];
        let answer = pending(&run, &all).unwrap();
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        let failed = [("q2", "not now"), ("q4", "no room")];
        let failed = failed.map(|(id, why)| json!({"command_id": id, "error": why}));
        let expected = json!({"command_id": "q3", "command_ids": ["q1", "q2", "q3", "q4"],
            "run_id": "market-1", "verb": "batch_interview", "status": "pending",
            "done": 1, "of": 1, "failed": failed});
        assert_eq!(serde_json::to_value(pending_view(&run, &all)).unwrap(), expected);
    }
}
