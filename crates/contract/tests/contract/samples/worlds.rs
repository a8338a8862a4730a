//! What a world puts out: the frames of a run of three ticks.

use contract::frame::{Frame, Marker, Outcome};
use contract::id::Digest;
use contract::notice::LiveAction;
use contract::subject::Platform;
use contract::version::V1;

use super::actions::{POST, TEXT, actions, create_post, succeed};
use super::{Sample, at, each, memory_targets, options, run, sample, spec_digest};

/// Of actions, in bytes: so small that the frame of tick 1 has two parts.
const PART_SIZE: u32 = 6_000;

pub(super) fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    let frames = story();
    for (form, success) in [("success", true), ("failure", false)] {
        let live = LiveAction::of(&frames[1]).find(|live| live.action.success() == success);
        samples.push(sample("live-action", form, &live.unwrap()));
    }
    for message in messages() {
        let frame: Frame = serde_json::from_slice(&message).unwrap();
        let name = format!("tick-{}-part-{}-of-{}", frame.tick, frame.part, frame.parts);
        samples.push(sample("frame", name, &frame));
    }
    for outcome in each(next_outcome) {
        let frame = end(&frames[1], outcome);
        samples.push(sample("frame", format!("end-{}", super::word(&outcome)), &frame));
    }
    samples
}

/// The messages of [`story`]: the frame of tick 1 has two parts, the others have one.
pub(crate) fn messages() -> Vec<Vec<u8>> {
    story().into_iter().flat_map(|frame| frame.to_messages(PART_SIZE)).collect()
}

/// Tick 0 with the seed posts, tick 1 with every type of action, and tick 2, in which nobody
/// acts and the run ends.
pub(crate) fn story() -> Vec<Frame> {
    let mut first = frame(0, 1, Digest::ZERO);
    first.options = Some(options());
    first.memory = Some(memory_targets());
    first.markers = vec![
        Marker::SimulationStart {
            before_seq: 1,
            spec_digest: spec_digest(),
            seed: options().seed,
            rules: 1,
            agents: 4,
            rounds: options().rounds,
        },
        Marker::RoundStart { before_seq: 1, round: 0, simulated_hour: 0 },
        round_end(0, 3, 2),
    ];
    first.actions =
        vec![succeed(1, 0, create_post(TEXT, Some(1))), succeed(2, 1, create_post(POST, Some(2)))];
    first.digest = first.compute_digest();

    let mut second = frame(1, first.next_seq(), first.digest);
    second.actions = actions(second.first_seq);
    let next_seq = second.next_seq();
    let count = u32::try_from(second.actions.len()).unwrap();
    second.markers = vec![
        Marker::RoundStart { before_seq: second.first_seq, round: 1, simulated_hour: 1 },
        round_end(1, next_seq, count),
    ];
    second.digest = second.compute_digest();

    let third = end(&second, Outcome::Completed);
    vec![first, second, third]
}

/// The frame after `previous`, in which nobody acts and the run ends.
fn end(previous: &Frame, outcome: Outcome) -> Frame {
    let next_seq = previous.next_seq();
    let mut last = frame(previous.tick + 1, next_seq, previous.digest);
    last.markers = vec![
        Marker::RoundStart { before_seq: next_seq, round: last.round, simulated_hour: 2 },
        round_end(last.round, next_seq, 0),
        Marker::SimulationEnd {
            before_seq: next_seq,
            outcome,
            rounds: last.round,
            actions: next_seq - 1,
        },
    ];
    last.digest = last.compute_digest();
    last
}

fn round_end(round: u32, before_seq: u64, actions: u32) -> Marker {
    let simulated_minutes = u64::from(round) * 60;
    Marker::RoundEnd {
        before_seq,
        round,
        actions,
        active_agents: actions.min(4),
        simulated_minutes,
    }
}

fn frame(tick: u32, first_seq: u64, previous_digest: Digest) -> Frame {
    let midnight = at(0).midnight();
    Frame {
        v: V1,
        run_id: run(),
        platform: Platform::Twitter,
        tick,
        round: tick,
        simulated_time: midnight.plus_minutes(u64::from(tick) * 60),
        timestamp: at(i64::from(tick) * 2),
        first_seq,
        part: 1,
        parts: 1,
        previous_digest,
        digest: Digest::ZERO,
        options: None,
        memory: None,
        markers: Vec::new(),
        actions: Vec::new(),
    }
}

pub(super) fn next_outcome(outcome: Option<&Outcome>) -> Option<Outcome> {
    match outcome {
        None => Some(Outcome::Completed),
        Some(Outcome::Completed) => Some(Outcome::Stopped),
        Some(Outcome::Stopped) => Some(Outcome::Failed),
        Some(Outcome::Failed) => None,
    }
}
