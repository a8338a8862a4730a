//! `shoal check`: what a simulation folder says, or all that is wrong with it. Needs no bus.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use contract::problem::Problem;
use contract::spec::{Profile, Spec, Stance};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use intake::{CONFIG_FILE, Intake, Limits, REDDIT_FILE, TWITTER_FILE, YAML_FILE};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{Output, Paint, columns, count, counted, one_line, span};

pub(crate) const ABOUT: &str = "\
Read simulation folders and say what was understood, or list everything that is wrong with them: \
each problem with its place, what was found and what was expected. Needs no bus.

The exit code is 2 if there is a problem in any of the folders.

With --json: {\"ok\": .., \"folders\": [{\"folder\": .., \"problems\": [..], \"simulation\": ..}]}, \
one document for all of them; a folder with problems has no simulation.

Example:
  shoal check samples/lantern-pier samples/tea-house";

/// Arguments of `check`.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// Folders: each with a simulation.yaml, or a simulation_config.json and profiles beside it
    #[arg(required = true, value_name = "FOLDER")]
    pub folders: Vec<PathBuf>,
    /// Refuse more agents than this
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_agents: Option<u32>,
    /// Refuse more rounds than this
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_rounds: Option<u32>,
}

/// Rows of the table of types; the rest are one row.
const MAX_TYPES: usize = 12;

/// All that was read.
#[derive(Debug, Serialize)]
struct Report {
    ok: bool,
    folders: Vec<Checked>,
}

/// What became of one folder.
#[derive(Debug, Serialize)]
struct Checked {
    folder: String,
    problems: Vec<Problem>,
    /// There if there is no problem.
    simulation: Option<Understood>,
}

/// What a folder says, counted.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Understood {
    simulation_id: String,
    agents: usize,
    rounds: u32,
    minutes_per_round: u32,
    simulated_hours: u32,
    start_time: Timestamp,
    seed_posts: usize,
    scheduled_posts: usize,
    worlds: BTreeMap<Platform, World>,
    /// By type of agent, how many have which stance.
    types: BTreeMap<String, BTreeMap<&'static str, u64>>,
    notes: Vec<String>,
}

/// What is there before a world begins.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct World {
    follows: usize,
    past_posts: usize,
}

/// `shoal check`.
///
/// # Errors
/// If it cannot be printed. Problems of a folder are no failure of the command but its result.
pub fn check(args: &CheckArgs, json: bool, output: &mut Output<'_>) -> Result<ExitCode, Failure> {
    let usual = Limits::default();
    let limits = Limits {
        max_agents: args.max_agents.map_or(usual.max_agents, |most| most as usize),
        max_rounds: args.max_rounds.unwrap_or(usual.max_rounds),
        ..usual
    };
    let folders: Vec<Checked> = args.folders.iter().map(|path| read(path, &limits)).collect();
    let report = Report { ok: folders.iter().all(|it| it.problems.is_empty()), folders };
    if json {
        output.print_json(&report)?;
    } else {
        let paint = output.paint();
        output.print(&text(&report, paint))?;
    }
    Ok(if report.ok { ExitCode::SUCCESS } else { ExitCode::from(Failure::bad_input("").code()) })
}

fn read(path: &Path, limits: &Limits) -> Checked {
    let folder = path.display().to_string();
    match intake::read_folder(path, limits) {
        Ok(intake) => {
            Checked { folder, problems: Vec::new(), simulation: Some(understood(intake)) }
        }
        Err(problems) => {
            Checked { folder, problems: problems.as_slice().to_vec(), simulation: None }
        }
    }
}

fn understood(Intake { spec, notes }: Intake) -> Understood {
    let mut types: BTreeMap<String, BTreeMap<&'static str, u64>> = BTreeMap::new();
    for agent in &spec.agents {
        let stances = types.entry(agent.entity_type.clone()).or_default();
        *stances.entry(agent.stance.as_str()).or_default() += 1;
    }
    Understood {
        simulation_id: spec.simulation_id.to_string(),
        agents: spec.agents.len(),
        rounds: spec.time.rounds(),
        minutes_per_round: spec.time.minutes_per_round,
        simulated_hours: spec.time.total_hours,
        start_time: spec.time.start_time,
        seed_posts: spec.events.seed_posts.len(),
        scheduled_posts: spec.events.scheduled.len(),
        worlds: worlds(&spec),
        types,
        notes,
    }
}

fn worlds(spec: &Spec) -> BTreeMap<Platform, World> {
    let total = |profiles: &[Profile], of: fn(&Profile) -> usize| profiles.iter().map(of).sum();
    let world = |platform| {
        let profiles = &spec.platform(platform)?.profiles;
        let follows = total(profiles, |profile| profile.follows.len());
        let past_posts = total(profiles, |profile| profile.past_posts.len());
        Some((platform, World { follows, past_posts }))
    };
    Platform::ALL.into_iter().filter_map(world).collect()
}

/// The report for people.
fn text(report: &Report, paint: Paint) -> String {
    let mut parts: Vec<String> = report
        .folders
        .iter()
        .map(|checked| match &checked.simulation {
            Some(simulation) => sound(&checked.folder, simulation, paint),
            None => broken(&checked.folder, &checked.problems, paint),
        })
        .collect();
    let bad = report.folders.iter().filter(|checked| !checked.problems.is_empty()).count();
    if report.folders.len() > 1 {
        let problems = report.folders.iter().map(|checked| checked.problems.len()).sum();
        let folders = counted(report.folders.len() as u64, "folder");
        parts.push(match bad {
            0 => format!("{folders}, no problem"),
            _ => format!("{} in {bad} of {folders}", counted_problems(problems)),
        });
    }
    parts.join("\n\n")
}

fn counted_problems(problems: usize) -> String {
    counted(problems as u64, "problem")
}

fn sound(folder: &str, simulation: &Understood, paint: Paint) -> String {
    let Understood { rounds, minutes_per_round, simulated_hours, .. } = *simulation;
    let worlds = simulation.worlds.iter().map(|(platform, World { follows, past_posts })| {
        let follows = counted(*follows as u64, "follow");
        format!("{platform} ({follows} and {} from before)", counted(*past_posts as u64, "post"))
    });
    let row = |name: &str, value: String| vec![format!("  {name}"), value];
    let rows = [
        row("simulation", paint.bold(&simulation.simulation_id)),
        row("worlds", worlds.collect::<Vec<_>>().join(", ")),
        row("agents", count(simulation.agents as u64)),
        row(
            "time",
            format!(
                "{} of {minutes_per_round} min: {} from {}",
                counted(rounds.into(), "round"),
                span(u64::from(simulated_hours) * 3_600_000),
                &simulation.start_time.to_string()[..16].replace('T', " "),
            ),
        ),
        row(
            "posts",
            format!(
                "{} at the start, {} planned for later",
                simulation.seed_posts, simulation.scheduled_posts
            ),
        ),
    ];
    let mut lines = vec![format!("{folder}: {}", paint.green("no problem"))];
    lines.extend(columns(&rows, &[]));
    lines.push(String::new());
    lines.extend(table(&simulation.types, paint));
    if !simulation.notes.is_empty() {
        lines.push(String::new());
    }
    lines.extend(simulation.notes.iter().map(|note| format!("  note: {}", one_line(note, 500))));
    lines.join("\n")
}

/// How many agents of which type have which stance, the most frequent types first.
fn table(types: &BTreeMap<String, BTreeMap<&'static str, u64>>, paint: Paint) -> Vec<String> {
    let mut sorted: Vec<(String, [u64; 4])> = types
        .iter()
        .map(|(name, by_stance)| {
            let cells =
                Stance::WORDS.map(|(stance, _)| by_stance.get(stance).copied().unwrap_or(0));
            (one_line(name, 40), cells)
        })
        .collect();
    let add = |rows: &[(String, [u64; 4])]| {
        let total = |stance: usize| rows.iter().map(|(_, cells)| cells[stance]).sum();
        [0, 1, 2, 3].map(total)
    };
    sorted.sort_by_key(|(_, cells)| std::cmp::Reverse(cells.iter().sum::<u64>()));
    let all = add(&sorted);
    if sorted.len() > MAX_TYPES {
        let rest = sorted.split_off(MAX_TYPES - 1);
        sorted.push((format!("{} more types", rest.len()), add(&rest)));
    }
    if sorted.len() > 1 {
        sorted.push(("all".to_owned(), all));
    }
    let heads = ["  TYPE", "AGENTS"].into_iter().chain(Stance::WORDS.map(|(name, _)| name));
    let mut rows = vec![heads.map(|head| paint.dim(&head.to_uppercase())).collect::<Vec<_>>()];
    rows.extend(sorted.iter().map(|(name, cells)| {
        let sum = count(cells.iter().sum());
        [format!("  {name}"), sum].into_iter().chain(cells.map(count)).collect()
    }));
    columns(&rows, &[1, 2, 3, 4, 5])
}

/// The problems by file, in the order in which they were found.
fn broken(folder: &str, problems: &[Problem], paint: Paint) -> String {
    let mut lines = vec![format!("{folder}: {}", paint.red(&counted_problems(problems.len())))];
    let mut before = None;
    for problem in problems {
        let file = file_of(&problem.place);
        if before != Some(file) {
            lines.push(format!("  {}", paint.bold(file)));
            before = Some(file);
        }
        lines.push(format!("    {}", one_line(&problem.to_string(), 1_000)));
    }
    lines.join("\n")
}

/// Which file a place is in.
fn file_of(place: &str) -> &'static str {
    let files = [YAML_FILE, CONFIG_FILE, TWITTER_FILE, REDDIT_FILE];
    files.into_iter().find(|file| place.starts_with(file)).unwrap_or("the folder")
}
