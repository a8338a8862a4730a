//! What a test build does.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::process::{Signal, getpid, kill_process};

use crate::{MISDEEDS, POINTS, Safeguard};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Kill,
    Stop,
    Panic,
    Hang,
    /// Whatever [`crate::fires`] is asked for.
    Fire,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    /// As the environment has it.
    text: String,
    point: String,
    action: Action,
    nth: u64,
}

#[derive(Debug, Default)]
struct Plan {
    faults: Vec<Fault>,
    folder: Option<PathBuf>,
    without: Vec<Safeguard>,
    rules: Option<u32>,
    passed: Mutex<BTreeMap<String, u64>>,
}

/// Does what the plan has for this point.
pub(crate) fn pass(point: &str) {
    let Some(action) = plan().due(point) else { return };
    match action {
        Action::Kill => signal(Signal::KILL),
        Action::Stop => stop(),
        Action::Panic => panic!("a test wants a panic at {point}"),
        Action::Hang => loop {
            std::thread::park();
        },
        Action::Fire => {}
    }
}

/// Whether the plan has anything for this point now.
pub(crate) fn fires(point: &str) -> bool {
    plan().due(point).is_some()
}

pub(crate) fn warning() -> String {
    plan().warning()
}

pub(crate) fn is_planned(point: &str) -> bool {
    plan().faults.iter().any(|fault| fault.point == point)
}

pub(crate) fn other_rules() -> Option<u32> {
    plan().rules
}

pub(crate) fn is_off(safeguard: Safeguard) -> bool {
    plan().without.contains(&safeguard)
}

/// Returns once the process goes on.
///
/// Whichever thread takes the signal, the others stop when that one does, and this one must get
/// no further meanwhile. Once the signal is not pending any more the process is stopping, which a
/// thread that leaves the kernel, as after this read, then takes part in.
fn stop() {
    let pending = 1_u64 << (Signal::STOP.as_raw() - 1);
    signal(Signal::STOP);
    while std::fs::read_to_string("/proc/self/status").is_ok_and(|status| {
        let shared = status.lines().find_map(|line| line.strip_prefix("ShdPnd:"));
        let shared = shared.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok());
        shared.is_some_and(|shared| shared & pending != 0)
    }) {}
}

fn signal(signal: Signal) {
    // A process may signal itself.
    let _ = kill_process(getpid(), signal);
}

fn plan() -> &'static Plan {
    static PLAN: OnceLock<Plan> = OnceLock::new();
    PLAN.get_or_init(|| {
        let text = |name| std::env::var(name).unwrap_or_default();
        let folder = std::env::var_os("SHOAL_FAULTS_DIR").map(PathBuf::from);
        let plan = Plan::read(&text("SHOAL_FAULTS"), folder, &text("SHOAL_WITHOUT"));
        Plan { rules: read_rules(&text("SHOAL_RULES")), ..plan }
    })
}

impl Plan {
    fn read(faults: &str, folder: Option<PathBuf>, without: &str) -> Plan {
        let list = |text: &str| -> Vec<String> {
            text.split(',').filter(|one| !one.is_empty()).map(str::to_owned).collect()
        };
        let faults = list(faults).iter().map(|one| Fault::read(one)).collect();
        let without = list(without).iter().map(|name| read_safeguard(name)).collect();
        Plan { faults, folder, without, ..Plan::default() }
    }

    fn warning(&self) -> String {
        let mut text = "this is a test build, never to be used for anything else".to_owned();
        if !self.faults.is_empty() {
            let faults: Vec<&str> = self.faults.iter().map(|fault| &*fault.text).collect();
            text += &format!("; told to misbehave: {}", faults.join(", "));
        }
        if !self.without.is_empty() {
            let names: Vec<&str> = self.without.iter().map(|safeguard| safeguard.name()).collect();
            text += &format!("; without {}", names.join(", "));
        }
        if let Some(rules) = self.rules {
            text += &format!("; with rules {rules}");
        }
        text
    }

    /// What is to happen now that the point is passed once more.
    fn due(&self, point: &str) -> Option<Action> {
        let fault = self.faults.iter().find(|fault| fault.point == point)?;
        let passed = {
            let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
            let count = passed.entry(point.to_owned()).or_default();
            *count += 1;
            *count
        };
        (passed == fault.nth && self.is_first(point)).then_some(fault.action)
    }

    /// False if another process had the fault before.
    fn is_first(&self, point: &str) -> bool {
        let Some(folder) = &self.folder else { return true };
        match File::options().write(true).create_new(true).open(folder.join(point)) {
            Ok(mut file) => write!(file, "{}", std::process::id()).is_ok(),
            Err(_) => false,
        }
    }
}

impl Fault {
    /// # Panics
    /// If it cannot be read: a test that disturbs nothing proves nothing.
    fn read(text: &str) -> Fault {
        let mut words = text.split(':');
        let (point, action) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let is_known = POINTS.iter().chain(&MISDEEDS).any(|(name, _)| *name == point);
        assert!(is_known, "SHOAL_FAULTS: {text:?}: there is no point {point:?}");
        let action = match action {
            "kill" => Action::Kill,
            "stop" => Action::Stop,
            "panic" => Action::Panic,
            "hang" => Action::Hang,
            "fire" => Action::Fire,
            _ => {
                panic!("SHOAL_FAULTS: {text:?}: expected <point>:kill|stop|panic|hang|fire[:<nth>]")
            }
        };
        let nth = words.next().map_or(Ok(1), str::parse::<u64>);
        let nth = nth.ok().filter(|nth| *nth > 0);
        let nth =
            nth.unwrap_or_else(|| panic!("SHOAL_FAULTS: {text:?}: the last is no number from 1"));
        Fault { text: text.to_owned(), point: point.to_owned(), action, nth }
    }
}

/// # Panics
/// If there is none of this name.
fn read_safeguard(name: &str) -> Safeguard {
    let found = Safeguard::ALL.into_iter().find(|safeguard| safeguard.name() == name);
    found.unwrap_or_else(|| panic!("SHOAL_WITHOUT: there is no safeguard {name:?}"))
}

/// # Panics
/// If there is something, and no number.
fn read_rules(text: &str) -> Option<u32> {
    let read = |text: &str| text.parse().unwrap_or_else(|_| panic!("SHOAL_RULES: {text:?}"));
    (!text.is_empty()).then(|| read(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_happens_at_its_time_and_once_among_all() {
        let folder = std::env::temp_dir().join(format!("faults-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let plan = || Plan::read("run.claimed:kill:2,leaving:stop", Some(folder.clone()), "");
        let (one, other) = (plan(), plan());
        assert_eq!((one.due("run.claimed"), one.due("elsewhere")), (None, None));
        assert_eq!(other.due("run.claimed"), None);
        assert_eq!(one.due("run.claimed"), Some(Action::Kill));
        assert_eq!(other.due("run.claimed"), None, "the other process had it");
        assert_eq!(one.due("run.claimed"), None);
        assert_eq!(other.due("leaving"), Some(Action::Stop));
        let mark = std::fs::read_to_string(folder.join("leaving")).unwrap();
        assert_eq!(mark, std::process::id().to_string());
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn without_a_folder_each_process_has_its_own() {
        let plan = || Plan::read("sink.sent:fire", None, "");
        let (one, other) = (plan(), plan());
        assert_eq!((one.due("sink.sent"), one.due("sink.sent")), (Some(Action::Fire), None));
        assert_eq!(other.due("sink.sent"), Some(Action::Fire));
    }

    #[test]
    fn what_is_planned_is_said() {
        let plan = Plan::read("run.leased:hang:3", None, "fence,ledger");
        assert_eq!(plan.without, [Safeguard::Fence, Safeguard::Ledger]);
        assert_eq!(
            plan.warning(),
            "this is a test build, never to be used for anything else; told to misbehave: \
             run.leased:hang:3; without fence, ledger"
        );
        let other = Plan { rules: read_rules("7"), ..Plan::default() };
        assert!(other.warning().ends_with("anything else; with rules 7"));
        assert_eq!(read_rules(""), None);
        let idle = Plan::read("", None, "").warning();
        assert_eq!(idle, "this is a test build, never to be used for anything else");
    }

    #[test]
    fn what_cannot_be_read_is_no_silence() {
        for (faults, without, said) in [
            ("leaving:explode", "", "expected <point>:kill|stop|panic|hang|fire[:<nth>]"),
            ("leaving:kill:soon", "", "the last is no number from 1"),
            ("leaving:kill:0", "", "the last is no number from 1"),
            ("nowhere:kill", "", "there is no point \"nowhere\""),
            ("", "seatbelt", "there is no safeguard \"seatbelt\""),
        ] {
            let panicked = std::panic::catch_unwind(|| Plan::read(faults, None, without));
            let panicked = panicked.unwrap_err();
            let found = panicked.downcast_ref::<String>().unwrap();
            assert!(found.contains(said), "{found}");
        }
    }
}
