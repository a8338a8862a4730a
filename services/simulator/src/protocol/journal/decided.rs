//! What was decided outside, between the records of a journal.

use std::collections::BTreeMap;

use contract::decision::Decision;
use contract::journal::Tick;

/// What a record of decisions has in its message beside them, at most.
const AROUND: usize = 1024;

/// The most bytes of decisions in one record, however large messages may be.
const MAX_RECORD_BYTES: usize = 256 * 1024;

/// A tick that is closed, with all that its record does not hold: what agents decided outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The record that closed it.
    pub record: Tick,
    /// What was decided for it, each agent once, ascending.
    pub decided: Vec<Decision>,
}

impl Closed {
    /// The tick that is closed by `record`, with what was decided for it, which is taken out.
    pub fn taking(record: Tick, decided: &mut BTreeMap<u32, Decision>) -> Closed {
        Closed { record, decided: std::mem::take(decided).into_values().collect() }
    }

    /// A tick for which nobody decides outside.
    pub fn alone(record: Tick) -> Closed {
        Closed { record, decided: Vec::new() }
    }
}

/// Notes what was decided for a tick that is open: of an agent the first counts.
pub fn note_decisions(
    decided: &mut BTreeMap<u32, Decision>,
    decisions: impl IntoIterator<Item = Decision>,
) {
    for decision in decisions {
        decided.entry(decision.agent_id).or_insert(decision);
    }
}

/// What was decided, in as many parts as fit messages of so many bytes, one record each.
pub fn in_records(mut decided: Vec<Decision>, max_payload: usize) -> Vec<Vec<Decision>> {
    let mut records = Vec::new();
    while !decided.is_empty() {
        let rest = decided.split_off(in_one_record(&decided, max_payload));
        records.push(std::mem::replace(&mut decided, rest));
    }
    records
}

/// How many of the first decisions fit one record in a message of so many bytes; one at least, if
/// there is any.
pub fn in_one_record<'a>(
    decided: impl IntoIterator<Item = &'a Decision>,
    max_payload: usize,
) -> usize {
    let most = max_payload.saturating_sub(AROUND).min(MAX_RECORD_BYTES);
    let mut bytes = 0;
    let fits = |(place, decision): &(usize, &Decision)| {
        let json = serde_json::to_vec(decision).expect("no map keys that JSON refuses");
        bytes += json.len() + 1;
        *place == 0 || bytes <= most
    };
    decided.into_iter().enumerate().take_while(fits).count()
}
