//! Where specs come from: a folder of the operator's, or the bus, which keeps each for ever.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bus::Bus;
use contract::id::{Digest, SimulationId};
use contract::problem::{Problem, Problems};
use contract::spec::Spec;
use contract::status::EnvStatus;
use contract::subject::{Platform, StreamName};
use intake::{Intake, Limits};

use crate::refusal::Refusal;

/// Specs of which the facts are kept.
const MOST_KNOWN: usize = 4096;

/// What lists tell of a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its name on the bus.
    pub digest: Digest,
    /// The project that it names, if any.
    pub project_id: Option<String>,
    /// The graph that it names, if any.
    pub graph_id: Option<String>,
    /// What the simulation is to find out.
    pub requirement: String,
    /// Simulated hours.
    pub total_hours: u32,
    /// Rounds, unless a run is asked to play fewer.
    pub rounds: u32,
    /// How many agents there are.
    pub agents: usize,
    /// What they are, each once, in the order in which they come.
    pub entity_types: Vec<String>,
    /// Its worlds.
    pub platforms: Vec<Platform>,
}

/// The specs on the bus. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Specs {
    bus: Bus,
    /// What is told of specs, so that who polls a status or a list reads each spec once.
    facts: Arc<Mutex<BTreeMap<Digest, Arc<Facts>>>>,
}

impl Specs {
    /// The specs that `bus` keeps.
    pub fn new(bus: Bus) -> Specs {
        Specs { bus, facts: Arc::default() }
    }

    /// Reads and checks a stored spec; `None` if there is none under this digest.
    ///
    /// # Errors
    /// All that is wrong with it, or that the bus cannot be read.
    pub async fn load(&self, digest: &Digest) -> Result<Option<Spec>, Refusal> {
        let subject = self.bus.prefix().spec(digest);
        let Some(bytes) = self.bus.get_object(StreamName::Specs, &subject).await? else {
            return Ok(None);
        };
        let found = Digest::of(&[&bytes]);
        if found != *digest {
            let problem = Problem::new(subject, format!("bytes of digest {found}"), "its own");
            return Err(Refusal::Invalid(problem.into()));
        }
        let spec = Spec::from_bytes(&bytes)?;
        self.remember(*digest, &spec);
        Ok(Some(spec))
    }

    /// The spec that a run was made from.
    ///
    /// # Errors
    /// If it cannot be read, or is not there.
    pub async fn of_run(&self, run: &EnvStatus) -> Result<Spec, Refusal> {
        let EnvStatus { run_id, spec_digest, .. } = run;
        let lost = || Refusal::Failed(format!("spec {spec_digest} of run {run_id} is not stored"));
        self.load(spec_digest).await?.ok_or_else(lost)
    }

    /// Sees to it that the bus keeps `spec`.
    ///
    /// # Errors
    /// If the bus does not take it.
    pub async fn ensure(&self, spec: &Spec) -> Result<(), Refusal> {
        let digest = self.bus.put_spec(spec).await?;
        self.remember(digest, spec);
        Ok(())
    }

    /// How many simulated hours a stored spec has.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn hours(&self, digest: &Digest) -> Result<u32, Refusal> {
        Ok(self.facts(digest).await?.total_hours)
    }

    /// What is told of a stored spec.
    ///
    /// # Errors
    /// If it cannot be read, or there is none.
    pub async fn facts(&self, digest: &Digest) -> Result<Arc<Facts>, Refusal> {
        let known = self.known().get(digest).map(Arc::clone);
        match known {
            Some(facts) => Ok(facts),
            None => match self.load(digest).await? {
                Some(spec) => Ok(self.remember(*digest, &spec)),
                None => Err(Refusal::Failed(format!("spec {digest} is not stored"))),
            },
        }
    }

    fn remember(&self, digest: Digest, spec: &Spec) -> Arc<Facts> {
        let mut known = self.known();
        if let Some(facts) = known.get(&digest) {
            return Arc::clone(facts);
        }
        if known.len() == MOST_KNOWN {
            known.clear();
        }
        let facts = Arc::new(Facts::new(digest, spec));
        known.insert(digest, Arc::clone(&facts));
        facts
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeMap<Digest, Arc<Facts>>> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Facts {
    /// Of `spec`, whose digest is `digest`.
    pub fn new(digest: Digest, spec: &Spec) -> Facts {
        let types = spec.agents.iter().map(|agent| &agent.entity_type);
        let mut seen = BTreeSet::new();
        Facts {
            digest,
            project_id: spec.project_id.clone(),
            graph_id: spec.graph_id.clone(),
            requirement: spec.requirement.clone(),
            total_hours: spec.time.total_hours,
            rounds: spec.time.rounds(),
            agents: spec.agents.len(),
            entity_types: types.filter(|it| seen.insert(*it)).cloned().collect(),
            platforms: spec.platforms(),
        }
    }
}

/// Reads the folder of a simulation, if there is one.
///
/// # Errors
/// All that is wrong with what is in it.
pub async fn read_folder(
    data_dir: &Path,
    simulation: &SimulationId,
) -> Result<Option<Intake>, Refusal> {
    let folder = data_dir.join(simulation.as_str());
    let simulation = simulation.clone();
    let reading = tokio::task::spawn_blocking(move || read(&folder, &simulation));
    let read = reading.await.map_err(|error| Refusal::Failed(error.to_string()))?;
    Ok(read?)
}

fn read(folder: &Path, simulation: &SimulationId) -> Result<Option<Intake>, Problems> {
    if !folder.exists() {
        return Ok(None);
    }
    let intake = intake::read_folder(folder, &Limits::default())?;
    if intake.spec.simulation_id != *simulation {
        let found = format!("{:?}", intake.spec.simulation_id.as_str());
        let expected = format!("{:?}, as the folder is named", simulation.as_str());
        return Err(Problem::new("simulation_config.json /simulation_id", found, &expected).into());
    }
    Ok(Some(intake))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(simulation: &str) -> Result<Option<Intake>, Problems> {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
        read(&samples.join("lantern-pier"), &simulation.parse().unwrap())
    }

    #[test]
    fn a_folder_must_be_the_simulation_that_it_is_named_after() {
        assert_eq!(
            sample("lantern-pier").unwrap().unwrap().spec.simulation_id.as_str(),
            "lantern-pier"
        );
        assert_eq!(
            sample("other").unwrap_err().to_string(),
            "simulation_config.json /simulation_id: found \"lantern-pier\", expected \"other\", \
             as the folder is named"
        );
        let nowhere = Path::new("/no/such/folder");
        assert!(read(nowhere, &"other".parse().unwrap()).unwrap().is_none());
    }
}
