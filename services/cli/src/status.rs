//! `ls` and `status`: what is known of runs, and how a run is found by its name.

use contract::id::{RunId, SimulationId};
use contract::options::RunOptions;
use contract::problem::suggest;
use contract::source::Source;
use contract::status::{EnvStatus, PlatformStatus, RunStatus};
use contract::subject::StreamName;
use contract::timestamp::Timestamp;

use crate::client::Client;
use crate::failure::Failure;
use crate::follow::parse_status;
use crate::models;
use crate::output::{Output, Paint, columns, count, counted, one_line, span};
use crate::report::{last_error, status_word};
use crate::wrap::{shorten_digest, wrap};

/// Columns before the facts of a run: as wide as `environment`, the longest of their names.
const FACT_COLUMN: usize = 15;

/// `shoal ls`.
///
/// # Errors
/// If the bus cannot be read.
pub async fn ls(client: &Client, output: &mut Output<'_>) -> Result<(), Failure> {
    let mut runs = all_runs(client).await?;
    runs.retain(|run| run.status != RunStatus::Deleted);
    runs.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.run_id.cmp(&b.run_id)));
    if client.json {
        return Ok(output.print_json(&runs)?);
    }
    if runs.is_empty() {
        return Ok(output.print("no runs yet: `shoal run FOLDER` starts one")?);
    }
    let text = render_list(&runs, now(), output.paint());
    Ok(output.print(&text)?)
}

/// `shoal status`.
///
/// # Errors
/// If there is no such run, or the bus cannot be read.
pub async fn status(client: &Client, name: &str, output: &mut Output<'_>) -> Result<(), Failure> {
    let run = find_any_run(client, name).await?;
    if client.json {
        return Ok(output.print_json(&run)?);
    }
    let text = render(&run, now(), output.width(), output.paint());
    Ok(output.print(&text)?)
}

/// The run of this name, or the newest run of the simulation of this name.
///
/// # Errors
/// If there is none, with the name that was probably meant, or none any more.
pub async fn find_run(client: &Client, name: &str) -> Result<EnvStatus, Failure> {
    let run = find_any_run(client, name).await?;
    match run.status {
        RunStatus::Deleted => Err(Failure::bad_input(was_deleted(&run))),
        _ => Ok(run),
    }
}

/// What to say of a run of which only the name is left.
pub fn was_deleted(run: &EnvStatus) -> String {
    format!("run {} was deleted on {}", run.run_id, run.updated_at)
}

/// As [`find_run`], but a run's own name finds it also where it was deleted.
async fn find_any_run(client: &Client, name: &str) -> Result<EnvStatus, Failure> {
    if let Ok(run) = name.parse::<RunId>() {
        let subject = client.bus.prefix().env_status(&run);
        if let Some(stored) = client.bus.last(StreamName::EnvStatus, &subject).await? {
            return parse_status(&stored.body);
        }
    }
    choose(name, all_runs(client).await?).map_err(Failure::bad_input)
}

/// All runs, those that were deleted too.
pub(crate) async fn all_runs(client: &Client) -> Result<Vec<EnvStatus>, Failure> {
    let everything = client.bus.prefix().all(StreamName::EnvStatus);
    let stored = client.bus.read_last_per_subject(StreamName::EnvStatus, &everything).await?;
    stored.iter().map(|stored| parse_status(&stored.body)).collect()
}

/// The run that `name` means, of those that there are.
fn choose(name: &str, runs: Vec<EnvStatus>) -> Result<EnvStatus, String> {
    let (simulation, number) = match (name.parse::<RunId>(), name.parse::<SimulationId>()) {
        (Ok(run), _) => (run.simulation(), Some(run.number())),
        (Err(_), Ok(simulation)) => (simulation, None),
        (Err(_), Err(_)) => {
            let (name, hint) = (one_line(name, 80), hint(name, &runs));
            return Err(format!("{name:?} is neither a run's nor a simulation's id: {hint}"));
        }
    };
    let number_of = |run: &EnvStatus| run.run_id.number();
    let runs: Vec<_> = runs.into_iter().filter(|run| run.status != RunStatus::Deleted).collect();
    let (own, others): (Vec<_>, Vec<_>) =
        runs.into_iter().partition(|run| run.simulation_id == simulation);
    let newest = own.iter().map(number_of).max();
    let wanted = number.or(newest);
    match (own.into_iter().find(|run| Some(number_of(run)) == wanted), newest) {
        (Some(run), _) => Ok(run),
        (None, Some(newest)) => {
            let newest = simulation.run(newest);
            Err(format!("there is no run {name:?}: the newest of its simulation is {newest}"))
        }
        (None, None) => {
            let hint = hint(name, &others);
            Err(format!("there is no run of a simulation {:?}: {hint}", simulation.as_str()))
        }
    }
}

/// What somebody may have meant who typed a name that nothing has.
fn hint(name: &str, runs: &[EnvStatus]) -> String {
    let names: Vec<&str> =
        runs.iter().flat_map(|run| [run.run_id.as_str(), run.simulation_id.as_str()]).collect();
    match suggest(name, &names) {
        Some(meant) => format!("did you mean {meant}?"),
        None if runs.is_empty() => "there are no runs yet".to_owned(),
        None => "`shoal ls` lists the runs".to_owned(),
    }
}

/// What keeps a run from going on, if something does, for a terminal.
pub fn trouble(run: &EnvStatus, now: Timestamp) -> Option<String> {
    run.trouble(now).map(|text| one_line(&text, 400))
}

fn now() -> Timestamp {
    Timestamp::from_milliseconds(kit::now_milliseconds())
}

/// One line per run.
fn render_list(runs: &[EnvStatus], now: Timestamp, paint: Paint) -> String {
    let headings = ["RUN", "STATUS", "ROUND", "ACTIONS", "AGE", "NODE"];
    let mut rows = vec![headings.map(|heading| paint.bold(heading)).to_vec()];
    rows.extend(runs.iter().map(|run| {
        let round = run.platforms.iter().map(|world| world.round).min().unwrap_or(0);
        let actions = run.platforms.iter().map(|world| world.actions).sum();
        vec![
            run.run_id.to_string(),
            status_word(run.status, run.word(now), paint),
            format!("{round}/{}", run.options.rounds),
            count(actions),
            span(age(run.created_at, now)),
            run.node.as_deref().map_or("-".to_owned(), |node| one_line(node, 40)),
        ]
    }));
    columns(&rows, &[2, 3, 4]).join("\n")
}

/// All of one run.
fn render(run: &EnvStatus, now: Timestamp, width: usize, paint: Paint) -> String {
    let status = status_word(run.status, run.word(now), paint);
    let mut lines = vec![format!("{} {status}", paint.bold(run.run_id.as_str()))];
    lines.extend(trouble(run, now).map(|trouble| format!("  {}", paint.yellow(&trouble))));
    lines.extend(run.reason.iter().map(|reason| format!("  {}", one_line(reason, 500))));
    lines.extend(last_error(run.last_error.as_deref(), paint));
    // Of a deleted run there is no more to tell of its worlds.
    let worlds = run.platforms.iter().filter(|_| run.status != RunStatus::Deleted);
    lines.extend(columns(&worlds.map(world_row).collect::<Vec<_>>(), &[]));
    let facts = facts(run, now, width.saturating_sub(FACT_COLUMN));
    let facts: Vec<Vec<String>> = facts
        .into_iter()
        .map(|(name, value)| vec![format!("  {}", paint.dim(name)), value])
        .collect();
    lines = lines.iter().map(|line| wrap(line, width, 4)).collect();
    lines.push(String::new());
    lines.extend(columns(&facts, &[]).iter().map(|line| wrap(line, width, FACT_COLUMN)));
    lines.join("\n")
}

fn world_row(world: &PlatformStatus) -> Vec<String> {
    let failed = match world.actions.saturating_sub(world.succeeded) {
        0 => String::new(),
        failed => format!(" ({} failed)", count(failed)),
    };
    vec![
        format!("  {}", world.platform),
        world.status.to_string(),
        format!("round {} of {}", world.round, world.rounds),
        format!("{}{failed}", counted(world.actions, "action")),
        format!("{} simulated", span(world.simulated_minutes * 60_000)),
    ]
}

/// What is known of a run. `room`: the columns that there are for a digest.
fn facts(run: &EnvStatus, now: Timestamp, room: usize) -> Vec<(&'static str, String)> {
    let when = |at: Timestamp| format!("{at} ({} ago)", span(age(at, now)));
    if run.status == RunStatus::Deleted {
        let mut facts = vec![
            ("simulation", run.simulation_id.to_string()),
            ("spec", shorten_digest(&run.spec_digest, room)),
            ("options", options(&run.options)),
            ("created", when(run.created_at)),
        ];
        facts.extend(run.ended_at.map(|at| ("ended", when(at))));
        facts.push(("deleted", when(run.updated_at)));
        return facts;
    }
    let memory = run.memory.iter().map(|memory| {
        format!("{} (graph {})", one_line(&memory.target, 60), one_line(&memory.graph_id, 80))
    });
    let memory = memory.collect::<Vec<_>>().join(", ");
    let digests = run.platforms.iter();
    let digests: Vec<String> = digests
        .map(|world| format!("{} {}", world.platform, shorten_digest(&world.digest, 0)))
        .collect();
    let mut facts = vec![
        ("simulation", run.simulation_id.to_string()),
        ("spec", shorten_digest(&run.spec_digest, room)),
        ("digests", digests.join(", ")),
        ("options", options(&run.options)),
    ];
    let sources: Vec<String> = run.options.sources.iter().map(source).collect();
    facts.extend((!sources.is_empty()).then(|| ("listens to", sources.join(", "))));
    facts.extend(models_of(run));
    let parent = run.parent.as_ref();
    facts.extend(parent.map(|it| ("forked from", format!("{} at round {}", it.run_id, it.round))));
    facts.extend([
        ("memory", if memory.is_empty() { "none".to_owned() } else { memory }),
        ("held by", holder(run)),
        ("environment", if run.alive { "open" } else { "closed" }.to_owned()),
        ("created", when(run.created_at)),
    ]);
    facts.extend(run.started_at.map(|at| ("started", when(at))));
    facts.push(("last news", when(run.updated_at)));
    facts.extend(run.ended_at.map(|at| ("ended", when(at))));
    facts
}

/// Who decides by asking a language model, and what that took beside the caps that there are.
fn models_of(run: &EnvStatus) -> Vec<(&'static str, String)> {
    let rules = run.options.llm.as_ref().map(|llm| ("models", models::rules(llm)));
    let budget = run.options.budget.as_ref();
    let is_told = run.asks_models() || budget.is_some();
    let spent = is_told.then(|| ("spent", models::spent(&run.spent(), budget, None)));
    rules.into_iter().chain(spent).collect()
}

fn options(options: &RunOptions) -> String {
    let pace = match options.pace_milli {
        0 => "as fast as possible".to_owned(),
        milli => format!("{}.{:03} rounds a second", milli / 1000, milli % 1000),
    };
    format!("{}, seed {}, {pace}", counted(u64::from(options.rounds), "round"), options.seed)
}

/// A world that is listened to, and where its posts go.
fn source(source: &Source) -> String {
    let speaker =
        source.speaker.map_or(String::new(), |agent| format!(", posted by agent {agent}"));
    format!("{source} (into {}{speaker})", source.into)
}

fn holder(run: &EnvStatus) -> String {
    let (Some(worker), Some(node)) = (&run.worker, &run.node) else {
        return "nobody yet".to_owned();
    };
    let (worker, node) = (one_line(worker, 60), one_line(node, 60));
    let had = if run.held { "" } else { "nobody now; last by " };
    format!("{had}worker {worker} on node {node}, epoch {}", run.epoch)
}

/// Milliseconds from `at` to `now`; 0 if our clock is behind.
fn age(at: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.milliseconds() - at.milliseconds()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;
    use crate::output::visible;
    use contract::llm::{Budget, LlmOptions};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn some_runs() -> Vec<EnvStatus> {
        ["market-2", "market-10", "market-1", "pier-1"]
            .map(|run| fixtures::status(run, RunStatus::Completed))
            .to_vec()
    }

    #[test]
    fn a_name_means_a_run_or_a_simulations_newest_run() {
        let chosen = |name| choose(name, some_runs()).map(|run| run.run_id.to_string());
        assert_eq!(chosen("market-2"), Ok("market-2".to_owned()));
        assert_eq!(chosen("market"), Ok("market-10".to_owned()));
        for (name, expected) in [
            ("market-3", "there is no run \"market-3\": the newest of its simulation is market-10"),
            ("markt-1", "there is no run of a simulation \"markt\": did you mean market-1?"),
            ("markt", "there is no run of a simulation \"markt\": did you mean market?"),
            ("tower", "there is no run of a simulation \"tower\": `shoal ls` lists the runs"),
            (
                "../x",
                "\"../x\" is neither a run's nor a simulation's id: `shoal ls` lists the runs",
            ),
        ] {
            assert_eq!(chosen(name), Err(expected.to_owned()));
        }
        assert_eq!(
            choose("market-1", Vec::new()).unwrap_err(),
            "there is no run of a simulation \"market\": there are no runs yet"
        );
    }

    #[test]
    fn silence_is_trouble_only_where_a_worker_is_promised() {
        let soon = at("2026-03-01T10:01:05Z");
        let late = at("2026-03-01T10:01:11Z");
        let running = fixtures::status("market-1", RunStatus::Running);
        assert_eq!((running.word(soon), trouble(&running, soon)), ("running", None));
        assert_eq!(running.word(late), "recovering");
        assert!(trouble(&running, late).unwrap().starts_with("no news from its worker"));
        let completed = fixtures::status("market-1", RunStatus::Completed);
        assert_eq!((completed.word(late), trouble(&completed, late)), ("completed", None));
        let queued = fixtures::status("market-1", RunStatus::Queued);
        assert_eq!(trouble(&queued, at("2026-03-01T10:00:04Z")), None);
        assert!(trouble(&queued, soon).unwrap().starts_with("no node has taken it yet"));
        assert_eq!(queued.word(late), "queued");
    }

    #[test]
    fn a_list_shows_the_slower_world_and_all_actions() {
        let mut running = fixtures::status("market-1", RunStatus::Running);
        (running.platforms[0].round, running.platforms[0].actions) = (13, 1200);
        (running.platforms[1].round, running.platforms[1].actions) = (12, 34);
        let mut queued = fixtures::status("pier-12", RunStatus::Queued);
        queued.node = None;
        let list = render_list(&[running, queued], at("2026-03-01T10:01:00Z"), Paint::PLAIN);
        assert_eq!(
            list,
            "RUN       STATUS   ROUND  ACTIONS    AGE  NODE\n\
             market-1  running  12/48    1,234  1 min  node-a\n\
             pier-12   queued    0/48        0  1 min  -"
        );
    }

    #[test]
    fn a_status_shows_everything() {
        let mut run = fixtures::status("market-1", RunStatus::Failed);
        run.reason = Some("three claims without a tick".to_owned());
        run.last_error = Some("worker died:\n\x1b[2Jsignal 9".to_owned());
        run.held = false;
        run.alive = false;
        run.ended_at = Some(at("2026-03-01T10:01:00Z"));
        let parent = "pier-2".parse().unwrap();
        run.parent = Some(contract::past::Parent { run_id: parent, round: 11, command: 77 });
        let world = &mut run.platforms[0];
        (world.status, world.round, world.simulated_minutes) = (RunStatus::Failed, 12, 720);
        (world.actions, world.succeeded) = (132, 129);
        let text = render(&run, at("2026-03-01T10:02:00Z"), 80, Paint::PLAIN);
        let spec = run.spec_digest.to_string();
        let zero = "0".repeat(12);
        let expected = [
            "market-1 failed".to_owned(),
            "  three claims without a tick".to_owned(),
            "  last error: worker died: [2Jsignal 9".to_owned(),
            "  twitter  failed  round 12 of 48  132 actions (3 failed)  12 h simulated".to_owned(),
            "  reddit   queued  round 0 of 48   0 actions               0 ms simulated".to_owned(),
            String::new(),
            "  simulation   market".to_owned(),
            format!("  spec         {spec}"),
            format!("  digests      twitter {zero}…, reddit {zero}…"),
            "  options      48 rounds, seed 7, 0.800 rounds a second".to_owned(),
            "  forked from  pier-2 at round 11".to_owned(),
            "  memory       local (graph market)".to_owned(),
            "  held by      nobody now; last by worker worker-1 on node node-a, epoch 1".to_owned(),
            "  environment  closed".to_owned(),
            "  created      2026-03-01T10:00:00.000Z (2 min ago)".to_owned(),
            "  started      2026-03-01T10:00:01.000Z (1 min 59 s ago)".to_owned(),
            "  last news    2026-03-01T10:01:00.000Z (1 min ago)".to_owned(),
            "  ended        2026-03-01T10:01:00.000Z (1 min ago)".to_owned(),
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_models_took_is_shown_beside_the_caps() {
        let shown = |run: &EnvStatus| -> Vec<String> {
            let text = render(run, at("2026-03-01T10:02:00Z"), 120, Paint::PLAIN);
            let is_told = |line: &&str| line.contains("  models  ") || line.contains("  spent  ");
            text.lines().filter(is_told).map(str::to_owned).collect()
        };
        let mut run = fixtures::status("market-1", RunStatus::Running);
        assert_eq!(shown(&run), [""; 0]);
        let rules = vec!["main".parse().unwrap(), "reddit=boost".parse().unwrap()];
        run.options.llm = Some(LlmOptions { rules, decision_seconds: 60, round_seconds: 300 });
        run.options.budget = Some(Budget { requests: Some(5_000), ..Budget::default() });
        run.platforms[0].spent.decisions = 3;
        run.platforms[1].spent.usage.requests = 4;
        assert_eq!(
            shown(&run),
            [
                "  models       main, reddit=boost; 60 s a decision, 300 s a round",
                "  spent        3 decisions, 4 of 5,000 requests, 0 tokens, 0.00",
            ]
        );
    }

    #[test]
    fn a_deleted_run_is_known_by_its_own_name_alone() {
        let mut runs = some_runs();
        runs.push(fixtures::status("market-11", RunStatus::Deleted));
        assert_eq!(choose("market", runs).unwrap().run_id.as_str(), "market-10");
        let mut run = fixtures::status("market-11", RunStatus::Deleted);
        run.reason = Some("deleted by cli".to_owned());
        let text = render(&run, at("2026-03-01T10:02:00Z"), 80, Paint::PLAIN);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..2], ["market-11 deleted", "  deleted by cli"]);
        assert!(lines.last().unwrap().starts_with("  deleted     2026-03-01T10:0"), "{text}");
        assert!(!text.contains("round 0"), "{text}");
    }

    #[test]
    fn a_status_fits_the_screen() {
        let mut run = fixtures::status("market-1", RunStatus::Running);
        run.last_error = Some("the bus did not answer in time ".repeat(9));
        run.worker = Some("worker-of-the-night-market".to_owned());
        for world in &mut run.platforms {
            (world.round, world.rounds, world.simulated_minutes) = (144, 144, 4319);
            (world.actions, world.succeeded) = (12_345, 12_222);
        }
        for width in [60, 72, 80, 120] {
            let text = render(&run, at("2026-03-01T11:02:00Z"), width, Paint::PLAIN);
            assert!(text.lines().all(|line| visible(line) <= width), "{width}:\n{text}");
            assert_eq!(text.contains(&run.spec_digest.to_string()), width >= 80);
        }
    }
}
