//! `inject`: posts put into agents' mouths.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use contract::command::{Inject, Request, Verb};
use contract::door::{Door, Object, describe};
use contract::problem::{Problem, Problems};
use contract::spec::Spec;
use contract::subject::Platform;
use serde_json::{Map, Value, json};

use super::{apply, check_number, read_text};
use crate::args::Target;
use crate::ask::Patience;
use crate::client::Client;
use crate::failure::Failure;
use crate::interview::{find_agent, read_spec};
use crate::output::Output;
use crate::status::find_run;

pub(crate) const INJECT_ABOUT: &str = "\
Put posts into agents' mouths. They appear in the next round, before anybody acts in it; the \
answer names the round. In a paused run they wait until it goes on.

A file holds a list of posts, or one post a line, each \
{\"agent_id\": 18, \"content\": \"..\"} or {\"agent\": \"a name\", \"content\": \"..\"}, and \
perhaps \"platform\": \"twitter\" or \"reddit\"; both unless given.

Example:
  shoal inject lantern-pier --agent 18 --text \"The pier closes tonight.\"
  shoal inject lantern-pier --file posts.jsonl";

/// Arguments of `inject`.
#[derive(Clone, Debug, Args)]
#[command(group = ArgGroup::new("what").args(["agent", "file"]).required(true))]
pub struct InjectArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// Who posts: the agent's number, its name, its handle, or a part of them that only it has
    #[arg(long, value_name = "ID|NAME", requires = "text")]
    pub agent: Option<String>,
    /// What it posts
    #[arg(long, value_name = "TEXT", requires = "agent")]
    pub text: Option<String>,
    /// In one world only: twitter or reddit; in each that the run has unless given
    #[arg(long, value_name = "PLATFORM", requires = "agent")]
    pub platform: Option<Platform>,
    /// A file of posts, JSON or JSON lines; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["text", "platform"])]
    pub file: Option<PathBuf>,
    /// How long to wait for the answer.
    #[command(flatten)]
    pub patience: Patience,
}

/// `shoal inject`.
///
/// # Errors
/// If there is no such run or agent, the file has problems, nobody answers, or the run has no
/// rounds left.
pub async fn inject(
    client: &Client,
    args: &InjectArgs,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let (document, posts) = match (&args.file, &args.agent, &args.text) {
        (Some(file), ..) => {
            let document = file.display().to_string();
            let text = read_text(file)?;
            let posts = parse_posts(&document, &text);
            (document, posts)
        }
        (None, Some(agent), Some(text)) => {
            let post = json!({"agent": agent, "content": text, "platform": args.platform});
            (String::new(), Parsed { posts: vec![(String::new(), post)], problems: vec![] })
        }
        _ => return Err(Failure::bad_input("expected --agent and --text, or --file")),
    };
    let run = find_run(client, &args.target.run).await?;
    let spec = read_spec(client, &run.spec_digest).await?;
    let inject = read_posts(&document, posts, &spec).map_err(|problems| bad(typed(&problems)))?;
    let what = match inject.posts.len() {
        1 => "the post appears",
        _ => "the posts appear",
    };
    apply(client, &run, Request::Inject(inject), args.patience, (what, 0), output).await
}

/// The posts of a file, in the contract's words.
///
/// # Errors
/// All that is wrong with them.
pub(crate) fn read_file(document: &str, text: &str, spec: &Spec) -> Result<Inject, Problems> {
    read_posts(document, parse_posts(document, text), spec)
}

/// The same, of the file at a path.
///
/// # Errors
/// If it cannot be read, or all that is wrong with the posts.
pub(crate) fn read_path(file: &Path, spec: &Spec) -> Result<Inject, Failure> {
    read_file(&file.display().to_string(), &read_text(file)?, spec).map_err(bad)
}

/// Problems of a post that stands on the command line, with its flags for places.
fn typed(problems: &Problems) -> Problems {
    let mut problems = problems.as_slice().to_vec();
    for problem in &mut problems {
        match problem.place.as_str() {
            "/agent" => "--agent".clone_into(&mut problem.place),
            "/content" => "--text".clone_into(&mut problem.place),
            "/platform" => "--platform".clone_into(&mut problem.place),
            _ => {}
        }
    }
    Problems::none_or::<Problems>(problems, None).unwrap_or_else(|problems| problems)
}

fn bad(problems: Problems) -> Failure {
    Failure::BadInput(problems.into())
}

/// The posts of a file, each with its place; and what in it is no JSON.
struct Parsed {
    posts: Vec<(String, Value)>,
    problems: Vec<Problem>,
}

/// The posts of a file: a list, one object, or an object a line.
fn parse_posts(document: &str, text: &str) -> Parsed {
    let whole = match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(posts)) => {
            let place = |(index, post)| (format!("/{index}"), post);
            Some(posts.into_iter().enumerate().map(place).collect())
        }
        Ok(other) => Some(vec![(String::new(), other)]),
        Err(_) => None,
    };
    if let Some(posts) = whole {
        return Parsed { posts, problems: Vec::new() };
    }
    let (mut posts, mut problems) = (Vec::new(), Vec::new());
    for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        let place = format!("line {line}");
        match serde_json::from_str(text) {
            Ok(post) => posts.push((place, post)),
            Err(error) => {
                let place = format!("{document} {place}, column {}", error.column());
                let expected = "a post as JSON, e.g. {\"agent_id\": 0, \"content\": \"..\"}";
                problems.push(Problem::new(place, error.to_string(), expected));
            }
        }
    }
    Parsed { posts, problems }
}

/// The posts in the contract's words; all problems of all posts at once.
fn read_posts(document: &str, parsed: Parsed, spec: &Spec) -> Result<Inject, Problems> {
    let door = Door::new(document);
    let mut list = Vec::new();
    for (place, post) in &parsed.posts {
        let Some(object) = door.object(post, place.clone()) else { continue };
        object.refuse_unknown(&["agent_id", "agent", "content", "platform"]);
        let mut plain = Map::new();
        if let Some(agent) = read_agent(&object, spec) {
            plain.insert("agent_id".to_owned(), agent);
        }
        for key in ["content", "platform"] {
            plain.insert(key.to_owned(), object.get(key).cloned().unwrap_or(Value::Null));
        }
        // One by one, so that each problem has the place of its post.
        let single = json!({"posts": [plain]});
        check_post(&door, place, &single);
        list.push(Value::from(plain));
    }
    let whole = json!({"posts": list});
    if parsed.problems.is_empty() {
        let inject = if door.count() == 0 { read_args(&door, &whole) } else { None };
        return door.close(inject);
    }
    let mut problems = parsed.problems;
    let of_posts = door.close(Some(()));
    problems.extend(of_posts.err().iter().flat_map(Problems::as_slice).cloned());
    Problems::none_or(problems, None)
}

fn read_args(door: &Door, args: &Value) -> Option<Inject> {
    match Request::read(Verb::Inject, &door.root(args)?)? {
        Request::Inject(inject) => Some(inject),
        _ => None,
    }
}

/// Reports what is wrong with one post, at its own place.
fn check_post(door: &Door, place: &str, single: &Value) {
    let inner = Door::new("");
    let read = read_args(&inner, single);
    let Err(problems) = inner.close(read) else { return };
    for Problem { place: within, found, expected } in problems.as_slice() {
        let field = within.strip_prefix("/posts/0").unwrap_or(within);
        // Who it is about has been looked at already, under either of its names.
        if field != "/agent_id" {
            door.report(&format!("{place}{field}"), found, expected);
        }
    }
}

/// The agent's number, by number or name.
fn read_agent(post: &Object<'_>, spec: &Spec) -> Option<Value> {
    const EXPECTED: &str = "the id of an agent";
    let (key, value) = match (post.get("agent_id"), post.get("agent")) {
        (Some(id), None) => ("agent_id", id),
        (None, Some(agent)) => ("agent", agent),
        (None, None) => {
            post.report("agent_id", "nothing", "the id of an agent, or its name as \"agent\"");
            return None;
        }
        (Some(_), Some(_)) => {
            post.report("agent", "an agent_id too", "one of agent_id and agent");
            return None;
        }
    };
    if let Some(text) = value.as_str().filter(|_| key == "agent") {
        return match find_agent(spec, text) {
            Ok(id) => Some(id.into()),
            Err(why) => {
                post.report(key, format!("{text:?}"), &format!("one of its agents: {why}"));
                None
            }
        };
    }
    let Some(id) = contract::door::integer(value).and_then(|id| u32::try_from(id).ok()) else {
        post.report(key, describe(value), EXPECTED);
        return None;
    };
    if let Err(expected) = check_number(spec, id) {
        post.report(key, id.to_string(), &expected);
        return None;
    }
    Some(id.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Inject, String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/lantern-pier");
        let spec = intake::read_folder(&folder, &intake::Limits::default()).unwrap().spec;
        read_file("posts", text, &spec).map_err(|problems| problems.to_string())
    }

    #[test]
    fn posts_come_as_a_list_or_one_a_line() {
        let list = r#"[{"agent_id": 1, "content": "Hi", "platform": "reddit"},
            {"agent": "2", "content": "Ho"}]"#;
        let lines = "{\"agent_id\": 1, \"content\": \"Hi\", \"platform\": \"reddit\"}\n\n\
            {\"agent\": 2, \"content\": \"Ho\"}\n";
        let posts = read(list).unwrap();
        assert_eq!(posts, read(lines).unwrap());
        assert_eq!((posts.posts[0].agent_id, posts.posts[1].agent_id), (1, 2));
        assert_eq!(posts.posts[0].platform, Some(Platform::Reddit));
    }

    #[test]
    fn every_problem_has_its_place() {
        let lines = "{\"agent_id\": -1, \"content\": \" \"}\n{\"contnt\": \"x\", \"agent_id\": 1}";
        assert_eq!(
            read(lines).unwrap_err(),
            "posts line 1/agent_id: found -1, expected the id of an agent\n\
             posts line 1/content: found a blank text, expected a text of at most 10240 bytes\n\
             posts line 2/contnt: found an unknown field, expected \"content\" (did you mean that?)\n\
             posts line 2/content: found nothing, expected the text of the post"
        );
        assert!(read("{\"agent_id\": 1,\n").unwrap_err().starts_with("posts line 1, column "));
        let lines = "{\"agent_id\": 999, \"content\": \"Hi\"}\nhello\n{\"agent\": \"Nob Ody\"}";
        let error = read(lines).unwrap_err();
        let places: Vec<&str> = error.lines().map(|line| line.split(':').next().unwrap()).collect();
        assert_eq!(
            places,
            [
                "posts line 2, column 1",
                "posts line 1/agent_id",
                "posts line 3/agent",
                "posts line 3/content"
            ],
            "{error}"
        );
        assert!(error.contains("found 999, expected the id of an agent, 0 to "), "{error}");
        assert!(read("[]").unwrap_err().contains("expected 1 to 100"));
        assert!(read("").unwrap_err().contains("expected 1 to 100"));
    }
}
