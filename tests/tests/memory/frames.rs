//! Frames in which agents say what they are told to.

use contract::chain::World;
use contract::frame::Frame;
use contract::id::Digest;
use contract::timestamp::Timestamp;
use serde_json::{Value, json};

const START: &str = "2026-01-01T00:00:00Z";

/// The frame after `previous`, in which one agent after the other posts one of these; `-`: it does
/// nothing; `!` before it: it fails.
pub(crate) fn frame(world: &World, previous: Option<&Frame>, texts: &[&str]) -> Frame {
    let tick = previous.map_or(0, |previous| previous.tick + 1);
    let first_seq = previous.map_or(1, Frame::next_seq);
    let actions: Vec<Value> =
        (first_seq..).zip(texts).map(|(seq, text)| action(seq, text)).collect();
    let mut frame: Frame = serde_json::from_value(json!({
        "v": 1, "run_id": world.run_id, "platform": world.platform, "tick": tick, "round": tick,
        "simulated_time": START.parse::<Timestamp>().unwrap().plus_minutes(u64::from(tick) * 60),
        "timestamp": START, "first_seq": first_seq, "part": 1, "parts": 1,
        "previous_digest": previous.map_or(Digest::ZERO, |previous| previous.digest),
        "digest": Digest::ZERO, "markers": [], "actions": actions,
    }))
    .unwrap();
    frame.digest = frame.compute_digest();
    frame
}

fn action(seq: u64, text: &str) -> Value {
    let (failed, text) = match text.strip_prefix('!') {
        Some(text) => (true, text),
        None => (false, text),
    };
    let (action_type, args) = match text {
        "-" => ("DO_NOTHING", json!({})),
        text => ("CREATE_POST", json!({"content": text, "post_id": seq})),
    };
    json!({
        "seq": seq, "agent_id": seq % 3, "agent_name": format!("Agent {}", seq % 3),
        "action_type": action_type, "action_args": args,
        "result": failed.then_some("no such thing"), "success": !failed,
    })
}
