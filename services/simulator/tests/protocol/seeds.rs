//! Many simulated lives; and that the oracle notices what it is there for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use simulator::protocol::owner::Guards;

use crate::lane::Bug;
use crate::simulation::{Options, Tally, play};

/// How many lives a test plays, unless `SHOAL_SEEDS` says how many.
const SEEDS: u64 = 10_000;

/// How many a mutation may take until it is noticed.
const MUTATED: u64 = 2_000;

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.milliseconds += other.milliseconds;
        self.happenings += other.happenings;
        self.workers += other.workers;
        self.faults += other.faults;
        self.kills += other.kills;
        self.freezes += other.freezes;
        self.outages += other.outages;
        self.fills += other.fills;
        self.panics += other.panics;
        self.lost += other.lost;
        self.late += other.late;
        self.commands += other.commands;
        self.ticks += other.ticks;
        self.claims += other.claims;
        self.fenced += other.fenced;
        self.reopened += other.reopened;
        self.distrusted += other.distrusted;
        self.stale += other.stale;
        self.asked += other.asked;
        self.decided += other.decided;
    }
}

/// The first seed below `count` that goes wrong, or what happened in all of them.
fn play_all(count: u64, options: Options) -> Result<Tally, String> {
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let work = || {
        let mut sum = Tally::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= count {
                return Ok(sum);
            }
            match play(seed, options) {
                Ok(tally) => sum.add(&tally),
                Err(what) => {
                    next.store(count, Ordering::Relaxed);
                    return Err(what);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        let players: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut sum = Tally::default();
        for player in players {
            sum.add(&player.join().expect("a player's panic says which seed")?);
        }
        Ok(sum)
    })
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn whatever_happens_nothing_is_lost_and_nothing_is_there_twice() {
    if let Some(seed) = number("SHOAL_SEED") {
        play(seed, Options::PLAIN).unwrap_or_else(|what| panic!("{what}"));
        return;
    }
    let (begun, count) = (Instant::now(), number("SHOAL_SEEDS").unwrap_or(SEEDS));
    match play_all(count, Options::PLAIN) {
        Ok(tally) => {
            println!("{count} seeds in {:?}: {tally:?}", begun.elapsed());
            let happened = [
                tally.fenced,
                tally.reopened,
                tally.distrusted,
                tally.fills,
                tally.panics,
                tally.late,
                tally.decided,
                // Requests that were under way as a worker died.
                tally.asked - tally.decided,
            ];
            assert!(happened.iter().all(|times| *times > 0), "it was not as bad as it can be");
        }
        Err(what) => panic!("{what}\nto see it alone: SHOAL_SEED=<seed>"),
    }
}

fn is_noticed(options: Options, words: &[&str]) {
    match play_all(MUTATED, options) {
        Ok(tally) => panic!("{options:?} was not noticed: {tally:?}"),
        Err(what) => {
            let first = what.lines().next().unwrap_or_default();
            assert!(words.iter().any(|words| first.contains(words)), "{first}");
        }
    }
}

#[test]
fn without_the_fence_the_oracle_speaks() {
    let guards = Guards { fence: false, ..Guards::ALL };
    is_noticed(Options { guards, ..Options::PLAIN }, &["stands where epoch", "follows"]);
}

#[test]
fn without_a_look_at_present_frames_the_oracle_speaks() {
    let guards = Guards { present: false, ..Guards::ALL };
    is_noticed(Options { guards, ..Options::PLAIN }, &["a frame of tick 0 follows"]);
}

#[test]
fn without_the_check_of_digests_the_oracle_speaks() {
    let guards = Guards { digests: false, ..Guards::ALL };
    // Others act in another world, too.
    let words = ["the journal makes", "decide or do not"];
    is_noticed(Options { guards, skew: true, ..Options::PLAIN }, &words);
}

#[test]
fn with_the_check_of_digests_another_world_does_no_harm() {
    let options = Options { skew: true, ..Options::PLAIN };
    play_all(MUTATED, options).unwrap_or_else(|what| panic!("{what}"));
}

#[test]
fn bugs_of_a_driver_are_noticed() {
    for (bug, words) in [
        (Bug::ForgetsGiveBack, ["stuck", "no reply"]),
        (Bug::ForgetsStart, ["stuck", "stuck"]),
        (Bug::KeepsEpoch, ["stands where epoch", "stands where epoch"]),
        (Bug::AnswersEarly, ["the reply to", "the reply to"]),
        (Bug::IgnoresEnd, ["stands where epoch", "hold"]),
        (Bug::AsksAgain, ["is asked again", "is asked again"]),
        (Bug::ClosesEarly, ["decide or do not", "decide or do not"]),
    ] {
        is_noticed(Options { bug: Some(bug), ..Options::PLAIN }, &words);
    }
}
