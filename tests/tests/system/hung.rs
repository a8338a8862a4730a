//! A worker that is busy for ever is as dead as one that is gone.

use rustix::process::Signal;
use serde_json::json;
use system_tests::process::signal_process;
use system_tests::stack::{SIMULATOR, Stack, write_simulation};
use system_tests::wait_for;

use crate::ownership::{check, epochs};
use crate::recovery::{ticks, worker_of};

/// One of the workers hangs at this point, and only it; its run goes on as if nothing had been.
fn hangs_at(point: &str, nth: u32, worlds: &str, meanwhile: fn(&mut Stack, &str)) {
    let mut stack = Stack::start_with(&[("SHOAL_HUNG_SECONDS", "3")]);
    let folder = write_simulation(stack.dir(), "bridge", 8, 60);
    let run = |stack: &Stack, more: &[&str]| {
        let begin = ["run", folder.to_str().unwrap(), "--new-run", "--platform", worlds];
        let summary = stack.shoal_json(&[&begin, more].concat());
        summary["run_id"].as_str().unwrap().to_owned()
    };
    let undisturbed = run(&stack, &[]);
    let marks = stack.dir().join("marks");
    std::fs::create_dir(&marks).unwrap();
    let plan = format!("{point}:hang:{nth}");
    let faults = [("SHOAL_FAULTS", &*plan), ("SHOAL_FAULTS_DIR", marks.to_str().unwrap())];
    stack.start_node(SIMULATOR, &faults);
    stack.await_ready();
    let run = run(&stack, &["--detach", "--pace", "12"]);
    meanwhile(&mut stack, &run);
    let hung: u32 = wait_for("a worker to hang", || {
        std::fs::read_to_string(marks.join(point)).ok()?.parse().ok()
    });
    let status = stack.await_status(&run, "completed", |status| status["status"] == "completed");
    assert_eq!((&status["epoch"], &status["reason"]), (&json!(2), &json!(null)), "{status}");
    let log = stack.service(SIMULATOR).log();
    assert_eq!(log.matches("no sign of life for 3 s, killed").count(), 1, "{log}");
    assert!(!std::path::Path::new(&format!("/proc/{hung}")).exists(), "the worker lives on");
    assert_eq!(epochs(&check(&stack, &run, &undisturbed)), 2);
}

#[test]
fn a_step_without_end_costs_its_worker_and_nothing_else() {
    hangs_at("tick.stepped", 9, "both", |_, _| {});
}

#[test]
fn an_opening_without_end_costs_its_worker_and_nothing_else() {
    // Of two worlds, one would be claimed while the other hangs.
    hangs_at("snapshot.loaded", 1, "twitter", |stack, run| {
        // Some time in which a snapshot is stored.
        stack.await_status(run, "in the middle", |status| ticks(status) >= 32);
        signal_process(worker_of(stack, run), Signal::KILL);
    });
}
