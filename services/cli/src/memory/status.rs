//! `memory status`: how the memories are, and how far each has followed runs.

use bus::Bus;
use clap::Args;
use contract::memory::{
    CursorStatus, MemoryErrorCode, STATS, Scope, Stats, StatsAnswer, TARGETS, TargetState,
    TargetStatus, Targets, TargetsAnswer, read_answer,
};
use contract::status::RunStatus;
use serde::Serialize;

use super::{PATIENCE, ask, refusal};
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Output, Paint, columns, count, counted, one_line, span};
use crate::status::{all_runs, find_run};
use crate::wrap::wrap;

pub(crate) const ABOUT: &str = "\
Show which memories there are, how each is, and how far it has followed runs: how many actions it \
is behind and since when, how many it has taken, how often it had to be asked again, and how many \
it refused (`shoal memory dead` lists those). What the memory-sink does not count is left out.

A memory is ready, retrying (away, or at its limit: tried again by itself, nothing is lost) or \
unauthorized (it refuses the credentials: paused until the operator has mended them).

Of one run every world is shown; without RUN those of the newest 20 runs that are behind or have a \
problem.

With --json: {\"targets\": [..], \"cursors\": [..]}, the shapes in schemas/; without RUN all \
worlds of the newest 20 runs.

Example:
  shoal memory status
  shoal memory status lantern-pier";

/// Runs that are asked about unless one is named: the newest ones.
const NEWEST: usize = 20;

/// Arguments of `memory status`.
#[derive(Clone, Debug, Args)]
pub struct MemoryStatusArgs {
    /// A run (night-market-3), or a simulation (night-market): its newest run
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
}

/// What is printed as JSON.
#[derive(Serialize)]
struct Memories {
    targets: Vec<TargetStatus>,
    cursors: Vec<CursorStatus>,
}

/// `shoal memory status`.
///
/// # Errors
/// If there is no such run, or nobody answers.
pub async fn status(
    client: &Client,
    args: &MemoryStatusArgs,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let run = match &args.run {
        Some(name) => Some(find_run(client, name).await?.run_id),
        None => None,
    };
    let targets: TargetsAnswer = ask(client, TARGETS, Targets.to_bytes()).await?;
    let scopes = match &run {
        Some(run) => vec![Scope::Run(run.clone())],
        None => newest(client).await?,
    };
    let mut cursors = Vec::new();
    for scope in scopes {
        cursors.extend(cursors_of(&client.bus, scope).await?);
    }
    let memories = Memories { targets: targets.targets, cursors };
    if client.json {
        return Ok(output.print_json(&memories)?);
    }
    let text = render(&memories, run.is_some(), output.width(), output.paint());
    Ok(output.print(&text)?)
}

/// The newest runs that there are.
async fn newest(client: &Client) -> Result<Vec<Scope>, Failure> {
    let mut runs = all_runs(client).await?;
    runs.retain(|run| run.status != RunStatus::Deleted);
    runs.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.run_id.cmp(&b.run_id)));
    Ok(runs.into_iter().take(NEWEST).map(|run| Scope::Run(run.run_id)).collect())
}

/// A run of which no memory has anything yet has none.
async fn cursors_of(bus: &Bus, scope: Scope) -> Result<Vec<CursorStatus>, Failure> {
    let body = bus.request(bus.prefix().memory(STATS), Stats { scope }.to_bytes(), PATIENCE).await;
    let body = body.map_err(|error| Failure::Unreachable(error.into()))?;
    match read_answer::<StatsAnswer>(&body) {
        Ok(answer) => Ok(answer.cursors),
        Err(error) if error.code == MemoryErrorCode::UnknownRun => Ok(Vec::new()),
        Err(error) => Err(refusal(error)),
    }
}

fn render(memories: &Memories, of_one: bool, width: usize, paint: Paint) -> String {
    let mut lines = vec![paint.bold("memories")];
    let rows: Vec<Vec<String>> =
        memories.targets.iter().map(|target| target_row(target, paint)).collect();
    lines.extend(columns(&rows, &[]).iter().map(|line| wrap(line, width, 4)));
    if rows.is_empty() {
        lines.push("  none".to_owned());
    }
    let is_news = |cursor: &&CursorStatus| of_one || needs_a_look(cursor);
    let shown: Vec<&CursorStatus> = memories.cursors.iter().filter(is_news).collect();
    let rows: Vec<Vec<String>> = shown.iter().map(|cursor| cursor_row(cursor, paint)).collect();
    lines.extend([String::new(), paint.bold("runs")]);
    lines.extend(columns(&rows, &[]).iter().map(|line| wrap(line, width, 4)));
    let others = memories.cursors.len() - shown.len();
    if others > 0 {
        let others = counted(u64::try_from(others).unwrap_or(u64::MAX), "world");
        lines.push(format!("  {others} up to date"));
    } else if shown.is_empty() {
        lines.push("  no memory has anything yet".to_owned());
    }
    lines.join("\n")
}

/// True of a world that a memory is behind with, or stands still at, or has refused some of.
fn needs_a_look(cursor: &CursorStatus) -> bool {
    cursor.lag > 0 || cursor.problem.is_some() || cursor.dead.is_some_and(|dead| dead > 0)
}

fn target_row(target: &TargetStatus, paint: Paint) -> Vec<String> {
    let state = match target.state {
        TargetState::Ready => paint.green("ready"),
        TargetState::Retrying => paint.yellow("retrying"),
        TargetState::Unauthorized => paint.red("unauthorized"),
    };
    let asked = target.requests.map(|requests| counted(requests, "request"));
    let left = target.rate_limit_remaining.map(|left| format!("{left} left"));
    let asked: Vec<String> = asked.into_iter().chain(left).collect();
    let problem = target.problem.as_deref().map(|problem| paint.red(&one_line(problem, 300)));
    vec![
        format!("  {}", one_line(&target.name, 40)),
        one_line(&target.kind, 20),
        one_line(&target.place, 80),
        state,
        asked.join(", "),
        problem.unwrap_or_default(),
    ]
}

fn cursor_row(cursor: &CursorStatus, paint: Paint) -> Vec<String> {
    let since = cursor.lag_seconds.map(|seconds| span(seconds.saturating_mul(1000)));
    let lag = match (cursor.lag, since) {
        (0, _) => paint.green("up to date"),
        (lag, None) => paint.yellow(&format!("{} behind", counted(lag, "action"))),
        (lag, Some(since)) => paint.yellow(&format!("{}, {since} behind", counted(lag, "action"))),
    };
    let counts = [
        (cursor.delivered, "delivered"),
        (cursor.retried.filter(|retried| *retried > 0), "retried"),
        (cursor.dead.filter(|dead| *dead > 0), "dead"),
    ];
    let counts = counts.into_iter().filter_map(|(number, what)| {
        let text = format!("{} {what}", count(number?));
        Some(if what == "dead" { paint.red(&text) } else { text })
    });
    let problem = cursor.problem.as_deref().map(|problem| paint.red(&one_line(problem, 300)));
    vec![
        format!("  {}", cursor.run_id),
        cursor.platform.to_string(),
        one_line(&cursor.target, 40),
        format!("graph {}", one_line(&cursor.graph_id, 60)),
        format!("round {}", cursor.round),
        lag,
        counts.collect::<Vec<_>>().join(", "),
        problem.unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::subject::Platform;

    fn cursor(platform: Platform, lag: u64) -> CursorStatus {
        CursorStatus {
            run_id: "market-1".parse().unwrap(),
            platform,
            target: "team".to_owned(),
            graph_id: "market".to_owned(),
            seq: 40 - lag,
            round: 12,
            simulated_time: None,
            published: 40,
            lag,
            lag_seconds: None,
            delivered: None,
            retried: None,
            dead: None,
            problem: None,
        }
    }

    fn target(name: &str, state: TargetState) -> TargetStatus {
        TargetStatus {
            name: name.to_owned(),
            kind: "http".to_owned(),
            place: "https://x.example".to_owned(),
            state,
            problem: None,
            requests: None,
            rate_limit_remaining: None,
        }
    }

    fn memories() -> Memories {
        let away = TargetStatus {
            problem: Some("it answers 503".to_owned()),
            requests: Some(1_204),
            rate_limit_remaining: Some(-3),
            ..target("team", TargetState::Retrying)
        };
        let targets = vec![target("hook", TargetState::Ready), away];
        let behind = CursorStatus {
            lag_seconds: Some(90),
            delivered: Some(1_036),
            retried: Some(2),
            dead: Some(1),
            problem: Some("it answers 503".to_owned()),
            ..cursor(Platform::Reddit, 4)
        };
        Memories { targets, cursors: vec![cursor(Platform::Twitter, 0), behind] }
    }

    #[test]
    fn memories_and_what_they_lack_are_shown() {
        assert_eq!(
            render(&memories(), true, 200, Paint::PLAIN),
            "memories\n  \
             hook  http  https://x.example  ready\n  \
             team  http  https://x.example  retrying  1,204 requests, -3 left  it answers 503\n\n\
             runs\n  \
             market-1  twitter  team  graph market  round 12  up to date\n  \
             market-1  reddit   team  graph market  round 12  4 actions, 1 min 30 s behind  \
             1,036 delivered, 2 retried, 1 dead  it answers 503"
        );
    }

    #[test]
    fn without_a_run_only_what_needs_a_look_is_shown() {
        let text = render(&memories(), false, 200, Paint::PLAIN);
        assert!(!text.contains("market-1  twitter"), "{text}");
        assert!(text.contains("market-1  reddit") && text.ends_with("\n  1 world up to date"));
        let nothing = Memories { targets: vec![], cursors: vec![] };
        assert_eq!(
            render(&nothing, false, 80, Paint::PLAIN),
            "memories\n  none\n\nruns\n  no memory has anything yet"
        );
        // A letter is a reason to look, also where nothing is behind.
        let dead = CursorStatus { dead: Some(1), ..cursor(Platform::Twitter, 0) };
        assert!(needs_a_look(&dead) && !needs_a_look(&cursor(Platform::Twitter, 0)));
    }
}
