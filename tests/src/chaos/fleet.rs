//! A whole Shoal whose every process can be disturbed by itself: three nodes, a launcher and a
//! sink, each behind a line of its own, and a bus.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nats_process::{NatsServer, Options, small_disks};
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Service, children, program, run, runs, signal_process};
use crate::proxy::Proxy;
use crate::stack::free_port;
use crate::{http, wait_for};

/// The nodes of a fleet.
pub const NODES: usize = 3;
/// How long a run stays claimed without its node. Short, so that much happens in little time.
pub const LEASE: Duration = Duration::from_secs(2);
/// What a node takes a silent worker for hung after. Longer than a freeze without a successor.
const HUNG_SECONDS: &str = "6";
/// The bus's own disk in megabytes, where the machine permits one: it can be full.
const DISK: u64 = 512;
/// In the environment of all that is started, so that none is left behind.
const MARK: &str = "SHOAL_CHAOS_FLEET";

/// One process, that of a service, whoever is it now.
#[derive(Debug)]
pub struct Member {
    /// Its name, e.g. `node-2`; also that of its log.
    pub name: String,
    /// Its line to the bus.
    pub line: Proxy,
    program: &'static str,
    environment: BTreeMap<String, String>,
    service: Mutex<Service>,
    /// Whoever disturbs it has this: two at once would not know whose doing it was.
    turn: Mutex<()>,
}

/// All of it.
#[derive(Debug)]
pub struct Fleet {
    /// The nodes.
    pub nodes: Vec<Member>,
    /// The launcher.
    pub launcher: Member,
    /// The memory-sink.
    pub sink: Member,
    /// The bus.
    pub nats: Mutex<NatsServer>,
    /// Its port.
    pub port: u16,
    /// The launcher's port for HTTP.
    pub http_port: u16,
    environment: BTreeMap<String, String>,
    folders: AtomicU64,
    dir: TempDir,
}

/// A process that is frozen until this is dropped.
#[derive(Debug)]
pub struct Frozen(u32);

impl Member {
    fn start(
        name: &str,
        program: &'static str,
        dir: &Path,
        bus: u16,
        common: &BTreeMap<String, String>,
    ) -> Member {
        let line = Proxy::start(bus);
        let mut environment = common.clone();
        environment.insert("NATS_URL".to_owned(), line.url());
        environment.insert("SHOAL_NODE".to_owned(), name.to_owned());
        let service = Service::start(name, program, dir, &environment);
        let name = name.to_owned();
        Member {
            name,
            line,
            program,
            environment,
            service: Mutex::new(service),
            turn: Mutex::default(),
        }
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.service().id()
    }

    /// True while it runs.
    pub fn is_alive(&self) -> bool {
        self.service().is_alive()
    }

    /// All that it has written, whoever it was.
    pub fn log(&self) -> String {
        self.service().log()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        self.service().signal(signal);
    }

    /// Ends it if it lives (a frozen one too), and starts it again with these variables more.
    pub fn restart(&self, dir: &Path, more: &[(String, String)]) {
        let mut service = self.service();
        if service.is_alive() {
            service.signal(Signal::KILL);
            service.wait();
        }
        let mut environment = self.environment.clone();
        environment.extend(more.iter().cloned());
        *service = Service::start(&self.name, self.program, dir, &environment);
    }

    /// Waits for its end, however long it takes; false after `patience`.
    pub fn ends_within(&self, patience: Duration) -> bool {
        super::until(patience, || !self.is_alive())
    }

    /// The right to disturb it, if nobody else does.
    pub fn try_turn(&self) -> Option<MutexGuard<'_, ()>> {
        match self.turn.try_lock() {
            Ok(turn) => Some(turn),
            Err(std::sync::TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) => None,
        }
    }

    fn service(&self) -> MutexGuard<'_, Service> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fleet {
    /// Starts all, with these variables more, and waits until they are ready.
    pub fn start(more: &[(&str, &str)]) -> Fleet {
        let dir = TempDir::with_prefix("chaos-").expect("a temporary folder");
        let disk = small_disks().is_ok().then_some(DISK);
        let nats = NatsServer::start(Options { disk, ..Options::default() });
        let (port, http_port) = (nats.client_port, free_port());
        let memory = dir.path().join("memory").to_string_lossy().into_owned();
        let mut environment: BTreeMap<String, String> = [
            ("NATS_URL", nats.url()),
            ("SHOAL_HTTP_LISTEN", format!("127.0.0.1:{http_port}")),
            ("SHOAL_REQUIRE_SERVICES", "true".to_owned()),
            ("SHOAL_MEMORY_DIR", memory),
            ("SHOAL_LEASE_SECONDS", LEASE.as_secs().to_string()),
            ("SHOAL_HUNG_SECONDS", HUNG_SECONDS.to_owned()),
            ("SHOAL_IDLE_SECONDS", "3".to_owned()),
            ("SHOAL_LOG", "info".to_owned()),
            (MARK, dir.path().display().to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        environment
            .extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let start =
            |name: &str, program| Member::start(name, program, dir.path(), port, &environment);
        let sink = start("sink", "shoal-memory-sink");
        let nodes = (1..=NODES).map(|n| start(&format!("node-{n}"), "shoal-simulator")).collect();
        let launcher = start("launcher", "shoal-launcher");
        let (nats, folders) = (Mutex::new(nats), AtomicU64::new(0));
        let fleet =
            Fleet { nodes, launcher, sink, nats, port, http_port, environment, folders, dir };
        wait_for("the launcher to be ready", || fleet.is_ready().then_some(()));
        fleet
    }

    /// True if the launcher says that all services are there.
    pub fn is_ready(&self) -> bool {
        http::get(self.http_port, "/readyz").is_some_and(|answer| answer.status == 200)
    }

    /// The folder of all files of this fleet.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// A folder that nobody has used yet.
    pub fn new_folder(&self) -> PathBuf {
        let number = self.folders.fetch_add(1, Ordering::Relaxed);
        let folder = self.dir.path().join(format!("faults-{number}"));
        std::fs::create_dir_all(&folder).expect("a writable folder");
        folder
    }

    /// The sink's file.
    pub fn memory_file(&self) -> PathBuf {
        self.dir.path().join("memory/memory.sqlite")
    }

    /// Copies the logs of all services to where they outlive the fleet.
    pub fn keep_logs(&self) -> PathBuf {
        let kept = std::env::temp_dir().join(format!("shoal-chaos-{}", std::process::id()));
        std::fs::create_dir_all(&kept).expect("a writable folder");
        for member in self.members() {
            let log = format!("{}.log", member.name);
            // One that cannot be copied is no reason to lose the others.
            let _ = std::fs::copy(self.dir.path().join(&log), kept.join(&log));
        }
        let nats = self.nats.lock().unwrap_or_else(PoisonError::into_inner).log();
        let _ = std::fs::write(kept.join("nats.log"), nats);
        kept
    }

    /// The last that each service has complained of, oldest first.
    pub fn complaints(&self) -> Vec<String> {
        let of = |member: &Member| {
            let log = member.log();
            let loud = log.lines().filter(|line| line.contains("ERROR") || line.contains("WARN"));
            let mut last: Vec<String> =
                loud.rev().take(8).map(|line| format!("{}: {line}", member.name)).collect();
            last.reverse();
            last
        };
        self.members().flat_map(of).collect()
    }

    /// All services.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.nodes.iter().chain([&self.launcher, &self.sink])
    }

    /// Runs `shoal … --json` and reads what it says; `None` if it fails.
    pub fn shoal(&self, arguments: &[&str]) -> Option<Value> {
        let mut environment = self.environment.clone();
        environment.insert("SHOAL_LOG".to_owned(), "error".to_owned());
        let output = run(&program("shoal"), &[arguments, &["--json"]].concat(), &environment);
        output.status.success().then(|| serde_json::from_slice(&output.stdout).ok()).flatten()
    }

    /// The processes that hold runs: the node of each, its process, its run.
    pub fn workers(&self) -> Vec<(usize, u32, String)> {
        let of_node = |(at, node): (usize, &Member)| {
            let workers = children(node.id()).into_iter();
            workers.filter_map(move |id| Some((at, id, run_of(id)?))).collect::<Vec<_>>()
        };
        self.nodes.iter().enumerate().flat_map(of_node).collect()
    }

    /// The process that holds a run, and the place of its node.
    pub fn worker_of(&self, run: &str) -> Option<(usize, u32)> {
        let mut workers = self.workers().into_iter();
        workers.find(|(_, _, of)| of == run).map(|(node, id, _)| (node, id))
    }
}

/// The run that a worker was started for.
pub fn run_of(worker: u32) -> Option<String> {
    let command = std::fs::read(format!("/proc/{worker}/cmdline")).ok()?;
    let mut words = command.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    words.find(|word| word == "--run")?;
    words.next().map(|run| run.into_owned())
}

impl Frozen {
    /// Freezes a process.
    pub fn freeze(id: u32) -> Frozen {
        signal_process(id, Signal::STOP);
        Frozen(id)
    }

    /// Takes over one that froze by itself.
    pub fn found(id: u32) -> Frozen {
        Frozen(id)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        if runs(self.0) {
            signal_process(self.0, Signal::CONT);
        }
    }
}

impl Drop for Fleet {
    /// Frozen processes do not end by themselves, nor does what a killed node has left.
    fn drop(&mut self) {
        let mark = format!("{MARK}={}", self.dir.path().display());
        let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        for id in all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()) {
            let environment = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
            if environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes()) {
                signal_process(id, Signal::KILL);
            }
        }
    }
}
