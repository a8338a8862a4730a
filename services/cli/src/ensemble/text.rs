//! A report for people. Pure.

use contract::subject::Platform;

use super::measure::TOP;
use super::report::{Report, RoundReport, WorldReport};
use super::statistics::{Distribution, Interval};
use crate::output::{Paint, columns, count, counted, visible};
use crate::wrap::wrap;

/// Rounds that are shown of a long run.
const ROUNDS: usize = 12;

/// The report as text.
pub(super) fn render(report: &Report, width: usize, paint: Paint) -> String {
    let runs = counted(number(report.seeds.len()), "run");
    let mut lines = vec![format!(
        "{}: {runs} of {}, seeds {}, rules {}",
        paint.bold(report.simulation_id.as_str()),
        counted(u64::from(report.rounds), "round"),
        ranges(&report.seeds),
        report.rules,
    )];
    if !report.missing_seeds.is_empty() {
        lines.push(paint.red(&format!("without seeds {}", ranges(&report.missing_seeds))));
    }
    for (platform, world) in &report.worlds {
        lines.push(String::new());
        lines.extend(measures(*platform, world, report.reach_threshold, paint));
        lines.push(String::new());
        lines.extend(rounds(world, width, paint));
    }
    lines.push(String::new());
    lines.extend(legend(report).iter().map(|line| paint.dim(&wrap(line, width, 2))));
    lines.join("\n")
}

/// What the numbers are that do not speak for themselves.
fn legend(report: &Report) -> Vec<String> {
    let mut lines = vec![match report.median_95_ranks {
        Some(ranks) => format!(
            "MEDIAN 95 %: where the median of all seeds lies, with {} confidence (ranks {} and {})",
            percent(ranks.confidence_ppm),
            ranks.low,
            ranks.high
        ),
        None => "no interval for the median: that takes at least 6 runs".to_owned(),
    }];
    let all = report.worlds.values().map(|world| world.rounds.len()).max().unwrap_or(0);
    let shown = match all > ROUNDS {
        true => format!("{ROUNDS} of {} rounds, ", count(number(all))),
        false => String::new(),
    };
    lines.push(format!(
        "rounds: {shown}medians; of the actions of a stance the share, and in brackets, where they \
         have room, the 10 % and 90 % of that; rounds.csv of --out has all of it"
    ));
    lines.push("-: not reached, or nothing to tell of".to_owned());
    lines
}

/// A line per measure.
fn measures(platform: Platform, world: &WorldReport, threshold: u64, paint: Paint) -> Vec<String> {
    let headings = ["LOWEST", "10 %", "MEDIAN", "90 %", "HIGHEST", "MEDIAN 95 %"];
    let mut rows = vec![vec![paint.bold(platform.as_str())]];
    rows[0].extend(headings.map(|heading| paint.bold(heading)));
    let mut row = |name: String, of: &Distribution| rows.push(row(&name, of));
    row("actions".to_owned(), &world.actions);
    for (name, counts) in &world.by_type {
        row(format!("  {name}"), counts);
    }
    row("failed".to_owned(), &world.failed);
    row("posts".to_owned(), &world.posts);
    for (place, reach) in (1..=TOP).zip(&world.top_reach) {
        row(format!("reach of post {place}"), reach);
    }
    let (reached, runs) = (world.threshold_reached, world.threshold_round.runs);
    row(format!("round with reach {threshold} ({reached} of {runs})"), &world.threshold_round);
    columns(&rows, &[1, 2, 3, 4, 5])
}

fn row(name: &str, of: &Distribution) -> Vec<String> {
    let mut cells = vec![format!("  {name}")];
    cells.extend([of.lowest, of.p10, of.median, of.p90, of.highest].map(value));
    cells.push(of.median_95.map_or("-".to_owned(), |Interval { low, high }| match low == high {
        true => value(low),
        false => format!("{} to {}", value(low), value(high)),
    }));
    cells
}

/// A line per round, of a long run some of them: medians.
fn rounds(world: &WorldReport, width: usize, paint: Paint) -> Vec<String> {
    let whole = round_table(world, share, paint);
    match whole.iter().all(|line| visible(line) <= width) {
        true => whole,
        // Then without brackets.
        false => round_table(world, median_share, paint),
    }
}

fn round_table(
    world: &WorldReport,
    share: fn(&Distribution) -> String,
    paint: Paint,
) -> Vec<String> {
    let stances = world.rounds.first().into_iter().flat_map(|round| round.share_ppm.keys());
    let mut headings = ["ROUND", "ACTIONS", "POSTS", "TOP REACH"].map(str::to_owned).to_vec();
    headings.extend(stances.map(|stance| stance.to_uppercase()));
    let mut rows: Vec<Vec<String>> =
        vec![headings.iter().map(|heading| paint.bold(heading)).collect()];
    rows[0][0] = format!("  {}", rows[0][0]);
    rows.extend(some_of(&world.rounds).map(|round| {
        let mut cells = vec![format!("  {}", round.round)];
        cells.extend([&round.actions, &round.posts, &round.top_reach].map(|of| value(of.median)));
        cells.extend(round.share_ppm.values().map(share));
        cells
    }));
    let right: Vec<usize> = (1..rows[0].len()).collect();
    columns(&rows, &right)
}

/// The first, the last, and evenly many between them.
fn some_of(rounds: &[RoundReport]) -> impl Iterator<Item = &RoundReport> {
    let shown = rounds.len().min(ROUNDS);
    let last = rounds.len().saturating_sub(1);
    (0..shown).map(move |place| &rounds[place * last / (shown - 1).max(1)])
}

/// `31 % (20 to 40)`: the median, and where four fifths of the runs lie.
fn share(of: &Distribution) -> String {
    let whole = |ppm: Option<u64>| ppm.map_or("-".to_owned(), |ppm| (ppm / 10_000).to_string());
    match of.median {
        None => "-".to_owned(),
        median => format!("{} % ({} to {})", whole(median), whole(of.p10), whole(of.p90)),
    }
}

/// `31 %`.
fn median_share(of: &Distribution) -> String {
    of.median.map_or("-".to_owned(), |ppm| format!("{} %", ppm / 10_000))
}

fn value(value: Option<u64>) -> String {
    value.map_or("-".to_owned(), count)
}

/// Millionths as a percentage with one decimal, rounded down.
fn percent(ppm: u64) -> String {
    format!("{}.{} %", ppm / 10_000, ppm % 10_000 / 1000)
}

/// `1 to 5, 7`.
pub(super) fn ranges(seeds: &[u64]) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for seed in seeds {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *seed => *last = *seed,
            _ => ranges.push((*seed, *seed)),
        }
    }
    let range = |(first, last): &(u64, u64)| match first == last {
        true => first.to_string(),
        false => format!("{first} to {last}"),
    };
    ranges.iter().map(range).collect::<Vec<_>>().join(", ")
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ensemble::plan::tests::plan;
    use crate::ensemble::report::tests::runs;

    #[test]
    fn a_report_reads_well() {
        let mut report = Report::new(&plan("7"), 7, &runs(&[1, 2, 3, 4, 5, 7]));
        report.rounds = 2;
        let expected = "\
tea-house: 6 runs of 2 rounds, seeds 1 to 5, 7, rules 7
without seeds 6

twitter                          LOWEST  10 %  MEDIAN  90 %  HIGHEST  MEDIAN 95 %
  actions                             1     1       3     7        7  1 to 7
    LIKE_POST                         1     1       3     7        7  1 to 7
  failed                              0     0       0     0        0  0
  posts                               0     0       0     0        0  0
  reach of post 1                     1     1       3     7        7  1 to 7
  reach of post 2                     1     1       1     1        1  1
  reach of post 3                     0     0       0     0        0  0
  reach of post 4                     0     0       0     0        0  0
  reach of post 5                     0     0       0     0        0  0
  round with reach 10 (2 of 6)        1     1       -     -        -  1 to -

  ROUND  ACTIONS  POSTS  TOP REACH      NEUTRAL     OBSERVER     OPPOSING          SUPPORTIVE
  0            3      0          0  0 % (0 to 0)  0 % (0 to 0)  0 % (0 to 0)  100 % (100 to 100)
  1            0      0          0             -             -             -                   -
  2            3      0          0  0 % (0 to 0)  0 % (0 to 0)  0 % (0 to 0)  100 % (100 to 100)

MEDIAN 95 %: where the median of all seeds lies, with 96.8 % confidence (ranks 1 and 6)
rounds: medians; of the actions of a stance the share, and in brackets, where they have room, the 10
  % and 90 % of that; rounds.csv of --out has all of it
-: not reached, or nothing to tell of";
        let simulation = report.simulation_id.as_str();
        let squeezed = |text: &str| {
            let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
            lines.map(|words| words.join(" ")).collect::<Vec<_>>()
        };
        let text = render(&report, 100, Paint::PLAIN);
        assert_eq!(squeezed(&text), squeezed(&expected.replace("tea-house", simulation)));
        for width in [80, 100] {
            let text = render(&report, width, Paint::PLAIN);
            assert!(text.lines().all(|line| visible(line) <= width), "{width}:\n{text}");
        }
    }

    #[test]
    fn of_a_long_run_some_rounds_are_shown() {
        let report = Report::new(&plan("1"), 7, &runs(&[1]));
        let round = report.worlds[&Platform::Twitter].rounds[0].clone();
        let shown = |rounds: u32| {
            let rounds = (0..rounds)
                .map(|round_number| RoundReport { round: round_number, ..round.clone() });
            let rounds: Vec<RoundReport> = rounds.collect();
            some_of(&rounds).map(|round| round.round).collect::<Vec<_>>()
        };
        assert_eq!((shown(0), shown(1), shown(3)), (vec![], vec![0], vec![0, 1, 2]));
        assert_eq!(shown(169), [0, 15, 30, 45, 61, 76, 91, 106, 122, 137, 152, 168]);
    }
}
