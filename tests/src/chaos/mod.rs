//! Chaos: runs of real processes that are killed, frozen, asked to end and cut off at random
//! moments and at named places, and an oracle, in another language, that says whether anything
//! was lost or is there twice.
//!
//! In reading order: [`fleet`] (what is disturbed), [`wire`] and [`view`] (what is seen of it),
//! [`play`] (the runs, and what is asked of them meanwhile), [`torment`] (who disturbs), [`log`]
//! (what was done), [`settle`] (the end of all faults) and [`oracle`] (what is right),
//! [`scenarios`] (a directed one for each safeguard), [`report`].

pub mod dice;
pub mod fleet;
pub mod log;
pub mod oracle;
pub mod play;
pub mod report;
pub mod scenarios;
pub mod settle;
pub mod torment;
pub mod view;
pub mod wire;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use self::fleet::Fleet;
use self::log::{Kind, Log};
use self::play::Game;
use self::report::Report;
use self::torment::Field;
use self::view::Watcher;

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many faults must count, over all kinds of process alike.
    pub real: usize,
    /// What all chance follows from.
    pub seed: u64,
    /// The crash points to be used; `None`: all that there are.
    pub points: Option<Vec<String>>,
    /// Runs that are played at the same time.
    pub lanes: usize,
    /// The rounds of each.
    pub rounds: u32,
    /// When to give up, however much was done.
    pub deadline: Duration,
}

impl Plan {
    /// What every test run does.
    pub fn short(seed: u64) -> Plan {
        let deadline = Duration::from_secs(90);
        Plan { real: 30, seed, points: None, lanes: 4, rounds: 100, deadline }
    }

    /// So many faults.
    pub fn long(real: usize, seed: u64) -> Plan {
        let deadline = Duration::from_secs(120 + 12 * u64::try_from(real).unwrap_or(u64::MAX / 12));
        Plan { real, deadline, ..Plan::short(seed) }
    }
}

/// Plays, disturbs, lets it come to rest, and asks the oracle.
pub fn run(plan: &Plan) -> Report {
    let log = Log::new(plan.seed);
    let fleet = Fleet::start(&[]);
    let watcher = Watcher::start(fleet.port);
    let game = Game::new(&fleet, &watcher, &log);
    game.play_undisturbed(plan);
    let over = AtomicBool::new(false);
    let quota = plan.real.div_ceil(Kind::PROCESSES.len());
    let field = Field { fleet: &fleet, watcher: &watcher, log: &log, game: &game, plan, quota };
    std::thread::scope(|scope| {
        for lane in 0..plan.lanes {
            let (game, over) = (&game, &over);
            scope.spawn(move || game.keep_playing(lane, plan, over));
        }
        torment::all(&field);
        over.store(true, Ordering::Relaxed);
    });
    settle::settle(&fleet, &watcher, &game, &log);
    let checked = oracle::ask(&fleet, &game.known(), &log);
    Report::new(plan, &log, checked)
}

/// Waits until `condition` holds; false if it does not within `patience`.
pub(crate) fn until(patience: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    while !condition() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}
