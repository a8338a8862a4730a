//! What an owner makes of commands whose sequences were given before: the stream of commands went
//! back, as with a server that was restored from an older backup.

use contract::command::Request;
use contract::id::CommandId;
use contract::journal::{Record, Taken};
use contract::reply::ErrorCode;
use contract::subject::Platform;
use simulator::protocol::carry::{Asked, Carried, WentBack};
use simulator::protocol::journal::Known;
use simulator::protocol::life::Life;
use simulator::protocol::owner::Owner;

use crate::lives;
use crate::stage::{head, taking_up};
use crate::words::{at, inject, pause, stop, taken, tick};

/// The newest that the journal holds.
const TAKEN: u64 = 60;

/// The owner of a world that plays, and has taken one command.
fn playing() -> Owner {
    let taken = taken(TAKEN, inject("The ferry is full."));
    let mut owner = taking_up(vec![Record::Tick(tick(0, 1, vec![taken]))], Some(head(0)), None);
    lives::open(&mut owner, Some(head(0)));
    assert_eq!(owner.life(), Life::Playing);
    owner
}

/// The requests whose effects differ.
fn requests() -> [Request; 4] {
    [inject("Boats at nine."), pause(), stop(), Request::Resume]
}

fn id(id: &str) -> CommandId {
    id.parse().unwrap()
}

fn known(sequence: u64) -> Known {
    Known { sequence, command_id: id(&format!("c{sequence}")) }
}

/// A command of this sequence with another id than it had.
fn other(sequence: u64, request: Request) -> Taken {
    let mut taken = taken(sequence, request);
    taken.command.command_id = id("other");
    taken
}

/// What comes of a command of which nothing more is known.
fn consider(owner: &mut Owner, taken: &Taken) -> Carried {
    owner.consider(Asked { taken, waiting: None, stands: None }, at(8))
}

fn went_back(known: Known, sequence: u64) -> Carried {
    Carried::WentBack(WentBack { known, sequence })
}

#[test]
fn a_command_that_was_taken_is_done_and_another_of_its_sequence_is_not() {
    for request in requests() {
        let mut owner = playing();
        let same = consider(&mut owner, &taken(TAKEN, request.clone()));
        assert_eq!(same, Carried::Done(Some(0)));
        let other = consider(&mut owner, &other(TAKEN, request));
        assert_eq!(other, went_back(known(TAKEN), TAKEN));
    }
}

#[test]
fn a_command_that_waits_waits_once_and_another_of_its_sequence_is_refused() {
    for request in requests() {
        for stands in [None, Some(true), Some(false)] {
            // One that is newer than the journal, and one that waited while others were taken.
            for sequence in [TAKEN + 1, TAKEN - 1] {
                let mut owner = playing();
                let waits = id(&format!("c{sequence}"));
                let mut ask = |taken: &Taken| {
                    owner.consider(Asked { taken, waiting: Some(&waits), stands }, at(8))
                };
                assert_eq!(ask(&taken(sequence, request.clone())), Carried::Waits);
                let other = ask(&other(sequence, request.clone()));
                assert_eq!(other, went_back(known(sequence), sequence));
            }
        }
    }
}

#[test]
fn a_command_from_before_the_newest_is_looked_into() {
    for request in requests() {
        let earlier = taken(TAKEN - 10, request.clone());
        let mut owner = playing();
        assert_eq!(consider(&mut owner, &earlier), Carried::Looks(known(TAKEN)));
        let mut looked = |stands| {
            let asked = Asked { taken: &earlier, waiting: None, stands: Some(stands) };
            owner.consider(asked, at(8))
        };
        assert_eq!(looked(false), went_back(known(TAKEN), TAKEN - 10));
        match (&request, looked(true)) {
            (Request::Inject(_), Carried::Queued)
            | (Request::Pause(_), Carried::Turns(Record::Hold(_)))
            | (Request::Stop(_), Carried::Turns(Record::End(_)))
            | (Request::Resume, Carried::Done(None)) => {}
            (_, carried) => panic!("{request:?}: {carried:?}"),
        }
    }
}

#[test]
fn a_command_that_came_to_nothing_is_known_too() {
    let mut owner = playing();
    let resume = || taken(TAKEN + 10, Request::Resume);
    assert_eq!(consider(&mut owner, &resume()), Carried::Done(None), "it plays");
    assert_eq!(consider(&mut owner, &resume()), Carried::Done(None), "read again");
    let other = consider(&mut owner, &other(TAKEN + 10, pause()));
    assert_eq!(other, went_back(known(TAKEN + 10), TAKEN + 10));
    let between = consider(&mut owner, &taken(TAKEN + 5, pause()));
    assert_eq!(between, Carried::Looks(known(TAKEN + 10)));
    let next = consider(&mut owner, &taken(TAKEN + 11, pause()));
    assert!(matches!(next, Carried::Turns(_)), "{next:?}");
}

#[test]
fn who_is_refused_is_told_what_is_known_and_what_to_do() {
    let prefix = "lab".parse().unwrap();
    let said = |known, sequence| {
        let error = WentBack { known, sequence }.error(&prefix, Platform::Reddit);
        assert_eq!(error.code, ErrorCode::Internal);
        let (what, todo) = error.message.split_once("; that world did not carry it out, ").unwrap();
        assert!(todo.contains("purge LAB_COMMANDS with a seq beyond"), "{todo}");
        what.to_owned()
    };
    assert_eq!(
        said(known(60), 60),
        "stream LAB_COMMANDS went backwards, as with an older backup: the reddit world knows its \
         message 60 as command c60"
    );
    assert_eq!(
        said(known(60), 50),
        "stream LAB_COMMANDS went backwards, as with an older backup: command c60, which the \
         reddit world knows as its message 60, is there no more, and this one is message 50"
    );
}
