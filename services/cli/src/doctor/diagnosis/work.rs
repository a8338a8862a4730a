//! The work: who is there to do it, and what is left undone.

use std::collections::BTreeSet;

use bus::{Discovered, QueueFacts};
use contract::memory::TargetState;
use contract::subject::StreamName;
use kit::build::{BUILD, VERSION};

use super::known;
use crate::doctor::facts::{Facts, Queue, Runs, Services};
use crate::doctor::finding::{Check, CheckId, Finding, problem, warning};
use crate::output::{count, counted, one_line};

/// The services by the names under which they can be discovered, and what lacks without one.
const NEEDED: [(&str, &str, &str); 3] = [
    ("shoal-launcher", "launcher", "runs are not started"),
    ("shoal-simulator", "simulator", "runs are not executed"),
    ("shoal-memory", "memory-sink", "nothing is remembered"),
];

/// Runs that are listed one by one; of more, how many.
const LISTED: usize = 20;

pub(super) fn services(facts: &Facts) -> Check {
    let id = CheckId::Services;
    let services = match known(facts, id, facts.services.as_ref()) {
        Ok(Ok(services)) => services,
        Ok(Err(reason)) => {
            let found = format!("who is there is unknown: {}", one_line(reason, 200));
            let advice = "publish: { allow: [\"$SRV.INFO\"] } for this user";
            return Check::of(id, warning(found, "answers on $SRV.INFO", advice));
        }
        Err(skipped) => return skipped,
    };
    let mut findings = Vec::new();
    for (name, word, lack) in NEEDED {
        if count_of(&services.found, name) == 0 {
            let found = format!("no {word} answers");
            findings.push(warning(found, format!("one, else {lack}"), "make up"));
        }
    }
    findings.extend(nodes(services));
    findings.extend(versions(&services.found));
    findings.extend(memories(services));
    let free: u64 = services.nodes.iter().map(free_slots).sum();
    let lag: u64 = services.cursors.iter().map(|cursor| cursor.lag).sum();
    let numbers = NEEDED.map(|(name, word, _)| counted(count_of(&services.found, name), word));
    let summary = format!(
        "{}; {} free, memories {} behind",
        numbers.join(", "),
        counted(free, "slot"),
        counted(lag, "action")
    );
    Check::new(id, summary, findings)
}

fn count_of(found: &[Discovered], name: &str) -> u64 {
    found.iter().filter(|service| service.name == name).count() as u64
}

fn free_slots(node: &contract::notice::NodeInfo) -> u64 {
    u64::from(node.slots).saturating_sub(node.runs.len() as u64)
}

/// Nodes without room, and nodes that would not agree.
fn nodes(services: &Services) -> Vec<Finding> {
    let mut findings = Vec::new();
    let nodes = &services.nodes;
    if !nodes.is_empty() && nodes.iter().all(|node| free_slots(node) == 0) {
        findings.push(warning(
            format!("{} full", counted(nodes.len() as u64, "node")),
            "a free slot: a new run has to wait, unless a run that has ended makes room",
            "start another simulator, or this one with more: SHOAL_SLOTS=16",
        ));
    }
    let rules: BTreeSet<u32> = nodes.iter().map(|node| node.rules).collect();
    if rules.len() > 1 {
        let each: Vec<String> = nodes
            .iter()
            .map(|node| format!("{} has {}", one_line(&node.node, 40), node.rules))
            .collect();
        findings.push(warning(
            format!("the nodes play by different rules: {}", each.join(", ")),
            "one version of the rules, unless an upgrade is under way: a run goes on by those that it began under",
            "run the same release of shoal-simulator on all nodes, once the runs of the old one are over",
        ));
    }
    findings
}

/// Services of another version than this command line's, or of another build of the same.
fn versions(found: &[Discovered]) -> Vec<Finding> {
    let others = found.iter().filter_map(|service| {
        let name = one_line(&service.name, 40);
        let who = format!("{name} {}", service.id);
        let build = service.metadata.get("build").map(|build| one_line(build, 70));
        if service.version != VERSION {
            let found = format!("{who} is version {}", one_line(&service.version, 40));
            let advice = format!("install the same release of {name} and of shoal");
            return Some(warning(found, format!("{VERSION}, as this command line"), advice));
        }
        let found = match build {
            Some(build) if build == BUILD => return None,
            Some(build) => format!("{who} is build {build}"),
            None => format!("{who} is of a build that does not say which"),
        };
        let expected = format!("build {BUILD} of {VERSION}, as this command line");
        let advice = format!("deploy the same build of {name} and of shoal, unless you are at it");
        Some(warning(found, expected, advice))
    });
    others.collect()
}

fn memories(services: &Services) -> Vec<Finding> {
    let advice = "see the log of shoal-memory-sink and the file in SHOAL_MEMORY_TARGETS";
    let broken = services.memories.iter().filter_map(|memory| {
        let state = match memory.state {
            TargetState::Ready => return None,
            TargetState::Retrying => "does not take what it gets",
            TargetState::Unauthorized => "refuses our credentials",
        };
        let why = memory.problem.as_deref().unwrap_or("no reason given");
        let found =
            format!("memory {} {state}: {}", one_line(&memory.name, 40), one_line(why, 200));
        Some(warning(found, "a memory that takes what it gets", advice))
    });
    let stuck = services.cursors.iter().filter_map(|cursor| {
        let why = one_line(cursor.problem.as_deref()?, 200);
        let (run, world, lag) = (&cursor.run_id, cursor.platform, count(cursor.lag));
        let found = format!("the memory of {run} ({world}) is {lag} actions behind: {why}");
        Some(warning(found, "a memory that follows", advice))
    });
    broken.chain(stuck).collect()
}

pub(super) fn commands(facts: &Facts) -> Check {
    let id = CheckId::Commands;
    let queues = match known(facts, id, facts.queues.as_ref()) {
        Ok(queues) => queues,
        Err(skipped) => return skipped,
    };
    let mut findings = Vec::new();
    let mut open = 0;
    for Queue { stream, state } in queues {
        match state {
            Ok(Some(queue)) => {
                open += queue.pending + queue.in_work;
                findings.extend(nobody_takes(*stream, queue));
            }
            // Simulators make it when they start, and then find what came before.
            Ok(None) => {}
            Err(reason) => findings.push(warning(
                format!("who takes {} is unknown: {}", stream.token(), one_line(reason, 200)),
                "an answer about the consumer `guardian`",
                "publish: { allow: [\"$JS.API.CONSUMER.INFO.>\"] } for this user",
            )),
        }
    }
    Check::new(id, format!("{} not answered yet", counted(open, "command")), findings)
}

fn nobody_takes(stream: StreamName, queue: &QueueFacts) -> Option<Finding> {
    let QueueFacts { pending, in_work, waiting } = queue;
    (pending + in_work > 0 && *waiting == 0).then(|| {
        problem(
            format!("{} {} wait, and nobody takes them", count(pending + in_work), stream.token()),
            "a simulator that takes them",
            "start one: `make up`, or shoal-simulator with this NATS_URL and SHOAL_PREFIX",
        )
    })
}

pub(super) fn runs(facts: &Facts) -> Check {
    let id = CheckId::Runs;
    let Runs { readable, unreadable } = match known(facts, id, facts.runs.as_ref()) {
        Ok(Ok(runs)) => runs,
        Ok(Err(reason)) => {
            let found = format!("the runs are unknown: {}", one_line(reason, 200));
            let advice = "see permissions and streams: what is wrong there hides the runs";
            return Check::of(id, warning(found, "the latest state of each run", advice));
        }
        Err(skipped) => return skipped,
    };
    let stuck: Vec<Finding> = readable
        .iter()
        .filter_map(|run| {
            let why = run.stuck(facts.now)?;
            let found = format!("{} is {}: {why}", run.run_id, run.status);
            let advice = format!("start a simulator (`make up`), or `shoal stop {}`", run.run_id);
            Some(warning(found, "a run that goes on", advice))
        })
        .collect();
    let live = readable.iter().filter(|run| run.status.is_live()).count();
    let number = counted((readable.len() + unreadable.len()) as u64, "run");
    let summary = format!("{number}, {live} of them live, {} stuck", stuck.len());
    let mut findings = stuck;
    let more = findings.len().saturating_sub(LISTED);
    findings.truncate(LISTED);
    if more > 0 {
        findings.push(warning(format!("{more} more are stuck"), "none", "shoal ls"));
    }
    findings.extend(unreadable.iter().take(LISTED).map(|subject| {
        warning(
            format!("the state on {} cannot be read", one_line(subject, 100)),
            "an env-status document, the shape in schemas/",
            format!("see who wrote it: nats stream get --last-for {}", one_line(subject, 100)),
        )
    }));
    Check::new(id, summary, findings)
}

pub(super) fn dead_letters(facts: &Facts) -> Check {
    let id = CheckId::DeadLetters;
    let letters = match known(facts, id, facts.letters.as_ref()) {
        Ok(Ok(letters)) => letters,
        Ok(Err(reason)) => {
            let found = format!("whether there are any is unknown: {}", one_line(reason, 200));
            let advice = "see permissions and streams: what is wrong there hides them";
            return Check::of(id, warning(found, "their number", advice));
        }
        Err(skipped) => return skipped,
    };
    let number: u64 = letters.iter().map(|(_, number)| number).sum();
    if number == 0 {
        return Check::new(id, "none", vec![]);
    }
    let by: Vec<String> = letters
        .iter()
        .map(|(service, number)| format!("{} by {}", count(*number), one_line(service, 40)))
        .collect();
    let found = format!("{}: {}", counted(number, "dead letter"), by.join(", "));
    let stream = facts.prefix.stream(StreamName::DeadLetters);
    let advice =
        format!("nats stream view {stream}: each says what could not be processed and why");
    Check::of(id, warning(found, "none", advice))
}
