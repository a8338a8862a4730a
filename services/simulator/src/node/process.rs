//! A worker as an operating-system process: started, listened to, ended for certain.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use contract::id::RunId;
use kit::config::CONFIG_VARIABLE;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

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
    /// Kills it when its grace is over; must not outlive it, since ids are used again.
    killer: Option<JoinHandle<()>>,
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
        let stdin = child.stdin.take();
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(read_lines(stdout, lines.clone()));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(read_lines(stderr, lines));
        }
        Ok(Process { child, group, stdin, outputs, killer: None })
    }

    /// What comes next; lines before the exit.
    pub async fn next(&mut self) -> Output {
        match self.outputs.recv().await {
            Some(output) => output,
            None => Output::Exit(self.wait().await),
        }
    }

    /// Waits for the end.
    pub async fn wait(&mut self) -> ExitStatus {
        let ended = self.child.wait().await;
        if let Some(killer) = self.killer.take() {
            killer.abort();
        }
        match ended {
            Ok(status) => status,
            Err(error) => {
                tracing::error!("failed to wait for a worker: {error}");
                ExitStatus::default()
            }
        }
    }

    /// Asks it to end, by ending its standard input, and kills it if it does not within `grace`.
    pub fn end(&mut self, grace: Duration) {
        self.stdin = None;
        let group = self.group;
        self.killer = Some(tokio::spawn(async move {
            tokio::time::sleep(grace).await;
            kill_group(group);
        }));
    }

    /// Kills it and all that it may have started.
    pub fn kill(&mut self) {
        kill_group(self.group);
    }
}

/// This very program, also where its file has been replaced since: a worker must have the
/// rules of its node.
fn own_program() -> std::io::Result<PathBuf> {
    let itself = Path::new("/proc/self/exe");
    if itself.exists() { Ok(itself.to_owned()) } else { std::env::current_exe() }
}

fn kill_group(group: Option<Pid>) {
    if let Some(group) = group {
        // A group that is gone already is what was wanted.
        let _ = kill_process_group(group, Signal::KILL);
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
