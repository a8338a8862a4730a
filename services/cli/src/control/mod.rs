//! What changes a run while it goes on, or ends it for good: `pause`, `resume`, `close`,
//! `inject`, `configure`.

pub mod configure;
pub mod fields;
pub mod inject;
pub mod told;

use std::path::Path;
use std::time::Duration;

use bus::AskError;
use clap::Args;
use contract::command::{Request, Stop};
use contract::reply::{AppliedAt, Reply, ReplyResult};
use contract::spec::Spec;
use contract::status::{EnvStatus, RunStatus};
use serde_json::json;

use crate::args::Target;
use crate::ask::Patience;
use crate::ask::{ask, explain, odd, result, store_and_wait};
use crate::client::Client;
use crate::failure::Failure;
use crate::output::Output;
use crate::status::find_run;

/// How long a command to a paused run is waited for: by then it is refused, or it waits.
const WHILE_PAUSED: Duration = Duration::from_secs(2);

pub(crate) const PAUSE_ABOUT: &str = "\
Pause a run: the round that is being played is played to its end, and none after it until \
`shoal resume`. A paused run can be asked, and paused for as long as one likes.

Example:
  shoal pause lantern-pier --reason \"back after lunch\"";

pub(crate) const RESUME_ABOUT: &str = "\
Let a run go on that was paused, or stopped before its last round. It plays the same rounds as if \
nothing had happened.

Example:
  shoal resume lantern-pier";

pub(crate) const CLOSE_ABOUT: &str = "\
Close the environment of a run whose rounds are over. It can still be read and interviewed; a \
`shoal run` of the same folder starts a new run from then on.

Example:
  shoal close lantern-pier";

/// Arguments of `pause`.
#[derive(Clone, Debug, Args)]
pub struct PauseArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// Why, for whoever reads the run's status meanwhile
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// How long to wait for the answer.
    #[command(flatten)]
    pub patience: Patience,
}

/// Arguments of `resume` and `close`.
#[derive(Clone, Debug, Args)]
pub struct TurnArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// How long to wait for the answer.
    #[command(flatten)]
    pub patience: Patience,
}

/// `shoal pause`.
///
/// # Errors
/// If there is no such run, nobody answers, or it cannot be paused.
pub async fn pause(
    client: &Client,
    args: &PauseArgs,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let request = Request::Pause(Stop { reason: args.reason.clone() });
    turn(client, &args.target, request, args.patience, output).await
}

/// `shoal resume`.
///
/// # Errors
/// If there is no such run, nobody answers, or it cannot go on.
pub async fn resume(
    client: &Client,
    args: &TurnArgs,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    turn(client, &args.target, Request::Resume, args.patience, output).await
}

/// `shoal close`.
///
/// # Errors
/// If there is no such run, nobody answers, or it has rounds left.
pub async fn close(
    client: &Client,
    args: &TurnArgs,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    turn(client, &args.target, Request::CloseEnv, args.patience, output).await
}

async fn turn(
    client: &Client,
    target: &Target,
    request: Request,
    patience: Patience,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let run = find_run(client, &target.run).await?.run_id;
    let verb = request.verb();
    let reply = ask(client, &run, request, patience.duration()).await?;
    if client.json {
        output.print_json(&reply)?;
    }
    let text = match result(reply)? {
        ReplyResult::Paused { status: RunStatus::Paused } => {
            format!("{run} is paused: `shoal resume {run}` lets it go on")
        }
        ReplyResult::Resumed { status, .. } => format!("{run} goes on: it is {status}"),
        ReplyResult::Paused { status } => format!("{run} is {status}"),
        ReplyResult::Closed { status } => format!("{run} is {status}: it can still be asked"),
        other => return Err(odd(verb, &other)),
    };
    if !client.json {
        output.print(&text)?;
    }
    Ok(())
}

/// Asks for what the next round takes, and says from which round on it has its effect: `later`
/// rounds after the one whose inputs it is among.
async fn apply(
    client: &Client,
    status: &EnvStatus,
    request: Request,
    patience: Patience,
    (what, later): (&str, u32),
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let (run, verb) = (&status.run_id, request.verb());
    let paused = status.status == RunStatus::Paused;
    let longest = patience.duration();
    let patience = if paused { longest.min(WHILE_PAUSED) } else { longest };
    let budget = request.change().is_some_and(|change| change.budget.is_some());
    let reply: Reply = match store_and_wait(client, run, request, patience).await {
        Ok(reply) => reply,
        Err(AskError::Late { reply_subject, .. }) if paused => {
            if client.json {
                let waits = json!({"run_id": run, "verb": verb.as_str(), "waits_for": "resume",
                    "reply_subject": reply_subject});
                return Ok(output.print_json(&waits)?);
            }
            let by_itself =
                if budget { "by itself where its budget was used up, else " } else { "" };
            let way = format!("{by_itself}`shoal resume {run}`");
            let text = format!("{run} is paused: {what} when it goes on ({way})");
            return Ok(output.print(&text)?);
        }
        Err(error) => return Err(explain(verb, run, error)),
    };
    if client.json {
        output.print_json(&reply)?;
    }
    match result(reply)? {
        ReplyResult::Applied { .. } if client.json => Ok(()),
        ReplyResult::Applied { ticks } => {
            Ok(output.print(&format!("{run}: {what} {}", rounds(&ticks, later)))?)
        }
        other => Err(odd(verb, &other)),
    }
}

/// From which round on, in which worlds: a tick is a round.
fn rounds(ticks: &[AppliedAt], later: u32) -> String {
    let round = |at: &AppliedAt| at.tick.saturating_add(later);
    let preposition = if later == 0 { "in" } else { "from" };
    match ticks {
        [first, rest @ ..] if rest.iter().all(|at| at.tick == first.tick) => {
            let worlds: Vec<&str> = ticks.iter().map(|at| at.platform.as_str()).collect();
            format!("{preposition} round {} ({})", round(first), worlds.join(", "))
        }
        _ => {
            let each = ticks.iter().map(|at| format!("{} ({})", round(at), at.platform));
            format!("{preposition} round {}", each.collect::<Vec<_>>().join(", "))
        }
    }
}

/// The text of a file, or of standard input where it is `-`.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    let cannot = |error| Failure::bad_input(format!("cannot read {}: {error}", path.display()));
    read_file(path).map_err(cannot)
}

/// The same, for who has more to complain of.
pub(crate) fn read_file(path: &Path) -> std::io::Result<String> {
    match path.to_str() {
        Some("-") => std::io::read_to_string(std::io::stdin()),
        _ => std::fs::read_to_string(path),
    }
}

/// Holds an agent's number to those that there are.
///
/// # Errors
/// What was expected.
fn check_number(spec: &Spec, id: u32) -> Result<(), String> {
    let count = spec.agents.len();
    match usize::try_from(id).is_ok_and(|id| id < count) {
        true => Ok(()),
        false => Err(format!("the id of an agent, 0 to {}", count.saturating_sub(1))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::subject::Platform;

    #[test]
    fn an_answer_names_rounds_and_worlds() {
        let at = |platform, tick| AppliedAt { platform, tick };
        let (twitter, reddit) = (Platform::Twitter, Platform::Reddit);
        assert_eq!(rounds(&[at(twitter, 7), at(reddit, 7)], 0), "in round 7 (twitter, reddit)");
        assert_eq!(rounds(&[at(reddit, 7)], 1), "from round 8 (reddit)");
        assert_eq!(
            rounds(&[at(twitter, 7), at(reddit, 9)], 1),
            "from round 8 (twitter), 10 (reddit)"
        );
    }
}
