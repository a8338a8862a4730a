//! Searches, beside the same words asked of the stock full text of SQLite.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use contract::memory::{Among, Find, Scope};
use memory_sink::adapters::sqlite::SqliteMemory;
use memory_sink::batch::EpisodeBatch;
use rusqlite::Connection;

use crate::filling::GRAPH;
use crate::report::times;
use crate::town::{COMMON, COMMON_CHINESE, RARE, RARE_CHINESE};

/// Searches of each kind.
const SEARCHES: usize = 300;
/// Who ask at once.
const ASKERS: usize = 8;
/// Bytes of an answer.
const ROOM: usize = 1 << 20;

/// What is searched for: in which case, and the words.
fn queries() -> Vec<(&'static str, String)> {
    vec![
        ("English, a common word", COMMON[0].to_owned()),
        ("English, two common words", COMMON.join(" ")),
        ("English, a rare word", RARE.to_owned()),
        ("English, a common and a rare word", format!("{} {RARE}", COMMON[0])),
        ("English, a word that nobody uses", "quetzalcoatl".to_owned()),
        ("Chinese, a common word", COMMON_CHINESE[0].to_owned()),
        ("Chinese, two common words", COMMON_CHINESE.join(" ")),
        ("Chinese, a rare word", RARE_CHINESE.to_owned()),
        ("Chinese, common characters, never so", "馆书图".to_owned()),
        ("both, two common words, seldom together", format!("{} {}", COMMON[0], COMMON_CHINESE[0])),
    ]
}

/// Searches the facts of the graph.
pub(crate) async fn graph(memory: &SqliteMemory) -> anyhow::Result<()> {
    let mut all = Vec::new();
    for (case, query) in queries() {
        let mut taken = Vec::new();
        for _ in 0..SEARCHES {
            taken.push(search(memory, &query).await?);
        }
        all.extend(taken.iter().copied());
        times("search of the graph", case, taken);
    }
    times("search of the graph", "all of these", all);
    Ok(())
}

/// The same while the graph is written: a transaction before each search, after which whatever
/// a connection keeps of the file in memory is read anew.
pub(crate) async fn amid_writes(
    memory: &SqliteMemory,
    batches: &[EpisodeBatch],
) -> anyhow::Result<()> {
    let batch = batches.first().context("no batch")?;
    let mut all = Vec::new();
    for (case, query) in queries() {
        let mut taken = Vec::new();
        for _ in 0..SEARCHES / 3 {
            // All of it is known: only cursors change.
            memory.remember(batch).await.map_err(|error| anyhow!("{error}"))?;
            taken.push(search(memory, &query).await?);
        }
        all.extend(taken.iter().copied());
        times("the same, each after a write", case, taken);
    }
    times("the same, each after a write", "all of these", all);
    Ok(())
}

/// The same by several at once, each of whom asks all of it, each beginning with something else.
pub(crate) async fn at_once(memory: &SqliteMemory) -> anyhow::Result<()> {
    let mut asking = tokio::task::JoinSet::new();
    for asker in 0..ASKERS {
        let memory = memory.clone();
        asking.spawn(async move {
            let (mut queries, mut taken) = (queries(), Vec::new());
            queries.rotate_left(asker);
            for (_, query) in queries.iter().cycle().take(SEARCHES) {
                taken.push(search(&memory, query).await?);
            }
            anyhow::Ok(taken)
        });
    }
    let mut all = Vec::new();
    while let Some(taken) = asking.join_next().await {
        all.extend(taken??);
    }
    times("the same, eight at once", "all of these", all);
    Ok(())
}

/// One search, and how long it takes.
async fn search(memory: &SqliteMemory, query: &str) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let within = Scope::Graph(GRAPH.to_owned());
    let find = Find::new(within, query.to_owned(), Among::Edges);
    let found = memory.look_for(find, None, ROOM).await;
    found.map_err(|error| anyhow!("{error}"))?.context("the graph is not there")?;
    Ok(start.elapsed())
}

/// The same of a table of stock full text, best first, as it is used without further thought.
pub(crate) fn stock(folder: &Path, batches: &[EpisodeBatch]) -> anyhow::Result<()> {
    let mut connection = Connection::open(folder.join("stock.sqlite"))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.execute_batch("CREATE VIRTUAL TABLE fact USING fts5 (text)")?;
    for batch in batches {
        let transaction = connection.transaction()?;
        for episode in &batch.episodes {
            transaction
                .prepare_cached("INSERT INTO fact (text) VALUES (?1)")?
                .execute([&episode.text])?;
        }
        transaction.commit()?;
    }
    let mut all = Vec::new();
    for (case, query) in queries() {
        let mut taken = Vec::new();
        for _ in 0..SEARCHES / 10 {
            let start = Instant::now();
            find(&connection, &query)?;
            taken.push(start.elapsed());
        }
        all.extend(taken.iter().copied());
        times("bare MATCH of stock FTS5", case, taken);
    }
    times("bare MATCH of stock FTS5", "all of these", all);
    Ok(())
}

fn find(connection: &Connection, query: &str) -> anyhow::Result<Vec<(i64, String)>> {
    let words: Vec<String> = query.split(' ').map(|word| format!("\"{word}\"")).collect();
    let mut statement = connection.prepare_cached(
        "SELECT rowid, text FROM fact WHERE fact MATCH ?1 ORDER BY rank LIMIT 20",
    )?;
    let rows = statement.query_map([words.join(" ")], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How long a look at other things takes.
pub(crate) async fn looks(memory: &SqliteMemory) -> anyhow::Result<()> {
    use contract::memory::{Entity, Statistics, Timeline};
    use contract::version::V1;
    let (mut timelines, mut statistics): (Vec<Duration>, Vec<Duration>) = (vec![], vec![]);
    for _ in 0..SEARCHES {
        let start = Instant::now();
        let of = Entity::Name("lala 0".to_owned());
        let asked = Timeline { v: V1, graph_id: GRAPH.to_owned(), of, cursor: None, limit: 20 };
        let found = memory.timeline(asked, None, ROOM).await.map_err(|error| anyhow!("{error}"))?;
        found.map_err(|missing| anyhow!("{missing:?} is not there"))?;
        timelines.push(start.elapsed());
        let start = Instant::now();
        let asked = Statistics { v: V1, graph_id: GRAPH.to_owned() };
        memory.statistics(asked).await.map_err(|error| anyhow!("{error}"))?;
        statistics.push(start.elapsed());
    }
    times("20 edges of a timeline, by name", "the graph", timelines);
    times("statistics", "the graph", statistics);
    Ok(())
}
