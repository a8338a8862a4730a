//! Ensembles: the same seeds give the same bytes, whichever node plays them and whenever.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::process::{program, signal_process};
use system_tests::stack::{SIMULATOR, Stack, text, write_simulation};
use system_tests::wait_for;

const SEEDS: u64 = 20;
const ROUNDS: u32 = 6;
const RUMOUR: &str = "The bridge is closed already.";

/// `shoal ensemble` of a folder, with a folder for its files.
fn ensemble(stack: &Stack, folder: &Path, out: &Path, more: &[&str]) -> Output {
    let own = ["ensemble", folder.to_str().unwrap(), "--out", out.to_str().unwrap()];
    stack.shoal(&[&own, more].concat())
}

fn json_of(folder: &Path, file: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join(file)).unwrap()).unwrap()
}

/// A manifest without what no two executions share.
fn timeless(folder: &Path) -> Value {
    let mut manifest = json_of(folder, "manifest.json");
    assert!(manifest.as_object_mut().unwrap().remove("times").is_some());
    manifest
}

fn assert_success(output: &Output) {
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
}

#[test]
fn twenty_seeds_give_the_same_report_twice() {
    let mut stack = Stack::start_with(&[("SHOAL_SLOTS", "3"), ("SHOAL_NODE", SIMULATOR)]);
    stack.start_node("second", &[]);
    wait_for("the second node to be up", || {
        stack.service("second").log().contains("the node is up").then_some(())
    });
    let folder = write_simulation(stack.dir(), "bridge", 8, 24);
    let posts = stack.dir().join("posts.jsonl");
    let rumour = json!({"agent": "Agent 3", "content": RUMOUR});
    std::fs::write(&posts, rumour.to_string()).unwrap();
    let (rounds, seeds) = (ROUNDS.to_string(), SEEDS.to_string());
    let options = [
        "--seeds",
        &seeds,
        "--max-rounds",
        &rounds,
        "--set",
        "twitter_config.echo_chamber_strength=0.9",
        "--inject",
        posts.to_str().unwrap(),
        "--at-round",
        "2",
        "--reach-threshold",
        "3",
    ];
    let [first, second, third] = ["first", "second", "third"].map(|name| stack.dir().join(name));
    let one = ensemble(&stack, &folder, &first, &options);
    assert_success(&one);
    let lines = text(&one.stderr);
    // Nodes share their questions, so one of the two may be overlooked.
    let is_counted = ["at most 3 at once", "at most 6 at once"].iter().any(|it| lines.contains(it));
    assert!(is_counted && lines.contains("20 of 20: seed "), "{lines}");
    // In another order on the nodes, and without a trace but the files.
    let other = ensemble(
        &stack,
        &folder,
        &second,
        &[&options[..], &["--at-once", "2", "--delete"]].concat(),
    );
    assert_success(&other);
    assert_eq!(text(&one.stdout), text(&other.stdout));
    for file in ["report.json", "runs.csv", "rounds.csv"] {
        let [one, other] = [&first, &second].map(|it| std::fs::read(it.join(file)).unwrap());
        assert!(one == other, "{file}:\n{}\n{}", text(&one), text(&other));
    }
    assert_eq!(timeless(&first), timeless(&second));
    they_are_of_the_runs(&stack, &first);
    it_is_repeated(&stack, &folder, &first, &third);
}

/// What the files say is what the runs say of themselves.
fn they_are_of_the_runs(stack: &Stack, out: &Path) {
    let runs = stack.shoal_json(&["ls"]);
    let runs = runs.as_array().unwrap();
    assert_eq!(runs.len() as u64, SEEDS, "those of the second execution are deleted");
    let nodes: BTreeSet<&str> = runs.iter().map(|run| run["node"].as_str().unwrap()).collect();
    assert_eq!(nodes.into_iter().collect::<Vec<_>>(), ["second", SIMULATOR]);
    let manifest = json_of(out, "manifest.json");
    let csv = std::fs::read_to_string(out.join("runs.csv")).unwrap();
    for times in manifest["times"]["runs"].as_array().unwrap() {
        let run = runs.iter().find(|run| run["run_id"] == times["run_id"]).unwrap();
        let seed = times["seed"].as_u64().unwrap();
        assert_eq!(run["options"]["seed"], seed);
        let known = &manifest["runs"][usize::try_from(seed).unwrap() - 1];
        for world in run["platforms"].as_array().unwrap() {
            let platform = world["platform"].as_str().unwrap();
            assert_eq!(known["digests"][platform], world["digest"]);
            let row = format!("{seed},{platform},{},", world["memorable"]);
            assert!(csv.contains(&format!("\n{row}")), "no row {row} in\n{csv}");
        }
    }
    let report = json_of(out, "report.json");
    assert_eq!(report["median_95_ranks"]["low"], 6);
    assert_eq!(report["median_95_ranks"]["high"], 15);
    let twitter = &report["worlds"]["twitter"];
    assert_eq!(twitter["rounds"].as_array().unwrap().len() as u64, u64::from(ROUNDS) + 1);
    assert_eq!(twitter["actions"]["runs"], SEEDS);
    assert!(twitter["actions"]["lowest"].as_u64() < twitter["actions"]["highest"].as_u64());
    // Where everybody reads of it: the injected post stands in every run, in its round.
    for run in runs {
        let events = stack.shoal(&["events", run["run_id"].as_str().unwrap(), "--json"]);
        let events = text(&events.stdout);
        let events = events.lines().map(|line| serde_json::from_str(line).unwrap());
        let written: Vec<Value> = events
            .filter(|event: &Value| event["action"]["action_type"] == "CREATE_POST")
            .filter(|event| event["action"]["action_args"]["content"] == RUMOUR)
            .collect();
        let rounds: Vec<&Value> = written.iter().map(|event| &event["action"]["round"]).collect();
        assert_eq!(rounds, [2, 2], "once in each world");
    }
}

fn it_is_repeated(stack: &Stack, folder: &Path, first: &Path, third: &Path) {
    let manifest = first.join("manifest.json");
    let repeat = ["--repeat", manifest.to_str().unwrap(), "--json"];
    let again = ensemble(stack, folder, third, &repeat);
    assert_success(&again);
    let said: Value = serde_json::from_slice(&again.stdout).unwrap();
    let expected = json!({"same": true, "compared": SEEDS, "not_compared": [], "differences": []});
    assert_eq!(said, expected);
    assert_eq!(timeless(first), timeless(third));

    let mut forged = json_of(first, "manifest.json");
    forged["runs"][6]["digests"]["reddit"] = json!("0".repeat(64));
    std::fs::write(&manifest, forged.to_string()).unwrap();
    let command = ["ensemble", folder.to_str().unwrap(), "--repeat", manifest.to_str().unwrap()];
    let noticed = stack.shoal(&command);
    let said = text(&noticed.stdout);
    assert_eq!(noticed.status.code(), Some(1), "{said}");
    assert!(
        said.contains("20 runs, not all as the manifest has it:\n  seed 7, reddit: "),
        "{said}"
    );
    assert_eq!(said.matches("seed ").count(), 1, "{said}");

    let config = folder.join("simulation_config.json");
    let changed = std::fs::read_to_string(&config).unwrap().replace("Says who?", "Who says so?");
    std::fs::write(&config, changed).unwrap();
    let refused = stack.shoal(&command);
    let said = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("is not what the manifest is of"), "{said}");
}

/// `shoal ensemble` of runs that take their time, in a process of its own.
fn begin(stack: &Stack, rounds: u32, seeds: &str, out: &Path) -> Child {
    let folder: PathBuf = write_simulation(stack.dir(), "bridge", 4, rounds);
    Command::new(program("shoal"))
        .args(["ensemble", folder.to_str().unwrap(), "--seeds", seeds, "--at-once", "2"])
        .args(["--out", out.to_str().unwrap()])
        .envs(&stack.environment)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn await_playing(stack: &Stack, run: &str) {
    stack.await_status(run, "playing", |status| {
        status["status"] == "running" && status["platforms"][0]["round"].as_u64() > Some(0)
    });
}

#[test]
fn who_goes_leaves_no_run_behind() {
    let stack = Stack::start();
    let out = stack.dir().join("out");
    let child = begin(&stack, 80_000, "5", &out);
    ["bridge-1", "bridge-2"].iter().for_each(|run| await_playing(&stack, run));
    signal_process(child.id(), Signal::INT);
    let output = child.wait_with_output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("no report: 0 runs done; stopping bridge-1, bridge-2"), "{said}");
    let runs = stack.shoal_json(&["ls"]);
    let states: Vec<&Value> = runs.as_array().unwrap().iter().map(|run| &run["status"]).collect();
    assert_eq!(states, ["stopped", "stopped"]);
    assert!(!out.join("manifest.json").exists());
}

#[test]
fn one_run_that_fails_does_not_lose_the_others() {
    let stack = Stack::start();
    let out = stack.dir().join("out");
    let child = begin(&stack, 2_000, "3", &out);
    await_playing(&stack, "bridge-1");
    let stopped = stack.shoal(&["stop", "bridge-1", "--reason", "seen enough"]);
    assert_success(&stopped);
    let output = child.wait_with_output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("seed 1 (bridge-1) failed: it is stopped: seen enough"), "{said}");
    let report = json_of(&out, "report.json");
    assert_eq!((&report["seeds"], &report["missing_seeds"]), (&json!([2, 3]), &json!([1])));
    let manifest = json_of(&out, "manifest.json");
    assert_eq!(manifest["runs"][0], json!({"seed": 1, "completed": false, "digests": {}}));
}
