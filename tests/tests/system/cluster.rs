//! Many runs on nodes that keep dying.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;
use system_tests::stack::{SIMULATOR, Stack, write_simulation};
use system_tests::wait_for;

use crate::ownership::check;
use crate::recovery::digests_of;

const NODES: [&str; 3] = [SIMULATOR, "second", "third"];
/// Simulations, by the number of their agents, and how many runs each has.
const SIMULATIONS: [(&str, usize, usize); 2] = [("bridge", 8, 25), ("ferry", 6, 25)];
const ROUNDS: u32 = 20;
const BETWEEN_KILLS: Duration = Duration::from_secs(3);

/// Kills a node as `kill -9` does, and starts it again at once.
fn kill(stack: &mut Stack, node: &str) {
    let service = stack.service(node);
    service.signal(Signal::KILL);
    service.wait();
    stack.start_node(node, &[]);
}

/// All runs there are.
fn runs(stack: &Stack) -> Vec<Value> {
    stack.shoal_json(&["ls"]).as_array().unwrap().clone()
}

fn is_completed(run: &Value) -> bool {
    assert_ne!(run["status"], "failed", "{run}");
    run["status"] == "completed"
}

#[test]
fn fifty_runs_outlive_nodes_that_keep_dying() {
    let lease = ("SHOAL_LEASE_SECONDS", "2");
    let mut stack = Stack::start_with(&[lease, ("SHOAL_SLOTS", "50"), ("SHOAL_NODE", SIMULATOR)]);
    NODES[1..].iter().for_each(|node| stack.start_node(node, &[]));
    for (simulation, agents, count) in SIMULATIONS {
        let folder = write_simulation(stack.dir(), simulation, agents, ROUNDS);
        let folder = folder.to_str().unwrap();
        stack.shoal_json(&["run", folder]);
        for _ in 0..count {
            stack.shoal_json(&["run", folder, "--new-run", "--detach", "--pace", "2"]);
        }
    }
    let (mut kills, mut last_kill) = (0, Instant::now());
    let runs = wait_for("all runs to be completed", || {
        if last_kill.elapsed() < BETWEEN_KILLS {
            return None;
        }
        let runs = runs(&stack);
        if runs.iter().all(is_completed) {
            return Some(runs);
        }
        kill(&mut stack, NODES[kills % NODES.len()]);
        (kills, last_kill) = (kills + 1, Instant::now());
        None
    });
    assert!(kills >= NODES.len(), "only {kills} kills");
    for (simulation, _, count) in SIMULATIONS {
        verify(&stack, &runs, simulation, count);
    }
}

/// Every run of a simulation is as its first one, which nothing happened to.
fn verify(stack: &Stack, runs: &[Value], simulation: &str, count: usize) {
    let runs: Vec<&Value> = runs.iter().filter(|run| run["simulation_id"] == simulation).collect();
    assert_eq!(runs.len(), count + 1);
    let undisturbed = format!("{simulation}-1");
    let first = runs.iter().find(|run| run["run_id"] == undisturbed.as_str()).unwrap();
    for run in &runs {
        assert_eq!(digests_of(run), digests_of(first), "{run}");
    }
    let most_owned = runs.iter().max_by_key(|run| run["epoch"].as_u64()).unwrap();
    assert!(most_owned["epoch"].as_u64() > Some(1), "no run of {simulation} changed hands");
    check(stack, most_owned["run_id"].as_str().unwrap(), &undisturbed);
}
