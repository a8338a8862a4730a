//! A simulation that was brought in from outside, as every launcher knows it.

use serde::{Deserialize, Serialize};

use crate::id::{Digest, SimulationId};
use crate::problem::{Problem, Problems};
use crate::timestamp::Timestamp;
use crate::version::V1;

/// The longest name of a simulation, in bytes.
pub const MAX_NAME_BYTES: usize = 200;

/// What a simulation is now: which spec, and where that came from. The newest message on
/// `sim.specs.of.<simulation>` counts; each is appended behind the one that its writer knew of.
///
/// The spec that it names was stored before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimulationRecord {
    /// Contract version.
    pub v: V1,
    /// The simulation, as in the subject and in the spec.
    pub simulation_id: SimulationId,
    /// What is run when somebody starts it.
    pub spec_digest: Digest,
    /// What people call it; its id, unless somebody gave it a name.
    pub name: String,
    /// When it first came in.
    pub created_at: Timestamp,
    /// When this spec did, or this name.
    pub updated_at: Timestamp,
    /// How it came in.
    pub source: RecordSource,
    /// The files that it was read from, by their names.
    pub files: Vec<String>,
}

/// How a simulation came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordSource {
    /// Over HTTP.
    Upload,
}

impl SimulationRecord {
    /// The message body.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("no map keys that JSON refuses")
    }

    /// Reads a message from the subject of `simulation`.
    ///
    /// # Errors
    /// That it is no record, or another simulation's.
    pub fn parse(simulation: &SimulationId, body: &[u8]) -> Result<SimulationRecord, Problems> {
        let place = format!("the record of simulation {simulation}");
        let record: SimulationRecord = serde_json::from_slice(body)
            .map_err(|error| Problem::new(place.as_str(), error.to_string(), "a record"))?;
        if record.simulation_id != *simulation {
            let found = format!("that of simulation {}", record.simulation_id);
            return Err(Problem::new(place, found, "its own").into());
        }
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_of_the_simulation_in_its_subject() {
        let at = Timestamp::EPOCH;
        let record = SimulationRecord {
            v: V1,
            simulation_id: "market".parse().unwrap(),
            spec_digest: Digest::ZERO,
            name: "The night market".to_owned(),
            created_at: at,
            updated_at: at,
            source: RecordSource::Upload,
            files: vec!["simulation.yaml".to_owned()],
        };
        let (own, other) = ("market".parse().unwrap(), "bazaar".parse().unwrap());
        let parse = |id| SimulationRecord::parse(id, &record.to_bytes());
        assert_eq!(parse(&own), Ok(record.clone()));
        assert_eq!(
            parse(&other).unwrap_err().to_string(),
            "the record of simulation bazaar: found that of simulation market, expected its own"
        );
        assert!(SimulationRecord::parse(&own, b"{").is_err());
    }
}
