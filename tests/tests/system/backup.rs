//! A backup that is taken while runs go on, and a server that is made of it: all goes on from there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;

use nats_process::{NatsServer, Options};
use serde_json::{Value, json};
use system_tests::process::{program, run};
use system_tests::stack::{Stack, text, write_simulation};
use system_tests::zep::ZepServer;
use tempfile::TempDir;

use crate::memory::{await_memories, count, embedded, told, truth, write_targets};
use crate::past::ask;
use crate::recovery::{digests_of, ticks};

/// Runs `shoal` at a server on which there may be nothing.
fn shoal(nats: &NatsServer, arguments: &[&str]) -> Output {
    let environment: BTreeMap<String, String> =
        [("NATS_URL", nats.url())].map(|(name, value)| (name.to_owned(), value)).into();
    run(&program("shoal"), arguments, &environment)
}

/// The same, which succeeds and says JSON.
fn shoal_json(nats: &NatsServer, arguments: &[&str]) -> Value {
    let output = shoal(nats, &[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The same, which is refused with this exit code; what it says.
fn refused(nats: &NatsServer, arguments: &[&str], code: i32) -> String {
    let output = shoal(nats, arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    said
}

fn is_over(status: &Value) -> bool {
    status["status"] == "completed"
}

fn is_done(reply: &Value) {
    assert_eq!(reply["outcome"]["status"], "completed", "{reply}");
}

/// A run that is over, one that plays, and a backup of both; what was undisturbed is played to its
/// end. Its memories are `local` and two remote ones.
struct Before {
    dir: TempDir,
    targets: String,
    zeps: (ZepServer, ZepServer),
    /// The states of both runs at their ends.
    ends: [Value; 2],
    /// What each memory has of the run that played.
    remembered: Vec<(String, Vec<String>)>,
}

const ENDED: &str = "ferry-1";
const PLAYED: &str = "bridge-1";
const MEMORIES: [&str; 4] = ["--memory", "local", "--memory", "four"];

impl Before {
    fn new() -> Before {
        let dir = TempDir::new().unwrap();
        let zeps = (ZepServer::start(), ZepServer::start());
        let targets = write_targets(dir.path(), &zeps.0, &zeps.1);
        let mut stack = Stack::start_with(&[("SHOAL_MEMORY_TARGETS", &targets)]);
        let ferry = write_simulation(stack.dir(), "ferry", 6, 10);
        stack.shoal_json(&["run", ferry.to_str().unwrap()]);
        let bridge = write_simulation(dir.path(), "bridge", 12, 120);
        let start = ["run", bridge.to_str().unwrap(), "--detach", "--pace", "8"];
        stack.shoal_json(&[&start[..], &MEMORIES[..]].concat());
        stack.await_status(PLAYED, "under way", |status| ticks(status) >= 10);
        let post = json!({"agent_id": 0, "content": "Boats at nine."});
        is_done(&ask(&stack, PLAYED, "inject", "early", &json!({"posts": [post]})));

        // Agents are asked all the while.
        let folder = dir.path().join("backup");
        let saved = std::thread::scope(|scope| {
            let asking = scope.spawn(|| {
                for number in 0..6 {
                    let args = json!({"agent_id": number, "prompt": "Well?"});
                    is_done(&ask(&stack, PLAYED, "interview", &format!("q-{number}"), &args));
                }
            });
            let saved = shoal_json(&stack.nats, &["backup", folder.to_str().unwrap()]);
            asking.join().unwrap();
            saved
        });
        assert_eq!(saved["streams"].as_array().unwrap().len(), 11);
        let at = stack.shoal_json(&["status", PLAYED]);
        assert!(!is_over(&at), "the backup came too late: {at}");
        let ends = [ENDED, PLAYED].map(|run| stack.await_status(run, "completed", is_over));
        await_memories(&stack, PLAYED, 4);
        let remembered = truth(&stack, PLAYED);
        assert!(told(&zeps.1, "bridge", PLAYED) == remembered, "the memories differ");
        // Closed in order, so that its file is whole.
        stack.services.clear();
        fs::rename(stack.dir().join("memory"), dir.path().join("memory")).unwrap();
        Before { dir, targets, zeps, ends, remembered }
    }

    fn backup(&self) -> String {
        self.dir.path().join("backup").to_str().unwrap().to_owned()
    }

    /// Services on a server that was made of the backup; the embedded memory has its file, or none.
    fn again(&self, nats: NatsServer, file: Option<&Path>) -> Stack {
        let url = nats.url();
        let mut more = vec![("SHOAL_MEMORY_TARGETS", self.targets.as_str())];
        more.extend(file.map(|file| ("SHOAL_MEMORY_DIR", file.to_str().unwrap())));
        Stack::on(nats, &url, &more)
    }

    /// All of it goes on as it did.
    fn goes_on(&self, stack: &Stack) {
        // Commands have numbers beyond those that journals know.
        is_done(&ask(stack, PLAYED, "pause", "late", &json!({"reason": "look"})));
        is_done(&ask(stack, PLAYED, "resume", "later", &json!({})));
        for (run, before) in [ENDED, PLAYED].into_iter().zip(&self.ends) {
            let status = stack.await_status(run, "completed", is_over);
            assert_eq!(digests_of(&status), digests_of(before), "{run}");
            let reply = ask(stack, run, "verify", "after", &json!({}));
            is_done(&reply);
            for world in reply["outcome"]["result"]["worlds"].as_array().unwrap() {
                assert_eq!(world["findings"], json!([]), "{run}: {reply}");
            }
        }
        await_memories(stack, PLAYED, 4);
        // What was answered is answered, and a name is not given twice.
        is_done(&ask(stack, ENDED, "interview", "q", &json!({"agent_id": 1, "prompt": "Well?"})));
        let bridge = self.dir.path().join("bridge");
        let next = stack.shoal_json(&["start", bridge.to_str().unwrap(), "--new-run"]);
        assert_eq!(next["run_id"], "bridge-2");
        stack.shoal(&["stop", "bridge-2"]);
    }
}

#[test]
fn a_run_goes_on_from_a_backup_as_if_nothing_had_been() {
    let before = Before::new();
    let backup = before.backup();
    let memories = before.dir.path().join("memory");
    for kept in [false, true] {
        let nats = NatsServer::start(Options::default());
        // The remote memory is further than the backup.
        let restored = shoal_json(&nats, &["restore", &backup, "--ask-memories"]);
        assert_eq!(restored["streams"].as_array().unwrap().len(), 10);
        let stack = before.again(nats, kept.then_some(memories.as_path()));
        before.goes_on(&stack);
        let folder = if kept { memories.clone() } else { stack.dir().join("memory") };
        for (memory, found) in [
            ("embedded", embedded(&folder, PLAYED)),
            ("remote", told(&before.zeps.1, "bridge", PLAYED)),
        ] {
            // Both are long.
            let (lines, expected) = (count(&found), count(&before.remembered));
            let is_same = found == before.remembered;
            assert!(is_same, "{memory}, file kept: {kept}: {lines} lines, expected {expected}");
        }
        let said = refused(&stack.nats, &["restore", &backup], 2);
        assert!(said.contains("SIM_INPUTS: it is there and has"), "{said}");
    }
    assert!(count(&before.remembered) > 100);
}

/// A copy of a backup, to be damaged.
fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn change(file: &Path, how: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(file).unwrap();
    how(&mut bytes);
    fs::write(file, bytes).unwrap();
}

/// Changes what a backup says of itself.
fn rewrite(folder: &Path, how: impl FnOnce(&mut Value)) {
    change(&folder.join("backup.json"), |bytes| {
        let mut manifest = serde_json::from_slice(bytes).unwrap();
        how(&mut manifest);
        *bytes = manifest.to_string().into_bytes();
    });
}

fn sha256(file: &Path) -> String {
    let output = std::process::Command::new("sha256sum").arg(file).output().unwrap();
    text(&output.stdout).split(' ').next().unwrap().to_owned()
}

#[test]
fn what_is_damaged_is_refused_as_a_whole_and_what_broke_off_is_run_again() {
    use std::os::unix::fs::PermissionsExt as _;
    let stack = Stack::start();
    let bridge = write_simulation(stack.dir(), "bridge", 8, 6);
    let summary = stack.shoal_json(&["run", bridge.to_str().unwrap()]);
    let folder = stack.dir().join("backup");
    let backup = folder.to_str().unwrap();
    shoal_json(&stack.nats, &["backup", backup]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert!(fs::read_dir(&folder).unwrap().all(|file| mode(&file.unwrap().path()) == 0o600));
    let said = refused(&stack.nats, &["backup", backup], 2);
    assert!(said.contains("a backup never replaces another"), "{said}");

    // All that is wrong is said, and nothing is made.
    let nats = NatsServer::start(Options::default());
    let damaged = stack.dir().join("damaged");
    copy(&folder, &damaged);
    fs::remove_file(damaged.join("SIM_SPECS.s2")).unwrap();
    change(&damaged.join("SIM_INPUTS.s2"), |bytes| bytes[100] ^= 1);
    change(&damaged.join("SIM_ACTIONS.s2"), |bytes| bytes.truncate(100));
    rewrite(&damaged, |manifest| manifest["server"] = json!("99.0.0"));
    let said = refused(&nats, &["restore", damaged.to_str().unwrap()], 2);
    for problem in [
        "4 problems, nothing was restored:",
        "SIM_SPECS.s2: No such file",
        "SIM_INPUTS.s2: it was changed: found SHA-256",
        "SIM_ACTIONS.s2: found 100 bytes, expected",
        "expected 99.0.0 or newer",
    ] {
        assert!(said.contains(problem), "{problem}: {said}");
    }

    // What the server alone can see: it makes a part of a stream, and that is named.
    let short = stack.dir().join("short");
    copy(&folder, &short);
    let file = short.join("SIM_INPUTS.s2");
    change(&file, |bytes| bytes.truncate(bytes.len() / 2));
    rewrite(&short, |manifest| {
        let streams = manifest["streams"].as_array_mut().unwrap().iter_mut();
        let entry = streams.into_iter().find(|entry| entry["stream"] == "SIM_INPUTS").unwrap();
        entry["size"] = json!(fs::metadata(&file).unwrap().len());
        entry["sha256"] = json!(sha256(&file));
    });
    let said = refused(&nats, &["restore", short.to_str().unwrap()], 1);
    assert!(said.contains("SIM_INPUTS: restore failed"), "{said}");
    assert!(said.contains("made before: SIM_REPLIES, SIM_ENV_STATUS"), "{said}");

    // It goes on where that broke off.
    let restored = shoal_json(&nats, &["restore", backup]);
    let already = |row: &&Value| row["already"] == true;
    let streams = restored["streams"].as_array().unwrap();
    assert_eq!(streams.iter().filter(already).count(), 7, "{restored}");
    let url = nats.url();
    let again = Stack::on(nats, &url, &[]);
    assert_eq!(again.shoal_json(&["summary", "bridge-1"]), summary);

    // Where services were before it, there is nothing to be restored to.
    let provisioned = NatsServer::start(Options::default());
    assert!(shoal(&provisioned, &["provision"]).status.success());
    let said = refused(&provisioned, &["restore", backup], 2);
    assert!(said.contains("SIM_REPLIES: it is there, and empty: restore before"), "{said}");
    assert!(!said.contains("LEASES"), "{said}");
}
