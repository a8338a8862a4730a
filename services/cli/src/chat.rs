//! `chat`: a talk with one agent, line by line.

use std::collections::VecDeque;
use std::io::{BufRead, IsTerminal as _, stdin};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use contract::command::{Interview, MAX_PROMPT_BYTES, Request, Verb};
use contract::id::RunId;
use contract::reply::{Answer, InterviewResult, ReplyResult};
use contract::subject::Platform;
use kit::shutdown::Shutdown;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::args::{Target, platform};
use crate::ask::{Patience, ask, odd, result};
use crate::client::Client;
use crate::failure::{EXIT_DETACHED, Failure};
use crate::interview::find_agent_of;
use crate::output::{Output, one_line};
use crate::status::find_run;
use crate::wrap::wrap;

/// Lines of the talk that go with a question: three questions, and what was answered.
const LINES: usize = 6;

/// Characters of a line of the talk that are told again.
const TOLD: usize = 600;

/// How the lines of a talk begin, as it is told again.
const ASKED: &str = "Q: ";
const ANSWERED: &str = "A: ";

const HELP: &str = "\
Each line is a question. What was said last goes with it.
  /help   this
  /new    forgets what was said
  /quit   ends the talk, as Ctrl-D does";

/// Arguments of `chat`.
#[derive(Clone, Debug, Args)]
pub struct ChatArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// With whom: the agent's number, its name, its handle, or a part of them that only it has
    #[arg(long, value_name = "ID|NAME")]
    pub agent: String,
    /// In which world: twitter or reddit; the first that the run has unless given
    #[arg(long, value_name = "PLATFORM", value_parser = platform())]
    pub platform: Option<Platform>,
    /// Talk with the agent as it was after this round, instead of after the last one
    #[arg(long, value_name = "N")]
    pub at_round: Option<u32>,
    /// How long to wait for an answer.
    #[command(flatten)]
    pub patience: Patience,
}

/// With whom somebody talks.
struct Chat<'a> {
    client: &'a Client,
    run: RunId,
    agent_id: u32,
    platform: Platform,
    at_round: Option<u32>,
    patience: Duration,
    said: VecDeque<String>,
}

/// What was asked and said, as a line of JSON.
#[derive(Serialize)]
struct Turn<'a> {
    run_id: &'a RunId,
    agent_id: u32,
    agent_name: &'a str,
    question: &'a str,
    #[serde(flatten)]
    answer: &'a Answer,
}

/// What a line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Typed<'a> {
    Question(&'a str),
    Nothing,
    Help,
    New,
    Quit,
    Unknown(&'a str),
}

/// `shoal chat`.
///
/// # Errors
/// If there is no such run or agent, or nobody answers where nobody could type another question.
pub async fn chat(
    client: &Client,
    args: &ChatArgs,
    output: &mut Output<'_>,
) -> Result<ExitCode, Failure> {
    let run = find_run(client, &args.target.run).await?;
    let agent_id = find_agent_of(client, &run, &args.agent).await?;
    let first = run.options.platforms.first().copied().unwrap_or(Platform::Twitter);
    let chat = Chat {
        client,
        run: run.run_id.clone(),
        agent_id,
        platform: args.platform.unwrap_or(first),
        at_round: args.at_round,
        patience: args.patience.duration(),
        said: VecDeque::new(),
    };
    let shutdown = Shutdown::on_signals().context("cannot listen to signals");
    chat.talk(stdin().is_terminal(), &shutdown.map_err(Failure::Failed)?, output).await
}

impl Chat<'_> {
    /// Asks line by line until there is none.
    async fn talk(
        mut self,
        is_typed: bool,
        shutdown: &Shutdown,
        output: &mut Output<'_>,
    ) -> Result<ExitCode, Failure> {
        let mut lines = typed_lines();
        if is_typed {
            let (run, world) = (&self.run, self.platform);
            output.say(&format!("agent {} of {run}, {world}; /help tells more", self.agent_id))?;
        }
        loop {
            if is_typed {
                output.prompt("> ")?;
            }
            let line = tokio::select! {
                line = lines.recv() => line,
                () = shutdown.wished() => return Ok(ExitCode::from(EXIT_DETACHED)),
            };
            let Some(line) = line else { return Ok(ExitCode::SUCCESS) };
            let asked = match line {
                Ok(line) => self.take(&line, shutdown, output).await,
                Err(failure) => Err(failure),
            };
            match asked {
                Ok(None) => {}
                Ok(Some(code)) => return Ok(code),
                // Whoever types may try something else.
                Err(failure) if is_typed && !matches!(failure, Failure::NobodyReads) => {
                    let complaint = failure.to_string();
                    output.say_wrapped(&output.paint_progress().red(&complaint))?;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// Does what a line asks for; the exit code if the talk is over.
    async fn take(
        &mut self,
        line: &str,
        shutdown: &Shutdown,
        output: &mut Output<'_>,
    ) -> Result<Option<ExitCode>, Failure> {
        match read(line) {
            Typed::Question(question) => {
                let has_left = !self.ask(question, shutdown, output).await?;
                return Ok(has_left.then(|| ExitCode::from(EXIT_DETACHED)));
            }
            Typed::Nothing => {}
            Typed::Help => output.say(HELP)?,
            Typed::New => self.said.clear(),
            Typed::Quit => return Ok(Some(ExitCode::SUCCESS)),
            Typed::Unknown(word) => {
                output.say(&format!("there is no {word}: /help tells what there is"))?;
            }
        }
        Ok(None)
    }

    /// Asks, and shows the answer; false if whoever asked has left.
    async fn ask(
        &mut self,
        question: &str,
        shutdown: &Shutdown,
        output: &mut Output<'_>,
    ) -> Result<bool, Failure> {
        let question = crate::interview::parse_prompt(question).map_err(Failure::bad_input)?;
        let interview = Interview {
            agent_id: self.agent_id,
            prompt: told(&self.said, &question),
            platform: Some(self.platform),
            at_round: self.at_round,
        };
        let asking = ask(self.client, &self.run, Request::Interview(interview), self.patience);
        let reply = tokio::select! {
            reply = asking => reply?,
            () = shutdown.wished() => return Ok(false),
        };
        let InterviewResult { agent_name, twitter, reddit, .. } = match result(reply)? {
            ReplyResult::Interview(said) => said,
            other => return Err(odd(Verb::Interview, &other)),
        };
        for answer in twitter.iter().chain(&reddit) {
            self.show(&agent_name, &question, answer, output)?;
            self.said.push_back(format!("{ASKED}{}", one_line(&question, TOLD)));
            self.said.push_back(format!("{ANSWERED}{}", one_line(&answer.response, TOLD)));
        }
        while self.said.len() > LINES {
            self.said.pop_front();
        }
        Ok(true)
    }

    fn show(
        &self,
        name: &str,
        question: &str,
        answer: &Answer,
        output: &mut Output<'_>,
    ) -> Result<(), Failure> {
        if self.client.json {
            let (run_id, agent_id) = (&self.run, self.agent_id);
            let turn = Turn { run_id, agent_id, agent_name: name, question, answer };
            return Ok(output.print_json_line(&turn)?);
        }
        let (paint, width) = (output.paint(), output.width());
        let round = paint.dim(&format!("(round {})", answer.as_of.round));
        let begin = format!("{} {round}: ", paint.bold(&one_line(name, 80)));
        let mut lines = answer.response.lines().map(|line| one_line(line, 4000));
        let first = format!("{begin}{}", lines.next().unwrap_or_default());
        let lines = std::iter::once(first).chain(lines.map(|line| format!("  {line}")));
        let lines: Vec<String> = lines.map(|line| wrap(&line, width, 2)).collect();
        Ok(output.print(&lines.join("\n"))?)
    }
}

/// The question with the talk before it, the oldest lines left out where there is no room.
fn told(said: &VecDeque<String>, question: &str) -> String {
    let mut said: VecDeque<&str> = said.iter().map(String::as_str).collect();
    while !said.is_empty() {
        let lines: Vec<&str> = said.iter().copied().collect();
        let prompt = format!("{}\n{ASKED}{question}", lines.join("\n"));
        if prompt.len() <= MAX_PROMPT_BYTES {
            return prompt;
        }
        said.pop_front();
        said.pop_front();
    }
    question.to_owned()
}

fn read(line: &str) -> Typed<'_> {
    match line.trim() {
        "" => Typed::Nothing,
        "/help" | "/?" => Typed::Help,
        "/new" => Typed::New,
        "/quit" | "/exit" | "/q" => Typed::Quit,
        line if line.starts_with('/') => Typed::Unknown(line),
        line => Typed::Question(line),
    }
}

/// The lines of standard input. A thread of its own reads them: a read that waits cannot be ended.
fn typed_lines() -> mpsc::Receiver<Result<String, Failure>> {
    let (sender, lines) = mpsc::channel(1);
    std::thread::spawn(move || {
        read_lines(stdin().lock(), |line| sender.blocking_send(line).is_ok());
    });
    lines
}

/// Reads line by line for as long as somebody listens. What is no text is told with its line.
fn read_lines(mut from: impl BufRead, mut listens: impl FnMut(Result<String, Failure>) -> bool) {
    for number in 1_u64.. {
        let mut bytes = Vec::new();
        let line = match from.read_until(b'\n', &mut bytes) {
            Ok(0) => return,
            Ok(_) => String::from_utf8(bytes).map_err(|_| {
                let place = format!("standard input, line {number}");
                Failure::bad_input(format!("{place}: found bytes that are no text, expected UTF-8"))
            }),
            Err(error) => {
                listens(Err(Failure::failed(format!("cannot read standard input: {error}"))));
                return;
            }
        };
        if !listens(line) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_question_or_says_what_to_do() {
        for (line, expected) in [
            ("  Why? ", Typed::Question("Why?")),
            ("", Typed::Nothing),
            ("/help", Typed::Help),
            ("/new", Typed::New),
            ("/quit", Typed::Quit),
            ("/bye", Typed::Unknown("/bye")),
        ] {
            assert_eq!(read(line), expected, "{line:?}");
        }
    }

    #[test]
    fn what_is_no_text_is_bad_input_with_its_line() {
        let mut lines = Vec::new();
        let input = b"Why?\r\nno \xff text\nWho?";
        read_lines(&input[..], |line| {
            lines.push(line.map_err(|failure| (failure.code(), failure.to_string())));
            true
        });
        let wrong = "standard input, line 2: found bytes that are no text, expected UTF-8";
        let expected = [Ok("Why?\r\n"), Err((2, wrong)), Ok("Who?")];
        let expected = expected
            .map(|line| line.map(str::to_owned).map_err(|(code, wrong)| (code, wrong.to_owned())));
        assert_eq!(lines, expected);
        let mut heard = 0;
        read_lines(&input[..], |_| {
            heard += 1;
            false
        });
        assert_eq!(heard, 1, "nobody listens any more");
    }

    #[test]
    fn what_was_said_goes_with_the_question_as_far_as_there_is_room() {
        assert_eq!(told(&VecDeque::new(), "Why?"), "Why?");
        let said: VecDeque<String> = ["Q: Who?", "A: Ada."].map(str::to_owned).into();
        assert_eq!(told(&said, "Why?"), "Q: Who?\nA: Ada.\nQ: Why?");
        let long = "x".repeat(MAX_PROMPT_BYTES - 10);
        assert_eq!(told(&said, &long), long, "the question comes first");
        let mut more: VecDeque<String> = [format!("Q: {long}"), "A: Yes.".to_owned()].into();
        more.extend(said);
        assert_eq!(told(&more, "Why?"), "Q: Who?\nA: Ada.\nQ: Why?");
    }
}
