//! The sink is killed at each named step.

use std::path::Path;

use system_tests::stack::{Stack, write_simulation};
use system_tests::zep::{Act, ZepServer};
use tempfile::TempDir;

use super::{await_memories, count, told, truth, without, write_targets};

/// Where it dies, each once; the number is how often a process passes there.
const DEATHS: [&str; 10] = [
    "sink.fetched:kill:3",
    "sink.intent:kill:4",
    "sink.sending:kill:5",
    "sink.sent:kill:6",
    "sink.accepted:kill:7",
    "sink.noted:kill:8",
    "sink.saved:kill:2",
    "sink.committed:kill:3",
    "sink.dead-letter:kill",
    "sink.dead-lettered:kill",
];

/// Starts the sink whenever it is dead, until it has died everywhere.
fn die_everywhere(stack: &mut Stack, marks: &Path) {
    let died = |point: &&str| marks.join(point.split(':').next().unwrap()).exists();
    let deadline = std::time::Instant::now() + system_tests::PATIENCE;
    loop {
        if !stack.service("shoal-memory-sink").is_alive() {
            stack.start_service("shoal-memory-sink");
        }
        let missing: Vec<&&str> = DEATHS.iter().filter(|point| !died(point)).collect();
        if missing.is_empty() {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "it never dies at {missing:?}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn whoever_dies_at_each_step_the_memories_have_what_the_stream_has() {
    let dir = TempDir::new().unwrap();
    let marks = dir.path().join("marks");
    std::fs::create_dir(&marks).unwrap();
    // What one agent does cannot be read by Zep.
    let picky = || ZepServer::scripted(|seen| Act::picky(seen, 9_600, "Agent 3: "));
    let (two, four) = (picky(), picky());
    let targets = write_targets(dir.path(), &two, &four);
    let mut stack = Stack::start_with(&[
        ("SHOAL_FAULTS", &DEATHS.join(",")),
        ("SHOAL_FAULTS_DIR", marks.to_str().unwrap()),
        ("SHOAL_MEMORY_TARGETS", &targets),
    ]);
    let folder = write_simulation(stack.dir(), "bridge", 12, 20);
    let memories = ["--memory", "local", "--memory", "two", "--memory", "four"];
    let run = [&["run", folder.to_str().unwrap(), "--detach", "--pace", "4"], &memories[..]];
    stack.shoal_json(&run.concat());
    die_everywhere(&mut stack, &marks);
    stack.await_status("bridge-1", "completed", |status| status["status"] == "completed");
    if !stack.service("shoal-memory-sink").is_alive() {
        stack.start_service("shoal-memory-sink");
    }
    await_memories(&stack, "bridge-1", 6);

    let truth = truth(&stack, "bridge-1");
    let fit = without(&truth, "Agent 3: ");
    assert!(count(&truth) - count(&fit) > 5, "too few dead letters");
    assert_eq!(told(&two, "bridge", "bridge-1"), fit);
    assert_eq!(told(&four, "bridge", "bridge-1"), fit);
    assert_eq!(four.graphs(), ["bridge"], "a graph is made once");
}
