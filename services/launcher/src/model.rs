//! What is known of all runs: a fold of their env-statuses, in whatever order they come.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use bus::Stored;
use contract::id::{InvalidId, RunId, SimulationId};
use contract::problem::{Problem, Problems};
use contract::status::{EnvStatus, RunStatus};
use contract::subject::Prefix;
use contract::timestamp::Timestamp;

use crate::refusal::Refusal;

/// The latest status of every run. Pure.
#[derive(Debug, Default)]
pub struct Runs {
    simulations: BTreeMap<SimulationId, BTreeMap<u32, Known>>,
}

#[derive(Debug)]
struct Known {
    sequence: u64,
    status: Arc<EnvStatus>,
}

impl Runs {
    /// Takes a status that was stored under `sequence`; an older one than is known changes
    /// nothing, so the same message may come twice and from several sides.
    pub fn fold(&mut self, sequence: u64, status: Arc<EnvStatus>) {
        let runs = self.simulations.entry(status.run_id.simulation()).or_default();
        let number = status.run_id.number();
        if runs.get(&number).is_none_or(|known| known.sequence < sequence) {
            runs.insert(number, Known { sequence, status });
        }
    }

    /// One run. One that was deleted is as if it had never been.
    pub fn run(&self, run: &RunId) -> Option<Arc<EnvStatus>> {
        let known = self.simulations.get(&run.simulation())?.get(&run.number())?;
        known.is_there().then(|| Arc::clone(&known.status))
    }

    /// Whether a run was there and is deleted.
    pub fn is_deleted(&self, run: &RunId) -> bool {
        let runs = self.simulations.get(&run.simulation());
        let known = runs.and_then(|runs| runs.get(&run.number()));
        known.is_some_and(|known| !known.is_there())
    }

    /// The run of a simulation with the highest number of those that are there.
    pub fn current(&self, simulation: &SimulationId) -> Option<Arc<EnvStatus>> {
        let known = self.simulations.get(simulation)?.values();
        let current = known.rev().find(|known| known.is_there())?;
        Some(Arc::clone(&current.status))
    }

    /// The highest number that a run of a simulation has or, if it was deleted, had.
    pub fn highest(&self, simulation: &SimulationId) -> Option<u32> {
        let (number, _) = self.simulations.get(simulation)?.last_key_value()?;
        Some(*number)
    }

    /// Of each simulation that has a run that is there: when its first one came to be, and its
    /// current one.
    pub fn simulations(&self) -> Vec<(SimulationId, Timestamp, Arc<EnvStatus>)> {
        let first_and_current = |runs: &BTreeMap<u32, Known>| {
            let mut there = runs.values().filter(|known| known.is_there());
            let first = there.next()?;
            let current = Arc::clone(&there.next_back().unwrap_or(first).status);
            Some((first.status.created_at, current))
        };
        let known = self.simulations.iter();
        known
            .filter_map(|(id, runs)| {
                let (created_at, current) = first_and_current(runs)?;
                Some((id.clone(), created_at, current))
            })
            .collect()
    }

    /// The run that `name` names: of a simulation its current one. `None` if there is none.
    pub fn named(&self, name: &RunName) -> Option<Arc<EnvStatus>> {
        match name {
            RunName::Run(run) => self.run(run),
            RunName::CurrentOf(simulation) => self.current(simulation),
        }
    }

    /// The latest status of a run, also of one that was deleted, and the sequence that it is stored
    /// under.
    pub fn latest(&self, run: &RunId) -> Option<(u64, Arc<EnvStatus>)> {
        let known = self.simulations.get(&run.simulation())?.get(&run.number())?;
        Some((known.sequence, Arc::clone(&known.status)))
    }

    /// The runs that are `wanted`, of all that there are, by simulation and number.
    pub fn all(&self, wanted: impl Fn(&EnvStatus) -> bool) -> Vec<Arc<EnvStatus>> {
        let runs = self.simulations.values().flat_map(BTreeMap::values).map(|known| &known.status);
        runs.filter(|status| wanted(status)).map(Arc::clone).collect()
    }

    /// All runs of a simulation, by number, those that were deleted too.
    pub fn of(&self, simulation: &SimulationId) -> Vec<Arc<EnvStatus>> {
        let runs = self.simulations.get(simulation).into_iter().flat_map(BTreeMap::values);
        runs.map(|known| Arc::clone(&known.status)).collect()
    }
}

impl Known {
    fn is_there(&self) -> bool {
        self.status.status != RunStatus::Deleted
    }
}

/// How a person names a run. The ids of simulations and runs are never the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunName {
    /// By its own id.
    Run(RunId),
    /// As the current run of a simulation.
    CurrentOf(SimulationId),
}

impl FromStr for RunName {
    type Err = String;
    /// The error's text is what was expected.
    fn from_str(text: &str) -> Result<RunName, String> {
        let run = text.parse().map(RunName::Run);
        run.or_else(|_: InvalidId| text.parse().map(RunName::CurrentOf)).map_err(
            |error: InvalidId| {
                format!("the id of a simulation or <simulation>-<n>, that is {}", error.expected())
            },
        )
    }
}

/// Reads a message of the stream of env-statuses.
///
/// # Errors
/// What is wrong with it.
pub fn parse_status(prefix: &Prefix, stored: &Stored) -> Result<Arc<EnvStatus>, Problems> {
    let place = format!("{} (sequence {})", stored.subject, stored.sequence);
    let status: EnvStatus = serde_json::from_slice(&stored.body)
        .map_err(|error| Problem::new(place.as_str(), error.to_string(), "an env-status"))?;
    let mut problems = Vec::new();
    if prefix.env_status(&status.run_id) != stored.subject {
        let found = format!("the status of run {}", status.run_id);
        problems.push(Problem::new(place.as_str(), found, "that of the run in the subject"));
    }
    if status.run_id.simulation() != status.simulation_id {
        let found = format!("simulation {}", status.simulation_id);
        problems.push(Problem::new(place, found, "the simulation that the run is of"));
    }
    Problems::none_or(problems, Some(Arc::new(status)))
}

/// [`Runs`], shared by those who fold and those who ask. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Model {
    runs: Arc<RwLock<Runs>>,
    caught_up: Arc<AtomicBool>,
}

impl Model {
    /// See [`Runs::fold`].
    pub fn fold(&self, sequence: u64, status: Arc<EnvStatus>) {
        let mut runs = self.runs.write().unwrap_or_else(PoisonError::into_inner);
        runs.fold(sequence, status);
    }

    /// Asks something of all runs; `question` must not wait for anything.
    pub fn ask<T>(&self, question: impl FnOnce(&Runs) -> T) -> T {
        question(&self.runs.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether everything that was stored when the launcher began is known; before, an answer
    /// that a run is unknown would be a guess.
    ///
    /// # Errors
    /// If it is not.
    pub fn ready(&self) -> Result<(), Refusal> {
        match self.caught_up.load(Ordering::Acquire) {
            true => Ok(()),
            false => Err(Refusal::Unavailable(
                "the states of runs are still being read; ask again in a moment".to_owned(),
            )),
        }
    }

    /// Notes that it is so.
    pub fn set_caught_up(&self) {
        self.caught_up.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queued::tests::status;

    fn with_state(number: u32, state: RunStatus) -> Arc<EnvStatus> {
        Arc::new(EnvStatus { status: state, ..status(number) })
    }

    #[test]
    fn the_newest_status_of_each_run_is_kept_in_any_order() {
        let messages = [
            (1, with_state(1, RunStatus::Queued)),
            (2, with_state(1, RunStatus::Running)),
            (3, with_state(2, RunStatus::Queued)),
            (4, with_state(1, RunStatus::Stopped)),
            (5, with_state(10, RunStatus::Queued)),
        ];
        let orders = [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 3, 4, 1]];
        for order in orders {
            let mut runs = Runs::default();
            for index in order.into_iter().chain(order) {
                let (sequence, status) = &messages[index];
                runs.fold(*sequence, Arc::clone(status));
            }
            let market = "market".parse().unwrap();
            assert_eq!(runs.run(&status(1).run_id).unwrap().status, RunStatus::Stopped);
            assert_eq!(runs.current(&market).unwrap().run_id, status(10).run_id);
            let numbers: Vec<u32> =
                runs.of(&market).iter().map(|run| run.run_id.number()).collect();
            assert_eq!(numbers, [1, 2, 10]);
            assert!(runs.run(&status(3).run_id).is_none());
            assert!(runs.current(&"other".parse().unwrap()).is_none());
        }
    }

    #[test]
    fn a_deleted_run_is_absent_but_its_number_is_taken() {
        let mut runs = Runs::default();
        let market = "market".parse().unwrap();
        for (sequence, number) in [(1, 1), (2, 2), (3, 3)] {
            runs.fold(sequence, with_state(number, RunStatus::Completed));
        }
        runs.fold(4, with_state(3, RunStatus::Deleted));
        assert!(runs.run(&status(3).run_id).is_none());
        let is_deleted = |number| runs.is_deleted(&status(number).run_id);
        assert_eq!([1, 2, 3, 4].map(is_deleted), [false, false, true, false]);
        assert_eq!(runs.current(&market).unwrap().run_id, status(2).run_id);
        assert_eq!((runs.highest(&market), runs.of(&market).len()), (Some(3), 3));
        let [(simulation, _, current)] = &runs.simulations()[..] else { panic!("one") };
        assert_eq!((simulation, &current.run_id), (&market, &status(2).run_id));
        runs.fold(5, with_state(2, RunStatus::Deleted));
        runs.fold(6, with_state(1, RunStatus::Deleted));
        assert!(runs.current(&market).is_none());
        assert_eq!(runs.highest(&market), Some(3));
        assert!(runs.simulations().is_empty());
    }
}
