//! Every kind of damage to stored frames is found, named, and found alone.

use bytes::Bytes;
use contract::action::ActionBody;
use contract::command::{Command, Inject, InjectedPost, Request};
use contract::frame::Frame;
use contract::id::Digest;
use contract::journal::{Genesis, Taken, Tick};
use contract::options::RequestedOptions;
use contract::past::{Finding, FindingKind, MAX_FINDINGS};
use contract::spec::Spec;
use contract::subject::Platform;
use contract::timestamp::Timestamp;

use super::{Replay, Verdict, verify};
use crate::protocol::journal::Closed;
use crate::protocol::{Ended, Lost};

const TICKS: u32 = 8;

/// A part so large that each frame is one message.
const WHOLE: u32 = 1_000_000;
/// A part so small that most frames have several.
const SMALL: u32 = 400;

type Stored = Vec<(u64, Bytes)>;

/// The busiest of small towns, and how it is to be run.
fn town(part_size: u32) -> (Spec, Genesis) {
    let bytes = include_bytes!("../../../../schemas/examples/spec/valid/full.json");
    let mut spec = Spec::from_bytes(bytes).unwrap();
    (spec.time.agents_per_hour_min, spec.time.agents_per_hour_max) = (3, 4);
    for agent in &mut spec.agents {
        agent.activity_ppm = 1_000_000;
        agent.active_hours = (0..24).collect::<Vec<u8>>().try_into().unwrap();
    }
    let genesis = Genesis {
        run_id: "market-1".parse().unwrap(),
        platform: Platform::Reddit,
        spec_digest: spec.digest(),
        options: RequestedOptions::default().resolve(&spec).unwrap(),
        rules: world::RULES,
        start_time: spec.time.start_time,
        part_size,
        memory: vec![],
        parent: None,
        created_at: Timestamp::EPOCH,
    };
    (spec, genesis)
}

fn replay(part_size: u32) -> Replay {
    let (spec, genesis) = town(part_size);
    Replay::new(&spec, genesis).unwrap()
}

/// The journal's ticks; somebody says something in the third.
fn ticks(count: u32) -> Vec<Closed> {
    let post = InjectedPost { agent_id: 2, content: "夜市 opens".to_owned(), platform: None };
    let request = Request::Inject(Inject { posts: vec![post] });
    let (command_id, issued_at) = ("c1".parse().unwrap(), Timestamp::EPOCH);
    let said = Taken {
        sequence: 5,
        command: Command { command_id, request, issued_at, expires_at: None },
    };
    let tick = |tick: u32| Tick {
        tick,
        epoch: 1,
        at: Timestamp::from_milliseconds(1_000 * i64::from(tick)),
        commands: if tick == 2 { vec![said.clone()] } else { vec![] },
        commands_through: 5,
        heard: vec![],
        undecided: vec![],
    };
    (0..count).map(|number| Closed::alone(tick(number))).collect()
}

fn frames(part_size: u32) -> Vec<Frame> {
    let mut replay = replay(part_size);
    ticks(TICKS).iter().map(|tick| replay.play(tick).unwrap()).collect()
}

/// Frames as they are stored, one sequence in ten.
fn store(frames: &[Frame], part_size: u32) -> Stored {
    let messages = frames.iter().flat_map(|frame| frame.to_messages(part_size));
    (1..).map(|index| index * 10).zip(messages.map(Bytes::from)).collect()
}

fn judge(stored: &[(u64, Bytes)], part_size: u32, expected: u32) -> Verdict {
    let stored = stored.iter().cloned();
    verify(&mut replay(part_size), ticks(TICKS), stored, expected, |_| {})
}

/// What is found in whole frames: kind, tick and sequence.
fn found(stored: &[(u64, Bytes)]) -> Vec<(FindingKind, Option<u32>, Option<u64>)> {
    let verdict = judge(stored, WHOLE, TICKS);
    assert!(!verdict.is_sound());
    assert_eq!(verdict.ticks, TICKS, "it goes on after a finding");
    verdict.findings.iter().map(|it| (it.kind, it.tick, it.sequence)).collect()
}

fn only(verdict: Verdict) -> Finding {
    assert_eq!(verdict.findings.len(), 1, "{verdict:#?}");
    verdict.findings.into_iter().next().unwrap()
}

fn json(frame: &Frame) -> Bytes {
    Bytes::from(frame.to_messages(WHOLE).remove(0))
}

#[test]
fn what_was_stored_is_what_the_journal_makes() {
    for part_size in [WHOLE, SMALL] {
        let frames = frames(part_size);
        let stored = store(&frames, part_size);
        let verdict = judge(&stored, part_size, TICKS);
        assert!(verdict.is_sound(), "{verdict:#?}");
        let last = frames.last().unwrap();
        assert_eq!((verdict.ticks, verdict.pending), (TICKS, 0));
        assert_eq!((verdict.digest, verdict.actions), (last.digest, last.next_seq() - 1));
        assert!(verdict.actions > 20, "a town that is alive: {}", verdict.actions);
    }
    assert!(store(&frames(SMALL), SMALL).len() > 2 * TICKS as usize, "frames of several parts");
}

#[test]
fn no_message_is_read_before_its_tick_has_been_played() {
    let stored = store(&frames(SMALL), SMALL);
    let (read, shown) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let per_tick: Vec<usize> =
        frames(SMALL).iter().map(|frame| frame.to_messages(SMALL).len()).collect();
    let reading = stored.iter().cloned().inspect(|_| read.set(read.get() + 1));
    let verdict = verify(&mut replay(SMALL), ticks(TICKS), reading, TICKS, |judged| {
        let tick = judged.frame.tick as usize;
        assert_eq!(read.get(), per_tick[..=tick].iter().sum::<usize>());
        assert!(judged.findings.is_empty() && !judged.is_pending);
        assert_eq!(judged.verdict.ticks, judged.frame.tick + 1);
        shown.set(shown.get() + 1);
    });
    assert!(verdict.is_sound());
    assert_eq!(shown.get(), TICKS);
}

#[test]
fn the_last_ticks_of_a_run_in_progress_may_have_no_frames_yet() {
    let stored = store(&frames(WHOLE), WHOLE);
    let verdict = judge(&stored[..6], WHOLE, 6);
    assert!(verdict.is_sound(), "{verdict:#?}");
    assert_eq!((verdict.ticks, verdict.pending), (TICKS, 2));
    let verdict = judge(&stored[..6], WHOLE, 7);
    assert_eq!(verdict.pending, 1);
    let finding = only(verdict);
    assert_eq!((finding.kind, finding.tick), (FindingKind::Missing, Some(6)));
    // What stands behind it shows that it was there.
    let mut gap = stored;
    gap.remove(6);
    let finding = only(judge(&gap, WHOLE, 0));
    assert_eq!((finding.kind, finding.tick), (FindingKind::Missing, Some(6)));
    assert_eq!(judge(&[], WHOLE, 0).pending, TICKS);
    let nothing = judge(&[], WHOLE, TICKS);
    assert!(nothing.findings.iter().all(|finding| finding.kind == FindingKind::Missing));
    assert_eq!(nothing.findings.len(), TICKS as usize);
}

#[test]
fn a_recomputed_digest_hides_nothing() {
    let mut forged = frames(WHOLE);
    let (tick, index) = (5, 1);
    forged[tick].actions[index].agent_id ^= 1;
    let seq = forged[tick].actions[index].seq;
    let original = frames(WHOLE)[tick].actions[index].agent_id;
    let difference = format!(
        "/actions/{index}/agent_id (action {seq}) is {}, the journal makes {original}",
        original ^ 1
    );
    let finding = only(judge(&store(&forged, WHOLE), WHOLE, TICKS));
    assert_eq!(finding.kind, FindingKind::Differs);
    assert_eq!((finding.tick, finding.sequence), (Some(5), Some(60)));
    let said = finding.to_string();
    let place = "tick 5: at sequence 60: ";
    assert_eq!(said, format!("{place}{difference}; its own digest does not fit what it says"));

    forged[tick].digest = forged[tick].compute_digest();
    let finding = only(judge(&store(&forged, WHOLE), WHOLE, TICKS));
    assert_eq!(finding.what, format!("{difference}; its own digest fits what it says"));

    // The whole chain behind it as well: each frame fits the one before.
    for tick in tick + 1..forged.len() {
        forged[tick].previous_digest = forged[tick - 1].digest;
        forged[tick].digest = forged[tick].compute_digest();
    }
    let verdict = judge(&store(&forged, WHOLE), WHOLE, TICKS);
    let ticks: Vec<_> = verdict.findings.iter().map(|finding| finding.tick).collect();
    assert_eq!(ticks, [Some(5), Some(6), Some(7)]);
    assert_eq!(verdict.findings[0].what, finding.what);
    assert!(verdict.findings[1].what.starts_with("/digest is "), "{}", verdict.findings[1].what);
}

#[test]
fn every_flipped_byte_is_found_where_it_is() {
    for (part_size, step) in [(WHOLE, 37), (SMALL, 53)] {
        let frames = frames(part_size);
        let stored = store(&frames, part_size);
        let mut offset = 0;
        for (index, (sequence, body)) in stored.iter().enumerate() {
            let tick = serde_json::from_slice::<Frame>(body).unwrap().tick;
            while offset < body.len() {
                // All of its bits but the highest, in turns.
                let bit = 1 << (offset % 7);
                let mut bytes = body.to_vec();
                bytes[offset] ^= bit;
                let mut flipped = stored.clone();
                flipped[index].1 = Bytes::from(bytes);
                let verdict = judge(&flipped, part_size, TICKS);
                let place = format!("byte {offset} of {sequence}, bit {bit}: {verdict:#?}");
                assert!(!verdict.is_sound(), "{place}");
                assert_eq!(verdict.ticks, TICKS, "{place}");
                assert!(verdict.findings.len() <= 3, "{place}");
                let is_there = |it: &Finding| {
                    it.sequence == Some(*sequence) || it.tick == Some(tick) && it.sequence.is_none()
                };
                assert!(verdict.findings.iter().any(is_there), "{place}");
                offset += step;
            }
            offset -= body.len();
        }
    }
}

#[test]
fn a_frame_that_claims_another_tick_is_known_by_its_chain() {
    for other in [0, 3, 6, 7, 4_000_000_000] {
        let mut forged = frames(WHOLE);
        forged[5].tick = other;
        let finding = only(judge(&store(&forged, WHOLE), WHOLE, TICKS));
        assert_eq!((finding.kind, finding.tick), (FindingKind::Differs, Some(5)), "{finding}");
        assert!(finding.what.contains("/tick is "), "{finding}");
        // One that belongs to no chain stands in the way of none that does.
        forged[5].previous_digest = Digest::of(&[b"other"]);
        let found = found(&store(&forged, WHOLE));
        assert!(found.contains(&(FindingKind::Missing, Some(5), None)), "{found:?}");
        assert!(found.contains(&(FindingKind::Extra, Some(other), Some(60))), "{found:?}");
        assert_eq!(found.len(), 2, "{found:?}");
    }
}

#[test]
fn frames_that_are_missing_swapped_or_there_twice_are_named() {
    let stored = store(&frames(WHOLE), WHOLE);
    let mut gap = stored.clone();
    gap.drain(3..5);
    let missing = |tick| (FindingKind::Missing, Some(tick), None);
    assert_eq!(found(&gap), [missing(3), missing(4)]);

    let mut swapped = stored.clone();
    swapped.swap(3, 4);
    let extra = |tick, sequence| (FindingKind::Extra, Some(tick), Some(sequence));
    assert_eq!(found(&swapped), [extra(4, 50), missing(4)]);

    let mut twice = stored.clone();
    twice.insert(4, (45, stored[3].1.clone()));
    assert_eq!(found(&twice), [extra(3, 45)]);
    twice.push((95, stored[0].1.clone()));
    assert_eq!(found(&twice), [extra(3, 45), extra(0, 95)]);
    let last = |stored: &[(u64, Bytes)]| judge(stored, WHOLE, TICKS).findings.pop().unwrap().what;
    let expected = "a frame of tick 0 stands there twice, the second time behind all others";
    assert_eq!(last(&twice), expected);

    let mut moved = stored;
    let first = moved.remove(2);
    moved.push((95, first.1));
    assert_eq!(found(&moved), [missing(2), extra(2, 95)]);
    assert_eq!(last(&moved), "a frame of tick 2 stands behind all others");
}

#[test]
fn frames_beyond_the_journal_are_named() {
    let stored = store(&frames(WHOLE), WHOLE);
    let verdict = verify(&mut replay(WHOLE), ticks(6), stored, 6, |_| {});
    assert_eq!(verdict.ticks, 6);
    let found: Vec<_> = verdict.findings.iter().map(ToString::to_string).collect();
    let beyond = "stands beyond the journal, which has 6 ticks";
    assert_eq!(
        found,
        [
            format!("tick 6: at sequence 70: a frame of tick 6 {beyond}"),
            format!("tick 7: at sequence 80: a frame of tick 7 {beyond}"),
        ]
    );
}

#[test]
fn what_is_no_frame_is_named_and_stands_for_the_one_that_is_not_there() {
    let stored = store(&frames(WHOLE), WHOLE);
    let unreadable = |tick, sequence| (FindingKind::Unreadable, tick, Some(sequence));
    for garbage in ["", "hello", "{}", "[]", "\u{0}", r#"{"tick":3}"#, r#"{"tick":-1}"#] {
        let garbage = Bytes::from_static(garbage.as_bytes());
        let mut instead = stored.clone();
        instead[3].1 = garbage.clone();
        assert_eq!(found(&instead), [unreadable(Some(3), 40)], "{garbage:?}");
        instead[4].1 = garbage.clone();
        let two = found(&instead);
        assert_eq!(two[0], unreadable(Some(3), 40), "{garbage:?}");
        assert!(two.iter().any(|(.., sequence)| *sequence == Some(50)), "{two:?}");
        let mut behind = stored.clone();
        behind.push((95, garbage.clone()));
        let at_the_end = found(&behind);
        assert_eq!((at_the_end.len(), at_the_end[0].2), (1, Some(95)), "{garbage:?}");
        let mut between = stored.clone();
        between.insert(3, (35, garbage.clone()));
        let surplus = found(&between);
        assert_eq!(surplus, [unreadable(None, 35)], "{garbage:?}");
    }
}

#[test]
fn a_frame_in_parts_lacks_none_and_has_them_in_order() {
    let frames = frames(SMALL);
    let tick = frames.iter().find(|frame| frame.to_messages(SMALL).len() == 3).unwrap().tick;
    let stored = store(&frames, SMALL);
    let before: usize =
        frames[..tick as usize].iter().map(|frame| frame.to_messages(SMALL).len()).sum();
    let kinds = |stored: &[(u64, Bytes)]| -> Vec<(FindingKind, Option<u32>)> {
        let verdict = judge(stored, SMALL, TICKS);
        assert_eq!(verdict.ticks, TICKS);
        verdict.findings.iter().map(|finding| (finding.kind, finding.tick)).collect()
    };
    for part in 0..3 {
        let mut lacking = stored.clone();
        lacking.remove(before + part);
        assert_eq!(kinds(&lacking), [(FindingKind::Incomplete, Some(tick))]);
        lacking.insert(before + part, (1, Bytes::from_static(b"hello")));
        assert_eq!(kinds(&lacking), [(FindingKind::Unreadable, Some(tick))]);
        let mut twice = stored.clone();
        twice.insert(before + part, stored[before + part].clone());
        let twice = kinds(&twice);
        assert!(!twice.is_empty() && twice.iter().all(|(_, about)| *about == Some(tick)));
    }
    let mut swapped = stored.clone();
    swapped.swap(before, before + 1);
    assert_eq!(kinds(&swapped), [(FindingKind::Incomplete, Some(tick))]);
    // The same frame, but in other parts: repair makes others of it than were announced.
    let mut whole = stored[..before].to_vec();
    whole.push((1, json(&frames[tick as usize])));
    whole.extend_from_slice(&stored[before + 3..]);
    let finding = only(judge(&whole, SMALL, TICKS));
    assert!(finding.what.starts_with("has 1 parts, the journal makes 3"), "{finding}");
}

#[test]
fn the_same_in_other_bytes_is_not_the_same() {
    let frames = frames(WHOLE);
    let mut spaced = store(&frames, WHOLE);
    let text = String::from_utf8(spaced[2].1.to_vec()).unwrap();
    spaced[2].1 = Bytes::from(text.replacen(':', ": ", 1));
    let finding = only(judge(&spaced, WHOLE, TICKS));
    assert!(finding.what.starts_with("says the same in other bytes, from byte 5"), "{finding}");
    spaced[2].1 = Bytes::from(text.replacen('{', r#"{"a/b":[1],"#, 1));
    let finding = only(judge(&spaced, WHOLE, TICKS));
    assert!(finding.what.starts_with("/a~1b is [1], the journal makes absent"), "{finding}");
}

#[test]
fn what_differs_is_shown_shortly() {
    let mut forged = frames(WHOLE);
    let post = (forged.iter_mut().flat_map(|frame| &mut frame.actions))
        .find_map(|action| match &mut action.body {
            ActionBody::CreatePost(post) => Some(post),
            _ => None,
        })
        .unwrap();
    post.content = "汤".repeat(5_000);
    let finding = only(judge(&store(&forged, WHOLE), WHOLE, TICKS));
    assert!(finding.what.contains("/action_args/content (action "), "{finding}");
    assert!(finding.what.chars().count() < 400, "{finding}");
}

#[test]
fn only_so_many_findings_are_kept_and_the_rest_is_counted() {
    let noise = (1..=250).map(|sequence| (sequence, Bytes::from_static(b"noise")));
    let verdict = verify(&mut replay(WHOLE), ticks(1), noise, 1, |_| {});
    assert_eq!((verdict.findings.len(), verdict.more), (MAX_FINDINGS, 150));
}

#[test]
fn a_journal_that_does_not_fit_ends_the_comparison() {
    let stored = store(&frames(WHOLE), WHOLE);
    let mut ticks = ticks(TICKS);
    ticks[3].record.tick = 5;
    let mut replay = replay(WHOLE);
    let verdict = verify(&mut replay, ticks.clone(), stored, 3, |_| {});
    assert!(!verdict.is_sound());
    assert_eq!((verdict.ticks, verdict.findings.len()), (3, 0));
    let Some(Ended::Lost(Lost::Damaged(what))) = &verdict.ended else { panic!("{verdict:?}") };
    assert!(what.starts_with("tick 5 of the journal cannot be played"), "{what}");
    assert_eq!(replay.play(&ticks[4]).err(), verdict.ended, "and says so again");
}

#[test]
fn a_world_needs_its_rules_and_its_spec() {
    let (spec, genesis) = town(WHOLE);
    let found = world::RULES + 1;
    let other = Replay::new(&spec, Genesis { rules: found, ..genesis.clone() });
    assert_eq!(other.err(), Some(Lost::OtherRules { found }.into()));
    let nowhere = Spec { reddit: None, ..spec };
    let expected = Ended::Unfit("the spec has no reddit world".to_owned());
    assert_eq!(Replay::new(&nowhere, genesis).err(), Some(expected));
}
