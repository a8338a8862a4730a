//! For each safeguard one short run in which exactly it is needed: without it, the oracle has to
//! find something.

use std::path::Path;
use std::time::Duration;

use faults::Safeguard;
use rustix::process::Signal;
use serde_json::json;

use super::fleet::{Fleet, Frozen};
use super::log::Log;
use super::play::Game;
use super::view::{RunView, Watcher};
use super::{oracle, settle, until};
use crate::process::signal_process;
use crate::wait_for;

/// The one simulation.
const SIMULATION: &str = "directed";
const ROUNDS: u32 = 24;
/// Rounds a second, in thousandths.
const PACE: u32 = 5000;
/// Frames of both worlds after which a run is in the middle.
const MIDDLE: u64 = 8;
/// How long a zombie has before its node finds out.
const AWAKE: Duration = Duration::from_secs(2);
/// The env-status of a worker that a zombie is stopped before.
const WRITE: &str = "status.storing:stop:10";

/// One run, and who watches it.
struct Scene<'a> {
    fleet: &'a Fleet,
    watcher: &'a Watcher,
    game: &'a Game<'a>,
    run: String,
    /// Where faults leave word.
    folder: &'a Path,
}

/// Plays what needs `safeguard`, with or without it; what the oracle finds wrong.
pub fn play(safeguard: Safeguard, without: bool) -> Vec<String> {
    let log = Log::new(1);
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let fault = match safeguard {
        Safeguard::Fence | Safeguard::PresentFrames | Safeguard::Ledger => "",
        Safeguard::DigestCheck => "world.skew:fire",
        Safeguard::StatusSequence => WRITE,
    };
    let fleet = Fleet::start(&[
        ("SHOAL_WITHOUT", if without { safeguard.name() } else { "" }),
        ("SHOAL_FAULTS", fault),
        ("SHOAL_FAULTS_DIR", &folder.path().to_string_lossy()),
        // Who completes the run keeps it: nobody mends what is wrong before it is seen.
        ("SHOAL_IDLE_SECONDS", if safeguard == Safeguard::DigestCheck { "2" } else { "90" }),
    ]);
    let watcher = Watcher::start(fleet.port);
    let game = Game::new(&fleet, &watcher, &log);
    game.know(SIMULATION, 6, ROUNDS);
    let run = game.start(SIMULATION, PACE).expect("a launcher that nobody disturbs");
    let (fleet, watcher, game, folder) = (&fleet, &watcher, &game, folder.path());
    let scene = Scene { fleet, watcher, game, run, folder };
    match safeguard {
        Safeguard::Fence => scene.wake_a_zombie(),
        Safeguard::PresentFrames => scene.kill_the_worker(),
        Safeguard::DigestCheck => scene.make_another_world(),
        Safeguard::Ledger => scene.kill_the_sink(),
        Safeguard::StatusSequence => scene.wake_a_writer(),
    }
    // Last: what was disturbed is compared with what is not, under the same safeguards.
    game.play_twins([SIMULATION].into_iter());
    settle::settle(fleet, watcher, game, &log);
    oracle::ask(fleet, &game.known(), &log);
    if !log.violations().is_empty() {
        let safeguard = safeguard.name();
        log.say(&format!(
            "{safeguard} is {}; what was complained of:",
            ["on", "off"][usize::from(without)]
        ));
        fleet.complaints().iter().for_each(|line| log.say(line));
    }
    log.violations()
}

impl Scene<'_> {
    /// A worker wakes after another one has claimed its run, and writes on. Its node, which would
    /// kill it, sleeps on for a while.
    fn wake_a_zombie(&self) {
        let (node, worker) = self.in_the_middle();
        let frozen = Frozen::freeze(worker);
        let frozen_node = Frozen::freeze(self.fleet.nodes[node].id());
        let claimed = self.await_view("claimed", |view| view.epoch >= 2);
        self.await_view("played on", |view| view.frames > claimed.frames + 2);
        drop(frozen);
        std::thread::sleep(AWAKE);
        drop(frozen_node);
        self.complete();
    }

    fn kill_the_worker(&self) {
        let (_, worker) = self.in_the_middle();
        signal_process(worker, Signal::KILL);
        self.await_view("claimed", |view| view.epoch >= 2);
        self.complete();
    }

    /// A successor that makes another world of the same journal. With the check it is found out,
    /// and the run fails; resumed, it is played as it should be.
    fn make_another_world(&self) {
        let (_, worker) = self.in_the_middle();
        signal_process(worker, Signal::KILL);
        wait_for("another world", || self.folder.join("world.skew").exists().then_some(()));
        let ended = self.await_view("over", |view| view.is_over());
        if ended.word() == "failed" {
            // Who found it out holds the run still, and would say no.
            self.await_view("let go", |view| view.status["held"] == false);
            self.game.command(&self.run, "resume", &json!({}));
            self.await_view("resumed", |view| view.word() != "failed");
            self.complete();
        }
    }

    fn kill_the_sink(&self) {
        self.in_the_middle();
        wait_for("a memory", || settle::episodes(self.fleet).ok().filter(|count| *count > 0));
        self.fleet.sink.signal(Signal::KILL);
        self.fleet.sink.restart(self.fleet.dir(), &[]);
        self.complete();
    }

    /// A worker that is about to write how far its run is sleeps until another one has completed
    /// it, and writes then.
    fn wake_a_writer(&self) {
        let file = self.folder.join("status.storing");
        let worker = wait_for("a worker that sleeps", || {
            std::fs::read_to_string(&file).ok().and_then(|id| id.trim().parse::<u32>().ok())
        });
        let frozen = Frozen::found(worker);
        let node = wait_for("its node", || self.fleet.worker_of(&self.run)).0;
        let frozen_node = Frozen::freeze(self.fleet.nodes[node].id());
        self.await_view("claimed", |view| view.epoch >= 2);
        self.complete();
        drop(frozen);
        std::thread::sleep(AWAKE);
        drop(frozen_node);
    }

    /// Waits until the run is in the middle; the place of its node, and its worker.
    fn in_the_middle(&self) -> (usize, u32) {
        self.await_view("in the middle", |view| view.frames >= MIDDLE);
        wait_for("a worker", || self.fleet.worker_of(&self.run))
    }

    fn complete(&self) {
        self.await_view("over", RunView::is_over);
    }

    /// Waits for something to be seen of the run; what does not come is for the oracle to say.
    fn await_view(&self, what: &str, fits: impl Fn(&RunView) -> bool) -> RunView {
        let view = || self.watcher.run(&self.run);
        if until(Duration::from_secs(40), || view().is_some_and(|view| fits(&view))) {
            return view().expect("it was seen");
        }
        panic!("{} was never {what}: {:?}", self.run, view());
    }
}
