//! Files on a real disk.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use contract::subject::Platform;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::batch::tests::batch;

/// Set in the process whose files cannot grow.
const LIMITED: &str = "SHOAL_TEST_LIMITED_FOLDER";

fn open(folder: &TempDir) -> JsonlMemory {
    JsonlMemory::open(folder.path()).unwrap()
}

fn graph(id: &str) -> Graph {
    Graph { id: id.to_owned(), address: None }
}

/// A batch with these actions of a world: `first` and those after it.
fn batch_from(first: u64, types: &[&str]) -> EpisodeBatch {
    let mut batch = batch(types);
    for episode in &mut batch.episodes {
        episode.body.seq += first - 1;
        let World { run_id, platform } = &batch.world;
        episode.action_id = format!("{run_id}.{platform}.{}", episode.body.seq);
    }
    (batch.first_seq, batch.last_seq) = (first, batch.last_seq + first - 1);
    batch
}

async fn deliver(memory: &JsonlMemory, batch: &EpisodeBatch) -> Result<Receipt, DeliveryError> {
    memory.deliver(&graph(&batch.graph_id), batch).await.outcome
}

fn rows(folder: &TempDir) -> Vec<Value> {
    let text = fs::read_to_string(folder.path().join("g.jsonl")).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "{text:?}");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ids(folder: &TempDir) -> Vec<u64> {
    let seq = |row: &Value| row["action_id"].as_str()?.rsplit('.').next()?.parse().ok();
    rows(folder).iter().map(|row| seq(row).unwrap()).collect()
}

#[tokio::test]
async fn a_row_is_the_originals_with_ours_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let batch = batch(&["CREATE_POST"]);
    assert_eq!(deliver(&open(&folder), &batch).await, Ok(Receipt::Taken));
    let text = fs::read_to_string(folder.path().join("g.jsonl")).unwrap();
    let timestamp = rows(&folder)[0]["timestamp"].as_str().unwrap().to_owned();
    assert_eq!(timestamp.len(), "2026-03-01T10:00:00.100000".len(), "{timestamp}");
    assert_eq!(
        text,
        format!(
            "{{\"round\":0,\"timestamp\":\"{timestamp}\",\"agent_id\":1,\"agent_name\":\"Mara\",\
             \"action_type\":\"CREATE_POST\",\"action_args\":{{\"content\":\"post 1\",\
             \"post_id\":1}},\"result\":null,\"success\":true,\
             \"action_id\":\"market-1.twitter.1\",\"run_id\":\"market-1\",\
             \"platform\":\"twitter\",\"simulated_time\":\"2026-01-01T00:00:00.000Z\",\
             \"text\":\"Mara: published a post: \\\"post 1\\\"\"}}\n"
        )
    );
}

#[tokio::test]
async fn what_is_there_is_not_written_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (first, next) = (batch_from(1, &["FOLLOW", "FOLLOW"]), batch_from(3, &["CREATE_POST"]));
    let mut other = batch_from(1, &["FOLLOW"]);
    other.world.platform = Platform::Reddit;
    other.episodes[0].platform = Platform::Reddit;
    "market-1.reddit.1".clone_into(&mut other.episodes[0].action_id);
    for receipt in [Receipt::Taken, Receipt::AlreadyThere] {
        // A new owner learns what the file has.
        let memory = open(&folder);
        assert_eq!(memory.recall(&graph("h"), &first.world).await.outcome, Ok(None));
        for batch in [&first, &other, &next] {
            assert_eq!(deliver(&memory, batch).await, Ok(receipt));
            assert_eq!(deliver(&memory, batch).await, Ok(Receipt::AlreadyThere));
            let found = memory.find(&graph("g"), batch).await.outcome;
            assert_eq!(found, Ok(Sighting::There));
        }
        assert_eq!(memory.recall(&graph("g"), &first.world).await.outcome, Ok(Some(3)));
        assert_eq!(memory.recall(&graph("g"), &other.world).await.outcome, Ok(Some(1)));
        let unseen = batch_from(4, &["FOLLOW"]);
        let found = memory.find(&graph("g"), &unseen).await.outcome;
        assert_eq!(found, Ok(Sighting::Absent));
    }
    assert_eq!(ids(&folder), [1, 2, 1, 3]);
    // Of a batch that was cut elsewhere before, the rest is written.
    let memory = open(&folder);
    let wider = batch_from(2, &["FOLLOW", "FOLLOW", "FOLLOW"]);
    assert_eq!(memory.find(&graph("g"), &wider).await.outcome, Ok(Sighting::Absent));
    assert_eq!(deliver(&memory, &wider).await, Ok(Receipt::Taken));
    assert_eq!(ids(&folder), [1, 2, 1, 3, 4]);
}

#[tokio::test]
async fn a_line_that_is_torn_at_any_byte_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("g.jsonl");
    let (first, mut next) = (batch_from(1, &["FOLLOW", "FOLLOW"]), batch_from(3, &["CREATE_POST"]));
    "图书馆 \"closes\"\u{0}\u{2028}".clone_into(&mut next.episodes[0].text);
    let memory = open(&folder);
    deliver(&memory, &first).await.unwrap();
    let before = fs::read(&path).unwrap();
    deliver(&memory, &next).await.unwrap();
    let whole = fs::read(&path).unwrap();
    drop(memory);
    for cut in before.len()..=whole.len() {
        // Torn, and torn with the rest of the file's last block left as zeros.
        for zeros in [0, 7] {
            let mut torn = whole[..cut].to_vec();
            torn.resize(cut + zeros, 0);
            fs::write(&path, &torn).unwrap();
            let memory = open(&folder);
            let there = if cut == whole.len() { 3 } else { 2 };
            let recalled = memory.recall(&graph("g"), &next.world).await.outcome;
            assert_eq!(recalled, Ok(Some(there)), "cut at {cut}");
            deliver(&memory, &next).await.unwrap();
            assert_eq!(ids(&folder), [1, 2, 3], "cut at {cut}");
            assert_eq!(fs::read(&path).unwrap()[..before.len()], before, "cut at {cut}");
        }
    }
}

#[tokio::test]
async fn a_file_that_others_have_written_to_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("g.jsonl");
    let memory = open(&folder);
    let (first, next) = (batch_from(1, &["FOLLOW"]), batch_from(2, &["FOLLOW"]));
    deliver(&memory, &first).await.unwrap();
    let ours = fs::read_to_string(&path).unwrap();
    for theirs in ["notes\n", "{\"action_id\":\"market-2.twitter.1\"}\n", "{}\n"] {
        fs::write(&path, format!("{ours}{theirs}")).unwrap();
        let error = deliver(&memory, &next).await.unwrap_err().to_string();
        assert!(error.starts_with("g.jsonl: line 2 is no row"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{ours}{theirs}"));
    }
    // Once it is mended, or moved away, it goes on.
    fs::write(&path, &ours).unwrap();
    assert_eq!(deliver(&memory, &next).await, Ok(Receipt::Taken));
    assert_eq!(ids(&folder), [1, 2]);
    fs::remove_file(&path).unwrap();
    assert_eq!(deliver(&memory, &first).await, Ok(Receipt::Taken));
    assert_eq!(ids(&folder), [1]);
}

#[tokio::test]
async fn unicode_and_long_texts_come_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let mut batch = batch(&["CREATE_POST", "FOLLOW"]);
    "夜市 😀 \u{1f3f4}\u{e0067} \"\\\u{7f}\u{2028}".clone_into(&mut batch.episodes[0].text);
    batch.episodes[1].text = "长".repeat(200_000);
    let memory = open(&folder);
    deliver(&memory, &batch).await.unwrap();
    drop(memory);
    let rows = rows(&folder);
    for (row, episode) in rows.iter().zip(&batch.episodes) {
        assert_eq!(row["text"], json!(episode.text));
        assert_eq!(row["action_args"], serde_json::to_value(&episode.body.body).unwrap());
    }
    assert_eq!(deliver(&open(&folder), &batch).await, Ok(Receipt::AlreadyThere));
}

#[tokio::test]
async fn any_graph_has_a_file_of_its_own_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(&folder);
    let long = "夜".repeat(85) + "x";
    let graphs = [
        "g",
        "G",
        "g ",
        "g~",
        "a/b",
        "a\\b",
        "../a",
        "/etc/passwd",
        ".",
        "..",
        "",
        " ",
        "\u{0}",
        "market--market-2",
        "图书馆",
        "图书馆2",
        "con",
        "a.jsonl",
        "jsonl.lock",
        "\n",
        &long,
    ];
    let longest_plain = "x".repeat(LONGEST_PLAIN);
    let longer = "x".repeat(LONGEST_PLAIN + 1);
    let graphs = graphs.into_iter().chain([longest_plain.as_str(), longer.as_str()]);
    let mut names = BTreeSet::new();
    for id in graphs {
        let mut batch = batch(&["FOLLOW"]);
        id.clone_into(&mut batch.graph_id);
        assert_eq!(deliver(&memory, &batch).await, Ok(Receipt::Taken), "{id:?}");
        let recalled = memory.recall(&graph(id), &batch.world).await.outcome;
        assert_eq!(recalled, Ok(Some(1)), "{id:?}");
        let name = file_name(id);
        assert!(name.len() <= 255 && name == name.to_lowercase(), "{name}");
        assert!(folder.path().join(&name).is_file(), "{name}");
        assert!(names.insert(name), "{id:?} has another graph's file");
    }
    let there = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(there, names.len() + 1, "something else was made");
    assert_eq!(file_name("market--market-2"), "market--market-2.jsonl");
    assert!(file_name("Night Market/2").starts_with("ightarket2~"));
}

#[tokio::test]
async fn a_link_is_not_followed_out_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("theirs");
    fs::write(&target, "").unwrap();
    std::os::unix::fs::symlink(&target, folder.path().join("g.jsonl")).unwrap();
    let error = deliver(&open(&folder), &batch(&["FOLLOW"])).await.unwrap_err();
    assert!(error.to_string().contains("no file of its own"), "{error}");
    assert_eq!(fs::read_to_string(&target).unwrap(), "");
}

#[test]
fn a_folder_has_one_owner() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(&folder);
    let refused = JsonlMemory::open(folder.path()).unwrap_err();
    assert!(matches!(refused, OpenError::InUse { .. }), "{refused}");
    let clone = memory.clone();
    drop(memory);
    assert!(JsonlMemory::open(folder.path()).is_err());
    drop(clone);
    drop(open(&folder));
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = JsonlMemory::open(&file).unwrap_err();
    assert!(matches!(refused, OpenError::Folder { .. }), "{refused}");
}

/// The disk is full in a process of its own, whose files may have one block: a write that reaches
/// the limit is cut there, and the next one fails.
#[test]
fn a_full_disk_takes_nothing_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let this = "adapters::jsonl::tests::with_files_that_cannot_grow";
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -S -f 1; exec \"$0\" --exact --nocapture \"$1\""])
        .arg(std::env::current_exe().unwrap())
        .arg(this)
        .env(LIMITED, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{output:?}");
    let seqs: Vec<u64> = (1..=20).collect();
    assert_eq!(ids(&folder), seqs);
}

/// Run by the test above; alone it has nothing to do.
#[tokio::test]
async fn with_files_that_cannot_grow() {
    let Some(folder) = std::env::var_os(LIMITED) else { return };
    let path = Path::new(&folder).join("g.jsonl");
    let memory = JsonlMemory::open(Path::new(&folder)).unwrap();
    let (small, large) = (batch_from(1, &["FOLLOW"]), batch_from(2, &["FOLLOW"; 19]));
    deliver(&memory, &small).await.unwrap();
    let before = fs::read(&path).unwrap();
    for _ in 0..2 {
        let error = deliver(&memory, &large).await.unwrap_err();
        assert!(matches!(error, DeliveryError::Retry { .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before);
    }
    let Rlimit { maximum, .. } = getrlimit(Resource::Fsize);
    setrlimit(Resource::Fsize, Rlimit { current: maximum, maximum }).unwrap();
    assert_eq!(deliver(&memory, &large).await, Ok(Receipt::Taken));
}
