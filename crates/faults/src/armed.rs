//! What a test build does.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::process::{Signal, getpid, kill_process};

use crate::Safeguard;

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
    point: String,
    action: Action,
    nth: u64,
}

#[derive(Debug, Default)]
struct Plan {
    faults: Vec<Fault>,
    folder: Option<PathBuf>,
    without: Vec<String>,
    passed: Mutex<BTreeMap<String, u64>>,
}

/// Does what the plan has for this point.
pub(crate) fn pass(point: &str) {
    let Some(action) = plan().due(point) else { return };
    match action {
        Action::Kill => signal(Signal::KILL),
        Action::Stop => signal(Signal::STOP),
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

pub(crate) fn is_planned(point: &str) -> bool {
    plan().faults.iter().any(|fault| fault.point == point)
}

pub(crate) fn is_off(safeguard: Safeguard) -> bool {
    plan().without.iter().any(|name| name == safeguard.name())
}

fn signal(signal: Signal) {
    // A process may signal itself.
    let _ = kill_process(getpid(), signal);
}

fn plan() -> &'static Plan {
    static PLAN: OnceLock<Plan> = OnceLock::new();
    PLAN.get_or_init(|| {
        let text = |name| std::env::var(name).unwrap_or_default();
        Plan::read(
            &text("SHOAL_FAULTS"),
            std::env::var_os("SHOAL_FAULTS_DIR").map(PathBuf::from),
            &text("SHOAL_WITHOUT"),
        )
    })
}

impl Plan {
    fn read(faults: &str, folder: Option<PathBuf>, without: &str) -> Plan {
        let list = |text: &str| -> Vec<String> {
            text.split(',').filter(|one| !one.is_empty()).map(str::to_owned).collect()
        };
        let faults = list(faults).iter().map(|one| Fault::read(one)).collect();
        Plan { faults, folder, without: list(without), passed: Mutex::default() }
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
        let nth = words.next().map_or(Ok(1), str::parse);
        let nth = nth.unwrap_or_else(|_| panic!("SHOAL_FAULTS: {text:?}: the last is no number"));
        Fault { point: point.to_owned(), action, nth }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_happens_at_its_time_and_once_among_all() {
        let folder = std::env::temp_dir().join(format!("faults-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let plan = || Plan::read("claimed:kill:2,stepped:stop", Some(folder.clone()), "fence");
        let (one, other) = (plan(), plan());
        assert_eq!((one.due("claimed"), one.due("elsewhere")), (None, None));
        assert_eq!(other.due("claimed"), None);
        assert_eq!(one.due("claimed"), Some(Action::Kill));
        assert_eq!(other.due("claimed"), None, "the other process had it");
        assert_eq!(one.due("claimed"), None);
        assert_eq!(other.due("stepped"), Some(Action::Stop));
        assert_eq!(one.without, ["fence"]);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    #[should_panic(expected = "expected <point>:kill|stop|panic|hang|fire[:<nth>]")]
    fn a_fault_that_cannot_be_read_is_no_silence() {
        Fault::read("claimed:explode");
    }
}
