//! What does not fit is not taken, is said, and is forgotten once it is mended.

use super::*;
use rusqlite::ErrorCode;

/// A frame with another text than its digest knows.
fn forged(frame: &Frame) -> Frame {
    let mut forged = frame.clone();
    forged.timestamp = Timestamp::EPOCH;
    forged.actions[0].agent_id += 1;
    forged
}

fn frames() -> Vec<Frame> {
    lively(&mut Maker::new(Platform::Twitter), false)
}

fn ticks(town: &Town) -> u32 {
    town.ask(|rows| rows.query_row("SELECT max(ticks) FROM world", [], |row| row.get(0)))
}

#[test]
fn what_does_not_fit_is_not_taken_until_it_is_mended() {
    let whole = frames();
    let mut alien = whole[3].clone();
    alien.previous_digest = Digest::ZERO;
    alien.digest = alien.compute_digest();
    let mut disorder = whole[3].clone();
    disorder.actions[1].seq += 1;
    disorder.digest = disorder.compute_digest();
    let mut dangling = whole[3].clone();
    dangling.actions[2] = {
        let args = json!({"post_id": 99, "like_id": 9});
        let did = did(0).this("LIKE_POST", args);
        let seq = dangling.actions[2].seq;
        Maker { seq, ..Maker::new(Platform::Twitter) }.action(&did)
    };
    dangling.digest = dangling.compute_digest();
    let rows = [
        (forged(&whole[3]), "twitter: the digest of tick 3 is "),
        (whole[4].clone(), "twitter: tick 4 begins with action 17 where tick 3 with action 12 is"),
        (alien, "twitter: tick 3 does not continue what was read of this world before"),
        (disorder, "twitter: tick 3 has action 14 where 13 belongs"),
        (dangling, "twitter: tick 3: action 14 (LIKE_POST) names post 99, which is not there"),
    ];
    for (wrong, expected) in rows {
        let mut town = Town::new();
        whole[..3].iter().for_each(|frame| town.take(frame));
        let before = town.dump();
        town.take(&wrong);
        let problem = town.problem().unwrap();
        assert!(problem.starts_with(expected), "{problem}");
        // Behind it nothing fits, and the first thing that was wrong is what is said.
        town.take(&whole[4]);
        assert_eq!((town.problem().unwrap(), ticks(&town)), (problem, 3));
        let is_of_rows = |row: &&String| !row.starts_with("world");
        let now = town.dump();
        assert!(now.iter().filter(is_of_rows).eq(before.iter().filter(is_of_rows)));
        // The repair stores all of them again.
        whole.iter().for_each(|frame| town.take(frame));
        let mut fresh = Town::new();
        whole.iter().for_each(|frame| fresh.take(frame));
        assert_eq!((town.problem(), town.dump()), (None, fresh.dump()));
    }
}

#[test]
fn damage_behind_which_all_was_here_is_said_until_it_is_mended() {
    let whole = frames();
    let mut town = Town::new();
    whole.iter().for_each(|frame| town.take(frame));
    let before = town.dump();
    whole[..3].iter().for_each(|frame| town.take(frame));
    town.take(&forged(&whole[3]));
    town.take(&whole[4]);
    assert!(town.problem().unwrap().starts_with("twitter: the digest of tick 3 is "));
    town.take(&whole[3]);
    assert_eq!(town.dump(), before);
}

#[test]
fn what_is_no_frame_is_said_of_its_world() {
    let whole = frames();
    let mut town = Town::new();
    town.take(&whole[0]);
    let garbage = town.message(&whole[1], b"{\"v\":1,".to_vec());
    town.write(&[garbage]).unwrap();
    let problem = town.problem().unwrap();
    let sequence = town.sequence;
    assert!(
        problem.starts_with(&format!("twitter: message {sequence} is no frame: ")),
        "{problem}"
    );
    let misplaced = Maker::new(Platform::Reddit).frame_at(1, &[]);
    let event = town.message(&whole[1], misplaced.to_messages(1000).remove(0));
    town.write(&[event]).unwrap();
    assert_eq!(town.problem().unwrap(), problem);
    whole.iter().for_each(|frame| town.take(frame));
    assert_eq!(town.problem(), None);
}

#[test]
fn a_full_disk_takes_nothing_of_a_batch_and_all_of_it_once_there_is_room() {
    let whole = frames();
    let mut town = Town::new();
    town.take(&whole[0]);
    let (before, place) = (town.dump(), town.writer.place());
    let pages: i64 =
        town.writer.connection().pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    let limit = |town: &Town, pages: i64| {
        let set = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        town.writer
            .connection()
            .pragma_update_and_check(None, "max_page_count", pages, set)
            .unwrap()
    };
    limit(&town, pages);
    let text = "long ".repeat(20_000);
    let long = did(0).this("SEARCH_USER", json!({"query": text, "user_ids": []}));
    let mut maker = Maker::new(Platform::Twitter);
    lively(&mut maker.clone(), false);
    maker.frame_at(1, &[did(0), did(1), did(2).failed(), did(1).refresh()]);
    let large = maker.frame_at(2, &[long]);
    let event = town.message(&large, serde_json::to_vec(&large).unwrap());
    let Err(Trouble::Sqlite(error)) = town.write(&[event]) else { panic!("there was room") };
    assert_eq!(error.sqlite_error_code(), Some(ErrorCode::DiskFull));
    let mut town = town.reopen();
    assert_eq!((town.dump(), town.writer.place()), (before, place));
    limit(&town, 1_000_000);
    town.take(&large);
    assert_eq!((town.problem(), ticks(&town)), (None, 2));
}

#[test]
fn a_file_that_is_taken_away_is_noticed() {
    let mut town = Town::new();
    town.take(&frames()[0]);
    std::fs::remove_file(town.path()).unwrap();
    assert!(matches!(town.write(&[]), Err(Trouble::Gone)));
}
