//! `rm`: deletes runs.

use std::collections::BTreeSet;
use std::io::{IsTerminal, stdin};

use clap::Args;
use contract::command::{Delete, Request, Verb};
use contract::id::{RunId, SimulationId};
use contract::memory::{STATS, Scope, Stats, StatsAnswer};
use contract::reply::{Reply, ReplyResult};
use contract::status::{EnvStatus, RunStatus};

use crate::ask::Patience;
use crate::ask::{ask, odd, result};
use crate::client::Client;
use crate::failure::Failure;
use crate::memory;
use crate::output::{Output, Paint, columns, count, counted, one_line};
use crate::report::status_word;
use crate::status::{all_runs, find_run};

/// Arguments of `rm`.
#[derive(Clone, Debug, Args)]
pub struct RmArgs {
    /// The runs, each by its own name (night-market-3)
    #[arg(value_name = "RUN", required = true)]
    pub runs: Vec<String>,
    /// Also if a memory has not taken all of a run's actions, or cannot be asked
    #[arg(long)]
    pub force: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// How long to wait for the answer to each.
    #[command(flatten)]
    pub patience: Patience,
}

/// `shoal rm`.
///
/// # Errors
/// If a name is no run's (then nothing is deleted), nobody can be asked, or a run is not
/// deleted.
pub async fn rm(client: &Client, args: &RmArgs, output: &mut Output<'_>) -> Result<(), Failure> {
    let somebody_answers = stdin().is_terminal() && output.is_watched();
    if !args.yes && !somebody_answers {
        let text = "nothing is deleted: there is no terminal to ask on; --yes deletes unasked";
        return Err(Failure::bad_input(text));
    }
    let runs = find_all(client, &args.runs).await?;
    if !args.yes && !is_wanted(client, &runs, output).await? {
        return Err(Failure::failed("nothing is deleted"));
    }
    let (mut replies, mut failures) = (Vec::new(), Vec::new());
    for run in &runs {
        let request = Request::Delete(Delete { force: args.force });
        let removed = match ask(client, &run.run_id, request, args.patience.duration()).await {
            Ok(reply) => {
                replies.push(reply.clone());
                removed(reply)
            }
            Err(failure) => Err(failure),
        };
        match removed {
            Ok(_) if client.json => {}
            Ok(messages) => {
                let messages = counted(messages, "message");
                output.print(&format!("{} is deleted: {messages} removed", run.run_id))?;
            }
            Err(failure) => failures.push(failure),
        }
    }
    if client.json {
        output.print_json(&replies)?;
    }
    all_of(&failures)
}

fn removed(reply: Reply) -> Result<u64, Failure> {
    match result(reply)? {
        ReplyResult::Deleted { messages } => Ok(messages),
        other => Err(odd(Verb::Delete, &other)),
    }
}

/// The runs of these names, each once; all that is wrong with the names at once.
async fn find_all(client: &Client, names: &[String]) -> Result<Vec<EnvStatus>, Failure> {
    let (mut runs, mut problems, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for name in names {
        if name.parse::<SimulationId>().is_ok() {
            problems.push(is_simulation(name, &all_runs(client).await?));
            continue;
        }
        match find_run(client, name).await {
            Ok(run) if seen.insert(run.run_id.clone()) => runs.push(run),
            Ok(_) => {}
            Err(failure @ Failure::BadInput(_)) => problems.push(failure.to_string()),
            Err(failure) => return Err(failure),
        }
    }
    match problems.is_empty() {
        true => Ok(runs),
        false => Err(Failure::bad_input(problems.join("\n"))),
    }
}

/// Elsewhere a simulation's name means its newest run. Who deletes says which one.
fn is_simulation(name: &str, runs: &[EnvStatus]) -> String {
    let own = runs.iter().filter(|run| run.simulation_id.as_str() == name);
    let mut own: Vec<&RunId> =
        own.filter(|run| run.status != RunStatus::Deleted).map(|run| &run.run_id).collect();
    own.sort_by_key(|run| run.number());
    let own: Vec<&str> = own.into_iter().map(RunId::as_str).collect();
    match own[..] {
        [] => format!("there is no run {name:?}"),
        _ => format!("{name:?} is a simulation; name the runs to delete: {}", own.join(", ")),
    }
}

/// Shows what would go, and asks.
async fn is_wanted(
    client: &Client,
    runs: &[EnvStatus],
    output: &mut Output<'_>,
) -> Result<bool, Failure> {
    let mut rows = Vec::new();
    for run in runs {
        let memory = memory_of(client, run).await;
        rows.push(row(run, &memory, output.paint_progress()));
    }
    let these = counted(u64::try_from(runs.len()).unwrap_or(u64::MAX), "run");
    output.say(&columns(&rows, &[]).join("\n"))?;
    output.say(&format!("Delete {these} for good? [y/N]"))?;
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        stdin().read_line(&mut line).map(|_| line)
    });
    let answer = answer.await.map_err(|error| Failure::Failed(error.into()))??;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// How far a run's memory is, in words, and whether that is no reason to wait.
async fn memory_of(client: &Client, run: &EnvStatus) -> (String, bool) {
    if run.memory.is_empty() {
        return ("no memory".to_owned(), true);
    }
    let question = Stats { scope: Scope::Run(run.run_id.clone()) };
    let answer: Result<StatsAnswer, Failure> =
        memory::ask(client, STATS, question.to_bytes()).await;
    match answer {
        Ok(StatsAnswer { lag: 0, .. }) => ("memory up to date".to_owned(), true),
        Ok(StatsAnswer { lag, .. }) => (format!("memory {} behind", counted(lag, "action")), false),
        Err(failure) => (format!("memory: {}", one_line(&failure.to_string(), 120)), false),
    }
}

fn row(run: &EnvStatus, (memory, is_fine): &(String, bool), paint: Paint) -> Vec<String> {
    let frames: u64 = run.platforms.iter().map(|world| u64::from(world.ticks)).sum();
    let actions = run.platforms.iter().map(|world| world.actions).sum();
    vec![
        format!("  {}", paint.bold(run.run_id.as_str())),
        status_word(run.status, run.status.as_str(), paint),
        format!("{} frames", count(frames)),
        counted(actions, "action"),
        if *is_fine { memory.clone() } else { paint.yellow(memory) },
    ]
}

/// One failure for all: what is not reachable outweighs what is wrong, and that what failed.
fn all_of(failures: &[Failure]) -> Result<(), Failure> {
    let weight = |failure: &Failure| match failure {
        Failure::NobodyReads => 4,
        Failure::Unreachable(_) => 3,
        Failure::BadInput(_) => 2,
        Failure::Failed(_) => 1,
        Failure::Usage(_) => 0,
    };
    let text = failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    match failures.iter().max_by_key(|failure| weight(failure)) {
        None => Ok(()),
        Some(Failure::Unreachable(_)) => Err(Failure::unreachable(text)),
        Some(Failure::BadInput(_)) => Err(Failure::bad_input(text)),
        Some(_) => Err(Failure::failed(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn a_simulation_is_not_deleted_by_its_name() {
        let mut runs = ["market-2", "market-10", "market-1", "pier-1"]
            .map(|run| fixtures::status(run, RunStatus::Completed));
        runs[2].status = RunStatus::Deleted;
        assert_eq!(
            is_simulation("market", &runs),
            "\"market\" is a simulation; name the runs to delete: market-2, market-10"
        );
        assert_eq!(is_simulation("tower", &runs), "there is no run \"tower\"");
    }

    #[test]
    fn it_is_shown_what_would_go() {
        let mut run = fixtures::status("market-1", RunStatus::Completed);
        for world in &mut run.platforms {
            (world.ticks, world.actions) = (49, 1200);
        }
        let row = row(&run, &("memory up to date".to_owned(), true), Paint::PLAIN);
        assert_eq!(
            row,
            ["  market-1", "completed", "98 frames", "2,400 actions", "memory up to date"]
        );
    }

    #[test]
    fn of_several_failures_the_gravest_gives_the_code() {
        let code = |failures: Vec<Failure>| all_of(&failures).map_err(|failure| failure.code());
        assert_eq!(code(vec![]), Ok(()));
        assert_eq!(code(vec![Failure::failed("a"), Failure::bad_input("b")]), Err(2));
        assert_eq!(code(vec![Failure::unreachable("a"), Failure::failed("b")]), Err(3));
        let both = all_of(&[Failure::failed("a"), Failure::failed("b")]).unwrap_err();
        assert_eq!(both.to_string(), "a\nb");
    }
}
