//! The end of all faults: everything is healed, and has to come to rest by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::fleet::Fleet;
use super::log::Log;
use super::play::Game;
use super::until;
use super::view::{Runs, Watcher};
use super::wire::Wire;

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Heals everything, speeds all runs up, and waits until each is over, each command has its
/// reply and the memory has what it should. What does not come to rest is a violation.
pub fn settle(fleet: &Fleet, watcher: &Watcher, game: &Game<'_>, log: &Log) {
    heal(fleet);
    if !until(PATIENCE, || fleet.is_ready()) {
        log.violation(format!("the services are not ready {PATIENCE:?} after the last fault"));
    }
    let mut hurried = BTreeMap::new();
    let all_over = || {
        let runs = watcher.runs();
        for (run, view) in runs.iter().filter(|(_, view)| !view.is_over()) {
            let state = hurried.entry(run.clone()).or_insert_with(String::new);
            if state == view.word() {
                continue;
            }
            view.word().clone_into(state);
            match view.word() {
                "paused" | "stopped" => game.command(run, "resume", &json!({})),
                "running" => game.command(run, "configure", &json!({"pace_milli": 0})),
                _ => continue,
            };
        }
        runs.values().all(|view| view.is_over())
    };
    if !until(PATIENCE, all_over) {
        for (run, view) in watcher.runs().iter().filter(|(_, view)| !view.is_over()) {
            let (word, tick) = (view.word(), view.tick());
            log.violation(format!(
                "{run} tick {tick}: is {word} {PATIENCE:?} after the last fault, expected completed"
            ));
        }
    }
    // The oracle says what is missing, if anything is.
    until(PATIENCE / 2, || is_answered(fleet).unwrap_or(false));
    until(PATIENCE / 2, || is_remembered(fleet, &watcher.runs()).unwrap_or(false));
}

/// Ends all faults, and starts what does not run.
pub fn heal(fleet: &Fleet) {
    for member in fleet.members() {
        member.line.heal();
        if !member.is_alive() {
            member.restart(fleet.dir(), &[]);
        }
    }
}

/// Whether each command has its reply.
fn is_answered(fleet: &Fleet) -> std::io::Result<bool> {
    let mut wire = Wire::connect(fleet.port)?;
    let asked = wire.subjects("SIM_COMMANDS")?.len() + wire.subjects("SIM_QUESTIONS")?.len();
    Ok(wire.subjects("SIM_REPLIES")?.len() >= asked)
}

/// Whether the memory has as much as the runs say that it should.
fn is_remembered(fleet: &Fleet, runs: &Runs) -> rusqlite::Result<bool> {
    let worlds = runs.values().flat_map(|view| view.status["platforms"].as_array().cloned());
    let due: u64 = worlds.flatten().filter_map(|world| world["memorable"].as_u64()).sum();
    Ok(episodes(fleet)? >= due)
}

/// How much the memory has.
///
/// # Errors
/// If its file cannot be read.
pub fn episodes(fleet: &Fleet) -> rusqlite::Result<u64> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let memory = rusqlite::Connection::open_with_flags(fleet.memory_file(), flags)?;
    memory.busy_timeout(Duration::from_secs(5))?;
    let count: i64 = memory.query_row("SELECT count(*) FROM episode", [], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}
