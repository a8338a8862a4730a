//! Our programs as processes.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::wait_for;

/// A service that runs; dropping it ends it, the hard way if it must.
#[derive(Debug)]
pub struct Service {
    name: String,
    log: PathBuf,
    child: Child,
}

/// The path of one of our programs.
///
/// # Panics
/// If it was not built: `cargo test` of this package alone builds none of them.
pub fn program(name: &str) -> PathBuf {
    let program = std::env::current_exe().expect("a program has a path");
    // target/debug/deps/system-… stands beside target/debug/<program>, a bench among them.
    let mut folders = program.ancestors().skip(1).filter(|folder| !folder.ends_with("deps"));
    let path = folders.next().expect("programs are built under target/<profile>").join(name);
    assert!(path.exists(), "{} is not there: `make build` first", path.display());
    path
}

/// The Python that has nats-py, as `make test` sets it up.
pub fn python() -> Command {
    Command::new(std::env::var_os("SHOAL_PYTHON").unwrap_or_else(|| "python3".into()))
}

impl Service {
    /// Starts a program under a name of its own; its output goes to `<dir>/<name>.log`.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start(
        name: &str,
        of: &str,
        dir: &Path,
        environment: &BTreeMap<String, String>,
    ) -> Service {
        let log = dir.join(format!("{name}.log"));
        let output = File::options().create(true).append(true).open(&log).expect("a writable log");
        let child = Command::new(program(of))
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a file can be opened twice"))
            .stderr(output)
            .spawn()
            .unwrap_or_else(|error| panic!("failed to start {name}: {error}"));
        Service { name: name.to_owned(), log, child }
    }

    /// What it has written so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        signal_process(self.child.id(), signal);
    }

    /// True while it lives.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        let name = self.name.clone();
        wait_for(&format!("the end of {name}"), || self.child.try_wait().ok().flatten())
    }
}

#[expect(clippy::print_stderr, reason = "a failed test shows what its services said")]
impl Drop for Service {
    fn drop(&mut self) {
        if self.is_alive() {
            self.signal(Signal::TERM);
            // One that is frozen hears nothing else.
            self.signal(Signal::CONT);
            let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
            while self.is_alive() && std::time::Instant::now() < deadline {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if std::thread::panicking() {
            eprintln!("--- {} ---\n{}", self.name, last_lines(&self.log(), 30));
        }
    }
}

/// Sends a signal to any process; one that is gone is ignored.
pub fn signal_process(id: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// True while a process runs; one that is frozen does.
pub fn runs(id: u32) -> bool {
    !matches!(state_of(id), None | Some('Z' | 'X'))
}

/// True while a process is frozen.
pub fn is_frozen(id: u32) -> bool {
    state_of(id) == Some('T')
}

/// The letter that the kernel has for a process's state; `None`: there is no such process.
fn state_of(id: u32) -> Option<char> {
    let line = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name in parentheses may hold anything.
    line.rsplit_once(") ")?.1.chars().next()
}

/// The children of a process, as the kernel lists them.
pub fn children(id: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    tasks
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|list| {
            list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>()
        })
        .collect()
}

/// Waits for the end of a process that is not ours while its parent is frozen, and so cannot
/// take note of it; its exit code, `None` if a signal ended it.
pub fn exit_code(id: u32) -> Option<i32> {
    let status = wait_for(&format!("the end of process {id}"), || {
        let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok();
        let text =
            text.unwrap_or_else(|| panic!("process {id} is gone, and its exit code with it"));
        // Its name, in brackets, may hold anything; its state follows, its exit code is the last.
        let (_, fields) = text.rsplit_once(") ")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        (fields.first() == Some(&"Z")).then(|| fields.last()?.parse::<i32>().ok())?
    });
    (status & 0x7f == 0).then_some(status >> 8)
}

/// Runs a program to its end.
///
/// # Panics
/// If it cannot be started.
pub fn run(program: &Path, arguments: &[&str], environment: &BTreeMap<String, String>) -> Output {
    Command::new(program)
        .args(arguments)
        .envs(environment)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("failed to run {}: {error}", program.display()))
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
