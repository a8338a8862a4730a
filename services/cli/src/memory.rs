//! `memory`: questions to the memory-sink, and what it is told to do.

pub mod letters;
pub mod status;

use std::time::Duration;

use bus::RequestError;
use clap::{Args, Subcommand};
use contract::id::RunId;
use contract::memory::{
    CursorStatus, EPISODES, Episode, Episodes, EpisodesAnswer, MAX_LIMIT, MAX_QUERY_BYTES,
    MemoryError, MemoryErrorCode, SEARCH, STATS, Scope, Search, SearchAnswer, Stats, StatsAnswer,
    read_answer,
};
use contract::subject::Platform;
use serde::de::DeserializeOwned;

use crate::args::{Target, bounded, platform};
use crate::client::Client;
use crate::failure::Failure;
use crate::help::{EPISODES_ABOUT, SEARCH_ABOUT, STATS_ABOUT};
use crate::output::{Output, Paint, columns, count, counted, one_line};
use crate::status::find_run;
use crate::wrap::wrap;

/// What can be asked of a memory.
#[derive(Clone, Debug, Subcommand)]
pub enum MemoryCommand {
    /// Find what a memory says about something
    #[command(long_about = SEARCH_ABOUT)]
    Search(SearchArgs),
    /// Count what a run has left in its memory
    #[command(long_about = STATS_ABOUT)]
    Stats(Target),
    /// List the episodes that a run has left in its memory
    #[command(long_about = EPISODES_ABOUT)]
    Episodes(EpisodesArgs),
    /// Show how memories are and how far they have followed runs
    #[command(long_about = status::ABOUT)]
    Status(status::MemoryStatusArgs),
    /// List what memories refused for good
    #[command(long_about = letters::DEAD_ABOUT)]
    Dead(letters::DeadArgs),
    /// Hand to memories once more what they refused
    #[command(long_about = letters::REDRIVE_ABOUT)]
    Redrive(letters::RedriveArgs),
    /// Let one more memory have all of a run's actions
    #[command(long_about = letters::ATTACH_ABOUT)]
    Attach(letters::AttachArgs),
}

/// Arguments of `memory search`.
#[derive(Clone, Debug, Args)]
pub struct SearchArgs {
    /// What to look for: words, all of which must occur, at most 1024 bytes
    #[arg(value_parser = parse_query)]
    pub query: String,
    /// Only in what this run left; a simulation's id means its newest run
    #[arg(long, value_name = "RUN", conflicts_with = "graph")]
    pub run: Option<String>,
    /// Only in this graph
    #[arg(long, value_name = "GRAPH")]
    pub graph: Option<String>,
    /// Show at most this many hits
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = limit())]
    pub limit: u32,
}

/// Arguments of `memory episodes`.
#[derive(Clone, Debug, Args)]
pub struct EpisodesArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// Only those of one world: twitter or reddit
    #[arg(long, value_name = "PLATFORM", value_parser = platform())]
    pub platform: Option<Platform>,
    /// Go on behind this place; the command says which where there is more
    #[arg(long, value_name = "PLACE", default_value_t = 0)]
    pub after: u64,
    /// Show at most this many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = limit())]
    pub limit: u32,
}

/// How long to wait for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Columns that are shown of an episode's text, on as many lines as it takes.
const EPISODE_COLUMNS: usize = 300;

fn parse_query(text: &str) -> Result<String, String> {
    bounded(text, MAX_QUERY_BYTES, "words to look for")
}

/// How many episodes the memory answers with at most.
fn limit() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=i64::from(MAX_LIMIT))
}

/// `shoal memory search`.
///
/// # Errors
/// If there is no such run or graph, or nobody answers.
pub async fn search(
    client: &Client,
    args: &SearchArgs,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let scope = match (&args.run, &args.graph) {
        (Some(run), _) => Some(Scope::Run(find_run(client, run).await?.run_id)),
        (None, Some(graph)) => Some(Scope::Graph(graph.clone())),
        (None, None) => None,
    };
    let question = Search { scope, query: args.query.clone(), limit: args.limit };
    let answer: SearchAnswer = ask(client, SEARCH, question.to_bytes()).await?;
    if client.json {
        return Ok(output.print_json(&answer)?);
    }
    let text = render_hits(&answer, output.width(), output.paint());
    Ok(output.print(&text)?)
}

/// `shoal memory stats`.
///
/// # Errors
/// If there is no such run, or nobody answers.
pub async fn stats(client: &Client, name: &str, output: &mut Output<'_>) -> Result<(), Failure> {
    let run = find_run(client, name).await?.run_id;
    let question = Stats { scope: Scope::Run(run.clone()) };
    let answer: StatsAnswer = ask(client, STATS, question.to_bytes()).await?;
    if client.json {
        return Ok(output.print_json(&answer)?);
    }
    let text = render_stats(&run, &answer, output.width(), output.paint());
    Ok(output.print(&text)?)
}

/// `shoal memory episodes`.
///
/// # Errors
/// If there is no such run, or nobody answers.
pub async fn episodes(
    client: &Client,
    args: &EpisodesArgs,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let run = find_run(client, &args.target.run).await?.run_id;
    let scope = Scope::Run(run.clone());
    let EpisodesArgs { platform, after, limit, .. } = *args;
    let question = Episodes { scope, platform, after, limit };
    let answer: EpisodesAnswer = ask(client, EPISODES, question.to_bytes()).await?;
    if client.json {
        return Ok(output.print_json(&answer)?);
    }
    let text = render_episodes(&run, &answer, output.width(), output.paint());
    Ok(output.print(&text)?)
}

/// Asks the memory-sink.
///
/// # Errors
/// If nobody answers, or the answer is a refusal.
pub(crate) async fn ask<T: DeserializeOwned>(
    client: &Client,
    question: &str,
    body: Vec<u8>,
) -> Result<T, Failure> {
    let subject = client.bus.prefix().memory(question);
    match client.bus.request(subject.clone(), body, PATIENCE).await {
        Ok(answer) => read_answer(&answer).map_err(refusal),
        Err(RequestError::NoResponders(_)) => Err(client.nobody_answers("memory-sink", &subject)),
        Err(error) => {
            let context = format!("the memory-sink gave no answer on {subject}");
            Err(Failure::Unreachable(anyhow::Error::new(error).context(context)))
        }
    }
}

fn refusal(error: MemoryError) -> Failure {
    match error.code {
        MemoryErrorCode::Malformed
        | MemoryErrorCode::UnknownGraph
        | MemoryErrorCode::UnknownNode => Failure::BadInput(error.into()),
        // The run was found on the bus, so it is the memory that does not know it (yet).
        MemoryErrorCode::UnknownRun | MemoryErrorCode::Internal => Failure::Failed(error.into()),
    }
}

fn render_hits(answer: &SearchAnswer, width: usize, paint: Paint) -> String {
    let shown = u64::try_from(answer.episodes.len()).unwrap_or(u64::MAX);
    let mut lines = vec![match (answer.total, shown) {
        (0, _) => "nothing found: all words must occur in one episode".to_owned(),
        (total, shown) if total > shown => {
            format!("{}, the newest {}:", counted(total, "hit"), count(shown))
        }
        (total, _) => format!("{}:", counted(total, "hit")),
    }];
    lines.extend(answer.episodes.iter().map(|episode| line(episode, true, width, paint)));
    lines.join("\n")
}

fn render_episodes(run: &RunId, answer: &EpisodesAnswer, width: usize, paint: Paint) -> String {
    let mut lines: Vec<String> =
        answer.episodes.iter().map(|episode| line(episode, false, width, paint)).collect();
    if lines.is_empty() {
        lines.push("no episodes".to_owned());
    }
    lines.extend(answer.next.map(|next| {
        paint.dim(&format!("there may be more: shoal memory episodes {run} --after {next}"))
    }));
    lines.join("\n")
}

/// Where and when, then what.
fn line(episode: &Episode, with_run: bool, width: usize, paint: Paint) -> String {
    let run = if with_run { format!("{} ", episode.run_id) } else { String::new() };
    let place = format!("{run}{:7} round {:>3}", episode.platform, episode.round);
    let line = format!("  {}  {}", paint.dim(&place), one_line(&episode.text, EPISODE_COLUMNS));
    wrap(&line, width, 4)
}

fn render_stats(run: &RunId, answer: &StatsAnswer, width: usize, paint: Paint) -> String {
    let mut lines =
        vec![format!("{}: {}", paint.bold(run.as_str()), counted(answer.episodes, "episode"))];
    for world in &answer.platforms {
        let types = world
            .types
            .iter()
            .map(|of| format!("{} {}", count(of.episodes), one_line(&of.action_type, 40)));
        let line = format!(
            "  {:7}  {} up to round {}: {}",
            world.platform,
            counted(world.episodes, "episode"),
            world.last_round,
            types.collect::<Vec<_>>().join(", ")
        );
        lines.push(wrap(&line, width, 11));
    }
    if !answer.cursors.is_empty() {
        lines.extend([String::new(), paint.bold("memories")]);
        let rows: Vec<Vec<String>> =
            answer.cursors.iter().map(|cursor| cursor_row(cursor, paint)).collect();
        lines.extend(columns(&rows, &[]).iter().map(|line| wrap(line, width, 4)));
    }
    lines.join("\n")
}

fn cursor_row(cursor: &CursorStatus, paint: Paint) -> Vec<String> {
    let lag = match cursor.lag {
        0 => paint.green("up to date"),
        lag => paint.yellow(&format!("{} behind", counted(lag, "action"))),
    };
    let problem = cursor.problem.as_deref().map(|problem| paint.red(&one_line(problem, 300)));
    vec![
        format!("  {}", one_line(&cursor.target, 40)),
        format!("graph {}", one_line(&cursor.graph_id, 60)),
        cursor.platform.to_string(),
        format!("round {}", cursor.round),
        lag,
        problem.unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{World, post};
    use contract::memory::{PlatformTotals, TypeTotal};
    use contract::subject::Platform;
    use contract::version::V1;

    fn episode(text: &str) -> Episode {
        let frame = World::new(Platform::Reddit).tick(vec![(0, Ok(post(1, "x")))]);
        let body = frame.actions[0].clone();
        Episode {
            action_id: "market-1.reddit.1".to_owned(),
            graph_id: "market".to_owned(),
            run_id: frame.run_id,
            platform: Platform::Reddit,
            round: 4,
            simulated_time: frame.simulated_time,
            agent_id: 0,
            agent_name: body.agent_name.clone(),
            action_type: body.body.type_name().to_owned(),
            text: text.to_owned(),
            body,
        }
    }

    #[test]
    fn hits_say_how_many_there_are() {
        let render = |total, episodes| {
            render_hits(&SearchAnswer { v: V1, total, episodes }, 48, Paint::PLAIN)
        };
        assert_eq!(render(0, vec![]), "nothing found: all words must occur in one episode");
        assert_eq!(
            render(1, vec![episode("Ada: posted “the lanterns stay”")]),
            "1 hit:\n  market-1 reddit  round   4  Ada: posted “the\n    lanterns stay”"
        );
        let more = render(1234, vec![episode("a"), episode("b\x1b[2J")]);
        assert!(more.starts_with("1,234 hits, the newest 2:\n"), "{more}");
        assert!(more.ends_with("  b [2J"), "{more}");
    }

    #[test]
    fn episodes_say_where_they_go_on() {
        let run: RunId = "market-1".parse().unwrap();
        let render = |episodes, next| {
            render_episodes(&run, &EpisodesAnswer { v: V1, episodes, next }, 80, Paint::PLAIN)
        };
        assert_eq!(render(vec![], None), "no episodes");
        assert_eq!(
            render(vec![episode("Ada: posted “x”")], Some(17)),
            "  reddit  round   4  Ada: posted “x”\n\
             there may be more: shoal memory episodes market-1 --after 17"
        );
    }

    #[test]
    fn stats_show_each_world_and_each_memory() {
        let cursor = |platform, lag, problem: Option<&str>| CursorStatus {
            run_id: "market-1".parse().unwrap(),
            platform,
            target: "local".to_owned(),
            graph_id: "market".to_owned(),
            seq: 40 - lag,
            round: 12,
            simulated_time: Some(episode("").simulated_time),
            published: 40,
            lag,
            lag_seconds: None,
            delivered: None,
            retried: None,
            dead: None,
            problem: problem.map(str::to_owned),
        };
        let totals = PlatformTotals {
            platform: Platform::Twitter,
            episodes: 12,
            types: vec![
                TypeTotal { action_type: "CREATE_POST".to_owned(), episodes: 5 },
                TypeTotal { action_type: "LIKE_POST".to_owned(), episodes: 7 },
            ],
            last_round: 12,
            last_simulated_time: episode("").simulated_time,
        };
        let answer = StatsAnswer {
            v: V1,
            episodes: 12,
            platforms: vec![totals],
            cursors: vec![
                cursor(Platform::Twitter, 0, None),
                cursor(Platform::Reddit, 4, Some("unauthorized")),
            ],
            lag: 4,
        };
        assert_eq!(
            render_stats(&"market-1".parse().unwrap(), &answer, 80, Paint::PLAIN),
            "market-1: 12 episodes\n  \
             twitter  12 episodes up to round 12: 5 CREATE_POST, 7 LIKE_POST\n\n\
             memories\n  \
             local  graph market  twitter  round 12  up to date\n  \
             local  graph market  reddit   round 12  4 actions behind  unauthorized"
        );
    }

    #[test]
    fn a_refusal_is_bad_input_only_if_the_question_was_wrong() {
        let code = |code| refusal(MemoryError { code, message: "no".to_owned() }).code();
        assert_eq!(code(MemoryErrorCode::Malformed), 2);
        assert_eq!(code(MemoryErrorCode::UnknownGraph), 2);
        assert_eq!(code(MemoryErrorCode::UnknownRun), 1);
        assert_eq!(code(MemoryErrorCode::Internal), 1);
    }
}
