//! `interview`: one question to one agent, by number or by name.

use clap::Args;
use contract::command::{Interview, MAX_PROMPT_BYTES, Request, Verb};
use contract::id::Digest;
use contract::problem::suggest;
use contract::reply::{InterviewResult, ReplyResult};
use contract::spec::{AgentSpec, Spec};
use contract::status::EnvStatus;
use contract::subject::{Platform, StreamName};

use crate::args::{Target, bounded, platform};
use crate::ask::{Patience, ask, odd, result};
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Output, Paint, counted, one_line};
use crate::status::find_run;
use crate::wrap::wrap;

/// Arguments of `interview`.
#[derive(Clone, Debug, Args)]
pub struct InterviewArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// Whom to ask: the agent's number, its name, its handle, or a part of them that only it has
    #[arg(long, value_name = "ID|NAME")]
    pub agent: String,
    /// The question, at most 8192 bytes
    #[arg(value_parser = parse_prompt)]
    pub prompt: String,
    /// Ask in one world only: twitter or reddit; in each that the run has unless given
    #[arg(long, value_name = "PLATFORM", value_parser = platform())]
    pub platform: Option<Platform>,
    /// How long to wait for the answer.
    #[command(flatten)]
    pub patience: Patience,
}

fn parse_prompt(text: &str) -> Result<String, String> {
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
) -> Result<(), Failure> {
    let run = find_run(client, &args.target.run).await?;
    let agent_id = match args.agent.parse() {
        Ok(agent_id) => agent_id,
        Err(_) => {
            let spec = read_spec(client, &run.spec_digest).await?;
            find_agent(&spec, &args.agent).map_err(Failure::bad_input)?
        }
    };
    let question = Interview { agent_id, prompt: args.prompt.clone(), platform: args.platform };
    let patience = args.patience.duration();
    let reply = ask(client, &run.run_id, Request::Interview(question), patience).await?;
    if client.json {
        output.print_json(&reply)?;
    }
    match result(reply)? {
        ReplyResult::Interview(_) if client.json => Ok(()),
        ReplyResult::Interview(answers) => {
            let text = render(&answers, output.width(), output.paint());
            Ok(output.print(&text)?)
        }
        other => Err(odd(Verb::Interview, &other)),
    }
}

/// The number of the agent of this run that was meant by a number, a name or a part of one.
///
/// # Errors
/// If there is no such agent, with the one that was probably meant.
pub(crate) async fn find_agent_of(
    client: &Client,
    run: &EnvStatus,
    wanted: &str,
) -> Result<u32, Failure> {
    let spec = read_spec(client, &run.spec_digest).await?;
    find_agent(&spec, wanted).map_err(Failure::bad_input)
}

/// The spec that is stored under this digest.
///
/// # Errors
/// If there is none, or it cannot be read.
pub(crate) async fn read_spec(client: &Client, digest: &Digest) -> Result<Spec, Failure> {
    let subject = client.bus.prefix().spec(digest);
    let bytes = client.bus.get_object(StreamName::Specs, &subject).await?;
    let bytes =
        bytes.ok_or_else(|| Failure::failed(format!("the spec {digest} is not on the bus")))?;
    Spec::from_bytes(&bytes).map_err(|problems| Failure::Failed(problems.into()))
}

/// The agent that a number or a name means: the one that has it as its number, name or handle,
/// or else the only one in whose name or handle it occurs. Case does not matter.
pub(crate) fn find_agent(spec: &Spec, wanted: &str) -> Result<u32, String> {
    let is_there = |number: &u32| spec.agents.iter().any(|agent| agent.agent_id == *number);
    if let Some(number) = wanted.parse().ok().filter(is_there) {
        return Ok(number);
    }
    let lowered = wanted.trim_start_matches('@').to_lowercase();
    let named = |fits: &dyn Fn(&str) -> bool| -> Vec<&AgentSpec> {
        let fit = |agent: &&AgentSpec| {
            names_of(spec, agent).iter().any(|name| fits(&name.to_lowercase()))
        };
        spec.agents.iter().filter(fit).collect()
    };
    let exact = named(&|name| name == lowered);
    let found = if exact.is_empty() { named(&|name| name.contains(&lowered)) } else { exact };
    match found[..] {
        [agent] => Ok(agent.agent_id),
        [] => {
            let all: Vec<&str> =
                spec.agents.iter().flat_map(|agent| names_of(spec, agent)).collect();
            let hint = match suggest(wanted, &all) {
                Some(meant) => format!("did you mean {meant:?}?"),
                None => format!(
                    "there are {}, with numbers from 0 (`shoal agents RUN` lists them)",
                    counted(u64::try_from(spec.agents.len()).unwrap_or(u64::MAX), "agent")
                ),
            };
            Err(format!("there is no agent {:?}: {hint}", one_line(wanted, 80)))
        }
        _ => {
            let some = found
                .iter()
                .take(8)
                .map(|agent| format!("{} ({})", one_line(&agent.name, 40), agent.agent_id));
            Err(format!(
                "{:?} may be any of {} agents: {}",
                one_line(wanted, 80),
                found.len(),
                some.collect::<Vec<_>>().join(", ")
            ))
        }
    }
}

/// An agent's name, and its name and handle on each platform.
pub(crate) fn names_of<'a>(spec: &'a Spec, agent: &'a AgentSpec) -> Vec<&'a str> {
    let profiles = Platform::ALL.into_iter().filter_map(|platform| {
        spec.platform(platform)?.profiles.get(usize::try_from(agent.agent_id).ok()?)
    });
    let of_profiles = profiles.flat_map(|profile| [profile.name.as_str(), &profile.user_name]);
    std::iter::once(agent.name.as_str()).chain(of_profiles).collect()
}

/// Each world's answer.
fn render(answers: &InterviewResult, width: usize, paint: Paint) -> String {
    let mut lines = vec![format!(
        "{} {}",
        paint.bold(&one_line(&answers.agent_name, 80)),
        paint.dim(&format!("#{}", answers.agent_id)),
    )];
    for answer in answers.twitter.iter().chain(&answers.reddit) {
        let as_of = format!("{}, after round {}", answer.platform, answer.as_of.round);
        lines.push(format!("  {}", paint.dim(&as_of)));
        let indented = answer.response.lines().map(|line| format!("    {}", one_line(line, 4000)));
        lines.extend(indented.map(|line| wrap(&line, width, 4)));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::reply::{Answer, AsOf};
    use std::path::Path;

    fn sample() -> Spec {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/lantern-pier");
        intake::read_folder(&folder, &intake::Limits::default()).unwrap().spec
    }

    #[test]
    fn an_agent_is_found_by_name_handle_or_part() {
        let mut spec = sample();
        let handle = spec.twitter.as_ref().unwrap().profiles[3].user_name.clone();
        let full = spec.agents[5].name.clone();
        assert_eq!(find_agent(&spec, &full.to_uppercase()), Ok(5));
        assert_eq!(find_agent(&spec, &format!("@{handle}")), Ok(3));
        assert_eq!(find_agent(&spec, "31"), Ok(31));
        assert!(find_agent(&spec, "32").unwrap_err().contains("there are 32 agents"));
        spec.agents[7].name = "Quentin Xylander".to_owned();
        assert_eq!(find_agent(&spec, "xyland"), Ok(7));
        // A whole name wins over a part of another.
        spec.agents[8].name = "Xylander".to_owned();
        assert_eq!(find_agent(&spec, "xylander"), Ok(8));
        spec.agents[8].name = "Xylander the Elder".to_owned();
        assert_eq!(
            find_agent(&spec, "xylander"),
            Err(
                "\"xylander\" may be any of 2 agents: Quentin Xylander (7), Xylander the Elder (8)"
                    .to_owned()
            )
        );
    }

    #[test]
    fn an_agent_that_is_not_there_gets_a_suggestion() {
        let mut spec = sample();
        spec.agents[7].name = "Quentin".to_owned();
        assert_eq!(
            find_agent(&spec, "Quintin"),
            Err("there is no agent \"Quintin\": did you mean \"Quentin\"?".to_owned())
        );
        assert_eq!(
            find_agent(&spec, "Zzzzzzzzzz"),
            Err("there is no agent \"Zzzzzzzzzz\": there are 32 agents, with numbers from 0 (`shoal \
                 agents RUN` lists them)"
                .to_owned())
        );
    }

    #[test]
    fn answers_say_which_world_and_when() {
        let answer = |platform, response: &str| {
            let as_of = AsOf { tick: 12, round: 12 };
            Some(Answer { platform, response: response.to_owned(), as_of })
        };
        let answers = InterviewResult {
            agent_id: 18,
            agent_name: "Ada".to_owned(),
            prompt: "Why?".to_owned(),
            twitter: answer(Platform::Twitter, "Because.\nThat is why we went to the pier."),
            reddit: answer(Platform::Reddit, "No\x1b[2J idea."),
        };
        assert_eq!(
            render(&answers, 32, Paint::PLAIN),
            "Ada #18\n  twitter, after round 12\n    Because.\n    That is why we went to the\n    \
             pier.\n  reddit, after round 12\n    No [2J idea."
        );
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
