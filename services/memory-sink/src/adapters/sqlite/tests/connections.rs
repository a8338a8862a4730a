//! Connections, and what they cost those who search.

use std::sync::mpsc;
use std::time::Duration;

use rusqlite::StatementStatus;
use serde_json::json;

use super::drawn::{ADA, BEN, follow, told};
use super::*;
use crate::adapters::sqlite::connections::READERS;
use crate::adapters::sqlite::rows::{EDGE, edge_of};

/// After this a test has failed.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_statement_is_planned_once_whatever_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(&folder);
    let post = |id: u32| (ADA, "CREATE_POST", json!({"content": "Pier 9 closes", "post_id": id}));
    let rows = [post(1), post(2), post(3), (BEN, "FOLLOW", follow(0)), post(4)];
    memory.remember(&told("market-1.twitter", 1, &rows)).await.unwrap();
    let planned_again = memory.read(|transaction| {
        for id in 1..=5 {
            edge_of(transaction, id)?;
        }
        Ok(transaction.prepare_cached(EDGE)?.get_status(StatementStatus::RePrepare))
    });
    assert_eq!(planned_again.await, Ok(0));
}

#[tokio::test]
async fn looks_go_on_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(&folder);
    // All but one wait for that one, which comes last.
    let mut looks = tokio::task::JoinSet::new();
    let mut waiting = Vec::new();
    for _ in 1..READERS {
        let (says, hears) = mpsc::channel();
        waiting.push(says);
        let memory = memory.clone();
        looks.spawn(
            async move { memory.read(move |_| Ok(hears.recv_timeout(PATIENCE).is_ok())).await },
        );
    }
    tokio::task::yield_now().await;
    let told = memory.read(move |_| Ok(waiting.iter().all(|says| says.send(()).is_ok())));
    assert_eq!(told.await, Ok(true));
    while let Some(heard) = looks.join_next().await {
        assert_eq!(heard.unwrap(), Ok(true));
    }
}

#[tokio::test]
async fn a_look_that_fails_takes_nobodys_turn() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(&folder);
    for _ in 0..=READERS {
        let look = memory.read(|_| -> rusqlite::Result<()> { panic!("on purpose") });
        assert!(tokio::time::timeout(PATIENCE, look).await.unwrap().is_err());
        let look = memory.read(|transaction| transaction.prepare("SELECT nothing").map(drop));
        assert!(tokio::time::timeout(PATIENCE, look).await.unwrap().is_err());
    }
    let cache = memory.read(|it| it.pragma_query_value(None, "cache_size", |row| row.get(0)));
    let kib: i64 = tokio::time::timeout(PATIENCE, cache).await.unwrap().unwrap();
    // In KiB, below nothing; what SQLite has by itself is 2,000.
    assert!(kib < -2000, "{kib}");
}
