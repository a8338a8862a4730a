//! What is deployed for Prometheus and Grafana speaks of metrics that are documented, and of each
//! alert there is a page and a case.

use std::collections::BTreeSet;
use std::process::Command;

use crate::{assert_none, read, root};

/// The names of our metrics in a text, without the endings of histograms.
fn metrics(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_lowercase() || c == '_';
    let words = text.split(|c: char| !is_part(c)).filter(|word| word.starts_with("shoal_"));
    let stem = |word: &str| {
        let endings = ["_bucket", "_sum", "_count"];
        let stem = endings.iter().find_map(|ending| word.strip_suffix(ending));
        stem.filter(|stem| stem.ends_with("_seconds")).unwrap_or(word).to_owned()
    };
    words.map(stem).collect()
}

/// The names of alerts, in order.
fn alerts() -> Vec<String> {
    let rules = read("deploy/alerts.yml");
    let names = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
    names.map(str::to_owned).collect()
}

#[test]
fn what_is_deployed_speaks_of_documented_metrics() {
    let documented = metrics(&read("docs/metrics.md"));
    let files = [
        "deploy/alerts.yml",
        "deploy/alerts.test.yml",
        "deploy/grafana/dashboards/shoal.json",
        "docs/alerts.md",
    ];
    let unknown = files.into_iter().flat_map(|file| {
        let unknown = metrics(&read(file)).into_iter().filter(|name| !documented.contains(name));
        unknown.map(move |name| format!("{file}: {name}"))
    });
    assert_none(&unknown.collect::<Vec<_>>(), "docs/metrics.md has all metrics");
    assert!(documented.len() > 30, "{documented:?}");
}

#[test]
fn each_alert_is_tried_and_explained() {
    let (cases, pages) = (read("deploy/alerts.test.yml"), read("docs/alerts.md"));
    let alerts = alerts();
    let without = alerts.iter().flat_map(|alert| {
        let is_tried = cases.contains(&format!("alertname=\"{alert}\""));
        let has_page = pages.lines().any(|line| line == format!("## {alert}"));
        let missing = [(is_tried, "no case"), (has_page, "no page")];
        missing.into_iter().filter(|(is, _)| !is).map(move |(_, what)| format!("{alert}: {what}"))
    });
    assert_none(
        &without.collect::<Vec<_>>(),
        "deploy/alerts.test.yml and docs/alerts.md have each",
    );
    let explained = pages.lines().filter_map(|line| line.strip_prefix("## "));
    assert_eq!(explained.collect::<Vec<_>>(), alerts, "one page each, in the order of the rules");
}

#[test]
fn the_dashboard_is_the_one_of_its_script() {
    let script = root().join("scripts/grafana_dashboard.py");
    let checked = Command::new("python3").arg(script).arg("--check").output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
