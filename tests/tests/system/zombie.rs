//! Two nodes and one run: one owns it, whoever wakes up in the middle of what.

use std::path::PathBuf;
use std::thread;

use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::process::{children, exit_code, signal_process};
use system_tests::stack::{SIMULATOR, Stack, text, write_simulation};
use system_tests::wait_for;

use crate::ownership::{Watch, check, epochs};
use crate::recovery::{is_of, ticks, worker_on};

const SECOND: &str = "second";
/// What a worker says that found its run in other hands.
const FENCED: Option<i32> = Some(75);
const ROUNDS: u32 = 60;

/// A stack with short leases whose first node is known by its name.
fn stack() -> Stack {
    Stack::start_with(&[("SHOAL_LEASE_SECONDS", "2"), ("SHOAL_NODE", SIMULATOR)])
}

/// A run that nothing happens to, and one of the same spec that is in the middle, watched.
fn in_the_middle(stack: &Stack, worlds: &str) -> (String, String, Watch) {
    let folder = write_simulation(stack.dir(), "bridge", 8, ROUNDS);
    let folder = folder.to_str().unwrap();
    let run = |more: &[&str]| {
        let begin = ["run", folder, "--new-run", "--platform", worlds];
        let summary = stack.shoal_json(&[&begin, more].concat());
        summary["run_id"].as_str().unwrap().to_owned()
    };
    let (undisturbed, run) = (run(&[]), run(&["--detach", "--pace", "4"]));
    let watch = Watch::start(stack, &run);
    stack.await_status(&run, "in the middle", |status| ticks(status) >= 4);
    (undisturbed, run, watch)
}

/// A node and its worker that hear and do nothing.
struct Frozen {
    node: String,
    worker: u32,
    at: Value,
}

/// Freezes whoever has the run now.
fn freeze(stack: &mut Stack, run: &str) -> Frozen {
    let at = stack.shoal_json(&["status", run]);
    let node = at["node"].as_str().unwrap().to_owned();
    let worker = worker_on(stack, &node, run);
    stack.service(&node).signal(Signal::STOP);
    signal_process(worker, Signal::STOP);
    Frozen { node, worker, at }
}

impl Frozen {
    /// Wakes the worker, which ends as it should, and then its node.
    fn thaw(self, stack: &mut Stack) {
        signal_process(self.worker, Signal::CONT);
        assert_eq!(exit_code(self.worker), FENCED, "how the zombie ended");
        stack.service(&self.node).signal(Signal::CONT);
    }
}

fn complete(stack: &Stack, run: &str) -> Value {
    stack.await_status(run, "completed", |status| status["status"] == "completed")
}

#[test]
fn of_two_nodes_that_are_told_to_claim_a_run_one_does() {
    let mut stack = stack();
    stack.start_node(SECOND, &[]);
    for simulation in ["bridge", "ferry", "tunnel"] {
        let folder = write_simulation(stack.dir(), simulation, 8, 12);
        let start = || text(&stack.shoal(&["run", folder.to_str().unwrap(), "--json"]).stdout);
        let said = thread::scope(|scope| {
            [scope.spawn(start), scope.spawn(start)].map(|started| started.join().unwrap())
        });
        let run = format!("{simulation}-1");
        for said in said {
            let summary: Value = serde_json::from_str(&said).unwrap();
            let found = (&summary["run_id"], &summary["status"]);
            assert_eq!(found, (&json!(run), &json!("completed")), "{summary}");
        }
        let undisturbed =
            stack.shoal_json(&["run", folder.to_str().unwrap(), "--new-run"])["run_id"].clone();
        assert_eq!(epochs(&check(&stack, &run, undisturbed.as_str().unwrap())), 1);
        let holders = [SIMULATOR, SECOND].map(|node| stack.service(node).id());
        let holds = |node: &u32| children(*node).into_iter().any(|worker| is_of(worker, &run));
        assert_eq!(holders.iter().filter(|node| holds(node)).count(), 1, "one idles");
    }
}

#[test]
fn a_zombie_that_wakes_up_long_after_writes_nothing() {
    let mut stack = stack();
    stack.start_node(SECOND, &[]);
    let (undisturbed, run, watch) = in_the_middle(&stack, "both");
    for epoch in 2..=3 {
        let frozen = freeze(&mut stack, &run);
        let reached = ticks(&frozen.at);
        let status = stack.await_status(&run, "played by another", |status| {
            status["epoch"] == epoch && ticks(status) > reached + 4
        });
        assert_ne!(status["node"], frozen.at["node"]);
        assert_eq!(status["status"], "running", "the run was over before the zombie woke up");
        frozen.thaw(&mut stack);
    }
    assert_eq!(complete(&stack, &run)["epoch"], 3);
    watch.check();
    assert_eq!(epochs(&check(&stack, &run, &undisturbed)), 3);
}

/// Where processes are told to stop themselves, and say that they did.
struct Stops(PathBuf);

impl Stops {
    fn new(stack: &Stack) -> Stops {
        let folder = stack.dir().join("faults");
        std::fs::create_dir(&folder).unwrap();
        Stops(folder)
    }

    /// Starts a node that stops, or one of whose workers does, at this point.
    fn start_node(&self, stack: &mut Stack, name: &str, point: &str, nth: u32) {
        let (plan, folder) = (format!("{point}:stop:{nth}"), self.0.to_str().unwrap());
        stack.start_node(name, &[("SHOAL_FAULTS", &plan), ("SHOAL_FAULTS_DIR", folder)]);
    }

    /// The process that has stopped there.
    fn at(&self, point: &str) -> u32 {
        wait_for(&format!("a process to stop at {point}"), || {
            let id: u32 = std::fs::read_to_string(self.0.join(point)).ok()?.parse().ok()?;
            let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            stat.rsplit_once(") ")?.1.starts_with('T').then_some(id)
        })
    }
}

/// Freezes the owner, lets the second node come as far as it is told to stop at, and wakes the
/// owner: it plays on, since nobody has claimed its run. Then the second node goes on.
fn wake_up_before_the_claim(worlds: &str, point: &str, who: fn(&mut Stack, u32) -> bool) {
    let mut stack = stack();
    let (undisturbed, run, watch) = in_the_middle(&stack, worlds);
    // Some time in which a snapshot is stored.
    stack.await_status(&run, "in the middle", |status| ticks(status) >= 32);
    let stops = Stops::new(&stack);
    stops.start_node(&mut stack, SECOND, point, 1);
    let zombie = freeze(&mut stack, &run);
    let successor = stops.at(point);
    assert!(who(&mut stack, successor), "{point} is passed by another process");
    signal_process(zombie.worker, Signal::CONT);
    let reached = ticks(&zombie.at);
    let played =
        stack.await_status(&run, "played by the zombie", |status| ticks(status) > reached + 3);
    assert_eq!(played["epoch"], 1, "the run was claimed before the zombie woke up");
    signal_process(successor, Signal::CONT);
    zombie.thaw(&mut stack);
    assert_eq!(complete(&stack, &run)["node"], SECOND);
    watch.check();
    assert_eq!(epochs(&check(&stack, &run, &undisturbed)), 2);
}

#[test]
fn a_zombie_that_wakes_up_once_its_run_is_leased_plays_until_it_is_claimed() {
    let is_the_node = |stack: &mut Stack, process| process == stack.service(SECOND).id();
    wake_up_before_the_claim("both", "run.leased", is_the_node);
}

#[test]
fn a_zombie_that_wakes_up_while_its_journal_is_read_plays_until_it_is_claimed() {
    let is_its_worker =
        |stack: &mut Stack, process| children(stack.service(SECOND).id()).contains(&process);
    // Of two worlds, one may be claimed before the other is read.
    wake_up_before_the_claim("twitter", "snapshot.loaded", is_its_worker);
}

/// The zombie has journalled a tick, and its successor has claimed the run and published nothing:
/// the zombie's frame is the last thing that it can say, and the one that was due.
#[test]
fn a_frame_that_comes_late_is_the_one_that_was_due() {
    let mut stack = stack();
    let folder = write_simulation(stack.dir(), "bridge", 8, 20);
    let begin = ["run", folder.to_str().unwrap(), "--new-run", "--platform", "twitter"];
    let run = |stack: &Stack, more: &[&str]| {
        let summary = stack.shoal_json(&[&begin, more].concat());
        summary["run_id"].as_str().unwrap().to_owned()
    };
    let undisturbed = run(&stack, &[]);
    let stops = Stops::new(&stack);
    stops.start_node(&mut stack, SIMULATOR, "tick.journalled", 8);
    let run = run(&stack, &["--detach", "--pace", "6"]);
    let watch = Watch::start(&stack, &run);
    let worker = stops.at("tick.journalled");
    stack.service(SIMULATOR).signal(Signal::STOP);
    let at = stack.shoal_json(&["status", &run]);
    stops.start_node(&mut stack, SECOND, "run.claimed", 1);
    let successor = stops.at("run.claimed");
    Frozen { node: SIMULATOR.to_owned(), worker, at }.thaw(&mut stack);
    signal_process(successor, Signal::CONT);
    assert_eq!(complete(&stack, &run)["node"], SECOND);
    watch.check();
    let found = check(&stack, &run, &undisturbed);
    assert_eq!(found["twitter"], json!({"epochs": 2, "late": 1}));
}
