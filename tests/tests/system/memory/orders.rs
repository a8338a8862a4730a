//! What is asked about memories, and what becomes of them when their ledger or their sink is lost.

use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::process::python;
use system_tests::stack::{Stack, text, write_simulation};
use system_tests::wait_for;
use system_tests::zep::{Act, ZepServer};
use tempfile::TempDir;

use super::{await_memories, count, told, truth, without, write_targets};

/// A stack with a run of `bridge` that is over and went to these memories.
fn played(two: &ZepServer, four: &ZepServer, memories: &[&str]) -> (TempDir, Stack) {
    let dir = TempDir::new().unwrap();
    let targets = write_targets(dir.path(), two, four);
    let stack = Stack::start_with(&[("SHOAL_MEMORY_TARGETS", &targets)]);
    let folder = write_simulation(stack.dir(), "bridge", 12, 16);
    let mut run = vec!["run", folder.to_str().unwrap(), "--detach"];
    for memory in memories {
        run.extend(["--memory", memory]);
    }
    stack.shoal_json(&run);
    stack.await_status("bridge-1", "completed", |status| status["status"] == "completed");
    (dir, stack)
}

#[test]
fn a_run_that_is_over_gets_one_more_memory() {
    let (two, four) = (ZepServer::start(), ZepServer::start());
    let (_dir, stack) = played(&two, &four, &["none"]);
    let attach = |target: &str| {
        stack.shoal_json(&["memory", "attach", "bridge-1", target])["outcome"]["result"].clone()
    };
    let first = attach("local");
    assert_eq!((&first["attached"], &first["graph_id"]), (&json!(true), &json!("bridge")));
    await_memories(&stack, "bridge-1", 2);
    assert_eq!(attach("local")["attached"], false);
    let apart = ["memory", "attach", "bridge-1", "four", "--graph", "a graph of its own"];
    assert_eq!(stack.shoal_json(&apart)["outcome"]["result"]["graph_id"], "a graph of its own");
    await_memories(&stack, "bridge-1", 4);
    let truth = truth(&stack, "bridge-1");
    assert!(count(&truth) > 20);
    assert_eq!(told(&four, "a graph of its own", "bridge-1"), truth);
    assert_eq!(count(&told(&two, "bridge", "bridge-1")), 0);
    let nobody = stack.shoal(&["memory", "attach", "bridge-1", "nobody"]);
    let said = text(&nobody.stderr);
    assert!(!nobody.status.success() && said.contains("no memory-sink has a memory"), "{said}");
}

#[test]
fn what_was_refused_is_taken_once_it_can_be() {
    let picky = ZepServer::scripted(|seen| Act::picky(seen, 10_000, "Agent 2: "));
    let four = ZepServer::start();
    let (_dir, stack) = played(&picky, &four, &["local", "two"]);
    await_memories(&stack, "bridge-1", 4);
    let truth = truth(&stack, "bridge-1");
    let fit = without(&truth, "Agent 2: ");
    let unfit = count(&truth) - count(&fit);
    assert!(unfit > 2, "{unfit} dead letters are too few");
    assert_eq!(told(&picky, "bridge", "bridge-1"), fit);
    // It fails as long as any letter is left.
    let redrive = || {
        let output = stack.shoal(&["memory", "redrive", "bridge-1", "--json"]);
        let reply: Value = serde_json::from_slice(&output.stdout).unwrap();
        reply["outcome"]["result"].clone()
    };
    let before = redrive();
    assert_eq!((&before["redriven"], &before["dead"]), (&json!(0), &json!(unfit)), "{before}");

    picky.set_script(|_| Act::Serve);
    let after = redrive();
    assert_eq!((&after["redriven"], &after["dead"]), (&json!(unfit), &json!(0)), "{after}");
    let sorted = |lines: &super::Lines| {
        let mut lines: Vec<String> = lines.iter().flat_map(|(_, lines)| lines.clone()).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&told(&picky, "bridge", "bridge-1")), sorted(&truth));
    let stats = await_memories(&stack, "bridge-1", 4);
    let dead = |cursor: &Value| cursor["dead"].as_u64().unwrap();
    assert_eq!(stats["cursors"].as_array().unwrap().iter().map(dead).sum::<u64>(), 0);
    assert_eq!(redrive()["redriven"], 0);
    assert_eq!(count(&told(&picky, "bridge", "bridge-1")), count(&truth));
}

#[test]
fn a_lost_ledger_is_made_again_from_what_the_memories_have() {
    let (two, four) = (ZepServer::start(), ZepServer::start());
    let (_dir, mut stack) = played(&two, &four, &["local", "two", "four"]);
    await_memories(&stack, "bridge-1", 6);
    let truth = truth(&stack, "bridge-1");
    let sink = stack.service("shoal-memory-sink");
    sink.signal(Signal::KILL);
    sink.wait();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/memory/purge_ledger.py");
    let output = python().args([script, &stack.nats.url()]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    // The file is lost as well.
    std::fs::remove_dir_all(stack.dir().join("memory")).unwrap();
    stack.start_service("shoal-memory-sink");
    await_memories(&stack, "bridge-1", 6);
    assert_eq!(super::truth(&stack, "bridge-1"), truth);
    assert_eq!(told(&two, "bridge", "bridge-1"), truth);
    assert_eq!(told(&four, "bridge", "bridge-1"), truth);
}

/// One that holds a graph dies, and another one goes on.
#[test]
fn several_sinks_share_the_graphs_and_take_over() {
    let dir = TempDir::new().unwrap();
    let (two, four) = (ZepServer::start(), ZepServer::start());
    let targets = write_targets(dir.path(), &two, &four);
    let mut stack = Stack::start_with(&[("SHOAL_MEMORY_TARGETS", &targets)]);
    let sinks = ["sink-2", "sink-3"];
    for name in sinks {
        stack.start_sink(name, &[]);
    }
    let folder = write_simulation(stack.dir(), "bridge", 8, 24);
    let memories = ["--memory", "local", "--memory", "two", "--memory", "four"];
    let run = [&["run", folder.to_str().unwrap(), "--detach", "--pace", "4"], &memories[..]];
    stack.shoal_json(&run.concat());
    for (name, episodes) in sinks.into_iter().zip([2, 6]) {
        wait_for("episodes", || (four.episodes("bridge").len() > episodes).then_some(()));
        stack.service(name).signal(Signal::KILL);
        stack.service(name).wait();
    }
    stack.await_status("bridge-1", "completed", |status| status["status"] == "completed");
    let truth = || {
        let all = [told(&two, "bridge", "bridge-1"), told(&four, "bridge", "bridge-1")];
        (count(&all[0]) == count(&all[1]) && count(&all[0]) > 0).then_some(all)
    };
    await_memories(&stack, "bridge-1", 6);
    let told = wait_for("both", truth);
    let local = super::truth(&stack, "bridge-1");
    assert_eq!(told, [local.clone(), local]);
}
