//! What could not be processed, as it goes to `sim.dead-letters.memory-sink.<run>`. Pure.
//!
//! The place of each problem begins with the target, so that what two targets say of one
//! message is told from what one says twice: a sink that is killed says it again.

use bus::{Append, Stored};
use contract::notice::DeadLetter;
use contract::problem::Problem;
use contract::subject::Prefix;
use contract::timestamp::Timestamp;

use crate::batch::EpisodeBatch;

/// The service's name in the subject.
pub(crate) const SERVICE: &str = "memory-sink";

/// A message of the stream that makes no sense to `target`, or to none of them.
pub(crate) fn of_message(
    prefix: &Prefix,
    target: Option<&str>,
    stored: &Stored,
    problem: Problem,
    at: Timestamp,
) -> Append {
    let place = match target {
        Some(target) => format!("{target} {}", problem.place),
        None => problem.place,
    };
    let (problem, sequence) = (Problem { place, ..problem }, stored.sequence);
    append(prefix, &DeadLetter::new(SERVICE, &stored.subject, sequence, problem, &stored.body, at))
}

/// A batch that `target` will never take.
pub(crate) fn of_batch(
    prefix: &Prefix,
    target: &str,
    batch: &EpisodeBatch,
    reason: &str,
    at: Timestamp,
) -> Append {
    let place = format!("{target} {}", batch.id());
    let problem = Problem::new(place, reason, "a batch that the memory takes");
    let subject = prefix.actions(&batch.world.run_id, batch.world.platform);
    let body = serde_json::to_vec(&batch.episodes).expect("no map keys that JSON refuses");
    let sequence = batch.stream_sequence;
    append(prefix, &DeadLetter::new(SERVICE, &subject, sequence, problem, &body, at))
}

fn append(prefix: &Prefix, letter: &DeadLetter) -> Append {
    Append {
        subject: prefix.dead_letters(SERVICE, letter.run_id.as_ref()),
        body: letter.to_bytes(),
        headers: Vec::new(),
        expected_last: None,
    }
}
