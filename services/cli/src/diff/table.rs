//! What became of one world in both runs, in a table. Pure.

use std::collections::BTreeSet;

use super::compare::WorldDifference;
use super::people::reached;
use super::side::SideSummary;
use crate::output::{Paint, columns, count, one_line};
use crate::summary::Count;

/// Columns of the numbers beside the names.
const NUMBERS: usize = 36;

/// The table; empty where there is nothing to count.
pub(super) fn render(world: &WorldDifference, width: usize, paint: Paint) -> Vec<String> {
    let (Some(a), Some(b)) = (&world.a, &world.b) else { return Vec::new() };
    let room = width.saturating_sub(NUMBERS).clamp(20, 60);
    let last = world.rounds.saturating_sub(1);
    let mut rows = vec![headings(&format!("rounds 0 to {last}"), paint)];
    rows.extend(totals(world, a, b));
    rows.push(heading("actions that succeeded", paint));
    rows.extend(by_type(a, b));
    rows.push(heading("by stance of the author", paint));
    rows.extend(a.by_stance.iter().map(|(stance, voices)| {
        let other = b.by_stance.get(stance).copied().unwrap_or_default();
        row(stance, Some(voices.actions), Some(other.actions))
    }));
    if !world.followers.is_empty() {
        rows.push(heading("followers that differ most", paint));
        let names = world.followers.iter();
        rows.extend(names.map(|agent| row(&one_line(&agent.name, room), agent.a, agent.b)));
    }
    if !world.posts.is_empty() {
        rows.push(heading("likes, shares and comments of posts", paint));
        rows.extend(world.posts.iter().map(|post| {
            let author = if post.author.is_empty() { "?" } else { &post.author };
            let text = format!("#{} {author}: {}", post.post_id, post.content);
            let (a, b) = (post.a.as_ref().map(reached), post.b.as_ref().map(reached));
            row(&one_line(&text, room), a, b)
        }));
    }
    columns(&rows, &[1, 2, 3])
}

fn headings(name: &str, paint: Paint) -> Vec<String> {
    vec![paint.bold(name), paint.cyan("A"), paint.yellow("B"), "B - A".to_owned()]
}

fn heading(name: &str, paint: Paint) -> Vec<String> {
    vec![paint.bold(name)]
}

fn totals(world: &WorldDifference, a: &SideSummary, b: &SideSummary) -> Vec<Vec<String>> {
    let mut rows = vec![
        row("actions", Some(a.world.actions), Some(b.world.actions)),
        row("failed", Some(a.world.failed), Some(b.world.failed)),
    ];
    if let Some(parting) = world.parting.as_ref().filter(|parting| parting.tick > 0) {
        let since = |side: &SideSummary| {
            let counts = side.since_parting.values();
            Some(counts.map(|Count { succeeded, failed }| succeeded + failed).sum())
        };
        rows.push(row(&format!("actions since round {}", parting.round), since(a), since(b)));
    }
    let active = [a, b].map(|side| format!("{:.1}", side.active_agents_per_round));
    rows.push([["  active agents a round".to_owned()].as_slice(), &active].concat());
    rows
}

fn by_type(a: &SideSummary, b: &SideSummary) -> Vec<Vec<String>> {
    let of = |side: &SideSummary, name: &str| {
        side.world.by_type.get(name).map_or(0, |count| count.succeeded)
    };
    let names: BTreeSet<&str> =
        a.world.by_type.keys().chain(b.world.by_type.keys()).copied().collect();
    names.into_iter().map(|name| row(name, Some(of(a, name)), Some(of(b, name)))).collect()
}

fn row(name: &str, a: Option<u64>, b: Option<u64>) -> Vec<String> {
    let number = |number: Option<u64>| number.map_or("-".to_owned(), count);
    vec![format!("  {name}"), number(a), number(b), apart(a.unwrap_or(0), b.unwrap_or(0))]
}

/// `+1,234`, or nothing where nothing differs.
fn apart(a: u64, b: u64) -> String {
    let by = count(a.abs_diff(b));
    match a.cmp(&b) {
        std::cmp::Ordering::Less => format!("+{by}"),
        std::cmp::Ordering::Equal => String::new(),
        std::cmp::Ordering::Greater => format!("-{by}"),
    }
}
