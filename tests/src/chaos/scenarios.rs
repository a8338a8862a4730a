//! For each safeguard one short run in which exactly it is needed: without it, the oracle has to
//! find something.

use std::time::Duration;

use faults::Safeguard;
use rustix::process::Signal;

use super::fleet::{Fleet, Frozen};
use super::log::Log;
use super::play::{Game, Known};
use super::view::{RunView, Watcher};
use super::{oracle, settle, until};
use crate::process::signal_process;
use crate::wait_for;

/// The one simulation.
const SIMULATION: &str = "directed";
const ROUNDS: u32 = 24;
/// Rounds a second, in thousandths.
const PACE: u32 = 5000;

/// One run, and who watches it.
struct Scene<'a> {
    fleet: &'a Fleet,
    watcher: &'a Watcher,
    game: &'a Game<'a>,
    run: String,
}

/// Plays what needs `safeguard`, with or without it; what the oracle finds wrong.
pub fn play(safeguard: Safeguard, without: bool) -> Vec<String> {
    let log = Log::new(1);
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let folder = folder.path().to_string_lossy().into_owned();
    let fault = match safeguard {
        Safeguard::Fence | Safeguard::PresentFrames | Safeguard::Ledger => "",
        Safeguard::DigestCheck => "world.skew:fire",
        Safeguard::StatusSequence => "status.storing:stop:8",
    };
    let off = if without { safeguard.name() } else { "" };
    let fleet = Fleet::start(&[
        ("SHOAL_WITHOUT", off),
        ("SHOAL_FAULTS", fault),
        ("SHOAL_FAULTS_DIR", &folder),
    ]);
    let watcher = Watcher::start(fleet.port);
    let game = Game::new(&fleet, &watcher, &log);
    todo_twin(&game);
    let run = game.start(SIMULATION, PACE).expect("a launcher that nobody disturbs");
    let scene = Scene { fleet: &fleet, watcher: &watcher, game: &game, run };
    match safeguard {
        Safeguard::Fence => scene.wake_a_zombie(),
        Safeguard::PresentFrames => scene.kill_the_worker(),
        Safeguard::DigestCheck => scene.kill_the_worker(),
        Safeguard::Ledger => scene.kill_the_sink(),
        Safeguard::StatusSequence => scene.wake_a_writer(&folder),
    }
    log.violations()
}
