//! What is found about services, work and this machine.

use bus::QueueFacts;
use contract::memory::{CursorStatus, TargetState, TargetStatus};
use contract::status::RunStatus;
use contract::subject::{Platform, StreamName};

use super::super::diagnose;
use super::Outcome::{Problem, Warning};
use super::{MIB, at, check, healthy, node, of};
use crate::doctor::facts::{Facts, Queue, Runs, Services};
use crate::doctor::finding::CheckId;
use crate::fixtures;

fn services(facts: &mut Facts) -> &mut Services {
    facts.services.as_mut().unwrap().as_mut().unwrap()
}

fn runs(facts: &mut Facts) -> &mut Runs {
    facts.runs.as_mut().unwrap().as_mut().unwrap()
}

#[test]
fn services_that_are_missing_full_or_different_are_named() {
    let id = CheckId::Services;
    let found = ["no launcher answers", "no simulator answers", "no memory-sink answers"];
    let none = |facts: &mut Facts| services(facts).found.clear();
    check(id, none, &found.map(|found| (Warning, found, "make up")));
    let full = |facts: &mut Facts| {
        services(facts).nodes[0].runs = ["a-1", "a-2"].map(|run| run.parse().unwrap()).into();
    };
    let found = "1 node full";
    check(id, full, &[(Warning, found, "start another simulator")]);
    let differ = |facts: &mut Facts| services(facts).nodes.push(node("node-b", 2));
    let found = "the nodes play by different rules: node-a has 1, node-b has 2";
    check(id, differ, &[(Warning, found, "run the same release")]);
    let older = |facts: &mut Facts| services(facts).found[0].version = "0.0.9".to_owned();
    let found = "shoal-launcher x1 is version 0.0.9";
    check(id, older, &[(Warning, found, "install the same release of shoal-launcher")]);
    let built = |build: Option<&str>| {
        let metadata = build.map(|build| ("build".to_owned(), build.to_owned()));
        move |facts: &mut Facts| services(facts).found[1].metadata = metadata.into_iter().collect()
    };
    let found = "shoal-simulator x1 is build 65987661c2";
    check(id, built(Some("65987661c2")), &[(Warning, found, "deploy the same build")]);
    let found = "shoal-simulator x1 is of a build that does not say which";
    check(id, built(None), &[(Warning, found, "deploy the same build")]);
    let unknown = |facts: &mut Facts| facts.services = Some(Err("denied".to_owned()));
    let found = "who is there is unknown: denied";
    check(id, unknown, &[(Warning, found, "publish: { allow: [\"$SRV.INFO\"] }")]);
}

#[test]
fn memories_that_do_not_follow_are_named() {
    let id = CheckId::Services;
    let target = |state| TargetStatus {
        name: "local".to_owned(),
        kind: "sqlite".to_owned(),
        place: "local.db".to_owned(),
        state,
        problem: Some("disk full".to_owned()),
        requests: None,
        rate_limit_remaining: None,
    };
    let cursor = CursorStatus {
        run_id: "market-1".parse().unwrap(),
        platform: Platform::Reddit,
        target: "local".to_owned(),
        graph_id: "market".to_owned(),
        seq: 4,
        round: 1,
        simulated_time: None,
        published: 1_004,
        lag: 1_000,
        lag_seconds: None,
        delivered: None,
        retried: None,
        dead: None,
        problem: Some("gap".to_owned()),
    };
    let spoil = |facts: &mut Facts| {
        let states = [TargetState::Retrying, TargetState::Unauthorized, TargetState::Ready];
        services(facts).memories = states.map(target).into();
        services(facts).cursors = vec![cursor];
    };
    let advice = "see the log of shoal-memory-sink";
    check(
        id,
        spoil,
        &[
            (Warning, "memory local does not take what it gets: disk full", advice),
            (Warning, "memory local refuses our credentials: disk full", advice),
            (Warning, "the memory of market-1 (reddit) is 1,000 actions behind: gap", advice),
        ],
    );
}

#[test]
fn work_that_waits_is_named() {
    let queue = |state: Result<Option<QueueFacts>, String>| {
        let stream = StreamName::Questions;
        move |facts: &mut Facts| facts.queues = Some(vec![Queue { stream, state }])
    };
    let id = CheckId::Commands;
    let waiting = QueueFacts { pending: 3, in_work: 1, waiting: 0 };
    let found = "4 questions wait, and nobody takes them";
    check(id, queue(Ok(Some(waiting))), &[(Problem, found, "start one: `make up`")]);
    check(id, queue(Ok(Some(QueueFacts { waiting: 1, ..waiting }))), &[]);
    check(id, queue(Ok(None)), &[]);
    let found = "who takes questions is unknown: denied";
    check(id, queue(Err("denied".to_owned())), &[(Warning, found, "publish: { allow:")]);
    let stuck = |facts: &mut Facts| {
        let mut queued = fixtures::status("market-2", RunStatus::Queued);
        queued.created_at = at(0);
        let mut running = fixtures::status("market-3", RunStatus::Running);
        running.updated_at = at(0);
        runs(facts).readable = vec![queued, running];
        runs(facts).unreadable = vec!["sim.env-status.odd-1".to_owned()];
    };
    check(
        CheckId::Runs,
        stuck,
        &[
            (
                Warning,
                "market-2 is queued: no node has taken it yet: none runs here, or all slots are taken (`shoal doctor`)",
                "start a simulator (`make up`), or `shoal stop market-2`",
            ),
            (
                Warning,
                "market-3 is running: no news from its worker: a simulator takes it over if one \
                 is there",
                "start a simulator (`make up`), or `shoal stop market-3`",
            ),
            (
                Warning,
                "the state on sim.env-status.odd-1 cannot be read",
                "see who wrote it: nats stream get --last-for sim.env-status.odd-1",
            ),
        ],
    );
    let unknown = |facts: &mut Facts| facts.runs = Some(Err("denied".to_owned()));
    let found = "the runs are unknown: denied";
    check(CheckId::Runs, unknown, &[(Warning, found, "see permissions")]);
}

#[test]
fn more_stuck_runs_than_fit_are_counted() {
    let mut facts = healthy();
    let numbers = 1..=25;
    runs(&mut facts).readable = numbers
        .map(|number| {
            let mut run = fixtures::status(&format!("market-{number}"), RunStatus::Queued);
            run.created_at = at(0);
            run
        })
        .collect();
    let check = of(diagnose(&facts), CheckId::Runs);
    assert_eq!(check.findings.len(), 21);
    assert_eq!(check.findings[20].found, "5 more are stuck");
}

#[test]
fn dead_letters_are_counted_by_service() {
    let id = CheckId::DeadLetters;
    let some = |facts: &mut Facts| {
        let letters = [("memory-sink", 1_000), ("simulator", 2)];
        facts.letters = Some(Ok(letters.map(|(name, n)| (name.to_owned(), n)).into()));
    };
    let found = "1,002 dead letters: 1,000 by memory-sink, 2 by simulator";
    check(id, some, &[(Warning, found, "nats stream view SIM_DEAD_LETTERS")]);
    let unknown = |facts: &mut Facts| facts.letters = Some(Err("denied".to_owned()));
    check(id, unknown, &[(Warning, "whether there are any is unknown: denied", "see permissions")]);
}

#[test]
fn this_machine_has_room_and_is_set_up() {
    let free = |free: u64| move |facts: &mut Facts| facts.disk.as_mut().unwrap().free = free;
    let id = CheckId::Disk;
    let advice = "`du -xh --max-depth=2 /data | sort -h | tail`";
    check(id, free(1024 * MIB), &[]);
    check(id, free(512 * MIB), &[(Warning, "512.0 MiB free at /data", advice)]);
    check(id, free(MIB), &[(Problem, "1.0 MiB free at /data", advice)]);
    let unknown = |facts: &mut Facts| facts.disk = Err("/x is no folder".to_owned());
    check(id, unknown, &[(Warning, "/x is no folder", "export SHOAL_DATA_DIR=")]);
    let misspelt = |facts: &mut Facts| {
        let pair = ("SHOAL_SLOT".to_owned(), "SHOAL_SLOTS".to_owned());
        facts.configuration.misspelt = vec![pair];
    };
    let found = "SHOAL_SLOT is set, which nothing reads";
    check(CheckId::Configuration, misspelt, &[(Warning, found, "rename it to SHOAL_SLOTS")]);
}
