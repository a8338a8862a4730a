//! What becomes of a run when the files of the server's store are damaged: it is noticed and named,
//! and repaired where the journal allows.

use std::fs;
use std::path::{Path, PathBuf};

use nats_process::{NatsServer, Options};
use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::process::signal_process;
use system_tests::stack::{Stack, write_simulation};
use system_tests::wait_for;
use tempfile::TempDir;

use crate::any_client::failure;
use crate::past::ask;
use crate::whole_run::digests;

const ROUNDS: u32 = 12;

/// A run whose rounds are over, on a server whose files are at hand.
struct Stage {
    // First, so that it ends before its store does.
    stack: Stack,
    store: TempDir,
    run: String,
    undisturbed: (String, String),
}

impl Stage {
    fn new() -> Stage {
        let (stack, store) = stack_and_store();
        let folder = write_simulation(stack.dir(), "bridge", 8, ROUNDS);
        let summary = stack.shoal_json(&["run", folder.to_str().unwrap()]);
        let run = summary["run_id"].as_str().unwrap().to_owned();
        Stage { undisturbed: digests(&summary), stack, store, run }
    }

    fn damage(&mut self, damage: impl FnOnce(&Path)) {
        while_down(&mut self.stack, || damage(self.store.path()));
    }
}

/// A stack whose server keeps its files in this folder.
pub(crate) fn stack_and_store() -> (Stack, TempDir) {
    let store = TempDir::new().unwrap();
    let options = Options { store: Some(store.path().to_owned()), ..Options::default() };
    let nats = NatsServer::start(options);
    let url = nats.url();
    (Stack::on(nats, &url, &[("SHOAL_LEASE_SECONDS", "2")]), store)
}

/// Ends the server, which then writes its indexes, does something to its files, and starts it again.
pub(crate) fn while_down(stack: &mut Stack, work: impl FnOnce()) {
    let ends = |stack: &Stack| stack.nats.log().matches("Server Exiting").count();
    let before = ends(stack);
    signal_process(stack.nats.process_id(), Signal::TERM);
    wait_for("the server's last word", || (ends(stack) > before).then_some(()));
    stack.nats.kill();
    work();
    stack.nats.restart();
}

/// The folder of a stream.
pub(crate) fn folder_of(store: &Path, stream: &str) -> PathBuf {
    store.join("jetstream/$G/streams").join(stream)
}

/// The files of a stream with this end.
fn files(store: &Path, stream: &str, end: &str) -> Vec<PathBuf> {
    let folder = folder_of(store, stream).join("msgs");
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.to_string_lossy().ends_with(end));
    files.sort();
    files
}

/// Changes a byte so far behind the first place in a stream's blocks at which `text` stands.
fn flip(store: &Path, stream: &str, text: &str, behind: usize) {
    for file in files(store, stream, ".blk") {
        let mut bytes = fs::read(&file).unwrap();
        let found = bytes.windows(text.len()).position(|window| window == text.as_bytes());
        let Some(at) = found else { continue };
        bytes[at + text.len() + behind] ^= 1;
        return fs::write(&file, bytes).unwrap();
    }
    panic!("{text:?} stands in no block of {stream}");
}

/// Takes half of each of a stream's blocks away.
fn truncate(store: &Path, stream: &str) {
    for file in files(store, stream, ".blk") {
        let length = fs::metadata(&file).unwrap().len();
        fs::File::options().write(true).open(&file).unwrap().set_len(length / 2).unwrap();
    }
}

fn remove(store: &Path, stream: &str, end: &str) {
    let files = files(store, stream, end);
    assert!(!files.is_empty(), "{stream} has no {end}");
    files.iter().for_each(|file| fs::remove_file(file).unwrap());
}

/// Whatever the damage was, a check finds it or there is none; after a repair all is as it was, and
/// the run can be asked.
fn is_made_whole(is_found: bool, damage: impl FnOnce(&Path)) {
    let mut stage = Stage::new();
    stage.damage(damage);
    let (stack, run) = (&stage.stack, &*stage.run);
    let found = |id: &str| findings(&ask(stack, run, "verify", id, &json!({})));
    assert_eq!(!found("after").is_empty(), is_found);
    let repaired = ask(stack, run, "repair", "mend", &json!({}));
    assert_eq!(repaired["outcome"]["status"], "completed", "{repaired}");
    assert_eq!(found("again"), Vec::<Value>::new());
    stack.shoal_json(&["interview", run, "--agent", "0", "Well?"]);
    assert_eq!(digests(&stack.shoal_json(&["summary", run])), stage.undisturbed);
}

/// What the journal has lost is named, and nothing is taken away that it could not make again.
fn is_named(damage: impl FnOnce(&Path)) {
    let mut stage = Stage::new();
    stage.damage(damage);
    let (stack, run) = (&stage.stack, &*stage.run);
    let check = ask(stack, run, "verify", "after", &json!({}));
    let named = findings(&check).iter().any(|finding| finding["kind"] == "journal");
    let is_gone = check["outcome"]["status"] == "failed" && failure(&check).1.contains("is gone");
    assert!(named || is_gone, "{check}");
    let refused = ask(stack, run, "repair", "mend", &json!({}));
    assert_eq!(refused["outcome"]["status"], "failed", "{refused}");
    assert_eq!(digests(&stack.shoal_json(&["summary", run])), stage.undisturbed);
    if named {
        // What is before the damage is a run of its own.
        ask(stack, run, "fork", "rescue", &json!({"at_round": 0, "paused": true}));
        stack.await_status("bridge-2", "paused", |status| status["status"] == "paused");
    }
}

pub(crate) fn findings(reply: &Value) -> Vec<Value> {
    let worlds = reply["outcome"]["result"]["worlds"].as_array().into_iter().flatten();
    worlds.flat_map(|world| world["findings"].as_array().unwrap().clone()).collect()
}

#[test]
fn a_changed_byte_in_a_frame_is_found_and_repaired() {
    let text = r#""platform":"twitter","tick":5"#;
    is_made_whole(true, |store| flip(store, "SIM_ACTIONS", text, 120));
}

#[test]
fn a_truncated_block_of_frames_is_found_and_repaired() {
    is_made_whole(true, |store| truncate(store, "SIM_ACTIONS"));
}

#[test]
fn frames_that_are_gone_are_found_and_repaired() {
    is_made_whole(true, |store| remove(store, "SIM_ACTIONS", ".blk"));
}

#[test]
fn an_index_of_frames_that_is_gone_is_no_harm() {
    is_made_whole(false, |store| remove(store, "SIM_ACTIONS", ".db"));
}

#[test]
fn an_index_of_the_journal_that_is_gone_is_no_harm() {
    is_made_whole(false, |store| remove(store, "SIM_INPUTS", ".db"));
}

#[test]
fn snapshots_that_are_gone_are_no_harm() {
    is_made_whole(false, |store| remove(store, "SIM_SNAPSHOTS", ".blk"));
}

#[test]
fn truncated_snapshots_are_no_harm() {
    is_made_whole(false, |store| truncate(store, "SIM_SNAPSHOTS"));
}

#[test]
fn a_changed_byte_in_the_journal_is_named() {
    is_named(|store| flip(store, "SIM_INPUTS", r#""tick":5"#, 3));
}

#[test]
fn a_truncated_journal_is_named() {
    is_named(|store| truncate(store, "SIM_INPUTS"));
}

#[test]
fn a_journal_that_is_gone_is_named() {
    is_named(|store| remove(store, "SIM_INPUTS", ".blk"));
}
