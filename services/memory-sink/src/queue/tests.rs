//! Frames in, batches out, row by row.

use super::*;
use crate::batch::tests::{frame, position, world};

const SECOND: Time = Time::from_secs(1);

fn queue(settled: Option<Cursor>, at: Option<Position>) -> Queue {
    Queue::new(world(), "g".to_owned(), Language::English, settled, at)
}

/// A chain of frames of these actions.
fn chain(frames: &[&[&str]]) -> Vec<Frame> {
    let mut chain: Vec<Frame> = Vec::new();
    for types in frames {
        chain.push(frame(chain.last(), types));
    }
    chain
}

/// A queue that holds all of these, frame by frame one second apart.
fn filled(frames: &[Frame]) -> Queue {
    let mut queue = queue(None, None);
    for (index, frame) in (0..).zip(frames) {
        let taken = queue.push(frame, position(u64::from(index) + 1), SECOND * index);
        assert_eq!(taken, Ok(Taken::New));
    }
    queue
}

/// All that can be cut, each delivered at once: `first-last` with `!` at a frame's middle.
fn cuts(queue: &mut Queue, batching: &Batching, now: Time, supply: Supply) -> Vec<String> {
    let mut cuts = Vec::new();
    loop {
        queue.pass();
        match queue.cut(batching, now, supply) {
            Cut::Now(flight) => {
                let batch = &flight.batch;
                let (first, last) = (batch.first_seq, batch.last_seq);
                let texts: Vec<u64> = batch.episodes.iter().map(|e| e.body.seq).collect();
                assert!(texts.iter().all(|seq| (first..=last).contains(seq)), "{texts:?}");
                cuts.push(format!("{first}-{last} ({})", texts.len()));
                queue.settle(*flight);
            }
            Cut::At(at) => {
                cuts.push(format!("at {} s", at.as_secs()));
                return cuts;
            }
            Cut::Nothing => return cuts,
        }
    }
}

const P: &str = "CREATE_POST";
const N: &str = "DO_NOTHING";

#[test]
fn fives_cross_rounds_and_wait_for_their_age() {
    let frames = chain(&[&[P, P, N], &[], &[P, N, P, P, N], &[P]]);
    let mut queue = filled(&frames);
    assert_eq!(
        cuts(&mut queue, &Batching::FIVES, SECOND * 3, Supply::Drained),
        ["1-8 (5)", "at 33 s"]
    );
    assert_eq!(cuts(&mut queue, &Batching::FIVES, SECOND * 33, Supply::More), ["9-9 (1)"]);
    assert_eq!((queue.settled().unwrap().seq, queue.at()), (9, Some(position(4))));
}

#[test]
fn rounds_are_closed_by_their_ends_and_by_their_length() {
    let frames = chain(&[&[N], &[P, P, P], &[], &[P, N]]);
    let rounds = cuts(&mut filled(&frames), &Batching::ROUNDS, Time::ZERO, Supply::More);
    assert_eq!(rounds, ["2-4 (3)", "5-6 (1)"]);
    // Mara: published a post: "post 2" has 32 characters, and one between two of them.
    for (characters, expected) in [
        (31, vec!["2-2 (1)", "3-3 (1)", "4-4 (1)", "5-6 (1)"]),
        (64, vec!["2-2 (1)", "3-3 (1)", "4-4 (1)", "5-6 (1)"]),
        (65, vec!["2-3 (2)", "4-4 (1)", "5-6 (1)"]),
    ] {
        let short = Batching { characters, ..Batching::ROUNDS };
        let cut = cuts(&mut filled(&frames), &short, Time::ZERO, Supply::More);
        assert_eq!(cut, expected, "{characters}");
    }
}

#[test]
fn a_stream_goes_as_it_comes_when_there_is_no_more() {
    let frames = chain(&[&[P, P], &[P], &[N]]);
    let mut queue = filled(&frames);
    assert_eq!(cuts(&mut queue, &Batching::STREAM, SECOND, Supply::More), [""; 0]);
    assert_eq!(cuts(&mut queue, &Batching::STREAM, SECOND, Supply::Drained), ["1-4 (3)"]);
    assert_eq!(cuts(&mut filled(&frames), &Batching::STREAM, SECOND, Supply::Full), ["1-4 (3)"]);
}

#[test]
fn the_end_of_a_world_closes_what_is_open() {
    let frames = chain(&[&[P, P], &[N, "."], &[P]]);
    let mut queue = filled(&frames);
    assert_eq!(
        cuts(&mut queue, &Batching::FIVES, Time::ZERO, Supply::More),
        ["1-3 (2)", "at 32 s"]
    );
    let frames = chain(&[&[P, P, "."]]);
    assert_eq!(cuts(&mut filled(&frames), &Batching::FIVES, Time::ZERO, Supply::More), ["1-2 (2)"]);
}

#[test]
fn what_was_cut_in_the_middle_of_a_frame_goes_on_there_after_a_restart() {
    let frames = chain(&[&[P, P, P], &[P, P, P, P, N]]);
    let mut first = filled(&frames);
    let Cut::Now(flight) = first.cut(&Batching::FIVES, Time::ZERO, Supply::More) else { panic!() };
    assert_eq!(flight.batch.id(), "market-1.twitter.1-5");
    first.settle(*flight);
    // The frame of which it has a part is to be read again.
    assert_eq!(first.at(), Some(position(1)));
    let mut second = queue(first.settled().cloned(), first.at());
    assert_eq!(second.push(&frames[1], position(2), Time::ZERO), Ok(Taken::New));
    assert_eq!(cuts(&mut second, &Batching::STREAM, Time::ZERO, Supply::Drained), ["6-8 (2)"]);
    assert_eq!(second.push(&frames[1], position(9), Time::ZERO), Ok(Taken::Repeat(true)));
    assert_eq!(second.push(&frames[0], position(8), Time::ZERO), Ok(Taken::Repeat(false)));
}

#[test]
fn a_batch_of_known_bounds_is_cut_just_so() {
    let frames = chain(&[&[P, P, P], &[P, P]]);
    let mut queue = queue(None, None);
    assert!(queue.push(&frames[0], position(1), Time::ZERO).is_ok());
    assert!(queue.cut_exactly(4).is_none(), "it is not read yet");
    assert!(queue.push(&frames[1], position(2), Time::ZERO).is_ok());
    let flight = queue.cut_exactly(4).unwrap();
    assert_eq!(flight.batch.id(), "market-1.twitter.1-4");
    queue.settle(flight);
    assert_eq!(cuts(&mut queue, &Batching::STREAM, Time::ZERO, Supply::Drained), ["5-5 (1)"]);
}

#[test]
fn what_is_refused_goes_by_halves_until_it_is_alone() {
    let frames = chain(&[&[P; 8]]);
    let mut queue = filled(&frames);
    let (mut sent, mut alone) = (Vec::new(), Vec::new());
    while queue.settled().is_none_or(|settled| settled.seq < 8) {
        let Cut::Now(flight) = queue.cut(&Batching::STREAM, Time::ZERO, Supply::Drained) else {
            panic!("nothing is cut after {sent:?}");
        };
        let batch = &flight.batch;
        sent.push(format!("{}-{}", batch.first_seq, batch.last_seq));
        let is_bad = batch.episodes.iter().any(|episode| episode.body.seq == 6);
        match (is_bad, batch.episodes.len()) {
            (true, 1) => {
                alone.push(batch.first_seq);
                queue.settle(*flight);
            }
            (true, _) => queue.split(*flight),
            (false, _) => queue.settle(*flight),
        }
    }
    assert_eq!(alone, [6]);
    assert_eq!(sent, ["1-8", "1-4", "5-8", "5-6", "5-5", "6-7", "6-6", "7-8"]);
    assert_eq!(queue.bytes(), 0);
}

#[test]
fn what_a_memory_has_without_our_knowing_is_passed_over() {
    let frames = chain(&[&[P, P, P], &[P, P]]);
    let mut queue = queue(None, None);
    queue.recall(4);
    for (sequence, frame) in (1..).zip(&frames) {
        assert!(queue.push(frame, position(sequence), Time::ZERO).is_ok());
    }
    assert_eq!(cuts(&mut queue, &Batching::STREAM, Time::ZERO, Supply::Drained), ["5-5 (1)"]);
}

#[test]
fn a_frame_that_does_not_follow_changes_nothing() {
    let frames = chain(&[&[P], &[P], &[P]]);
    let mut queue = filled(&frames[..1]);
    let gap = queue.push(&frames[2], position(3), Time::ZERO).unwrap_err();
    assert_eq!(gap.to_string(), "tick 2 begins with action 3 where tick 1 with action 2 is due");
    assert_eq!(queue.push(&frames[1], position(2), Time::ZERO), Ok(Taken::New));
    assert_eq!(queue.read_up_to(), 2);
}
