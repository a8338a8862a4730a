//! The runs that are disturbed, and what is asked of them meanwhile.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use contract::timestamp::Timestamp;
use serde_json::{Value, json};

use super::dice::Dice;
use super::fleet::Fleet;
use super::log::Log;
use super::view::Watcher;
use super::wire::Wire;
use super::{Plan, until};
use crate::stack::write_simulation;
use crate::wait_for;

/// The simulation of the small runs that only show that there is a launcher.
pub const PROBE: &str = "probe";
/// Rounds of a small run.
const PROBE_ROUNDS: u32 = 3;
/// Rounds a second, in thousandths: slow enough to be disturbed in the middle.
const PACE: u32 = 5000;
/// How long a launcher may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// How long anything that must happen may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is asked in a world in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whim {
    Interview,
    Pause,
    Stop,
    Inject,
}

/// What was done, for whoever judges.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The undisturbed run of each simulation.
    pub twins: BTreeMap<String, String>,
    /// The subjects of all commands that the server said are stored.
    pub stored: Vec<String>,
    /// All runs that a launcher said are there.
    pub accepted: Vec<String>,
}

/// All that is played.
#[derive(Debug)]
pub struct Game<'a> {
    fleet: &'a Fleet,
    watcher: &'a Watcher,
    log: &'a Log,
    known: Mutex<Known>,
    /// Where the spec of each simulation is.
    specs: Mutex<BTreeMap<String, (String, u32)>>,
    commands: AtomicU64,
}

impl<'a> Game<'a> {
    /// Nothing yet.
    pub fn new(fleet: &'a Fleet, watcher: &'a Watcher, log: &'a Log) -> Game<'a> {
        let (known, specs) = (Mutex::default(), Mutex::default());
        Game { fleet, watcher, log, known, specs, commands: AtomicU64::new(0) }
    }

    /// What was done.
    pub fn known(&self) -> Known {
        self.lock().clone()
    }

    /// Plays each simulation once, before anything is disturbed.
    pub fn play_undisturbed(&self, plan: &Plan) {
        for lane in 0..plan.lanes {
            self.know(&simulation(lane), 10 + 2 * lane, plan.rounds);
        }
        self.know(PROBE, 6, PROBE_ROUNDS);
        let simulations: Vec<String> = (0..plan.lanes).map(simulation).collect();
        self.play_twins(simulations.iter().map(String::as_str).chain([PROBE]));
    }

    /// Makes a simulation of so many agents and rounds known to the bus. A run of one round does
    /// that; it is judged like all others.
    pub fn know(&self, simulation: &str, agents: usize, rounds: u32) {
        let folder = write_simulation(self.fleet.dir(), simulation, agents, rounds);
        let folder = folder.to_string_lossy();
        let arguments = ["run", &folder, "--detach", "--max-rounds", "1"];
        let started = wait_for("a run to begin", || self.fleet.shoal(&arguments));
        let run = started["run_id"].as_str().unwrap_or_default().to_owned();
        let status = wait_for("the run", || self.watcher.run(&run)).status;
        let digest = status["spec_digest"].as_str().unwrap_or_default().to_owned();
        let mut specs = self.specs.lock().unwrap_or_else(PoisonError::into_inner);
        specs.insert(simulation.to_owned(), (digest, rounds));
    }

    /// Plays simulations that are known to their ends; nobody disturbs them meanwhile.
    pub fn play_twins<'s>(&self, simulations: impl Iterator<Item = &'s str>) {
        for simulation in simulations {
            let run = self.start(simulation, 0).expect("a launcher that nobody disturbs");
            self.lock().twins.insert(simulation.to_owned(), run);
        }
        for run in self.known().twins.values() {
            wait_for(&format!("{run} to be completed"), || {
                self.watcher.run(run).filter(|view| view.word() == "completed")
            });
        }
    }

    /// Plays one lane's simulation again and again until `over`, and asks for things meanwhile.
    pub fn keep_playing(&self, lane: usize, plan: &Plan, over: &AtomicBool) {
        let (simulation, mut turn) = (simulation(lane), 0);
        while !over.load(Ordering::Relaxed) {
            let Some(run) = self.start(&simulation, PACE) else { continue };
            turn += 1;
            let mut dice = Dice::new(plan.seed, &format!("asking {simulation} {turn}"));
            let is_over = || self.watcher.run(&run).is_some_and(|view| view.is_over());
            while !over.load(Ordering::Relaxed) && !is_over() {
                until(dice.pause(500, 1500), || over.load(Ordering::Relaxed));
                self.ask_for_something(&run, lane, &mut dice);
            }
        }
    }

    fn ask_for_something(&self, run: &str, lane: usize, dice: &mut Dice) {
        // An injected post makes another world: one lane has no twin but itself.
        let whims = match lane {
            0 => &[Whim::Interview, Whim::Inject, Whim::Interview, Whim::Pause][..],
            1 => &[Whim::Interview, Whim::Interview, Whim::Stop],
            _ => &[Whim::Interview, Whim::Interview, Whim::Interview, Whim::Pause],
        };
        let Some(whim) = dice.pick(whims) else { return };
        let agent = dice.below(6);
        match whim {
            Whim::Interview => {
                let args = json!({"agent_id": agent, "prompt": "What now?", "platform": null});
                self.command(run, "interview", &args);
            }
            Whim::Inject => {
                let number = self.commands.load(Ordering::Relaxed);
                let post = json!({"agent_id": agent, "content": format!("News no. {number}.")});
                self.command(run, "inject", &json!({"posts": [post]}));
            }
            Whim::Pause => self.turn_off_and_on(run, "pause", "paused", dice),
            Whim::Stop => self.turn_off_and_on(run, "stop", "stopped", dice),
        }
    }

    fn turn_off_and_on(&self, run: &str, verb: &str, state: &str, dice: &mut Dice) {
        self.command(run, verb, &json!({"reason": "chaos"}));
        let is_off = || self.watcher.run(run).is_some_and(|view| view.word() == state);
        until(Duration::from_secs(8), is_off);
        std::thread::sleep(dice.pause(100, 600));
        self.command(run, "resume", &json!({}));
    }

    /// Starts a run of a simulation, however often the launcher has to be asked; `None` if it
    /// cannot be started, which is a violation.
    pub fn start(&self, simulation: &str, pace: u32) -> Option<String> {
        let mut started = None;
        let is_there = until(PATIENCE, || {
            started = self.try_start(simulation, pace).ok().flatten();
            started.is_some()
        });
        if !is_there {
            self.log.violation(format!("{simulation}: no run began within {PATIENCE:?}"));
        }
        started
    }

    /// Asks the launcher for a run once; a run that it may have made without saying so is played
    /// all the same, and judged like all others.
    ///
    /// # Errors
    /// If nobody answers.
    pub fn try_start(&self, simulation: &str, pace: u32) -> io::Result<Option<String>> {
        let specs = self.specs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some((digest, rounds)) = specs.get(simulation) else { return Ok(None) };
        let options = json!({"seed": self.log.seed(), "max_rounds": rounds, "pace_milli": pace});
        let wish = json!({"v": 1, "spec_digest": digest, "options": options, "new_run": true});
        let mut wire = Wire::connect(self.fleet.port)?;
        wire.wait_for(ANSWER)?;
        let subject = format!("sim.ask.{simulation}.start.chaos");
        let answer = wire.request(&subject, wish.to_string().as_bytes())?.unwrap_or_default();
        let answer: Value = serde_json::from_slice(&answer)?;
        let run = answer["run_id"].as_str().map(str::to_owned);
        self.lock().accepted.extend(run.clone());
        Ok(run)
    }

    /// Stores a command, however often that has to be tried; its id.
    pub fn command(&self, run: &str, verb: &str, args: &Value) -> String {
        let id = format!("c{}", self.commands.fetch_add(1, Ordering::Relaxed));
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = Timestamp::from_milliseconds(i64::try_from(since.as_millis()).unwrap_or(0));
        let body = json!({"v": 1, "command_id": id, "verb": verb, "args": args,
            "issued_at": now.to_string(), "expires_at": null});
        let stream = if verb == "interview" { "questions" } else { "commands" };
        let subject = format!("sim.{stream}.{run}.{verb}.chaos.{id}");
        let is_stored = until(PATIENCE, || {
            let wire = Wire::connect(self.fleet.port);
            wire.and_then(|mut wire| wire.store(&subject, &body)).unwrap_or(false)
        });
        match is_stored {
            true => self.lock().stored.push(subject),
            false => self.log.violation(format!("{subject}: not stored within {PATIENCE:?}")),
        }
        id
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The simulation of a lane: a name must not look like a run's.
fn simulation(lane: usize) -> String {
    format!("lane-{}", ["a", "b", "c", "d", "e", "f", "g", "h"][lane % 8])
}
