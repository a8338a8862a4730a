//! What an owner does about an append that was refused or not answered: each row of the table of
//! the design, for each kind of record and for frames.

use bus::AppendError;
use contract::command::Request;
use contract::journal::{Record, Tick};
use simulator::protocol::journal::Closed;
use simulator::protocol::log::Seen;
use simulator::protocol::owner::{Due, Event, Owner, Which, Wish};
use simulator::protocol::{Ended, Lost};

use crate::stage::{EPOCH, Kind, Scene, drain, every_event, head};
use crate::words::{pause, taken};

/// Sees to it that the append under way was not acknowledged, after some trouble or at once.
type Trouble = fn(&mut Scene);

/// Nothing came before.
fn at_once(scene: &mut Scene) {
    scene.expect(scene.answered(Err(AppendError::Refused)), &[Wish::Look(scene.which())]);
}

/// Nobody answered, then nobody could be asked, then nothing was there; it was sent again.
fn after_trouble(scene: &mut Scene) {
    let which = scene.which();
    let unanswered = || Err(AppendError::Unanswered("the bus is away".to_owned()));
    for seen in [Seen::Nobody, scene.nothing_new(), Seen::Nobody] {
        scene.expect(scene.answered(unanswered()), &[Wish::Look(which)]);
        scene.expect(Event::Looked(which, seen), &[Wish::Pause(which)]);
        scene.expect(Event::Paused(which), &[Wish::Again(which)]);
    }
    scene.expect(scene.answered(unanswered()), &[Wish::Look(which)]);
}

/// Each kind of append, under way, and in how much trouble it was.
fn scenes() -> impl Iterator<Item = Scene> {
    let troubles: [Trouble; 2] = [at_once, after_trouble];
    Kind::ALL.into_iter().flat_map(move |kind| {
        troubles.into_iter().map(move |trouble| {
            let mut scene = Scene::of(kind);
            trouble(&mut scene);
            scene
        })
    })
}

/// The owner has ended for this reason, and wishes for nothing whatever comes.
fn is_over(scene: &mut Scene, event: Event, why: Ended) {
    let kind = scene.kind;
    scene.expect(event, &[Wish::End(why)]);
    for event in every_event() {
        scene.owner.on(event.clone(), crate::words::at(9));
        assert_eq!(drain(&mut scene.owner), [], "{kind:?}: {event:?} after the end");
    }
}

#[test]
fn an_acknowledgement_goes_on() {
    for kind in Kind::ALL {
        let mut scene = Scene::of(kind);
        scene.expect(scene.answered(Ok(scene.known + 1)), &scene.goes_on());
        assert_eq!(scene.owner.log(scene.which()).expected(), Some(scene.known + 1), "{kind:?}");
    }
}

#[test]
fn what_i_was_appending_stands_there_so_i_go_on() {
    // Where others write to the stream too, sequences have gaps.
    for further in [1, 3] {
        for mut scene in scenes() {
            let (sequence, body) = (scene.known + further, scene.body.clone());
            let seen = Seen::Last { sequence, body, claimed: Some(EPOCH) };
            scene.expect(Event::Looked(scene.which(), seen), &scene.goes_on());
            assert_eq!(scene.owner.log(scene.which()).expected(), Some(sequence));
        }
    }
}

#[test]
fn a_higher_epoch_fences_me() {
    for further in [1, 7] {
        for mut scene in scenes() {
            let seen = scene.others(scene.known + further, Some(EPOCH + 1));
            let fenced = Lost::Fenced(EPOCH + 1).into();
            is_over(&mut scene, seen, fenced);
        }
    }
}

#[test]
fn older_than_what_i_know_is_damage() {
    for mut scene in scenes().filter(|scene| scene.known > 0) {
        let (known, found) = (scene.known, scene.known - 1);
        let what = format!("the log went back to sequence {found}, it had reached {known}");
        let seen = scene.others(found, Some(EPOCH + 1));
        is_over(&mut scene, seen, Lost::Damaged(what).into());
    }
    for mut scene in scenes().filter(|scene| scene.known > 0) {
        let what = format!("the log went back to sequence 0, it had reached {}", scene.known);
        let seen = Event::Looked(scene.which(), Seen::Empty);
        is_over(&mut scene, seen, Lost::Damaged(what).into());
    }
}

#[test]
fn newer_of_no_higher_epoch_is_history_to_be_read() {
    for claimed in [None, Some(EPOCH - 1), Some(EPOCH)] {
        for mut scene in scenes() {
            let seen = scene.others(scene.known + 1, claimed);
            is_over(&mut scene, seen, Ended::Reopen);
        }
    }
}

#[test]
fn nobody_answers_so_i_look_and_try_again_for_ever() {
    for mut scene in scenes() {
        let which = scene.which();
        for _ in 0..100 {
            scene.expect(Event::Looked(which, Seen::Nobody), &[Wish::Pause(which)]);
            scene.expect(Event::Paused(which), &[Wish::Again(which)]);
            let lost = Err(AppendError::Unanswered("the bus is away".to_owned()));
            scene.expect(scene.answered(lost), &[Wish::Look(which)]);
        }
        let nothing_new = scene.nothing_new();
        scene.expect(Event::Looked(which, nothing_new), &[Wish::Pause(which)]);
        scene.expect(Event::Paused(which), &[Wish::Again(which)]);
        scene.expect(scene.answered(Ok(scene.known + 1)), &scene.goes_on());
    }
}

#[test]
fn who_may_not_write_ends() {
    for mut scene in Kind::ALL.into_iter().map(Scene::of) {
        let denied = scene.answered(Err(AppendError::Denied("no rights".to_owned())));
        is_over(&mut scene, denied, Lost::Denied("no rights".to_owned()).into());
    }
}

/// A claim stands, but there are more frames than the journal had ticks when it was read.
fn more_frames_than_ticks() -> Scene {
    let mut scene = Scene::of(Kind::Claim);
    scene.expect(scene.answered(Ok(scene.known + 1)), &scene.goes_on());
    scene.known += 1;
    scene.expect(Event::Found(Some((41, head(1)))), &[Wish::Look(Which::Journal)]);
    scene.expect(Event::Looked(Which::Journal, Seen::Nobody), &[Wish::Pause(Which::Journal)]);
    scene.expect(Event::Paused(Which::Journal), &[Wish::Look(Which::Journal)]);
    scene
}

#[test]
fn frames_of_a_newer_owner_are_no_damage() {
    let mut scene = more_frames_than_ticks();
    let seen = scene.others(scene.known + 2, Some(EPOCH + 1));
    is_over(&mut scene, seen, Lost::Fenced(EPOCH + 1).into());
}

#[test]
fn frames_of_nobody_are_damage() {
    let mut scene = more_frames_than_ticks();
    let seen = Event::Looked(Which::Journal, scene.nothing_new());
    let what = "there are 2 frames, but the journal has 1 ticks".to_owned();
    is_over(&mut scene, seen, Lost::Damaged(what).into());
}

#[test]
fn what_its_driver_calls_damage_is_looked_at_too() {
    let damage = || Ended::from(Lost::Damaged("a frame that cannot be read".to_owned()));
    let scene = || {
        let mut scene = Scene::of(Kind::Claim);
        scene.expect(scene.answered(Ok(scene.known + 1)), &scene.goes_on());
        scene.known += 1;
        scene.expect(Event::Broken(damage()), &[Wish::Look(Which::Journal)]);
        scene
    };
    let mut fenced = scene();
    let seen = fenced.others(fenced.known + 2, Some(EPOCH + 1));
    is_over(&mut fenced, seen, Lost::Fenced(EPOCH + 1).into());
    let mut damaged = scene();
    let seen = Event::Looked(Which::Journal, damaged.nothing_new());
    is_over(&mut damaged, seen, damage());
}

fn full() -> Result<u64, AppendError> {
    Err(AppendError::Full("maximum bytes exceeded".to_owned()))
}

fn no_room() -> Wish {
    Wish::Room(Some("maximum bytes exceeded".to_owned()))
}

/// What a pause makes of the world now.
fn pause_record(owner: &mut Owner) -> Record {
    use simulator::protocol::carry::{Asked, Carried};
    let (taken, waiting, stands) = (&taken(70, pause()), None, None);
    match owner.consider(Asked { taken, waiting, stands }, crate::words::at(8)) {
        Carried::Turns(record) => record,
        other => panic!("a pause comes to {other:?}"),
    }
}

#[test]
fn what_has_no_room_waits_and_is_sent_again() {
    for mut scene in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Tick).map(Scene::of) {
        let which = scene.which();
        scene.expect(scene.answered(full()), &[no_room(), Wish::Pause(which)]);
        for _ in 0..3 {
            scene.expect(Event::Paused(which), &[Wish::Again(which)]);
            scene.expect(scene.answered(full()), &[Wish::Pause(which)]);
        }
        scene.expect(Event::Paused(which), &[Wish::Again(which)]);
        let mut goes_on = scene.goes_on();
        goes_on.insert(0, Wish::Room(None));
        scene.expect(scene.answered(Ok(scene.known + 1)), &goes_on);
    }
}

/// A tick has just found no room in the journal; its agents have decided.
fn tick_without_room() -> Scene {
    let mut scene = Scene::of(Kind::Tick);
    let wishes = [no_room(), Wish::GiveBack, Wish::Pause(Which::Journal)];
    scene.expect(scene.answered(full()), &wishes);
    scene.expect(Event::Decided, &[]);
    scene
}

fn due(commands: Vec<contract::journal::Taken>) -> Due {
    Due { commands, ..Due::default() }
}

#[test]
fn a_tick_without_room_is_given_back_and_the_world_can_be_asked() {
    let mut scene = tick_without_room();
    assert!(scene.owner.can_take() && !scene.owner.can_tick());
    scene.expect(Event::Due(due(vec![taken(71, Request::Resume)])), &[Wish::GiveBack]);
    scene.expect(Event::Paused(Which::Journal), &[]);
    assert!(scene.owner.can_tick(), "the next one shows whether there is room");
    let commands = vec![taken(72, crate::words::inject("It rains."))];
    scene.owner.on(Event::Due(due(commands.clone())), crate::words::at(9));
    let wishes = drain(&mut scene.owner);
    let [Wish::Write(Record::Tick(tick)), Wish::Decide] = &wishes[..] else { panic!("{wishes:?}") };
    assert_eq!((tick.tick, &tick.commands, tick.commands_through), (1, &commands, 72));
    scene.expect(Event::Decided, &[]);
    let step: Tick = tick.clone();
    let expected = [Wish::Room(None), Wish::Step(Closed::alone(step))];
    scene.expect(scene.answered(Ok(scene.known + 1)), &expected);
}

#[test]
fn what_turns_the_world_waits_for_the_pause_and_is_written_once() {
    let mut scene = tick_without_room();
    let hold = pause_record(&mut scene.owner);
    scene.expect(Event::Turn(hold.clone()), &[]);
    assert!(!scene.owner.can_take() && !scene.owner.can_tick());
    scene.expect(Event::Due(Due::default()), &[Wish::GiveBack]);
    scene.expect(Event::Paused(Which::Journal), &[Wish::Write(hold.clone())]);
    scene.expect(scene.answered(full()), &[Wish::Pause(Which::Journal)]);
    scene.expect(Event::Paused(Which::Journal), &[Wish::Again(Which::Journal)]);
    let turned = [Wish::Room(None), Wish::Turned(hold)];
    scene.expect(scene.answered(Ok(scene.known + 1)), &turned);
}

#[test]
fn a_world_that_breaks_meanwhile_is_written_down_after_the_pause() {
    let mut scene = Scene::of(Kind::Tick);
    let wishes = [no_room(), Wish::GiveBack, Wish::Pause(Which::Journal)];
    scene.expect(scene.answered(full()), &wishes);
    scene.expect(Event::Broken(Ended::Panicked("at 7".to_owned())), &[]);
    scene.owner.on(Event::Paused(Which::Journal), crate::words::at(9));
    let wishes = drain(&mut scene.owner);
    assert!(matches!(wishes[..], [Wish::Write(Record::End(_))]), "{wishes:?}");
    scene.owner.on(scene.answered(Ok(scene.known + 1)), crate::words::at(9));
    let wishes = drain(&mut scene.owner);
    let why = Ended::Panicked("at 7".to_owned());
    assert!(
        matches!(&wishes[..], [Wish::Room(None), Wish::Turned(_), Wish::End(end)] if *end == why),
        "{wishes:?}"
    );
}

#[test]
fn a_frame_without_room_keeps_the_next_tick_back_and_lets_turns_pass() {
    for kind in [Kind::Frame, Kind::FrameOfParts] {
        let mut scene = Scene::of(kind);
        scene.expect(scene.answered(full()), &[no_room(), Wish::Pause(Which::Frames)]);
        assert!(scene.owner.can_take() && !scene.owner.can_tick());
        scene.expect(Event::Due(Due::default()), &[Wish::GiveBack]);
        let hold = pause_record(&mut scene.owner);
        scene.expect(Event::Turn(hold.clone()), &[Wish::Write(hold.clone())]);
        let stored = Event::Answered(Which::Journal, Ok(90));
        scene.expect(stored, &[Wish::Turned(hold)]);
        scene.expect(Event::Paused(Which::Frames), &[Wish::Again(Which::Frames)]);
        let stored = [Wish::Room(None), Wish::Stored(1)];
        scene.expect(scene.answered(Ok(scene.known + 1)), &stored);
        assert!(scene.owner.is_idle());
    }
}

#[test]
fn a_turn_waits_for_the_frame_that_is_on_its_way() {
    let mut scene = Scene::of(Kind::Frame);
    let hold = pause_record(&mut scene.owner);
    scene.expect(Event::Turn(hold.clone()), &[]);
    let stored = [Wish::Stored(1), Wish::Write(hold)];
    scene.expect(scene.answered(Ok(scene.known + 1)), &stored);
}
