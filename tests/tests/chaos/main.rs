//! Runs of real processes survive whatever happens to them, and the harness that says so can fail.

use faults::Safeguard;
use system_tests::chaos::log::Kind;
use system_tests::chaos::{Plan, run, scenarios};

/// One at a time: they all want the same cores.
static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// How often harm is looked for that comes of a race.
const TRIES: u32 = 3;

#[test]
fn nothing_is_lost_and_nothing_is_there_twice() {
    let _alone = ALONE.lock();
    let report = run(&Plan::short(seed()));
    let page = report.markdown();
    assert!(report.violations.is_empty(), "{page}");
    assert!(report.counted() >= 30, "{page}");
    for kind in Kind::PROCESSES {
        assert!(report.counted_of(kind) >= 4, "{}: {page}", kind.name());
    }
}

/// `SHOAL_CHAOS_SEED`, or always the same.
fn seed() -> u64 {
    let named = std::env::var("SHOAL_CHAOS_SEED").ok().and_then(|seed| seed.parse().ok());
    named.unwrap_or(1)
}

/// Without the safeguard the oracle finds something; with it the same is harmless.
fn needs(safeguard: Safeguard, expected: &str) {
    let _alone = ALONE.lock();
    let (with, without) = std::thread::scope(|scope| {
        let with = scope.spawn(|| scenarios::play(safeguard, false));
        let without = scope.spawn(|| scenarios::play(safeguard, true));
        (with.join().expect("it plays"), without.join().expect("it plays"))
    });
    assert!(with.is_empty(), "with {}: {with:#?}", safeguard.name());
    // What wakes up is fenced soon, and may end before it has done its harm.
    let found = |violations: &[String]| violations.iter().any(|one| one.contains(expected));
    let again = || (1..TRIES).any(|_| found(&scenarios::play(safeguard, true)));
    let name = safeguard.name();
    assert!(found(&without) || again(), "without {name}: expected {expected:?} in {without:#?}");
}

#[test]
fn a_zombie_is_fenced() {
    // Of the second claim, or of a third where the machine was slow.
    needs(Safeguard::Fence, "epoch of a tick is 1, expected ");
}

#[test]
fn a_frame_that_is_there_is_not_stored_again() {
    needs(Safeguard::PresentFrames, "tick of the next frame");
}

#[test]
fn another_world_is_found_out() {
    needs(Safeguard::DigestCheck, "digest");
}

#[test]
fn what_a_memory_has_is_not_given_to_it_again() {
    needs(Safeguard::Ledger, "number of episodes is 2, expected 1");
}

#[test]
fn an_outcome_is_not_overwritten() {
    needs(Safeguard::StatusSequence, "status is 'running', expected 'completed'");
}
