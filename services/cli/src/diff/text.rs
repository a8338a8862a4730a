//! Two runs side by side, for people. Pure.

use contract::action::Action;
use contract::status::RunStatus;
use contract::subject::Platform;
use serde_json::Value;

use super::compare::{Verdict, WorldDifference};
use super::inputs::SeedChange;
use super::parting::{Change, Parting};
use super::settings::Setting;
use super::{Compared, Difference, Pair, Which, table};
use crate::control::told::told;
use crate::lively::describe;
use crate::output::{Paint, columns, count, counted, one_line, visible};
use crate::report::status_word;
use crate::wrap::wrap;

/// Lines that tell how two runs part; what has no room is counted.
const CHANGES: usize = 10;

/// Commands that are named; the rest is counted.
const COMMANDS: usize = 5;

/// Characters that are shown of what a command said.
const TOLD: usize = 300;

/// Columns of a value that differs.
const VALUE: usize = 30;

/// The comparison for people.
pub(super) fn render(difference: &Difference, width: usize, paint: Paint) -> String {
    let Difference { a, b, settings, damaged_journal, platforms, .. } = difference;
    let runs = [run(Which::A, a, paint), run(Which::B, b, paint)];
    let mut lines = columns(&runs, &[]);
    lines.extend(kinship(a, b));
    if settings.total > 0 {
        lines.extend([String::new(), paint.bold("started with")]);
        lines.extend(columns(&settings.items.iter().map(setting).collect::<Vec<_>>(), &[]));
        lines.extend(more(settings.total - settings.items.len()));
    }
    for (run, is_damaged) in [(a, damaged_journal.a), (b, damaged_journal.b)] {
        lines.extend(is_damaged.then(|| {
            let run = &run.run_id;
            paint.yellow(&format!(
                "the journal of {run} is damaged (`shoal verify {run}` says where): from there on \
                 stances are those of its spec, and commands may be missing"
            ))
        }));
    }
    for (platform, world) in platforms {
        lines.push(String::new());
        lines.extend(world_lines(*platform, world, width, paint));
    }
    lines.iter().map(|line| wrap(line, width, 4)).collect::<Vec<_>>().join("\n")
}

fn run(which: Which, run: &Compared, paint: Paint) -> Vec<String> {
    vec![
        label(which, paint),
        paint.bold(run.run_id.as_str()),
        status_word(run.status, run.status.as_str(), paint),
        counted(u64::from(run.rounds_planned), "round"),
        seeds(run),
    ]
}

/// `seed 1, 8 from round 14 on`.
fn seeds(run: &Compared) -> String {
    let later = run.seed_changes.iter();
    let later = later.map(|SeedChange { round, seed }| format!(", {seed} from round {round} on"));
    std::iter::once(format!("seed {}", run.seed)).chain(later).collect()
}

/// What one run has to do with the other, if anything.
fn kinship(a: &Compared, b: &Compared) -> Option<String> {
    let forked = |run: &Compared| run.parent.as_ref().map(|it| (it.run_id.clone(), it.round));
    match (forked(a), forked(b)) {
        (_, Some((parent, round))) if parent == a.run_id => {
            Some(format!("B was forked from A after round {round}"))
        }
        (Some((parent, round)), _) if parent == b.run_id => {
            Some(format!("A was forked from B after round {round}"))
        }
        (Some((parent, a)), Some((other, b))) if parent == other => {
            Some(format!("both were forked from {parent}: A after round {a}, B after round {b}"))
        }
        _ => None,
    }
}

fn label(which: Which, paint: Paint) -> String {
    match which {
        Which::A => paint.cyan("A"),
        Which::B => paint.yellow("B"),
    }
}

fn name(which: Which) -> &'static str {
    match which {
        Which::A => "A",
        Which::B => "B",
    }
}

fn setting(setting: &Setting) -> Vec<String> {
    let value = |value: &Option<Value>| match value {
        Some(Value::String(text)) => one_line(text, VALUE),
        Some(value) => one_line(&value.to_string(), VALUE),
        None => "-".to_owned(),
    };
    vec![format!("  {}", one_line(&setting.at, 60)), value(&setting.a), value(&setting.b)]
}

fn more(number: usize) -> Option<String> {
    (number > 0).then(|| format!("  and {} more", count(number as u64)))
}

fn world_lines(
    platform: Platform,
    world: &WorldDifference,
    width: usize,
    paint: Paint,
) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", paint.bold(platform.as_str()), headline(world))];
    if world.same_digest_through_round < world.same_through_round {
        let from = world.same_digest_through_round.map_or(0, |round| round + 1);
        lines.push(paint.dim(&format!(
            "  digests differ from round {from} on: they also cover what a run was started with"
        )));
    }
    if let Some(parting) = &world.parting {
        lines.extend(changes(parting, width, paint));
        lines.push(format!("  {}", in_all(parting)));
    }
    let commands = world.commands.iter().take(COMMANDS);
    lines.extend(commands.map(|it| {
        let told = told(&it.args).join(", ");
        let told = if told.is_empty() { told } else { format!(": {}", one_line(&told, TOLD)) };
        format!("  only {} took {} in round {}{told}", label(it.run, paint), it.verb, it.tick)
    }));
    lines.extend(more(world.commands.len().saturating_sub(COMMANDS)));
    if world.parting.is_some() {
        lines.push(String::new());
        lines.extend(table::render(world, width, paint));
    }
    lines
}

/// What came of the comparison of one world.
fn headline(world: &WorldDifference) -> String {
    if let Some(which) = world.only_in {
        return format!("only {} has this world", name(which));
    }
    let same = match world.same_through_round {
        Some(round) if world.verdict == Verdict::Equal => {
            let actions = world.a.as_ref().map_or(0, |side| side.world.actions);
            return format!(
                "the same in all rounds, 0 to {round} ({})",
                counted(actions, "action")
            );
        }
        Some(round) => format!("the same up to round {round}"),
        None if world.rounds == 0 => "there is no round yet that both have".to_owned(),
        None => String::new(),
    };
    let end = match (&world.parting, world.longer) {
        (Some(parting), _) => {
            let time = parting.simulated_time.a.to_string();
            let time = time[..16].replace('T', " ");
            format!("they part in round {} ({time})", parting.round)
        }
        (None, Some(Which::A)) => behind(Which::B, world.status.b),
        (None, Some(Which::B)) => behind(Which::A, world.status.a),
        (None, None) => "which is as far as both are".to_owned(),
    };
    let parts = [same, end];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}

fn behind(which: Which, status: Option<RunStatus>) -> String {
    let name = name(which);
    match status {
        Some(status) if status.is_live() => format!("{name} is {status}, and not further yet"),
        Some(status) => format!("{name} is {status}, and has no more"),
        None => format!("{name} has no more"),
    }
}

fn changes(parting: &Parting, width: usize, paint: Paint) -> Vec<String> {
    let (mut lines, mut shown) = (Vec::new(), 0);
    for change in &parting.changes {
        let next = change_lines(change, width, paint);
        if lines.len() + next.len() > CHANGES {
            break;
        }
        lines.extend(next);
        shown += 1;
    }
    lines.extend(more(parting.changes.len() - shown));
    lines
}

/// A line for each run in which something was done; one line where it reads the same.
fn change_lines(change: &Change, width: usize, paint: Paint) -> Vec<String> {
    let room = width.saturating_sub(7);
    let line =
        |which, action| format!("  {}    {}", label(which, paint), doing(action, room, paint));
    match (&change.a, &change.b) {
        (Some(a), Some(b)) => {
            let others = format!(", with other {}", differing(a, b).join(", "));
            let words = doing(a, room, paint);
            if words == doing(b, room, paint) {
                let words = doing(a, room.saturating_sub(visible(&others)), paint);
                let (a, b) = (label(Which::A, paint), label(Which::B, paint));
                return vec![format!("  {a}, {b} {words}{others}")];
            }
            vec![line(Which::A, a), line(Which::B, b)]
        }
        (Some(a), None) => vec![line(Which::A, a)],
        (None, Some(b)) => vec![line(Which::B, b)],
        (None, None) => Vec::new(),
    }
}

fn doing(action: &Action, room: usize, paint: Paint) -> String {
    let Some(why) = &action.failure else { return describe(action, room, paint) };
    let why = format!(" (failed: {})", one_line(why, room / 3));
    format!("{}{}", describe(action, room.saturating_sub(visible(&why)), paint), paint.red(&why))
}

/// The parts of two actions that are not the same, though they read so.
fn differing(a: &Action, b: &Action) -> Vec<String> {
    let fields = |action: &Action| match serde_json::to_value(&action.body) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (a_fields, b_fields) = (fields(a), fields(b));
    let names = a_fields.keys().chain(b_fields.keys().filter(|key| !a_fields.contains_key(*key)));
    let mut names: Vec<String> =
        names.filter(|key| a_fields.get(*key) != b_fields.get(*key)).cloned().collect();
    if a.failure != b.failure {
        names.push("result".to_owned());
    }
    if a.agent_name != b.agent_name {
        names.push("agent_name".to_owned());
    }
    names
}

/// How much differs in the round in which they part.
fn in_all(parting: &Parting) -> String {
    let (only_a, only_b, otherwise) = parting.counts();
    let number = |number: usize, noun: &str| counted(number as u64, noun);
    let mut parts = Vec::new();
    if parting.reordered {
        parts.push("the same actions in another order, so that ids differ from here on".to_owned());
    } else if !parting.changes.is_empty() {
        parts.push(format!(
            "in this round: {} only in A, {} only in B, {otherwise} otherwise",
            number(only_a, "action"),
            only_b
        ));
        parts.push(format!(
            "{} only in A, {} only in B",
            number(parting.posts.a.len(), "post"),
            parting.posts.b.len()
        ));
    }
    if let Pair { a: Some(a), b: Some(b) } = parting.active_agents
        && a != b
    {
        parts.push(format!("active agents {a} and {b}"));
    }
    parts.join("; ")
}
