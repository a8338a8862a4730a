//! The diagnosis as text and as JSON.

use bus::Role;
use contract::version::V1;
use serde::Serialize;

use super::finding::{Check, Finding, Outcome};
use crate::output::{Paint, columns, counted, one_line};
use crate::wrap::wrap;

/// Columns before the facts of a finding.
const INDENT: usize = 14;

/// The whole report as one document.
#[derive(Serialize)]
pub struct Report<'a> {
    /// Its version.
    pub v: V1,
    /// Where the bus is, without secrets.
    pub url: &'a str,
    /// The prefix that was looked at.
    pub prefix: &'a str,
    /// Whose rights were looked at.
    pub role: Role,
    /// The worst of the checks that were made.
    pub outcome: Outcome,
    /// All checks.
    pub checks: &'a [Check],
}

/// The worst outcome of those that were looked at.
pub fn worst(checks: &[Check]) -> Outcome {
    let outcomes = checks.iter().map(|check| check.outcome);
    outcomes.filter(|outcome| *outcome != Outcome::Skipped).max().unwrap_or(Outcome::Ok)
}

/// A line per check, then what to do, the worst last.
pub fn render(report: &Report<'_>, width: usize, paint: Paint) -> String {
    let Report { url, prefix, role, checks, .. } = report;
    let heading = format!("shoal doctor: {url}, prefix {prefix}, as {}", role.as_str());
    let rows: Vec<Vec<String>> = checks.iter().map(|check| row(check, paint)).collect();
    let mut lines = vec![paint.bold(&heading), String::new()];
    lines.extend(columns(&rows, &[]).iter().map(|line| wrap(line, width, 19)));
    for outcome in [Outcome::Warning, Outcome::Problem] {
        let findings: Vec<(&Check, &Finding)> = checks
            .iter()
            .flat_map(|check| check.findings.iter().map(move |finding| (check, finding)))
            .filter(|(_, finding)| finding.outcome == outcome)
            .collect();
        if findings.is_empty() {
            continue;
        }
        let noun = if outcome == Outcome::Warning { "warning" } else { "problem" };
        let title = format!("{}:", counted(findings.len() as u64, noun));
        lines.extend([String::new(), color(&title, outcome, paint)]);
        for (check, finding) in findings {
            lines.push(String::new());
            lines.extend(describe(check, finding, paint).map(|line| wrap(&line, width, INDENT)));
        }
    }
    lines.join("\n")
}

fn row(check: &Check, paint: Paint) -> Vec<String> {
    let summary = match check.outcome {
        Outcome::Skipped => paint.dim(&format!("skipped: {}", check.summary)),
        Outcome::Ok | Outcome::Warning | Outcome::Problem => one_line(&check.summary, 500),
    };
    vec![mark(check.outcome, paint), check.id.as_str().to_owned(), summary]
}

fn describe(check: &Check, finding: &Finding, paint: Paint) -> [String; 3] {
    let name = |text: &str| paint.dim(&format!("{text:<8}"));
    [
        format!("{} {}: {}", mark(finding.outcome, paint), check.id.as_str(), finding.found),
        format!("    {}  {}", name("expected"), finding.expected),
        format!("    {}  {}", name("do"), finding.advice),
    ]
}

fn mark(outcome: Outcome, paint: Paint) -> String {
    let mark = match outcome {
        Outcome::Ok => "✓",
        Outcome::Skipped => "-",
        Outcome::Warning => "!",
        Outcome::Problem => "✗",
    };
    color(mark, outcome, paint)
}

fn color(text: &str, outcome: Outcome, paint: Paint) -> String {
    match outcome {
        Outcome::Ok => paint.green(text),
        Outcome::Skipped => paint.dim(text),
        Outcome::Warning => paint.yellow(text),
        Outcome::Problem => paint.red(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::{CheckId, problem, warning};

    #[test]
    fn what_is_worst_is_said_last_and_with_what_to_do() {
        let checks = [
            Check::of(CheckId::Clock, problem("off by an hour", "right", "timedatectl")),
            Check::new(CheckId::Features, "all", vec![]),
            Check::of(CheckId::Disk, warning("5 B free", "6 B", "buy one")),
            Check::skipped(CheckId::Runs, "there is no connection"),
        ];
        let (url, prefix, role) = ("nats://host:1", "sim", Role::Cli);
        let report = Report { v: V1, url, prefix, role, outcome: worst(&checks), checks: &checks };
        assert_eq!(render(&report, 100, Paint::PLAIN), TEXT);
        assert_eq!(report.outcome, Outcome::Problem);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["checks"][0]["findings"][0]["advice"], "timedatectl");
        assert_eq!(
            (&json["checks"][3]["outcome"], &json["role"]),
            (&"skipped".into(), &"cli".into())
        );
    }

    const TEXT: &str = "\
shoal doctor: nats://host:1, prefix sim, as cli

✗  clock     off by an hour
✓  features  all
!  disk      5 B free
-  runs      skipped: there is no connection

1 warning:

! disk: 5 B free
    expected  6 B
    do        buy one

1 problem:

✗ clock: off by an hour
    expected  right
    do        timedatectl";

    #[test]
    fn nothing_but_skipped_checks_is_nothing_wrong() {
        assert_eq!(worst(&[Check::skipped(CheckId::Runs, "why")]), Outcome::Ok);
    }
}
