//! Frames against cursors, row by row.

use super::*;
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

/// The frame after `previous` with actions of these types (`!` before one: it failed).
pub(crate) fn frame(previous: Option<&Frame>, types: &[&str]) -> Frame {
    let tick = previous.map_or(0, |previous| previous.tick + 1);
    let first_seq = previous.map_or(1, Frame::next_seq);
    let zero = Digest::ZERO;
    let actions: Vec<Value> = (first_seq..)
        .zip(types)
        .map(|(seq, name)| action(seq, name.trim_start_matches('!'), name.starts_with('!')))
        .collect();
    let mut frame: Frame = serde_json::from_value(json!({
        "v": 1, "run_id": "market-1", "platform": "twitter", "tick": tick, "round": tick,
        "simulated_time": START.parse::<Timestamp>().unwrap().plus_minutes(u64::from(tick) * 60),
        "timestamp": START, "first_seq": first_seq, "part": 1, "parts": 1,
        "previous_digest": previous.map_or(zero, |previous| previous.digest), "digest": zero,
        "markers": [], "actions": actions,
    }))
    .unwrap();
    frame.digest = frame.compute_digest();
    frame
}

/// A batch as if it were the world's first.
pub(crate) fn batch(types: &[&str]) -> EpisodeBatch {
    match judge(None, &frame(None, types), "g", 9, Language::English) {
        Step::Deliver(batch) => batch,
        other => panic!("{types:?} make {other:?}"),
    }
}

/// What a step says, short enough for a table.
fn short(step: &Step) -> String {
    match step {
        Step::Repeat => "repeat".to_owned(),
        Step::Advance(reached) => format!("advance to {}", reached.seq),
        Step::Deliver(batch) => {
            let ids: Vec<&str> =
                batch.episodes.iter().map(|episode| episode.action_id.as_str()).collect();
            format!("{}: {} to {}", batch.id(), ids.join(" "), batch.reached.seq)
        }
        Step::Refuse(discord) => format!("refuse: {discord}"),
    }
}

fn cursor_after(frame: &Frame) -> Cursor {
    Cursor {
        seq: frame.next_seq() - 1,
        tick: frame.tick,
        round: frame.round,
        simulated_time: frame.simulated_time,
        digest: frame.digest,
    }
}

#[test]
fn each_frame_means_one_thing_for_each_cursor() {
    let seeds = frame(None, &["CREATE_POST", "!FOLLOW", "DO_NOTHING", "FOLLOW"]);
    let idle = frame(Some(&seeds), &["DO_NOTHING"]);
    let empty = frame(Some(&idle), &[]);
    let last = frame(Some(&empty), &["CREATE_POST"]);
    let none = None;
    let (at_seeds, at_idle) = (cursor_after(&seeds), cursor_after(&idle));
    let (at_empty, at_last) = (cursor_after(&empty), cursor_after(&last));
    let cut = Cursor { seq: 2, ..cursor_after(&seeds) };
    let table: [(Option<&Cursor>, &Frame, &str); 13] = [
        (none, &seeds, "market-1.twitter.1-4: market-1.twitter.1 market-1.twitter.4 to 4"),
        (Some(&at_seeds), &idle, "advance to 5"),
        (Some(&at_idle), &empty, "advance to 5"),
        (Some(&at_empty), &last, "market-1.twitter.6-6: market-1.twitter.6 to 6"),
        // What a repair appends again is behind the cursor, whatever its stream sequence.
        (Some(&at_last), &seeds, "repeat"),
        (Some(&at_last), &empty, "repeat"),
        (Some(&at_last), &last, "repeat"),
        // A cursor within a frame takes the rest of it.
        (Some(&cut), &seeds, "market-1.twitter.3-4: market-1.twitter.4 to 4"),
        // What skips ahead is not taken: not later, not at the start, not over an empty tick.
        (none, &idle, "refuse: tick 1 begins with action 5 where tick 0 with action 1 is due"),
        (
            Some(&at_seeds),
            &last,
            "refuse: tick 3 begins with action 6 where tick 1 with action 5 is due",
        ),
        (
            Some(&at_idle),
            &last,
            "refuse: tick 3 begins with action 6 where tick 2 with action 6 is due",
        ),
        (
            Some(&cut),
            &idle,
            "refuse: tick 1 begins with action 5 where tick 1 with action 3 is due",
        ),
        (Some(&at_last), &idle, "repeat"),
    ];
    for (row, (cursor, frame, expected)) in table.into_iter().enumerate() {
        assert_eq!(short(&judge(cursor, frame, "g", 9, Language::English)), expected, "row {row}");
    }
}

#[test]
fn another_run_of_the_same_name_is_noticed() {
    let mine = frame(None, &["CREATE_POST"]);
    let other = frame(None, &["FOLLOW"]);
    let longer = frame(None, &["FOLLOW", "FOLLOW", "FOLLOW"]);
    let next = frame(Some(&mine), &["FOLLOW"]);
    let cursor = cursor_after(&mine);
    for (at, seen) in [
        (&cursor, &other),
        (&cursor, &frame(Some(&other), &["FOLLOW"])),
        (&cursor_after(&next), &longer),
    ] {
        let step = judge(Some(at), seen, "g", 9, Language::English);
        assert!(matches!(step, Step::Refuse(Discord::Foreign { .. })), "{step:?}");
    }
}

#[test]
fn numbers_that_cannot_be_are_refused() {
    let good = frame(None, &["FOLLOW", "FOLLOW"]);
    let mut zero = good.clone();
    (zero.first_seq, zero.actions) = (0, Vec::new());
    let mut huge = good.clone();
    (huge.first_seq, huge.actions[0].seq) = (u64::MAX, u64::MAX);
    let mut twice = good.clone();
    twice.actions[1].seq = 1;
    for (frame, found) in [(zero, 0), (huge, u64::MAX), (twice, 1)] {
        for cursor in [None, Some(&cursor_after(&good))] {
            let step = judge(cursor, &frame, "g", 9, Language::English);
            assert!(
                matches!(&step, Step::Refuse(Discord::Disorder { found: f, .. }) if *f == found),
                "{step:?}"
            );
        }
    }
}

#[test]
fn an_episode_says_where_it_comes_from() {
    let batch = batch(&["!FOLLOW", "CREATE_POST"]);
    assert_eq!((batch.first_seq, batch.last_seq, batch.stream_sequence), (1, 2, 9));
    assert_eq!(batch.text(), "Mara: published a post: \"post 2\"");
    assert_eq!(
        serde_json::to_value(&batch.episodes[0]).unwrap(),
        json!({
            "action_id": "market-1.twitter.2", "graph_id": "g", "run_id": "market-1",
            "platform": "twitter", "round": 0, "simulated_time": "2026-01-01T00:00:00.000Z",
            "agent_id": 2, "agent_name": "Mara", "action_type": "CREATE_POST",
            "text": "Mara: published a post: \"post 2\"", "body": action(2, "CREATE_POST", false),
        })
    );
}

#[test]
fn parts_become_a_frame_or_are_forgotten() {
    let whole = frame(None, &["CREATE_POST", "FOLLOW", "FOLLOW"]);
    let messages = whole.to_messages(1);
    let part = |index: usize| serde_json::from_slice::<Frame>(&messages[index]).unwrap();
    let world = World { run_id: whole.run_id.clone(), platform: whole.platform };
    let mut parts = Parts::default();
    assert_eq!((messages.len(), parts.are_whole()), (3, true));
    assert_eq!(parts.push(&world, part(0)), Ok(None));
    assert_eq!(parts.push(&world, part(1)), Ok(None));
    assert!(!parts.are_whole());
    assert_eq!(parts.push(&world, part(2)), Ok(Some(whole)));
    assert!(parts.are_whole());
    parts.push(&world, part(0)).unwrap();
    assert!(parts.push(&world, part(2)).is_err());
    assert!(parts.are_whole());
}
