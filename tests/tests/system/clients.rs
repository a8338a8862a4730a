//! The programs of `clients`, as they stand, under the rights of guests: no key opens more than its
//! own door.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use system_tests::process::python;
use system_tests::stack::{Stack, text, write_simulation};
use tempfile::TempDir;

/// A folder of programs, and what runs them.
struct Clients {
    name: &'static str,
    dir: PathBuf,
    ending: &'static str,
    command: fn() -> Command,
}

fn source(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../clients").join(language)
}

/// Those that can be run here.
#[expect(clippy::print_stderr, reason = "what is skipped is to be seen")]
fn all(dir: &Path) -> Vec<Clients> {
    let mut all =
        vec![Clients { name: "python", dir: source("python"), ending: "py", command: python }];
    // Modules are looked for beside the program.
    match std::env::var_os("SHOAL_NODE_MODULES").filter(|modules| !modules.is_empty()) {
        None => eprintln!("skipped: no JavaScript clients, see scripts/node_modules.py clients"),
        Some(modules) => {
            std::os::unix::fs::symlink(modules, dir.join("node_modules")).unwrap();
            for file in std::fs::read_dir(source("javascript")).unwrap() {
                let file = file.unwrap();
                if file.file_type().unwrap().is_file() {
                    std::fs::copy(file.path(), dir.join(file.file_name())).unwrap();
                }
            }
            let command = || Command::new("node");
            all.push(Clients { name: "node", dir: dir.to_owned(), ending: "mjs", command });
        }
    }
    all
}

impl Clients {
    /// Runs one of them with a role's key.
    fn run(&self, stack: &Stack, program: &str, role: &str, arguments: &[&str]) -> Command {
        let mut command = (self.command)();
        command
            .arg(self.dir.join(format!("{program}.{}", self.ending)))
            .args(arguments)
            .env("NATS_URL", stack.nats.url())
            .env("NATS_NKEY", stack.key(role))
            .env("NATS_INBOX_PREFIX", format!("_INBOX_{role}"));
        command
    }
}

/// What a program prints, a value a line.
fn printed(mut command: Command, name: &str) -> Vec<Value> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{name}: {}", text(&output.stderr));
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn guests_read_actions_and_ask_agents() {
    let stack = Stack::start_secured(&[]);
    let folder = write_simulation(stack.dir(), "bridge", 8, 6);
    stack.shoal_json(&["start", folder.to_str().unwrap(), "--pace", "4"]);
    let modules = TempDir::new().unwrap();
    let clients = all(modules.path());
    let mut read = Vec::new();
    for one in &clients {
        // From the beginning to the end, of a run that goes on.
        let place = modules.path().join(format!("{}.json", one.name));
        let arguments = ["bridge-1", place.to_str().unwrap()];
        let rows = printed(one.run(&stack, "read_actions", "observer", &arguments), one.name);
        // What was told is not told again.
        let again = printed(one.run(&stack, "read_actions", "observer", &arguments), one.name);
        assert_eq!(again.len(), 0, "{}", one.name);
        read.push(in_order(rows));

        let arguments = ["bridge-1", "2", "Will it be closed?"];
        let reply = printed(one.run(&stack, "ask", "interviewer", &arguments), one.name).remove(0);
        assert_eq!(reply["outcome"]["result"]["agent_name"], "Agent 2", "{}: {reply}", one.name);
        // Not under another name, and not with another key.
        let mut as_another = one.run(&stack, "ask", "interviewer", &arguments);
        assert!(!as_another.env("SHOAL_CLIENT", "cli").output().unwrap().status.success());
        let as_observer = one.run(&stack, "ask", "observer", &arguments).output().unwrap();
        assert!(!as_observer.status.success());
        let arguments = ["bridge-1"];
        let as_interviewer = one.run(&stack, "read_actions", "interviewer", &arguments).output();
        assert!(!as_interviewer.unwrap().status.success());
    }
    let status = stack.shoal_json(&["status", "bridge-1"]);
    let worlds = status["platforms"].as_array().unwrap().iter();
    let actions: u64 = worlds.map(|world| world["actions"].as_u64().unwrap()).sum();
    for (one, rows) in clients.iter().zip(&read) {
        assert_eq!(rows.len() as u64, actions, "{}", one.name);
        assert!(rows == &read[0], "{} reads something else", one.name);
    }
}

/// Worlds come in any order among each other.
fn in_order(mut rows: Vec<Value>) -> Vec<Value> {
    let world = |row: &Value| row["id"].as_str().unwrap().rsplit_once('.').unwrap().0.to_owned();
    rows.sort_by_key(|row| (world(row), row["seq"].as_u64()));
    rows
}
