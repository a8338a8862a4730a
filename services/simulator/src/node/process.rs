//! A worker as an operating-system process: started, listened to, ended for certain.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use kit::config::CONFIG_VARIABLE;
use kit::metrics::registry;
use kit::telemetry;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{mpsc, watch};

use super::Node;
use crate::measures;
use crate::worker::pulse::Beat;
use crate::worker::{LOG_WORD, lease};

/// The longest line that is kept whole, in characters.
const MAX_LINE: usize = 4096;

/// Bytes that are kept of a line: enough to see that it was longer, whatever it is made of.
const KEPT: usize = (MAX_LINE + 1) * 4;

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
    /// Until when the lease lasts, which it is told; its standard input ends with this.
    lease: Option<watch::Sender<u64>>,
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
    /// Starts this program as something else than a node, in a process group of its own.
    ///
    /// # Errors
    /// If the system cannot start it.
    pub fn start(node: &Node, role: &[&str]) -> std::io::Result<Process> {
        let levels = telemetry::levels();
        let mut child = Command::new(own_program()?)
            .args(role)
            .env("SHOAL_NODE", &*node.name)
            .env("SHOAL_IDLE_SECONDS", node.args.idle_seconds.to_string())
            .env(telemetry::LOG_VARIABLE, &**levels.borrow())
            .envs(node.nats.environment())
            .envs(node.config.iter().map(|path| (CONFIG_VARIABLE, &**path)))
            .envs(node.args.llm_endpoints.iter().map(|path| ("SHOAL_LLM_ENDPOINTS", path)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let (lines, outputs) = mpsc::channel(256);
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        node.groups.add(group);
        let lease = child.stdin.take().map(|stdin| {
            let (lease, said) = watch::channel(0);
            tokio::spawn(say(stdin, said, levels));
            lease
        });
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(read_lines(stdout, lines.clone()));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(read_lines(stderr, lines));
        }
        Ok(Process { child, group, lease, outputs, groups: node.groups.clone() })
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
        self.lease = None;
    }

    /// Tells it until when the lease lasts, as [`lease::milliseconds`] counts.
    pub fn leased(&self, until: u64) {
        if let Some(lease) = &self.lease {
            lease.send_replace(until);
        }
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

/// Writes to a worker's standard input until when its lease lasts and how much it is to log, the
/// latest alone, and ends it once nobody has more to say. A worker that does not read, as one that
/// is frozen, holds up nobody.
async fn say(
    mut stdin: ChildStdin,
    mut said: watch::Receiver<u64>,
    mut levels: watch::Receiver<Arc<str>>,
) {
    loop {
        let line = tokio::select! {
            changed = said.changed() => match changed {
                Ok(()) => lease::line(*said.borrow_and_update()),
                Err(_) => return,
            },
            // Never an error: what it is kept in is never dropped.
            Ok(()) = levels.changed() => format!("{LOG_WORD}{}\n", *levels.borrow_and_update()),
        };
        tokio::select! {
            written = stdin.write_all(line.as_bytes()) => if written.is_err() { return },
            () = closed(&said) => return,
        }
    }
}

async fn closed(said: &watch::Receiver<u64>) {
    let mut said = said.clone();
    while said.changed().await.is_ok() {}
}

/// Hands out the lines of one stream until its end.
async fn read_lines(stream: impl AsyncRead + Unpin, lines: mpsc::Sender<Output>) {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    while matches!(read_line(&mut reader, &mut line).await, Ok(true)) {
        let text = String::from_utf8_lossy(&line);
        let text = contract::problem::shorten(text.trim_end(), MAX_LINE);
        if registry().absorb(&measures::ALL, &text) {
            continue;
        }
        let output = Beat::from_line(&text).map_or(Output::Line(text), Output::Beat);
        if lines.send(output).await.is_err() {
            return;
        }
    }
}

/// Reads a line without its end into `line`; false if there is none any more. Of one that is too
/// long only the beginning is kept: what a worker writes must not fill the memory of its node.
async fn read_line(
    reader: &mut (impl AsyncBufRead + Unpin),
    line: &mut Vec<u8>,
) -> std::io::Result<bool> {
    line.clear();
    let mut is_any = false;
    loop {
        let bytes = reader.fill_buf().await?;
        if bytes.is_empty() {
            return Ok(is_any);
        }
        is_any = true;
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let length = end.unwrap_or(bytes.len());
        line.extend_from_slice(&bytes[..length.min(KEPT - line.len())]);
        reader.consume(end.map_or(length, |end| end + 1));
        if end.is_some() {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::pulse::State;
    use contract::subject::Platform;
    use tokio::io::AsyncReadExt as _;

    const LONG: u64 = 64 * 1024 * 1024;

    #[tokio::test]
    async fn of_a_line_without_end_only_the_beginning_is_kept() {
        let mut reader = BufReader::new(tokio::io::repeat(b'x').take(LONG));
        let mut line = Vec::new();
        assert!(read_line(&mut reader, &mut line).await.unwrap());
        assert_eq!(line, vec![b'x'; KEPT]);
        assert!(line.capacity() <= 2 * KEPT, "{} bytes for a line", line.capacity());
        assert!(!read_line(&mut reader, &mut line).await.unwrap());
    }

    #[tokio::test]
    async fn lines_are_cut_and_those_behind_them_are_not_lost() {
        let beat = Beat { platform: Platform::Reddit, played: 3, state: State::Playing };
        let short = format!("one\r\n\n{}", beat.to_line());
        let long = tokio::io::repeat(b'\xff').take(LONG);
        let wide = "\u{1f600}".repeat(MAX_LINE + 2);
        let rest = format!("\n{wide}\n{}the last", "y".repeat(MAX_LINE) + "\n");
        let stream = short.as_bytes().chain(long).chain(rest.as_bytes());
        let (lines, mut outputs) = mpsc::channel(16);
        read_lines(stream, lines).await;
        let mut next = || match outputs.try_recv().unwrap() {
            Output::Line(line) => line,
            Output::Beat(beat) => beat.to_line(),
            Output::Exit(status) => panic!("an exit with {status}"),
        };
        assert_eq!((next(), next(), next()), ("one".to_owned(), String::new(), beat.to_line()));
        assert_eq!(next(), "\u{fffd}".repeat(MAX_LINE) + "…");
        assert_eq!(next(), "\u{1f600}".repeat(MAX_LINE) + "…");
        assert_eq!((next(), next()), ("y".repeat(MAX_LINE), "the last".to_owned()));
        assert!(outputs.try_recv().is_err());
    }
}
