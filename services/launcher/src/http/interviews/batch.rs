//! `POST /api/simulation/interview/batch` and `.../all`: several agents.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use contract::command::Interview;
use contract::problem::Problem;
use contract::status::EnvStatus;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use futures_util::{StreamExt as _, stream};
use serde::Serialize;
use tokio::time::Instant;

use super::fields::{All, MAX_INTERVIEWS, Several};
use super::{Heard, Said, ask_agent};
use crate::create::now;
use crate::http::App;
use crate::http::envelope::{Posted, success};
use crate::http::error::HttpError;
use crate::http::pages::run_of;
use crate::refusal::Refusal;

/// Questions of one request that wait for their answers at a time.
const AT_ONCE: usize = 32;

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

#[derive(Serialize)]
#[serde(untagged)]
enum Entry {
    Said(Said),
    Failed { agent_id: u32, platform: Platform, error: String },
}

/// What became of an interview.
type Outcome = (Interview, Result<Heard, Refusal>);

pub(super) async fn some(
    State(app): State<Arc<App>>,
    Posted(Several { name, interviews, patience }): Posted<Several>,
) -> Result<Response, HttpError> {
    let run = run_of(&app, &name).await?;
    ask_all(&app, &run, interviews, patience).await
}

pub(super) async fn all(
    State(app): State<Arc<App>>,
    Posted(All { name, prompt, platform, patience }): Posted<All>,
) -> Result<Response, HttpError> {
    let run = run_of(&app, &name).await?;
    let spec = app.creator.specs.of_run(&run).await?;
    if spec.agents.len() > MAX_INTERVIEWS {
        let found = format!("a simulation of {} agents", spec.agents.len());
        let expected = format!("at most {MAX_INTERVIEWS}; ask some of them as a batch");
        return Err(
            Refusal::Invalid(Problem::new("/simulation_id", found, &expected).into()).into()
        );
    }
    let agents = spec.agents.iter().map(|agent| agent.agent_id);
    let interview = |agent_id| Interview { agent_id, prompt: prompt.clone(), platform };
    ask_all(&app, &run, agents.map(interview).collect(), patience).await
}

async fn ask_all(
    app: &App,
    run: &EnvStatus,
    interviews: Vec<Interview>,
    patience: Duration,
) -> Result<Response, HttpError> {
    let (count, deadline) = (interviews.len(), Instant::now() + patience);
    let ask = |interview: Interview| async move {
        let heard = ask_agent(app, &run.run_id, interview.clone(), deadline).await;
        (interview, heard)
    };
    let outcomes: Vec<Outcome> =
        stream::iter(interviews).map(ask).buffered(AT_ONCE).collect().await;
    let outcomes = some_answered(outcomes)?;
    let worlds: Vec<Platform> = run.platforms.iter().map(|world| world.platform).collect();
    let results = results(outcomes, &worlds);
    Ok(success(&Data { success: true, interviews_count: count, result: results, timestamp: now() }))
}

/// The same, unless nobody answered.
///
/// # Errors
/// Of the first failure's kind, with some of them.
fn some_answered(outcomes: Vec<Outcome>) -> Result<Vec<Outcome>, HttpError> {
    if outcomes.iter().any(|(_, heard)| heard.is_ok()) {
        return Ok(outcomes);
    }
    let (mut told, count) = (Vec::new(), outcomes.len());
    let mut first = None;
    for (interview, heard) in outcomes {
        let Err(refusal) = heard else { continue };
        if told.len() < TOLD {
            told.push(format!("agent {}: {refusal}", interview.agent_id));
        }
        first = first.or(Some(refusal));
    }
    let more = match count.saturating_sub(told.len()) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let text = format!("no agent answered: {}{more}", told.join("; "));
    let first = first.unwrap_or_else(|| Refusal::Failed(String::new()));
    Err(HttpError::from(first).told(text))
}

/// What each agent said, by world and number. What comes again gets `#2`, `#3`, ...
fn results(outcomes: Vec<Outcome>, worlds: &[Platform]) -> Results {
    let (mut entries, mut seen) = (BTreeMap::new(), BTreeMap::<(Platform, u32), u32>::new());
    let mut answered = 0;
    for (Interview { agent_id, platform, .. }, heard) in outcomes {
        let found: Vec<(Platform, Entry)> = match heard {
            Ok(heard) => heard.said().map(|said| (said.platform, Entry::Said(said))).collect(),
            Err(refusal) => {
                let asked = platform.map_or_else(|| worlds.to_vec(), |platform| vec![platform]);
                let error = refusal.to_string();
                let failed = |platform| Entry::Failed { agent_id, platform, error: error.clone() };
                asked.into_iter().map(|platform| (platform, failed(platform))).collect()
            }
        };
        for (platform, entry) in found {
            let times = seen.entry((platform, agent_id)).or_default();
            *times += 1;
            let again = if *times > 1 { format!("#{times}") } else { String::new() };
            answered += usize::from(matches!(entry, Entry::Said(_)));
            entries.insert(format!("{platform}_{agent_id}{again}"), entry);
        }
    }
    Results { interviews_count: entries.len(), answered, results: entries }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::reply::{Answer, AsOf, InterviewResult};
    use serde_json::{Value, json};

    fn answer(platform: Platform, response: &str) -> Answer {
        let as_of = AsOf { tick: 3, round: 3 };
        Answer { platform, response: response.to_owned(), as_of }
    }

    fn interview(agent_id: u32, platform: Option<Platform>) -> Interview {
        Interview { agent_id, prompt: "Why?".to_owned(), platform }
    }

    fn said(agent_id: u32, response: &str) -> Outcome {
        let answers = InterviewResult {
            agent_id,
            agent_name: "Ada".to_owned(),
            prompt: "Why?".to_owned(),
            twitter: Some(answer(Platform::Twitter, response)),
            reddit: Some(answer(Platform::Reddit, response)),
        };
        (interview(agent_id, None), Ok(Heard { answers, at: Timestamp::EPOCH }))
    }

    #[test]
    fn each_entry_has_a_key_of_its_own() {
        let unknown = || Refusal::Unknown("there is no agent 9".to_owned());
        let outcomes = vec![
            said(1, "first"),
            said(1, "second"),
            (interview(9, None), Err(unknown())),
            (interview(1, Some(Platform::Reddit)), Err(unknown())),
        ];
        let results = results(some_answered(outcomes).unwrap(), &Platform::ALL);
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
        let late = |id| (interview(id, None), Err(Refusal::Late("nobody answered".to_owned())));
        let error = some_answered((0..7).map(late).collect()).err().unwrap();
        let text = format!("{error:?}");
        assert!(text.contains("status: 504"), "{text}");
        assert!(text.contains("no agent answered: agent 0: nobody answered; agent 1"), "{text}");
        assert!(text.contains("; and 2 more"), "{text}");
    }
}
