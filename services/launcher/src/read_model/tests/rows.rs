//! From frames to rows: the same frames make the same rows, in whatever way they come.

use contract::spec::Spec;
use export::oasis::{Page, PostOrder, Tables};

use super::*;
use crate::queued::tests::spec;
use crate::read_model::Include;
use crate::read_model::pages::actions::Which;
use crate::read_model::pages::{From, Part, View};

const ALL: Part = Part { from: From::Offset(0), limit: 1000 };

/// The rows of these frames, read once from beginning to end.
fn fresh(frames: &[Frame]) -> Vec<String> {
    let mut town = Town::new();
    frames.iter().for_each(|frame| town.take(frame));
    assert_eq!(town.problem(), None);
    town.dump()
}

#[test]
fn the_same_frames_make_the_same_rows_however_they_come() {
    let mut maker = Maker::new(Platform::Reddit);
    let frames = lively(&mut maker, false);
    let expected = fresh(&frames);
    // In one transaction, the parts of two worlds' frames between each other.
    let mut town = Town::new();
    let others = lively(&mut Maker::new(Platform::Twitter), false);
    let mut events = Vec::new();
    for (frame, other) in frames.iter().zip(&others) {
        let (parts, of_other) = (frame.to_messages(300), other.to_messages(300));
        for (part, of_other) in parts.into_iter().zip(of_other) {
            events.push(town.message(frame, part));
            events.push(town.message(other, of_other));
        }
    }
    town.write(&events).unwrap();
    let both = town.dump();
    town.write(&events[..0]).unwrap();
    // Read again, under other sequences: after a death, or a repair of what was whole.
    let mut town = town.reopen();
    frames.iter().chain(&others).for_each(|frame| town.take(frame));
    assert_eq!(town.dump(), both);
    let of_reddit = |rows: &[String]| rows.iter().filter(|row| row.contains("\\\"post_id")).count();
    assert_eq!(of_reddit(&both), 2 * of_reddit(&expected));
    assert_eq!(town.problem(), None);
}

#[test]
fn what_is_stored_after_the_place_is_read_after_a_death() {
    let frames = lively(&mut Maker::new(Platform::Twitter), false);
    let mut town = Town::new();
    town.take(&frames[0]);
    town.take(&frames[1]);
    // A first part, and then the end.
    let parts = frames[3].to_messages(300);
    assert!(parts.len() > 1);
    town.take(&frames[2]);
    let place = town.writer.place().unwrap();
    let first = town.message(&frames[3], parts[0].clone());
    town.write(&[first]).unwrap();
    let mut town = town.reopen();
    assert_eq!((town.writer.place().unwrap(), town.sequence), (place, place.sequence));
    frames[3..].iter().for_each(|frame| town.take(frame));
    assert_eq!(town.dump(), fresh(&frames));
}

#[test]
fn what_differs_is_replaced_from_there_on() {
    let whole = lively(&mut Maker::new(Platform::Reddit), false);
    let other = lively(&mut Maker::new(Platform::Reddit), true);
    let stranger = {
        let mut maker = Maker::new(Platform::Reddit);
        let first = maker.frame_at(1, &[did(7), did(7)]);
        let second = maker.frame_at(1, &[did(7).like(1, 2)]);
        vec![first, second]
    };
    assert_eq!(whole[..3], other[..3]);
    let mut town = Town::new();
    for frames in [&whole, &other, &whole, &stranger, &whole, &other, &stranger] {
        frames.iter().for_each(|frame| town.take(frame));
        assert_eq!(town.problem(), None);
        assert_eq!(town.dump(), fresh(frames));
    }
}

#[test]
fn a_stream_that_went_backwards_is_read_anew() {
    let whole = lively(&mut Maker::new(Platform::Reddit), false);
    let other = lively(&mut Maker::new(Platform::Reddit), true);
    let mut town = Town::new();
    whole.iter().for_each(|frame| town.take(frame));
    // It has lost its end, and the cursor begins again.
    town.sequence = 0;
    other[..4].iter().for_each(|frame| town.take(frame));
    assert_eq!(town.dump(), fresh(&other[..4]));
}

#[test]
fn a_deleted_run_has_no_rows_and_gets_none() {
    let (mut town, mut twitter, mut reddit) = Town::with_two_worlds();
    lively(&mut twitter, false).iter().for_each(|frame| town.take(frame));
    let frames = lively(&mut reddit, false);
    let (last, first) = frames.split_last().unwrap();
    first.iter().for_each(|frame| town.take(frame));
    assert!(town.dump().len() > 50);
    town.write(&[Event::Deleted("market-1".parse().unwrap())]).unwrap();
    assert_eq!(town.dump(), [""; 0]);
    // What the janitor has not reached yet.
    let event = town.message(last, last.to_messages(1000).remove(0));
    let around = Around { spec_of: &|_| Ok(None), is_deleted: &|_| true };
    town.writer.write(&[event], &around).unwrap();
    assert_eq!(town.dump(), [""; 0]);
}

#[test]
fn posts_and_comments_are_those_of_an_export() {
    let mut spec: Spec = spec();
    let mut agents = Vec::new();
    for id in 0..5 {
        let mut agent = spec.agents[0].clone();
        (agent.agent_id, agent.name) = (id, format!("Agent {id}"));
        agents.push(agent);
    }
    spec.agents = agents;
    for world in [spec.twitter.as_mut().unwrap(), spec.reddit.as_mut().unwrap()] {
        let mut profile = world.profiles[0].clone();
        world.profiles = vec![profile.clone(); 4];
        profile.past_posts = vec!["before".to_owned(), "long before".to_owned()];
        world.profiles.insert(1, profile);
    }
    spec.time.minutes_per_round = 90;
    for platform in Platform::ALL {
        let mut maker = Maker::new(platform);
        let mut frames = vec![maker.first_of(&spec, 2, &[did(3).like(1, 2), did(0)])];
        frames.push(maker.frame_at(1, &[did(1).comment(1, 1), did(2), did(4).comment(2, 3)]));
        let mut town = Town::of(spec.clone());
        let memory = Connection::open_in_memory().unwrap();
        let mut tables = Tables::create(memory, platform, &spec).unwrap();
        for frame in &frames {
            town.take(frame);
            tables.frame(frame).unwrap();
        }
        assert_eq!(town.problem(), None);
        let run = "market-1".parse().unwrap();
        let (posts, comments) = town.ask(|rows| {
            let view = View::load(rows, &run, Some(platform))?;
            Ok((view.posts(rows, platform, ALL)?, view.comments(rows, platform, None, ALL)?))
        });
        let page = Page { limit: 1000, offset: 0 };
        let expected =
            serde_json::to_value(tables.posts(PostOrder::Newest, page).unwrap()).unwrap();
        let seqs: Vec<Option<u64>> = posts.rows.iter().map(|made| made.seq).collect();
        let found: Vec<_> = posts.rows.into_iter().map(|made| made.row).collect();
        assert_eq!(serde_json::to_value(&found).unwrap(), expected);
        assert_eq!((posts.total, seqs), (4, vec![Some(4), Some(2), None, None]));
        let expected = serde_json::to_value(tables.comments(None, page).unwrap()).unwrap();
        let found: Vec<_> = comments.rows.into_iter().map(|made| made.row).collect();
        assert_eq!((serde_json::to_value(&found).unwrap(), comments.total), (expected, 2));
    }
}

#[test]
fn a_world_whose_spec_is_not_there_says_so() {
    let mut town = Town::new();
    town.take(&Maker::new(Platform::Reddit).first_of(&spec(), 0, &[did(0)]));
    let digest = spec().digest();
    let expected = format!("reddit: tick 0: its spec {digest} is not stored");
    assert_eq!(town.problem().unwrap(), expected);
}

#[test]
fn a_clock_that_was_set_back_changes_no_order() {
    let (mut town, mut twitter, mut reddit) = Town::with_two_worlds();
    town.take(&twitter.frame_at(30, &[did(1)]));
    town.take(&twitter.frame_at(10, &[did(1)]));
    town.take(&reddit.frame_at(20, &[did(1)]));
    let run = "market-1".parse().unwrap();
    let listed = town.ask(|rows| {
        let which = Which { agent: None, round: None, include: Include::default() };
        View::load(rows, &run, None)?.actions(rows, which, ALL)
    });
    let order: Vec<_> = listed.unwrap().rows.iter().map(|it| (it.platform, it.seq)).collect();
    let (twitter, reddit) = (Platform::Twitter, Platform::Reddit);
    assert_eq!(order, [(twitter, 2), (twitter, 1), (reddit, 1)]);
}
