//! Where specs come from: a folder of the operator's, or the bus, which keeps each for ever.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bus::Bus;
use contract::id::{Digest, SimulationId};
use contract::problem::{Problem, Problems};
use contract::spec::Spec;
use contract::subject::StreamName;
use intake::{Intake, Limits};

use crate::refusal::Refusal;

/// The specs on the bus. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Specs {
    bus: Bus,
    /// Simulated hours by spec: all that a status needs of one, so that polling a status
    /// reads each spec once.
    hours: Arc<Mutex<BTreeMap<Digest, u32>>>,
}

impl Specs {
    /// The specs that `bus` keeps.
    pub fn new(bus: Bus) -> Specs {
        Specs { bus, hours: Arc::default() }
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
        let known = self.known_hours().get(digest).copied();
        match known {
            Some(hours) => Ok(hours),
            None => match self.load(digest).await? {
                Some(spec) => Ok(spec.time.total_hours),
                None => Err(Refusal::Failed(format!("spec {digest} is not stored"))),
            },
        }
    }

    fn remember(&self, digest: Digest, spec: &Spec) {
        self.known_hours().insert(digest, spec.time.total_hours);
    }

    fn known_hours(&self) -> std::sync::MutexGuard<'_, BTreeMap<Digest, u32>> {
        self.hours.lock().unwrap_or_else(PoisonError::into_inner)
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
