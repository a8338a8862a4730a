//! `interview`: questions to one agent, to several, or to all.

pub(crate) mod find;
mod questions;
mod several;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{ArgGroup, Args};
use contract::command::{BatchInterview, Interview, MAX_PROMPT_BYTES, Request, Verb, Whom};
use contract::reply::{AsOf, InterviewResult, ReplyResult, Speaker};
use contract::subject::Platform;

use self::find::find_asked;
pub(crate) use self::find::{find_agent, find_agent_of, names_of, read_spec};
use crate::args::{Target, bounded, platform};
use crate::ask::{ask, odd, result};
use crate::client::Client;
use crate::control::read_text;
use crate::failure::Failure;
use crate::output::{Output, Paint, one_line};
use crate::status::find_run;
use crate::wrap::wrap;

/// Seconds that are waited for the answer to one question, and for those to several.
const ONE: u32 = 30;
const SEVERAL: u32 = 600;

/// Arguments of `interview`.
#[derive(Clone, Debug, Args)]
#[command(group = ArgGroup::new("whom").args(["agent", "all", "file"]).required(true))]
pub struct InterviewArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// Whom to ask: the agent's number, its name, its handle, or a part of them that only it has;
    /// given again, several
    #[arg(long, value_name = "ID|NAME")]
    pub agent: Vec<String>,
    /// Ask every agent
    #[arg(long)]
    pub all: bool,
    /// Ask what stands in a file, one JSON object per line
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The question, at most 8192 bytes
    #[arg(value_parser = parse_prompt, required_unless_present = "file")]
    pub prompt: Option<String>,
    /// Ask in one world only: twitter or reddit; in each that the run has unless given
    #[arg(long, value_name = "PLATFORM", value_parser = platform())]
    pub platform: Option<Platform>,
    /// Ask the agents as they were after this round, instead of after the last one
    #[arg(long, value_name = "N")]
    pub at_round: Option<u32>,
    /// Seconds to wait for the answers; what is not answered then is void [default: 30 for one
    /// question, 600 for several]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub timeout: Option<u32>,
}

/// A question, as it may be typed.
pub(crate) fn parse_prompt(text: &str) -> Result<String, String> {
    bounded(text, MAX_PROMPT_BYTES, "a question")
}

/// `shoal interview`.
///
/// # Errors
/// If there is no such run or agent, or nobody answers.
pub async fn interview(
    client: &Client,
    args: &InterviewArgs,
    output: &mut Output<'_>,
) -> Result<ExitCode, Failure> {
    let read = match &args.file {
        Some(file) => Some((file.display().to_string(), read_text(file)?)),
        None => None,
    };
    let run = find_run(client, &args.target.run).await?;
    let prompt = args.prompt.clone().unwrap_or_default();
    if let (None, false, [agent]) = (&read, args.all, &args.agent[..]) {
        let spec = read_spec(client, &run.spec_digest).await?;
        let agent_id = find_asked(&spec, agent).map_err(Failure::bad_input)?;
        let (platform, at_round) = (args.platform, args.at_round);
        let question = Interview { agent_id, prompt, platform, at_round };
        let patience = seconds(args.timeout.unwrap_or(ONE));
        let reply = ask(client, &run.run_id, Request::Interview(question), patience).await?;
        if client.json {
            output.print_json(&reply)?;
        }
        return match result(reply)? {
            ReplyResult::Interview(_) if client.json => Ok(ExitCode::SUCCESS),
            ReplyResult::Interview(answers) => {
                let text = render(&answers, output.width(), output.paint());
                output.print(&text)?;
                for (platform, error) in answers.failures() {
                    let why = one_line(&error.message, 400);
                    output.say_wrapped(&format!("no answer in the {platform} world: {why}"))?;
                }
                Ok(ExitCode::SUCCESS)
            }
            other => Err(odd(Verb::Interview, &other)),
        };
    }
    let whom = match (&read, args.all) {
        (_, true) => Whom::All { prompt },
        (Some((document, text)), false) => {
            let spec = read_spec(client, &run.spec_digest).await?;
            let questions = questions::of_file(document, text, &args.prompt, &spec);
            Whom::Interviews(questions.map_err(|problems| Failure::BadInput(problems.into()))?)
        }
        (None, false) => {
            let spec = read_spec(client, &run.spec_digest).await?;
            let questions = questions::of_names(&args.agent, &prompt, &spec);
            Whom::Interviews(questions.map_err(Failure::bad_input)?)
        }
    };
    let batch = BatchInterview { whom, platform: args.platform, at_round: args.at_round };
    let patience = seconds(args.timeout.unwrap_or(SEVERAL));
    several::ask_all(client, &run.run_id, batch, patience, output).await
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(u64::from(seconds))
}

/// Each world's answer.
fn render(answers: &InterviewResult, width: usize, paint: Paint) -> String {
    let mut lines = vec![heading(&answers.agent_name, answers.agent_id, paint)];
    for answer in answers.twitter.iter().chain(&answers.reddit) {
        let source = source(answer.platform, answer.as_of, answer.model.as_deref());
        lines.push(format!("  {}", paint.dim(&source)));
        lines.push(indented(&answer.response, width));
    }
    lines.join("\n")
}

/// Where an answer is from: which world and when, and which language model spoke, if one did.
fn source(platform: Platform, as_of: AsOf, model: Option<&Speaker>) -> String {
    let when = format!("{platform}, after round {}", as_of.round);
    match model {
        Some(Speaker { endpoint, model, .. }) => {
            format!("{when}, by {}", one_line(&format!("{endpoint}/{model}"), 80))
        }
        None => when,
    }
}

fn heading(name: &str, agent: u32, paint: Paint) -> String {
    format!("{} {}", paint.bold(&one_line(name, 80)), paint.dim(&format!("#{agent}")))
}

/// A text of somebody else's, under a heading.
fn indented(text: &str, width: usize) -> String {
    let lines = text.lines().map(|line| format!("    {}", one_line(line, 4000)));
    lines.map(|line| wrap(&line, width, 4)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::decision::Usage;
    use contract::reply::Answer;

    #[test]
    fn answers_say_which_world_and_when() {
        let answer = |platform, response: &str| {
            let as_of = AsOf { tick: 12, round: 12 };
            Some(Answer { platform, response: response.to_owned(), as_of, model: None })
        };
        let mut answers = InterviewResult {
            agent_id: 18,
            agent_name: "Ada".to_owned(),
            prompt: "Why?".to_owned(),
            twitter: answer(Platform::Twitter, "Because.\nThat is why we went to the pier."),
            reddit: answer(Platform::Reddit, "No\x1b[2J idea."),
            twitter_error: None,
            reddit_error: None,
        };
        assert_eq!(
            render(&answers, 32, Paint::PLAIN),
            "Ada #18\n  twitter, after round 12\n    Because.\n    That is why we went to the\n    \
             pier.\n  reddit, after round 12\n    No [2J idea."
        );
        let (endpoint, model) = ("main".to_owned(), "small-1".to_owned());
        let speaker = Speaker { endpoint, model, usage: Usage::default() };
        answers.twitter = None;
        answers.reddit.as_mut().unwrap().model = Some(Box::new(speaker));
        let said = "Ada #18\n  reddit, after round 12, by main/small-1\n    No [2J idea.";
        assert_eq!(render(&answers, 80, Paint::PLAIN), said);
    }

    #[test]
    fn a_prompt_is_not_empty_and_not_a_book() {
        assert_eq!(parse_prompt(" "), Err("expected a question".to_owned()));
        assert!(parse_prompt(&"a".repeat(MAX_PROMPT_BYTES)).is_ok());
        assert_eq!(
            parse_prompt(&"a".repeat(MAX_PROMPT_BYTES + 1)),
            Err("found 8193 bytes, expected at most 8192".to_owned())
        );
    }
}
