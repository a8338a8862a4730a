//! Every fault as one line, and what was found to be wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The kinds of process that are disturbed, and the lines between them and the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Holds one run.
    Worker,
    /// Starts workers.
    Node,
    /// Creates runs.
    Launcher,
    /// Fills the memory.
    Sink,
    /// The bus.
    Server,
    /// A line to the bus.
    Line,
}

/// What is done to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// `kill -9`.
    Kill,
    /// SIGTERM.
    Term,
    /// SIGSTOP, and SIGCONT before anybody has missed it.
    Freeze,
    /// SIGSTOP for longer than a lease, and SIGCONT after somebody else has gone on.
    Zombie,
    /// The line is cut.
    Cut,
    /// The line is open and passes nothing.
    HalfOpen,
    /// The line is slow.
    Slow,
    /// Nothing fits on the disk any more.
    FullDisk,
}

/// One fault.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What kind of process.
    pub kind: Kind,
    /// What was done.
    pub deed: Deed,
    /// The crash point at which it was; `None`: at a random moment.
    pub point: Option<String>,
    /// Which process, e.g. `node-2` or a run's worker.
    pub target: String,
    /// The tick of the run that was looked at, as seen last before.
    pub tick: u64,
    /// How long until it was overcome.
    pub recovery: Duration,
    /// What shows that it was in the middle; or what is missing for that.
    pub evidence: Result<String, String>,
}

/// What has been done so far. Shared by all that disturb.
#[derive(Debug)]
pub struct Log {
    seed: u64,
    began: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    faults: Vec<Fault>,
    violations: Vec<String>,
}

impl Kind {
    /// Those of which each is disturbed as often as any other.
    pub const PROCESSES: [Kind; 5] =
        [Kind::Worker, Kind::Node, Kind::Launcher, Kind::Sink, Kind::Server];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Worker => "worker",
            Kind::Node => "node",
            Kind::Launcher => "launcher",
            Kind::Sink => "sink",
            Kind::Server => "nats-server",
            Kind::Line => "line",
        }
    }
}

impl Deed {
    /// The words for it.
    pub fn name(&self) -> &'static str {
        match self {
            Deed::Kill => "kill -9",
            Deed::Term => "SIGTERM",
            Deed::Freeze => "SIGSTOP, SIGCONT",
            Deed::Zombie => "SIGSTOP past the lease",
            Deed::Cut => "cut",
            Deed::HalfOpen => "half-open",
            Deed::Slow => "slow",
            Deed::FullDisk => "full disk",
        }
    }
}

impl Log {
    /// An empty one.
    pub fn new(seed: u64) -> Log {
        Log { seed, began: Instant::now(), state: Mutex::default() }
    }

    /// The seed of all that happens.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Takes a fault, and says so in one line.
    pub fn fault(&self, fault: Fault) {
        let text = fault.to_string();
        let mut state = self.lock();
        state.faults.push(fault);
        let number = state.faults.len();
        drop(state);
        self.say(&format!("{number:>4} seed {} {text}", self.seed));
    }

    /// Takes something that is wrong.
    pub fn violation(&self, what: String) {
        self.say(&format!("VIOLATION {what}"));
        self.lock().violations.push(what);
    }

    /// A line for whoever watches.
    pub fn say(&self, line: &str) {
        let seconds = self.began.elapsed().as_secs_f64();
        // Nobody to read it is no reason to stop.
        let _ = writeln!(std::io::stdout(), "{seconds:>7.1} s {line}");
    }

    /// How many faults of a kind at random moments count. Those at named places are beside them:
    /// each of them is a kill, and signals are to come evenly.
    pub fn counted(&self, kind: Kind) -> usize {
        let state = self.lock();
        let at_random = state.faults.iter().filter(|fault| fault.point.is_none());
        at_random.filter(|fault| fault.kind == kind && fault.evidence.is_ok()).count()
    }

    /// All faults.
    pub fn faults(&self) -> Vec<Fault> {
        self.lock().faults.clone()
    }

    /// All that was wrong.
    pub fn violations(&self) -> Vec<String> {
        self.lock().violations.clone()
    }

    /// Since when.
    pub fn took(&self) -> Duration {
        self.began.elapsed()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many faults there are of each, counted and in all.
pub fn tally<K: Ord>(
    faults: &[Fault],
    key: impl Fn(&Fault) -> Option<K>,
) -> BTreeMap<K, (usize, usize)> {
    let mut tally = BTreeMap::new();
    for fault in faults {
        let Some(key) = key(fault) else { continue };
        let (counted, all) = tally.entry(key).or_default();
        *all += 1;
        *counted += usize::from(fault.evidence.is_ok());
    }
    tally
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { kind, deed, target, tick, .. } = self;
        write!(f, "{:<11} {:<22} {target}, tick {tick}", kind.name(), deed.name())?;
        if let Some(point) = &self.point {
            write!(f, ", at {point}")?;
        }
        match &self.evidence {
            Ok(why) => write!(f, ": counted, {why} ({:.1} s)", self.recovery.as_secs_f64()),
            Err(why) => write!(f, ": not counted, {why}"),
        }
    }
}
