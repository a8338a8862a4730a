//! A batch of questions: what there is of it is shown while it is under way, and Ctrl-C cancels it.

use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use bus::AskError;
use contract::command::{BatchInterview, Cancel, MAX_COMMAND_BYTES, Request, Verb};
use contract::id::{CommandId, RunId};
use contract::interviews::{AgentOutcome, AgentResult, Interviews};
use contract::past::Progress;
use contract::reply::{AsOf, Reply, ReplyError, ReplyResult, Speaker};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use kit::shutdown::Shutdown;
use serde::Serialize;
use tokio::time::Instant;

use super::{heading, indented, source};
use crate::ask::{explain, odd, refused, result};
use crate::client::{Client, client_id};
use crate::failure::{EXIT_DETACHED, Failure};
use crate::output::{Output, Paint, count, one_line};
use crate::past::news::News;

/// How long nobody may have said anything of a batch.
const SILENCE: Duration = Duration::from_secs(30);

/// How long the reply to a cancel is waited for.
const CANCELLING: Duration = Duration::from_secs(10);

/// All results, as they are printed.
#[derive(Serialize)]
struct Printed<'a> {
    run_id: &'a RunId,
    asked: usize,
    answered: usize,
    results: Vec<Row<'a>>,
}

/// One result.
#[derive(Serialize)]
struct Row<'a> {
    agent_id: u32,
    platform: Platform,
    prompt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<AsOf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a Speaker>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a ReplyError>,
}

/// Asks them, in as few commands as have room for the questions, one after the other. What was
/// answered is shown, whatever comes of the rest.
///
/// # Errors
/// If nobody answers: why the first did not. Else why the rest is not answered, if it is not.
pub(super) async fn ask_all(
    client: &Client,
    run: &RunId,
    batch: BatchInterview,
    patience: Duration,
    output: &mut Output<'_>,
) -> Result<ExitCode, Failure> {
    let shutdown = Shutdown::on_signals().context("cannot listen to signals");
    let shutdown = shutdown.map_err(Failure::Failed)?;
    let ends = Instant::now() + patience;
    let (mut all, mut broken) = (Vec::new(), None);
    for batch in batch.split(MAX_COMMAND_BYTES.min(client.bus.max_payload())) {
        if shutdown.is_wished() {
            break;
        }
        let left = ends.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let reply = ask(client, run, Request::BatchInterview(batch), left, &shutdown, output);
        match reply.await.and_then(result) {
            Ok(ReplyResult::Interviews(said)) => all.push(said),
            Ok(other) => broken = Some(odd(Verb::BatchInterview, &other)),
            Err(Failure::NobodyReads) => return Err(Failure::NobodyReads),
            Err(failure) => broken = Some(failure),
        }
        if broken.is_some() {
            break;
        }
    }
    let broken = match broken {
        Some(failure) if !all.iter().any(|said| said.answered > 0) => return Err(failure),
        broken => broken,
    };
    let answered = show(client, run, &all, output)?;
    let first = all.iter().flat_map(|said| &said.said.results).find_map(failure);
    ended(answered, first, broken, shutdown.is_wished())
}

/// What comes of all: `first` is the first failure among the results, `broken` why the rest is not
/// answered.
fn ended(
    answered: usize,
    first: Option<&ReplyError>,
    broken: Option<Failure>,
    was_cancelled: bool,
) -> Result<ExitCode, Failure> {
    let rest = |why: anyhow::Error| why.context("the rest is not answered");
    match (broken, first) {
        (Some(Failure::Failed(why)), _) => Err(Failure::Failed(rest(why))),
        (Some(Failure::BadInput(why)), _) => Err(Failure::BadInput(rest(why))),
        (Some(Failure::Unreachable(why)), _) => Err(Failure::Unreachable(rest(why))),
        (Some(failure @ (Failure::Usage(_) | Failure::NobodyReads)), _) => Err(failure),
        (None, _) if was_cancelled => Ok(ExitCode::from(EXIT_DETACHED)),
        (None, Some(error)) if answered == 0 => Err(refused(error.clone())),
        (None, _) => Ok(ExitCode::SUCCESS),
    }
}

/// Asks and shows how far that is; on Ctrl-C cancels it and waits for what there is.
async fn ask(
    client: &Client,
    run: &RunId,
    request: Request,
    patience: Duration,
    shutdown: &Shutdown,
    output: &mut Output<'_>,
) -> Result<Reply, Failure> {
    let (verb, me, id) = (request.verb(), client_id(), client.bus.new_command_id());
    let failed = |error| explain(verb, run, error);
    // Before the command is there, so that nothing is missed.
    let heard = client.bus.subscribe(client.bus.prefix().progress(&me, run, &id)).await;
    let mut heard = heard.map_err(|why| failed(AskError::Deaf(why)))?;
    let asking = client.bus.ask_run_as(run, &me, id.clone(), request, now(), patience);
    let mut asking = pin!(asking);
    let mut news = News::new(run, output);
    let (too_late, mut has_begun, mut is_cancelled) = (Instant::now() + SILENCE, false, false);
    let reply = loop {
        tokio::select! {
            reply = &mut asking => break reply.map_err(failed)?,
            Some(message) = heard.next() => {
                let Ok(progress) = serde_json::from_slice::<Progress>(&message.body) else { continue };
                has_begun = true;
                news.tell(progress, output)?;
            }
            () = shutdown.wished(), if !is_cancelled => {
                is_cancelled = true;
                news.leave();
                output.say("cancelling what is not answered yet")?;
                if let Err(error) = cancel(client, run, &id).await {
                    return Err(explain(Verb::Cancel, run, error));
                }
            }
            () = tokio::time::sleep_until(too_late), if !has_begun => {
                let reply_subject = client.bus.prefix().reply(&me, run, &id);
                return Err(failed(AskError::Late { patience: SILENCE, reply_subject, void: false }));
            }
        }
    };
    let whole = client.bus.whole_reply(&me, reply).await;
    whole.map_err(|error| Failure::failed(error.to_string()))
}

async fn cancel(client: &Client, run: &RunId, id: &CommandId) -> Result<Reply, AskError> {
    let request = Request::Cancel(Cancel { command_id: id.clone(), client: None });
    client.bus.ask_run(run, &client_id(), request, now(), CANCELLING).await
}

/// Prints what there is; gives how many answered.
fn show(
    client: &Client,
    run: &RunId,
    all: &[Interviews],
    output: &mut Output<'_>,
) -> Result<usize, Failure> {
    let results = || all.iter().flat_map(|said| said.said.each());
    let asked = results().count();
    let answered = results().filter(|(_, result)| failure(result).is_none()).count();
    if client.json {
        let results = results().map(|(prompt, result)| row(prompt, result)).collect();
        output.print_json(&Printed { run_id: run, asked, answered, results })?;
        return Ok(answered);
    }
    let (width, paint) = (output.width(), output.paint());
    let mut prompts: Vec<&str> = results().map(|(prompt, _)| prompt).collect();
    prompts.dedup();
    let text = render(results(), prompts.len() > 1, width, paint);
    if !text.is_empty() {
        output.print(&text)?;
    }
    if answered < asked {
        let (answered, asked) = (count(answered as u64), count(asked as u64));
        output.say(&format!("{answered} of {asked} answers"))?;
    }
    Ok(answered)
}

/// Each agent with what it said in each world; with the questions where they differ.
fn render<'a>(
    results: impl Iterator<Item = (&'a str, &'a AgentResult)>,
    differ: bool,
    width: usize,
    paint: Paint,
) -> String {
    let (mut lines, mut last) = (Vec::new(), None);
    for (prompt, result) in results {
        let AgentResult { prompt: number, agent_id, platform, outcome } = result;
        let is_again = matches!(last, Some((_, last, world)) if (*number, *agent_id) == last && world < *platform);
        last = Some(((), (*number, *agent_id), *platform));
        if !is_again {
            let name = match outcome {
                AgentOutcome::Said { agent_name, .. } => heading(agent_name, *agent_id, paint),
                AgentOutcome::Failed { .. } => paint.dim(&format!("#{agent_id}")),
            };
            lines.push(name);
            if differ {
                lines.push(format!("  {}", one_line(prompt, width.saturating_sub(2).max(20))));
            }
        }
        match outcome {
            AgentOutcome::Said { response, as_of, model, agent_name: _ } => {
                let source = source(*platform, *as_of, model.as_deref());
                lines.push(format!("  {}", paint.dim(&source)));
                lines.push(indented(response, width));
            }
            AgentOutcome::Failed { error } => {
                let why = one_line(&error.message, 400);
                lines.push(format!("  {}  {}", paint.dim(platform.as_str()), paint.red(&why)));
            }
        }
    }
    lines.join("\n")
}

fn row<'a>(prompt: &'a str, result: &'a AgentResult) -> Row<'a> {
    let AgentResult { agent_id, platform, outcome, .. } = result;
    let bare = Row {
        agent_id: *agent_id,
        platform: *platform,
        prompt,
        agent_name: None,
        response: None,
        as_of: None,
        model: None,
        error: None,
    };
    match outcome {
        AgentOutcome::Said { agent_name, response, as_of, model } => Row {
            agent_name: Some(agent_name),
            response: Some(response),
            as_of: Some(*as_of),
            model: model.as_deref(),
            ..bare
        },
        AgentOutcome::Failed { error } => Row { error: Some(error), ..bare },
    }
}

fn failure(result: &AgentResult) -> Option<&ReplyError> {
    match &result.outcome {
        AgentOutcome::Said { .. } => None,
        AgentOutcome::Failed { error } => Some(error),
    }
}

fn now() -> Timestamp {
    Timestamp::from_milliseconds(kit::now_milliseconds())
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::reply::ErrorCode;

    fn said(prompt: u32, agent_id: u32, platform: Platform, response: &str) -> AgentResult {
        let as_of = AsOf { tick: 12, round: 12 };
        let (agent_name, response) = ("Ada".to_owned(), response.to_owned());
        let outcome = AgentOutcome::Said { agent_name, response, as_of, model: None };
        AgentResult { prompt, agent_id, platform, outcome }
    }

    #[test]
    fn what_goes_wrong_with_the_rest_is_told_beside_what_was_answered() {
        let error = ReplyError { code: ErrorCode::Expired, message: "too late".to_owned() };
        let code = |answered, broken, was_cancelled| {
            let ended = ended(answered, Some(&error), broken, was_cancelled);
            ended.map_err(|failure| (failure.code(), failure.to_string()))
        };
        let away = || Some(Failure::unreachable("nobody replied"));
        let rest = "the rest is not answered: nobody replied".to_owned();
        assert_eq!(code(3, away(), false), Err((3, rest.clone())));
        assert_eq!(code(3, away(), true), Err((3, rest)), "the cancel is not answered");
        assert_eq!(code(3, None, true), Ok(ExitCode::from(EXIT_DETACHED)));
        assert_eq!(code(3, None, false), Ok(ExitCode::SUCCESS));
        assert_eq!(code(0, None, false), Err((1, "too late".to_owned())));
    }

    #[test]
    fn each_agent_has_a_heading_and_failures_stand_among_the_answers() {
        let message = "agent 99 is unknown: there are 0 to 31".to_owned();
        let error = ReplyError { code: ErrorCode::UnknownAgent, message };
        let outcome = AgentOutcome::Failed { error };
        let unknown = AgentResult { prompt: 0, agent_id: 99, platform: Platform::Twitter, outcome };
        let results = [
            said(0, 18, Platform::Twitter, "Because."),
            said(0, 18, Platform::Reddit, "No idea."),
            unknown,
            said(0, 18, Platform::Twitter, "Again."),
        ];
        let text = |differ| {
            render(results.iter().map(|result| ("Why?", result)), differ, 80, Paint::PLAIN)
        };
        assert_eq!(
            text(false),
            "Ada #18\n  twitter, after round 12\n    Because.\n  reddit, after round 12\n    No idea.\n\
             #99\n  twitter  agent 99 is unknown: there are 0 to 31\n\
             Ada #18\n  twitter, after round 12\n    Again."
        );
        assert!(text(true).starts_with("Ada #18\n  Why?\n  twitter"));
    }
}
