//! What could not be processed, as it goes to `sim.dead-letters.memory-sink.<run>`. Pure.

use bus::{Append, Stored};
use contract::id::RunId;
use contract::notice::DeadLetter;
use contract::problem::Problem;
use contract::subject::Prefix;
use contract::timestamp::Timestamp;
use contract::version::V1;

use crate::batch::EpisodeBatch;

/// The service's name in the subject.
const SERVICE: &str = "memory-sink";
/// The most of a message that a dead letter quotes.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// A message of the stream that makes no sense to `target`.
pub(crate) fn of_message(
    prefix: &Prefix,
    target: &str,
    stored: &Stored,
    problem: Problem,
    at: Timestamp,
) -> Append {
    let run_id = stored.subject.split('.').nth(2).and_then(|token| token.parse().ok());
    let name = format!("{target}.{}", stored.sequence);
    let letter = letter(run_id, &stored.subject, stored.sequence, problem, &stored.body, at);
    append(prefix, &name, &letter)
}

/// A batch that `target` will never take.
pub(crate) fn of_batch(
    prefix: &Prefix,
    target: &str,
    batch: &EpisodeBatch,
    reason: &str,
    at: Timestamp,
) -> Append {
    let name = format!("{target}.{}", batch.id());
    let problem = Problem::new(&name, reason, "a batch that the memory takes");
    let subject = prefix.actions(&batch.world.run_id, batch.world.platform);
    let body = serde_json::to_vec(&batch.episodes).unwrap_or_default();
    let run_id = Some(batch.world.run_id.clone());
    let letter = letter(run_id, &subject, batch.stream_sequence, problem, &body, at);
    append(prefix, &name, &letter)
}

fn letter(
    run_id: Option<RunId>,
    subject: &str,
    sequence: u64,
    problem: Problem,
    body: &[u8],
    at: Timestamp,
) -> DeadLetter {
    let quoted = &body[..body.len().min(MAX_BODY_BYTES)];
    DeadLetter {
        v: V1,
        service: SERVICE.to_owned(),
        run_id,
        subject: subject.to_owned(),
        sequence,
        problems: vec![problem],
        body: String::from_utf8_lossy(quoted).into_owned(),
        at,
    }
}

fn append(prefix: &Prefix, name: &str, letter: &DeadLetter) -> Append {
    Append {
        subject: prefix.dead_letters(SERVICE, letter.run_id.as_ref()),
        body: serde_json::to_vec(letter).expect("no map keys that JSON refuses"),
        // Sent again after a crash, it is the same letter.
        headers: vec![("Nats-Msg-Id", format!("{SERVICE}.{name}"))],
        expected_last: None,
    }
}
