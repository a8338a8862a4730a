//! A worker as an operating-system process: started, listened to, ended for certain.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use contract::id::RunId;
use kit::config::CONFIG_VARIABLE;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;

use super::Node;
use crate::worker::pulse::Beat;

/// The longest line that is kept whole.
const MAX_LINE: usize = 4096;

/// What comes from a worker.
#[derive(Debug)]
pub enum Output {
    /// Its loop answers.
    Beat(Beat),
    /// A line that it wrote, on whichever stream.
    Line(String),
    /// It has ended, and all that it wrote has been handed out.
    Exit(ExitStatus),
}

/// A running worker. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    child: Child,
    group: Option<Pid>,
    stdin: Option<ChildStdin>,
    outputs: mpsc::Receiver<Output>,
    groups: Groups,
}

/// The process groups of all workers of a node; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    ids: Arc<Mutex<BTreeSet<i32>>>,
}

impl Groups {
    /// Kills all workers and all that they may have started.
    pub fn kill_all(&self) {
        for id in &*self.ids.lock().unwrap_or_else(PoisonError::into_inner) {
            signal_group(Pid::from_raw(*id), Signal::KILL);
        }
    }

    /// Forgets a group that has ended: ids are used again.
    fn remove(&self, group: Option<Pid>) {
        if let Some(group) = group {
            let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
            ids.remove(&group.as_raw_pid());
        }
    }

    fn add(&self, group: Option<Pid>) {
        if let Some(group) = group {
            let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
            ids.insert(group.as_raw_pid());
        }
    }
}

impl Process {
    /// Starts the worker of `run` in a process group of its own.
    ///
    /// # Errors
    /// If the system cannot start it.
    pub fn start(node: &Node, run: &RunId, worker: &str, why: &str) -> std::io::Result<Process> {
        let mut child = Command::new(own_program()?)
            .args(["worker", "--run", run.as_str(), "--worker", worker, "--why", why])
            .env("SHOAL_NODE", &*node.name)
            .env("SHOAL_IDLE_SECONDS", node.args.idle_seconds.to_string())
            .env("NATS_URL", &node.nats.nats_url)
            .env("SHOAL_PREFIX", node.nats.prefix.as_str())
            .envs(node.config.iter().map(|path| (CONFIG_VARIABLE, &**path)))
            .envs(node.nats.nats_creds.iter().map(|path| ("NATS_CREDS", path)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let (lines, outputs) = mpsc::channel(256);
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        node.groups.add(group);
        let stdin = child.stdin.take();
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(read_lines(stdout, lines.clone()));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(read_lines(stderr, lines));
        }
        Ok(Process { child, group, stdin, outputs, groups: node.groups.clone() })
    }

    /// What comes next; lines before the exit.
    pub async fn next(&mut self) -> Output {
        match self.outputs.recv().await {
            Some(output) => output,
            None => Output::Exit(self.wait().await),
        }
    }

    async fn wait(&mut self) -> ExitStatus {
        let ended = self.child.wait().await;
        self.groups.remove(self.group.take());
        match ended {
            Ok(status) => status,
            Err(error) => {
                tracing::error!("failed to wait for a worker: {error}");
                ExitStatus::default()
            }
        }
    }

    /// Asks it to end, by ending its standard input.
    pub fn end(&mut self) {
        self.stdin = None;
    }

    /// Sends SIGTERM to it and to all that it may have started.
    pub fn terminate(&self) {
        signal_group(self.group, Signal::TERM);
    }

    /// Kills it and all that it may have started.
    pub fn kill(&self) {
        signal_group(self.group, Signal::KILL);
    }
}

impl Drop for Process {
    /// One that still runs is killed, with all that it may have started.
    fn drop(&mut self) {
        self.kill();
        self.groups.remove(self.group.take());
    }
}

/// This very program, also where its file has been replaced since: a worker must have the
/// rules of its node.
fn own_program() -> std::io::Result<PathBuf> {
    let itself = Path::new("/proc/self/exe");
    if itself.exists() { Ok(itself.to_owned()) } else { std::env::current_exe() }
}

fn signal_group(group: Option<Pid>, signal: Signal) {
    if let Some(group) = group {
        // A group that is gone already is what was wanted.
        let _ = kill_process_group(group, signal);
    }
}

/// Hands out the lines of one stream until its end.
async fn read_lines(stream: impl AsyncRead + Unpin, lines: mpsc::Sender<Output>) {
    let mut reader = BufReader::new(stream);
    let mut bytes = Vec::new();
    while matches!(reader.read_until(b'\n', &mut bytes).await, Ok(1..)) {
        let text = String::from_utf8_lossy(&bytes);
        let text = contract::problem::shorten(text.trim_end(), MAX_LINE);
        let output = Beat::from_line(&text).map_or(Output::Line(text), Output::Beat);
        if lines.send(output).await.is_err() {
            return;
        }
        bytes.clear();
    }
}
