//! How memories do, in numbers: by target, since by run there would be as many lines as anybody
//! starts runs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use contract::memory::{
    CursorStatus, STATS, Scope, Stats, StatsAnswer, TARGETS, TargetState, TargetStatus, Targets,
    TargetsAnswer, read_answer,
};
use contract::status::EnvStatus;
use serde::de::DeserializeOwned;

use kit::metrics::Page;

/// How long the memory-sink may take for one answer: who reads metrics does not wait for long.
const PATIENCE: Duration = Duration::from_secs(1);

/// The newest runs that are looked at; older ones have usually been taken long ago.
const RUNS: usize = 50;

/// What is known of the memories.
pub(super) struct Memories {
    targets: Vec<TargetStatus>,
    cursors: Vec<CursorStatus>,
}

/// What a target has of the runs that are looked at.
#[derive(Default)]
struct Sum {
    lag: u64,
    lag_seconds: u64,
    delivered: u64,
    retried: u64,
    dead: u64,
}

/// A name, what it is about, and what it is of a sum.
type Family = (&'static str, &'static str, fn(&Sum) -> u64);

/// Asks the memory-sink; `None` if it does not answer.
pub(super) async fn ask(bus: &Bus, runs: &[Arc<EnvStatus>]) -> Option<Memories> {
    let answer: TargetsAnswer = one(bus, TARGETS, Targets.to_bytes()).await?;
    let mut newest: Vec<&Arc<EnvStatus>> = runs.iter().filter(|r| !r.memory.is_empty()).collect();
    newest.sort_by_key(|run| std::cmp::Reverse(run.created_at));
    let mut cursors = Vec::new();
    for run in newest.into_iter().take(RUNS) {
        let question = Stats { scope: Scope::Run(run.run_id.clone()) };
        // A run of which no memory has heard yet has no cursors.
        let stats: Option<StatsAnswer> = one(bus, STATS, question.to_bytes()).await;
        cursors.extend(stats.into_iter().flat_map(|stats| stats.cursors));
    }
    Some(Memories { targets: answer.targets, cursors })
}

async fn one<T: DeserializeOwned>(bus: &Bus, question: &str, body: Vec<u8>) -> Option<T> {
    let answer = bus.request(bus.prefix().memory(question), body, PATIENCE).await.ok()?;
    read_answer(&answer).ok()
}

/// Writes what there is to say; without an answer that there is none.
pub(super) fn write(page: &mut Page, memories: Option<&Memories>) {
    let is_up = usize::from(memories.is_some());
    page.single("shoal_memory_up", "1 while a memory-sink answers.", is_up);
    let Some(Memories { targets, cursors }) = memories else { return };
    let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
    for cursor in cursors {
        let sum = sums.entry(&cursor.target).or_default();
        sum.lag += cursor.lag;
        sum.lag_seconds = sum.lag_seconds.max(cursor.lag_seconds.unwrap_or(0));
        sum.delivered += cursor.delivered.unwrap_or(0);
        sum.retried = sum.retried.max(cursor.retried.unwrap_or(0));
        sum.dead += cursor.dead.unwrap_or(0);
    }
    let name = "shoal_memory_ready";
    page.family(name, "gauge", "1 while a memory takes what it gets.");
    for target in targets {
        page.line(name, &[("target", &target.name)], u8::from(target.state == TargetState::Ready));
    }
    let families: [Family; 5] = [
        (
            "shoal_memory_lag_actions",
            "Published actions that it has not taken, of the newest 50 runs.",
            |s| s.lag,
        ),
        ("shoal_memory_lag_seconds", "How long the oldest of them has waited.", |s| s.lag_seconds),
        ("shoal_memory_delivered_actions", "Actions of the newest 50 runs that it took.", |s| {
            s.delivered
        }),
        ("shoal_memory_dead_actions", "Actions of these that it refused for good.", |s| s.dead),
        (
            "shoal_memory_retried_requests",
            "Requests for one graph that were made again, at most.",
            |s| s.retried,
        ),
    ];
    for (name, about, value) in families {
        page.family(name, "gauge", about);
        for target in targets {
            let sum = sums.get(target.name.as_str());
            page.line(name, &[("target", &target.name)], sum.map_or(0, value));
        }
    }
    let name = "shoal_memory_requests_total";
    page.family(name, "counter", "Requests that it was sent since its sink was started.");
    for (target, requests) in targets.iter().filter_map(|target| Some((target, target.requests?))) {
        page.line(name, &[("target", &target.name)], requests);
    }
    let name = "shoal_memory_rate_limit_remaining";
    page.family(name, "gauge", "Requests that it says are left to this account.");
    for target in targets {
        if let Some(remaining) = target.rate_limit_remaining {
            page.line(name, &[("target", &target.name)], remaining);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::subject::Platform;

    fn cursor(target: &str, lag: u64, seconds: u64, dead: u64) -> CursorStatus {
        CursorStatus {
            run_id: "market-1".parse().unwrap(),
            platform: Platform::Twitter,
            target: target.to_owned(),
            graph_id: "market".to_owned(),
            seq: 40,
            round: 3,
            simulated_time: None,
            published: 40 + lag,
            lag,
            lag_seconds: Some(seconds),
            delivered: Some(30),
            retried: Some(2),
            dead: Some(dead),
            problem: None,
        }
    }

    #[test]
    fn each_memory_has_its_lines_and_no_run_is_named() {
        let target = |name: &str, state, remaining| TargetStatus {
            name: name.to_owned(),
            kind: "zep".to_owned(),
            place: "https://memory.example".to_owned(),
            state,
            problem: None,
            requests: Some(7),
            rate_limit_remaining: remaining,
        };
        let memories = Memories {
            targets: vec![
                target("local", TargetState::Ready, None),
                target("team", TargetState::Unauthorized, Some(-3)),
            ],
            cursors: vec![
                cursor("team", 5, 60, 1),
                cursor("team", 2, 90, 1),
                cursor("old", 1, 1, 1),
            ],
        };
        let mut page = Page::default();
        write(&mut page, Some(&memories));
        let page = page.into_text();
        for line in [
            "shoal_memory_up 1",
            "shoal_memory_ready{target=\"local\"} 1",
            "shoal_memory_ready{target=\"team\"} 0",
            "shoal_memory_lag_actions{target=\"local\"} 0",
            "shoal_memory_lag_actions{target=\"team\"} 7",
            "shoal_memory_lag_seconds{target=\"team\"} 90",
            "shoal_memory_delivered_actions{target=\"team\"} 60",
            "shoal_memory_dead_actions{target=\"team\"} 2",
            "shoal_memory_retried_requests{target=\"team\"} 2",
            "shoal_memory_requests_total{target=\"team\"} 7",
            "shoal_memory_rate_limit_remaining{target=\"team\"} -3",
        ] {
            assert!(page.lines().any(|it| it == line), "no {line} in\n{page}");
        }
        assert!(!page.contains("market"), "{page}");
        let mut page = Page::default();
        write(&mut page, None);
        assert_eq!(page.into_text().lines().next_back(), Some("shoal_memory_up 0"));
    }
}
