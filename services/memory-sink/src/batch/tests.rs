//! Frames and batches for all tests of the sink.

use super::*;
use crate::policy::Batching;
use crate::queue::{Cut, Queue, Supply, Time};
use contract::id::Digest;
use serde_json::{Value, json};

const START: &str = "2026-01-01T00:00:00Z";

/// An action as a frame has it; `failed` with a reason.
fn action(seq: u64, action_type: &str, failed: bool) -> Value {
    let args = match action_type {
        "CREATE_POST" => json!({"content": format!("post {seq}"), "post_id": seq}),
        "FOLLOW" => json!({"followee_id": 2}),
        _ => json!({}),
    };
    json!({
        "seq": seq, "agent_id": seq % 3, "agent_name": "Mara", "action_type": action_type,
        "action_args": args, "result": failed.then_some("no such thing"), "success": !failed,
    })
}

/// The frame after `previous` with actions of these types (`!` before one: it failed; `.`: the
/// world ends).
pub(crate) fn frame(previous: Option<&Frame>, types: &[&str]) -> Frame {
    let tick = previous.map_or(0, |previous| previous.tick + 1);
    let first_seq = previous.map_or(1, Frame::next_seq);
    let zero = Digest::ZERO;
    let (ends, types): (Vec<&str>, Vec<&str>) = types.iter().partition(|name| **name == ".");
    let actions: Vec<Value> = (first_seq..)
        .zip(types)
        .map(|(seq, name)| action(seq, name.trim_start_matches('!'), name.starts_with('!')))
        .collect();
    let marker = json!({
        "type": "simulation_end", "before_seq": 1, "outcome": "completed", "rounds": 1,
        "actions": 1,
    });
    let markers: Vec<&Value> = ends.iter().map(|_| &marker).collect();
    let mut frame: Frame = serde_json::from_value(json!({
        "v": 1, "run_id": "market-1", "platform": "twitter", "tick": tick, "round": tick,
        "simulated_time": START.parse::<Timestamp>().unwrap().plus_minutes(u64::from(tick) * 60),
        "timestamp": START, "first_seq": first_seq, "part": 1, "parts": 1,
        "previous_digest": previous.map_or(zero, |previous| previous.digest), "digest": zero,
        "markers": markers, "actions": actions,
    }))
    .unwrap();
    frame.digest = frame.compute_digest();
    frame
}

/// Where a frame's last message stands.
pub(crate) fn position(sequence: u64) -> Position {
    Position { sequence, at: START.parse().unwrap() }
}

/// The world of [`frame`].
pub(crate) fn world() -> World {
    World { run_id: "market-1".parse().unwrap(), platform: contract::subject::Platform::Twitter }
}

/// A batch as if it were the world's first.
pub(crate) fn batch(types: &[&str]) -> EpisodeBatch {
    batches(&[&frame(None, types)]).remove(0)
}

/// A batch of each frame.
pub(crate) fn batches(frames: &[&Frame]) -> Vec<EpisodeBatch> {
    let mut queue = Queue::new(world(), "g".to_owned(), Language::English, None, None);
    let mut batches = Vec::new();
    for frame in frames {
        queue.push(frame, position(9), Time::ZERO).unwrap();
        queue.pass();
        let Cut::Now(flight) = queue.cut(&Batching::STREAM, Time::ZERO, Supply::Drained) else {
            panic!("tick {} makes nothing", frame.tick)
        };
        batches.push(flight.batch.clone());
        queue.settle(*flight);
    }
    batches
}

#[test]
fn a_batch_is_named_by_what_it_settles() {
    let batch = batch(&["DO_NOTHING", "CREATE_POST", "!FOLLOW", "FOLLOW", "DO_NOTHING"]);
    assert_eq!(batch.id(), "market-1.twitter.1-5");
    assert_eq!(batch.text(), "Mara: published a post: \"post 2\"\nMara: followed a user");
    let ids: Vec<&str> = batch.episodes.iter().map(|e| e.action_id.as_str()).collect();
    assert_eq!(ids, ["market-1.twitter.2", "market-1.twitter.4"]);
    assert_eq!((batch.reached.seq, batch.at), (5, Some(position(9))));
}
