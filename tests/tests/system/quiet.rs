//! Who keeps a run when leases are lost that nobody wanted to give up.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;
use system_tests::process::signal_process;
use system_tests::stack::{Stack, write_simulation};
use system_tests::wait_for;

use crate::recovery::{ticks, worker_of};
use crate::stopping::another_node;
use crate::whole_run::digests;

fn begin(stack: &Stack, rounds: u32, pace: &str) -> String {
    let folder = write_simulation(stack.dir(), "bridge", 8, rounds);
    let arguments = ["run", folder.to_str().unwrap(), "--new-run", "--detach", "--pace", pace];
    stack.shoal_json(&arguments)["run_id"].as_str().unwrap().to_owned()
}

fn owner(status: &Value) -> [Value; 3] {
    ["node", "worker", "epoch"].map(|field| status[field].clone())
}

#[test]
fn each_run_stays_with_its_node_through_an_outage_that_outlasts_the_leases() {
    let lease = Duration::from_secs(2);
    let settings =
        [("SHOAL_LEASE_SECONDS", "2"), ("SHOAL_SLOTS", "1"), ("SHOAL_NODE", "first-node")];
    let mut stack = Stack::start_with(&settings);
    let in_the_middle = |stack: &Stack, run: &str| {
        owner(&stack.await_status(run, "in the middle", |status| ticks(status) >= 4))
    };
    let first = begin(&stack, 400, "2");
    let first = (in_the_middle(&stack, &first), first);
    // The first node is full, so this one gets the other run; it has room for both.
    let more = [("SHOAL_NODE", "second-node"), ("SHOAL_SLOTS", "8")];
    let _second = another_node(&stack, &more);
    let second = begin(&stack, 400, "2");
    let second = (in_the_middle(&stack, &second), second);
    assert_eq!((&first.0[0], &second.0[0]), (&"first-node".into(), &"second-node".into()));
    let outage = Instant::now();
    stack.nats.kill();
    wait_for("the leases to run out", || (outage.elapsed() > 2 * lease).then_some(()));
    stack.nats.restart();
    for (before, run) in [first, second] {
        let run = run.as_str();
        let back = stack.await_status(run, "going on", |status| ticks(status) >= 6);
        // Long enough for those who wait to have waited, and to have looked around.
        let later = ticks(&back) + 24;
        let after = stack.await_status(run, "well on", |status| ticks(status) >= later);
        assert_eq!(owner(&after), before, "{run} has changed hands");
    }
}

#[test]
fn a_node_whose_run_was_taken_and_let_go_meanwhile_takes_it_up_anew() {
    let settings = [("SHOAL_LEASE_SECONDS", "2"), ("SHOAL_NODE", "first-node")];
    let mut stack = Stack::start_with(&settings);
    let folder = write_simulation(stack.dir(), "bridge", 8, 60);
    let undisturbed = stack.shoal_json(&["run", folder.to_str().unwrap()]);
    let run = begin(&stack, 60, "4");
    stack.await_status(&run, "in the middle", |status| ticks(status) >= 4);
    let frozen = [stack.service("shoal-simulator").id(), worker_of(&mut stack, &run)];
    for process in frozen {
        signal_process(process, Signal::STOP);
    }
    let mut second = another_node(&stack, &[("SHOAL_NODE", "second-node")]);
    let taken = stack.await_status(&run, "taken", |status| status["node"] == "second-node");
    let played = ticks(&taken) + 4;
    stack.await_status(&run, "going on", |status| ticks(status) >= played);
    second.signal(Signal::TERM);
    assert!(second.wait().success(), "{}", second.log());
    for process in frozen {
        signal_process(process, Signal::CONT);
    }
    let again = stack.await_status(&run, "completed", |status| status["status"] == "completed");
    assert_eq!((&again["node"], &again["epoch"]), (&"first-node".into(), &3.into()));
    let disturbed = stack.shoal_json(&["summary", &run]);
    assert_eq!(digests(&undisturbed), digests(&disturbed));
}
