//! The records of simulations on the bus: which spec each is that came in from outside.

use std::collections::BTreeMap;

use bus::{Append, AppendError, Bus, Stored};
use contract::id::{Digest, SimulationId};
use contract::simulation::{RecordSource, SimulationRecord};
use contract::subject::StreamName;
use contract::timestamp::Timestamp;
use contract::version::V1;

use crate::refusal::Refusal;

/// How often another upload of the same simulation may be quicker before this one gives up.
const TRIES: u32 = 20;

/// What a record is to say.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) simulation: SimulationId,
    /// Of a spec that is stored.
    pub(super) spec_digest: Digest,
    /// `None`: the name that it has, or its id.
    pub(super) name: Option<String>,
    pub(super) files: Vec<String>,
}

/// A record that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// It.
    pub record: SimulationRecord,
    /// There was none before.
    pub created: bool,
    /// There was another one before.
    pub updated: bool,
}

/// The record of a simulation as it is now.
///
/// # Errors
/// If the bus, or what it holds, cannot be read.
pub(super) async fn last(
    bus: &Bus,
    simulation: &SimulationId,
) -> Result<Option<SimulationRecord>, Refusal> {
    let subject = bus.prefix().spec_of(simulation);
    let Some(stored) = bus.last(StreamName::Specs, &subject).await? else { return Ok(None) };
    let record = SimulationRecord::parse(simulation, &stored.body);
    record.map(Some).map_err(|problems| Refusal::Failed(problems.to_string()))
}

/// The records of all simulations. One that cannot be read is passed over.
///
/// # Errors
/// If the bus cannot be read.
pub(super) async fn all(bus: &Bus) -> Result<BTreeMap<SimulationId, SimulationRecord>, Refusal> {
    let filter = bus.prefix().specs_of_all();
    let stored = bus.read_last_per_subject(StreamName::Specs, &filter).await?;
    Ok(stored.iter().filter_map(read).collect())
}

fn read(stored: &Stored) -> Option<(SimulationId, SimulationRecord)> {
    let id: SimulationId = stored.subject.rsplit('.').next()?.parse().ok()?;
    match SimulationRecord::parse(&id, &stored.body) {
        Ok(record) => Some((id, record)),
        Err(problems) => {
            tracing::warn!(sequence = stored.sequence, %problems, "passed over a record");
            None
        }
    }
}

/// Stores a record behind the one that is there, unless that says the same.
///
/// # Errors
/// If the bus cannot be read or does not take it.
pub(super) async fn put(bus: &Bus, draft: &Draft, now: Timestamp) -> Result<Kept, Refusal> {
    let subject = bus.prefix().spec_of(&draft.simulation);
    // What was sent and not acknowledged, which may be what is found.
    let mut unsure: Option<Kept> = None;
    let mut error = AppendError::Refused;
    for _ in 0..TRIES {
        let found = bus.last(StreamName::Specs, &subject).await?;
        if let (Some(kept), Some(found)) = (&unsure, &found)
            && kept.record.to_bytes() == found.body
        {
            return Ok(kept.clone());
        }
        let body = found.as_ref().map(|found| found.body.as_ref());
        let before = body.and_then(|body| SimulationRecord::parse(&draft.simulation, body).ok());
        let kept = successor(before, draft, now);
        if !kept.created && !kept.updated {
            return Ok(kept);
        }
        let message = Append {
            subject: subject.clone(),
            body: kept.record.to_bytes(),
            headers: Vec::new(),
            expected_last: Some(found.map_or(0, |found| found.sequence)),
        };
        match bus.append(message).await {
            Ok(_) => return Ok(kept),
            Err(refused @ (AppendError::Full(_) | AppendError::Denied(_))) => {
                return Err(refused.into());
            }
            Err(refused @ AppendError::Refused) => error = refused,
            Err(unanswered @ AppendError::Unanswered(_)) => {
                unsure = Some(kept);
                error = unanswered;
            }
        }
    }
    Err(error.into())
}

/// The record that comes after `before`. Pure.
fn successor(before: Option<SimulationRecord>, draft: &Draft, now: Timestamp) -> Kept {
    let old_name = before.as_ref().map_or(draft.simulation.as_str(), |before| &before.name);
    let record = SimulationRecord {
        v: V1,
        simulation_id: draft.simulation.clone(),
        spec_digest: draft.spec_digest,
        name: draft.name.clone().unwrap_or_else(|| old_name.to_owned()),
        created_at: before.as_ref().map_or(now, |before| before.created_at),
        updated_at: now,
        source: RecordSource::Upload,
        files: draft.files.clone(),
    };
    match before {
        None => Kept { record, created: true, updated: false },
        Some(before) if before.spec_digest == record.spec_digest && before.name == record.name => {
            Kept { record: before, created: false, updated: false }
        }
        Some(_) => Kept { record, created: false, updated: true },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_follows_from_the_one_before() {
        let at = Timestamp::from_milliseconds;
        let draft = |spec: &[u8], name: Option<&str>| Draft {
            simulation: "market".parse().unwrap(),
            spec_digest: Digest::of(&[spec]),
            name: name.map(str::to_owned),
            files: vec!["simulation.yaml".to_owned()],
        };
        let told = |kept: &Kept| {
            let (record, says) = (kept.record.clone(), (kept.created, kept.updated));
            let times = (record.created_at.milliseconds(), record.updated_at.milliseconds());
            (record.name, times, says)
        };
        let first = successor(None, &draft(b"one", None), at(1000));
        assert_eq!(told(&first), ("market".to_owned(), (1000, 1000), (true, false)));
        let same = successor(Some(first.record.clone()), &draft(b"one", None), at(2000));
        assert_eq!(told(&same), ("market".to_owned(), (1000, 1000), (false, false)));
        let named = successor(Some(first.record), &draft(b"one", Some("Night")), at(3000));
        assert_eq!(told(&named), ("Night".to_owned(), (1000, 3000), (false, true)));
        let other = successor(Some(named.record), &draft(b"two", None), at(4000));
        assert_eq!(told(&other), ("Night".to_owned(), (1000, 4000), (false, true)));
    }
}
