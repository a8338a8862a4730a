//! `fork`: a new run that was another one up to a round.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use contract::MAX_SAFE_INTEGER;
use contract::command::{Fork, Request, Verb};
use contract::id::RunId;
use contract::problem::{Problem, Problems};
use contract::reply::ReplyResult;
use contract::spec::Spec;
use contract::status::EnvStatus;

use super::{Beginning, carry_out};
use crate::args::Target;
use crate::ask::{odd, result};
use crate::client::Client;
use crate::control::configure::Wanted;
use crate::control::{inject, read_file};
use crate::failure::{EXIT_DETACHED, Failure};
use crate::interview::read_spec;
use crate::output::Output;
use crate::run::{WatchArgs, watch};
use crate::status::find_run;

pub(crate) const ABOUT: &str = "\
Start a new run that is equal to another one up to a round, and goes its own way from there. \
What was injected and configured until then is in both; the old run stays as it is, and the two \
have nothing to do with each other afterwards. A run can be forked while it plays, and also if \
its journal is damaged behind that round.

With no more than that the new run plays what the old one played. What is to be different enters \
the round after --at-round: posts (--inject, a file as for `shoal inject`), another seed, fields \
(--set) or a part of a simulation_config.json (--configure), both as for `shoal configure`. \
Changes of the seed and of fields have their effect from the round after that one on. With \
--paused the new run plays nothing until `shoal resume`; that goes with none of them, since they \
are journalled together with the round that they enter: fork without them, and `shoal inject` or \
`shoal configure` before the resume.

Prints the new run's name, which is queued until a node has taken it. Ctrl-C leaves the node at it: \
the fork is made all the same (130), and `shoal ls` lists it. The exit code is 2 if there is no such \
round, and 1 if the journal is damaged before it; the message names the last round that can be \
forked. With --json: the reply, the shape in schemas/; with --follow too, as \
a line before those of `shoal watch`.

Example:
  shoal fork lantern-pier-1 --at-round 12 --seed 8 --follow
  shoal fork lantern-pier-1 --at-round 12 --inject memo.jsonl
  shoal fork lantern-pier-1 --at-round 12 --set agents.3.stance=opposing";

/// Arguments of `fork`.
#[derive(Clone, Debug, Args)]
pub struct ForkArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// The last round that the two share
    #[arg(long, value_name = "N")]
    pub at_round: u32,
    /// Another seed: what comes is drawn anew
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(0..=MAX_SAFE_INTEGER))]
    pub seed: Option<u64>,
    /// A file of posts, JSON or JSON lines; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub inject: Option<PathBuf>,
    /// A field and its new value; may be repeated
    #[arg(long, value_name = "FIELD=VALUE")]
    pub set: Vec<String>,
    /// A part of a simulation_config.json; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub configure: Option<PathBuf>,
    /// Play no rounds before `shoal resume`
    #[arg(long, conflicts_with_all = ["seed", "inject", "set", "configure"])]
    pub paused: bool,
    /// Follow the new run to its end, as `shoal watch` does
    #[arg(long, short)]
    pub follow: bool,
    /// How long to wait for a node.
    #[command(flatten)]
    pub beginning: Beginning,
}

/// `shoal fork`.
///
/// # Errors
/// If there is no such run or round, what is to be different has problems, no node begins with
/// it, or (with `--follow`) the new run cannot be followed.
pub async fn fork(
    client: &Client,
    args: &ForkArgs,
    output: &mut Output<'_>,
) -> Result<ExitCode, Failure> {
    let changes = Changes::read_files(args)?;
    let run = find_run(client, &args.target.run).await?;
    let fork = match changes.is_empty() {
        true => {
            Fork { at_round: args.at_round, posts: vec![], configure: None, paused: args.paused }
        }
        false => {
            let spec = read_spec(client, &run.spec_digest).await?;
            changes.into_fork(args.at_round, &spec, &run)?
        }
    };
    let (run, request) = (run.run_id, Request::Fork(fork));
    let Some(reply) = carry_out(client, &run, request, args.beginning, output).await? else {
        return Ok(ExitCode::from(EXIT_DETACHED));
    };
    match (client.json, args.follow) {
        (true, true) => output.print_json_line(&reply)?,
        (true, false) => output.print_json(&reply)?,
        (false, _) => {}
    }
    let child = match result(reply)? {
        ReplyResult::Forked { run_id, .. } => run_id,
        other => return Err(odd(Verb::Fork, &other)),
    };
    if !client.json {
        output.print(child.as_str())?;
        output.say(&shares(&child, &run, args))?;
    }
    if !args.follow {
        return Ok(ExitCode::SUCCESS);
    }
    let target = Target { run: child.to_string() };
    watch(client, &WatchArgs { target, from_start: false }, output).await
}

/// What the two runs have in common, and what to do next.
fn shares(child: &RunId, parent: &RunId, args: &ForkArgs) -> String {
    let round = args.at_round;
    let next = match (args.paused, args.follow) {
        (true, _) => format!(": `shoal resume {child}` lets it go on"),
        (false, true) => String::new(),
        (false, false) => format!(
            ": `shoal watch {child}` follows it, `shoal diff {parent} {child}` says what came of it"
        ),
    };
    format!("{child} is {parent} up to round {round}{next}")
}

/// What is to be different, as typed; the files are read, if they can be, and not yet understood.
struct Changes<'typed> {
    posts: Option<(&'typed Path, Result<String, Problem>)>,
    part: Option<(&'typed Path, Result<String, Problem>)>,
    seed: Option<u64>,
    set: &'typed [String],
}

impl Changes<'_> {
    fn read_files(args: &ForkArgs) -> Result<Changes<'_>, Failure> {
        let (posts, part) = (args.inject.as_deref(), args.configure.as_deref());
        if posts == Some(Path::new("-")) && posts == part {
            let message = "--inject and --configure: found standard input for both, expected a \
                           file for one of them";
            return Err(Failure::Usage(anyhow::Error::msg(message)));
        }
        let read = |path, option: &str| {
            let cannot = |error: std::io::Error| {
                let place = format!("{option} {}", Path::display(path));
                Problem::new(place, error.to_string(), "a file that can be read")
            };
            (path, read_file(path).map_err(cannot))
        };
        Ok(Changes {
            posts: posts.map(|path| read(path, "--inject")),
            part: part.map(|path| read(path, "--configure")),
            seed: args.seed,
            set: &args.set,
        })
    }

    fn is_changed(&self) -> bool {
        self.part.is_some() || self.seed.is_some() || !self.set.is_empty()
    }

    fn is_empty(&self) -> bool {
        self.posts.is_none() && !self.is_changed()
    }

    /// The fork; all that is wrong with all of them at once.
    fn into_fork(self, at_round: u32, spec: &Spec, run: &EnvStatus) -> Result<Fork, Failure> {
        let unread = [&self.posts, &self.part].map(|file| file.as_ref()?.1.as_ref().err());
        let readable = |file: &Option<(&'_ Path, Result<String, Problem>)>| {
            let (path, text) = file.as_ref()?;
            Some((path.to_path_buf(), text.as_ref().ok()?.clone()))
        };
        let (posts, part) = (readable(&self.posts), readable(&self.part));
        let posts = posts.map(|(path, text)| {
            inject::read_file(&path.display().to_string(), &text, spec).map(|inject| inject.posts)
        });
        let file = part.as_ref().map(|(path, text)| (path.as_path(), text.as_str()));
        let is_changed = file.is_some() || self.seed.is_some() || !self.set.is_empty();
        let (pace, budget) = (None, None);
        let wanted = Wanted { pace, budget, seed: self.seed, file, set: self.set };
        let configure = is_changed.then(|| wanted.read(spec));
        let (posts, configure) = (posts.transpose(), configure.transpose());
        let problems = [posts.as_ref().err(), configure.as_ref().err()];
        let problems = problems.into_iter().flatten().flat_map(Problems::as_slice).cloned();
        let of_files = unread.into_iter().flatten().cloned();
        let problems: Vec<Problem> =
            beyond(at_round, run).into_iter().chain(of_files).chain(problems).collect();
        let fork = posts.ok().zip(configure.ok()).map(|(posts, configure)| Fork {
            at_round,
            posts: posts.unwrap_or_default(),
            configure,
            paused: false,
        });
        Problems::none_or(problems, fork).map_err(|problems| Failure::BadInput(problems.into()))
    }
}

/// What is wrong with a round that the run does not have, or that none comes after which could take
/// a change.
fn beyond(at_round: u32, run: &EnvStatus) -> Option<Problem> {
    let rounds = run.options.rounds;
    // One that plays may be further than it said.
    let played = run.platforms.iter().map(|world| world.ticks).min().filter(|ticks| *ticks > 0);
    let played = played.filter(|_| !run.status.is_live()).map_or(rounds, |ticks| ticks - 1);
    let last = played.min(rounds.saturating_sub(1));
    let expected = format!("at most {last}: {} of {rounds} rounds are played", played.min(rounds));
    let expected = if run.status.is_live() { format!("at most {last}") } else { expected };
    (at_round > last).then(|| Problem::new("--at-round", at_round.to_string(), &expected))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Command;
    use crate::fixtures::status;
    use crate::past::tests::typed;
    use contract::spec::Stance;
    use contract::status::RunStatus;

    fn args(words: &[&str]) -> ForkArgs {
        match typed(&[&["fork", "market-1", "--at-round", "12"], words].concat()) {
            Ok(Command::Fork(args)) => args,
            other => panic!("{other:?}"),
        }
    }

    fn sample() -> Spec {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/lantern-pier");
        intake::read_folder(&folder, &intake::Limits::default()).unwrap().spec
    }

    /// What a fork with these files would be.
    fn read(posts: Option<&str>, part: Option<&str>, words: &[&str]) -> Result<Fork, Failure> {
        let args = args(words);
        let mut changes = Changes::read_files(&args).unwrap();
        let read = |name, text: &str| (Path::new(name), Ok(text.to_owned()));
        changes.posts = posts.map(|text| read("memo.jsonl", text)).or(changes.posts);
        changes.part = part.map(|text| read("part.json", text)).or(changes.part);
        changes.into_fork(args.at_round, &sample(), &completed())
    }

    /// A run that has played all of its 48 rounds.
    fn completed() -> EnvStatus {
        let mut run = status("market-1", RunStatus::Completed);
        run.platforms.iter_mut().for_each(|world| world.ticks = 49);
        run
    }

    #[test]
    fn posts_and_changes_are_those_of_inject_and_configure() {
        let posts = r#"{"agent_id": 3, "content": "The memo is real.", "platform": "reddit"}"#;
        let part = r#"{"seed": 8, "time_config": {"peak_hours": [19, 20]}}"#;
        let words = [
            "--seed",
            "8",
            "--set",
            "twitter.echo_chamber_strength=0.9",
            "--set",
            "agents.3.stance=opposing",
        ];
        let fork = read(Some(posts), Some(part), &words).unwrap();
        assert_eq!((fork.at_round, fork.paused, fork.posts.len()), (12, false, 1));
        assert_eq!(fork.posts[0].content, "The memo is real.");
        let change = fork.configure.unwrap();
        assert_eq!(change.seed, Some(8));
        assert_eq!(change.time.unwrap().peak_hours.unwrap().as_slice(), [19, 20]);
        assert_eq!(change.twitter.unwrap().echo_chamber_ppm, Some(900_000));
        assert_eq!(change.agents[0].stance, Some(Stance::Opposing));
        assert_eq!(change.pace_milli, None);
        assert_eq!(read(Some(posts), None, &[]).unwrap().configure, None);
        assert!(read(None, None, &["--seed", "8"]).unwrap().posts.is_empty());
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let failure = read(
            Some("{\"agent_id\": 3, \"content\": \" \"}"),
            Some("{\"seed\": -1}"),
            &["--set", "agents.3.stance=cross"],
        );
        let failure = failure.unwrap_err();
        assert_eq!(failure.code(), 2);
        assert_eq!(
            failure.to_string(),
            "memo.jsonl /content: found a blank text, expected a text of at most 10240 bytes\n\
             part.json /seed: found -1, expected a whole number from 0 to 9007199254740991\n\
             --set agents.3.stance: found the text \"cross\", expected supportive, opposing, \
             neutral or observer"
        );
    }

    #[test]
    fn seeds_that_contradict_each_other_are_refused() {
        let failure = read(None, Some("{\"seed\": 9}"), &["--seed", "7"]).unwrap_err();
        assert_eq!(
            failure.to_string(),
            "--seed: found 7, and /seed of part.json is 9, expected one seed, in one of the two"
        );
    }

    #[test]
    fn files_that_are_not_there_and_rounds_do_not_hide_each_other() {
        let words = ["--inject", "/no/memo", "--configure", "/no/part", "--set", "bogus=1"];
        let failure = read(None, None, &words).unwrap_err().to_string();
        let places: Vec<&str> =
            failure.lines().map(|line| line.split(':').next().unwrap()).collect();
        assert_eq!(
            places,
            ["--inject /no/memo", "--configure /no/part", "--set bogus"],
            "{failure}"
        );
        let round = |at, run: &EnvStatus| beyond(at, run).map(|problem| problem.to_string());
        let run = completed();
        assert_eq!(round(47, &run), None);
        let expected = "--at-round: found 48, expected at most 47: 48 of 48 rounds are played";
        assert_eq!(round(48, &run).as_deref(), Some(expected), "nothing could take the change");
        let mut playing = status("market-1", RunStatus::Running);
        assert_eq!(round(47, &playing), None, "it may be there by now");
        (playing.status, playing.platforms[1].ticks) = (RunStatus::Stopped, 7);
        playing.platforms[0].ticks = 9;
        assert!(round(7, &playing).is_some() && round(6, &playing).is_none());
    }

    #[test]
    fn nothing_need_be_different() {
        let none = args(&[]);
        assert!(Changes::read_files(&none).unwrap().is_empty());
        for words in [&["--seed", "0"][..], &["--set", "time.peak_hours=1"]] {
            assert!(!Changes::read_files(&args(words)).unwrap().is_empty(), "{words:?}");
        }
        let both = args(&["--inject", "-", "--configure", "-"]);
        assert_eq!(Changes::read_files(&both).err().unwrap().code(), kit::EXIT_USAGE);
    }

    #[test]
    fn a_fork_that_waits_takes_no_changes() {
        let typed = |words: &[&str]| typed(&[&["fork", "market-1"], words].concat());
        for change in [["--seed", "8"], ["--set", "a=b"], ["--inject", "x"], ["--configure", "x"]] {
            let words = [&["--at-round", "1", "--paused"], &change[..]].concat();
            assert!(typed(&words).unwrap_err().contains("cannot be used with"), "{change:?}");
        }
        assert!(typed(&["--paused"]).unwrap_err().contains("--at-round <N>"));
        let (child, parent) = ("market-2".parse().unwrap(), "market-1".parse().unwrap());
        assert_eq!(
            shares(&child, &parent, &args(&["--paused"])),
            "market-2 is market-1 up to round 12: `shoal resume market-2` lets it go on"
        );
        assert_eq!(shares(&child, &parent, &args(&["-f"])), "market-2 is market-1 up to round 12");
    }
}
