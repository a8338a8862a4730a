//! What an answer about a run says beside its env-status: the hours of its spec, what it waits
//! for, the last words of one that failed, and how a page that shows it is helped.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bus::{Bus, Stored};
use contract::id::RunId;
use contract::notice::{LogLine, NodeInfo};
use contract::status::{EnvStatus, RunStatus};
use contract::subject::StreamName;
use contract::timestamp::Timestamp;

use crate::create::now;
use crate::refusal::Refusal;
use crate::specs::Specs;

/// The lines of a failed run's log that are told.
const TAIL: usize = 20;

/// Failed runs whose last lines are kept at hand.
const MAX_TAILS: usize = 64;

/// How long nodes have to say what they hold.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long what they said is good.
const NODES_LAST: Duration = Duration::from_secs(3);

/// How long a page that polls each 2 s for the state, each 3 s for actions, and stops at
/// `completed`, is kept from stopping: so it asks for actions once more.
const SETTLING: Duration = Duration::from_millis(3500);

/// What there is beside a state.
#[derive(Clone, Debug)]
pub struct Beside {
    /// The simulated hours of the run's spec.
    pub total_hours: u32,
    /// When it was looked.
    pub now: Timestamp,
    /// What keeps the run from going on, if something does.
    pub waits_for: Option<String>,
    /// The last lines that a failed run's workers wrote, oldest first.
    pub last_log_lines: Vec<String>,
    /// The original's words say that it runs a moment longer than it does.
    pub is_settling: bool,
}

/// Finds out what there is beside a state, and remembers what polling would ask again.
#[derive(Debug)]
pub struct Besides {
    bus: Bus,
    specs: Specs,
    tails: Mutex<BTreeMap<RunId, (Timestamp, Vec<String>)>>,
    /// Behind a lock that is held while it is asked: many who poll ask once.
    nodes: tokio::sync::Mutex<Option<(Instant, String)>>,
    opened: Mutex<BTreeMap<RunId, Instant>>,
}

impl Besides {
    /// Of runs on `bus`.
    pub fn new(bus: Bus, specs: Specs) -> Besides {
        let (tails, opened) = (Mutex::default(), Mutex::default());
        Besides { bus, specs, tails, nodes: tokio::sync::Mutex::default(), opened }
    }

    /// What there is beside this state now.
    ///
    /// # Errors
    /// If the run's spec cannot be read.
    pub async fn of(&self, run: &EnvStatus) -> Result<Beside, Refusal> {
        let now = now();
        let waits_for = match run.status == RunStatus::Queued && run.stuck(now).is_some() {
            true => Some(self.room().await),
            false => run.trouble(now),
        };
        let last_log_lines = match run.status {
            RunStatus::Failed => self.tail(run).await,
            _ => Vec::new(),
        };
        let opened = lock(&self.opened).get(&run.run_id).map(Instant::elapsed);
        Ok(Beside {
            total_hours: self.specs.hours(&run.spec_digest).await?,
            now,
            waits_for,
            last_log_lines,
            is_settling: is_settling(run, now, opened),
        })
    }

    /// Notes that a page shows this run from now on.
    pub fn opened(&self, run: &RunId) {
        let mut opened = lock(&self.opened);
        opened.retain(|_, since| since.elapsed() < SETTLING);
        opened.insert(run.clone(), Instant::now());
    }

    /// Why no node takes a run.
    async fn room(&self) -> String {
        let mut nodes = self.nodes.lock().await;
        if let Some((since, text)) = nodes.as_ref()
            && since.elapsed() < NODES_LAST
        {
            return text.clone();
        }
        let text = match self.bus.discover(PATIENCE).await {
            Ok(services) => {
                let is_node = |name: &str| name == "shoal-simulator";
                let number = services.iter().filter(|service| is_node(&service.name)).count();
                say_room(number, &self.bus.nodes(number, PATIENCE).await)
            }
            Err(error) => format!("the bus cannot be asked for simulator nodes: {error}"),
        };
        *nodes = Some((Instant::now(), text.clone()));
        text
    }

    /// The last lines of the log as of the run's end. They are worth one try.
    async fn tail(&self, run: &EnvStatus) -> Vec<String> {
        if let Some((as_of, lines)) = lock(&self.tails).get(&run.run_id)
            && *as_of == run.updated_at
        {
            return lines.clone();
        }
        let subject = self.bus.prefix().logs(&run.run_id);
        let text =
            |stored: &Stored| Some(serde_json::from_slice::<LogLine>(&stored.body).ok()?.line);
        let newest = match self.bus.newest(StreamName::Logs, &subject, None, TAIL, text).await {
            Ok(newest) => newest,
            Err(error) => {
                tracing::debug!(run = %run.run_id, %error, "cannot read its log");
                return Vec::new();
            }
        };
        let lines: Vec<String> = newest.into_iter().rev().map(|(_, line)| line).collect();
        let mut tails = lock(&self.tails);
        if tails.len() == MAX_TAILS {
            tails.pop_first();
        }
        tails.insert(run.run_id.clone(), (run.updated_at, lines.clone()));
        lines
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a page should be told that a completed run runs: it ended, or was opened, just now.
fn is_settling(run: &EnvStatus, now: Timestamp, opened: Option<Duration>) -> bool {
    let ended = run.ended_at.map(|at| now.milliseconds() - at.milliseconds());
    // A clock that is ahead of ours must not hold it up for longer.
    let just_ended = ended.and_then(|since| u64::try_from(since).ok());
    let is_short = |since: Duration| since < SETTLING;
    run.status == RunStatus::Completed
        && (just_ended.map(Duration::from_millis).is_some_and(is_short)
            || opened.is_some_and(is_short))
}

/// What keeps a run queued, of so many nodes of which these said what they hold.
fn say_room(number: usize, nodes: &[NodeInfo]) -> String {
    if number == 0 {
        return "a simulator node: none answers on this bus".to_owned();
    }
    let held = |node: &NodeInfo| format!("{} {} of {}", node.node, node.runs.len(), node.slots);
    let free = nodes.iter().filter(|node| node.runs.len() < usize::from(node.slots)).count();
    let each = nodes.iter().map(held).collect::<Vec<_>>().join(", ");
    match (nodes.is_empty(), free) {
        (true, _) => format!("a simulator node: {number} are there and none answers"),
        (false, 0) => format!("a free slot: all are taken ({each})"),
        (false, _) => format!("a simulator node with a free slot to take it ({each})"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::queued::tests::status;
    use contract::version::V1;

    /// Five hours, five seconds after the run was made, and nothing else.
    pub(crate) fn beside() -> Beside {
        Beside {
            total_hours: 5,
            now: "2026-03-01T10:00:05Z".parse().unwrap(),
            waits_for: None,
            last_log_lines: Vec::new(),
            is_settling: false,
        }
    }

    #[test]
    fn what_is_missing_is_said() {
        let node = |name: &str, slots, runs: u32| NodeInfo {
            v: V1,
            node: name.to_owned(),
            slots,
            runs: (1..=runs).map(|number| status(number).run_id).collect(),
            rules: 1,
            endpoints: vec![],
        };
        for (number, nodes, text) in [
            (0, vec![], "a simulator node: none answers on this bus"),
            (2, vec![], "a simulator node: 2 are there and none answers"),
            (
                2,
                vec![node("a", 4, 4), node("b", 1, 1)],
                "a free slot: all are taken (a 4 of 4, b 1 of 1)",
            ),
            (1, vec![node("a", 4, 3)], "a simulator node with a free slot to take it (a 3 of 4)"),
        ] {
            assert_eq!(say_room(number, &nodes), text);
        }
    }

    #[test]
    fn a_page_sees_the_end_of_a_run_once_it_can_have_read_it() {
        let mut run = status(1);
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        run.status = RunStatus::Completed;
        run.ended_at = Some(at("2026-03-01T10:00:10Z"));
        let settles = |run: &EnvStatus, now: &str, opened: Option<u64>| {
            is_settling(run, at(now), opened.map(Duration::from_millis))
        };
        assert!(settles(&run, "2026-03-01T10:00:13.499Z", None));
        assert!(!settles(&run, "2026-03-01T10:00:13.5Z", None));
        assert!(settles(&run, "2026-03-01T11:00:00Z", Some(3499)));
        assert!(!settles(&run, "2026-03-01T11:00:00Z", Some(3500)));
        assert!(!settles(&run, "2026-03-01T10:00:09Z", None), "ended in our future");
        for state in [RunStatus::Stopped, RunStatus::Failed, RunStatus::Closed] {
            run.status = state;
            assert!(!settles(&run, "2026-03-01T10:00:11Z", Some(0)), "{state}");
        }
    }
}
