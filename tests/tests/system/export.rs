//! An export holds what the world held, and OASIS's schema opens it.

mod replay;

use std::fs;
use std::path::{Path, PathBuf};

use ::export::{Export, Request};
use contract::spec::Spec;
use contract::subject::Platform;
use rusqlite::Connection;
use serde_json::{Value, json};
use system_tests::process::python;
use system_tests::stack::{Stack, text, write_simulation};
use tempfile::TempDir;

use replay::{Held, Stage, status_after};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read_spec(folder: &Path) -> Spec {
    intake::read_folder(folder, &intake::Limits::default()).unwrap().spec
}

/// What the script of another language says of an export; nothing if all is well.
fn complaints(folder: &Path, worlds: &[(Platform, Held)]) -> Option<String> {
    let expected: serde_json::Map<String, Value> =
        worlds.iter().map(|(platform, held)| (platform.to_string(), held.to_json())).collect();
    let file = folder.with_extension("expected.json");
    fs::write(&file, Value::from(expected).to_string()).unwrap();
    let script = project().join("tests/tests/system/export_check.py");
    let output = python().arg(script).arg(folder).arg(&file).output().unwrap();
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    (!output.status.success()).then_some(said)
}

/// Plays a small simulation, all 22 actions among what is done, and exports it.
fn played(dir: &Path, seed: u64) -> (PathBuf, Vec<(Platform, Held)>) {
    let spec = read_spec(&write_simulation(dir, "bridge", 12, 12));
    let folder = dir.join(format!("out-{seed}"));
    let mut stages = Platform::ALL.map(|platform| Stage::new(&spec, platform, seed, 12));
    let status = status_after(&spec, seed, 12);
    let request = Request { formats: Vec::new(), all_actions: false, force: false };
    let mut export = Export::begin(&folder, &request, &spec, &status).unwrap();
    for _ in 0..=12 {
        for stage in &mut stages {
            export.frame(&stage.step_with_noise()).unwrap();
        }
    }
    export.finish().unwrap();
    (folder, stages.map(|stage| (stage.platform(), stage.held())).into())
}

#[test]
fn every_table_of_a_world_in_which_everything_happens_is_the_worlds() {
    let dir = TempDir::new().unwrap();
    for seed in 1..=5 {
        let (folder, worlds) = played(dir.path(), seed);
        for (platform, held) in &worlds {
            let undone = held.last_ids.iter().filter(|(table, last)| held.tables[*table] < **last);
            assert!(undone.count() >= 4, "{platform}: hardly anything was undone");
            assert!(held.traces.len() >= 22, "{platform}: not every action happened");
        }
        assert_eq!(complaints(&folder, &worlds), None, "seed {seed}");
    }
}

#[test]
fn the_check_notices_what_is_wrong() {
    let dir = TempDir::new().unwrap();
    let (folder, worlds) = played(dir.path(), 1);
    for (damage, complaint) in [
        (
            "DELETE FROM \"like\" WHERE like_id = (SELECT min(like_id) FROM \"like\")",
            "rows of like",
        ),
        (
            "UPDATE post SET num_shares = num_shares + 1 WHERE post_id = 1",
            "post.num_shares against",
        ),
        ("UPDATE comment SET post_id = 99999 WHERE comment_id = 1", "comment.post_id without"),
        ("ALTER TABLE user ADD COLUMN mood TEXT", "user columns"),
        (
            "UPDATE trace SET info = '[]' WHERE rowid = \
             (SELECT min(rowid) FROM trace WHERE action = 'follow')",
            "info of follow",
        ),
    ] {
        let copy = dir.path().join("damaged");
        fs::create_dir_all(&copy).unwrap();
        for platform in Platform::ALL {
            let file = format!("{platform}_simulation.db");
            fs::copy(folder.join(&file), copy.join(&file)).unwrap();
        }
        let database = Connection::open(copy.join("reddit_simulation.db")).unwrap();
        database.pragma_update(None, "foreign_keys", false).unwrap();
        database.execute_batch(damage).unwrap_or_else(|error| panic!("{damage}: {error}"));
        drop(database);
        let said = complaints(&copy, &worlds).unwrap_or_default();
        assert!(said.contains(complaint), "{damage}: {said}");
        assert!(!said.contains("Traceback"), "{damage}: {said}");
    }
}

#[test]
fn a_run_of_the_sample_is_exported_as_its_world_held_it() {
    let stack = Stack::start();
    let sample = project().join("samples/lantern-pier");
    let rounds = 30;
    let run = ["run", sample.to_str().unwrap(), "--max-rounds", "30", "--seed", "7"];
    assert_eq!(stack.shoal_json(&run)["status"], "completed");
    let asked = stack.shoal_json(&["interview", "lantern-pier", "--agent", "3", "Whose side?"]);
    let out = stack.dir().join("out");
    let again = stack.dir().join("again");
    let manifest = stack.shoal_json(&["export", "lantern-pier", out.to_str().unwrap()]);
    stack.shoal_json(&["export", "lantern-pier", again.to_str().unwrap()]);

    let spec = read_spec(&sample);
    assert_eq!(manifest["spec_digest"], json!(spec.digest()));
    let mut worlds = Vec::new();
    for (platform, described) in
        spec.platforms().into_iter().zip(manifest["platforms"].as_array().unwrap())
    {
        let mut stage = Stage::new(&spec, platform, 7, rounds);
        (0..=rounds).for_each(|_| drop(stage.step()));
        assert_eq!(described["digest"], json!(stage.digest()), "{platform}");
        assert_eq!(described["is_complete"], true);
        let mut held = stage.held();
        let answer = &asked["outcome"]["result"][platform.as_str()]["response"];
        held.add_interview(3, "Whose side?", answer.as_str().unwrap());
        worlds.push((platform, held));
    }
    assert_eq!(worlds.len(), 2);
    assert_eq!(complaints(&out, &worlds), None);
    for file in manifest["files"].as_array().unwrap() {
        let path = file["path"].as_str().unwrap();
        // What the workers log goes on after the end, as nobody asks for it any more.
        if path != "simulation.log" {
            assert!(
                fs::read(out.join(path)).unwrap() == fs::read(again.join(path)).unwrap(),
                "{path}"
            );
        }
    }
}

#[test]
fn a_run_that_goes_on_is_exported_as_far_as_it_is() {
    let stack = Stack::start();
    let folder = write_simulation(stack.dir(), "bridge", 12, 48);
    stack.shoal_json(&["run", folder.to_str().unwrap(), "--detach", "--pace", "4"]);
    stack.await_status("bridge", "in round 3", |status| {
        status["platforms"].as_array().is_some_and(|worlds| {
            worlds.iter().all(|world| world["round"].as_u64().is_some_and(|round| round >= 3))
        })
    });
    let out = stack.dir().join("out");
    let out = out.to_str().unwrap();
    let manifest = stack.shoal_json(&["export", "bridge", out, "--format", "original"]);
    let through = |world: usize| manifest["platforms"][world]["through_round"].as_u64().unwrap();
    assert!((3..48).contains(&through(0)) && through(1) >= 3, "{manifest}");
    let state = fs::read(Path::new(out).join("run_state.json")).unwrap();
    let state: Value = serde_json::from_slice(&state).unwrap();
    assert_eq!(state["twitter_current_round"], through(0));
    assert_eq!(state["runner_status"], "running");
    let rows = fs::read_to_string(Path::new(out).join("twitter/actions.jsonl")).unwrap();
    let last: Value = serde_json::from_str(rows.lines().last().unwrap()).unwrap();
    assert_eq!((&last["event_type"], &last["round"]), (&json!("round_end"), &json!(through(0))));

    let refused = stack.shoal(&["export", "bridge", out]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("--force"), "{}", text(&refused.stderr));
    let manifest = stack.shoal_json(&["export", "bridge", out, "--format", "csv", "--force"]);
    assert_eq!(manifest["files"].as_array().unwrap().len(), 6);
    assert!(!Path::new(out).join("run_state.json").exists());
}
