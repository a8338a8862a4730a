//! What an owner makes of a world that has failed, was resumed, or is asked out of order.

use contract::command::Request;
use contract::frame::Outcome;
use contract::journal::{End, Go, Record};
use simulator::protocol::Ended;
use simulator::protocol::carry::{Asked, Carried};
use simulator::protocol::life::Life;
use simulator::protocol::owner::{Event, Head, Owner, Which, Wish};

use crate::stage::{drain, head, taking_up};
use crate::words::{at, claim, pause, stop, taken, tick};

fn ticks(count: u32) -> Vec<Record> {
    (0..count).map(|number| Record::Tick(tick(number, 1, vec![]))).collect()
}

fn failed() -> Record {
    let (reason, command) = (Some("it broke".to_owned()), None);
    Record::End(End { epoch: 1, outcome: Outcome::Failed, reason, command, at: at(1) })
}

fn go(epoch: u32) -> Record {
    Record::Go(Go { epoch, command: Some(taken(60, Request::Resume)), at: at(2) })
}

/// Takes the world up until it is open; all that the owner wished for.
pub(crate) fn open(owner: &mut Owner, frame: Option<Head>) -> Vec<Wish> {
    let mut wished = Vec::new();
    drain(owner);
    let stored = owner.log(Which::Journal).known() + 1;
    owner.on(Event::Answered(Which::Journal, Ok(stored)), at(3));
    owner.on(Event::Found(frame.map(|head| (40, head))), at(3));
    while let Some(wish) = owner.next_wish() {
        wished.push(wish.clone());
        let event = match wish {
            Wish::Step(record) => Event::Stepped(head(record.record.tick)),
            Wish::Send(tick) => {
                owner.sends(vec![0]);
                Event::Answered(Which::Frames, Ok(50 + u64::from(tick)))
            }
            Wish::Write(_) => {
                let stored = owner.log(Which::Journal).known() + 1;
                Event::Answered(Which::Journal, Ok(stored))
            }
            _ => continue,
        };
        owner.on(event, at(4));
    }
    wished
}

fn stepped(wished: &[Wish]) -> Vec<u32> {
    let stepped = |wish: &Wish| match wish {
        Wish::Step(record) => Some(record.record.tick),
        _ => None,
    };
    wished.iter().filter_map(stepped).collect()
}

fn sent(wished: &[Wish]) -> Vec<u32> {
    let sent = |wish: &Wish| match wish {
        Wish::Send(tick) => Some(*tick),
        _ => None,
    };
    wished.iter().filter_map(sent).collect()
}

#[test]
fn a_resume_is_newer_than_the_failure_that_env_status_still_speaks_of() {
    let given_up = || Some("its node has given it up".to_owned());
    let resumed = [ticks(1), vec![failed(), Record::Claim(claim(2, "second", "resume", 2)), go(2)]];
    let mut owner = taking_up(resumed.concat(), Some(head(0)), given_up());
    open(&mut owner, Some(head(0)));
    assert_eq!(owner.life(), Life::Playing);
    // One that plays and was given up since has failed, as has one that played on since.
    let played_on = [resumed.concat(), vec![Record::Tick(tick(1, 2, vec![]))]].concat();
    for (records, at_tick) in [(ticks(1), 0), (played_on, 1)] {
        let mut owner = taking_up(records, Some(head(at_tick)), given_up());
        open(&mut owner, Some(head(at_tick)));
        assert_eq!(owner.life(), Life::Failed);
    }
}

#[test]
fn of_a_failed_world_only_the_last_tick_may_be_what_it_could_not_play() {
    let journal = || [ticks(3), vec![failed()]].concat();
    // Of three ticks, this many have frames; these are made anew, and these sent.
    for (frames, made, missing) in [
        (0, vec![0, 1], vec![0, 1]),
        (1, vec![0, 1], vec![1]),
        (2, vec![0, 1], vec![]),
        (3, vec![0, 1, 2], vec![]),
    ] {
        let mut owner = taking_up(journal(), None, None);
        let frame = u32::checked_sub(frames, 1).map(head);
        let wished = open(&mut owner, frame);
        assert_eq!((stepped(&wished), sent(&wished)), (made, missing), "{frames} frames");
        assert!(owner.is_open());
    }
    // Once resumed it is tried again.
    let resumed = [journal(), vec![Record::Claim(claim(2, "second", "resume", 2)), go(2)]];
    let wished = open(&mut taking_up(resumed.concat(), None, None), None);
    assert_eq!(sent(&wished), [0, 1, 2]);
}

/// A snapshot of another world, well formed: what it makes is held against a stored frame first.
#[test]
fn a_snapshot_that_does_not_fit_a_later_frame_is_distrusted_and_the_journal_alone_is_believed() {
    let false_head = |tick| Head { digest: head(99).digest, ..head(tick) };
    let what_comes = |world: Option<Head>, event: Event| {
        let mut owner = taking_up(ticks(3), world, None);
        drain(&mut owner);
        let stored = owner.log(Which::Journal).known() + 1;
        owner.on(Event::Answered(Which::Journal, Ok(stored)), at(3));
        owner.on(Event::Found(Some((40, head(2)))), at(3));
        for number in world.map_or(0, |head| head.tick + 1)..2 {
            owner.on(Event::Stepped(false_head(number)), at(4));
        }
        drain(&mut owner);
        owner.on(event, at(5));
        drain(&mut owner)
    };
    let panics = || Event::Broken(Ended::Panicked("at 7".to_owned()));
    for event in [Event::Stepped(false_head(2)), panics()] {
        let wishes = what_comes(Some(false_head(0)), event.clone());
        assert!(matches!(wishes[..], [Wish::End(Ended::Distrusted(_))]), "{event:?}: {wishes:?}");
        // Made of the journal alone, it is the world that is wrong.
        let wishes = what_comes(None, event.clone());
        assert!(matches!(wishes[..], [Wish::Write(Record::End(_))]), "{event:?}: {wishes:?}");
    }
}

#[test]
fn the_later_of_two_turns_holds_in_whichever_order_they_are_asked() {
    // The later one has nothing to turn here: it is as it wants it.
    let table = [
        (ticks(1), Request::Resume, stop()),
        (ticks(1), Request::Resume, pause()),
        ([ticks(1), vec![failed()]].concat(), stop(), Request::Resume),
    ];
    for (records, later, earlier) in table {
        let ask = |owner: &mut Owner, sequence, request: &Request| {
            let taken = &taken(sequence, request.clone());
            owner.consider(Asked { taken, waiting: None, stands: Some(true) }, at(8))
        };
        let opened = |records: &[Record]| {
            let mut owner = taking_up(records.to_vec(), Some(head(0)), None);
            open(&mut owner, Some(head(0)));
            owner
        };
        let mut owner = opened(&records);
        assert_eq!(ask(&mut owner, 71, &later), Carried::Done(None));
        assert_eq!(ask(&mut owner, 70, &earlier), Carried::Done(None), "{earlier:?} came before");
        let alone = ask(&mut opened(&records), 70, &earlier);
        assert!(matches!(alone, Carried::Turns(_)), "{earlier:?} alone: {alone:?}");
    }
}
