//! A bus that is away, half there, or slow.

use std::thread::sleep;
use std::time::{Duration, Instant};

use nats_process::{NatsServer, Options};
use rustix::process::Signal;
use serde_json::Value;
use system_tests::process::signal_process;
use system_tests::proxy::Proxy;
use system_tests::stack::{SIMULATOR, Stack, write_simulation};
use system_tests::wait_for;

use crate::ownership::{check, epochs};
use crate::recovery::ticks;

/// How long a node without a bus may take to end: 10 s for its workers, 5 for what it has to say
/// of them, 5 for what is on its way.
const MOST_GRACE: Duration = Duration::from_secs(25);

/// What a service says when the connection is gone.
const LOST: &str = "lost the connection to nats-server";

/// A bus behind a line, and two nodes that could both have its runs; they are to end first.
fn behind_a_line(lease_seconds: &str) -> (Proxy, Stack) {
    let nats = NatsServer::start(Options::default());
    let line = Proxy::start(nats.client_port);
    let more = [("SHOAL_LEASE_SECONDS", lease_seconds), ("SHOAL_NODE", SIMULATOR)];
    let mut stack = Stack::on(nats, &line.url(), &more);
    stack.start_node("second", &[]);
    (line, stack)
}

/// A run that nothing happens to, and one of the same spec that is in the middle.
fn in_the_middle(stack: &Stack, rounds: u32, pace: &str) -> (String, String) {
    let folder = write_simulation(stack.dir(), "bridge", 8, rounds);
    let folder = folder.to_str().unwrap();
    let run = |more: &[&str]| {
        let summary = stack.shoal_json(&[&["run", folder, "--new-run"], more].concat());
        summary["run_id"].as_str().unwrap().to_owned()
    };
    let (undisturbed, run) = (run(&[]), run(&["--detach", "--pace", pace]));
    play(stack, &run, 4);
    (undisturbed, run)
}

/// Waits until so many ticks are played.
fn play(stack: &Stack, run: &str, count: u64) {
    let status = stack.await_status(run, "played on", |status| ticks(status) >= count);
    assert_eq!(status["status"], "running", "the run was over before anything happened to it");
}

fn complete(stack: &Stack, run: &str) -> Value {
    stack.await_status(run, "completed", |status| status["status"] == "completed")
}

/// The run ends as it would have, in the hands of few.
fn ends_undisturbed(stack: &Stack, run: &str, undisturbed: &str, most_epochs: u64) {
    let epoch = complete(stack, run)["epoch"].as_u64().unwrap();
    assert!(epoch <= most_epochs, "the run is in epoch {epoch}");
    assert_eq!(epochs(&check(stack, run, undisturbed)), epoch);
}

fn losses(stack: &mut Stack) -> usize {
    stack.service(SIMULATOR).log().matches(LOST).count()
}

#[test]
fn a_server_that_is_away_for_longer_than_a_lease_takes_no_run_with_it() {
    let mut stack = Stack::start_with(&[("SHOAL_LEASE_SECONDS", "2")]);
    stack.start_node("second", &[]);
    let (undisturbed, run) = in_the_middle(&stack, 30, "6");
    stack.nats.kill();
    // How long an outage takes is its own business: nothing is waited for.
    sleep(Duration::from_secs(5));
    stack.nats.restart();
    ends_undisturbed(&stack, &run, &undisturbed, 2);
}

#[test]
fn a_line_that_is_cut_takes_no_run_with_it() {
    let (line, stack) = behind_a_line("2");
    let (undisturbed, run) = in_the_middle(&stack, 30, "6");
    line.cut();
    sleep(Duration::from_secs(5));
    line.heal();
    ends_undisturbed(&stack, &run, &undisturbed, 2);
}

#[test]
fn a_node_that_is_told_to_end_while_the_bus_is_away_does() {
    let (line, mut stack) = behind_a_line("2");
    let (undisturbed, run) = in_the_middle(&stack, 30, "6");
    let node = stack.shoal_json(&["status", &run])["node"].as_str().unwrap().to_owned();
    line.cut();
    let node = stack.service(&node);
    wait_for("the node to notice", || node.log().contains(LOST).then_some(()));
    node.signal(Signal::TERM);
    let told = Instant::now();
    assert!(node.wait().success(), "{}", node.log());
    let took = told.elapsed();
    assert!(took < MOST_GRACE, "it took {took:?}");
    line.heal();
    ends_undisturbed(&stack, &run, &undisturbed, 2);
}

#[test]
fn a_line_that_is_half_open_is_noticed_and_what_was_on_its_way_harms_nobody() {
    let (line, mut stack) = behind_a_line("2");
    let (undisturbed, run) = in_the_middle(&stack, 30, "6");
    let before = losses(&mut stack);
    line.freeze();
    let frozen = Instant::now();
    wait_for("the node to notice", || (losses(&mut stack) > before).then_some(()));
    let noticed = frozen.elapsed();
    assert!(noticed < Duration::from_secs(16), "noticed after {noticed:?}, 15 s are promised");
    sleep(Duration::from_secs(20).saturating_sub(frozen.elapsed()));
    line.heal();
    ends_undisturbed(&stack, &run, &undisturbed, 2);
}

#[test]
fn a_server_that_is_slow_costs_time_and_no_lease() {
    let (line, mut stack) = behind_a_line("5");
    let (undisturbed, run) = in_the_middle(&stack, 24, "6");
    line.slow(Duration::from_millis(150));
    play(&stack, &run, 8);
    let server = stack.nats.process_id();
    for _ in 0..6 {
        signal_process(server, Signal::STOP);
        sleep(Duration::from_millis(700));
        signal_process(server, Signal::CONT);
        sleep(Duration::from_millis(300));
    }
    play(&stack, &run, 12);
    line.heal();
    ends_undisturbed(&stack, &run, &undisturbed, 1);
    for node in [SIMULATOR, "second"] {
        let log = stack.service(node).log();
        assert!(!log.contains("LeaseLost") && !log.contains(LOST), "{log}");
    }
}

#[test]
fn a_server_that_is_killed_again_and_again_loses_and_repeats_nothing() {
    let mut stack = Stack::start();
    let (undisturbed, first) = in_the_middle(&stack, 150, "15");
    let folder = stack.dir().join("bridge");
    let more = ["run", folder.to_str().unwrap(), "--new-run", "--detach", "--pace", "15"];
    let mut runs = vec![first.clone()];
    for _ in 0..3 {
        runs.push(stack.shoal_json(&more)["run_id"].as_str().unwrap().to_owned());
    }
    for kill in 1..=5 {
        play(&stack, &first, kill * 20);
        stack.nats.restart();
    }
    for run in runs {
        complete(&stack, &run);
        check(&stack, &run, &undisturbed);
    }
}
