//! The embedded memory on a real disk.

mod asked;
mod connections;
mod drawn;
mod migrated;

use bus::Position;
use contract::memory::{Episode, Episodes, PlatformTotals, Scope, Search};
use contract::subject::Platform;
use tempfile::TempDir;

use super::*;
use crate::batch::World;
use crate::batch::tests::{batch, batches, frame};
use crate::delivery::Progress;
use crate::graph::uuid;

const STREAM: &str = "SIM_ACTIONS";
/// Bytes of an answer.
const ROOM: usize = 1 << 20;

fn open(folder: &TempDir) -> SqliteMemory {
    SqliteMemory::open(folder.path(), "local", STREAM).unwrap()
}

/// `types` as the first batch of `graph`, with `texts` in place of what they say.
fn batch_of(graph: &str, types: &[&str], texts: &[&str]) -> EpisodeBatch {
    let mut batch = batch(types);
    graph.clone_into(&mut batch.graph_id);
    for episode in &mut batch.episodes {
        graph.clone_into(&mut episode.graph_id);
    }
    for (episode, text) in batch.episodes.iter_mut().zip(texts) {
        (*text).clone_into(&mut episode.text);
    }
    batch
}

/// What is known of a world that goes to `g` before its first action.
fn bound() -> Progress {
    Progress { graph_id: "g".to_owned(), ..Progress::default() }
}

fn ids(episodes: &[Episode]) -> Vec<&str> {
    episodes.iter().map(|episode| episode.action_id.as_str()).collect()
}

async fn all(memory: &SqliteMemory, graph: &str) -> Vec<Episode> {
    let scope = Scope::Graph(graph.to_owned());
    let request = Episodes { scope, platform: None, after: 0, limit: 100 };
    memory.episodes(request, ROOM).await.unwrap().0
}

async fn found(memory: &SqliteMemory, scope: Option<Scope>, query: &str) -> Vec<String> {
    let search = Search { scope, query: query.to_owned(), limit: 10 };
    let (total, episodes) = memory.search(search, ROOM).await.unwrap();
    assert_eq!(total, episodes.len() as u64, "{query}");
    let mut found: Vec<String> = episodes.into_iter().map(|episode| episode.action_id).collect();
    found.sort();
    found
}

#[tokio::test]
async fn a_batch_is_remembered_once_with_its_cursor() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(&folder);
    let batch = batch(&["CREATE_POST", "!FOLLOW", "FOLLOW"]);
    assert_eq!(memory.remember(&batch).await, Ok(Receipt::Taken));
    assert_eq!(memory.remember(&batch).await, Ok(Receipt::AlreadyThere));
    assert_eq!(all(&memory, "g").await, batch.episodes);

    let (cursor, at) = (Some(batch.reached.clone()), batch.at);
    let known = Progress { cursor, at, delivered: 2, ..bound() };
    assert_eq!(memory.load(None).await, Ok([(batch.world.clone(), known)].into()));

    // Another graph is another memory: the same action belongs in both.
    memory.remember(&batch_of("h", &["FOLLOW"], &[])).await.unwrap();
    assert_eq!(ids(&all(&memory, "h").await), ["market-1.twitter.1"]);
}

#[tokio::test]
async fn what_fails_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(&folder);
    let batch = batch(&["CREATE_POST"]);
    let rename =
        |sql: &'static str| memory.write(move |transaction| transaction.execute_batch(sql));
    // The cursor is written last, so by then the episodes are.
    rename("ALTER TABLE cursor RENAME TO hidden").await.unwrap();
    let error = memory.remember(&batch).await.unwrap_err();
    assert_eq!(
        error,
        DeliveryError::Retry {
            after: None,
            reason: "memory.sqlite: no such table: cursor".to_owned()
        }
    );
    assert_eq!(all(&memory, "g").await, []);
    rename("ALTER TABLE hidden RENAME TO cursor").await.unwrap();
    assert_eq!(memory.remember(&batch).await, Ok(Receipt::Taken));
    assert_eq!(all(&memory, "g").await, batch.episodes);
}

#[tokio::test]
async fn the_place_in_the_stream_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first = batch(&["FOLLOW"]);
    let reddit = World { run_id: first.world.run_id.clone(), platform: Platform::Reddit };
    let at = Some(Position { sequence: 12, at: "2026-03-01T10:00:00.250Z".parse().unwrap() });
    let done = Progress { cursor: Some(first.reached.clone()), at, ..bound() };
    for sequence in [7, 12] {
        let memory = open(&folder);
        let at = at.map(|at| Position { sequence, ..at });
        let done = Progress { at, ..done.clone() };
        let worlds = vec![(reddit.clone(), bound()), (first.world.clone(), done)];
        memory.save(worlds).await.unwrap();
    }
    let memory = open(&folder);
    let expected = [(reddit.clone(), bound()), (first.world.clone(), done.clone())].into();
    assert_eq!(memory.load(None).await, Ok(expected));
    drop(memory);
    // Another stream has other places, the worlds are the same.
    let memory = SqliteMemory::open(folder.path(), "local", "LAB_ACTIONS").unwrap();
    let expected = [(reddit, bound()), (first.world, Progress { at: None, ..done })].into();
    assert_eq!(memory.load(None).await, Ok(expected));
}

#[tokio::test]
async fn words_are_found_in_any_script() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(&folder);
    let texts = [
        "Mara: published a post: \"The café on the pier closes\"",
        "林: published a post: \"图书馆今晚关门，道歉\"",
        "Jo: followed the user \"书图馆 OR pier\"",
    ];
    let types = ["CREATE_POST", "CREATE_POST", "FOLLOW"];
    memory.remember(&batch_of("g", &types, &texts)).await.unwrap();
    let (mara, lin, jo) = ("market-1.twitter.1", "market-1.twitter.2", "market-1.twitter.3");
    let cases: [(&str, &[&str]); 14] = [
        ("pier", &[mara, jo]),
        ("PIER café", &[mara]),
        ("cafe", &[mara]),
        ("pier nowhere", &[]),
        ("图书馆", &[lin]),
        ("道歉", &[lin]),
        ("馆", &[lin, jo]),
        ("今晚 published", &[lin]),
        // None of FTS5's own syntax means anything.
        ("OR", &[jo]),
        ("pier OR 道歉", &[]),
        ("text:pier", &[]),
        ("\"pier", &[mara, jo]),
        ("pier*", &[mara, jo]),
        ("(((^ - NEAR", &[]),
    ];
    for (query, expected) in cases {
        assert_eq!(found(&memory, None, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn a_scope_limits_what_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(&folder);
    memory.remember(&batch_of("g", &["CREATE_POST"], &["pier"])).await.unwrap();
    let mut other = batch_of("h", &["CREATE_POST"], &["pier"]);
    other.world.run_id = "harbour-2".parse().unwrap();
    other.episodes[0].run_id = other.world.run_id.clone();
    other.episodes[0].action_id = "harbour-2.twitter.1".to_owned();
    memory.remember(&other).await.unwrap();
    let run = |id: &str| Some(Scope::Run(id.parse().unwrap()));
    let graph = |id: &str| Some(Scope::Graph(id.to_owned()));
    for (scope, expected) in [
        (None, &["harbour-2.twitter.1", "market-1.twitter.1"][..]),
        (run("market-1"), &["market-1.twitter.1"]),
        (run("market-9"), &[]),
        (graph("h"), &["harbour-2.twitter.1"]),
        (graph("' OR 1=1 --"), &[]),
    ] {
        assert_eq!(found(&memory, scope.clone(), "pier").await, expected, "{scope:?}");
    }
    assert_eq!(memory.totals(Scope::Run("market-9".parse().unwrap())).await, Ok(None));
}

#[tokio::test]
async fn totals_and_pages_agree_with_what_was_delivered() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(&folder);
    let first = frame(None, &["CREATE_POST", "FOLLOW", "FOLLOW"]);
    let second = frame(Some(&first), &["CREATE_POST", "DO_NOTHING", "FOLLOW"]);
    for batch in batches(&[&first, &second]) {
        for _ in 0..2 {
            memory.remember(&batch).await.unwrap();
        }
    }
    let scope = Scope::Run(first.run_id.clone());
    let totals = memory.totals(scope.clone()).await.unwrap().unwrap();
    let [PlatformTotals { platform, episodes, types, last_round, last_simulated_time }] =
        &totals[..]
    else {
        panic!("{totals:?}")
    };
    let types: Vec<_> = types.iter().map(|t| (t.action_type.as_str(), t.episodes)).collect();
    assert_eq!((*platform, *episodes, *last_round), (Platform::Twitter, 5, 1));
    assert_eq!(types, [("CREATE_POST", 2), ("FOLLOW", 3)]);
    assert_eq!(*last_simulated_time, second.simulated_time);

    let page = |platform, after| {
        memory.episodes(Episodes { scope: scope.clone(), platform, after, limit: 2 }, ROOM)
    };
    let mut seen = Vec::new();
    let mut after = Some(0);
    while let Some(place) = after {
        let (episodes, next) = page(None, place).await.unwrap();
        seen.extend(episodes);
        after = next;
    }
    let expected = [1, 2, 3, 4, 6].map(|seq| format!("market-1.twitter.{seq}"));
    assert_eq!(ids(&seen), expected);
    assert_eq!(page(Some(Platform::Reddit), 0).await, Ok((Vec::new(), None)));
}

#[test]
fn a_folder_has_one_owner() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(&folder);
    let error = SqliteMemory::open(folder.path(), "local", STREAM).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "folder of memories {} is in use by another memory-sink: stop that one, or name \
             another folder",
            folder.path().display()
        )
    );
    drop(memory);
    open(&folder);
}

#[test]
fn what_is_no_memory_is_refused_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    std::fs::write(&path, "not a database, but somebody's text\n".repeat(100)).unwrap();
    let error = SqliteMemory::open(folder.path(), "local", STREAM).unwrap_err().to_string();
    let expected = format!(
        "{} cannot be opened as a memory: file is not a database (to fill a new one from the \
         stream, move the file away)",
        path.display()
    );
    assert_eq!(error, expected);
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("not a database"));

    std::fs::remove_file(&path).unwrap();
    drop(open(&folder));
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 3).unwrap();
    let error = SqliteMemory::open(folder.path(), "local", STREAM).unwrap_err().to_string();
    assert!(error.contains("has schema version 3, this memory-sink knows 2"), "{error}");

    let error = SqliteMemory::open(&path, "local", STREAM).unwrap_err();
    assert!(matches!(error, OpenError::Folder { .. }), "{error}");
}

#[test]
fn an_episode_has_the_same_name_in_every_memory() {
    let name = uuid("g", "market-1.twitter.1");
    assert_eq!(name, "5a2ddee5-032c-86e3-8df2-09dd8f074bd0");
    assert_ne!(name, uuid("g", "market-1.twitter.2"));
    assert_ne!(name, uuid("h", "market-1.twitter.1"));
}
